"""What a model family gives back once it has learned."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reelbook.metrics.metric import Metric

if TYPE_CHECKING:  # what is not TensorFlow does not import it
    import tf_keras as keras


@dataclass(frozen=True)
class Fit:
    """What a model family's `fit` returns.

    Attributes:
        predictions: user_id, movie_id, rating and prediction of the test rows; None of a model that
            predicts no stars.
        history: one row an epoch: epoch, train_rmse, validation_rmse and what a protocol adds.
        best_epoch: the epoch that the validation rows chose; None of a model without epochs.
        model: the network that made the predictions; None where there are no weights to keep.
        num_parameters: numbers that were learned.
        metrics: figures beyond those computed from the predictions.
        extra: what else the record should tell, as plain JSON types.
        score: of a model that ranks: from user ids (users,) to scores (users, movies), the movies
            in ascending order of their ids. The ranking figures of the run are computed from it.
        prediction_seconds: what a thousand predictions of stars took; None where none were made.
        validation: as `predictions`, of the validation rows, by the model before it learned from
            them; None where there was no such model.
    """

    predictions: pd.DataFrame | None
    history: pd.DataFrame
    best_epoch: int | None
    model: "keras.Model | None"
    num_parameters: int
    metrics: list[Metric] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    score: Callable[[np.ndarray], np.ndarray] | None = None
    prediction_seconds: float | None = None
    validation: pd.DataFrame | None = None
