"""One notebook through strict papermill: what it leaves, in which environment it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
import toys

from reelbook.build import notebook
from reelbook.errors import ReelbookError


@pytest.fixture
def checkout(tmp_path):
    return toys.make_checkout(tmp_path / "checkout")


def read_printed(notebook) -> str:
    cells = json.loads(notebook.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join("".join(output.get("text", "")) for output in outputs)


def test_it_runs_by_itself_in_a_clean_environment(checkout, tmp_path):
    """Own parameters, one thread, our Python, and nothing of the person's own set-up."""
    kernel = tmp_path / "stray" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false"], "display_name": "stray", "language": "python"})
    )
    toys.write_notebook(
        checkout / "notebooks" / "02_second.ipynb",
        "import os, sys, pathlib",
        "print(dataset, seeds, sys.executable)",
        "print(os.environ['OMP_NUM_THREADS'], os.environ['TF_NUM_INTRAOP_THREADS'])",
        "print(hash('reelbook'), pathlib.Path.cwd().name)",
        "pathlib.Path(os.environ['REELBOOK_PROGRESS']).write_text('a run is trained\\n')",
        "pathlib.Path(os.environ['REELBOOK_RUNS_LIST']).write_text('[\"abc\"]\\n')",
    )
    arguments = ["notebook", "02_second", "--plan", "toy", "-p", "seeds", "[7, 8]"]
    outputs = [tmp_path / "one" / "out.ipynb", tmp_path / "two" / "out.ipynb"]
    for output in outputs:
        done = toys.run(
            checkout, *arguments, "--output", str(output),
            JUPYTER_PATH=str(tmp_path / "stray"), OMP_NUM_THREADS="4",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    printed = read_printed(outputs[0])
    assert printed.startswith("made-up [7, 8] ")
    assert "\n1 1\n" in printed
    assert printed.endswith(" notebooks\n")
    assert read_printed(outputs[1]) == printed  # the hash of a text too
    lines = done.stderr.splitlines()
    assert lines[0] == "[toy] 02_second: started"
    assert lines[1] == "[toy] 02_second: a run is trained"
    assert lines[2].startswith("[toy] 02_second: finished in ")
    assert json.loads(outputs[0].with_suffix(".runs.json").read_text()) == ["abc"]
    meta = json.loads(outputs[0].with_suffix(".meta.json").read_text())
    assert meta["ok"]
    assert meta["notebook"] == "02_second"
    assert meta["parameters"]["seeds"] == [7, 8]
    assert meta["seconds"] > 0
    assert 20 < meta["peak_memory_mb"] < 1500


def test_what_c_code_prints_stays_out_of_a_notebook_that_a_person_runs(tmp_path):
    """By plain papermill, as in JupyterLab; the lines about TensorFlow's build would be in red."""
    toys.write_notebook(tmp_path / "a.ipynb", "import os; print('ours', os.write(2, b'noise'))")
    command = [sys.executable, "-m", "papermill", "a.ipynb", "b.ipynb", "--no-progress-bar"]
    # A kernel that finds itself tested captures nothing.
    tested = {name: v for name, v in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    subprocess.run(command, cwd=tmp_path, env=tested, check=True, capture_output=True)
    assert read_printed(tmp_path / "b.ipynb") == "ours 5\n"


def test_parameters_of_a_persons_own_never_go_into_a_plan(checkout):
    for seeds in ("[7, 8]", str(list(range(99)))):
        done = toys.run(checkout, "notebook", "02_second", "--plan", "toy", "-p", "seeds", seeds)
        assert done.returncode == 0, done.stderr
        output = checkout / done.stdout.removeprefix("Notebook: ").strip()
        assert str(sum(json.loads(seeds))) in read_printed(output)
        assert output.name.startswith("02_second-seeds-")
        assert len(output.name) < 100
    assert (checkout / "build" / "notebooks" / "02_second-seeds-7-8.ipynb").is_file()
    assert not (checkout / "build" / "toy" / "executed").exists()
    done = toys.run(
        checkout, "notebook", "02_second", "--plan", "toy", "-p", "seed", "7", "--output", "x.ipynb"
    )
    assert done.returncode == 1
    assert "02_second has no parameter 'seed'. It knows `dataset: str = 'made-up'`" in done.stderr
    assert not (checkout / "x.ipynb").exists()


def test_a_full_disk_is_told_in_a_line_and_leaves_nothing(checkout, tmp_path):
    """A limit on the size of files stands for the disk: the system's error is handled alike."""
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", "print('long' * 100_000)")
    output = tmp_path / "out.ipynb"
    done = toys.run(
        checkout, "notebook", "02_second", "--plan", "toy", "--output", str(output),
        file_size_limit=200_000,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr.splitlines()[-1]
    assert not output.exists()


# Files of a person's own


def test_a_source_is_never_an_output(checkout):
    """Run inside the folder of the sources, under their names, or through a link."""
    source = checkout / "notebooks" / "02_second.ipynb"
    before = source.read_bytes()
    (checkout / "link.ipynb").symlink_to(source)
    others = checkout / "mine.ipynb"
    toys.write_notebook(others, "print('mine')")
    for output in [source, checkout / "link.ipynb", others]:
        done = toys.run(checkout, "notebook", "02_second", "--plan", "toy", "--output", str(output))
        assert done.returncode == 1
        assert "was not written by this command. It is left unchanged" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert source.read_bytes() == before
    assert "mine" in others.read_text()
    assert (checkout / "link.ipynb").is_symlink()


def test_an_output_beside_the_sources_leaves_them_and_their_neighbours_alone(checkout):
    notebooks = checkout / "notebooks"
    (notebooks / "02_second.log").write_text("a diary")
    before = {file: file.read_bytes() for file in notebooks.iterdir() if file.is_file()}
    arguments = ["notebook", "02_second", "--plan", "toy", "--output", "out.ipynb"]
    for _ in range(2):  # the second replaces what the first wrote
        done = toys.run(checkout, *arguments, cwd=notebooks)
        assert done.returncode == 0, done.stderr
    ours = {notebooks / f"out.{suffix}" for suffix in ["ipynb", "runs.json", "meta.json"]}
    after = {file: file.read_bytes() for file in notebooks.iterdir() if file.is_file()}
    assert {file: text for file, text in after.items() if file not in ours} == before
    assert set(after) - set(before) == ours


def test_after_a_failure_the_earlier_output_stays_and_is_named_as_such(checkout, tmp_path):
    output = tmp_path / "out.ipynb"
    arguments = ["notebook", "02_second", "--plan", "toy", "--output", str(output)]
    assert toys.run(checkout, *arguments).returncode == 0
    before = output.read_bytes()
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", "1 / 0")
    done = toys.run(checkout, *arguments)
    assert done.returncode == 1
    assert f"{output} is still that of an earlier run" in done.stderr
    assert output.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == [
        "out.ipynb", "out.meta.json", "out.runs.json",
    ]  # fmt: skip


@pytest.mark.parametrize("output", ["out.txt", "notebooks", "."])
def test_an_output_needs_the_name_of_a_notebook(checkout, output):
    done = toys.run(checkout, "notebook", "02_second", "--plan", "toy", "--output", output)
    assert done.returncode == 1
    assert done.stderr.endswith("is not the name of a notebook: end it in .ipynb.\n")


def test_jobs_of_one_notebook_into_two_folders_share_no_file(checkout, tmp_path):
    """Both fail, at the same time; each has its own log."""
    text = "import time\ntime.sleep(1)\nprint(seeds)\nraise ValueError(str(seeds))"
    toys.write_notebook(checkout / "notebooks" / "02_second.ipynb", text)
    jobs = [
        toys.start(
            checkout, "notebook", "02_second", "--plan", "toy", "-p", "seeds", f"[{seed}]",
            "--output", str(tmp_path / str(seed) / "out.ipynb"),
        )
        for seed in (7, 8)
    ]  # fmt: skip
    for seed, job in zip((7, 8), jobs, strict=True):
        _, told = job.communicate(timeout=120)
        assert job.returncode == 1
        log = told.split("log: ")[1].split(",")[0]
        printed = (checkout / log).read_text()
        assert f" [{seed}]\n" in printed
        assert f" [{15 - seed}]\n" not in printed


def test_a_kernel_that_dies_before_it_answers_is_told_in_a_line(tmp_path, monkeypatch):
    """Before, only one that had begun to run cells was: else jupyter_client's own traceback."""
    monkeypatch.setattr(notebook, "_prepare_environment", lambda *places: None)
    toys.write_notebook(tmp_path / "a.ipynb")

    def die(_, draft, *given, **named):
        Path(draft).touch()
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(papermill, "execute_notebook", die)
    with pytest.raises(ReelbookError, match="the kernel died; it was killed, or memory ran out"):
        notebook.run_notebook(
            tmp_path / "a.ipynb", tmp_path / "b.ipynb", {}, logs=tmp_path / "logs", say=print
        )
