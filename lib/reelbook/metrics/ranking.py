"""Ranks over whole arrays: by movie id, over the whole catalogue, in blocks of queries.

The rank of a movie is its place, from 1, when the catalogue is sorted by score. Where scores are
tied, `ties` says who goes first:

    against   every other movie: rank = |{j: s_j >= s_i}|. The rule of this project.
    for       the movie itself:  rank = 1 + |{j: s_j > s_i}|
    order     the movie that stands first in the catalogue, as TFRS' FactorizedTopK by id does
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError

BLOCK = 512  # queries at a time: their scores stay in the processor's cache
TIES = ("against", "for", "order")


def rank_targets(
    queries: np.ndarray, candidates: np.ndarray, targets: np.ndarray, *, ties: str = "against"
) -> np.ndarray:
    """Rank of one movie for each query, by id, with score = query . candidate.

    Args:
        queries: float32 (queries, dim).
        candidates: float32 (movies, dim).
        targets: which movie to rank for each query, a row of `candidates`, int (queries,).
        ties: see above.

    Returns:
        Ranks from 1, int64 (queries,).

    Raises:
        ReelbookError: an unknown rule for ties, or a target that is not in the catalogue.
    """
    _check_targets(targets, len(candidates))
    ranks = [
        rank_in_scores(queries[start : start + BLOCK] @ candidates.T, block, ties=ties)
        for start, block in _split(targets)
    ]
    return np.concatenate(ranks)


def rank_in_scores(scores: np.ndarray, targets: np.ndarray, *, ties: str = "against") -> np.ndarray:
    """Rank of one movie in each row of a score matrix (queries, movies); see `rank_targets`."""
    if ties not in TIES:
        raise ReelbookError(f"Ties are broken by {', '.join(TIES)}, not by {ties!r}.")
    own = np.take_along_axis(scores, np.asarray(targets)[:, None], axis=1)  # (queries, 1)
    if ties == "against":
        return np.count_nonzero(scores >= own, axis=1)
    ranks = 1 + np.count_nonzero(scores > own, axis=1)
    if ties == "order":
        before = np.arange(scores.shape[1]) < np.asarray(targets)[:, None]
        ranks += np.count_nonzero((scores == own) & before, axis=1)
    return ranks


def rank_by_score(
    queries: np.ndarray, candidates: np.ndarray, true_vectors: np.ndarray
) -> np.ndarray:
    """Rank as TFRS' FactorizedTopK gives it without ids: 1 + |{j: s_j > s_true}|.

    The score of the true movie is computed from its own vector and put ahead of those of the
    catalogue. So it wins all ties, and it need not be in the catalogue at all.

    Args:
        queries: float32 (queries, dim).
        candidates: float32 (movies, dim).
        true_vectors: vector of the true movie of each query, float32 (queries, dim).
    """
    true_scores = np.sum(queries * true_vectors, axis=1, keepdims=True)  # (queries, 1)
    ranks = [
        1 + np.count_nonzero(queries[start : start + BLOCK] @ candidates.T > block, axis=1)
        for start, block in _split(true_scores)
    ]
    return np.concatenate(ranks)


def compute_top_accuracy(ranks: np.ndarray, ks: Sequence[int]) -> dict[int, float]:
    """Share of the ranks that are at most k, for each k (TFRS: top-k categorical accuracy)."""
    if len(ranks) == 0:
        raise ReelbookError("There are no ranks to measure: the test part is empty.")
    return {k: float(np.mean(ranks <= k)) for k in ks}


def rank_held_out(scores: np.ndarray, excluded: np.ndarray, held_out: np.ndarray) -> pd.DataFrame:
    """Ranks of each user's held-out movies in the catalogue without the excluded ones.

    Ties go against the held-out movies; among themselves they stand in the catalogue's order.

    Args:
        scores: float (users, movies).
        excluded: bool (users, movies), the movies that cannot be recommended any more.
        held_out: bool (users, movies).

    Returns:
        row (of the user), column (of the movie), rank; by row, then column.

    Raises:
        ReelbookError: a movie is both held out and excluded, or a score is not a number.
    """
    if (excluded & held_out).any():
        raise ReelbookError("A movie that is held out cannot be excluded from its own ranking.")
    if np.isnan(scores).any():
        raise ReelbookError("A score is not a number: check the training.")
    rows, columns = np.nonzero(held_out)
    in_order = np.sort(np.where(excluded, -np.inf, scores), axis=1)
    own = scores[rows, columns]
    below = np.empty(len(rows), "int64")
    ends = np.cumsum(held_out.sum(axis=1))
    for row, (start, end) in enumerate(zip(np.append(0, ends), ends, strict=False)):
        below[start:end] = np.searchsorted(in_order[row], own[start:end])
    # A score of -inf ties with the excluded movies, which are in no list.
    below[own == -np.inf] = excluded.sum(axis=1)[rows[own == -np.inf]]
    ranks = scores.shape[1] - below
    table = pd.DataFrame({"row": rows, "column": columns, "rank": ranks})
    # Held-out movies with equal scores have all got the last of their places.
    if table.duplicated(["row", "rank"]).any():
        table["rank"] -= table.groupby(["row", "rank"]).cumcount(ascending=False)
    return table


def find_top(scores: np.ndarray, excluded: np.ndarray, *, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k best movies that are left for each user, the best first; ties in catalogue order.

    Args:
        scores: float (users, movies).
        excluded: bool (users, movies).
        k: at most the number of movies.

    Returns:
        Columns, int64 (users, k), -1 where no movie is left; and their scores, NaN there.
    """
    k = min(k, scores.shape[1])
    # NaN comes last, behind a score of -inf.
    columns = _find_smallest(np.where(excluded, np.nan, -scores), k)
    top = np.take_along_axis(scores, columns, axis=1)
    gone = np.take_along_axis(excluded, columns, axis=1)
    return np.where(gone, -1, columns), np.where(gone, np.nan, top)


def _find_smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k smallest values of each row, in their order; ties in that of the columns."""
    last = np.partition(values, k - 1, axis=1)[:, k - 1 : k]
    is_first = (values <= last) | np.isnan(last)  # k a row, and what ties with the last
    rows, columns = np.nonzero(is_first)
    order = np.lexsort((columns, values[rows, columns], rows))
    counts = np.bincount(rows)
    first = np.cumsum(counts) - counts
    return columns[order[first[:, None] + np.arange(k)]]


def _split(rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Blocks of rows, each with where it starts."""
    return [(start, rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)]


def _check_targets(targets: np.ndarray, num_movies: int) -> None:
    wrong = np.unique(targets[(targets < 0) | (targets >= num_movies)])
    if len(wrong):
        raise ReelbookError(
            f"{len(wrong)} targets are not in the catalogue of {num_movies}, such as "
            f"{', '.join(map(str, wrong[:5]))}: a rank by id needs a vocabulary shared by both."
        )
    if len(targets) == 0:
        raise ReelbookError("There is nothing to rank: the test part is empty.")
