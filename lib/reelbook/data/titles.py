"""From the titles that a person types to movies."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reelbook.errors import ReelbookError

ARTICLES = ("the", "a", "an", "la", "le", "il", "les", "das", "der", "die", "el", "l'")


def list_names(movies: pd.DataFrame) -> list[str]:
    """Each movie's name as a reader knows it: "The Godfather (1972)", not "Godfather, The".

    Args:
        movies: title and year.
    """
    return [turn_title(name_movie(movie)) for movie in movies.itertuples()]


def turn_title(name: str) -> str:
    """The article in front, where a catalogue put it behind a comma."""
    match = re.match(r"^(?P<rest>.+), (?P<article>[\w']+)(?P<end>( \(.*)?)$", name)
    if match is None or match["article"].lower() not in ARTICLES:
        return name
    gap = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{gap}{match['rest']}{match['end']}"


def find_titles(titles: Sequence[str], names: Sequence[str], counts: Sequence[int]) -> list[int]:
    """Places of movies in a list of names; small and capital letters, and the year, may differ.

    Of movies that share title and year the one with most ratings is taken.

    Args:
        titles: as a person types them, with the year or without.
        names: as `list_names` gives them.
        counts: ratings of each movie.

    Raises:
        ReelbookError: no movie has a title (the message has the closest ones), or movies of
            several years do; all such titles are told.
    """
    places, faults = [], []
    for title in titles:
        try:
            places.append(_find_title(title, names, counts))
        except ReelbookError as error:
            faults.append(str(error))
    if faults:
        raise ReelbookError("\n".join(faults))
    return places


def _find_title(title: str, names: Sequence[str], counts: Sequence[int]) -> int:
    asked = _simplify(turn_title(title.strip()))
    exact = [place for place, name in enumerate(names) if _simplify(name) == asked]
    found = exact or [
        place for place, name in enumerate(names) if _simplify(_drop_year(name)) == asked
    ]
    if len({names[place] for place in found}) > 1:
        choices = ", ".join(sorted({names[place] for place in found}))
        raise ReelbookError(f"Several movies are called {title!r}: {choices}. Give the year, too.")
    if not found:
        raise ReelbookError(f"No movie is called {title!r}.{hint_at_closest(title, names)}")
    return max(found, key=lambda place: counts[place])


def hint_at_closest(title: str, names: Sequence[str], *, between: str = ", ") -> str:
    """The end of an error message: which titles may be meant, or nothing where none is close."""
    closest = list_closest(title, names)
    return f" The closest titles are: {between.join(closest)}." if closest else ""


def list_closest(title: str, names: Sequence[str], *, size: int = 5) -> list[str]:
    """Names that are spelled most like a title, or that hold it."""
    asked = _simplify(turn_title(title.strip()))
    plain = {name: _simplify(_drop_year(name)) for name in names}
    likeness = {
        name: (bool(asked) and asked in text, difflib.SequenceMatcher(None, asked, text).ratio())
        for name, text in plain.items()
    }
    close = [name for name, (holds, ratio) in likeness.items() if holds or ratio > 0.5]
    return sorted(close, key=lambda name: likeness[name], reverse=True)[:size]


def _simplify(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", text.casefold()).split())


def _drop_year(name: str) -> str:
    return re.sub(r" \(\d{4}\)$", "", name)


def name_movie(movie: Any) -> str:
    """Title with the year in brackets, where there is one."""
    return movie.title if pd.isna(movie.year) else f"{movie.title} ({movie.year})"
