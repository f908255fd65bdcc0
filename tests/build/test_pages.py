"""Built pages: their faults are found, their weight is measured, and unused icons are left out."""

import re

import pytest

from reelbook.build import finish, pages

PAGE = "<html><body id='top'>{}</body></html>"


@pytest.fixture
def html(tmp_path):
    (tmp_path / "index.html").write_text(PAGE.format("<a href='#top'>up</a>"))
    return tmp_path


def find_faults(html, body: str) -> list[str]:
    (html / "page.html").write_text(PAGE.format(body))
    return pages.list_faults(html, ["index.html", "page.html"])


def test_a_sound_page_has_no_fault(html):
    (html / "results.csv").write_text("model\n")
    (html / "a b.svg").write_text("<svg/>")
    body = (
        "<img src='a%20b.svg' alt='a'><img src='data:image/png;base64,AA==' alt='b'>"
        "<a href='results.csv'>r</a>"
        "<a href='index.html#top'>i</a><a href='https://example.org'>away</a><a href='#top'>t</a>"
    )
    assert find_faults(html, body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<img src='gone.png' alt='Gone'>", "page.html lacks gone.png"),
        ("<script src='https://example.org/a.js'></script>", "fetches https://example.org/a.js"),
        ("<link rel='stylesheet' href='//example.org/a.css'>", "fetches //example.org/a.css"),
        ("<a href='gone.html'>x</a>", "links to gone.html, which is not there"),
        ("<a href='index.html#gone'>x</a>", "links to index.html#gone, where no such place"),
        ("<a href='#gone'>x</a>", "links to #gone, where no such place is"),
        ("<img src='data:image/png;base64,AA=='>", "an image whose alt text is ''"),
        ("<img src='data:image/png;base64,AA==' alt='_images/1f.svg'>", "'_images/1f.svg'"),
        ("<div class='output stderr highlight'>x</div>", "shows an error output"),
        ("<div class='output traceback'>x</div>", "shows an error output"),
    ],
)
def test_each_fault_is_found(html, body, fault):
    faults = find_faults(html, body)
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_missing_page_is_a_fault(html):
    assert pages.list_faults(html, ["index.html", "02.html"]) == ["02.html is missing"]


def test_a_page_weighs_what_it_loads_once(html):
    (html / "big.js").write_text("x" * 1000)
    drawn = "<img src='data:image/png;base64,AA=='>"  # a part of the page itself
    text = PAGE.format("<script src='big.js'></script>" * 2 + drawn + "<a href='#top'>up</a>")
    (html / "page.html").write_text(text)
    assert pages.measure_weight(html / "page.html") == 1000 + len(text)


def test_the_theme_shows_its_icons_without_its_script(built):
    """Each icon that a page names has a letter in the theme's styles, and the font is there."""
    html = built / "build" / "toy" / "html"
    assert (html / finish.ICONS).read_text() == ""
    styles = (html / "_static" / "styles" / "pydata-sphinx-theme.css").read_text()
    classes = {
        name
        for page in html.glob("*.html")
        for text in pages.Page(page.read_text()).classes
        for name in text.split()
        if name.startswith("fa-")
    }
    assert {"fa-magnifying-glass", "fa-sun", "fa-solid", "fa-lg"} <= classes
    shown = {name for name in classes if re.search(rf"\.{name}:before[^{{]*{{content:", styles)}
    assert classes - shown == {"fa-solid", "fa-lg"}  # the font and the size
    (font,) = html.rglob("fa-solid-900.woff2")
    assert pages.measure_weight(html / "index.html") + font.stat().st_size < 1e6
