"""What the towers of document B read: codes of users and movies, time, gender, words of titles.

Document B's vocabularies held titles as printed byte strings, `b'You So Crazy (1994)'`, while its
ratings had cleaned titles without a year. `spelling` says which way the features are made:

    shared      rated movies and candidates have the same codes and the same titles
    mismatched  as in the document: every rated movie has code 0, the one for the unknown, and its
                title is cleaned; the candidates have codes from 1 and the printed byte strings
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.features.ids import encode_user_feature, encode_values
from reelbook.models.two_tower.towers import Arrays, Sizes

TIME_BUCKETS = 1000  # as the tutorial that the document follows
SPELLINGS = ("shared", "mismatched")


class Features(NamedTuple):
    """Inputs of both towers.

    Attributes:
        movies: of all movie entries: first the catalogue in the order of the ids, then, if the
            spelling is mismatched, the same movies as the ratings spell them.
        rated: entry of each movie as the ratings spell it, int32 (movies,).
        sizes: of the embedding tables.
        title_length: words of the longest title.
    """

    movies: Arrays
    rated: np.ndarray
    sizes: Sizes
    title_length: int


def make_features(dataset: Dataset, spelling: str) -> Features:
    """Features of the movies under a spelling.

    Raises:
        ReelbookError: an unknown spelling.
    """
    if spelling not in SPELLINGS:
        raise ReelbookError(f"spelling is one of {', '.join(SPELLINGS)}, not {spelling!r}.")
    cleaned, printed = spell_titles(dataset)
    num_movies = len(cleaned)
    candidates = printed if spelling == "mismatched" else cleaned
    vocabulary = sorted({word for title in candidates for word in split_words(title)})
    codes = np.arange(1, num_movies + 1, dtype="int32")
    spelled = list(candidates)
    if spelling == "mismatched":
        codes = np.concatenate([codes, np.zeros(num_movies, "int32")])
        spelled += list(cleaned)
    titles = _encode_titles(spelled, vocabulary)
    first = num_movies if spelling == "mismatched" else 0
    sizes = Sizes(
        len(dataset.users) + 1, num_movies + 1, TIME_BUCKETS + 2, len(vocabulary) + 2
    )  # 0 is for padding, 1 for an unknown word
    rated = np.arange(first, first + num_movies, dtype="int32")
    return Features({"movie": codes, "title": titles}, rated, sizes, titles.shape[1])


def spell_titles(dataset: Dataset) -> tuple[pd.Series, pd.Series]:
    """Each movie's title as document B's ratings had it, and as its vocabulary had it."""
    movies = dataset.movies.sort_values("movie_id")
    years = movies["year"].map(lambda year: "" if pd.isna(year) else f" ({year})").to_numpy()
    printed = [f"b'{title}{year}'" for title, year in zip(movies["title"], years, strict=True)]
    return movies["title"].rename("rated titles"), pd.Series(printed, name="vocabulary")


def split_words(title: str) -> list[str]:
    """Words as Keras' TextVectorization makes them: lower case, without punctuation."""
    return re.sub(r"[^\w\s]|_", "", title.lower()).split()


def make_queries(
    dataset: Dataset, users: np.ndarray, times: np.ndarray, known_times: np.ndarray
) -> Arrays:
    """Inputs of the query tower.

    Args:
        dataset: for the vocabulary of the users and their gender.
        users: ids, (queries,).
        times: seconds UTC, (queries,).
        known_times: of the training ratings; they decide buckets and scale.
    """
    codes = encode_values(pd.Series(users, name="user_id"), dataset.users["user_id"])
    edges = np.linspace(known_times.min(), known_times.max(), TIME_BUCKETS)
    scaled = (times - known_times.mean()) / max(known_times.std(), 1.0)
    return {
        "user": codes,
        "time_bucket": np.digitize(times, edges).astype("int32"),
        "time": scaled.astype("float32"),
        "gender": encode_user_feature(dataset, "gender")[codes],
    }


def _encode_titles(titles: list[str], vocabulary: list[str]) -> np.ndarray:
    """Codes of the words of each title, int32 (titles, longest); 0 is padding, 1 unknown."""
    places = {word: place for place, word in enumerate(vocabulary, 2)}
    words = [split_words(title) for title in titles]
    table = np.zeros((len(titles), max(map(len, words))), "int32")
    for row, found in enumerate(words):
        table[row, : len(found)] = [places.get(word, 1) for word in found]
    return table
