"""Splits that let a model see more or less of the future: what does it owe to that?

`past` tests the last ratings of each user on what the user rated before, and with a gap only on
what he or she rated in earlier sittings. `leaky` is `global-time` with a share of the later ratings
let into training.
"""

import dataclasses

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.splits.protocols import draw_by_user, make_split
from reelbook.splits.split import Split

HOUR = 3600  # seconds; the gap between two sittings
TESTED, VALIDATING = 0.2, 0.1  # of a user's ratings, and of what is left of them


def make_past_splits(dataset: Dataset, *, gap: int = HOUR, seed: int = 0) -> list[Split]:
    """Two splits with the same test rows: the last fifth of the ratings of each user.

    In the first the user's earlier ratings are known, in the second only those that lie at least
    the gap before the first test row. Users who have no such ratings are not tested, and all of
    theirs are known. A random tenth of each user's known ratings validates.

    Args:
        dataset: the canonical tables.
        gap: seconds.
        seed: draws the validation rows, and the order of ratings that share their second.

    Raises:
        ReelbookError: no user rated at times so far apart.
    """
    ratings = dataset.ratings
    rng = np.random.default_rng(seed)
    users, times = (ratings[column].to_numpy() for column in ("user_id", "timestamp"))
    order = np.lexsort((rng.permutation(len(users)), times, users))
    _, first, counts = np.unique(users[order], return_index=True, return_counts=True)
    place = np.arange(len(users)) - np.repeat(first, counts)  # within the user, from 0
    last = np.zeros(len(users), bool)
    last[order] = place >= np.repeat(counts - np.rint(TESTED * counts), counts)
    of_last = pd.Series(times).where(last).groupby(users).transform("min").to_numpy()
    distant = ~last & (times <= of_last - gap)
    tested = pd.Series(distant).groupby(users).transform("any").to_numpy()
    if not tested.any():
        raise ReelbookError(
            f"No user rated at least {gap:,} seconds before his or her last ratings, so these "
            "ratings cannot tell what the same sitting is worth."
        )
    test = np.flatnonzero(last & tested)
    splits = []
    for name, known in (("past", ~last | ~tested), ("past-apart", distant | ~tested)):
        drawn = draw_by_user(dataset, np.flatnonzero(known), VALIDATING, rng)
        splits.append(Split(name, None, seed, *drawn, test))
    return splits


def make_leaky_split(dataset: Dataset, share: float, *, seed: int = 0) -> Split:
    """`global-time` with a share of the later ratings let into training.

    A random half of the ratings that `global-time` tests is tested; the share is of the other half.
    The test rows are the same for any share, and a larger share holds the smaller ones.

    Args:
        dataset: the canonical tables.
        share: from 0 to 1.
        seed: draws the halves, and the share.
    """
    split = make_split(dataset, "global-time")
    later = np.random.default_rng(seed).permutation(split.test)
    test, rest = np.sort(later[: len(later) // 2]), later[len(later) // 2 :]
    leaked = rest[: round(share * len(rest))]
    train = np.sort(np.concatenate([split.train, leaked]))
    return dataclasses.replace(split, protocol="leaky", seed=seed, train=train, test=test)


def find_first_ratings(ratings: pd.DataFrame, number: int) -> np.ndarray:
    """Whether each rating is among the first so many of its user; ties all are (ratings,)."""
    return (ratings.groupby("user_id")["timestamp"].rank(method="min") <= number).to_numpy()
