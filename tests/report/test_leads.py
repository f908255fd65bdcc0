"""What is left of a lead by time, from runs that are made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.report import leads


def make_run(users, movies, stars, predictions):
    table = pd.DataFrame({"user_id": users, "movie_id": movies, "rating": stars})
    return SimpleNamespace(predictions=table.assign(prediction=predictions))


def make_groups(**errors):
    """Models by the error that each makes in every prediction."""
    users, movies, stars = np.repeat(np.arange(20), 2), np.arange(40), np.full(40, 3.0)
    return {name: [make_run(users, movies, stars, stars + e)] for name, e in errors.items()}


def test_leads_are_differences_to_biases_largest_first():
    random = {
        leads.REFERENCE if name == "biases" else name: runs
        for name, runs in make_groups(biases=1.0, small=0.9, large=0.5, alone=0.1).items()
    }
    later = {
        leads.REFERENCE if name == "biases" else name: runs
        for name, runs in make_groups(biases=1.0, small=0.8, large=0.9).items()
    }
    table = leads.compare_leads(random, later)
    assert table["name"].tolist() == ["large", "small"]
    assert table["lead"].tolist() == pytest.approx([0.5, 0.1])
    assert table["later"].tolist() == pytest.approx([0.1, 0.2])
    assert table["kept"].tolist() == pytest.approx([0.2, 2.0])
    assert table["lead_low"].tolist() == pytest.approx([0.5, 0.1])


def test_nothing_by_time_leaves_an_empty_table():
    assert leads.compare_leads(make_groups(a=1.0), {}).empty


def test_new_users_and_movies_are_measured_apart():
    known = pd.DataFrame({"user_id": [1, 2], "movie_id": [1, 2]})
    dataset = SimpleNamespace(ratings=known)
    split = SimpleNamespace(known=np.array([0, 1]))
    run = make_run([1, 3, 2, 3], [2, 1, 9, 9], [3.0] * 4, [3.5, 4.0, 5.0, 6.0])
    row = leads.measure_new({"m": [run]}, dataset, split).iloc[0]
    assert (row["known"], row["known_rows"]) == (0.5, 1)
    assert (row["new_user"], row["new_user_rows"]) == (pytest.approx(np.sqrt(5)), 2)
    assert (row["new_movie"], row["new_movie_rows"]) == (pytest.approx(np.sqrt(6.5)), 2)
    run = make_run([1], [2], [3.0], [3.5])
    assert np.isnan(leads.measure_new({"m": [run]}, dataset, split)["new_user"].item())


def test_views_are_leads_on_their_folds_alone():
    groups = make_groups(biases=1.0, other=0.2, seen=0.7)
    groups = {leads.REFERENCE: groups["biases"] + groups["other"], "seen": groups["seen"]}
    for runs in groups.values():
        for fold, run in enumerate(runs, 1):
            run.record = SimpleNamespace(split={"fold": fold})
    table = leads.compare_views(groups, ["seen", "unseen"], [1])
    assert table["name"].tolist() == ["seen"]
    assert table["value"].tolist() == pytest.approx([0.3])
    assert leads.compare_views(groups, ["unseen"], []).empty
