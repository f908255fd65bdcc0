"""The fit loop for models with a loss of their own: ranking, several tasks, whole rows of a matrix.

As in `reelbook.models.fitting.loop`, a whole epoch is one traced graph, and the same seed gives
the same bits. What differs: the caller says what the loss of a batch is and what to measure after
an epoch.
"""

import gc
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from reelbook.errors import ReelbookError
from reelbook.models.fitting.loop import compute_decay, get_optimizer, show_progress

# From the rows of a batch, by name, to a scalar.
Loss = Callable[[dict[str, tf.Tensor]], tf.Tensor]


class LossHistory(NamedTuple):
    """History, a row an epoch (epoch, loss and what was measured), and the epoch that was kept."""

    history: pd.DataFrame
    kept_epoch: int


def train_by_loss(
    model: keras.Model,
    rows: dict[str, np.ndarray],
    compute_loss: Loss,
    *,
    optimizer: str,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
    decay_from: float = 1.0,
    measure: Callable[[], dict[str, float]] | None = None,
    highest: str | None = None,
    lowest: str | None = None,
    patience: int | None = None,
    keep_epoch: int | None = None,
) -> LossHistory:
    """Minimise a loss over batches of rows; the model ends with the weights of the kept epoch.

    That is `keep_epoch`, where training then ends; else the one where `highest` was highest, or
    `lowest` lowest; else the last. A `loss` of the history is the sum over the epoch's batches.

    Args:
        model: whose weights are trained; one that the loss does not touch stays as it is.
        rows: arrays with one entry a row.
        compute_loss: of a batch of these rows; it runs the model with `training=True` itself.
        optimizer: a name that Keras knows.
        learning_rate: constant for the first `decay_from` of the epochs, then falls to a tenth.
        batch_size: rows in a step; the last step takes what is left.
        epochs: the most there can be.
        seed: draws the order of the rows.
        decay_from: share of `epochs` after which the learning rate falls.
        measure: called after each epoch; what it gives goes into the history.
        highest: name of the measured figure by which the epoch is chosen.
        lowest: the same for a figure that is better where it is lower; only one of the two.
        patience: epochs without a better figure after which training ends; None: never.
        keep_epoch: which epoch to end with, from 1.

    Raises:
        ReelbookError: no rows, an unknown optimizer, or a loss that is no longer a number.
    """
    num_rows = len(next(iter(rows.values())))
    if num_rows == 0:
        raise ReelbookError(f"{model.name}: there are no rows to train on; check the split.")
    gc.collect()  # the traced graph of the fit before is a cycle that holds its arrays
    adapt = get_optimizer(optimizer, model)
    run_epoch = _trace_epoch(model, adapt, compute_loss, batch_size)
    tensors = {name: tf.constant(array) for name, array in rows.items()}
    rng = np.random.default_rng(seed)
    history: list[dict[str, Any]] = []
    weights, kept_epoch, best = model.get_weights(), 0, -math.inf
    for epoch in show_progress(range(1, (keep_epoch or epochs) + 1), model.name):
        adapt.learning_rate = learning_rate * compute_decay(epoch, epochs, decay_from)
        order = tf.constant(rng.permutation(num_rows).astype(np.int32))
        loss = float(run_epoch(tensors, order))
        if not math.isfinite(loss):
            raise ReelbookError(
                f"{model.name}: the loss is no longer a number in epoch {epoch}. "
                f"Lower learning_rate (now {learning_rate:g}) or check the ratings."
            )
        history.append({"epoch": epoch, "loss": loss, **(measure() if measure else {})})
        chosen_by = None if keep_epoch else highest or lowest
        found = history[-1][chosen_by] * (-1 if lowest else 1) if chosen_by else math.inf
        if found > best or not chosen_by:
            weights, kept_epoch, best = model.get_weights(), epoch, found
        if patience is not None and epoch - kept_epoch >= patience:
            break
    model.set_weights(weights)
    return LossHistory(pd.DataFrame(history), kept_epoch)


def _trace_epoch(
    model: keras.Model,
    optimizer: keras.optimizers.legacy.Optimizer,
    compute_loss: Loss,
    batch_size: int,
) -> Callable[[dict[str, tf.Tensor], tf.Tensor], tf.Tensor]:
    """One epoch as one graph, from rows and their order to the sum of the losses."""
    variables = model.trainable_variables

    @tf.function
    def run_epoch(rows: dict[str, tf.Tensor], order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for start in tf.range(0, tf.shape(order)[0], batch_size):
            batch = order[start : start + batch_size]  # (batch,)
            with tf.GradientTape() as tape:
                loss = compute_loss({name: tf.gather(a, batch) for name, a in rows.items()})
            gradients = tape.gradient(loss, variables)
            optimizer.apply_gradients(
                (tf.convert_to_tensor(gradient), variable)
                for gradient, variable in zip(gradients, variables, strict=True)
                if gradient is not None  # a task of weight zero leaves its own weights alone
            )
            total += loss
        return total

    return run_epoch
