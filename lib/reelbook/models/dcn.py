"""Deep and cross networks (DCN): products of features beside, or before, dense layers.

x_0 are the embeddings of a row's features side by side, n numbers. A cross layer gives

    x_1 = x_0 * (W x_0 + b) + x_0            low rank: W = U V, U (n, rank), V (rank, n)

with * element by element, so that the block of W between features i and j weighs the products of
their embeddings. A deep network is dense layers with relu.

    dcn.stacked    stars = w . deep(cross(x_0)) + c          192-192
    dcn.parallel   stars = w . [cross(x_0), deep(x_0)] + c   192-192
    dcn.low_rank   stacked, with W of rank 20
    dcn.dnn        stars = w . deep(x_0) + c                 192-192-192

Sources: Wang et al. 2021 (DCN-V2), equations 1 to 4; the layer is that of TensorFlow Recommenders.
Features, embeddings of 32, layers, rank, Adam at 0.01, batches of 8,192 and 32 epochs are document
B's (section 6b), which follows TFRS' tutorial; dcn.parallel is only named there. The models after
them in MODELS have another rank, or lack a feature.
"""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_recommenders as tfrs
import tf_keras as keras

from reelbook.lookups import (
    FEATURES,
    Vocabularies,
    describe_ratings,
    encode_table,
    find_vocabularies,
    measure_unknown,
)
from reelbook.models import resolve_params
from reelbook.schema import Dataset, Metric
from reelbook.splits import Split
from reelbook.training import Fit, Rows, predict, set_seed, train
from reelbook.tuning import Trained, choose_and_refit

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
LOW_RANK: dict[str, Any] = DOCUMENT | {"structure": "low_rank", "projection_dim": 20}
MODELS: dict[str, dict[str, Any]] = {
    "dcn.stacked": DOCUMENT,
    "dcn.parallel": DOCUMENT | {"structure": "parallel"},
    "dcn.low_rank": LOW_RANK,
    "dcn.dnn": DOCUMENT | {"structure": "deep", "hidden_units": [192, 192, 192]},
    **{f"dcn.rank_{rank}": LOW_RANK | {"projection_dim": rank} for rank in (1, 4, 16, 64)},
    **{
        f"dcn.without_{left_out}": DOCUMENT
        | {"features": [name for name in FEATURES if name != left_out]}
        for left_out in FEATURES
    },
}


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.tuning.choose_and_refit` says how.

    Under `source` it trains all epochs, as the document does, and the metric `rmse_last_epoch`
    tells the test RMSE at their end. `extra` has the share of test rows with an unknown value by
    feature.

    Args:
        model_name: a key of MODELS.
        params: what differs from the model's defaults.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights and shuffling.

    Raises:
        ReelbookError: an unknown parameter, a wrong type, a feature that the data set does not have
            or of which no value is known, or a training that diverged.
    """
    unknown: dict[str, float] = {}

    def train_once(
        params: dict[str, Any],
        ratings: pd.DataFrame,
        *,
        watched: pd.DataFrame | None,
        keep_epoch: int | None = None,
    ) -> Trained:
        set_seed(seed)
        table = describe_ratings(dataset, ratings, params["features"])
        vocabularies = find_vocabularies(table)

        def encode(part: pd.DataFrame) -> Rows:
            rows = make_rows(dataset, part, params, vocabularies)
            unknown.update(measure_unknown(rows.inputs["codes"], vocabularies))
            return rows

        model = build(model_name, params, vocabularies)
        training = train(
            model,
            encode(ratings),
            watched=None if watched is None else encode(watched),
            optimizer=params["optimizer"],
            learning_rate=params["learning_rate"],
            batch_size=params["batch_size"],
            epochs=params["epochs"],
            patience=None if keep_epoch else params["patience"],
            keep_epoch=keep_epoch,
            seed=seed,
        )
        return Trained(model, training, lambda part: predict(model, encode(part).inputs))

    found = choose_and_refit(train_once, resolve_params(model_name, params), dataset, split)
    found.extra["unknown"] = unknown  # of the test rows, which were encoded last
    if "test_rmse" not in found.history:
        return found
    last = Metric("test", "rmse_last_epoch", float(found.history["test_rmse"].iloc[-1]))
    return dataclasses.replace(found, metrics=[*found.metrics, last])


def make_rows(
    dataset: Dataset, ratings: pd.DataFrame, params: dict[str, Any], vocabularies: Vocabularies
) -> Rows:
    """Input `codes`, int32 (rows, features), and the stars."""
    table = describe_ratings(dataset, ratings, params["features"])
    return Rows({"codes": encode_table(table, vocabularies)}, ratings["rating"].to_numpy("float32"))


def build(model_name: str, params: dict[str, Any], vocabularies: Vocabularies) -> keras.Model:
    """The untrained model, functional, from `codes` to stars (batch, 1)."""
    num_features, dim = len(params["features"]), params["dim"]
    codes = keras.Input((num_features,), dtype="int32", name="codes")  # (batch, features)
    embedded = layers.Embedding(vocabularies.size, dim, name="embeddings")(codes)
    x0 = layers.Flatten(name="side_by_side")(embedded)  # (batch, features dim)
    structure = params["structure"]
    if structure == "parallel":
        crossed, deep = _cross(x0, params), _stack_dense(x0, params)
        x = layers.Concatenate(name="join")([crossed, deep])  # (batch, features dim + units)
    else:
        x = _stack_dense(x0 if structure == "deep" else _cross(x0, params), params)
    stars = layers.Dense(1, name="stars")(x)  # (batch, 1)
    return keras.Model({"codes": codes}, stars, name=model_name.replace(".", "_"))


def _cross(x0: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    """x_0 * (W x_0 + b) + x_0, of the shape of x_0, (batch, features dim)."""
    rank = params.get("projection_dim")
    return tfrs.layers.dcn.Cross(
        projection_dim=rank, kernel_initializer="glorot_uniform", name="cross"
    )(x0)


def _stack_dense(x: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    for number, units in enumerate(params["hidden_units"], 1):
        x = layers.Dense(units, "relu", name=f"dense_{number}")(x)  # (batch, units)
    return x
