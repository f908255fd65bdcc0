"""The road from a plan to the report: plans, results.csv, what is run again and what is not."""

import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toys

from reelbook.build import plan as plans
from reelbook.build.plan import read_plan
from reelbook.build.results import collect_results, format_leaderboard
from reelbook.build.run import format_seconds
from reelbook.build.snakemake import KEPT, describe_failure
from reelbook.build.steps import find_damage
from reelbook.data.names import TAKEN
from reelbook.errors import ReelbookError
from reelbook.metrics.metric import Metric
from reelbook.paths import PLANS, ROOT
from reelbook.runs.record import RESULT_COLUMNS, RunRecord


@pytest.fixture
def checkout(built, tmp_path):
    """A copy of a checkout whose report is built."""
    shutil.copytree(built, tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of notebooks, plans and a build folder for calls within this process."""
    checkout = toys.make_checkout(tmp_path / "checkout")
    monkeypatch.setattr(plans, "NOTEBOOKS", checkout / "notebooks")
    monkeypatch.setattr(plans, "PLANS", checkout / "notebooks" / "plans")
    monkeypatch.setenv("REELBOOK_BUILD", str(checkout / "build"))
    return checkout


def make_record(run_id: str, **changes) -> RunRecord:
    fields = {
        "run_id": run_id,
        "model": "mf.dot",
        "family": "mf",
        "params": {},
        "dataset": {"name": "made-up", "sha256": "0", "note": ""},
        "split": {"protocol": "official", "fold": 1, "seed": 0, "sizes": {}, "fingerprint": "f"},
        "seed": 0,
        "metrics": [Metric("test", "rmse", 0.1 + 0.2, 0.25, 0.35), Metric("test", "mae", 0.5)],
        "best_epoch": 3,
        "seconds": 1.0,
        "prediction_seconds": 0.1,
        "peak_memory_mb": 1.0,
        "num_parameters": 1,
        "versions": {},
        "commit": "c",
        "files": {},
    }
    return RunRecord(**(fields | changes))


def write_runs(checkout, lists: dict[str, list[str]], *records: RunRecord) -> None:
    executed = checkout / "build" / "toy" / "executed"
    executed.mkdir(parents=True)
    protocols = {record.run_id: [record.split["protocol"]] for record in records}
    for name, run_ids in lists.items():
        used = {run_id: protocols.get(run_id, ["official"]) for run_id in run_ids}
        (executed / f"{name}.runs.json").write_text(json.dumps(used))
    for record in records:
        folder = checkout / "build" / "runs" / record.run_id
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(record.to_json())


# Plans


@pytest.mark.parametrize("plan", sorted(file.stem for file in PLANS.glob("*.yml")))
def test_the_projects_plans_fit_their_notebooks(plan):
    found = read_plan(plan, "made-up" if plan == "own" else None)
    assert list(found.notebooks) == sorted(found.notebooks)
    given = {values["dataset"] for values in found.notebooks.values()}
    assert given == ({"made-up"} if found.notebook else {found.dataset})


def test_a_notebook_of_the_results_waits_for_all_before_it(here):
    last = "91_reproducibility"
    toys.write_notebook(here / "notebooks" / f"{last}.ipynb")
    toys.keep_chapters(here, "01_first", "02_second", "90_results", last)
    plan = read_plan("toy")
    assert plan.chapters == ["01_first", "02_second"]
    assert plan.list_earlier("02_second") == []
    assert plan.list_earlier(last) == ["01_first", "02_second", "90_results"]


def test_data_set_and_plan_reach_every_notebook_that_declares_them(here):
    toys.write_notebook(
        here / "notebooks" / "01_first.ipynb", parameters='dataset: str = "ml-100k"'
    )
    notebooks = read_plan("toy").notebooks
    assert notebooks["01_first"] == {"dataset": "made-up"}
    assert notebooks["02_second"] == {"dataset": "made-up", "plan": "toy"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dataset: [", "toy.yml is not YAML: "),
        (
            "dataset: made-up",
            "must have dataset and notebooks, may have note and processes; it has data",
        ),
        ("dataset: made-up\nnotebooks: {}\njobs: 2", "it has dataset, notebooks, jobs."),
        ("", "it has none."),
        ("dataset: 3\nnotebooks: {}", "dataset must be a name"),
        ("dataset: made-up\nnote: [1]\nnotebooks: {}", "note must be a text, not [1]."),
        ("dataset: made-up\nprocesses: 0\nnotebooks: {}", "processes must be a number from 1, n"),
        (
            "dataset: made-up\nnotebooks: {07_x: {}}",
            "no notebook '07_x'. The notebooks are 01_first, 02",
        ),
        ("dataset: made-up\nnotebooks: {01_first: 3}", "01_first must have parameters by name."),
        (
            "dataset: made-up\nnotebooks: {01_first: {seed: 3}}",
            "01_first has no parameter 'seed'. It k",
        ),
        (
            "dataset: made-up\nnotebooks: {01_first: {seeds: 1e-3}}",
            "must be list[int], not the str '1e",
        ),
    ],
)
def test_a_wrong_plan_is_told_in_a_line(here, text, told):
    (here / "notebooks" / "plans" / "toy.yml").write_text(text)
    with pytest.raises(ReelbookError) as error:
        read_plan("toy")
    assert told in str(error.value)


def test_an_unknown_plan_lists_the_plans():
    done = toys.run(ROOT, "build", "--plan", "ml-99")
    assert done.returncode == 1
    assert (
        done.stderr == "error: There is no plan 'ml-99'. "
        "The plans are batch, ml-100k, ml-1m, own, quick, smoke, tuning.\n"
    )


def test_no_jobs_at_all_is_an_error():
    done = toys.run(ROOT, "build", "--jobs", "0")
    assert (done.returncode, done.stderr) == (1, "error: JOBS must be 1 or more, not 0.\n")


# results.csv


def test_results_are_the_figures_of_exactly_the_listed_runs(here):
    split = {"protocol": "source", "fold": None, "seed": 10, "sizes": {}, "fingerprint": "g"}
    write_runs(
        here,
        {"01_first": ["bbb"], "02_second": ["aaa", "bbb"]},
        make_record("aaa"),
        make_record("bbb", model="mf.biased", split=split, seed=10, best_epoch=None),
        make_record("not_listed"),
    )
    path = collect_results(read_plan("toy"))
    text = path.read_text()
    assert text.splitlines() == [
        ",".join(RESULT_COLUMNS),
        "mf.biased,mf,made-up,source,,10,test,mae,0.5,,,,bbb",
        "mf.biased,mf,made-up,source,,10,test,rmse,0.30000000000000004,0.25,0.35,,bbb",
        "mf.dot,mf,made-up,official,1,0,test,mae,0.5,,,3,aaa",
        "mf.dot,mf,made-up,official,1,0,test,rmse,0.30000000000000004,0.25,0.35,3,aaa",
    ]
    with path.open(newline="") as file:
        values = [float(row["value"]) for row in csv.DictReader(file)]
    assert values[1] == 0.1 + 0.2  # to the last bit


def test_folds_and_seeds_are_sorted_as_numbers(here):
    split = {"protocol": "official", "fold": 1, "seed": 0, "sizes": {}, "fingerprint": "f"}
    records = [
        make_record(f"{fold}-{seed}", split=split | {"fold": fold}, seed=seed)
        for fold in [10, 9]
        for seed in [11, 2]
    ]
    write_runs(here, {"01_first": [], "02_second": [r.run_id for r in records]}, *records)
    with collect_results(read_plan("toy")).open() as file:
        ids = [row["run_id"] for row in csv.DictReader(file)]
    assert list(dict.fromkeys(ids)) == ["9-2", "9-11", "10-2", "10-11"]


def test_a_listed_run_that_is_gone_is_an_error(here):
    write_runs(here, {"01_first": ["gone"], "02_second": []})
    with pytest.raises(ReelbookError, match="gone is missing"):
        collect_results(read_plan("toy"))


def test_the_leaderboard_is_the_mean_over_official_folds(here):
    split = {"protocol": "source", "fold": None, "seed": 0, "sizes": {}, "fingerprint": "g"}
    records = [
        make_record("a", metrics=[Metric("test", "rmse", 1.0)]),
        make_record("b", metrics=[Metric("test", "rmse", 0.9), Metric("train", "rmse", 0.1)]),
        make_record("c", model="mf.biased", metrics=[Metric("test", "rmse", 0.92)]),
        make_record("d", model="mf.biased", split=split, metrics=[Metric("test", "rmse", 0.2)]),
    ]
    write_runs(here, {"01_first": [], "02_second": ["a", "b", "c", "d"]}, *records)
    assert format_leaderboard(collect_results(read_plan("toy"))) == (
        "Test RMSE, protocol official:\n"
        "  mf.biased  0.9200  mean of 1\n"
        "  mf.dot     0.9500  mean of 2\n"
    )


def test_seconds_are_told_as_a_person_would():
    assert format_seconds(2.94) == "2.9 s"
    assert format_seconds(61.2) == "1 min 1 s"


# What a build does again


def test_an_unchanged_build_runs_nothing(checkout):
    """Also after the folder was moved, and its files were touched."""
    (checkout / "notebooks" / "01_first.ipynb").touch()
    start = time.monotonic()
    done = toys.build(checkout)
    assert time.monotonic() - start < 20
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Report: build/toy/html/index.html (")


def test_a_page_makes_the_book_again_and_nothing_else(checkout):
    page = checkout / "book" / "how_to_read.md"
    page.write_text(page.read_text() + "\nA new line.\n")
    done = toys.build(checkout)
    assert done.stderr == "[toy] book: started\n"
    assert "A new line." in (checkout / "build" / "toy" / "html" / "how_to_read.html").read_text()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["executed/02_second.ipynb"], "02_second: finished"),
        (["executed/01_first.meta.json", "results.csv"], "01_first: finished"),
        (["html/02_second.html", "html/index.html"], "book: started"),
        (["steps/notebook-01_first.json", "steps/book.json"], "01_first: finished"),
    ],
)
def test_what_is_lost_or_altered_is_made_again(checkout, monkeypatch, names, told):
    """Snakemake sees none of it; before, a build said "Report: ..." over the damage."""
    folder = checkout / "build" / "toy"
    before = {file: (folder / file).read_bytes() for file in ["results.csv", "html/01_first.html"]}
    (folder / names[0]).unlink()
    (folder / names[-1]).write_bytes(b"altered")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
    assert "book: started" in done.stderr
    assert {file: (folder / file).read_bytes() for file in before} == before
    monkeypatch.setenv("REELBOOK_BUILD", str(checkout / "build"))
    assert all(find_damage(record) is None for record in (folder / "steps").iterdir())


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_bytes(b"")])
def test_every_file_that_a_build_made_is_missed(built, tmp_path, monkeypatch, change):
    shutil.copytree(built / "build", tmp_path / "build")
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    folder = tmp_path / "build" / "toy"
    steps = sorted((folder / "steps").iterdir())
    assert [find_damage(step) for step in steps] == [None] * len(steps)
    made = [folder / "results.csv", *(folder / "executed").iterdir(), *folder.rglob("html/*.html")]
    for file in made:
        content = file.read_bytes()
        change(file)
        found = [damage for step in steps if (damage := find_damage(step))]
        assert found == [f"{file.relative_to(tmp_path / 'build')} is missing or altered"]
        file.write_bytes(content)


def test_after_the_runs_are_deleted_the_chapters_that_used_them_run_again(checkout):
    """Before, the executed notebooks were deleted, nothing was trained, and the exit code was 0."""
    run = checkout / "build" / "runs" / "abc" / "run.json"
    cell = (
        "import os, pathlib, sys\n"
        f"run = pathlib.Path('{run}')\n"
        "if not run.exists():\n    run.parent.mkdir(parents=True); run.write_text({})\n"
        "pathlib.Path(os.environ['REELBOOK_RUNS_LIST']).write_text('{\"abc\": [\"official\"]}')"
    )
    record = repr(make_record("abc").to_json())
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", cell.replace("{}", record, 1))
    assert toys.build(checkout).returncode == 0
    shutil.rmtree(checkout / "build" / "runs")
    executed = checkout / "build" / "toy" / "executed" / "02_second.ipynb"
    page = checkout / "build" / "toy" / "html" / "02_second.html"
    old = executed.read_bytes()

    source = (checkout / "notebooks" / "02_second.ipynb").read_text()
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", "1 / 0")
    assert toys.build(checkout).returncode == 1
    assert executed.read_bytes() == old  # what was there stays until a new one is whole
    assert page.is_file()

    (checkout / "notebooks" / "02_second.ipynb").write_text(source)
    done = toys.build(checkout)
    assert done.returncode == 0
    assert "02_second: finished" in done.stderr
    assert run.is_file()


def test_altered_tables_are_written_anew_and_nothing_else(checkout):
    table = checkout / "build" / "data" / "made-up" / "ratings.parquet"
    before = table.read_bytes()
    table.write_bytes(before[:100])
    done = toys.build(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert table.read_bytes() == before
    record = table.with_name("data.json")
    record.write_text(record.read_text()[:50])
    done = toys.build(checkout)
    assert done.returncode == 0
    assert "files" in json.loads(record.read_text())


def test_a_chapter_that_leaves_the_plan_leaves_the_build(checkout):
    plan = checkout / "notebooks" / "plans" / "toy.yml"
    plan.write_text(plan.read_text().replace("  02_second: {}\n", ""))
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    names = {file.name.split(".")[0] for file in (checkout / "build/toy/executed").iterdir()}
    assert names == {"01_first", "90_results"}
    assert not (checkout / "build/toy/html/02_second.html").exists()


@pytest.mark.parametrize("name", sorted(TAKEN))
def test_a_plan_that_would_write_among_other_files_is_refused_by_name(here, name):
    plans = here / "notebooks" / "plans"
    (plans / f"{name}.yml").write_text((plans / "toy.yml").read_text())
    with pytest.raises(ReelbookError, match=f"A plan cannot be named '{name}'"):
        read_plan(name)


def test_a_line_in_the_plan_adds_a_chapter_or_changes_one(checkout):
    toys.write_notebook(checkout / "notebooks" / "03_third.ipynb", "print('third')")
    plan = checkout / "notebooks" / "plans" / "toy.yml"
    changed = plan.read_text().replace("02_second: {}", "02_second: {seeds: [40, 2]}")
    plan.write_text(changed + "  03_third: {}\n")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert "01_first" not in done.stderr
    html = checkout / "build" / "toy" / "html"
    assert "42" in (html / "02_second.html").read_text()
    index = (html / "index.html").read_text()
    assert index.index("02_second.html") < index.index("03_third.html")
    assert index.index("03_third.html") < index.index("90_results.html")


def test_an_error_inside_snakemake_is_told_without_its_traceback(tmp_path):
    fails = [sys.executable, "-c", "raise OSError(28, 'No space left on device')"]
    told = describe_failure(fails, tmp_path, tmp_path / "no.log")
    assert told == f"Snakemake failed: OSError: [Errno 28] No space left on device\n{KEPT}"


def test_a_change_in_any_module_of_the_data_prepares_them_again(checkout):
    """A list of such modules in the Snakefile had missed half of them."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"),
               "--directory", str(checkout / "build"), "--config", "plan=toy", "data=",
               "--dry-run", "--nolock"]  # fmt: skip
    for name in ["roles.py", "rows.py", "parsing.py"]:
        module = checkout / "lib" / "reelbook" / "data" / name
        module.write_text(module.read_text() + "\n")
    done = subprocess.run(
        command, env=toys.make_environment(checkout), capture_output=True, text=True
    )
    reason = done.stdout.split("rule data:")[1].split("rule ")[0]
    for name in ["roles.py", "rows.py", "parsing.py"]:
        assert name in reason, reason
