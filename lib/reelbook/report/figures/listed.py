"""Figures of what lists hold: whose taste they follow, how alike they are, what accuracy costs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from reelbook.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SEQUENTIAL,
    add_legend,
    choose_ink,
    draw_dots,
    name_rows,
    start_figure,
)

TASTES = {
    "niche": ("niche users", BLUE),
    "diverse": ("diverse users", GREEN),
    "mainstream": ("mainstream users", ORANGE),
}


def draw_lifts(figures: pd.DataFrame, *, title: str) -> Figure:
    """Three dots with their intervals a model, the most popular lists on top.

    Args:
        figures: as `list_figures.estimate` gives them, of the models.
        title: of the figure.
    """
    ordered = figures.sort_values("lift", ascending=False, kind="stable")
    figure, axes = start_figure(1.4 + 0.32 * len(ordered), title=title)
    for number, (taste, (label, color)) in enumerate(TASTES.items()):
        places = np.arange(len(ordered)) + 0.22 * (number - 1)
        value, half = (ordered[f"{mark}lift {taste}"] for mark in ("", "± "))
        dots = pd.DataFrame({"value": value, "low": value - half, "high": value + half})
        draw_dots(axes, dots, places, color=color, label=label)
    axes.axvline(0, color=INK, linewidth=1)
    name_rows(axes, list(ordered.index))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("popularity of the list above that of the profile")
    add_legend(figure)
    return figure


def draw_overlaps(overlaps: pd.DataFrame, models: list[str], *, title: str) -> Figure:
    """A square a pair of models: Jaccard below the diagonal, rank-biased overlap above, in percent.

    Args:
        overlaps: first, second, jaccard and rbo.
        models: in the order of the rows.
        title: of the figure.
    """
    shares = pd.DataFrame(np.nan, index=models, columns=models)
    place = {model: number for number, model in enumerate(models)}
    for row in overlaps.to_dict("records"):
        high, low = sorted((row["first"], row["second"]), key=place.__getitem__)
        shares.loc[low, high], shares.loc[high, low] = row["jaccard"], row["rbo"]
    figure, axes = start_figure(2.2 + 0.24 * len(models), title=title)
    axes.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares.to_numpy()):
        if not np.isnan(share):
            ink = choose_ink(share)
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=ink)
    axes.set_xticks(range(len(models)), models, rotation=90)
    axes.set_yticks(range(len(models)), models)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("percent: Jaccard below the diagonal, rank-biased overlap above it")
    return figure


def draw_map(
    figures: pd.DataFrame,
    fronts: Mapping[str, list[str]],
    panels: Mapping[str, tuple[str, bool]],
    *,
    title: str,
) -> Figure:
    """A panel a measure over nDCG: a point a model with its name beside; the frontier is joined.

    Args:
        figures: indexed by model, with ndcg and the measures.
        fronts: of each measure, the models on its frontier in their order.
        panels: of each measure, its label and whether more is better.
        title: of the figure.
    """
    height = 0.9 + 0.15 * len(figures)
    figure, axes = start_figure(
        0.8 + height * len(fronts), title=title, rows=len(fronts), sharex=True, squeeze=False
    )
    for (name, front), panel in zip(fronts.items(), axes[:, 0], strict=True):
        ordered = figures.sort_values(name, kind="stable")
        line = figures.loc[front]
        panel.plot(line["ndcg"], line[name], color=ORANGE, linewidth=1)
        heights = (np.arange(len(ordered)) + 0.5) / len(ordered)
        for place, (model, row) in zip(heights, ordered.iterrows(), strict=True):
            color = ORANGE if model in front else BLUE
            panel.plot(row["ndcg"], row[name], "o", color=color, markersize=5)
            panel.annotate(
                str(model),
                (row["ndcg"], row[name]),
                (1.1, place),
                textcoords="axes fraction",
                va="center",
                color=INK,
                arrowprops={
                    "arrowstyle": "-",
                    "color": color,
                    "linewidth": 0.5,
                    "relpos": (0, 0.5),
                },
            )
        label, higher = panels[name]
        panel.set_title(f"{label} ({'higher' if higher else 'lower'} is better)")
        panel.margins(0.06)
        panel.grid(axis="y")
    axes[-1, 0].set_xlabel("nDCG@10")
    return figure


def draw_path(
    figures: pd.DataFrame,
    path: pd.DataFrame,
    panels: Mapping[str, tuple[str, bool]],
    *,
    title: str,
) -> Figure:
    """A panel a measure over nDCG: the models in grey, and the lists of each weight joined.

    Args:
        figures: indexed by model, with ndcg and the measures.
        path: the same, indexed by weight.
        panels: as for `draw_map`.
        title: of the figure.
    """
    moved = f"re-ranked lists, from λ = {path.index[0]} (right) to {path.index[-1]} (left)"
    figure, axes = start_figure(
        1.0 + 2.1 * -(-len(panels) // 2),
        title=title,
        rows=-(-len(panels) // 2),
        columns=2,
        sharex=True,
        squeeze=False,
    )
    for panel, (name, (label, _)) in zip(axes.flat, panels.items(), strict=True):
        panel.plot(figures["ndcg"], figures[name], "o", color=GREY, markersize=4, label="models")
        panel.plot(path["ndcg"], path[name], "o-", color=ORANGE, markersize=4, label=moved)
        panel.set_title(label)
        panel.margins(0.12)
        panel.grid(axis="y")
    for panel in axes[-1]:
        panel.set_xlabel("nDCG@10")
    add_legend(figure)
    return figure
