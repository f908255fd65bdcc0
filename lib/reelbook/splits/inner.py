"""The split within a split: what is fitted to its training rows is tested on validation rows."""

import numpy as np

from reelbook.data.tables import Dataset
from reelbook.splits.protocols import draw_by_user
from reelbook.splits.split import Split

SHARE = 0.2  # of each user's training rows: one of the five that a user with 8 ratings has


def make_inner_split(dataset: Dataset, split: Split) -> Split:
    """A split whose known rows are the training rows of another, and its test rows the validation.

    So what is chosen by its test rows has seen no test row of the other one. The validation rows
    are a random share of each user's training rows.

    Args:
        dataset: the canonical tables.
        split: the other one; the seed is its.
    """
    rng = np.random.default_rng([split.seed, 1])
    train, validation = draw_by_user(dataset, split.train, SHARE, rng)
    protocol = f"{split.protocol}-inner"
    return Split(protocol, split.fold, split.seed, train, validation, split.validation, split.rules)
