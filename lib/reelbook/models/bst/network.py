"""The networks of the sequence models, from the inputs of `family.make_rows` to stars.

The document's network sees the past as places of one sequence, the target last:

    x_j = relu(W [e_j, genres_j] + b)                              a movie
    z   = [(x_1 + pos_1) r_1, ..., (x_n + pos_n) r_n, x_target]
    z   = LN(y + W leaky_relu(y)) with y = LN(z + attention(z))    one block, or several
    r   = w . dense(...dense([flat z, user features])) + c         dense: W, batch norm, leaky relu

Ours adds to the biased matrix factorisation what the past tells about the target:

    x_j = e_j + W genres_j                                         a movie
    z   = [x_1 + pos_1, ..., x_n + pos_n, x_target]
    a   = attention of the target over z, with signal s_j = r_j - mean - b_j at each past place
    y   = LN(h + W relu(W h)) with h = LN(x_target + a)
    r   = mean + b_u + b_i + q_i . (p_u + W a) + w . relu(W [y, user features])

Nothing in a row holds the rating that is to be predicted. The bias b_j of a past movie does not
either, as that is another movie. W and w stand for a matrix or vector of its own each time.

Sources: Chen et al. 2019, "Behavior Sequence Transformer for E-commerce Recommendation in Alibaba";
Vaswani et al. 2017; the Keras example "Recommendations with Transformer" (Salama 2020), which
document A follows; Koren, Bell and Volinsky 2009 for biases and factors.
"""  # fmt: skip

import math
from typing import Any

import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.models.bst.layers import (
    MovieBias,
    MovieTable,
    PastDropout,
    RatedSequence,
    SelfAttention,
    Sequence,
    TargetAttention,
)
from reelbook.models.features.ids import encode_user_feature, make_genre_table
from reelbook.models.fitting.dropout import Dropout

layers = keras.layers
Inputs = dict[str, tf.Tensor]


def make_inputs(params: dict[str, Any]) -> Inputs:
    """The model's named inputs: codes (batch,), and history and stars (batch, length)."""
    codes = ["user", "movie", *params["user_features"]]
    inputs = {name: keras.Input((), dtype="int32", name=name) for name in codes}
    inputs["history"] = keras.Input((params["length"],), dtype="int32", name="history")
    inputs["stars"] = keras.Input((params["length"],), dtype="float32", name="stars")
    return inputs


def build_document_network(
    inputs: Inputs, params: dict[str, Any], dataset: Dataset, *, mean: float
) -> tf.Tensor:
    """Stars (batch, 1) by document A's transformer; padding is zero and never attended to.

    `mean` is that of the training ratings.
    """
    num_movies, rate = len(dataset.movies), params["dropout"]
    dim = math.isqrt(num_movies)
    movies = MovieTable(make_genre_table(dataset), num_movies, dim, joined=True)
    target, past = movies([inputs["movie"], inputs["history"]])  # (batch, dim), (batch, past, dim)
    sequence = RatedSequence(params["length"])
    x, mask = sequence([target, past, inputs["stars"], inputs["history"]])
    for number in range(1, params["num_blocks"] + 1):
        x = _add_block(x, mask, params, f"block_{number}")  # (batch, past + 1, dim)
    x = layers.Multiply(name="zero_padding")([x, layers.Reshape((-1, 1), name="mask")(mask)])
    x = _concatenate([layers.Flatten(name="flatten")(x), *_embed_people(inputs, params, dataset)])
    for number, units in enumerate(params["hidden_units"], 1):
        x = layers.Dense(units, name=f"dense_{number}")(x)  # (batch, units)
        x = layers.BatchNormalization(name=f"batch_norm_{number}")(x)
        x = layers.LeakyReLU(name=f"leaky_relu_{number}")(x)
        x = Dropout(rate, name=f"dropout_{number}")(x)
    start = keras.initializers.Constant(mean)  # saves the epochs that finding the mean would take
    return layers.Dense(1, bias_initializer=start, name="read_out")(x)


