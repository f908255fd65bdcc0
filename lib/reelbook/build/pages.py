"""What built pages load, where they lead, what they weigh, and what on them should not be there."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page refers to, where it can be pointed at, and what on it should not be there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []  # images, scripts and styles, which a browser fetches
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.classes: set[str] = set()
        self.words: list[str] = []  # of each image, for those who do not see it
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses, ids and classes of a tag."""
        values = {name: value or "" for name, value in attrs}
        self.classes.add(values.get("class", ""))
        self.ids |= {values[name] for name in ["id", "name"] if values.get(name)}
        if tag == "img":
            self.words.append(values.get("alt", ""))
        if "src" in values:
            self.sources.append(values["src"])
        if "href" in values and tag in {"a", "area"}:
            self.links.append(values["href"])
        if "href" in values and tag == "link" and values.get("rel") != "canonical":
            is_file = values.get("rel") in {"stylesheet", "preload", "icon", "shortcut icon"}
            (self.sources if is_file else self.links).append(values["href"])


def list_faults(html: Path, expected: list[str]) -> list[str]:
    """What is wrong with built pages: missing pages, dead or foreign addresses, errors shown."""
    faults = [f"{name} is missing" for name in expected if not (html / name).is_file()]
    files = [file for file in html.rglob("*.html") if "_static" not in file.parts]
    pages = {file: Page(file.read_text()) for file in files}
    for file, page in pages.items():
        name = file.relative_to(html)
        for address in page.sources:
            if urlsplit(address).scheme not in {"", "data"} or address.startswith("//"):
                faults.append(f"{name} fetches {address}")
            elif not urlsplit(address).scheme and not _resolve(file, address).is_file():
                faults.append(f"{name} lacks {address}")
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = _resolve(file, address)
            if not target.is_file():
                faults.append(f"{name} links to {address}, which is not there")
            elif target in pages and unquote(parts.fragment) not in pages[target].ids | {""}:
                faults.append(f"{name} links to {address}, where no such place is")
        for words in page.words:
            if not words.strip() or re.fullmatch(r"\S+\.[a-z]{3,4}", words):
                told = f"has an image whose alt text is {words!r}: say what it shows"
                faults.append(f"{name} {told}")
        for classes in page.classes:
            if {"stderr", "traceback"} & set(classes.split()):
                faults.append(f"{name} shows an error output")
    return faults


def measure_weight(page: Path) -> int:
    """Bytes that a browser reads to show a page: its own and those of the files that it names."""
    sources = Page(page.read_text(encoding="utf-8")).sources
    files = {_resolve(page, source) for source in sources if not urlsplit(source).scheme}
    return page.stat().st_size + sum(file.stat().st_size for file in files)


def _resolve(page: Path, address: str) -> Path:
    """The file that a relative address on a page means."""
    path = unquote(urlsplit(address).path)
    return (page.parent / path).resolve() if path else page
