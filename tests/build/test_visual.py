"""Every page of the smoke book in a browser: on a phone and a wide screen, light and dark."""

import time
from importlib import resources

import pytest
from browser import find_browser, open_browser

from reelbook.paths import BOOK, NOTEBOOKS

PAGES = [
    "index", "search", *(path.stem for path in BOOK.glob("*.md") if path.stem != "index"),
    *sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")),
]  # fmt: skip
NARROW, WIDE = 390, 1300
SMALLEST = 8  # pixels of a letter on a phone

# What sticks out of the page, or is cut in a box that does not say so.
CUT = """
[...document.querySelectorAll(".bd-article *")].filter((one) => {
  const box = one.closest(".table-box, pre, .math, .rb-page");
  return one.getClientRects().length && !box && one.getBoundingClientRect().right > innerWidth + 1;
}).map((one) => one.outerHTML.slice(0, 80))
.concat([...document.querySelectorAll(".table-box")].filter((box) =>
  box.scrollWidth > box.clientWidth + 1
  && !(box.tabIndex === 0 && box.ariaLabel && !box.previousSibling.hidden)
).map((box) => "a table without a hint: " + box.textContent.slice(0, 80)))
.concat([...document.querySelectorAll("span.math")].filter(
  (one) => one.clientHeight && one.offsetHeight > one.clientHeight + 1
).map((one) => "a scrollbar in a line: " + one.textContent))
.concat(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : [])
"""
# Whether the keyboard reaches all code that scrolls.
REACHED = """
[...document.querySelectorAll(".bd-article pre")].every(
  (one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)
"""
# Height of the smallest letters of each figure: they are 9 points, 12 pixels, high where drawn.
LETTERS = """
[...document.querySelectorAll(".bd-article img")].map((one) => 12 * one.width / one.naturalWidth)
"""
# Lists of citations are as docutils writes them, in roles that are no longer in use. Contrast takes
# by far the longest, by all that is shown: of a table's rows that look alike, the first is enough.
LOOK = """
(async () => {
  const rows = [...document.querySelectorAll("tbody tr")], looks = new Map();
  const parts = ["color", "backgroundColor", "fontSize", "fontWeight", "opacity"];
  const describe = (one) => parts.map((part) => getComputedStyle(one)[part]) + one.tagName;
  const alike = rows.filter((row) => {
    const look = [row, ...row.querySelectorAll("*")].map(describe).join();
    const table = row.closest("table"), before = looks.get(table) || [];
    looks.set(table, [...before, look]);
    return before.includes(look);
  });
  const where = {exclude: [".citation-list"]}, rule = "color-contrast";
  const found = [
    await axe.run(where, {runOnly: ["wcag2a", "wcag2aa"], rules: {[rule]: {enabled: false}}})];
  alike.forEach((row) => { row.hidden = true; });
  found.push(await axe.run(where, {runOnly: {type: "rule", values: [rule]}}));
  alike.forEach((row) => { row.hidden = false; });
  window.found = found.flatMap((one) => one.violations).map(
    (one) => `${one.id}: ${one.nodes.length}, first ${one.nodes[0].html.slice(0, 160)}`);
})(); 0
"""


@pytest.fixture(scope="module")
def tab(smoke):
    """A browser with axe at hand."""
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    with open_browser() as found:
        for part in ("Page", "Runtime", "Log"):
            found.send(f"{part}.enable")
        found.axe, found.html = axe, smoke / "smoke" / "html"
        yield found


def resize(tab, width: int) -> None:
    tab.send(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    tab.send("Page.captureScreenshot")  # a frame is drawn: only then does a page see its width
    tab.wait_for(REACHED.strip())  # the theme looks 0.3 s after a change


def find_cut(tab) -> list[str]:
    """What is cut, once formulas and pictures have found their size."""
    for _ in range(100):
        if not (cut := tab.run(CUT)):
            break
        time.sleep(0.05)
    return cut


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_readable_and_without_errors(tab, page):
    tab.errors.clear()
    tab.open((tab.html / f"{page}.html").as_uri())
    tab.run(tab.axe + "; 0")
    for width, theme in ((WIDE, "light"), (NARROW, "dark")):
        resize(tab, width)
        assert find_cut(tab) == [], width
        tab.run(f"document.documentElement.dataset.theme = '{theme}'; window.found = null")
        tab.run(LOOK)
        tab.wait_for("window.found")
        assert tab.run("window.found") == [], (width, theme)
    assert min(tab.run(LETTERS), default=SMALLEST) >= SMALLEST
    assert tab.errors == []
    assert tab.run("document.querySelector('link[rel~=icon]').href").endswith("favicon.svg")


def test_a_search_shows_where_the_words_stand(tab):
    tab.errors.clear()
    tab.open((tab.html / "search.html").as_uri() + "?q=popularity")
    tab.wait_for("document.querySelectorAll('p.context').length > 2")
    assert "popularity" in tab.run("document.querySelector('p.context').textContent").lower()
    assert tab.errors == []


def test_a_board_is_sorted_by_a_key(tab):
    """By numbers, not by letters; a heading says how it is sorted."""
    tab.open((tab.html / "90_results.html").as_uri())
    boards = "[...document.querySelectorAll('table.sortable')]"
    board = f"{boards}.find((one) => /parameters/.test(one.tHead.textContent))"
    column = f"[...{board}.tHead.rows[0].cells].findIndex((c) => c.textContent === 'parameters')"
    tab.run(f"{board}.tHead.rows[0].cells[{column}].querySelector('button').focus()")
    cells = f"[...{board}.tBodies[0].rows].map((r) => r.cells[{column}].textContent)"
    tab.run(f"{board}.addEventListener('sort-end', () => {{ window.isSorted = true; }})")
    for order in ("descending", "ascending"):
        tab.run("window.isSorted = false")
        tab.press("Enter")
        tab.wait_for("window.isSorted")
        assert tab.run(f"{board}.querySelectorAll('[aria-sort={order}]').length") == 1
        values = [int(text.strip().replace(",", "")) for text in tab.run(cells)]
        assert values == sorted(values, reverse=order == "descending")
