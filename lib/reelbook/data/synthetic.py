"""A made-up data set in the shape of MovieLens, for tests and for trying a pipeline in seconds.

Deterministic. The ratings follow a low-rank model with biases, popularity has a long tail and users
rate in sittings, so that what works on real ratings has something to find here too.
"""

import numpy as np
import pandas as pd

from reelbook.data.parsing import GENRES_100K, Tables

SOURCE = "made up by reelbook"
NOTE = "made-up ratings, titles and people, fit for trying the pipeline and for nothing else"

NUM_USERS = 60
NUM_MOVIES = 100
RANK = 3

OCCUPATIONS = [
    "administrator", "artist", "doctor", "educator", "engineer", "entertainment", "executive",
    "healthcare", "homemaker", "lawyer", "librarian", "marketing", "none", "other", "programmer",
    "retired", "salesman", "scientist", "student", "technician", "writer",
]  # fmt: skip
# Two with letters, one that no state has, leading zeros, and cities in many states.
ZIP_CODES = [
    "02139", "10001", "19104", "30303", "33101", "48103", "55414", "60601", "73301", "75201",
    "80202", "84101", "90210", "94110", "95064", "97201", "98101", "99501", "V3N4P", "M4J2K",
    "00000",
]  # fmt: skip
FIRST_WORDS = ["Silent", "Paper", "Northern", "Second", "Crooked", "Golden", "Last", "Borrowed",
               "Electric", "Winter"]  # fmt: skip
SECOND_WORDS = ["Harbor", "Orchard", "Detective", "Letters", "Machine", "Summer", "Bridge",
                "Garden", "Signal", "Company"]  # fmt: skip


def make_tables(seed: int = 0) -> Tables:
    """The made-up tables: 60 users, 100 movies and some 3,000 ratings, the same for a seed."""
    generator = np.random.default_rng(seed)
    users = _make_users(generator)
    movies = _make_movies(generator)
    return Tables(_make_ratings(generator), users, movies)


def _make_users(generator: np.random.Generator) -> pd.DataFrame:
    # The first users go through every occupation, gender and age group; the rest are drawn.
    ages = np.r_[[7, 18, 25, 35, 45, 50, 56], generator.integers(14, 66, NUM_USERS - 7)]
    shares = np.where(np.array(OCCUPATIONS) == "student", 5.0, 1.0)  # students are the largest
    shares /= shares.sum()
    drawn = generator.choice(OCCUPATIONS, NUM_USERS - len(OCCUPATIONS), p=shares)
    return pd.DataFrame(
        {
            "user_id": np.arange(1, NUM_USERS + 1, dtype="int32"),
            "age": ages.astype("int32"),
            "gender": np.where(generator.random(NUM_USERS) < 0.3, "F", "M"),
            "occupation": [*OCCUPATIONS, *drawn],
            "zip_code": [*ZIP_CODES, *generator.choice(ZIP_CODES, NUM_USERS - len(ZIP_CODES))],
        }
    ).astype(dict.fromkeys(["gender", "occupation", "zip_code"], "str"))


def _make_movies(generator: np.random.Generator) -> pd.DataFrame:
    titles = [f"{first} {second}" for first in FIRST_WORDS for second in SECOND_WORDS]
    titles[1] = titles[0]  # real data have titles under two ids
    years = pd.Series(1998 - generator.geometric(0.12, NUM_MOVIES), dtype="Int32")
    years[NUM_MOVIES - 1] = pd.NA
    genres = []
    for movie in range(NUM_MOVIES):
        second = str(generator.choice(["Action", "Comedy", "Drama"], 1)[0])
        both = {GENRES_100K[movie % len(GENRES_100K)], second}
        genres.append(sorted(both, key=GENRES_100K.index))
    return pd.DataFrame(
        {
            "movie_id": np.arange(1, NUM_MOVIES + 1, dtype="int32"),
            "title": pd.Series(titles, dtype="str"),
            "year": years,
            "genres": pd.Series(genres, dtype=object),
        }
    )


def _make_ratings(generator: np.random.Generator) -> pd.DataFrame:
    user_factors = generator.normal(0, 0.55, (NUM_USERS, RANK))
    movie_factors = generator.normal(0, 0.55, (NUM_MOVIES, RANK))
    user_biases = generator.normal(0, 0.4, NUM_USERS)
    movie_biases = generator.normal(0, 0.5, NUM_MOVIES)
    # (users, movies): the stars that a user would give, before noise
    scores = 3.5 + user_biases[:, None] + movie_biases + user_factors @ movie_factors.T
    # Good movies are seen more, and few movies get most of the ratings.
    appeal = np.exp(movie_biases) / np.sqrt(np.arange(1, NUM_MOVIES + 1))
    counts = generator.integers(20, 81, NUM_USERS)
    parts = []
    for user, count in enumerate(counts):
        seen = generator.choice(NUM_MOVIES, count, replace=False, p=appeal / appeal.sum())
        stars = np.rint(scores[user, seen] + generator.normal(0, 0.6, count)).clip(1, 5)
        # One or two sittings, a few ratings a minute: many share their second.
        sittings = 880_000_000 + generator.integers(0, 15_000_000, 1 + user % 2)
        started = np.sort(generator.choice(sittings, count))
        minutes = np.sort(generator.integers(0, count // 3 + 1, count))
        columns = [np.full(count, user + 1), seen + 1, stars, started + 60 * minutes]
        parts.append(np.column_stack(columns))
    rows = np.concatenate(parts)[generator.permutation(counts.sum())]
    types = {"user_id": "int32", "movie_id": "int32", "rating": "float32", "timestamp": "int64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)
