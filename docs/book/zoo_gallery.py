"""Directives of the gallery: a system of the zoo, cards of a subject's systems, and the references.

A page of the gallery is a zoo's subject, and says of each system what it is::

    ```{zoo} star
    Several chargers around one battery.
    ```

Picture, code and results come from the zoo itself: the code is that of the entry's picture, with
all that it needs, and the picture is what this code draws.
"""

import inspect
import os
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from zoo_code import draw, script
from zoo_references import BIB, linked, listed

import quantumbattery as qb
from quantumbattery.zoo.entries import Entry, Row
from quantumbattery.zoo.registry import ENTRIES


def draw_all(app: Any) -> None:
    """Draw what is not drawn yet, or was before the package changed."""
    folder, package = Path(app.doctreedir) / "zoo", Path(qb.__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    sources = [*Path(__file__).parent.glob("zoo_*.py"), *package.rglob("*.py")]
    newest = max(each.stat().st_mtime for each in sources)
    for entry in ENTRIES.values():
        path = _picture(app, entry)
        if not path.exists() or path.stat().st_mtime < newest:
            draw(entry, path)


def _picture(app: Any, entry: Entry) -> Path:
    return Path(app.doctreedir) / "zoo" / f"{entry.name}.png"


def _address(app: Any, entry: Entry) -> str:
    """Where a page finds the picture, from the book's folder."""
    return "/" + os.path.relpath(_picture(app, entry), app.srcdir)


class References(SphinxDirective):
    """All of references.bib, the newest first, each where citations lead."""

    def run(self) -> list[nodes.Node]:
        """A list."""
        self.env.note_dependency(str(BIB))
        return self.parse_text_to_nodes(listed())


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|$#~^])", r"\\\1", text)


def _table(rows: tuple[Row, ...]) -> Iterator[str]:
    yield "| what, and where the reference is from | ours | reference | apart | allowed |"
    yield "| :-- | --: | --: | --: | --: |"
    for row in rows:
        kind, _, source = row.source.partition(": ")
        said = f"{_escaped(row.quantity)}<br>*{kind}*: {linked(source, _escaped)}"
        numbers = f"{row.value:.7g} | {row.reference:.7g}"
        yield f"| {said} | {numbers} | {row.difference:.0e} | {row.allowed:.0e} |"


class Zoo(SphinxDirective):
    """One system: heading, what it is (the content), picture, code, results."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """A section."""
        entry = ENTRIES[self.arguments[0]]
        self.env.note_dependency(inspect.getfile(entry.picture))
        for path in Path(__file__).parent.glob("zoo_*.py"):
            self.env.note_dependency(str(path))
        rows = qb.zoo.reproduce(entry.name)
        if not rows.agrees:
            raise self.error(rows.summary())
        path = _address(self.env.app, entry)
        text = [
            *self.content, "",
            f"```{{image}} {path}", f":alt: {_untexed(entry.title)}", ":class: zoo-picture", "```",
            f"*{entry.start}*", "",
            "```python", script(entry).rstrip(), "```", "",
            ":::{div} zoo-results", "", *_table(rows.rows), "", ":::",
        ]  # fmt: skip
        title = nodes.title(entry.title, "", *self.parse_inline(entry.title)[0])
        section = nodes.section("", title, *self.parse_text_to_nodes("\n".join(text)))
        _label(self.state.document, section, f"zoo-{entry.name}")
        return [section]


def _label(document: Any, section: Any, name: str) -> None:
    """What cards lead to."""
    section["ids"], section["names"] = [name], [name]
    document.ids[name], document.nameids[name], document.nametypes[name] = section, name, True


class Cards(SphinxDirective):
    """A card for each system of a subject."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A grid."""
        text = ["::::{grid} 2 3 3 4", ":gutter: 2"]
        for entry in import_module(f"quantumbattery.zoo.{self.arguments[0]}").ENTRIES:
            path = _address(self.env.app, entry)
            text += [
                "", ":::{grid-item-card}", f":link: zoo-{entry.name}", ":link-type: ref",
                f":img-top: {path}", ":class-card: zoo-card", "", entry.title, ":::",
            ]  # fmt: skip
        return self.parse_text_to_nodes("\n".join([*text, "::::"]))


def _untexed(title: str) -> str:
    """A title as a text that is read aloud."""
    return re.sub(r"\\(sqrt|mathrm)|[${}]", lambda m: "root " if m[1] == "sqrt" else "", title)


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directives, and draw before pages are read."""
    app.add_directive("zoo", Zoo)
    app.add_directive("zoo-cards", Cards)
    app.add_directive("references", References)
    app.connect("builder-inited", draw_all)
    return {"parallel_read_safe": True}
