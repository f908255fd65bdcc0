import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics import registry as registry_of_metrics
from reelbook.models import registry
from reelbook.models.fit import Fit
from reelbook.provenance import Code
from reelbook.runs import identity, store, worker
from reelbook.runs.record import Request, RunRecord
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Rules


@pytest.fixture
def dataset():
    rows = [(user, movie) for user in range(1, 11) for movie in range(1, 11)]
    ratings = pd.DataFrame(rows, columns=["user_id", "movie_id"]).astype("int32")
    ratings["rating"] = np.tile([1, 2, 3, 4, 5], 20).astype("float32")
    ratings["timestamp"] = np.arange(100)
    users = ratings[["user_id"]].drop_duplicates().assign(occupation="")
    movies = ratings[["movie_id"]].drop_duplicates().assign(title="", year=pd.NA, genres="")
    return Dataset("tiny", ratings, users, movies, "abc", "a test")


class FakeModel:
    def save_weights(self, path):
        path.write_bytes(b"weights")


@pytest.fixture
def family(monkeypatch, tmp_path):
    """A family with one model, which predicts 3 stars and counts how often it was trained."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")  # other processes do not know this family
    monkeypatch.setattr(store, "_used", {})
    family = SimpleNamespace(__name__="reelbook.models.mf", num_fits=0, fails=False, scores=False)
    family.MODELS = {"mf.fake": {"learning_rate": 0.1, "layers": [1], "flag": False}}
    family.FAMILY = registry.Family("stars", {"mf.fake": "three stars"}, "a test")

    def fit(model, params, dataset, split, seed):
        family.num_fits += 1
        if family.fails:
            raise KeyboardInterrupt
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        family.blas_threads = {pool["num_threads"] for pool in pools}
        predictions = dataset.ratings.iloc[split.test].drop(columns="timestamp")
        history = pd.DataFrame({"epoch": [1], "train_rmse": [1.5]})
        return Fit(
            predictions.assign(prediction=np.float32(3)),
            history,
            1,
            FakeModel(),
            7,
            score=(lambda users: np.zeros((len(users), 10))) if family.scores else None,
        )

    family.fit = fit
    monkeypatch.setattr(registry, "get_family", lambda model: family)
    return family


def load(dataset, params=None, seed=0, split_seed=0):
    split = make_split(dataset, "source", seed=split_seed)
    return store.load_or_train("mf.fake", params or {}, dataset, split, seed)


def test_a_run_is_trained_once_and_then_found(family, dataset):
    first, second = load(dataset), load(dataset)
    assert family.num_fits == 1
    assert first.record == second.record
    assert first.path.name == first.record.run_id
    pd.testing.assert_frame_equal(first.predictions, second.predictions)


def test_digits_do_not_depend_on_the_threads_that_happen_to_be_set(family, dataset):
    """Sums of a matrix product change their order with the number of threads."""
    with threadpool_limits(2):
        load(dataset)
    assert family.blas_threads == {1}


def test_what_a_prediction_takes_is_recorded(family, dataset):
    assert load(dataset).record.prediction_seconds is None
    family.scores = True
    family.MODELS = {"mf.fake": {"learning_rate": 0.1, "layers": [1], "flag": True}}
    assert load(dataset).record.prediction_seconds > 0


def test_the_record_tells_all_that_led_to_the_figures(family, dataset):
    run = load(dataset, {"learning_rate": 1})
    record = json.loads((run.path / "run.json").read_text())
    assert record["model"] == "mf.fake"
    assert record["params"] == {"learning_rate": 1, "layers": [1], "flag": False}
    assert record["dataset"]["sha256"] == "abc"
    assert record["split"]["sizes"] == {"train": 90, "validation": 3, "test": 7}
    assert record["versions"].keys() >= {"numpy", "tensorflow"}
    assert record["seconds"] >= 0
    assert record["cpu_seconds"] >= 0
    assert record["peak_memory_mb"] > 1
    assert RunRecord.from_json(json.dumps(record)) == run.record


def test_the_recorded_rmse_is_that_of_the_predictions(family, dataset):
    run = load(dataset)
    errors = run.predictions["prediction"] - run.predictions["rating"]
    assert run.record.get_metric("rmse").value == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert run.record.get_metric("rmse").low <= run.record.get_metric("rmse").high


@pytest.mark.parametrize(
    "change", [{"params": {"learning_rate": 0.2}}, {"seed": 1}, {"split_seed": 1}]
)
def test_whatever_decides_the_numbers_makes_another_run(family, dataset, change):
    assert load(dataset).record.run_id != load(dataset, **change).record.run_id
    assert family.num_fits == 2


def test_other_code_or_versions_make_another_run(family, dataset, monkeypatch):
    first = load(dataset).record.run_id
    monkeypatch.setattr(identity, "find_code", lambda model: Code("other code", {"numpy": "1"}))
    second = load(dataset).record.run_id
    monkeypatch.setattr(identity, "find_code", lambda model: Code("other code", {"numpy": "2"}))
    assert len({first, second, load(dataset).record.run_id}) == 3


def test_a_study_is_a_label_and_the_same_rows_are_trained_once(family, dataset):
    split = make_split(dataset, "source")
    named = dataclasses.replace(split, protocol="another-name")
    requests = [
        Request("mf.fake", {}, split, 0),
        Request("mf.fake", {}, split, 0, study="ablation"),
        Request("mf.fake", {}, named, 0),
    ]
    found = store.load_or_train_all(requests, dataset)
    assert family.num_fits == 1
    assert len({run.record.run_id for run in found}) == 1
    assert [run.protocol for run in found] == ["source", "ablation", "another-name"]


def test_what_a_protocol_allows_makes_another_run(family, dataset):
    split = make_split(dataset, "source")
    other = dataclasses.replace(split, rules=Rules())
    found = store.load_or_train_all([Request("mf.fake", {}, s, 0) for s in (split, other)], dataset)
    assert len({run.record.run_id for run in found}) == 2


def test_figures_are_computed_again_when_a_metric_changes_and_nothing_is_trained(
    family, dataset, monkeypatch
):
    family.scores = True
    first = load(dataset).record
    monkeypatch.setattr(worker, "hash_metrics", lambda: "newer")
    monkeypatch.setattr(store, "hash_metrics", lambda: "newer")
    largest = registry_of_metrics.RatingMetric(lambda r, p: abs(p - r) ** 0, np.asarray)
    monkeypatch.setitem(registry_of_metrics.RATING_METRICS, "ones", largest)
    longest = registry_of_metrics.RankingMetric(lambda held_out, k: held_out.sizes + k, (2,))
    monkeypatch.setitem(registry_of_metrics.RANKING_METRICS, "longest", longest)
    again = load(dataset).record
    assert family.num_fits == 1
    assert again.run_id == first.run_id
    assert again.get_metric("ones").value == 1
    assert again.get_metric("longest@2").value > 2
    assert set(first.metrics) < set(again.metrics)
    assert {m.metric for m in again.metrics} - {m.metric for m in first.metrics} == {
        "ones",
        "longest@2",
    }
    assert load(dataset).record == again


def test_an_altered_figure_is_noticed(family, dataset):
    """Before, run.json itself had no checksum: 0.5791 was printed where the page said 0.8687."""
    run = load(dataset)
    file = run.path / "run.json"
    value = str(run.record.get_metric("rmse").value)
    file.write_text(file.read_text().replace(value, "0.5"))
    with pytest.raises(ReelbookError, match="missing or was altered"):
        store.read_record(run.record.run_id)
    assert load(dataset).record.metrics == run.record.metrics


@pytest.mark.parametrize("name", ["run.json", "predictions.parquet", "history.csv"])
@pytest.mark.parametrize("damage", ["cut", "removed"])
def test_a_damaged_run_is_trained_anew(family, dataset, name, damage):
    run = load(dataset)
    if damage == "cut":
        (run.path / name).write_bytes((run.path / name).read_bytes()[:-9])
    else:
        (run.path / name).unlink()
    with pytest.raises(ReelbookError, match="missing or was altered"):
        store.read_record(run.record.run_id)
    assert load(dataset).record.metrics == run.record.metrics
    assert family.num_fits == 2


def test_an_interrupt_leaves_nothing_behind_and_nothing_finished_is_lost(family, dataset, tmp_path):
    done = load(dataset)
    family.fails = True
    with pytest.raises(KeyboardInterrupt):
        load(dataset, seed=1)
    assert list((tmp_path / "runs").iterdir()) == [done.path]
    assert load(dataset).record == done.record


def test_the_runs_used_are_listed_and_told(family, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_RUNS_LIST", str(tmp_path / "used.json"))
    monkeypatch.setenv("REELBOOK_PROGRESS", str(tmp_path / "progress"))
    ids = {load(dataset, seed=seed).record.run_id for seed in (0, 1, 0)}
    assert json.loads((tmp_path / "used.json").read_text()) == {i: ["source"] for i in ids}
    lines = (tmp_path / "progress").read_text().splitlines()
    assert len(lines) == 2  # the third was found
    assert lines[0].startswith("mf.fake on source, seed 0: ")


def test_a_figure_that_is_no_number_cannot_enter_a_record(family, dataset):
    fit = family.fit
    family.fit = lambda *a: fit(*a).__class__(**{**vars(fit(*a)), "extra": {"loss": float("nan")}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        load(dataset)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"rate": 1}, r"mf\.fake has no parameter 'rate'; it has: learning_rate, layers, flag"),
        ({"learning_rate": "1e-3"}, r"learning_rate must be of type float, not str \('1e-3'\)"),
        ({"layers": 3}, "layers must be of type list, not int"),
        ({"flag": 1}, "flag must be of type bool, not int"),
        ({"learning_rate": True}, "learning_rate must be of type float, not bool"),
        ({"learning_rate": -1.0}, "learning_rate must be at least 0"),
    ],
)
def test_a_param_that_is_unknown_or_of_another_type_is_an_error(family, dataset, params, message):
    with pytest.raises(ReelbookError, match=message):
        load(dataset, params)


def test_an_unknown_model_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ReelbookError, match=r"Unknown model 'mf\.typo'; the known ones.* mf\.dot"):
        registry.get_family("mf.typo")
    with pytest.raises(ReelbookError, match="Unknown model 'nothing'"):
        registry.get_family("nothing")


def test_a_run_that_is_not_there_is_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    with pytest.raises(ReelbookError, match="Run 0123 is missing"):
        store.read_record("0123")


def load_all(dataset, folder, jobs, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(folder))
    monkeypatch.setenv("REELBOOK_JOBS", jobs)
    splits = [make_split(dataset, "official", fold=fold) for fold in (1, 2)]
    requests = [Request("mf.dot", {"epochs": 2}, split, 0) for split in splits]
    return store.load_or_train_all([*requests, requests[0]], dataset)


def test_the_digits_do_not_depend_on_how_many_processes_train(dataset, tmp_path, monkeypatch):
    alone = load_all(dataset, tmp_path / "alone", "1", monkeypatch)
    together = load_all(dataset, tmp_path / "together", "2", monkeypatch)
    assert [run.record.split["fold"] for run in together] == [1, 2, 1]
    for one, other in zip(alone, together, strict=True):
        assert one.record.metrics == other.record.metrics
        pd.testing.assert_frame_equal(one.predictions, other.predictions)


def test_with_one_process_a_kernel_trains_by_itself(family, dataset, monkeypatch):
    monkeypatch.setenv("REELBOOK_JOBS", "2")
    monkeypatch.setenv("REELBOOK_PROCESSES", "1")
    split = make_split(dataset, "source", seed=0)
    requests = [Request("mf.fake", {}, split, seed) for seed in (0, 1)]
    store.load_or_train_all(requests, dataset)
    assert family.num_fits == 2  # here: other processes do not know this family


def test_an_error_in_another_process_arrives_here(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "2")
    splits = [make_split(dataset, "source", seed=seed) for seed in (0, 1)]
    params = {"optimizer": "nothing"}
    requests = [Request("mf.dot", params, split, 0) for split in splits]
    with pytest.raises(ReelbookError, match="Keras knows no optimizer 'nothing'"):
        store.load_or_train_all(requests, dataset)
