"""Figures of models with two towers: the artefact by epoch, the trade of weights, the map."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from reelbook.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALETTE,
    add_legend,
    start_figure,
)


def draw_epochs(histories: dict[str, pd.DataFrame], *, k: int, title: str) -> Figure:
    """Top-k accuracy on the test rows by epoch, by score and by id, a panel a training.

    Args:
        histories: name of the panel to epoch, test_top@k and test_tfrs_top@k.
        k: length of the lists.
        title: of the figure.
    """
    figure, panels = start_figure(
        3.4, title=title, columns=len(histories), sharey=True, squeeze=False
    )
    for (name, history), panel in zip(histories.items(), panels.flat, strict=True):
        lines = {f"test_tfrs_top@{k}": (ORANGE, "by score"), f"test_top@{k}": (BLUE, "by movie id")}
        for column, (color, label) in lines.items():
            panel.plot(history["epoch"], history[column], "o-", color=color, label=label, ms=4)
        panel.set_title(name)
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_ylim(-0.03, 1.05)
        panel.grid(axis="y")
    panels[0, 0].set_ylabel(f"top-{k} accuracy")
    add_legend(figure)
    return figure


def draw_losses(
    histories: dict[str, pd.DataFrame], *, uniform: float, num_rows: int, title: str
) -> Figure:
    """Retrieval loss of a training rating by epoch, beside that of equal scores for all movies.

    Args:
        histories: name of the line to epoch and loss, the sum over the epoch.
        uniform: the loss, summed over the epoch, where all scores are equal.
        num_rows: training ratings.
        title: of the figure.
    """
    figure, axes = start_figure(3.2, title=title)
    axes.axhline(uniform / num_rows, color=INK, linestyle="--", label="all scores equal")
    for color, (name, history) in zip(PALETTE, histories.items(), strict=False):
        axes.plot(history["epoch"], history["loss"] / num_rows, "o-", color=color, label=name)
    axes.set_xlabel("epoch")
    axes.set_ylabel("retrieval loss of a rating")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    add_legend(figure)
    return figure


def draw_trade(table: pd.DataFrame, *, constants: dict[str, float], title: str) -> Figure:
    """RMSE against top-k accuracy, a point a choice of weights, joined in their order.

    A training that predicts stars far worse than the others would flatten all that tells them
    apart: it is a line at its accuracy instead.

    Args:
        table: label, rmse, top and untrained, a text that may be empty.
        constants: name to RMSE of what needs no model, as lines.
        title: of the figure.
    """
    figure, axes = start_figure(4.2, title=title)
    far = table["rmse"] > 1.5 * table["rmse"].min()
    near = table[~far]
    axes.plot(near["rmse"], near["top"], color=INK, linewidth=1)
    axes.plot(near["rmse"], near["top"], "o", color=BLUE, markersize=7)
    for color, (name, rmse) in zip([ORANGE, INK], constants.items(), strict=False):
        axes.axvline(rmse, color=color, linestyle="--", linewidth=1, label=name)
    for row in table[far].itertuples():
        note = f", {row.untrained}" if row.untrained else ""
        label = f"{row.label} (RMSE {row.rmse:.2f}{note})"
        axes.axhline(row.top, color=GREEN, linestyle=":", label=label)
    axes.set_ylim(bottom=0)
    near = near.sort_values("top")
    for row, place in zip(
        near.itertuples(), _space_out(near["top"] / axes.get_ylim()[1]), strict=True
    ):
        axes.annotate(
            f"{row.label} ({row.untrained})" if row.untrained else row.label,
            (row.rmse, row.top),
            (1.03, place),  # beside the axes, where no point lies
            textcoords="axes fraction",
            va="center",
            arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.6, "shrinkB": 4},
        )
    axes.set_xlabel("test RMSE in stars (better to the left)")
    axes.set_ylabel("top-100 accuracy by movie id")
    axes.grid()
    add_legend(figure)
    return figure


def _space_out(places: pd.Series, gap: float = 0.08) -> list[float]:
    """Ascending places from 0 to 1, moved up where one is nearer to the last than the gap."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap) if found else place)
    over = max(found[-1] - 1, 0) if found else 0
    return [place - over for place in found]


def draw_hit_rates(table: pd.DataFrame, ks: Sequence[int], *, title: str) -> Figure:
    """Share of users with a hit in a list of length k, a line a model.

    Args:
        table: model and a column hit_rate@k for each k.
        ks: lengths of the lists.
        title: of the figure.
    """
    figure, axes = start_figure(3.6, title=title)
    styles = ["o-", "s--", "^:", "v-."]  # lines may lie on each other
    for number, row in enumerate(table.to_dict("records")):
        values = [row[f"hit_rate@{k}"] for k in ks]
        style, color = styles[number % len(styles)], PALETTE[number % len(PALETTE)]
        axes.plot(np.arange(len(ks)), values, style, color=color, label=row["model"])
    axes.set_xticks(np.arange(len(ks)), [str(k) for k in ks])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("length of the list")
    axes.set_ylabel("share of users with a hit")
    axes.grid(axis="y")
    add_legend(figure)
    return figure


def draw_movie_map(places: pd.DataFrame, *, named: int, title: str) -> Figure:
    """Movies in two dimensions, coloured by genre, some with their title.

    Args:
        places: title, x, y, genre.
        named: how many movies, spread over the map, get their title.
        title: of the figure.
    """
    figure, axes = start_figure(6.0, title=title)
    genres = [genre for genre in dict.fromkeys(places["genre"]) if genre != "other"]
    rest = places[places["genre"] == "other"]
    axes.plot(rest["x"], rest["y"], "o", color=GREY, markersize=3, label="other")
    for color, genre in zip(PALETTE, sorted(genres), strict=False):
        own = places[places["genre"] == genre]
        axes.plot(own["x"], own["y"], "o", color=color, markersize=5, label=genre)
    chosen = places.iloc[_choose_spread(places[["x", "y"]].to_numpy(), named)]
    middle, taken = (places["x"].min() + places["x"].max()) / 2, []
    for row in chosen.to_dict("records"):
        name = textwrap.shorten(row["title"], 26, placeholder="…")
        is_left = row["x"] < middle
        text = axes.annotate(
            name,
            (row["x"], row["y"]),
            (4 if is_left else -4, 3),
            textcoords="offset points",
            ha="left" if is_left else "right",
        )
        taken.append(text)
    _drop_overprinted(figure, taken)
    axes.set_xticks([])
    axes.set_yticks([])
    add_legend(figure)
    return figure


def _drop_overprinted(figure: Figure, texts: list[Annotation]) -> None:
    """Take away each text that would lie on one before it."""
    figure.draw_without_rendering()  # only now are their places known
    kept: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in kept):
            text.remove()
        else:
            kept.append(box)


def _choose_spread(points: np.ndarray, size: int) -> list[int]:
    """Points far from each other: each next one is the farthest from those chosen, (size,)."""
    chosen = [0]
    distances = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < min(size, len(points)):
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
