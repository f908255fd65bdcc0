import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import compute_by_user, rank_catalogue
from reelbook.models import content, registry
from reelbook.models.features.matrix import list_movies, make_matrix
from reelbook.splits.protocols import make_split


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "cold-movies")


def make_small():
    movies = pd.DataFrame(
        {
            "movie_id": [7, 3, 5],
            "title": ["Alien Night", "Alien", "Love"],
            "year": [1979, 1979, pd.NA],
            "genres": [["Horror"], ["Horror", "Sci-Fi"], []],
        }
    )
    people = pd.DataFrame({"movie_id": [3, 7], "director": ["m.1", "m.1"], "star": ["m.2", ""]})
    nothing = pd.DataFrame()
    return Dataset("made-up", nothing, nothing, movies, "abc", "a test", credits=people)


def test_features_are_told_in_the_order_of_the_ids():
    assert content.list_features(make_small()) == [
        ["title alien", "genre Horror", "genre Sci-Fi", "year 1979", "decade 197",
         "director m.1", "star m.2"],
        ["title love"],
        ["title alien", "title night", "genre Horror", "year 1979", "decade 197", "director m.1"],
    ]  # fmt: skip


def test_feature_vectors_have_length_one_and_rare_features_weigh_more():
    features = content.describe_movies(make_small()).toarray()
    assert np.allclose(np.linalg.norm(features, axis=1), 1)
    night = features[2]
    only_here, shared = night[night > 0].max(), night[night > 0].min()
    ratio = (np.log(4 / 2) + 1) / (np.log(4 / 3) + 1)
    assert only_here / shared == pytest.approx(ratio)


def test_weights_are_those_of_a_ridge_regression_a_user():
    rng = np.random.default_rng(0)
    x = (rng.random((5, 8)) < 0.5).astype("float32")
    x[:, 6:] = 0  # two movies that nobody rated
    features = rng.random((8, 4))
    weights = content.learn_weights(sparse.csr_matrix(x), sparse.csr_matrix(features), l2=2.0)
    for row, found in zip(x, x @ weights, strict=True):
        rated = x.any(axis=0)
        ridge = Ridge(alpha=2.0, fit_intercept=False).fit(features[rated], row[rated])
        assert np.allclose(found, ridge.predict(features), atol=1e-5)


def test_the_model_scores_by_these_weights(dataset, split):
    users = dataset.users["user_id"].to_numpy()
    found = registry.fit("content.ridge", {"grid": {}, "l2": 2.0}, dataset, split, 0).score(users)
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    x = make_matrix(dataset, known)
    weights = content.learn_weights(x, content.describe_movies(dataset), l2=2.0)
    assert np.allclose(found, x @ weights, atol=1e-4)


@pytest.mark.parametrize("name", list(content.MODELS))
def test_scores_of_a_cold_movie_do_not_depend_on_its_ratings(name, dataset, split):
    users = dataset.users["user_id"].to_numpy()[:20]
    first = registry.fit(name, {}, dataset, split, 0).score(users)
    ratings = dataset.ratings.copy()
    ratings.loc[split.test, "rating"] = 1.0
    other = dataclasses.replace(dataset, ratings=ratings)
    assert np.array_equal(registry.fit(name, {}, other, split, 0).score(users), first)
    assert np.isfinite(first).all()


def test_only_new_movies_compete(dataset, split):
    movies = list_movies(dataset)
    known = dataset.ratings["movie_id"].iloc[np.union1d(split.train, split.validation)]
    ranked = rank_catalogue(lambda ids: np.zeros((len(ids), len(movies))), dataset, split)
    assert not ranked.recommendations["movie_id"].isin(known).any()
    new = len(movies) - known.nunique()
    assert ranked.ranks["rank"].max() == new
    assert set(dataset.ratings["movie_id"].iloc[split.test]).isdisjoint(known)


def test_contents_say_more_than_chance(dataset, split):
    """The made-up movies are liked by genre."""
    rng = np.random.default_rng(0)

    def measure(score):
        ranks = rank_catalogue(score, dataset, split).ranks
        return compute_by_user(ranks, "ndcg@10").mean()

    drawn = measure(lambda users: rng.random((len(users), len(dataset.movies))))
    found = measure(registry.fit("content.ridge", {}, dataset, split, 0).score)
    assert found > drawn
