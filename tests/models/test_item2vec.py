import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models import item2vec, registry
from reelbook.models.features.matrix import list_movies, make_matrix
from reelbook.models.registry import resolve_params
from reelbook.report.inside.movie_space import solve_analogies
from reelbook.splits.protocols import make_split

QUICK = {"dim": 8, "epochs": 2}


def make_clubs(num_users=60):
    """Movies 1 to 5 are liked by one half of the users and 6 to 10 by the other."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(1, num_users + 1):
        own = rng.permutation(np.arange(1, 6) + 5 * (user % 2))
        rows += [(user, movie, 5.0, time) for time, movie in enumerate(own)]
        rows += [(user, 11, 1.0, 99)]  # seen by all and liked by none
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "timestamp"])
    titles = [f"Film {movie}" for movie in range(1, 12)]
    movies = pd.DataFrame({"movie_id": range(1, 12), "title": titles, "year": 1990})
    users = pd.DataFrame({"user_id": range(1, num_users + 1)})
    return Dataset("made-up", ratings, users, movies, "abc", "a test")


def test_a_sentence_is_what_a_user_liked_in_the_order_of_time():
    ratings = pd.DataFrame(
        {
            "user_id": [2, 1, 1, 1],
            "movie_id": [9, 5, 6, 7],
            "rating": [4.0, 5.0, 3.0, 4.0],
            "timestamp": [1, 30, 20, 10],
        }
    )
    assert item2vec.list_sentences(ratings, least_stars=4.0) == [[7, 5], [9]]


@pytest.mark.parametrize("name", list(item2vec.MODELS))
def test_what_is_liked_together_lies_together(name):
    dataset = make_clubs()
    params = resolve_params(name, {"dim": 8, "epochs": 200})
    vectors = item2vec.learn_vectors(name, params, dataset, dataset.ratings, 0)
    cosines = vectors @ vectors.T
    within = cosines[:5, :5][~np.eye(5, dtype=bool)].mean()
    assert within > cosines[:5, 5:10].mean()
    assert not vectors[10].any()  # nobody liked it


def test_who_liked_nothing_gets_popularity(dataset):
    ratings = dataset.ratings.copy()
    user = ratings["user_id"].iloc[0]
    ratings.loc[ratings["user_id"] == user, "rating"] = 1.0
    other = Dataset("made-up", ratings, dataset.users, dataset.movies, "abc", "a test")
    split = make_split(other, "stratified")
    scores = registry.fit("item2vec.cbow", QUICK, other, split, 0).score(np.array([user]))[0]
    known = ratings.iloc[np.union1d(split.train, split.validation)]
    counts = np.asarray(make_matrix(other, known).sum(axis=0)).ravel()
    assert np.allclose(scores, np.log(np.maximum(counts, 0.5)), atol=1e-6)


def test_analogies_by_hand():
    dataset = make_clubs()
    vectors = np.zeros((11, 3))
    vectors[0], vectors[1] = (1, 0, 0), (1, 1, 0)  # second - first leads along the second axis
    vectors[2], vectors[3] = (0, 0, 1), (0, 1, 1)
    vectors[4] = (0.1, 0, 1)  # nearer to the third movie than the expected one
    found = solve_analogies(vectors, dataset, [["Film 1", "Film 2", "Film 3", "Film 4"]])
    row = found.iloc[0]
    assert row["found"] == row["expected"] == "Film 4 (1990)"
    assert (row["rank"], row["rank_by_third"]) == (1, 2)
    assert row["question"] == "Film 1 (1990) : Film 2 (1990) = Film 3 (1990) : ?"


def test_an_analogy_says_what_is_wrong_with_it():
    dataset = make_clubs()
    vectors = np.eye(11)
    with pytest.raises(ReelbookError, match="no movie with the title 'Film 99'"):
        solve_analogies(vectors, dataset, [["Film 1", "Film 2", "Film 3", "Film 99"]])
    with pytest.raises(ReelbookError, match="four titles, not .'Film 1', 'Film 2', 'Film 3'"):
        solve_analogies(vectors, dataset, [["Film 1", "Film 2", "Film 3"]])
    assert len(solve_analogies(vectors, dataset, [])) == 0
    assert len(list_movies(dataset)) == 11
