import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from reelbook.metrics.catalogue import compute_by_user, rank_catalogue
from reelbook.metrics.ratings import compute_rmse
from reelbook.models import autoencoder, registry
from reelbook.models.registry import resolve_params
from reelbook.splits.protocols import make_split

AUTOREC = {"hidden_units": 16, "epochs": 8, "batch_size": 32}
MULTVAE = {"hidden_units": 16, "dim": 4, "epochs": 20, "batch_size": 32}


@pytest.fixture(scope="module")
def official(dataset):
    return make_split(dataset, "official", fold=1)


@pytest.fixture(scope="module")
def stratified(dataset):
    return make_split(dataset, "stratified")


def fit(name, dataset, split, seed=0):
    params = AUTOREC if name == "autoencoder.autorec" else MULTVAE
    return registry.fit(name, params, dataset, split, seed)


def test_autorec_by_hand():
    params = resolve_params("autoencoder.autorec", {"hidden_units": 3})
    model = autoencoder.build_autorec(params, 5)
    v, c, w, d = (weight.numpy() for weight in model.weights)
    e = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    expected = 1 / (1 + np.exp(-(e @ v + c))) @ w + d
    assert np.allclose(model(e), expected, atol=1e-5)


def test_multvae_has_the_divergence_of_two_normals():
    m, s = np.array([[0.5, -1.0]]), np.array([[0.2, -0.3]])
    ours = 0.5 * np.sum(np.exp(s) + m**2 - 1 - s)
    z = np.random.default_rng(0).normal(m, np.exp(s / 2), (400_000, 2))
    log_q = -0.5 * ((z - m) ** 2 / np.exp(s) + s).sum(axis=1)
    log_p = -0.5 * (z**2).sum(axis=1)
    assert ours == pytest.approx((log_q - log_p).mean(), abs=0.01)


def test_predictions_are_of_the_test_rows_and_beat_the_mean(dataset, official):
    before = dataset.ratings.copy()
    found = fit("autoencoder.autorec", dataset, official).predictions
    assert len(found) == official.sizes["test"]
    error = compute_rmse(found["rating"].to_numpy(), found["prediction"].to_numpy())
    assert error < found["rating"].std()
    assert found["prediction"].between(1, 5).all()
    pd.testing.assert_frame_equal(dataset.ratings, before)


def test_lists_beat_those_in_any_order(dataset, stratified):
    def measure(score):
        ranks = rank_catalogue(score, dataset, stratified).ranks
        return compute_by_user(ranks, "ndcg@10").mean()

    rng = np.random.default_rng(0)
    drawn = measure(lambda users: rng.random((len(users), len(dataset.movies))))
    assert measure(fit("autoencoder.multvae", dataset, stratified).score) > 1.3 * drawn


def test_a_user_who_rated_nothing_gets_the_list_of_such_users(dataset, stratified):
    users = dataset.users["user_id"].to_numpy()
    new = dataset.ratings["user_id"].isin(users[:2])
    rows = np.flatnonzero(new)
    train, validation = (np.setdiff1d(p, rows) for p in (stratified.train, stratified.validation))
    other = type(stratified)(
        "stratified", None, 0, train, validation, np.union1d(stratified.test, rows)
    )
    scores = fit("autoencoder.multvae", dataset, other).score(np.sort(users[:2]))
    assert np.isfinite(scores).all()
    assert np.allclose(scores[0], scores[1])


def test_dropout_leaves_scores_alone(dataset, stratified):
    found = fit("autoencoder.multvae", dataset, stratified)
    history = tf.zeros((1, len(dataset.movies)))
    first, second = (found.model(history, training=False) for _ in range(2))
    assert np.array_equal(first, second)
