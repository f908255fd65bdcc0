"""Where a build runs: odd paths, a shell's variables, damage, a clock that jumped back."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toys

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


DAMAGES = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "missing": Path.unlink,
    "another byte": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\0"),
}
DAMAGED = [
    "toy/results.csv", "toy/executed/01_first.ipynb", "toy/executed/01_first.runs.json",
    "toy/executed/02_second.meta.json", "toy/html/index.html", "toy/html/01_first.html",
    "toy/html/_static/custom.css", "toy/html/searchindex.js", "toy/steps/book.json",
    "toy/steps/notebook-02_second.json", "toy/steps/results.json", "data/made-up/data.json",
    "data/made-up/ratings.parquet", "data/made-up/people.parquet", "runs/*/run.json",
    "runs/*/predictions.parquet", "runs/*/history.csv", "runs/*/model.weights.h5",
]  # fmt: skip


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_at_every_place_at_once_is_mended_by_one_build(checkout, trained, how):
    """Whatever was done to the files of a finished report: the next build has them all again."""
    build = checkout / "build"
    whole = {file.relative_to(build) for file in toys.snapshot(build)}
    damaged = [file for pattern in DAMAGED for file in sorted(build.glob(pattern))[:1]]
    assert len(damaged) == len(DAMAGED)
    for file in damaged:
        DAMAGES[how](file)
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert "made anew" in done.stderr
    assert {file.relative_to(build) for file in toys.snapshot(build)} == whole
    for name in [RESULTS, *(file.relative_to(build) for file in damaged)]:
        if name.suffix in {".csv", ".parquet", ".html", ".css"} and name.parts[0] != "runs":
            assert (build / name).read_bytes() == (trained / "build" / name).read_bytes(), name
    shutil.rmtree(checkout)
