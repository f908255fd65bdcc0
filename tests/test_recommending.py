import dataclasses

import numpy as np
import pandas as pd
import pytest

from reelbook import guards, movie_space, recommending, runs
from reelbook.encoding import encode_values
from reelbook.errors import ReelbookError
from reelbook.parameters import read_parameters
from reelbook.paths import NOTEBOOKS
from reelbook.pipeline import read_plan
from reelbook.splits import make_split


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, "stratified")


def score_at_random(users):
    return np.random.default_rng(0).normal(size=(61, 100))[users]


def test_lists_hold_what_the_user_has_not_rated_and_ranks_fit_the_lists(dataset, split):
    ranked = recommending.rank_catalogue(score_at_random, dataset, split)
    keys = ["user_id", "movie_id"]
    known = dataset.ratings.iloc[np.union1d(split.train, split.validation)]
    assert ranked.recommendations.merge(known, on=keys).empty
    found = ranked.ranks.merge(ranked.recommendations, on=keys, suffixes=("", "_listed"))
    assert len(found) == len(split.test)
    assert (found["rank"] == found["rank_listed"]).all()  # the lists are as long as the catalogue
    sizes = ranked.recommendations.groupby("user_id").size()
    seen = known.groupby("user_id").size()
    assert (sizes + seen == 100).all()


def test_validation_rows_are_ranked_among_all_but_training_rows(dataset, split):
    ranked = recommending.rank_catalogue(score_at_random, dataset, split, part="validation")
    assert len(ranked.ranks) == len(split.validation)
    tested = dataset.ratings.iloc[split.test]
    assert len(ranked.recommendations.merge(tested, on=["user_id", "movie_id"])) == len(tested)


def test_a_model_that_knows_the_answer_gets_one(dataset, split):
    table = np.zeros((61, 100))
    test = dataset.ratings.iloc[split.test]
    table[test["user_id"], test["movie_id"] - 1] = 1
    ranked = recommending.rank_catalogue(lambda users: table[users], dataset, split)
    metrics = {m.metric: m for m in recommending.evaluate_ranking(ranked, dataset, split)}
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
    few, many = (recommending.estimate_ranking([part], metric="hit_rate@10") for part in parts)
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < 0.2 * (few.high - few.low)
    width = 2 * 1.96 * np.sqrt(0.25 / 5000)
    assert many.high - many.low == pytest.approx(width, rel=0.15)


def test_a_paired_comparison_of_a_model_with_itself_is_zero():
    ranks = pd.DataFrame({"user_id": [1, 2, 3], "movie_id": 1, "rank": [1, 5, 99]})
    found = recommending.compare_rankings([ranks], [ranks])
    assert (found.value, found.low, found.high) == (0, 0, 0)
    with pytest.raises(ReelbookError, match="same users"):
        recommending.compare_rankings([ranks], [ranks.iloc[:2]])


def test_top_accuracy_counts_ratings_not_users():
    ranks = pd.DataFrame({"user_id": [1, 1, 1, 2], "rank": [1, 2, 3, 50]})
    found = {m.metric: m.value for m in recommending.estimate_top_accuracy(ranks, (1, 10))}
    assert found == {"top@1": 0.25, "top@10": 0.75}


@pytest.mark.parametrize("metric", ["ndcg", "gain@10", "ndcg@ten"])
def test_an_unknown_metric_is_an_error(metric):
    ranks = pd.DataFrame({"user_id": [1], "rank": [1]})
    with pytest.raises(ReelbookError, match="no ranking metric"):
        recommending.compute_by_user(ranks, metric)


def test_scores_of_the_wrong_shape_are_an_error(dataset, split):
    with pytest.raises(ReelbookError, match="but there are 60 users and 100 movies"):
        recommending.rank_catalogue(lambda users: np.ones((3, 4)), dataset, split)


