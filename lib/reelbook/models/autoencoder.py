"""Autoencoders: AutoRec for ratings, Mult-VAE for lists.

autorec (Sedhain et al. 2015, equation 1, item-based). A movie is the vector e_i of its training
ratings less mu + b_u + b_i (`reelbook.models.baseline`), 0 where a user has not rated it:

    h_i = sigmoid(V e_i + c)        eh_i = W h_i + d        r_ui = mu + b_u + b_i + eh_iu
    loss = sum over ratings (e_iu - eh_iu)^2 + l2 / 2 (|V|^2 + |W|^2)

multvae (Liang et al. 2018, equations 2 to 7). A user is x_u, 1 where he or she rated a movie, of
length one, with a share of it dropped in training:

    m, s = two halves of tanh(x_u A + a) B + b      z = m + exp(s / 2) * noise, at test time z = m
    scores = tanh(z C + c) D + d
    loss = - sum_i x_ui log softmax(scores)_i + beta KL(N(m, exp(s)) || N(0, 1))

beta grows from 0 to its value in the first `anneal` of the steps. A user without training ratings
has x = 0 and gets the same list as all such users.

Settings were chosen on the mean of validation rows over all folds of `official` (autorec: also 300
to 800 hidden units, 50 and 100 epochs, l2 of 60 and 100, other batches and rates) and over three
splits of `stratified` (multvae: also 200-64, 400-100 and 1000-300, beta of 0.2 and 1, dropout of
0.6 to 0.8, other batches and rates). 600-200 with dropout of a half is the paper's network.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import Score, measure_ndcg
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import compute_rmse, predict_ratings
from reelbook.models.baseline import BIASES, learn_biases, predict_rows, read_ratings
from reelbook.models.features.matrix import list_movies, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.loop import apply_model, pick_options, set_seed
from reelbook.models.fitting.loss_loop import LossHistory, train_by_loss
from reelbook.models.registry import resolve_params
from reelbook.splits.split import PARTS, Split

layers = keras.layers

MODELS: dict[str, dict[str, Any]] = {
    "autoencoder.autorec": {
        "hidden_units": 200,
        "l2": 80.0,
        **BIASES,
        "optimizer": "adam",
        "learning_rate": 0.001,
        "decay_from": 0.5,
        "batch_size": 256,  # movies
        "epochs": 75,
    },
    "autoencoder.multvae": {
        "hidden_units": 600,
        "dim": 200,
        "dropout": 0.5,
        "beta": 0.5,
        "anneal": 0.5,
        "optimizer": "adam",
        "learning_rate": 0.001,
        "decay_from": 0.5,
        "batch_size": 128,  # users
        "epochs": 100,
    },
}


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Choose the epoch on validation rows, then train afresh with them.

    Args:
        model_name: a key of MODELS.
        params: what differs from the model's defaults.
        dataset: the canonical tables.
        split: row positions in `dataset.ratings`.
        seed: decides initial weights, order, dropout and noise.

    Raises:
        ReelbookError: an unknown parameter, a wrong type, or a training that diverged.
    """
    params = resolve_params(model_name, params)
    if model_name == "autoencoder.autorec":
        return _fit_autorec(params, dataset, split, seed)
    return _fit_multvae(params, dataset, split, seed)


def build_autorec(params: dict[str, Any], num_users: int) -> keras.Model:
    """From residuals of movies (batch, users) to what is rebuilt of them (batch, users)."""
    residuals = keras.Input((num_users,), name="residuals")
    hidden = layers.Dense(params["hidden_units"], activation="sigmoid", name="hidden")(residuals)
    rebuilt = layers.Dense(num_users, name="rebuilt")(hidden)
    return keras.Model(residuals, rebuilt, name="autoencoder_autorec")


def build_multvae(params: dict[str, Any], num_movies: int) -> tuple[keras.Model, keras.Model]:
    """The encoder, from x (batch, movies) to m and s (batch, 2 dim), and the decoder to scores."""
    history = keras.Input((num_movies,), name="history")
    hidden = layers.Dense(params["hidden_units"], activation="tanh", name="encoder_hidden")(history)
    encoder = keras.Model(history, layers.Dense(2 * params["dim"], name="moments")(hidden))
    z = keras.Input((params["dim"],), name="z")
    hidden = layers.Dense(params["hidden_units"], activation="tanh", name="decoder_hidden")(z)
    decoder = keras.Model(z, layers.Dense(num_movies, name="scores")(hidden))
    return encoder, decoder


