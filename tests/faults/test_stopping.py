"""What goes wrong while a report is built: told in a line or two, and nothing finished is lost."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import toys

SLEEP = "import time\ntime.sleep(120)"


@pytest.fixture
def checkout(built: Path, tmp_path: Path) -> Path:
    """A copy of a checkout whose report is built."""
    shutil.copytree(built, tmp_path / "checkout")
    return tmp_path / "checkout"


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def list_processes_in(checkout: Path) -> list[str]:
    """Command lines of the processes whose working directory is in the checkout."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = (process / "cwd").readlink().is_relative_to(checkout)
            state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if inside and state != "Z":
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended meanwhile
    return found


def start_sleeping(checkout: Path):
    """A build that hangs in 02_second and has nothing else left to do but what waits for it."""
    sleeping = checkout / "notebooks" / "sleeping"
    incomplete = checkout / "build" / ".snakemake" / "incomplete"
    sleeping.unlink(missing_ok=True)
    process = toys.start_build(checkout)
    wait_for(sleeping.exists)
    wait_for(lambda: len(list(incomplete.iterdir())) == 1)  # the record of 02_second
    return process


def test_failing_notebooks_are_named_and_the_others_go_on(checkout):
    notebooks = checkout / "notebooks"
    page = checkout / "build" / "toy" / "html" / "01_first.html"
    before = page.read_bytes()
    executed = (checkout / "build/toy/executed/01_first.ipynb").read_bytes()
    toys.write_notebook(notebooks / "01_first.ipynb", "x = 1\nx / 0")
    toys.write_notebook(notebooks / "02_second.ipynb", "import os\nos.kill(os.getpid(), 9)")
    toys.write_notebook(notebooks / "03_third.ipynb", "import sys", "sys.exit(0)")
    toys.write_notebook(notebooks / "04_fourth.ipynb", "print('fine')")
    plan = notebooks / "plans" / "toy.yml"
    plan.write_text(plan.read_text() + "  03_third: {}\n  04_fourth: {}\n")

    done = toys.build(checkout)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    summary = done.stderr[done.stderr.index("error:") :]
    assert "01_first failed in cell 3 (`x = 1`): ZeroDivisionError: division by zero" in summary
    assert "build/toy/logs/01_first.log" in summary
    assert "02_second failed in cell 3 (`import os`): the kernel died" in summary
    assert "03_third failed in cell 4 (`sys.exit(0)`): the cell ended the notebook" in summary
    assert "04_fourth: finished" in done.stderr
    assert "ZeroDivisionError" in (checkout / "build/toy/logs/01_first.ipynb").read_text()
    assert (checkout / "build/toy/executed/01_first.ipynb").read_bytes() == executed
    assert page.read_bytes() == before  # the last good report stays
    assert list_processes_in(checkout) == []


def test_a_build_can_be_stopped_in_any_way_and_the_next_goes_on(checkout):
    """Ctrl-C, a polite signal and a rough one; no kernel and no lock outlives any of them."""
    notebooks = checkout / "notebooks"
    toys.keep_chapters(checkout, "01_first", "02_second")
    toys.write_notebook(notebooks / "01_first.ipynb", "print('first, changed')")
    toys.write_notebook(notebooks / "02_second.ipynb", "open('sleeping', 'w').close()", SLEEP)

    running = start_sleeping(checkout)
    second = toys.build(checkout)
    assert second.returncode == 1
    assert second.stderr.startswith("error: Another build is running in build (plan toy, process ")
    assert len(second.stderr.splitlines()) == 1
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C in a terminal does
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "01_first: finished" in told
    assert told.splitlines()[-1] == "Interrupted. What was finished is kept."
    assert "Traceback" not in told
    wait_for(lambda: list_processes_in(checkout) == [])

    running = start_sleeping(checkout)
    running.terminate()  # reaches this one process, not the group
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "01_first" not in told  # it was finished before
    wait_for(lambda: list_processes_in(checkout) == [])

    running = start_sleeping(checkout)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    wait_for(lambda: list_processes_in(checkout) == [])

    toys.write_notebook(notebooks / "02_second.ipynb", "print('awake')")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    assert "02_second: finished" in done.stderr
    assert "01_first" not in done.stderr
    assert "awake" in (checkout / "build" / "toy" / "html" / "02_second.html").read_text()


def test_a_warning_in_a_notebook_never_reaches_the_book(checkout):
    page = checkout / "build" / "toy" / "html" / "01_first.html"
    before = page.read_bytes()
    toys.keep_chapters(checkout, "01_first", "02_second")
    notebook = checkout / "notebooks" / "01_first.ipynb"
    toys.write_notebook(notebook, "import sys\nprint('careful', file=sys.stderr)")
    done = toys.build(checkout)
    assert done.returncode == 1
    assert "01_first, cell 4 of the executed notebook, wrote to stderr" in done.stderr
    assert "careful" in done.stderr
    assert page.read_bytes() == before


def test_a_fault_in_a_page_is_told_and_the_old_pages_stay(checkout):
    index = checkout / "build" / "toy" / "html" / "index.html"
    before = index.read_bytes()
    page = checkout / "book" / "index.md"
    page.write_text(page.read_text() + "\n{glue:text}`90_results.ipynb::no_such_figure:s`\n")
    done = toys.build(checkout)
    assert done.returncode == 1
    assert "no_such_figure" in done.stderr
    assert "build/toy/logs/book.log" in done.stderr
    assert index.read_bytes() == before


def test_a_snakefile_that_does_not_load_is_told(checkout):
    snakefile = checkout / "Snakefile"
    snakefile.write_text(snakefile.read_text() + "\nraise ValueError('no such rule')\n")
    done = toys.build(checkout)
    assert done.returncode == 1
    assert "no such rule" in done.stderr
