import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_recommenders as tfrs

from reelbook.data import film_graph, synthetic
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models import dcn, registry
from reelbook.models.features import left_out
from reelbook.models.features.vocabularies import (
    FEATURES,
    describe_ratings,
    find_vocabularies,
    list_features,
)
from reelbook.models.fitting.epochs import predict, train_stars
from reelbook.models.fitting.loop import set_seed
from reelbook.report.inside import importance
from reelbook.splits.protocols import make_split

DOCUMENT = ["dcn.stacked", "dcn.parallel", "dcn.low_rank", "dcn.dnn"]
QUICK = {"epochs": 2, "batch_size": 512, "patience": 2}


@pytest.fixture(scope="module")
def dataset():
    tables = synthetic.make_tables()
    people = film_graph.make_credits(tables.movies)
    return Dataset("made-up", **vars(tables), sha256="abc", source="a test", credits=people)


def build(name, dataset, **params):
    """A built model, its rows over all ratings, its parameters and vocabularies."""
    set_seed(1)
    params = registry.resolve_params(name, params)
    ratings = dataset.ratings
    vocabularies = find_vocabularies(describe_ratings(dataset, ratings, params["features"]))
    rows = dcn.make_rows(dataset, ratings, ratings, params, vocabularies)
    return dcn.build(name, params, vocabularies, rows), rows, params, vocabularies


def test_a_network_has_the_features_that_the_data_have(dataset):
    """Before, a column without a value was crossed, ranked by importance and told of."""
    unknown = dataset.users.assign(age=0, gender="", occupation="", zip_code="")
    bare = dataclasses.replace(dataset, users=unknown, credits=None)
    assert list_features(dataset) == FEATURES
    assert list_features(bare) == ["movie_id", "user_id"]
    with pytest.raises(ReelbookError, match="made-up has no feature user_gender; it has: movie_id"):
        describe_ratings(bare, bare.ratings, ["user_gender"])


@pytest.mark.parametrize("rank", [None, 2])
def test_the_cross_layer_follows_its_equation(rank):
    set_seed(0)
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    layer = tfrs.layers.dcn.Cross(projection_dim=rank, bias_initializer="ones")
    found = layer(tf.constant(x)).numpy()
    *kernels, bias = (weight.numpy() for weight in layer.weights)
    product = x @ np.linalg.multi_dot(kernels) if rank else x @ kernels[0]
    assert found == pytest.approx(x * (product + bias) + x, abs=1e-5)


def test_the_stacked_network_is_cross_then_dense(dataset):
    model, rows, params, _ = build("dcn.stacked", dataset, dim=2, hidden_units=[3])
    table, cross, cross_bias, dense, bias, last, last_bias = (w.numpy() for w in model.weights)
    x = table[rows.inputs["codes"]].reshape(len(rows.targets), -1)
    x = x * (x @ cross + cross_bias) + x
    expected = np.maximum(x @ dense + bias, 0) @ last + last_bias
    assert predict(model, rows.inputs) == pytest.approx(expected[:, 0], abs=1e-5)
    assert len(params["features"]) == 8


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("dcn.stacked", 256 * 256 + 256 + 256 * 192 + 192 + 192 * 192 + 192 + 193),
        ("dcn.parallel", 256 * 256 + 256 + 256 * 192 + 192 + 192 * 192 + 192 + 256 + 193),
        ("dcn.low_rank", 2 * 256 * 20 + 256 + 256 * 192 + 192 + 192 * 192 + 192 + 193),
        ("dcn.dnn", 256 * 192 + 192 + 2 * (192 * 192 + 192) + 193),
    ],
)
def test_the_document_s_networks_have_its_sizes(dataset, name, weights):
    model, _, _, vocabularies = build(name, dataset)
    assert model.count_params() == weights + 32 * vocabularies.size


@pytest.mark.parametrize("name", [*DOCUMENT, "dcn.best"])
def test_a_batch_can_be_learned_by_heart(dataset, name):
    part = dataclasses.replace(dataset, ratings=dataset.ratings[:64])
    model, rows, _, _ = build(
        name, part, **({"l2": 0.0, "l2_weights": 0.0} if "best" in name else {})
    )
    training = train_stars(
        model, rows, optimizer="adam", learning_rate=0.01, batch_size=64, epochs=150, seed=0
    )
    assert training.history["train_rmse"].iloc[-1] < 0.1


def test_under_source_the_whole_test_curve_is_kept(dataset):
    split = make_split(dataset, "source", seed=0, test_share=0.25, cleaned=True)
    fit = registry.fit("dcn.dnn", {"epochs": 4, "patience": 1}, dataset, split, 0)
    assert fit.history["test_rmse"].notna().sum() == 4
    metrics = {metric.metric: metric.value for metric in fit.metrics if metric.split_part == "test"}
    assert metrics["rmse_last_epoch"] == fit.history["test_rmse"].iloc[-1]
    letters = dataset.users["user_id"][dataset.users["zip_code"].str.contains("[A-Z]")]
    assert len(letters) > 0
    assert not fit.predictions["user_id"].isin(letters).any()


