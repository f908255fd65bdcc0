import pandas as pd
import pytest

from reelbook.report.sentences import baselines as sentences


def make_board(*rows):
    columns = ["name", "value", "low", "high", "clear"]
    return pd.DataFrame([(n, v, v - 0.01, v + 0.01, c) for n, v, c in rows], columns=columns)


def make_references(*rows):
    return pd.DataFrame(rows, columns=["model", "figure", "difference", "within"])


def test_what_the_page_says_in_its_text():
    board = make_board(
        ("bayes.mf", 0.9, False), ("baseline.biases", 0.94, True), ("baseline.mean", 1.12, True)
    )
    lists = make_board(("topn.ials", 0.4, False), ("topn.popularity", 0.2, True))
    assert sentences.list_glued(board, lists, draws=[300, 512]) == {
        "best_model": "bayes.mf",
        "best_rmse": "0.900",
        "best_interval": "0.890 to 0.910",
        "biases_rmse": "0.940",
        "mean_rmse": "1.120",
        "ranker": "topn.ials",
        "ranker_ndcg": "0.400",
        "ranker_interval": "0.390 to 0.410",
        "popular_ndcg": "0.200",
        "draws": "300 and 512",
    }


def test_each_step_has_its_gain_and_says_where_it_holds_zero():
    clear = [True, True, False, True, True]
    gains = pd.DataFrame({"value": 0.01, "low": -0.001, "high": 0.02, "clear": clear})
    lines = sentences.describe_gains(gains).splitlines()
    assert len(lines) == len(sentences.STEPS)
    assert lines[0] == "- Neighbours beyond biases: **+0.0100** stars (-0.0010 to +0.0200)."
    assert lines[2] == (
        "- What a user rated, whatever the stars, in SVD++: **+0.0100** stars "
        "(-0.0010 to +0.0200, indistinguishable from zero)."
    )


def test_published_figures_are_counted_on_the_same_rows():
    near, far = ("a", "rmse", 0.001, 0.01), ("b", "rmse, fold 1", -0.02, 0.01)
    other = ("c", "rmse", 0.5, float("nan"))
    held = sentences.describe_references(make_references(near, other))
    assert held == "Of 1 figures on the same rows 1 land within the stated distance."
    text = sentences.describe_references(make_references(near, far, other))
    assert text.endswith("rows 1 land within the stated distance; outside it: `b` (rmse, fold 1).")


def test_without_published_figures_the_page_says_so():
    assert sentences.describe_references(make_references()) == (
        "Nothing is published for these data."
    )
    other = make_references(("c", "rmse", 0.5, float("nan")))
    assert sentences.describe_references(other) == "No published figure is of the same rows."


@pytest.mark.parametrize(
    ("clear", "text"),
    [
        ((True, True), "All others are clearly behind `a`."),
        ((False, True), "`b` is indistinguishable from `a`."),
        ((False, False), "`b` and `c` are indistinguishable from `a`."),
    ],
)
def test_the_order_of_the_lists(clear, text):
    second, third = clear
    boards = {
        "stratified": make_board(("a", 0.4, False), ("b", 0.39, second), ("c", 0.38, third)),
        "leave-last": make_board(("c", 0.1, False)),
    }
    assert sentences.describe_order(boards) == (
        f"{text} First by protocol: stratified `a`, leave-last `c`."
    )


def test_a_model_alone_is_behind_no_other():
    boards = {"stratified": make_board(("a", 0.4, False))}
    assert sentences.describe_order(boards) == "First by protocol: stratified `a`."


def test_the_popularity_in_bpr():
    text = sentences.describe_bpr(0.1, 0.3)
    assert "the nDCG@10 is 0.100 on the first split; with" in text
    assert text.endswith("put back it is 0.300.")
