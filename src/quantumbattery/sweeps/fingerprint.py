"""What a sweep is, in a few letters: a store of another one is not to be continued."""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import io
import json
import pickle
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.described import Described
from quantumbattery.sweeps.grid import Grid

_CONSTANTS = (int, float, complex, str, bytes)
_HELD = (*_CONSTANTS, np.generic, np.ndarray, tuple, Described)
_LEFT_OUT = (ModuleType, list, dict, set)  # the last three may be there to be written to
_LIBRARIES = sys.stdlib_module_names | {"builtins", "numpy", "xarray", "pandas", "scipy"}


def digest(data: bytes) -> str:
    """A fingerprint of bytes."""
    return hashlib.sha256(data).hexdigest()


def study(run: object, grid: Grid) -> dict[str, Any]:
    """What is swept, over which axes and by which version of the program, for JSON."""
    axes = {
        name: {"points": len(each), "digest": digest(str(each.dtype).encode() + each.tobytes())}
        for name, each in grid.values.items()
    }
    return {"version": version("quantumbattery"), "run": identity(run), "axes": axes}


def libraries() -> dict[str, str]:
    """The versions of what may change the last digits of results, for JSON."""
    found = {name: version(name) for name in ("numpy", "scipy", "xarray")}
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "machine": platform.machine(), **found}


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    """In which respect another study differs, as part of a sentence."""
    if ours == theirs or _as_values(ours) == _as_values(theirs):
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
        both = dict.fromkeys((*mine, *other))
        part = next(name for name in both if mine.get(name) != other.get(name))
    except (ValueError, TypeError, StopIteration, AttributeError):
        return "it was begun for another function, or the function has changed since"
    was, now = (each.get(part, "not there") for each in (other, mine))
    return f"its [{part}] was {was}, and is {now} here"


def _as_values(study: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same with a study file as its values: 4 is 4.0."""
    try:
        return {**study, "run": json.loads(study["run"])}
    except (ValueError, TypeError):
        return study


def checksum(data: Mapping[str, Any]) -> str:
    """A fingerprint of plain values."""
    return digest(json.dumps(data, sort_keys=True).encode())


def identity(run: object, seen: frozenset[object] = frozenset()) -> str:
    """A fingerprint of a function: what it does, its defaults, and what it refers to.

    That is the values that it encloses, and of what it reads from its own module the constants
    (numbers, texts, arrays, tables, systems, objects) and, in the same way, the functions and the
    classes; not lists and dictionaries, which may be there to be written to, nor the code of
    libraries. Comments do not count. ValueError for what nobody can tell apart.
    """
    own = getattr(run, "fingerprint", None)
    if isinstance(own, str):
        return own
    if isinstance(run, functools._lru_cache_wrapper):
        return identity(run.__wrapped__, seen)
    if inspect.isclass(run):
        return _class(run, seen)
    if isinstance(run, functools.partial):
        given = [_value(each, seen) for each in run.args]
        named = {name: _value(each, seen) for name, each in sorted(run.keywords.items())}
        return digest(json.dumps([identity(run.func, seen), given, named]).encode())
    if inspect.ismethod(run):
        return identity(functools.partial(run.__func__, run.__self__), seen)
    if not inspect.isfunction(run):
        called = inspect.getattr_static(type(run), "__call__", None)
        acts = identity(called, seen) if inspect.isfunction(called) else ""
        return digest((acts + _value(run, seen)).encode())
    function = run
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
    constants = [_constant(c) for c in code.co_consts if not isinstance(c, CodeType)]
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
        if inspect.isfunction(value) or inspect.isclass(value) or _is_cached(value):
            if value.__module__ == function.__module__:
                found.append(f"{name} {identity(value, seen)}")
        elif inspect.ismethod(value) or not (
            value is None or inspect.isroutine(value) or isinstance(value, _LEFT_OUT)
        ):
            found.append(f"{name} {_value(value, seen)}")
    return found


def _is_cached(value: object) -> bool:
    return isinstance(value, functools._lru_cache_wrapper)


def _class(kind: type, seen: frozenset[object]) -> str:
    """A fingerprint of a class: its name, its methods and constants, and its own bases."""
    if kind in seen:
        return kind.__qualname__
    seen = seen | {kind}
    parts = [kind.__qualname__]
    parts += [identity(base, seen) for base in kind.__bases__ if base.__module__ == kind.__module__]
    for name, held in sorted(vars(kind).items()):
        value = getattr(held, "__func__", held)  # of class and static methods
        made = [value.fget, value.fset] if isinstance(value, property) else [value]
        for each in made:
            if inspect.isfunction(each):
                parts.append(f"{name} {identity(each, seen)}")
            elif isinstance(each, _HELD) and not name.startswith("__"):
                parts.append(f"{name} {_value(each, seen)}")
    return digest(json.dumps(parts).encode())


def _names(code: CodeType) -> set[str]:
    inside = [_names(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inside)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _constant(value: object) -> str:
    """A constant; the order of a set, and of those in it, is another in every process."""
    if isinstance(value, frozenset):
        return repr(sorted(map(_constant, value)))
    if isinstance(value, tuple) and any(isinstance(each, tuple | frozenset) for each in value):
        return repr([*map(_constant, value)])
    return repr(value)


def _value(value: Any, seen: frozenset[object]) -> str:
    """A fingerprint of what a function holds."""
    if inspect.isclass(value) or _is_cached(value):
        return identity(value, seen)
    if isinstance(value, xr.Dataset):
        value = (*((str(n), each) for n, each in value.variables.items()), dict(value.attrs))
    if isinstance(value, xr.Variable):
        value = (value.dims, value.to_numpy())
    if inspect.isroutine(value) or isinstance(value, functools.partial):
        return identity(value, seen) if not inspect.isbuiltin(value) else value.__qualname__
    if isinstance(value, Described):
        value = (type(value).__name__, value.written)
    if isinstance(value, xr.DataArray):
        value = (value.dims, {str(n): c.to_numpy() for n, c in value.coords.items()}, value.values)
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return digest(f"{value.dtype} {value.shape}".encode() + value.tobytes())
    if isinstance(value, Mapping):
        value = [(key, value[key]) for key in sorted(value, key=_constant)]
    if isinstance(value, set | frozenset):
        value = sorted(value, key=_constant)
    if isinstance(value, list | tuple):
        return digest(json.dumps([_value(each, seen) for each in value]).encode())
    try:
        told = digest(_pickled(value, seen))
        kind = type(value)
        if kind.__module__.partition(".")[0] in _LIBRARIES:
            return told
        return digest((told + _class(kind, seen)).encode())  # an object does what its class says
    except Exception as error:
        raise ValueError(
            f"run holds {value!r:.60}, of which nobody can tell whether it is the same next time "
            f"({error}): give run an attribute `fingerprint`, a text that says what it is"
        ) from None


def _pickled(value: object, seen: frozenset[object]) -> bytes:
    """The bytes of any object, with the sets in it in an order of their own."""

    class Sorted(pickle.Pickler):
        def persistent_id(self, obj: Any) -> tuple[str, list[str]] | None:
            if type(obj) not in (set, frozenset):  # a class of its own says more
                return None
            return type(obj).__name__, sorted(_value(each, seen) for each in obj)

    file = io.BytesIO()
    Sorted(file, protocol=4).dump(value)
    return file.getvalue()
