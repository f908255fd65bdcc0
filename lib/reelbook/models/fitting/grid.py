"""How every model is fitted: try settings on validation rows, learn again with the best, predict.

Each combination of the lists in the parameter `grid` is a setting. It is learned from the training
rows and measured on the validation rows; the best one is learned again from both. Of a model with
epochs the best epoch is chosen with it. A split chooses for itself, and no test row chooses.
"""

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics.catalogue import Score, measure_ndcg
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import compute_rmse, predict_ratings
from reelbook.models.fit import Fit
from reelbook.splits.split import Split

if TYPE_CHECKING:  # what is not TensorFlow does not import it
    import tf_keras as keras

BUDGET = 6  # settings that a split may try; the networks here have at most four, and their epochs


class Measure(NamedTuple):
    """A figure on validation rows that chooses: its name, and 1 or, where lower is better, -1."""

    name: str
    sign: int

    @property
    def column(self) -> str:
        """Its name in a history."""
        return f"validation_{self.name}"


RMSE, NDCG = Measure("rmse", -1), Measure("ndcg@10", 1)


class Training(NamedTuple):
    """History, a row an epoch, and the epoch (from 1) whose weights the model now has."""

    history: pd.DataFrame
    kept_epoch: int


class Learned(NamedTuple):
    """What a model has learned from some ratings.

    Attributes:
        num_parameters: numbers that were learned.
        predict: from rows with user_id, movie_id and timestamp to stars (rows,).
        score: of a model that ranks: see `metrics.catalogue.Score`.
        model: the network, if it is one.
        encode: of a network that reads rows: from ratings to its inputs and targets.
        training: of a model with epochs, how it went.
    """

    num_parameters: int
    predict: Callable[[pd.DataFrame], np.ndarray] | None = None
    score: Score | None = None
    model: "keras.Model | None" = None
    encode: Callable[[pd.DataFrame], Any] | None = None
    training: Training | None = None


# From all parameters of a model and the ratings to learn from; of a model with epochs also from the
# epoch to stop at, None where the validation rows choose it.
Learn = Callable[..., Learned]


def choose_and_refit(
    learn: Learn,
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
    *,
    by: Measure,
    epochs: bool = False,
    refit: bool = True,
    quick: bool = False,
) -> Fit:
    """Fit a model without ever choosing by a test row.

    Args:
        learn: see `Learn`.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        by: what chooses.
        epochs: whether the model has epochs; without them and without a grid it learns only once.
        refit: whether what predicts learned from the validation rows, too.
        quick: whether it learns in less than a second: then what learns only once learns from the
            training rows alone as well, to predict the validation rows.

    Returns:
        A Fit whose history has a row an epoch of the chosen setting, or a row a setting with its
        number and what it was chosen by. `extra` holds the chosen setting and all that were tried.

    Raises:
        ReelbookError: a grid larger than the budget.
    """
    ratings = dataset.ratings
    first, best, chosen, tried = None, -math.inf, {}, []
    learned: Learned | None = None
    for setting in list_grid(params) or [{}] * epochs:
        learned = learn(params | setting, ratings.iloc[split.train], *[None] * epochs)
        told, value = _measure(learned, by, dataset, split)
        tried.append({**setting, **told, by.column: value})
        if first is None or by.sign * value > best:
            first, best, chosen = learned, by.sign * value, setting
    training = first.training if first else None
    best_epoch = training.kept_epoch if training else None
    # Before the last fit: a family may tell of the rows that were encoded last, those of the test.
    apart = learn(params, ratings.iloc[split.train]) if first is None and quick else first
    validation = None
    if apart is not None and apart.predict is not None:
        validation, _ = predict_ratings(apart.predict, ratings.iloc[split.validation])
    if first is not None and not refit:
        final = first
    else:
        first = apart = learned = None  # the memory that they hold goes to the last fit
        known = ratings.iloc[split.known]
        final = learn(params | chosen, known, *[best_epoch] * epochs)
    values = {"setting": range(1, len(tried) + 1), by.column: [row[by.column] for row in tried]}
    predictions, seconds = None, None
    if final.predict is not None:
        predictions, seconds = predict_ratings(final.predict, ratings.iloc[split.test])
    return Fit(
        predictions=predictions,
        history=training.history if training else pd.DataFrame(values),
        best_epoch=best_epoch,
        model=final.model,
        num_parameters=final.num_parameters,
        metrics=[Metric("validation", by.name, by.sign * best)] if tried else [],
        extra={"chosen": chosen, "tried": tried},
        score=final.score,
        prediction_seconds=seconds,
        validation=validation,
    )


def _measure(
    learned: Learned, by: Measure, dataset: Dataset, split: Split
) -> tuple[dict[str, int], float]:
    """The epoch that was kept, if there are epochs, and the figure on validation rows."""
    if learned.training is not None:
        history, epoch = learned.training
        return {"epoch": epoch}, history.loc[history["epoch"] == epoch, by.column].item()
    if by == NDCG:
        assert learned.score is not None  # of a model that ranks
        return {}, measure_ndcg(learned.score, dataset, split, part="validation")
    assert learned.predict is not None  # of a model that predicts stars
    validation = dataset.ratings.iloc[split.validation]
    return {}, compute_rmse(validation["rating"].to_numpy(), learned.predict(validation))


def list_grid(params: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings of a model's grid, none of an empty one: {"a": [1, 2], "b": [3]} gives two.

    Raises:
        ReelbookError: there are more than the budget.
    """
    grid = params.get("grid") or {}
    settings = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    if len(settings) > BUDGET:
        raise ReelbookError(
            f"The grid has {len(settings)} settings, and a model may try {BUDGET} on each split."
        )
    return settings if grid else []
