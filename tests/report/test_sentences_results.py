"""The computed sentences of the page of results, of the front page and of the recommendations."""

import shlex

import numpy as np
import pandas as pd
import pytest

from reelbook.__main__ import make_parser
from reelbook.data.tables import Dataset
from reelbook.report import advice, claims, front_page, guide
from reelbook.report.sentences import recommend, results

NO_FLIPS = pd.DataFrame(columns=["better", "worse", "by", "but_by"])


def make_agreement(*rows):
    return pd.DataFrame(rows, columns=["first", "second", "models", "tau"])


def make_flips(number):
    return pd.concat([NO_FLIPS, pd.DataFrame([["a", "b", "x", "y"]] * number, columns=[*NO_FLIPS])])


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "No conclusion flips: no two protocols clearly contradict each other."),
        (1, "1 conclusion flips."),
        (2, "2 conclusions flip."),
    ],
)
def test_the_protocols_that_agree_least(number, told):
    agreement = make_agreement(
        ("stratified", "leave-last", 9, 0.8), ("leave-last", "global-time", 8, 0.5)
    )
    assert results.describe_agreement(agreement, make_flips(number)) == (
        f"The orders of leave-last and global-time agree least, with a tau of 0.50 over 8 models. "
        f"{told}"
    )


def test_one_model_has_no_order():
    agreement = make_agreement(("stratified", "leave-last", 1, np.nan))
    assert "nan" not in results.describe_agreement(agreement, NO_FLIPS)
    assert "nothing to compare" in results.describe_agreement(agreement.head(0), NO_FLIPS)


def test_what_matters_and_what_does_not():
    parts = pd.DataFrame({"part": ["The penalty"], "value": [0.02], "matters": [True]})
    assert results.describe_what_matters(parts) == (
        "**What mattered** (the error falls by at least 0.005 stars, with an interval above zero): "
        "the penalty (+0.020).\n\n**What did not:** nothing that was tried."
    )


def test_what_the_choice_of_an_epoch_is_worth():
    choices = pd.DataFrame({"best test epoch": [0.9, 0.95], "chosen epoch": [0.91, 0.952]})
    assert results.describe_choices(choices) == (
        "Choosing the epoch on test rows makes the models look better by 0.0020 to 0.0100 stars."
    )
    assert results.describe_choices(choices.head(0)).startswith("No model of this plan")


def test_verdicts_are_counted():
    verdicts = pd.DataFrame({"verdict": ["reproduced", "artefact", "reproduced"]})
    assert results.describe_verdicts(verdicts) == (
        "**3 claims** of the documents: 2 reproduced and 1 artefact."
    )
    twice = pd.DataFrame({"verdict": ["artefact", "reproduced", "artefact"]})
    assert results.describe_verdicts(twice).endswith("2 artefacts and 1 reproduced.")


def test_a_range_is_as_sure_as_the_rows_in_it():
    sure = pd.DataFrame({"inside": [0.5, 0.9], "rows": [10, 30]})
    stars, kept = {"value": 0.9, "low": 0.89, "high": 0.91}, {"all": 0.4, "kept": 0.39}
    options = {"model": "topn.ease", "promised": 0.8, "num_folds": 5, "fold": 2}
    text = recommend.answer(stars, sure, kept, taste_weight=0.5, **options)
    assert text.endswith("hold 80% of the ratings; on fold 2 it holds 80%.")
    assert "(`topn.ease`, nDCG@10 0.400 on one split of `stratified`)" in text
    assert "RMSE of **0.900** (95% interval 0.890 to 0.910), mean over 5 folds." in text
    assert "Score and stars together order the list; stars count for 50%. The model" in text
    assert "order the list" not in recommend.answer(stars, sure, kept, taste_weight=0.0, **options)
    assert recommend.describe_kept(kept).endswith("is 0.390, and 0.400 with all weights.")


def test_a_user_has_rated_movies():
    assert recommend.describe_user(7, ["a", "b"]) == (
        "User 7 has rated 2 movies, and gave most stars to a and b."
    )
    assert recommend.describe_user(7, [*"abcdefg"]).endswith("to a, b, c, d and e.")


@pytest.fixture
def board():
    names = ["bayes.mf", "mf.biased", "mf.mlp", "mf.dot", "dcn.dnn", "bst.base"]
    values = np.linspace(0.9, 1.0, 6)
    return pd.DataFrame(
        {
            "name": names, "value": values, "low": values - 0.01, "high": values + 0.01,
            "behind": values - 0.9, "clear": values > 0.9, "seconds": 2.0,
        }
    )  # fmt: skip


