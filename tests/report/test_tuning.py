"""What budgets are worth, from runs that are made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.metrics.metric import Metric
from reelbook.report import tuning
from reelbook.report.studies.tuning import BOARD, SPACES, TRIALS

USERS = np.repeat(np.arange(20), 2)
ROWS = pd.DataFrame({"user_id": USERS, "movie_id": np.arange(40), "rating": 3.0})


def make_run(model, validation, test, study=TRIALS):
    """A run of a rating model whose every error is `test` stars."""
    figures = {"validation": Metric("validation", "rmse", validation)}
    figures["test"] = Metric("test", "rmse", test, test - 0.01, test + 0.01)
    record = SimpleNamespace(
        model=model,
        run_id=f"{model}-{validation}",
        seconds=2.0,
        params=dict.fromkeys(SPACES.get(model, {}), 1.5),
        get_metric=lambda name, part="test": figures[part],
    )
    predictions = ROWS.assign(prediction=3.0 + test)
    return SimpleNamespace(record=record, protocol=study, predictions=predictions)


RUNS = [
    make_run("mf.biased", 1.0, 1.1),
    make_run("mf.biased", 0.8, 0.7),
    make_run("mf.biased", 0.9, 0.9),
    make_run("baseline.svd", 0.85, 0.8),
    make_run("baseline.svd", 0.95, 0.9),
    make_run("mf.biased", 0.7, 0.75, BOARD),
    make_run("baseline.biases", 1.0, 1.0, BOARD),
]


@pytest.fixture
def trials():
    return tuning.list_trials(RUNS, "stars")


def test_trials_stand_by_their_validation_figure(trials):
    assert trials["model"].tolist() == ["mf.biased"] * 3 + ["baseline.svd"] * 2
    assert trials["validation"].tolist() == [0.8, 0.9, 1.0, 0.85, 0.95]
    assert trials["test"].tolist() == [0.7, 0.9, 1.1, 0.8, 0.9]
    assert trials["l2_bias"].isna().tolist() == [False] * 3 + [True] * 2
    none = tuning.list_trials(RUNS, "lists")
    assert none.empty
    assert tuning.list_curves(none).empty
    assert tuning.list_gains(none, RUNS, "lists").empty


def test_budgets_double_up_to_all_trials():
    assert tuning.list_budgets(1) == [1]
    assert tuning.list_budgets(8) == [1, 2, 4, 8]
    assert tuning.list_budgets(11) == [1, 2, 4, 8, 11]


def test_curves_are_expectations_over_orders(trials):
    curves = tuning.list_curves(trials)
    own = curves[curves["model"] == "mf.biased"]
    assert own["budget"].tolist() == [1, 2, 3]
    # Of three pairs, two hold the best trial.
    assert own["value"].tolist() == pytest.approx([0.9, (2 * 0.7 + 0.9) / 3, 0.7])
    assert own["validation"].tolist() == pytest.approx([0.9, (2 * 0.8 + 0.9) / 3, 0.8])
    assert own["low"].tolist() == [0.7, 0.7, 0.7]
    assert own["high"].tolist() == [1.1, 0.9, 0.7]


def test_gains_are_measured_from_one_trial(trials):
    gains = tuning.list_gains(trials, RUNS, "stars").set_index("model")
    assert gains.index.tolist() == ["mf.biased", "baseline.svd"]
    row = gains.loc["mf.biased"]
    assert (row["one"], row["value"], row["board"]) == pytest.approx((0.9, 0.7, 0.75))
    assert row["gain"] == pytest.approx(0.2)
    assert row["gain_low"] == 0  # a draw of three times the same trial gains nothing
    assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    assert row["share"] == pytest.approx(0.2 / 0.3)
    assert 0 <= row["share_low"] <= row["share"] <= row["share_high"] <= 1
    assert np.isnan(gains.loc["baseline.svd", "board"])
    assert row["seconds"] == 6


def test_a_lead_that_one_trial_lacks_is_all_tuning():
    runs = [*RUNS[:3], make_run("baseline.biases", 1.0, 0.85, BOARD)]
    gains = tuning.list_gains(tuning.list_trials(runs, "stars"), runs, "stars")
    assert gains["share"].item() == 1
    worse = [*RUNS[:3], make_run("baseline.biases", 1.0, 0.6, BOARD)]
    assert (
        tuning.list_gains(tuning.list_trials(worse, "stars"), worse, "stars")["share"].isna().all()
    )


def test_pairs_are_compared_with_the_same_budget(trials):
    pairs = tuning.compare_budgets(trials, "stars")
    assert pairs[["ahead", "behind"]].drop_duplicates().to_numpy().tolist() == [
        ["mf.biased", "baseline.svd"]
    ]
    assert pairs["budget"].tolist() == [1, 2]
    assert pairs["value"].tolist() == pytest.approx([0.85 - 0.9, 0.8 - (2 * 0.7 + 0.9) / 3])
    # One trial each: 0.7 wins twice, 0.9 ties once with 0.9, 1.1 never wins.
    assert pairs["chance"].tolist() == pytest.approx([2.5 / 6, 2 / 3])


def test_a_chance_needs_a_choice():
    runs = [make_run("mf.biased", 1.0, 0.7), make_run("baseline.svd", 1.0, 0.8)]
    pairs = tuning.compare_budgets(tuning.list_trials(runs, "stars"), "stars")
    assert pairs["chance"].isna().all()
    assert pairs["value"].tolist() == pytest.approx([0.1])


def test_chosen_settings_are_compared_on_the_same_rows(trials):
    chosen = tuning.compare_chosen(trials, "stars")
    assert chosen["value"].item() == pytest.approx(0.1)
    assert chosen["low"].item() == pytest.approx(0.1)  # all users agree
    assert chosen["clear"].item()
    one = trials[trials["model"] == "mf.biased"]
    assert tuning.compare_chosen(one, "stars").empty
    assert tuning.compare_unequal(one, "stars").empty


def test_the_preferred_model_is_tuned_less_than_its_rival(trials):
    found = tuning.compare_unequal(trials, "stars")
    assert set(found["model"]) == {"mf.biased"}
    assert set(found["rival"]) == {"baseline.svd"}
    assert found["value"].tolist() == pytest.approx([-0.1, 0.8 - (2 * 0.7 + 0.9) / 3, 0.1])
    assert found["chance"].tolist() == pytest.approx([1 / 3, 2 / 3, 1])


def test_the_chosen_settings_and_the_space_are_told(trials):
    told = tuning.list_chosen(trials)
    assert told["run"].tolist() == ["mf.biased-0.8", "baseline.svd-0.85"]
    assert told["setting"].iloc[1] == "factors 1.5, learning_rate 1.5, l2 1.5"
    space = tuning.list_space(["topn.ease", "two_tower.best"])
    assert space.iloc[0].tolist() == ["topn.ease", "l2", "1", "10000", "by its logarithm"]
    assert "evenly" in set(space["drawn"])
