"""The ranking protocols in the chapters, and small looks at what a data set has."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.metrics.catalogue import make_popularity_score
from reelbook.metrics.metric import Metric
from reelbook.report import rankings
from reelbook.report.inside import analogies, guards
from reelbook.splits.protocols import make_split


def make_run(model, protocol, ndcg):
    metrics = [Metric("test", "ndcg@10", ndcg)]
    record = SimpleNamespace(model=model, metrics=metrics, split={"fold": None}, seed=0)
    return SimpleNamespace(record=record, protocol=protocol)


def test_runs_are_grouped_by_the_ranking_protocols_that_were_run():
    runs = [make_run("a", "leave-last", 0.1), make_run("b", "official", 0.2)]
    assert rankings.group_by_protocol(iter(runs)) == {"leave-last": {"a": [runs[0]]}}


def test_a_protocol_that_cannot_split_is_left_out_and_told(dataset):
    """Before, the chapters on lists ended with an error where all ratings share a second."""
    assert len(rankings.make_splits(dataset, [0, 1])) == 4
    assert rankings.describe_left_out(dataset) == ""
    ratings = dataset.ratings.assign(timestamp=880_000_000)
    tied = Dataset("made-up", ratings, dataset.users, dataset.movies, "tied", "a test")
    assert [split.protocol for split in rankings.make_splits(tied, [0])] == ["stratified"]
    told = rankings.describe_left_out(tied).split("\n\n")
    assert [text[:43] for text in told] == [
        "Left out: Protocol leave-last cannot split ",
        "Left out: Protocol global-time cannot split",
    ]


def test_models_stand_beside_rules_the_best_first():
    groups = {"a": [make_run("a", "x", 0.1), make_run("a", "x", 0.2)]}
    alone = rankings.list_rankings(groups)
    assert alone["ndcg@10"].tolist() == [pytest.approx(0.15)]
    rule = dict.fromkeys(alone, 0.9) | {"model": "chance"}
    table = rankings.list_rankings(groups, rules=pd.DataFrame([rule]))
    assert table["model"].tolist() == ["chance", "a"]
    assert list(table) == list(alone)


def test_rules_are_averaged_over_splits_and_the_future_knows_more_than_chance(dataset):
    splits = [make_split(dataset, "cold-movies", seed=seed) for seed in (0, 1)]
    rules = {"chance": rankings.make_chance(), "future": rankings.score_by_future}
    both = rankings.measure_rules(rules, dataset, splits).set_index("model")["ndcg@10"]
    each = [
        rankings.measure_rules({"future": rankings.score_by_future}, dataset, [split])["ndcg@10"][0]
        for split in splits
    ]
    assert list(both.index) == ["chance", "future"]
    assert both["future"] == pytest.approx(np.mean(each))
    assert both["future"] > both["chance"]


def test_popularity_is_a_rule(dataset):
    split = make_split(dataset, "leave-last")
    table = rankings.measure_rules({"popularity": make_popularity_score}, dataset, [split])
    assert table["model"].tolist() == ["popularity"]


def test_new_users_have_no_row_that_trains(dataset):
    users = dataset.ratings["user_id"].to_numpy()
    split = make_split(dataset, "global-time")
    new, tested = rankings.count_new_users(dataset, split)
    known = set(users[split.train]) | set(users[split.validation])
    assert tested == len(set(users[split.test]))
    assert new == len(set(users[split.test]) - known)
    assert rankings.count_new_users(dataset, make_split(dataset, "leave-last"))[0] == 0


def test_analogies_are_asked_only_of_movies_that_are_there(dataset):
    assert analogies.list_analogies(dataset) == []
    first, _, third = analogies.ANALOGIES[:3]
    movies = pd.DataFrame({"title": [*first, *third[:3]]})
    some = Dataset("some", dataset.ratings, dataset.users, movies, sha256="", source="")
    assert analogies.list_analogies(some) == [first]


def test_the_guards_speak_of_document_b(dataset):
    split = make_split(dataset, "source")
    assert "the test part is empty" in guards.check_rows_beyond(dataset, split)
    taken = len(dataset.ratings) - 7
    assert guards.check_rows_beyond(dataset, split, taken=taken).startswith("These data have 7 ")
    assert guards.check_spelling(dataset) != ""
