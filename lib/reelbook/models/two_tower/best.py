"""two_tower.best: a user is the movies that he or she rated, and learns to find the hidden ones.

    q_u = W x_u + w             x_u = history of u: |N(u)|^-1/2 for each movie in N(u), else 0
    c_i = v_i + G g_i           g_i = genres of movie i, multi-hot
    s_ui = q_u . c_i + b_i      one product of two vectors: b_i is the last entry of c_i, beside a 1
    loss = - sum_u sum_{i in N(u)} a_ui log softmax(s_u)_i  /  sum_u sum_{i in N(u)} a_ui

The softmax is over the whole catalogue, not over a batch, so no movie is a negative for being
popular. In training each movie of the history is hidden with chance `dropout`; a hidden one has
weight a_ui = 1, a visible one `visible_weight`: a list for a user never holds what he or she has
seen. The idea and the multinomial loss are those of Liang et al. 2018 (Mult-DAE), made into two
towers. W and v start from the singular vectors of the matrix with |N(u)|^-1/2 |N(i)|^-1/2 where u
rated i, b from the logarithm of the number of ratings: training then only has to improve on a good
linear model.

Above the MOST_CELLS of `fitting.sparse_product` a step scores the movies that its users rated
instead of the catalogue (`candidates`), an epoch has at most 500 steps and training MOST_EPOCHS;
`way` and `grown` in a run's record tell of it. Scoring candidates costs little: with as many epochs
the nDCG@10 on validation rows is .1726 in place of .1734 on ml-100k, and .1517 in place of .1514 on
415,323 ratings of ml-1m.

A user without a training rating has q = w, the same list as all such users. Which movies were rated
counts; how they were rated does not: it did not help on validation rows, and neither did the user's
age, gender, occupation or id. Settings were chosen on the validation rows of `stratified`.
"""

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
import tf_keras as keras
from scipy import sparse
from scipy.sparse.linalg import svds

from reelbook.data.tables import Dataset
from reelbook.metrics import ranking
from reelbook.metrics.catalogue import Score, estimate_top_accuracy
from reelbook.metrics.metric import Metric
from reelbook.models.features.ids import encode_values, make_genre_table
from reelbook.models.features.matrix import count_ratings, list_users, make_matrix
from reelbook.models.fit import Fit
from reelbook.models.fitting.epochs import Network, fit_network
from reelbook.models.fitting.grid import NDCG, Learned
from reelbook.models.fitting.loop import Loss
from reelbook.models.fitting.sparse_product import is_sparse
from reelbook.models.two_tower.candidates import make_candidate_loss
from reelbook.models.two_tower.towers import embed
from reelbook.splits.split import Split

layers = keras.layers

BEST: dict[str, Any] = {
    "dim": 64,
    "dropout": 0.7,  # share of the history that a step hides
    "visible_weight": 0.3,
    "start_scale": 4.0,  # of the singular vectors
    "optimizer": "adam",
    "learning_rate": 0.002,
    "decay_from": 0.5,
    "batch_size": 128,  # users
    "epochs": 40,
}


MOST_EPOCHS = 10  # where candidates are scored


def fit(model_name: str, params: dict[str, Any], dataset: Dataset, split: Split, seed: int) -> Fit:
    """Choose the epoch by nDCG@10 on validation rows, then train afresh with them.

    Under `source` the figures are the document's by id: the whole catalogue is ranked for each test
    rating, movies that the user rated before, too.
    """
    build = functools.partial(make_network, model_name, dataset)
    found = fit_network(build, params, dataset, split, seed=seed, by=NDCG, grows=True)
    if not split.rules.reports_test_epochs:
        return found
    assert found.score is not None  # of a model that ranks
    test = dataset.ratings.iloc[split.test]
    metrics = [*found.metrics, *_evaluate_rows(found.score, dataset, test)]
    return dataclasses.replace(found, metrics=metrics, score=None)


def build(
    name: str, params: dict[str, Any], seen: sparse.csr_matrix, genres: np.ndarray
) -> keras.Model:
    """The model, from history (batch, movies) to scores (batch, movies), at its start.

    Args:
        name: of the model.
        params: `dim` and `start_scale`.
        seen: 1 where a user rated a movie, float32 (users, movies).
        genres: multi-hot float32 (movies, genres).
    """
    dim, num_movies = params["dim"], seen.shape[1]
    history = keras.Input((num_movies,), name="history")
    q = layers.Dense(dim, name="user_tower")(history)  # (batch, dim)
    catalogue = MovieTower(dim, genres, name="movie_tower")
    model = keras.Model(history, catalogue(q), name=name)
    start = params["start_scale"] * find_singular_vectors(seen, dim)  # (movies, dim)
    model.get_layer("user_tower").kernel.assign(start)
    catalogue.vectors.assign(start)
    catalogue.bias.assign(np.log1p(count_ratings(seen)))
    return model


