"""What the chapters train, declared: rows of models, splits and seeds."""

from types import SimpleNamespace

import numpy as np
import pytest

from reelbook.errors import ReelbookError
from reelbook.models import mf
from reelbook.models.registry import resolve_params
from reelbook.report import compare, studies
from reelbook.report.studies.study import Study, declare, find_run, select_runs
from reelbook.splits.protocols import make_split


def make_run(model, protocol, *, fold=None, seed=0, fingerprint=""):
    split = {"fold": fold, "fingerprint": fingerprint}
    record = SimpleNamespace(run_id="abc", model=model, split=split, seed=seed)
    return SimpleNamespace(record=record, protocol=protocol)


def pretend(requests):
    """The runs that these requests would give."""
    return [
        make_run(r.model, r.protocol, fold=r.split.fold, seed=r.seed,
                 fingerprint=r.split.fingerprint)
        for r in requests
    ]  # fmt: skip


@pytest.fixture
def splits(dataset):
    return [make_split(dataset, "official", fold=fold) for fold in (1, 2)]


def test_each_model_is_asked_for_on_each_split_with_each_seed(splits):
    requests = declare(["mf.dot", "mf.mlp"], splits, seeds=[0, 7], params={"epochs": 3})
    assert len(requests) == 8
    assert {(r.model, r.split.fold, r.seed) for r in requests} == {
        (model, fold, seed) for model in ("mf.dot", "mf.mlp") for fold in (1, 2) for seed in (0, 7)
    }
    assert all(request.params == {"epochs": 3} for request in requests)


def test_without_seeds_a_split_is_trained_on_with_its_own(dataset):
    split = make_split(dataset, "source", seed=5)
    (request,) = declare("mf.dot", split, study="ablation")
    assert (request.seed, request.protocol, request.split.protocol) == (5, "ablation", "source")


def test_the_table_has_a_row_for_models_that_share_all_else(dataset, splits):
    requests = [
        *declare(["mf.dot", "mf.mlp"], splits, params={"epochs": 3}),
        *declare("mf.biased", splits),
        *declare("mf.biased", make_split(dataset, "source", seed=4), seeds=[0, 1], study="weights"),
    ]
    table = Study(dataset, requests).table()
    assert table.to_numpy().tolist() == [
        ["official", "mf.dot, mf.mlp", "folds 1, 2", "0", "epochs: 3"],
        ["official", "mf.biased", "folds 1, 2", "0", ""],
        ["weights", "mf.biased", "seed 4", "0, 1", ""],
    ]


def test_runs_are_selected_by_what_they_are(dataset, splits):
    requests = [
        *declare(["mf.dot", "mf.mlp"], splits),
        *declare("mf.dot", splits[0], study="ablation"),
    ]
    runs = pretend(requests)
    assert select_runs(runs) == runs
    assert len(select_runs(runs, protocol="official")) == 4
    assert select_runs(runs, models=["mf.mlp"], folds=[2]) == [
        find_run(runs, "mf.mlp", protocol="official", fold=2)
    ]
    assert select_runs(runs, seeds=[1]) == []
    with pytest.raises(ReelbookError, match=r"No run of mf\.mlp under ablation"):
        find_run(runs, "mf.mlp", protocol="ablation")


def test_the_split_of_a_run_is_found(dataset, splits):
    study = Study(dataset, declare("mf.dot", splits))
    _, second = pretend(study.requests)
    assert study.find_split(second) is splits[1]
    with pytest.raises(ReelbookError, match="is not of this study"):
        study.find_split(make_run("mf.dot", "source"))


def test_matrix_factorization(dataset):
    study = studies.matrix_factorization(dataset, folds=[1, 2], seeds=[0, 3], epochs=4)
    assert study.table().to_numpy().tolist() == [
        ["source", "mf.dot, mf.mlp, mf.sigmoid", "seeds 0, 3", "0, 3", "epochs: 4"],
        ["official", "mf.dot, mf.mlp, mf.sigmoid", "folds 1, 2", "0", "epochs: 4"],
        ["official", "mf.unregularised, mf.biased, mf.implicit", "folds 1, 2", "0", ""],
    ]


