import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import IPython.display
import numpy as np
import psutil
import pytest

from reelbook import processes
from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue
from reelbook.models import registry
from reelbook.models.fitting import sample
from reelbook.models.fitting.loop import show_progress
from reelbook.runs import store, worker
from reelbook.runs.worker import check_training
from reelbook.splits.protocols import make_split


@pytest.fixture
def split(dataset):
    return make_split(dataset, "stratified")


@pytest.mark.parametrize(
    ("table", "column", "message"),
    [("movies", "movie_id", "movie_id: 1 different"), ("users", "user_id", "user_id: 1 different")],
)
def test_a_rated_id_that_its_table_lacks_stops_every_training(dataset, table, column, message):
    frame = getattr(dataset, table)
    changed = dataclasses.replace(dataset, **{table: frame[frame[column] != 7]})
    split = make_split(dataset, "source")
    with pytest.raises(ReelbookError, match=message + r" values .* such as 7"):
        store.load_or_train("mf.dot", {"epochs": 1}, changed, split, 0)


def test_an_empty_test_part_stops_a_training(dataset, split):
    object.__setattr__(split, "test", np.array([], "int64"))
    with pytest.raises(ReelbookError, match="test part is empty, so nothing"):
        check_training("mf.dot", dataset, split)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("bst.best", "no times, and it learns from the order"),
        ("mf.dot", "no stars"),
        ("dcn.best", "no stars"),
    ],
)
def test_a_model_refuses_data_without_what_it_requires(dataset, split, model, told):
    """Before, a transformer trained on an order that was drawn."""
    ratings = dataset.ratings.assign(timestamp=0)
    if "stars" in told:
        ratings = ratings.assign(rating=np.float32(1))
    lacking = dataclasses.replace(dataset, ratings=ratings, is_implicit="stars" in told)
    with pytest.raises(ReelbookError, match=f"{model} cannot learn from made-up: .*{told}"):
        store.load_or_train(model, {}, lacking, split, 0)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("autoencoder.autorec", "users x movies: made-up has 6,000"),
        ("content.popularity", "users x movies: made-up has 6,000"),
        ("baseline.knn", "movies x movies: made-up has 10,000"),
        ("baseline.svd", "ratings as Python objects: made-up has 3,062"),
    ],
)
def test_a_model_refuses_data_that_are_too_large_for_it(
    dataset, split, monkeypatch, tmp_path, model, told
):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setattr(registry, "LIMITS", dict.fromkeys(registry.LIMITS, 3_000))
    fault = f"{model} takes memory in proportion to {told}, more than the 3,000 that"
    with pytest.raises(ReelbookError, match=fault):
        store.load_or_train(model, {}, dataset, split, 0)
    assert store.load_or_train("topn.popularity", {}, dataset, split, 0).record.metrics