def build_our_network(
    inputs: Inputs, params: dict[str, Any], dataset: Dataset, *, mean: float
) -> tf.Tensor:
    """Stars (batch, 1) by bst.best; `mean` is that of the training ratings."""
    num_users, num_movies = len(dataset.users), len(dataset.movies)
    dim, rate, movie = params["dim"], params["dropout"], inputs["movie"]
    genres = make_genre_table(dataset) if params["genres"] else None
    drop_past = PastDropout(params["history_dropout"])
    history, stars, positions = drop_past([inputs["history"], inputs["stars"]])  # (batch, past)
    movies = MovieTable(genres, num_movies, dim, joined=False)
    target, past = movies([movie, history])  # (batch, dim), (batch, past, dim)
    # (batch, 1) and (batch, past)
    bias, signals = MovieBias(num_movies, mean)([movie, history, stars])
    if not params["ratings"]:
        signals = layers.Rescaling(0.0, name="no_ratings")(signals)
    sequence = Sequence(params["length"], positions=params["positions"])
    places, signals, mask = sequence([target, past, signals, history, positions])
    attend = TargetAttention(params["num_heads"], dim, name="attention")
    a, _ = attend([target, places, signals, mask])  # (batch, dim)
    a = Dropout(rate, name="attention_dropout")(a)
    x = layers.LayerNormalization(name="norm_1")(layers.Add(name="target_and_past")([target, a]))
    y = layers.Dense(2 * dim, "relu", name="feed_forward_1")(x)
    y = Dropout(rate, name="feed_forward_dropout")(y)
    y = layers.Dense(dim, name="feed_forward_2")(y)
    x = layers.LayerNormalization(name="norm_2")(layers.Add(name="feed_forward")([x, y]))
    x = _concatenate([x, *_embed_people(inputs, params, dataset)])
    x = Dropout(rate, name="features_dropout")(x)
    x = layers.Dense(params["hidden_units"], "relu", name="dense")(x)  # (batch, hidden)
    x = Dropout(rate, name="dense_dropout")(x)
    p = _embed(inputs["user"], num_users, dim, "user_factors", l2=params["l2"])  # (batch, dim)
    q = _embed(movie, num_movies, dim, "movie_factors", l2=params["l2"])  # (batch, dim)
    small = keras.initializers.RandomNormal(stddev=0.02)  # so that training starts from p . q
    w = layers.Dense(dim, use_bias=False, kernel_initializer=small, name="factors_of_past")(a)
    parts = [
        _embed(inputs["user"], num_users, 1, "user_bias", l2=params["l2_bias"], start="zeros"),
        layers.ActivityRegularization(l2=params["l2_bias"], name="penalty")(bias),
        layers.Dot(axes=1, name="dot_product")([layers.Add(name="user_now")([p, w]), q]),
        layers.Dense(1, kernel_initializer="zeros", name="read_out")(x),
    ]
    return layers.Rescaling(1.0, mean, name="add_global_mean")(layers.Add(name="sum")(parts))


def _add_block(x: tf.Tensor, mask: tf.Tensor, params: dict[str, Any], name: str) -> tf.Tensor:
    """One transformer block of the document, (batch, places, dim) to the same."""
    dim, rate = x.shape[-1], params["dropout"]
    attend = SelfAttention(params["num_heads"], dim, dropout=rate, name=f"{name}_attention")
    a = attend([x, mask])
    a = Dropout(rate, name=f"{name}_dropout_1")(a)
    x = layers.LayerNormalization(name=f"{name}_norm_1")(layers.Add(name=f"{name}_add_1")([x, a]))
    y = layers.Dense(dim, name=f"{name}_dense")(layers.LeakyReLU(name=f"{name}_leaky_relu")(x))
    y = Dropout(rate, name=f"{name}_dropout_2")(y)
    return layers.LayerNormalization(name=f"{name}_norm_2")(
        layers.Add(name=f"{name}_add_2")([x, y])
    )


def _embed_people(inputs: Inputs, params: dict[str, Any], dataset: Dataset) -> list[tf.Tensor]:
    """Embedding of each user feature, as long as the square root of the number of its values."""
    embedded = []
    for name in params["user_features"]:
        size = int(encode_user_feature(dataset, name).max())
        table = layers.Embedding(size + 1, math.isqrt(size), name=f"{name}_embedding")
        embedded.append(table(inputs[name]))  # (batch, isqrt(size))
    return embedded


def _embed(
    codes: tf.Tensor, size: int, dim: int, name: str, *, l2: float, start: str = "random_normal"
) -> tf.Tensor:
    """Vectors (batch, dim) of codes from 1 to size; each row adds l2 |vector|^2 to the loss."""
    # Keras divides an activity's penalty by the batch size: it becomes l2 |vector|^2 per rating.
    penalty = keras.regularizers.L2(l2)
    return layers.Embedding(size + 1, dim, start, activity_regularizer=penalty, name=name)(codes)


def _concatenate(parts: list[tf.Tensor]) -> tf.Tensor:
    return layers.Concatenate(name="features")(parts) if len(parts) > 1 else parts[0]
