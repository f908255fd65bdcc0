"""A network on what is known of a rating's neighbours, with factors beside it.

    x_0 = standardised features, cut at CUT deviations             (batch, n)
    x_l+1 = x_0 * (W_l x_l + b_l) + x_l                            two cross layers
    s = mean + b_u + b_i + w . [x_2, relu(V x_0 + c)] + p_u . q_i  p and q as in mf.implicit
    P(r <= k) = sigmoid((c_k - s) exp(a)),  a from the dense layer, c_k one for each level of stars
    stars = sum_k k P(r = k)

It minimises the squared error of the stars less log P(r) of the level that was given. No embedding
of user or movie meets the features: what is left out of a row's features would tell it the stars of
the row, once it knows whose they are.

Sources: Wang et al. 2021 (DCN-V2), equation 1; Koren 2008 (factors with implicit terms); McCullagh
1980 (ordered levels). Sizes and penalties were laid out on the validation rows of u1 to u5 of
ML-100K. Not better there: features of more pairs of kernels, an embedding of each user and movie
(it overfits), one cross layer or none, more dropout, two dense layers.
"""

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from reelbook.models.fitting.dropout import Dropout
from reelbook.models.fitting.epochs import Rows
from reelbook.models.fitting.loop import Loss
from reelbook.models.mf import add_implicit_terms, embed

layers = keras.layers

CUT = 5.0
SPREAD = 0.55  # log of how sharp the levels are at first
START = 0.02  # deviation of the first cross weights


class Levels(keras.layers.Layer):
    """The chance of each level of stars, from s and a of a row.

    Args:
        stars: the levels, ascending (levels,).
    """

    def __init__(self, stars: np.ndarray, **options: Any) -> None:
        super().__init__(**options)
        self.stars = stars

    def build(self, input_shape: Any) -> None:
        """Cuts c_k between the levels at first."""
        between = (self.stars[1:] + self.stars[:-1]) / 2
        start = keras.initializers.Constant(between)
        self.cuts = self.add_weight("cuts", between.shape, initializer=start)
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Chances of shape (batch, levels) for s and a of shape (batch, 1)."""
        s, a = inputs
        below = tf.sigmoid((self.cuts - s) * tf.exp(a + SPREAD))  # (batch, levels - 1)
        ends = tf.zeros_like(s), tf.ones_like(s)
        return tf.concat([below, ends[1]], 1) - tf.concat([ends[0], below], 1)


def build(params: dict[str, Any], rows: Rows) -> keras.Model:
    """The untrained model, from `user`, `movie`, `features` and `base` to stars (batch, 1).

    Args:
        params: all parameters of the model.
        rows: what it will learn from; their features, mean and levels of stars scale it.
    """
    given = rows.inputs["features"]
    user = keras.Input((), dtype="int32", name="user")
    movie = keras.Input((), dtype="int32", name="movie")
    base = keras.Input((1,), name="base")
    features = keras.Input(given.shape[1:], name="features")
    penalty = keras.regularizers.L2(params["l2_weights"])
    scale = {"mean": given.mean(axis=0), "variance": given.var(axis=0)}
    x0 = layers.Normalization(**scale, name="standardise")(features)  # (batch, n)
    x0 = layers.Lambda(lambda x: tf.clip_by_value(x, -CUT, CUT), name="cut")(x0)
    x = x0
    for number in (1, 2):
        start = keras.initializers.RandomNormal(stddev=START)
        product = layers.Dense(
            x0.shape[-1],
            kernel_initializer=start,
            kernel_regularizer=penalty,
            name=f"cross_{number}",
        )(x)
        x = layers.Add(name=f"crossed_{number}")([layers.Multiply()([x0, product]), x])
    h = layers.Dense(params["hidden_units"], "relu", kernel_regularizer=penalty, name="dense")(x0)
    h = Dropout(params["dropout"], name="dense_dropout")(h)  # (batch, hidden)
    x = Dropout(params["dropout"], name="cross_dropout")(x)
    joined = layers.Concatenate(name="join")([x, h])
    linear = {"kernel_initializer": "zeros", "kernel_regularizer": penalty}
    told = layers.Dense(1, **linear, name="weigh")(joined)  # (batch, 1)
    parts = [base, told]
    if not params["lean"]:
        codes = rows.inputs["user"], rows.inputs["movie"]
        size = params["factors"]
        p = embed(user, codes[0], size, "user_factors", l2=params["l2"])
        q = embed(movie, codes[1], size, "movie_factors", l2=params["l2"])
        p, q = add_implicit_terms(user, movie, p, q, *codes, params)
        parts.append(layers.Dot(axes=1, name="factors")([p, q]))  # (batch, 1)
    s = layers.Add(name="sum")(parts)
    sharpness = layers.Dense(1, kernel_initializer="zeros", name="sharpness")(h)
    stars = np.unique(rows.targets)
    chances = Levels(stars, name="levels")([s, sharpness])  # (batch, levels)
    expected = layers.Lambda(lambda x: x @ stars[:, None], name="expect")(chances)
    inputs = {"user": user, "movie": movie, "features": features, "base": base}
    return keras.Model(inputs, expected, name="neighbourhood")


def make_loss(model: keras.Model, stars: np.ndarray) -> Loss:
    """Squared error less the log chance of the `target`'s level; tells the squared errors.

    Args:
        model: of `build`.
        stars: the levels, ascending (levels,).
    """
    chances = keras.Model(model.inputs, model.get_layer("levels").output)
    levels = tf.constant(stars, tf.float32)

    def compute_loss(batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        inputs = {name: batch[name] for name in ("user", "movie", "features", "base")}
        chance = chances(inputs, training=True)  # (batch, levels)
        level = tf.searchsorted(levels, batch["target"])  # (batch,)
        given = tf.gather(chance, level, batch_dims=1)
        squared_errors = tf.square(tf.linalg.matvec(chance, levels) - batch["target"])
        surprise = -tf.math.log(given + 1e-6)
        loss = tf.add_n([tf.reduce_mean(squared_errors + surprise), *chances.losses])
        return loss, tf.reduce_sum(squared_errors)

    return compute_loss
