"""Figures of runs: learning curves, means with their intervals, error by how often seen."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from reelbook.report.figures.style import (
    BLUE,
    INK,
    ORANGE,
    PALETTE,
    add_legend,
    name_rows,
    start_figure,
)


def draw_learning_curves(histories: pd.DataFrame, *, title: str) -> Figure:
    """RMSE on training and on validation rows by epoch, a panel a model, a pair of lines a run.

    Args:
        histories: model, run (anything that tells runs apart), epoch, train_rmse, validation_rmse
            and best_epoch, the one that validation chose.
        title: of the figure.
    """
    models = list(dict.fromkeys(histories["model"]))
    columns = 1 if len(models) % 2 else 2  # no panel stays empty
    rows = -(-len(models) // columns)
    height = 0.8 + (1.7 if columns == 1 else 2.1) * rows
    figure, panels = start_figure(height, title=title, rows=rows, columns=columns, squeeze=False)
    for model, panel in zip(models, panels.flat, strict=False):
        for _, run in histories[histories["model"] == model].groupby("run"):
            panel.plot(run["epoch"], run["train_rmse"], color=INK, linestyle="--", linewidth=1)
            panel.plot(run["epoch"], run["validation_rmse"], color=BLUE, linewidth=1.2)
            best = run[run["epoch"] == run["best_epoch"]]
            panel.plot(best["epoch"], best["validation_rmse"], "o", color=ORANGE, markersize=5)
        own = histories[histories["model"] == model]
        values = own[["train_rmse", "validation_rmse"]].to_numpy()
        chosen = own.loc[own["epoch"] == own["best_epoch"], "validation_rmse"].max()
        # The first epochs of some models start at 3 stars and would flatten all that follows.
        low, high = values.min(), max(chosen, np.quantile(values, 0.9))
        panel.set_ylim(low - 0.05 * (high - low) - 0.002, high + 0.05 * (high - low) + 0.002)
        panel.set_title(model)
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(axis="y")
    for panel in panels[:, 0]:
        panel.set_ylabel("RMSE in stars")
    handles = [
        Line2D([], [], color=INK, linestyle="--", label="training rows"),
        Line2D([], [], color=BLUE, label="validation rows"),
        Line2D([], [], color=ORANGE, marker="o", linestyle="", label="chosen epoch"),
    ]
    add_legend(figure, handles)
    return figure


def draw_test_curves(histories: pd.DataFrame, *, title: str, reach: float = 0.12) -> Figure:
    """RMSE on the test rows by epoch, a colour a model, with the best and the chosen epoch marked.

    Args:
        histories: model, run, epoch, test_rmse and best_epoch, the one that validation chose.
        title: of the figure.
        reach: how far above the lowest RMSE the figure ends at least, in stars.
    """
    figure, axes = start_figure(3.8, title=title)
    colors = dict(zip(dict.fromkeys(histories["model"]), PALETTE, strict=False))
    for (model, _), run in histories.groupby(["model", "run"], sort=False):
        axes.plot(run["epoch"], run["test_rmse"], color=colors[model], linewidth=1.2)
        best = run[run["test_rmse"] == run["test_rmse"].min()]
        axes.plot(best["epoch"], best["test_rmse"], "v", color=colors[model], markersize=7)
        chosen = run[run["epoch"] == run["best_epoch"]]
        axes.plot(chosen["epoch"], chosen["test_rmse"], "x", color=INK)
    lowest = histories["test_rmse"].min()
    marked = histories.loc[histories["epoch"] == histories["best_epoch"], "test_rmse"].max()
    axes.set_ylim(lowest - 0.01, max(lowest + reach, marked + 0.01))
    axes.set_xlabel("epoch")
    axes.set_ylabel("test RMSE in stars")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    handles = [Line2D([], [], color=color, label=model) for model, color in colors.items()]
    for marker, label in [("v", "best on test rows"), ("x", "chosen on validation rows")]:
        handles.append(Line2D([], [], color=INK, linestyle="", marker=marker, label=label))
    add_legend(figure, handles)
    return figure


def draw_intervals(
    table: pd.DataFrame, *, title: str, label: str, column: str = "value", zero: bool = False
) -> Figure:
    """A dot with its interval a row, the first row on top.

    Args:
        table: name, `column`, low and high.
        title: of the figure.
        label: of the axis, with the unit.
        column: where the dot is.
        zero: draw a line at zero, for differences.
    """
    figure, axes = start_figure(1.1 + 0.32 * len(table), title=title)
    right = axes.get_yaxis_transform()  # just right of the axes, at the row's height
    for place, row in enumerate(table.to_dict("records")):
        axes.plot([row["low"], row["high"]], [place, place], color=BLUE, linewidth=2)
        axes.plot(row[column], place, "o", color=BLUE, markersize=7)
        text = f"{row[column]:+.3f}" if zero else f"{row[column]:.3f}"
        axes.text(1.01, place, text, va="center", transform=right)
    if zero:
        axes.axvline(0, color=INK, linewidth=1)
    name_rows(axes, [textwrap.fill(name, 34) for name in table["name"]])
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(6))  # more would touch where they have a sign
    return figure


def draw_error_by_count(tables: dict[str, pd.DataFrame], *, title: str) -> Figure:
    """Test RMSE by how often something was seen in training: a panel a key, a line a model.

    Args:
        tables: what is counted, such as "ratings of the user", to model, seen and rmse.
        title: of the figure.
    """
    figure, panels = start_figure(3.6, title=title, columns=len(tables), sharey=True, squeeze=False)
    for (label, table), panel in zip(tables.items(), panels.flat, strict=True):
        for color, (model, lines) in zip(PALETTE, table.groupby("model", sort=False), strict=False):
            panel.plot(lines["seen"], lines["rmse"], marker="o", color=color, label=model)
        panel.set_xlabel(label)
        panel.tick_params(axis="x", labelrotation=40)
        panel.grid(axis="y")
        # Logarithmic: a model without a mean errs by far the most where it knows nothing.
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(FixedLocator([0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0]))
        panel.yaxis.set_major_formatter("{x:.1f}")
        panel.yaxis.set_minor_locator(NullLocator())
    panels[0, 0].set_ylabel("test RMSE in stars")
    add_legend(figure)
    return figure
