"""Leads where models see less of the future, from tables that are made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.report import future


def make_predictions(error):
    users, movies = np.repeat(np.arange(20), 2), np.arange(40)
    table = pd.DataFrame({"user_id": users, "movie_id": movies, "rating": 3.0})
    return [table.assign(prediction=3.0 + error)]


def make_ranks(rank):
    return [pd.DataFrame({"user_id": np.arange(9), "movie_id": 1, "rating": 4.0, "rank": rank})]


def test_leads_are_differences_to_the_reference_of_each_column():
    drawn = {future.BIASES: 1.0, "a": 0.5, "b": 0.9}
    later = {"b": 1.1, future.BIASES: 1.0}
    columns = {
        name: {model: make_predictions(error) for model, error in errors.items()}
        for name, errors in {"drawn": drawn, "later": later, "without": {"a": 0.1}}.items()
    }
    table = future.compare_columns(columns, reference=future.BIASES)
    assert table["column"].tolist() == ["drawn", "drawn", "later"]
    assert table["name"].tolist() == ["a", "b", "b"]
    assert table["value"].tolist() == pytest.approx([0.5, 0.1, -0.1])
    assert table["clear"].all()
    assert future.compare_columns({}, reference=future.BIASES).empty


def test_leads_of_lists_are_differences_of_ndcg():
    columns = {"drawn": {future.POPULARITY: make_ranks(3), "a": make_ranks(1)}}
    table = future.compare_columns(columns, reference=future.POPULARITY)
    assert table["value"].item() == pytest.approx(1 - 1 / 2)  # 1 / log2(1 + 3)


def test_a_lead_that_chance_explains_is_not_clear():
    rng = np.random.default_rng(0)
    (table,) = make_predictions(1.0)
    noisy = [table.assign(prediction=3.0 + rng.choice([-1, 1], 40) * rng.uniform(0.5, 1.5, 40))]
    columns = {"drawn": {future.BIASES: [table], "a": noisy}}
    found = future.compare_columns(columns, reference=future.BIASES)
    assert not found["clear"].item()
    assert found["low"].item() < found["value"].item() < found["high"].item()


def test_first_ratings_are_left_out_and_the_others_keep_their_ranks():
    ratings = pd.DataFrame(
        {"user_id": [1, 1, 2, 2], "movie_id": [5, 6, 5, 6], "timestamp": [1, 2, 9, 8]}
    )
    ranks = ratings[["user_id", "movie_id"]].assign(rank=[1, 2, 3, 4])
    groups = {"m": [SimpleNamespace(ranks=ranks)]}
    dataset = SimpleNamespace(ratings=ratings)
    (kept,) = future.list_ranks(groups, dataset, onboarding=1)["m"]
    assert kept[["user_id", "movie_id", "rank"]].to_numpy().tolist() == [[1, 6, 2], [2, 5, 3]]
    assert len(future.list_ranks(groups, dataset)["m"][0]) == 4


def test_orders_agree_or_not_with_the_reference_among_them():
    table = pd.DataFrame(
        {
            "column": ["drawn"] * 2 + ["later"] * 2 + ["one"],
            "name": ["a", "b", "a", "b", "b"],
            "value": [0.2, 0.1, -0.1, -0.2, 0.3],
        }
    )
    found = future.correlate_columns(table)
    assert found["column"].tolist() == ["later", "one"]
    assert found["models"].tolist() == [3, 2]
    # Pairs of (a, b, reference): only a before b stands; the one column has both alike.
    assert found["tau"].tolist() == pytest.approx([-1 / 3, 1])
    assert future.correlate_columns(table.head(0)).empty
