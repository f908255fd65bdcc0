"""Boards of all models of a kind: accuracy, cost, distance to the best, agreement of protocols."""

import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError
from reelbook.metrics.bootstrap import compute_interval, resample_means
from reelbook.metrics.catalogue import average_over_runs
from reelbook.metrics.registry import RATING_METRICS
from reelbook.models.registry import describe_model
from reelbook.report.compare import (
    Groups,
    add_costs,
    average_metrics,
    compare_models,
    estimate_models,
    estimate_rankings,
    group_runs,
)
from reelbook.report.leads import BY_TIME, compare_leads
from reelbook.runs.store import Run


def keep_whole(groups: Groups) -> Groups:
    """The models that ran on as many splits as any other: only these compare."""
    most = max(map(len, groups.values()), default=0)
    return {model: runs for model, runs in groups.items() if len(runs) == most}


def make_rating_board(groups: Groups) -> pd.DataFrame:
    """A row a rating model, best first: error, interval, cost, and how far behind the best.

    Returns:
        The columns of `compare.estimate_models` and `add_costs`; behind (stars by which its RMSE
        is higher than the best one's, on the same rows), behind_low, behind_high; and clear,
        whether that can be told from zero (False for the best itself).
    """
    board = add_costs(estimate_models(groups), groups)
    best, *others = board["name"]
    return add_gaps(board, compare_models(groups, [(other, best) for other in others]))


def measure_leads(runs: Iterable[Run], official: Groups) -> pd.DataFrame:
    """What is left by time of the leads on the folds: the table of `leads.compare_leads`."""
    return compare_leads(official, group_runs(runs, protocol=BY_TIME))


def list_rating_metrics(groups: Groups) -> pd.DataFrame:
    """A row a rating model, the lowest RMSE first: the mean over runs of every rating metric."""
    table = average_metrics(groups, list(RATING_METRICS))
    return table.sort_values("rmse", ignore_index=True)


def make_ranking_board(groups: Groups, *, metric: str = "ndcg@10") -> pd.DataFrame:
    """A row a ranking model, best first, with the columns of `make_rating_board`.

    `behind` is by how much its metric is lower than the best one's, for the same users.
    """
    board = add_costs(estimate_rankings(groups, metric=metric), groups)
    gaps = compare_all(groups, metric=metric)
    best, *others = board["name"]
    own = gaps[gaps["first"] == best].set_index("second").loc[others]
    return add_gaps(board, own)


def compare_all(groups: Groups, *, metric: str = "ndcg@10") -> pd.DataFrame:
    """Every ranking model against every other, on the same users drawn in the same resamples.

    Returns:
        first, second, value (of the first less that of the second), low and high of the 95%
        interval, and clear, whether that leaves zero out; each pair in both directions.

    Raises:
        ReelbookError: the models were not measured on the same users.
    """
    values = _average_by_user(groups, metric)
    samples = {model: resample_means(values[model]) for model in groups}
    means = values.mean()
    rows = []
    for first, second in itertools.permutations(groups, 2):
        low, high = compute_interval(samples[first] - samples[second])
        value = means[first] - means[second]
        rows.append((first, second, value, low, high, low > 0 or high < 0))
    return pd.DataFrame(rows, columns=["first", "second", "value", "low", "high", "clear"])


def correlate_boards(boards: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Kendall's tau of the orders of every two boards, over the models that stand on both.

    1 is the same order, 0 none in common, -1 the reverse (Kendall 1938, tau-b).

    Returns:
        first, second, models (number) and tau, a row a pair of boards.
    """
    rows = []
    for first, second in itertools.combinations(boards, 2):
        both = boards[first].merge(boards[second], on="name")
        tau = both["value_x"].corr(both["value_y"], method="kendall")
        rows.append({"first": first, "second": second, "models": len(both), "tau": tau})
    return pd.DataFrame(rows, columns=["first", "second", "models", "tau"])


def list_flips(comparisons: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Pairs of models of which one is clearly better by one board and the other by another.

    Args:
        comparisons: name of the board to the result of `compare_all`.

    Returns:
        better, worse, by (the board that says so), but_by (the board that says the reverse).
    """
    clear = {
        name: table.query("clear and value > 0")[["first", "second"]]
        for name, table in comparisons.items()
    }
    flips = [
        clear[one]
        .merge(clear[other].rename(columns={"first": "second", "second": "first"}))
        .assign(by=one, but_by=other)
        for one, other in itertools.combinations(comparisons, 2)
    ]
    none = pd.DataFrame(columns=["first", "second", "by", "but_by"])
    found = pd.concat([part for part in flips if len(part)] or [none], ignore_index=True)
    return found.rename(columns={"first": "better", "second": "worse"})


def find_frontier(board: pd.DataFrame, *, by: str = "seconds") -> list[str]:
    """Models that no other one beats at less cost, the cheapest first.

    Args:
        board: best first.
        by: the column with the cost.
    """
    cheapest = np.minimum.accumulate(board[by])
    on_front = board[by] == cheapest
    return board.loc[on_front, "name"].tolist()[::-1]


def find_cheap(board: pd.DataFrame, *, share: float = 0.5, by: str = "seconds") -> pd.Series:
    """The most accurate model that costs at most this share of what the best one costs.

    The best one itself where there is no such model.
    """
    cheap = board[board[by] <= share * board[by].iloc[0]]
    return (cheap if len(cheap) else board).iloc[0]


def find_best(board: pd.DataFrame, *, deep: bool) -> pd.Series | None:
    """The best row of the deep models, or of all others; None if there is none of the kind."""
    found = board[[describe_model(name).deep == deep for name in board["name"]]]
    return found.iloc[0] if len(found) else None


def list_choices(groups: Groups) -> pd.DataFrame:
    """A row a model with a grid: how many settings a split tried, and which were chosen.

    Returns:
        model, tried (settings), chosen (a text: each setting and in how many splits).
    """
    rows = []
    for model, runs in groups.items():
        extras = [run.record.extra for run in runs]
        texts = [
            ", ".join(f"{name} {value:g}" for name, value in extra["chosen"].items())
            for extra in extras
            if extra.get("chosen")
        ]
        if texts:
            counts = pd.Series(texts).value_counts(sort=False)
            chosen = "; ".join(f"{text} ({number}x)" for text, number in counts.items())
            rows.append({"model": model, "tried": len(extras[0]["tried"]), "chosen": chosen})
    return pd.DataFrame(rows, columns=["model", "tried", "chosen"])


def _average_by_user(groups: Groups, metric: str) -> pd.DataFrame:
    """The metric of each user, averaged over the runs that he or she is in: a column a model."""
    table = pd.DataFrame(
        {
            model: average_over_runs([run.ranks for run in runs], metric)
            for model, runs in groups.items()
        }
    )
    if table.isna().any(axis=None):
        raise ReelbookError("A paired comparison needs the same users on both sides.")
    return table


def add_gaps(board: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """A board with the gaps of all rows but the first; those of the best one are zero."""
    return board.assign(
        behind=[0.0, *gaps["value"]],
        behind_low=[0.0, *gaps["low"]],
        behind_high=[0.0, *gaps["high"]],
        clear=[False, *gaps["clear"]],
    )
