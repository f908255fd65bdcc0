"""Figures of the cross networks: weights by pair, importance by measure, error by rank."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from reelbook.report.figures.style import BLUE, INK, SEQUENTIAL, choose_ink, start_figure

NAMES = {
    "movie_id": "movie", "user_id": "user", "user_zip_code": "zip code",
    "user_occupation_text": "occupation", "user_gender": "gender", "bucketized_user_age": "age",
}  # fmt: skip


def draw_blocks(blocks: pd.DataFrame, *, title: str) -> Figure:
    """A heat map of the norms of the cross weights, each written in its cell.

    Args:
        blocks: norms, features by features.
        title: of the figure.
    """
    figure, axes = start_figure(1.6 + 0.5 * len(blocks), title=title)
    low, high = blocks.to_numpy().min(), blocks.to_numpy().max()
    axes.imshow(blocks, cmap=SEQUENTIAL, vmin=low, vmax=high, aspect="auto")
    for row, norms in enumerate(blocks.to_numpy()):
        for column, norm in enumerate(norms):
            shade = (norm - low) / (high - low) if high > low else 0.0
            ink = choose_ink(shade)
            axes.text(column, row, f"{norm:.2f}", ha="center", va="center", color=ink, fontsize=9)
    names = [_shorten(name) for name in blocks.columns]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def draw_measures(measures: pd.DataFrame, spread: pd.DataFrame, *, title: str) -> Figure:
    """A panel a measure with a bar a feature, in the order of the first measure.

    Args:
        measures: by feature, a column a measure.
        spread: half the length of the whisker of each bar, NaN for none, of the same shape.
        title: of the figure.
    """
    order = measures.sort_values(measures.columns[0]).index
    columns = measures.shape[1]
    figure, panels = start_figure(
        1.4 + 0.32 * len(order), title=title, columns=columns, sharey=True, squeeze=False
    )
    for name, panel in zip(measures, panels.flat, strict=True):
        values, errors = measures[name].loc[order], spread[name].loc[order]
        panel.barh(range(len(order)), values, color=BLUE)
        panel.errorbar(values, range(len(order)), xerr=errors, fmt="none", ecolor=INK, capsize=2)
        panel.axvline(0, color=INK, linewidth=1)
        panel.set_xlabel(textwrap.fill(str(name), 14))  # three panels side by side on a page
        panel.grid(axis="x")
        panel.locator_params(axis="x", nbins=3)
    panels[0, 0].set_yticks(range(len(order)), [_shorten(name) for name in order])
    return figure


def draw_ranks(table: pd.DataFrame, *, title: str) -> Figure:
    """Test RMSE by the rank of the cross weights with 95% intervals, and the parameters of each.

    Args:
        table: rank, value, low, high and parameters.
        title: of the figure.
    """
    table = table.sort_values("rank")
    figure, (axes, lower) = start_figure(
        4.4, title=title, rows=2, sharex=True, height_ratios=[3, 2]
    )
    errors = [table["value"] - table["low"], table["high"] - table["value"]]
    axes.errorbar(table["rank"], table["value"], yerr=errors, fmt="o-", color=BLUE, capsize=3)
    axes.set_ylabel("test RMSE in stars")
    axes.grid(axis="y")
    lower.plot(table["rank"], table["parameters"] / 1000, "o-", color=BLUE)
    lower.set_ylabel("thousand weights")
    lower.set_ylim(0, 1.15 * table["parameters"].max() / 1000)
    lower.set_xscale("log", base=2)
    lower.set_xticks(table["rank"], [str(rank) for rank in table["rank"]])
    lower.set_xlabel("rank of the cross weights (the last is full)")
    return figure


def _shorten(name: str) -> str:
    """A name that fits beside an axis."""
    return NAMES.get(name, name)
