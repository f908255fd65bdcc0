"""Figures of the exploration: from the tables of `reelbook.report.exploration`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reelbook.report.figures.style import (
    BLUE,
    INK,
    ORANGE,
    PALETTE,
    SEQUENTIAL,
    choose_ink,
    start_figure,
)
from reelbook.report.sentences.phrases import cut_name

# One tile a state, neighbours where the tiles allow it.
STATE_GRID = """
AK .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI .. .. TX .. .. .. .. FL .. ..
"""


def draw_bars(
    table: pd.DataFrame,
    label: str,
    value: str,
    *,
    title: str,
    unit: str,
    digits: int = 0,
    emphasize: Sequence[str] = (),
) -> Figure:
    """Horizontal bars in the order of the rows, each with its figure.

    Args:
        table: one row a bar.
        label: column of the bars' names.
        value: column of their lengths.
        title: what the figure answers.
        unit: of the values, for the axis.
        digits: decimals of the figures at the bars.
        emphasize: labels of bars to draw in the second colour.
    """
    figure, axes = start_figure(0.9 + 0.27 * len(table), title=title)
    _fill_bars(axes, table, label, value, digits=digits, emphasize=emphasize)
    axes.set(xlabel=unit)
    return figure


def draw_movies(
    ranking: pd.DataFrame, value: str, *, title: str, unit: str, intervals: bool = False
) -> Figure:
    """A ranking of movies, titles with their years: bars, or means with their 95% intervals."""
    names = [
        cut_name(title) + ("" if pd.isna(year) else f" ({year})")
        for title, year in zip(ranking["title"], ranking["year"], strict=True)
    ]
    figure, axes = start_figure(1.1 + 0.27 * max(len(ranking), 2), title=title)
    if intervals:
        middle, places = ranking["mean"], range(len(ranking))
        errors = [middle - ranking["low"], ranking["high"] - middle]
        axes.errorbar(
            middle, places, xerr=errors, fmt="o", color=BLUE, capsize=3, label="mean, 95% interval"
        )
        if value != "mean":
            axes.plot(ranking[value], places, "D", color=ORANGE, label=value.replace("_", " "))
        for place, number in enumerate(ranking[value]):
            right = axes.get_yaxis_transform()  # just right of the axes, at the movie's height
            axes.text(1.01, place, f"{number:.2f}", va="center", transform=right)
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.grid(axis="x")
        figure.legend(loc="outside lower right", ncols=2)
    else:
        _fill_bars(axes, ranking.assign(name=names), "name", value)
    axes.set_xlabel(unit)
    return figure


def draw_heatmap(table: pd.DataFrame, *, title: str, unit: str) -> Figure:
    """A table of counts as coloured cells with their figures, rows and columns as they come."""
    values = table.to_numpy(dtype="float64")
    figure, axes = start_figure(1.0 + 0.27 * len(table), title=title)
    axes.imshow(values, cmap=SEQUENTIAL, aspect="auto")
    axes.set_xticks(range(table.shape[1]), [str(name) for name in table.columns])
    axes.set_yticks(range(table.shape[0]), [str(name) for name in table.index])
    for (row, column), value in np.ndenumerate(values):
        ink = choose_ink(value / values.max())
        text = f"{value:,.0f}" if value else ""
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
    axes.set(xlabel=unit)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def draw_stars(stars: pd.DataFrame, by: str, names: dict[str, str], *, title: str) -> Figure:
    """Share of each number of stars within each group, side by side."""
    figure, axes = start_figure(title=title)
    width = 0.8 / len(names)
    for place, (group, name) in enumerate(names.items()):
        part = stars[stars[by] == group]
        x = part["rating"] + (place - (len(names) - 1) / 2) * width
        bars = axes.bar(x, 100 * part["share"], width=0.92 * width, label=name)
        axes.bar_label(bars, fmt="%.0f", fontsize=10)
    axes.margins(y=0.1)
    axes.set(xlabel="stars", ylabel="share of the group's ratings, %")
    axes.legend()
    return figure


def draw_release_years(years: pd.DataFrame, *, title: str) -> Figure:
    """Ratings by year of release above, ratings a rated movie below."""
    figure, (top, bottom) = start_figure(4.6, title=title, rows=2, sharex=True)
    top.bar(years["year"].astype(int), years["ratings"], color=BLUE, width=0.9)
    top.set(ylabel="ratings")
    top.yaxis.set_major_formatter("{x:,.0f}")
    bottom.bar(years["year"].astype(int), years["ratings_per_movie"], color=ORANGE, width=0.9)
    bottom.set(xlabel="year of release", ylabel="ratings a movie")
    return figure


def draw_states(states: pd.DataFrame, value: str, *, title: str, unit: str) -> Figure:
    """A map of the United States with one tile a state, deeper for a larger value.

    Args:
        states: columns state (two letters) and `value`; states without a row stay empty.
        value: the column to show.
        title: what the figure answers.
        unit: of the values, written below the map.
    """
    known = states.set_index("state")[value]
    deepest = np.sqrt(known.max()) if len(known) else 1
    figure, axes = start_figure(5.0, title=title)
    for row, line in enumerate(STATE_GRID.split("\n")[1:-1]):
        for column, state in enumerate(line.split()):
            if state == "..":
                continue
            amount = known.get(state, 0)
            shade = np.sqrt(amount) / deepest  # the root keeps the small states apart
            corner = (column - 0.47, row - 0.47)
            axes.add_patch(Rectangle(corner, 0.94, 0.94, fc=SEQUENTIAL(shade), ec=INK, lw=0.4))
            ink = choose_ink(shade)
            axes.text(column, row - 0.14, state, ha="center", va="center", color=ink, weight="bold")
            text = f"{amount:,.0f}" if amount else "none"
            axes.text(column, row + 0.22, text, ha="center", va="center", color=ink, fontsize=8.5)
    axes.set(xlim=(-0.55, 10.55), ylim=(7.55, -0.55), aspect="auto")
    axes.set_xlabel(unit)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def draw_occupations(table: pd.DataFrame, place: str, *, title: str) -> Figure:
    """Each occupation's share of the ratings in a place beside its share everywhere."""
    figure, axes = start_figure(1.2 + 0.3 * len(table), title=title)
    rows = np.arange(len(table))
    axes.hlines(rows, 100 * table["share_everywhere"], 100 * table["share_there"], color=INK)
    axes.plot(100 * table["share_there"], rows, "o", color=ORANGE, ms=8, label=place)
    axes.plot(100 * table["share_everywhere"], rows, "D", color=BLUE, ms=6, label="everywhere")
    axes.set_yticks(rows, table["occupation"])
    axes.invert_yaxis()
    axes.set(xlabel="share of the ratings, %", xlim=(0, None))
    axes.grid(axis="x")
    axes.legend(loc="lower right")
    return figure


