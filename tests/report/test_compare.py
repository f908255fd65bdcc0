from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue
from reelbook.metrics.metric import Metric
from reelbook.paths import ROOT
from reelbook.report import compare, documents
from reelbook.report.figures import two_tower as figures
from reelbook.report.inside.two_tower import (
    list_neighbours,
    list_trade,
    mark_untrained,
    trace_artefact,
)
from reelbook.splits.protocols import make_split


class Record(SimpleNamespace):
    def get_metric(self, name, split_part="test"):
        return next(m for m in self.metrics if (m.metric, m.split_part) == (name, split_part))


def make_run(ranks=(), weights=(1.0, 1.0), **values):
    metrics = [Metric("test", name.replace("_at_", "@"), value) for name, value in values.items()]
    params = dict(zip(("rating_weight", "retrieval_weight"), weights, strict=True))
    record = Record(
        metrics=metrics,
        seconds=2.0,
        params=params,
        num_parameters=3,
        prediction_seconds=None,
        peak_memory_mb=9.0,
    )
    table = pd.DataFrame({"user_id": np.arange(len(ranks)), "movie_id": 1, "rank": ranks})
    return SimpleNamespace(record=record, ranks=table, protocol="stratified")


def test_metrics_are_averaged_over_runs_and_missing_where_a_model_has_none():
    groups = {"a": [make_run(rmse=1.0), make_run(rmse=2.0)], "b": [make_run(top_at_10=0.5)]}
    table = compare.average_metrics(groups, ["rmse", "top@10"]).set_index("model")
    assert table["rmse"]["a"] == 1.5
    assert table["top@10"]["b"] == 0.5
    assert np.isnan(table["rmse"]["b"])
    assert compare.measure_spread({"a": groups["a"]}, "rmse") == 1.0


def test_the_best_model_stands_first_with_its_interval():
    good, bad = (
        make_run([1, 1, 2, 1] * 9, hit_rate_at_1=0.75),
        make_run([9] * 36, hit_rate_at_1=0.0),
    )
    table = compare.estimate_rankings({"bad": [bad], "good": [good]}, metric="hit_rate@1")
    assert table["name"].tolist() == ["good", "bad"]
    assert table["value"].tolist() == [0.75, 0]
    assert table["low"][0] < 0.75 < table["high"][0]
    gaps = compare.compare_ranking_models(
        {"bad": [bad], "good": [good]}, [("bad", "good")], metric="hit_rate@1"
    )
    assert gaps["value"][0] == 0.75
    assert gaps["clear"][0]


def test_the_steps_lead_from_the_documents_figure_to_the_real_one():
    parts = {"tfrs_top_at_10": 0.7, "top_at_10": 0.1}
    written, mended = make_run(**parts), make_run(tfrs_top_at_10=0.21, top_at_10=0.2)
    written.record.metrics.append(Metric("train", "tfrs_top@10", 0.9))
    steps = trace_artefact(written.record, mended.record, [10])
    assert steps["top-10"].tolist() == [0.9, 0.7, 0.1, 0.21, 0.2]


def test_the_trade_goes_from_ratings_to_retrieval():
    points = {
        "both": make_run(weights=(1.0, 1.0), rmse=1.1, top_at_100=0.2).record,
        "retrieval": make_run(weights=(0.0, 1.0), rmse=3.0, top_at_100=0.3).record,
        "ratings": make_run(weights=(1.0, 0.0), rmse=1.0, top_at_100=0.1).record,
    }
    table = list_trade(points)
    assert table["label"].tolist() == ["ratings", "both", "retrieval"]
    assert table["rmse"].tolist() == [1.0, 1.1, 3.0]
    assert table["untrained"].tolist() == ["lists not trained", "", "stars not trained"]


def test_a_task_that_was_not_trained_is_named():
    """Before, the RMSE of a head as it was drawn stood among the others."""
    names = ["two_tower.retrieval", "two_tower.rating → two_tower.best", "mf.dot", "SVD"]
    assert mark_untrained(names) == [
        "two_tower.retrieval (stars not trained)",
        "two_tower.rating (lists not trained) → two_tower.best",
        "mf.dot",
        "SVD",
    ]


def test_published_figures_belong_to_the_whole_data_set_only(dataset):
    whole = Dataset("ml-100k", *[pd.DataFrame()] * 3, "abc", "a test")
    table = documents.read_published(whole, "stratified")
    assert table["ndcg@10"].is_monotonic_decreasing
    assert len(table) == 6
    board = pd.DataFrame({"model": ["ours"], "ndcg@10": [0.5], "coverage@10": [0.3]})
    shown = documents.add_published(board, table)
    assert shown["source"].tolist() == ["here"] + ["published, before a correction"] * 6
    assert shown["coverage@10"].isna().sum() == 6
    for other, protocol in [(dataset, "stratified"), (whole, "leave-last")]:
        nothing = documents.read_published(other, protocol)
        assert nothing.empty
        assert len(documents.add_published(board, nothing)) == 1
        assert documents.describe_published(other, protocol) == ""


