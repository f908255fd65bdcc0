"""One fit loop for every Keras model: seeding, early stopping, history, progress.

The small models of this project spend most of a step on overhead: Python, the callbacks and the
input pipeline of `model.fit`. Here a whole epoch is one traced graph that loops over the batches
and gathers them from arrays held as tensors, so Python runs once an epoch.

The same seed on the same machine gives the same bits: TensorFlow is held to one thread and to
deterministic operations, and initial weights, shuffling and dropout are all drawn from the seed.
"""

import gc
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras
from tqdm import tqdm

from reelbook.errors import ReelbookError

# Sums of floats depend on their order, and with several threads the order depends on the scheduler.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()

PREDICT_BATCH = 32_768  # rows; bounds the memory
OPTIONS = ("optimizer", "learning_rate", "decay_from", "batch_size", "epochs", "patience")


class Rows(NamedTuple):
    """What a model is fed: its named inputs and the target, one entry a row in each array."""

    inputs: dict[str, np.ndarray]
    targets: np.ndarray  # (rows,), stars


@dataclass(frozen=True)
class Training:
    """What `train` leaves beside the trained model.

    Attributes:
        history: one row an epoch: epoch, train_rmse and, where there are such rows, watched_rmse
            and reported_rmse, in stars.
        kept_epoch: the epoch (from 1) whose weights the model now has.
        kept_rmse: RMSE on the watched rows at that epoch; NaN without watched rows.
    """

    history: pd.DataFrame
    kept_epoch: int
    kept_rmse: float


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow; call it before a model is built."""
    keras.utils.set_random_seed(seed)


def pick_options(params: dict[str, Any]) -> dict[str, Any]:
    """Of a model's parameters those that `train` knows under the same name."""
    return {name: params[name] for name in OPTIONS if name in params}


def train(
    model: keras.Model,
    rows: Rows,
    *,
    optimizer: str,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
    watched: Rows | None = None,
    reported: Rows | None = None,
    patience: int | None = None,
    keep_epoch: int | None = None,
    decay_from: float = 1.0,
    clip: tuple[float, float] | None = None,
) -> Training:
    """Minimise the mean squared error plus the model's own regularisation losses.

    The model ends with the weights of one epoch: the one with the lowest RMSE on the watched rows,
    or the last where there are none. It trains until the RMSE on the watched rows was not lower
    than ever before for `patience` epochs in a row, and for `epochs` at most. With `keep_epoch` it
    stops there, at the same learning rates as the fit that chose the epoch went through.

    Args:
        model: takes the named inputs and gives (batch, 1) or (batch,) stars.
        rows: what to learn from.
        optimizer: a name that Keras knows, such as `adam`.
        learning_rate: constant for the first `decay_from` of the epochs, then falls linearly
            to a tenth.
        batch_size: rows in a step; the last step of an epoch takes what is left.
        epochs: the most there can be.
        seed: draws the order of the rows in each epoch.
        watched: rows measured after each epoch, which choose the epoch.
        reported: rows measured after each epoch, which choose nothing.
        patience: None trains all epochs.
        keep_epoch: the epoch to stop at, from 1, where another fit has chosen it.
        decay_from: share of `epochs` after which the learning rate falls.
        clip: bounds in stars for predictions of the watched rows, never for training.

    Raises:
        ReelbookError: no rows, no epoch, an empty batch, an unknown optimizer, or a loss that is no
            longer a number.
    """
    _check_request(model, rows, watched, epochs=epochs, batch_size=batch_size)
    gc.collect()  # the traced graph of the fit before is a cycle that holds its arrays
    adapt = get_optimizer(optimizer, model)
    run_epoch = _trace_epoch(model, adapt, batch_size)
    inputs, targets = _to_tensors(rows)
    rng = np.random.default_rng(seed)
    history: list[dict[str, float]] = []
    weights, kept_epoch, lowest_epoch, lowest_rmse = model.get_weights(), 0, 0, math.inf
    last_epoch = keep_epoch or epochs
    for epoch in show_progress(range(1, last_epoch + 1), model.name):
        adapt.learning_rate = learning_rate * compute_decay(epoch, epochs, decay_from)
        order = rng.permutation(len(rows.targets)).astype(np.int32)
        squared_error = float(run_epoch(inputs, targets, tf.constant(order)))
        if not math.isfinite(squared_error):
            raise ReelbookError(
                f"{model.name}: the loss is no longer a number in epoch {epoch}. "
                f"Lower learning_rate (now {learning_rate:g}) or check the ratings."
            )
        history.append({"epoch": epoch, "train_rmse": math.sqrt(squared_error)})
        for name, part in {"watched_rmse": watched, "reported_rmse": reported}.items():
            if part is not None:
                rmse = _compute_rmse(part.targets, predict(model, part.inputs, clip=clip))
                history[-1][name] = rmse
        if history[-1].get("watched_rmse", math.inf) < lowest_rmse:
            lowest_epoch, lowest_rmse = epoch, history[-1]["watched_rmse"]
        if epoch == (lowest_epoch or last_epoch):
            weights, kept_epoch = model.get_weights(), epoch
        if watched is not None and patience is not None and epoch - lowest_epoch >= patience:
            break
    model.set_weights(weights)
    table = pd.DataFrame(history).astype({"epoch": int})
    kept = table.loc[table["epoch"] == kept_epoch].iloc[0]
    return Training(table, kept_epoch, float(kept.get("watched_rmse", math.nan)))


