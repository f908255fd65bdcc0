"""Metrics of lists, by user: how far up the held-out movies stand, and what is recommended.

With R_u the held-out movies of user u and r_1 < r_2 < ... their ranks, for lists of length k. Every
held-out movie counts alike, whatever its stars.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError
from reelbook.metrics.registry import RANKING_METRICS, list_metric, ranking_metric

K = 10
HIT_RATES = (1, 5, 10, 50, 100)


class HeldOut(NamedTuple):
    """The held-out movies of all users, sorted by user and rank.

    Attributes:
        users: ids in ascending order (users,).
        sizes: |R_u| (users,).
        place: of the user of each movie, in `users` (rows,).
        number: j, the movie's place from 1 among its user's held-out ones (rows,).
        rank: r_j (rows,).
    """

    users: np.ndarray
    sizes: np.ndarray
    place: np.ndarray
    number: np.ndarray
    rank: np.ndarray


def sort_held_out(ranks: pd.DataFrame, *, key: str = "user_id") -> HeldOut:
    """The held-out movies of a table with `key` and rank.

    Raises:
        ReelbookError: there are none.
    """
    if ranks.empty:
        raise ReelbookError("There is no held-out movie to measure: the test part is empty.")
    ids, rank = ranks[key].to_numpy(), ranks["rank"].to_numpy()
    order = np.lexsort((rank, ids))
    users, sizes = np.unique(ids[order], return_counts=True)
    place = np.repeat(np.arange(len(users)), sizes)
    number = np.arange(len(order)) - np.repeat(sizes.cumsum() - sizes, sizes) + 1
    return HeldOut(users, sizes, place, number, rank[order])


@ranking_metric("ndcg", lengths=(K,))
def compute_ndcg(held_out: HeldOut, k: int) -> np.ndarray:
    """sum_{r_j <= k} 1 / log2(1 + r_j)  /  sum_{j <= min(k, |R_u|)} 1 / log2(1 + j)."""
    inside = held_out.rank <= k
    gains = np.bincount(held_out.place, inside / np.log2(1 + held_out.rank))
    ideal = np.cumsum(1 / np.log2(1 + np.arange(1, k + 1)))  # (k,)
    return gains / ideal[np.minimum(held_out.sizes, k) - 1]


@ranking_metric("recall", lengths=(K,))
def compute_recall(held_out: HeldOut, k: int) -> np.ndarray:
    """h_u / |R_u|, with h_u = |{j: r_j <= k}|."""
    return count_hits(held_out, k) / held_out.sizes


@ranking_metric("map", lengths=(K,))
def compute_map(held_out: HeldOut, k: int) -> np.ndarray:
    """sum_{r_j <= k} (j / r_j) / |R_u|, as the published table for ML-100K has it.

    That was Microsoft Recommenders' until May 2026; others divide by min(k, |R_u|).
    """
    precisions = (held_out.rank <= k) * held_out.number / held_out.rank
    return np.bincount(held_out.place, precisions) / held_out.sizes


@ranking_metric("precision", lengths=(K,))
def compute_precision(held_out: HeldOut, k: int) -> np.ndarray:
    """h_u / k, with h_u = |{j: r_j <= k}|."""
    return count_hits(held_out, k) / k


@ranking_metric("hit_rate", lengths=HIT_RATES)
def compute_hit_rate(held_out: HeldOut, k: int) -> np.ndarray:
    """1 if any r_j <= k, else 0."""
    return (count_hits(held_out, k) > 0).astype(float)


def count_hits(held_out: HeldOut, k: int) -> np.ndarray:
    """h_u = |{j: r_j <= k}|, (users,)."""
    return np.bincount(held_out.place, held_out.rank <= k)


def compute_by_user(ranks: pd.DataFrame, metric: str, *, key: str = "user_id") -> pd.Series:
    """The values of one metric, such as `ndcg@10`, by user in ascending order.

    Args:
        ranks: a row a held-out movie: `key` and rank.
        metric: name@k.
        key: what tells users apart.

    Raises:
        ReelbookError: no such metric, or nothing to measure.
    """
    name, _, k = metric.partition("@")
    if name not in RANKING_METRICS or not k.isdigit() or int(k) < 1:
        known = ", ".join(RANKING_METRICS)
        raise ReelbookError(f"There is no ranking metric {metric!r}; name@k has the names {known}.")
    held_out = sort_held_out(ranks, key=key)
    values = RANKING_METRICS[name].compute(held_out, int(k))
    return pd.Series(values, index=pd.Index(held_out.users, name=key), name=name)


@list_metric("coverage", lengths=(K,))
def compute_coverage(columns: np.ndarray, counts: np.ndarray) -> float:
    """Share of the catalogue that stands in at least one list.

    Args:
        columns: of the recommended movies (users, k); -1 where a list ends early.
        counts: number of training ratings of each movie (movies,).
    """
    return len(np.unique(columns[columns >= 0])) / len(counts)


@list_metric("popularity", lengths=(K,))
def compute_popularity(columns: np.ndarray, counts: np.ndarray) -> float:
    """Mean share of the catalogue that was rated less often than a recommended movie, from 0 to 1.

    0.5 is what random lists get; towards 1 a model recommends what everybody has seen. Arguments
    are those of `compute_coverage`.
    """
    ordered = np.sort(counts)
    below = np.searchsorted(ordered, counts, "left")
    equal = np.searchsorted(ordered, counts, "right") - below
    percentile = (below + (equal - 1) / 2) / max(len(counts) - 1, 1)  # ties share their mean
    return float(percentile[columns[columns >= 0]].mean())
