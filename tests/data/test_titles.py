import pandas as pd
import pytest

from reelbook.data.titles import find_titles, list_closest, list_names, turn_title
from reelbook.errors import ReelbookError

NAMES = [
    "The Godfather (1972)", "Sabrina (1954)", "Sabrina (1995)", "Chasing Amy (1997)",
    "Chasing Amy (1997)", "8½ (1963)", "L'America (1994)", "The Godfather: Part II (1974)",
]  # fmt: skip
COUNTS = [9, 1, 2, 3, 8, 1, 1, 5]


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
    with pytest.raises(ReelbookError, match="No movie is called 'Qqqq'.$"):
        find_titles(["Qqqq"], NAMES, COUNTS)
    assert list_closest("godfather", NAMES)[0] == "The Godfather (1972)"
