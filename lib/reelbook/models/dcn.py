"""Deep and cross networks (DCN): products of features beside, or before, dense layers.

x_0 are the embeddings of a row's features side by side, n numbers. A cross layer gives

    x_1 = x_0 * (W x_0 + b) + x_0            low rank: W = U V, U (n, rank), V (rank, n)

with * element by element, so that the block of W between features i and j weighs the products of
their embeddings. A deep network is dense layers with relu.

    dcn.stacked    stars = w . deep(cross(x_0)) + c          192-192
    dcn.parallel   stars = w . [cross(x_0), deep(x_0)] + c   192-192
    dcn.low_rank   stacked, with W of rank 20
    dcn.dnn        stars = w . deep(x_0) + c                 192-192-192
    dcn.best       stars = mean + v . s + w . deep(cross(x_0)) + c, with s among the x_0

s are statistics of the row's user and movie in the training ratings, without the row's own rating
(`reelbook.models.features.left_out`), standardised. Each row adds l2 |embeddings|^2 to its squared
error and each step l2_weights times the squared weights of the cross and dense layers.

Sources: Wang et al. 2021 (DCN-V2), equations 1 to 4; the layer is that of TensorFlow Recommenders.
Features, embeddings of 32, layers, rank, Adam at 0.01, batches of 8,192 and 32 epochs are document
B's (section 6b), which follows TFRS' tutorial; dcn.parallel is only named there. The models after
dcn.best in MODELS are dcn.stacked with another rank or without a feature. dcn.best is ours, chosen
on validation rows of u1 and u3 of ML-100K (not better there: two cross layers, vectors of 32, a
weaker penalty, dropout, a deep network beside the cross layer or none).

What training never saw shares a row of the table with what is missing: it holds what the missing
values of training taught it, or what it began with.
"""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.models.features.left_out import compute_statistics
from reelbook.models.features.vocabularies import (
    FEATURES,
    Vocabularies,
    describe_ratings,
    encode_table,
    find_vocabularies,
    measure_unknown,
)
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
from reelbook.models.registry import Family
from reelbook.splits.split import Split

layers = keras.layers

