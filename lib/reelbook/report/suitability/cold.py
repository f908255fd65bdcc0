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
    rows = []
    for protocol, split in splits.items():
        kept = [split.train, *([split.validation] if split.rules.validation_trains else [])]
        known, tested = ratings.iloc[np.concatenate(kept)], ratings.iloc[split.test]
        by_user, by_movie = (
            tested[key].map(known[key].value_counts()).fillna(0) for key in ("user_id", "movie_id")
        )
        rows.append(
            {
                "protocol": protocol,
                "test_ratings": len(tested),
                "new_user": (by_user == 0).mean(),
                "new_movie": (by_movie == 0).mean(),
                "either": ((by_user == 0) | (by_movie == 0)).mean(),
                "few": (by_movie < FEW).mean(),
            }
        )
    columns = ["protocol", "test_ratings", "new_user", "new_movie", "either", "few"]
    return pd.DataFrame(rows, columns=columns)
