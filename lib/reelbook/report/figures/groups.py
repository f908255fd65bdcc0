"""The figure of groups: who is served worse than the rest, and who better."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reelbook.report.figures.style import BLUE, GREY, INK, VERMILLION, add_legend, start_figure
from reelbook.report.group_gaps import judge

COLORS = {"clearly worse": VERMILLION, "clearly better": BLUE, "no clear gap": GREY}


def draw_gaps(tables: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """A panel a measure, a row a group: its gap to the rest with its interval.

    Args:
        tables: name of a measure to the rows of one model, as `group_gaps.compare_groups` gives
            them; groups without a gap are left out.
        title: of the figure.
    """
    shown = {measure: table.dropna(subset="gap") for measure, table in tables.items()}
    places, names = _place_rows(pd.concat(shown.values()))
    figure, panels = start_figure(
        1.4 + 0.19 * (len(names) + 1),
        title=title,
        columns=len(shown),
        sharey=True,
        squeeze=False,
    )
    for panel, (measure, table) in zip(panels.flat, shown.items(), strict=True):
        for row in table.to_dict("records"):
            at = places[row["grouping"], row["group"]]
            color = COLORS[judge(row)]
            panel.plot([row["gap_low"], row["gap_high"]], [at, at], color=color, linewidth=2)
            panel.plot(row["gap"], at, "o", color=color, markersize=5)
        panel.axvline(0, color=INK, linewidth=1)
        panel.set_xlabel(f"gap in {measure}")
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.grid(axis="x")
    first = panels[0, 0]
    first.set_yticks(list(names), list(names.values()))
    first.set_ylim(max(names) + 0.7, -0.7)
    first.tick_params(axis="y", length=0)
    for tick, place in zip(first.get_yticklabels(), names, strict=True):
        if place not in places.values():
            tick.set_weight("bold")
    add_legend(figure, [Line2D([], [], color=c, marker="o", label=n) for n, c in COLORS.items()])
    return figure


def _place_rows(table: pd.DataFrame) -> tuple[dict[tuple[str, str], int], dict[int, str]]:
    """The height of each group, and the name at each height; groupings stand above their groups."""
    places: dict[tuple[str, str], int] = {}
    names: dict[int, str] = {}
    for grouping, groups in table.groupby("grouping", sort=False)["group"]:
        names[len(names)] = str(grouping)
        for group in dict.fromkeys(groups):
            places[str(grouping), str(group)] = len(names)
            names[len(names)] = str(group)
    return places, names
