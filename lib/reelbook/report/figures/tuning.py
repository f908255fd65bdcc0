"""The figure of tuning: what more trials are expected to give."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from reelbook.report.figures.style import PALETTE, add_legend, start_figure


def draw_curves(curves: pd.DataFrame, gains: pd.DataFrame, *, title: str, label: str) -> Figure:
    """A line a model over the number of trials, with the middle 95% of the orders as a band.

    A diamond at the right margin is the figure with the settings of the boards.

    Args:
        curves: as `tuning.list_curves` gives them.
        gains: as `tuning.list_gains` gives them, of the same models.
        title: of the figure.
        label: of the vertical axis.
    """
    figure, axes = start_figure(4.2, title=title)
    boards = gains.set_index("model")["board"]
    budgets = sorted(curves["budget"].unique())
    margin = budgets[-1] * 1.25
    for color, (model, own) in zip(PALETTE, curves.groupby("model", sort=False), strict=False):
        axes.fill_between(own["budget"], own["low"], own["high"], color=color, alpha=0.12, lw=0)
        axes.plot(own["budget"], own["value"], "o-", color=color, markersize=4, label=model)
        axes.plot(margin, boards[model], "D", color=color, markersize=5, clip_on=False)
    axes.set_xscale("log")
    axes.set_xlim(0.92, margin)
    axes.xaxis.set_major_locator(FixedLocator(budgets))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set_ylim(*_find_limits(curves, gains))
    axes.set_xlabel("trials that choose (diamonds: settings of the boards)")
    axes.set_ylabel(label)
    axes.grid(axis="y")
    add_legend(figure)
    return figure


def _find_limits(curves: pd.DataFrame, gains: pd.DataFrame) -> tuple[float, float]:
    """From the lowest to the highest line, and a tenth more: wide bands are cut off there."""
    values = pd.concat([curves["value"], gains["board"].dropna()])
    spare = 0.1 * (values.max() - values.min()) or 0.01
    return values.min() - spare, values.max() + spare
