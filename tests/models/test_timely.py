"""The parts of timely.edlae by hand, and what it may read."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from reelbook.metrics.catalogue import measure_ndcg
from reelbook.models import registry, timely, topn
from reelbook.models.features import matrix
from reelbook.models.features.matrix import list_movies, list_users, make_matrix
from reelbook.splits.protocols import make_split

NAME = "timely.edlae"
PARAMS = registry.resolve_params(NAME, {})
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "stratified")


def fit(dataset, split, **params):
    return registry.fit(NAME, params, dataset, split, 0)


def score_all(found, dataset):
    return found.score(list_users(dataset))


def make_rated():
    """User 0 rated movies 0, 1 and 2 at 0, 100 and 300 s; user 1 nothing; user 2 movies 1 and 2."""
    return timely.Rated(
        np.array([0, 0, 0, 2, 2]),
        np.array([0, 1, 2, 1, 2]),
        np.array([0.0, 100.0, 300.0, 1000.0, 1000.0]),
        np.array([3, 3, 5]),
    )


def test_pairs_count_by_how_close_in_time_they_were_rated():
    gram = timely.compute_timed_gram(make_rated(), np.arange(4), 0.75, 100.0)
    near, far, between = np.exp([-1.0, -3.0, -2.0])
    expected = np.zeros((4, 4))
    expected[0, 0], expected[1, 1], expected[2, 2] = 1, 2, 2
    expected[0, 1] = expected[1, 0] = 0.25 + 0.75 * near
    expected[0, 2] = expected[2, 0] = 0.25 + 0.75 * far
    expected[1, 2] = expected[2, 1] = 0.25 + 0.75 * between + 1
    assert gram == pytest.approx(expected)
    some = timely.compute_timed_gram(make_rated(), np.array([0, 2]), 0.75, 100.0)
    assert some == pytest.approx(expected[np.ix_([0, 2], [0, 2])])


def test_without_closeness_the_weights_are_those_of_edlae(dataset, split):
    ratings = dataset.ratings.iloc[split.train]
    x, rated = make_matrix(dataset, ratings), timely.number_ratings(dataset, ratings)
    tables = timely.learn_tables(x, rated, PARAMS | {"closeness": 0.0}, 0)
    expected = topn.compute_linear_weights(x, PARAMS)
    assert tables.weights == pytest.approx(expected, abs=1e-6)


def test_the_last_ratings_of_a_user_weigh_more():
    x = sparse.csr_matrix(np.array([[1, 1, 1, 0], [0] * 4, [0, 1, 1, 0]], "float32"))
    params = {"recency": 10.0, "recent_seconds": 100.0}
    found = timely.weigh_ratings(x, make_rated(), np.array([300.0, 1000.0, 1000.0]), params)
    first, second = 1 + 10 * np.exp([-3.0, -2.0])
    expected = np.array([[first, second, 11, 0], [0] * 4, [0, 11, 11, 0]])
    assert found.toarray() == pytest.approx(expected, rel=1e-6)


def test_the_trend_is_what_was_rated_around_the_last_day_of_a_user():
    rated = make_rated()
    rated = rated._replace(time=rated.time + np.array([0, 0, timely.DAY, 3 * timely.DAY, 0]))
    x = sparse.csr_matrix((np.ones(5, "float32"), (rated.user, rated.movie)), shape=(3, 4))
    tables = timely.learn_tables(x, rated, PARAMS, 0)
    assert (tables.last // timely.DAY).tolist() == [1, 3, 3]  # user 1 has none: the last of all
    found = timely.count_around(tables, tables.last, days=2.0)
    one, two, three = np.exp([-0.5, -1.0, -1.5])
    assert found[0] == pytest.approx([one, one + two, 1 + one, 0])
    assert found[1] == pytest.approx([three, 1 + three, two + three, 0])


def test_rows_are_standardized_and_equal_values_become_zero():
    found = timely.standardize(np.array([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]]))
    assert found[0] == pytest.approx(np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert found[1].tolist() == [0, 0, 0]


def test_test_rows_are_not_read(dataset, split):
    rng = np.random.default_rng(0)
    ratings = dataset.ratings.copy()
    for column in ("movie_id", "rating", "timestamp"):
        values = ratings[column].to_numpy(copy=True)
        values[split.test] = rng.permutation(values[split.test])
        ratings[column] = values
    ratings.loc[split.test, "timestamp"] += 10**8  # later than all that trains
    first, second = (
        fit(told, split) for told in (dataset, dataclasses.replace(dataset, ratings=ratings))
    )
    assert first.extra == second.extra
    assert np.array_equal(score_all(first, dataset), score_all(second, dataset))


def test_validation_rows_choose_the_weights(dataset, split):
    found = fit(dataset, split).extra
    assert len(found["tried"]) == 6
    best = max(found["tried"], key=lambda row: row["validation_ndcg@10"])
    assert found["chosen"] == {name: best[name] for name in ("recency", "trend")}
    # Each is measured by what only the training rows taught.
    halves = {"train": split.train[::2], "validation": split.train[1::2]}  # known: both of them
    trained = dataclasses.replace(split, **halves)
    score = fit(dataset, trained, grid={}, **found["chosen"]).score
    assert measure_ndcg(score, dataset, split, part="validation") == best["validation_ndcg@10"]


def test_a_grid_of_another_setting_learns_the_weights_anew(dataset, split):
    tried = fit(dataset, split, grid={"l2": [1.0, 1000.0]}).extra["tried"]
    for row in tried:
        alone = fit(dataset, split, grid={"l2": [row["l2"]]}).extra["tried"]
        assert alone == [row]
    assert tried[0]["validation_ndcg@10"] != tried[1]["validation_ndcg@10"]


@pytest.mark.parametrize("name", timely.MODELS)
def test_it_is_the_same_twice(name, dataset, split):
    found = [score_all(registry.fit(name, {}, dataset, split, 0), dataset) for _ in range(2)]
    assert np.array_equal(*found)


def test_the_blend_adds_factors_and_nothing_for_someone_new(dataset, split):
    new = dataset.ratings["user_id"].iloc[0]
    rows = np.flatnonzero(dataset.ratings["user_id"] == new)
    train, validation = (np.setdiff1d(part, rows) for part in (split.train, split.validation))
    other = dataclasses.replace(split, train=train, validation=validation)
    params = {"grid": {}, "starts": 1, "blend": 0.5}
    blend = registry.fit("timely.blend", params, dataset, other, 0)
    alone = fit(dataset, other, grid={})
    x = make_matrix(dataset, dataset.ratings.iloc[other.known])
    factors = timely.learn_als(x, registry.resolve_params("timely.blend", params), 0)[0]
    users = list_users(dataset)
    expected = 0.5 * timely.standardize(factors(np.arange(len(users))))
    added = blend.score(users) - alone.score(users)
    assert added == pytest.approx(expected, abs=1e-4)
    assert not added[users == new].any()


def test_someone_new_gets_what_was_rated_last(dataset, split):
    new = dataset.ratings["user_id"].iloc[0]
    rows = np.flatnonzero(dataset.ratings["user_id"] == new)
    train, validation = (np.setdiff1d(part, rows) for part in (split.train, split.validation))
    other = dataclasses.replace(split, train=train, validation=validation)
    found = fit(dataset, other).score(np.array([new]))[0]
    known = dataset.ratings.iloc[other.known]
    day = (known["timestamp"] - known["timestamp"].min()) // timely.DAY
    share = np.exp(-(day.max() - day) / PARAMS["trend_days"])
    recent = share.groupby(known["movie_id"]).sum().reindex(list_movies(dataset), fill_value=0)
    assert pd.Series(found).corr(pd.Series(recent.to_numpy())) == pytest.approx(1, abs=1e-5)


def test_without_times_nothing_but_who_rated_what_counts(dataset, split):
    timeless = dataclasses.replace(dataset, ratings=dataset.ratings.assign(timestamp=0))
    ratings = timeless.ratings.iloc[split.train]
    x, rated = make_matrix(timeless, ratings), timely.number_ratings(timeless, ratings)
    tables = timely.learn_tables(x, rated, PARAMS, 0)
    assert tables.weights == pytest.approx(topn.compute_linear_weights(x, PARAMS), abs=1e-6)
    counts = timely.count_around(tables, tables.last[:1], days=14.0)[0]
    assert np.array_equal(counts, matrix.count_ratings(x))
    assert np.isfinite(score_all(fit(timeless, split), timeless)).all()


def test_movies_beyond_the_most_rated_stand_behind_and_by_trend(dataset, split, monkeypatch):
    monkeypatch.setattr(matrix, "MOST_MOVIES", 30)
    found = score_all(fit(dataset, split, grid={}, trend=0.0), dataset)
    x = make_matrix(dataset, dataset.ratings.iloc[split.known])
    kept = matrix.list_most_rated(x)
    rest = np.setdiff1d(np.arange(x.shape[1]), kept)
    assert np.ptp(found[:, rest], axis=1) == pytest.approx(0)
    assert (found[:, rest].max(axis=1) <= found[:, kept].min(axis=1) + 1e-6).all()
