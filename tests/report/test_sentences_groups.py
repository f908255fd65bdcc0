import pandas as pd
import pytest

from reelbook.report import group_gaps
from reelbook.report.groups import DAYS, RATINGS, SINCE
from reelbook.report.sentences import groups as sentences


def make_table(measure, rows, models=("a.b", "c.d")):
    """Rows of grouping, group, gap, clear, matched and matched_clear; the same for each model."""
    table = pd.DataFrame(
        [
            {
                "measure": measure, "model": model, "grouping": grouping, "group": group,
                "users": 40, "rows": 400, "value": 0.9 + gap, "low": 0.8, "high": 1.2,
                "gap": gap, "gap_low": gap - 0.05, "gap_high": gap + 0.05, "gap_clear": clear,
                "matched": matched, "matched_low": matched - 0.05,
                "matched_high": matched + 0.05, "matched_clear": matched_clear,
            }
            for model in models
            for grouping, group, gap, clear, matched, matched_clear in rows
        ],
        columns=group_gaps.COLUMNS,
    )  # fmt: skip
    return table


NAN = float("nan")
ROWS = [
    ("gender", "women", 0.02, False, 0.01, False),
    (RATINGS, "5-19", 0.2, True, NAN, False),
    (RATINGS, "200+", -0.1, True, NAN, False),
    (DAYS, "1", 0.1, True, 0.03, False),
    (DAYS, "8+", -0.04, False, -0.01, False),
]


def test_the_answer_names_the_worst_and_what_activity_leaves():
    text = sentences.answer({"RMSE": make_table("RMSE", ROWS)})
    assert text.startswith(
        "**In short.** `a.b`, the best rating model here, serves users with 5-19"
    )
    assert "1.100 stars, **0.200** higher than for the rest" in text
    assert "which allows for 10 gaps" in text
    assert "For users active on 1 day it is **0.100** higher." in text
    assert "+0.030 is left of this gap" in text
    assert "By gender, no gap is clear." in text
    assert "different conclusions" in text


def test_for_lists_less_is_worse():
    rows = [(*row[:2], -row[2], *row[3:]) for row in ROWS]
    text = sentences.describe_worst(make_table("nDCG@10", rows))
    assert "users with 5-19 training ratings worst" in text
    assert "**0.200** lower" in text


def test_nothing_is_clear_or_there():
    quiet = [(*row[:3], False, *row[4:]) for row in ROWS]
    table = make_table("RMSE", quiet)
    assert "no group clearly worse than the rest, among 10 gaps" in sentences.answer(
        {"RMSE": table}
    )
    assert "None of the 2 models" in sentences.describe_models(table)
    assert sentences.say_none() in sentences.answer({})
    assert sentences.judge_activity(make_table("RMSE", ROWS[:3])) == ""
    assert "nothing to compare" in sentences.describe_activity(make_table("RMSE", ROWS[:3]))


def test_the_worst_may_be_no_group_by_activity():
    rows = [("gender", "women", 0.3, True, 0.2, True), *ROWS[1:]]
    text = sentences.describe_worst(make_table("RMSE", rows))
    assert "serves women worst" in text
    assert "+0.200 is left of this gap (+0.150 to +0.250)." in text
    only = [ROWS[1]]
    text = sentences.describe_worst(make_table("RMSE", only))
    assert text.endswith("No group of another kind is clearly worse off.")


def test_models_that_serve_the_same_group_worst_are_counted():
    table = make_table("RMSE", ROWS)
    text = sentences.describe_models(table)
    assert (
        text == "Served worst, among the clear gaps: users with 5-19 training ratings (2 models)."
    )
    table.loc[table["model"] == "c.d", "gap_clear"] = False
    assert "Of 2 models, 1 serves no group clearly worse" in sentences.describe_models(table)


def test_errors_have_their_signs():
    table = make_table("mean error", ROWS).assign(value=lambda t: t["gap"])
    text = sentences.describe_errors(table)
    assert text.count("\n") == 1
    assert "-0.100 stars for users with 200+ training ratings to +0.200 stars" in text


def test_measures_of_lists_that_contradict_each_other_are_counted():
    ndcg, recall = make_table("nDCG@10", ROWS), make_table("recall@10", ROWS)
    recall["gap"] = -recall["gap"]
    text = sentences.describe_contradiction({"nDCG@10": ndcg, "recall@10": recall})
    assert "clear gap for 3 groups; for 3 of them" in text
    recall["gap_clear"] = False
    text = sentences.describe_contradiction({"nDCG@10": ndcg, "recall@10": recall})
    assert text == "No group has a clear gap by both measures of lists."


def test_of_two_groups_by_days_the_second_is_the_mirror_image_of_the_first():
    text = sentences.describe_activity(make_table("RMSE", ROWS[:4]))
    assert "+0.100 by days active (clearly worse)" in text
    assert "-0.100 by days active (clearly better)" in text
    assert "the same conclusion" in text
    assert "Of 1 gap by days active" in text


@pytest.mark.parametrize(
    ("grouping", "group", "words"),
    [
        (DAYS, "1", "users active on 1 day"),
        (DAYS, "2-3", "users active on 2-3 days"),
        (SINCE, "1-30 days", "ratings given 1-30 days after a user's first"),
        ("age", "56+", "users aged 56+"),
    ],
)
def test_groups_have_names(grouping, group, words):
    assert sentences.name_group({"grouping": grouping, "group": group}) == words
