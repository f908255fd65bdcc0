import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reelbook.metrics.bootstrap import draw_users
from reelbook.metrics.groups import compute_gaps, compute_levels, resample_sums
from reelbook.metrics.simultaneous import bound_all

# Group, stratum, value: group 0 has strata 0 and 1, group 1 strata 0 to 2.
ROWS = [(0, 0, 1.0), (0, 0, 3.0), (0, 1, 8.0), (1, 0, 4.0), (1, 1, 6.0), (1, 1, 2.0), (1, 2, 99.0)]


def sum_cells(rows, shape):
    group, stratum, value = (np.array(column) for column in zip(*rows, strict=True))
    sums = resample_sums(
        np.arange(len(rows)), group * shape[1] + stratum, value[:, None],
        num_cells=shape[0] * shape[1],
    )  # fmt: skip
    return sums.reshape(len(sums), *shape, 2)


def make_rows(seed, num_users=30, num_rows=400, groups=3, strata=4):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user": rng.integers(num_users, size=num_rows) * 7 + 3,
            "group": rng.integers(groups, size=num_rows),
            "stratum": rng.integers(strata, size=num_rows),
            "value": rng.random(num_rows),
        }
    )


def resample(rows, groups=3, strata=4):
    cells = (rows["group"] * strata + rows["stratum"]).to_numpy()
    sums = resample_sums(
        rows["user"].to_numpy(), cells, rows[["value"]].to_numpy(), num_cells=groups * strata
    )
    return sums.reshape(len(sums), groups, strata, 2)


def match(rows, group, finish):
    """The matched gap of a group by pandas, stratum by stratum."""
    own, rest = rows[rows["group"] == group], rows[rows["group"] != group]
    strata = sorted(set(own["stratum"]) & set(rest["stratum"]))
    if not strata:
        return np.nan
    own, rest = own[own["stratum"].isin(strata)], rest[rest["stratum"].isin(strata)]
    weights = own["stratum"].map(
        own["stratum"].value_counts() / len(own)
    ).groupby(own["stratum"]).first()  # fmt: skip
    matched = (rest.groupby("stratum")["value"].mean() * weights).sum()
    return finish(own["value"].mean()) - finish(matched)


def test_the_plain_gap_is_the_difference_of_means():
    sums = sum_cells(ROWS, (2, 3)).sum(axis=2, keepdims=True)
    gaps = compute_gaps(sums, np.asarray)[0, :, 0]
    own, rest = 12 / 3, 111 / 4
    assert gaps == pytest.approx([own - rest, rest - own], abs=1e-12)
    assert compute_levels(sums, np.asarray)[0, :, 0] == pytest.approx([own, rest])


def test_the_matched_gap_gives_the_rest_the_strata_of_the_group():
    gaps = compute_gaps(sum_cells(ROWS, (2, 3)), np.asarray)[0, :, 0]
    # Two of three rows of group 0 are in stratum 0; stratum 2 of group 1 has nobody to compare.
    assert gaps[0] == pytest.approx(4 - (2 / 3 * 4 + 1 / 3 * 4), abs=1e-12)
    assert gaps[1] == pytest.approx(4 - (1 / 3 * 2 + 2 / 3 * 8), abs=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_gaps_agree_with_pandas(seed):
    rows = make_rows(seed)
    sums = resample(rows)
    for finish in (np.asarray, np.sqrt):
        matched = compute_gaps(sums, finish)[0, :, 0]
        plain = compute_gaps(sums.sum(axis=2, keepdims=True), finish)[0, :, 0]
        for group in range(3):
            one = rows.assign(stratum=0)
            assert matched[group] == pytest.approx(match(rows, group, finish), abs=1e-9)
            assert plain[group] == pytest.approx(match(one, group, finish), abs=1e-9)


def test_draws_take_users_with_all_their_rows():
    rows = make_rows(1)
    sums = resample(rows)
    draws = np.concatenate(list(draw_users(rows["user"].nunique())))
    assert len(sums) == 1 + len(draws)
    ids = np.unique(rows["user"])
    for place in (0, 17, 999):
        drawn = pd.concat([rows[rows["user"] == ids[user]] for user in draws[place]])
        for group in range(3):
            found = compute_gaps(sums, np.sqrt)[1 + place, group, 0]
            assert found == pytest.approx(match(drawn, group, np.sqrt), abs=1e-9)


def test_a_group_that_is_apart_in_every_stratum_has_no_matched_gap():
    rows = [(0, 0, 1.0), (1, 1, 2.0), (1, 1, 3.0)]
    assert np.isnan(compute_gaps(sum_cells(rows, (2, 2)), np.asarray)[0]).all()


def test_several_columns_are_several_models():
    rows = make_rows(2)
    values = np.stack([rows["value"], 2 * rows["value"]], axis=1)
    cells = rows["group"].to_numpy()
    sums = resample_sums(rows["user"].to_numpy(), cells, values, num_cells=3)[:, :, None]
    gaps = compute_gaps(sums, np.asarray)
    np.testing.assert_allclose(gaps[..., 1], 2 * gaps[..., 0], atol=1e-12)


def test_one_figure_gets_the_usual_interval_and_many_get_wider_ones():
    rng = np.random.default_rng(0)
    for number in (1, 20):
        samples = np.vstack([np.zeros(number), rng.normal(0, 2.0, (20_000, number))])
        # Independent figures: the quantile by Sidak.
        expected = stats.norm.ppf((1 + 0.95 ** (1 / number)) / 2)
        assert bound_all(samples) / 2.0 == pytest.approx(expected, rel=0.03)


def test_the_intervals_hold_together():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        values = rng.normal(0, 1, (60, 12))
        weights = rng.multinomial(60, np.full(60, 1 / 60), size=300) / 60
        samples = np.vstack([values.mean(axis=0), weights @ values])
        held += (np.abs(samples[0]) <= bound_all(samples)).all()
    assert 0.87 <= held / 200 <= 0.99


def test_what_never_varies_has_no_width_and_a_missing_draw_says_nothing():
    samples = np.array([[1.0, 5.0], [0.0, 5.0], [2.0, 5.0], [np.nan, 5.0]])
    half = bound_all(samples)
    assert half[1] == 0
    assert half[0] == pytest.approx(1.0)
