"""Which column is which: user, item, rating, time and what is known of an item.

Names decide where a file has a header, and contents where it has none. What stays open is an error
that lists the columns and the option that decides.
"""

import re

import pandas as pd

from reelbook.data.sheets import Sheet, is_number
from reelbook.errors import ReelbookError

# Each role by the names that columns have in public data sets, in plain letters and digits. The
# first that a file has is taken.
NAMES = {
    "user": [
        "userid", "user", "uid", "userno", "reviewerid", "customerid", "memberid", "visitorid",
        "personid", "username", "profileid",
    ],
    "item": [
        "itemid", "item", "iid", "movieid", "movie", "mid", "filmid", "bookid", "isbn", "animeid",
        "asin", "parentasin", "productid", "artistid", "trackid", "songid", "gameid", "businessid",
        "articleid", "contentid", "id",
    ],
    "rating": [
        "rating", "ratings", "stars", "score", "overall", "bookrating", "ratingvalue", "preference",
    ],
    "count": ["weight", "plays", "playcount", "count", "listens", "numplays", "hours"],
    "time": [
        "timestamp", "time", "ts", "unixreviewtime", "ratingtimestamp", "datetime", "date",
        "createdat", "dateadded", "daterated",
    ],
    "title": ["title", "movietitle", "originaltitle", "booktitle", "name", "itemname", "moviename"],
    "year": ["year", "releaseyear", "yearofpublication", "originalpublicationyear"],
    "genres": ["genres", "genre", "class", "categories", "category"],
}  # fmt: skip
# What the items are, by a word in the name of their column or file.
NOUNS = {
    "movie": "movies", "film": "movies", "book": "books", "isbn": "books", "artist": "artists",
    "game": "games", "song": "songs", "track": "tracks", "product": "products", "asin": "products",
}  # fmt: skip
RATING_ROLES = ["user", "item", "rating", "count", "time"]
ITEM_ROLES = ["item", "title", "year", "genres"]
# Columns that only the export of a person's own ratings has: Letterboxd, IMDb, Goodreads.
PERSONAL = {"letterboxduri", "yourrating", "yourated", "myrating"}
SAMPLE = 2_000
FEW = 20  # rows, of which little can be told


def name_roles(sheet: Sheet, roles: list[str]) -> dict[str, str]:
    """The column of each role that the header of a sheet names."""
    plain = {simplify(column): column for column in map(str, sheet.rows)}
    found: dict[str, str] = {}
    for role in roles if sheet.header else []:
        for name in NAMES[role]:
            if name in plain and plain[name] not in found.values():
                found[role] = plain[name]
                break
    return found


def simplify(column: str) -> str:
    """A column's name in plain letters and digits, without the type that RecBole adds."""
    return re.sub(r"[^a-z0-9]", "", column.split(":")[0].lower())


def name_items(*columns: str) -> str:
    """What the items of columns or files of these names are, in the plural."""
    plain = " ".join(map(simplify, columns))
    return next((noun for word, noun in NOUNS.items() if word in plain), "items")


def find_roles(sheet: Sheet, given: dict[str, str]) -> dict[str, str]:
    """The column of each role in a sheet of ratings.

    Args:
        sheet: the ratings.
        given: role to column, as a person decided; a column by its name, or by its place from 1.

    Raises:
        ReelbookError: a column that is not there, or user and item that stay open.
    """
    chosen = {role: _find_column(sheet, role, column) for role, column in given.items()}
    found = chosen or (name_roles(sheet, RATING_ROLES) if sheet.header else guess_roles(sheet))
    missing = [role for role in ("user", "item") if role not in found]
    if missing and PERSONAL & set(map(simplify, map(str, sheet.rows))):
        raise ReelbookError(
            f"{sheet.name}: ratings of one person, from whom no model can learn. For a list of "
            f"movies: python -m reelbook recommend --ratings {sheet.name}"
        )
    if missing:
        raise ReelbookError(
            f"{sheet.name}: which column is the {' and which the '.join(missing)}?\n"
            f"{list_columns(sheet)}\nSay so: --columns user=NAME,item=NAME,rating=NAME,time=NAME "
            "(names, or places from 1; rating and time where there are some)"
        )
    return found


def guess_roles(sheet: Sheet) -> dict[str, str]:
    """The roles of columns without names: user, item, stars, time is the order that most sets have.

    Amazon's older files begin with the item, which is told by its ten letters; a time has nine
    digits and more, or is a date; the rating is the first other column of few small numbers.
    """
    sample = sheet.rows.iloc[:: max(1, len(sheet.rows) // SAMPLE)].iloc[:SAMPLE]
    columns = list(map(str, sample))
    times = [column for column in columns if is_time(sample[column])]
    others = [column for column in columns if column not in times]
    stars = [column for column in others[2:] if _is_stars(sample[column])]
    found = dict(zip(["user", "item"], others, strict=False))
    if len(others) >= 2 and sample[others[0]].str.fullmatch(r"B0[0-9A-Z]{8}|[0-9]{9}[0-9X]").all():
        found = {"user": others[1], "item": others[0]}
    if len(sheet.rows) >= FEW and sheet.rows.iloc[:, 0].is_unique:
        return {}  # a table of users or of items: each stands there once
    if not stars and not times and not all(sample[c].map(is_number).all() for c in others[:2]):
        return {}  # two columns of words may be anything
    if stars:
        found["rating"] = stars[0]
    if times:
        found["time"] = times[0]
    return found


def guess_item_roles(sheet: Sheet) -> dict[str, str]:
    """The roles of a catalogue without a header: id, title, and genres where nothing else is.

    An id stands there once, and most titles do.
    """
    columns = list(map(str, sheet.rows))
    ids, titles = sheet.rows[columns[0]], sheet.rows[columns[1]]
    if not ids.is_unique or titles.nunique() < len(titles) / 2 or titles.map(is_number).all():
        return {}
    found = {"item": columns[0], "title": columns[1]}
    return found | ({"genres": columns[2]} if len(columns) == 3 else {})


def is_time(texts: pd.Series) -> bool:
    """Whether texts are seconds or milliseconds since 1970, or dates."""
    stamps = texts.str.fullmatch(r"\d{9,13}(\.0)?").mean()
    dates = texts.str.match(r"\d{4}-\d\d?-\d\d?").mean()
    return max(stamps, dates) > 0.9


def _is_stars(texts: pd.Series) -> bool:
    values = texts.unique()
    return len(values) <= 101 and all(map(is_number, values))


def _find_column(sheet: Sheet, role: str, column: str) -> str:
    columns = list(map(str, sheet.rows))
    if role not in RATING_ROLES:
        known = ", ".join(RATING_ROLES)
        raise ReelbookError(f"--columns: there is no role {role!r}; the roles are {known}")
    if column in columns:
        return column
    if column.isdigit() and 1 <= int(column) <= len(columns):
        return columns[int(column) - 1]
    raise ReelbookError(f"{sheet.name} has no column {column!r}:\n{list_columns(sheet)}")


def list_columns(sheet: Sheet) -> str:
    """The columns of a sheet with their first values, a line each."""
    first = sheet.rows.head(3)
    lines = []
    for place, column in enumerate(sheet.rows, start=1):
        name = f" {column}" if sheet.header else ""
        lines.append(f"  {place}{name}: {', '.join(text[:30] for text in first[column])}, ...")
    return "\n".join(lines)
