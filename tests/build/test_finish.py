"""Last touches: scripts that nothing needs are gone, figures have words, a search has texts."""

import json

import pytest

from reelbook.build import finish

SVG = '<?xml version="1.0"?>\n<svg width="1"\n viewBox="0 0 1 1"><g/></svg>'
THEBE = '<script>const THEBE_JS_URL = "x"; const thebe_selector = ".thebe"</script>\n'
MATHJAX = '<script defer="defer" src="mathjax/tex-svg.js"></script>\n'


@pytest.fixture
def folder(tmp_path):
    """A built page whose figure comes from a cell."""
    (tmp_path / finish.ICONS).parent.mkdir(parents=True)
    words = {"alt": 'Which "genres" < others?'}
    outputs = [
        {
            "metadata": {"image/svg+xml": words},
            "data": {"image/svg+xml": SVG.splitlines(True), "image/png": "iVBO"},
        },
        {"metadata": {}, "data": {"text/html": "<p>"}},
        {"name": "stdout", "text": "x"},
    ]
    finish.name_figures([{"outputs": outputs}, {"source": "text"}])
    assert list(outputs[0]["data"]) == ["image/svg+xml"]  # a glued PNG was lost on the front page
    (tmp_path / "1f.svg").write_text(outputs[0]["data"]["image/svg+xml"], encoding="utf-8")
    return tmp_path


def finish_page(folder, body: str, name: str = "page.html") -> str:
    head = f"<head>{THEBE}{MATHJAX}{THEBE}<script>var a = 1</script></head>"
    article = f'<article class="bd-article">{body}</article>'
    (folder / name).write_text(f"<html>{head}{article}not this</html>", encoding="utf-8")
    finish.finish_pages(folder)
    return (folder / name).read_text(encoding="utf-8")


def test_scripts_that_a_page_does_not_need_are_gone(folder):
    assert "THEBE_JS_URL" not in (text := finish_page(folder, "<p>a</p>"))
    assert "mathjax" not in text
    assert "<script>var a = 1</script>" in text
    assert "mathjax" in finish_page(folder, '<span class="math notranslate">x</span>')


def test_a_figure_has_the_words_of_its_cell(folder):
    text = finish_page(folder, '<img alt="1f.svg" src="1f.svg" />')
    assert '<img alt="Which &quot;genres&quot; &lt; others?" src="1f.svg" />' in text


def test_a_search_finds_the_words_of_each_section_in_a_file(folder):
    body = "<section id='how'><h2>How</h2>\n<script>no()</script> it &lt;was&gt;</section>"
    finish_page(folder, body)
    assert finish.SEARCH_TEXTS in finish_page(folder, "", name="search.html")
    code = (folder / finish.SEARCH_TEXTS).read_text(encoding="utf-8")
    texts = json.loads(code.removeprefix("const texts = ").split(";\n")[0])
    assert texts["./page.html"] == (
        '<div role="main"><section id="how">How it &lt;was&gt; </section></div>'
    )
