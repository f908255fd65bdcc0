"""Metrics of lists that look at the stars: is what is recommended liked, or only watched?

With g(r) the gain of a movie that a user gave r stars, 0 of one without a held-out rating, r_j the
stars of the movie at place j of a list, and r*_1 >= r*_2 >= ... a user's held-out stars,

    nDCG@k = sum_{j <= k} g(r_j) / log2(1 + j)  /  sum_{j <= k} g(r*_j) / log2(1 + j)

and g is one of

    any      1
    liked    1 from three quarters of the scale on (four of one to five stars), else 0
    graded   2^(4 s) - 1, s = (r - lowest) / (highest - lowest): 0, 1, 3, 7 and 15 for one to five
             stars (Burges et al. 2005, with grades 0 to 4)

A user without any gain to be had is left out. `disliked` is another one: of the recommended movies
with a held-out rating, the share that got a quarter of the scale or less (one or two stars).
"""

import numpy as np
import pandas as pd
from scipy import sparse

from reelbook.metrics.bootstrap import compute_interval, resample_columns, resample_means
from reelbook.metrics.metric import Metric

LIKED, DISLIKED = 0.75, 0.25  # of the scale: four and two of one to five stars
NOISE = 1e-9  # of a share that is a third or so
GAINS = ("any", "liked", "graded")
HITS = ["disliked", "found"]  # columns that count movies of a list


def grade_ratings(stars: np.ndarray, *, scale: tuple[float, float]) -> np.ndarray:
    """1 + s: from 1 for the lowest stars to 2 for the highest, so that 0 can stand for none."""
    return 1 + (np.asarray(stars, "float64") - scale[0]) / (scale[1] - scale[0])


def list_best(held_out: sparse.csr_matrix, k: int) -> np.ndarray:
    """Each user's k highest grades, the highest first, 0 where there are fewer (users, k).

    Args:
        held_out: `grade_ratings` of the held-out ratings (users, movies).
        k: length of the lists.
    """
    row = np.repeat(np.arange(held_out.shape[0]), np.diff(held_out.indptr))
    order = np.lexsort((-held_out.data, row))  # rows stay where they are
    place = np.arange(len(row)) - held_out.indptr[row]  # within the row, from 0
    best = np.zeros((held_out.shape[0], k))
    best[row[place < k], place[place < k]] = held_out.data[order][place < k]
    return best


def measure_lists(grades: np.ndarray, best: np.ndarray) -> pd.DataFrame:
    """The figures of each user's list, a row a user.

    Args:
        grades: `grade_ratings` of the recommended movies, the first of the list first, 0 where
            there is no held-out rating (users, k).
        best: as `list_best` gives it (users, k).

    Returns:
        A column each of GAINS, nDCG@k or NaN; disliked and found, how many of the recommended
        movies were disliked and how many have held-out stars.
    """
    table = {}
    for name in GAINS:
        got, most = discount(compute_gain(grades, name)), discount(compute_gain(best, name))
        table[name] = np.divide(got, most, out=np.full(len(got), np.nan), where=most > 0)
    disliked = (grades > 0) & (grades - 1 <= DISLIKED + NOISE)
    table["disliked"] = disliked.sum(axis=1).astype("float64")
    table["found"] = (grades > 0).sum(axis=1).astype("float64")
    return pd.DataFrame(table)


def compute_gain(grades: np.ndarray, name: str) -> np.ndarray:
    """The g of `grade_ratings`, 0 where there is none; `name` is one of GAINS."""
    if name == "graded":
        return np.where(grades > 0, 2 ** (4 * (grades - 1)) - 1, 0.0)
    least = {"any": 0.0, "liked": LIKED - NOISE}[name]
    return ((grades > 0) & (grades - 1 >= least)).astype("float64")


def discount(gains: np.ndarray) -> np.ndarray:
    """sum_j g_j / log2(1 + j) of each row."""
    return np.sum(gains / np.log2(np.arange(2, gains.shape[1] + 2)), axis=1)


def average_users(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The figures of `measure_lists` by user over several splits: means of gains, sums of counts.

    Args:
        parts: with user_id as the index; a user may be missing in some.
    """
    grouped = pd.concat(parts).groupby(level=0)
    return grouped[list(GAINS)].mean().join(grouped[HITS].sum())


def estimate_lists(values: pd.DataFrame) -> dict[str, Metric]:
    """The nDCG for each of GAINS, and the share of disliked ones, with intervals over users.

    Args:
        values: as `average_users` gives them.
    """
    found = {}
    for name in GAINS:
        found[name] = _estimate_mean(name, values[name])
    sums = resample_columns(values[HITS])
    interval = compute_interval(divide(sums[:, 0], sums[:, 1]))
    return found | {"disliked": Metric("test", "disliked", _share_disliked(values), *interval)}


def compare_lists(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, Metric]:
    """By how much the first lists' figures exceed the second ones', for the same users."""
    found = {}
    for name in GAINS:
        found[name] = _estimate_mean(name, first[name] - second[name])
    sums = [resample_columns(values[HITS]) for values in (first, second)]
    samples = divide(*sums[0].T) - divide(*sums[1].T)
    value = _share_disliked(first) - _share_disliked(second)
    return found | {"disliked": Metric("test", "disliked", value, *compute_interval(samples))}


def divide(count: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Shares; 0 of nothing."""
    return count / np.maximum(of, 1)


def _estimate_mean(name: str, values: pd.Series) -> Metric:
    """The mean over users that have a value, with its interval; NaN where nobody has one."""
    own = values.dropna()
    samples = resample_means(own) if len(own) else np.full(1, np.nan)
    return Metric("test", name, float(own.mean()), *compute_interval(samples))


def _share_disliked(values: pd.DataFrame) -> float:
    return float(values["disliked"].sum() / max(values["found"].sum(), 1))
