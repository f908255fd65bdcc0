"""The loss of two_tower.best where users x movies are too many: over candidates, looked up.

A step's candidates C are the movies that its users rated. The softmax divides by an estimate of its
sum over the catalogue in which each movie counts by the inverse of its chance to be in C (Horvitz
and Thompson 1952); a user's own movies are there for sure:

    Z_u = sum_{i in N(u)} exp s_ui + sum_{i in C, not in N(u)} exp(s_ui) / pi_i
    pi_i = 1 - (1 - n_i / users)^batch          n_i ratings of movie i, batch users in the step

A step costs what its users rated, and users x candidates.
"""

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from scipy import sparse

from reelbook.models.features.matrix import count_ratings
from reelbook.models.fitting.loop import Loss


def make_candidate_loss(
    model: keras.Model, seen: sparse.csr_matrix, params: dict[str, Any]
) -> Loss:
    """The loss of a batch with `user`, a row of `seen`.

    Args:
        model: has a layer `user_tower` and a layer `movie_tower`.
        seen: 1 where a user rated a movie, (users, movies).
        params: `dropout` and `visible_weight`.
    """
    share, weight = params["dropout"], params["visible_weight"]
    splits, movies = tf.constant(seen.indptr, tf.int64), tf.constant(seen.indices, tf.int32)
    rated = tf.RaggedTensor.from_row_splits(movies, splits, validate=False)  # (users, None)
    num_users = np.count_nonzero(np.diff(seen.indptr))
    with np.errstate(divide="ignore"):  # of a movie that all have rated: never absent
        absent = np.log1p(-count_ratings(seen) / np.float32(num_users))  # (movies,)
    log_absent = tf.constant(absent, tf.float32)
    user_tower, movie_tower = (model.get_layer(f"{side}_tower") for side in ("user", "movie"))

    def compute_loss(batch: dict[str, tf.Tensor]) -> tf.Tensor:
        own = tf.gather(rated, batch["user"])  # (batch, None)
        num_batch, movie, row = own.nrows(), own.flat_values, own.value_rowids()  # (ratings,)
        candidates, place = tf.unique(movie)  # (candidates,), (ratings,)
        visible = tf.cast(tf.random.uniform(tf.shape(movie)) >= share, tf.float32)  # (ratings,)
        lengths = tf.gather(tf.cast(own.row_lengths(), tf.float32), row)  # (ratings,)
        history = visible / tf.sqrt(lengths) / (1 - share)
        vectors = tf.gather(user_tower.kernel, movie) * history[:, None]  # (ratings, dim)
        q = tf.math.unsorted_segment_sum(vectors, row, num_batch) + user_tower.bias  # (batch, dim)
        scores = movie_tower.score(q, candidates)  # (batch, candidates)
        pairs = tf.stack([tf.cast(row, tf.int32), place], axis=1)  # (ratings, 2)
        own_scores = tf.gather_nd(scores, pairs)
        chance = -tf.math.expm1(tf.cast(num_batch, tf.float32) * tf.gather(log_absent, candidates))
        surplus = tf.tile(-tf.math.log(chance)[None], [num_batch, 1])  # (batch, candidates)
        surplus = tf.tensor_scatter_nd_update(surplus, pairs, tf.zeros_like(history))
        normaliser = tf.reduce_logsumexp(scores + surplus, axis=1)  # (batch,), log Z_u
        targets = 1 - (1 - weight) * visible  # (ratings,)
        likelihood = tf.reduce_sum(targets * (own_scores - tf.gather(normaliser, row)))
        return -likelihood / tf.maximum(tf.reduce_sum(targets), 1)

    return compute_loss
