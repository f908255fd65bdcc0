"""The sentences on the ratings around a rating, from tables made by hand."""

import pandas as pd

from reelbook.report.sentences import neighbourhood as sentences

BOARD = pd.DataFrame(
    {
        "name": ["n.network", "n.process", "baseline.biases"],
        "value": [0.85, 0.87, 0.94],
        "low": [0.83, 0.85, 0.92],
        "high": [0.87, 0.89, 0.96],
        "clear": [False, False, True],
    }
)
LEADS = pd.DataFrame(
    {
        "name": ["n.network", "n.process", "b.other"],
        "lead": [0.09, 0.07, 0.01],
        "lead_low": [0.08, 0.06, -0.01],
        "lead_high": [0.1, 0.08, 0.03],
        "later": [0.018, 0.02, -0.1],
        "later_low": [0.01, 0.01, -0.2],
        "later_high": [0.03, 0.03, 0.0],
        "kept": [0.2, 2 / 7, -10.0],
    }
)
NEW = pd.DataFrame(
    {"name": ["n.network", "baseline.biases"], "known": [0.94, 0.99], "known_rows": 1000}
).assign(new_user_rows=3000, new_movie_rows=3)


def test_the_answer_names_the_best_and_what_is_left_of_its_lead():
    text = sentences.answer(BOARD, LEADS, NEW, num_folds=5)
    assert "`n.network` has the lowest test RMSE of this chapter, **0.850** stars" in text
    assert "statistically indistinguishable from `n.process`." in text
    assert "`n.network` keeps 20% of its lead over biases. 75% of these ratings" in text
    text = sentences.answer(BOARD.assign(clear=True), LEADS.head(0), NEW.head(0), num_folds=1)
    assert text.endswith(f"one fold. {sentences.NO_TIMES}")


def test_the_blend_is_told_with_its_interval_or_not_at_all():
    gain = pd.DataFrame({"name": ["a"], "value": [0.002], "low": [0.001], "high": [0.003]})
    gain["clear"] = True
    text = sentences.describe_blend(gain, num_folds=1)
    assert "the error falls by **0.0020** stars (95% interval 0.0010 to 0.0030), one fold." in text
    assert sentences.describe_blend(gain.head(0), num_folds=0) == "The blend was not trained here."


def test_the_later_rows_of_known_users_have_a_best_model_of_their_own():
    assert sentences.describe_new(NEW) == (
        "75% of these ratings are by users without a known rating; where user and movie are known, "
        "`n.network` has the lowest error, 0.940 beside 0.990 of biases."
    )
    text = sentences.describe_new(NEW.assign(known=[1.1, 0.99]))
    assert text.endswith("biases lead with an error of 0.990.")
    assert sentences.describe_new(NEW.assign(known_rows=0, known=float("nan"))) == (
        "100% of these ratings are by users without a known rating."
    )


def test_views_are_shares_of_what_all_ratings_bring():
    views = pd.DataFrame({"name": ["a", "b", "c"], "value": [0.07, 0.035, -0.01]})
    views = views.assign(low=0.01, high=0.09, clear=True)
    text = sentences.describe_views(views)
    assert "the network's lead over biases is **0.0700** stars" in text
    assert "Of it, 50% is left where a row sees only what the user rated before it" in text
    assert "and nothing is left where it sees nothing within an hour of it." in text
    assert "not trained here" in sentences.describe_views(views.head(2))
