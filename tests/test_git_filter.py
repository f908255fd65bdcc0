"""What JupyterLab saves into a notebook is no change to git, and nothing to commit."""

import shutil
import subprocess

import nbformat
import pytest

from reelbook.build.lab import forget_outputs
from reelbook.paths import ROOT

NAME = "notebooks/02_matrix_factorization.ipynb"


@pytest.fixture
def clone(tmp_path):
    """A repository with this checkout's notebooks and environment, as `make env` leaves it."""
    folder = tmp_path / "a clone"
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copytree(ROOT / "tools", folder / "tools")
    for name in [".gitattributes", "requirements.txt"]:
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    git(folder, "init", "--quiet")
    subprocess.run(["bash", "tools/make-env.sh"], cwd=folder, check=True)
    git(folder, "add", "notebooks", "tools")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "start")
    return folder


def git(folder, *arguments):
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def save_as_jupyterlab_does(file):
    """With outputs, counts, times and the kernel's own words."""
    notebook = nbformat.read(file, 4)
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count = number + 1
        cell.outputs = [nbformat.v4.new_output("stream", text="Runs trained: 9 of 9\n")]
        cell.metadata.execution = {"iopub.status.busy": "2026-11-26T03:00:00Z"}
    notebook.metadata.kernelspec.display_name = "Python 3 (ipykernel)"
    notebook.metadata.language_info = {"name": "python", "version": "3.11.7"}
    nbformat.write(notebook, file)


def test_a_save_is_no_change_and_an_edit_is_one(clone):
    before = (clone / NAME).read_bytes()
    save_as_jupyterlab_does(clone / NAME)
    assert (clone / NAME).read_bytes() != before
    assert git(clone, "diff") == ""
    forget_outputs(os_path=str(clone / NAME))  # what the JupyterLab of `make lab` does after a save
    assert git(clone, "status", "--porcelain", "notebooks") == ""
    notebook = nbformat.read(clone / NAME, 4)
    notebook.cells[0].source += "\nA line of mine."
    nbformat.write(notebook, clone / NAME)
    forget_outputs(os_path=str(clone / NAME))
    assert git(clone, "status", "--porcelain", "notebooks") == f" M {NAME}\n"
    changed = git(clone, "diff", "--numstat").split()
    assert int(changed[0]) <= 3, changed


def test_git_goes_on_where_the_environment_was_deleted(clone):
    (clone / ".venv").unlink()
    notebook = nbformat.read(clone / NAME, 4)
    notebook.cells[0].source += "\nA line of mine."
    nbformat.write(notebook, clone / NAME)
    assert git(clone, "add", NAME) == ""
    assert git(clone, "status", "--porcelain", "notebooks") == f"M  {NAME}\n"
