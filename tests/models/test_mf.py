import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tf_keras as keras

from reelbook.data.tables import Dataset
from reelbook.models import mf, registry
from reelbook.models.fitting import sample, sparse_product
from reelbook.models.fitting.epochs import predict, train_stars
from reelbook.models.fitting.loop import set_seed
from reelbook.splits.protocols import make_split

QUICK = {"factors": 4, "epochs": 3, "batch_size": 64}


@pytest.fixture(scope="module")
def dataset():
    """Ratings of 30 users and 20 movies; movie 21 has a single one, movie 99 is never rated."""
    rng = np.random.default_rng(0)
    pairs = [(user, movie) for user in range(1, 31) for movie in range(1, 21)]
    ratings = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    ratings["rating"] = rng.integers(1, 6, len(ratings)).astype("float32")
    ratings = ratings.sample(frac=0.7, random_state=0)
    lone = pd.DataFrame({"user_id": [1], "movie_id": [21], "rating": np.float32([4])})
    ratings = pd.concat([lone, ratings], ignore_index=True)
    return Dataset("tiny", ratings, pd.DataFrame(), pd.DataFrame(), "abc", "a test")


def build(name, ratings, **params):
    """A built model, its training rows and what is known, with weights large enough to see."""
    set_seed(1)
    known = mf.find_known(ratings)
    rows = mf.make_rows(ratings, known)
    model = mf.build(name, registry.resolve_params(name, {"factors": 4, **params}), rows)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        for weight in layer.trainable_weights:
            values = rng.normal(0, 0.5, weight.shape)
            if isinstance(layer, keras.layers.Embedding):
                values[0] = 0
            weight.assign(values)
    return model, rows, known


def get_table(model, name):
    return model.get_layer(name).get_weights()[0]


def test_dot_and_sigmoid_follow_their_equations(dataset):
    for name in ["mf.dot", "mf.sigmoid"]:
        model, rows, _ = build(name, dataset.ratings)
        p = get_table(model, "user_factors")[rows.inputs["user"]]
        q = get_table(model, "movie_factors")[rows.inputs["movie"]]
        expected = (p * q).sum(axis=1)
        if name == "mf.sigmoid":
            expected = 1 + 4 / (1 + np.exp(-expected))
        assert predict(model, rows.inputs) == pytest.approx(expected, abs=1e-5)


def test_biased_follows_its_equation(dataset):
    model, rows, _ = build("mf.biased", dataset.ratings)
    user, movie = rows.inputs["user"], rows.inputs["movie"]
    p, q = get_table(model, "user_factors")[user], get_table(model, "movie_factors")[movie]
    biases = get_table(model, "user_bias")[user, 0] + get_table(model, "movie_bias")[movie, 0]
    expected = rows.targets.mean() + biases + (p * q).sum(axis=1)
    assert predict(model, rows.inputs) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("leave_out", [True, False])
def test_implicit_follows_its_equation(dataset, leave_out):
    model, rows, _ = build("mf.implicit", dataset.ratings, leave_out=leave_out)
    user, movie = rows.inputs["user"], rows.inputs["movie"]
    place = 17
    u, i = user[place], movie[place]
    y, x = get_table(model, "movies_of_user"), get_table(model, "users_of_movie")
    movies, users = movie[user == u], user[movie == i]
    biases = get_table(model, "user_bias")[u, 0] + get_table(model, "movie_bias")[i, 0]
    for training in [True, False]:
        own = 1.0 if training and leave_out else 0.0  # the row's own movie and user, taken out
        p = (y[movies].sum(axis=0) - own * y[i]) / np.sqrt(len(movies))
        q = (x[users].sum(axis=0) - own * x[u]) / np.sqrt(len(users))
        p, q = p + get_table(model, "user_factors")[u], q + get_table(model, "movie_factors")[i]
        row = {name: values[place : place + 1] for name, values in rows.inputs.items()}
        found = model(row, training=training).numpy().item()
        assert found == pytest.approx(rows.targets.mean() + biases + p @ q, abs=1e-4)


