"""What the best of a few trials is worth: expected figures and intervals over orders of trials.

Of N trials of a random search, sorted by what validation rows say, best first, the k-th is the best
of n that are drawn without replacement with probability

    w_k = C(N - k, n - 1) / C(N, n)

so the expected figure of the setting that n trials choose is sum_k w_k figure_k: the mean over
all orders of the trials, without drawing any. Dodge et al. 2019 ("Show Your Work") draw with
replacement, which is biased; this is the unbiased form (Tang et al. 2020).
"""

from math import comb

import numpy as np

from reelbook.errors import ReelbookError
from reelbook.metrics.bootstrap import LEVEL, NUM_RESAMPLES


def weigh_best(number: int, budget: int) -> np.ndarray:
    """The w_k above (trials,), which sum to 1.

    Args:
        number: of trials that there are (N).
        budget: of trials that choose (n), from 1 to N.

    Raises:
        ReelbookError: a budget that is less than 1 or more than there are trials.
    """
    if not 1 <= budget <= number:
        raise ReelbookError(f"A budget of {budget} needs as many trials; there are {number}.")
    ways = comb(number, budget)
    return np.array([comb(number - k, budget - 1) / ways for k in range(1, number + 1)])


def compute_middle(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Where the middle 95% of weighted values lie: the least values that reach 2.5% and 97.5%.

    Args:
        values: figures (trials,).
        weights: their probabilities (trials,), which sum to 1.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    ends = np.searchsorted(reached, [(1 - LEVEL) / 2 - 1e-12, (1 + LEVEL) / 2 - 1e-12])
    low, high = values[order][np.minimum(ends, len(values) - 1)]
    return float(low), float(high)


def compute_chance(
    first: np.ndarray, second: np.ndarray, *, weights: tuple[np.ndarray, np.ndarray]
) -> float:
    """How likely a search's figure is above another's; equal ones count half.

    sum_jk v_j w_k ([a_j > b_k] + [a_j = b_k] / 2), the two searches being independent.

    Args:
        first: figures a of the trials of one, more being better (trials,).
        second: figures b of those of the other (trials,).
        weights: v and w, as `weigh_best` gives them for trials in that order.
    """
    above = (first[:, None] > second) + 0.5 * (first[:, None] == second)  # (trials, trials)
    return float(weights[0] @ above @ weights[1])


def resample_search(chosen_by: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Places of the trials in 1,000 draws of as many with replacement, the best of each first.

    Args:
        chosen_by: what validation rows say of each trial, more being better (trials,).
        seed: decides the draws.

    Returns:
        Places (resamples, trials).
    """
    number = len(chosen_by)
    draws = np.random.default_rng(seed).integers(number, size=(NUM_RESAMPLES, number))
    order = np.argsort(-chosen_by[draws], axis=1, kind="stable")
    return np.take_along_axis(draws, order, axis=1)
