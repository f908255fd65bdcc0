"""A table that is mostly zeros, times vectors that are trained.

Small tables are multiplied in full: at these sizes that is several times faster. Above MOST_CELLS
the product takes only what is not zero, by SciPy: its time and memory are linear in these entries.
Both give the same, to rounding.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from scipy import sparse

MOST_CELLS = 100_000_000  # of a table in full, 400 MB; ml-1m has 22 million, ml-10m 746

Multiply = Callable[[tf.Tensor], tf.Tensor]


def is_sparse(num_rows: int, num_columns: int) -> bool:
    """Whether a table of this size is kept as what is not zero."""
    return num_rows * num_columns > MOST_CELLS


def make_product(table: sparse.csr_matrix) -> Multiply:
    """From vectors (columns, dim) to their product with a float32 table, (rows, dim)."""
    if not is_sparse(*table.shape):
        constant = tf.constant(table.toarray())
        return lambda vectors: tf.matmul(constant, vectors)
    return _make_sparse_product(table)


def _make_sparse_product(table: sparse.csr_matrix) -> Multiply:
    """The same by SciPy; made again only where the vectors have changed since the last call."""
    kept: list[np.ndarray] = []  # the vectors, and their product

    def find(vectors: np.ndarray) -> np.ndarray:
        if not kept or not np.array_equal(kept[0], vectors):
            kept[:] = [vectors.copy(), table @ vectors]
        return kept[1]

    def run(function: Callable[..., np.ndarray], given: tf.Tensor, num_rows: int) -> tf.Tensor:
        found = tf.numpy_function(function, [given], tf.float32)
        return tf.ensure_shape(found, (num_rows, given.shape[1]))

    @tf.custom_gradient
    def multiply(vectors: tf.Tensor) -> tuple[tf.Tensor, Multiply]:
        def give_gradient(upstream: tf.Tensor) -> tf.Tensor:
            dense = tf.convert_to_tensor(upstream)  # (rows, dim); of a gather they are slices
            return run(lambda given: table.T @ given, dense, table.shape[1])

        return run(find, vectors, table.shape[0]), give_gradient

    return lambda vectors: multiply(tf.convert_to_tensor(vectors))
