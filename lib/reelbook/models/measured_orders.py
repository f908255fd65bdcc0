"""What orders of candidates are worth, on the test rows of a split."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import BLOCK, Score, sample_users
from reelbook.metrics.graded import grade_ratings, list_best, measure_lists
from reelbook.metrics.lists import K
from reelbook.metrics.ranking import find_top
from reelbook.models.features.matrix import list_users, make_matrix
from reelbook.models.two_stages import rank_candidates
from reelbook.splits.split import Split


def measure_orders(
    score: Score,
    stars: Score,
    dataset: Dataset,
    split: Split,
    *,
    weights: dict[int, Sequence[float]],
) -> dict[tuple[int, float], pd.DataFrame]:
    """The figures of each user's list of ten on the test rows of a split, by its user_id.

    Movies that a user rated in the known rows are no candidates, nor are those that score -inf.

    Args:
        score: of the retriever, learned from the known rows.
        stars: of the ranker, likewise.
        dataset: the canonical tables.
        split: the known rows, and those that are tested.
        weights: the w to order by, for each number of candidates.

    Returns:
        Frames as `metrics.graded.measure_lists` gives them, by number of candidates and weight.
    """
    tested, known = (dataset.ratings.iloc[rows] for rows in (split.test, split.known))
    scale = float(known["rating"].min()), float(known["rating"].max())
    num_movies = len(dataset.movies)
    users = sample_users(np.sort(tested["user_id"].unique()), num_movies=num_movies)
    seen = make_matrix(dataset, known)
    grade = grade_ratings(tested["rating"].clip(*scale).to_numpy(), scale=scale)
    held_out = make_matrix(dataset, tested, grade)
    parts: dict[tuple[int, float], list[pd.DataFrame]] = {}
    for block in np.array_split(users, -(-len(users) * num_movies // BLOCK)):
        rows = np.searchsorted(list_users(dataset), block)
        excluded = seen[rows].toarray() > 0
        columns, scores = find_top(score(block).astype("float64"), excluded, k=max(weights))
        scores = np.where(scores == -np.inf, np.nan, scores)
        expected, grades = (
            np.where(columns < 0, empty, np.take_along_axis(part, np.maximum(columns, 0), axis=1))
            for part, empty in ((stars(block), np.nan), (held_out[rows].toarray(), 0))
        )
        best = list_best(held_out[rows], K)
        for size, tried in weights.items():
            ranked = rank_candidates(scores[:, :size], expected[:, :size], tried, k=K)
            for weight, places in zip(tried, ranked, strict=True):
                found = np.take_along_axis(grades, np.maximum(places, 0), axis=1) * (places >= 0)
                table = measure_lists(found, best).set_index(block)
                parts.setdefault((size, weight), []).append(table)
    return {key: pd.concat(found) for key, found in parts.items()}
