"""The computed sentences of the page of results, of the front page and of the recommendations."""

import numpy as np
import pandas as pd
import pytest

from reelbook.data.tables import Dataset
from reelbook.report import claims, front_page
from reelbook.report.sentences import recommend, results

NO_FLIPS = pd.DataFrame(columns=["better", "worse", "by", "but_by"])


def make_agreement(*rows):
    return pd.DataFrame(rows, columns=["first", "second", "models", "tau"])


def make_flips(number):
    return pd.concat([NO_FLIPS, pd.DataFrame([["a", "b", "x", "y"]] * number, columns=[*NO_FLIPS])])


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "No conclusion flips: where the order differs, at least one protocol is undecided."),
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


def test_what_matters_and_what_does_not():
    parts = pd.DataFrame({"part": ["The penalty"], "value": [0.02], "matters": [True]})
    assert results.describe_what_matters(parts) == (
        "By at least 0.005 stars, and clearly above zero: the penalty (+0.020). "
        "Not so: nothing that was tried."
    )


def test_what_the_choice_of_an_epoch_is_worth():
    choices = pd.DataFrame({"best test epoch": [0.9, 0.95], "chosen epoch": [0.91, 0.952]})
    assert results.describe_choices(choices) == (
        "It makes the models look better by 0.0020 to 0.0100 stars."
    )
    assert results.describe_choices(choices.head(0)).startswith("No model of this plan")


def test_verdicts_are_counted():
    verdicts = pd.DataFrame({"verdict": ["reproduced", "artefact", "reproduced"]})
    assert results.describe_verdicts(verdicts) == "Of 3 claims: 2 reproduced, 1 artefact."


def test_a_range_is_as_sure_as_the_rows_in_it():
    sure = pd.DataFrame({"inside": [0.5, 0.9], "rows": [10, 30]})
    stars, kept = {"value": 0.9, "low": 0.89, "high": 0.91}, {"all": 0.4, "kept": 0.39}
    glued = recommend.list_glued(stars, sure, kept, model="topn.ease", promised=0.8)
    assert (glued["inside"], glued["promised"]) == ("80%", "80%")
    assert (glued["taste"], glued["taste_interval"]) == ("0.900", "0.890 to 0.910")
    assert (glued["ndcg_all"], glued["ndcg_kept"], glued["model"]) == (
        "0.400",
        "0.390",
        "topn.ease",
    )


def test_a_user_has_rated_movies():
    assert recommend.describe_user(7, ["a", "b"]) == (
        "User 7 has rated 2 movies. Among those with most stars: a, b."
    )
    assert recommend.describe_user(7, [*"abcdefg"]).endswith("stars: a, b, c, d, e.")


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
    verdicts = pd.DataFrame({"id": ["A1"], "statement": ["So"], "verdict": ["x"], "rule": ["y"]})
    shown = front_page.list_tables(board, board, verdicts)
    assert list(shown) == ["leaderboard_short", "ranking_short", "verdicts_short"]
    assert list(shown["leaderboard_short"].data) == ["model", "rmse", "low", "high", "seconds"]
    assert "ndcg-10" in shown["ranking_short"].data
    assert len(shown["ranking_short"].data) == front_page.SHORT
    assert "rule" not in shown["verdicts_short"].data


def test_the_front_page_has_texts(board, dataset: Dataset):
    verdicts = pd.DataFrame({"verdict": [claims.REPRODUCED, claims.ARTEFACT]})
    parts = pd.DataFrame({"part": ["The penalty"], "value": [0.02], "matters": [True]})
    texts = front_page.list_texts(
        dataset, board, {"stratified": board}, parts, verdicts, num_runs=4
    )
    assert texts["mattered"] == "the penalty (+0.020)"
    assert texts["mattered_not"] == "nothing that was tried"
    assert (texts["num_runs"], texts["num_reproduced"]) == ("4", "1")
    assert texts["rating_advice"].startswith("bayes.mf (")
    assert "(stratified)" in texts["ranking_advice"]
    without = front_page.list_texts(dataset, board, {}, parts, verdicts, num_runs=4)
    assert without["ranking_advice"] == "No model that ranks was run."
