import itertools

import numpy as np
import pandas as pd
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from reelbook.errors import ReelbookError
from reelbook.metrics import lists, ranking

KS = (1, 5, 10, 50, 100)
ONE = np.ones((1, 1))
NO_RANKS = pd.DataFrame({"user_id": [], "rank": []})


def draw_embeddings(seed=0, *, whole=False, queries=700, movies=300, dim=8):
    """Random vectors; whole numbers give exact scores with many ties."""
    rng = np.random.default_rng(seed)
    draw = (
        (lambda n: rng.integers(-2, 3, (n, dim)))
        if whole
        else (lambda n: rng.normal(size=(n, dim)))
    )
    return (
        draw(queries).astype("float32"),
        draw(movies).astype("float32"),
        rng.integers(0, movies, queries),
    )


def run_tfrs(queries, candidates, targets, *, by_id):
    import tensorflow as tf
    import tensorflow_recommenders as tfrs

    import reelbook.models.fitting.loop  # noqa: F401  (its settings come before the first tensor)

    ids = tf.range(len(candidates))
    catalogue = tf.data.Dataset.from_tensor_slices((ids, candidates)).batch(128)
    index = tfrs.layers.factorized_top_k.Streaming(k=max(KS)).index_from_dataset(catalogue)
    metric = tfrs.metrics.FactorizedTopK(index, ks=KS)
    true_ids = tf.constant(targets, tf.int32) if by_id else None
    metric.update_state(tf.constant(queries), tf.constant(candidates[targets]), true_ids)
    return [round(float(value) * len(queries)) for value in metric.result()]


def count_inside(ranks):
    return [int((ranks <= k).sum()) for k in KS]


def test_ranks_by_hand():
    scores = np.array([[0.1, 0.9, 0.5, 0.9], [1.0, 1.0, 1.0, 1.0]])
    targets = np.array([3, 2])
    assert ranking.rank_in_scores(scores, targets, ties="against").tolist() == [2, 4]
    assert ranking.rank_in_scores(scores, targets, ties="for").tolist() == [1, 1]
    assert ranking.rank_in_scores(scores, targets, ties="order").tolist() == [2, 3]


@pytest.mark.parametrize("whole", [False, True])
def test_counts_by_id_equal_those_of_tfrs(whole):
    queries, candidates, targets = draw_embeddings(whole=whole)
    ranks = ranking.rank_targets(queries, candidates, targets, ties="order")
    assert count_inside(ranks) == run_tfrs(queries, candidates, targets, by_id=True)


def test_counts_by_score_equal_those_of_tfrs():
    queries, candidates, targets = draw_embeddings(whole=True)
    ranks = ranking.rank_by_score(queries, candidates, candidates[targets])
    assert count_inside(ranks) == run_tfrs(queries, candidates, targets, by_id=False)
    assert np.array_equal(ranks, ranking.rank_targets(queries, candidates, targets, ties="for"))


def test_the_score_based_rank_lets_a_movie_pass_that_is_not_in_the_catalogue():
    queries, candidates, _ = draw_embeddings()
    strangers = 100 * queries  # far ahead of every candidate
    assert (ranking.rank_by_score(queries, candidates, strangers) == 1).all()
    with pytest.raises(ReelbookError, match="not in the catalogue of 300, such as 300, 301"):
        ranking.rank_targets(queries, candidates, np.arange(300, 300 + len(queries)))


def test_equal_scores_rank_last_by_id_and_first_by_score():
    queries, candidates, targets = draw_embeddings()
    same = np.zeros_like(candidates)
    assert (ranking.rank_targets(queries, same, targets) == 300).all()
    assert (ranking.rank_by_score(queries, same, same[targets]) == 1).all()


def compute_metrics(ranks, *, k, key="user_id"):
    names = ["ndcg", "recall", "precision", "map", "hit_rate"]
    return pd.DataFrame({n: lists.compute_by_user(ranks, f"{n}@{k}", key=key) for n in names})


def test_metrics_by_hand():
    ranks = pd.DataFrame({"user_id": [7, 7, 7, 3], "rank": [1, 3, 50, 11]})
    table = compute_metrics(ranks, k=10)
    assert table.index.tolist() == [3, 7]
    assert table.loc[3].tolist() == [0, 0, 0, 0, 0]
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    expected = {
        "ndcg": (1 + 1 / np.log2(4)) / ideal,
        "recall": 2 / 3,
        "precision": 2 / 10,
        "map": (1 / 1 + 2 / 3) / 3,
        "hit_rate": 1.0,
    }
    assert table.loc[7].to_dict() == pytest.approx(expected)


def make_case(seed, users=30, movies=60):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(users, movies))
    kind = rng.choice(3, p=[0.6, 0.2, 0.2], size=(users, movies))
    excluded, held_out = kind == 1, kind == 2
    held_out[:, 0], excluded[:, 0] = True, False
    return scores, excluded, held_out


@pytest.mark.parametrize("k", [1, 10, 60])
def test_ndcg_equals_that_of_scikit_learn(k):
    scores, excluded, held_out = make_case(0)
    table = ranking.rank_held_out(scores, excluded, held_out)
    found = compute_metrics(table, k=k, key="row")["ndcg"].mean()
    left = np.where(excluded, -99.0, scores)
    assert found == pytest.approx(ndcg_score(held_out, left, k=k), abs=1e-12)


def test_map_over_the_whole_list_equals_that_of_scikit_learn():
    scores, excluded, held_out = make_case(1)
    table = ranking.rank_held_out(scores, excluded, held_out)
    found = compute_metrics(table, k=60, key="row")["map"].mean()
    left = np.where(excluded, -99.0, scores)
    assert found == pytest.approx(label_ranking_average_precision_score(held_out, left), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), k=st.integers(1, 20))
