import numpy as np
import pandas as pd
import pytest

from reelbook.build.parameters import read_parameters
from reelbook.build.plan import read_plan
from reelbook.errors import ReelbookError
from reelbook.paths import NOTEBOOKS
from reelbook.report.inside import movie_space


def test_neighbours_are_the_nearest_by_cosine(dataset):
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    vectors[4] = 2 * vectors[9]
    movies = dataset.movies.set_index("movie_id")
    table = movie_space.find_neighbours(
        vectors, dataset, [movies.loc[10, "title"]], size=2, min_ratings=0
    )
    assert table["neighbour"][0].startswith(movies.loc[5, "title"])
    assert table["cosine"][0] == pytest.approx(1)
    with pytest.raises(ReelbookError, match="no movie with the title 'Nobody'"):
        movie_space.find_neighbours(vectors, dataset, ["Nobody"])
    typed = movies.loc[10, "title"].upper()
    again = movie_space.find_neighbours(vectors, dataset, [typed], size=2, min_ratings=0)
    pd.testing.assert_frame_equal(again, table)
    unasked = movie_space.find_neighbours(vectors, dataset, [], size=1)  # for the most rated
    assert len(unasked) == 5
    counts = dataset.ratings.groupby("movie_id").size()
    assert unasked["movie"][0].startswith(movies.loc[counts.idxmax(), "title"])
    rare = movie_space.find_neighbours(vectors, dataset, [], size=3, min_ratings=10**6)
    assert len(rare) == 15  # not one movie has as many
    assert rare["cosine"].between(-1, 1).all()
    part = movies.loc[10, "title"][:-1]
    with pytest.raises(ReelbookError, match=f"The closest titles are: .*{movies.loc[10, 'title']}"):
        movie_space.find_neighbours(vectors, dataset, [part])


def test_the_plan_of_ml_1m_asks_for_movies_as_ml_1m_spells_them():
    """Where ml-100k has Star Wars, ml-1m has its episodes."""
    spelled_otherwise = {"Star Wars", "Empire Strikes Back, The", "Return of the Jedi"}
    plan = read_plan("ml-1m").notebooks
    for name in ["05_two_tower", "07_next_steps"]:
        defaults = read_parameters(NOTEBOOKS / f"{name}.ipynb")
        asked = {key: p.default for key, p in defaults.items()} | plan[name]
        for titles in [asked["titles"], *asked.get("analogies", [])]:
            assert not spelled_otherwise & set(titles)


def test_a_map_shows_the_most_rated_movies_the_same_each_time(dataset):
    vectors = np.random.default_rng(0).normal(size=(100, 3)).astype("float32")
    first, second = (movie_space.draw_map(vectors, dataset, size=40) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == 40
    assert first["genre"].nunique() <= 6


def test_nearest_movies_share_genres_where_vectors_are_genres(dataset):
    from reelbook.models.features.ids import make_genre_table

    found = movie_space.measure_genres(make_genre_table(dataset)[1:], dataset, size=60)
    assert found["nearest"] > 0.95 > found["any"] > 0
