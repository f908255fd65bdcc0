import os
import subprocess
import sys
import time
import unicodedata

import pandas as pd
import pytest

from reelbook.data.titles import (
    find_titles,
    list_closest,
    list_names,
    look_up_titles,
    match_titles,
    name_movie,
    simplify,
    turn_title,
)
from reelbook.errors import ReelbookError

NAMES = [
    "The Godfather (1972)", "Sabrina (1954)", "Sabrina (1995)", "Chasing Amy (1997)",
    "Chasing Amy (1997)", "8½ (1963)", "L'America (1994)", "The Godfather: Part II (1974)",
    "Les Misérables (1995)", "Beauty and the Beast (1991)", "Seven (Se7en) (1995)",
    "Die xue shuang xiong (Killer, The) (1989)", "$ (1971)", "unknown",
]  # fmt: skip
COUNTS = [9, 1, 2, 3, 8, 1, 1, 5, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("catalogue", "turned"),
    [
        ("Godfather, The (1972)", "The Godfather (1972)"),
        ("Clockwork Orange, A", "A Clockwork Orange"),
        ("America, L' (1994)", "L'America (1994)"),
        ("Bad, Bad Leroy (1990)", "Bad, Bad Leroy (1990)"),
        ("Fargo (1996)", "Fargo (1996)"),
    ],
)
def test_the_article_comes_to_the_front(catalogue, turned):
    assert turn_title(catalogue) == turned


def test_names_have_the_year_where_there_is_one():
    movies = pd.DataFrame({"title": ["Lion King, The", "unknown"], "year": [1994, pd.NA]})
    assert list_names(movies) == ["The Lion King (1994)", "unknown"]


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("The Godfather", 0),
        ("godfather, the", 0),
        (" the  GODFATHER (1972) ", 0),
        ("Sabrina (1995)", 2),
        ("chasing amy", 4),  # of two entries of one movie the one with more ratings
        ("Les Miserables", 8),
        ("Misérables, Les (1995)", 8),
        (unicodedata.normalize("NFD", "les misérables"), 8),
        ("Beauty & the Beast", 9),
        ("8 1/2", 5),
        ("America, L\u2019", 6),  # a curly apostrophe
        ("Se7en", 10),
        ("Seven (1995)", 10),
        ("The Killer", 11),
        ("$", 12),
        ("$ (1971)", 12),
        ("Unknown", 13),
    ],
)
def test_titles_are_found_as_people_type_them(typed, place):
    assert find_titles([typed], NAMES, COUNTS) == [place]


def test_a_title_of_several_years_asks_for_the_year():
    with pytest.raises(ReelbookError, match=r"Sabrina \(1954\), Sabrina \(1995\)\. Give the year"):
        find_titles(["Sabrina"], NAMES, COUNTS)


def test_an_unknown_title_names_the_closest_ones():
    with pytest.raises(ReelbookError, match=r"No movie is called 'Godfathr'.* The Godfather"):
        find_titles(["Godfathr"], NAMES, COUNTS)
    with pytest.raises(ReelbookError, match=r"'Sabrna \(1954\)'.* are: Sabrina \("):
        find_titles(["Sabrna (1954)"], NAMES, COUNTS)
    with pytest.raises(ReelbookError, match="No movie is called 'Qqqq'.$"):
        find_titles(["Qqqq"], NAMES, COUNTS)
    assert list_closest(["godfather"], NAMES)[0][0] == "The Godfather (1972)"


def test_all_that_is_wrong_with_titles_is_told_at_once():
    """Before, the first of them hid the others."""
    with pytest.raises(ReelbookError) as error:
        find_titles(["Godfathr", "Fargo", "Sabrina", "Chasing Amy", "Fargo"], NAMES, COUNTS)
    lines = str(error.value).split("\n")
    assert [line.split(":")[0] for line in lines] == [
        "No movie is called 'Godfathr'. The closest titles are",
        "No movie is called 'Fargo'.",
        "Several movies are called 'Sabrina'",
    ]


OTHERS = [
    "The Battleship Potemkin (Bronenosets Potyomkin) (1925)", "Sabrina (1954)", "Sabrina (1995)",
    "Star Wars: Episode IV - A New Hope (1977)", "Born into Brothels (2004)", "Fargo (1996)",
    "Hate (Haine, La) (1995)", "Star Trek: Insurrection (1998)", "The Lodger (1944)",
    "A Lodger (1927)", "Undated",
]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ("Battleship Potemkin (1925)", [0]),  # an article fewer
        ("Battleship Potemkin", [0]),
        ("The Fargo (1996)", [5]),  # or more
        ("Star Wars (1977)", [3]),  # what follows a colon, on either side, of the same year
        ("Born Into Brothels: Calcutta's Red Light Kids (2004)", [4]),
        ("Fargo (True Crime, #1) (1996)", [5]),  # or in brackets
        ("Star Wars", []),
        ("Star Wars (1978)", []),
        ("Star Trek: Generations (1998)", []),
        ("Fargo (1995)", [5]),  # a year of difference
        ("Fargo (1997)", [5]),
        ("La Haine (1996)", [6]),
        ("Potemkin (1926)", []),
        ("Fargo (1998)", []),
        ("Sabrina (1996)", []),  # not where several have the title
        ("Sabrina", [1, 2]),
        ("Lodger (1945)", []),
        ("Undated (2001)", [10]),  # a catalogue without years
    ],
)
def test_titles_are_found_as_other_sites_write_them(asked, places):
    assert match_titles([asked], OTHERS) == [places]


def test_what_is_found_is_kept_beside_what_is_wrong():
    found, faults = look_up_titles(["Fargo", "Qqqq", "Sabrina", "Godfathr"], OTHERS, [1] * 11)
    assert found == [5, None, None, None]
    assert list(faults) == ["Qqqq", "Sabrina", "Godfathr"]


def test_the_closest_titles_come_in_the_same_order_in_every_process():
    """Pairs of letters in a set would come in an order that a process draws anew."""
    code = "from reelbook.data.titles import list_closest; print(list_closest(['ab cd'], NAMES))"
    names = "NAMES = ['ab xx', 'xx cd', 'ab yy', 'yy cd']; "  # equally close
    done = {
        subprocess.run(
            [sys.executable, "-c", names + code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "1234"
    }
    assert len(done) == 1


def test_a_title_without_a_letter_is_no_other_one():
    assert simplify("$") == "$"
    assert match_titles(["", "!!!", "$"], NAMES) == [[], [], [12]]


def test_a_thousand_titles_are_matched_in_seconds():
    """Before, each was compared with all names: minutes for 87,000 of them."""
    names = [f"Café {number}, The (1990)" for number in range(20_000)]
    start = time.perf_counter()
    found = match_titles([f"the cafe {number}" for number in range(1000)], names)
    assert found == [[number] for number in range(1000)]
    assert time.perf_counter() - start < 10


def test_a_movie_has_one_spelling():
    years = pd.array([1972, None], dtype="Int32")
    movies = pd.DataFrame({"title": ["Godfather, The", "Fargo"], "year": years})
    found = [name_movie(movie) for movie in movies.itertuples()]
    assert found == ["The Godfather (1972)", "Fargo"]
