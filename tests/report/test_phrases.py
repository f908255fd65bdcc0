from types import SimpleNamespace

import pytest

from reelbook.data.names import count
from reelbook.report.sentences import phrases


def test_an_interval_says_whether_it_holds_zero():
    row = SimpleNamespace(low=-0.01, high=0.02, clear=False)
    assert phrases.give_interval(row, digits=2) == f"-0.01 to +0.02, {phrases.INDISTINGUISHABLE}"
    row = SimpleNamespace(low=0.01, high=0.02, clear=True)
    assert phrases.give_interval(row) == "+0.0100 to +0.0200"


@pytest.mark.parametrize(("value", "words"), [(0.5, "falls by"), (-0.5, "rises by")])
def test_an_error_falls_or_rises_with_an_interval_of_the_same_sign(value, words):
    """Before, "raises the error by 0.0127 (interval -0.0371 to +0.0058)"."""
    row = SimpleNamespace(value=value, low=value - 0.1, high=value + 0.1, clear=True)
    assert phrases.tell_fall(row) == f"{words} **0.5000** stars (95% interval 0.4000 to 0.6000)"
    row = SimpleNamespace(value=value, low=value - 0.6, high=value + 0.6, clear=False)
    assert phrases.give_size(row, digits=1, unit="") == (
        f"**0.5** (95% interval -0.1 to 1.1, {phrases.INDISTINGUISHABLE})"
    )


def test_a_figure_says_what_it_is_the_mean_over():
    assert phrases.give_scope(5, "fold") == "mean over 5 folds"
    assert phrases.give_scope(1, "split") == "one split"


def test_a_range_that_rounds_to_one_value_is_that_value():
    assert phrases.give_range([0.11, 0.1, 0.14], digits=2) == "0.10 to 0.14"
    assert phrases.give_range([0.11, 0.1, 0.14], digits=0) == "0"


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")]
)
def test_words_are_joined(words, text):
    assert phrases.join_words(words) == text


def test_nouns_are_counted():
    assert [count(n, "user") for n in (0, 1, 1204)] == ["0 users", "1 user", "1,204 users"]


def test_lists_and_models():
    assert phrases.make_list(phrases.quote_models(["mf.dot"])) == "- `mf.dot`"
