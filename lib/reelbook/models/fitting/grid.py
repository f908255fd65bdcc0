"""How models without epochs are fitted: try settings on validation rows, fit again, predict.

Each combination of the lists in the parameter `grid` is a setting. It is fitted on the training
rows and measured on the validation rows; the best one is fitted again on both. A split chooses for
itself, and no test row chooses anything.
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import Score, measure_ndcg
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import compute_rmse, predict_ratings
from reelbook.models.fit import Fit
from reelbook.splits.split import PARTS, Split

BUDGET = 6  # settings that a split may try; the networks here have at most four, and their epochs


class Predictor(NamedTuple):
    """What was learned: stars of ratings (rows,) from their user_id, movie_id and timestamp."""

    predict: Callable[[pd.DataFrame], np.ndarray]
    num_parameters: int


class Scorer(NamedTuple):
    """What was learned: scores of the catalogue for users, see `metrics.catalogue.Score`."""

    score: Score
    num_parameters: int


def fit_predictor(
    learn: Callable[[dict[str, Any], pd.DataFrame], Predictor],
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
) -> Fit:
    """Fit a model that predicts stars; the setting with the lowest validation RMSE is chosen.

    Args:
        learn: from a setting and training ratings.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.

    Returns:
        A Fit whose history has a row a setting, with its number and validation_rmse. `extra` holds
        the chosen setting and all that were tried.

    Raises:
        ReelbookError: a grid larger than the budget.
    """
    train, validation, test = (dataset.ratings.iloc[getattr(split, part)] for part in PARTS)
    stars = validation["rating"].to_numpy()
    settings = list_grid(params)
    errors = [
        compute_rmse(stars, learn(params | setting, train).predict(validation))
        for setting in settings
    ]
    chosen = settings[int(np.argmin(errors))] if settings else {}
    model = learn(params | chosen, pd.concat([train, validation]).sort_index())
    predictions, seconds = predict_ratings(model.predict, test)
    return Fit(
        predictions=predictions,
        best_epoch=None,
        model=None,
        num_parameters=model.num_parameters,
        metrics=[Metric("validation", "rmse", min(errors))] if errors else [],
        prediction_seconds=seconds,
        **_describe_search(settings, errors, chosen, "validation_rmse"),
    )


def fit_scorer(
    learn: Callable[[dict[str, Any], pd.DataFrame], Scorer],
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
) -> Fit:
    """Fit a model that ranks; the setting with the highest nDCG@10 on validation rows is chosen.

    Arguments, result and errors are those of `fit_predictor`, with validation_ndcg in its place.
    """
    train = dataset.ratings.iloc[split.train]
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    settings = list_grid(params)
    gains = [
        measure_ndcg(learn(params | setting, train).score, dataset, split, part="validation")
        for setting in settings
    ]
    chosen = settings[int(np.argmax(gains))] if settings else {}
    model = learn(params | chosen, known)
    return Fit(
        predictions=None,
        best_epoch=None,
        model=None,
        num_parameters=model.num_parameters,
        metrics=[Metric("validation", "ndcg@10", max(gains))] if gains else [],
        score=model.score,
        **_describe_search(settings, gains, chosen, "validation_ndcg"),
    )


def list_grid(params: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings of a model's grid, none of an empty one.

    Raises:
        ReelbookError: there are more than the budget.
    """
    settings = list_settings(params["grid"]) if params["grid"] else []
    if len(settings) > BUDGET:
        raise ReelbookError(
            f"The grid has {len(settings)} settings, and a model may try {BUDGET} on each split."
        )
    return settings


def _describe_search(
    settings: list[dict[str, Any]], values: list[float], chosen: dict[str, Any], name: str
) -> dict[str, Any]:
    """What a Fit tells of the search: history, a row a setting, and extra."""
    tried = [{**setting, name: value} for setting, value in zip(settings, values, strict=True)]
    history = pd.DataFrame({"setting": range(1, len(values) + 1), name: values})
    return {"history": history, "extra": {"chosen": chosen, "tried": tried}}


def list_settings(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Every combination of a grid: {"a": [1, 2], "b": [3]} gives two settings, {} gives one."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
