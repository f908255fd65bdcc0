import dataclasses

import numpy as np
import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.splits.past import find_first_ratings, make_leaky_split, make_past_splits
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Rules


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


def test_the_last_fifth_of_each_user_is_tested(dataset):
    before, apart = make_past_splits(dataset, gap=0, seed=4)
    for split, name in ((before, "past"), (apart, "past-apart")):
        assert (split.protocol, split.fold, split.seed) == (name, None, 4)
        assert split.rules == Rules()
    counts = dataset.ratings.groupby("user_id").size()
    tested = dataset.ratings.iloc[before.test].groupby("user_id").size()
    assert set(tested.index) == set(counts.index)  # nobody rated all in one second
    assert (tested == np.rint(0.2 * counts.loc[tested.index])).all()
    assert set(before.test) | set(before.known) == set(range(len(dataset.ratings)))


def test_a_rating_right_before_the_gap_is_known(dataset):
    """Of 20 ratings the last four are tested; the sixteenth lies 600 seconds before them."""
    times = [*range(0, 150, 10), 300, 900, 901, 902, 903]
    one = pd.DataFrame({"user_id": 1, "movie_id": range(1, 21), "rating": 3.0, "timestamp": times})
    alone = dataclasses.replace(dataset, ratings=one)
    before, apart = make_past_splits(alone, gap=600)
    assert apart.test.tolist() == [16, 17, 18, 19]
    assert apart.known.tolist() == before.known.tolist() == [*range(16)]
    _, apart = make_past_splits(alone, gap=601)
    assert apart.known.tolist() == [*range(15)]


def test_a_gap_that_nobody_has_is_refused(dataset):
    with pytest.raises(ReelbookError, match="what the same sitting is worth"):
        make_past_splits(dataset, gap=10**12)


def test_a_larger_leak_holds_the_smaller_one(dataset):
    splits = [make_leaky_split(dataset, share, seed=2) for share in (0, 0.5, 1)]
    whole = make_split(dataset, "global-time")
    assert {(split.protocol, split.seed) for split in splits} == {("leaky", 2)}
    assert np.array_equal(splits[0].train, whole.train)
    assert set(splits[0].train) < set(splits[1].train) < set(splits[2].train)
    assert len({split.test.tobytes() for split in splits}) == 1
    assert set(splits[2].train) | set(splits[2].test) == set(whole.train) | set(whole.test)


def test_first_ratings_are_those_of_each_user_by_time():
    ratings = pd.DataFrame({"user_id": [1, 1, 1, 2, 2, 2], "timestamp": [3, 1, 2, 5, 5, 5]})
    assert find_first_ratings(ratings, 2).tolist() == [False, True, True, True, True, True]
    assert find_first_ratings(ratings, 1).tolist() == [False, True, False, True, True, True]
