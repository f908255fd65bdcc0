import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import make_ratings

from reelbook.data.tables import order_by_time
from reelbook.errors import ReelbookError
from reelbook.splits.split import Rules
from reelbook.splits.windows import Split, build_windows, find_windows, measure_leak, split_windows


def test_windows_by_hand():
    # User 1 rated the rows 4, 0, 1, 2, 3, 5 in this order: 1 and 2 tie. User 2 has too few.
    ratings = make_ratings([1, 1, 1, 1, 1, 1, 2, 2, 2], [2, 3, 3, 5, 1, 6, 1, 2, 3])
    assert build_windows(ratings).tolist() == [[4, 0, 1, 2], [1, 2, 3, 5]]
    odd = ratings.drop(index=5).reset_index(drop=True)  # five ratings: one more window at the end
    assert build_windows(odd).tolist() == [[4, 0, 1, 2], [0, 1, 2, 3]]


def test_windows_of_any_length_and_step():
    ratings = make_ratings([7] * 6, range(6))
    assert build_windows(ratings, length=3, step=3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert build_windows(ratings, length=2, step=4).tolist() == [[0, 1], [4, 5]]
    assert build_windows(ratings, length=7).shape == (0, 7)
    with pytest.raises(ReelbookError, match="Windows need a length of 2"):
        build_windows(ratings, length=1)


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
    assert build_windows(ratings).tolist() == expected


def test_targets_of_windows_are_there_once(ratings):
    targets = build_windows(ratings)[:, -1]
    assert len(np.unique(targets)) == len(targets)
    assert np.array_equal(find_windows(ratings, targets)[:, -1], targets)


def test_a_row_that_ends_no_window_has_none(ratings):
    first = order_by_time(ratings)[:1]
    with pytest.raises(ReelbookError, match="no targets of windows"):
        find_windows(ratings, first)


def split(ratings, **options):
    return split_windows(
        ratings, **{"seed": 0, "test_share": 0.2, "validation_share": 0.1} | options
    )


def test_shares_are_of_the_windows(ratings):
    num_windows = len(build_windows(ratings))
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
    assert measure_leak(ratings, sealed) == 0
    assert measure_leak(ratings, leaky) > 0.5
    assert measure_leak(ratings, thinned) > 0.3
    assert {part.protocol for part in (sealed, thinned)} == {"source_sealed", "source_thinned"}


def test_the_leak_by_hand():
    ratings = make_ratings([1] * 8, range(8))  # windows end in 3, 5, 7
    found = Split("source", None, 0, np.array([5]), np.array([7]), np.array([3]))
    assert measure_leak(ratings, found) == 1  # 3 is in the window that ends in 5
    found = Split("source", None, 0, np.array([3]), np.array([5]), np.array([7]))
    assert measure_leak(ratings, found) == 0  # nothing follows 7


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


def test_a_split_of_windows_tests_as_the_document_does(ratings):
    found = split(ratings, seal="sealed")
    assert (found.protocol, found.fold, found.seed) == ("source_sealed", None, 0)
    assert found.rules == Rules(
        validation_trains=False, reports_test_epochs=True, ends_windows=True
    )


def test_a_row_behind_all_windows_is_told(ratings):
    with pytest.raises(ReelbookError, match="no targets of windows; use split_windows"):
        find_windows(ratings, np.array([len(ratings) + 5]))
