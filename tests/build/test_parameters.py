"""The cell tagged `parameters`: read exactly, and held against what is given."""

import ast
import json

import pytest
import toys

from reelbook.build.parameters import check_parameters, is_of_kind, read_parameters
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
        ("seeds", []),
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


@pytest.mark.parametrize(("value", "kind"), [(True, "float"), (True, "int"), (1.0, "int")])
def test_a_bool_is_no_number_and_a_float_no_int(value, kind):
    assert not is_of_kind(value, ast.parse(kind, mode="eval").body)


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_projects_notebooks_declare_a_data_set(notebook):
    assert read_parameters(notebook)["dataset"].default == "ml-100k"
