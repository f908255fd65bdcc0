"""A checkout that trains, built once; a fault is tried on a copy or must leave it untouched."""

import shutil
from pathlib import Path

import pytest
import toys


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of which one chapter trains, and whose report is built. Copy to change."""
    checkout = toys.make_training_checkout(tmp_path_factory.mktemp("trained") / "checkout")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.fixture
def checkout(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(trained, tmp_path / "checkout")
    return tmp_path / "checkout"
