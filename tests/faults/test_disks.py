"""A disk that is full, at whatever write, or that may not be written: told, and nothing is lost."""

import subprocess
from pathlib import Path

import pytest
import toys


def mount(options: str, folder: Path) -> None:
    """A file system in memory; where this machine lets us make none, the test is skipped."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def build_folder(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("size=16k", folder)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_at_whatever_step_and_the_next_build_goes_on(
    trained, build_folder, tmp_path
):
    checkout = toys.make_training_checkout(tmp_path / "checkout")
    toys.keep_chapters(checkout, "01_first", "02_second")
    place = {"REELBOOK_BUILD": str(build_folder)}
    before = toys.snapshot(checkout)
    kept: dict[Path, str] = {}
    # too small for the tables, a run, an executed notebook, the pages; and then for nothing
    for size in ["16k", "200k", "400k", "3m"]:
        mount(f"remount,size={size}", build_folder)
        # Runs fail in processes of their own; those that do not can do without.
        place["REELBOOK_PROCESSES"] = "2" if size == "200k" else "1"
        done = toys.run(checkout, "build", "--plan", "toy", "--jobs", "2", **place)
        assert done.returncode == 1, size
        assert "error:" in done.stderr, size
        assert "No space left on device" in done.stderr, size
        assert "Traceback" not in done.stderr, size
        assert toys.snapshot(checkout) == before
        runs = toys.snapshot(build_folder / "runs")
        assert kept.items() <= runs.items(), size
        kept = runs
    mount("remount,ro", build_folder)
    done = toys.run(checkout, "build", "--plan", "toy", "--jobs", "2", **place)
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    mount("remount,rw,size=100m", build_folder)
    done = toys.run(checkout, "build", "--plan", "toy", "--jobs", "2", **place)
    assert done.returncode == 0, done.stderr
    written = trained / "build" / "toy" / "results.csv"
    assert (build_folder / "toy" / "results.csv").read_bytes() == written.read_bytes()
