"""The figure of tuning: what more trials are expected to give."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from reelbook.report.figures.style import PALETTE, add_legend, start_figure

STEP = 1.04  # from the bar of a model to the next, on the logarithmic axis


def draw_curves(curves: pd.DataFrame, gains: pd.DataFrame, *, title: str, label: str) -> Figure:
    """A line a model over the number of trials, with the middle 95% of the orders as bars.

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
    margin = budgets[-1] * 1.3
    models = list(curves.groupby("model", sort=False))
    for place, (color, (model, own)) in enumerate(zip(PALETTE, models, strict=False)):
        at = own["budget"] * STEP ** (place - (len(models) - 1) / 2)  # beside each other
        axes.vlines(at, own["low"], own["high"], color=color, linewidth=2.5, alpha=0.4)
        axes.plot(at, own["value"], "o-", color=color, markersize=4, label=model)
        axes.plot(margin, boards[model], "D", color=color, markersize=5, clip_on=False)
    axes.set_xscale("log")
    axes.set_xlim(0.85, margin)
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
    """From the lowest to the highest line, and a tenth more: long bars are cut off there."""
    values = pd.concat([curves["value"], gains["board"].dropna()])
    spare = 0.1 * (values.max() - values.min()) or 0.01
    return values.min() - spare, values.max() + spare
