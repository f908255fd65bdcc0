"""Where a build runs: odd paths, a shell's variables, damage, a clock that jumped back."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toys

from reelbook.build.run import is_damaged
from reelbook.build.steps import find_damage
from reelbook.runs.record import find_record

RESULTS = Path("toy", "results.csv")
# What a person's shell may hold. Each of these changed a result, or stopped a build, somewhere.
ODD_SHELL = {
    "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
    "TZ": "Asia/Kathmandu", "COLUMNS": "20", "FORCE_COLOR": "1", "MPLBACKEND": "TkAgg",
    "TF_USE_LEGACY_KERAS": "0", "KERAS_BACKEND": "jax", "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_DETERMINISTIC_OPS": "0", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2", "OMP_NUM_THREADS": "7",
    "PYTHONHASHSEED": "random", "PYTHONWARNINGS": "always", "PYTHONSTARTUP": "/no/such/file",
    "SNAKEMAKE_PROFILE": "mine", "SNAKEMAKE_OUTPUT_CACHE": "/nowhere",
}  # fmt: skip


def test_no_path_and_no_variable_of_a_shell_changes_a_byte(trained, tmp_path):
    """Blanks, quotes, umlauts, braces, 200 letters, a relative build folder, and an odd shell."""
    checkout = toys.make_training_checkout(
        tmp_path / "Mäx' {own} checkout" / ("long " * 40).strip()
    )
    environment = tmp_path / "an environment's folder"
    environment.symlink_to(Path(sys.prefix))
    done = subprocess.run(
        [environment / "bin" / "python", "-m", "reelbook", "build", "--plan", "toy", "--jobs", "2"],
        cwd=checkout,
        env=toys.make_environment(checkout, REELBOOK_BUILD="my {build}") | ODD_SHELL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    build = checkout / "my {build}"
    assert (build / "toy" / "html" / "index.html").is_file()
    assert (build / RESULTS).read_bytes() == (trained / "build" / RESULTS).read_bytes()
    assert not (checkout / "notebooks" / "my {build}").exists()


def test_after_the_clock_jumped_back_a_change_is_still_seen(checkout):
    for record in (checkout / "build" / "toy" / "steps").iterdir():
        os.utime(record, (time.time() + 86_400,) * 2)
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", "print('after the jump')")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert "after the jump" in (checkout / "build/toy/html/02_second.html").read_text()
    done = toys.build(checkout)
    assert (done.returncode, done.stderr) == (0, "")


def flip_last(content: bytes) -> bytes:
    """Another last byte, whatever it was: that of weights is 0."""
    return content[:-1] + bytes([content[-1] ^ 1])


SPOIL = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "another byte": lambda file: file.write_bytes(flip_last(file.read_bytes())),
}
DAMAGES = {"missing": [Path.unlink], "spoilt": [*SPOIL.values()]}
DAMAGED = [
    "toy/results.csv", "toy/executed/01_first.ipynb", "toy/executed/01_first.runs.json",
    "toy/executed/02_second.meta.json", "toy/html/index.html", "toy/html/01_first.html",
    "toy/html/_static/custom.css", "toy/html/searchindex.js", "toy/steps/book.json",
    "toy/steps/notebook-02_second.json", "toy/steps/results.json", "data/made-up/data.json",
    "data/made-up/ratings.parquet", "data/made-up/people.parquet", "runs/*/run.json",
    "runs/*/predictions.parquet", "runs/*/history.csv", "runs/*/model.weights.h5",
]  # fmt: skip


def list_damaged(build: Path) -> list[Path]:
    damaged = [file for pattern in DAMAGED for file in sorted(build.glob(pattern))[:1]]
    assert len(damaged) == len(DAMAGED)
    return damaged


def test_a_file_that_is_spoilt_in_any_way_is_noticed_at_every_place(checkout, monkeypatch):
    """That none of them is there any more, a build itself must find: see below."""
    build = checkout / "build"
    monkeypatch.setenv("REELBOOK_BUILD", str(build))
    steps, runs = (sorted((build / name).iterdir()) for name in ("toy/steps", "runs"))

    def is_whole() -> bool:
        found = any(map(find_damage, steps)) or is_damaged("made-up")
        return not found and all(map(find_record, runs))

    for file in list_damaged(build):
        content = file.read_bytes()
        for how, spoil in SPOIL.items():
            assert is_whole()
            spoil(file)
            assert not is_whole(), (file, how)
            file.write_bytes(content)


@pytest.mark.parametrize("ways", DAMAGES.values(), ids=DAMAGES)
def test_damage_at_every_place_at_once_is_mended_by_one_build(checkout, trained, ways):
    """Whatever was done to the files of a finished report: the next build has them all again.

    Those that are spoilt are so in three ways, in turn: it is the same to what mends them.
    """
    build = checkout / "build"
    whole = {file.relative_to(build) for file in toys.snapshot(build)}
    damaged = list_damaged(build)
    for file, damage in zip(damaged, itertools.cycle(ways), strict=False):
        damage(file)
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert "made anew" in done.stderr
    assert {file.relative_to(build) for file in toys.snapshot(build)} == whole
    for name in [RESULTS, *(file.relative_to(build) for file in damaged)]:
        if name.suffix in {".csv", ".parquet", ".html", ".css"} and name.parts[0] != "runs":
            assert (build / name).read_bytes() == (trained / "build" / name).read_bytes(), name
    shutil.rmtree(checkout)
