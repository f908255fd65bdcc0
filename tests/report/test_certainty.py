"""Intervals around predictions of runs that are made by hand."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from reelbook.metrics.bootstrap import resample_ratios
from reelbook.report import certainty, intervals
from reelbook.report.figures import certainty as figures
from reelbook.report.sentences import certainty as sentences

SCALE = (1.0, 5.0)


def make_rows(rows, error, seed):
    """Predictions whose error has this deviation, by user."""
    noise = np.random.default_rng(seed).normal(size=len(rows))
    off = noise * np.broadcast_to(error, len(rows))
    return rows[["user_id", "movie_id", "rating"]].assign(prediction=rows["rating"] + off)


def make_run(dataset, *, validates=True, error=0.7, seed=0):
    """A run on a drawn fifth of the made-up ratings, its validation rows another fifth."""
    place = np.random.default_rng(seed).integers(5, size=len(dataset.ratings))
    test, validation = (dataset.ratings[place == n].reset_index(drop=True) for n in (0, 1))
    return SimpleNamespace(
        predictions=make_rows(test, error, seed + 1),
        validation=make_rows(validation, error, seed + 2) if validates else None,
        record=SimpleNamespace(split={"fingerprint": f"{seed}"}),
    )


@pytest.fixture(scope="module")
def measured(dataset):
    groups = {
        "a.good": [make_run(dataset, error=0.3), make_run(dataset, error=0.3, seed=9)],
        "a.bad": [make_run(dataset, error=1.5)],
        "b.once": [make_run(dataset, validates=False)],
    }
    return intervals.measure_models(groups, dataset)


def test_what_was_seen_is_counted_and_its_spread_is_damped():
    ratings = pd.DataFrame(
        {"user_id": [1, 1, 2, 2], "movie_id": [5, 6, 5, 7], "rating": [1.0, 5.0, 3.0, 3.0]}
    )
    seen = intervals.count_seen(ratings)
    usual = np.sqrt(2.0)
    users = seen["user_id"]
    assert users["number"].tolist() == [2, 2]
    assert users["spread"].tolist() == pytest.approx([(4 + 10 * usual) / 12, 10 * usual / 12])
    left = intervals.drop_rows(ratings, ratings.iloc[[1, 2]])
    assert left.index.tolist() == [0, 3]
    rows = pd.DataFrame({"user_id": [1, 9], "movie_id": [9, 5], "prediction": [2.0, 9.0]})
    found = intervals.describe_rows(rows, seen, SCALE)
    assert found[0] == pytest.approx(
        [1, users["spread"][1], 3**-0.5, seen["movie_id"]["spread"].mean(), 1, 2, 4]
    )
    assert found[1, [2, 4, 5, 6]] == pytest.approx([1, 3**-0.5, 5, 25])


def test_calibration_rows_are_not_in_what_was_seen_before_them(dataset):
    run, told = make_run(dataset), {}
    parts = intervals.split_run(run, dataset, told)
    seen = parts.seen["user_id"]["number"].sum()
    assert seen == len(dataset.ratings) - len(run.predictions) - len(run.validation)
    assert parts.source == "validation"
    assert intervals.split_run(run, dataset, told).seen is parts.seen


def test_without_validation_rows_halves_of_the_test_rows_share_no_row(dataset):
    run = make_run(dataset, validates=False)
    parts = intervals.split_run(run, dataset, {})
    assert parts.source == "test"
    both = pd.concat([parts.calibration, parts.test]).sort_index()
    pd.testing.assert_frame_equal(both, run.predictions)


def test_intervals_hold_about_what_they_promise(measured):
    coverage = certainty.list_coverage(measured)
    assert coverage["name"].drop_duplicates().tolist() == ["a.good", "b.once", "a.bad"]
    for row in coverage.itertuples():
        size = len(measured[row.name]) // (2 if row.source == "test" else 1)
        # Both the rows that calibrate and those that are tested stray.
        reach = 3 * binom.std(size, row.promised) / size * 2
        assert row.met == pytest.approx(row.promised, abs=reach)
        assert row.low <= row.met <= row.high
    shown = certainty.format_coverage(coverage)
    assert len(shown) == 6
    assert list(shown)[:3] == ["model", "interval", "rmse"]
    assert shown.loc[0, "90%"] == coverage.loc[2, "met"]
    assert certainty.pick_lead(coverage) == "a.good"
    assert certainty.pick_shown(coverage["name"].unique()) == ["a.good", "b.once"]


def test_plain_coverage_is_the_share_of_errors_below_the_quantile(dataset):
    run = make_run(dataset)
    rows = intervals.measure_run(intervals.split_run(run, dataset, {}), scale=SCALE)
    errors = np.sort(np.abs(run.validation["rating"] - run.validation["prediction"]))
    quantile = errors[int(np.ceil((len(errors) + 1) * 0.8)) - 1]
    assert rows["plain 0.8"].equals(rows["error"] <= quantile)
    assert (rows["plain width"] <= 4).all()
    assert (rows["expected"] > 0).all()


def test_the_expected_error_finds_who_is_hard_to_predict(dataset):
    """Errors grow with the spread of a user's stars: then scaled intervals hold for both halves."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(200), 40)
    spread = np.where(users % 2, 0.3, 1.5)
    ratings = pd.DataFrame({"user_id": users, "movie_id": np.tile(np.arange(40), 200)})
    ratings["rating"] = 3 + spread * rng.normal(size=len(users))
    data = dataclasses.replace(dataset, ratings=ratings)
    place = rng.integers(4, size=len(users))
    test, validation = (
        ratings[place == n].assign(prediction=3.0).reset_index(drop=True) for n in (0, 1)
    )
    run = SimpleNamespace(
        predictions=test,
        validation=validation,
        record=SimpleNamespace(split={"fingerprint": "x"}),
    )
    rows = intervals.measure_models({"m": [run]}, data)["m"]
    met = rows.groupby(rows["user_id"] % 2)[["plain 0.9", "scaled 0.9"]].mean()
    assert met["plain 0.9"].tolist() == pytest.approx([0.8, 1.0], abs=0.05)
    assert met["scaled 0.9"].tolist() == pytest.approx([0.9, 0.9], abs=0.05)
    found = certainty.list_abstentions({"m": rows}).iloc[0]
    assert found["clear"]
    assert found["dropped"] > found["all"] > found["kept"]


