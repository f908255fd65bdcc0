import pandas as pd
import pytest

from reelbook.report.sentences import baselines as sentences


def make_board(*rows):
    columns = ["name", "value", "low", "high", "clear"]
    return pd.DataFrame([(n, v, v - 0.01, v + 0.01, c) for n, v, c in rows], columns=columns)


def make_references(*rows):
    return pd.DataFrame(rows, columns=["model", "figure", "difference", "within"])


def test_the_answer():
    board = make_board(
        ("bayes.mf", 0.9, False), ("baseline.biases", 0.94, True), ("baseline.mean", 1.12, True)
    )
    lists = make_board(("topn.ials", 0.4, False), ("topn.popularity", 0.2, True))
    assert sentences.answer(board, lists, num_folds=5, num_seeds=3) == (
        "**In short.** The mean of all ratings has a test RMSE of 1.120 stars; biases of users and "
        "movies have 0.940. The best of the simple rating models, `bayes.mf`, has **0.900** (95% "
        "interval 0.890 to 0.910), mean over 5 folds. Of the simple models that rank, `topn.ials` "
        "leads on `stratified` with an nDCG@10 of **0.400** (95% interval 0.390 to 0.410), mean "
        "over 3 splits; popularity has 0.200."
    )


def test_each_step_has_its_gain_and_says_where_it_holds_zero():
    clear = [True, True, False, True, True]
    names = [" → ".join(pair) for pair in sentences.STEPS]
    gains = pd.DataFrame(
        {"name": names, "value": 0.01, "low": -0.001, "high": 0.02, "clear": clear}
    )
    lines = sentences.describe_gains(gains).splitlines()[2:]
    assert len(lines) == len(sentences.STEPS)
    assert lines[0] == (
        "- Neighbours beyond biases: the error falls by **0.0100** stars (95% interval -0.0010 to "
        "0.0200)."
    )
    assert lines[2].endswith("0.0200, statistically indistinguishable from zero).")
    some = sentences.describe_gains(gains.iloc[3:]).splitlines()[2:]
    assert [line.partition(":")[0] for line in some] == [
        "- Averaging over draws of the weights",
        "- Days, the list of rated movies and side features",
    ]


def test_published_figures_are_counted_on_the_same_rows():
    near, far = ("a", "rmse", 0.001, 0.01), ("b", "rmse, fold 1", -0.02, 0.01)
    other = ("c", "rmse", 0.5, float("nan"))
    held = sentences.describe_references(make_references(near, other))
    assert held == (
        "Of 1 published figure from the same rows, 1 is reached within the tolerated difference."
    )
    text = sentences.describe_references(make_references(near, far, other))
    assert text.endswith("tolerated difference; not reached: `b` (rmse, fold 1).")


def test_without_published_figures_the_page_says_so():
    assert sentences.describe_references(make_references()) == (
        "No figures are published for these data."
    )
    other = make_references(("c", "rmse", 0.5, float("nan")))
    assert sentences.describe_references(other) == ("No published figure comes from the same rows.")


@pytest.mark.parametrize(
    ("clear", "text"),
    [
        ((True, True), "all other models are clearly behind `a`."),
        ((False, True), "`b` is statistically indistinguishable from `a`."),
        ((False, False), "`b` and `c` are statistically indistinguishable from `a`."),
    ],
)
def test_the_order_of_the_lists(clear, text):
    second, third = clear
    boards = {
        "stratified": make_board(("a", 0.4, False), ("b", 0.39, second), ("c", 0.38, third)),
        "leave-last": make_board(("c", 0.1, False)),
    }
    assert sentences.describe_order(boards) == (
        "Of the models in this chapter, `a` leads on `stratified` and `c` on `leave-last`. On "
        f"`stratified`, {text}"
    )


def test_a_model_alone_is_behind_no_other():
    boards = {"stratified": make_board(("a", 0.4, False))}
    assert sentences.describe_order(boards) == (
        "Of the models in this chapter, `a` leads on `stratified`."
    )


def test_the_popularity_in_bpr():
    text = sentences.describe_bpr(0.1, 0.3)
    assert "the nDCG@10 on the first split of `stratified` is 0.100; with" in text
    assert text.endswith("added back, it is 0.300.")
