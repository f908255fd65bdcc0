import json
import os
from types import SimpleNamespace

import pandas as pd
import pytest

from reelbook.report import hardware, reuse
from reelbook.report.sentences import costs as sentences

POWER = hardware.Power("a", None, 2, False, 3.6, 1000.0, 0.0, False)  # a milliwatt-hour a second


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Chapter 01 ran from 1000 s to 1060 s, 02 from 1100 s to 1110 s, 90 uses no runs."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    executed = tmp_path / "toy" / "executed"
    executed.mkdir(parents=True)
    used = {"01_a": ["old", "new"], "02_b": ["new", "gone"], "90_c": []}
    for name, end, seconds in [("01_a", 1060, 60), ("02_b", 1110, 10), ("90_c", 1200, 5)]:
        meta = {"notebook": name, "seconds": seconds, "peak_memory_mb": 100.0}
        file = executed / f"{name}.meta.json"
        file.write_text(json.dumps(meta))
        os.utime(file, (end, end))
        runs = {key: ["official"] for key in used[name]}
        (executed / f"{name}.runs.json").write_text(json.dumps(runs))
    return "toy"


def make_run(folder, name, finished, seconds):
    path = folder / name
    path.mkdir()
    for file, time in [("history.csv", finished), ("run.json", finished + 500)]:  # metrics anew
        (path / file).touch()
        os.utime(path / file, (time, time))
    record = SimpleNamespace(run_id=name, seconds=seconds, peak_memory_mb=10.0)
    return SimpleNamespace(record=record, path=path)


def test_a_run_was_found_if_it_is_older_than_the_chapter(tmp_path, plan):
    runs = [make_run(tmp_path, "old", 900, 20.0), make_run(tmp_path, "new", 1050, 40.0)]
    table = reuse.list_reuse(plan, runs, POWER).set_index("chapter")
    assert table["runs"].tolist() == [2, 1, 0]
    assert table["trained"].tolist() == [1, 0, 0]
    assert table["found"].tolist() == [1, 1, 0]
    assert table["seconds_trained"].tolist() == [40, 0, 0]
    assert table["seconds_saved"].tolist() == [20, 40, 0]
    assert table["mwh_saved"].tolist() == pytest.approx([20, 40, 0])
    text = sentences.describe_reuse(table.reset_index())
    assert text.startswith("The chapters ask for runs 3 times and found 2 of them finished")
    assert "**1.0 minutes**" in text
    assert sentences.describe_reuse(table.tail(1)) == "No chapter of this plan uses runs."


def test_the_book_is_the_sum_of_its_parts():
    listed = pd.DataFrame(
        {"seconds": [20.0, 40.0], "tuning": [0.0, 30.0], "mwh": [20.0, 40.0], "tuning_mwh": [0, 30]}
    )
    found = pd.DataFrame(
        {"seconds": [60.0, 10.0], "seconds_trained": [40.0, 50.0], "peak_mb": [1.0, 1.0]}
    )
    book = reuse.sum_book(listed, found, POWER)
    assert book["seconds"].tolist() == [30, 30, 20, 80]  # beside trainings at once: none, not -40
    assert book["wh"].tolist() == pytest.approx([0.03, 0.03, 0.02, 0.08])
    assert book["part"].iloc[-1] == "the whole book"


def test_a_plan_without_executed_chapters_has_an_empty_table(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    assert reuse.list_reuse("none", [], POWER).empty
