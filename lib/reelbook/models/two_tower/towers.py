"""The two towers of document B as Keras models, and the loss of its retrieval task.

    q = query tower(user, ...)    c = candidate tower(movie, ...)
    stars = head([q, c])          score = q . c

Retrieval is a softmax over the rated movies of the batch (TFRS' Retrieval task, summed over rows):

    loss = sum_i ( log sum_j exp(q_i . c_j) - q_i . c_i )        i, j over the rows of the batch

A batch of 8,192 ratings has 67 million pairs of rows, but few different movies. Equal movies have
equal scores, so with n_m rows of movie m in the batch the same loss is

    loss = sum_i ( log sum_m n_m exp(q_i . c_m) - q_i . c_i )    m over the different movies

and it needs only one score for each different query and each different movie.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from reelbook.models.fitting.loop import PREDICT_BATCH, apply_model

layers = keras.layers

Arrays = dict[str, np.ndarray]


class Towers(NamedTuple):
    """The parts of a model and all of it.

    Attributes:
        query: from query features to vectors (queries, dim).
        candidate: from movie features to vectors (movies, dim).
        head: from query_vector and movie_vector, each (batch, dim), to stars (batch, 1).
        model: all weights, from all features to [score (batch, 1), stars (batch, 1)].
    """

    query: keras.Model
    candidate: keras.Model
    head: keras.Model
    model: keras.Model


class Sizes(NamedTuple):
    """How many codes there are of each feature, the one for the unknown included."""

    users: int
    movies: int
    time_buckets: int
    words: int


def build_towers(
    name: str,
    sizes: Sizes,
    *,
    dim: int,
    tower_units: list[int],
    head_units: list[int],
    dropout: float,
    side_features: bool,
    title_length: int,
) -> Towers:
    """The untrained towers of document B, section 6c.

    Args:
        name: of the whole model.
        sizes: of the embedding tables.
        dim: length of each embedding.
        tower_units: dense layers of each tower, the last one linear; none: the embedding is the
            vector.
        head_units: dense layers of the rating head before its output.
        dropout: after each hidden layer of the head.
        side_features: time and gender in the query tower, the title's words in the other.
        title_length: words of a title, padded by 0.
    """
    user = keras.Input((), dtype="int32", name="user")
    movie = keras.Input((), dtype="int32", name="movie")
    query_inputs, movie_inputs = {"user": user}, {"movie": movie}
    query_parts = [layers.Embedding(sizes.users, dim, name="user_embedding")(user)]  # (batch, dim)
    movie_parts = [layers.Embedding(sizes.movies, dim, name="movie_embedding")(movie)]
    if side_features:
        bucket = keras.Input((), dtype="int32", name="time_bucket")
        time = keras.Input((), dtype="float32", name="time")
        gender = keras.Input((), dtype="int32", name="gender")
        title = keras.Input((title_length,), dtype="int32", name="title")
        query_inputs |= {"time_bucket": bucket, "time": time, "gender": gender}
        movie_inputs |= {"title": title}
        words = layers.Embedding(sizes.words, dim, mask_zero=True, name="word_embedding")(title)
        movie_parts.append(layers.GlobalAveragePooling1D(name="mean_of_words")(words))
        query_parts += [
            layers.Embedding(sizes.time_buckets, dim, name="time_embedding")(bucket),
            layers.Reshape((1,), name="normalised_time")(time),  # (batch, 1)
            layers.Embedding(3, dim, name="gender_embedding")(gender),  # 0 is for padding
        ]
    q = _stack("query", _join("query", query_parts), tower_units)  # (batch, last unit)
    c = _stack("candidate", _join("candidate", movie_parts), tower_units)
    query = keras.Model(query_inputs, q, name="query_tower")
    candidate = keras.Model(movie_inputs, c, name="candidate_tower")
    vectors = {
        name: keras.Input((q.shape[1],), name=name) for name in ("query_vector", "movie_vector")
    }
    x = layers.Concatenate(name="both_vectors")(list(vectors.values()))  # (batch, 2 dim)
    for number, units in enumerate(head_units, 1):
        x = layers.Dense(units, "relu", name=f"rating_{number}")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"rating_dropout_{number}")(x)
    head = keras.Model(vectors, layers.Dense(1, name="stars")(x), name="rating_head")
    pair = {"query_vector": query(query_inputs), "movie_vector": candidate(movie_inputs)}
    outputs = [layers.Dot(axes=1, name="score")(list(pair.values())), head(pair)]
    model = keras.Model(query_inputs | movie_inputs, outputs, name=name)
    return Towers(query, candidate, head, model)


def compute_batch_softmax(
    queries: tf.Tensor, movies: tf.Tensor, query_of_row: tf.Tensor, movie_of_row: tf.Tensor
) -> tf.Tensor:
    """The loss of the retrieval task on a batch, summed over its rows; equations above.

    Args:
        queries: vectors of the different queries of the batch, (queries, dim).
        movies: vectors of its different movies, (movies, dim); every one of them has a row.
        query_of_row: which query a row is, int32 (batch,).
        movie_of_row: which movie a row rated, int32 (batch,).
    """
    scores = tf.matmul(queries, movies, transpose_b=True)  # (queries, movies)
    counts = tf.math.bincount(movie_of_row, minlength=tf.shape(movies)[0], dtype=tf.float32)
    normaliser = tf.reduce_logsumexp(scores + tf.math.log(counts), axis=1)  # (queries,)
    own = tf.gather_nd(scores, tf.stack([query_of_row, movie_of_row], axis=1))  # (batch,)
    return tf.reduce_sum(tf.gather(normaliser, query_of_row) - own)


def compute_uniform_loss(num_rows: int, batch_size: int) -> float:
    """What the retrieval loss of an epoch is where all scores are equal: sum of b log b."""
    full, rest = divmod(num_rows, batch_size)
    last = rest * np.log(rest) if rest else 0.0
    return float(full * batch_size * np.log(batch_size) + last)


def embed(tower: keras.Model, inputs: Arrays, *, block: int = PREDICT_BATCH) -> np.ndarray:
    """What a tower or the head gives for these inputs, without dropout, float32 (rows, dim).

    Inputs that it does not know are left aside.
    """
    inputs = {name: inputs[name] for name in tower.input_names}
    return apply_model(tower, inputs, block=block)


def _join(name: str, parts: list[tf.Tensor]) -> tf.Tensor:
    return layers.Concatenate(name=f"{name}_features")(parts) if len(parts) > 1 else parts[0]


def _stack(name: str, x: tf.Tensor, units: list[int]) -> tf.Tensor:
    """Dense layers, relu but for the last, which is linear so that scores can have any sign."""
    for number, size in enumerate(units, 1):
        activation = None if number == len(units) else "relu"
        x = layers.Dense(size, activation, name=f"{name}_{number}")(x)
    return x
