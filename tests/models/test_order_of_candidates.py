import numpy as np
import pytest

from reelbook.models import gaussian
from reelbook.models.registry import resolve_params
from reelbook.models.two_stages import BLENDED, WEIGHTS, choose_weight, rank_candidates, standardise

SCORES, STARS = np.array([[9.0, 5.0, 4.0, 2.0]]), np.array([[3.0, 2.0, 4.5, 4.5]])


def rank(weight, *, scores=SCORES, stars=STARS, k=4):
    return rank_candidates(scores, stars, [weight], k=k)[0, 0].tolist()


def test_each_order_by_hand():
    assert rank(0) == [0, 1, 2, 3]
    assert rank(1) == [2, 3, 0, 1]  # of equal stars the higher score comes first
    # Scores: mean 5, deviation 2.550; stars: 3.5 and 1.061. So by halves 0.55, -0.71, 0.28, -0.12.
    by_halves = 0.5 * standardise(SCORES) + 0.5 * standardise(STARS)
    assert np.allclose(by_halves, [[0.55, -0.71, 0.28, -0.12]], atol=0.005)
    assert rank(0.5) == [0, 2, 3, 1]
    assert rank(0.5, k=2) == [0, 2]


def test_what_does_not_differ_has_no_part():
    assert rank(0.3, stars=np.full((1, 4), 0.1)) == [0, 1, 2, 3]
    assert rank(0.3, scores=np.full((1, 4), 0.1)) == [2, 3, 0, 1]
    assert standardise(np.full((1, 3), 0.1)).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("weight", [0, 0.4, 1])
def test_scale_and_origin_of_scores_and_stars_do_not_matter(weight):
    moved = rank(weight, scores=7 * SCORES - 100, stars=2 * STARS + 1)
    assert moved == rank(weight)


def test_where_no_candidate_is_left_the_list_ends():
    scores, stars = np.array([[2.0, 1.0, np.nan]]), np.array([[3.0, 4.0, np.nan]])
    assert rank(0, scores=scores, stars=stars) == [0, 1, -1]
    assert rank(1, scores=scores, stars=stars) == [1, 0, -1]


def test_of_equal_values_the_least_weight_is_chosen():
    assert choose_weight([0.1, 0.3, 0.3, *[0.2] * 8]) == WEIGHTS[1]
    assert choose_weight([float("nan")] * 11) == BLENDED
    assert WEIGHTS[0] == 0
    assert WEIGHTS[-1] == 1


def test_stars_of_all_movies_are_those_of_each_row(dataset):
    known = dataset.ratings.iloc[::2]
    taste = gaussian.learn_taste(resolve_params("gaussian.fold_in", {}), dataset, known)
    users, movies = (np.sort(t.iloc[:, 0].to_numpy()) for t in (dataset.users, dataset.movies))
    table = gaussian.make_star_table(taste, dataset, known)(users)
    assert table.shape == (len(users), len(movies))
    rows = dataset.ratings.iloc[1::2]
    stars, _ = gaussian.expect_rows(taste, dataset, known, rows)
    cells = np.searchsorted(users, rows["user_id"]), np.searchsorted(movies, rows["movie_id"])
    assert np.allclose(table[cells], stars)
