"""What a user had rated before: the past that a sequence model reads.

All arrays hold row positions in `dataset.ratings`. Many ratings share their second; such ties are
broken by a draw that is the same for every fold and part. The publisher's order would not do: the
folds u1 to u5 are blocks of it, so a test row of u1 would see none of its tied training ratings and
one of u5 all of them, while a training row sees half. By the draw a training row and a test row see
each tied training rating with the same chance, one half.
"""

import numpy as np
import pandas as pd

from reelbook.data.tables import order_by_time


def find_past(
    ratings: pd.DataFrame, targets: np.ndarray, known: np.ndarray, *, length: int
) -> np.ndarray:
    """The last known ratings that a target's user gave before it, the latest first.

    Args:
        ratings: all ratings of the data set, for their order in time.
        targets: row positions, shape (targets,).
        known: row positions that may be seen: the training rows.
        length: the most to give.

    Returns:
        Row positions, shape (targets, length); -1 where there are no more. A target is never in its
        own past, nor is anything that comes after it.
    """
    order = order_by_time(ratings, draw_ties=True)
    users = ratings["user_id"].to_numpy()[order]
    rank = np.empty(len(order), "int64")
    rank[order] = np.arange(len(order))
    is_known = np.zeros(len(order), bool)
    is_known[rank[known]] = True
    choices = np.append(order[is_known], -1)
    num_before = np.concatenate([[0], np.cumsum(is_known)])  # known ratings before each rank
    end = num_before[rank[targets]]  # (targets,)
    start = num_before[np.searchsorted(users, users[rank[targets]])]  # where the user begins
    places = end[:, None] - np.arange(1, length + 1)  # (targets, length)
    return choices[np.where(places >= start[:, None], places, -1)]


def shuffle_past(past: np.ndarray) -> np.ndarray:
    """The same ratings in a drawn order in each row, what is missing (-1) still last."""
    draws = np.random.default_rng(0).random(past.shape)
    return np.take_along_axis(past, np.argsort(np.where(past < 0, 2.0, draws), axis=1), axis=1)
