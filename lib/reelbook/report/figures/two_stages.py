"""The figure of two stages: what more candidates do to each order."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from reelbook.report.figures.style import BLUE, GREY, ORANGE, add_legend, start_figure

NAMES = {"both": ("by both", BLUE), "stars": ("by stars", ORANGE)}


def draw_stages(stages: pd.DataFrame, *, title: str, label: str) -> Figure:
    """A panel a retriever, a line an order over the number of candidates, with 95% intervals.

    Args:
        stages: as `report.two_stages.list_stages` gives it.
        title: of the figure.
        label: of the vertical axes.
    """
    retrievers = list(dict.fromkeys(stages["retriever"]))
    rows = -(-len(retrievers) // 2)
    figure, panels = start_figure(
        1.0 + 2.0 * rows, title=title, rows=rows, columns=2, sharex=True, sharey=True, squeeze=False
    )
    sizes = stages["candidates"].dropna().unique().tolist()
    for panel in panels.flat[len(retrievers) :]:
        panel.set_axis_off()
    for panel, retriever in zip(panels.flat, retrievers, strict=False):
        own = stages[stages["retriever"] == retriever]
        plain = own[own["order"] == "score"].iloc[0]
        panel.axhline(plain["liked"], color=GREY, linewidth=1.5, label="by score")
        for order, (name, color) in NAMES.items():
            line = own[own["order"] == order]
            at = line["candidates"].to_numpy(float)
            panel.plot(at, line["liked"], "o-", color=color, markersize=4, label=name)
            panel.vlines(at, line["low"], line["high"], color=color, linewidth=1.5)
        panel.set_title(retriever)
        panel.set_xscale("log")
        panel.set_xlim(min(sizes) * 0.85, max(sizes) * 1.2)
        panel.xaxis.set_major_locator(FixedLocator(pick_ticks(sizes)))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter("{x:.0f}")
        panel.grid(axis="y")
    panels[0, 0].set_ylim(bottom=0)  # of all panels, once all is drawn
    for panel in panels[:, 0]:
        panel.set_ylabel(label)
    for panel in panels[-1]:
        panel.set_xlabel("candidates")
    add_legend(figure)
    return figure


def pick_ticks(sizes: list[int]) -> list[int]:
    """The sizes whose numbers do not touch each other on a logarithmic axis."""
    kept: list[int] = []
    for size in sorted(sizes):
        if not kept or np.log10(size / kept[-1]) > 0.3:
            kept.append(size)
    return kept
