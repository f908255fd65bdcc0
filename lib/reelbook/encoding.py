"""Ids, genres and user features as the numbers that models look up; 0 is left for padding."""

import numpy as np
import pandas as pd

from reelbook.features import bucketize_age
from reelbook.guards import check_vocabulary
from reelbook.schema import Dataset


def encode_values(values: pd.Series, vocabulary: pd.Series) -> np.ndarray:
    """Place of each value among the sorted different ones of a vocabulary, int32, from 1.

    Args:
        values: all of them must be in the vocabulary.
        vocabulary: in any order, with repetitions.

    Raises:
        ReelbookError: values that are not in the vocabulary; it names them.
    """
    check_vocabulary(values, vocabulary)
    known = np.unique(vocabulary.to_numpy())
    return (np.searchsorted(known, values.to_numpy()) + 1).astype("int32")


def encode_user_feature(dataset: Dataset, name: str) -> np.ndarray:
    """Code from 1 of a feature of each user, int32 (users + 1,); a user's code is its row here.

    Args:
        dataset: the canonical tables.
        name: `age_group` or a column of the users.
    """
    users = dataset.users.sort_values("user_id")
    values = bucketize_age(users["age"]) if name == "age_group" else users[name]
    return np.concatenate([np.zeros(1, "int32"), encode_values(values, values)])


def make_genre_table(dataset: Dataset) -> np.ndarray:
    """Genres of each movie, multi-hot float32 (movies + 1, genres); a movie's code is its row."""
    names = sorted({genre for genres in dataset.movies["genres"] for genre in genres})
    table = np.zeros((len(dataset.movies) + 1, len(names)), "float32")
    codes = encode_values(dataset.movies["movie_id"], dataset.movies["movie_id"])
    for code, genres in zip(codes, dataset.movies["genres"], strict=True):
        table[code, [names.index(genre) for genre in genres]] = 1
    return table
