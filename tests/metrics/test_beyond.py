"""Against hand-computed lists, and against scipy, scikit-learn and plain loops on random ones."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from scipy.stats import entropy
from sklearn.metrics import jaccard_score
from sklearn.metrics.pairwise import cosine_distances

from reelbook.metrics import beyond

SEEDS = st.integers(0, 2**32 - 1)
CLOSE = {"rtol": 0, "atol": 1e-9}
COUNTS = np.array([8, 4, 2, 1, 0])  # ratings of five movies by eight users
LISTS = beyond.mark_lists(np.array([[0, 1], [3, 4], [2, -1]]), 5)


def draw(seed, *, users=9, movies=12, k=5):
    """Columns of lists, some of which end early, and counts of movies, some without any."""
    rng = np.random.default_rng(seed)
    columns = np.argsort(rng.random((users, movies)), axis=1)[:, :k]
    columns[np.arange(k) >= rng.integers(1, k + 1, users)[:, None]] = -1
    return rng, columns, rng.integers(0, 20, movies)


def as_lists(columns):
    return [[movie for movie in row if movie >= 0] for row in columns.tolist()]


def test_lists_are_rows_of_ones():
    expected = [[1, 1, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 1, 0, 0]]
    assert LISTS.toarray().tolist() == expected


def test_a_mean_leaves_out_movies_without_a_value():
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan])
    assert np.array_equal(beyond.average_movies(LISTS, values), [2, 5, np.nan], equal_nan=True)


def test_lift_by_hand():
    """Profiles hold movies that a quarter rated, lists those that three quarters did."""
    assert beyond.compute_lift(np.array([0.75, 0.25, 0.125]), np.array(0.25)).tolist() == [
        2,
        0,
        -0.5,
    ]


def test_novelty_and_new_movies_by_hand():
    assert beyond.compute_novelty(LISTS, COUNTS, 8).tolist() == [0.5, 3, 2]
    assert beyond.share_new(LISTS, COUNTS, few=2).tolist() == [0, 1, 0]


@given(SEEDS)
def test_means_over_lists_are_those_of_a_loop(seed):
    _, columns, counts = draw(seed)
    lists = beyond.mark_lists(columns, len(counts))
    novelty = [np.mean([-np.log2(max(counts[i], 1) / 9) for i in own]) for own in as_lists(columns)]
    new = [np.mean([counts[i] < 7 for i in own]) for own in as_lists(columns)]
    np.testing.assert_allclose(beyond.compute_novelty(lists, counts, 9), novelty, **CLOSE)
    np.testing.assert_allclose(beyond.share_new(lists, counts, few=7), new, **CLOSE)


def test_gini_by_hand():
    assert beyond.compute_gini(np.array([3, 3, 3])) == 0
    assert beyond.compute_gini(np.array([0, 0, 6, 0])) == 0.75
    assert beyond.compute_gini(np.array([1, 3])) == 0.25


@given(hnp.arrays("int64", st.integers(1, 30), elements=st.integers(0, 50)))
def test_gini_is_half_the_mean_difference_over_the_mean(exposure):
    exposure[0] += 1
    differences = [abs(a - b) for a, b in itertools.product(exposure.tolist(), repeat=2)]
    expected = np.mean(differences) / (2 * np.mean(exposure))
    assert beyond.compute_gini(exposure) == pytest.approx(expected, abs=1e-9)


def test_diversity_by_hand():
    """Equal movies differ by 0, those that share nothing or have no features by 1."""
    features = sparse.csr_matrix([[1, 0], [2, 0], [0, 3], [0, 0], [1, 1]])
    lists = beyond.mark_lists(
        np.array([[0, 1, -1], [0, 2, -1], [0, 3, -1], [0, 2, 4], [4, -1, -1]]), 5
    )
    half = 1 - np.sqrt(0.5)
    expected = [0, 1, 1, (1 + 2 * half) / 3, np.nan]
    np.testing.assert_allclose(beyond.compute_diversity(lists, features), expected, **CLOSE)


@given(SEEDS)
def test_diversity_is_the_mean_distance_of_scikit_learn(seed):
    rng, columns, _ = draw(seed)
    features = rng.integers(0, 3, (12, 4)) * (rng.random((12, 1)) < 0.8)
    expected = []
    for own in as_lists(columns):
        # scikit-learn gives a vector of zeros a distance of 1 to all others, too.
        distances = cosine_distances(features[own])[~np.eye(len(own), dtype=bool)]
        expected.append(distances.mean() if len(own) > 1 else np.nan)
    lists = beyond.mark_lists(columns, 12)
    found = beyond.compute_diversity(lists, sparse.csr_matrix(features))
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_blocks_of_users_change_nothing(monkeypatch):
    rng, columns, _ = draw(0, users=50)
    features = sparse.csr_matrix(rng.integers(0, 3, (12, 4)))
    lists = beyond.mark_lists(columns, 12)
    whole = beyond.compute_diversity(lists, features)
    monkeypatch.setattr(beyond, "BLOCK", 4 * 7)
    assert np.array_equal(beyond.compute_diversity(lists, features), whole, equal_nan=True)


def test_calibration_by_hand():
    """A user of comedies and dramas, and one whose movies have no genre."""
    genres = sparse.csr_matrix([[1, 0], [0, 1], [1, 1], [0, 0], [0, 0]])
    wanted = beyond.share_genres(beyond.mark_lists(np.array([[0, 1, 3], [3, 4, -1]]), 5), genres)
    assert wanted.tolist() == [[0.5, 0.5], [0, 0]]
    found = beyond.compute_miscalibration(
        wanted[[0, 0, 0, 1]], np.array([[0.5, 0.5], [1, 0], [0, 0], [1, 0]])
    )
    one_sided = 0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005)
    np.testing.assert_allclose(found, [0, one_sided, np.log(100), np.nan], **CLOSE)


@given(SEEDS)
def test_calibration_is_the_entropy_of_scipy(seed):
    rng, columns, _ = draw(seed)
    genres = (rng.random((12, 4)) < 0.4).astype(int)
    genres[:, 0] |= genres.sum(axis=1) == 0
    profiles, lists = beyond.mark_lists(columns[::-1], 12), beyond.mark_lists(columns, 12)
    p, q = (beyond.share_genres(rows, sparse.csr_matrix(genres)) for rows in (profiles, lists))
    for own, shares in zip(as_lists(columns), q, strict=True):
        loop = np.mean([genres[i] / genres[i].sum() for i in own], axis=0)
        np.testing.assert_allclose(shares, loop, **CLOSE)
    expected = [entropy(a, 0.99 * b + 0.01 * a) for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(beyond.compute_miscalibration(p, q), expected, **CLOSE)


def test_overlap_by_hand():
    first, second = np.array([[0, 1], [0, 1], [0, 1]]), np.array([[0, 1], [2, 3], [2, 0]])
    jaccard = beyond.compute_jaccard(beyond.mark_lists(first, 4), beyond.mark_lists(second, 4))
    np.testing.assert_allclose(jaccard, [1, 0, 1 / 3], **CLOSE)
    # Nothing shared at the first place, half at the second: 0.5 p^2 + (1 - p) / p 0.5 p^2.
    np.testing.assert_allclose(beyond.compute_rbo(first, second), [1, 0, 0.405 + 0.045], **CLOSE)


@given(SEEDS)
def test_overlap_is_that_of_scikit_learn_and_of_a_loop(seed):
    _, first, _ = draw(seed)
    _, second, _ = draw(seed + 1)
    lists = [beyond.mark_lists(columns, 12) for columns in (first, second)]
    rows = zip(*(part.toarray().astype(int) for part in lists), strict=True)
    expected = [jaccard_score(a, b) for a, b in rows]
    np.testing.assert_allclose(beyond.compute_jaccard(*lists), expected, **CLOSE)
    p, found = 0.9, []
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        shared = [len(set(a[:d]) & set(b[:d]) - {-1}) / d for d in range(1, 6)]
        sums = sum(share * p**d for d, share in enumerate(shared, start=1))
        found.append(shared[-1] * p**5 + (1 - p) / p * sums)
    np.testing.assert_allclose(beyond.compute_rbo(first, second), found, **CLOSE)


def test_stratified_recall_by_hand():
    """The first user's two movies were rated once and four times, the second's eight times."""
    place, rank = np.array([0, 0, 1]), np.array([11, 10, 1])
    weights = beyond.weigh_rare(np.array([0, 4, 8]), 1.0)
    found, there = beyond.split_recall(place, rank, weights, k=10)
    assert found.tolist() == [0.25, 0.125]
    assert there.tolist() == [1.25, 0.125]
    assert beyond.weigh_rare(COUNTS, 0.0).tolist() == [1, 1, 1, 1, 1]


@given(SEEDS, st.floats(0, 1))
def test_stratified_recall_is_the_weighed_mean_of_the_users_recalls(seed, beta):
    rng, _, counts = draw(seed)
    place = np.repeat(np.arange(4), rng.integers(1, 5, 4))
    movies, rank = rng.integers(0, 12, len(place)), rng.integers(1, 20, len(place))
    weights = beyond.weigh_rare(counts, beta)
    recalls, sums = [], []
    for user in range(4):
        own = [(weights[i], r) for i, r, u in zip(movies, rank, place, strict=True) if u == user]
        sums.append(sum(s for s, _ in own))
        recalls.append(sum(s for s, r in own if r <= 10) / sums[-1])
    found, there = beyond.split_recall(place, rank, weights[movies], k=10)
    expected = np.average(recalls, weights=sums)
    assert found.sum() / there.sum() == pytest.approx(expected, abs=1e-9)
