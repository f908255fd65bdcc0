"""Figures of lists: how training chose an epoch, and how sure a predicted rating is."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reelbook.report.figures.style import BLUE, INK, ORANGE, PALETTE, add_legend, start_figure
from reelbook.report.sentences.phrases import cut_name


def draw_validation(
    histories: dict[str, list[pd.DataFrame]], *, column: str, title: str, label: str
) -> Figure:
    """A figure of validation rows by epoch, a colour a protocol, a line a run, its best marked.

    Args:
        histories: name of the protocol to the history of each run: epoch and `column`.
        column: what is measured, better where it is higher.
        title: of the figure.
        label: of the vertical axis.
    """
    figure, axes = start_figure(3.4, title=title)
    for color, (name, runs) in zip(PALETTE, histories.items(), strict=False):
        for number, run in enumerate(runs):
            line = name if number == 0 else None
            axes.plot(run["epoch"], run[column], color=color, linewidth=1.2, label=line)
            best = run.iloc[int(run[column].argmax())]
            axes.plot(best["epoch"], best[column], "o", color=color, markersize=5)
    axes.set_xlabel("epoch")
    axes.set_ylabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    add_legend(figure)
    return figure


def draw_list(recommendations: pd.DataFrame, *, scale: tuple[float, float], title: str) -> Figure:
    """Predicted stars of a list with the range in which most ratings lie, the first at the top.

    Args:
        recommendations: name, stars, low and high, as `recommender.recommend` gives them.
        scale: the lowest and the highest rating.
        title: of the figure.
    """
    figure, axes = start_figure(0.8 + 0.32 * len(recommendations), title=title)
    rows = range(len(recommendations), 0, -1)
    axes.hlines(rows, recommendations["low"], recommendations["high"], color=BLUE, linewidth=2)
    axes.plot(recommendations["stars"], rows, "o", color=ORANGE, markersize=6)
    axes.set_yticks(list(rows), [cut_name(name) for name in recommendations["name"]])
    axes.set_xlim(scale[0] - 0.1, scale[1] + 0.1)
    axes.set_xlabel("stars, and the range for four ratings of five")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(axis="x")
    return figure
