"""The one strict check of rows, whatever layout they came in: from texts to canonical tables.

Each function takes the columns of a canonical table as texts, by line number, and notes what is
wrong with them. It returns the table without the faulty lines; `faults.raise_for_faults` refuses
the files that have some.
"""

import contextlib
import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reelbook.data.faults import Faults
from reelbook.data.tables import STARS, TIMES

IDS = (1, 2**31 - 1)
AGES = (0, 120)


def make_ratings(
    rows: pd.DataFrame, faults: Faults, *, user_ids: pd.Series | None, movie_ids: pd.Series | None
) -> pd.DataFrame:
    """The ratings in the order of their lines: user_id, movie_id, rating, timestamp.

    Args:
        rows: texts; whole numbers, the last one in seconds since 1970 (UTC).
        faults: of the file.
        user_ids: all that may rate; None to leave that open.
        movie_ids: all that may be rated; None to leave that open.
    """
    ratings = pd.DataFrame(
        {
            "user_id": read_numbers(rows["user_id"], "user id", *IDS, faults),
            "movie_id": read_numbers(rows["movie_id"], "movie id", *IDS, faults),
            "rating": read_numbers(rows["rating"], "rating", *STARS, faults),
            "timestamp": _read_times(rows["timestamp"], faults),
        }
    )
    ratings = faults.drop(ratings)
    for kind, known in [("user", user_ids), ("movie", movie_ids)]:
        if known is not None:
            ids = ratings[f"{kind}_id"]
            faults.add(ids[~ids.isin(known)], f"{kind} {{}} is not in the table of {kind}s")
    ratings = faults.drop(ratings)
    again = ratings[ratings.duplicated(["user_id", "movie_id"])]
    pairs = pd.Series(zip(again["user_id"], again["movie_id"], strict=True), again.index, object)
    faults.add(pairs, "user {0[0]} rated movie {0[1]} before; a pair may stand there once")
    types = {"user_id": "int32", "movie_id": "int32", "rating": "float32", "timestamp": "int64"}
    return faults.drop(ratings).reset_index(drop=True).astype(types)


