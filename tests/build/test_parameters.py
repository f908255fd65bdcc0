"""The cell tagged `parameters`: read exactly, and held against what is given."""

import ast
import json
import subprocess
import sys

import pytest
import toys

from reelbook.build import parameters
from reelbook.build.parameters import (
    begin_notebook,
    check_parameters,
    is_of_kind,
    read_parameters,
)
from reelbook.errors import ReelbookError
from reelbook.paths import NOTEBOOKS

CELL = """dataset: str = "made-up"  # what to read, with a # in it
seeds: list[int] = [0, 1]
rate: float = 1e-3
limit: int | None = None
options: dict[str, float] = {"a": 0.5}
quick: bool = False
"""


@pytest.fixture
def notebook(tmp_path):
    toys.write_notebook(tmp_path / "n.ipynb", "print(1)", parameters=CELL)
    return tmp_path / "n.ipynb"


def test_every_line_is_read_with_type_and_default(notebook):
    known = read_parameters(notebook)
    assert list(known) == ["dataset", "seeds", "rate", "limit", "options", "quick"]
    assert known["limit"].default is None
    assert known["seeds"].default == [0, 1]
    assert str(known["options"]) == "options: dict[str, float] = {'a': 0.5}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dataset", "ml-1m"),
        ("seeds", [3]),
        ("rate", 1),
        ("limit", 3),
        ("limit", None),
        ("options", {"b": 2}),
        ("quick", True),
    ],
)
def test_values_that_fit_pass(notebook, name, value):
    check_parameters(notebook, {name: value})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("epoch", 3, "n has no parameter 'epoch'. It knows `dataset: str = 'made-up'`, `seeds:"),
        ("rate", "1e-3", "must be float, not the str '1e-3' (YAML reads 1e-3 as text: write 1.0e"),
        ("seeds", [0, "1"], "must be list[int], not the list [0, '1']."),
        ("seeds", 0, "must be list[int], not the int 0."),
        ("quick", 1, "must be bool, not the int 1."),
        ("limit", True, "must be int | None, not the bool True."),
        ("limit", 2.5, "must be int | None, not the float 2.5."),
        ("options", {1: 0.5}, "must be dict[str, float], not the dict {1: 0.5}."),
        ("dataset", None, "must be str, not the NoneType None."),
    ],
)
def test_what_does_not_fit_is_an_error_that_lists_the_known_ones(notebook, name, value, told):
    with pytest.raises(ReelbookError) as error:
        check_parameters(notebook, {name: value})
    assert told in str(error.value)
    assert "`limit: int | None = None`" in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "x = 1",
        "x: int",
        "x: int = 'a'",
        "x: int = f()",
        "x: Path = 1",
        "x: int | Path = 1",
        "import os",
    ],
)
def test_a_line_that_is_no_typed_literal_is_an_error(tmp_path, line):
    toys.write_notebook(tmp_path / "n.ipynb", parameters=line)
    with pytest.raises(ReelbookError, match="n.ipynb: the parameter line `"):
        read_parameters(tmp_path / "n.ipynb")


def test_a_file_without_its_parameters_cell_is_an_error(tmp_path):
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": []}))
    with pytest.raises(ReelbookError, match="n.ipynb has 0 cells tagged 'parameters'"):
        read_parameters(tmp_path / "n.ipynb")
    (tmp_path / "n.ipynb").write_text("{")
    with pytest.raises(ReelbookError, match="is not a notebook that can be read"):
        read_parameters(tmp_path / "n.ipynb")


OUT_OF_RANGE = [
    ("dataset", "ml-2m", "Unknown data set 'ml-2m'. Give one of ml-100k, ml-1m, made-up"),
    ("seeds", [], "'seeds' must hold at least one value and no duplicates, not []."),
    ("seeds", [0, 0], "'seeds' must hold at least one value and no duplicates, not [0, 0]."),
    ("seeds", [-1], "'seeds' must be 0 or more, not -1."),
    ("folds", [0], "'folds' must be from 1 to 5, not 0."),
    ("folds", [2], "'ablation_folds' may hold only what 'folds' holds, [2], not [1]."),
    ("epochs", 0, "'epochs' must be 1 or more, not 0."),
    ("retrieval_weights", [float("nan")], "'retrieval_weights' must be 0 or more, not nan."),
]
CHAPTER = """dataset: str = "made-up"
seeds: list[int] = [0, 1]
folds: list[int] = [1, 2]
ablation_folds: list[int] = [1]
epochs: int | None = None
retrieval_weights: list[float] = [0.1]
"""


