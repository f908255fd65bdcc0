import numpy as np
import pandas as pd
import pytest

from reelbook.metrics.ratings import compute_rmse
from reelbook.models import gaussian, registry
from reelbook.models.biases import learn_biases, number_ratings, predict_rows
from reelbook.models.features import matrix
from reelbook.models.registry import resolve_params
from reelbook.splits.protocols import make_split


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "official", fold=1)


def make_taste(num_movies=6, dim=2):
    rng = np.random.default_rng(0)
    return gaussian.Taste(
        base=np.full(num_movies, 3.0),
        doubt=rng.random(num_movies),
        vectors=rng.normal(size=(num_movies, dim + 1)),
        noise=0.5,
        scale=(-99.0, 99.0),
    )


def test_predictions_are_the_conditional_gaussian():
    """The other road: from the covariance of all stars, in place of the factors of a user."""
    taste, rated, given = make_taste(), np.array([1, 4, 2]), np.array([5.0, 1.0, 4.0])
    targets = np.array([0, 3, 5])
    found = gaussian.expect_stars(taste, rated, given, targets=targets)
    covariance = taste.vectors @ taste.vectors.T
    known = covariance[np.ix_(rated, rated)] + taste.noise * np.eye(3)
    cross = covariance[np.ix_(targets, rated)]
    solved = np.linalg.solve(known, cross.T).T
    assert np.allclose(found.stars, 3 + solved @ (given - 3))
    variance = covariance.diagonal()[targets] - (solved * cross).sum(axis=1)
    expected = np.sqrt(variance + taste.noise + taste.doubt[targets])
    assert np.allclose(found.deviation, expected)


def test_pulls_sum_to_the_prediction():
    taste = make_taste()
    found = gaussian.expect_stars(
        taste, np.array([0, 1]), np.array([5.0, 4.0]), targets=np.array([2, 3])
    )
    assert np.allclose(taste.base[[2, 3]] + found.pulls.sum(axis=1), found.stars)


def test_who_rated_nothing_gets_the_base_and_the_widest_range():
    taste = make_taste()
    nothing = gaussian.expect_stars(taste, np.array([], int), np.array([]), targets=np.arange(6))
    assert np.allclose(nothing.stars, taste.base)
    some = gaussian.expect_stars(taste, np.array([0]), np.array([5.0]), targets=np.arange(6))
    assert (some.deviation <= nothing.deviation + 1e-12).all()


def test_it_beats_the_mean_and_stays_in_the_scale(dataset, split):
    before = dataset.ratings.copy()
    found = registry.fit("gaussian.fold_in", {}, dataset, split, 0).predictions
    mean = dataset.ratings["rating"].iloc[split.train].mean()
    error = compute_rmse(found["rating"].to_numpy(), found["prediction"].to_numpy())
    assert error < compute_rmse(found["rating"].to_numpy(), np.full(len(found), mean))
    assert found["prediction"].between(1, 5).all()
    pd.testing.assert_frame_equal(dataset.ratings, before)


def test_a_movie_without_ratings_has_the_mean_for_a_base(dataset):
    movie = dataset.ratings["movie_id"].iloc[0]
    known = dataset.ratings[dataset.ratings["movie_id"] != movie]
    taste = gaussian.learn_taste(resolve_params("gaussian.fold_in", {}), dataset, known)
    place = np.searchsorted(np.sort(dataset.movies["movie_id"]), movie)
    assert taste.base[place] == pytest.approx(known["rating"].mean())
    assert taste.doubt[place] == taste.doubt.max()


@pytest.mark.parametrize("size", [6, 30, 300])
@pytest.mark.parametrize("rank", [0, 1, 2, 5])
def test_the_leading_axes_are_those_of_the_whole_decomposition(size, rank):
    drawn = np.random.default_rng(0).normal(size=(size, rank))
    symmetric = drawn @ drawn.T
    values, axes = gaussian.find_leading(symmetric, 3)
    assert np.allclose(values, np.linalg.eigvalsh(symmetric)[-3:])
    assert np.allclose(symmetric @ axes, axes * values)
    again = gaussian.find_leading(symmetric, 3)
    assert np.array_equal(again[1], axes)


def test_of_many_movies_the_most_rated_have_a_covariance(dataset, monkeypatch):
    """Against sums over the people who rated both, one pair of movies at a time."""
    monkeypatch.setattr(matrix, "MOST_MOVIES", 25)
    params = resolve_params("gaussian.fold_in", {})
    sums = gaussian.sum_residuals(params, dataset, dataset.ratings)
    counts = dataset.ratings["movie_id"].value_counts()
    ids = np.sort(dataset.movies["movie_id"].to_numpy())
    assert len(sums.kept) == 25
    assert sums.counts[sums.kept].min() >= counts.sort_values().iloc[-26]

    known = number_ratings(dataset.ratings)
    base = predict_rows(learn_biases(known, params), dataset.ratings, known=known)
    left = dataset.ratings.assign(e=dataset.ratings["rating"] - base)
    by_user = left.pivot(index="user_id", columns="movie_id", values="e")[ids[sums.kept]]
    products = by_user.fillna(0).T @ by_user.fillna(0)
    assert np.allclose(sums.products, products)
    assert np.array_equal(sums.both, by_user.notna().astype(int).T @ by_user.notna().astype(int))

    taste = gaussian.make_taste(params, sums)
    rest = np.setdiff1d(np.arange(len(ids)), sums.kept)
    assert (taste.vectors[rest, 1:] == 0).all()
    assert taste.vectors[sums.kept, 1:].any(axis=1).all()
    assert (taste.vectors[:, 0] == np.sqrt(params["user_variance"])).all()
