"""From the publisher's files to the canonical tables. Every fault names the file and the line.

Three layouts are read: GroupLens' ml-100k (`u.data`, `u.item`, `u.user`), GroupLens' ml-1m
(`ratings.dat`, `movies.dat`, `users.dat`, separated by `::`) and the one of the package recbole
(`ml-100k.inter`, `.item`, `.user`, with a header). The README of each data set describes them.
Here is only what sets the layouts apart: `rows` reads their files, `checks` judges the rows.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reelbook.data import checks
from reelbook.data.faults import Faults, raise_for_faults
from reelbook.data.layouts import LAYOUTS
from reelbook.data.rows import Format, is_converted, read_rows

# The order of the 19 flags in u.item, as u.genre lists them.
GENRES_100K = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]  # fmt: skip
# The codes 0 to 20 of users.dat, as ml-1m's README lists them.
OCCUPATIONS_1M = [
    "other/not specified", "academic/educator", "artist", "clerical/admin",
    "college/grad student", "customer service", "doctor/health care", "executive/managerial",
    "farmer", "homemaker", "K-12 student", "lawyer", "programmer", "retired", "sales/marketing",
    "scientist", "self-employed", "technician/engineer", "tradesman/craftsman", "unemployed",
    "writer",
]  # fmt: skip

RATINGS = ["user_id", "movie_id", "rating", "timestamp"]
USERS = ["user_id", "age", "gender", "occupation", "zip_code"]
# By the names of the files in `layouts.LAYOUTS`.
FORMATS = {
    "u.data": Format("\t", RATINGS),
    "u.item": Format("|", ["movie_id", "title", "released", "video", "url", *GENRES_100K]),
    "u.user": Format("|", USERS),
    "ml-100k.inter": Format(
        "\t", RATINGS, "user_id:token\titem_id:token\trating:float\ttimestamp:float", "utf-8"
    ),
    "ml-100k.item": Format(
        "\t", ["movie_id", "title", "year", "genres"],
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq", "utf-8",
    ),
    "ml-100k.user": Format(
        "\t", USERS,
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token", "utf-8",
    ),
    "ratings.dat": Format("::", RATINGS),
    "movies.dat": Format("::", ["movie_id", "title", "genres"]),
    "users.dat": Format("::", ["user_id", "gender", "age", "occupation", "zip_code"]),
}  # fmt: skip
USER_FILES = [name for name, found in FORMATS.items() if "zip_code" in found.columns]


@dataclass(frozen=True)
class Tables:
    """The canonical tables as parsed: ratings, users and movies (columns as in tables.py)."""

    ratings: pd.DataFrame
    users: pd.DataFrame
    movies: pd.DataFrame


def parse(layout: str, files: dict[str, bytes]) -> Tables:
    """The canonical tables from the files of a layout.

    Args:
        layout: a key of `layouts.LAYOUTS`.
        files: contents by file name.

    Raises:
        ReelbookError: the first faults of each file: an empty one, lines with too few fields,
            damaged texts, values out of range, a rating of an unknown user or movie, a (user,
            movie) pair that is rated twice.
    """
    faults = [Faults(name) for name in LAYOUTS[layout]]
    rated, listed, people = (_read(files[of_file.name], of_file) for of_file in faults)
    of_ratings, of_movies, of_users = faults
    movies = checks.make_movies(listed, of_movies)
    users = checks.make_users(people, of_users)
    ratings = checks.make_ratings(
        rated,
        of_ratings,
        user_ids=_list_ids(people["user_id"], of_users),
        movie_ids=_list_ids(listed["movie_id"], of_movies),
    )
    raise_for_faults(faults)
    return Tables(ratings, users, movies)


def describes_people(name: str, head: bytes) -> bool:
    """Whether one of USER_FILES that begins like this is GroupLens' own.

    Others name other files so: MovieTweetings' users.dat has two columns.
    """
    separators = head.split(b"\n", 1)[0].count(FORMATS[name].separator.encode())
    return separators == len(FORMATS[name].columns) - 1


def read_people(name: str, content: bytes) -> pd.DataFrame:
    """The users of such a file; ReelbookError tells its first faults."""
    faults = Faults(name)
    users = checks.make_users(_read(content, faults), faults)
    raise_for_faults([faults])
    return users


def list_converted(files: dict[str, bytes]) -> list[str]:
    """Names of the files that came in UTF-8 where the publisher's are ISO-8859-1."""
    return [name for name, content in files.items() if is_converted(content, FORMATS[name])]


def _list_ids(texts: pd.Series, faults: Faults) -> pd.Series | None:
    """The ids of a file, those of its faulty lines too; None if an id may be lost.

    A rating that refers to a faulty line is no fault of its own.
    """
    of_ids = Faults(faults.name)
    ids = checks.read_own_ids(texts, "any", of_ids)
    is_whole = not len(of_ids.lines) and np.isin(faults.lines, texts.index).all()
    return ids if is_whole else None


def _read(content: bytes, faults: Faults) -> pd.DataFrame:
    """The rows of a file with the columns of its canonical table."""
    rows = read_rows(content, FORMATS[faults.name], faults)
    arrange = {
        "u.item": _arrange_flags, "ml-100k.item": _arrange_recbole_item,
        "movies.dat": _arrange_genres, "users.dat": _arrange_occupations,
    }.get(faults.name)  # fmt: skip
    return arrange(rows, faults) if arrange else rows


def _arrange_flags(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    flags = rows[GENRES_100K]
    wrong = ~flags.isin(["0", "1"]).all(axis="columns")
    faults.add(rows["movie_id"][wrong], "a genre flag of movie {!r} is neither 0 nor 1")
    genres = [
        [genre for genre, flag in zip(GENRES_100K, row, strict=True) if flag == "1"]
        for row in flags.itertuples(index=False)
    ]
    return rows.assign(genres=pd.Series(genres, rows.index, object))


def _arrange_recbole_item(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    # recbole cut the title at its last bracket; id 267 has no year and lost its spelling.
    titles = (rows["title"] + " (" + rows["year"] + ")").where(rows["title"].str.strip() != "", "")
    genres = rows["genres"].map(lambda text: text.split(" ") if text else [])
    names = genres.explode().dropna()
    faults.add(names[~names.isin(GENRES_100K)], "unknown genre {!r}")
    order = {genre: place for place, genre in enumerate(GENRES_100K)}
    return rows.assign(
        title=titles.mask(rows["title"] == "unkonwn", "unknown"),
        genres=genres.map(lambda names: sorted(names, key=lambda name: order.get(name, -1))),
    )


def _arrange_genres(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    return rows.assign(genres=rows["genres"].map(lambda text: text.split("|") if text else []))


def _arrange_occupations(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    high = len(OCCUPATIONS_1M) - 1
    codes = checks.read_numbers(rows["occupation"], "occupation", 0, high, faults)
    return rows.assign(occupation=codes.map(dict(enumerate(OCCUPATIONS_1M))))
