"""The canonical tables of a data set: their columns, their order in time, their zip codes."""

import datetime
import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from reelbook.data.names import ENOUGH, MANY

STARS = (1, 5)  # whole ones
# Seconds since 1970. MovieLens began in 1997: a time long before is missing, cut off or in days.
TIMES = (int(datetime.datetime(1995, 1, 1, tzinfo=datetime.UTC).timestamp()), 2**32)
TIES_SEED = 0  # of the draw that orders ratings of one second


def make_keys(first: pd.Series, second: pd.Series) -> np.ndarray:
    """One whole number a pair of them, in the order of the first, then the second, int64 (rows,).

    They sort in a fifth of the time that two columns take. None of `second` is below 0.
    """
    codes, numbers = pd.factorize(first.to_numpy(), sort=True)[0], second.to_numpy("int64")
    return codes * (numbers.max(initial=0) + 1) + numbers


def has_repeated(user_ids: pd.Series | np.ndarray, movie_ids: pd.Series | np.ndarray) -> bool:
    """Whether a pair of user and movie stands there twice; both are int32."""
    # One sort of numbers, five times as fast as `DataFrame.duplicated` for millions of rows.
    pairs = np.sort(np.asarray(user_ids, "int64") << 32 | np.asarray(movie_ids, "int64"))
    return bool((pairs[1:] == pairs[:-1]).any())


RATINGS_SCHEMA = pa.DataFrameSchema(
    {
        "user_id": pa.Column("int32", pa.Check.ge(1)),
        "movie_id": pa.Column("int32", pa.Check.ge(1)),
        "rating": pa.Column("float32", pa.Check.isin(range(STARS[0], STARS[1] + 1))),
        "timestamp": pa.Column("int64", pa.Check.in_range(*TIMES)),  # seconds, UTC
    },
    checks=pa.Check(
        lambda ratings: not has_repeated(ratings["user_id"], ratings["movie_id"]),
        error="a user rated a movie twice",
    ),
    strict=True,
    ordered=True,
)

USERS_SCHEMA = pa.DataFrameSchema(
    {
        "user_id": pa.Column("int32", pa.Check.ge(1), unique=True),
        "age": pa.Column("int32", pa.Check.in_range(0, 120)),
        "gender": pa.Column("str", pa.Check.isin(["F", "M"])),
        "occupation": pa.Column("str"),
        "zip_code": pa.Column("str"),  # text: leading zeros and letters matter
    },
    strict=True,
    ordered=True,
)

MOVIES_SCHEMA = pa.DataFrameSchema(
    {
        "movie_id": pa.Column("int32", pa.Check.ge(1), unique=True),
        "title": pa.Column("str"),  # without the year; not unique
        "year": pa.Column("Int32", nullable=True),
        "genres": pa.Column("object"),  # a list of names, possibly empty
    },
    strict=True,
    ordered=True,
)

SCHEMAS = {"ratings": RATINGS_SCHEMA, "users": USERS_SCHEMA, "movies": MOVIES_SCHEMA}
# Of a person's own data: any stars, times of 0 where there are none, nothing known of the users.
OWN_SCHEMAS = SCHEMAS | {
    "ratings": RATINGS_SCHEMA.update_columns(
        {
            "rating": {"checks": pa.Check(np.isfinite)},
            "timestamp": {"checks": pa.Check.in_range(0, TIMES[1])},
        }
    ),
    "users": USERS_SCHEMA.update_column("gender", checks=pa.Check.isin(["F", "M", ""])),
}


@dataclass(frozen=True)
class Dataset:
    """The three canonical tables of a data set, and where they come from.

    Attributes:
        ratings: user_id, movie_id, rating, timestamp, in the publisher's order.
        users: user_id, age, gender, occupation, zip_code.
        movies: movie_id, title, year, genres.
        sha256: fingerprint of the contents of the three tables.
        source: where the rows came from, for a person to read.
        note: empty for the publisher's whole data set, else what differs, such as
            "415,323 of the 1,000,209 ratings of ml-1m".
        credits: movie_id, director, star (`reelbook.data.film_graph`); None without a film graph.
        is_implicit: whether a rating says only that someone took something; all are 1 then.
        noun: what the items are, in the plural: movies, books, ...; "items" where nothing tells.
        user_names: user_id and name, the text that it stands for; None where ids are numbers.
    """

    name: str
    ratings: pd.DataFrame
    users: pd.DataFrame
    movies: pd.DataFrame
    sha256: str
    source: str
    note: str = ""
    credits: pd.DataFrame | None = None
    is_implicit: bool = False
    noun: str = "movies"
    user_names: pd.DataFrame | None = None

    @functools.cached_property
    def traits(self) -> frozenset[str]:
        """What the tables tell beside who rated what: those of `names.TRAITS` that are there."""
        movies, users = self.movies, self.users
        told = {
            "stars": not self.is_implicit,
            "times": np.ptp(self.ratings["timestamp"]) > 0,
            "titles": (movies["title"] != movies["movie_id"].astype("str")).any(),
            "years": movies["year"].notna().any(),
            "genres": movies["genres"].map(len).any(),
            "people": (users["occupation"] != "").any(),
            MANY: (self.ratings["user_id"].value_counts() >= ENOUGH).any(),
            "credits": self.credits is not None,
        }
        return frozenset(trait for trait, is_told in told.items() if is_told)


def count_rated(ratings: pd.DataFrame) -> dict[str, int]:
    """How many ratings there are, users who gave them and movies that got them.

    The tables of users and of movies may hold others, too.
    """
    users, movies = (ratings[column].nunique() for column in ("user_id", "movie_id"))
    return {"ratings": len(ratings), "users": users, "movies": movies}


def has_plain_zip_code(zip_codes: pd.Series) -> pd.Series:
    """Whether a zip code has at most five characters and no letter: document B's cleaning."""
    return zip_codes.str.fullmatch(r"[0-9]{1,5}")


def clean_users(users: pd.DataFrame) -> pd.DataFrame:
    """The users whom document B keeps: those with a plain zip code, or all where nobody has one."""
    plain = has_plain_zip_code(users["zip_code"])
    return users[plain] if plain.any() else users


def order_by_time(ratings: pd.DataFrame, *, draw_ties: bool = False) -> np.ndarray:
    """Row positions, user after user, each user's ratings from the earliest on, shape (rows,).

    Args:
        ratings: user_id and timestamp.
        draw_ties: put ratings of one second in a drawn order instead of the order of the rows.
    """
    keys = make_keys(ratings["user_id"], ratings["timestamp"])
    if not draw_ties:
        return np.argsort(keys, kind="stable")
    places = np.random.default_rng(TIES_SEED).permutation(len(keys))
    drawn = np.empty_like(places)
    drawn[places] = np.arange(len(keys))
    return drawn[np.argsort(keys[drawn], kind="stable")]
