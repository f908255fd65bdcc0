"""Ids, genres, ages and other features as the numbers that models look up; 0 is for padding."""

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError

# Lower bounds of the publisher's age groups; ml-1m knows ages only as these.
AGES = [1, 18, 25, 35, 45, 50, 56]


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


def bucketize_age(ages: pd.Series) -> pd.Series:
    """Lower bound of the age group of each age in years, as int64: one of AGES."""
    edges = [-1, *AGES[1:], 1000]
    return pd.cut(ages, edges, right=False, labels=AGES).astype("int64")


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
