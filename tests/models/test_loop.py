import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tf_keras as keras
from tensorflow.python.framework.func_graph import FuncGraph

from reelbook.errors import ReelbookError
from reelbook.models.fitting import loop
from reelbook.models.fitting.epochs import Rows, make_star_network, predict, train_stars
from reelbook.models.fitting.grid import list_grid
from reelbook.models.fitting.loop import grow_batches, set_seed, train
from reelbook.models.registry import fit
from reelbook.splits.protocols import make_split

SETTINGS = {"optimizer": "adam", "learning_rate": 0.05, "batch_size": 16, "epochs": 3, "seed": 0}


@pytest.fixture(autouse=True)
def as_a_graph(monkeypatch):
    """As on data of any size; these fits have few steps."""
    monkeypatch.setattr(loop, "FEW_STEPS", 0)


def make_rows(num_rows=64, seed=0):
    """Stars that are a linear function of two numbers, with a little noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_rows, 2)).astype("float32")
    noise = rng.normal(0, 0.1, num_rows)
    return Rows({"x": x}, (3 + x @ [1.0, -0.5] + noise).astype("float32"))


def build_linear(seed=0, dropout=0.0):
    set_seed(seed)
    x = keras.Input((2,), name="x")
    y = keras.layers.Dense(1)(keras.layers.Dropout(dropout)(x))
    return keras.Model({"x": x}, y, name="linear")


def compute_rmse(model, rows):
    return np.sqrt(np.mean((predict(model, rows.inputs) - rows.targets) ** 2))


def test_it_takes_the_steps_that_keras_takes():
    rows, ours, plain = make_rows(), build_linear(), build_linear()
    for optimizer in ["adam", "adamax", "adagrad"]:
        train_stars(ours, rows, **{**SETTINGS, "optimizer": optimizer, "batch_size": 64})
        step = keras.optimizers.get(optimizer)
        step.learning_rate = SETTINGS["learning_rate"]
        plain.compile(step, "mse")
        plain.fit(rows.inputs, rows.targets, batch_size=64, epochs=3, verbose=0)
        for found, expected in zip(ours.get_weights(), plain.get_weights(), strict=True):
            assert found == pytest.approx(expected, abs=1e-5)


def test_batches_and_learning_rate_grow_with_the_rows_so_that_steps_do_not():
    options = {"learning_rate": 0.01, "batch_size": 1024}
    assert grow_batches(options, 500 * 1024) is options
    grown = grow_batches(options, 16 * 500 * 1024)
    assert grown == {"learning_rate": pytest.approx(0.04), "batch_size": 16 * 1024}
    assert -(-32_000_001 // grow_batches(options, 32_000_001)["batch_size"]) <= 500


def test_a_fit_with_larger_batches_says_so_and_is_about_as_good(dataset):
    split = make_split(dataset, "official", fold=1)
    plain = fit("mf.biased", {"batch_size": 64, "grid": {}}, dataset, split, 0)
    assert "grown" not in plain.extra
    few = {"batch_size": 64, "grid": {}, "max_steps": 10}
    grown = fit("mf.biased", few, dataset, split, 0)
    num_rows = len(split.train) + len(split.validation)
    assert grown.extra["grown"]["batch_size"] == -(-num_rows // 10)
    rmse = [found.history["validation_rmse"].min() for found in (plain, grown)]
    assert rmse[0] != rmse[1]
    assert rmse[1] == pytest.approx(rmse[0], abs=0.02)


def test_the_penalties_of_layers_are_minimised_too():
    rows, plain = make_rows(), build_linear()
    set_seed(0)
    x = keras.Input((2,), name="x")
    penalty = keras.regularizers.L2(1.0)
    held = keras.Model({"x": x}, keras.layers.Dense(1, kernel_regularizer=penalty)(x))
    for model in (plain, held):
        train_stars(model, rows, **{**SETTINGS, "epochs": 60})
    assert np.abs(held.get_weights()[0]).sum() < 0.7 * np.abs(plain.get_weights()[0]).sum()


def test_the_training_error_is_the_one_met_on_the_way():
    rows, model = make_rows(), build_linear()
    before = compute_rmse(model, rows)
    training = train_stars(model, rows, **{**SETTINGS, "epochs": 1, "batch_size": 1000})
    assert training.history["train_rmse"].item() == pytest.approx(before, rel=1e-5)


def test_every_row_counts_when_the_last_batch_is_short():
    rows, model = make_rows(num_rows=17), build_linear()
    before = compute_rmse(model, rows)
    training = train_stars(model, rows, **{**SETTINGS, "epochs": 1, "learning_rate": 0.0})
    assert training.history["train_rmse"].item() == pytest.approx(before, rel=1e-5)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    rows = make_rows()
    weights = []
    for seed in [7, 7, 8]:
        model = build_linear(seed, dropout=0.5)
        train_stars(model, rows, **{**SETTINGS, "seed": seed})
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_a_few_steps_one_by_one_are_those_of_a_graph(monkeypatch):
    rows = make_rows(num_rows=50)
    found = []
    for few in (0, 12):
        monkeypatch.setattr(loop, "FEW_STEPS", few)
        model = build_linear()
        training = train_stars(model, rows, **SETTINGS)
        found.append([*model.get_weights(), training.history["train_rmse"].to_numpy()])
    for graph, one_by_one in zip(*found, strict=True):
        assert one_by_one == pytest.approx(graph, rel=1e-5)


def test_a_fit_leaves_no_graph_behind():
    """Before, TensorFlow kept that of every fit for good, 15 to 28 MB each."""
    counts = []
    for _ in range(3):
        train_stars(build_linear(), make_rows(), **SETTINGS)
        gc.collect()
        counts.append(sum(isinstance(one, FuncGraph) for one in gc.get_objects()))
    assert counts[0] == counts[1] == counts[2]


def test_many_fits_log_nothing(caplog):
    """Before, TensorFlow warned of retracing, in notebooks on stdout and so on the page."""
    for seed in range(8):
        train_stars(build_linear(seed), make_rows(), **{**SETTINGS, "epochs": 1})
    assert caplog.messages == []


def test_it_stops_after_patience_and_keeps_the_best_epoch():
    rows, watched = make_rows(), make_rows(seed=1)
    watched = Rows(watched.inputs, 6 - watched.targets)  # learning more makes these worse
    model = build_linear()
    training = train_stars(
        model,
        rows,
        watched={"validation_rmse": watched},
        patience=4,
        **{**SETTINGS, "learning_rate": 0.2, "epochs": 90},
    )
    lowest = training.history["validation_rmse"].idxmin() + 1
    assert training.kept_epoch == lowest < 86
    assert len(training.history) == lowest + 4
    assert compute_rmse(model, watched) == pytest.approx(
        training.history["validation_rmse"].min(), rel=1e-6
    )


def test_a_refit_stops_at_the_asked_epoch():
    training = train_stars(build_linear(), make_rows(), keep_epoch=2, **{**SETTINGS, "epochs": 200})
    assert (len(training.history), training.kept_epoch) == (2, 2)


def test_reported_rows_are_measured_and_choose_nothing():
    rows, watched, reported = make_rows(), make_rows(seed=1), make_rows(seed=2)
    options = {**SETTINGS, "epochs": 200, "patience": 3}
    alone, beside = build_linear(), build_linear()
    chosen = {"validation_rmse": watched}
    first = train_stars(alone, rows, chosen, **options)
    second = train_stars(beside, rows, {**chosen, "test_rmse": reported}, **options)
    assert first.kept_epoch == second.kept_epoch
    assert np.array_equal(first.history["validation_rmse"], second.history["validation_rmse"])
    for found, expected in zip(beside.get_weights(), alone.get_weights(), strict=True):
        assert np.array_equal(found, expected)
    kept = second.history.query("epoch == @second.kept_epoch")["test_rmse"].item()
    assert kept == pytest.approx(compute_rmse(beside, reported), rel=1e-6)


def test_the_learning_rate_falls_at_the_end():
    rows = make_rows()
    steady, falling = build_linear(), build_linear()
    train_stars(steady, rows, **{**SETTINGS, "epochs": 10})
    train_stars(falling, rows, **{**SETTINGS, "epochs": 10, "decay_from": 0.5})
    assert not np.array_equal(steady.get_weights()[0], falling.get_weights()[0])
    train_stars(shorter := build_linear(), rows, **{**SETTINGS, "epochs": 5})
    train_stars(
        same := build_linear(), rows, keep_epoch=5, **{**SETTINGS, "epochs": 10, "decay_from": 0.5}
    )
    assert np.array_equal(shorter.get_weights()[0], same.get_weights()[0])


def test_predictions_can_be_held_to_a_range():
    model, rows = build_linear(), make_rows()
    free, clipped = predict(model, rows.inputs), predict(model, rows.inputs, clip=(-0.5, 0.5))
    assert np.array_equal(clipped, free.clip(-0.5, 0.5))
    assert np.abs(free).max() > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "linear: epochs must be at least 1, not 0"),
        ({"batch_size": 0}, "linear: batch_size must be at least 1, not 0"),
        ({"optimizer": "adamm"}, "no optimizer 'adamm'"),
        ({"learning_rate": 1e30}, "no longer a number in epoch .* Lower learning_rate"),
    ],
)
def test_a_training_that_cannot_work_is_explained(changes, message):
    with pytest.raises(ReelbookError, match=message):
        train_stars(build_linear(), make_rows(), **{**SETTINGS, **changes})


def test_rows_must_be_there():
    network = make_star_network(build_linear(), make_rows(), lambda rows: rows, clipped=False)
    nothing = {name: values[:0] for name, values in network.rows.items()}
    with pytest.raises(ReelbookError, match="no rows to train on"):
        train(network.model, nothing, network.compute_loss, **SETTINGS)


def test_a_grid_gives_every_combination():
    assert list_grid({"grid": {}}) == list_grid({}) == []
    settings = list_grid({"grid": {"a": [1, 2], "b": [3]}})
    assert settings == [{"a": 1, "b": 3}, {"a": 2, "b": 3}]


def test_a_fresh_process_gives_the_same_bits():
    code = (
        "import test_loop as t\n"
        "t.loop.FEW_STEPS = 0\n"
        "model = t.build_linear(3, dropout=0.5)\n"
        "t.train_stars(model, t.make_rows(), **t.SETTINGS)\n"
        "print(b''.join(w.tobytes() for w in model.get_weights()).hex())"
    )
    model = build_linear(3, dropout=0.5)
    train_stars(model, make_rows(), **SETTINGS)
    here = b"".join(weight.tobytes() for weight in model.get_weights()).hex()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    assert done.stdout.strip() == here
