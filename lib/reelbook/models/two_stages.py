"""Two stages: one model finds candidates, another one's stars help to order them.

Of the movies that a user has not rated, the n with the highest scores s_i of a retriever are the
candidates. With the stars r_i that a ranker expects, and both standardised over the candidates of
the user, they are ordered by

    (1 - w) (s_i - mean(s)) / deviation(s) + w (r_i - mean(r)) / deviation(r)

w = 0 is the order by score, w = 1 the order by stars. What does not differ among the candidates has
no part in it; where values tie, the higher score comes first. Standardised, a weight means the same
for any retriever and any scale of stars.
"""

from collections.abc import Sequence

import numpy as np

from reelbook.metrics.ranking import find_top

WEIGHTS = tuple(step / 10 for step in range(11))  # that validation rows choose from
CANDIDATES = 100  # of a list for a person
BLENDED = 0.4  # the weight where no rows can choose one


def rank_candidates(
    scores: np.ndarray, stars: np.ndarray, weights: Sequence[float], *, k: int
) -> np.ndarray:
    """The k best candidates of each user by each weight.

    Args:
        scores: of the candidates, the highest first, NaN where none is left (users, n).
        stars: that the ranker expects of them, NaN where none is left (users, n).
        weights: each w, from 0 to 1.
        k: length of the lists.

    Returns:
        Places among the candidates, -1 where none is left (weights, users, at most k).
    """
    missing = np.isnan(scores)
    by_score, by_stars = standardise(scores), standardise(stars)
    values = ((1 - weight) * by_score + weight * by_stars for weight in weights)
    return np.stack([find_top(np.where(missing, 0, v), missing, k=k)[0] for v in values])


def standardise(values: np.ndarray) -> np.ndarray:
    """Values less their mean, by their deviation, in each row; 0 where all are equal, NaN stays."""
    filled = ~np.isnan(values)
    count = np.maximum(filled.sum(axis=1, keepdims=True), 1)
    left = values - np.where(filled, values, 0).sum(axis=1, keepdims=True) / count
    deviation = np.sqrt(np.where(filled, left**2, 0).sum(axis=1, keepdims=True) / count)
    flat = deviation <= 1e-9 * np.abs(np.where(filled, values, 0)).max(axis=1, keepdims=True)
    return np.where(flat & filled, 0.0, left / np.where(flat, 1.0, deviation))


def choose_weight(values: Sequence[float]) -> float:
    """The weight with the highest of these values, one each of WEIGHTS; of equal ones the least.

    BLENDED where the values are not numbers: nobody liked anything.
    """
    return BLENDED if np.isnan(values).any() else WEIGHTS[int(np.argmax(values))]
