"""From the publisher's files to the canonical tables. Every error names the file and the line.

Three layouts are read: GroupLens' ml-100k (`u.data`, `u.item`, `u.user`), GroupLens' ml-1m
(`ratings.dat`, `movies.dat`, `users.dat`, separated by `::`) and the one of the package recbole
(`ml-100k.inter`, `.item`, `.user`, with a header). The README of each data set describes them.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from reelbook.errors import ReelbookError

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

# A rating is a line of four whole numbers: user, movie, stars, seconds since 1970 in UTC.
RATING_LIMITS = {
    "user id": (1, 2**31 - 1),
    "movie id": (1, 2**31 - 1),
    "rating": (1, 5),
    "timestamp": (0, 2**32),
}
# MovieLens began in 1997: an earlier time at an unfinished end is one that lost its last digits.
EARLIEST = int(datetime.datetime(1995, 1, 1, tzinfo=datetime.UTC).timestamp())


@dataclass(frozen=True)
class Tables:
    """The canonical tables as parsed: ratings, users and movies (columns as in tables.py)."""

    ratings: pd.DataFrame
    users: pd.DataFrame
    movies: pd.DataFrame


def parse(layout: str, files: dict[str, bytes]) -> Tables:
    """The canonical tables from the files of a layout.

    Args:
        layout: a key of `sources.LAYOUTS`.
        files: contents by file name.

    Raises:
        ReelbookError: an empty file, a line with too few fields or a value out of range, a rating
            of an unknown user or movie, or a (user, movie) pair that is rated twice.
    """
    parsers = {
        "grouplens-100k": _parse_grouplens_100k, "recbole-100k": _parse_recbole_100k,
        "grouplens-1m": _parse_grouplens_1m,
    }  # fmt: skip
    return parsers[layout](files)


def parse_ratings(
    content: bytes, name: str, *, users: pd.DataFrame, movies: pd.DataFrame, header: bool = False
) -> pd.DataFrame:
    """The ratings of a tab-separated file in its own order: user_id, movie_id, rating, timestamp.

    A million lines take well under a second: Arrow reads and NumPy checks whole columns. Only when
    that finds a fault are the lines read one by one, to name the first bad one.
    """
    _check_not_empty(content, name)
    first_line = 2 if header else 1
    names = ["user_id", "movie_id", "rating", "timestamp"]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(content),
            pa.csv.ReadOptions(column_names=names, skip_rows=int(header), use_threads=False),
            # An empty line must count as a line, or the numbers in the errors would be off.
            pa.csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.int64()), null_values=[]),
        )
    except pa.ArrowInvalid as error:
        _raise_for_bad_line(content, name, first_line)
        raise ReelbookError(f"{name}: {error}") from None
    columns = [table[column].to_numpy() for column in names]
    for column, (low, high) in zip(columns, RATING_LIMITS.values(), strict=True):
        if len(column) == 0 or column.min() < low or column.max() > high:
            _raise_for_bad_line(content, name, first_line)
            raise ReelbookError(f"{name}: holds no ratings")
    user_ids, movie_ids, _, timestamps = columns
    if timestamps[-1] < EARLIEST and not content.endswith(b"\n"):
        line = first_line + len(timestamps) - 1
        raise ReelbookError(
            f"{name}, line {line}: the file is cut off in timestamp {timestamps[-1]}"
        )
    _check_known(user_ids, users["user_id"], "user", name, first_line)
    _check_known(movie_ids, movies["movie_id"], "movie", name, first_line)
    _check_pairs(user_ids, movie_ids, name, first_line)
    types = ["int32", "int32", "float32", "int64"]
    return pd.DataFrame(dict(zip(names, columns, strict=True))).astype(
        dict(zip(names, types, strict=True))
    )


def split_title(text: str) -> tuple[str, int | None]:
    """A publisher's title as title and year of release, which stands in brackets near its end.

    Trailing blanks go; a note after the year stays: `Land (1995) (V)` is `Land (V)` of 1995.
    """
    match = re.fullmatch(r"(.+?)\s*\((\d{4})\)(\s*\(\w+\))?\s*", text)
    if match is None:
        return text.strip(), None
    return match[1] + (match[3] or ""), int(match[2])


def _parse_grouplens_100k(files: dict[str, bytes]) -> Tables:
    users = _make_users(_split_lines(files, "u.user", "latin-1", "|", 5))
    rows = []
    for line, fields in _split_lines(files, "u.item", "latin-1", "|", 24):
        movie_id, title, flags = fields[0], fields[1], fields[5:]
        if not set(flags) <= {"0", "1"}:
            raise ReelbookError(f"{line}: a genre flag is neither 0 nor 1")
        genres = [genre for genre, flag in zip(GENRES_100K, flags, strict=True) if flag == "1"]
        rows.append((line, movie_id, title, genres))
    movies = _make_movies(rows)
    ratings = parse_ratings(files["u.data"], "u.data", users=users, movies=movies)
    return Tables(ratings, users, movies)


def _parse_recbole_100k(files: dict[str, bytes]) -> Tables:
    users = _make_users(_split_lines(files, "ml-100k.user", "utf-8", "\t", 5, header=True))
    rows = []
    for line, fields in _split_lines(files, "ml-100k.item", "utf-8", "\t", 4, header=True):
        movie_id, title, year, genres = fields
        # recbole cut the title at its last bracket; id 267 has no year and lost its spelling.
        whole = "unknown" if title == "unkonwn" else f"{title} ({year})"
        in_order = sorted(genres.split(), key=lambda genre: _find_genre(genre, line))
        rows.append((line, movie_id, whole, in_order))
    movies = _make_movies(rows)
    name = "ml-100k.inter"
    ratings = parse_ratings(files[name], name, users=users, movies=movies, header=True)
    return Tables(ratings, users, movies)


def _parse_grouplens_1m(files: dict[str, bytes]) -> Tables:
    rows = []
    for line, fields in _split_lines(files, "users.dat", "latin-1", "::", 5):
        user_id, gender, age, code, zip_code = fields
        number = _parse_int(code, line, "occupation", 0, len(OCCUPATIONS_1M) - 1)
        rows.append((line, [user_id, age, gender, OCCUPATIONS_1M[number], zip_code]))
    users = _make_users(rows)
    movies = _make_movies(
        (line, fields[0], fields[1], fields[2].split("|"))
        for line, fields in _split_lines(files, "movies.dat", "latin-1", "::", 3)
    )
    # Arrow separates by one character only; a tab that is there already would hide a fault.
    content = files["ratings.dat"].replace(b"\t", b" ").replace(b"::", b"\t")
    ratings = parse_ratings(content, "ratings.dat", users=users, movies=movies)
    return Tables(ratings, users, movies)


def _split_lines(
    files: dict[str, bytes],
    name: str,
    encoding: str,
    separator: str,
    width: int,
    *,
    header: bool = False,
) -> Iterator[tuple[str, list[str]]]:
    """Each line of a small file as its place, for errors, and its fields."""
    content = files[name]
    _check_not_empty(content, name)
    lines = content.removesuffix(b"\n").split(b"\n")
    for number, raw in enumerate(lines[int(header) :], start=1 + int(header)):
        place = f"{name}, line {number}"
        try:
            text = raw.removesuffix(b"\r").decode(encoding)
        except UnicodeDecodeError as error:
            raise ReelbookError(f"{place}: not {encoding} text ({error.reason})") from None
        # Every byte is some letter in ISO-8859-1; control characters betray another encoding.
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text):
            raise ReelbookError(f"{place}: not {encoding} text (it holds control characters)")
        fields = text.split(separator)
        if len(fields) != width:
            raise ReelbookError(f"{place}: {len(fields)} of {width} fields; is the file cut off?")
        yield place, fields
    if len(lines) == int(header):
        raise ReelbookError(f"{name}: empty")


def _make_users(lines: Iterable[tuple[str, list[str]]]) -> pd.DataFrame:
    rows = []
    seen: set[int] = set()
    for line, (user_id, age, gender, occupation, zip_code) in lines:
        if gender not in ("F", "M"):
            raise ReelbookError(f"{line}: gender {gender!r} is neither F nor M")
        identifier = _parse_new_id(user_id, line, "user", seen)
        years = _parse_int(age, line, "age", 0, 120)
        rows.append((identifier, years, gender, occupation, zip_code))
    columns = ["user_id", "age", "gender", "occupation", "zip_code"]
    users = pd.DataFrame(rows, columns=columns)
    return users.astype({"user_id": "int32", "age": "int32"} | dict.fromkeys(columns[2:], "str"))


def _make_movies(lines: Iterable[tuple[str, str, str, list[str]]]) -> pd.DataFrame:
    rows = []
    seen: set[int] = set()
    for line, movie_id, text, genres in lines:
        identifier = _parse_new_id(movie_id, line, "movie", seen)
        rows.append((identifier, *split_title(text), genres))
    movies = pd.DataFrame(rows, columns=["movie_id", "title", "year", "genres"])
    return movies.astype({"movie_id": "int32", "title": "str", "year": "Int32", "genres": object})


def _parse_new_id(text: str, line: str, kind: str, seen: set[int]) -> int:
    identifier = _parse_int(text, line, f"{kind} id", 1, 2**31 - 1)
    if identifier in seen:
        raise ReelbookError(f"{line}: {kind} {identifier} stands there twice")
    seen.add(identifier)
    return identifier


def _parse_int(text: str, line: str, kind: str, low: int, high: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ReelbookError(f"{line}: {kind} {text[:40]!r} is not a whole number")
    if not low <= int(text) <= high:
        raise ReelbookError(f"{line}: {kind} {text} is not in {low} to {high}")
    return int(text)


def _find_genre(genre: str, line: str) -> int:
    if genre not in GENRES_100K:
        raise ReelbookError(f"{line}: unknown genre {genre!r}")
    return GENRES_100K.index(genre)


def _check_not_empty(content: bytes, name: str) -> None:
    if not content.strip():
        raise ReelbookError(f"{name}: empty; fetch the data set again")


def _check_known(
    values: np.ndarray, known: pd.Series, kind: str, name: str, first_line: int
) -> None:
    is_known = np.isin(values, known)
    if not is_known.all():
        row = int(np.argmin(is_known))
        raise ReelbookError(
            f"{name}, line {row + first_line}: {kind} {values[row]} is not in the table of {kind}s"
        )


def _check_pairs(user_ids: np.ndarray, movie_ids: np.ndarray, name: str, first_line: int) -> None:
    repeated = pd.Series(user_ids << 32 | movie_ids).duplicated().to_numpy()
    if repeated.any():
        row = int(np.argmax(repeated))
        raise ReelbookError(
            f"{name}, line {row + first_line}: user {user_ids[row]} rated movie {movie_ids[row]} "
            "before; a pair may stand there once"
        )


def _raise_for_bad_line(content: bytes, name: str, first_line: int) -> None:
    """Name the first line of a tab-separated ratings file that is not four numbers in range."""
    lines = content.removesuffix(b"\n").split(b"\n")
    for number, raw in enumerate(lines[first_line - 1 :], start=first_line):
        place = f"{name}, line {number}"
        fields = raw.removesuffix(b"\r").decode("latin-1").split("\t")
        if len(fields) != len(RATING_LIMITS):
            raise ReelbookError(f"{place}: {len(fields)} of 4 fields; is the file cut off?")
        for text, (kind, (low, high)) in zip(fields, RATING_LIMITS.items(), strict=True):
            _parse_int(text, place, kind, low, high)
