import numpy as np
import pandas as pd
import pytest

from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue, lists
from reelbook.splits.protocols import make_split


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "stratified")


def score_at_random(users):
    return np.random.default_rng(0).normal(size=(61, 100))[users]


def test_lists_hold_what_the_user_has_not_rated_and_ranks_fit_the_lists(dataset, split):
    ranked = catalogue.rank_catalogue(score_at_random, dataset, split)
    keys = ["user_id", "movie_id"]
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    assert ranked.recommendations.merge(known, on=keys).empty
    found = ranked.ranks.merge(ranked.recommendations, on=keys, suffixes=("", "_listed"))
    assert len(found) == len(split.test)
    assert (found["rank"] == found["rank_listed"]).all()  # the lists are as long as the catalogue
    sizes = ranked.recommendations.groupby("user_id").size()
    seen = known.groupby("user_id").size()
    assert (sizes + seen == 100).all()


def test_users_are_drawn_where_all_would_take_too_many_scores(dataset, split, monkeypatch):
    whole = catalogue.rank_catalogue(score_at_random, dataset, split).ranks
    monkeypatch.setattr(catalogue, "MOST_SCORES", 20 * 100)
    drawn = catalogue.rank_catalogue(score_at_random, dataset, split)
    users = np.unique(drawn.ranks["user_id"])
    assert len(users) == 20
    expected = whole[whole["user_id"].isin(users)].reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn.ranks, expected)
    assert set(drawn.recommendations["user_id"]) == set(users)
    again = catalogue.rank_catalogue(score_at_random, dataset, split)
    pd.testing.assert_frame_equal(again.ranks, drawn.ranks)  # the same users for every model


def test_validation_rows_are_ranked_among_all_but_training_rows(dataset, split):
    ranked = catalogue.rank_catalogue(score_at_random, dataset, split, part="validation")
    assert len(ranked.ranks) == len(split.validation)
    tested = dataset.ratings.iloc[split.test]
    assert len(ranked.recommendations.merge(tested, on=["user_id", "movie_id"])) == len(tested)


def test_a_model_that_knows_the_answer_gets_one(dataset, split):
    table = np.zeros((61, 100))
    test = dataset.ratings.iloc[split.test]
    table[test["user_id"], test["movie_id"] - 1] = 1
    ranked = catalogue.rank_catalogue(lambda users: table[users], dataset, split)
    metrics = {m.metric: m for m in catalogue.evaluate_ranking(ranked, dataset, split)}
    assert metrics["ndcg@10"].value == metrics["hit_rate@1"].value == 1
    assert metrics["ndcg@10"].low == 1
    assert set(metrics) == {
        *(f"{name}@10" for name in ("ndcg", "recall", "map", "precision")),
        *(f"hit_rate@{k}" for k in (1, 5, 10, 50, 100)), "coverage@10", "popularity@10",
    }  # fmt: skip


def test_an_interval_holds_the_mean_and_narrows_with_users():
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"user_id": np.arange(n), "movie_id": 1, "rank": rng.integers(1, 21, n)})
        for n in (50, 5000)
    ]
    few, many = (catalogue.estimate_ranking([part], metric="hit_rate@10") for part in parts)
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < 0.2 * (few.high - few.low)
    width = 2 * 1.96 * np.sqrt(0.25 / 5000)
    assert many.high - many.low == pytest.approx(width, rel=0.15)


def test_a_paired_comparison_of_a_model_with_itself_is_zero():
    ranks = pd.DataFrame({"user_id": [1, 2, 3], "movie_id": 1, "rank": [1, 5, 99]})
    found = catalogue.compare_rankings([ranks], [ranks])
    assert (found.value, found.low, found.high) == (0, 0, 0)
    with pytest.raises(ReelbookError, match="same users"):
        catalogue.compare_rankings([ranks], [ranks.iloc[:2]])


def test_top_accuracy_counts_ratings_not_users():
    ranks = pd.DataFrame({"user_id": [1, 1, 1, 2], "rank": [1, 2, 3, 50]})
    found = {m.metric: m.value for m in catalogue.estimate_top_accuracy(ranks, (1, 10))}
    assert found == {"top@1": 0.25, "top@10": 0.75}


