"""The pages: built whole from executed notebooks, checked, and swapped in."""

import json
import re
import shutil

import pytest
import toys

from reelbook.build import book, pages
from reelbook.build.plan import Plan
from reelbook.data import names
from reelbook.errors import ReelbookError
from reelbook.paths import BOOK


def make_cell(source: str, *outputs: dict, tags: list[str] | None = None) -> dict:
    metadata = {"tags": tags} if tags else {}
    cell = {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [*outputs]}
    return cell | {"execution_count": 1}


def make_output(mime: str) -> dict:
    return {"output_type": "display_data", "data": {mime: "x"}, "metadata": {}}


def test_code_is_folded_and_joined_to_what_it_makes():
    record = "application/papermill.record/text/plain"
    cells = [
        {"cell_type": "markdown", "source": "# T", "metadata": {}},
        make_cell("a: int = 1", tags=["parameters"]),
        make_cell("a = 2", tags=["injected-parameters"]),
        make_cell("glue(a)", make_output(record)),
        make_cell("draw()", make_output("image/svg+xml")),
        make_cell("secret()", tags=["remove-cell"]),
        make_cell("more()", make_output("text/html")),
    ]
    title, drawn, removed, more = book.fold_code(cells)
    assert title["source"] == "# T"
    assert drawn["source"] == "a: int = 1\n\na = 2\n\nglue(a)\n\ndraw()"
    assert [list(o["data"]) for o in drawn["outputs"]] == [[record], ["image/svg+xml"]]
    assert drawn["metadata"]["tags"] == ["hide-input"]
    assert removed["metadata"]["tags"] == ["remove-cell"]
    assert more["source"] == "more()"


def test_errors_and_warnings_never_reach_a_page():
    error = {"output_type": "error", "ename": "ValueError", "evalue": "x", "traceback": []}
    with pytest.raises(ReelbookError, match="02_x, cell 2 of .* holds an error: ValueError"):
        book.check_outputs("02_x", {"cells": [make_cell("a"), make_cell("b", error)]})
    warning = {"output_type": "stream", "name": "stderr", "text": ["careful\n"]}
    with pytest.raises(ReelbookError, match="02_x, cell 1 of .* wrote to stderr.*: careful"):
        book.check_outputs("02_x", {"cells": [make_cell("a", warning)]})
    logged = {"output_type": "stream", "name": "stdout", "text": ["WARNING:tensorflow:slow\n"]}
    with pytest.raises(ReelbookError, match="02_x, cell 1 of .* holds a warning.*: WARNING:tens"):
        book.check_outputs("02_x", {"cells": [make_cell("a", logged)]})


def test_new_pages_replace_old_ones_whole(tmp_path):
    for name, text in [("html", "old"), ("new", "new")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{text}.html").write_text(text)
    book.publish(tmp_path / "new", tmp_path / "html")
    assert [path.name for path in (tmp_path / "html").iterdir()] == ["new.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["html"]


def test_the_built_book(built):
    html = built / "build" / "toy" / "html"
    index = (html / "index.html").read_text()
    for key in ["MATTERED", "DOCUMENT_RANGE", "DATASET_NOTE", "NUM_RUNS"]:
        assert key in index
    assert "mf.toy" in index  # the short leaderboard, from another page
    assert '<img alt="Costs &amp; more." src="data:image/svg+xml;base64,' in index
    toc = re.findall(r'class="reference internal" href="(\w+)\.html">', index)
    names = ["01_first", "02_second", "90_results"]
    assert list(dict.fromkeys(toc))[:5] == [*names, "how_to_read", "bibliography"]
    assert (html / "results.csv").read_bytes() == (built / "build/toy/results.csv").read_bytes()
    assert pages.list_faults(html, [f"{name}.html" for name in names]) == []
    for page in html.glob("*.html"):
        assert str(built) not in page.read_text()
    executed = json.loads((built / "build/toy/book_src/01_first.ipynb").read_text())
    assert "papermill" not in executed["metadata"]


def test_every_reference_is_cited_with_a_key_that_exists():
    known = set(re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.MULTILINE))
    for page in BOOK.glob("*.md"):
        for keys in re.findall(r"\{cite\}`([^`]+)`", page.read_text()):
            assert set(keys.split(",")) <= known


NOTEBOOKS = ["01_first", "02_second", "90_results"]


def test_a_broken_page_is_not_published(tmp_path, monkeypatch, built):
    """A fault that Sphinx does not see: an image that is not there."""
    shutil.copytree(built / "build", tmp_path / "build")
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path / "build"))

    def build_without_images(source, target, log):
        shutil.copytree(tmp_path / "build/toy/html", target / "_build" / "html")
        page = target / "_build" / "html" / "01_first.html"
        page.write_text(page.read_text() + "<img src='_images/gone.svg' alt='Gone'>")

    monkeypatch.setattr(book, "run_jupyter_book", build_without_images)
    before = (tmp_path / "build/toy/html/01_first.html").read_bytes()
    with pytest.raises(ReelbookError, match=r"1 fault and .* 01_first.html lacks _images/gone.svg"):
        book.make_book(Plan("toy", "toy", "made-up", {name: {} for name in NOTEBOOKS}))
    assert (tmp_path / "build/toy/html/01_first.html").read_bytes() == before


