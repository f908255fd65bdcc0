"""From the titles that a person types to movies."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reelbook.errors import ReelbookError

ARTICLES = (
    "the", "a", "an", "la", "le", "les", "l'", "un", "une", "il", "lo", "gli", "una", "el", "los",
    "las", "das", "der", "die", "ein", "eine", "den", "det", "de", "het",
)  # fmt: skip
ALIKE = 0.5  # share of the pairs of letters that two titles have in common, to be close


def list_names(movies: pd.DataFrame) -> list[str]:
    """Each movie's name as a reader knows it: "The Godfather (1972)", not "Godfather, The".

    Args:
        movies: title and year.
    """
    return [name_movie(movie) for movie in movies.itertuples()]


def turn_title(name: str) -> str:
    """The article in front, where a catalogue put it behind a comma."""
    match = re.match(r"^(?P<rest>.+), (?P<article>[\w']+)(?P<end>( \(.*)?)$", name)
    if match is None or match["article"].lower() not in ARTICLES:
        return name
    gap = "" if match["article"].endswith("'") else " "
    return f"{match['article']}{gap}{match['rest']}{match['end']}"


def find_titles(titles: Sequence[str], names: Sequence[str], counts: Sequence[int]) -> list[int]:
    """Places of movies in a list of names; see `look_up_titles`.

    Raises:
        ReelbookError: titles that no movie has, or that several movies have; a line for each.
    """
    found, faults = look_up_titles(titles, names, counts)
    if faults:
        raise ReelbookError("\n".join(faults.values()))
    return [place for place in found if place is not None]


def look_up_titles(
    titles: Sequence[str], names: Sequence[str], counts: Sequence[int]
) -> tuple[list[int | None], dict[str, str]]:
    """The place of each title in a list of names; `match_titles` says how it is found.

    Of movies that share title and year the one with most ratings is taken.

    Args:
        titles: as a person types them, with the year or without.
        names: as `list_names` gives them.
        counts: ratings of each movie.

    Returns:
        A place for each title, None for one that is not found, and what is wrong with each of
        those: no movie has it (with the closest titles), or movies of several years have it.
    """
    found: list[int | None] = []
    faults: dict[str, str] = {}
    for title, places in zip(titles, match_titles(titles, names), strict=True):
        choices = {simplify(names[place]): names[place] for place in places}
        found.append(max(places, key=lambda at: counts[at]) if len(choices) == 1 else None)
        if len(choices) != 1:
            listed = ", ".join(sorted(choices.values()))
            faults[title] = listed and (
                f"Several movies are called {title!r}: {listed}. Give the year, too."
            )
    unknown = [title for title, says in faults.items() if not says]
    for title, closest in zip(unknown, list_closest(unknown, names), strict=True):
        faults[title] = f"No movie is called {title!r}.{_format_hint(closest)}"
    return found, faults


def match_titles(titles: Sequence[str], names: Sequence[str]) -> list[list[int]]:
    """Places of the movies that each title may mean, as `simplify` spells both; none for no movie.

    The first of these that any movie has counts:

    1. title and year,
    2. the title without the year,
    3. one of the titles of a name with several, such as "Seven (Se7en) (1995)",
    4. any of these without "the" or "a" in front,
    5. title and year, where one of the two goes on after a colon or the person's in brackets,
    6. the title of just one movie, of the year before or after, or of no known year.

    `recommend/browser/titles.js` does the same.

    Args:
        titles: as a person types them, with the year or without.
        names: as `list_names` gives them.
    """
    levels: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(5)]
    for place, name in enumerate(names):
        for level, texts in zip(levels, _list_spellings(name), strict=True):
            for text in texts:
                level[text].append(place)
    return [_match(title, names, *levels) for title in titles]


def _list_spellings(name: str) -> list[set[str]]:
    """The texts by which a movie is found, a set for each of the first five ways."""
    title, year = _split_year(name)
    parts = re.split(r"[()]", title) if title.endswith(")") else []
    plain, *others = [simplify(text) for text in (title, *parts) if text.strip()] or [""]
    bare = [_drop_article(text) for text in (plain, *others)]
    return [
        {f"{plain} {year}".strip()},
        {plain},
        {*others, *(f"{text} {year}" for text in others)},
        {*bare, *(f"{text} {year}" for text in bare)},
        {f"{simplify(title.split(':')[0])} {year}"} if year and ":" in title else set(),
    ]


def _match(
    asked: str,
    names: Sequence[str],
    whole: dict[str, list[int]],
    undated: dict[str, list[int]],
    parts: dict[str, list[int]],
    bare: dict[str, list[int]],
    heads: dict[str, list[int]],
) -> list[int]:
    title, year = _split_year(asked)
    key, plain = simplify(asked), simplify(title)
    without = _drop_article(plain)
    found = whole.get(key) or undated.get(key) or parts.get(key)
    found = found or bare.get(f"{without} {year}".strip())
    if found or not year:
        return found or []
    head = simplify(re.split(r":| \(", title)[0])
    if found := heads.get(key) or whole.get(f"{head} {year}"):
        return found
    places = undated.get(plain) or parts.get(plain) or bare.get(without, [])
    years = {_split_year(names[place])[1] for place in places}
    near = len(years) == 1 and abs(int(next(iter(years)) or year) - int(year)) <= 1
    return places if near else []


def _drop_article(text: str) -> str:
    return re.sub("^(the|an?) (?=.)", "", text)


def hint_at_closest(title: str, names: Sequence[str], *, between: str = ", ") -> str:
    """The end of an error message: which titles may be meant, or nothing where none is close."""
    return _format_hint(list_closest([title], names)[0], between)


def _format_hint(closest: Sequence[str], between: str = ", ") -> str:
    return f" The closest titles are: {between.join(closest)}." if closest else ""


def list_closest(titles: Sequence[str], names: Sequence[str], *, size: int = 5) -> list[list[str]]:
    """For each title the names that hold it, and those that share most pairs of letters with it."""
    texts = {name: simplify(_split_year(name)[0]) for name in names} if titles else {}
    holders = defaultdict(list)  # the names that have a pair
    sizes = {}
    for name, text in texts.items():
        pairs = _list_pairs(text)
        sizes[name] = len(pairs)
        for pair in pairs:
            holders[pair].append(name)
    found = []
    for title in titles:
        asked = simplify(_split_year(title)[0])
        pairs = _list_pairs(asked)
        shared = Counter(name for pair in pairs for name in holders.get(pair, ()))
        likeness = {name: 2 * n / (sizes[name] + len(pairs)) for name, n in shared.items()}
        holds = {name for name in shared if f" {asked}" in f" {texts[name]}"}
        close = [name for name, share in likeness.items() if name in holds or share >= ALIKE]
        close.sort(key=lambda name: (name in holds, likeness[name]), reverse=True)
        found.append(close[:size])
    return found


def _list_pairs(text: str) -> list[str]:
    return list(dict.fromkeys(text[at : at + 2] for at in range(len(text) - 1)))


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
    """Title, its article in front, with the year in brackets, where there is one."""
    return turn_title(movie.title if pd.isna(movie.year) else f"{movie.title} ({movie.year})")
