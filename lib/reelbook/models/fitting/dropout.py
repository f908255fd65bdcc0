"""Dropout from a pool of masks: to draw one a step takes a third of the time of a small model.

    y = x m / (1 - p), m = 1 with probability 1 - p, else 0

A layer draws a pool of m / (1 - p) when it is made. Each step takes as many of them in a row as x
has units, from a place drawn anew, and starts over at the pool's end.

Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
"""  # fmt: skip

import random
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

POOL = 2**20 + 7  # units; a prime is no multiple of any width, so rows and units meet anew


class Dropout(keras.layers.Layer):
    """Leaves out units at random while training, and scales the others up; as in Keras.

    Args:
        rate: share of the units to leave out, at least 0 and below 1.
    """

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate
        # Keras, too, seeds its layers from Python's generator, which `loop.set_seed` seeds.
        seed = random.randrange(2**31)
        kept = np.random.default_rng(seed).random(POOL, "float32") >= rate
        self.pool = tf.constant(kept.astype("float32") / (1 - rate))
        self.generator = tf.random.Generator.from_seed(seed, alg="philox")

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """The same shape."""
        if not training or self.rate == 0:
            return x
        size = tf.size(x)
        start = self.generator.uniform([], maxval=POOL, dtype=tf.int32)
        repeats = (start + size + POOL - 1) // POOL
        pool = tf.cond(repeats > 1, lambda: tf.tile(self.pool, [repeats]), lambda: self.pool)
        return x * tf.reshape(pool[start : start + size], tf.shape(x))
