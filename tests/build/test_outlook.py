import io
import json
import re
import sys

import pytest
import yaml

from reelbook.__main__ import main
from reelbook.build import console, outlook
from reelbook.build.plan import Plan, read_plan
from reelbook.data.store import load
from reelbook.paths import BOOK


def test_the_runs_ahead_of_a_cold_build_are_those_that_it_trains(
    smoke, tmp_path, monkeypatch, capsys
):
    plan = read_plan("smoke")
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    ahead = outlook.estimate_runs(plan)
    first = {"baseline.mean", "baseline.user_mean", "baseline.biases", "topn.popularity"}
    trained = {
        record["run_id"]: record["model"]
        for file in smoke.glob("runs/*/run.json")
        for record in [json.loads(file.read_text())]
    }
    assert set(ahead) <= set(trained)
    assert {trained[run_id] for run_id in set(trained) - set(ahead)} <= first  # those of chapter 00
    assert min(ahead.values()) > 0
    monkeypatch.setenv("REELBOOK_BUILD", str(smoke))
    assert outlook.estimate_runs(plan) == {}
    assert main(["outlook", "--plan", "smoke"]) == 0
    assert capsys.readouterr().out == "[smoke] all runs are trained\n"


def test_seconds_are_those_of_earlier_runs_on_these_data_or_of_the_costs(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    dataset = load("made-up")
    (tmp_path / "runs" / "torn").mkdir(parents=True)
    (tmp_path / "runs" / "torn" / "run.json").write_text('{"model": "mf')
    for run_id, model, data, seconds in [
        ("a", "mf.dot", dataset.sha256, 10.0),
        ("b", "mf.dot", dataset.sha256, 20.0),
        ("c", "mf.mlp", "other data", 99.0),
    ]:
        record = {"run_id": run_id, "model": model, "dataset": {"sha256": data}}
        record |= {"seconds": seconds, "params": {"epochs": 4}, "split": {"protocol": "official"}}
        (tmp_path / "runs" / run_id).mkdir(parents=True)
        (tmp_path / "runs" / run_id / "run.json").write_text(json.dumps(record))
    costs = {"ratings": 10 * len(dataset.ratings), "models": {}}
    costs["models"] = {"mf.dot": {"official": [7, 2]}, "mf.mlp": {"official": [50, 1]}}
    (tmp_path / "costs.yml").write_text(yaml.safe_dump(costs))
    monkeypatch.setattr(outlook, "COSTS", tmp_path / "costs.yml")
    given = {"dataset": "made-up", "folds": [1], "seeds": [0], "epochs": 2}
    plan = Plan("toy", "toy", "made-up", {"02_matrix_factorization": given})
    seconds = sorted(outlook.estimate_runs(plan).values())
    # mf.mlp by the costs; mf.dot as before, at half the epochs; others the mean of 5 and 15 s
    assert seconds == [5.0] * 2 + [7.5] * 2 + [10.0] * 5
    executed = tmp_path / "toy" / "executed"
    executed.mkdir(parents=True)
    for name in ("02_matrix_factorization", "90_results"):
        meta = {"notebook": name, "seconds": 8.4}
        (executed / f"{name}.meta.json").write_text(json.dumps(meta))
    used = {"a": ["official"], "b": ["official"], "gone": ["official"]}
    (executed / "02_matrix_factorization.runs.json").write_text(json.dumps(used))
    outlook.update_costs(plan, dataset, costs=tmp_path / "new.yml")
    text = (tmp_path / "new.yml").read_text()
    assert text.startswith("# What `make book` expects")
    assert yaml.safe_load(text) == {
        "ratings": len(dataset.ratings),
        "models": {"mf.dot": {"official": [15, 4]}},
        "chapters": {"02_matrix_factorization": 30},
        "pages": {"90_results": 8},
    }


@pytest.mark.parametrize(
    ("done", "left", "elapsed", "seconds"),
    [
        (0, 0, 0, 0),  # before, a division by zero
        (0, 600, 0, 300),  # two at once
        (0, 600, 100, 300),  # nothing is trained yet: no sooner than all of it takes
        (50, 550, 100, 275),
        (200, 400, 300, 600),  # at the pace of this build
    ],
)
def test_the_time_left_follows_the_costs_and_then_the_pace(done, left, elapsed, seconds):
    assert outlook.estimate_left(done, left, elapsed=elapsed, jobs=2) == seconds


def test_it_is_told_until_nothing_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(outlook.time, "sleep", lambda _: (tmp_path / "runs" / names.pop()).mkdir())
    names = ["b", "a"]
    start = outlook.time.monotonic()
    plan = Plan("toy", "toy", "made-up", {})
    outlook.follow(plan, {"a": 300.0, "b": 900.0}, start=start, jobs=2)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "[toy] 0 of 2 runs trained, about 10 min left"
    assert second.startswith("[toy] 1 of 2 runs trained, about a minute left")  # in no time at all


def test_the_costs_know_every_model_of_the_boards():
    golden, costs = (
        yaml.safe_load((BOOK / name).read_text()) for name in ("golden.yml", "costs.yml")
    )
    models = {model for figures in golden["figures"].values() for model in figures}
    assert models <= set(costs["models"])
    known = [cost for protocols in costs["models"].values() for cost in protocols.values()]
    assert all(seconds >= 0 and epochs >= 1 for seconds, epochs in known)


def test_the_costliest_chapters_start_first(smoke):
    started = re.findall(r"\] (\w+): started", (smoke / "told.txt").read_text())
    costs = yaml.safe_load((BOOK / "costs.yml").read_text())["chapters"]
    order = [costs[name] for name in started if name in costs]
    assert len(order) == len(costs)
    # Two at once: neighbours may say in either order that they start.
    assert all(one >= other for one, other in zip(order, order[2:], strict=False))


def test_on_a_terminal_one_line_is_kept_and_others_go_above_it(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    (tmp_path / "runs").mkdir()
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)

    def train_one(_):
        (tmp_path / "runs" / names.pop()).mkdir()
        console.tell("[toy] 02: a run: 3.0 s")

    monkeypatch.setattr(outlook.time, "sleep", train_one)
    names = ["b", "a"]
    start = outlook.time.monotonic()
    plan = Plan("toy", "toy", "made-up", {})
    outlook.follow(plan, {"a": 300.0, "b": 900.0}, start=start, jobs=2)
    erase, line = console.ERASE, "[toy] 02: a run: 3.0 s\n"
    first, second = (f"[toy] {n} of 2 runs trained, about " for n in (0, 1))
    assert terminal.getvalue() == (
        f"{erase}{first}10 min left{erase}{line}{erase}{second}a minute left{erase}{line}{erase}"
    )