def test_figures_from_before_a_correction_say_so_and_by_which_rule_ours_are_measured():
    whole = Dataset("ml-100k", *[pd.DataFrame()] * 3, "abc", "a test")
    note = documents.describe_published(whole, "stratified")
    for told in ("before a correction of May 2026", "pull/2322", "pull/2337", "`remove_seen`"):
        assert told in note
    assert "Ours leave out what the user rated in training or validation rows" in note


@pytest.mark.parametrize("name", ["05_two_tower", "06_baselines", "07_next_steps"])
def test_a_page_with_published_figures_has_their_note(name):
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text()
    assert "add_published" in text
    assert "documents.describe_published(ratings_data, " in text


def test_no_list_has_a_movie_that_the_user_rated_before(dataset):
    split = make_split(dataset, "stratified")
    known = dataset.ratings.iloc[split.known][["user_id", "movie_id"]]
    score = catalogue.make_popularity_score(dataset, split)
    lists = catalogue.rank_catalogue(score, dataset, split).recommendations
    assert len(lists)
    assert lists.merge(known, on=["user_id", "movie_id"]).empty


def test_a_published_table_without_a_source_is_an_error(dataset, tmp_path, monkeypatch):
    (tmp_path / "published.yml").write_text("- {dataset: a, protocol: b, metrics: [], models: {}}")
    monkeypatch.setattr(documents, "BOOK", tmp_path)
    with pytest.raises(ReelbookError, match="a table has no label, note, source"):
        documents.read_published(dataset, "stratified")


def test_popularity_gives_all_the_same_list(dataset):
    split = make_split(dataset, "stratified")
    score = catalogue.make_popularity_score(dataset, split)
    scores = score(np.array([3, 9]))
    assert np.array_equal(scores[0], scores[1])
    assert scores[0].sum() == len(split.train) + len(split.validation)
    row = compare.measure_score("popularity", score, dataset, split)
    assert row["model"] == "popularity"
    assert row["popularity@10"] > 0.8


def test_neighbours_are_listed_in_one_row_a_movie():
    table = pd.DataFrame(
        {"movie": ["A", "A", "B"], "place": [1, 2, 1], "neighbour": ["x", "y", "z"],
         "cosine": [0.9, 0.5, 0.1]}
    )  # fmt: skip
    rows = list_neighbours(table)
    assert rows["neighbours"].tolist() == ["x 0.90, y 0.50", "z 0.10"]


def test_every_figure_is_drawn():
    history = pd.DataFrame(
        {"epoch": [1, 2], "loss": [9.0, 8.0], "test_top@10": [0, 0.1], "test_tfrs_top@10": [1, 0.7]}
    )
    figure = figures.draw_epochs({"a": history, "b": history}, k=10, title="Epochs")
    assert [panel.get_title() for panel in figure.axes] == ["a", "b"]
    assert figure.axes[0].lines[0].get_ydata().tolist() == [1, 0.7]
    figure = figures.draw_losses({"a": history}, uniform=18.0, num_rows=2, title="Loss")
    assert figure.axes[0].lines[0].get_ydata() == [9, 9]
    assert figure.axes[0].lines[1].get_ydata().tolist() == [4.5, 4.0]
    trade = pd.DataFrame(
        {"label": ["0", "1", "x"], "rmse": [1.1, 1.0, 3.0], "top": [0.1, 0.2, 0.3]}
    ).assign(untrained=["lists not trained", "", "stars not trained"])
    figure = figures.draw_trade(trade, constants={"mean": 1.12}, title="Trade")
    assert {text.get_text() for text in figure.axes[0].texts} == {
        "0 (lists not trained)", "1"
    }  # fmt: skip
    assert "x (RMSE 3.00, stars not trained)" in [line.get_label() for line in figure.axes[0].lines]
    hits = pd.DataFrame({"model": ["a"], "hit_rate@1": [0.1], "hit_rate@10": [0.4]})
    figure = figures.draw_hit_rates(hits, [1, 10], title="Hits")
    assert figure.axes[0].lines[0].get_ydata().tolist() == [0.1, 0.4]


def test_the_map_names_movies_that_lie_apart():
    places = pd.DataFrame(
        {"title": ["a", "b", "c"], "x": [0.0, 0.1, 5.0], "y": [0.0, 0.0, 5.0],
         "genre": ["War", "other", "War"]}
    )  # fmt: skip
    figure = figures.draw_movie_map(places, named=2, title="Map")
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "c"]
