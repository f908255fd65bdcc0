"""How every rating model is fitted: choose on validation rows, train again, predict test rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tf_keras as keras

from reelbook.schema import Dataset, Metric
from reelbook.splits import PARTS, Split
from reelbook.training import (
    Fit,
    Rows,
    Training,
    list_settings,
    pick_options,
    predict,
    set_seed,
    train,
)


class Recipe(NamedTuple):
    """What a family makes of some training ratings.

    Attributes:
        encode: from ratings to the rows that the model reads.
        build: from the encoded training ratings to a fresh model.
        clipped: whether predictions are held to the range of the training ratings.
    """

    encode: Callable[[pd.DataFrame], Rows]
    build: Callable[[Rows], keras.Model]
    clipped: bool


# From parameters and training ratings; called after the seed is set.
Prepare = Callable[[dict[str, Any], pd.DataFrame], Recipe]


class Trained(NamedTuple):
    """A trained model, how it went, and how it predicts the stars of ratings, in their order."""

    model: keras.Model
    training: Training
    predict: Callable[[pd.DataFrame], np.ndarray]


def choose_and_refit(
    prepare: Prepare,
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
    *,
    seed: int,
    all_epochs: bool = False,
) -> Fit:
    """Fit a rating model without ever choosing by a test row.

    1. Each setting of the parameter `grid` is trained on the training rows. The setting with the
       lowest validation RMSE at its best epoch is chosen, and that epoch with it.
    2. A fresh model is trained on training and validation rows, with that setting and for that many
       epochs, and predicts the test rows.

    Under the protocol `source` step 2 goes on until the RMSE on the test rows has brought nothing
    new for `patience` epochs, so that the best test epoch can be reported as the documents do:
    metric `rmse_best_test_epoch`. The predictions are those of the epoch that validation chose.

    Args:
        prepare: see `Prepare`.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights, shuffling and dropout.
        all_epochs: under `source`, step 2 takes no notice of `patience`.

    Returns:
        A Fit whose history has train_rmse and validation_rmse of step 1 and, under `source`,
        refit_train_rmse and test_rmse of step 2. `extra` holds the chosen setting and all that were
        tried.
    """
    ratings = dataset.ratings
    fitted, validation, test = (ratings.iloc[getattr(split, part)] for part in PARTS)
    tried = [
        (setting, _train(prepare, params | setting, fitted, seed=seed, watched=validation).training)
        for setting in list_settings(params.get("grid", {}))
    ]
    chosen, first = min(tried, key=lambda pair: pair[1].kept_rmse)
    by_document = split.protocol == "source"
    second = _train(
        prepare,
        params | chosen | ({"patience": None} if all_epochs else {}),
        pd.concat([fitted, validation]).sort_index(),  # back in the publisher's order
        seed=seed,
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


def measure_last_epoch(fit: Fit) -> list[Metric]:
    """Metric `rmse_last_epoch`, the test RMSE at the end of training; none but under `source`."""
    if "test_rmse" not in fit.history:
        return []
    return [Metric("test", "rmse_last_epoch", float(fit.history["test_rmse"].iloc[-1]))]


def _train(
    prepare: Prepare,
    params: dict[str, Any],
    ratings: pd.DataFrame,
    *,
    seed: int,
    watched: pd.DataFrame | None,
    keep_epoch: int | None = None,
) -> Trained:
    """A fresh model, trained on these ratings."""
    set_seed(seed)
    encode, build, clipped = prepare(params, ratings)
    rows = encode(ratings)
    model = build(rows)
    clip = (float(rows.targets.min()), float(rows.targets.max())) if clipped else None
    training = train(
        model,
        rows,
        watched=None if watched is None else encode(watched),
        **pick_options(params),
        keep_epoch=keep_epoch,
        clip=clip,
        seed=seed,
    )
    return Trained(model, training, lambda part: predict(model, encode(part).inputs, clip=clip))


def _summarise(setting: dict[str, Any], training: Training) -> dict[str, Any]:
    return {**setting, "epoch": training.kept_epoch, "validation_rmse": training.kept_rmse}
