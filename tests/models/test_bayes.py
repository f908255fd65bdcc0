import numpy as np
import pandas as pd
import pytest

from reelbook.metrics.ratings import compute_rmse
from reelbook.models import bayes, registry
from reelbook.splits.protocols import make_split

QUICK = {"rank": 2, "draws": 12}
NAMES = list(bayes.MODELS)


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "official", fold=1)


@pytest.mark.parametrize("name", NAMES)
def test_it_beats_the_mean_and_says_nothing(name, dataset, split, capfd):
    before = dataset.ratings.copy()
    found = registry.fit(name, {"rank": 4, "draws": 60}, dataset, split, 0).predictions
    error = compute_rmse(found["rating"].to_numpy(), found["prediction"].to_numpy())
    assert error < found["rating"].std()
    assert found["prediction"].between(1, 5).all()
    assert "it/s" not in capfd.readouterr().err
    pd.testing.assert_frame_equal(dataset.ratings, before)


def test_the_features_of_a_user_and_a_movie_by_hand(dataset):
    known = dataset.ratings.iloc[:400]
    day, user, movie = bayes.describe_all(dataset, known)
    rated = known.groupby("user_id")["movie_id"].nunique()
    someone = rated.index[0]
    row = user.features[np.searchsorted(user.values, someone)].toarray()[0]
    own = row[: user.groups[0]]
    of_movies = row[user.groups[0] : sum(user.groups[:2])]
    assert own.sum() == 1
    assert np.count_nonzero(of_movies) == rated.iloc[0]
    assert of_movies.max() == pytest.approx(rated.iloc[0] ** -0.5)
    assert row[sum(user.groups[:2]) :].sum() == 4  # age, occupation, gender, zip code
    seen_by = known.groupby("movie_id")["user_id"].nunique()
    row = movie.features[np.searchsorted(movie.values, seen_by.index[0])].toarray()[0]
    assert np.count_nonzero(row[movie.groups[0] : sum(movie.groups[:2])]) == seen_by.iloc[0]
    assert day.groups == [known["timestamp"].floordiv(bayes.DAY).nunique()]


@pytest.mark.parametrize("describe", [bayes.describe_ids, bayes.describe_all])
def test_no_feature_is_handed_over_that_no_training_rating_has(describe, dataset):
    """myFM may end its process on an empty column."""
    known = dataset.ratings.iloc[:200]
    blocks = describe(dataset, known)
    x, relations = bayes.make_inputs(blocks, known)
    assert (x.getnnz(axis=0) > 0).all()
    for relation in relations:
        assert relation.data.getnnz(axis=0).min() > 0
    assert sum(size for block in blocks for size in block.groups) == x.shape[1] + sum(
        relation.data.shape[1] for relation in relations
    )


@pytest.mark.parametrize("describe", [bayes.describe_ids, bayes.describe_all])
def test_draws_that_are_kept_of_entities_predict_as_those_of_features(describe, dataset):
    known, rows = dataset.ratings.iloc[:500], dataset.ratings.iloc[500:]
    blocks = describe(dataset, known)
    groups = [size for block in blocks for size in block.groups]
    x, relations = bayes.make_inputs(blocks, known)
    draws = bayes.Draws(blocks, 5, 3)
    sampler = bayes.myfm.MyFMGibbsRegressor(rank=3, random_seed=1)

    def keep(number, drawn, *_):
        draws.keep(number - 3, drawn)
        return False, None

    options = {"X_rel": relations, "group_shapes": groups, "n_iter": 8, "n_kept_samples": 5}
    sampler.fit(x, known["rating"].to_numpy(), callback=keep, **options)
    expected = sampler.predict(*bayes.make_inputs(blocks, rows))
    assert draws.predict(rows) == pytest.approx(expected, abs=1e-6)
