"""What chapters 05 to 08 train, declared."""

import dataclasses

import pytest

from reelbook.report import compare, studies

SIMPLE = "baseline.mean, baseline.user_mean, baseline.biases, baseline.knn, baseline.svd"
TIMELY = "timely.edlae, timely.blend"
LISTS = f"{TIMELY}, topn.popularity, topn.item_knn, topn.ease, topn.edlae, topn.ials, topn.bpr"


def list_rows(study):
    return study.table().to_numpy().tolist()


def test_two_tower(dataset):
    study = studies.two_tower(
        dataset, seeds=[0, 5], trained=["rating", "tuned_joint"], listed=["rating"], epochs=2,
        tuned_epochs=3, best_epochs=4, batch_size=64, retrieval_weights=[0.1, 0.2],
    )  # fmt: skip
    plain, tuned = "epochs: 2, batch_size: 64", "epochs: 3, batch_size: 64"
    rating, joint = (f"two_tower.{n}, two_tower.{n}_mismatched" for n in ("rating", "tuned_joint"))
    assert list_rows(study) == [
        ["source", rating, "seed 42", "0", f"{plain}, measure_epochs: True"],
        ["source", "two_tower.rating", "seed 42", "5", plain],
        ["source", joint, "seed 42", "0", f"{tuned}, measure_epochs: True"],
        ["source", "two_tower.tuned_joint", "seed 42", "5", tuned],
        ["source-weights", "two_tower.joint", "seed 42", "0", f"{plain}, retrieval_weight: 0.1"],
        ["source-weights", "two_tower.joint", "seed 42", "0", f"{plain}, retrieval_weight: 0.2"],
        ["source", "two_tower.best", "seed 42", "0, 5", "epochs: 4"],
        ["stratified", "two_tower.best", "seeds 0, 5", "0, 5", "epochs: 4"],
        ["leave-last", "two_tower.best", "seed 0", "0", "epochs: 4"],
        ["global-time", "two_tower.best", "seed 0", "0", "epochs: 4"],
        ["stratified", "two_tower.rating", "seeds 0, 5", "0, 5", plain],
        ["leave-last", "two_tower.rating", "seed 0", "0", plain],
        ["global-time", "two_tower.rating", "seed 0", "0", plain],
    ]


@pytest.mark.parametrize(("draws", "settings"), [(20, "draws: 20"), (0, "")])
def test_baselines(dataset, draws, settings):
    rows = list_rows(studies.baselines(dataset, folds=[1, 2], seeds=[4, 6], draws=draws))
    assert ["ablation", "topn.bpr_plain", "seed 4", "4", ""] in rows
    assert ["stratified", LISTS, "seeds 4, 6", "4, 6", ""] in rows
    assert ["leave-last", LISTS, "seed 0", "0", ""] in rows
    assert ["global-time", LISTS, "seed 0", "0", ""] in rows
    official = [row for row in rows if row[0] == "official"]
    assert {tuple(row[2:4]) for row in official} == {("folds 1, 2", "0")}
    assert SIMPLE in ", ".join(row[1] for row in official)
    assert {row[4] for row in official if "bayes.mf" in row[1]} == {settings}


def test_without_titles_no_model_of_contents_is_trained(dataset):
    """Before, a report on bare ratings had a board of zeros."""
    ids = dataset.movies["movie_id"].astype("str")
    bare = dataclasses.replace(dataset, movies=dataset.movies.assign(title=ids))
    study = studies.next_steps(bare, folds=[1], seeds=[4])
    assert not [r for r in list_rows(study) if "content" in str(r) or "cold-movies" in str(r)]
    assert compare.estimate_rankings({}).empty


def test_next_steps(dataset):
    study = studies.next_steps(dataset, folds=[1], seeds=[4], epochs=3)
    rows = list_rows(study)
    assert rows[:2] == [
        ["official", "baseline.biases", "fold 1", "0", ""],
        ["official", "autoencoder.autorec", "fold 1", "0", "epochs: 3"],
    ]
    limited = "autoencoder.multvae, item2vec.skipgram, item2vec.cbow"
    assert ["stratified", limited, "seed 4", "4", "epochs: 3"] in rows
    assert rows[-2:] == [
        [
            "cold-movies", "topn.popularity, topn.ease, content.ridge, content.popularity",
            "seed 4", "4", "",
        ],
        ["ablation", "item2vec.skipgram", "seed 4", "4", "closeness: 1000.0, grid: {}, epochs: 3"],
    ]  # fmt: skip
    more = list_rows(studies.next_steps(dataset, folds=[1], seeds=[4], epochs=50))
    assert ["stratified", "item2vec.skipgram", "seed 4", "4", "epochs: 20"] in more  # at most
    defaults = list_rows(studies.next_steps(dataset, folds=[1], seeds=[4]))
    assert not any("epochs" in row[4] for row in defaults)


def test_recommend(dataset):
    study = studies.recommend(dataset, folds=[1, 2])
    assert list_rows(study) == [["official", "gaussian.fold_in", "folds 1, 2", "0", ""]]
