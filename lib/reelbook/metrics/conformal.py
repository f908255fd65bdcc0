"""Split conformal prediction: intervals around any model's predictions, with a promised coverage.

Calibration rows, which the model has not learned from, tell how far off it is. Each has a score,

    plain     s = |r - p|            the interval is p -+ q        (Lei et al. 2018, section 2.2)
    scaled    s = |r - p| / rho      the interval is p -+ q rho    (Lei et al. 2018, section 5.2)

with given stars r, predicted p, and rho the error that is expected of the row. Of n scores q is the
ceil((n + 1) c)-th smallest, for a promised coverage c. Where the row to predict and those of the
calibration are exchangeable, the interval holds r with a probability of at least c and, without
ties, of at most c + 1 / (n + 1) (Vovk et al. 2005; Lei et al. 2018, theorem 2).
"""

from collections.abc import Sequence

import numpy as np

from reelbook.errors import ReelbookError


def score_errors(
    ratings: np.ndarray, predictions: np.ndarray, expected: np.ndarray | None = None
) -> np.ndarray:
    """The scores s = |r - p| / rho, float64 (rows,); rho is 1 where no expected error is given.

    Raises:
        ReelbookError: an expected error that is not above zero.
    """
    errors = np.abs(np.asarray(ratings, "float64") - np.asarray(predictions, "float64"))
    if expected is None:
        return errors
    if not (np.asarray(expected) > 0).all():
        raise ReelbookError("An expected error must be above zero: a score is divided by it.")
    return errors / expected


def find_quantiles(scores: np.ndarray, promised: Sequence[float]) -> np.ndarray:
    """The ceil((n + 1) c)-th smallest of n scores for each promised c, (promised,).

    Infinite where n is too small for the promise: the interval is then the whole scale.

    Raises:
        ReelbookError: a promise that does not lie between 0 and 1.
    """
    shares = np.asarray(promised, "float64")
    if not ((shares > 0) & (shares < 1)).all():
        raise ReelbookError(f"A coverage lies between 0 and 1: {list(promised)}.")
    # (n + 1) c may come out a little above the whole number that it is.
    places = np.ceil((len(scores) + 1) * shares - 1e-9).astype(int)
    return np.append(np.sort(scores), np.inf)[np.minimum(places, len(scores) + 1) - 1]


def measure_widths(
    predictions: np.ndarray, reach: np.ndarray, scale: tuple[float, float]
) -> np.ndarray:
    """Width of p -+ reach within the scale, in stars (rows,): no rating lies beyond it.

    Args:
        predictions: p (rows,).
        reach: q, or q rho; a number or (rows,).
        scale: the lowest and the highest rating.
    """
    p = np.asarray(predictions, "float64")
    return (p + reach).clip(*scale) - (p - reach).clip(*scale)


def bin_scores(scores: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each score, from 0 to len(edges): how many edges it exceeds."""
    return np.searchsorted(edges, scores, side="left")


def measure_calibration_error(promised: np.ndarray, met: np.ndarray, sizes: np.ndarray) -> float:
    """ECE = sum_b n_b |met_b - promised_b| / sum_b n_b over bins b (Guo et al. 2017, equation 3).

    Args:
        promised: share of hits that is promised in each bin (bins,).
        met: share of hits there (bins,); that of an empty bin counts for nothing.
        sizes: n_b (bins,).
    """
    gaps = np.where(sizes > 0, np.abs(met - promised), 0.0)
    return float((sizes * gaps).sum() / sizes.sum())
