"""One fit loop for every Keras model: seeding, early stopping, history, progress.

The small models of this project spend most of a step on overhead: Python, the callbacks and the
input pipeline of `model.fit`. Here a whole epoch is one traced graph that loops over the batches
and gathers them from arrays held as tensors, so Python runs once an epoch. Tracing takes as long as
some 25 steps do without it, so a fit of fewer steps is not traced.

The same seed on the same machine gives the same bits: TensorFlow is held to one thread and to
deterministic operations, and initial weights, shuffling and dropout are all drawn from the seed.
"""

import gc
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras
from tqdm import tqdm

from reelbook.errors import ReelbookError
from reelbook.models.fitting.grid import Measure, Training
from reelbook.processes import count_epoch

# Sums of floats depend on their order, and with several threads the order depends on the scheduler.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
# What was made on import stays. Without this each `gc.collect` below looks through all of it.
gc.freeze()

PREDICT_BATCH = 1024  # rows; bounds the memory: with four times as many bst.best takes 80 MB more
FEW_STEPS = 24  # of a fit: tracing a graph would take longer than it saves
MAX_STEPS = 500  # of an epoch of a network of stars: see `grow_batches`
OPTIONS = ("optimizer", "learning_rate", "decay_from", "batch_size", "epochs", "patience")

# From the rows of a batch, by name, to what is minimised; or to that and what is told of it.
Loss = Callable[[dict[str, tf.Tensor]], tf.Tensor | tuple[tf.Tensor, tf.Tensor]]
# Called after an epoch: from what its batches told, summed up, to its row in the history.
Report = Callable[[float], dict[str, float]]


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow; call it before a model is built."""
    keras.utils.set_random_seed(seed)


def pick_options(params: dict[str, Any]) -> dict[str, Any]:
    """Of a model's parameters those that `train` knows under the same name."""
    return {name: params[name] for name in OPTIONS if name in params}