def _fit_autorec(params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    train, validation, test = (dataset.ratings.iloc[getattr(split, part)] for part in PARTS)
    _, _, first = _train_autorec(params, dataset, train, seed, watched=validation)
    known = pd.concat([train, validation]).sort_index()
    model, predict, _ = _train_autorec(params, dataset, known, seed, keep_epoch=first.kept_epoch)
    predictions, seconds = predict_ratings(predict, test)
    lowest = float(first.history["validation_rmse"].min())
    return Fit(
        predictions=predictions,
        history=first.history,
        best_epoch=first.kept_epoch,
        model=model,
        num_parameters=model.count_params() + len(dataset.users) + len(dataset.movies),
        metrics=[Metric("validation", "rmse", lowest)],
        prediction_seconds=seconds,
    )


def _train_autorec(
    params: dict[str, Any],
    dataset: Dataset,
    ratings: pd.DataFrame,
    seed: int,
    *,
    watched: pd.DataFrame | None = None,
    keep_epoch: int | None = None,
) -> tuple[keras.Model, Callable[[pd.DataFrame], np.ndarray], LossHistory]:
    """A model trained on these ratings; with watched rows the epoch is chosen on them."""
    set_seed(seed)
    users, movies = list_users(dataset), list_movies(dataset)
    known = read_ratings(ratings)
    predict_biases, _ = learn_biases(known, params, seed)

    def compute_base(rows: pd.DataFrame) -> np.ndarray:
        return predict_rows(predict_biases, known, rows)

    def find_cells(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return np.searchsorted(movies, rows["movie_id"]), np.searchsorted(users, rows["user_id"])

    residuals = np.zeros((len(movies), len(users)), "float32")
    rated = make_matrix(dataset, ratings).T.toarray()  # (movies, users)
    residuals[find_cells(ratings)] = ratings["rating"].to_numpy() - compute_base(ratings)
    model = build_autorec(params, len(users))
    kernels = [model.get_layer(name).kernel for name in ("hidden", "rebuilt")]
    tables = {"residuals": tf.constant(residuals), "rated": tf.constant(rated)}
    weight = params["l2"] / 2 * params["batch_size"] / len(movies)  # each step bears its share
    scale = (float(ratings["rating"].min()), float(ratings["rating"].max()))

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        own = tf.gather(tables["residuals"], batch["movie"])  # (batch, users)
        errors = (model(own, training=True) - own) * tf.gather(tables["rated"], batch["movie"])
        penalty = tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
        return tf.reduce_sum(tf.square(errors)) + weight * penalty

    def predict_parts(*parts: pd.DataFrame) -> list[np.ndarray]:
        rebuilt = apply_model(model, {"residuals": residuals}, block=2048)  # (movies, users)
        return [
            (base + rebuilt[find_cells(part)]).clip(*scale)
            for part, base in zip(parts, map(compute_base, parts), strict=True)
        ]

    def measure() -> dict[str, float]:
        assert watched is not None  # measured only with such rows
        parts = {"train_rmse": ratings, "validation_rmse": watched}
        stars = predict_parts(*parts.values())
        return {
            name: compute_rmse(part["rating"].to_numpy(), found)
            for (name, part), found in zip(parts.items(), stars, strict=True)
        }

    learned = train_by_loss(
        model,
        {"movie": np.flatnonzero(rated.any(axis=1)).astype("int32")},
        compute_loss,
        **pick_options(params),
        seed=seed,
        measure=None if watched is None else measure,
        lowest=None if watched is None else "validation_rmse",
        keep_epoch=keep_epoch,
    )
    return model, lambda rows: predict_parts(rows)[0], learned


def _fit_multvae(params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    ratings = dataset.ratings
    _, _, first = _train_multvae(params, dataset, ratings.iloc[split.train], seed, split=split)
    known = ratings.iloc[np.union1d(split.train, split.validation)]
    model, score, _ = _train_multvae(params, dataset, known, seed, keep_epoch=first.kept_epoch)
    highest = float(first.history["validation_ndcg@10"].max())
    return Fit(
        predictions=None,
        history=first.history,
        best_epoch=first.kept_epoch,
        model=model,
        num_parameters=model.count_params(),
        metrics=[Metric("validation", "ndcg@10", highest)],
        score=score,
    )


def _train_multvae(
    params: dict[str, Any],
    dataset: Dataset,
    ratings: pd.DataFrame,
    seed: int,
    *,
    split: Split | None = None,
    keep_epoch: int | None = None,
) -> tuple[keras.Model, Score, LossHistory]:
    """A model trained on these ratings; with a split the epoch is chosen on its validation rows."""
    set_seed(seed)
    users = list_users(dataset)
    seen = make_matrix(dataset, ratings).toarray()  # (users, movies)
    history = seen / np.sqrt(np.maximum(seen.sum(axis=1, keepdims=True), 1))
    encoder, decoder = build_multvae(params, seen.shape[1])
    dim, dropout = params["dim"], params["dropout"]
    inputs = keras.Input((seen.shape[1],), name="history")
    model = keras.Model(inputs, decoder(encoder(inputs)[:, :dim]), name="autoencoder_multvae")
    rows = np.flatnonzero(seen.any(axis=1)).astype("int32")
    num_steps = params["epochs"] * -(-len(rows) // params["batch_size"])
    step = tf.Variable(0.0, trainable=False)
    tables = {"seen": tf.constant(seen), "history": tf.constant(history)}

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        own = tf.gather(tables["seen"], batch["user"])  # (batch, movies)
        x = tf.nn.dropout(tf.gather(tables["history"], batch["user"]), dropout)
        moments = encoder(x, training=True)
        m, s = moments[:, :dim], moments[:, dim:]  # (batch, dim)
        scores = decoder(m + tf.exp(s / 2) * tf.random.normal(tf.shape(m)), training=True)
        likelihood = tf.reduce_sum(own * tf.nn.log_softmax(scores), axis=1)  # (batch,)
        divergence = 0.5 * tf.reduce_sum(tf.exp(s) + tf.square(m) - 1 - s, axis=1)
        share = tf.minimum(step.assign_add(1.0) / (params["anneal"] * num_steps), 1.0)
        return tf.reduce_mean(params["beta"] * share * divergence - likelihood)

    def score(ids: np.ndarray) -> np.ndarray:
        return apply_model(model, {"history": history[np.searchsorted(users, ids)]}, block=2048)

    def measure() -> dict[str, float]:
        assert split is not None  # measured only with one
        return {"validation_ndcg@10": measure_ndcg(score, dataset, split, part="validation")}

    learned = train_by_loss(
        model,
        {"user": rows},
        compute_loss,
        **pick_options(params),
        seed=seed,
        measure=measure if split else None,
        highest="validation_ndcg@10" if split else None,
        keep_epoch=keep_epoch,
    )
    return model, score, learned
