import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelbook.data import synthetic
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.splits.protocols import make_split
from reelbook.splits.split import Rules

PROTOCOLS = ["stratified", "leave-last", "global-time", "cold-movies"]


def make_dataset(seed=0, num_users=12):
    """Users with 1 to 30 ratings; few different seconds, so that many are tied."""
    rng = np.random.default_rng(seed)
    sizes = np.r_[1, 2, rng.integers(3, 31, num_users - 2)]
    users = rng.permutation(np.repeat(np.arange(1, num_users + 1), sizes))
    ratings = pd.DataFrame(
        {
            "user_id": users.astype("int32"),
            "movie_id": np.arange(1, len(users) + 1, dtype="int32"),
            "rating": np.float32(3),
            "timestamp": rng.integers(0, 40, len(users)),
        }
    )
    return Dataset("made-up", ratings, pd.DataFrame(), pd.DataFrame(), "abc", "a test")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), protocol=st.sampled_from(PROTOCOLS))
def test_every_rating_stands_in_one_part_and_the_ratings_stay_as_they_are(seed, protocol):
    dataset = make_dataset(seed)
    before = dataset.ratings.copy()
    split = make_split(dataset, protocol, seed=seed)
    rows = np.concatenate([split.train, split.validation, split.test])
    assert np.array_equal(np.sort(rows), np.arange(len(before)))
    pd.testing.assert_frame_equal(dataset.ratings, before)
    assert split.fingerprint == make_split(dataset, protocol, seed=seed).fingerprint


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_stratified_takes_the_share_of_each_user(seed):
    dataset = make_dataset(seed)
    split = make_split(dataset, "stratified", seed=seed)
    users = dataset.ratings["user_id"]
    counts = users.value_counts()
    tested = users.iloc[split.test].value_counts().reindex(counts.index, fill_value=0)
    assert (tested == np.rint(0.25 * counts)).all()
    left = counts - tested
    chosen = users.iloc[split.validation].value_counts().reindex(counts.index, fill_value=0)
    assert (chosen == np.rint(0.1 * left)).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_leave_last_tests_one_rating_a_user_that_nothing_follows(seed):
    dataset = make_dataset(seed)
    split = make_split(dataset, "leave-last", seed=seed)
    ratings = dataset.ratings
    assert sorted(ratings["user_id"].iloc[split.test]) == list(range(3, 13))
    for earlier, later in [("train", "validation"), ("validation", "test")]:
        ends = ratings.iloc[getattr(split, earlier)].groupby("user_id")["timestamp"].max()
        starts = ratings.iloc[getattr(split, later)].set_index("user_id")["timestamp"]
        assert (ends[starts.index] <= starts).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_global_time_has_one_point_in_time_for_all(seed):
    dataset = make_dataset(seed)
    split = make_split(dataset, "global-time", seed=seed)
    times = dataset.ratings["timestamp"].to_numpy()
    assert times[split.train].max() < times[split.validation].min()
    assert times[split.validation].max() < times[split.test].min()
    assert split.fingerprint == make_split(dataset, "global-time", seed=seed + 1).fingerprint


def test_ties_at_the_end_are_drawn_by_the_seed():
    dataset = make_dataset()
    dataset.ratings["timestamp"] = np.where(dataset.ratings["user_id"].duplicated(), 7, 1)
    tests = {make_split(dataset, "leave-last", seed=seed).fingerprint for seed in range(5)}
    assert len(tests) == 5


def test_global_time_keeps_a_second_together():
    dataset = make_dataset()
    dataset.ratings["timestamp"] = np.arange(len(dataset.ratings)) // 10
    split = make_split(dataset, "global-time", test_share=0.25)
    times = dataset.ratings["timestamp"].to_numpy()
    assert not set(times[split.test]) & set(times[split.validation])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("options", "message"),
    [({"fold": 1}, "has no folds"), ({"test_shares": 0.5}, "has no option")],
)
def test_a_request_that_cannot_be_met_is_explained(protocol, options, message):
    with pytest.raises(ReelbookError, match=f"Protocol {protocol} {message}"):
        make_split(make_dataset(), protocol, **options)


@pytest.mark.parametrize(
    ("times", "refused"),
    [
        (lambda ratings: 7, {"leave-last": "no user rated at two", "global-time": "the same time"}),
        (lambda ratings: ratings["user_id"], {"leave-last": "no user rated at two different"}),
    ],
)
def test_times_that_say_nothing_are_refused(times, refused):
    """Before, `leave-last` held out whichever rating a draw put at the end."""
    dataset = make_dataset()
    dataset.ratings["timestamp"] = times(dataset.ratings)
    for protocol in PROTOCOLS:
        if protocol in refused:
            with pytest.raises(ReelbookError, match=f"{protocol} cannot.*{refused[protocol]}"):
                make_split(dataset, protocol)
        else:
            make_split(dataset, protocol)


def test_a_part_that_would_be_empty_is_an_error():
    dataset = make_dataset()
    dataset.ratings["timestamp"] = np.where(dataset.ratings["user_id"] < 2, 1, 7)
    with pytest.raises(ReelbookError, match="part is empty"):
        make_split(dataset, "global-time")


def test_the_made_up_ratings_can_be_split_in_every_way():
    tables = synthetic.make_tables()
    dataset = Dataset("made-up", tables.ratings, tables.users, tables.movies, "abc", "a test")
    for protocol in PROTOCOLS:
        split = make_split(dataset, protocol)
        assert split.sizes["test"] >= 60 or protocol == "global-time"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_split_says_what_it_is(protocol):
    split = make_split(make_dataset(num_users=30), protocol, seed=5)
    assert (split.protocol, split.fold, split.seed) == (protocol, None, 5)
    assert split.rules == Rules(only_new_movies=protocol == "cold-movies")


def test_times_a_second_apart_tell_what_is_last():
    dataset = make_dataset()
    dataset.ratings["timestamp"] = dataset.ratings.groupby("user_id").cumcount()
    split = make_split(dataset, "leave-last")
    last = dataset.ratings.groupby("user_id")["timestamp"].transform("max")
    assert (dataset.ratings["timestamp"] == last).iloc[split.test].all()