def grow_batches(
    options: dict[str, Any],
    num_rows: int,
    *,
    max_steps: int = MAX_STEPS,
    max_growth: float = math.inf,
) -> dict[str, Any]:
    """Options of `train` under which an epoch has at most `max_steps` steps.

    Each step updates whole tables, so with a fixed batch an epoch would grow with rows x (users +
    movies). A batch k times as large takes a learning rate larger by the square root of k (Malladi
    et al. 2022, for Adam).

    Args:
        options: of `train`.
        num_rows: to train on.
        max_steps: of an epoch.
        max_growth: of the learning rate.
    """
    batch_size = -(-num_rows // max_steps)
    if batch_size <= options["batch_size"]:
        return options
    larger = batch_size / options["batch_size"]
    return options | {
        "batch_size": batch_size,
        "learning_rate": options["learning_rate"] * min(math.sqrt(larger), max_growth),
    }


def train(
    model: keras.Model,
    rows: dict[str, np.ndarray],
    compute_loss: Loss,
    *,
    optimizer: str,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
    report: Report | None = None,
    by: Measure | None = None,
    patience: int | None = None,
    keep_epoch: int | None = None,
    decay_from: float = 1.0,
) -> Training:
    """Minimise a loss over batches of rows; the model ends with the weights of one epoch.

    That is the best one `by` a figure of the history, or the last. It trains until that figure was
    not better than ever before for `patience` epochs in a row, and for `epochs` at most. With
    `keep_epoch` it stops there, at the same learning rates as the fit that chose the epoch.

    Args:
        model: whose weights are trained; one that the loss does not touch stays as it is.
        rows: arrays with one entry a row.
        compute_loss: see `Loss`; it runs the model with `training=True` itself.
        optimizer: a name that Keras knows, such as `adam`.
        learning_rate: constant for the first `decay_from` of the epochs, then falls linearly
            to a tenth.
        batch_size: rows in a step; the last step of an epoch takes what is left.
        epochs: the most there can be.
        seed: draws the order of the rows in each epoch.
        report: see `Report`; without one the history has the `loss`.
        by: what chooses the epoch.
        patience: None trains all epochs.
        keep_epoch: the epoch to stop at, from 1, where another fit has chosen it.
        decay_from: share of `epochs` after which the learning rate falls.

    Raises:
        ReelbookError: no rows, no epoch, an empty batch, an unknown optimizer, or a loss that is no
            longer a number.
    """
    num_rows = len(next(iter(rows.values())))
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        if value < 1:
            raise ReelbookError(f"{model.name}: {name} must be at least 1, not {value}.")
    if num_rows == 0:
        raise ReelbookError(f"{model.name}: there are no rows to train on; check the split.")
    gc.collect()  # the traced graph of the fit before is a cycle that holds its arrays
    adapt = get_optimizer(optimizer, model)
    run_epoch = _make_epoch(model, adapt, compute_loss, batch_size)
    if epochs * math.ceil(num_rows / batch_size) > FEW_STEPS:
        run_epoch = tf.function(run_epoch)
    tensors = {name: tf.constant(array) for name, array in rows.items()}
    rng = np.random.default_rng(seed)
    history: list[dict[str, float]] = []
    weights, kept_epoch, best = model.get_weights(), 0, -math.inf
    last_epoch = keep_epoch or epochs
    for epoch in show_progress(range(1, last_epoch + 1), model.name):
        adapt.learning_rate = learning_rate * compute_decay(epoch, epochs, decay_from)
        order = tf.constant(rng.permutation(num_rows).astype(np.int32))
        loss = float(run_epoch(tensors, order))
        if not math.isfinite(loss):
            raise ReelbookError(
                f"{model.name}: the loss is no longer a number in epoch {epoch}. "
                f"Lower learning_rate (now {learning_rate:g}) or check the ratings."
            )
        history.append({"epoch": epoch, **(report(loss) if report else {"loss": loss})})
        figure = by.sign * history[-1][by.column] if by else -math.inf
        if figure > best or (epoch == last_epoch and not kept_epoch):
            weights, kept_epoch, best = model.get_weights(), epoch, figure
        if by is not None and patience is not None and epoch - kept_epoch >= patience:
            break
    model.set_weights(weights)
    return Training(pd.DataFrame(history).astype({"epoch": int}), kept_epoch)


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


def _make_epoch(
    model: keras.Model,
    optimizer: keras.optimizers.legacy.Optimizer,
    compute_loss: Loss,
    batch_size: int,
) -> Callable[[dict[str, tf.Tensor], tf.Tensor], tf.Tensor]:
    """One epoch, which can be traced: from rows and their order to the sum of what batches told."""
    variables = model.trainable_variables
    # A graph that makes variables is traced twice: once to make them, once to run.
    optimizer._create_all_weights(variables)

    def run_epoch(rows: dict[str, tf.Tensor], order: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for start in tf.range(0, tf.shape(order)[0], batch_size):
            batch = order[start : start + batch_size]  # (batch,)
            with tf.GradientTape() as tape:
                found = compute_loss({name: tf.gather(a, batch) for name, a in rows.items()})
                loss, told = found if isinstance(found, tuple) else (found, found)
            gradients = tape.gradient(loss, variables)
            # Embedding gradients come as slices; for tables this small dense steps are faster.
            dense = [
                (tf.convert_to_tensor(gradient), variable)
                for gradient, variable in zip(gradients, variables, strict=True)
                if gradient is not None  # a task of weight zero leaves its own weights alone
            ]
            # Adding up over devices, of which there is one, registers the graph with TensorFlow
            # for good: 15 to 28 MB a fit.
            optimizer.apply_gradients(dense, experimental_aggregate_gradients=False)
            total += told
        return total

    return run_epoch


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


def compute_decay(epoch: int, epochs: int, decay_from: float) -> float:
    """Factor on the learning rate: 1 up to `decay_from` of the epochs, then falling to 0.1."""
    flat = decay_from * epochs
    return 1.0 if epoch <= flat else 1.0 - 0.9 * (epoch - flat) / (epochs - flat)


def show_progress(epochs: range, name: str) -> Iterator[int]:
    """The epochs, counted, with a line on a terminal's stderr; nothing in notebooks and logs."""
    for epoch in tqdm(epochs, desc=name, unit="epoch", leave=False, disable=None):
        count_epoch()
        yield epoch
