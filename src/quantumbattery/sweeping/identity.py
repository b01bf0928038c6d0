"""What a sweep is, in a few letters: a store of another one is not to be continued."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import pickle
from collections.abc import Mapping
from typing import Any

from quantumbattery.sweeping.grid import Grid


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
    if list(ours["axes"]) != list(theirs["axes"]):
        return f"its axes are {', '.join(theirs['axes'])}, not {', '.join(ours['axes'])}"
    other = [name for name in ours["axes"] if ours["axes"][name] != theirs["axes"][name]]
    if other:
        return f"its axis {other[0]!r} has other values"
    if ours["version"] != theirs["version"]:
        return f"it was begun by version {theirs['version']}, and this is {ours['version']}"
    return "it was begun for another function, or the function has changed since"


def checksum(data: Mapping[str, Any]) -> str:
    """A fingerprint of plain values."""
    return digest(json.dumps(data, sort_keys=True).encode())


def identity(run: object) -> str:
    """A fingerprint of a function: its source, its defaults and what it encloses.

    What it reads from elsewhere, such as global variables, is not part of it.
    """
    own = getattr(run, "fingerprint", None)
    if isinstance(own, str):
        return own
    if isinstance(run, functools.partial):
        given = [_value(each) for each in run.args]
        named = {name: _value(each) for name, each in sorted(run.keywords.items())}
        return digest(json.dumps([identity(run.func), given, named]).encode())
    function = inspect.unwrap(run) if callable(run) else None
    if inspect.ismethod(function):
        return digest((identity(function.__func__) + _value(function.__self__)).encode())
    if inspect.isfunction(function):
        cells = [_value(_content(cell)) for cell in function.__closure__ or ()]
        defaults = [_value(function.__defaults__), _value(function.__kwdefaults__)]
        parts = [function.__qualname__, _source(function), *cells, *defaults]
        return digest(json.dumps(parts).encode())
    return _value(run)


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # typed by hand
        code = function.__code__
        constants = [each for each in code.co_consts if not inspect.iscode(each)]
        return f"{code.co_code.hex()} {code.co_names} {constants}"


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def _value(value: object) -> str:
    if inspect.isfunction(value) or isinstance(value, functools.partial):
        return identity(value)
    try:
        return digest(pickle.dumps(value, protocol=4))
    except Exception:  # what cannot be written down is known by its kind alone
        return f"{type(value).__module__}.{type(value).__qualname__}"
