"""Percentile bootstraps over users (Efron and Tibshirani 1993, chapter 13)."""

import numpy as np
import pandas as pd

NUM_RESAMPLES = 1000
LEVEL = 0.95


def compute_interval(samples: np.ndarray) -> tuple[float, float]:
    """The middle 95% of resampled figures: low and high."""
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def resample_means(values: pd.Series) -> np.ndarray:
    """Means of the values over 1,000 draws of the users, (resamples,)."""
    return values.to_numpy()[draw_users(len(values))].mean(axis=1)


def draw_users(num_users: int) -> np.ndarray:
    """Places of the users in each of 1,000 draws with replacement, (resamples, users)."""
    return np.random.default_rng(0).integers(num_users, size=(NUM_RESAMPLES, num_users))
