"""A user's own code: whether it is that or a library's, what it does, names and writes to."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

_WRITING = {  # methods by which a container is written to
    *("append", "appendleft", "extend", "insert", "add", "update", "setdefault", "pop", "popitem"),
    *("clear", "remove", "discard", "sort", "reverse", "fill", "__setitem__", "__delitem__"),
}
_STORING = {"STORE_SUBSCR": 2, "DELETE_SUBSCR": 2, "STORE_SLICE": 3}  # where the container lies
_PREFIX = {"LOAD_GLOBAL": "", "LOAD_NAME": "", "LOAD_DEREF": "&"}
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_BY_LINE = {"__doc__", "__firstlineno__", "__static_attributes__"}  # of a class in a function
_INSTALLED = {"site-packages", "dist-packages"}
_ON_HEAP = 1 << 9  # a flag of classes that are no part of an extension
_HAS_DOCSTRING = 0x4000000  # a flag of code since Python 3.14


# --- whose it is ---------------------------------------------------------------------------------


def is_library(given: FunctionType | type | ModuleType) -> bool:
    """Whether code is Python's, this package's, or installed: what it does, a version tells."""
    if isinstance(given, FunctionType):  # whose module may be said to be another's
        return _of_library(given.__code__.co_filename)
    name = given.__name__ if isinstance(given, ModuleType) else given.__module__
    if name == "__main__":  # whatever started it
        return False
    if isinstance(given, type) and not _is_there(given):
        return False
    if name in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and _of_library(file)


def _is_there(kind: type) -> bool:
    """Whether a class is where it says; what programs make for others says all kinds of things."""
    if not kind.__flags__ & _ON_HEAP or "<locals>" in kind.__qualname__:
        return True
    found: object = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


@functools.lru_cache(maxsize=4096)
def _of_library(file: str) -> bool:
    path = Path(file)
    if file.startswith("<"):  # as typed, or made by a program
        return file.startswith("<frozen ")
    return not _INSTALLED.isdisjoint(path.parts) or any(map(path.is_relative_to, _folders()))


@functools.cache
def _folders() -> tuple[Path, ...]:
    """Where Python's own modules are, and this package's."""
    known = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    return (*map(Path, known), Path(__file__).parents[1])


def library_has(name: str, value: object) -> bool:
    """Whether something is what libraries have by this name, with whatever state it has there."""
    loaded = [each for each in [*sys.modules.values()] if isinstance(each, ModuleType)]
    return any(vars(each).get(name) is value and is_library(each) for each in loaded)


# --- what it does --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Code:
    """What a code does, with that of the functions inside it."""

    does: tuple[object, ...]  # instructions and constants
    reads: frozenset[str]  # names of its module
    attributes: frozenset[str]  # names of what it has in hand
    writes: frozenset[str]  # containers: "name" of its module, "&enclosed", " local", or
    # "name.attribute", in which its first argument is called self
    rebinds: frozenset[str]  # likewise what it gives another value; of attributes "name.attribute"
    imports: tuple[tuple[str, int], ...]  # modules, and how far above its package they are


@functools.lru_cache(maxsize=4096)
def read(code: CodeType) -> Code:
    """Read a code."""
    every = [*_every(code)]
    lines = [each for one in every for each in _instructions(one)]
    named = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_GLOBAL"}

    def names(*operations: str) -> frozenset[str]:
        return frozenset(str(i.argval) for i in lines if i.opname in operations)

    return Code(
        tuple(part for one in every for part in _does(one)),
        names(*named),
        names(*_ATTRIBUTES, "LOAD_SUPER_ATTR", "IMPORT_FROM"),
        frozenset(name for one in every for name in _written(one)),
        frozenset(name for one in every for name in _rebound(one)),
        tuple(each for one in every for each in _imports(_instructions(one))),
    )


def _every(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _every(each)


@functools.lru_cache(maxsize=4096)
def _instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE"))


def _does(code: CodeType) -> Iterator[object]:
    """Its instructions with names and constants; not its docstring, nor on which line it stands."""
    yield code.co_name, code.co_flags & ~_HAS_DOCSTRING, code.co_exceptiontable
    yield code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    yield code.co_varnames, code.co_freevars
    lines = _instructions(code)
    for k, each in enumerate(lines):
        after = lines[k + 1] if k + 1 < len(lines) else each
        if any(i.opname == "STORE_NAME" and i.argval in _BY_LINE for i in (each, after)):
            continue
        value = each.argval
        constant = each.opcode in dis.hasconst or each.opname == "LOAD_SMALL_INT"
        if isinstance(value, CodeType):  # told by itself
            value = None
        yield each.opname, value if constant else repr(value)


def _rebound(code: CodeType) -> Iterator[str]:
    """What gets another value: names of the module, enclosed ones, and attributes of these."""
    lines = _instructions(code)
    for k, each in enumerate(lines):
        if each.opname == "STORE_GLOBAL":
            yield str(each.argval)
        elif each.opname == "STORE_DEREF" and each.argval in code.co_freevars:
            yield f"&{each.argval}"
        elif each.opname == "STORE_ATTR":
            owner = next(_root(lines, k, 1, ()), "").lstrip("&")
            if owner.isidentifier():
                yield f"{owner}.{each.argval}"


def _written(code: CodeType) -> Iterator[str]:
    """What is written to by an item or by a method."""
    lines, own = _instructions(code), code.co_varnames[:1]
    for k, each in enumerate(lines):
        if each.opname in _ATTRIBUTES and each.argval in _WRITING:
            yield from _root(lines, k, 1, own)
        if each.opname in _STORING:
            yield from _root(lines, k, _STORING[each.opname], own)


def _root(
    lines: tuple[dis.Instruction, ...], k: int, place: int, own: tuple[str, ...]
) -> Iterator[str]:
    """The container so far down the stack before an instruction, or that of which it is an item."""
    while (made := _maker(lines, k, place)) is not None:
        k, below = made
        each = lines[k]
        if each.opname in _PREFIX:
            yield f"{_PREFIX[each.opname]}{each.argval}"
            return
        if each.opname in _ATTRIBUTES:
            owner = next(_root(lines, k, 1, own), "")
            of = "self" if owner in {f" {name}" for name in own} else owner.lstrip("&")
            if of.isidentifier():  # of anything else nobody knows whose it is
                yield f"{of}.{each.argval}"
            return
        if each.opname.startswith("LOAD_FAST"):
            names = each.argval if isinstance(each.argval, tuple) else (each.argval,)
            yield f" {names[below]}"
            return
        item = each.opname in ("BINARY_SUBSCR", "BINARY_SLICE") or each.argrepr == "[]"
        if not item and each.opname != "COPY":
            return
        place = 3 if each.opname == "BINARY_SLICE" else 2 if item else int(each.arg or 1)


def _maker(lines: tuple[dis.Instruction, ...], k: int, place: int) -> tuple[int, int] | None:
    """Which instruction pushed what lies so far down before another, and what of it that is."""
    left = place
    for j in range(k - 1, -1, -1):
        each = lines[j]
        if each.opname == "SWAP":
            left = {1: each.arg or 1, each.arg or 1: 1}.get(left, left)
            continue
        pushed = _pushed(each)
        taken = pushed - dis.stack_effect(each.opcode, each.arg, jump=False)
        if left <= pushed:
            return j, pushed - left
        left += taken - pushed
    return None


def _pushed(each: dis.Instruction) -> int:
    """How many values an instruction leaves."""
    if isinstance(each.argval, tuple) and each.opname.startswith("LOAD_FAST"):
        return 2
    idle = ("NOP", "RESUME", "PRECALL", "KW_NAMES", "COPY_FREE_VARS", "MAKE_CELL")
    if each.opname.startswith(("STORE", "POP", "DELETE", "RETURN", "RAISE", "JUMP", *idle)):
        return 0
    null = each.opname in ("LOAD_METHOD",) or (each.argrepr or "").endswith(("NULL", "NULL|self"))
    null = null or (each.argrepr or "").startswith("NULL")
    return 2 if null else 1


# --- what it brings in ---------------------------------------------------------------------------


def modules_of(function: FunctionType) -> list[ModuleType]:
    """The modules that a function names or brings in, and those in them; no libraries."""
    code, space = read(function.__code__), function.__globals__
    waiting = [space[name] for name in sorted(code.reads & space.keys())]
    waiting += [_brought(name, level, space) for name, level in code.imports]
    found: list[ModuleType] = []
    for each in waiting:
        if isinstance(each, ModuleType) and not is_library(each) and each not in found:
            found.append(each)
            inside = vars(each)
            waiting += [inside[name] for name in sorted(code.attributes & inside.keys())]
    return found


def _imports(lines: tuple[dis.Instruction, ...]) -> Iterator[tuple[str, int]]:
    for k, one in enumerate(lines):
        if one.opname == "IMPORT_NAME":
            level = lines[k - 2].argval
            yield one.argval, level if isinstance(level, int) else 0


def _brought(name: str, level: int, space: dict[str, Any]) -> ModuleType | None:
    """A module that is brought in while a function runs, brought in now."""
    package = space.get("__package__") or str(space.get("__name__", "")).rpartition(".")[0]
    top = name.partition(".")[0]
    with suppress(Exception):  # as it will say when it runs
        if not level and top not in sys.modules and _is_installed(top):
            return None
        return importlib.import_module("." * level + name, package or None)
    return None


def _is_installed(name: str) -> bool:
    """Whether a module that is not yet loaded is a library's."""
    spec = importlib.util.find_spec(name)
    return spec is None or not spec.origin or not spec.has_location or _of_library(spec.origin)


def content(cell: Any) -> Any:
    """What a cell of a closure holds, or None if it is not yet filled."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
