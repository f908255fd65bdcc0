"""Matrix factorisation: a vector of factors for each user and each movie explains the ratings.

    mf.dot       r = p_u . q_i
    mf.mlp       r = w . relu(W [p_u, q_i] + b) + c, with dropout before each step
    mf.sigmoid   r = low + (high - low) sigmoid(p_u . q_i)
    mf.biased    r = mean + b_u + b_i + p_u . q_i
    mf.unregularised: the same without the penalty, to show what it buys
    mf.implicit  r = mean + b_u + b_i + (p_u + |N(u)|^-1/2 sum_{j in N(u)} y_j)
                                      . (q_i + |N(i)|^-1/2 sum_{v in N(i)} x_v)

N(u) are the movies that user u rated in training, N(i) the users who rated movie i there.

Sources: the first three are document A's baseline, Model 1 and Model 2 ("Updates to Baseline
Model"). Factors (100), loss (mean squared error) and optimizer (Adamax) are those of the code that
it follows. It is silent on the rest, so these are our choices: embeddings start as Keras starts
them; batches of 1,024 (256 for mf.mlp), learning rate and patience such that the validation RMSE on
ML-100K is that of batches of 128, within the spread over seeds, in less time (mf.mlp gains little;
above 256 it gets worse). The grids of ours were laid out on validation rows of the folds. Like the
document's, they do not clip. mf.biased is Koren, Bell and Volinsky 2009, equation 4. mf.implicit is
SVD++ (Koren 2008, equation 15) with the same term for movies ("flipped"). Both are regularised per
rating: each row adds l2 (|p_u|^2 + |q_i|^2), l2_bias (b_u^2 + b_i^2) and l2_implicit (|y_i|^2 +
|x_u|^2) to its squared error. Their predictions are clipped to the range of the training ratings.

mf.implicit multiplies its vectors by a table of users x movies in each step. Where that is large
(`fitting.sparse_product`) it takes only the entries that are not zero, all of them in each step, so
an epoch has at most SPARSE_STEPS steps, and the learning rate no more than doubles. `way` and
`grown` in a run's record tell of it. On 415,323 ratings of ml-1m the validation RMSE is then .8516
in place of .8515; with rates that grew on, 12 epochs of 10 million made-up ratings ended at .852,
with twice the rate at .825.

A user or movie without a training rating has row 0 of every table: zeros, never trained. Then
mf.dot predicts 0 stars, mf.sigmoid the middle of the range, mf.biased the mean plus the other bias.
"""  # fmt: skip

import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras
from scipy import sparse

from reelbook.data.tables import Dataset
from reelbook.models.fit import Fit
from reelbook.models.fitting.dropout import Dropout
from reelbook.models.fitting.epochs import (
    Network,
    Rows,
    fit_stars,
    make_star_network,
    restore_stars,
)
from reelbook.models.fitting.grid import Learned
from reelbook.models.fitting.loop import MAX_STEPS
from reelbook.models.fitting.sparse_product import is_sparse, make_product
from reelbook.models.registry import Family, resolve_params
from reelbook.splits.split import Split

layers = keras.layers

