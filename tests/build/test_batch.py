"""Batches: a matrix in a plan, its cells as papermill jobs, and the page that compares them."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
import toys

from reelbook.build import plan as plans
from reelbook.build.comparison import HEAD, check_folder
from reelbook.build.matrix import LONGEST, name_cell
from reelbook.build.pages import Page
from reelbook.build.plan import read_plan
from reelbook.errors import ReelbookError
from reelbook.paths import ROOT
from reelbook.report.batches import drop_constant, list_axes, sort_values
from reelbook.runs.record import RESULT_COLUMNS

PARAMETERS = (
    'dataset: str = "made-up"\nplan: str = "none"\nseeds: list[int] = [0]\n'
    "epochs: int = 2\nfails_with: str = ''"
)
PAPERMILL = Path(sys.executable).with_name("papermill")
TRAINS = """
from reelbook.build import begin_notebook
begin_notebook(globals())
from reelbook.data.store import load
from reelbook.runs.record import Request
from reelbook.runs.store import load_or_train_all
from reelbook.splits.protocols import make_split
from pathlib import Path
if Path(fails_with).is_file() and "tiny" in dataset and epochs == 10:
    raise ValueError("a broken cell")
data = load(dataset)
splits = [make_split(data, "source", seed=seed) for seed in seeds]
official = make_split(data, "official", fold=1)
models = {"baseline.svd": {"epochs": epochs, "factors": 4, "grid": {}}, "baseline.user_mean": {}}
requests = [
    Request(model, params, split, split.seed)
    for model, params in models.items() for split in [*splits, official]
]
runs = load_or_train_all(requests, data)
"""
PLAN = """
notebook: 01_first
matrix: {dataset: [made-up, data/tiny.csv], seeds: SEEDS, epochs: [2, 10]}
parameters: {fails_with: ../data/broken}
"""


def write_plan(checkout: Path, seeds: str) -> None:
    plan = checkout / "notebooks" / "plans" / "sweep.yml"
    plan.write_text(PLAN.replace("SEEDS", seeds))


def make_checkout(folder: Path) -> Path:
    """A checkout with a notebook that trains in no time, and a tiny file of ratings."""
    checkout = toys.make_checkout(folder / "checkout")
    notebook = checkout / "notebooks" / "01_first.ipynb"
    toys.write_notebook(notebook, TRAINS, parameters=PARAMETERS, needs=["stars"])
    (checkout / "data").mkdir()
    lines = [
        f"{user},{item},{(user * item) % 5 + 1},{880_000_000 + 1000 * user + item}"
        for user in range(1, 31)
        for item in range(1, 41)
        if (user + 3 * item) % 4
    ]
    text = "\n".join(["userId,movieId,rating,timestamp", *lines]) + "\n"
    (checkout / "data" / "tiny.csv").write_text(text)
    return checkout


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A checkout for calls within this process."""
    checkout = make_checkout(tmp_path)
    monkeypatch.setattr(plans, "ROOT", checkout)
    monkeypatch.setattr(plans, "NOTEBOOKS", checkout / "notebooks")
    monkeypatch.setattr(plans, "PLANS", checkout / "notebooks" / "plans")
    monkeypatch.setenv("REELBOOK_BUILD", str(checkout / "build"))
    return checkout


# The plan


