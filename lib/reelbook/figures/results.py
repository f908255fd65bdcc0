"""Pictures of results.csv and of what the runs cost."""

import pandas as pd
from matplotlib.figure import Figure

from reelbook.figures.style import BLUE, INK, start_figure


def draw_leaderboard(board: pd.DataFrame, results: pd.DataFrame, *, protocol: str) -> Figure:
    """Each model's mean test RMSE with its interval, over the dots of its folds and seeds.

    Args:
        board: as `tables.make_leaderboard` gives it, with the intervals of `tables.add_intervals`.
        results: the rows of results.csv, for the dots.
        protocol: which protocol's rows.
    """
    figure, axes = start_figure(0.9 + 0.42 * len(board))
    single = results.query("protocol == @protocol and metric == 'rmse' and split_part == 'test'")
    for place, row in enumerate(board.itertuples()):
        values = single.loc[single["model"] == row.model, "value"]
        axes.plot(values, [place] * len(values), "o", color=INK, alpha=0.45, markersize=4)
        axes.plot([row.low, row.high], [place, place], color=BLUE, linewidth=3)
        axes.plot(row.mean, place, "D", color=BLUE, markersize=6)
        axes.annotate(
            f"{row.mean:.3f}", (row.mean, place), (0, 7), textcoords="offset points", ha="center"
        )
    axes.set_yticks(range(len(board)), board["model"])
    axes.set_ylim(len(board) - 0.5, -0.8)
    axes.set_xlabel("test RMSE in stars: mean with 95% interval; grey: single folds")
    axes.grid(axis="x")
    return figure
