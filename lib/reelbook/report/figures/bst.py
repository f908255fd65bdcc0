"""Figures of the sequence models: attention over one past and by place, error by length."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reelbook.report.figures.style import (
    BLUE,
    INK,
    ORANGE,
    PALETTE,
    SEQUENTIAL,
    add_legend,
    start_figure,
)
from reelbook.report.sentences.phrases import cut_name, give_stars


def draw_past(past: pd.DataFrame, *, title: str, most: int = 20) -> Figure:
    """Bars of attention over the past ratings, the latest on top, shaded by their stars.

    Args:
        past: place, title, stars and weight, the latest first.
        title: of the figure.
        most: how many of the latest to show.
    """
    shown = past.head(most)
    figure, axes = start_figure(1.3 + 0.27 * len(shown), title=title)
    given = np.unique(past["stars"])  # of any scale

    def shade(stars: float | pd.Series) -> Any:
        return SEQUENTIAL(0.15 + 0.85 * (stars - given[0]) / max(np.ptp(given), 1))

    lengths = 100 * shown["weight"]
    axes.barh(range(len(shown)), lengths, color=shade(shown["stars"]), edgecolor=INK, linewidth=0.5)
    names = [cut_name(name) for name in shown["title"]]
    axes.set_yticks(range(len(shown)), names)
    axes.invert_yaxis()
    axes.axvline(100 / len(past), color=ORANGE, linewidth=1, linestyle="--")
    axes.set_xlabel("attention in % (dashed: an equal share)")
    named = given[np.linspace(0, len(given) - 1, min(len(given), 5)).round().astype(int)]
    handles = [
        Patch(facecolor=shade(stars), edgecolor=INK, label=give_stars(stars)) for stars in named
    ]
    add_legend(figure, handles)
    return figure


def draw_attention_by_place(average: pd.DataFrame, *, title: str) -> Figure:
    """Mean attention by place in the past, a line a head.

    Args:
        average: head, place (1 is the latest) and weight.
        title: of the figure.
    """
    figure, axes = start_figure(3.4, title=title)
    for color, (head, line) in zip(PALETTE, average.groupby("head"), strict=False):
        axes.plot(line["place"], 100 * line["weight"], color=color, label=f"head {head}")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("place in the past (1: the latest rating)")
    axes.set_ylabel("mean attention in %")
    axes.grid(axis="y")
    add_legend(figure)
    return figure


def draw_lengths(table: pd.DataFrame, *, title: str) -> Figure:
    """Test RMSE by the number of past ratings that a model sees, with 95% intervals.

    Args:
        table: length, value, low and high.
        title: of the figure.
    """
    table = table.sort_values("length")
    figure, axes = start_figure(3.2, title=title)
    errors = [table["value"] - table["low"], table["high"] - table["value"]]
    axes.errorbar(table["length"], table["value"], yerr=errors, fmt="o-", color=BLUE, capsize=3)
    axes.set_xticks(table["length"])
    axes.set_xlabel("past ratings at most")
    axes.set_ylabel("test RMSE in stars")
    axes.grid(axis="y")
    return figure
