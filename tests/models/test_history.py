import numpy as np
import pytest
from toys import make_ratings

from reelbook.models.features.history import find_past, shuffle_past


def test_the_past_by_hand():
    ratings = make_ratings([1, 1, 1, 1, 2, 2], [10, 20, 30, 40, 5, 15])
    past = find_past(ratings, np.array([0, 2, 3, 5]), np.array([0, 1, 2, 4]), length=2)
    assert past.tolist() == [[-1, -1], [1, 0], [2, 1], [4, -1]]


def test_a_row_is_never_in_its_own_past_nor_is_what_follows(ratings):
    everything = np.arange(len(ratings))
    past = find_past(ratings, everything, everything, length=50)
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
    past = find_past(ratings, everything, everything, length=50)
    assert (past >= 0).sum() == (ratings.groupby("user_id").cumcount()).sum()


def test_training_and_test_rows_see_tied_ratings_alike():
    """With all ratings of a user tied, both see about half of the user's training ratings."""
    ratings = make_ratings(np.repeat(np.arange(200), 20), 0)
    test = np.flatnonzero(np.arange(len(ratings)) % 20 < 5)  # first in the publisher's order
    train = np.setdiff1d(np.arange(len(ratings)), test)
    seen = [
        (find_past(ratings, rows, train, length=20) >= 0).sum(axis=1).mean()
        for rows in (train, test)
    ]
    assert seen[0] == pytest.approx(7, abs=0.2)  # of 14 others
    assert seen[1] == pytest.approx(7.5, abs=0.3)  # of 15


def test_shuffling_keeps_the_ratings_and_the_padding():
    past = np.array([[5, 4, 3, 2, 1, -1, -1], [9, -1, -1, -1, -1, -1, -1]])
    found = shuffle_past(past)
    assert np.array_equal(np.sort(found), np.sort(past))
    assert (found[past < 0] == -1).all()
    assert not np.array_equal(found, past)
