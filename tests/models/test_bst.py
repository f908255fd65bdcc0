import dataclasses

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.data.titles import name_movie
from reelbook.errors import ReelbookError
from reelbook.models import registry
from reelbook.models.bst import family as bst
from reelbook.models.bst.layers import SelfAttention, TargetAttention
from reelbook.models.fitting.epochs import predict, train_stars
from reelbook.models.fitting.loop import set_seed
from reelbook.report.figures.structure import draw_structure
from reelbook.report.inside.attention import (
    average_attention,
    compute_attention,
    describe_past,
    find_example,
)
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Rules
from reelbook.splits.windows import split_windows

FAMILY = ["bst.base", "bst.tuned", "bst.best"]
QUICK = {"epochs": 2, "batch_size": 512}


def build(name, dataset, **params):
    """A built model with weights large enough to see, and its parameters."""
    set_seed(1)
    params = registry.resolve_params(name, params)
    model = bst.build(name, params, dataset, mean=3.5)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(rng.normal(0, 0.2, weight.shape))
    return model, params


def make_rows(dataset, params, targets=None, known=None):
    everything = np.arange(len(dataset.ratings))
    targets = everything if targets is None else targets
    return bst.make_rows(dataset, targets, everything if known is None else known, params)


def change_ratings(dataset, rows, stars):
    ratings = dataset.ratings.copy()
    ratings.loc[rows, "rating"] = np.float32(stars)
    return Dataset("changed", ratings, dataset.users, dataset.movies, "abc", "a test")


@pytest.mark.parametrize("name", FAMILY)
def test_padding_does_not_change_a_prediction(dataset, name):
    model, params = build(name, dataset)
    inputs = make_rows(dataset, params).inputs
    padding = inputs["history"] == 0
    assert padding.any()
    noise = np.random.default_rng(0).uniform(-9, 9, padding.shape).astype("float32")
    noisy = inputs | {"stars": np.where(padding, noise, inputs["stars"])}
    assert np.array_equal(predict(model, inputs), predict(model, noisy))


def test_more_padding_does_not_change_a_prediction(dataset):
    model, params = build("bst.best", dataset, length=12)
    inputs = make_rows(dataset, params).inputs
    short = (inputs["history"] > 0).sum(axis=1) <= 8
    fewer, fewer_params = build("bst.best", dataset, length=8)
    weights = {weight.name: weight for weight in model.weights}
    for weight in fewer.weights:
        weight.assign(weights[weight.name][: weight.shape[0]])  # the first of the positions
    expected = predict(model, inputs)[short]
    found = predict(fewer, make_rows(dataset, fewer_params).inputs)[short]
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", FAMILY)
def test_the_model_sees_neither_the_target_nor_what_follows(dataset, name):
    model, params = build(name, dataset)
    target = int(dataset.ratings.query("user_id == 1").sort_values("timestamp").index[10])
    own = dataset.ratings.query("user_id == 1 and timestamp > timestamp[@target]").index
    before = predict(model, make_rows(dataset, params, np.array([target])).inputs)
    changed = change_ratings(dataset, [target, *own], 1.0)
    assert len(own) > 0
    assert before == predict(model, make_rows(changed, params, np.array([target])).inputs)
    past = dataset.ratings.query("user_id == 1 and timestamp < timestamp[@target]").index
    changed = change_ratings(dataset, past, 1.0)
    assert before != predict(model, make_rows(changed, params, np.array([target])).inputs)


def test_a_test_row_sees_training_ratings_only(dataset):
    split = make_split(dataset, "official", fold=1)
    params = registry.resolve_params("bst.best", {})
    rows = make_rows(dataset, params, split.test, split.train)
    changed = change_ratings(dataset, np.concatenate([split.validation, split.test]), 1.0)
    other = make_rows(changed, params, split.test, split.train)
    for name, values in rows.inputs.items():
        assert np.array_equal(values, other.inputs[name])


