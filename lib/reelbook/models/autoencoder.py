"""Autoencoders: AutoRec for ratings, Mult-VAE for lists.

autorec (Sedhain et al. 2015, equation 1, item-based). A movie is the vector e_i of its training
ratings less mu + b_u + b_i (`reelbook.models.biases`), 0 where a user has not rated it:

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

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.metrics.ratings import compute_rmse
from reelbook.models.biases import BIASES, learn_biases, number_ratings, predict_rows
from reelbook.models.features.matrix import list_movies, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.epochs import Network, fit_network, restore_network
from reelbook.models.fitting.grid import NDCG, RMSE, Learned, Measure
from reelbook.models.fitting.loop import Report, apply_model
from reelbook.models.registry import Family
from reelbook.splits.split import Split

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
FAMILY = Family(
    chapter="07_next_steps",
    predicts={"autoencoder.autorec": "stars", "autoencoder.multvae": "lists"},
    words={
        "autoencoder.autorec": "a movie's ratings, through one hidden layer and back",
        "autoencoder.multvae": "a user's movies, through a few random numbers and back",
    },
    source={
        "autoencoder.autorec": "Sedhain et al. 2015",
        "autoencoder.multvae": "Liang et al. 2018",
    },
    deep=True,
    grows=("users x movies",),
    unseen="biases and what the network makes of no ratings",
)


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Choose the epoch on validation rows, then train afresh with them."""
    by, make = NETWORKS[model_name]
    build = functools.partial(make, dataset)
    return fit_network(build, params, dataset, split, seed=seed, by=by)


def restore(
    model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """A model of this family as a run left it."""
    build = functools.partial(NETWORKS[model_name][1], dataset)
    known = dataset.ratings.iloc[split.known]
    return restore_network(build, params, known, weights)


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


def make_autorec(dataset: Dataset, params: dict[str, Any], ratings: pd.DataFrame) -> Network:
    """The untrained network of these ratings, and what trains it."""
    users, movies = list_users(dataset), list_movies(dataset)
    known = number_ratings(ratings)
    predict_biases = learn_biases(known, params)

    def compute_base(rows: pd.DataFrame) -> np.ndarray:
        return predict_rows(predict_biases, rows, known=known)

    def find_cells(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return np.searchsorted(movies, rows["movie_id"]), np.searchsorted(users, rows["user_id"])

    residuals = np.zeros((len(movies), len(users)), "float32")
    rated = make_matrix(dataset, ratings).T.toarray()  # (movies, users)
    residuals[find_cells(ratings)] = ratings["rating"].to_numpy() - compute_base(ratings)
    model = build_autorec(params, len(users))
    kernels = [model.get_layer(name).kernel for name in ("hidden", "rebuilt")]
    tables = {"residuals": tf.constant(residuals), "rated": tf.constant(rated)}
    weight = params["l2"] / 2 * params["batch_size"] / len(movies)  # each step bears its share

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        own = tf.gather(tables["residuals"], batch["movie"])  # (batch, users)
        errors = (model(own, training=True) - own) * tf.gather(tables["rated"], batch["movie"])
        penalty = tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
        return tf.reduce_sum(tf.square(errors)) + weight * penalty

    def predict_parts(*parts: pd.DataFrame) -> list[np.ndarray]:
        rebuilt = apply_model(model, {"residuals": residuals}, block=2048)  # (movies, users)
        return [
            (base + rebuilt[find_cells(part)]).clip(*known.scale)
            for part, base in zip(parts, map(compute_base, parts), strict=True)
        ]

    def watch(parts: dict[str, pd.DataFrame]) -> Report:
        parts = {"train_rmse": ratings, **parts}

        def report(loss: float) -> dict[str, float]:
            errors = {
                name: compute_rmse(part["rating"].to_numpy(), found)
                for (name, part), found in zip(
                    parts.items(), predict_parts(*parts.values()), strict=True
                )
            }
            return {"loss": loss, **errors}

        return report

    learned = Learned(
        model.count_params() + len(users) + len(movies),
        predict=lambda rows: predict_parts(rows)[0],
        model=model,
    )
    rows = {"movie": np.flatnonzero(rated.any(axis=1)).astype("int32")}
    return Network(learned, rows, compute_loss, watch)


def make_multvae(dataset: Dataset, params: dict[str, Any], ratings: pd.DataFrame) -> Network:
    """The untrained network of these ratings, and what trains it."""
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

    learned = Learned(model.count_params(), score=score, model=model)
    return Network(learned, {"user": rows}, compute_loss)


NETWORKS: dict[str, tuple[Measure, Callable[..., Network]]] = {
    "autoencoder.autorec": (RMSE, make_autorec),
    "autoencoder.multvae": (NDCG, make_multvae),
}