DOCUMENT: dict[str, Any] = {
    "factors": 100,
    "optimizer": "adamax",
    "learning_rate": 0.005,
    "batch_size": 1024,
    "epochs": 100,  # at most; early stopping ends it
    "patience": 5,
    "max_steps": MAX_STEPS,
}
OURS: dict[str, Any] = {
    "factors": 32,
    "l2": 0.12,  # on factors
    "l2_bias": 0.01,
    "optimizer": "adam",
    "learning_rate": 0.005,
    "decay_from": 0.3,  # share of the epochs after which the learning rate falls
    "batch_size": 1024,
    "epochs": 20,
    "max_steps": MAX_STEPS,
    "grid": {"l2": [0.10, 0.12, 0.14]},
}
IMPLICIT: dict[str, Any] = {
    "l2": 0.6,
    "l2_bias": 0.03,
    "l2_implicit": 0.2,  # on y and x
    "leave_out": True,  # see ImplicitSum
    "decay_from": 0.6,
    "batch_size": 2048,
    "epochs": 12,
    "grid": {"l2": [0.3, 0.6], "leave_out": [True, False]},
}
MODELS: dict[str, dict[str, Any]] = {
    "mf.dot": DOCUMENT,
    "mf.mlp": DOCUMENT
    | {"learning_rate": 0.002, "batch_size": 256, "dropout": 0.1, "hidden_units": 100},
    "mf.sigmoid": DOCUMENT,
    "mf.biased": OURS,
    "mf.unregularised": OURS | {"l2": 0.0, "l2_bias": 0.0, "grid": {}},
    "mf.implicit": OURS | IMPLICIT,
}
FAMILY = Family(
    chapter="02_matrix_factorization",
    predicts="stars",
    words={
        "mf.dot": "factors of a user and a movie, multiplied",
        "mf.mlp": "factors of a user and a movie, through a dense layer",
        "mf.sigmoid": "factors, scaled to the range of the stars",
        "mf.biased": "matrix factorisation with biases and a penalty",
        "mf.unregularised": "matrix factorisation with biases, without the penalty",
        "mf.implicit": "factors, with who rated what",
    },
    source={
        **dict.fromkeys(["mf.dot", "mf.mlp", "mf.sigmoid"], "document A"),
        **dict.fromkeys(["mf.biased", "mf.unregularised"], "Koren, Bell and Volinsky 2009"),
        "mf.implicit": "Koren 2008",
    },
    requires=("stars",),
    deep={name: name == "mf.mlp" for name in MODELS},
    unseen=dict.fromkeys(MODELS, "the mean and what is known of the other one")
    | {
        "mf.dot": "0 stars",
        "mf.mlp": "its dense layer, with zeros for the vector",
        "mf.sigmoid": "the middle of the range of stars",
    },
)
SPARSE_STEPS = 50  # of an epoch of mf.implicit where its sums are sparse
CLIPPED = ("mf.biased", "mf.unregularised", "mf.implicit")


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Fit a model of this family; `reelbook.models.fitting.epochs.fit_stars` says how."""
    build = functools.partial(make_network, model_name)
    return fit_stars(build, params, dataset, split, seed=seed)


def restore(
    model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, weights: Path
) -> Learned:
    """A model of this family as a run left it."""
    build = functools.partial(make_network, model_name)
    return restore_stars(build, params, dataset, split, weights)


def make_network(model_name: str, params: dict[str, Any], ratings: pd.DataFrame) -> Network:
    """The untrained model of these ratings, and what trains it."""
    known = find_known(ratings)
    rows = make_rows(ratings, known)
    model = build(model_name, params, rows)
    encode = functools.partial(make_rows, known=known)
    network = make_star_network(model, rows, encode, clipped=model_name in CLIPPED)
    if model_name == "mf.implicit" and is_sparse(len(known.users) + 1, len(known.movies) + 1):
        network = network._replace(way="sparse sums", max_steps=SPARSE_STEPS, max_growth=2.0)
    return network


class KnownIds(NamedTuple):
    """The ids that have a training rating, ascending; the id at place k has row k + 1."""

    users: np.ndarray
    movies: np.ndarray


def find_known(ratings: pd.DataFrame) -> KnownIds:
    """The ids of these training ratings."""
    return KnownIds(*(np.sort(ratings[key].unique()) for key in ("user_id", "movie_id")))


def make_rows(ratings: pd.DataFrame, known: KnownIds) -> Rows:
    """Inputs `user` and `movie`, int32 (rows,), 0 for an id that is not known, and the stars."""
    inputs = {
        "user": encode_ids(ratings["user_id"].to_numpy(), known.users),
        "movie": encode_ids(ratings["movie_id"].to_numpy(), known.movies),
    }
    return Rows(inputs, ratings["rating"].to_numpy("float32"))


def encode_ids(ids: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Place of each id in the ascending array `known`, from 1; 0 where it is not in there."""
    places = np.searchsorted(known, ids).clip(max=len(known) - 1)
    return np.where(known[places] == ids, places + 1, 0).astype("int32")


def build_for(model_name: str, params: dict[str, Any], ratings: pd.DataFrame) -> keras.Model:
    """The untrained model as these ratings would train it, to look at."""
    rows = make_rows(ratings, find_known(ratings))
    return build(model_name, resolve_params(model_name, params), rows)


def build(model_name: str, params: dict[str, Any], rows: Rows) -> keras.Model:
    """The untrained model, with tables, mean, range and neighbours as the training rows give them.

    Returns:
        A functional Keras model from `user` and `movie` to stars of shape (batch, 1).
    """
    users, movies = rows.inputs["user"], rows.inputs["movie"]
    user = keras.Input((), dtype="int32", name="user")  # (batch,)
    movie = keras.Input((), dtype="int32", name="movie")  # (batch,)
    factors, l2 = params["factors"], params.get("l2", 0.0)
    p = embed(user, users, factors, "user_factors", l2=l2)  # (batch, factors)
    q = embed(movie, movies, factors, "movie_factors", l2=l2)  # (batch, factors)
    if model_name == "mf.dot":
        stars = layers.Dot(axes=1, name="dot_product")([p, q])  # (batch, 1)
    elif model_name == "mf.mlp":
        stars = _stack_dense_layers(p, q, params)
    elif model_name == "mf.sigmoid":
        low, high = _get_range(rows)
        score = layers.Dot(axes=1, name="dot_product")([p, q])
        share = layers.Activation("sigmoid", name="sigmoid")(score)  # (batch, 1), in 0..1
        stars = layers.Rescaling(high - low, low, name="scale_to_range")(share)
    else:
        if model_name == "mf.implicit":
            p, q = add_implicit_terms(user, movie, p, q, users, movies, params)
        parts = [
            embed(user, users, 1, "user_bias", l2=params["l2_bias"], start="zeros"),
            embed(movie, movies, 1, "movie_bias", l2=params["l2_bias"], start="zeros"),
            layers.Dot(axes=1, name="dot_product")([p, q]),
        ]
        mean = float(rows.targets.mean(dtype="float64"))
        stars = layers.Rescaling(1.0, mean, name="add_global_mean")(layers.Add(name="sum")(parts))
    model = keras.Model({"user": user, "movie": movie}, stars, name=model_name.replace(".", "_"))
    for layer in model.layers:
        if isinstance(layer, layers.Embedding):  # row 0: never trained, so it stays zero
            layer.embeddings[0].assign(tf.zeros(layer.output_dim))
    return model