class MovieTower(keras.layers.Layer):
    """Vectors of the whole catalogue, and the scores of user vectors with them.

    Args:
        dim: length of the vectors.
        genres: multi-hot float32 (movies, genres).
    """

    def __init__(self, dim: int, genres: np.ndarray, *, name: str) -> None:
        super().__init__(name=name)
        self.dim, self.genres = dim, tf.constant(genres)

    def build(self, input_shape: Any) -> None:
        """v, G and b, which `build` below gives their start."""
        num_movies, num_genres = self.genres.shape
        self.vectors = self.add_weight("vectors", (num_movies, self.dim), initializer="zeros")
        self.genre_vectors = self.add_weight("genres", (num_genres, self.dim), initializer="zeros")
        self.bias = self.add_weight("bias", (num_movies,), initializer="zeros")
        super().build(input_shape)

    def embed(self) -> tf.Tensor:
        """The vectors c_i, (movies, dim)."""
        return self.vectors + tf.matmul(self.genres, self.genre_vectors)

    def score(self, queries: tf.Tensor, movies: tf.Tensor) -> tf.Tensor:
        """Scores (batch, candidates) of some movies (candidates,)."""
        of_genres = tf.matmul(tf.gather(self.genres, movies), self.genre_vectors)
        vectors = tf.gather(self.vectors, movies) + of_genres  # (candidates, dim)
        return tf.matmul(queries, vectors, transpose_b=True) + tf.gather(self.bias, movies)

    def call(self, queries: tf.Tensor) -> tf.Tensor:
        """Scores (batch, movies) of user vectors (batch, dim)."""
        return tf.matmul(queries, self.embed(), transpose_b=True) + self.bias


def find_singular_vectors(seen: sparse.csr_matrix, dim: int) -> np.ndarray:
    """Right singular vectors, each times the root of its value, largest first, (movies, dim).

    Of the matrix with |N(u)|^-1/2 |N(i)|^-1/2 where user u rated movie i. Vectors beyond its rank
    are zero.
    """
    lengths = np.diff(seen.indptr)  # (users,)
    product = np.repeat(lengths.astype("float32"), lengths) * count_ratings(seen)[seen.indices]
    matrix = sparse.csr_matrix((1 / np.sqrt(product), seen.indices, seen.indptr), seen.shape)
    size = min(dim, min(matrix.shape) - 1)
    _, values, vectors = svds(matrix.astype("float64"), k=size, v0=np.ones(min(matrix.shape)))
    order = np.argsort(-values)
    found = np.sqrt(np.maximum(values[order], 0)) * vectors[order].T
    return np.pad(found, [(0, 0), (0, dim - size)]).astype("float32")


def embed_movies(model: keras.Model) -> np.ndarray:
    """The vectors c_i of the catalogue in the order of the ids, float32 (movies, dim)."""
    return model.get_layer("movie_tower").embed().numpy()


def make_network(
    model_name: str, dataset: Dataset, params: dict[str, Any], ratings: pd.DataFrame
) -> Network:
    """The untrained model of these ratings, and what trains it."""
    seen = make_matrix(dataset, ratings)
    model = build(model_name.replace(".", "_"), params, seen, make_genre_table(dataset)[1:])
    users = list_users(dataset)
    scaled = scale_rows(seen)

    def score(ids: np.ndarray) -> np.ndarray:
        history = scaled[np.searchsorted(users, ids)].toarray()  # (users, movies)
        return embed(model, {"history": history}, block=2048)

    learned = Learned(model.count_params(), score=score, model=model)
    rows = {"user": np.flatnonzero(np.diff(seen.indptr)).astype("int32")}
    if is_sparse(*seen.shape):
        loss = make_candidate_loss(model, seen, params)
        return Network(learned, rows, loss, way="candidates", max_epochs=MOST_EPOCHS)
    return Network(learned, rows, make_loss(model, seen, params))


def make_loss(model: keras.Model, seen: sparse.csr_matrix, params: dict[str, Any]) -> Loss:
    """The loss of a batch with `user`, a row of `seen`, over the whole catalogue."""
    tables = {
        "seen": tf.constant(seen.toarray()),
        "history": tf.constant(scale_rows(seen).toarray()),
    }
    share, weight = params["dropout"], params["visible_weight"]

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        own = tf.gather(tables["seen"], batch["user"])  # (batch, movies)
        history = tf.gather(tables["history"], batch["user"])
        visible = tf.cast(tf.random.uniform(tf.shape(own)) >= share, tf.float32)
        scores = model(history * visible / (1 - share), training=True)  # (batch, movies)
        targets = own * (1 - (1 - weight) * visible)
        likelihood = tf.reduce_sum(targets * tf.nn.log_softmax(scores))
        return -likelihood / tf.maximum(tf.reduce_sum(targets), 1)

    return compute_loss


def scale_rows(seen: sparse.csr_matrix) -> sparse.csr_matrix:
    """x_u of each user, (users, movies)."""
    lengths = np.diff(seen.indptr)  # (users,)
    values = 1 / np.sqrt(np.repeat(lengths.astype("float32"), lengths))
    return sparse.csr_matrix((values, seen.indices, seen.indptr), seen.shape)


def _evaluate_rows(score: Score, dataset: Dataset, test: pd.DataFrame) -> list[Metric]:
    """The document's figures by id: the whole catalogue for each test rating, seen movies too."""
    movies = encode_values(test["movie_id"], dataset.movies["movie_id"]) - 1
    users, place = np.unique(test["user_id"], return_inverse=True)
    scores = score(users)
    ranks = np.concatenate(
        [
            ranking.rank_in_scores(scores[place[part]], movies[part])
            for part in np.array_split(np.arange(len(test)), -(-len(test) // ranking.BLOCK))
        ]
    )
    ranked = pd.DataFrame({"user_id": test["user_id"].to_numpy(), "rank": ranks})
    return estimate_top_accuracy(ranked)