def test_the_penalty_is_a_sum_over_ratings(dataset):
    model, rows, _ = build("mf.implicit", dataset.ratings, l2=0.5, l2_bias=0.25, l2_implicit=2.0)
    batch = {name: values[:50] for name, values in rows.inputs.items()}
    model(batch, training=True)
    weights = {
        ("user_factors", "user"): 0.5,
        ("movie_factors", "movie"): 0.5,
        ("user_bias", "user"): 0.25,
        ("movie_bias", "movie"): 0.25,
        ("movies_of_user", "movie"): 2.0,
        ("users_of_movie", "user"): 2.0,
    }
    expected = sum(
        weight * (get_table(model, table)[batch[key]] ** 2).sum() / 50
        for (table, key), weight in weights.items()
    )
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", list(mf.MODELS))
def test_an_unknown_user_or_movie_gets_a_prediction(dataset, name):
    model, rows, known = build(name, dataset.ratings)
    new = pd.DataFrame({"user_id": [999, 1, 999], "movie_id": [1, 99, 99], "rating": [3.0, 3, 3]})
    inputs = mf.make_rows(new, known).inputs
    assert inputs["user"].tolist() == [0, 1, 0]
    assert inputs["movie"].tolist() == [1, 0, 0]
    predictions = predict(model, inputs)
    assert np.isfinite(predictions).all()
    neither = {"mf.dot": 0.0, "mf.sigmoid": 3.0}.get(name, rows.targets.mean())
    if name != "mf.mlp":  # what a dense layer makes of zeros depends on its biases
        assert predictions[2] == pytest.approx(neither, abs=1e-5)


@pytest.mark.parametrize("name", ["mf.mlp", "mf.biased", "mf.implicit"])
def test_training_never_moves_the_row_of_the_unknown(dataset, name):
    model, rows, _ = build(name, dataset.ratings)
    before = get_table(model, "user_factors").copy()
    options = {"optimizer": "adam", "learning_rate": 0.1, "batch_size": 64, "epochs": 2, "seed": 0}
    train_stars(model, rows, **options)
    after = get_table(model, "user_factors")
    assert not after[0].any()
    assert (after[1:] != before[1:]).any(axis=1).all()


def test_ids_are_encoded_by_their_place():
    known = np.array([2, 5, 9])
    ids = np.array([9, 2, 1, 5, 10, 3])
    assert mf.encode_ids(ids, known).tolist() == [3, 1, 0, 2, 0, 0]


def test_a_model_can_learn_a_table_by_heart(dataset):
    model, rows, _ = build("mf.biased", dataset.ratings, l2=0.0, l2_bias=0.0, factors=30)
    options = {"optimizer": "adam", "learning_rate": 0.02, "batch_size": 64, "epochs": 100}
    training = train_stars(model, rows, seed=0, decay_from=0.5, **options)
    assert training.history["train_rmse"].iloc[-1] < 0.05


def test_the_setting_with_the_lowest_validation_error_is_chosen(dataset):
    split = make_split(dataset, "official", fold=2)
    params = {**QUICK, "grid": {"l2": [0.0, 5.0], "l2_bias": [0.0, 5.0]}}
    fit = registry.fit("mf.biased", params, dataset, split, 0)
    assert len(fit.extra["tried"]) == 4
    best = min(fit.extra["tried"], key=lambda setting: setting["validation_rmse"])
    assert fit.extra["chosen"] == {"l2": best["l2"], "l2_bias": best["l2_bias"]}
    found = {(metric.split_part, metric.metric): metric.value for metric in fit.metrics}
    assert found["validation", "rmse"] == best["validation_rmse"]
    assert fit.best_epoch == best["epoch"]