@pytest.mark.parametrize("name", FAMILY)
def test_a_user_without_a_past_gets_a_prediction(dataset, name):
    model, params = build(name, dataset)
    rows = make_rows(dataset, params, np.arange(9), np.array([], int))
    assert (rows.inputs["history"] == 0).all()
    assert np.isfinite(predict(model, rows.inputs)).all()


def test_attention_sums_to_one_over_places_that_are_there(dataset):
    model, params = build("bst.best", dataset)
    rows = make_rows(dataset, params)
    attention = compute_attention(model, rows)
    assert attention.shape == (len(rows.targets), params["num_heads"], params["length"] + 1)
    assert attention.sum(axis=2) == pytest.approx(1, abs=1e-5)
    padding = np.pad(rows.inputs["history"] == 0, [(0, 0), (0, 1)])
    assert (attention.transpose(0, 2, 1)[padding] == 0).all()
    assert (attention[:, :, -1] > 0).all()  # the target itself


def test_attention_follows_its_equation():
    """By plain NumPy, with keys and values projected place by place."""
    rng = np.random.default_rng(0)
    target, places = rng.normal(size=(2, 6)), rng.normal(size=(2, 5, 6))
    signals, mask = rng.normal(size=(2, 5)), np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
    layer = TargetAttention(3, 6)
    inputs = [tf.constant(a, tf.float32) for a in (target, places, signals)]
    found, weights = layer([*inputs, tf.constant(mask)])
    query, key, output = (weight.numpy() for weight in layer.weights)
    for row in range(2):
        kinds: dict[str, list] = {"plain": [], "signed": [], "sum": []}
        for head in range(3):
            q = target[row] @ query[:, 2 * head : 2 * head + 2]
            scores = places[row] @ key[head].T @ q / np.sqrt(2)
            a = np.where(mask[row], np.exp(scores), 0)
            a /= a.sum()
            assert weights[row, head].numpy() == pytest.approx(a, abs=1e-5)
            kinds["plain"].append(a @ places[row])
            kinds["signed"].append((a * signals[row]) @ places[row])
            kinds["sum"].append([(a * signals[row]).sum()])
        joined = np.concatenate([np.concatenate(kind) for kind in kinds.values()])
        assert found[row].numpy() == pytest.approx(joined @ output, abs=1e-4)


@pytest.mark.parametrize(("num_heads", "head_dim"), [(3, 5), (2, 8)])
def test_self_attention_equals_that_of_keras(num_heads, head_dim):
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(7, 4, 8)), tf.float32)
    mask = tf.constant(rng.integers(0, 2, (7, 4)) | [[0, 0, 0, 1]], tf.float32)
    ours = SelfAttention(num_heads, head_dim, dropout=0.1, name="ours")
    found = ours([x, mask])
    query, key, value, output, query_bias, output_bias = (
        weight.assign(rng.normal(size=weight.shape)).numpy() for weight in ours.weights
    )
    found = ours([x, mask])
    keras_layer = keras.layers.MultiHeadAttention(num_heads, head_dim)
    keras_layer(x, x)
    none = np.zeros_like(query_bias)
    keras_layer.set_weights([query, query_bias, key, none, value, none, output, output_bias])
    expected = keras_layer(x, x, attention_mask=mask[:, None, :])
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-4)


@pytest.mark.parametrize("name", FAMILY)
def test_one_batch_can_be_overfitted(dataset, name):
    free = {"dropout": 0.0}
    if name == "bst.best":
        free |= {"history_dropout": 0.0, "l2": 0.0, "l2_bias": 0.0}
    set_seed(0)
    params = registry.resolve_params(name, free)
    model = bst.build(name, params, dataset, mean=3.5)
    rows = make_rows(dataset, params, np.arange(64))
    options = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 64}
    training = train_stars(model, rows, epochs=150, seed=0, **options)
    assert training.history["train_rmse"].iloc[-1] < 0.2


