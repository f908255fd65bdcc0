"""No process of a build outlives the one that started it, however that ends."""

import signal
import time

import psutil
import pytest
import toys

SLEEP = "import pathlib, time\npathlib.Path('sleeping').touch()\ntime.sleep(120)"


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def find(processes: list[psutil.Process], words: str) -> psutil.Process:
    """The one whose command line holds some words."""
    (found,) = [process for process in processes if words in " ".join(process.cmdline())]
    return found


@pytest.mark.parametrize("killed", ["reelbook build", "snakemake.cli", "reelbook notebook"])
def test_what_a_killed_process_had_started_ends_with_it(tmp_path, killed):
    """Before, only a kernel did: its notebook went on under a dead Snakemake."""
    checkout = toys.make_checkout(tmp_path / "checkout")
    toys.keep_chapters(checkout, "02_second")
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", SLEEP)
    build = toys.start(checkout, "build", "--plan", "toy", "--jobs", "1")
    wait_for((checkout / "notebooks" / "sleeping").exists)
    every = [psutil.Process(build.pid), *psutil.Process(build.pid).children(recursive=True)]
    chosen = find(every, killed)
    started = chosen.children(recursive=True)
    assert find(started, "ipykernel")
    chosen.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=20)
    build.kill()
    build.communicate()
    assert alive == []


def test_a_notebook_that_prints_without_end_is_stopped(tmp_path):
    """Before, it filled memory and disk."""
    checkout = toys.make_checkout(tmp_path / "checkout")
    code = checkout / "lib" / "reelbook" / "build" / "notebook.py"
    text = code.read_text()
    assert "\nMOST_PRINTED = 50_000_000" in text
    code.write_text(text.replace("50_000_000", "2_000_000"))  # the same, sooner
    endless = "import time\nwhile True:\n    print('x' * 10_000)\n    time.sleep(0.005)"
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", endless)
    done = toys.run(checkout, "notebook", "02_second", "--plan", "toy")
    assert done.returncode == 1
    assert "it printed more than 2 MB, and was stopped" in done.stderr
    assert (checkout / "build" / "toy" / "logs" / "02_second.log").stat().st_size < 500e6


def test_what_is_printed_faster_than_it_is_written_is_stopped_by_its_size(tmp_path):
    """Before, a loop that prints held gigabytes until the first of them were in the log."""
    checkout = toys.make_checkout(tmp_path / "checkout")
    endless = "while True:\n    print('x' * 100_000)"
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", endless)
    done = toys.run(checkout, "notebook", "02_second", "--plan", "toy")
    assert done.returncode == 1
    assert "it printed more than 50 MB, and was stopped" in done.stderr
