"""The project's frame: the lock, its copy for conda, the front door."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from reelbook.paths import ROOT

LOCK = dict(re.findall(r"^([\w.-]+)==(\S+) \\$", (ROOT / "requirements.txt").read_text(), re.M))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normalise(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_the_lock_satisfies_what_the_project_asks_for(line):
    requirement = Requirement(line)
    assert requirement.specifier.contains(LOCK[normalise(requirement.name)])


def test_every_pin_has_a_hash():
    entries = re.split(r"\n(?=\S+==)", (ROOT / "requirements.txt").read_text())[1:]
    assert len(entries) == len(LOCK)
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("name", ["numpy", "tensorflow", "pandas"])
def test_these_tests_run_on_the_lock(name):
    assert version(name) == LOCK[name]


def test_conda_users_get_the_same_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, section = environment["dependencies"]
    assert python.partition("=")[0] == "python"
    assert Requirement("python" + PROJECT["requires-python"]).specifier.contains(
        python.partition("=")[2] + ".0"
    )
    assert pip == "pip"
    assert section == {"pip": ["--require-hashes", "--requirement requirements.txt"]}


def test_what_is_installed_is_compiled():
    """Before, each process compiled TensorFlow anew where PYTHONDONTWRITEBYTECODE was set."""
    folder = Path(importlib.util.find_spec("tensorflow").origin).parent
    sources = [file for file in folder.rglob("*.py") if "python" in file.parts]
    assert len(sources) > 1000
    compiled = [Path(importlib.util.cache_from_source(file)) for file in sources]
    assert [file for file in compiled if not file.exists()] == []


def test_nothing_is_installed_that_its_own_packages_do_not_accept():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_targets_of_the_makefile_are_listed_with_a_line_each():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^  make (\w+) +\S", done.stdout, re.M)
    front = ["help", "env", "data", "book", "batch", "lab", "test", "lint", "bench", "clean"]
    assert listed[: len(front)] == front


def test_pytest_enters_every_folder_of_tests(pytestconfig):
    """By default it passes over those named build, and said nothing of a room of 60 tests."""
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {file.parent for file in (ROOT / "tests").rglob("test_*.py")}
    names = {part for folder in folders for part in folder.relative_to(ROOT / "tests").parts}
    assert not [name for name in names for pattern in passed_over if fnmatch(name, pattern)]
