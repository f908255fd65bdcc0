"""What the scores of lists say, from lists that are made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve

from reelbook.report import scores
from reelbook.report.figures import certainty as figures
from reelbook.report.sentences import certainty as sentences


def make_run(*, meaning=1.0, seed=0, num_users=200, length=100):
    """Lists whose movies are hits with the probability that their scores say, or without it."""
    rng = np.random.default_rng(seed)
    chances = -np.sort(-rng.uniform(0, 1, (num_users, length)) * rng.uniform(size=(num_users, 1)))
    hits = rng.uniform(size=chances.shape) < chances
    users = np.repeat(np.arange(num_users), length)
    shown = chances * meaning + (1 - meaning) * np.linspace(1, 0, length)
    lists = pd.DataFrame(
        {
            "user_id": users,
            "rank": np.tile(np.arange(1, length + 1), num_users),
            "movie_id": np.tile(np.arange(length), num_users),
            "score": shown.ravel(),
        }
    )
    ranks = lists.loc[hits.ravel(), ["user_id", "movie_id", "rank"]]
    # A movie that was held out, and that no list has.
    more = pd.DataFrame({"user_id": [0], "movie_id": [length + 7], "rank": [999]})
    return SimpleNamespace(recommendations=lists, ranks=pd.concat([ranks, more]))


def test_hits_are_the_held_out_movies_in_the_lists():
    run = make_run(num_users=3, length=20)
    marked = scores.mark_hits(run)
    assert len(marked) == 60
    assert marked["hit"].sum() == len(run.ranks) - 1
    assert marked["hit"].dtype == bool


def test_tenths_are_those_of_scores_and_of_ranks():
    rows = scores.cut_lists([make_run()])
    assert rows.groupby("by_rank").size().tolist() == [2000] * 10
    assert rows["user_id"][rows["calibrates"]].nunique() == 100
    tenths = scores.list_tenths(rows)
    tested = rows[~rows["calibrates"]]
    expected = tested.groupby("by_score")["hit"].mean()
    by_score = tenths[tenths["by"] == "score"]
    assert by_score["met"].tolist() == pytest.approx(expected.tolist())
    assert (by_score["low"] <= by_score["met"]).all()
    assert (by_score["met"] <= by_score["high"]).all()


def test_shares_of_hits_are_those_of_scikit_learn():
    """Its curve cuts by quantiles of the same rows, so all users calibrate and are tested here."""
    run = make_run()
    marked = scores.mark_hits(run)
    edges = np.quantile(marked["score"], np.arange(1, 10) / 10)
    tenth = scores.bin_scores(marked["score"].to_numpy(), edges)
    shares = marked.groupby(tenth)["hit"].mean()
    theirs, _ = calibration_curve(marked["hit"], marked["score"], n_bins=10, strategy="quantile")
    assert shares.tolist() == pytest.approx(theirs.tolist(), abs=1e-9)


def test_scores_that_are_chances_say_more_than_ranks():
    cut = scores.measure_lists({"means": [make_run()], "blind": [make_run(meaning=0.0, seed=1)]})
    table = scores.compare_tenths(cut).set_index("name")
    assert table.loc["means", "clear"]
    assert table.loc["means", "value"] > 0.1
    assert table.loc["means", "error"] < 0.05
    assert table.loc["blind", "value"] == pytest.approx(0, abs=0.02)
    assert list(scores.format_tenths(table.reset_index()))[:2] == ["model", "lowest"]
    text = sentences.describe_scores(table.reset_index())
    assert "more often than the first ranks for 1 of 2 models" in text
    tenths = {name: scores.list_tenths(rows) for name, rows in cut.items()}
    assert len(figures.draw_tenths(tenths, title="a title").axes) == 2


def test_equal_scores_and_no_lists_are_no_fault():
    run = make_run(num_users=10, length=20)
    run.recommendations["score"] = 1.0
    tenths = scores.list_tenths(scores.cut_lists([run]))
    assert len(tenths[tenths["by"] == "score"]) == 1
    table = scores.compare_tenths({"m": scores.cut_lists([run])})
    assert table.loc[0, "lowest"] == table.loc[0, "highest"]
    assert "nothing to show" in sentences.describe_scores(scores.compare_tenths({}))
