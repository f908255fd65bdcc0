import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.report import group_gaps, groups
from reelbook.report.figures.groups import draw_gaps
from reelbook.report.sentences import groups as sentences
from reelbook.splits.protocols import make_split

LEAST = 5


def make_run(dataset, model, fold, shift):
    """Errors that are larger for women, by `shift`."""
    split = make_split(dataset, "official", fold=fold)
    rows = dataset.ratings.iloc[split.test]
    genders = dataset.users.set_index("user_id")["gender"].loc[rows["user_id"]].to_numpy()
    rng = np.random.default_rng(fold)
    noise = rng.normal(0, 0.5, len(rows)) + np.where(genders == "F", shift, 0.0)
    predictions = rows[["user_id", "movie_id", "rating"]].reset_index(drop=True)
    predictions = predictions.assign(prediction=predictions["rating"] + noise)
    made = {"protocol": "official", "fold": fold, "seed": 0}
    value = SimpleNamespace(metric="rmse", value=1.0 + shift, split_part="test")
    record = SimpleNamespace(model=model, split=made, metrics=[value])
    return SimpleNamespace(record=record, predictions=predictions)


def make_ranked(dataset, model, seed):
    split = make_split(dataset, "stratified", seed=seed)
    ranks = dataset.ratings.iloc[split.test][["user_id", "movie_id", "rating"]]
    rng = np.random.default_rng(seed)
    ranks = ranks.assign(rank=rng.permutation(len(ranks)) % 40 + 1)
    made = {"protocol": "stratified", "fold": None, "seed": seed}
    value = SimpleNamespace(metric="ndcg@10", value=0.2, split_part="test")
    record = SimpleNamespace(model=model, split=made, metrics=[value])
    return SimpleNamespace(record=record, ranks=ranks)


@pytest.fixture(scope="module")
def official(dataset):
    shifts = {"baseline.biases": 1.5, "baseline.mean": 0.0}
    return {
        model: [make_run(dataset, model, fold, shift) for fold in (1, 2)]
        for model, shift in shifts.items()
    }


@pytest.fixture(scope="module")
def found(dataset, official):
    ranked = {"topn.popularity": [make_ranked(dataset, "topn.popularity", s) for s in (0, 1)]}
    return group_gaps.compare_all(dataset, official, ranked, least=LEAST)


def test_every_measure_has_its_groups(found):
    assert list(found) == ["RMSE", "mean error", "nDCG@10", "recall@10"]
    assert found["RMSE"].columns.tolist() == group_gaps.COLUMNS
    assert set(found["RMSE"]["grouping"]) > {"gender", "age", "training ratings", "taste"}
    assert groups.SINCE not in set(found["nDCG@10"]["grouping"])
    for table in found.values():
        assert (table["users"] >= LEAST).all()
        assert table["value"].between(table["low"], table["high"]).all()


def test_the_figures_of_a_group_are_those_of_its_rows(found, official, dataset):
    rows = pd.concat([run.predictions for run in official["baseline.biases"]])
    rows = rows.merge(dataset.users, on="user_id")
    errors = (rows["prediction"] - rows["rating"]).astype("float64")
    women = rows["gender"] == "F"
    table = found["RMSE"].query("model == 'baseline.biases'")
    own = table[table["group"] == "women"].iloc[0]
    rmse = [np.sqrt((errors[part] ** 2).mean()) for part in (women, ~women)]
    assert own["value"] == pytest.approx(rmse[0], abs=1e-9)
    assert own["gap"] == pytest.approx(rmse[0] - rmse[1], abs=1e-9)
    assert own["rows"] == women.sum()
    assert own["users"] == rows.loc[women, "user_id"].nunique()
    mean = found["mean error"].query("model == 'baseline.biases' and group == 'women'").iloc[0]
    assert mean["value"] == pytest.approx(errors[women].mean(), abs=1e-9)


def test_a_planted_difference_is_clear_where_it_was_planted(found):
    table = found["RMSE"]
    women = table[table["group"] == "women"].set_index("model")
    assert women.loc["baseline.biases", "gap_clear"]
    assert women.loc["baseline.biases", "matched_clear"]
    assert not women.loc["baseline.mean", "gap_clear"]


def test_of_two_groups_one_has_a_gap_and_activity_is_not_matched_on_itself(found):
    table = found["RMSE"]
    assert table.loc[table["group"] == "men", ["gap", "matched"]].isna().all(axis=None)
    ratings = table[table["grouping"] == groups.RATINGS]
    assert ratings["gap"].notna().any()
    assert ratings["matched"].isna().all()


def test_a_clear_gap_is_better_or_worse_by_its_measure():
    rows = [("RMSE", 0.1, True), ("RMSE", -0.1, True), ("nDCG@10", 0.1, True), ("RMSE", 1, False)]
    said = [
        group_gaps.judge({"measure": measure, "gap": gap, "gap_clear": clear})
        for measure, gap, clear in rows
    ]
    assert said == ["clearly worse", "clearly better", "clearly better", "no clear gap"]


def test_no_group_is_large_enough(dataset, official):
    assert group_gaps.compare_all(dataset, official, {}, least=10_000) == {}
    assert group_gaps.compare_all(dataset, {}, {}, least=LEAST) == {}


def test_data_without_people_and_times_are_grouped_by_what_they_rate(dataset):
    users = dataset.users.assign(occupation="", gender="", age=0)
    bare = dataclasses.replace(
        dataset, users=users, ratings=dataset.ratings.assign(timestamp=0), name="bare"
    )
    runs = {"baseline.biases": [make_run(bare, "baseline.biases", fold, 0.0) for fold in (1, 2)]}
    found = group_gaps.compare_all(bare, runs, {}, least=LEAST)
    assert list(found) == ["RMSE", "mean error"]
    assert set(found["RMSE"]["grouping"]) == {groups.RATINGS, groups.TASTE}
    text = sentences.answer(found)
    assert "days active" not in text
    assert "nan" not in text


def test_the_same_bytes_each_time(dataset, official, found):
    again = group_gaps.compare_all(dataset, official, {}, least=LEAST)
    pd.testing.assert_frame_equal(again["RMSE"], found["RMSE"])


def test_tables_for_a_page(found):
    own = group_gaps.pick_best(found["RMSE"])
    assert own["model"].nunique() == 1
    shown = group_gaps.format_gaps(own)
    assert shown.columns.is_unique
    assert "RMSE" in shown
    spread = group_gaps.spread_models(found["RMSE"])
    assert spread.columns.tolist()[2:] == ["baseline.mean", "baseline.biases"]
    biased = found["RMSE"].query("model == 'baseline.biases'")
    matched = group_gaps.format_matched(biased)
    women = matched[matched["group"] == "women"].iloc[0]
    assert women["gap"].endswith("*")
    assert " ± " in women["at equal activity"]


def test_the_figure_names_each_group_once(found):
    shown = {name: group_gaps.pick_best(found[name]) for name in ("RMSE", "nDCG@10")}
    figure = draw_gaps(shown, title="Groups")
    figure.draw_without_rendering()
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    groups_shown = shown["RMSE"].dropna(subset="gap")
    assert len(names) >= len(groups_shown) + groups_shown["grouping"].nunique()
    assert names.count("women") == 1
    assert "men" not in names
