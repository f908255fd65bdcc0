"""Recommenders of made-up ratings, whole and with a flaw each."""

import pytest

from reelbook.data.tables import Dataset
from reelbook.recommend import learning

EVIL = "<b>Bold</b> </script><img src=x onerror=alert(1)> Night"


@pytest.fixture(scope="session")
def made(dataset, tmp_path_factory):
    """A recommender of the made-up ratings; the title of its first movie is an attack."""
    movies = dataset.movies.copy()
    movies.loc[movies["movie_id"] == movies["movie_id"].min(), "title"] = EVIL
    other = Dataset("made-up", dataset.ratings, dataset.users, movies, "evil", "a test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELBOOK_BUILD", str(tmp_path_factory.mktemp("build")))
        patch.setenv("REELBOOK_JOBS", "1")
        yield learning.make_recommender(other)


@pytest.fixture(scope="session")
def blind(made):
    """The same, but nothing leads from its first movie to any other."""
    weights = made.weights.copy()
    weights[0] = 0
    return made._replace(weights=weights)


@pytest.fixture(scope="session")
def twins(made):
    """The same, but each of the first 30 movies has the title and year of the next but one."""
    movies = made.movies.copy()
    movies.loc[:29, "name"] = [f"Twin {place % 2 + place // 4 * 2} (1990)" for place in range(30)]
    return made._replace(movies=movies)
