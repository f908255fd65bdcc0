"""Rows with the known ratings of their user, or of their movie, as one long list of pairs.

Most users have few ratings: one by one, calls of NumPy would take longer than what they compute.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MOST_PAIRS = 2**15  # of a block, unless one row has more; what is made of it stays in the cache


class Pairs(NamedTuple):
    """A block of rows, each with every known rating of its owner.

    Attributes:
        rows: places of the rows (rows,).
        starts: where each row's pairs begin (rows,); each row has one at least.
        row: number of each pair's row in this block, ascending (pairs,).
        known: place of each pair's known rating, ascending in a row (pairs,).
    """

    rows: np.ndarray
    starts: np.ndarray
    row: np.ndarray
    known: np.ndarray

    def add_up(self, values: np.ndarray) -> np.ndarray:
        """Each row's sum of the values of its pairs, (rows,)."""
        return np.add.reduceat(values, self.starts)

    def find_largest(self, values: np.ndarray) -> np.ndarray:
        """Each row's largest value of its pairs, (rows,)."""
        return np.maximum.reduceat(values, self.starts)

    def find_least(self, values: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Of each row the pair of the least value, of equal ones the first or the last, (rows,)."""
        least = np.minimum.reduceat(values, self.starts)
        found = np.flatnonzero(values == least[self.row])
        if last:
            ends = np.append(self.starts[1:], len(values))
            return found[np.searchsorted(found, ends) - 1]
        return found[np.searchsorted(found, self.starts)]


def pair(owner: np.ndarray, asked: np.ndarray) -> Iterator[Pairs]:
    """Rows with what is known of their owners, block by block; without rows that have no pair.

    Args:
        owner: of the known ratings, ascending (known,).
        asked: owner of each row (rows,).
    """
    low, high = (np.searchsorted(owner, asked, side) for side in ("left", "right"))
    order = np.argsort(asked, kind="stable")
    order = order[high[order] > low[order]]
    low, counts = low[order], (high - low)[order]
    ends = np.cumsum(counts)
    start = 0
    while start < len(order):
        before = ends[start] - counts[start]
        end = max(int(np.searchsorted(ends, before + MOST_PAIRS, "right")), start + 1)
        sizes = counts[start:end]
        starts = ends[start:end] - sizes - before
        row = np.repeat(np.arange(end - start), sizes)
        known = np.arange(len(row)) + (low[start:end] - starts)[row]
        yield Pairs(order[start:end], starts, row, known)
        start = end
