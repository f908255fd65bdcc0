import numpy as np
import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.splits.past import find_first_ratings, make_leaky_split, make_past_splits
from reelbook.splits.protocols import make_split


def test_the_past_holds_nothing_that_its_user_rated_later(dataset):
    ratings = dataset.ratings
    before, apart = make_past_splits(dataset, gap=600, seed=1)
    assert np.array_equal(before.test, apart.test)
    first = ratings.iloc[before.test].groupby("user_id")["timestamp"].min()
    for split, gap in ((before, 0), (apart, 600)):
        known = ratings.iloc[split.known]
        limit = known["user_id"].map(first)
        tested = limit.notna()
        assert (known["timestamp"] <= limit - gap)[tested].all()
        assert set(first.index) <= set(known["user_id"])
    assert set(apart.known) < set(before.known)
    # Users who are not tested are known whole.
    others = ~ratings["user_id"].isin(first.index)
    assert set(np.flatnonzero(others)) <= set(apart.known)
    assert [s.fingerprint for s in make_past_splits(dataset, gap=600, seed=1)] == [
        before.fingerprint,
        apart.fingerprint,
    ]


def test_a_gap_that_nobody_has_is_refused(dataset):
    with pytest.raises(ReelbookError, match="what the same sitting is worth"):
        make_past_splits(dataset, gap=10**12)


def test_a_larger_leak_holds_the_smaller_one(dataset):
    splits = [make_leaky_split(dataset, share, seed=2) for share in (0, 0.5, 1)]
    whole = make_split(dataset, "global-time")
    assert np.array_equal(splits[0].train, whole.train)
    assert set(splits[0].train) < set(splits[1].train) < set(splits[2].train)
    assert len({split.test.tobytes() for split in splits}) == 1
    assert set(splits[2].train) | set(splits[2].test) == set(whole.train) | set(whole.test)


def test_first_ratings_are_those_of_each_user_by_time():
    ratings = pd.DataFrame({"user_id": [1, 1, 1, 2, 2, 2], "timestamp": [3, 1, 2, 5, 5, 5]})
    assert find_first_ratings(ratings, 2).tolist() == [False, True, True, True, True, True]
    assert find_first_ratings(ratings, 1).tolist() == [False, True, False, True, True, True]
