import dataclasses

import numpy as np
import pytest

from reelbook.errors import ReelbookError
from reelbook.metrics import catalogue
from reelbook.runs import store
from reelbook.runs.worker import check_training
from reelbook.splits.protocols import make_split


@pytest.fixture
def split(dataset):
    return make_split(dataset, "stratified")


@pytest.mark.parametrize(
    ("table", "column", "message"),
    [("movies", "movie_id", "movie_id: 1 different"), ("users", "user_id", "user_id: 1 different")],
)
def test_a_rated_id_that_its_table_lacks_stops_every_training(dataset, table, column, message):
    frame = getattr(dataset, table)
    changed = dataclasses.replace(dataset, **{table: frame[frame[column] != 7]})
    split = make_split(dataset, "source")
    with pytest.raises(ReelbookError, match=message + r" values .* such as 7"):
        store.load_or_train("mf.dot", {"epochs": 1}, changed, split, 0)


def test_an_empty_test_part_stops_a_training(dataset, split):
    object.__setattr__(split, "test", np.array([], "int64"))
    with pytest.raises(ReelbookError, match="test part is empty, so nothing"):
        check_training(dataset, split)


def test_a_run_that_ranks_keeps_ranks_lists_and_figures(dataset, monkeypatch, tmp_path):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    split = make_split(dataset, "leave-last")
    run = store.load_or_train("two_tower.best", {"epochs": 2, "dim": 8}, dataset, split, 0)
    assert {"ranks.parquet", "recommendations.parquet"} <= run.record.files.keys()
    assert "predictions.parquet" not in run.record.files
    found = catalogue.estimate_ranking([run.ranks], metric="ndcg@10")
    assert run.record.get_metric("ndcg@10") == found
    assert run.recommendations.groupby("user_id")["rank"].min().eq(1).all()