DOCUMENT: dict[str, Any] = {
    "features": FEATURES,
    "dim": 32,
    "structure": "stacked",
    "hidden_units": [192, 192],
    "optimizer": "adam",
    "learning_rate": 0.01,
    "batch_size": 8192,
    "epochs": 32,
    "patience": 3,  # epochs without a lower validation RMSE; document B has no such rule
}
# Smaller batches reach the validation RMSE of DOCUMENT in less time: for all that the
# document did not measure.
QUICK: dict[str, Any] = {"learning_rate": 0.005, "batch_size": 2048, "patience": 2}
BEST: dict[str, Any] = {
    "features": FEATURES,
    "dim": 16,
    "structure": "stacked",
    "hidden_units": [64],
    "damping": 5.0,  # ratings that each statistic counts at zero
    "l2": 0.05,  # on embeddings, per rating
    "l2_weights": 0.01,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "decay_from": 0.5,
    "batch_size": 1024,
    "epochs": 12,
    "patience": 3,
}
LOW_RANK: dict[str, Any] = DOCUMENT | {"structure": "low_rank", "projection_dim": 20}
RANKS = [1, 4, 16, 64]  # of 256
MODELS: dict[str, dict[str, Any]] = {
    "dcn.stacked": DOCUMENT,
    "dcn.parallel": DOCUMENT | {"structure": "parallel"},
    "dcn.low_rank": LOW_RANK,
    "dcn.dnn": DOCUMENT | {"structure": "deep", "hidden_units": [192, 192, 192]},
    "dcn.best": BEST,
    **{f"dcn.rank_{rank}": LOW_RANK | QUICK | {"projection_dim": rank} for rank in RANKS},
    **{
        f"dcn.without_{missing}": DOCUMENT
        | QUICK
        | {"features": [f for f in FEATURES if f != missing]}
        for missing in FEATURES
    },
}
FAMILY = Family(
    chapter="04_deep_and_cross",
    predicts="stars",
    words={
        "dcn.stacked": "a cross layer, then dense layers",
        "dcn.parallel": "a cross layer beside dense layers",
        "dcn.low_rank": "a cross layer of low rank, then dense layers",
        "dcn.dnn": "dense layers alone",
        "dcn.best": "a cross network on statistics of users and movies",
        **{f"dcn.rank_{rank}": f"dcn.stacked with cross weights of rank {rank}" for rank in RANKS},
        **{f"dcn.without_{missing}": f"dcn.stacked without {missing}" for missing in FEATURES},
    },
    source={name: "document B" for name in MODELS} | {"dcn.best": "ours, after Wang et al. 2021"},
    needs={name: ("people", "credits") for name in MODELS}
    | {"dcn.best": ("genres", "people", "credits")},
    requires=("stars",),
    deep=True,
    unseen="one vector for all that is unknown, and the other features",
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.epochs.fit_stars` says how.

    Under `source` the metric `rmse_last_epoch` tells the test RMSE at the end of training. `extra`
    has the share of test rows with an unknown value by feature, and the `blocks` of cross weights
    that are full.
    """
    unknown: dict[str, float] = {}  # of the rows that were encoded last
    build = functools.partial(make_network, model_name, dataset, unknown=unknown)
    found = fit_stars(build, params, dataset, split, seed=seed)
    metrics = [*found.metrics, *measure_last_epoch(found)]
    extra = found.extra | {"unknown": unknown}
    if params["structure"] in ("stacked", "parallel") and "damping" not in params:
        extra["blocks"] = measure_blocks(found.model, params["features"]).tolist()
    return dataclasses.replace(found, metrics=metrics, extra=extra)


def restore(
    model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """A model of this family as a run left it."""
    build = functools.partial(make_network, model_name, dataset, unknown={})
    return restore_stars(build, params, dataset, split, weights)


def make_network(
    model_name: str,
    dataset: Dataset,
    params: dict[str, Any],
    ratings: pd.DataFrame,
    *,
    unknown: dict[str, float],
) -> Network:
    """The untrained model of these ratings, and what trains it.

    Into `unknown` goes the share of rows with an unknown value by feature, at each encoding.
    """
    vocabularies = find_vocabularies(describe_ratings(dataset, ratings, params["features"]))

    def encode(part: pd.DataFrame) -> Rows:
        rows = make_rows(dataset, part, ratings, params, vocabularies)
        unknown.update(measure_unknown(rows.inputs["codes"], vocabularies))
        return rows

    rows = encode(ratings)
    model = build(model_name, params, vocabularies, rows)
    return make_star_network(model, rows, encode, clipped="damping" in params)


def make_rows(
    dataset: Dataset,
    ratings: pd.DataFrame,
    known: pd.DataFrame,
    params: dict[str, Any],
    vocabularies: Vocabularies,
) -> Rows:
    """Inputs and stars of these ratings.

    Args:
        dataset: the canonical tables.
        ratings: rows of `dataset.ratings`.
        known: the training ratings, for the statistics of dcn.best.
        params: of the model.
        vocabularies: of the training ratings.

    Returns:
        Inputs `codes`, int32 (rows, features), and for dcn.best `statistics`, float32 (rows,
        statistics).
    """
    table = describe_ratings(dataset, ratings, params["features"])
    inputs = {"codes": encode_table(table, vocabularies)}
    if "damping" in params:
        center = float(known["rating"].mean())
        options = {"center": center, "damping": params["damping"]}
        inputs["statistics"] = compute_statistics(dataset, ratings, known, **options)
    return Rows(inputs, ratings["rating"].to_numpy("float32"))


def build(
    model_name: str, params: dict[str, Any], vocabularies: Vocabularies, rows: Rows
) -> keras.Model:
    """The untrained model, functional, from the inputs of `make_rows` to stars (batch, 1).

    Args:
        model_name: a key of MODELS.
        params: all of its parameters.
        vocabularies: for the size of the table of embeddings.
        rows: training rows, for their mean and that of their statistics.
    """
    l2 = keras.regularizers.L2(params["l2"]) if "l2" in params else None
    codes = keras.Input((len(params["features"]),), dtype="int32", name="codes")
    inputs = {"codes": codes}  # (batch, features)
    # Keras divides an activity's penalty by the batch size: it becomes l2 |embeddings|^2 a row.
    embed = layers.Embedding(
        vocabularies.size, params["dim"], activity_regularizer=l2, name="embeddings"
    )
    x0 = layers.Flatten(name="side_by_side")(embed(codes))  # (batch, features dim)
    if "statistics" in rows.inputs:
        given = rows.inputs["statistics"]
        inputs["statistics"] = keras.Input(given.shape[1:], name="statistics")
        scale = {"mean": given.mean(axis=0), "variance": given.var(axis=0)}
        s = layers.Normalization(**scale, name="standardise")(inputs["statistics"])
        x0 = layers.Concatenate(name="join_statistics")(
            [x0, s]
        )  # (batch, features dim + statistics)
    structure = params["structure"]
    if structure == "parallel":
        crossed, deep = _cross(x0, params), _stack_dense(x0, params)
        x = layers.Concatenate(name="join")([crossed, deep])  # (batch, features dim + units)
    else:
        x = _stack_dense(x0 if structure == "deep" else _cross(x0, params), params)
    stars = layers.Dense(1, name="stars")(x)  # (batch, 1)
    if "statistics" in rows.inputs:
        mean = keras.initializers.Constant(float(rows.targets.mean(dtype="float64")))
        linear = layers.Dense(1, bias_initializer=mean, name="linear")(s)
        stars = layers.Add(name="sum")([stars, linear])
    return keras.Model(inputs, stars, name=model_name.replace(".", "_"))


def measure_blocks(model: keras.Model, features: list[str]) -> np.ndarray:
    """Frobenius norm of each block of full cross weights, float32 (features, features).

    Row i and column j: the block through which x_i, within W x_0, is multiplied with x_j.
    """
    kernel = model.get_layer("cross").get_weights()[0]  # (n, n), W transposed
    shape = (len(features), len(kernel) // len(features)) * 2
    return np.sqrt((kernel.reshape(shape) ** 2).sum(axis=(1, 3)))


def _cross(x0: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    """x_0 * (W x_0 + b) + x_0, of the shape of x_0."""
    return tfrs.layers.dcn.Cross(
        projection_dim=params.get("projection_dim"),
        kernel_initializer="glorot_uniform",
        kernel_regularizer=_penalise(params),
        name="cross",
    )(x0)


def _stack_dense(x: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    for number, units in enumerate(params["hidden_units"], 1):
        dense = layers.Dense(
            units, "relu", kernel_regularizer=_penalise(params), name=f"dense_{number}"
        )
        x = dense(x)  # (batch, units)
    return x


def _penalise(params: dict[str, Any]) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(params["l2_weights"]) if "l2_weights" in params else None
