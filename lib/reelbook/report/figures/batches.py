"""Figures of a batch: what its models scored over the parameters that it varied."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reelbook.report.figures.style import PALETTE, start_figure


def draw_over(table: pd.DataFrame, *, axes: list[str], title: str, label: str) -> Figure:
    """A metric over the last of the varied parameters, a panel for each setting of the others.

    Args:
        table: model, value, low, high, and the varied parameters as text, in the order to show.
        axes: the varied parameters.
        title: of the figure.
        label: of the metric.
    """
    *others, last = axes
    groups = dict(list(table.groupby(others, sort=False))) if others else {(): table}
    rows, columns = -(-len(groups) // 2), min(len(groups), 2)
    figure, panels = start_figure(
        1.2 + 2.4 * rows, title=title, rows=rows, columns=columns, squeeze=False
    )
    for panel in panels.flat[len(groups) :]:
        panel.set_visible(False)
    models = list(dict.fromkeys(table["model"]))
    ticks = list(dict.fromkeys(table[last]))
    for (setting, group), panel in zip(groups.items(), panels.flat, strict=False):
        for number, model in enumerate(models):
            lines = group[group["model"] == model]
            # A little apart: intervals at one place would lie on each other.
            places = np.array([ticks.index(text) for text in lines[last]], dtype=float)
            places += 0.3 * ((number + 0.5) / len(models) - 0.5)
            reach = [lines["value"] - lines["low"], lines["high"] - lines["value"]]
            panel.errorbar(
                places, lines["value"], np.clip(reach, 0, None), marker="o", markersize=5,
                linewidth=1, linestyle="-" if number < len(PALETTE) else "--",
                color=PALETTE[number % len(PALETTE)], label=model,
            )  # fmt: skip
        panel.set_title(", ".join(f"{n} {v}" for n, v in zip(others, setting, strict=True)))
        panel.set_xticks(range(len(ticks)), ticks)
        panel.set_xlim(-0.5, len(ticks) - 0.5)
        panel.set_xlabel(last)
        panel.grid(axis="y")
    for panel in panels[:, 0]:
        panel.set_ylabel(label)
    handles = {
        name: handle
        for panel in panels.flat
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return figure