@pytest.mark.parametrize("notebooks", [[], ["01_first"], ["90_results", "91_reproducibility"]])
def test_a_page_leads_only_to_notebooks_of_the_plan(notebooks):
    """Before, a plan without 90_results failed when its book was bound, after all trainings."""
    text = "% with 90_results\nIt found {glue:text}`90_results.ipynb::a:s`.\n\nMore.\n% end\nSee "
    fitted = book.fit_text(text + "[the results](90_results.ipynb), [how](how.md).", notebooks)
    assert fitted.endswith("[how](how.md).")
    assert ("It found" in fitted) == ("90_results.ipynb" in fitted) == ("90_results" in notebooks)
    assert "the results" in fitted
    assert "%" not in fitted


def test_a_note_of_the_plan_heads_every_page(tmp_path, monkeypatch):
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    executed = tmp_path / "look" / "executed"
    toys.write_notebook(tmp_path / "01_first.ipynb", "print('first')")
    executed.mkdir(parents=True)
    (tmp_path / "look" / "results.csv").touch()
    shutil.copy(tmp_path / "01_first.ipynb", executed)
    plan = Plan("look", "look", "made-up", {"01_first": {}}, note="One fold. `make book`: all.")
    book.assemble(plan, tmp_path / "pages")
    cells = json.loads((tmp_path / "pages" / "01_first.ipynb").read_text())["cells"]
    texts = [
        "".join(cells[0]["source"]),
        *(p.read_text() for p in (tmp_path / "pages").glob("*.md")),
    ]
    assert len(texts) > 3
    for text in texts:
        title, empty, *box = text.split("\n")[:5]
        assert title.startswith("# ")
        assert (empty, box) == ("", ["```{attention}", "One fold. `make book`: all.", "```"])


def test_cells_and_words_fit_the_data(tmp_path, monkeypatch):
    """Claims of the documents stand only on their data, and books are not called movies."""
    monkeypatch.setenv("REELBOOK_BUILD", str(tmp_path))
    executed = tmp_path / "shop" / "executed"
    executed.mkdir(parents=True)
    (tmp_path / "shop" / "results.csv").touch()
    cells = [
        {"cell_type": "markdown", "metadata": {"tags": tags}, "source": [text]}
        for text, tags in [
            ("Movies, a movie and `cold-movies` of MovieLens.", []),
            ("A claim.", ["needs-documents"]),
            ("Our own.", ["without-documents"]),
        ]
    ]
    html = "<label>Movies</label><caption>A movie.</caption><td>movie</td>"
    data = {"text/html": [html], "text/markdown": "3 movies.", "text/plain": "a movie"}
    output = {"output_type": "display_data", "metadata": {}, "data": data}
    code = {"cell_type": "code", "metadata": {}, "source": [], "outputs": [output]}
    content = {"cells": [*cells, code], "metadata": {}}
    (executed / "01_first.ipynb").write_text(json.dumps(content))
    for lacks, noun, expected in [
        ([], "movies", ["Movies, a movie and `cold-movies` of MovieLens.", "A claim."]),
        (["documents"], "items", ["Items, an item and `cold-movies` of MovieLens.", "Our own."]),
    ]:
        plan = Plan("shop", "own", "made-up", {"01_first": {}}, lacks=lacks, noun=noun)
        book.assemble(plan, tmp_path / noun)
        *found, code = json.loads((tmp_path / noun / "01_first.ipynb").read_text())["cells"]
        assert ["".join(cell["source"]) for cell in found] == expected
    assert code["outputs"][0]["data"] == {
        "text/html": "<label>Items</label><caption>An item.</caption><td>movie</td>",
        "text/markdown": "3 items.",
        "text/plain": "a movie",
    }


def test_titles_keep_their_words():
    text = "Of 3 movies, Scary Movie and A movie: the movie (2001) lead; a movie leads."
    titles = ["Scary Movie", "A movie: the movie (2001)", "Fargo"]
    assert names.word_items(text, "items", titles) == (
        "Of 3 items, Scary Movie and A movie: the movie (2001) lead; an item leads."
    )


def test_a_plan_of_one_chapter_makes_a_book(tmp_path):
    checkout = toys.make_checkout(tmp_path / "checkout")
    toys.keep_chapters(checkout, "01_first")
    done = toys.build(checkout)
    assert done.returncode == 0, done.stderr
    html = checkout / "build" / "toy" / "html"
    assert pages.list_faults(html, ["index.html", "01_first.html"]) == []
    assert "What was found" not in (html / "index.html").read_text()
