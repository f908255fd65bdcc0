"""What must hold before anything is trained: shared vocabularies, and something to test on."""

import numpy as np
import pandas as pd

from reelbook.errors import ReelbookError
from reelbook.schema import Dataset
from reelbook.splits import Split


def check_vocabulary(values: pd.Series | np.ndarray, vocabulary: pd.Series | np.ndarray) -> None:
    """Stop where values are not, letter by letter, in the vocabulary that a model looks them up in.

    Without this a lookup sends them all to one row for the unknown, and training goes on.

    Raises:
        ReelbookError: with how many there are, and the first of them.
    """
    name = getattr(values, "name", None) or "values"
    missing = sorted(set(np.asarray(values).tolist()) - set(np.asarray(vocabulary).tolist()))
    if missing:
        known = map(repr, np.asarray(vocabulary)[:1].tolist())
        raise ReelbookError(
            f"{name}: {len(missing)} different values are not in the vocabulary, such as "
            f"{', '.join(repr(value) for value in missing[:3])}; it has {len(vocabulary)} entries "
            f"spelled like {', '.join(known)}. Rated movies, users and candidates must share one "
            "vocabulary."
        )


def check_training(dataset: Dataset, split: Split) -> None:
    """Stop a training whose figures would mean nothing.

    Raises:
        ReelbookError: rated movies or users that their table does not have, or an empty test part.
    """
    if len(split.test) == 0:
        raise ReelbookError(
            f"Protocol {split.protocol}: the test part is empty, so nothing would be measured."
        )
    check_vocabulary(dataset.ratings["movie_id"], dataset.movies["movie_id"])
    check_vocabulary(dataset.ratings["user_id"], dataset.users["user_id"])