def test_the_front_page_has_short_tables(board):
    shown = front_page.list_tables(board, board)
    assert list(shown) == ["leaderboard_short", "ranking_short"]
    assert list(shown["leaderboard_short"].data) == ["model", "rmse", "low", "high", "seconds"]
    assert "ndcg@10" in shown["ranking_short"].data
    assert len(shown["ranking_short"].data) == front_page.SHORT


def test_the_front_page_has_no_empty_table(board):
    shown = front_page.list_tables(board, board.head(0))
    assert shown["ranking_short"].data == ""


def test_the_front_page_has_a_line_a_need():
    line = ["lists", "a.<b>", "0.1 ahead", "1 s, 2 kB", "leave-last prefers c"]
    drawn = front_page.draw_guide(pd.DataFrame([line], columns=guide.COLUMNS)).data
    assert drawn == (
        '<dl class="guide"><dt>lists</dt><dd><strong>a.&lt;b&gt;</strong> (1 s, 2 kB)<br>'
        "0.1 ahead. Leave-last prefers c.</dd></dl>"
    )


def test_the_front_page_has_a_square_a_claim_under_its_verdict():
    found = [claims.ARTEFACT, claims.REPRODUCED, claims.REPRODUCED]
    verdicts = pd.DataFrame({"id": ["A1", "A2", "B1"], "statement": "<So>", "verdict": found})
    drawn = front_page.draw_verdicts(verdicts).data
    places = [drawn.index(text) for text in ("2 repro", ">A2<", ">B1<", "1 artefact", ">A1<")]
    assert places == sorted(places)
    assert "&lt;So&gt;" in drawn
    assert "cannot" not in drawn


def test_the_front_page_has_texts(board, dataset: Dataset):
    parts = pd.DataFrame({"part": ["The penalty"], "value": [0.02], "matters": [True]})
    texts = front_page.list_texts(dataset, board, parts, num_runs=4)
    assert texts["mattered"] == "the penalty (+0.020)"
    assert texts["mattered_not"] == "nothing that was tried"
    assert texts["num_runs"] == "4"


def test_what_is_left_of_a_lead_is_said(board):
    names = board["name"].iloc[:2].to_list()
    leads = pd.DataFrame({"name": names, "lead": 0.09, "later": 0.03, "later_low": [0.01, 0.0]})
    text = advice.describe_service(board, leads)
    assert "On the last ratings of all its lead over biases is 0.030" in text
    assert advice.describe_service(board, leads.head(0)) == ""
    text = advice.describe_service(board, leads.assign(later_low=-0.1))
    assert text.endswith("on the last ratings of all it is no better than biases.")
    assert advice.describe_ranking_choice({}) == "No model that ranks was run."


def test_the_answer_names_the_heads_of_the_boards(board):
    other = board[::-1].reset_index(drop=True)
    text = results.answer("made-up", board, {"stratified": board, "x": other}, num_folds=2)
    assert text.startswith(
        "**In short.** Of all rating models on `made-up`, `bayes.mf` has the lowest error: an RMSE "
        "of **0.900** stars (95% interval 0.890 to 0.910) on `official`, mean over 2 folds. The "
        "models built as the documents describe them have 0.940 to 1.000 on the same rows. On "
        "stratified, bayes.mf ("
    )
    assert text.endswith("ahead of all other models. Of all models, bst.base leads on x (1.000).")
    ours = results.answer("own", board.head(2), {}, num_folds=2)
    assert ours.endswith("mean over 2 folds. No model that ranks was run.")


@pytest.mark.parametrize(("tied", "told"), [(1, "mf.biased is"), (2, "mf.biased and mf.mlp are")])
def test_models_that_tie_with_the_first_are_named(board, tied, told):
    """Before, "not to be told from mf.biased"."""
    tie = board.assign(clear=board.index > tied)
    text = advice.describe_ranking_choice({"stratified": tie})
    assert text.endswith(f"; {told} statistically indistinguishable from it.")


@pytest.mark.parametrize("dataset", ["ml-100k", "my books.csv"])
def test_the_commands_of_the_chapter_are_taken_and_about_its_data(dataset):
    text = recommend.list_commands(dataset, liked=["Fargo", "It's a Wonderful Life"])
    lines = [line for line in text.splitlines() if line.startswith("python -m reelbook ")]
    assert len(lines) == 4
    for line in lines:
        args = make_parser().parse_args(shlex.split(line)[3:])
        assert args.dataset == dataset
    assert "Fargo" in lines[1]
