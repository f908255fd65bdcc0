from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from reelbook.recommend import recommender
from reelbook.report import guide


def make_board(*rows):
    """Rows of name, distance to the first, whether it is clear, seconds and parameters."""
    board = pd.DataFrame(rows, columns=["name", "behind", "clear", "seconds", "parameters"])
    gaps = board["behind"]
    return board.assign(value=0.5 + gaps, behind_low=gaps - 0.01, behind_high=gaps + 0.01)


RATED = make_board(
    ("bayes.mf", 0.0, False, 20.0, 60_000),
    ("mf.biased", 0.03, True, 4.0, 80_000),
    ("gaussian.fold_in", 0.06, True, 1.0, 37_000),
    ("baseline.biases", 0.09, True, 0.1, 2_600),
)
LISTS = make_board(
    ("timely.blend", 0.0, False, 4.0, 4_000_000),
    ("topn.edlae", 0.014, True, 1.4, 2_700_000),
    ("topn.ials", 0.015, True, 2.2, 170_000),
    ("topn.popularity", 0.25, True, 0.01, 1_700),
)
NONE = RATED.head(0)


@pytest.mark.parametrize(
    ("clear", "seconds", "preferred"),
    [
        ([True, True], [1.0, 1.0], "a"),  # cheap, and clearly worse
        ([False, True], [2.0, 1.0], "b"),  # within the noise at a tenth
        ([False, False], [2.1, 0.1], "c"),  # b takes more than a tenth
        ([False, False], [2.0, 0.1], "b"),  # of two the more accurate
        ([False, False], [5.0, 5.0], "a"),  # within the noise, and not cheap
    ],
)
def test_a_model_within_the_noise_that_costs_a_tenth_is_preferred(clear, seconds, preferred):
    board = make_board(
        ("a", 0.0, False, 20.0, 1),
        ("b", 0.01, clear[0], seconds[0], 1),
        ("c", 0.02, clear[1], seconds[1], 1),
    )
    assert guide.choose_model(board)["name"] == preferred


def test_the_best_is_preferred_to_itself():
    assert guide.choose_model(make_board(("a", 0.0, False, 0.0, 1)))["name"] == "a"


def test_each_need_has_a_line():
    later = make_board(
        ("mf.biased", 0.0, False, 4.0, 80_000),
        ("baseline.biases", 0.005, False, 0.1, 2_600),
        ("bayes.mf", 0.02, True, 20.0, 60_000),
    )
    cold = make_board(
        ("content.ridge", 0.0, False, 1.0, 5), ("content.popularity", 0.1, True, 1, 5)
    )
    other = make_board(("timely.edlae", 0.0, False, 1.0, 5))
    table = guide.make_guide(
        RATED, {"stratified": LISTS, "leave-last": other}, later=later, few=RATED, cold=cold
    )
    assert list(table) == guide.COLUMNS
    rows = {row[0]: row[1:] for row in table.itertuples(index=False)}
    assert list(rows) == [
        "missing ratings", "future ratings", "new users", "lists", "new items", "little memory",
        "explanations",
    ]  # fmt: skip
    assert rows["missing ratings"] == (
        "bayes.mf",
        "0.030 ahead of mf.biased (0.020 to 0.040)",
        "20 s, 0.2 MB",
        "by time it is 0.020 behind mf.biased (0.010 to 0.030)",
    )
    assert rows["future ratings"] == (
        "baseline.biases",
        "0.005 behind mf.biased (-0.005 to 0.015; could be noise)",
        "0.1 s, 10.4 kB",
        "to fill gaps instead: bayes.mf",
    )
    assert rows["new users"][3] == (
        "without new training: gaussian.fold_in, 0.060 behind (0.050 to 0.070)"
    )
    assert rows["lists"][0] == "timely.blend"
    assert "leave-last prefers timely.edlae" in rows["lists"][3]
    assert rows["new items"][3] == "once they are rated: timely.blend"
    assert rows["little memory"][0] == "topn.ials"
    assert rows["little memory"][3] == "with room for 16.0 MB: timely.blend"
    assert rows["explanations"][0] == "topn.edlae"
    assert rows["explanations"][3] == "to explain stars instead: gaussian.fold_in"


