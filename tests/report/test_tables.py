import dataclasses

import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue
from reelbook.metrics.metric import Metric
from reelbook.metrics.ratings import evaluate_ratings
from reelbook.report import compare, inventory, tables
from reelbook.runs.record import RunRecord
from reelbook.runs.store import Run


class FakeRun(Run):
    """A run whose predictions are off by normal errors of a given size."""

    def __init__(self, record):
        super().__init__(record, None, record.split["protocol"])

    @property
    def predictions(self):
        rng = np.random.default_rng(self.record.split["fold"])  # the same rows for each model
        users = np.repeat(np.arange(1, 31), 10)
        ratings = rng.integers(1, 6, 300).astype("float32")
        errors = rng.normal(0, self.record.extra["error"], 300)
        movies = np.tile(np.arange(10), 30)
        return pd.DataFrame(
            {
                "user_id": users,
                "movie_id": movies,
                "rating": ratings,
                "prediction": ratings + errors,
            }
        )


def make_run(model, fold, error, protocol="official"):
    record = RunRecord(
        run_id=f"{model}-{protocol}-{fold}",
        model=model,
        family="mf",
        params={},
        dataset={"name": "x", "sha256": "", "note": ""},
        split={"protocol": protocol, "fold": fold},
        seed=0,
        metrics=[],
        best_epoch=3,
        seconds=2.0,
        prediction_seconds=0.5,
        peak_memory_mb=100.0,
        num_parameters=10,
        versions={},
        commit="0123456789abcdef",
        files={},
        extra={"error": error},
    )
    metrics = evaluate_ratings(FakeRun(record).predictions)
    return FakeRun(RunRecord(**{**vars(record), "metrics": metrics}))


@pytest.fixture
def runs():
    errors = {"mf.dot": 1.0, "mf.biased": 0.8, "mf.mlp": 0.8001}
    return [make_run(model, fold, error) for model, error in errors.items() for fold in (1, 2)]


def test_models_are_ranked_by_their_mean_over_folds(runs):
    board = compare.estimate_models(compare.group_runs(runs, protocol="official"))
    assert board["name"].tolist() == ["mf.biased", "mf.mlp", "mf.dot"]
    values = [run.record.get_metric("rmse").value for run in runs[:2]]
    last = board.iloc[-1]
    assert last["value"] == pytest.approx(np.mean(values))
    assert last["sd"] == pytest.approx(np.std(values, ddof=1))
    assert last["low"] < last["value"] < last["high"]


def test_groups_leave_other_protocols_out_and_order_the_folds(runs):
    others = [make_run("mf.other", 1, 0.1, protocol="source")]
    groups = compare.group_runs([*reversed(runs), *others], protocol="official")
    assert set(groups) == {"mf.dot", "mf.biased", "mf.mlp"}
    assert [run.record.split["fold"] for run in groups["mf.dot"]] == [1, 2]


def test_two_models_are_told_apart_only_where_the_paired_interval_leaves_zero_out():
    errors = {"mf.a": 0.8, "mf.b": 0.9}
    runs = [make_run(model, fold, error) for model, error in errors.items() for fold in (1, 2)]
    groups = compare.group_runs(runs, protocol="official")
    groups["mf.same"] = groups["mf.a"]
    pairs = [("mf.b", "mf.a"), ("mf.same", "mf.a")]
    gains = compare.compare_models(groups, pairs)
    assert gains["clear"].tolist() == [True, False]
    assert gains["value"].iloc[0] > 0


def test_what_is_glued_is_text(runs):
    ratings = pd.DataFrame({"user_id": range(1234), "movie_id": 7})
    dataset = Dataset("ml-1m", ratings, ratings, ratings[:4], "0", "a test", "a part of it")
    board = compare.estimate_models(compare.group_runs(runs, protocol="official"))
    glued = tables.list_glued(dataset, board, num_runs=6)
    assert all(isinstance(text, str) for text in glued.values())
    assert glued["num_ratings"] == glued["num_users"] == "1,234"
    assert glued["num_movies"] == "1"  # of four in the table: the others have no ratings


def test_the_head_of_a_page_says_what_the_data_lack(dataset, monkeypatch):
    assert "They hold" not in tables.describe_dataset(dataset)
    assert "Lists are" not in tables.describe_dataset(dataset)
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "MOST_SCORES", 59 * 100)
        told = "Lists are measured on at most 59 users, drawn from all. Source:"
        assert told in tables.describe_dataset(dataset)
    with monkeypatch.context() as patch:
        patch.setattr(tables, "MOST_TUNED", 3_000)
        told = "Settings are tried on users who have about 3,000 of the ratings. Source:"
        assert told in tables.describe_dataset(dataset)
    bare = dataclasses.replace(
        dataset,
        ratings=dataset.ratings.assign(timestamp=0),
        users=dataset.users.assign(occupation=""),
        noun="books",
    )
    assert "100 books. They hold no times and no people. Source:" in tables.describe_dataset(bare)
    assert tables.say("Every movie, and all movies.", bare).data == "Every book, and all books."