def test_a_matrix_has_a_cell_for_every_combination_under_a_readable_name(here):
    write_plan(here, "[[0], [1], [2, 3]]")
    plan = read_plan("sweep")
    assert len(plan.notebooks) == 12
    assert next(iter(plan.notebooks)) == "01_first-dataset=made-up-seeds=0-epochs=2"
    assert list(plan.notebooks)[-1] == "01_first-dataset=tiny-seeds=2,3-epochs=10"
    assert plan.notebooks["01_first-dataset=tiny-seeds=1-epochs=10"] == {
        "dataset": str(here / "data" / "tiny.csv"),  # a kernel runs in another folder
        "plan": "sweep", "seeds": [1], "epochs": 10,
        "fails_with": "../data/broken",
    }  # fmt: skip
    assert plan.varied == ["dataset", "seeds", "epochs"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("matrix: {seeds: [[0]]}", "a batch has the keys notebook (a name), matrix and parameters"),
        ("notebook: 01_first\nmatrix: {}", "matrix must hold lists of values by parameter"),
        ("notebook: 01_first\nmatrix: [1]", "matrix must hold lists of values by parameter"),
        ("notebook: 01_first\nmatrix: {epochs: 3}", "'epochs' in the matrix must be a list"),
        ("notebook: 01_first\nmatrix: {epochs: []}", "with at least one, not []"),
        ("notebook: 01_first\nmatrix: {epochs: [2, 3, 2]}", "'epochs' in the matrix holds 2 twice"),
        ("notebook: 01_first\nmatrix: {epoch: [2]}", "01_first has no parameter 'epoch'. It knows"),
        ("notebook: 01_first\nmatrix: {epochs: [2, x]}", "'epochs' must be int, not the str 'x'"),
        ("notebook: 01_first\nmatrix: {seeds: [0, 1]}", "'seeds' must be list[int], not the int 0"),
        ("notebook: 01_first\nmatrix: {epochs: [0]}", "'epochs' must be 1 or more, not 0"),
        ("notebook: 01_first\nmatrix: {dataset: [3]}", "'dataset' must be str"),
        ("notebook: 01_first\nmatrix: {dataset: [ml-99k]}", "Unknown data set 'ml-99k'"),
        ("notebook: 07_x\nmatrix: {epochs: [2]}", "There is no notebook '07_x'"),
        ("notebook: 90_results\nmatrix: {plan: [toy]}", "shows the results of a plan"),
        (
            "notebook: 01_first\nmatrix: {epochs: [2]}\nparameters: {epochs: 3}",
            "'epochs' stands in the matrix and in the parameters",
        ),
        (
            "notebook: 01_first\nmatrix: {dataset: [data/tiny.csv, data/../data/tiny.csv]}",
            "two cells would be named 01_first-dataset=tiny",
        ),
    ],
)
def test_a_wrong_matrix_is_told_in_a_line_before_anything_runs(here, text, told):
    (here / "notebooks" / "plans" / "sweep.yml").write_text(text)
    with pytest.raises(ReelbookError) as error:
        read_plan("sweep")
    assert told in str(error.value)
    assert not (here / "build").exists()


def test_data_that_lack_what_the_notebook_needs_are_refused(here):
    write_plan(here, "[[0]]")
    record = here / "build" / "data" / "tiny" / "data.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"traits": ["times"], "path": str(here / "data" / "tiny.csv")}))
    with pytest.raises(ReelbookError, match="01_first needs stars, which .*tiny.csv does not hold"):
        read_plan("sweep")


def test_a_name_tells_values_apart_that_a_file_name_cannot_hold():
    titles = [name_cell("x", {"title": title}) for title in ("a b", "a/b", "a-b", "ä" * 300)]
    assert len(set(titles)) == 4
    assert titles[2] == "x-title=a-b"
    for title in titles:
        assert re.fullmatch(r"[\w.,=-]+", title)
        assert len(title) <= LONGEST + 9


def test_a_batch_is_no_book_and_a_book_no_batch(here):
    write_plan(here, "[[0]]")
    done = toys.run(here, "build", "--plan", "sweep")
    assert done.stderr == "error: Plan sweep is a batch: make batch PLAN=sweep\n"
    done = toys.run(here, "batch", "--plan", "toy")
    assert done.stderr == "error: Plan toy makes a report: make book PLAN=toy\n"
    done = toys.run(here, "notebook", "01_first", "--plan", "sweep")
    assert done.stderr.startswith("error: Plan sweep is a batch of the cells 01_first-dataset=")


# The road


