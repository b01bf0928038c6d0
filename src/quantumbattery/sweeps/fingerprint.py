"""What a sweep is, in a few letters: a store of another one is not to be continued."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from quantumbattery.sweeps.grid import Grid
from quantumbattery.sweeps.identity import digest, identity


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
        return (
            "it was begun for another function, or the function has changed since, or what it reads"
        )
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
