"""Figures of all models together: what accuracy costs, and how the protocols order the models."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reelbook.report.figures.style import BLUE, ORANGE, PALETTE, PLATE, start_figure
from reelbook.report.inside.two_tower import mark_untrained


def draw_costs(
    board: pd.DataFrame,
    *,
    frontier: list[str],
    title: str,
    label: str,
    higher: bool,
    by: str = "seconds",
    cost: str = "seconds of a run on one core, tuning included",
) -> Figure:
    """Accuracy against a cost, a point a model; those that no other beats are joined.

    Args:
        board: name, value, low, high and the cost.
        frontier: models that no other beats at less cost, the cheapest first; they are named.
        title: of the figure.
        label: of the accuracy, with the unit.
        higher: whether a higher value is better.
        by: the column with the cost.
        cost: label of it, with the unit.
    """
    rows = 0.055 * (len(frontier) + 1)  # share of the axes that the names take, a line a name
    figure, axes = start_figure(3.0 / (1 - rows), title=title)
    costs = board[by].clip(lower=0.01)  # a mean takes no time that a clock can tell
    for place, row in zip(costs, board.to_dict("records"), strict=True):
        color = ORANGE if row["name"] in frontier else BLUE
        axes.plot([place, place], [row["low"], row["high"]], color=color, linewidth=1)
        axes.plot(place, row["value"], "o", color=color, markersize=5)
    line = board.assign(cost=costs).set_index("name").loc[frontier]
    axes.plot(line["cost"], line["value"], color=ORANGE, linewidth=1)
    axes.set_xscale("log")
    low, high = board["low"].min(), board["high"].max()
    space = (high - low) * rows / (1 - rows)
    axes.set_ylim((low, high + space) if higher else (low - space, high))
    edges = np.log(costs.min()), np.log(costs.max())
    for number, row in enumerate(line.reset_index().to_dict("records"), start=1):
        place = 0.055 * number
        is_left = np.log(row["cost"]) < sum(edges) / 2
        axes.annotate(
            row["name"],
            (row["cost"], row["high"] if higher else row["low"]),
            (row["cost"], 1 - place if higher else place),
            textcoords=axes.get_xaxis_transform(),  # the height as a share of the axes
            ha="left" if is_left else "right",
            va="center",
            bbox={"facecolor": PLATE, "edgecolor": "none", "pad": 1},
            arrowprops={
                "arrowstyle": "-",
                "color": ORANGE,
                "linestyle": ":",
                "relpos": (0 if is_left else 1, 0.5),
            },
        )
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(cost)
    axes.set_ylabel(label)
    axes.grid(axis="y")
    return figure


def draw_orders(boards: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """The place of each model by each protocol, a line a model from protocol to protocol.

    A star stands at models whose figures are those of a head that was not trained.

    Args:
        boards: name of the protocol to its board, best first. Models on all boards are shown.
        title: of the figure.
    """
    shared = set.intersection(*(set(board["name"]) for board in boards.values()))
    places = pd.DataFrame(
        {
            protocol: {
                name: place for place, name in enumerate(board["name"][board["name"].isin(shared)])
            }
            for protocol, board in boards.items()
        }
    ).sort_values(next(iter(boards)))
    marked = zip(places.index, mark_untrained(places.index), strict=True)
    notes = {name: f"* {text}" for name, text in marked if text != name}
    figure, axes = start_figure(1.2 + 0.24 * (len(places) + len(notes)), title=title)
    axes.set_xlabel("\n".join(notes.values()))
    places = places.rename({name: f"{name}*" for name in notes})
    for number, (_, row) in enumerate(places.iterrows()):
        axes.plot(range(len(row)), row, "o-", color=PALETTE[number % len(PALETTE)], markersize=6)
    axes.set_xticks(range(len(boards)), list(boards))
    for side, protocol in [(axes, places.columns[0]), (axes.twinx(), places.columns[-1])]:
        order = places[protocol].sort_values()
        side.set_yticks(order, [f"{name} {place + 1}" for name, place in order.items()])
        side.set_ylim(len(places) - 0.5, -0.5)
        side.tick_params(length=0)
        side.spines[:].set_visible(False)
    return figure
