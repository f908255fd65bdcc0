"""Rating metrics over whole arrays, their intervals, and paired comparison.

Intervals are percentile bootstraps over users (Efron and Tibshirani 1993, chapter 13): the ratings
of one user are not independent, so users are drawn with replacement, each with all its rows. A
metric over rows is a ratio of sums over users, so 1,000 resamples are one matrix product.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError
from reelbook.metrics.bootstrap import compute_interval, draw_users
from reelbook.metrics.metric import Metric
from reelbook.metrics.registry import RATING_METRICS, rating_metric


@rating_metric("rmse", finish=np.sqrt)
def square_errors(ratings: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """RMSE = sqrt(mean (r - p)^2), in stars: the squares of given r and predicted p (rows,)."""
    return _subtract(ratings, predictions) ** 2


@rating_metric("mae")
def measure_errors(ratings: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """MAE = mean |r - p|, in stars: the sizes of the errors of predicted p (rows,)."""
    return np.abs(_subtract(ratings, predictions))


def compute_rmse(ratings: np.ndarray, predictions: np.ndarray) -> float:
    """Root mean squared error of predicted against given stars, both of shape (rows,)."""
    return float(np.sqrt(np.mean(square_errors(ratings, predictions))))


def predict_ratings(
    predict: Callable[[pd.DataFrame], np.ndarray], ratings: pd.DataFrame
) -> tuple[pd.DataFrame, float]:
    """Predictions as a run keeps them, and the seconds that a thousand of them took.

    Args:
        predict: from canonical rows to stars (rows,).
        ratings: canonical rows.

    Returns:
        user_id, movie_id, rating and prediction of each row in the same order; seconds.
    """
    start = time.perf_counter()
    predictions = predict(ratings)
    seconds = time.perf_counter() - start
    table = ratings[["user_id", "movie_id", "rating"]].assign(prediction=predictions)
    return table.reset_index(drop=True), 1000 * seconds / len(ratings)


def evaluate_ratings(predictions: pd.DataFrame) -> list[Metric]:
    """Every rating metric on the test rows, each with its 95% interval.

    Args:
        predictions: user_id, movie_id, rating and prediction of each test row, in stars.
    """
    return [estimate_metric([predictions], metric=metric) for metric in RATING_METRICS]


def estimate_metric(parts: Sequence[pd.DataFrame], *, metric: str = "rmse") -> Metric:
    """A metric as the mean over parts (folds or seeds), with the interval of that mean.

    Args:
        parts: predictions of one or more runs; user_id, rating and prediction.
        metric: a name in `registry.RATING_METRICS`.
    """
    low, high = compute_interval(resample_metric(parts, metric=metric))
    return Metric("test", metric, compute_mean(parts, metric), low, high)


def compare_paired(
    first: Sequence[pd.DataFrame], second: Sequence[pd.DataFrame], *, metric: str = "rmse"
) -> Metric:
    """By how much the first model's metric exceeds the second's, on the same rows, with interval.

    Both are resampled with the same users, so what is hard or easy for both cancels out.

    Raises:
        ReelbookError: the parts do not hold the same (user, movie) rows in the same order.
    """
    keys = ["user_id", "movie_id"]
    if len(first) != len(second) or any(
        not np.array_equal(a[keys], b[keys]) for a, b in zip(first, second, strict=False)
    ):
        raise ReelbookError("A paired comparison needs the same test rows in the same order.")
    samples = resample_metric(first, metric=metric) - resample_metric(second, metric=metric)
    difference = compute_mean(first, metric) - compute_mean(second, metric)
    return Metric("test", metric, difference, *compute_interval(samples))


def resample_metric(
    parts: Sequence[pd.DataFrame], *, metric: str = "rmse", seed: int = 0
) -> np.ndarray:
    """The metric's mean over parts in each of 1,000 resamples of the users, shape (resamples,).

    The same users get the same weights in every part, and in every call over the same users.
    """
    users = np.sort(pd.unique(np.concatenate([part["user_id"] for part in parts])))
    compute, finish = RATING_METRICS[metric]
    sums, counts = [], []
    for part in parts:
        losses = compute(part["rating"].to_numpy(), part["prediction"].to_numpy())
        places = np.searchsorted(users, part["user_id"])
        sums.append(np.bincount(places, losses, minlength=len(users)))  # (users,)
        counts.append(np.bincount(places, minlength=len(users)))  # (users,)
    samples = []
    for draws in draw_users(len(users), seed=seed):
        offsets = np.arange(len(draws))[:, None] * len(users)
        weights = np.bincount((draws + offsets).ravel(), minlength=draws.size).reshape(draws.shape)
        means = np.zeros(len(draws))
        for own_sums, own_counts in zip(sums, counts, strict=True):
            means += finish((weights @ own_sums) / (weights @ own_counts)) / len(parts)
        samples.append(means)
    return np.concatenate(samples)


def compute_error_by_count(
    predictions: pd.DataFrame, counts: pd.Series, *, key: str, edges: Sequence[int]
) -> pd.DataFrame:
    """RMSE of test rows grouped by how often their user or movie was seen in training.

    Args:
        predictions: user_id, movie_id, rating and prediction of each test row.
        counts: number of training ratings by id; an id that is not there was never seen.
        key: `user_id` or `movie_id`.
        edges: lower bounds of the groups, ascending; the last group is open.

    Returns:
        One row a group that has test rows: seen (a text such as "5-19"), lowest, rows, rmse.
    """
    seen = predictions[key].map(counts).fillna(0).astype(int)
    uppers = [*(edge - 1 for edge in edges[1:]), None]
    rows = []
    for low, high in zip(edges, uppers, strict=True):
        group = predictions[(seen >= low) & (seen <= (high if high is not None else seen.max()))]
        if len(group):
            name = f"{low}+" if high is None else str(low) if high == low else f"{low}-{high}"
            rmse = compute_rmse(group["rating"].to_numpy(), group["prediction"].to_numpy())
            rows.append({"seen": name, "lowest": low, "rows": len(group), "rmse": rmse})
    return pd.DataFrame(rows)


def compute_mean(parts: Sequence[pd.DataFrame], metric: str) -> float:
    """Mean over parts of the metric on each part's rows."""
    compute, finish = RATING_METRICS[metric]
    means = [np.mean(compute(p["rating"].to_numpy(), p["prediction"].to_numpy())) for p in parts]
    return float(np.mean([finish(mean) for mean in means]))


def _subtract(ratings: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Errors in float64: sums of float32 squares lose digits."""
    if np.shape(ratings) != np.shape(predictions) or np.size(ratings) == 0:
        raise ReelbookError(
            f"{np.shape(ratings)} ratings and {np.shape(predictions)} predictions: a metric needs "
            "as many of one as of the other, and at least one."
        )
    return np.asarray(predictions, "float64") - np.asarray(ratings, "float64")
