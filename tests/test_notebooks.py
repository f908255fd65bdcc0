"""What holds for the code of every notebook: short cells that call the library."""

import ast
import json
import re

import pytest
from pybtex.database import Entry, parse_file

from reelbook.paths import BOOK, ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SENTENCES = sorted((ROOT / "lib/reelbook/report/sentences").glob("*.py"))
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
def test_cells_that_only_set_up_are_folded_in_jupyterlab(path):
    sets_up = re.compile(r"^(from|import) |begin_notebook\(|^\s*glue\(|use_style\(", re.M)
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and sets_up.search("".join(cell["source"])):
            assert cell["metadata"].get("jupyter", {}).get("source_hidden"), cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_functions_and_classes_are_the_librarys(path):
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for cell, source in read_code(path).items():
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)]
        assert found == [], cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_what_a_cell_makes_to_be_seen_is_shown(path):
    """Before, curves inside an `if` were lost: only the last line of a cell shows by itself."""
    shown = re.compile(r"^(draw_|show_|Markdown$|say$)")
    for cell, source in read_code(path).items():
        tree = ast.parse(source)
        last = tree.body[-1] if tree.body else None
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node is not last:
                called = node.value.func
                function = called.attr if isinstance(called, ast.Attribute) else called.id
                assert not shown.match(function), (cell, function)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_cell_shows_the_path_that_a_data_set_may_be(path):
    """Before, the commands on the page that recommends told where a person's files lie."""
    cells = json.loads(path.read_text())["cells"]
    for cell in cells:
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []):
            source = "".join(cell["source"]).replace("data.load(dataset)", "loaded")
            used = [node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
            assert "dataset" not in used, cell["id"]


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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_no_cell_holds_what_only_the_book_can_show(path):
    """Before, the answers read "{glue:text}`best_rmse`" in JupyterLab and on code hosts."""
    text = path.read_text(encoding="utf-8")
    assert "{glue" not in text
    assert "{cite" not in text


@pytest.mark.parametrize("path", [*NOTEBOOKS, *SENTENCES], ids=name)
def test_a_citation_names_and_links_a_source_of_the_bibliography(path):
    sources = [cite(entry) for entry in parse_file(BOOK / "references.bib").entries.values()]
    text = path.read_text(encoding="utf-8")
    for found in re.findall(r"\[[^][]+ (?:19|20)\d\d\]\([^)]+\)", text):
        assert found in sources


def cite(entry: Entry) -> str:
    """The link to a source; one that has no address is in the bibliography."""
    first, *others = [
        " ".join([*person.prelast_names, *person.last_names]).strip("{}")
        for person in entry.persons["author"]
    ]
    authors = f"{first} and {others[0]}" if len(others) == 1 else first + " et al." * bool(others)
    fields = entry.fields
    doi = f"https://doi.org/{fields['doi']}" if "doi" in fields else "../book/bibliography.md"
    return f"[{authors} {fields['year']}]({fields.get('url', doi)})"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_written_pages_that_a_notebook_links_to_are_there(path):
    for page in re.findall(r"\]\(\.\./(book/\w+\.md)\)", path.read_text(encoding="utf-8")):
        assert (ROOT / page).is_file(), page
