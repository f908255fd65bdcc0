"""How networks are fitted: one that is given some ratings is trained, and restored from a run.

Most predict stars from a row of inputs, and minimise the mean squared error beside their own
regularisation losses. Under the protocol `source` and those made of it, where the validation rows
come out of what a document held out, what predicts learned from the training rows alone: from as
many as the document's. The RMSE on test rows after each epoch is kept beside, so that the best test
epoch can be reported as the documents do.
"""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import make_ndcg
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import compute_rmse
from reelbook.models.fit import Fit
from reelbook.models.fitting.grid import NDCG, RMSE, Learned, Measure, Training, choose_and_refit
from reelbook.models.fitting.loop import (
    MAX_STEPS,
    Loss,
    Report,
    apply_model,
    grow_batches,
    pick_options,
    set_seed,
    train,
)
from reelbook.splits.split import Split


class Rows(NamedTuple):
    """What a model is fed: its named inputs and the target, one entry a row in each array."""

    inputs: dict[str, np.ndarray]
    targets: np.ndarray  # (rows,), stars


class Network(NamedTuple):
    """A network with its first weights, and what it takes to train it.

    Attributes:
        learned: what it makes of the weights that it has.
        rows: arrays with one entry a row, of which batches are drawn.
        compute_loss: of a batch.
        watch: of a network of stars: from ratings by the name of their figure to what tells their
            RMSE after an epoch.
        way: for the run's record: how it is computed on data too large for the usual way.
        max_steps: of an epoch, where batches grow with the rows.
        max_growth: of the learning rate with them.
        max_epochs: there may be, whatever the parameters say.
    """

    learned: Learned
    rows: dict[str, np.ndarray]
    compute_loss: Loss
    watch: Callable[[dict[str, Any]], Report] | None = None
    way: str = ""
    max_steps: int = MAX_STEPS
    max_growth: float = math.inf
    max_epochs: float = math.inf

    @property
    def model(self) -> keras.Model:
        """The network itself."""
        return self.learned.model


# From all parameters and the ratings to learn from; called after the seed is set.
Build = Callable[[dict[str, Any], pd.DataFrame], Network]


def fit_network(
    build: Build,
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
    *,
    seed: int,
    by: Measure,
    refit: bool = True,
    grows: bool = False,
) -> Fit:
    """Fit a network; setting and epoch are chosen as `choose_and_refit` says, whose arguments are.

    Args:
        build: see `Build`.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights, shuffling and dropout.
        by: what chooses.
        refit: see `choose_and_refit`.
        grows: whether batches grow with the rows, as `grow_batches` says.
    """
    told: dict[str, Any] = {}  # what the run's record tells of how it was computed

    def learn(params: dict[str, Any], ratings: pd.DataFrame, epoch: int | None) -> Learned:
        options: dict[str, Any] = {"seed": seed, "by": by, "grows": grows, "told": told}
        return learn_network(build, params, dataset, split, ratings, epoch=epoch, **options)

    found = choose_and_refit(learn, params, dataset, split, by=by, epochs=True, refit=refit)
    found.extra.update(told)
    return found


def learn_network(
    build: Build,
    params: dict[str, Any],
    dataset: Dataset,
    split: Split,
    ratings: pd.DataFrame,
    *,
    seed: int,
    by: Measure,
    epoch: int | None,
    grows: bool = True,
    told: dict[str, Any] | None = None,
) -> Learned:
    """Train a network on some ratings, to the epoch given or to the one that validation chooses.

    Args:
        build: see `Build`.
        params: all parameters of the model.
        dataset: the canonical tables.
        split: whose validation rows choose.
        ratings: to learn from.
        seed: see `fit_network`.
        by: what chooses.
        epoch: to stop at; None trains by the validation rows.
        grows: see `fit_network`.
        told: gets what the run's record tells of how it was computed.
    """
    told = {} if told is None else told
    set_seed(seed)
    network = build(params, ratings)
    options = pick_options(params)
    if grows:
        num_rows = len(next(iter(network.rows.values())))
        max_steps = min(params.get("max_steps", MAX_STEPS), network.max_steps)
        limits = {"max_steps": max_steps, "max_growth": network.max_growth}
        options = grow_batches(options, num_rows, **limits)
        options["epochs"] = min(options["epochs"], network.max_epochs)
        if grown := {k: v for k, v in options.items() if v != params[k]}:
            told["grown"] = grown
    if network.way:
        told["way"] = network.way
    training = train(
        network.model,
        network.rows,
        network.compute_loss,
        **options,
        seed=seed,
        report=None if epoch else _watch(network, by, dataset, split),
        by=None if epoch else by,
        keep_epoch=epoch,
    )
    return network.learned._replace(training=training)


def restore_network(
    build: Build, params: dict[str, Any], ratings: pd.DataFrame, weights: Path
) -> Learned:
    """The network that learned these weights from these ratings."""
    learned = build(params, ratings).learned
    assert learned.model is not None  # of a network
    learned.model.load_weights(weights)
    return learned


