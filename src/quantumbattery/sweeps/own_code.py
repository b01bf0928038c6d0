"""A user's own code: whether it is that or a library's, which names it uses and writes to."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

_WRITING = {  # methods by which a container is written to
    *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "clear"),
    *("remove", "discard", "sort", "reverse", "__setitem__", "__delitem__"),
}
_STORING = {"STORE_SUBSCR": 1, "DELETE_SUBSCR": 1, "STORE_SLICE": 2}  # and what is pushed after it
_LOADING = ("LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD")
_INSTALLED = {"site-packages", "dist-packages"}


# --- whose it is ---------------------------------------------------------------------------------


def is_library(given: FunctionType | type | ModuleType) -> bool:
    """Whether code is Python's, this package's, or installed: what it does, a version tells."""
    if isinstance(given, FunctionType):  # whose module may be said to be another's
        return _of_library(given.__code__.co_filename)
    name = given.__name__ if isinstance(given, ModuleType) else given.__module__
    if name in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and _of_library(file)


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


# --- what it uses and writes to ------------------------------------------------------------------


def every_code(code: CodeType) -> Iterator[CodeType]:
    """A code, and those of the functions inside it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from every_code(each)


def names_of(code: CodeType) -> set[str]:
    """The names of modules' values and of attributes that a code uses."""
    return {name for each in every_code(code) for name in each.co_names}


def stored_by(code: CodeType, *operations: str) -> set[str]:
    """The names that a code gives other values."""
    every = (i for each in every_code(code) for i in dis.get_instructions(each))
    return {i.argval for i in every if i.opname in operations}


def written_from(function: FunctionType) -> set[str]:
    """The names of containers that a function writes to, or what it calls of its user's own."""
    waiting, met, written = [function], set[CodeType](), set[str]()
    while waiting:
        each = waiting.pop()
        if each.__code__ in met or is_library(each):
            continue
        met.add(each.__code__)
        written |= {name for code in every_code(each.__code__) for name in _written(code)}
        names = names_of(each.__code__)
        spaces = [each.__globals__, *map(vars, modules_of(each))]
        used = [space.get(name) for space in spaces for name in names]
        waiting += functions_of([*used, *map(content, each.__closure__ or ())])
    return written


def modules_of(function: FunctionType) -> list[ModuleType]:
    """The modules that a function names or brings in, and those in them; no libraries."""
    names, space = names_of(function.__code__), function.__globals__
    waiting = [space[name] for name in sorted(names & space.keys())]
    waiting += [_brought(name, level, space) for name, level in _imports(function.__code__)]
    found: list[ModuleType] = []
    for each in waiting:
        if isinstance(each, ModuleType) and not is_library(each) and each not in found:
            found.append(each)
            inside = vars(each)
            waiting += [inside[name] for name in sorted(names & inside.keys())]
    return found


def _imports(code: CodeType) -> Iterator[tuple[str, int]]:
    """The modules that a code brings in, and how far above its own package they are."""
    for each in every_code(code):
        instructions = [i for i in dis.get_instructions(each) if i.opname != "EXTENDED_ARG"]
        for k, one in enumerate(instructions):
            if one.opname == "IMPORT_NAME":
                level = instructions[k - 2].argval
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


def functions_of(values: Iterable[object]) -> Iterator[FunctionType]:
    """The functions among some values, also those in properties, classes and caches."""
    for value in values:
        if isinstance(value, property):
            yield from functions_of((value.fget, value.fset, value.fdel))
        elif isinstance(value, type):
            yield from functions_of(() if is_library(value) else vars(value).values())
        else:
            inside = getattr(value, "__func__", value)
            inside = inspect.unwrap(inside) if callable(inside) else inside
            if isinstance(inside, FunctionType):
                yield inside


def content(cell: Any) -> Any:
    """What a cell of a closure holds, or None if it is not yet filled."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _written(code: CodeType) -> Iterator[str]:
    """The names of what is written to by an item or by a method."""
    instructions = [i for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
    for k, each in enumerate(instructions):
        if each.argval in _WRITING and each.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            yield from _loaded(instructions, k)
        if each.opname in _STORING:
            yield from _loaded(instructions, _before(instructions, k, _STORING[each.opname]))


def _before(instructions: list[dis.Instruction], k: int, pushed: int) -> int:
    """Where what was pushed before an instruction begins."""
    depth = 0
    for j in range(k - 1, -1, -1):
        each = instructions[j]
        depth += dis.stack_effect(each.opcode, each.arg, jump=False)
        if depth == pushed:
            return j
    return 0


def _loaded(instructions: list[dis.Instruction], k: int) -> Iterator[str]:
    """The name that is loaded just before; all names where it is not that simple."""
    if k and instructions[k - 1].opname in _LOADING:
        yield str(instructions[k - 1].argval)
    elif k and instructions[k - 1].opname.startswith("LOAD_FAST"):
        return  # its own
    else:
        yield from (str(i.argval) for i in instructions if i.opname in _LOADING)
