"""Figures of how sure predictions are: promises kept, for whom, and what scores of lists say."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from reelbook.report.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    add_legend,
    draw_dots,
    name_rows,
    start_figure,
)

COLORS = {"plain": BLUE, "scaled": ORANGE}


def draw_reliability(coverage: pd.DataFrame, models: Sequence[str], *, title: str) -> Figure:
    """Coverage promised against coverage met, a line a model, a panel a method.

    What was met is told as its distance to the promise, in points, with 95% intervals.

    Args:
        coverage: as `certainty.list_coverage` gives it.
        models: to show, at most as many as there are colours.
        title: of the figure.
    """
    figure, panels = start_figure(3.6, title=title, columns=2, sharey=True, squeeze=False)
    for panel, method in zip(panels.flat, COLORS, strict=True):
        panel.axhline(0, color=INK, linewidth=1)
        for number, model in enumerate(models):
            own = coverage[(coverage["name"] == model) & (coverage["method"] == method)]
            # Beside each other, not on top of each other.
            at = np.arange(len(own)) + 0.1 * (number - (len(models) - 1) / 2)
            ends = [100 * (own[end] - own["promised"]) for end in ("met", "low", "high")]
            color = PALETTE[number % len(PALETTE)]
            panel.vlines(at, ends[1], ends[2], color=color, linewidth=1)
            panel.plot(at, ends[0], "o-", color=color, markersize=3, linewidth=1, label=model)
        panel.set_title(method)
        promised = sorted(coverage["promised"].unique())
        panel.set_xticks(range(len(promised)), [f"{c:.0%}" for c in promised])
        panel.set_xlabel("coverage promised")
        panel.grid(axis="y")
    panels[0, 0].set_ylabel("met - promised, points")
    add_legend(figure)
    return figure


def draw_groups(groups: pd.DataFrame, *, promised: float, title: str) -> Figure:
    """Coverage by group, a point a method, with simultaneous 95% intervals.

    Args:
        groups: as `certainty.list_groups` gives them.
        promised: coverage of the intervals.
        title: of the figure.
    """
    figure, axes = start_figure(1.3 + 0.26 * len(groups), title=title)
    axes.axvline(100 * promised, color=INK, linewidth=1)
    for shift, (method, color) in zip((-0.15, 0.15), COLORS.items(), strict=True):
        ends = {"value": "met", "low": "low", "high": "high"}
        dots = pd.DataFrame({name: 100 * groups[f"{method}_{end}"] for name, end in ends.items()})
        draw_dots(axes, dots, np.arange(len(groups)) + shift, color=color, label=method)
    name_rows(axes, [f"{row.by}: {row.group}" for row in groups.itertuples()])
    for place in range(1, len(groups)):
        if groups["by"].iloc[place] != groups["by"].iloc[place - 1]:
            axes.axhline(place - 0.5, color=GREY, linewidth=0.5)
    axes.xaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_xlabel(f"coverage met, {promised:.0%} promised")
    add_legend(figure)
    return figure


def draw_tenths(tenths: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """Share of hits by tenth of the recommendations, a line a model, by score and by rank.

    Args:
        tenths: by model, as `scores.list_tenths` gives them.
        title: of the figure.
    """
    figure, panels = start_figure(3.6, title=title, columns=2, sharey=True, squeeze=False)
    for panel, by in zip(panels.flat, ("score", "rank"), strict=True):
        for number, (model, table) in enumerate(tenths.items()):
            own = table[table["by"] == by]
            color = PALETTE[number % len(PALETTE)]
            panel.vlines(own["tenth"], 100 * own["low"], 100 * own["high"], color=color, lw=1)
            panel.plot(
                own["tenth"], 100 * own["met"], "o-", color=color, markersize=3, lw=1, label=model
            )
        panel.set_title(f"by {by}")
        panel.set_xlabel(f"tenth by {by}, surest last")
        panel.set_xticks([1, 4, 7, 10])
        panel.yaxis.set_major_formatter(PercentFormatter(decimals=0))
        panel.grid(axis="y")
    panels[0, 0].set_ylim(bottom=0)
    panels[0, 0].set_ylabel("share of hits")
    add_legend(figure)
    return figure
