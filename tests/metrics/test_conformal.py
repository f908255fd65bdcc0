"""Do split-conformal intervals hold what they promise, and are their parts those of the papers?"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbook.errors import ReelbookError
from reelbook.metrics import conformal


def test_scores_are_errors_by_what_is_expected():
    ratings, predictions = np.array([1.0, 4.0, 5.0]), np.array([3.0, 4.0, 4.5], "float32")
    assert conformal.score_errors(ratings, predictions).tolist() == [2, 0, 0.5]
    scaled = conformal.score_errors(ratings, predictions, np.array([1.0, 2.0, 0.5]))
    assert scaled.tolist() == [2, 0, 1]
    with pytest.raises(ReelbookError, match="must be above zero"):
        conformal.score_errors(ratings, predictions, np.zeros(3))


def test_quantiles_are_those_of_the_next_row():
    scores = np.array([4.0, 1.0, 3.0, 2.0])
    # (4 + 1) c is 1, 2.5, 4 and 4.75: the first, third and fourth smallest, and none.
    found = conformal.find_quantiles(scores, [0.2, 0.5, 0.8, 0.95])
    assert found.tolist() == [1, 3, 4, np.inf]
    assert conformal.find_quantiles(np.array([]), [0.5]).tolist() == [np.inf]
    # 10 * 0.9 as floats must be the ninth.
    assert conformal.find_quantiles(np.arange(1.0, 10), [0.9]).tolist() == [9]
    with pytest.raises(ReelbookError, match="between 0 and 1"):
        conformal.find_quantiles(scores, [1.0])


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 99))
def test_quantiles_are_numpys_inverted_cdf_at_the_raised_level(scores, percent):
    """The level ceil((n + 1) c) / n of Lei et al. and of Angelopoulos and Bates 2023."""
    size = len(scores)
    place = -(-(size + 1) * percent // 100)  # in whole numbers
    expected = (
        np.quantile(scores, place / size - 1e-12, method="inverted_cdf")
        if place <= size
        else math.inf
    )
    found = conformal.find_quantiles(np.array(scores), [percent / 100]).item()
    assert found == pytest.approx(expected, abs=1e-9)


def test_the_promise_holds_over_many_draws_whatever_the_errors_are():
    """Between c and c + 1 / (n + 1), over calibration and test rows drawn again."""
    rng = np.random.default_rng(0)
    size, promised = 19, (0.5, 0.8, 0.9)
    scores = rng.exponential(size=(20_000, size + 1)) ** 2
    held = [row[-1] <= conformal.find_quantiles(row[:-1], promised) for row in scores]
    expected = np.ceil((size + 1) * np.array(promised)) / (size + 1)
    assert np.mean(held, axis=0) == pytest.approx(expected, abs=0.01)


def test_intervals_end_where_the_scale_ends():
    predictions = np.array([1.5, 3.0, 4.9, 7.0])
    found = conformal.measure_widths(predictions, 1.0, (1.0, 5.0))
    assert found == pytest.approx([1.5, 2.0, 1.1, 0.0])
    assert conformal.measure_widths(predictions, np.inf, (1.0, 5.0)).tolist() == [4] * 4
    by_row = conformal.measure_widths(predictions[:2], np.array([0.5, 2.0]), (1.0, 5.0))
    assert by_row == pytest.approx([1.0, 4.0])


def test_a_bin_is_how_many_edges_a_score_exceeds():
    found = conformal.bin_scores(np.array([0.0, 1.0, 1.5, 9.0]), np.array([1.0, 2.0]))
    assert found.tolist() == [0, 0, 1, 2]


def test_the_calibration_error_weighs_gaps_by_their_rows():
    promised, met = np.array([0.1, 0.5, 0.9]), np.array([0.2, 0.5, np.nan])
    found = conformal.measure_calibration_error(promised, met, np.array([30, 10, 0]))
    assert found == pytest.approx(0.075)
