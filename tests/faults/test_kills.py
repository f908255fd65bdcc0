"""kill -9 of any process of a build at any moment: told, and the next build is right."""

import os
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest
import toys
from hypothesis import given, settings
from hypothesis import strategies as st

# By what stands in its command line. A training process is one that a kernel spawned.
VICTIMS = {
    "build": "reelbook build",
    "Snakemake": "snakemake.cli",
    "step": "reelbook notebook",
    "kernel": "ipykernel",
    "training": "multiprocessing.spawn",
}


def list_processes(checkout: Path, words: str = "") -> list[psutil.Process]:
    """The living processes that work in a checkout, by words of their command lines."""
    found = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(checkout)
            if inside and process.status() != "zombie" and words in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it ended meanwhile
    return found


def wait_for(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    return toys.make_training_checkout(tmp_path_factory.mktemp("killed") / "checkout")


@settings(max_examples=6, deadline=None, derandomize=True)
@given(victim=st.sampled_from(list(VICTIMS)), seconds=st.floats(0, 8))
def kill_and_look(checkout: Path, victim: str, seconds: float) -> None:
    build = checkout / "build"
    if (build / "toy" / "html").exists():  # the last build came to its end
        shutil.rmtree(build)
    runs = toys.snapshot(build / "runs")
    running = toys.start_build(checkout)
    time.sleep(seconds)
    wait_for(lambda: list_processes(checkout, VICTIMS[victim]) or running.poll() is not None, 60)
    killed = list_processes(checkout, VICTIMS[victim])[-1:]
    for process in killed:
        process.kill()
    _, told = running.communicate(timeout=120)
    wait_for(lambda: not list_processes(checkout), 20)
    assert "Traceback" not in told
    if running.returncode == 0:  # killed after its work was done, or too late for any
        assert (build / "toy" / "html" / "index.html").exists(), told
    elif victim != "build":
        assert killed
        assert running.returncode == 1, told
        assert "error: " in told
        assert "What was finished is kept" in told
    assert runs.items() <= toys.snapshot(build / "runs").items()


def test_after_any_kill_the_next_build_is_right(checkout, trained):
    kill_and_look(checkout)
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    place = Path("build", "toy", "results.csv")
    assert (checkout / place).read_bytes() == (trained / place).read_bytes()


def test_ctrl_c_twice_while_networks_train_is_told_in_a_line(tmp_path):
    checkout = toys.make_training_checkout(tmp_path / "checkout", epochs=5000)
    running = toys.start_build(checkout)
    wait_for(lambda: len(list_processes(checkout, VICTIMS["training"])) == 2, 60)
    time.sleep(2)
    os.killpg(running.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.splitlines()[-1] == "Interrupted. What was finished is kept."
    assert "Traceback" not in told
    wait_for(lambda: not list_processes(checkout), 20)
