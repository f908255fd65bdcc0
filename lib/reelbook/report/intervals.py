"""Intervals around the predictions of finished runs.

The calibration rows of a run are its validation rows, predicted by the model before it learned from
them. Where a run kept none, a drawn half of its test rows takes their place, and the other half is
tested. The expected error rho of a row is the least-squares fit of |r - p| to what training says of
the row (`describe_rows`), on one drawn half of the calibration rows; the other half calibrates. It
is the same function for rows of both kinds, as the promise asks.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.metrics.conformal import find_quantiles, measure_widths, score_errors
from reelbook.report.compare import Groups
from reelbook.runs.store import Run

PROMISED = (0.5, 0.8, 0.9, 0.95)
SHOWN = 0.9  # of PROMISED: what widths and groups are told for
METHODS = ("plain", "scaled")
KEYS = ("user_id", "movie_id")
DAMPING = 10  # ratings of average spread that each user and movie counts besides
LEAST = 0.1  # an expected error is at least this share of the mean one
# Of the ids of one column: number of ratings, and their spread in stars, damped.
Seen = dict[str, pd.DataFrame]


class Parts(NamedTuple):
    """Rows to calibrate on and rows to test.

    Attributes:
        calibration: user_id, movie_id, rating and prediction.
        test: the same.
        seen: in training, before the calibration rows were predicted.
        source: "validation", or "test" where these are halves of the test rows.
    """

    calibration: pd.DataFrame
    test: pd.DataFrame
    seen: Seen
    source: str


def measure_models(groups: Groups, dataset: Dataset) -> dict[str, pd.DataFrame]:
    """The tested rows of each model, as `measure_run` gives them, of all its runs together."""
    told: dict[str, Seen] = {}  # the same for all models of a split
    found = {}
    for model, runs in groups.items():
        rows = [
            measure_run(split_run(run, dataset, told), scale=find_scale(dataset)) for run in runs
        ]
        found[model] = pd.concat(rows, ignore_index=True)
    return found


def find_scale(dataset: Dataset) -> tuple[float, float]:
    """The lowest and the highest rating."""
    stars = dataset.ratings["rating"]
    return float(stars.min()), float(stars.max())


def split_run(run: Run, dataset: Dataset, told: dict[str, Seen]) -> Parts:
    """What calibrates and what is tested of a run.

    Args:
        run: of a model that predicts stars.
        dataset: the canonical tables.
        told: what training had seen, by split; it is filled here.
    """
    validation, test = run.validation, run.predictions
    key = run.record.split["fingerprint"] + str(validation is None)
    if key not in told:
        told[key] = count_seen(drop_rows(dataset.ratings, pd.concat([test, validation])))
    if validation is None:
        halves = draw_halves(len(test))
        return Parts(test[halves], test[~halves], told[key], "test")
    return Parts(validation, test, told[key], "validation")


def drop_rows(ratings: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The ratings whose user and movie do not stand together in the other rows."""
    both = pd.concat([ratings[[*KEYS]], others[[*KEYS]]])
    codes = pd.factorize(both["user_id"])[0] * len(both) + pd.factorize(both["movie_id"])[0]
    return ratings[~np.isin(codes[: len(ratings)], codes[len(ratings) :])]


def draw_halves(size: int) -> np.ndarray:
    """Which of so many rows are in the first of two halves, drawn by a fixed seed (rows,)."""
    return np.random.default_rng(0).permutation(size) < size // 2


def count_seen(ratings: pd.DataFrame) -> Seen:
    """Number and damped spread of the ratings of each user and of each movie, by their id."""
    usual = float(ratings["rating"].std(ddof=0))
    found = {}
    for key in KEYS:
        told = ratings.groupby(key)["rating"].agg(number="size", spread=lambda r: r.std(ddof=0))
        weighed = told["number"] * told["spread"] + DAMPING * usual
        found[key] = told.assign(spread=weighed / (told["number"] + DAMPING))
    return found


def describe_rows(rows: pd.DataFrame, seen: Seen, scale: tuple[float, float]) -> np.ndarray:
    """What is known of each row before its rating, float64 (rows, 7).

    1; of the user and of the movie the damped spread of the ratings and 1 / sqrt(number + 1); the
    prediction, held to the scale, and its square.
    """
    columns = [np.ones(len(rows))]
    for key in KEYS:
        told = seen[key].reindex(rows[key])
        columns.append(told["spread"].fillna(seen[key]["spread"].mean()).to_numpy())
        columns.append(1 / np.sqrt(told["number"].fillna(0).to_numpy() + 1))
    stars = rows["prediction"].to_numpy("float64").clip(*scale)
    return np.stack([*columns, stars, stars**2], axis=1)


def measure_run(parts: Parts, *, scale: tuple[float, float]) -> pd.DataFrame:
    """What became of the intervals of a run on its tested rows.

    Returns:
        user_id, movie_id; of_user and of_movie, the numbers of their training ratings; error, |r -
        p|; expected, rho; source, of `Parts`; for each of METHODS and PROMISED, such as
        "plain 0.9", whether the interval held the rating; and the width of that of SHOWN, such as
        "plain width".
    """
    first = draw_halves(len(parts.calibration))
    inputs = describe_rows(parts.calibration, parts.seen, scale)
    errors = measure_errors(parts.calibration)
    weights = np.linalg.lstsq(inputs[first], errors[first])[0]
    least = max(LEAST * errors[first].mean(), 1e-6)
    rho = (inputs @ weights).clip(least)
    tested = parts.test
    expected = (describe_rows(tested, parts.seen, scale) @ weights).clip(least)
    found: dict[str, Any] = {key: tested[key].to_numpy() for key in KEYS}
    for name, key in zip(("of_user", "of_movie"), KEYS, strict=True):
        counts = parts.seen[key]["number"].reindex(tested[key]).fillna(0)
        found[name] = counts.to_numpy("int32")
    found |= {"error": measure_errors(tested), "expected": expected, "source": parts.source}
    quantiles = {
        "plain": find_quantiles(errors, PROMISED),
        "scaled": find_quantiles(errors[~first] / rho[~first], PROMISED),
    }
    stars, predictions = (tested[name].to_numpy() for name in ("rating", "prediction"))
    for method, unit in (("plain", None), ("scaled", expected)):
        scores = score_errors(stars, predictions, unit)
        for promised, quantile in zip(PROMISED, quantiles[method], strict=True):
            found[f"{method} {promised}"] = scores <= quantile
        reach = quantiles[method][PROMISED.index(SHOWN)] * (1.0 if unit is None else unit)
        found[f"{method} width"] = measure_widths(predictions, reach, scale)
    return pd.DataFrame(found)


def measure_errors(rows: pd.DataFrame) -> np.ndarray:
    """|r - p| in stars, (rows,)."""
    return score_errors(rows["rating"].to_numpy(), rows["prediction"].to_numpy())
