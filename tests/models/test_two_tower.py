import dataclasses

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue
from reelbook.models import registry
from reelbook.models.features.ids import make_genre_table
from reelbook.models.features.matrix import make_matrix
from reelbook.models.fitting import sparse_product
from reelbook.models.fitting.grid import Measure
from reelbook.models.fitting.loop import set_seed, train
from reelbook.models.two_tower import best as best_tower
from reelbook.models.two_tower import family as two_tower
from reelbook.models.two_tower.candidates import make_candidate_loss
from reelbook.models.two_tower.features import make_features, spell_titles, split_words
from reelbook.models.two_tower.towers import compute_batch_softmax, compute_uniform_loss
from reelbook.splits.protocols import make_split

DOCUMENT_MODELS = list(two_tower.DOCUMENT_MODELS)
QUICK = {"epochs": 2, "batch_size": 512}


@pytest.fixture(scope="module")
def source(dataset):
    return make_split(dataset, "source", test_share=0.25, seed=42)


def prepare(dataset, name, **params):
    params = registry.resolve_params(name, params)
    features = make_features(dataset, params["spelling"])
    set_seed(0)
    towers = two_tower.build(name, params, features)
    ratings = dataset.ratings
    rows = two_tower.make_rows(dataset, features, ratings, ratings, towers.query.input_names)
    return towers, features, rows, params


def test_the_batch_softmax_equals_the_retrieval_task_of_tfrs():
    import tensorflow_recommenders as tfrs

    rng = np.random.default_rng(0)
    queries, movies = (tf.constant(rng.normal(size=(n, 4)), tf.float32) for n in (7, 5))
    query = tf.constant(np.r_[np.arange(7), rng.integers(0, 7, 33)], tf.int32)
    movie = tf.constant(np.r_[np.arange(5), rng.integers(0, 5, 35)], tf.int32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([queries, movies])
        found = compute_batch_softmax(queries, movies, query, movie)
        task = tfrs.tasks.Retrieval()
        rows = [tf.gather(queries, query), tf.gather(movies, movie)]
        expected = task(*rows, compute_metrics=False)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
    for vectors in (queries, movies):
        ours, theirs = (tf.convert_to_tensor(tape.gradient(x, vectors)) for x in (found, expected))
        assert ours.numpy() == pytest.approx(theirs.numpy(), abs=1e-4)


def test_the_joint_loss_is_the_weighted_sum_of_both_tasks(dataset):
    towers, features, rows, params = prepare(dataset, "two_tower.joint")
    batch = {name: tf.constant(values[:200]) for name, values in rows.items()}

    def compute(rating, retrieval):
        weights = {"rating_weight": rating, "retrieval_weight": retrieval}
        return float(two_tower.make_loss(towers, features, params | weights)(batch))

    assert compute(2.0, 0.5) == pytest.approx(2 * compute(1.0, 0.0) + 0.5 * compute(0.0, 1.0))
    stars = two_tower.predict_stars(towers, features, {k: v[:200] for k, v in rows.items()})
    mean_square = np.mean((stars - rows["rating"][:200]) ** 2)
    assert compute(1.0, 0.0) == pytest.approx(mean_square, rel=1e-4)


def test_the_networks_are_as_large_as_the_document_says(dataset):
    towers, _, _, _ = prepare(dataset, "two_tower.joint")
    assert [layer.units for layer in towers.head.layers if hasattr(layer, "units")] == [256, 128, 1]
    assert towers.query.output_shape == (None, 32)
    towers, _, rows, _ = prepare(dataset, "two_tower.tuned_joint")
    dense = [
        [layer.units for layer in part.layers if hasattr(layer, "units")]
        for part in (towers.query, towers.candidate, towers.head)
    ]
    assert dense == [[64, 32, 32, 32, 32]] * 2 + [[256, 128, 64, 64, 32, 32, 1]]
    assert set(towers.query.input_names) == {"user", "time_bucket", "time", "gender"}
    assert {layer.rate for layer in towers.head.layers if hasattr(layer, "rate")} == {0.2}
    assert rows["time"].mean() == pytest.approx(0, abs=1e-3)
    assert rows["time"].std() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", DOCUMENT_MODELS)
def test_one_batch_can_be_overfitted(dataset, name):
    towers, features, rows, params = prepare(dataset, name, dropout=0.0)
    few = {key: values[:24] for key, values in rows.items()}
    loss = two_tower.make_loss(towers, features, params)
    options = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 24, "seed": 0}
    history = train(towers.model, few, loss, epochs=250, **options).history
    if params["rating_weight"] and not params["retrieval_weight"]:
        assert history["loss"].iloc[-1] < 0.05
    else:  # a user's own movies compete with each other: the loss has a floor above zero
        assert history["loss"].iloc[-1] < 0.75 * history["loss"].iloc[0]