def test_a_vocabulary_that_is_not_shared_stops_with_the_values():
    rated = pd.Series(["You So Crazy", "Heat"], name="rated titles")
    vocabulary = pd.Series(["b'You So Crazy (1994)'", "b'Heat (1995)'"])
    with pytest.raises(ReelbookError, match="rated titles: 2 different values .* 'Heat', 'You So"):
        guards.check_vocabulary(rated, vocabulary)
    with pytest.raises(ReelbookError, match="spelled like \"b'You So Crazy"):
        encode_values(rated, vocabulary)


@pytest.mark.parametrize(
    ("table", "column", "message"),
    [("movies", "movie_id", "movie_id: 1 different"), ("users", "user_id", "user_id: 1 different")],
)
def test_a_rated_id_that_its_table_lacks_stops_every_training(dataset, table, column, message):
    frame = getattr(dataset, table)
    changed = dataclasses.replace(dataset, **{table: frame[frame[column] != 7]})
    split = make_split(dataset, "source")
    with pytest.raises(ReelbookError, match=message + r" values .* such as 7"):
        runs.load_or_train("mf.dot", {"epochs": 1}, changed, split, 0)


def test_an_empty_test_part_stops_a_training(dataset, split):
    object.__setattr__(split, "test", np.array([], "int64"))
    with pytest.raises(ReelbookError, match="test part is empty, so nothing"):
        guards.check_training(dataset, split)


def test_a_run_that_ranks_keeps_ranks_lists_and_figures(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    split = make_split(dataset, "leave-last")
    run = runs.load_or_train("two_tower.best", {"epochs": 2, "dim": 8}, dataset, split, 0)
    assert {"ranks.parquet", "recommendations.parquet"} <= run.record.files.keys()
    assert "predictions.parquet" not in run.record.files
    found = recommending.estimate_ranking([run.ranks], metric="ndcg@10")
    assert run.record.get_metric("ndcg@10") == found
    assert run.recommendations.groupby("user_id")["rank"].min().eq(1).all()


def test_neighbours_are_the_nearest_by_cosine(dataset):
    vectors = np.random.default_rng(0).normal(size=(100, 3))
    vectors[4] = 2 * vectors[9]
    movies = dataset.movies.set_index("movie_id")
    table = movie_space.find_neighbours(
        vectors, dataset, [movies.loc[10, "title"]], size=2, min_ratings=0
    )
    assert table["neighbour"][0].startswith(movies.loc[5, "title"])
    assert table["cosine"][0] == pytest.approx(1)
    with pytest.raises(ReelbookError, match="no movie with the title 'Nobody'"):
        movie_space.find_neighbours(vectors, dataset, ["Nobody"])
    part = movies.loc[10, "title"][:-1]
    with pytest.raises(ReelbookError, match=f"The closest titles are: .*{movies.loc[10, 'title']}"):
        movie_space.find_neighbours(vectors, dataset, [part])


def test_the_plan_of_ml_1m_asks_for_movies_as_ml_1m_spells_them():
    """Where ml-100k has Star Wars, ml-1m has its episodes."""
    spelled_otherwise = {"Star Wars", "Empire Strikes Back, The", "Return of the Jedi"}
    plan = read_plan("ml-1m").notebooks
    for name in ["05_two_tower", "07_next_steps"]:
        defaults = read_parameters(NOTEBOOKS / f"{name}.ipynb")
        asked = {key: p.default for key, p in defaults.items()} | plan[name]
        for titles in [asked["titles"], *asked.get("analogies", [])]:
            assert not spelled_otherwise & set(titles)


def test_a_map_shows_the_most_rated_movies_the_same_each_time(dataset):
    vectors = np.random.default_rng(0).normal(size=(100, 3)).astype("float32")
    first, second = (movie_space.draw_map(vectors, dataset, size=40) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert len(first) == 40
    assert first["genre"].nunique() <= 6


def test_nearest_movies_share_genres_where_vectors_are_genres(dataset):
    from reelbook.encoding import make_genre_table

    found = movie_space.measure_genres(make_genre_table(dataset)[1:], dataset, size=60)
    assert found["nearest"] > 0.95 > found["any"] > 0
