"""What holds for the code of every notebook: short cells that call the library."""

import ast
import json
import re

import pytest

from reelbook.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_LINES = 12


def name(path):
    return path.stem


def read_code(path):
    cells = json.loads(path.read_text())["cells"]
    return {c["id"]: "".join(c["source"]) for c in cells if c["cell_type"] == "code"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_cell_is_longer_than_a_dozen_lines(path):
    lengths = {cell: len(source.splitlines()) for cell, source in read_code(path).items()}
    assert {cell: n for cell, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_functions_and_classes_are_the_librarys(path):
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for cell, source in read_code(path).items():
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)]
        assert found == [], cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_runs_are_chosen_by_what_they_are_and_not_by_their_place(path):
    for cell, source in read_code(path).items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Subscript):
                taken = ast.unparse(node.value)
                assert not taken.endswith(("runs", "requests", "splits")), f"{cell}: {taken}[...]"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_files_of_the_library_that_a_text_names_are_there(path):
    text = path.read_text() + (ROOT / "README.md").read_text()
    for file in re.findall(r"`((?:models|report|metrics|splits|data|runs)/\S+\.py)`", text):
        assert (ROOT / "lib" / "reelbook" / file).is_file(), file
