"""Last touches to built pages: what they load in vain goes, and what the theme leaves out comes."""

import base64
import html
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from reelbook.data.names import word_items

ICONS = "_static/scripts/fontawesome.js"  # of the theme: draws two thousand icons, we show ten
# The theme's way to run code on a server, which is off: it would be declared twice, an error.
THEBE = re.compile(
    r"<script>const THEBE_JS_URL.*?</script>\n?"
    r'|<script [^>]*src="[^"]*sphinx-thebe\.js[^>]*></script>\n?'
    r'|<script type="text/x-thebe-config">.*?</script>\n?',
    re.S,
)
MATHJAX = re.compile(r"<script[^>]*mathjax/tex-svg\.js[^>]*></script>\n?")
FIGURE = re.compile(r'<img alt="[^"]*" src="([^"]+\.svg)"')
SVG = re.compile(r"<svg\b[^>]*>")
SVG_TITLE = re.compile(r"<svg\b[^>]*><title>(.*?)</title>")
HEADING = re.compile(r"<(caption|th|label)\b[^>]*>.*?</\1>", re.S)
GLUED = "application/papermill.record/text/plain"
SEARCH_TEXTS = "search_texts.js"
# The search page fetches pages for its excerpts, which a browser forbids where files are opened.
ANSWER = """
const fetchFile = window.fetch;
window.fetch = (address, ...more) =>
  address in texts ? Promise.resolve(new Response(texts[address])) : fetchFile(address, ...more);
"""


def finish_pages(folder: Path) -> None:
    """Change the built pages in place."""
    (folder / ICONS).write_text("", encoding="utf-8")  # the theme's styles show them by a font
    texts = {}
    for page in sorted(folder.glob("*.html")):
        text = THEBE.sub("", page.read_text(encoding="utf-8"))
        if 'class="math ' not in text:
            text = MATHJAX.sub("", text)
        text = FIGURE.sub(lambda found: _name_figure(folder, found), text)
        if page.name == "search.html":
            text = text.replace("<script", f'<script src="{SEARCH_TEXTS}"></script>\n<script', 1)
        page.write_text(text, encoding="utf-8")
        texts[f"./{page.name}"] = _Words(text).kept
    code = json.dumps(texts).replace("<", "\\u003c")
    (folder / SEARCH_TEXTS).write_text(f"const texts = {code};{ANSWER}", encoding="utf-8")


def name_figures(cells: list[dict[str, Any]]) -> None:
    """Write the words for each figure of executed cells into its SVG, where pages find them.

    The PNG beside it is for those who open the notebook; pages do without. A glued figure becomes
    an image tag: MyST-NB shows no SVG of another page.
    """
    kind = "image/svg+xml"
    for output in [output for cell in cells for output in cell.get("outputs", [])]:
        data = output.get("data", {})
        words = html.escape(output.get("metadata", {}).get(kind, {}).get("alt", ""))
        for name in [name for name in data if name.endswith(kind)]:  # glued ones are longer
            image = "".join(data.pop(name))
            data.pop(name.replace(kind, "image/png"), None)
            if name == kind:
                data[kind] = _add_title(image, words)
            else:
                drawn = base64.b64encode(image.encode()).decode()
                tag = f'<img alt="{words}" src="data:{kind};base64,{drawn}">'
                data[name.replace(kind, "text/html")] = tag


def word_outputs(cells: list[dict[str, Any]], noun: str, titles: Iterable[str]) -> None:
    """Call the items of the data by their noun in the texts, captions and headings of outputs.

    Args:
        cells: executed ones.
        noun: see `Dataset.noun`.
        titles: of the items, which stay as they are.
    """

    def put(found: re.Match[str]) -> str:
        return word_items(found[0], noun, titles)

    for output in [output for cell in cells for output in cell.get("outputs", [])]:
        for name, value in output.get("data", {}).items():
            if name.endswith("text/html"):
                output["data"][name] = HEADING.sub(put, "".join(value))
            elif name.endswith("text/markdown") or name.startswith(GLUED):
                output["data"][name] = word_items("".join(value), noun, titles)


def _add_title(image: str, words: str) -> str:
    """A figure in SVG with its words as its title."""
    return SVG.sub(lambda tag: f"{tag[0]}<title>{words}</title>", image, count=1)


def _name_figure(folder: Path, found: re.Match[str]) -> str:
    """The tag of a figure, with the title of its SVG as its words."""
    title = SVG_TITLE.search((folder / found[1]).read_text(encoding="utf-8"))
    return f'<img alt="{title[1] if title else ""}" src="{found[1]}"'


class _Words(HTMLParser):
    """The words of a page's article and its sections: what an excerpt is cut from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kept, self.inside, self.silent = "", 0, 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter the article, a section of it or what is no text."""
        values = dict(attrs)
        if tag == "article" and values.get("class") == "bd-article":
            self.inside = 1
            self.kept += '<div role="main">'
        self.silent += tag in {"script", "style"}
        if self.inside and tag == "section":
            self.kept += f'<section id="{html.escape(values.get("id") or "")}">'

    def handle_endtag(self, tag: str) -> None:
        """Leave them."""
        self.silent -= tag in {"script", "style"}
        if self.inside and tag == "section":
            self.kept += "</section>"
        if tag == "article" and self.inside:
            self.inside = 0
            self.kept += "</div>"

    def handle_data(self, data: str) -> None:
        """Keep the words between."""
        if self.inside and not self.silent:
            self.kept += html.escape(" ".join(data.split()) + " ") if data.strip() else ""
