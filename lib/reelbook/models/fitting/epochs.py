"""How every rating model is fitted: choose on validation rows, train again, predict test rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import predict_ratings
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import list_settings
from reelbook.models.fitting.loop import Rows, Training, pick_options, predict, set_seed, train
from reelbook.splits.split import PARTS, Split


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
) -> Fit:
    """Fit a rating model without ever choosing by a test row.

    1. Each setting of the parameter `grid` is trained on the training rows. The setting with the
       lowest validation RMSE at its best epoch is chosen, and that epoch with it.
    2. A fresh model is trained on training and validation rows, with that setting and for that many
       epochs, and predicts the test rows.

    Under the protocol `source` and those made of it, where the validation rows come out of what a
    document held out, the model of step 1 predicts: it has learned from as many rows as the
    document's. The RMSE on test rows after each epoch is kept beside, so that the best test epoch
    can be reported as the documents do: metric `rmse_best_test_epoch`.

    Args:
        prepare: see `Prepare`.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights, shuffling and dropout.

    Returns:
        A Fit whose history has train_rmse and validation_rmse of step 1 and, under `source`,
        test_rmse. `extra` holds the chosen setting and all that were tried.
    """
    ratings = dataset.ratings
    fitted, validation, test = (ratings.iloc[getattr(split, part)] for part in PARTS)
    by_document = split.rules.reports_test_epochs
    tried, first, chosen = [], None, {}
    for setting in list_settings(params.get("grid", {})):
        trained = _train(
            prepare,
            params | setting,
            fitted,
            seed=seed,
            watched=validation,
            reported=test if by_document else None,
        )
        tried.append(_summarise(setting, trained.training))
        if first is None or trained.training.kept_rmse < first.training.kept_rmse:
            first, chosen = trained, setting
    assert first is not None  # no grid is one setting, the model's own
    best_epoch, lowest = first.training.kept_epoch, first.training.kept_rmse
    final = first
    if not by_document:
        learned = ratings.iloc[find_learned_rows(split)]
        final = _train(prepare, params | chosen, learned, seed=seed, keep_epoch=best_epoch)
    names = {"watched_rmse": "validation_rmse", "reported_rmse": "test_rmse"}
    history = first.training.history.rename(columns=names)
    train_rmse = history.loc[history["epoch"] == best_epoch, "train_rmse"].item()
    metrics = [Metric("train", "rmse", float(train_rmse)), Metric("validation", "rmse", lowest)]
    extra: dict[str, Any] = {"chosen": chosen, "tried": tried}
    if by_document:
        metrics.append(Metric("test", "rmse_best_test_epoch", float(history["test_rmse"].min())))
        extra["best_test_epoch"] = int(history["epoch"][history["test_rmse"].argmin()])
    predictions, seconds = predict_ratings(final.predict, test)
    return Fit(
        predictions=predictions,
        history=history,
        best_epoch=best_epoch,
        model=final.model,
        num_parameters=final.model.count_params(),
        metrics=metrics,
        extra=extra,
        prediction_seconds=seconds,
    )


def find_learned_rows(split: Split) -> np.ndarray:
    """Rows that the model behind the predictions has learned from: see `choose_and_refit`."""
    if split.rules.validation_trains:
        return np.union1d(split.train, split.validation)
    return split.train


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
    watched: pd.DataFrame | None = None,
    reported: pd.DataFrame | None = None,
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
        reported=None if reported is None else encode(reported),
        **pick_options(params),
        keep_epoch=keep_epoch,
        clip=clip,
        seed=seed,
    )
    return Trained(model, training, lambda part: predict(model, encode(part).inputs, clip=clip))


def _summarise(setting: dict[str, Any], training: Training) -> dict[str, Any]:
    return {**setting, "epoch": training.kept_epoch, "validation_rmse": training.kept_rmse}
