import dataclasses

import numpy as np
import pandas as pd
import pytest

from reelbook.metrics.catalogue import rank_catalogue
from reelbook.metrics.lists import compute_by_user
from reelbook.models import measured_orders
from reelbook.report import studies, two_stages
from reelbook.splits.protocols import make_split

SEEDS, SIZES, RETRIEVERS = [0], [10, 20], ["topn.popularity", "topn.edlae"]


def make_study(dataset, seeds=SEEDS):
    return studies.two_stages(dataset, seeds=seeds, retrievers=RETRIEVERS, epochs=2, tuned=False)


def measure(dataset):
    study = make_study(dataset)
    return two_stages.measure_stages(study, study.run(), seeds=SEEDS, sizes=SIZES)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELBOOK_BUILD", str(tmp_path_factory.mktemp("build")))
        patch.setenv("REELBOOK_JOBS", "1")
        yield


@pytest.fixture(scope="module")
def measured(dataset, build):
    return measure(dataset)


@pytest.fixture
def tested(dataset):
    """A split, scores and stars that differ for each user and movie."""
    rng = np.random.default_rng(0)
    size = len(dataset.users) + 1, len(dataset.movies)
    stars, scores = rng.random(size), rng.random(size)
    return make_split(dataset, "stratified"), lambda u: scores[u], lambda u: stars[u]


def test_each_model_is_trained_for_the_test_and_to_choose(dataset):
    rows = make_study(dataset, [4, 6]).table().to_numpy().tolist()
    models = "topn.popularity, topn.edlae, gaussian.fold_in"
    assert [row[0] for row in rows].count("two-stages") >= 1
    told = {
        row[0]: (row[2], row[3])
        for row in rows
        if set(row[1].split(", ")) <= set(models.split(", "))
    }
    assert told == dict.fromkeys(["two-stages", "two-stages-choice"], ("seeds 4, 6", "4, 6"))


def test_as_many_candidates_as_movies_are_one_stage(dataset, tested):
    split, score, stars = tested
    every = len(dataset.movies)
    found = measured_orders.measure_orders(
        score, stars, dataset, split, weights={every: [0.0, 1.0]}
    )
    for weight, one in [(0.0, score), (1.0, stars)]:
        ranks = rank_catalogue(one, dataset, split).ranks
        pd.testing.assert_series_equal(
            found[every, weight]["any"].dropna(), compute_by_user(ranks, "ndcg@10"),
            check_names=False, check_index_type=False,
        )  # fmt: skip


def test_ten_candidates_give_the_same_ten_in_any_order(dataset, tested):
    split, score, stars = tested
    found = measured_orders.measure_orders(
        score, stars, dataset, split, weights={10: [0.0, 0.5, 1.0]}
    )
    hits = [found[10, weight][["disliked", "found"]] for weight in (0.0, 0.5, 1.0)]
    pd.testing.assert_frame_equal(hits[0], hits[1])
    pd.testing.assert_frame_equal(hits[0], hits[2])
    assert not found[10, 0.0]["any"].equals(found[10, 1.0]["any"])


def test_blocks_of_users_change_nothing(dataset, tested, monkeypatch):
    split, score, stars = tested
    whole = measured_orders.measure_orders(score, stars, dataset, split, weights={20: [0.5]})
    monkeypatch.setattr(measured_orders, "BLOCK", 7 * len(dataset.movies))
    parts = measured_orders.measure_orders(score, stars, dataset, split, weights={20: [0.5]})
    pd.testing.assert_frame_equal(whole[20, 0.5], parts[20, 0.5])


def test_the_order_by_score_is_what_the_boards_show(dataset, measured):
    runs = make_study(dataset).run()
    run = studies.find_run(runs, "topn.edlae", protocol="two-stages", seed=0)
    expected = run.record.get_metric("ndcg@10").value
    for size in SIZES:
        found = measured.lists["topn.edlae", size, "score"]["any"].mean()
        assert found == pytest.approx(expected, abs=1e-6)


def test_test_rows_choose_nothing_and_it_is_the_same_each_time(dataset, measured):
    split = make_split(dataset, "stratified", seed=0)
    ratings = dataset.ratings.copy()
    stars = ratings["rating"].to_numpy().copy()
    stars[split.test] = np.random.default_rng(1).permutation(stars[split.test])
    ratings["rating"] = stars
    other = measure(dataclasses.replace(dataset, ratings=ratings, sha256="scrambled"))
    pd.testing.assert_frame_equal(other.weights, measured.weights)
    for key, values in measured.lists.items():
        pd.testing.assert_series_equal(other.lists[key]["found"], values["found"])
        pd.testing.assert_series_equal(other.lists[key]["any"], values["any"])
    again = measure(dataset)
    for key, values in measured.lists.items():
        pd.testing.assert_frame_equal(again.lists[key], values)


def test_the_table_has_a_row_an_order(measured):
    table = two_stages.list_stages(measured)
    assert len(table) == len(RETRIEVERS) * (1 + 2 * len(SIZES))
    assert (table["order"] == "score").sum() == len(RETRIEVERS)
    assert table["liked"].between(table["low"], table["high"]).all()
    assert table["disliked"].between(0, 1).all()
    assert table.loc[table["order"] == "both", "weight"].notna().all()


def test_the_best_is_that_of_the_validation_rows(measured):
    rows = [("a", 10, 0, 0.5, 0.2), ("a", 20, 0, 0.5, 0.4), ("b", 10, 0, 0.1, 0.3)]
    weights = pd.DataFrame(rows, columns=measured.weights.columns)
    assert two_stages.find_best(measured._replace(weights=weights)) == ("a", 20)
    assert two_stages.compare_used(measured) == {}
    used = measured._replace(lists=measured.lists | {
        (*two_stages.USED, "both"): measured.lists["topn.edlae", 20, "both"]
    })  # fmt: skip
    assert two_stages.compare_used(used).keys() == {"any", "liked", "graded", "disliked"}
    gains = two_stages.compare_orders(measured, "topn.edlae", 20)
    lists = [measured.lists["topn.edlae", 20, order]["any"] for order in ("both", "score")]
    assert gains["any"].value == pytest.approx((lists[0] - lists[1]).mean())