def test_a_task_of_weight_zero_leaves_its_own_weights_alone(dataset):
    towers, features, rows, params = prepare(dataset, "two_tower.retrieval")
    before = [weight.numpy() for weight in towers.head.weights]
    loss = two_tower.make_loss(towers, features, params)
    options = {"optimizer": "adagrad", "learning_rate": 0.1, "batch_size": 512, "seed": 0}
    train(towers.model, rows, loss, epochs=1, **options)
    for weight, start in zip(towers.head.weights, before, strict=True):
        assert np.array_equal(weight.numpy(), start)


def test_a_mismatched_spelling_gives_every_rated_movie_the_same_vector(dataset):
    towers, features, rows, _ = prepare(dataset, "two_tower.joint_mismatched")
    _, movies = two_tower._embed_rows(towers, features, rows)
    assert (movies == movies[0]).all()
    vectors = two_tower.embed_catalogue(towers, features)
    assert len(np.unique(vectors, axis=0)) == len(dataset.movies)


def test_untrained_retrieval_has_the_loss_of_a_uniform_softmax(dataset, source):
    fit = registry.fit("two_tower.retrieval_mismatched", QUICK, dataset, source, 0)
    num_rows = len(source.train) + len(source.validation)
    expected = compute_uniform_loss(num_rows, QUICK["batch_size"])
    assert fit.history["loss"].to_numpy() == pytest.approx(expected, rel=1e-5)
    mended = registry.fit("two_tower.retrieval", QUICK | {"epochs": 5}, dataset, source, 0)
    assert mended.history["loss"].iloc[-1] < 0.995 * expected


def test_the_figures_of_the_document_are_measured_by_both_rules(dataset, source):
    params = QUICK | {"measure_epochs": True}
    fit = registry.fit("two_tower.joint", params, dataset, source, 0)
    figures = {(m.split_part, m.metric): m.value for m in fit.metrics}
    assert figures["test", "top@10"] == fit.history["test_top@10"].iloc[-1]
    assert figures["test", "tfrs_top@10"] == fit.history["test_tfrs_top@10"].iloc[-1]
    assert figures["test", "top@100"] == 1  # the catalogue has a hundred movies
    error = fit.predictions["prediction"].astype("float64") - fit.predictions["rating"]
    assert np.sqrt((error**2).mean()) == pytest.approx(fit.history["test_rmse"].iloc[-1], abs=1e-6)
    assert fit.score is None


def test_titles_are_spelled_as_the_document_had_them(dataset):
    cleaned, printed = spell_titles(dataset)
    assert printed[2].startswith(f"b'{cleaned.iloc[2]} (")
    assert printed.iloc[-1] == f"b'{cleaned.iloc[-1]}'"  # this one has no year
    assert split_words("b'You So Crazy (1994)'") == ["byou", "so", "crazy", "1994"]
    with pytest.raises(ReelbookError, match="spelling is one of shared, mismatched"):
        make_features(dataset, "loud")


def test_the_best_model_hides_and_finds(dataset):
    split = make_split(dataset, "stratified")
    fit = registry.fit("two_tower.best", {"epochs": 20, "dim": 8}, dataset, split, 0)
    ranked = catalogue.rank_catalogue(fit.score, dataset, split)
    found = catalogue.estimate_ranking([ranked.ranks]).value
    chance = catalogue.rank_catalogue(
        lambda users: np.random.default_rng(0).normal(size=(len(users), 100)), dataset, split
    )
    assert found > 1.2 * catalogue.estimate_ranking([chance.ranks]).value
    assert fit.predictions is None
    best = fit.history["validation_ndcg@10"].idxmax()
    assert fit.best_epoch == fit.history["epoch"][best]


def test_test_ratings_do_not_change_the_best_model(dataset):
    split = make_split(dataset, "stratified")
    kept = np.union1d(split.train, split.validation)
    emptied = dataset.ratings.copy()
    emptied.loc[split.test, ["user_id", "movie_id"]] = [1, 1]
    changed = dataclasses.replace(dataset, ratings=emptied)
    users = dataset.ratings["user_id"].iloc[kept].unique()
    scores = [
        registry.fit("two_tower.best", {"epochs": 2}, data, split, 0).score(np.sort(users))
        for data in (dataset, changed)
    ]
    assert np.array_equal(*scores)


