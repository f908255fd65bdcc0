import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbook import sequences
from reelbook.errors import ReelbookError


def make_ratings(users, times):
    table = pd.DataFrame({"user_id": users, "timestamp": times})
    return table.assign(movie_id=range(1, len(table) + 1), rating=np.float32(3))


@pytest.fixture
def ratings():
    """40 users with 4 to 43 ratings in a mixed order, many of them tied."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(1, 41), np.arange(4, 44))
    table = make_ratings(users, rng.integers(0, 12, len(users)))
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


def test_windows_by_hand():
    # User 1 rated the rows 4, 0, 1, 2, 3, 5 in this order: 1 and 2 tie. User 2 has too few.
    ratings = make_ratings([1, 1, 1, 1, 1, 1, 2, 2, 2], [2, 3, 3, 5, 1, 6, 1, 2, 3])
    assert sequences.build_windows(ratings).tolist() == [[4, 0, 1, 2], [1, 2, 3, 5]]
    odd = ratings.drop(index=5).reset_index(drop=True)  # five ratings: one more window at the end
    assert sequences.build_windows(odd).tolist() == [[4, 0, 1, 2], [0, 1, 2, 3]]


def test_windows_of_any_length_and_step():
    ratings = make_ratings([7] * 6, range(6))
    assert sequences.build_windows(ratings, length=3, step=3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert sequences.build_windows(ratings, length=2, step=4).tolist() == [[0, 1], [4, 5]]
    assert sequences.build_windows(ratings, length=7).shape == (0, 7)
    with pytest.raises(ReelbookError, match="Windows need a length of 2"):
        sequences.build_windows(ratings, length=1)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5)), max_size=40))
def test_windows_equal_a_plain_loop(pairs):
    ratings = make_ratings(*([list(column) for column in zip(*pairs, strict=True)] or [[], []]))
    expected = []
    for _, own in ratings.groupby("user_id"):
        rows = own.sort_values("timestamp", kind="stable").index.tolist()
        starts = list(range(0, len(rows) - 3, 2))
        if starts and starts[-1] != len(rows) - 4:
            starts.append(len(rows) - 4)
        expected += [rows[start : start + 4] for start in starts]
    assert sequences.build_windows(ratings).tolist() == expected


def test_targets_of_windows_are_there_once(ratings):
    targets = sequences.build_windows(ratings)[:, -1]
    assert len(np.unique(targets)) == len(targets)
    assert np.array_equal(sequences.find_windows(ratings, targets)[:, -1], targets)


def test_a_row_that_ends_no_window_has_none(ratings):
    first = sequences.order_by_time(ratings)[:1]
    with pytest.raises(ReelbookError, match="no targets of windows"):
        sequences.find_windows(ratings, first)


def split(ratings, **options):
    return sequences.split_windows(
        ratings, **{"seed": 0, "test_share": 0.2, "validation_share": 0.1} | options
    )


def test_shares_are_of_the_windows(ratings):
    num_windows = len(sequences.build_windows(ratings))
    found = split(ratings)
    assert found.protocol == "source"
    assert sum(found.sizes.values()) == num_windows
    assert found.sizes["test"] == round(0.2 * num_windows)
    assert found.sizes["validation"] == round(0.1 * num_windows)
    assert split(ratings).fingerprint == found.fingerprint != split(ratings, seed=1).fingerprint


def test_a_sealed_split_does_not_leak_and_a_thinned_one_is_as_large(ratings):
    leaky, sealed, thinned = (split(ratings, seal=seal) for seal in ("none", "sealed", "thinned"))
    assert np.array_equal(leaky.test, sealed.test)
    assert np.array_equal(leaky.test, thinned.test)
    assert sealed.sizes == thinned.sizes != leaky.sizes
    assert sequences.measure_leak(ratings, sealed) == 0
    assert sequences.measure_leak(ratings, leaky) > 0.5
    assert sequences.measure_leak(ratings, thinned) > 0.3
    assert {part.protocol for part in (sealed, thinned)} == {"source_sealed", "source_thinned"}


def test_the_leak_by_hand():
    ratings = make_ratings([1] * 8, range(8))  # windows end in 3, 5, 7
    found = sequences.Split("source", None, 0, np.array([5]), np.array([7]), np.array([3]))
    assert sequences.measure_leak(ratings, found) == 1  # 3 is in the window that ends in 5
    found = sequences.Split("source", None, 0, np.array([3]), np.array([5]), np.array([7]))
    assert sequences.measure_leak(ratings, found) == 0  # nothing follows 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seal": "tight"}, "Unknown seal 'tight'"),
        ({"test_share": 1.5}, "between 0 and 1, not 1.5"),
        ({"validation_share": 0}, "between 0 and 1, not 0"),
        ({"validation_share": 0.9}, "between 0 and 1, not 1.1"),
    ],
)
def test_wrong_options_are_named(ratings, options, message):
    with pytest.raises(ReelbookError, match=message):
        split(ratings, **options)


def test_the_past_by_hand():
    ratings = make_ratings([1, 1, 1, 1, 2, 2], [10, 20, 30, 40, 5, 15])
    past = sequences.find_past(ratings, np.array([0, 2, 3, 5]), np.array([0, 1, 2, 4]), length=2)
    assert past.tolist() == [[-1, -1], [1, 0], [2, 1], [4, -1]]


def test_a_row_is_never_in_its_own_past_nor_is_what_follows(ratings):
    everything = np.arange(len(ratings))
    past = sequences.find_past(ratings, everything, everything, length=50)
    times, users = ratings["timestamp"].to_numpy(), ratings["user_id"].to_numpy()
    for row, found in enumerate(past):
        found = found[found >= 0]
        assert row not in found
        assert (users[found] == users[row]).all()
        assert (times[found] <= times[row]).all()
        # All that is strictly earlier is there.
        assert ((users == users[row]) & (times < times[row])).sum() <= len(found)
        assert (np.diff(times[found]) <= 0).all()  # the latest first


def test_of_two_tied_ratings_one_is_in_the_past_of_the_other(ratings):
    everything = np.arange(len(ratings))
    past = sequences.find_past(ratings, everything, everything, length=50)
    assert (past >= 0).sum() == (ratings.groupby("user_id").cumcount()).sum()


def test_training_and_test_rows_see_tied_ratings_alike():
    """With all ratings of a user tied, both see about half of the user's training ratings."""
    ratings = make_ratings(np.repeat(np.arange(200), 20), 0)
    test = np.flatnonzero(np.arange(len(ratings)) % 20 < 5)  # first in the publisher's order
    train = np.setdiff1d(np.arange(len(ratings)), test)
    seen = [
        (sequences.find_past(ratings, rows, train, length=20) >= 0).sum(axis=1).mean()
        for rows in (train, test)
    ]
    assert seen[0] == pytest.approx(7, abs=0.2)  # of 14 others
    assert seen[1] == pytest.approx(7.5, abs=0.3)  # of 15


def test_shuffling_keeps_the_ratings_and_the_padding():
    past = np.array([[5, 4, 3, 2, 1, -1, -1], [9, -1, -1, -1, -1, -1, -1]])
    found = sequences.shuffle_past(past)
    assert np.array_equal(np.sort(found), np.sort(past))
    assert (found[past < 0] == -1).all()
    assert not np.array_equal(found, past)
