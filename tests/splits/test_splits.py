import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.splits.protocols import NUM_FOLDS, make_split
from reelbook.splits.split import Rules, Split


def make_dataset(num_ratings=100, name="made-up"):
    ratings = pd.DataFrame({"user_id": np.arange(num_ratings) + 1, "movie_id": 1, "rating": 3.0})
    return Dataset(name, ratings, pd.DataFrame(), pd.DataFrame(), "abc", "a test")


def get_all_rows(split):
    return np.sort(np.concatenate([split.train, split.validation, split.test]))


@given(
    num_ratings=st.integers(50, 500),
    seed=st.integers(0, 2**31),
    fold=st.none() | st.integers(1, NUM_FOLDS),
)
def test_every_rating_stands_in_exactly_one_part(num_ratings, seed, fold):
    protocol = "source" if fold is None else "official"
    split = make_split(make_dataset(num_ratings), protocol, fold=fold, seed=seed)
    assert np.array_equal(get_all_rows(split), np.arange(num_ratings))


def test_the_folds_of_ml_100k_are_the_publishers_blocks():
    dataset = make_dataset(1000, name="ml-100k")
    for fold in range(1, 6):
        test = make_split(dataset, "official", fold=fold).test
        assert np.array_equal(test, np.arange((fold - 1) * 200, fold * 200))


@pytest.mark.parametrize("name", ["ml-100k", "ml-1m"])
def test_each_rating_is_tested_in_one_fold_whatever_the_seed(name):
    dataset = make_dataset(103, name=name)
    tests = [make_split(dataset, "official", fold=fold, seed=fold).test for fold in range(1, 6)]
    assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(103))
    again = make_split(dataset, "official", fold=2, seed=99).test
    assert np.array_equal(again, tests[1])


def test_other_data_sets_get_random_folds():
    test = make_split(make_dataset(name="ml-1m"), "official", fold=1).test
    assert not np.array_equal(test, np.arange(20))


def test_a_split_says_what_it_is_and_the_seed_draws_it():
    dataset = make_dataset(name="ml-1m")
    official = make_split(dataset, "official", fold=2, seed=3)
    assert (official.protocol, official.fold, official.seed) == ("official", 2, 3)
    assert official.rules == Rules()
    assert official.fingerprint == make_split(dataset, "official", fold=2, seed=3).fingerprint
    assert official.fingerprint != make_split(dataset, "official", fold=2, seed=4).fingerprint
    source = make_split(dataset, "source", seed=3)
    assert (source.protocol, source.fold, source.seed) == ("source", None, 3)
    assert source.rules == Rules(validation_trains=False, reports_test_epochs=True)


def test_a_cleaned_split_holds_no_rating_of_the_users_that_document_b_drops():
    dataset = make_dataset()
    zip_codes = np.where(np.arange(100) < 10, "V1A2B", "12345")
    users = pd.DataFrame({"user_id": np.arange(1, 101), "zip_code": zip_codes})
    split = make_split(dataclasses.replace(dataset, users=users), "source", cleaned=True)
    assert np.array_equal(get_all_rows(split), np.arange(10, 100))


def test_the_shares_are_as_stated():
    split = make_split(make_dataset(1000), "source")
    assert split.sizes == {"train": 900, "validation": 30, "test": 70}
    split = make_split(make_dataset(1000), "source", test_share=0.25, validation_share=0.1)
    assert split.sizes == {"train": 650, "validation": 100, "test": 250}
    split = make_split(make_dataset(1000), "official", fold=1)
    assert split.sizes == {"train": 720, "validation": 80, "test": 200}


def test_the_fingerprint_tells_rows_and_parts_apart():
    dataset = make_dataset()
    split = make_split(dataset, "source", seed=1)
    assert split.fingerprint == make_split(dataset, "source", seed=1).fingerprint
    assert split.fingerprint != make_split(dataset, "source", seed=2).fingerprint
    swapped = Split("source", None, 1, split.train, split.test, split.validation)
    assert swapped.fingerprint != split.fingerprint


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        ("random", {}, "Unknown protocol 'random'; the known ones are: official, source"),
        ("official", {}, "has the folds 1 to 5, not None"),
        ("official", {"fold": 6}, "has the folds 1 to 5, not 6"),
        ("official", {"fold": 0}, "has the folds 1 to 5, not 0"),
        ("official", {"fold": True}, "has the folds 1 to 5, not True"),
        ("source", {"fold": 1}, "Protocol source has no folds"),
        ("source", {"test_shar": 0.1}, "no option 'test_shar'; it has: .*test_share"),
        ("source", {"seed": 0, "test_share": 1.5}, "between 0 and 1, not 1.5"),
        ("source", {"test_share": 0.0, "validation_share": 0.0}, "between 0 and 1, not 0"),
        ("source", {"test_share": 0.001}, "^split source, seed 0: the test part is empty"),
    ],
)
def test_a_request_that_cannot_be_met_is_explained(protocol, options, message):
    with pytest.raises(ReelbookError, match=message):
        make_split(make_dataset(), protocol, **options)


def test_a_rating_in_two_parts_is_refused():
    rows = np.arange(10)
    with pytest.raises(ReelbookError, match="stands in two parts"):
        Split("source", None, 0, rows[:5], rows[5:8], rows[7:])
