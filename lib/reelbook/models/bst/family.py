"""Behavior sequence transformer (BST): what a user rated before tells what comes next.

`reelbook.models.bst.network` has the equations of the two networks and their sources.

bst.base and bst.tuned are document A's ("Implementing a Transformer"). Its text counts; where it is
silent, the Keras example that it follows does: windows of 4 with step 2, vectors as long as the
square root of the number of movies, 3 heads, each as long as these vectors, dense layers of 256 and
128, Adagrad. User features are in bst.tuned only, as in the text, and genres in both. Ours are the
start from the mean rating and the learning rate: from zero and with the example's 0.01, ML-100K
would take ten times the epochs. It falls in the second half of a fixed number of epochs, of which
validation chooses one; at a constant rate the validation RMSE jumps by 0.05 from epoch to epoch,
and stopping early ends at a lucky one. bst.base has batches of 530 where the example has 265: less
time, same error. bst.tuned would gain a little more from twice the epochs, as its curves show.

bst.best is ours, chosen on the validation rows of u1 and u3 of ML-100K. The models after it in
MODELS are bst.best with one thing taken away or another length.

Under the protocol `source` a row's past is its window of 4. Under any other it is the last training
ratings before it, and may be empty (`reelbook.models.features.history`).
"""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.metrics.metric import Metric
from reelbook.models.bst.network import build_document_network, build_our_network, make_inputs
from reelbook.models.features.history import find_past, shuffle_past
from reelbook.models.features.ids import encode_user_feature, encode_values
from reelbook.models.fit import Fit
from reelbook.models.fitting.epochs import (
    Network,
    Rows,
    fit_stars,
    make_star_network,
    measure_last_epoch,
    restore_stars,
)
from reelbook.models.fitting.grid import Learned
from reelbook.models.registry import Family, resolve_params
from reelbook.splits.split import Split
from reelbook.splits.windows import WINDOW, find_windows, measure_leak