def test_a_run_that_ranks_keeps_ranks_lists_and_figures(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    split = make_split(dataset, "leave-last")
    run = store.load_or_train("two_tower.best", {"epochs": 2, "dim": 8}, dataset, split, 0)
    assert {"ranks.parquet", "recommendations.parquet"} <= run.record.files.keys()
    assert "predictions.parquet" not in run.record.files
    found = catalogue.estimate_ranking([run.ranks], metric="ndcg@10")
    assert run.record.get_metric("ndcg@10") == found
    assert run.recommendations.groupby("user_id")["rank"].min().eq(1).all()


def test_a_run_keeps_its_predictions_of_validation_rows(dataset, split, monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    run = store.load_or_train("baseline.biases", {}, dataset, split, 0)
    assert {"predictions.parquet", "validation.parquet"} <= run.record.files.keys()
    rows = dataset.ratings.iloc[split.validation]
    assert np.array_equal(run.validation["movie_id"], rows["movie_id"])
    chosen = run.record.get_metric("rmse", "validation").value
    error = run.validation["prediction"] - run.validation["rating"]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(chosen)
    assert store.load_or_train("topn.popularity", {}, dataset, split, 0).validation is None


def test_a_run_that_two_ask_for_at_once_is_trained_once(dataset, split, monkeypatch, tmp_path):
    """Before, the second training removed the folder from which the first one's notebook read."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "2")
    trained = []
    train_now = worker._train_now

    def train_slowly(*arguments):
        trained.append(arguments[0])
        time.sleep(1)
        train_now(*arguments)

    monkeypatch.setattr(worker, "_train_now", train_slowly)
    asked = [("topn.popularity", {}, dataset, split, 0)] * 2
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda inputs: store.load_or_train(*inputs), asked))
    assert trained == [runs[0].record.run_id]
    assert runs[0].record == runs[1].record


TRAINING = """
from reelbook.data import load
from reelbook.runs import store, worker
from reelbook.runs.record import Request
from reelbook.splits.protocols import make_split

LONG = {"epochs": 9999, "patience": 9999}
if __name__ == "__main__":
    dataset = load("made-up")
    splits = [make_split(dataset, "source", seed=seed) for seed in (1, 2)]
    print("started", flush=True)
    store.load_or_train_all([Request("mf.dot", LONG, s, 0) for s in splits], dataset)
"""


def wait_for_workers(process: subprocess.Popen) -> list[psutil.Process]:
    """The two workers, as soon as they are there, however busy the machine is."""
    end = time.monotonic() + 60
    while len(workers := psutil.Process(process.pid).children(recursive=True)) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    return workers


def wait_for_turns(folder: Path) -> None:
    """Until both workers have imported what they need and train."""
    end = time.monotonic() + 60
    while len(list((folder / "slots").glob("*.lock"))) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("while_training", [False, True], ids=["importing", "training"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_one_that_asked_and_say_nothing(tmp_path, sent, while_training):
    """Before, they went on after a kill, and each told Ctrl-C with a traceback of its own."""
    file = tmp_path / "training.py"
    file.write_text(TRAINING)
    environment = os.environ | {"REELBOOK_BUILD": str(tmp_path), "REELBOOK_JOBS": "2"}
    with subprocess.Popen(
        [sys.executable, file], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        process.stdout.readline()
        wait_for_workers(process)
        if while_training:
            wait_for_turns(tmp_path)
        time.sleep(1)
        workers = psutil.Process(process.pid).children(recursive=True)
        if sent == signal.SIGINT:
            os.killpg(process.pid, sent)  # as a terminal does
        else:
            process.send_signal(sent)
        _, alive = psutil.wait_procs(workers, timeout=15)
        _, told = process.communicate(timeout=60)
    assert alive == []
    assert told.count("Traceback") == (sent == signal.SIGINT)  # that of the script itself


def test_a_person_at_a_notebook_sees_that_it_loads_and_how_many_epochs_are_done(monkeypatch):
    """In a line that changes in place; a bar on stderr would stand there on red."""
    told = []

    class Line:
        def update(self, data, *, raw):
            told.append(data["text/plain"])

    def show(data, *, raw, display_id):
        told.append(data["text/plain"])
        return Line()

    def train():
        worker.count_epochs_in(epochs)
        list(show_progress(range(3), "toy"))
        yield "a run"

    epochs = multiprocessing.Value("i", 0)
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    monkeypatch.delenv("REELBOOK_PROGRESS", raising=False)
    monkeypatch.setattr(IPython.display, "display", show)
    monkeypatch.setattr(processes, "_epochs", None)
    worker.watch(train(), 1, epochs)
    assert told[0] == "Loading TensorFlow: 0 s. Runs to train: 1"
    assert told[-1] == "Runs trained: 1 of 1, epochs: 3, 0 s"


def test_a_run_on_many_ratings_tries_its_grid_on_a_sample(dataset, split, monkeypatch, tmp_path):
    """Before, only a fit outside of a run did."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    monkeypatch.setattr(sample, "MOST_TUNED", 1_000)
    extra = store.load_or_train("baseline.biases", {}, dataset, split, 0).record.extra
    assert 500 < extra["tuned_on"]["ratings"] < 1_000 < extra["tuned_on"]["of"]
    assert len(extra["tried"]) == 6
    assert extra["chosen"].keys() == {"reg_u", "reg_i"}