def draw_genre_counts(genres: pd.DataFrame, characters: pd.DataFrame, *, title: str) -> Figure:
    """Ratings by genre above the document's count of the characters of the genre lists."""
    figure, (above, below) = start_figure(6.0, title=title, rows=2)
    top = genres.head(10)
    named = characters.assign(name=characters["character"] + " = " + characters["genre"])
    chosen = list(characters["genre"].head(3))
    _fill_bars(above, top, "genre", "ratings", emphasize=chosen)
    _fill_bars(below, named.head(10), "name", "ratings", emphasize=list(named["name"].head(3)))
    above.set(title="By genre", xlabel="ratings of movies of the genre")
    below.set(title="By character (the document)", xlabel="ratings times characters")
    return figure


def draw_popularity(movies: pd.DataFrame, *, title: str) -> Figure:
    """Each movie by its number of ratings and its mean stars: implicit beside explicit feedback."""
    figure, axes = start_figure(4.2, title=title)
    axes.scatter(movies["ratings"], movies["mean"], s=6, color=BLUE, lw=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter("")
    axes.set(xlabel="ratings of the movie (implicit)", ylabel="mean stars (explicit)")
    axes.grid(axis="both")
    return figure


def draw_concentration(curves: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """Cumulated share of the ratings over movies and over users, the most active first."""
    figure, axes = start_figure(4.2, title=title)
    for color, (name, curve) in zip(PALETTE, curves.items(), strict=False):
        x, y = 100 * curve["share_of_ids"], 100 * curve["share_of_ratings"]
        axes.plot(x, y, color=color, lw=2.5, label=name)
    axes.plot([0, 100], [0, 100], color=INK, lw=1, ls=":", label="an even spread")
    axes.legend(loc="lower right")
    axes.set(xlabel=f"share of {' or '.join(curves)}, the most active first, %")
    axes.set(ylabel="share of the ratings, %", xlim=(0, 100), ylim=(0, 100))
    axes.grid(axis="both")
    return figure


def draw_over_time(counts: pd.DataFrame, *, title: str) -> Figure:
    """Ratings above and users seen for the first time below, by week or month."""
    figure, (top, bottom) = start_figure(4.6, title=title, rows=2, sharex=True)
    steps = counts["start"].diff().dt.days.iloc[1:]
    step = int(steps.iloc[0]) if len(steps) else 7
    period = "week" if step == 7 else "month"
    for axes, column, color in [(top, "ratings", BLUE), (bottom, "new_users", ORANGE)]:
        axes.bar(counts["start"], counts[column], width=0.9 * step, align="edge", color=color)
        axes.yaxis.set_major_formatter("{x:,.0f}")
    top.set(ylabel=f"ratings a {period}")
    bottom.set(ylabel=f"new users a {period}", xlabel=f"start of the {period} (UTC)")
    bottom.tick_params(axis="x", rotation=30)
    return figure


def draw_tie_sizes(sizes: pd.DataFrame, *, title: str, most: int = 8) -> Figure:
    """Share of the ratings by how many ratings their user gave in the same second."""
    shares = sizes.set_index("size")["share"]
    kept = shares[shares.index < most]
    names = [str(size) for size in kept.index]
    heights = [*kept]
    if (shares.index >= most).any():
        names.append(f"{most} or more")
        heights.append(shares[shares.index >= most].sum())
    figure, axes = start_figure(title=title)
    colors = [BLUE if name == "1" else ORANGE for name in names]
    bars = axes.bar(names, 100 * np.array(heights), color=colors)
    axes.bar_label(bars, fmt="%.1f")
    axes.set(xlabel="ratings of one user in one second")
    axes.set_ylabel("share of the ratings, %")
    return figure


def _fill_bars(
    axes: Axes,
    table: pd.DataFrame,
    label: str,
    value: str,
    *,
    digits: int = 0,
    emphasize: Sequence[str] = (),
) -> None:
    names = [str(name) for name in table[label]]
    colors = [ORANGE if name in emphasize else BLUE for name in names]
    # Positions, not names: two movies of one title are two bars.
    bars = axes.barh(range(len(names)), table[value], color=colors)
    axes.bar_label(bars, [f"{number:,.{digits}f}" for number in table[value]], padding=3)
    axes.margins(x=0.16)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=5)
