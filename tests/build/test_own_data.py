"""The report on a person's own ratings: one parameter, and the chapters that fit."""

import json
import shlex
import shutil
import subprocess
import sys

import pytest
import toys

from reelbook.__main__ import main
from reelbook.build.plan import read_plan
from reelbook.paths import ROOT

ROWS = ["user,item,rating"] + [f"{u},{i},{(u * i) % 5 + 1}" for u in range(1, 9) for i in range(9)]
SHOW = (
    "from reelbook.data.store import load\n"
    "data = load(dataset)\nprint(data.name, len(data.ratings), sorted(data.traits))"
)


@pytest.fixture
def checkout(built, tmp_path):
    """A checkout with a plan `own`, of which one chapter needs times."""
    checkout = tmp_path / "checkout"
    shutil.copytree(built, checkout)
    notebooks = checkout / "notebooks"
    toys.write_notebook(notebooks / "01_first.ipynb", SHOW)
    toys.write_notebook(notebooks / "02_second.ipynb", "1 / 0", needs=["times"])
    plan = "notebooks:\n  01_first: {}\n  02_second: {}\n"
    (notebooks / "plans" / "own.yml").write_text(plan)
    return checkout


def build(checkout, *arguments):
    return toys.run(checkout, "build", "--jobs", "2", *arguments, cwd=checkout.parent)


def show_commands(checkout, name):
    """What a build would run when a module of the data has changed."""
    (checkout / "lib" / "reelbook" / "data" / "roles.py").touch()
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(checkout / "Snakefile"),
               "--directory", str(checkout / "build"), "--config", "plan=own", f"data={name}",
               "--dry-run", "--nolock", "--printshellcmds"]  # fmt: skip
    done = subprocess.run(
        command, env=toys.make_environment(checkout), capture_output=True, text=True
    )
    return done.stdout


def test_one_parameter_makes_the_report_and_only_what_changed_is_made_again(checkout):
    path = checkout.parent / "My Shop's ratings.csv"
    path.write_text("\n".join(ROWS))
    done = build(checkout, "--data", path.name)
    assert done.returncode == 0, done.stderr
    assert "columns   user: user, item: item, rating: rating" in done.stdout
    assert "02_second is left out: these data hold no times" in done.stdout
    html = checkout / "build" / "my-shop-s-ratings" / "html"
    page = (html / "01_first.html").read_text()
    assert "my-shop-s-ratings 72 [" in page
    assert not (html / "02_second.html").exists()
    done = build(checkout, "--data", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"reelbook data {shlex.quote(str(path))}" in show_commands(checkout, "my-shop-s-ratings")
    path.write_text("\n".join(ROWS[:-1]))
    done = build(checkout, "--data", "my-shop-s-ratings")
    assert done.returncode == 0, done.stderr
    assert "my-shop-s-ratings 71 [" in (html / "01_first.html").read_text()


def test_the_first_chapters_hold_on_bare_ratings(built, tmp_path):
    """Our own notebooks, on a file without times, titles or anything on the users."""
    checkout = tmp_path / "checkout"
    shutil.copytree(built, checkout)
    for name in ("00_data", "01_exploration"):
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", checkout / "notebooks")
    plan = "notebooks:\n  00_data: {}\n  01_exploration: {}\n"
    (checkout / "notebooks" / "plans" / "own.yml").write_text(plan)
    rows = [
        f"{u};{10 * (u * i % 37) + 10};{(u * i) % 10 + 1}"
        for u in range(1, 31)
        for i in range(1, 9)
    ]
    (tmp_path / "read.csv").write_text("\n".join(["user;isbn;stars", *dict.fromkeys(rows)]))
    done = build(checkout, "--data", "read.csv")
    assert done.returncode == 0, done.stderr
    html = checkout / "build" / "read" / "html"
    page = (html / "00_data.html").read_text()
    assert "They hold no times, no titles, no years, no genres and no people." in page
    assert "of the pairs of a user and a book hold a rating" in page
    executed = json.loads((html.parent / "executed" / "01_exploration.ipynb").read_text())
    tags = {tag for cell in executed["cells"] for tag in cell["metadata"].get("tags", [])}
    assert "parameters" in tags
    assert not tags & {"needs-people", "needs-times", "needs-documents"}  # they would show nothing
    page = (html / "01_exploration.html").read_text()
    assert "Which books are rated most?" in page
    assert "The document" not in page
    assert "a number of stars from one to five" not in (html / "how_to_read.html").read_text()


def test_what_cannot_be_read_ends_the_build_before_anything_is_run(checkout):
    path = checkout.parent / "ratings.csv"
    path.write_text("a,b\nx,y\n")
    done = build(checkout, "--data", str(path))
    assert done.returncode == 1
    assert "which column is the user and which the item?" in done.stderr
    assert "started" not in done.stderr
    done = build(checkout, "--plan", "own")
    assert done.returncode == 1
    assert done.stderr == "error: Plan own is for data of your own: make book DATA=ratings.csv\n"


def test_a_plan_may_name_a_file_from_the_folder_of_the_project(checkout, monkeypatch):
    """And a notebook that a person runs gets the path as its kernel can use it."""
    (checkout / "shop").mkdir()
    (checkout / "shop" / "sold.csv").write_text("\n".join(ROWS))
    plans = checkout / "notebooks" / "plans"
    plan = "dataset: shop/sold.csv\n" + (plans / "own.yml").read_text()
    (plans / "shop.yml").write_text(plan)
    done = toys.run(checkout, "notebook", "01_first", "-p", "dataset", "shop/sold.csv",
                    "--plan", "shop", "--output", "out.ipynb")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sold 72 [" in (checkout / "out.ipynb").read_text()


@pytest.mark.parametrize("name", ["ml-100k", "smoke"])
def test_named_data_hold_everything(name):
    plan = read_plan(name)
    assert plan.left_out == {}
    assert plan.lacks == []
    assert json.dumps(plan.notebooks)


def test_a_notebook_on_data_of_ones_own_takes_the_plan_for_them(tmp_path, monkeypatch, capsys):
    """Of the plan ml-100k it had titles that these data do not hold."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))
    path = tmp_path / "one.csv"
    rows = [f"u{n},{n % 9},{n % 5 + 1}\n" for n in range(40)]
    path.write_text("user,movie,stars\n" + "".join(rows))
    assert main(["data", str(path)]) == 0
    capsys.readouterr()
    assert main(["notebook", "08_recommend", "-p", "dataset", str(path)]) == 1
    told = capsys.readouterr().err
    assert told == f"error: 08_recommend needs users with 8 ratings, which {path} does not hold.\n"
    path.write_text("user,movie,stars\n" + "".join(f"u,{n},{n % 5 + 1}\n" for n in range(8)))
    assert main(["data", str(path)]) == 0
    assert "08_recommend" in read_plan("own", str(path)).notebooks