def test_behavior_sequence_transformer(dataset):
    study = studies.behavior_sequence_transformer(
        dataset, seeds=[0, 1], leak_seeds=[2], folds=[1, 2], ablation_folds=[2],
        parts=["shuffled"], lengths=[4], epochs=3, tuned_epochs=5, our_epochs=2,
    )  # fmt: skip
    assert study.table().to_numpy().tolist() == [
        ["source", "bst.base", "seeds 0, 1, 2", "0, 1, 2", "epochs: 3"],
        ["source", "bst.tuned", "seeds 0, 1", "0, 1", "epochs: 5"],
        ["source_sealed", "bst.base", "seed 2", "2", "epochs: 3"],
        ["source_thinned", "bst.base", "seed 2", "2", "epochs: 3"],
        ["official", "bst.best", "folds 1, 2", "0", "epochs: 2"],
        ["ablation", "bst.shuffled, bst.length_4", "fold 2", "0", "epochs: 2"],
        ["ablation", "mf.sigmoid, mf.biased", "fold 2", "0", ""],
        ["ablation", "bst.tuned", "fold 2", "0", "epochs: 3"],
    ]
    assert {r.split.protocol for r in study.requests if r.study == "ablation"} == {"official"}


def test_deep_and_cross(dataset):
    study = studies.deep_and_cross(
        dataset, seeds=[3, 4], folds=[1], training_seeds=[0, 1], ranks=[1, 64], epochs=6,
        our_epochs=5,
    )  # fmt: skip
    table = study.table()
    by_models = table[table["protocol"] != "source-ablation"].drop(columns="settings")
    assert by_models.to_numpy().tolist() == [
        ["source", "dcn.stacked, dcn.low_rank, dcn.dnn", "seeds 3, 4", "3, 4"],
        ["official", "dcn.stacked, dcn.low_rank, dcn.dnn, dcn.parallel", "fold 1", "0"],
        ["official", "dcn.best", "fold 1", "0"],
    ]
    ablated = table[table["protocol"] == "source-ablation"].set_index("models")
    assert set(ablated["splits"]) == {"seed 3"}
    assert ablated["seeds"][["dcn.stacked", "dcn.rank_1, dcn.rank_64"]].tolist() == ["0, 1", "0"]
    without = ablated["settings"]["dcn.without_movie_id"]
    assert "movie_id" not in without
    assert "user_id" in without


def test_only_what_the_document_reports_trains_to_the_last_epoch(dataset):
    study = studies.deep_and_cross(
        dataset, seeds=[0], folds=[1], training_seeds=[0], ranks=[1], epochs=6, our_epochs=5
    )
    patient = {(r.model, r.protocol) for r in study.requests if r.params.get("patience") == 6}
    assert patient == {(m, "source") for m in ("dcn.stacked", "dcn.low_rank", "dcn.dnn")}


def test_models_whose_batches_grow_are_trained_without_that_too(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    monkeypatch.setenv("REELBOOK_JOBS", "1")
    for name, few in {"max_steps": 2, "epochs": 2, "grid": {}}.items():
        monkeypatch.setitem(mf.MODELS["mf.biased"], name, few)
    given = {"folds": [1, 2], "seeds": [0], "epochs": 2}
    study = studies.matrix_factorization(dataset, **given)
    (small,) = (request for request in study.requests if request.study == "batches")
    assert (small.model, small.split.fold) == ("mf.biased", 1)
    usual = [r for r in study.requests if r.model == "mf.biased" and not r.study]
    runs = Study(dataset, [*usual, small]).run()
    groups = [compare.group_runs(runs, protocol=name) for name in ("batches", "official")]
    (row,) = compare.compare_batches(*groups).itertuples()
    assert (row.name, row.usual, row.steps) == ("mf.biased", 1024, 2)
    assert row.larger == -(-len(np.union1d(small.split.train, small.split.validation)) // 2)
    assert row.low < row.value < row.high


def test_without_tuning_every_model_keeps_its_defaults(dataset):
    given = {"folds": [1], "seeds": [0]}
    tuned = studies.baselines(dataset, **given).requests
    plain = studies.baselines(dataset, **given, tuned=False).requests
    assert [(r.model, r.protocol) for r in plain] == [(r.model, r.protocol) for r in tuned]
    grids = [resolve_params(r.model, r.params).get("grid") for r in plain]
    assert not any(grids)
    assert any(resolve_params(r.model, r.params).get("grid") for r in tuned)
