"""The floors of the house, drawn from the code: which room imports from which."""

import ast
import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import quantumbattery as qb

PACKAGE = Path(qb.__file__).parent
CONTRACTS = Path(__file__).parents[2] / "pyproject.toml"
STEP, LEFT = 20, 92  # of the drawing: a square, and the room for names


def floors() -> list[list[str]]:
    """The rooms on each floor, from the street up to the roof, as `make lint` holds them."""
    found = tomllib.loads(CONTRACTS.read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in found if each["type"] == "layers")
    rooms = [re.findall(r"\w+", floor) for floor in layers]
    return [floor for floor in rooms if floor != ["__main__"]]


def files_of(room: str) -> list[Path]:
    """Its files, that which says what it holds first."""
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports(room: str) -> dict[str, int]:
    """How many import lines of a room name each other room."""
    found: dict[str, int] = {}
    for each in chain.from_iterable(ast.walk(ast.parse(f.read_text())) for f in files_of(room)):
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("quantumbattery"):
            path = each.module.split(".")[1:]
            for name in path[:1] or [alias.name for alias in each.names]:
                found[name] = found.get(name, 0) + (name != room)
    return found


def holds(room: str) -> str:
    """The first sentence of what it says of itself."""
    said = ast.get_docstring(ast.parse(files_of(room)[0].read_text())) or ""
    return " ".join(said.split("\n\n")[0].split())


def drawing() -> str:
    """A dot for each room (column) that a room (row) imports from: none is left of the diagonal."""
    rooms = [room for floor in floors() for room in floor]
    size = STEP * len(rooms)
    lines, row = [], 0
    for floor in floors():
        lines.append(f'<path d="M0 {STEP * row}H{LEFT + size}" class="floor"/>')
        for room in floor:
            y = STEP * row + STEP / 2
            lines.append(f'<text x="{LEFT - 8}" y="{y}" class="name">{room}</text>')
            lines.append(f'<circle cx="{LEFT + STEP * row + STEP / 2}" cy="{y}" r="2"/>')
            for other, count in imports(room).items():
                if count and other in rooms:
                    x, radius = LEFT + STEP * (rooms.index(other) + 0.5), min(3 + count / 12, 8)
                    lines.append(f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" class="used"/>')
            row += 1
    names = "".join(
        f'<text transform="translate({LEFT + STEP * (k + 0.5)} {size + 8}) rotate(-60)" '
        f'class="name">{room}</text>'
        for k, room in enumerate(rooms)
    )
    return (
        f'<svg class="floors" viewBox="0 0 {LEFT + size} {size + 78}" role="img" '
        f'aria-label="Which room imports from which: every import points down.">'
        f"{''.join(lines)}{names}</svg>"
    )


class Floors(SphinxDirective):
    """The drawing, and a table of the rooms."""

    def run(self) -> list[nodes.Node]:
        """Both, as the code is now."""
        for path in (CONTRACTS, __file__, *PACKAGE.rglob("*.py")):
            self.env.note_dependency(str(path))
        rows = [f"| `{room}` | {holds(room)} |" for floor in floors() for room in floor]
        text = ["| room | what it holds |", "| :-- | :-- |", *rows]
        table = self.parse_text_to_nodes("\n".join(text))
        return [nodes.raw("", drawing(), format="html"), *table]


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the directive."""
    app.add_directive("floors", Floors)
    return {"parallel_read_safe": True}