def predict(
    model: keras.Model,
    inputs: dict[str, np.ndarray],
    *,
    clip: tuple[float, float] | None = None,
) -> np.ndarray:
    """Predictions in stars, float32 (rows,), of rows given by the model's named inputs."""
    predictions = apply_model(model, inputs).reshape(-1)
    return predictions if clip is None else predictions.clip(*clip)


def apply_model(
    model: keras.Model, inputs: dict[str, np.ndarray], *, block: int = PREDICT_BATCH
) -> np.ndarray:
    """What a model with one output gives for these rows, without dropout, (rows, ...).

    Args:
        model: takes the named inputs.
        inputs: by name, one entry a row in each.
        block: rows at a time; bounds the memory.
    """
    num_rows = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, num_rows, block):
        part = {name: tf.constant(a[start : start + block]) for name, a in inputs.items()}
        parts.append(model(part, training=False).numpy())
    return np.concatenate(parts)


def _trace_epoch(
    model: keras.Model, optimizer: keras.optimizers.legacy.Optimizer, batch_size: int
) -> Callable[[dict[str, tf.Tensor], tf.Tensor, tf.Tensor], tf.Tensor]:
    """One epoch as one graph, from inputs, targets and an order of the rows to the squared error.

    That is the mean over the epoch as it ran, as Keras reports it: dropout on and weights moving.
    """
    variables = model.trainable_variables

    @tf.function
    def run_epoch(inputs: dict[str, tf.Tensor], targets: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
        num_rows = tf.shape(order)[0]
        total = tf.constant(0.0)
        for start in tf.range(0, num_rows, batch_size):
            batch = order[start : start + batch_size]  # (batch,)
            target = tf.gather(targets, batch)
            with tf.GradientTape() as tape:
                stars = model({k: tf.gather(v, batch) for k, v in inputs.items()}, training=True)
                squared_errors = tf.square(tf.reshape(stars, [-1]) - target)  # (batch,)
                loss = tf.add_n([tf.reduce_mean(squared_errors), *model.losses])
            # Embedding gradients come as slices; for tables this small dense steps are faster.
            gradients = map(tf.convert_to_tensor, tape.gradient(loss, variables))
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            total += tf.reduce_sum(squared_errors)
        return total / tf.cast(num_rows, tf.float32)

    return run_epoch


def _check_request(
    model: keras.Model, rows: Rows, watched: Rows | None, *, epochs: int, batch_size: int
) -> None:
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        if value < 1:
            raise ReelbookError(f"{model.name}: {name} must be at least 1, not {value}.")
    for name, part in {"train on": rows, "watch": watched}.items():
        if part is not None and len(part.targets) == 0:
            raise ReelbookError(f"{model.name}: there are no rows to {name}; check the split.")


def get_optimizer(name: str, model: keras.Model) -> keras.optimizers.legacy.Optimizer:
    """A fresh optimizer for a model; ReelbookError if Keras knows none of that name."""
    # The older classes take each step by one fused kernel, a fifth faster for the same steps.
    try:
        optimizer = keras.optimizers.get(name, use_legacy_optimizer=True)
    except ValueError as error:
        raise ReelbookError(
            f"{model.name}: Keras knows no optimizer {name!r}; try adam, adamax or adagrad."
        ) from error
    return optimizer


def _to_tensors(rows: Rows) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    inputs = {name: tf.constant(array) for name, array in rows.inputs.items()}
    return inputs, tf.constant(rows.targets, tf.float32)


def compute_decay(epoch: int, epochs: int, decay_from: float) -> float:
    """Factor on the learning rate: 1 up to `decay_from` of the epochs, then falling to 0.1."""
    flat = decay_from * epochs
    return 1.0 if epoch <= flat else 1.0 - 0.9 * (epoch - flat) / (epochs - flat)


def _compute_rmse(targets: np.ndarray, predictions: np.ndarray) -> float:
    return float(np.sqrt(np.mean((targets.astype(np.float64) - predictions) ** 2)))


def show_progress(epochs: range, name: str) -> Iterable[int]:
    """The epochs, with a line on a terminal's stderr; nothing in notebooks and logs."""
    return tqdm(epochs, desc=name, unit="epoch", leave=False, disable=None)
