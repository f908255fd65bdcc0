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


def test_the_answer():
    text = sentences.answer(
        BOARD, CHOICES, LEAK_GAINS, make_gains(), leak_share=0.84, num_folds=5, num_seeds=1
    )
    assert text == (
        "**In short.** Our transformer `bst.best` has a test RMSE of **0.920** stars (95% interval "
        "0.910 to 0.930), mean over 5 folds of `official`. This run did not test whether the order "
        "of the ratings helps. In the document's own setting its baseline has 0.950 and its tuned "
        "model 0.930 at the best test epoch, one seed. The document's split leaks: the ratings of "
        "84% of its test targets stand in windows that the model learns from. Sealing the leak "
        "raises the error by **0.0040** stars (95% interval 0.0010 to 0.0070), compared with "
        "dropping as many windows at random."
    )


def test_ties_and_users_of_one_day():
    hours = [0, 0, 20, 0, 30]
    ratings = pd.DataFrame({"user_id": [1, 1, 1, 2, 2], "timestamp": [3600 * h for h in hours]})
    text = sentences.describe_ties(ratings)
    assert text.startswith("40% of all ratings share")
    assert "50% of the users gave all" in text


@pytest.mark.parametrize(
    ("gains", "text"),
    [
        ({"no_side": (0.1, True)}, "did not test whether the order of the ratings helps."),
        (
            {"shuffled": (0.1, True), "no_positions": (0.2, False)},
            "It stays open whether the order of the past ratings helps: with a shuffled past the "
            "error rises by **0.1000** stars (95% interval 0.0900 to 0.1100); without positions "
            "the change is statistically indistinguishable from zero.",
        ),
        ({"shuffled": (-0.1, False)}, "ratings is statistically indistinguishable from zero."),
        (
            {"no_positions": (0.2, True), "shuffled": (-0.1, True)},
            "does not help: with a shuffled past the error falls by **0.1000** stars (95% interval "
            "0.0900 to 0.1100).",
        ),
        (
            {"no_positions": (0.2, True), "shuffled": (0.1, True)},
            "ratings helps: with a shuffled past the error rises by **0.1000** stars (95% interval "
            "0.0900 to 0.1100).",
        ),
        (
            {"no_positions": (0.2, True)},
            "without positions the error rises by **0.2000** stars (95% interval 0.1900 to "
            "0.2100).",
        ),
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
    assert (
        "`bst.tuned` changes by **+0.0010** stars; at the chosen epoch it lies 0.100 below" in text
    )
    assert text.endswith("`bst.best` changes by +0.0300.")


def test_the_documents_models_and_its_leak():
    text = sentences.describe_tuning(CHOICES)
    assert "error is **0.020** stars below the baseline's; two seeds of one model differ" in text
    single = sentences.describe_tuning(CHOICES.assign(**{"range over seeds": float("nan")}))
    assert "below the baseline's. As in the document" in single
    text = sentences.describe_leak(LEAK_GAINS)
    assert text.startswith("Sealing the leak raises the error by **0.0040** stars (95%")
    assert "at random raises the error by **0.0060** stars (95% interval 0.0030 to 0.0090)" in text
    turned = LEAK_GAINS.assign(
        value=-LEAK_GAINS["value"], low=-LEAK_GAINS["high"], high=-LEAK_GAINS["low"], clear=False
    )
    text = sentences.describe_leak(turned)
    assert text.startswith("Sealing the leak lowers the error by **0.0040** stars (95%")
    assert "(95% interval 0.0010 to 0.0070, statistically indistinguishable from zero)" in text
    assert "at random lowers the error by **0.0060** stars (95% interval 0.0030 to 0.0090" in text


@pytest.mark.parametrize(("folds", "text"), [(1, "one fold."), (5, "mean over 5 folds.")])
def test_our_figure(folds, text):
    told = sentences.describe_board(BOARD, num_folds=folds)
    assert told.startswith("`bst.best` has a test RMSE of **0.9200** stars (0.9100 to 0.9300)")
    assert told.endswith(text)


def test_models_on_the_same_rows_err_more_or_less():
    apart = make_gains(tuned=(0.05, True), base=(-0.002, False))
    assert sentences.describe_same_rows(apart).splitlines() == [
        "- The error of `bst.tuned` lies **0.0500** stars (95% interval 0.0400 to 0.0600) above "
        "that of `bst.best`.",
        "- The error of `bst.base` lies **0.0020** stars (95% interval -0.0080 to 0.0120, "
        "statistically indistinguishable from zero) below that of `bst.best`.",
    ]


def test_parts_that_were_taken_away():
    text = sentences.describe_ablation(make_gains(shuffled=(0.05, True), no_side=(0.001, False)))
    assert text == (
        "Change of the error without each part:\n\n"
        "- `bst.shuffled`: +0.0500 stars (95% interval +0.0400 to +0.0600).\n"
        "- `bst.no_side`: +0.0010 stars (95% interval -0.0090 to +0.0110, statistically "
        "indistinguishable from zero).\n\nThe order of the past ratings helps: with a shuffled "
        "past the error rises by **0.0500** stars (95% interval 0.0400 to 0.0600)."
    )
    assert sentences.describe_ablation(make_gains()).startswith("This run did not test")


def test_an_example_with_and_without_a_past():
    past = pd.DataFrame({"title": ["A", "B"], "stars": [1.0, 4.0], "weight": [0.2, 0.5]})
    predicted = pd.Series({"user_id": 7, "rating": 5.0, "prediction": 3.456})
    text = sentences.describe_example(past, predicted, "Alien (1979)", own_weight=0.3)
    assert text == (
        "User 7 gave *Alien (1979)* **5 stars**; the model predicts **3.46**. Of 2 past ratings it "
        "looks most at *B* (4 stars, 50.0%) and *A* (1 star, 20.0%); 30.0% of the attention stays "
        "with the target itself."
    )
    text = sentences.describe_example(past.head(0), predicted, "Alien (1979)", own_weight=1.0)
    assert text.endswith("**3.46**. There is no past to look at.")


def test_attention_by_place_needs_a_full_past():
    average = pd.DataFrame({"place": [1, 2, 1, 2], "weight": [0.4, 0.1, 0.6, 0.1]})
    text = sentences.describe_attention(average)
    assert "the latest rating gets 50.0% of the attention and the oldest 10.0%" in text
    assert text.endswith("the average place gets 30.0%.")
    assert sentences.describe_attention(average.head(0)).startswith("No test row has a full past")
