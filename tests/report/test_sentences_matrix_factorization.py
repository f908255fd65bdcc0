import pandas as pd
import pytest

from reelbook.report.sentences import matrix_factorization as sentences


@pytest.fixture
def board():
    rows = [("mf.implicit", 0.9, 0.89, 0.91, 0.01), ("mf.biased", 0.92, 0.91, 0.93, 0.02)]
    rows += [("mf.mlp", 1.0, 0.95, 1.05, 0.01), ("mf.dot", 1.1, 1.0, 1.2, 0.03)]
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "sd"])


def test_the_answer_names_the_best_model_and_the_best_of_the_document(board):
    assert sentences.answer(board, num_folds=2) == (
        "**In short.** Of the models in this chapter, `mf.implicit` predicts best: its test RMSE "
        "is **0.900** stars (95% interval 0.890 to 0.910), mean over 2 folds. The best of the "
        "document's models, `mf.mlp`, has 1.000; `mf.biased`, with biases and a tuned penalty, "
        "has 0.920."
    )
    assert sentences.answer(board[1:], num_folds=2).endswith("`mf.mlp`, has 1.000.")


def test_stops_name_the_model_that_overfits_most():
    histories = pd.DataFrame({"model": ["a", "a", "b"], "best_epoch": [7, 3, 5]})
    moved = pd.DataFrame({"model": ["a", "b"], "train": [-0.2, -0.3], "validation": [0.01, 0.04]})
    assert sentences.describe_stops(histories, moved) == (
        "Epochs chosen by validation: `a` 3, 7; `b` 5. After its chosen epoch `b` overfits most: "
        "by its last epoch the training error has changed by -0.300 stars and the validation "
        "error by +0.040."
    )


def test_what_larger_batches_cost():
    row = {"name": "mf.mlp", "usual": 256, "larger": 1024, "steps": 500}
    gains = pd.DataFrame([row | {"value": -0.001, "low": -0.003, "high": -0.0005, "clear": True}])
    assert sentences.describe_batches(gains) == (
        "Each step updates whole tables, so on many ratings the batches grow until an epoch has at "
        "most 500 steps, and the learning rate grows with the square root of the batch. On one "
        "fold, larger batches beside the usual ones:\n\n- `mf.mlp`, 1,024 ratings in a batch in "
        "place of 256: the error rises by **0.0010** stars (95% interval 0.0005 to 0.0030)."
    )


@pytest.mark.parametrize("validation", [0.0, float("nan")])
def test_no_model_overfits_that_was_best_at_its_last_epoch(validation):
    histories = pd.DataFrame({"model": ["a"], "best_epoch": [3]})
    moved = pd.DataFrame({"model": ["a"], "train": [0.0], "validation": [validation]})
    text = sentences.describe_stops(histories, moved)
    assert text.endswith("`a` 3. By the last epoch no validation error had risen.")


def test_the_choice_of_the_epoch_on_test_rows_flatters():
    choices = pd.DataFrame(
        {
            "model": ["a", "b"],
            "best test epoch": [0.95, 0.9],
            "chosen epoch": [0.96, 0.9],
            "range over seeds": [0.01, 0.02],
        }
    )
    text = sentences.describe_choices(choices)
    assert "`b`, `a`. Choosing" in text
    assert "look better by 0.0000 to 0.0100 stars." in text
    assert "The best model and the worst differ by 0.0500; two seeds" in text
    assert text.endswith("differ by up to 0.0200.")


def test_a_single_fold_has_no_deviation(board):
    text = sentences.describe_board(board, num_folds=2)
    assert text.startswith("`mf.implicit` leads with **0.9000** (0.8900 to 0.9100); the best of")
    assert "`mf.mlp`, has 1.0000." in text
    assert text.endswith("The standard deviation over folds is 0.0100 to 0.0300, "
                         "depending on the model.")  # fmt: skip
    single = sentences.describe_board(board.assign(sd=float("nan")), num_folds=1)
    assert single == "Only one fold was run: `mf.implicit` has **0.9000** there."


def test_steps_lower_or_raise_the_error_or_cannot_be_told():
    gains = pd.DataFrame(
        {
            "name": ["mf.dot → mf.sigmoid", "mf.unregularised → mf.biased"],
            "value": [0.1, -0.001],
            "low": [0.05, -0.003],
            "high": [0.15, 0.001],
            "clear": [True, False],
        }
    )
    assert sentences.describe_steps(gains).splitlines() == [
        "- The sigmoid: the error falls by **0.1000** stars (95% interval 0.0500 to 0.1500).",
        "- The penalty: the error rises by **0.0010** stars (95% interval -0.0010 to 0.0030, "
        "statistically indistinguishable from zero).",
    ]


def test_a_movie_never_seen_costs_the_dot_product_its_stars(board):
    rows = [("mf.implicit", "0", 10, 1.2), ("mf.implicit", "200+", 990, 0.8)]
    rows += [("mf.dot", "0", 10, 3.1), ("mf.dot", "200+", 990, 1.0)]
    by_movie = pd.DataFrame(rows, columns=["model", "seen", "rows", "rmse"])
    text = sentences.describe_rare_movies(by_movie, board)
    assert text.startswith(
        "`mf.implicit` has an RMSE of 1.200 stars on movies with 0 training ratings (10 of 1,000 "
        "rows), and of 0.800 on those with 200+.\n\n1.00% of the test rows"
    )
    assert (
        "RMSE of 3.10; that alone adds about 0.0382 to its total RMSE" in text
    )  # 0.01 * 8.4 / 2.2
    seen = sentences.describe_rare_movies(by_movie[by_movie["seen"] != "0"], board)
    assert seen.endswith("on those with 200+.")