class ImplicitSum(keras.layers.Layer):
    """|N(u)|^-1/2 sum of the vectors y_j of all j in N(u), for each user u of a batch.

    In SVD++ as Koren gives it a training row's own movie is in N(u), while a test row's never is:
    the model learns from sums that hold the answer's own movie and predicts from sums that do not.
    With `leave_out` a training row's own pair is taken out of its sum: both see the same kind.

    Args:
        owners: row in the owners' table of each training rating (users for N(u)).
        members: row in the members' table of each training rating (movies for N(u)).
        dim: length of the vectors.
        l2: each row of a batch adds l2 |y|^2 of its own member.
        leave_out: see above.
    """

    def __init__(
        self,
        owners: np.ndarray,
        members: np.ndarray,
        dim: int,
        *,
        l2: float,
        leave_out: bool,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self.dim, self.l2, self.leave_out = dim, l2, leave_out
        counts = np.bincount(owners)
        weights = (1 / np.sqrt(counts.clip(min=1))).astype("float32")  # (owners,), |N|^-1/2
        shape = (len(counts), int(members.max()) + 1)
        table = sparse.csr_matrix((weights[owners], (owners, members)), shape)
        self.num_members, self.weights_by_owner = shape[1], tf.constant(weights)
        self.multiply = make_product(table)

    def build(self, input_shape: Any) -> None:
        """The members' vectors, near zero so that training starts from the model without them."""
        start = keras.initializers.RandomUniform(-0.005, 0.005)
        shape = (self.num_members, self.dim)
        self.vectors = self.add_weight("vectors", shape, initializer=start)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Sums of shape (batch, dim) for owners and members of shape (batch,)."""
        owner, member = inputs
        own = tf.gather(self.vectors, member)  # (batch, dim)
        self.add_loss(self.l2 * tf.reduce_mean(tf.reduce_sum(own**2, axis=1)))
        sums = tf.gather(self.multiply(self.vectors), owner)  # (batch, dim)
        if training and self.leave_out:
            sums -= tf.gather(self.weights_by_owner, owner)[:, None] * own
        return sums


def add_implicit_terms(
    user: tf.Tensor,
    movie: tf.Tensor,
    p: tf.Tensor,
    q: tf.Tensor,
    users: np.ndarray,
    movies: np.ndarray,
    params: dict[str, Any],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Factors of users and movies with their implicit terms, each (batch, factors), regularised."""
    options = {"l2": params["l2_implicit"], "leave_out": params["leave_out"]}
    seen = ImplicitSum(users, movies, params["factors"], name="movies_of_user", **options)
    seen_by = ImplicitSum(movies, users, params["factors"], name="users_of_movie", **options)
    return (
        layers.Add(name="user_sum")([p, seen([user, movie])]),
        layers.Add(name="movie_sum")([q, seen_by([movie, user])]),
    )


def _stack_dense_layers(p: tf.Tensor, q: tf.Tensor, params: dict[str, Any]) -> tf.Tensor:
    """Stars (batch, 1) by document A's Model 1: dropout, join, dropout, dense, dropout, dense."""
    rate = params["dropout"]
    p = Dropout(rate, name="user_dropout")(p)
    q = Dropout(rate, name="movie_dropout")(q)
    x = layers.Concatenate(name="concatenate")([p, q])  # (batch, 2 factors)
    x = Dropout(rate, name="dropout_1")(x)
    x = layers.Dense(params["hidden_units"], "relu", name="dense_relu")(x)  # (batch, hidden)
    x = Dropout(rate, name="dropout_2")(x)
    return layers.Dense(1, name="dense_linear")(x)


def embed(
    ids: tf.Tensor, rows: np.ndarray, dim: int, name: str, *, l2: float, start: str = "uniform"
) -> tf.Tensor:
    """Vectors (batch, dim) of these ids, from a table with a row for each that is in `rows`."""
    # Keras divides an activity's penalty by the batch size: it becomes l2 |vector|^2 per rating.
    penalty = keras.regularizers.L2(l2) if l2 else None
    options = {"embeddings_initializer": start, "activity_regularizer": penalty, "name": name}
    return layers.Embedding(rows.max() + 1, dim, **options)(ids)


def _get_range(rows: Rows) -> tuple[float, float]:
    return float(rows.targets.min()), float(rows.targets.max())