def fit_stars(
    build: Build, params: dict[str, Any], dataset: Dataset, split: Split, *, seed: int
) -> Fit:
    """Fit a network of `make_star_network`, under `source` as the documents do; see the head.

    Returns:
        A Fit whose history has train_rmse, as met on the way, validation_rmse and, under `source`,
        test_rmse, with the metric `rmse_best_test_epoch`.
    """
    by_document = split.rules.reports_test_epochs
    options: dict[str, Any] = {"seed": seed, "by": RMSE, "refit": not by_document, "grows": True}
    found = fit_network(build, params, dataset, split, **options)
    history, extra = found.history, found.extra
    train_rmse = history.loc[history["epoch"] == found.best_epoch, "train_rmse"].item()
    metrics = [Metric("train", "rmse", float(train_rmse)), *found.metrics]
    if by_document:
        metrics.append(Metric("test", "rmse_best_test_epoch", float(history["test_rmse"].min())))
        best = history["epoch"][history["test_rmse"].argmin()]
        extra = {**extra, "best_test_epoch": int(best)}
    return dataclasses.replace(found, metrics=metrics, extra=extra)


def restore_stars(
    build: Build, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """The network that `fit_stars` left."""
    return restore_network(build, params, dataset.ratings.iloc[find_learned_rows(split)], weights)


def find_learned_rows(split: Split) -> np.ndarray:
    """Rows that a network of stars learned from before it predicted; see the head."""
    if split.rules.validation_trains:
        return split.known
    return split.train


def make_star_network(
    model: keras.Model, rows: Rows, encode: Callable[[Any], Rows], *, clipped: bool
) -> Network:
    """A network from the inputs of a row to its stars.

    Args:
        model: takes the named inputs and gives (batch, 1) or (batch,) stars.
        rows: what to learn from.
        encode: from ratings to rows.
        clipped: whether predictions are held to the range of the training ratings.
    """
    clip = (float(rows.targets.min()), float(rows.targets.max())) if clipped else None

    def watch(parts: dict[str, Any]) -> Report:
        encoded = {name: encode(part) for name, part in parts.items()}

        def report(squared_error: float) -> dict[str, float]:
            return {
                "train_rmse": compute_mean_error(squared_error, len(rows.targets)),
                **{
                    name: compute_rmse(part.targets, predict(model, part.inputs, clip=clip))
                    for name, part in encoded.items()
                },
            }

        return report

    learned = Learned(
        model.count_params(),
        predict=lambda part: predict(model, encode(part).inputs, clip=clip),
        model=model,
        encode=encode,
    )
    tensors = {"target": rows.targets.astype("float32"), **rows.inputs}
    return Network(learned, tensors, make_squared_loss(model), watch)


def train_stars(
    model: keras.Model, rows: Rows, watched: dict[str, Rows] | None = None, **options: Any
) -> Training:
    """Train a network of stars on rows that are encoded, as `loop.train` does with these options.

    Rows to watch go by the name of their figure in the history; `validation_rmse` chooses.
    """
    watched = watched or {}
    network = make_star_network(model, rows, lambda part: part, clipped=False)  # encoded before
    report = network.watch(watched) if network.watch else None
    by = RMSE if RMSE.column in watched else None
    return train(model, network.rows, network.compute_loss, report=report, by=by, **options)


def make_squared_loss(model: keras.Model) -> Loss:
    """The mean squared error of `target` plus the model's own losses; tells the squared errors."""

    def compute_loss(batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        stars = model({name: a for name, a in batch.items() if name != "target"}, training=True)
        squared_errors = tf.square(tf.reshape(stars, [-1]) - batch["target"])  # (batch,)
        loss = tf.add_n([tf.reduce_mean(squared_errors), *model.losses])
        return loss, tf.reduce_sum(squared_errors)

    return compute_loss


def compute_mean_error(squared_error: float, num_rows: int) -> float:
    """The RMSE of an epoch as it ran, as Keras reports it: dropout on and weights moving."""
    # In the precision and the order of the loop's own graph.
    return math.sqrt(np.float32(squared_error) * (np.float32(1) / np.float32(num_rows)))


def predict(
    model: keras.Model,
    inputs: dict[str, np.ndarray],
    *,
    clip: tuple[float, float] | None = None,
) -> np.ndarray:
    """Predictions in stars, float32 (rows,), of rows given by the model's named inputs."""
    predictions = apply_model(model, inputs).reshape(-1)
    return predictions if clip is None else predictions.clip(*clip)


def measure_last_epoch(fit: Fit) -> list[Metric]:
    """Metric `rmse_last_epoch`, the test RMSE at the end of training; none but under `source`."""
    if "test_rmse" not in fit.history:
        return []
    return [Metric("test", "rmse_last_epoch", float(fit.history["test_rmse"].iloc[-1]))]


def _watch(network: Network, by: Measure, dataset: Dataset, split: Split) -> Report:
    """What tells of an epoch: the figure that chooses, and what a protocol adds."""
    if by == NDCG:
        score = network.learned.score
        assert score is not None  # of a network that ranks
        measure = make_ndcg(dataset, split, part="validation")
        return lambda loss: {"loss": loss, by.column: measure(score)}
    assert network.watch is not None  # of a network of stars
    told = {"validation_rmse": split.validation}
    if split.rules.reports_test_epochs:
        told["test_rmse"] = split.test
    return network.watch({name: dataset.ratings.iloc[rows] for name, rows in told.items()})
