"""Fixtures that several test files share."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import toys
from threadpoolctl import threadpool_limits

from reelbook.data import synthetic
from reelbook.data.tables import Dataset
from reelbook.paths import ROOT
from reelbook.processes import collect_rarely

# A shell starts background jobs with SIGINT ignored, and their children inherit that: Ctrl-C could
# then not be tried in them.
signal.signal(signal.SIGINT, signal.default_int_handler)

collect_rarely()  # as in every process that computes

# A busy machine is slow, and that is no fault.
hypothesis.settings.register_profile("reelbook", deadline=None)
hypothesis.settings.load_profile("reelbook")


# These files run longest and are begun first, so that no process waits for another one at the end.
LONGEST = [
    "test_smoke", "test_batch", "test_build", "test_own_data", "test_surroundings", "test_disks",
    "test_kills", "test_faults", "test_verify", "test_book", "test_stopping", "test_conformance",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the test files by how long they run, longest first; within a file nothing moves."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Compute with one thread, as runs do: two wait for each other longer than they work.

    What was imported stays: a fit, which collects garbage first, need not look through it.
    """
    threadpool_limits(1)
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def matplotlib_as_it_was() -> Iterator[None]:
    """A test that sets the report's style sets it for itself alone, in whatever order tests run."""
    with mpl.rc_context():
        yield


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The made-up data set; tests that need another one make it under the same name."""
    return Dataset("made-up", **vars(synthetic.make_tables()), sha256="abc", source="a test")


@pytest.fixture
def ratings() -> pd.DataFrame:
    """40 users with 4 to 43 ratings in a mixed order, many of them tied."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(1, 41), np.arange(4, 44))
    table = toys.make_ratings(users, rng.integers(0, 12, len(users)))
    return table.sample(frac=1, random_state=0).reset_index(drop=True)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with toy notebooks and their report, built by the real road. Copy to change."""

    def make(folder: Path) -> None:
        done = toys.build(toys.make_checkout(folder))
        assert done.returncode == 0, done.stderr

    return toys.make_once(tmp_path_factory, "built", make)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of the plan `smoke`: the project's own notebooks on made-up ratings."""

    def make(folder: Path) -> None:
        done = toys.run(ROOT, "build", "--plan", "smoke", "--jobs", "2", REELBOOK_BUILD=str(folder))
        assert done.returncode == 0, done.stderr
        (folder / "told.txt").write_text(done.stderr)

    return toys.make_once(tmp_path_factory, "smoke", make)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As runs train; implicit warns of more."""
    with threadpool_limits(1):
        yield
