"""The code of a picture of the zoo, by itself: what is needed of the zoo's file, and no more."""

import ast
import builtins
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl

import quantumbattery as qb
from quantumbattery.zoo.entries import Entry

WIDTH = 88
NOTES = {"quantumbattery.zoo.tools": "# curve: one measure of charge; line, finish: how it looks\n"}
HEAD = """\
plt.rcParams.update(STYLE)
figure, axes = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
"""


def script(entry: Entry) -> str:
    """What draws the picture of an entry, from its imports on."""
    module = sys.modules[entry.picture.__module__]
    source = inspect.getsource(module)
    tree = ast.parse(source)
    lines = _without_annotations(source, tree).splitlines()
    defined, needed = _definitions(tree), [entry.picture.__name__]
    for name in needed:  # grows
        inside = ast.walk(defined[name])
        used = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        needed += sorted(used & (defined.keys() - needed))
    draw = defined[entry.picture.__name__]
    parts = [defined[name] for name in needed if not _imported(defined[name])]
    pieces = [_piece(lines, tree, each) for each in tree.body if each in parts and each is not draw]
    assert isinstance(draw, ast.FunctionDef)
    body = textwrap.dedent("\n".join(lines[draw.body[0].lineno - 1 : draw.end_lineno]))
    text = "\n".join([*pieces, "", HEAD + body]).lstrip("\n")
    text = re.sub(r"  # (fmt|noqa)\b.*", "", text)
    imports = _imports(module, tree, [n for n in needed if _imported(defined[n])])
    gap = "\n\n\n" if text.startswith(("def ", "@")) else "\n\n"
    return _public(f"{imports}{gap}{text}\n")


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """The statement that binds each name of a module."""
    found: dict[str, ast.stmt] = {}
    for each in tree.body:
        if isinstance(each, ast.FunctionDef):
            found[each.name] = each
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names = (name for target in targets for name in ast.walk(target))
            found |= {name.id: each for name in names if isinstance(name, ast.Name)}
        elif isinstance(each, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name): each for alias in each.names}
    return found


def _imported(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _piece(lines: list[str], tree: ast.Module, part: ast.stmt) -> str:
    """One definition, with empty lines as between functions, or a constant with what it means."""
    first = min([part.lineno, *(d.lineno for d in getattr(part, "decorator_list", []))])
    text = "\n".join(lines[first - 1 : part.end_lineno])
    if isinstance(part, ast.FunctionDef):
        return f"\n\n{text}\n\n"
    after = tree.body[tree.body.index(part) + 1]
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        said = textwrap.fill(" ".join(str(after.value.value).split()), WIDTH - 2)
        text = textwrap.indent(said, "# ") + f"\n{text}"
    return text


def _without_annotations(source: str, tree: ast.Module) -> str:
    """The source without types, in text and tree: a script does not need them."""
    lines = source.split("\n")
    for each in ast.walk(tree):
        if isinstance(each, ast.arg) and each.annotation:
            _blank(lines, each.annotation, each.col_offset + len(each.arg))
            each.annotation = None
        elif isinstance(each, ast.FunctionDef) and each.returns:
            _blank(lines, each.returns, lines[each.returns.lineno - 1].index("->"))
            each.returns = None
        elif isinstance(each, ast.AnnAssign):
            _blank(lines, each.annotation, each.target.end_col_offset or 0)
            each.annotation = ast.Constant(None)
    text = re.sub(r"(?<=\w)\0+ = (?=[^\n]*[:,]$)", "=", "\n".join(lines), flags=re.MULTILINE)
    return re.sub(r" ?\0+", "", text)


def _blank(lines: list[str], annotation: ast.expr, start: int) -> None:
    row, end = annotation.lineno - 1, annotation.end_col_offset or 0
    assert annotation.end_lineno == row + 1, "a type on several lines"
    lines[row] = lines[row][:start] + "\0" * (end - start) + lines[row][end:]


def _imports(module: Any, tree: ast.Module, names: list[str]) -> str:
    """Import lines for these names of a module, what is public from the package's face."""
    found: dict[str, set[str]] = {"quantumbattery.plot.style": {"STYLE"}}
    whole = {"import matplotlib.pyplot as plt"}
    public = {name: getattr(qb, name) for name in qb.__all__}
    for each in (each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)):
        for alias in (a for a in each.names if (a.asname or a.name) in names):
            home = (isinstance(each, ast.ImportFrom) and each.module) or ""
            if getattr(module, alias.asname or alias.name) is public.get(alias.name, module):
                home = "quantumbattery"
            if home:
                found.setdefault(home, set()).add(ast.unparse(alias))
            else:
                whole.add(ast.unparse(ast.Import([alias])))
    lines = {home: _wrapped(home, sorted(found[home], key=str.lower)) for home in sorted(found)}
    ours = [line for home, line in lines.items() if home.startswith("quantumbattery")]
    theirs = [line for home, line in lines.items() if not home.startswith("quantumbattery")]
    return "\n".join([*theirs, *([""] * bool(theirs)), *sorted(whole), "", *ours])


def _wrapped(home: str, names: list[str]) -> str:
    line = f"from {home} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return NOTES.get(home, "") + line
    inside = textwrap.indent(textwrap.fill(", ".join(names) + ",", WIDTH - 4), "    ")
    return f"from {home} import (\n{inside}\n)"


def _public(text: str) -> str:
    """Names without their underscores, where no other name is hidden by it."""
    words = set(re.findall(r"\w+", text))
    for name in sorted({w for w in words if re.fullmatch(r"_[A-Za-z]\w*", w)}):
        if name[1:] not in words and name[1:] not in dir(builtins):
            text = re.sub(rf"(?<![\w.]){name}\b", name[1:], text)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def draw(entry: Entry, path: Path) -> None:
    """Run the code of a picture, and save what it draws."""
    import matplotlib.pyplot as plt

    mpl.use("agg")
    with mpl.rc_context():
        there: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(script(entry), f"<{entry.name}>", "exec"), there)
        there["figure"].savefig(path, dpi=160)
        plt.close(there["figure"])
