import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from reelbook.metrics import graded
from reelbook.metrics.bootstrap import resample_columns

D = 1 / np.log2(np.arange(2, 12))  # discounts
SCALE = (1.0, 5.0)


def grade(*stars):
    """Grades of stars; 0 stands for no rating."""
    given = np.array(stars, float)
    return np.where(given > 0, graded.grade_ratings(given, scale=SCALE), 0.0)


def measure(listed, held_out):
    best = graded.list_best(sparse.csr_matrix(grade(held_out)), len(listed))
    return graded.measure_lists(grade(listed), best).iloc[0]


def test_the_measures_of_a_list_by_hand():
    """Five, nothing and two stars are recommended; held out are 5, 4 and 2 stars."""
    found = measure([5, 0, 2], [2, 5, 0, 4])
    assert found["any"] == pytest.approx((D[0] + D[2]) / (D[0] + D[1] + D[2]))
    assert found["liked"] == pytest.approx(D[0] / (D[0] + D[1]))
    assert found["graded"] == pytest.approx((15 * D[0] + D[2]) / (15 * D[0] + 7 * D[1] + D[2]))
    assert found[["disliked", "found"]].tolist() == [1, 2]


def test_the_best_list_has_one_and_a_list_of_strangers_nothing():
    assert measure([5, 4, 2], [2, 5, 0, 4])[["any", "liked", "graded"]].tolist() == [1, 1, 1]
    assert measure([0, 0, 0], [2, 5, 0, 4]).tolist() == [0, 0, 0, 0, 0]


def test_who_likes_nothing_is_left_out_where_likes_are_hits():
    found = measure([1, 3], [1, 3, 0])
    assert np.isnan(found["liked"])
    assert found["any"] == 1
    assert found["graded"] == pytest.approx(D[1] / D[0])  # the lowest stars gain nothing


@pytest.mark.parametrize(
    ("scale", "liked", "not_liked"),
    [((1, 10), 8, 7), ((0.5, 5), 4, 3.5), ((0, 10), 8, 7), ((1, 5), 4, 3.5), ((0, 3), 2.25, 2)],
)
def test_a_like_is_three_quarters_of_any_scale(scale, liked, not_liked):
    grades = graded.grade_ratings(np.array([liked, not_liked]), scale=scale)
    assert graded.compute_gain(grades, "liked").tolist() == [1, 0]


def test_a_rating_of_no_stars_is_a_rating():
    held_out = sparse.csr_matrix(graded.grade_ratings(np.array([[0, 10]]), scale=(0, 10)))
    assert graded.list_best(held_out, 3).tolist() == [[2, 1, 0]]


def test_the_best_of_each_row_come_first():
    rng = np.random.default_rng(0)
    dense = rng.random((7, 20)) * (rng.random((7, 20)) < 0.4)
    dense[3] = 0
    best = graded.list_best(sparse.csr_matrix(dense), 5)
    assert np.allclose(best, -np.sort(-dense, axis=1)[:, :5])


def make_values(*rows):
    columns = ["any", "liked", "graded", "disliked", "found"]
    return pd.DataFrame(rows, columns=columns, index=range(1, len(rows) + 1), dtype=float)


def test_users_count_once_and_the_disliked_are_a_share_of_all_found():
    parts = [
        make_values((0.5, np.nan, 0.2, 1, 2), (1.0, 0.5, 0.4, 0, 4)),
        make_values((0.7, 0.3, 0.4, 1, 2)),
    ]
    values = graded.average_users(parts)
    assert values.loc[1].tolist() == pytest.approx([0.6, 0.3, 0.3, 2, 4])
    found = graded.estimate_lists(values)
    assert found["any"].value == pytest.approx(0.8)
    assert found["disliked"].value == pytest.approx(2 / 8)
    assert found["any"].low <= 0.8 <= found["any"].high
    assert found == graded.estimate_lists(values)


def test_a_comparison_is_paired():
    rng = np.random.default_rng(0)
    second = make_values(*np.column_stack([rng.random((30, 3)), np.ones(30), np.full(30, 4)]))
    first = second.assign(any=second["any"] + 0.1, disliked=0.0)
    found = graded.compare_lists(first, second)
    assert [found["any"].low, found["any"].high] == pytest.approx([0.1, 0.1])
    assert found["liked"].value == 0
    assert found["disliked"].value == pytest.approx(-0.25)


def test_where_nobody_likes_anything_there_is_no_figure():
    values = make_values((0.5, np.nan, 0.2, 0, 0))
    assert np.isnan(graded.estimate_lists(values)["liked"].value)
    assert np.isnan(graded.compare_lists(values, values)["liked"].low)
    assert graded.estimate_lists(values)["disliked"].value == 0


def make_lists(seed, num_users=40):
    rng = np.random.default_rng(seed)
    found = rng.integers(1, 9, num_users)
    columns = [*rng.random((3, num_users)), rng.integers(0, found + 1), found]
    return make_values(*np.column_stack(columns))


def resample(*tables):
    """The disliked share of each table in draws of the same users."""
    sums = [resample_columns(table[graded.HITS]) for table in tables]
    return [part[:, 0] / np.maximum(part[:, 1], 1) for part in sums]


def test_intervals_of_the_disliked_draw_users():
    values = make_lists(0)
    (shares,) = resample(values)
    found = graded.estimate_lists(values)["disliked"]
    assert (found.split_part, found.metric) == ("test", "disliked")
    assert [found.low, found.high] == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=0.01)
    assert found.low < found.value < found.high


def test_a_difference_of_disliked_shares_draws_the_same_users():
    tables = make_lists(0), make_lists(1)
    first, second = resample(*tables)
    found = graded.compare_lists(*tables)
    ends = np.quantile(first - second, [0.025, 0.975])
    assert [found["disliked"].low, found["disliked"].high] == pytest.approx(ends, abs=0.01)
    assert {(m.split_part, m.metric) for m in found.values()} == {("test", name) for name in found}
    assert set(found) == {*graded.GAINS, "disliked"}


def test_shares_of_nothing_are_zero():
    assert graded.divide(np.array([3.0, 0.0]), np.array([4.0, 0.0])).tolist() == [0.75, 0]
    assert graded.divide(np.array([1.0]), np.array([1.0])).tolist() == [1]


def test_counts_are_of_each_list_by_itself():
    """Two stars of one to five are disliked, and so is one."""
    grades = np.stack([grade(2, 0, 5), grade(1, 2, 3)])
    found = graded.measure_lists(grades, grades)
    assert found["disliked"].tolist() == [1, 2]
    assert found["found"].tolist() == [2, 3]