def test_abstaining_leaves_out_the_rows_of_the_highest_expected_error():
    rows = pd.DataFrame(
        {"user_id": range(20), "expected": [1.0] * 18 + [2.0, 3.0], "error": [1.0] * 18 + [3.0] * 2}
    )
    found = certainty.list_abstentions({"m": rows}).iloc[0]
    assert found[["all", "kept", "dropped"]].tolist() == pytest.approx([np.sqrt(1.8), 1, 3])
    assert found["value"] == pytest.approx(np.sqrt(1.8) - 1)
    assert found["low"] <= found["value"] <= found["high"]


def test_groups_are_cut_by_what_training_saw_and_by_people(measured, dataset):
    rows = measured["a.good"]
    table = certainty.list_groups(rows, dataset)
    assert set(table["by"]) <= {"ratings of the user", "ratings of the movie", "gender", "age"}
    assert (table["users"] >= certainty.FEWEST_USERS).all()
    own = table[table["by"] == "gender"].iloc[0]
    people = dataset.users.loc[dataset.users["gender"] == own["group"], "user_id"]
    inside = rows[rows["user_id"].isin(people)]
    assert own["rows"] == len(inside)
    assert own["plain_met"] == pytest.approx(inside["plain 0.9"].mean())
    assert own["scaled_met"] == pytest.approx(inside["scaled 0.9"].mean())
    assert own["plain_low"] <= own["plain_met"] <= own["plain_high"]
    groups = certainty.group_rows(rows, dataset)["ratings of the user"].astype(str)
    few = rows["of_user"].between(20, 49)
    assert (groups[few] == "20-49").all()


def test_data_without_people_have_groups_by_number_alone(measured, dataset):
    users = dataset.users[["user_id"]]
    bare = SimpleNamespace(traits=["stars"], users=users)
    assert set(certainty.group_rows(measured["a.good"], bare)) == {
        "ratings of the user",
        "ratings of the movie",
    }
    few = measured["a.good"].query("user_id <= 5")
    empty = certainty.list_groups(few, bare)
    assert empty.empty
    assert "No group has 20 users" in sentences.describe_groups(empty)


def test_ratios_are_sums_over_sums():
    users = pd.Series([1, 1, 2, 3])
    parts, wholes = pd.DataFrame({"x": [1.0, 0, 1, 0]}), pd.DataFrame({"x": [1.0, 1, 1, 0]})
    values, samples = resample_ratios(users, parts, wholes)
    assert values == pytest.approx([2 / 3])
    assert samples.shape == (1000, 1)
    drawn = samples[~np.isnan(samples)]
    assert drawn.min() == 0.5
    assert drawn.max() == 1


def test_sentences_and_figures_come_out_whole(measured, dataset):
    coverage = certainty.list_coverage(measured)
    abstentions = certainty.list_abstentions(measured)
    groups = certainty.list_groups(measured["a.good"], dataset)
    text = sentences.answer(coverage, abstentions, groups, pd.DataFrame(), lead="a.good")
    assert text.startswith("**In short.** Around a prediction of `a.good`, an interval that")
    told = [
        text,
        sentences.describe_sources(coverage),
        sentences.describe_groups(groups),
        sentences.describe_abstentions(abstentions),
        sentences.describe_time(coverage),
        sentences.describe_time(coverage.head(0)),
    ]
    assert not any("nan" in t for t in told)
    assert "`b.once`" in told[1]
    assert "nothing to compare" in told[-1]
    drawn = figures.draw_reliability(coverage, ["a.good", "a.bad"], title="a title")
    assert len(drawn.axes) == 2
    assert figures.draw_groups(groups, promised=0.9, title="a title").axes
