"""Follow every link of the built book, offline: `python docs/check_links.py build/docs`.

Pages, files and anchors have to be there, and nothing may be fetched from elsewhere. Links that a
reader may click lead outside; whether these still hold, no check without a network can tell.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
STYLED = re.compile(r"url\(['\"]?([^'\")]+)['\"]?\)")


class Page(HTMLParser):
    """What a page links to, what it takes, and the anchors that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.taken: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and anchors of one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and FETCHED[tag] in given:
            self.taken.append(given[FETCHED[tag]])


page_of = cache(Page)


def wrong(link: str, file: Path, fetched: bool = False) -> str:
    """What is wrong with a link of a file, or nothing."""
    parts = urlsplit(link)
    if parts.scheme == "data" or (parts.scheme and not fetched):
        return ""
    if parts.scheme or parts.netloc:
        return "is fetched from elsewhere"
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return "leads nowhere"
    state = "=" in parts.fragment  # in which the explorer opens, and no anchor
    if parts.fragment and target.suffix == ".html" and not state:
        anchors = page_of(target).anchors
        return "" if unquote(parts.fragment) in anchors else "has no such anchor there"
    return ""


def faults(book: Path) -> list[str]:
    """All that is wrong, one sentence each."""
    found = []
    book = book.resolve()
    # What stands in _static is no page, but may be a template of one.
    pages = [file for file in sorted(book.rglob("*.html")) if book / "_static" not in file.parents]
    for file in pages:
        page = page_of(file)
        asked = [(link, False) for link in page.links] + [(link, True) for link in page.taken]
        found += [(file, link, wrong(link, file, fetched)) for link, fetched in asked]
    for file in book.rglob("*.css"):
        links = STYLED.findall(file.read_text("utf-8"))
        found += [(file, link, wrong(link, file, fetched=True)) for link in links]
    known = dict.fromkeys(
        f"{file.relative_to(book)}: {link} {fault}" for file, link, fault in found if fault
    )
    return [*known] if pages else [f"{book} has no pages"]


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    found = faults(Path(sys.argv[1]))
    print("\n".join(found) if found else "All links of the book lead somewhere.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
