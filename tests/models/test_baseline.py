import numpy as np
import pandas as pd
import pytest

from reelbook.metrics.ratings import compute_rmse
from reelbook.models import baseline, biases, registry
from reelbook.splits.protocols import make_split

QUICK = {
    "baseline.mean": {},
    "baseline.user_mean": {},
    "baseline.biases": {"grid": {}},
    "baseline.knn": {"neighbours": 5, "grid": {}},
    "baseline.svd": {"factors": 4, "epochs": 5, "grid": {}},
    "baseline.svdpp": {"factors": 3, "epochs": 3, "grid": {}},
}
BY_SURPRISE = ["baseline.knn", "baseline.svd", "baseline.svdpp"]


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "official", fold=1)


def fit(name, dataset, split, seed=0):
    return registry.fit(name, QUICK[name], dataset, split, seed)


@pytest.mark.parametrize("name", BY_SURPRISE)
def test_whole_arrays_give_what_surprise_gives_one_by_one(name, dataset, split, monkeypatch):
    kept = []
    for algo in ("KNNBaseline", "SVD", "SVDpp"):
        original = getattr(baseline.surprise, algo).fit

        def fit_and_keep(self, trainset, original=original):
            kept.append(self)
            return original(self, trainset)

        monkeypatch.setattr(getattr(baseline.surprise, algo), "fit", fit_and_keep)
    predictions = fit(name, dataset, split).predictions[:300]
    algo = kept[-1]
    learned = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    known = biases.number_ratings(learned)
    users = pd.Index(known.users).get_indexer(predictions["user_id"])
    movies = pd.Index(known.movies).get_indexer(predictions["movie_id"])
    for row, user, movie in zip(predictions.itertuples(), users, movies, strict=True):
        theirs = algo.predict(user, movie).est
        assert row.prediction == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("name", ["baseline.svd", "baseline.svdpp"])
def test_another_seed_starts_elsewhere(name, dataset, split):
    first, other = (fit(name, dataset, split, seed).predictions["prediction"] for seed in (0, 1))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", list(QUICK))
def test_predictions_stay_in_the_range_and_leave_the_ratings_alone(name, dataset, split):
    before = dataset.ratings.copy()
    predictions = fit(name, dataset, split).predictions
    assert predictions["prediction"].between(1, 5).all()
    pd.testing.assert_frame_equal(dataset.ratings, before)


@pytest.mark.parametrize("name", list(QUICK))
def test_who_and_what_is_new_gets_the_mean(name, dataset):
    """Fold 1 tests its first rows: drop their users and movies from what is known."""
    split = make_split(dataset, "official", fold=1)
    ratings = dataset.ratings
    user, movie = ratings.loc[split.test[0], ["user_id", "movie_id"]].astype(int)
    is_new = (ratings["user_id"] == user) | (ratings["movie_id"] == movie)
    rows = ratings.index[is_new].to_numpy()
    train, validation = (np.setdiff1d(part, rows) for part in (split.train, split.validation))
    other = type(split)("official", 1, 0, train, validation, np.union1d(split.test, rows))
    predictions = fit(name, dataset, other).predictions
    found = predictions.query("user_id == @user and movie_id == @movie")["prediction"].item()
    mean = ratings.loc[np.union1d(train, validation), "rating"].mean()
    assert found == pytest.approx(mean, abs=1e-6)


def test_means_by_hand(dataset, split):
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    by_user = fit("baseline.user_mean", dataset, split).predictions
    expected = by_user["user_id"].map(known.groupby("user_id")["rating"].mean())
    assert np.allclose(by_user["prediction"], expected.fillna(known["rating"].mean()))


def test_biases_beat_the_user_s_mean_and_that_beats_the_mean(dataset, split):
    errors = [
        compute_rmse(found["rating"].to_numpy(), found["prediction"].to_numpy())
        for name in ("baseline.biases", "baseline.user_mean", "baseline.mean")
        for found in [fit(name, dataset, split).predictions]
    ]
    assert errors == sorted(errors)