def test_what_was_not_measured_has_no_line():
    table = guide.make_guide(RATED, {}, later=NONE, few=NONE, cold=NONE)
    assert table["for"].tolist() == ["missing ratings"]
    assert table["what would change it"].item() == "not tested by time"
    alone = guide.make_guide(RATED.head(1), {}, later=NONE, few=NONE, cold=NONE)
    assert alone["margin"].item() == "no other model"


def test_a_model_that_is_best_by_time_stays():
    table = guide.make_guide(RATED, {}, later=RATED, few=RATED.head(2), cold=NONE)
    told = table.set_index("for")["what would change it"]
    assert told["missing ratings"] == "it is best by time, too"
    assert told["new users"] == "from 20 known ratings on: bayes.mf"


def test_the_smallest_model_and_lists_without_reasons_have_no_line_of_their_own():
    small = make_board(("topn.ials", 0.0, False, 2.0, 100), ("topn.bpr", 0.1, True, 9.0, 300))
    table = guide.make_guide(RATED, {"stratified": small}, later=NONE, few=NONE, cold=NONE)
    assert table["for"].tolist() == ["missing ratings", "lists"]
    assert table["what would change it"].iloc[1] == "no other protocol prefers another model"


def make_run(errors, users):
    movies = np.arange(len(users))
    table = pd.DataFrame({"user_id": users, "movie_id": movies, "rating": 3.0})
    return SimpleNamespace(predictions=table.assign(prediction=3.0 + errors))


def test_new_users_are_those_with_few_ratings_that_are_not_tested():
    users = np.repeat(np.arange(60), 2)  # two ratings of each are tested
    known = np.where(np.arange(60) < 50, 19, 20)  # of 50 users, fewer than 20 are known
    ratings = pd.DataFrame({"user_id": np.repeat(np.arange(60), known + 2)})
    is_new = users < 50
    groups = {
        "good": [make_run(np.where(is_new, 0.5, 9.0), users)],
        "bad": [make_run(np.where(is_new, 1.0, 0.0), users)],
    }
    few = guide.rank_few(
        ratings, groups, make_board(("bad", 0, False, 1, 5), ("good", 1, True, 2, 6))
    )
    assert few["name"].tolist() == ["good", "bad"]
    assert few["value"].tolist() == pytest.approx([0.5, 1.0])
    assert few["behind"].tolist() == pytest.approx([0, 0.5])
    assert few["clear"].tolist() == [False, True]
    assert few["seconds"].tolist() == [2, 1]
    more = pd.concat([ratings, ratings])  # 38 known and more
    assert guide.rank_few(more, groups, RATED).empty
    assert guide.rank_few(ratings, {}, RATED).empty


def test_lists_with_reasons_are_those_of_the_chapter_that_recommends():
    assert set(guide.EXPLAINED) == set(recommender.MODELS)


@pytest.mark.parametrize(
    ("parameters", "text"), [(1, "0.1 kB"), (2_603, "10.4 kB"), (115_165, "0.5 MB")]
)
def test_a_size_is_said_in_its_unit(parameters, text):
    assert guide.say_size(parameters) == text


def test_an_interval_has_no_negative_zero():
    board = make_board(("a", 0.0, False, 1.0, 1), ("b", 0.0096, False, 0.01, 1))
    told = guide.make_guide(board, {}, later=NONE, few=NONE, cold=NONE).iloc[0]
    assert told["margin"] == "0.010 behind a (0.000 to 0.020; could be noise)"
    assert told["price"] == "less than 0.1 s, 0.1 kB"
