"""A checkout that trains, built once; a fault is tried on a copy or must leave it untouched."""

import shutil
from pathlib import Path

import pytest
import toys


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of which one chapter trains, and whose report is built. Copy to change."""

    def make(folder: Path) -> None:
        done = toys.build(toys.make_training_checkout(folder))
        assert done.returncode == 0, done.stderr

    return toys.make_once(tmp_path_factory, "trained", make)


@pytest.fixture
def checkout(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(trained, tmp_path / "checkout")
    return tmp_path / "checkout"
