"""Percentile bootstraps over users (Efron and Tibshirani 1993, chapter 13)."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

NUM_RESAMPLES = 1000
LEVEL = 0.95
DRAWN_AT_ONCE = 10_000_000  # users; bounds the memory


def compute_interval(samples: np.ndarray) -> tuple[float, float]:
    """The middle 95% of resampled figures: low and high."""
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def resample_means(values: pd.Series) -> np.ndarray:
    """Means of the values over 1,000 draws of the users, (resamples,)."""
    return resample_columns(values.to_frame())[:, 0]


def resample_columns(values: pd.DataFrame) -> np.ndarray:
    """Means of each column over 1,000 draws of the users, a row a user: (resamples, columns)."""
    columns = [values[name].to_numpy() for name in values]
    blocks = [
        np.stack([column[draws].mean(axis=1) for column in columns], axis=1)
        for draws in draw_users(len(values))
    ]
    return np.concatenate(blocks)


def draw_users(num_users: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """Places of the users in 1,000 draws with replacement, in blocks of (resamples, users)."""
    rng = np.random.default_rng(seed)
    size = max(1, DRAWN_AT_ONCE // num_users)
    for start in range(0, NUM_RESAMPLES, size):
        yield rng.integers(num_users, size=(min(size, NUM_RESAMPLES - start), num_users))


def resample_ratios(
    users: pd.Series, parts: pd.DataFrame, wholes: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of a part / sum of its whole over rows, and the same over 1,000 draws of the users.

    Args:
        users: id of the user of each row (rows,).
        parts: a column a ratio (rows,).
        wholes: as many columns, in the same order.

    Returns:
        The ratios (columns,), and those of the draws (resamples, columns); NaN where a whole is 0.
    """
    both = np.column_stack([parts.to_numpy("float64"), wholes.to_numpy("float64")])
    sums = pd.DataFrame(both).groupby(users.to_numpy()).sum()  # (users, 2 columns)
    means, samples, size = sums.mean().to_numpy(), resample_columns(sums), parts.shape[1]
    with np.errstate(invalid="ignore"):
        return means[:size] / means[size:], samples[:, :size] / samples[:, size:]