BASE: dict[str, Any] = {
    "length": WINDOW - 1,  # rated movies before the target
    "num_blocks": 1,
    "num_heads": 3,
    "hidden_units": [256, 128],
    "dropout": 0.1,
    "user_features": [],
    "optimizer": "adagrad",
    "learning_rate": 0.1,
    "decay_from": 0.5,  # share of the epochs after which the learning rate falls
    "batch_size": 530,
    "epochs": 10,
}
TUNED: dict[str, Any] = {
    "num_blocks": 2,
    "num_heads": 8,
    "hidden_units": [128],
    "dropout": 0.5,
    "user_features": ["occupation", "gender", "zip_code"],
    "batch_size": 265,
    "epochs": 16,
}
BEST: dict[str, Any] = {
    "length": 50,
    "dim": 32,
    "num_heads": 4,
    "hidden_units": 64,
    "dropout": 0.3,
    "history_dropout": 0.5,  # share of the past ratings that a training step leaves out
    "l2": 0.1,  # on p_u and q_i, per rating
    "l2_bias": 0.03,
    "user_features": ["occupation", "gender", "age_group"],
    "genres": True,
    "positions": True,
    "ratings": True,  # whether a place has its rating as signal
    "shuffle": False,  # put the past of each row in a drawn order
    "optimizer": "adam",
    "learning_rate": 0.003,
    "decay_from": 0.5,
    "batch_size": 1024,
    "epochs": 10,
}
LENGTHS = (4, 12, 25)  # beside that of bst.best
DOCUMENT_MODELS = ["bst.base", "bst.tuned"]
MODELS: dict[str, dict[str, Any]] = {
    "bst.base": BASE,
    "bst.tuned": BASE | TUNED,
    "bst.best": BEST,
    "bst.shuffled": BEST | {"shuffle": True},
    "bst.no_positions": BEST | {"positions": False},
    "bst.no_ratings": BEST | {"ratings": False},
    "bst.no_side": BEST | {"user_features": [], "genres": False},
    **{f"bst.length_{length}": BEST | {"length": length} for length in LENGTHS},
}
FAMILY = Family(
    chapter="03_behavior_sequence_transformer",
    predicts="stars",
    words={
        "bst.base": "a transformer over windows of ratings",
        "bst.tuned": "two transformer blocks over windows of ratings, and side features",
        "bst.best": "a transformer over the past ratings",
        "bst.shuffled": "bst.best with the past in a drawn order",
        "bst.no_positions": "bst.best without positions",
        "bst.no_ratings": "bst.best without the stars of the past",
        "bst.no_side": "bst.best without side features",
        **{f"bst.length_{n}": f"bst.best with a past of at most {n} ratings" for n in LENGTHS},
    },
    source={name: "ours, after Chen et al. 2019" for name in MODELS}
    | dict.fromkeys(DOCUMENT_MODELS, "document A"),
    needs={name: ("times", "genres", "people") for name in MODELS}
    | {"bst.base": ("times", "genres"), "bst.no_side": ("times",)},
    requires=("stars", "times"),
    deep=True,
    unseen="a vector as it was before training, and the other features",
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.epochs.fit_stars` says how.

    With windows the metric `leak_share` is that of `measure_leak`. Under `source` the metric
    `rmse_last_epoch` tells the test RMSE at the end of training, and the rows of the split must be
    the targets of windows.
    """
    build = functools.partial(make_network, model_name, dataset, split)
    found = fit_stars(build, params, dataset, split, seed=seed)
    if not has_windows(split):
        return found
    leak = Metric("test", "leak_share", measure_leak(dataset.ratings, split))
    metrics = [*found.metrics, leak, *measure_last_epoch(found)]
    return dataclasses.replace(found, metrics=metrics)


def restore(
    model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """A model of this family as a run left it."""
    build = functools.partial(make_network, model_name, dataset, split)
    return restore_stars(build, params, dataset, split, weights)


def make_network(
    model_name: str, dataset: Dataset, split: Split, params: dict[str, Any], ratings: pd.DataFrame
) -> Network:
    """The untrained model of these ratings, and what trains it."""
    known = None if has_windows(split) else ratings.index.to_numpy()

    def encode(part: pd.DataFrame) -> Rows:
        return make_rows(dataset, part.index.to_numpy(), known, params)

    rows = encode(ratings)
    model = build(model_name, params, dataset, mean=compute_mean(rows.targets))
    return make_star_network(model, rows, encode, clipped=model_name not in DOCUMENT_MODELS)


def has_windows(split: Split) -> bool:
    """Whether the rows of a split are targets of windows, as document A splits."""
    return split.rules.ends_windows


def make_rows(
    dataset: Dataset, targets: np.ndarray, known: np.ndarray | None, params: dict[str, Any]
) -> Rows:
    """Inputs and stars of these rows, with the past of each.

    Args:
        dataset: the canonical tables.
        targets: row positions in `dataset.ratings`, shape (rows,).
        known: row positions that may stand in a past; None takes windows that end in the targets.
        params: `length`, `user_features` and, for our models, `shuffle`.

    Returns:
        Inputs user, movie and each user feature, int32 (rows,), codes from 1; history, int32 (rows,
        length), the movies of the past, the latest first, then 0 for padding; stars, float32
        (rows, length).
    """
    length = params["length"]
    if known is None:
        past = find_windows(dataset.ratings, targets)[:, -2::-1][:, :length]
        past = np.pad(past, [(0, 0), (0, length - past.shape[1])], constant_values=-1)
    else:
        past = find_past(dataset.ratings, targets, known, length=length)
    if params.get("shuffle"):
        past = shuffle_past(past)
    users = encode_values(dataset.ratings["user_id"], dataset.users["user_id"])[targets]
    movies = encode_values(dataset.ratings["movie_id"], dataset.movies["movie_id"])
    stars = dataset.ratings["rating"].to_numpy("float32")
    inputs = {
        "user": users,
        "movie": movies[targets],
        "history": np.where(past < 0, np.int32(0), movies[past]),
        "stars": np.where(past < 0, np.float32(0), stars[past]),
    }
    inputs |= {name: encode_user_feature(dataset, name)[users] for name in params["user_features"]}
    return Rows(inputs, stars[targets])


def build(model_name: str, params: dict[str, Any], dataset: Dataset, *, mean: float) -> keras.Model:
    """The untrained model, functional, from the inputs of `make_rows` to stars (batch, 1).

    Args:
        model_name: a key of MODELS.
        params: all of its parameters.
        dataset: for the sizes of the tables and the genres; no rating is read.
        mean: of the training ratings, in stars.
    """
    inputs = make_inputs(params)
    if model_name in DOCUMENT_MODELS:
        stars = build_document_network(inputs, params, dataset, mean=mean)
    else:
        stars = build_our_network(inputs, params, dataset, mean=mean)
    return keras.Model(inputs, stars, name=model_name.replace(".", "_"))


def compute_mean(targets: np.ndarray) -> float:
    """Mean of ratings in stars, summed in float64."""
    return float(targets.mean(dtype="float64"))


def build_for(model_name: str, dataset: Dataset) -> keras.Model:
    """The untrained model with its default parameters, to look at."""
    mean = compute_mean(dataset.ratings["rating"].to_numpy())
    return build(model_name, resolve_params(model_name, {}), dataset, mean=mean)