def test_metrics_equal_a_plain_loop_over_lists(seed, k):
    scores, excluded, held_out = make_case(seed, users=6, movies=25)
    scores = np.round(scores)  # ties
    table = compute_metrics(ranking.rank_held_out(scores, excluded, held_out), k=k, key="row")
    for user in range(6):
        # Of equal scores the held-out movies come last: ties count against the model.
        order = sorted(range(25), key=lambda m: (-scores[user, m], held_out[user, m], m))
        listed = [held_out[user, m] for m in order if not excluded[user, m]][:k]
        relevant = held_out[user].sum()
        hits = list(itertools.accumulate(map(int, listed)))
        gains = sum(hit / np.log2(place + 2) for place, hit in enumerate(listed))
        ideal = sum(1 / np.log2(place + 2) for place in range(min(k, relevant)))
        precise = sum(hits[place] / (place + 1) for place, hit in enumerate(listed) if hit)
        expected = [
            gains / ideal,
            hits[-1] / relevant,
            hits[-1] / k,
            precise / relevant,
            float(hits[-1] > 0),
        ]
        assert table.loc[user].tolist() == pytest.approx(expected)


def test_lists_leave_out_what_is_excluded_and_put_the_best_first():
    scores = np.array([[3.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    excluded = np.array([[1, 0, 0, 0], [1, 1, 1, 0]], bool)
    columns, best = ranking.find_top(scores, excluded, k=3)
    assert columns.tolist() == [[2, 3, 1], [3, -1, -1]]
    assert best[0].tolist() == [2, 2, 1]
    assert np.isnan(best[1, 1:]).all()
    assert lists.compute_coverage(columns, np.zeros(4)) == 0.75


@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(1, 12))
def test_ranks_and_lists_are_those_of_a_stable_sort(seed, num_users, num_movies):
    """Scores are full of ties, and some of them minus infinity."""
    rng = np.random.default_rng(seed)
    shape = (num_users, num_movies)
    scores = np.where(rng.random(shape) < 0.1, -np.inf, rng.integers(-2, 3, shape))
    excluded = rng.random(shape) < rng.random()
    held_out = (rng.random(shape) < 0.4) & ~excluded
    columns, best = ranking.find_top(scores, excluded, k=3)
    ranks = ranking.rank_held_out(scores, excluded, held_out)
    for user in range(num_users):
        left = [movie for movie in range(num_movies) if not excluded[user, movie]]
        ours = sorted(left, key=lambda movie: -scores[user, movie])
        found = [movie for movie in columns[user] if movie >= 0]
        assert found == ours[:3]
        assert best[user, : len(found)].tolist() == scores[user, found].tolist()
        last = sorted(left, key=lambda movie: (-scores[user, movie], held_out[user, movie], movie))
        places = {movie: place for place, movie in enumerate(last, 1) if held_out[user, movie]}
        own = ranks[ranks["row"] == user]
        assert dict(zip(own["column"], own["rank"], strict=True)) == places


def test_popularity_is_one_for_the_most_rated_and_half_for_all():
    counts = np.array([5, 1, 3, 3, 9])
    assert lists.compute_popularity(np.array([[4]]), counts) == 1
    assert lists.compute_popularity(np.array([[1]]), counts) == 0
    assert lists.compute_popularity(np.arange(5)[None], counts) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranking.rank_in_scores(np.ones((1, 2)), [0], ties="coin"), "not by 'coin'"),
        (lambda: ranking.compute_top_accuracy(np.array([]), KS), "test part is empty"),
        (lambda: ranking.rank_targets(*draw_embeddings(queries=0)), "test part is empty"),
        (lambda: compute_metrics(NO_RANKS, k=1), "no held-out movie to measure"),
        (lambda: ranking.rank_held_out(ONE, ONE == 1, ONE == 1), "cannot be excluded"),
        (lambda: ranking.rank_held_out(ONE * np.nan, ONE == 0, ONE == 1), "not a number"),
    ],
)
def test_what_cannot_be_measured_is_explained(call, message):
    with pytest.raises(ReelbookError, match=message):
        call()


@pytest.mark.parametrize("k", [1, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_all_metrics_equal_those_of_trec_eval_on_random_lists(seed, k):
    rng = np.random.default_rng(seed)
    users, movies = 40, 60
    scores = rng.permuted(np.tile(np.arange(movies, dtype="float64"), (users, 1)), axis=1)
    held_out = rng.random((users, movies)) < 0.15
    held_out[:, 0] = True  # everybody has one
    excluded = (rng.random((users, movies)) < 0.3) & ~held_out
    ranks = ranking.rank_held_out(scores, excluded, held_out)
    ours = compute_metrics(ranks, k=k, key="row")

    relevant = {str(u): {str(m): 1 for m in np.flatnonzero(held_out[u])} for u in range(users)}
    lists = {
        str(u): {str(m): scores[u, m] for m in np.flatnonzero(~excluded[u])} for u in range(users)
    }
    names = {
        "ndcg": f"ndcg_cut_{k}", "recall": f"recall_{k}", "precision": f"P_{k}",
        "map": f"map_cut_{k}", "hit_rate": f"success_{k}",
    }  # fmt: skip
    asked = {name.rpartition("_")[0] + f".{k}" for name in names.values()}
    theirs = pytrec_eval.RelevanceEvaluator(relevant, asked).evaluate(lists)
    for name, their_name in names.items():
        expected = [theirs[str(u)][their_name] for u in range(users)]
        assert ours[name].to_numpy() == pytest.approx(expected, abs=1e-6), name