def list_finished(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(re.findall(r"\[sweep\] (\S+): finished", done.stderr))


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_batch_runs_what_is_missing_and_compares_what_is_there(tmp_path):
    checkout = make_checkout(tmp_path)
    build = checkout / "build" / "sweep"
    write_plan(checkout, "[[0]]")
    (checkout / "data" / "broken").touch()
    done = toys.run(checkout, "batch", "--plan", "sweep", "--jobs", "2")
    assert done.returncode == 1
    cells = {
        f"01_first-dataset={dataset}-seeds=0-epochs={epochs}"
        for dataset in ("made-up", "tiny")
        for epochs in (2, 10)
    }
    failed = "01_first-dataset=tiny-seeds=0-epochs=10"
    assert list_finished(done) == cells - {failed}
    told = done.stderr.split("error: ")[1]
    assert told.startswith(f"1 of 4 cells failed: {failed}\n01_first failed in cell 3 (`")
    assert "ValueError: a broken cell" in told
    assert f"<li>{failed} failed.</li>" in (build / "comparison.html").read_text()
    assert len({row["notebook"] for row in read_rows(build / "results.csv")}) == 3

    # What is mended and what is new runs, and nothing else.
    (checkout / "data" / "broken").unlink()
    write_plan(checkout, "[[0], [1]]")
    done = toys.run(checkout, "batch", "--plan", "sweep", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert list_finished(done) == {failed, *(name.replace("seeds=0", "seeds=1") for name in cells)}
    check_outcome(build)

    before = toys.snapshot(build)
    done = toys.run(checkout, "batch", "--plan", "sweep", "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Comparison: build/sweep/comparison.html" in done.stdout
    assert toys.snapshot(build) == before


def check_outcome(build: Path) -> None:
    rows = read_rows(build / "results.csv")
    assert list(rows[0]) == [*RESULT_COLUMNS, "seeds", "epochs", "notebook"]
    assert {(row["dataset"], row["seeds"], row["epochs"]) for row in rows} == {
        (dataset, seed, epochs)
        for dataset in ("made-up", "tiny")
        for seed in "01"
        for epochs in ("2", "10")
    }
    page = Page(text := (build / "comparison.html").read_text())
    assert {unquote(link) for link in page.links} == {row["notebook"] for row in rows}
    assert all((build / unquote(link)).is_file() for link in page.links)
    assert page.sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    assert "Left out, as nothing here changes them: baseline.user_mean (official)" in text
    board = read_board(text)
    assert list(board[0]) == ["dataset", "epochs", "model", "value", "low", "high"]
    assert all(float(row["low"]) < float(row["value"]) < float(row["high"]) for row in board)
    assert list(dict.fromkeys(row["epochs"] for row in board)) == ["2", "10"]  # as numbers
    boards = {part.split("<")[0]: read_board(part) for part in text.split("<h2>")[1:-1]}
    protocols = [name.split("protocol ")[1] for name in boards]
    assert protocols == sorted(protocols)  # before, in the order of the runs' hashes
    # The seeds share their run under `official`, where it counts once.
    assert all("runs" not in row for row in boards["Test rmse, protocol official"])
    assert {row["runs"] for row in boards["Test rmse, protocol source"]} == {"2"}


def read_board(page: str) -> list[dict[str, str]]:
    """The first table of a page."""
    table = page.split("<table")[1].split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in table.split("<tr>")[1:]]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


# The comparison


def test_seeds_and_folds_are_averaged_over_unless_nothing_else_varies():
    assert list_axes(["epochs", "seeds", "leak_seeds", "folds", "dataset"]) == ["dataset", "epochs"]
    assert list_axes(["seeds"]) == ["seeds"]
    assert list_axes([]) == []


def test_values_are_in_the_order_of_numbers_where_they_are_numbers():
    table = pd.DataFrame({"x": ["10", "9", "b", "1,2", "1e-05", "a", ""]})
    assert list(sort_values(table, ["x"])["x"]) == ["1e-05", "1,2", "9", "10", "", "a", "b"]


def test_a_model_is_constant_where_no_setting_changes_its_runs_within_any_data_set():
    rows = [
        {"protocol": "official", "model": model, "dataset": d, "epochs": e, "run_id": run}
        for d in ("one", "two")
        for e in ("2", "10")
        for model, run in {
            "still": f"s{d}",
            "moving": f"m{d}{e}",
            "half": f"h{d}" + e * (d > "p"),
        }.items()
    ]
    kept, told = drop_constant(pd.DataFrame(rows), ["dataset", "epochs"])
    assert set(kept["model"]) == {"moving", "half"}
    assert told == ["still (official)"]
    kept, told = drop_constant(pd.DataFrame(rows), ["dataset"])
    assert (len(kept), told) == (12, [])


def test_notebooks_that_a_person_executed_are_compared_and_failed_ones_named(tmp_path):
    """Plain papermill in a loop: nobody said where the list of runs should go."""
    checkout = make_checkout(tmp_path)
    out = checkout / "out"
    out.mkdir()
    for epochs in (2, 10):
        papermill(
            checkout,
            "01_first",
            out / f"{epochs}.ipynb",
            "-l",
            "python",
            "-p",
            "epochs",
            str(epochs),
        )
    text = (out / "2.ipynb").read_text()
    stopped = json.loads(text)
    stopped["metadata"]["papermill"]["end_time"] = None
    (out / "stopped.ipynb").write_text(json.dumps(stopped))
    raised = json.loads(text)
    raised["cells"][-1]["outputs"] = [{"output_type": "error", "ename": "E", "evalue": "why"}]
    (out / "raised.ipynb").write_text(json.dumps(raised))
    (out / "torn.ipynb").write_text(text[:100])
    shutil.copy(checkout / "notebooks" / "02_second.ipynb", out)
    run_id = re.search(r'"([0-9a-f]{16})": \[', text)[1]
    (out / "lost.ipynb").write_text(text.replace(run_id, "0" * 16))

    notebooks = sorted(map(str, out.glob("*.ipynb")))
    done = toys.run(checkout, "compare", *notebooks, "--output", "compared")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Comparison: compared/comparison.html\n"
    told = done.stderr.splitlines()
    assert told[0] == "left out: out/02_second.ipynb holds no training runs."
    assert told[1].startswith("left out: out/lost.ipynb: Run 0000000000000000 is missing or was")
    assert told[2:4] == [
        "left out: out/raised.ipynb failed: E: why",
        "left out: out/stopped.ipynb did not run to its end.",
    ]
    assert told[4].startswith("left out: out/torn.ipynb is no notebook: ")
    page = (checkout / "compared" / "comparison.html").read_text()
    assert all(line.split("/")[1].split(".ipynb")[0] in page for line in told)
    assert Page(page).links == ["../out/2.ipynb", "../out/10.ipynb"]
    rows = read_rows(checkout / "compared" / "results.csv")
    assert list(rows[0]) == [*RESULT_COLUMNS, "epochs", "notebook"]
    assert {(row["epochs"], row["notebook"]) for row in rows} == {
        ("2", "../out/2.ipynb"),
        ("10", "../out/10.ipynb"),
    }

    done = toys.run(checkout, "compare", notebooks[-1])
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is nothing to compare.\n  out/torn.ipynb is no")
    assert not (checkout / "build" / "compare").exists()


def papermill(checkout: Path, name: str, output: Path, *arguments: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).with_name("papermill"),
            "-l",
            "python",
            f"{name}.ipynb",
            output,
            *arguments,
        ],
        cwd=checkout / "notebooks",
        env=toys.make_environment(checkout),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("comparison.html", "<html>mine", True),
        ("results.csv", "a,b\n", True),
        ("results.csv", f"{','.join(RESULT_COLUMNS)}\n", True),  # of a report
        ("results.csv", f"{','.join(RESULT_COLUMNS)},notebook\n", False),
        ("results.csv", f"{','.join(RESULT_COLUMNS)},epochs,notebook\n", False),
        ("comparison.html", HEAD, False),
    ],
)
def test_a_comparison_writes_over_nothing_but_a_comparison(tmp_path, name, text, refused):
    (tmp_path / name).write_text(text)
    if refused:
        with pytest.raises(ReelbookError, match="this command did not write"):
            check_folder(tmp_path)
    else:
        check_folder(tmp_path)


