"""The layers of the sequence models: movies, sequences, attention of the target over its past.

Places in a sequence run from the latest (0) backwards; a place without a movie (0) is padding.
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from reelbook.models.fitting.dropout import Dropout


class MovieTable(keras.layers.Layer):
    """A vector for each movie, from its own embedding and its genres.

    With `joined` as in the documents: relu(W [embedding, genres] + b). Else their sum:
    embedding + W genres, so that a movie without ratings still has what its genres tell.

    Args:
        genres: (movies + 1, genres), multi-hot; row 0 is padding. None leaves genres out.
        dim: length of the vectors.
        joined: see above.
    """

    def __init__(
        self, genres: np.ndarray | None, num_movies: int, dim: int, *, joined: bool
    ) -> None:
        super().__init__(name="movie_table")
        self.genres = None if genres is None else tf.constant(genres, tf.float32)
        self.num_rows, self.dim, self.joined = num_movies + 1, dim, joined

    def build(self, input_shape: Any) -> None:
        """The embeddings start as Keras starts them."""
        self.embeddings = self.add_weight(
            "embeddings", (self.num_rows, self.dim), initializer="random_normal"
        )
        if self.genres is not None:
            width = self.genres.shape[1] + (self.dim if self.joined else 0)
            self.kernel = self.add_weight("kernel", (width, self.dim), initializer="glorot_uniform")
        if self.joined:
            self.bias = self.add_weight("bias", (self.dim,), initializer="zeros")
        super().build(input_shape)

    def call(self, movies: list[tf.Tensor]) -> list[tf.Tensor]:
        """Vectors (..., dim) for each tensor of movie rows, all from one table."""
        # The table is worked out once a step: it has fewer rows than a batch of sequences.
        table = self.embeddings
        if self.genres is not None and self.joined:
            joined = tf.concat([table, self.genres], axis=1)
            table = tf.nn.relu(tf.matmul(joined, self.kernel) + self.bias)
        elif self.genres is not None:
            table = table + tf.matmul(self.genres, self.kernel)
        return [tf.gather(table, rows) for rows in movies]


class MovieBias(keras.layers.Layer):
    """How much better than others a movie is rated, and each past rating against that.

    Args:
        num_movies: how many there are.
        mean: of the training ratings, in stars.
    """

    def __init__(self, num_movies: int, mean: float) -> None:
        super().__init__(name="movie_bias")
        self.num_movies, self.mean = num_movies, mean

    def build(self, input_shape: Any) -> None:
        """A bias of each movie, and one of padding."""
        self.biases = self.add_weight("biases", (self.num_movies + 1,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        """Bias (batch, 1) of the target, and stars above mean and bias of each past rating.

        Args:
            inputs: target (batch,), history (batch, length) and stars (batch, length).
        """
        target, history, stars = inputs
        signals = stars - self.mean - tf.gather(self.biases, history)  # (batch, length)
        return [tf.gather(self.biases, target)[:, None], signals]


class TargetAttention(keras.layers.Layer):
    """Multi-head attention of one query, the target, over a sequence with two kinds of values.

        a = softmax over unmasked places of (W_q t) . (W_k x) / sqrt(dim / heads)
        out = W_o [sum a x, sum a s x, sum a s] over all heads

    t is the target, x the vectors of the places, s a number at each place (how much better than
    usual the user rated it). Keys and values need no projection of their own: (W_q t) . (W_k x) is
    (W_k' W_q t) . x, and W_o follows on the sums. So the cost of a place is two products of length
    `dim` a head, and a layer over 40 places is as cheap as a small dense layer.
    """  # fmt: skip

    def __init__(self, num_heads: int, dim: int, **options: Any) -> None:
        super().__init__(**options)
        self.num_heads, self.dim, self.head_dim = num_heads, dim, dim // num_heads

    def build(self, input_shape: Any) -> None:
        """Projections of query and key for each head, and one of the joined sums."""
        heads, dim = self.num_heads, self.dim
        self.query = self.add_weight(
            "query", (dim, heads * self.head_dim), initializer="glorot_uniform"
        )
        self.key = self.add_weight("key", (heads, self.head_dim, dim), initializer="glorot_uniform")
        self.output_kernel = self.add_weight(
            "output", (heads * (2 * dim + 1), dim), initializer="glorot_uniform"
        )
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        """Output (batch, dim) and weights (batch, heads, places).

        Args:
            inputs: target (batch, dim), places (batch, places, dim), signals (batch, places), mask
                (batch, places), true where there is something.
        """
        target, places, signals, mask = inputs
        query = tf.reshape(tf.matmul(target, self.query), [-1, self.num_heads, self.head_dim])
        query = tf.einsum("bhk,hkd->bhd", query, self.key) / math.sqrt(self.head_dim)
        scores = tf.matmul(query, places, transpose_b=True)  # (batch, heads, places)
        scores = tf.where(mask[:, None, :], scores, tf.float32.min)
        weights = tf.nn.softmax(scores)  # (batch, heads, places)
        weighted = weights * signals[:, None, :]  # (batch, heads, places)
        sums = tf.matmul(tf.concat([weights, weighted], axis=1), places)  # (batch, 2 heads, dim)
        width = 2 * self.num_heads * self.dim
        joined = [tf.reshape(sums, [-1, width]), tf.reduce_sum(weighted, axis=2)]
        return [tf.matmul(tf.concat(joined, axis=1), self.output_kernel), weights]


class PastDropout(keras.layers.Layer):
    """Leaves out places of the past while training, others in each step.

    All rows of a step lose the same places. So those cost nothing, and a step takes a third less
    time than with places masked row by row, at the same error.

    Args:
        rate: share of the places to leave out.
    """

    def __init__(self, rate: float) -> None:
        super().__init__(name="past_dropout")
        self.rate = rate

    def call(self, inputs: list[tf.Tensor], training: bool | None = None) -> list[tf.Tensor]:
        """Movies and stars of the places that stay, (batch, kept) each, and the places (kept,).

        Args:
            inputs: history (batch, length) and stars (batch, length).
            training: whether to leave out places.
        """
        history, stars = inputs
        length = history.shape[1]
        places = tf.range(length)
        if training:
            places = tf.random.shuffle(places)[: length - round(self.rate * length)]
        return [tf.gather(history, places, axis=1), tf.gather(stars, places, axis=1), places]


class Sequence(keras.layers.Layer):
    """What attention looks at: past movies with their positions, then the target itself.

    With the target among the places, a user without a past still has one to look at.

    Args:
        length: the most past ratings there are; the latest has position 0.
        positions: whether to add a vector for each position.
    """

    def __init__(self, length: int, *, positions: bool) -> None:
        super().__init__(name="sequence")
        self.length, self.positions = length, positions

    def build(self, input_shape: Any) -> None:
        """Vectors of the positions."""
        if self.positions:
            shape = (self.length, input_shape[0][-1])
            self.vectors = self.add_weight("positions", shape, initializer="random_normal")
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        """Places (batch, past + 1, dim), signals and mask (batch, past + 1); the target comes last.

        Args:
            inputs: target (batch, dim), past (batch, past, dim), signals (batch, past), history
                (batch, past), movie codes with 0 for padding, and the position (past,) of each.
        """
        target, past, signals, history, positions = inputs
        if self.positions:
            past = past + tf.gather(self.vectors, positions)
        mask = history > 0  # (batch, past)
        return [
            tf.concat([past, target[:, None]], axis=1),
            tf.pad(tf.where(mask, signals, 0.0), [[0, 0], [0, 1]]),
            tf.pad(mask, [[0, 0], [0, 1]], constant_values=True),
        ]


class RatedSequence(keras.layers.Layer):
    """The document's sequence: past movies plus position, times rating; then the target.

    Args:
        length: number of past ratings; the latest has position 0.
    """

    def __init__(self, length: int) -> None:
        super().__init__(name="rated_sequence")
        self.length = length

    def build(self, input_shape: Any) -> None:
        """Vectors of the positions."""
        shape = (self.length, input_shape[0][-1])
        self.vectors = self.add_weight("positions", shape, initializer="random_normal")
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        """Places (batch, length + 1, dim) and mask (batch, length + 1), 0 for padding, else 1.

        Args:
            inputs: target (batch, dim), past (batch, length, dim), stars (batch, length) and
                history (batch, length), movie codes with 0 for padding.
        """
        target, past, stars, history = inputs
        mask = tf.cast(history > 0, tf.float32)
        past = (past + self.vectors) * (stars * mask)[:, :, None]
        return [
            tf.concat([past, target[:, None]], axis=1),
            tf.pad(mask, [[0, 0], [0, 1]], constant_values=1.0),
        ]


class SelfAttention(keras.layers.Layer):
    """Multi-head attention of all places over each other, as in Vaswani et al. 2017.

        a = softmax over unmasked places of (W_q x_i + b_q) . (W_k x_j) / sqrt(head_dim)
        out_i = W_o [sum_j a_j W_v x_j] + b_o over all heads

    Weights and start are those of Keras' MultiHeadAttention, less the biases of keys, which the
    softmax takes out, and of values, which b_o stands for. But W_k' W_q and W_o W_v are multiplied
    first: then the places need no keys and values of their own, nothing is transposed, and with
    short sequences it takes half the time.

    Args:
        num_heads: heads.
        head_dim: length of each head's keys.
        dropout: share of the attention that training leaves out.
    """  # fmt: skip

    def __init__(self, num_heads: int, head_dim: int, *, dropout: float, name: str) -> None:
        super().__init__(name=name)
        self.num_heads, self.head_dim = num_heads, head_dim
        self.drop = Dropout(dropout)

    def build(self, input_shape: Any) -> None:
        """Kernels of queries, keys, values and output."""
        dim, heads, size = input_shape[0][-1], self.num_heads, self.head_dim
        shape = (dim, heads, size)
        self.query = self.add_weight("query", shape, initializer="glorot_uniform")
        self.key = self.add_weight("key", shape, initializer="glorot_uniform")
        self.value = self.add_weight("value", shape, initializer="glorot_uniform")
        self.join = self.add_weight("output", (heads, size, dim), initializer="glorot_uniform")
        self.query_bias = self.add_weight("query_bias", (heads, size), initializer="zeros")
        self.output_bias = self.add_weight("output_bias", (dim,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: list[tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """From places (batch, places, dim) and mask (batch, places) to (batch, places, dim)."""
        x, mask = inputs
        num_places, dim, heads = x.shape[1], x.shape[2], self.num_heads
        kernel = tf.reshape(tf.einsum("dhk,ehk->dhe", self.query, self.key), [dim, heads * dim])
        bias = tf.reshape(tf.einsum("hk,ehk->he", self.query_bias, self.key), [heads * dim])
        query = tf.matmul(tf.reshape(x, [-1, dim]), kernel) + bias
        query = tf.reshape(query, [-1, num_places * heads, dim])
        scores = tf.matmul(query, x, transpose_b=True) / math.sqrt(self.head_dim)
        scores = tf.where(mask[:, None, :] > 0, scores, tf.float32.min)
        weights = tf.nn.softmax(scores)  # (batch, places x heads, places)
        weights = self.drop(weights, training=training)
        sums = tf.reshape(tf.matmul(weights, x), [-1, heads * dim])  # (batch x places, heads x dim)
        kernel = tf.reshape(tf.einsum("dhk,hke->hde", self.value, self.join), [heads * dim, dim])
        return tf.reshape(tf.matmul(sums, kernel) + self.output_bias, [-1, num_places, dim])