def test_the_window_of_a_row_is_its_past(dataset):
    split = split_windows(dataset.ratings, seed=0, test_share=0.15, validation_share=0.1)
    params = registry.resolve_params("bst.base", {})
    rows = bst.make_rows(dataset, split.test, None, params)
    assert (rows.inputs["history"] > 0).all()
    row = split.test[0]
    user = dataset.ratings["user_id"][row]
    own = dataset.ratings[dataset.ratings["user_id"] == user].sort_values(
        "timestamp", kind="stable"
    )
    place = own.index.get_loc(row)
    expected = own.iloc[place - 3 : place][::-1]
    assert rows.inputs["history"][0].tolist() == expected["movie_id"].tolist()  # ids are 1 to 100
    assert rows.inputs["stars"][0].tolist() == expected["rating"].tolist()


def test_a_fit_predicts_the_test_rows_in_their_order(dataset):
    split = split_windows(dataset.ratings, seed=0, test_share=0.15, validation_share=0.1)
    fit = registry.fit("bst.tuned", QUICK, dataset, split, 0)
    keys = ["user_id", "movie_id", "rating"]
    expected = dataset.ratings.iloc[split.test][keys].reset_index(drop=True)
    pd.testing.assert_frame_equal(fit.predictions[keys], expected)
    metrics = {(metric.split_part, metric.metric): metric.value for metric in fit.metrics}
    test_rmse = fit.history["test_rmse"]
    assert metrics["test", "rmse_last_epoch"] == test_rmse.iloc[-1]
    assert metrics["test", "rmse_best_test_epoch"] == test_rmse.min()


def test_each_ablation_takes_one_thing_away(dataset):
    best, _ = build("bst.best", dataset)
    for name, layer in {"bst.no_positions": "sequence", "bst.no_side": "movie_table"}.items():
        model, _ = build(name, dataset)
        assert model.get_layer(layer).count_params() < best.get_layer(layer).count_params()
    model, params = build("bst.no_ratings", dataset)
    inputs = make_rows(dataset, params).inputs
    assert np.array_equal(
        predict(model, inputs), predict(model, inputs | {"stars": inputs["stars"] * 0})
    )
    plain, shuffled = (
        make_rows(dataset, registry.resolve_params(name, {})).inputs["history"]
        for name in ("bst.best", "bst.shuffled")
    )
    assert np.array_equal(np.sort(plain), np.sort(shuffled))
    assert not np.array_equal(plain, shuffled)


def test_rows_that_end_no_window_are_an_error_where_a_split_says_that_they_do(dataset):
    split = make_split(dataset, "source", seed=0)
    split = dataclasses.replace(split, rules=Rules(ends_windows=True))
    with pytest.raises(ReelbookError, match="no targets of windows"):
        registry.fit("bst.base", QUICK, dataset, split, 0)


def test_a_past_reads_as_it_was(dataset):
    model, params = build("bst.best", dataset)
    rows = make_rows(dataset, params)
    attention = compute_attention(model, rows)
    row = find_example(rows, 0)
    past = describe_past(attention, rows, row, dataset)
    assert past["place"].tolist() == list(range(1, params["length"] + 1))
    movie = dataset.movies.set_index("movie_id").loc[rows.inputs["history"][row, 0]]
    assert past["title"][0] == name_movie(movie)
    assert past["weight"].sum() + attention[row, :, -1].mean() == pytest.approx(1, abs=1e-5)
    average = average_attention(attention, rows)
    assert len(average) == params["num_heads"] * params["length"]
    full = (rows.inputs["history"] > 0).all(axis=1)
    first = average.query("head == 1 and place == 1")["weight"].item()
    assert first == pytest.approx(attention[full, 0, 0].mean(), abs=1e-6)


def test_no_full_past_gives_no_average(dataset):
    model, params = build("bst.best", dataset, length=500)
    rows = make_rows(dataset, params, np.arange(5))
    average = average_attention(compute_attention(model, rows), rows)
    assert average.empty


@pytest.mark.parametrize("name", FAMILY)
def test_a_structure_shows_every_layer(dataset, name):
    model = bst.build_for(name, dataset)
    drawing = draw_structure(model).data
    for layer in model.layers:
        assert layer.name.replace("_", " ") in drawing
