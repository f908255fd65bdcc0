"""A person's own ratings, from a file that Letterboxd, IMDb, Goodreads or anyone else wrote.

The page reads the same files in the same way: `recommend/browser/ratings_file.js`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reelbook.data.faults import Faults
from reelbook.data.names import count
from reelbook.data.sheets import Sheet, is_number, read_sheet
from reelbook.data.titles import look_up_titles
from reelbook.errors import ReelbookError
from reelbook.recommend.recommender import Recommender, list_movies

if TYPE_CHECKING:
    from reelbook.data.tables import Dataset

# How columns are called, in lower case; the first that a file has is taken.
COLUMNS = {
    "title": ["title", "name", "movie", "movie title", "film", "book", "book title"],
    "stars": ["your rating", "you rated", "my rating", "rating", "stars", "score"],
    "year": ["original publication year", "year", "release year"],
}
# A column that only this site's files have, and the most stars that it lets people give.
SITES = {
    "letterboxd uri": ("Letterboxd", 5),
    "your rating": ("IMDb", 10),
    "you rated": ("IMDb", 10),
    "my rating": ("Goodreads", 5),
}
TOPS = [5, 10, 100]  # the most stars of other files: the first that no rating exceeds


class OwnRatings(NamedTuple):
    """What a file says.

    Attributes:
        titles: with the year in brackets where the file has it.
        stars: as the person gave them, above 0 (ratings,).
        top: the most that he or she could give.
        told: what was understood and left out, a line each.
    """

    titles: list[str]
    stars: np.ndarray
    top: float
    told: list[str]


class Matched(NamedTuple):
    """Which movies of a data set a person has rated.

    Attributes:
        rated: places of the movies (ratings,).
        given: stars in the scale of the data (ratings,).
        told: how the scales compare, how many titles were not found, and each of those.
    """

    rated: np.ndarray
    given: np.ndarray
    told: list[str]


def read_ratings(path: Path) -> OwnRatings:
    """Read a file of titles and stars.

    Raises:
        ReelbookError: no such file, no table, no columns of titles and stars, or no ratings.
    """
    if not path.is_file():
        raise ReelbookError(f"{path}: there is no such file.")
    content = path.read_bytes()
    if content.startswith(b"PK"):
        raise ReelbookError(f"{path} is an archive or a workbook: give the CSV file of ratings.")
    faults = Faults(path.name)
    sheet = read_sheet(path.name, content, faults)
    columns = find_columns(sheet)
    texts = sheet.rows[columns["stars"]].str.strip()
    values = texts.where(texts.map(is_number), "0").str.replace(",", ".").astype(float)
    titles = sheet.rows[columns["title"]].str.strip()
    if "year" in columns:
        years = sheet.rows[columns["year"]].str.strip()
        add = years.str.fullmatch(r"\d{4}") & ~titles.str.contains(r"^$| \(\d{4}\)$")
        titles = titles.where(~add, titles + " (" + years + ")")
    kept = (values > 0) & (titles != "")
    if not kept.any():
        raise ReelbookError(f"{path.name}: no row has a title and a number of stars above 0.")
    site, top = find_scale(sheet, float(values[kept].max()))
    told = f"{path.name} ({site or 'titles and stars'}): {kept.sum()} ratings, stars out of {top:g}"
    if left := int((~kept).sum()):
        told += f"; left out: {left} without a title or stars"
    return OwnRatings(
        titles[kept].tolist(), values[kept].to_numpy(), top, [f"{told}.", *faults.list_told()]
    )


def find_columns(sheet: Sheet) -> dict[str, str]:
    """The columns of title, stars and, where there is one, year; of two columns by what they hold.

    Raises:
        ReelbookError: no column of titles or of stars.
    """
    plain = {column.strip().lower(): column for column in map(str, sheet.rows)}
    found = {
        role: next(plain[name] for name in names if name in plain)
        for role, names in COLUMNS.items()
        if any(name in plain for name in names)
    }
    if found.keys() >= {"title", "stars"}:
        return found
    columns = list(map(str, sheet.rows))
    if len(columns) == 2:
        title, stars = sorted(columns, key=lambda name: sheet.rows[name].map(is_number).mean())
        return {"title": title, "stars": stars}
    raise ReelbookError(
        f"{sheet.name}: which column has the titles, and which the stars? Call them title and "
        f"rating in the first line. There are: {', '.join(columns)}."
    )


def find_scale(sheet: Sheet, most: float) -> tuple[str, float]:
    """The site that wrote a file, empty if none is known, and the most stars that one can give."""
    plain = {column.strip().lower() for column in map(str, sheet.rows)}
    known = [site for column, site in SITES.items() if column in plain and most <= site[1]]
    return known[0] if known else ("", next((top for top in TOPS if most <= top), most))


def match_ratings(own: OwnRatings, known: "Dataset | Recommender") -> Matched:
    """Find a person's movies in a data set, or in what was learned from it.

    Of a movie that is rated twice the last rating counts. Stars are compared by what they are of
    the most that one can give: 8 of 10 are 4 of 5.

    Raises:
        ReelbookError: none of the titles is found.
    """
    if isinstance(known, Recommender):
        movies, name = known.movies, known.dataset
    else:
        movies, name = list_movies(known), known.name
    found, faults = look_up_titles(own.titles, movies["name"].tolist(), movies["ratings"].tolist())
    least, most = known.ratings["rating"].agg(["min", "max"])
    given = (own.stars * most / own.top).clip(least, most)
    last = {place: stars for place, stars in zip(found, given, strict=True) if place is not None}
    if not last:
        none = f"None of the {count(len(found), 'title')} found in {name}."
        raise ReelbookError("\n".join([none, *faults.values()]))
    matched = sum(place is not None for place in found)
    told = f"{matched} of {count(len(found), 'title')} found in {name}"
    if own.top != most:
        told += f"; {own.top:g} stars of the file count as {most:g}"
    rated, stars = np.array(list(last)), np.array(list(last.values()))
    return Matched(rated, stars, [f"{told}.", *faults.values()])
