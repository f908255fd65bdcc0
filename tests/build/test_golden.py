"""Golden figures: what left its range is named, and new ones are accepted on purpose only."""

import json

import pytest
import yaml

from reelbook.build import golden

HEAD = "model,family,dataset,protocol,fold,seed,split_part,metric,value,low,high,best_epoch,run_id"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A golden file and the results of a plan, whose figures are .91 and .45."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    (tmp_path / "data" / "made-up").mkdir(parents=True)
    (tmp_path / "data" / "made-up" / "data.json").write_text(json.dumps({"sha256": "abc"}))
    write_results(tmp_path, [0.90, 0.92], [0.45])
    figures = {"official": {"mf.dot": [0.91, 0.002]}, "stratified": {"topn.ease": [0.45, 0.003]}}
    path = tmp_path / "golden.yml"
    path.write_text(yaml.safe_dump({"plan": "toy", "data": "abc", "figures": figures}))
    return path


def write_results(folder, errors, gains):
    rows = [f"mf.dot,mf,made-up,official,{i},0,test,rmse,{e},,,,r{i}" for i, e in enumerate(errors)]
    rows += [f"mf.dot,mf,made-up,official,{i},0,train,rmse,0.1,,,,r{i}" for i in range(2)]
    rows += [f"topn.ease,topn,made-up,stratified,,0,test,ndcg@10,{gain},,,,s" for gain in gains]
    (folder / "toy").mkdir(exist_ok=True)
    (folder / "toy" / "results.csv").write_text("\n".join([HEAD, *rows]) + "\n")


def test_figures_within_their_range_pass(file, tmp_path):
    assert golden.list_departures("toy", "made-up", golden=file) == []
    write_results(tmp_path, [0.901, 0.922], [0.448])
    assert golden.list_departures("toy", "made-up", golden=file) == []


def test_what_left_its_range_is_named(file, tmp_path):
    write_results(tmp_path, [0.90, 0.93], [])
    assert golden.list_departures("toy", "made-up", golden=file) == [
        "mf.dot, rmse on official: 0.91500, it was 0.91 (may differ by 0.002)",
        "topn.ease, ndcg@10 on stratified: missing, it was 0.45",
    ]


def test_other_plans_and_other_data_are_not_held_against_it(file, tmp_path):
    write_results(tmp_path, [0.5, 0.5], [0.1])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "results.csv").write_text((tmp_path / "toy" / "results.csv").read_text())
    assert golden.list_departures("other", "made-up", golden=file) == []
    (tmp_path / "data" / "made-up" / "data.json").write_text(json.dumps({"sha256": "def"}))
    assert golden.list_departures("toy", "made-up", golden=file) == []
