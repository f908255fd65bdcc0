"""Order a model's candidates anew, so that their genres follow the user's (Steck 2018)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.metrics import beyond
from reelbook.metrics.graded import discount, list_best
from reelbook.metrics.lists import K
from reelbook.report.compare import Groups
from reelbook.report.listed import (
    average_splits,
    make_setting,
    measure_exposure,
    measure_lists,
    spread_lists,
)
from reelbook.runs.store import Run

USERS = 500  # at a time; bounds the memory


def choose_lister(groups: Groups) -> str:
    """The model with the highest nDCG@10 on validation rows; any where none was measured there."""
    values = {model: average_validation(runs) for model, runs in groups.items()}
    return max(values, key=lambda model: np.nan_to_num(values[model], nan=-1.0))


def average_validation(runs: Sequence[Run]) -> float:
    """Mean nDCG@10 of runs on their validation rows; NaN where it was not measured."""
    found = [
        metric.value
        for run in runs
        for metric in run.record.training_metrics
        if (metric.split_part, metric.metric) == ("validation", f"ndcg@{K}")
    ]
    return float(np.mean(found)) if found else np.nan


def calibrate(
    columns: np.ndarray,
    scores: np.ndarray,
    wanted: np.ndarray,
    genres: sparse.csr_matrix,
    *,
    weight: float,
    k: int = K,
) -> np.ndarray:
    """Lists of k, built from the first place on: each movie is the one that adds most.

    It maximises (1 - lambda) sum_{i in L} s_i / k - lambda KL(p || q~(L)), with the scores s from 0
    for a user's last candidate to 1 for the first one (Steck 2018, who takes the sum of the scores
    in place of their mean).

    Args:
        columns: of the candidates, the best first (users, candidates); -1 where they end early.
        scores: theirs, NaN where they end (users, candidates).
        wanted: p, the genres of the profiles (users, genres).
        genres: 1 where a movie is of a genre (movies, genres).
        weight: lambda, from 0 for the order by score to 1 for genres alone.
        k: length of the lists.

    Returns:
        Columns (users, k), -1 where the candidates end.
    """
    lists = np.full((len(columns), k), -1)
    kinds = beyond.split_genres(genres).toarray()
    for start in range(0, len(columns), USERS):
        users = slice(start, start + USERS)
        own, scaled = columns[users], scale_scores(scores[users])
        rows = np.arange(len(own))
        shares = kinds[own]  # (users, candidates, genres)
        listed = np.zeros_like(wanted[users])  # sum of the shares of what is listed
        left = own >= 0
        for place in range(min(k, own.shape[1])):
            mixed = listed[:, None, :] + shares
            mixed = beyond.divide(mixed, mixed.sum(axis=2, keepdims=True), other=0.0)
            gap = np.nan_to_num(beyond.compute_miscalibration(wanted[users][:, None, :], mixed))
            worth = np.where(left, (1 - weight) * scaled / k - weight * gap, -np.inf)
            best = worth.argmax(axis=1)
            lists[users, place] = np.where(left.any(axis=1), own[rows, best], -1)
            listed += shares[rows, best]
            left[rows, best] = False
    return lists


def scale_scores(scores: np.ndarray) -> np.ndarray:
    """Scores from 0 for the lowest to 1 for the highest of each user; 0 where one is no number."""
    known = np.isfinite(scores)
    own = np.where(known, scores, 0.0).astype("float64")
    low = np.where(known, own, np.inf).min(axis=1, keepdims=True)
    high = np.where(known, own, -np.inf).max(axis=1, keepdims=True)
    return np.where(known, beyond.divide(own - low, high - low, other=0.0), 0.0)


def sweep_weights(
    runs: Sequence[Run],
    dataset: Dataset,
    *,
    protocol: str,
    seeds: Sequence[int],
    weights: Sequence[float],
    few: int,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """What each weight makes of a model's candidates, on the test rows; it picks none.

    Args:
        runs: of the model, in the order of `seeds`.
        dataset: with genres.
        protocol: of the runs' splits.
        seeds: of these splits.
        weights: lambda, see `calibrate`; the first is what the others are compared to.
        few: see `listed.measure_lists`.

    Returns:
        By weight as a text, what `listed.measure_models` has of each user, with price, by how much
        the nDCG is lower than with the first weight; and its exposure, as in
        `Measured`.
    """
    parts: dict[str, list[pd.DataFrame]] = {f"{weight:g}": [] for weight in weights}
    exposure = []
    for run, seed in zip(runs, seeds, strict=True):
        table = run.recommendations
        setting = make_setting(dataset, np.unique(table["user_id"]), protocol=protocol, seed=seed)
        length = int(table["rank"].max())
        columns = spread_lists(table, setting, k=length)
        scores = np.full(columns.shape, np.nan)
        scores[columns >= 0] = table.sort_values(["user_id", "rank"])["score"]
        wanted = beyond.share_genres(setting.profiles, setting.genres)
        best = list_best(setting.held_out, K) > 0
        for weight in weights:
            places = calibrate(columns, scores, wanted, setting.genres, weight=weight)
            lists = beyond.mark_lists(places, len(setting.movies))
            hits = setting.held_out[np.arange(len(places))[:, None], places].toarray()
            own = measure_lists(lists, setting, few=few)
            own["ndcg"] = discount(hits * (places >= 0)) / discount(best)
            parts[f"{weight:g}"].append(own)
            exposure.append((f"{weight:g}", seed, *measure_exposure(lists)))
    values = {weight: average_splits(own) for weight, own in parts.items()}
    first = next(iter(values.values()))["ndcg"]
    for table in values.values():
        table["price"] = first - table["ndcg"]
    return values, pd.DataFrame(exposure, columns=["model", "seed", "coverage", "gini"])
