import numpy as np
import pandas as pd
import pytest

from reelbook.report.figures.tuning import draw_curves
from reelbook.report.sentences import tuning as sentences

GAINS = pd.DataFrame(
    {
        "model": ["mf.biased", "baseline.svd"], "trials": [8, 4], "seconds": [9.0, 4.0],
        "one": [0.95, 0.96], "value": [0.91, 0.93], "low": [0.90, 0.92], "high": [0.92, 0.94],
        "board": [0.92, np.nan], "board_low": [0.91, np.nan], "board_high": [0.93, np.nan],
        "gain": [0.04, 0.03], "gain_low": [0.01, 0.0], "gain_high": [0.05, 0.04],
        "share": [0.5, np.nan], "share_low": [0.2, np.nan], "share_high": [0.7, np.nan],
    }
)  # fmt: skip
PAIRS = pd.DataFrame(
    [("mf.biased", "baseline.svd", 1, -0.01, 0.4), ("mf.biased", "baseline.svd", 4, 0.02, 0.9)],
    columns=["ahead", "behind", "budget", "value", "chance"],
)
CHOSEN = pd.DataFrame(
    [("mf.biased", "baseline.svd", 0.02, -0.01, 0.05, False)],
    columns=["ahead", "behind", "value", "low", "high", "clear"],
)
CURVES = pd.DataFrame(
    [
        ("mf.biased", 1, 0.95, 0.90, 1.20),
        ("mf.biased", 8, 0.91, 0.91, 0.91),
        ("baseline.svd", 1, 0.96, 0.90, 1.00),
        ("baseline.svd", 4, 0.93, 0.93, 0.93),
    ],
    columns=["model", "budget", "value", "low", "high"],
)


def test_the_answer():
    assert sentences.answer({"stars": GAINS}, {"stars": PAIRS}) == (
        "**In short.** Of rating models, `mf.biased` has the lowest RMSE after all trials: "
        "**0.9100** (95% interval 0.9000 to 0.9200) after 8. A single trial is expected to give "
        "0.9500, so tuning gains 0.0400 (95% interval 0.0100 to 0.0500), 50% of the lead over "
        "biases and more than the 0.0200 between it and `baseline.svd`. Pairs of models that "
        "change places as trials are added: 1 of 1."
    )
    assert sentences.answer({}, {}) == "**In short.** No model was tuned here."


def test_one_model_alone_leads_nobody():
    told = sentences.answer({"lists": GAINS.iloc[1:]}, {"lists": PAIRS.iloc[:0]})
    assert told.endswith("so tuning gains 0.0300 (95% interval 0.0000 to 0.0400).")
    assert sentences.describe_flips(PAIRS.iloc[:0], CHOSEN.iloc[:0], "lists") == sentences.FEW
    assert sentences.describe_unequal(pd.DataFrame()) == sentences.FEW


def test_a_board_says_what_is_owed_to_tuning():
    told = sentences.tell_shares(GAINS)
    assert told == {"mf.biased": "50% (20% to 70%) by 8 trials"}
    assert sentences.tell_shares(GAINS.iloc[:0]) == {}


def test_what_trials_are_worth():
    first, second = sentences.describe_gains(GAINS, "stars").split("\n")
    assert first == (
        "- `mf.biased`: the RMSE goes from 0.9500 with one trial to **0.9100** with 8 trials; that "
        "is 50% (95% interval 20% to 70%) of its lead over biases."
    )
    assert second.endswith("to **0.9300** with 4 trials; it does not beat biases.")


def test_the_settings_of_the_boards():
    assert sentences.describe_boards(GAINS, "stars") == (
        "The trials chose a setting at least as good on test rows as that of the boards for 1 of 1 "
        "model: `mf.biased`."
    )
    assert sentences.describe_boards(GAINS, "lists").endswith("for 0 of 1 model.")


def test_a_flip_says_where_and_what_is_left():
    assert sentences.describe_flips(PAIRS, CHOSEN, "stars") == (
        "- `mf.biased` is expected to be ahead of `baseline.svd` with 4 trials each, but behind "
        "with 1. With one trial each it is ahead in 40% of the pairs of orders. Between the "
        "settings that all trials of each choose, the difference is +0.0200 (95% interval -0.0100 "
        "to +0.0500, statistically indistinguishable from zero)."
    )
    steady = PAIRS.assign(value=0.1)
    assert "no pair changes places" in sentences.describe_flips(steady, CHOSEN, "stars")


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ([-0.1, 0.1, 0.2], "It is expected to be ahead from 2 trials on."),
        ([0.1, 0.1, 0.2], "It is expected to be ahead even then."),
        ([-0.1, -0.1, 0.0], "It is not ahead of it with 4 trials either."),
    ],
)
def test_less_tuning_against_more(values, end):
    unequal = pd.DataFrame(
        {"model": "a", "rival": "b", "rival_trials": 8, "budget": [1, 2, 4], "value": values,
         "chance": [0.2, 0.6, 1.0]}
    )  # fmt: skip
    told = sentences.describe_unequal(unequal)
    assert told.startswith(
        "Validation rows prefer `a`. With a single trial it beats `b` with all of its trials (8) "
        "on test rows in 20% of its orders. "
    )
    assert told.endswith(end)


def test_tables_for_a_page():
    shown = sentences.format_pairs(PAIRS.assign(chance=[0.4, np.nan]), CHOSEN)
    assert shown.to_numpy().tolist() == [
        ["mf.biased", "baseline.svd", "40%", "-", "+0.0200 (-0.0100 to +0.0500)"]
    ]
    gains = sentences.format_gains(GAINS)
    assert gains["share of lead"].tolist() == ["50% (20% to 70%)", "-"]
    assert gains["boards"].tolist() == ["0.9200 (0.9100 to 0.9300)", "-"]
    curves = sentences.format_curves(CURVES.assign(validation=0.9))
    assert curves.columns.tolist() == ["model", "rows", "1", "4", "8"]
    assert curves["rows"].tolist() == ["validation", "test"] * 2
    assert curves["8"].tolist() == ["0.9000", "0.9100 (0.9100 to 0.9100)", "-", "-"]


def test_the_figure_has_a_line_a_model_and_shows_all_lines():
    figure = draw_curves(CURVES, GAINS, title="How low?", label="RMSE")
    (axes,) = figure.axes
    assert axes.get_legend_handles_labels()[1] == ["mf.biased", "baseline.svd"]
    low, high = axes.get_ylim()
    assert low < 0.91
    assert high > 0.96
    assert high < 1.2  # a long bar does not press the lines together
