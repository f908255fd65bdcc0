"""Figures of all models together: what accuracy costs, and how the protocols order the models."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from reelbook.report.figures.style import BLUE, INK, ORANGE, PALETTE, start_figure


def draw_costs(
    board: pd.DataFrame, *, frontier: list[str], title: str, label: str, higher: bool
) -> Figure:
    """Accuracy against training time, a point a model; those that no other beats are joined.

    Args:
        board: name, value, low, high and seconds.
        frontier: models that no other beats in less time, the quickest first; they are named.
        title: of the figure.
        label: of the accuracy, with the unit.
        higher: whether a higher value is better.
    """
    figure, axes = start_figure(4.4, title=title)
    seconds = board["seconds"].clip(lower=0.01)  # a mean takes no time that a clock can tell
    for time, row in zip(seconds, board.to_dict("records"), strict=True):
        color = ORANGE if row["name"] in frontier else BLUE
        axes.plot([time, time], [row["low"], row["high"]], color=color, alpha=0.35)
        axes.plot(time, row["value"], "o", color=color, markersize=6)
    line = board.assign(seconds=seconds).set_index("name").loc[frontier]
    axes.plot(line["seconds"], line["value"], color=ORANGE, linewidth=1)
    for number, row in enumerate(line.reset_index().to_dict("records")):
        place = 0.02 + 0.06 * (number % 3)  # neighbours' names would lie on each other
        axes.annotate(
            row["name"],
            (row["seconds"], row["low"] if not higher else row["high"]),
            (row["seconds"], place if not higher else 1 - place),
            textcoords=axes.get_xaxis_transform(),  # the height as a share of the axes
            ha="center",
            va="bottom" if not higher else "top",
            arrowprops={"arrowstyle": "-", "color": ORANGE, "alpha": 0.35, "linestyle": ":"},
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("seconds of a run on one core, tuning included")
    axes.set_ylabel(label)
    axes.grid(axis="y")
    axes.margins(x=0.12, y=0.3)  # room for the names
    return figure


def draw_orders(boards: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """The place of each model by each protocol, a line a model from protocol to protocol.

    Args:
        boards: name of the protocol to its board, best first. Models on all boards are shown.
        title: of the figure.
    """
    names = [set(board["name"]) for board in boards.values()]
    shared = set.intersection(*names)
    places = pd.DataFrame(
        {
            protocol: {
                name: place for place, name in enumerate(board["name"][board["name"].isin(shared)])
            }
            for protocol, board in boards.items()
        }
    ).sort_values(next(iter(boards)))
    figure, axes = start_figure(1.0 + 0.32 * len(places), title=title)
    for number, (name, row) in enumerate(places.iterrows()):
        color = PALETTE[number % len(PALETTE)]
        axes.plot(range(len(row)), row, "o-", color=color, markersize=6)
        axes.annotate(
            f"{name} ", (0, row.iloc[0]), (-8, 0), textcoords="offset points", ha="right",
            va="center",
        )  # fmt: skip
        axes.annotate(
            f" {name}", (len(row) - 1, row.iloc[-1]), (8, 0), textcoords="offset points",
            va="center",
        )  # fmt: skip
    axes.set_xticks(range(len(boards)), list(boards))
    axes.set_xlim(-0.9, len(boards) - 0.1)
    axes.set_yticks(range(len(places)), [str(place + 1) for place in range(len(places))])
    axes.set_ylim(len(places) - 0.5, -0.5)
    axes.set_ylabel("place")
    axes.tick_params(colors=INK)
    return figure
