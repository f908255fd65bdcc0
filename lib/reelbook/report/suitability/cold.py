"""How much of what each protocol tests is of users and movies that training does not know."""

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Split

PROTOCOLS = {"official": 1, "source": None, "stratified": None, "leave-last": None,
             "global-time": None}  # fmt: skip
FEW = 10  # ratings of a movie: from then on they say more than its metadata (Pilaszy and Tikk 2009)


def make_splits(dataset: Dataset) -> tuple[dict[str, Split], list[str]]:
    """The split of each protocol that can split these data, and why the others cannot."""
    splits, faults = {}, []
    for protocol, fold in PROTOCOLS.items():
        try:
            splits[protocol] = make_split(dataset, protocol, fold=fold)
        except ReelbookError as error:
            faults.append(str(error))
    return splits, faults


def measure_cold(ratings: pd.DataFrame, splits: dict[str, Split]) -> pd.DataFrame:
    """A row a protocol: shares of the test ratings whose user or movie training hardly knows.

    Args:
        ratings: of the data set.
        splits: by protocol.

    Returns:
        protocol, test_ratings, new_user, new_movie, either: shares of the test ratings without a
        training rating; few: share of those whose movie has fewer than FEW.
    """
    users, movies = (pd.factorize(ratings[key])[0] for key in ("user_id", "movie_id"))
    rows = []
    for protocol, split in splits.items():
        kept = [split.train, *([split.validation] if split.rules.validation_trains else [])]
        known = np.concatenate(kept)
        by_user, by_movie = (_count_known(ids, known, split.test) for ids in (users, movies))
        rows.append(
            {
                "protocol": protocol,
                "test_ratings": len(split.test),
                "new_user": (by_user == 0).mean(),
                "new_movie": (by_movie == 0).mean(),
                "either": ((by_user == 0) | (by_movie == 0)).mean(),
                "few": (by_movie < FEW).mean(),
            }
        )
    columns = ["protocol", "test_ratings", "new_user", "new_movie", "either", "few"]
    return pd.DataFrame(rows, columns=columns)


def _count_known(codes: np.ndarray, known: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """How many of the known rows have the user, or the movie, of each tested one, (tested,)."""
    return np.bincount(codes[known], minlength=codes.max() + 1)[codes[tested]]