@pytest.mark.parametrize("metric", ["ndcg", "gain@10", "ndcg@ten"])
def test_an_unknown_metric_is_an_error(metric):
    ranks = pd.DataFrame({"user_id": [1], "rank": [1]})
    with pytest.raises(ReelbookError, match="no ranking metric"):
        lists.compute_by_user(ranks, metric)


def test_scores_of_the_wrong_shape_are_an_error(dataset, split):
    with pytest.raises(ReelbookError, match="but there are 60 users and 100 movies"):
        catalogue.rank_catalogue(lambda users: np.ones((3, 4)), dataset, split)


def test_figures_of_a_run_by_hand(dataset, split):
    """Each metric is the mean over users of its values, and the lists' are cut at ten."""
    ranked = catalogue.rank_catalogue(score_at_random, dataset, split)
    found = {m.metric: m for m in catalogue.evaluate_ranking(ranked, dataset, split)}
    assert {m.split_part for m in found.values()} == {"test"}
    hits = (ranked.ranks["rank"] <= 10).groupby(ranked.ranks["user_id"]).any()
    assert found["hit_rate@10"].value == pytest.approx(hits.mean())
    assert found["hit_rate@10"].low < hits.mean() < found["hit_rate@10"].high
    top = ranked.recommendations.query("rank <= 10")["movie_id"]
    assert found["coverage@10"].value == pytest.approx(top.nunique() / 100)
    counts = dataset.ratings["movie_id"].iloc[split.known].value_counts()
    places = counts.reindex(range(1, 101), fill_value=0).rank() - 1  # ties share their mean
    popularity = (places[top] / 99).mean()
    assert found["popularity@10"].value == pytest.approx(popularity)
    scores = ranked.recommendations["score"]
    assert scores.dtype == "float32"
    assert (scores.diff()[ranked.recommendations["rank"] > 1] <= 0).all()


def test_a_comparison_is_first_less_second(dataset, split):
    good = catalogue.rank_catalogue(catalogue.make_popularity_score(dataset, split), dataset, split)
    poor = catalogue.rank_catalogue(score_at_random, dataset, split)
    values = [catalogue.estimate_ranking([r.ranks]).value for r in (good, poor)]
    found = catalogue.compare_rankings([good.ranks], [poor.ranks])
    assert (found.split_part, found.metric) == ("test", "ndcg@10")
    assert found.value == pytest.approx(values[0] - values[1])
    assert 0 < found.low < found.value < found.high
    other = poor.ranks[poor.ranks["user_id"] != poor.ranks["user_id"].iloc[0]]
    with pytest.raises(ReelbookError, match="^A paired comparison needs the same users on both"):
        catalogue.compare_rankings([good.ranks], [other])


def test_the_interval_of_top_accuracy_draws_users():
    rng = np.random.default_rng(0)
    ranks = pd.DataFrame({"user_id": rng.integers(0, 50, 400), "rank": rng.integers(1, 21, 400)})
    (found,) = catalogue.estimate_top_accuracy(ranks, [10], name="x")
    assert (found.split_part, found.metric) == ("test", "x@10")
    assert found.value == pytest.approx((ranks["rank"] <= 10).mean())
    half = 1.96 * np.sqrt(0.25 / 400)
    assert [found.low, found.high] == pytest.approx(
        [found.value - half, found.value + half], abs=0.4 * half
    )
    on_edge = pd.DataFrame({"user_id": [1, 2, 3], "rank": [10, 10, 10]})
    (found,) = catalogue.estimate_top_accuracy(on_edge, [10])
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_as_many_users_as_scores_allow_are_all_ranked(monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_SCORES", 300)
    users = np.arange(5, 8)
    assert catalogue.sample_users(users, num_movies=100) is users
    drawn = catalogue.sample_users(np.arange(1000), num_movies=3)
    assert len(np.unique(drawn)) == 100
