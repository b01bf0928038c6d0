"""What a sweep is, in a few letters: a store of another one is not to be continued."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import json
import pickle
from collections.abc import Mapping
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.operators import Described
from quantumbattery.sweeping.grid import Grid
from quantumbattery.system import System

_CONSTANTS = (int, float, complex, str, bytes)


def digest(data: bytes) -> str:
    """A fingerprint of bytes."""
    return hashlib.sha256(data).hexdigest()


def study(run: object, grid: Grid) -> dict[str, Any]:
    """What is swept, over which axes and by which version of the program, for JSON."""
    from quantumbattery import __version__

    axes = {
        name: {"points": len(each), "digest": digest(str(each.dtype).encode() + each.tobytes())}
        for name, each in grid.values.items()
    }
    return {"version": __version__, "run": identity(run), "axes": axes}


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    """In which respect another study differs, as part of a sentence."""
    if ours == theirs:
        return None
    if set(ours["axes"]) != set(theirs["axes"]):
        return f"its axes are {', '.join(theirs['axes'])}, not {', '.join(ours['axes'])}"
    other = [name for name in ours["axes"] if ours["axes"][name] != theirs["axes"][name]]
    if other:
        return f"its axis {other[0]!r} has other values"
    if ours["version"] != theirs["version"]:
        return f"it was begun by version {theirs['version']}, and this is {ours['version']}"
    try:
        mine, other = json.loads(ours["run"]), json.loads(theirs["run"])
        part = next(name for name in mine if mine[name] != other.get(name))
    except (ValueError, TypeError, StopIteration, AttributeError):
        return "it was begun for another function, or the function has changed since"
    return f"its [{part}] was {other.get(part)}, and is {mine[part]} here"


def checksum(data: Mapping[str, Any]) -> str:
    """A fingerprint of plain values."""
    return digest(json.dumps(data, sort_keys=True).encode())


def identity(run: object, seen: frozenset[object] = frozenset()) -> str:
    """A fingerprint of a function: what it does, its defaults, and what it refers to.

    That is the values that it encloses, and of what it reads from its own module the constants
    (numbers, texts, systems) and, in the same way, the functions; not lists and dictionaries,
    which may be there to be written to, nor the code of libraries. Comments do not count.
    """
    own = getattr(run, "fingerprint", None)
    if isinstance(own, str):
        return own
    if isinstance(run, functools.partial):
        given = [_value(each, seen) for each in run.args]
        named = {name: _value(each, seen) for name, each in sorted(run.keywords.items())}
        return digest(json.dumps([identity(run.func, seen), given, named]).encode())
    function = inspect.unwrap(run) if callable(run) else None
    if inspect.ismethod(function):
        return identity(functools.partial(function.__func__, function.__self__), seen)
    if not inspect.isfunction(function):
        return _value(run, seen)
    if function in seen:
        return function.__qualname__
    seen = seen | {function}
    enclosed = [_value(_content(cell), seen) for cell in function.__closure__ or ()]
    defaults = [_value(function.__defaults__, seen), _value(function.__kwdefaults__, seen)]
    parts = [function.__qualname__, *_code(function.__code__), *enclosed, *defaults]
    return digest(json.dumps(parts + _referred(function, seen)).encode())


def _code(code: CodeType) -> list[str]:
    """What a function does: instructions and constants, those of functions inside it too."""
    inside = [part for c in code.co_consts if isinstance(c, CodeType) for part in _code(c)]
    constants = [repr(c) for c in code.co_consts if not isinstance(c, CodeType)]
    if code.co_consts[:1] and isinstance(code.co_consts[0], str):
        constants = constants[1:]  # the docstring
    names = [*code.co_names, *code.co_varnames, *code.co_freevars]
    return [code.co_code.hex(), *constants, *names, *inside]


def _referred(function: FunctionType, seen: frozenset[object]) -> list[str]:
    """What it reads from its own module, and does not write."""
    written = {i.argval for i in dis.get_instructions(function) if i.opname == "STORE_GLOBAL"}
    found = []
    for name in sorted(_names(function.__code__) - written):
        value = function.__globals__.get(name)
        if inspect.isfunction(value) and value.__module__ == function.__module__:
            found.append(f"{name} {identity(value, seen)}")
        elif isinstance(value, (*_CONSTANTS, Described, xr.DataArray, np.ndarray, tuple)):
            found.append(f"{name} {_value(value, seen)}")
    return found


def _names(code: CodeType) -> set[str]:
    inside = [_names(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inside)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _value(value: object, seen: frozenset[object]) -> str:
    if inspect.isfunction(value) or isinstance(value, functools.partial):
        return identity(value, seen)
    if isinstance(value, System):
        value = str(value.to_dict()) if not value.drives else value
    if isinstance(value, xr.DataArray):
        value = (value.dims, value.to_numpy().tobytes(), str(value.dtype))
    try:
        return digest(pickle.dumps(value, protocol=4))
    except Exception:  # what cannot be written down is known by its kind alone
        return f"{type(value).__module__}.{type(value).__qualname__}"