# The README


def read_examples(language: str) -> list[str]:
    """The blocks of a language in the README's section on batches."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## Batches\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)


def test_the_plan_in_the_readme_is_the_one_that_is_there():
    plan = (ROOT / "notebooks" / "plans" / "batch.yml").read_text(encoding="utf-8")
    assert read_examples("yaml") == [plan.split("\n", 1)[1]]  # without the comment at its head


def test_the_examples_of_the_readme_run_as_they_stand(tmp_path):
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("*.egg-info")
    for folder in ("lib", "notebooks", "book"):
        shutil.copytree(ROOT / folder, checkout / folder, ignore=ignored)
    for file in ("Makefile", "Snakefile"):
        shutil.copy(ROOT / file, checkout)
    (checkout / ".venv").symlink_to(sys.prefix)
    (checkout / "tools").mkdir()
    (checkout / "tools" / "make-env.sh").symlink_to("/bin/true")  # the environment is there
    for example in read_examples("sh"):
        done = subprocess.run(
            ["bash", "-e", "-c", example],
            cwd=checkout,
            env=toys.make_environment(checkout, JOBS="1", REELBOOK_JOBS="1"),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    compared = []
    for name in ("batch", "compare"):
        rows = read_rows(checkout / "build" / name / "results.csv")
        assert {row["seeds"] for row in rows} == {"0", "1"}
        compared.append([row | {"notebook": ""} for row in rows])
        links = Page((checkout / "build" / name / "comparison.html").read_text()).links
        assert len(links) == 2
    assert compared[0] == compared[1]  # the same runs, by two roads
