"""The sentences on the future, from tables made by hand."""

import pandas as pd

from reelbook.report.sentences import future as sentences

LEADS = pd.DataFrame(
    [
        ("on drawn rows", "a", 0.10, 0.02),
        ("on drawn rows", "b", 0.05, 0.01),
        ("after a break", "a", 0.04, 0.01),
        ("later", "a", 0.01, 0.02),
        ("later", "b", 0.03, 0.01),
        ("later", "c", -0.05, 0.01),
    ],
    columns=["column", "name", "value", "width"],
)
LEADS["low"], LEADS["high"] = LEADS["value"] - LEADS["width"], LEADS["value"] + LEADS["width"]


def test_the_answer_says_what_is_left_of_the_largest_lead():
    text = sentences.answer(LEADS, LEADS.head(2))
    assert text == (
        "**In short.** Over biases, `a` has the largest lead on drawn rows, 0.100 (95% interval "
        "0.080 to 0.120). Of it 40% is left after a break and 10% is left, which is not clear, "
        "later."
    )
    gone = LEADS.assign(value=LEADS["value"].where(LEADS["column"] != "later", -0.01))
    assert "and nothing is left later." in sentences.answer(gone, LEADS.head(2))
    assert sentences.answer(LEADS.head(2), LEADS.head(0)) == f"**In short.** {sentences.NO_TIMES}"


def test_who_serves_best_is_read_from_the_last_column():
    text = sentences.describe_service(LEADS, reference="biases")
    assert text.startswith("Of 3 models, `b` is clearly better than biases later, and `c` clearly")
    assert text.endswith(
        "one would put `b`: its lead there is 0.030 (95% interval 0.020 to 0.040)."
    )
    none = LEADS.assign(low=-1.0)
    text = sentences.describe_service(none, reference="biases")
    assert text == "Of 3 models, none is clearly better than biases later."
    assert sentences.describe_service(none.head(0), reference="biases") == sentences.NO_TIMES


def test_orders_are_told_by_column():
    orders = pd.DataFrame({"column": ["later", "after a break"], "tau": [0.5, -0.25]})
    text = sentences.describe_orders(orders, first="on drawn rows")
    assert text == (
        "Kendall's tau of the order on drawn rows and the others is 0.50 later and -0.25 after a "
        "break."
    )
    assert sentences.describe_orders(orders.head(0), first="") == sentences.NO_TIMES


def test_a_leak_is_told_from_none_to_the_largest():
    leads = pd.DataFrame({"column": ["0.0", "1.0"] * 2, "name": ["a", "a", "b", "b"]})
    text = sentences.describe_leaks(leads.assign(value=[0.1, 0.3, -0.1, 0.0]), reference="biases")
    assert "From 0% to 100% of the later ratings in training, the lead over biases goes" in text
    assert text.endswith("from +0.100 to +0.300 (`a`) and -0.100 to +0.000 (`b`).")
    assert sentences.describe_leaks(leads.head(0), reference="") == sentences.NO_TIMES


def test_a_table_has_a_row_a_model_and_a_dash_where_it_was_not_trained():
    table = sentences.format_leads(LEADS)
    assert list(table) == ["model", "on drawn rows", "after a break", "later"]
    assert table.iloc[0].tolist() == ["a", "+0.100 ± 0.020", "+0.040 ± 0.010", "+0.010 ± 0.020"]
    assert table.iloc[2].tolist() == ["c", "-", "-", "-0.050 ± 0.010"]
    assert sentences.format_leads(LEADS.head(0)).empty