def test_results_of_a_plan_that_was_not_built_are_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    with pytest.raises(ReelbookError, match="no results of plan ml-1m yet.*make book PLAN=ml-1m"):
        tables.read_results("ml-1m")
    with pytest.raises(ReelbookError, match="Run: make book DATA=own-shop$"):  # it has no plan
        tables.read_results("own-shop")


def test_a_figure_and_its_interval_stay_in_one_line():
    html = tables.show_table(pd.DataFrame({"gap": ["+0.1 ± 0.2"]}), "A caption.").to_html()
    assert "+0.1\xa0±\xa00.2</td>" in html


def test_a_table_gives_the_same_html_each_time():
    frame = pd.DataFrame({"a": [1.23456, np.nan], "b": ["x", "<y>"]})
    first, second = (tables.show_table(frame, "A caption.", digits=2).to_html() for _ in range(2))
    assert first == second
    assert "1.23" in first
    assert "1.234" not in first
    assert "A caption." in first
    assert "&lt;y&gt;" in first


def test_numbers_stand_to_the_right_and_a_metric_keeps_its_name():
    frame = pd.DataFrame(
        {"model": ["a"], "ndcg@10": [0.5], "fold": ["1"], "share": ["12%"], "best_epoch": ["-"]}
    )
    html = tables.show_table(frame, "A caption.").to_html()
    right = {place for place in range(5) if f".col{place} {{\n  text-align: right" in html}
    assert right == {1, 2, 3, 4}
    assert ">ndcg@10<" in html


def test_a_column_without_a_value_is_left_out():
    """Before, a report of one seed had columns of dashes."""
    frame = pd.DataFrame({"model": ["a", "b"], "sd": [np.nan, np.nan], "behind": [np.nan, 0.1]})
    html = tables.show_table(frame, "Figures.").to_html()
    assert "behind" in html
    assert ">sd<" not in html


def test_the_inventory_lists_each_run_and_sums_their_costs(runs):
    table = inventory.list_runs(runs)
    assert table["run"].is_unique
    costs = inventory.summarise_costs(table).set_index("model")
    assert costs.loc["mf.dot", "runs"] == 2
    assert costs.loc["mf.dot", "seconds in all"] == pytest.approx(4.0)


def test_the_inventory_tells_on_which_nodes_runs_were_trained():
    nodes = {"run": ["a", "b", "b", "c", "d"], "node": ["n1", "n2", "n2", "n1", ""]}
    told = inventory.describe_nodes(pd.DataFrame(nodes))
    assert told == "Trained on n1 (2 runs), n2 (1 run), a machine that was not noted (1 run)."


def test_the_inventory_names_machine_versions_and_notebooks(monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    assert {"commit", "cores", "memory"} <= set(inventory.list_machine()["what"])
    assert "tensorflow" in set(inventory.list_versions()["what"])
    assert inventory.list_notebooks("smoke").empty
    (tmp_path / "smoke" / "executed").mkdir(parents=True)
    meta = '{"notebook": "01_x", "seconds": 2.5, "peak_memory_mb": 300.0}'
    (tmp_path / "smoke" / "executed" / "01_x.meta.json").write_text(meta)
    assert inventory.list_notebooks("smoke").to_dict("records") == [
        {"notebook": "01_x", "seconds": 2.5, "peak MB": 300.0}
    ]


def test_ends_are_means_over_seeds_with_their_deviation():
    ends = {1: (1.1, 0.9), 2: (1.3, 0.7)}  # by fold: at the last epoch, at the chosen one
    found = []
    for fold, (last, chosen) in ends.items():
        record = make_run("dcn.dnn", fold, 0.5, protocol="source").record
        metrics = [Metric("test", "rmse_last_epoch", last), Metric("test", "rmse", chosen)]
        found.append(FakeRun(RunRecord(**{**vars(record), "metrics": metrics})))
    row = compare.compare_ends({"dcn.dnn": found}).iloc[0]
    assert row["last epoch"] == pytest.approx(1.2)
    assert row["chosen epoch"] == pytest.approx(0.8)
    assert row["sd of last epoch"] == pytest.approx(0.2 / 2**0.5)
    assert row["epochs"] == "3, 3"


def test_a_plan_without_a_chapter_that_trains_has_no_results_to_show(tmp_path, monkeypatch):
    """Before, 90_results ended with KeyError: 'value'."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "results.csv").write_text("model,fold,value\n")
    with pytest.raises(ReelbookError, match="Plan toy has no results: add a chapter that trains"):
        tables.read_results("toy")