@pytest.mark.parametrize(("name", "value", "told"), OUT_OF_RANGE)
def test_what_is_out_of_range_is_told_before_a_notebook_runs(tmp_path, name, value, told):
    toys.write_notebook(tmp_path / "n.ipynb", parameters=CHAPTER)
    with pytest.raises(ReelbookError) as error:
        check_parameters(tmp_path / "n.ipynb", {name: value})
    assert told in str(error.value)
    assert str(error.value).startswith("n: ")


def begin(injected: str = "", **changed) -> None:
    """Check in a kernel in which the parameters cell has run, and papermill's, if there is one."""
    names = {"In": ["", CHAPTER, *([injected] if injected else []), "begin_notebook(globals())"]}
    exec(CHAPTER, names)
    exec(injected, names)
    begin_notebook(names | changed)


@pytest.fixture
def own_environment(monkeypatch):
    """What the call sets does not outlive a test."""
    monkeypatch.setattr(parameters, "set_environment", lambda: None)


@pytest.mark.usefixtures("own_environment")
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        *OUT_OF_RANGE,
        ("folds", 1, "'folds' must be list[int], not the int 1. It knows `dataset: str`, `seeds:"),
        ("folds", "[1]", "not the str '[1]' (papermill's -p gives a text: use -y 'NAME: [...]')"),
        ("epochs", "3", "'epochs' must be int | None, not the str '3'."),
        ("epochs", True, "'epochs' must be int | None, not the bool True."),
    ],
)
def test_a_running_notebook_refuses_its_parameters_itself(name, value, told):
    """Before, a text was taken for a list of letters, and folds=[] was a KeyError 'value'."""
    with pytest.raises(ReelbookError) as error:
        begin(**{name: value})
    assert told in str(error.value)
    assert str(error.value).startswith("This notebook: ")


@pytest.mark.usefixtures("own_environment")
def test_a_running_notebook_refuses_a_name_that_it_does_not_declare():
    begin("# Parameters\nseeds = [4]\nepochs = None\n")
    with pytest.raises(ReelbookError, match="This notebook has no parameter 'fold'. It knows `da"):
        begin("# Parameters\nseeds = [4]\nfold = 3\n")
    begin("x = 3")  # a cell of a person's own


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_notebook_begins_with_the_check_of_its_parameters(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert sources[1] == "from reelbook.build import begin_notebook\n\nbegin_notebook(globals())"
    check_parameters(notebook, {})


@pytest.mark.parametrize("arguments", [["-p", "seeds", "3"], ["-p", "seed", "3"]])
def test_plain_papermill_is_told_in_a_line(tmp_path, arguments):
    """No traceback but papermill's own, which ends in the line."""
    cells = ["from reelbook.build import begin_notebook\n\nbegin_notebook(globals())", "print(1)"]
    toys.write_notebook(tmp_path / "a.ipynb", *cells, parameters=CHAPTER)
    command = [sys.executable, "-m", "papermill", "a.ipynb", "b.ipynb", "--language", "python"]
    command += arguments
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("ReelbookError: This notebook")
    cells = json.loads((tmp_path / "b.ipynb").read_text())["cells"]
    (error,) = [o for c in cells for o in c.get("outputs", []) if o["output_type"] == "error"]
    assert len(error["traceback"]) == 1
    assert arguments[1] in error["traceback"][0]


@pytest.mark.parametrize(("value", "kind"), [(True, "float"), (True, "int"), (1.0, "int")])
def test_a_bool_is_no_number_and_a_float_no_int(value, kind):
    assert not is_of_kind(value, ast.parse(kind, mode="eval").body)


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_projects_notebooks_declare_a_data_set(notebook):
    assert read_parameters(notebook)["dataset"].default == "ml-100k"
