"""What the library's guards say to document B's data, before any training."""

import dataclasses

import numpy as np

from reelbook.data.names import count
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.features.ids import check_vocabulary
from reelbook.models.two_tower.features import spell_titles
from reelbook.splits.split import Split


def check_spelling(dataset: Dataset) -> str:
    """What the guard of vocabularies says to the document's two spellings of titles."""
    try:
        check_vocabulary(*spell_titles(dataset))
    except ReelbookError as error:
        return str(error)
    return "The two spellings agree."


def check_rows_beyond(dataset: Dataset, split: Split, *, taken: int = 800_000) -> str:
    """What the guard of splits says to a test set of the rows after the first ones.

    Args:
        dataset: the canonical tables.
        split: any; only its name and its first training row are used.
        taken: rows that train, as in the document's code.
    """
    beyond = np.arange(len(dataset.ratings))[taken:]
    try:
        dataclasses.replace(split, train=split.train[:1], test=beyond)
    except ReelbookError as error:
        return str(error)
    return f"These data have {count(len(beyond), 'rating')} beyond the first {taken:,}."
