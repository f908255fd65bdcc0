"""Figures of leads: what is left of them where models see less of the future."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reelbook.report.figures.style import (
    INK,
    PALETTE,
    add_legend,
    draw_dots,
    name_rows,
    start_figure,
)

HEIGHT = 0.62  # of a row that its dots share


def draw_columns(leads: pd.DataFrame, *, title: str, label: str) -> Figure:
    """A dot with its interval a model and column, models beneath each other, the first on top.

    Args:
        leads: as `future.compare_columns` gives them.
        title: of the figure.
        label: of the axis, with the unit.
    """
    models, columns = (list(dict.fromkeys(leads[name])) for name in ("name", "column"))
    figure, axes = start_figure(1.4 + (0.2 + 0.12 * len(columns)) * len(models), title=title)
    shifts = np.linspace(-HEIGHT / 2, HEIGHT / 2, len(columns)) if len(columns) > 1 else [0.0]
    for column, shift, color in zip(columns, shifts, PALETTE, strict=False):
        own = leads[leads["column"] == column]
        places = np.array([models.index(name) for name in own["name"]]) + shift
        draw_dots(axes, own, places, color=color, label=column)
    axes.axvline(0, color=INK, linewidth=1)
    name_rows(axes, models)
    axes.set_xlabel(label)
    add_legend(figure)
    return figure


def draw_leaks(parts: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """A panel a kind of model, a line a model: its lead over the share of later ratings it saw.

    Args:
        parts: label of the vertical axis to the leads, as `future.compare_columns` gives them with
            the share as the column.
        title: of the figure.
    """
    figure, panels = start_figure(
        2.9 * len(parts) + 0.6, title=title, rows=len(parts), squeeze=False
    )
    for (label, leads), panel in zip(parts.items(), panels.flat, strict=True):
        for color, (model, own) in zip(PALETTE, leads.groupby("name", sort=False), strict=False):
            shares = own["column"].to_numpy(float)
            panel.plot(shares, own["value"], "o-", color=color, markersize=5, label=model)
            panel.vlines(shares, own["low"], own["high"], color=color, linewidth=1.5)
        panel.axhline(0, color=INK, linewidth=1)
        panel.xaxis.set_major_formatter("{x:.0%}")
        panel.set_xticks(sorted({float(share) for share in leads["column"]}))
        panel.set_ylabel(label)
        panel.grid(axis="y")
        panel.legend(loc="upper left")
    panels[-1, 0].set_xlabel("share of the later ratings in training")
    return figure
