"""Made-up ratings, and a checkout with notebooks of a test's own, built through the real road."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import numpy as np
import pandas as pd
import pytest

from reelbook.files import compute_sha256
from reelbook.paths import ROOT

PARAMETERS = 'dataset: str = "made-up"\nplan: str = "toy"\nseeds: list[int] = [0, 1]'
GLUED = [
    "document_range", "num_runs", "dataset_title", "dataset_note", "num_ratings", "num_users",
    "num_movies", "mattered", "mattered_not",
]  # fmt: skip
# What myst_nb.glue leaves in a notebook, without the seconds that its import takes.
GLUE = f"""
from IPython.display import display
def glue(name, mime, text, **more):
    prefix = "application/papermill.record/"
    metadata = {{"scrapbook": {{"name": name, "mime_prefix": prefix}}, mime: more}}
    display({{prefix + mime: text}}, raw=True, metadata=metadata)
for key in {GLUED}:
    glue(key, "text/plain", repr(key.upper()))
for key in ["leaderboard_short", "ranking_short", "verdicts", "guide"]:
    glue(key, "text/html", "<table><tr><td>mf.toy</td></tr></table>")
glue("costs", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"/>', alt="Costs & more.")
"""

# Two networks in processes of their own; a fault that stops a training stops one of these.
TRAIN = """
from reelbook.data.store import load
from reelbook.runs.record import Request
from reelbook.runs.store import load_or_train_all
from reelbook.splits.protocols import make_split
data = load(dataset)
splits = [make_split(data, "official", fold=fold) for fold in (1, 2)]
requests = [Request("mf.dot", {{"epochs": {epochs}}}, split, 0) for split in splits]
runs = load_or_train_all(requests, data)
"""


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first of pytest's processes makes, and that the others wait for."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = root / f"{name}.made"
    with filelock.FileLock(root / f"{name}.lock"):
        if not made.exists():
            make(root / name)
            made.touch()
    return root / name


def make_ratings(users: object, times: object) -> pd.DataFrame:
    """Ratings of movies of their own, of these users at these times."""
    table = pd.DataFrame({"user_id": users, "timestamp": times})
    return table.assign(movie_id=range(1, len(table) + 1), rating=np.float32(3))


def write_notebook(
    path: Path, *cells: str, parameters: str = PARAMETERS, needs: list[str] | None = None
) -> None:
    """A notebook of a title, a parameters cell and these code cells."""
    sources = [("markdown", f"# {path.stem}"), ("code", parameters), *(("code", c) for c in cells)]
    content = {
        "cells": [_make_cell(i, kind, source) for i, (kind, source) in enumerate(sources)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    if needs:
        content["metadata"]["reelbook"] = {"needs": needs}
    path.write_text(json.dumps(content))


def _make_cell(index: int, kind: str, source: str) -> dict:
    tags = {"tags": ["parameters"]} if index == 1 else {}
    cell = {"cell_type": kind, "id": f"cell-{index}", "metadata": tags, "source": source}
    return cell if kind == "markdown" else cell | {"outputs": [], "execution_count": None}


def make_checkout(folder: Path) -> Path:
    """The project's code, Snakefile and book, and a plan `toy` of three quick notebooks."""
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("*.egg-info")
    shutil.copytree(ROOT / "lib", folder / "lib", ignore=ignored)  # what is compiled stays so
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copy(ROOT / "Snakefile", folder)
    notebooks = folder / "notebooks"
    (notebooks / "plans").mkdir(parents=True)
    write_notebook(notebooks / "01_first.ipynb", "print('first')")
    write_notebook(notebooks / "02_second.ipynb", "print(sum(seeds))")
    write_notebook(notebooks / "90_results.ipynb", GLUE)
    keep_chapters(folder, *(file.stem for file in sorted(notebooks.glob("*.ipynb"))))
    return folder


def keep_chapters(checkout: Path, *names: str) -> None:
    """Let the plan `toy` have these notebooks and no others."""
    plan = ["dataset: made-up", "notebooks:", *(f"  {name}: {{}}" for name in names)]
    (checkout / "notebooks" / "plans" / "toy.yml").write_text("\n".join(plan) + "\n")


def make_training_checkout(folder: Path, *, epochs: int = 2) -> Path:
    """The same, but its first notebook trains."""
    checkout = make_checkout(folder)
    write_notebook(checkout / "notebooks" / "01_first.ipynb", TRAIN.format(epochs=epochs))
    return checkout


STUDY = """
from reelbook.data.store import load
from reelbook.report import studies
runs = studies.{}(load(dataset), {}).run()
"""


def make_cluster_checkout(folder: Path, interval: str) -> Path:
    """A plan `toy` of two chapters that train studies, and profiles that look often at a queue.

    Args:
        folder: where it goes.
        interval: the option of a profile that is its time between two looks, in seconds.
    """
    checkout = make_checkout(folder)
    shutil.copytree(ROOT / "profiles", checkout / "profiles")
    for file in checkout.glob("profiles/*/config.yaml"):
        file.write_text(
            re.sub(rf"^{interval}: \d+", f"{interval}: 1", file.read_text(), flags=re.M)
        )
    notebooks = checkout / "notebooks"
    for file in notebooks.glob("*.ipynb"):
        file.unlink()
    common = 'dataset: str = "made-up"\nfolds: list[int] = [1]'
    write_notebook(
        notebooks / "02_matrix_factorization.ipynb",
        STUDY.format(
            "matrix_factorization", "folds=folds, seeds=seeds, epochs=epochs, tuned=tuned"
        ),
        parameters=f"{common}\nseeds: list[int] = [0]\nepochs: int = 2\ntuned: bool = False",
    )
    write_notebook(
        notebooks / "08_recommend.ipynb",
        STUDY.format("recommend", "folds=folds"),
        parameters=common,
    )
    plan = "dataset: made-up\nnotebooks: {02_matrix_factorization: {}, 08_recommend: {}}\n"
    (notebooks / "plans" / "toy.yml").write_text(plan)
    (checkout / "book" / "index.md").write_text("# Toy\n")  # no page of results to quote from
    return checkout


def snapshot(*places: Path) -> dict[Path, str]:
    """The checksum of each file in these places, logs and hidden files apart."""
    files = [f for place in places for f in ([place] if place.is_file() else place.rglob("*"))]
    return {
        file: compute_sha256(file)
        for file in files
        if file.is_file()
        and not file.name.startswith(".")
        and not {"logs", ".snakemake", "__pycache__"} & set(file.parts)
    }


def make_environment(checkout: Path, **extra: str) -> dict[str, str]:
    """Environment in which `reelbook` is that of the checkout, and builds in its own folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("REELBOOK_")}
    return kept | {"PYTHONPATH": str(checkout / "lib")} | extra


def run(
    checkout: Path,
    *arguments: str,
    file_size_limit: int | None = None,
    cwd: Path | None = None,
    **extra: str,
) -> subprocess.CompletedProcess[str]:
    """`python -m reelbook ...` in a checkout, to its end."""

    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, file_size_limit))

    return subprocess.run(
        [sys.executable, "-m", "reelbook", *arguments],
        cwd=cwd or checkout,
        env=make_environment(checkout, **extra),
        capture_output=True,
        text=True,
        timeout=900,  # a guard against hanging, not a measure
        preexec_fn=limit_file_size if file_size_limit else None,
    )


def start_build(checkout: Path) -> subprocess.Popen[str]:
    """A build of the plan `toy`, started."""
    return start(checkout, "build", "--plan", "toy", "--jobs", "2")


def start(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a terminal would start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "reelbook", *arguments],
        cwd=checkout,
        env=make_environment(checkout),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def build(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Build the plan `toy`."""
    return run(checkout, "build", "--plan", "toy", "--jobs", "2")