def test_the_documents_protocol_reports_its_best_test_epoch_too(dataset):
    split = make_split(dataset, "source", seed=3)
    fit = registry.fit("mf.dot", {**QUICK, "epochs": 40, "learning_rate": 0.05}, dataset, split, 0)
    test = fit.history.set_index("epoch")["test_rmse"].dropna()
    found = {(metric.split_part, metric.metric): metric.value for metric in fit.metrics}
    assert found["test", "rmse_best_test_epoch"] == test.min()
    assert fit.extra["best_test_epoch"] == test.idxmin()
    errors = fit.predictions["prediction"] - fit.predictions["rating"]
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(test[fit.best_epoch], rel=1e-5)


def test_sparse_sums_equal_dense_ones(dataset, monkeypatch):
    new = {"user": np.array([0, 3], "int32"), "movie": np.array([2, 0], "int32")}  # 0: unknown
    found = []
    for cells in (sparse_product.MOST_CELLS, 0):
        monkeypatch.setattr(sparse_product, "MOST_CELLS", cells)
        model, rows, _ = build("mf.implicit", dataset.ratings)
        batch = {name: tf.constant(values[:50]) for name, values in rows.inputs.items()}
        with tf.GradientTape() as tape:
            loss = tf.add_n([tf.reduce_mean(model(batch, training=True) ** 2), *model.losses])
        gradients = tape.gradient(loss, model.trainable_weights)
        first = predict(model, new)
        moved = model.get_layer("movies_of_user").vectors
        moved.assign(2 * moved)  # what is kept of the product must not be used again
        arrays = [tf.convert_to_tensor(g).numpy() for g in gradients]
        found.append([loss.numpy(), first, predict(model, new), *arrays])
    for dense, sparse in zip(*found, strict=True):
        assert sparse == pytest.approx(dense, rel=1e-4, abs=1e-5)


def test_with_sparse_sums_the_record_tells_and_the_bits_repeat(dataset, monkeypatch):
    split = make_split(dataset, "official", fold=2)
    params = {**QUICK, "grid": {}}
    usual = registry.fit("mf.implicit", params, dataset, split, 0)
    monkeypatch.setattr(sparse_product, "MOST_CELLS", 0)
    monkeypatch.setattr(mf, "SPARSE_STEPS", 2)
    first, second = (registry.fit("mf.implicit", params, dataset, split, 0) for _ in "ab")
    assert "way" not in usual.extra
    assert first.extra["way"] == "sparse sums"
    assert first.extra["grown"]["batch_size"] > QUICK["batch_size"]
    assert first.predictions.equals(second.predictions)
    monkeypatch.setattr(mf, "SPARSE_STEPS", 500)  # the same steps as by a dense table
    same = registry.fit("mf.implicit", params, dataset, split, 0).predictions["prediction"]
    assert same.to_numpy() == pytest.approx(usual.predictions["prediction"].to_numpy(), abs=1e-3)


def test_above_a_size_settings_are_tried_on_a_sample_of_users(dataset, monkeypatch):
    split = make_split(dataset, "official", fold=2)
    params = {**QUICK, "grid": {"l2": [0.0, 5.0]}}
    assert sample.sample_for_tuning(dataset, split) is None
    monkeypatch.setattr(sample, "MOST_TUNED", 150)
    drawn = sample.sample_for_tuning(dataset, split)
    users = dataset.ratings["user_id"].to_numpy()
    known = np.concatenate([split.train, split.validation])
    kept = np.concatenate([drawn.train, drawn.validation])
    assert 100 < len(kept) <= 150
    assert set(kept) == set(known[np.isin(users[known], users[kept])])  # all that these users have
    fit = registry.fit("mf.biased", params, dataset, split, 0)
    tuned = registry.fit("mf.biased", params, dataset, drawn, 0)
    chosen = params | fit.extra["chosen"] | {"grid": {}}
    given = registry.fit("mf.biased", chosen, dataset, split, 0)
    assert fit.extra["tuned_on"] == {"ratings": len(drawn.train), "of": len(split.train)}
    assert fit.extra["tried"] == tuned.extra["tried"]
    assert fit.predictions.equals(given.predictions)
