"""Features of a rating from its neighbours: never from itself, and as plain loops compute them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import cho_factor, cho_solve

from reelbook.data import synthetic
from reelbook.data.tables import Dataset
from reelbook.errors import ReelbookError
from reelbook.models.neighbourhood import features, likeness, process
from reelbook.models.neighbourhood.features import DAY, cross_describe, describe
from reelbook.models.neighbourhood.likeness import describe_contents
from reelbook.models.neighbourhood.process import Kernel, Points


@pytest.fixture(scope="module")
def dataset():
    return Dataset("made-up", **vars(synthetic.make_tables()), sha256="abc", source="a test")


@pytest.fixture(scope="module")
def contents(dataset):
    return describe_contents(dataset)


@pytest.fixture(scope="module")
def halves(dataset):
    order = np.random.default_rng(0).permutation(len(dataset.ratings))
    return dataset.ratings.iloc[np.sort(order[:600])], dataset.ratings.iloc[np.sort(order[600:750])]


def test_a_training_rows_own_stars_change_none_of_its_features(dataset, contents, halves):
    known, _ = halves
    found = cross_describe(dataset, contents, known, seed=0)
    for place in (0, 123, 599):
        other = known.copy()
        other.iloc[place, other.columns.get_loc("rating")] = 6 - known["rating"].iloc[place]
        other.iloc[place, other.columns.get_loc("rating")] += known["rating"].iloc[place] == 3
        again = cross_describe(dataset, contents, other, seed=0)
        assert again.iloc[place].equals(found.iloc[place])
        assert not again.equals(found)  # those of its neighbours do


def test_rows_are_described_one_by_one_whatever_their_stars(dataset, contents, halves):
    known, rows = halves
    found = describe(dataset, contents, known, rows)
    scrambled = rows.assign(rating=6 - rows["rating"]).iloc[::-1]
    again = describe(dataset, contents, known, scrambled).iloc[::-1]
    pd.testing.assert_frame_equal(again, found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sees", ["before", "apart"])
def test_what_a_row_may_not_see_changes_none_of_its_features(dataset, contents, halves, sees):
    known, rows = halves
    options = {"sees": sees, "lean": True}
    found = describe(dataset, contents, known, rows, **options)
    for place in range(len(rows)):
        mine = known["user_id"] == rows["user_id"].iloc[place]
        since = rows["timestamp"].iloc[place] - known["timestamp"]
        hidden = mine & ((since <= 0) if sees == "before" else (since.abs() <= features.SESSION))
        if hidden.any() and (mine & ~hidden).any():
            break
    assert hidden.any()
    assert (mine & ~hidden).any()
    shown = known[~hidden]
    again = describe(dataset, contents, shown, rows, **options)
    # Movie biases and counts, in which the user is one among many, move a little.
    for name in ("position", "hours", "gap", "user count", "same minute", "gap before"):
        assert again[name].iloc[place] == pytest.approx(found[name].iloc[place], abs=1e-5)
    other = known.copy()
    other.loc[hidden, "rating"] = 3.0
    again = describe(dataset, contents, other, rows, **options)
    if sees == "before":
        assert again["gap after"].iloc[place] == pytest.approx(np.log1p(features.FAR))
    for name in ("page high", "user low"):
        assert again[name].iloc[place] == found[name].iloc[place]
    assert again["user bias"].iloc[place] == pytest.approx(found["user bias"].iloc[place], abs=0.05)


def test_a_view_that_is_none_is_refused(dataset, contents, halves):
    with pytest.raises(ReelbookError, match="sees must be one of all, before, apart, not 'past'"):
        describe(dataset, contents, *halves, sees="past")


def test_features_are_those_of_plain_loops(dataset, contents, halves):
    known, rows = halves
    found = describe(dataset, contents, known, rows)
    base, of_movie = features._learn_base(dataset, known)
    movies = np.sort(dataset.movies["movie_id"])
    stars = known["rating"].to_numpy()
    e = dict(zip(known.index, base.residuals, strict=True))
    e_u = dict(zip(known.index, base.lifts, strict=True))
    rated = {i: set(g["user_id"]) for i, g in known.groupby("movie_id")}
    for place in range(0, len(rows), 10):
        row = rows.iloc[place]
        mine = known[known["user_id"] == row["user_id"]]
        if mine.empty:
            continue
        near = total = together = length = 0.0
        for index, other in mine.iterrows():
            weight = np.exp(-abs(row["timestamp"] - other["timestamp"]) / 2000)
            near, total = near + weight * e[index], total + weight
            a, b = (rated.get(m, set()) for m in (row["movie_id"], other["movie_id"]))
            weight = len(a & b) ** 2 / max(len(a), 1) / max(len(b), 1)
            together, length = together + weight * e[index], length + weight
        told = found.iloc[place]
        assert told["near 2000 s"] == pytest.approx(near / (total + 8), abs=1e-5)
        assert told["together"] == pytest.approx(together / (length + 1), abs=1e-5)
        before = mine["timestamp"] < row["timestamp"]
        assert told["position"] == pytest.approx(np.log1p(before.sum()), abs=1e-6)
        apart = (mine["timestamp"] - row["timestamp"]).abs()
        assert told["gap"] == pytest.approx(np.log1p(apart.min()), rel=1e-5)
        assert told["same minute"] == pytest.approx(np.log1p((apart <= 60).sum()), abs=1e-6)
        others = known[known["movie_id"] == row["movie_id"]]
        weights = np.exp(-(others["timestamp"] - row["timestamp"]).abs() / (20 * DAY))
        given_stars = np.array([e[index] for index in others.index])
        lately = (weights * given_stars).sum() / (weights.sum() + 10)
        assert told["lately"] == pytest.approx(lately, abs=1e-5)
        assert told["movie count"] == pytest.approx(np.log1p(len(others)), abs=1e-6)
        lifts = np.array([e_u[index] for index in mine.index])
        user_bias = lifts.sum() / (len(mine) + 5)
        bias = user_bias + of_movie[np.searchsorted(movies, row["movie_id"])]
        assert told["base"] == pytest.approx(bias, abs=1e-6)
    assert base.place.min() == 0
    assert base.place.max() == 1
    assert base.stars == pytest.approx(stars - stars.mean())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_agreement_is_that_of_plain_loops(seed):
    rng = np.random.default_rng(seed)
    rated = (rng.random((9, 4)) < 0.5).astype("float32")
    e = (rng.normal(size=rated.shape) * rated).astype("float32")
    found = likeness.compare_members(e, rated)
    for i in range(4):
        for j in range(4):
            both = (rated[:, i] * rated[:, j]).astype(bool)
            a, b = e[both, i], e[both, j]
            scale = np.sqrt(max((a**2).sum(), 1e-3) * max((b**2).sum(), 1e-3))
            cosine = np.clip((a * b).sum() / scale, -1, 1)
            expected = np.sign(cosine) * abs(cosine) ** 1.5 * both.sum() / (both.sum() + 25)
            assert found.agreement[i, j] == pytest.approx(expected, abs=1e-5)
            counts = max(rated[:, i].sum(), 1) * max(rated[:, j].sum(), 1)
            assert found.together[i, j] == pytest.approx(both.sum() / np.sqrt(counts), abs=1e-6)


def make_points(rng, number):
    users, movies = rng.integers(0, 5, number), rng.integers(0, 6, number)
    return Points(users, movies, rng.integers(0, 5000, number).astype("float64"))


def make_kernel(rng, members):
    vectors = rng.normal(size=(members, 3))
    table = (vectors @ vectors.T).astype("float32")
    return Kernel(table, np.eye(members, dtype="float32"), [(0.3, 900.0)], (0.2, 300.0))


def covary(kernel, member, time, other, other_time):
    found = kernel.table[member, other]
    apart = abs(time - other_time)
    for variance, tau in kernel.slow:
        found = found + variance * np.exp(-apart / tau)
    variance, tau = kernel.page
    return found + variance * kernel.together[member, other] * np.exp(-apart / tau)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_backfitting_ends_at_the_mean_of_the_sum_of_both_processes(seed):
    rng = np.random.default_rng(seed)
    known, rows = make_points(rng, 25), make_points(rng, 8)
    kernels = make_kernel(rng, 6), make_kernel(rng, 5)
    residuals = rng.normal(size=25)

    def share(left, right):
        f, g = np.zeros((2, len(left.time), len(right.time)))
        for a in range(len(left.time)):
            for b in range(len(right.time)):
                times = left.time[a], right.time[b]
                if left.owner[a] == right.owner[b]:
                    cells = left.member[a], times[0], right.member[b], times[1]
                    f[a, b] = covary(kernels[0], *cells)
                if left.member[a] == right.member[b]:
                    cells = left.owner[a], times[0], right.owner[b], times[1]
                    g[a, b] = covary(kernels[1], *cells)
        return f, g

    f, g = share(known, known)
    weights = np.linalg.solve(f + g + process.NOISE * np.eye(25), residuals)
    f_rows, g_rows = share(rows, known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "SWEEPS", 2000)
        found = process.condition(kernels, known, rows, residuals)
    assert found.of_user == pytest.approx(f_rows @ weights, abs=1e-3)
    assert found.of_movie == pytest.approx(g_rows @ weights, abs=1e-3)
    own = np.array([covary(kernels[0], i, 0, i, 0) for i in rows.member])
    alone = np.linalg.solve(f + process.NOISE * np.eye(25), f_rows.T)
    assert found.user_variance == pytest.approx(own - (f_rows.T * alone).sum(axis=0), abs=1e-4)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_packed_triangles_solve_as_whole_factors_do(seed):
    rng = np.random.default_rng(seed)
    known, rows, residuals = make_points(rng, 60), make_points(rng, 20), rng.normal(size=60)
    kernel = make_kernel(rng, 6)
    groups = process._make_groups(kernel, known, rows)
    explained, weights = process._explain(groups, residuals)
    mean, variance = process._ask(kernel, known, rows, groups, weights)
    assert explained == pytest.approx(residuals - process.NOISE * weights, abs=1e-12)
    for places, asked, factor in groups:
        assert factor.shape == (len(places) * (len(places) + 1) // 2,)
        inner = process._covary(kernel, known, places, known, places)
        inner += process.NOISE * np.eye(len(places))
        cross = process._covary(kernel, rows, asked, known, places)
        whole = cho_factor(inner, lower=True)
        assert weights[places] == pytest.approx(cho_solve(whole, residuals[places]), abs=1e-10)
        assert mean[asked] == pytest.approx(cross @ cho_solve(whole, residuals[places]), abs=1e-10)
        told = (cross * cho_solve(whole, cross.T).T).sum(axis=1)
        own = process._vary(kernel)[rows.member[asked]].astype("float64")
        assert variance[asked] == pytest.approx(own - told, abs=1e-10)


def test_many_members_are_compared_alike_and_row_after_row(monkeypatch):
    rng = np.random.default_rng(0)
    rated = (rng.random((30, 12)) < 0.5).astype("float32")
    e = (rng.normal(size=rated.shape) * rated).astype("float32")
    few = likeness.compare_members(e, rated, (9.0, 4))
    monkeypatch.setattr(likeness, "MANY", 2)
    many = likeness.compare_members(e, rated, (9.0, 4))
    for name in ("together", "agreement"):
        assert getattr(many, name) == pytest.approx(getattr(few, name), abs=1e-5)
        assert getattr(many, name).flags.c_contiguous  # else each block of pairs copies the table
    assert many.axes @ many.axes.T == pytest.approx(few.axes @ few.axes.T, abs=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_covariance_by_its_leading_axes_is_that_of_all_eigenvalues(seed):
    rng = np.random.default_rng(seed)
    e = rng.normal(size=(30, 12)).astype("float32")
    found = likeness.compare_members(e, np.ones_like(e), (9.0, 4)).axes
    values, axes = np.linalg.eigh((e.T @ e).astype("float64") / (30 + 9))
    expected = (axes[:, -4:] * values[-4:]) @ axes[:, -4:].T
    assert found @ found.T == pytest.approx(expected, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_known_rating_is_in_one_group_and_rows_are_in_their_owners(seed):
    rng = np.random.default_rng(seed)
    known, rows = make_points(rng, 40), make_points(rng, 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "MOST", 4)
        groups = process.find_groups(known, rows)
    assert sorted(np.concatenate([part for part, _ in groups])) == list(range(40))
    owned = {row for _, asked in groups for row in asked}
    assert owned == set(np.flatnonzero(np.isin(rows.owner, known.owner)))
    assert sum(len(asked) for _, asked in groups) == len(owned)
    for part, asked in groups:
        assert len(part) <= 4
        assert len(set(known.owner[part])) == 1
        assert (rows.owner[asked] == known.owner[part[0]]).all()
        assert (np.diff(known.time[part]) >= 0).all()


def test_chances_of_the_levels_are_those_of_ordered_cuts():
    tf = pytest.importorskip("tensorflow")
    from reelbook.models.neighbourhood.network import SPREAD, Levels

    levels = Levels(np.array([1.0, 2.0, 4.0]))
    chances = levels([tf.constant([[2.0]]), tf.constant([[0.0]])]).numpy()[0]
    below = 1 / (1 + np.exp(-(np.array([1.5, 3.0]) - 2) * np.exp(SPREAD)))
    assert chances == pytest.approx([below[0], below[1] - below[0], 1 - below[1]], abs=1e-6)
    assert chances.sum() == pytest.approx(1)