def test_singular_vectors_equal_those_of_numpy(dataset):
    table = make_matrix(dataset, dataset.ratings)
    found, seen = best_tower.find_singular_vectors(table, 5), table.toarray()
    matrix = seen / np.sqrt(seen.sum(1, keepdims=True).clip(1) * seen.sum(0).clip(1))
    _, values, vectors = np.linalg.svd(matrix)
    expected = np.sqrt(values[:5]) * vectors[:5].T
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)
    assert best_tower.find_singular_vectors(table, 500).shape == (100, 500)


def measure_losses(dataset, users):
    """Loss and gradients of these users by the whole catalogue and by candidates; none hidden."""
    params = registry.resolve_params("two_tower.best", {"dim": 8, "dropout": 0.0})
    seen = make_matrix(dataset, dataset.ratings)
    model = best_tower.build("best", params, seen, make_genre_table(dataset)[1:])
    found = []
    for make in (best_tower.make_loss, make_candidate_loss):
        with tf.GradientTape() as tape:
            loss = make(model, seen, params)({"user": tf.constant(users, tf.int32)})
        gradients = tape.gradient(loss, model.trainable_weights)
        found.append([loss.numpy(), *(tf.convert_to_tensor(g).numpy() for g in gradients)])
    return found


def test_candidates_of_all_users_give_the_loss_of_the_catalogue(dataset):
    rated = dataset.movies["movie_id"].isin(dataset.ratings["movie_id"])
    dense = dataclasses.replace(dataset, movies=dataset.movies[rated])  # all are candidates
    users = np.tile(np.arange(len(dataset.users)), 50)  # so often that none is left out
    for by_catalogue, by_candidates in zip(*measure_losses(dense, users), strict=True):
        assert by_candidates == pytest.approx(by_catalogue, rel=1e-3, abs=1e-5)


def test_candidates_of_a_batch_estimate_the_loss_of_the_catalogue(dataset):
    rng = np.random.default_rng(0)
    users = [rng.choice(len(dataset.users), 8, replace=False) for _ in range(100)]
    losses = np.array([[part[0] for part in measure_losses(dataset, some)] for some in users])
    assert losses[:, 1].mean() == pytest.approx(losses[:, 0].mean(), rel=0.02)


def test_the_best_model_by_candidates_is_as_good_and_repeats_itself(dataset, monkeypatch):
    split = make_split(dataset, "stratified")
    params = {"epochs": 12, "dim": 8}
    usual = registry.fit("two_tower.best", params, dataset, split, 0)
    monkeypatch.setattr(sparse_product, "MOST_CELLS", 0)
    first, second = (registry.fit("two_tower.best", params, dataset, split, 0) for _ in "ab")
    assert first.extra["way"] == "candidates"
    assert first.extra["grown"] == {"epochs": best_tower.MOST_EPOCHS}
    assert "way" not in usual.extra
    users = dataset.ratings["user_id"].unique()[:20]
    assert np.array_equal(first.score(users), second.score(users))
    figures = [fit.history["validation_ndcg@10"].max() for fit in (usual, first)]
    assert figures[1] == pytest.approx(figures[0], abs=0.03)


def test_a_loss_that_is_no_number_is_an_error(dataset):
    towers, features, rows, params = prepare(dataset, "two_tower.joint")
    options = {"optimizer": "sgd", "batch_size": 512, "epochs": 3, "seed": 0}
    loss = two_tower.make_loss(towers, features, params)
    with pytest.raises(ReelbookError, match="no longer a number in epoch"):
        train(towers.model, rows, loss, learning_rate=1e30, **options)
    nothing = {name: values[:0] for name, values in rows.items()}
    with pytest.raises(ReelbookError, match="no rows to train on"):
        train(towers.model, nothing, loss, learning_rate=0.1, **options)


def test_the_kept_epoch_is_the_one_with_the_highest_figure():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    seen, figures = [], iter([1.0, 3.0, 2.0, 2.5])

    def report(loss):
        seen.append(model.get_weights()[0].item())
        return {"validation_figure": next(figures)}

    learned = train(
        model,
        {"x": np.ones((4, 1), "float32")},
        lambda batch: tf.reduce_sum(model(batch["x"])),
        optimizer="sgd",
        learning_rate=0.1,
        batch_size=4,
        epochs=10,
        seed=0,
        report=report,
        by=Measure("figure", 1),
        patience=2,
    )
    assert learned.kept_epoch == 2
    assert len(learned.history) == 4
    assert model.get_weights()[0].item() == seen[1]
