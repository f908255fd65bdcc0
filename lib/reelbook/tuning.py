"""How every rating model is fitted: choose on validation rows, train again, predict test rows."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import tf_keras as keras

from reelbook.schema import Dataset, Metric
from reelbook.splits import PARTS, Split
from reelbook.training import Fit, Training, list_settings


class Predict(Protocol):
    """Stars for rows with user_id and movie_id, in their order."""

    def __call__(self, ratings: pd.DataFrame) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class Trained:
    """A trained model, how it went, and how it predicts."""

    model: keras.Model
    training: Training
    predict: Predict


class TrainOnce(Protocol):
    """Builds a fresh model and trains it on these ratings with these parameters."""

    def __call__(  # noqa: D102
        self,
        params: dict[str, Any],
        ratings: pd.DataFrame,
        *,
        watched: pd.DataFrame | None,
        keep_epoch: int | None = None,
    ) -> Trained: ...


def choose_and_refit(
    train_once: TrainOnce, params: dict[str, Any], dataset: Dataset, split: Split
) -> Fit:
    """Fit a rating model without ever choosing by a test row.

    1. Each setting of the parameter `grid` is trained on the training rows. The setting with the
       lowest validation RMSE at its best epoch is chosen, and that epoch with it.
    2. A fresh model is trained on training and validation rows, with that setting and for that many
       epochs, and predicts the test rows.

    Under the protocol `source` step 2 goes on until the RMSE on the test rows has brought nothing
    new for `patience` epochs, so that the best test epoch can be reported as the documents do:
    metric `rmse_best_test_epoch`. The predictions are those of the epoch that validation chose.

    Returns:
        A Fit whose history has train_rmse and validation_rmse of step 1 and, under `source`,
        refit_train_rmse and test_rmse of step 2. `extra` holds the chosen setting and all that were
        tried.
    """
    ratings = dataset.ratings
    train, validation, test = (ratings.iloc[getattr(split, part)] for part in PARTS)
    tried = [
        (setting, train_once({**params, **setting}, train, watched=validation).training)
        for setting in list_settings(params.get("grid", {}))
    ]
    chosen, first = min(tried, key=lambda pair: pair[1].kept_rmse)
    by_document = split.protocol == "source"
    second = train_once(
        {**params, **chosen},
        pd.concat([train, validation]).sort_index(),  # back in the publisher's order
        watched=test if by_document else None,
        keep_epoch=first.kept_epoch,
    )
    history = first.history.rename(columns={"watched_rmse": "validation_rmse"})
    train_rmse = history.loc[history["epoch"] == first.kept_epoch, "train_rmse"].item()
    metrics = [
        Metric("train", "rmse", float(train_rmse)),
        Metric("validation", "rmse", first.kept_rmse),
    ]
    extra: dict[str, Any] = {"chosen": chosen, "tried": [_summarise(*pair) for pair in tried]}
    if by_document:
        names = {"train_rmse": "refit_train_rmse", "watched_rmse": "test_rmse"}
        refit = second.training.history.rename(columns=names)
        history = history.merge(refit, on="epoch", how="outer")
        metrics.append(Metric("test", "rmse_best_test_epoch", float(refit["test_rmse"].min())))
        extra["best_test_epoch"] = int(refit["epoch"][refit["test_rmse"].argmin()])
    columns = ["user_id", "movie_id", "rating"]
    return Fit(
        predictions=test[columns].assign(prediction=second.predict(test)).reset_index(drop=True),
        history=history,
        best_epoch=first.kept_epoch,
        model=second.model,
        num_parameters=second.model.count_params(),
        metrics=metrics,
        extra=extra,
    )


def _summarise(setting: dict[str, Any], training: Training) -> dict[str, Any]:
    return {**setting, "epoch": training.kept_epoch, "validation_rmse": training.kept_rmse}