@pytest.mark.parametrize("name", ["dcn.stacked", "dcn.best"])
def test_what_training_never_saw_is_predicted_and_counted(dataset, name):
    ratings = dataset.ratings
    cold = ratings["user_id"].eq(1) | ratings["movie_id"].eq(1)
    split = make_split(dataset, "official", fold=1)
    positions = np.arange(len(ratings))
    test = np.union1d(positions[cold], split.test)
    rest = np.setdiff1d(positions, test)
    split = dataclasses.replace(split, train=rest[:-200], validation=rest[-200:], test=test)
    fit = registry.fit(name, QUICK, dataset, split, 0)
    assert np.isfinite(fit.predictions["prediction"]).all()
    tested = ratings.iloc[test]
    assert fit.extra["unknown"]["user_id"] == tested["user_id"].eq(1).mean()
    assert fit.extra["unknown"]["movie_id"] == tested["movie_id"].eq(1).mean()


def test_a_feature_that_is_all_unknown_is_an_error(dataset):
    split = make_split(dataset, "official", fold=1)
    users = dataset.users.assign(zip_code=[f"{i}x" for i in range(len(dataset.users))])
    spelled = dataclasses.replace(dataset, users=users)
    of_user_1 = np.flatnonzero(dataset.ratings["user_id"] == 1)
    rest = np.setdiff1d(np.arange(len(dataset.ratings)), of_user_1)
    split = dataclasses.replace(split, train=rest[:-200], validation=rest[-200:], test=of_user_1)
    with pytest.raises(ReelbookError, match="none of the .* rows has a value that training knows"):
        registry.fit("dcn.dnn", QUICK | {"features": ["user_zip_code"]}, spelled, split, 0)


@pytest.mark.parametrize(
    ("features", "message"), [(["star"], "no feature star"), ([], "No features were asked for")]
)
def test_features_that_are_not_there_are_an_error(dataset, features, message):
    plain = dataclasses.replace(dataset, credits=None)
    with pytest.raises(ReelbookError, match=message):
        describe_ratings(plain, plain.ratings, features)


def test_no_statistic_depends_on_the_row_s_own_rating(dataset):
    known = dataset.ratings[:2000]
    options = {"center": 3.5, "damping": 5.0}
    before = left_out.compute_statistics(dataset, known, known, **options)
    for row in (0, 500, 1999):
        changed = known.copy()
        changed.iloc[row, 2] = 1.0 if known.iloc[row, 2] > 3 else 5.0
        after = left_out.compute_statistics(dataset, changed, changed, **options)
        assert after[row] == pytest.approx(before[row], abs=1e-5)
        others = np.flatnonzero(known["user_id"] == known.iloc[row, 0])
        assert not np.allclose(after[others], before[others])


def test_a_training_row_sees_what_a_test_row_would(dataset):
    """Its statistics are those that it would get if it had never been in training."""
    known = dataset.ratings[:2000]
    options = {"center": 3.5, "damping": 5.0}
    inside = left_out.compute_statistics(dataset, known, known, **options)
    for row in (3, 700):
        without = known.drop(index=known.index[row])
        outside = left_out.compute_statistics(dataset, known.iloc[[row]], without, **options)
        assert inside[row] == pytest.approx(outside[0], abs=1e-5)


def test_statistics_by_hand(dataset):
    known = pd.DataFrame(
        {"user_id": [1, 1, 2], "movie_id": [1, 2, 1], "rating": [5.0, 3.0, 4.0], "timestamp": 0}
    )
    options = {"center": 3.0, "damping": 1.0}
    found = left_out.compute_statistics(dataset, known, known, **options)
    row = dict(zip(left_out.NAMES, found[0], strict=True))
    assert row["movie mean"] == pytest.approx(1 / 2)  # 4 - 3 by user 2, one more at zero
    assert row["user mean"] == 0
    assert row["user count"] == pytest.approx(np.log(2))
    # A of user 2 is 1/2: what is left of its rating is 1/2, over two.
    assert row["movie residual"] == pytest.approx(0.25)


def test_norms_of_blocks_and_pairs(dataset):
    model, _, params, _ = build("dcn.stacked", dataset, dim=2, features=FEATURES[:3])
    kernel = np.zeros((6, 6), "float32")
    kernel[0:2, 2:4] = 1.0  # movie_id into user_id
    kernel[4:6, 0:2] = 3.0
    model.get_layer("cross").trainable_weights[0].assign(kernel)
    extra = {"blocks": dcn.measure_blocks(model, params["features"]).tolist()}
    blocks = importance.read_blocks(
        SimpleNamespace(record=SimpleNamespace(params=params, extra=extra))
    )
    assert blocks.loc["movie_id", "user_id"] == pytest.approx(2)
    assert importance.rank_pairs(blocks).index[0] == "movie_id x user_zip_code"
    assert importance.sum_by_feature(blocks)["movie_id"] == pytest.approx(np.sqrt(4 + 36))


def test_a_feature_without_weight_is_not_missed_when_permuted(dataset):
    model, rows, params, vocabularies = build("dcn.dnn", dataset)
    table = model.get_layer("embeddings")
    values = np.random.default_rng(0).normal(size=table.get_weights()[0].shape)
    values[: vocabularies.starts[1]] = 0  # movie_id
    table.set_weights([values])
    fitted = rows._replace(targets=predict(model, rows.inputs))
    rises = importance.permute_features(model, fitted, params["features"], seed=0)
    assert rises["movie_id"] == 0
    assert (rises.drop("movie_id") > 0).all()


def test_agreement_of_rankings():
    same = pd.DataFrame({0: [3.0, 2, 1], 1: [9.0, 5, 0]})
    assert importance.measure_agreement(same) == {"correlation": 1.0, "same_top": 1.0}
    opposite = same.assign(**{"2": [0, 1, 2]})[[0, "2"]]
    assert importance.measure_agreement(opposite) == {"correlation": -1.0, "same_top": 0.5}
