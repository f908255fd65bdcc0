import pandas as pd
import pytest

from reelbook.report.sentences import behavior_sequence_transformer as sentences


def make_gains(**values):
    """What `compare_models` gives: value and clear, by name with an underscore for the arrow."""
    rows = [
        {"name": name, "value": value, "low": value - 0.01, "high": value + 0.01, "clear": clear}
        for name, (value, clear) in values.items()
    ]
    table = pd.DataFrame(rows, columns=["name", "value", "low", "high", "clear"])
    return table.assign(name=table["name"].map(lambda name: f"bst.{name} → bst.best"))


CHOICES = pd.DataFrame(
    {
        "model": ["bst.base", "bst.tuned"],
        "best test epoch": [0.95, 0.93],
        "range over seeds": [0.01, 0.02],
    }
)
LEAK_GAINS = pd.DataFrame(
    {
        "name": ["sealed → thinned", "none → thinned"],
        "value": [0.004, -0.006],
        "low": [0.001, -0.009],
        "high": [0.007, -0.003],
        "clear": [True, True],
    }
)
BOARD = pd.DataFrame({"name": ["bst.best"], "value": [0.92], "low": [0.91], "high": [0.93]})


def test_what_the_page_says_of_its_results():
    glued = sentences.list_glued(BOARD, CHOICES, LEAK_GAINS, make_gains(), leak_share=0.84)
    assert glued == {
        "best_rmse": "0.920",
        "best_interval": "0.910 to 0.930",
        "base_rmse": "0.950",
        "tuned_rmse": "0.930",
        "leak_share": "84%",
        "leak_effect": "+0.004",
        "leak_interval": "+0.001 to +0.007",
        "order_verdict": "The order of the ratings was not put to the test in this run.",
    }


@pytest.mark.parametrize(("folds", "text"), [([1], "fold 1"), ([1, 3], "folds 1, 3")])
def test_what_the_page_says_of_how_it_was_measured(folds, text):
    hours = [0, 0, 20, 0, 30]
    ratings = pd.DataFrame({"user_id": [1, 1, 1, 2, 2], "timestamp": [3600 * h for h in hours]})
    conditions = sentences.list_conditions(ratings, num_folds=5, num_seeds=3, ablation_folds=folds)
    assert conditions == {
        "num_folds": "5",
        "num_seeds": "3",
        "ablation_folds": text,
        "one_day": "50%",
        "tied": "40%",
    }


@pytest.mark.parametrize(
    ("gains", "text"),
    [
        ({"no_side": (0.1, True)}, "was not put to the test in this run."),
        ({"shuffled": (0.1, True), "no_positions": (0.2, False)}, "indistinguishable from chance."),
        ({"shuffled": (-0.1, False)}, "indistinguishable from chance."),
        (
            {"no_positions": (0.2, True), "shuffled": (-0.1, True)},
            "does not help: with a shuffled past the error falls by 0.1000 stars, by more than "
            "chance.",
        ),
        (
            {"no_positions": (0.2, True), "shuffled": (0.1, True)},
            "by more than chance: with a shuffled past the error rises by 0.1000 stars.",
        ),
        ({"no_positions": (0.2, True)}, "without positions the error rises by 0.2000 stars."),
    ],
)
def test_order_helps_only_where_every_model_without_it_is_clearly_worse(gains, text):
    assert sentences.judge_order(make_gains(**gains)).endswith(text)


def test_overfitting_is_told_of_the_tuned_model_and_ours():
    histories = pd.DataFrame(
        {
            "model": ["bst.tuned", "bst.tuned", "bst.best"],
            "epoch": [1, 2, 1],
            "best_epoch": [2, 2, 1],
            "train_rmse": [1.2, 1.1, 0.8],
            "validation_rmse": [1.1, 1.0, 0.9],
        }
    )
    moved = pd.DataFrame({"model": ["bst.tuned", "bst.best"], "validation": [0.001, 0.03]})
    text = sentences.describe_overfitting(histories, moved)
    assert "`bst.tuned` moves by **+0.0010** stars; at the chosen epoch it lies -0.100 from" in text
    assert text.endswith("`bst.best` moves by +0.0300.")


def test_the_documents_models_and_its_leak():
    text = sentences.describe_tuning(CHOICES)
    assert "changes by **-0.020** stars here; the seeds of one model differ by up to 0.020" in text
    text = sentences.describe_leak(LEAK_GAINS, leak_share=0.841)
    assert text.startswith("With **84.1%** of its targets' ratings seen in training")
    assert (
        "changes by +0.0040 stars (+0.0010 to +0.0070); having fewer windows costs +0.0060" in text
    )
    text = sentences.describe_leak(LEAK_GAINS.assign(clear=False), leak_share=0.841)
    assert "(+0.0010 to +0.0070, indistinguishable from zero)" in text


@pytest.mark.parametrize(("folds", "text"), [(1, "over 1 fold."), (5, "over 5 folds.")])
def test_our_figure(folds, text):
    told = sentences.describe_board(BOARD, num_folds=folds)
    assert told.startswith("`bst.best` comes to **0.9200** (0.9100 to 0.9300)")
    assert text in told


def test_models_on_the_same_rows_err_more_or_less():
    apart = make_gains(tuned=(0.05, True), base=(-0.002, False))
    assert sentences.describe_same_rows(apart) == (
        "On the same rows `bst.tuned` errs by **0.0500** stars more than `bst.best` (difference "
        "+0.0400 to +0.0600); `bst.base` errs by **0.0020** stars less than `bst.best` (difference "
        "-0.0120 to +0.0080, indistinguishable from zero)."
    )


def test_parts_that_were_taken_away():
    text = sentences.describe_ablation(make_gains(shuffled=(0.05, True), no_side=(0.001, False)))
    assert text == (
        "`bst.shuffled`: +0.0500 (+0.0400 to +0.0600); `bst.no_side`: +0.0010 (-0.0090 to +0.0110, "
        "indistinguishable from zero). The order of the past ratings helps by more than chance: "
        "with a shuffled past the error rises by 0.0500 stars."
    )
    assert sentences.describe_ablation(make_gains()).startswith("The order of the ratings was not")


def test_an_example_with_and_without_a_past():
    past = pd.DataFrame({"title": ["A", "B"], "stars": [1.0, 4.0], "weight": [0.2, 0.5]})
    predicted = pd.Series({"user_id": 7, "rating": 5.0, "prediction": 3.456})
    text = sentences.describe_example(past, predicted, "Alien (1979)", own_weight=0.3)
    assert text == (
        "User 7 gave *Alien (1979)* **5 stars**; the model predicts **3.46**. Of 2 past ratings it "
        "looks most at *B* (4 stars, 50.0%), *A* (1 star, 20.0%); 30.0% of the attention stays "
        "with the target itself."
    )
    text = sentences.describe_example(past.head(0), predicted, "Alien (1979)", own_weight=1.0)
    assert text.endswith("**3.46**. There is no past to look at.")


def test_attention_by_place_needs_a_full_past():
    average = pd.DataFrame({"place": [1, 2, 1, 2], "weight": [0.4, 0.1, 0.6, 0.1]})
    text = sentences.describe_attention(average)
    assert "the latest rating gets 50.0% of the attention and the oldest 10.0%" in text
    assert text.endswith("on average a place gets 30.0%.")
    assert sentences.describe_attention(average.head(0)).startswith("No test row has a full past")
