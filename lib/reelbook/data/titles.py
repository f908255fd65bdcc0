"""From the titles that a person types to movies."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reelbook.errors import ReelbookError

ARTICLES = (
    "the", "a", "an", "la", "le", "les", "l'", "un", "une", "il", "lo", "gli", "una", "el", "los",
    "las", "das", "der", "die", "ein", "eine", "den", "det", "de", "het",
)  # fmt: skip
HINTED = 10  # unknown titles of one call for which the closest are looked up: that takes a while


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
    """Places of movies in a list of names; how `match_titles` finds them.

    Of movies that share title and year the one with most ratings is taken.

    Args:
        titles: as a person types them, with the year or without.
        names: as `list_names` gives them.
        counts: ratings of each movie.

    Raises:
        ReelbookError: titles that no movie has (the message has the closest ones), or that movies
            of several years have; a line for each.
    """
    found, faults, hints = [], {}, 0
    for title, places in zip(titles, match_titles(titles, names), strict=True):
        choices = {simplify(names[place]): names[place] for place in places}
        if len(choices) == 1:
            found.append(max(places, key=lambda place: counts[place]))
        elif choices:
            listed = ", ".join(sorted(choices.values()))
            faults[title] = f"Several movies are called {title!r}: {listed}. Give the year, too."
        elif title not in faults:
            hint = hint_at_closest(title, names) if hints < HINTED else ""
            faults[title] = f"No movie is called {title!r}.{hint}"
            hints += 1
    if faults:
        raise ReelbookError("\n".join(faults.values()))
    return found


def match_titles(titles: Sequence[str], names: Sequence[str]) -> list[list[int]]:
    """Places of the movies that each title may mean, as `simplify` spells both; none for no movie.

    A title and its year count first, then the title without the year, then one of the titles of a
    name with several, such as "Seven (Se7en) (1995)".

    Args:
        titles: as a person types them, with the year or without.
        names: as `list_names` gives them.
    """
    whole: dict[str, list[int]] = defaultdict(list)
    undated: dict[str, list[int]] = defaultdict(list)
    parts: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        title, year = _split_year(name)
        plain = simplify(title)
        whole[f"{plain} {year}".strip()].append(place)
        undated[plain].append(place)
        if title.endswith(")"):
            own = [simplify(part) for part in re.split(r"[()]", title) if part.strip()]
            for part in {*own, *(f"{part} {year}" for part in own)}:
                parts[part].append(place)
    asked = map(simplify, titles)
    return [whole.get(key) or undated.get(key) or parts.get(key, []) for key in asked]


def hint_at_closest(title: str, names: Sequence[str], *, between: str = ", ") -> str:
    """The end of an error message: which titles may be meant, or nothing where none is close."""
    closest = list_closest(title, names)
    return f" The closest titles are: {between.join(closest)}." if closest else ""


def list_closest(title: str, names: Sequence[str], *, size: int = 5) -> list[str]:
    """Names that are spelled most like a title, or that hold it."""
    asked = simplify(_split_year(title)[0])
    matcher = difflib.SequenceMatcher(None, b=asked)
    likeness = {}
    for name in dict.fromkeys(names):
        text = simplify(_split_year(name)[0])
        holds = bool(asked) and asked in text
        matcher.set_seq1(text)
        # What is quick bounds the ratio from above, and most names are far below.
        if holds or (matcher.real_quick_ratio() > 0.5 and matcher.quick_ratio() > 0.5):
            likeness[name] = (holds, matcher.ratio())
    close = [name for name, (holds, ratio) in likeness.items() if holds or ratio > 0.5]
    return sorted(close, key=lambda name: likeness[name], reverse=True)[:size]


def simplify(name: str) -> str:
    """What counts of a name: "Misérables, Les" is "les misérables!", and "&" is "and".

    `recommend/browser/titles.js` does the same.
    """
    title, year = _split_year(name)
    text = turn_title(re.sub("(?=[¼-¾⅐-⅞])", " ", title.replace("\u2019", "'")).strip())
    if not text.isascii():
        letters = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in letters if not unicodedata.category(c).startswith("M"))
    words = re.findall(r"[^\W_]+", text.replace("&", " and ").casefold())
    plain = " ".join(words) or text.casefold()  # some titles are a sign, such as "$"
    return f"{plain} {year}".strip()


def _split_year(name: str) -> tuple[str, str]:
    """A name as its title and its year, which may be empty."""
    match = re.search(r" \((\d{4})\)\s*$", name)
    return (name[: match.start()], match[1]) if match else (name, "")


def name_movie(movie: Any) -> str:
    """Title with the year in brackets, where there is one."""
    return movie.title if pd.isna(movie.year) else f"{movie.title} ({movie.year})"