def make_users(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """The users in the order of their lines: user_id, age, gender, occupation, zip_code."""
    genders = rows["gender"]
    faults.add(genders[~genders.isin(["F", "M"])].str[:40], "gender {!r} is neither F nor M")
    for kind in ["occupation", "zip code"]:
        texts = rows[kind.replace(" ", "_")]
        faults.add(texts[texts != texts.str.strip()].str[:40], f"blanks around {kind} {{!r}}")
        _check_letters(texts, kind, faults)
    faults.add(rows["occupation"][rows["occupation"] == ""], "no occupation")
    users = rows.assign(
        user_id=read_own_ids(rows["user_id"], "user", faults),
        age=read_numbers(rows["age"], "age", *AGES, faults),
    )
    types = {"user_id": "int32", "age": "int32", "gender": "str", "occupation": "str"}
    types |= {"zip_code": "str"}
    return faults.drop(users[list(types)]).reset_index(drop=True).astype(types)


def make_movies(rows: pd.DataFrame, faults: Faults) -> pd.DataFrame:
    """The movies in the order of their lines: movie_id, title, year, genres.

    Args:
        rows: movie_id, title (with the year) and genres (a list of names, possibly empty).
        faults: of the file.
    """
    _check_letters(rows["title"], "title", faults)
    is_blank = rows["title"].str.strip().str.fullmatch(r"(\(\d{4}\))?")
    faults.add(rows["title"][is_blank].str[:40], "no title in {!r}")
    wrong = rows["genres"].map(_find_genre_fault)
    faults.add(wrong[wrong != ""], "{}")
    parts = [split_title(title) for title in rows["title"]]
    movies = pd.DataFrame(
        {
            "movie_id": read_own_ids(rows["movie_id"], "movie", faults),
            "title": [title for title, _ in parts],
            "year": [year for _, year in parts],
            "genres": rows["genres"],
        },
        rows.index,
    )
    return (
        faults.drop(movies)
        .reset_index(drop=True)
        .astype({"movie_id": "int32", "title": "str", "year": "Int32", "genres": object})
    )


def split_title(text: str) -> tuple[str, int | None]:
    """A publisher's title as title and year of release, which stands in brackets near its end.

    Blanks at both ends go; a note after the year stays: `Land (1995) (V)` is `Land (V)` of 1995.
    """
    match = re.fullmatch(r"(.+?)\s*\((\d{4})\)(\s*\(\w+\))?", text.strip())
    if match is None:
        return text.strip(), None
    return match[1] + (match[3] or ""), int(match[2])


def read_numbers(texts: pd.Series, kind: str, low: int, high: int, faults: Faults) -> pd.Series:
    """Whole numbers from low to high; other texts are noted as faults and read as low."""
    numbers = _read_whole(texts, kind, low, faults)
    is_in = numbers.between(low, high)
    faults.add(numbers[~is_in], f"{kind} {{}} is not in {low} to {high}")
    return numbers.where(is_in, low)


def _read_whole(texts: pd.Series, kind: str, default: int, faults: Faults) -> pd.Series:
    # Digits of ASCII alone: no blanks, no plus, no point, nothing hexadecimal.
    is_whole = texts.str.fullmatch("-?[0-9]{1,18}")
    faults.add(texts[~is_whole].str[:40], f"{kind} {{!r}} is not a whole number")
    plain = pa.array(texts.where(is_whole, str(default)))
    return pd.Series(pc.cast(plain, pa.int64()).to_numpy(zero_copy_only=False), texts.index)


def _read_times(texts: pd.Series, faults: Faults) -> pd.Series:
    low, high = TIMES
    times = _read_whole(texts, "timestamp", low, faults)
    early = times[times < low]
    faults.add(
        early, "timestamp {} is before 1995 in seconds since 1970; is it cut off, or missing?"
    )
    late = times[times > high]
    is_milli = (late // 1000).between(low, high)
    faults.add(late[is_milli], "timestamp {} is in milliseconds; divide all of them by 1,000")
    faults.add(late, f"timestamp {{}} is not in {low} to {high}")
    return times


def read_own_ids(texts: pd.Series, kind: str, faults: Faults) -> pd.Series:
    """The ids of a table of users or movies, where each stands once."""
    ids = read_numbers(texts, f"{kind} id", *IDS, faults)
    good = ids[~ids.index.isin(faults.lines)]
    faults.add(good[good.duplicated()], f"{kind} {{}} stands there twice")
    return ids


def _find_genre_fault(genres: list[str]) -> str:
    for genre in genres:
        if genre != genre.strip() or not genre:
            return f"blanks around genre {genre!r}" if genre else "an empty genre"
        if genres.count(genre) > 1:
            return f"genre {genre!r} stands there twice"
    return next((f"genre {damage}" for damage in map(_find_damage, genres) if damage), "")


def _check_letters(texts: pd.Series, kind: str, faults: Faults) -> None:
    damages = texts.map(_find_damage)
    faults.add(damages[damages != ""], f"{kind} {{}}")


def _find_damage(text: str) -> str:
    """What a wrong conversion did to a text; empty for a text as it should be."""
    right = _undo_conversion(text)
    if "\ufffd" in right:
        return f"{text!r} has lost letters in a wrong conversion; take the publisher's own file"
    if right != text:
        return f"{text!r} should read {right!r}; convert the file once, from its own encoding"
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        return f"{text!r} holds control characters; convert the file from its own encoding"
    return ""


def _undo_conversion(text: str) -> str:
    """The text that was written as UTF-8 and read as ISO-8859-1 or Windows-1252, if it was."""
    for encoding in [] if text.isascii() else ["latin-1", "cp1252"]:
        with contextlib.suppress(UnicodeError):
            return _undo_conversion(text.encode(encoding).decode())  # it may be wrong twice
    return text
