"""Expected figures of a random search, held against every order of its trials."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbook.errors import ReelbookError
from reelbook.metrics.budget import compute_chance, compute_middle, resample_search, weigh_best


def list_orders(number, budget):
    """Place of the best of the first trials of each order; trial 0 is the best of all."""
    return [min(order[:budget]) for order in itertools.permutations(range(number))]


@pytest.mark.parametrize(("number", "budget"), [(1, 1), (4, 1), (5, 2), (6, 4), (6, 6)])
def test_weights_are_shares_of_all_orders(number, budget):
    found = np.bincount(list_orders(number, budget), minlength=number)
    expected = found / found.sum()
    assert weigh_best(number, budget) == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    assert weigh_best(4, 2).tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6, 0])
    assert weigh_best(3, 3).tolist() == [1, 0, 0]


@given(st.integers(1, 80), st.data())
def test_weights_sum_to_one_and_more_trials_are_no_worse(number, data):
    budget = data.draw(st.integers(1, number))
    weights = weigh_best(number, budget)
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    if budget > 1:  # of more trials the best stands at least as far in front
        fewer = weigh_best(number, budget - 1)
        assert (weights.cumsum() >= fewer.cumsum() - 1e-12).all()


@pytest.mark.parametrize("budget", [0, 4])
def test_a_budget_needs_as_many_trials(budget):
    with pytest.raises(ReelbookError, match="there are 3"):
        weigh_best(3, budget)


def test_the_middle_is_that_of_the_orders():
    figures = np.array([0.9, 0.7, 0.8, 0.4, 0.5, 0.6])
    orders = figures[list_orders(6, 2)]
    low, high = np.quantile(orders, [0.025, 0.975], method="inverted_cdf")
    assert compute_middle(figures, weigh_best(6, 2)) == (low, high)
    assert compute_middle(figures, weigh_best(6, 6)) == (0.9, 0.9)


def test_the_middle_cuts_both_ends():
    """Of 200 equally likely figures, from the fifth, which reaches 2.5%, to the 195th."""
    figures = np.random.default_rng(0).permutation(200) + 1.0
    assert compute_middle(figures, np.full(200, 1 / 200)) == (5.0, 195.0)
    assert compute_middle(np.array([3.0]), np.ones(1)) == (3.0, 3.0)


def test_equal_figures_are_half_ahead():
    one = np.ones(1)
    for first, expected in ((2.0, 0.5), (3.0, 1.0), (1.0, 0.0)):
        found = compute_chance(np.array([first]), np.array([2.0]), weights=(one, one))
        assert found == expected


def test_the_chance_is_that_of_the_pairs_of_orders():
    first, second = np.array([5.0, 2.0, 4.0]), np.array([3.0, 4.0, 1.0, 6.0])
    weights = weigh_best(3, 2), weigh_best(4, 2)
    pairs = itertools.product(first[list_orders(3, 2)], second[list_orders(4, 2)])
    expected = np.mean([(a > b) + (a == b) / 2 for a, b in pairs])
    assert compute_chance(first, second, weights=weights) == pytest.approx(expected, abs=1e-12)
    back = compute_chance(second, first, weights=weights[::-1])
    assert back == pytest.approx(1 - expected)


def test_a_search_is_drawn_anew_with_its_best_trial_first():
    by = np.array([0.2, 0.9, 0.5])
    places = resample_search(by)
    assert places.shape == (1000, 3)
    assert (by[places[:, 0]] == by[places].max(axis=1)).all()
    # The best of three is in 19 of 27 draws with replacement.
    assert (places[:, 0] == 1).mean() == pytest.approx(19 / 27, abs=0.05)
    assert np.array_equal(places, resample_search(by))
    assert not np.array_equal(places, resample_search(by, seed=1))
