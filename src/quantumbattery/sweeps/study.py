"""Study files: a sweep of a described system, written down in TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery import models
from quantumbattery.charging.charge import charge
from quantumbattery.charging.optimum import optimum
from quantumbattery.charging.system import System
from quantumbattery.network import preparations
from quantumbattery.quantities.described import check_known, made, saying
from quantumbattery.quantities.measures import MEASURES, check_measures
from quantumbattery.quantities.parameters import LARGEST, whole_number
from quantumbattery.quantities.parsing import angle

_PARTS = ("system", "preparation", "times", "optimum", "axes", "output")
_STATES = ("bloch", "fock", "coherent", "squeezed", "thermal")
_OUTPUT = ("measures", "extraction", "store", "chunk")
_OPTIMUM = ("horizon", "of", "tolerance")


@dataclass(frozen=True, eq=False)
class Study:
    """What a study file says; called with a point, it gives the table there."""

    given: Mapping[str, Any]  # its parts as plain values, but for the axes
    axes: Mapping[str, Any]  # the values along each axis
    # Where each axis acts: the tables that lead to it, and its name in the last.
    places: Mapping[str, tuple[tuple[str, ...], str]]
    store: Path  # where results go; beside the file, if it does not say
    chunk: int | None

    def __str__(self) -> str:
        lengths = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        what = self.given["system"].get("model", "a system of its own")
        return f"{what}, {lengths}"

    @property
    def fingerprint(self) -> str:
        """What the study is, but for its axes and where it is kept."""
        parts = {
            name: self.given.get(name, {}) for name in _PARTS if name not in ("axes", "output")
        }
        output = self.given.get("output", {})
        parts["output"] = {n: output[n] for n in ("measures", "extraction") if n in output}
        return json.dumps(parts, sort_keys=True, default=str)

    def __call__(self, **point: Any) -> xr.Dataset:
        """Charge, or find the optimum, at a point; values may be DataArrays."""
        given = {name: _copied(part) for name, part in self.given.items()}
        for name, value in point.items():
            _put(given, *self.places[name], value)
        system, preparation = _system(given["system"]), _preparation(given["preparation"])
        output = given.get("output", {})
        how = output.get("extraction", "global")
        if "optimum" in given:
            return optimum(system, preparation, **given["optimum"], extraction=how)
        return charge(system, preparation, _times(given["times"]), output.get("measures"), how)


def read_study(path: Path) -> Study:
    """Read a study file and check it.

    Parameters
    ----------
    path : Path
        In TOML, with the parts [system] (a model and its numbers, or sites and interactions as
        `System.to_dict` writes them), [preparation] (a state and its numbers, or a table of them
        for each site), [times] or [optimum] (horizon, of, tolerance), [axes] and [output].

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If the file cannot be read, or a part is missing, unknown or makes no sense.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from quantumbattery.sweeps.study import read_study
    >>> text = '''
    ... [system]
    ... model = "qubit_pair"
    ... [preparation]
    ... state = "bloch"
    ... theta = "90deg"
    ... [times]
    ... from = 0.0
    ... to = 3.0
    ... points = 4
    ... [axes]
    ... charger_loss = [0.0, 0.5]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "pair.toml")
    ...     written = path.write_text(text)
    ...     study = read_study(path)
    >>> study(charger_loss=0.5).energy.round(3).values
    array([0.   , 0.277, 0.258, 0.006])
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"the study {path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    with saying(str(path)):
        return _checked(given, path)


def _checked(given: dict[str, Any], path: Path) -> Study:
    unknown = [name for name in given if name not in _PARTS]
    missing = [name for name in ("system", "preparation", "axes") if name not in given]
    if unknown or missing:
        raise ValueError(
            f"it has {f'an unknown part [{unknown[0]}]' if unknown else f'no part [{missing[0]}]'};"
            " a study has [system], [preparation], [times] or [optimum], [axes] and [output]"
        )
    if wrong := [name for name in given if not isinstance(given[name], dict)]:
        raise ValueError(f"{wrong[0]} must be a table, [{wrong[0]}]; got {given[wrong[0]]!r:.60}")
    if ("times" in given) == ("optimum" in given):
        raise ValueError("a study has either [times] or [optimum]")
    output = given.get("output", {})
    _check_output(output, "optimum" in given)
    axes = {name: _axis(name, values) for name, values in given.pop("axes").items()}
    if not axes:
        raise ValueError("[axes] names nothing to sweep")
    store = path.parent / output.get("store", f"{path.stem}.zarr")
    places = {name: _place(given, name) for name in axes}
    study = Study(given, axes, places, store, output.get("chunk"))
    # Most of what can be wrong shows at the first point, before anything is computed.
    first = {name: values[0].item() for name, values in axes.items()}
    parts = {name: _copied(part) for name, part in given.items()}
    for name, value in first.items():
        _put(parts, *places[name], value)
    with saying("at the first point, " + ", ".join(f"{n} = {v}" for n, v in first.items())):
        _system(parts["system"])
        _preparation(parts["preparation"])
    check_known("optimum", parts.get("optimum", {}), _OPTIMUM)
    if "times" in parts:
        _times(parts["times"])
    elif "horizon" not in parts["optimum"]:
        raise ValueError("[optimum] needs a horizon, the latest moment that counts")
    return study


def _check_output(output: dict[str, Any], optimum: bool) -> None:
    check_known("output", output, _OUTPUT)
    if "measures" in output and optimum:
        raise ValueError("[optimum] says itself of what, in `of`: leave measures out")
    check_measures(output.get("measures", MEASURES))
    if output.get("extraction", "global") not in ("global", "collective", "local"):
        raise ValueError(f"extraction is global, collective or local; got {output['extraction']!r}")
    chunk = output.get("chunk", 1)
    whole_number(chunk, 1, "chunk must be a whole number of at least 1")
    if not isinstance(output.get("store", ""), str):
        raise ValueError(f"store must be a path, as a text; got {output['store']!r:.60}")


# --- parts -------------------------------------------------------------------------------------


def _maker(given: Mapping[str, Any], kind: str) -> Callable[..., Any] | None:
    """The model or the state that a part names; None where it names none."""
    there, names = (models, models.__all__) if kind == "model" else (preparations, _STATES)
    if kind not in given:
        return None
    if given[kind] not in names:
        raise ValueError(f"there is no {kind} {given[kind]!r}; there are {', '.join(names)}")
    make: Callable[..., Any] = getattr(there, given[kind])
    return make


def _made(make: Callable[..., Any], given: Mapping[str, Any], kind: str) -> Any:
    rest = {name: value for name, value in given.items() if name != kind}
    return made(f"{kind} {given[kind]}", make, rest, "{first}: give it there, or as an axis")


def _system(given: dict[str, Any]) -> System:
    make = _maker(given, "model")
    system: System = System.from_dict(given) if make is None else _made(make, given, "model")
    return system


def _preparation(given: dict[str, Any]) -> Any:
    if "state" not in given:
        if not all(isinstance(each, dict) for each in given.values()):
            raise ValueError(
                f"[preparation] needs a state, one of {', '.join(_STATES)}, or one for each site, "
                "as in [preparation.cavity]"
            )
        return {site: _preparation(each) for site, each in given.items()}
    make = _maker(given, "state")
    angles = {n: angle(n, v) for n, v in given.items() if isinstance(v, str) and n != "state"}
    return make and _made(make, given | angles, "state")


def _times(given: dict[str, Any]) -> Any:
    check_known("times", given, ("from", "to", "points"))
    return _span("times", {"from": 0.0} | given)


def _axis(name: str, given: object) -> Any:
    if isinstance(given, dict) and not {"from", "to", "points"} & set(given):
        raise ValueError(
            f"axis {name!r} holds no values; the name of a number inside a table needs quotes, "
            'as in "sites.cavity.loss" = [0.0, 0.1]'
        )
    if isinstance(given, dict):
        return _span(f"axis {name}", given)
    even = isinstance(given, list) and not any(isinstance(each, list | dict) for each in given)
    values = np.asarray(given if even else None)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "fiubU":
        raise ValueError(
            f"axis {name} is a list of values, or {{from = ..., to = ..., points = ...}}; got "
            f"{given!r:.60}"
        )
    return values


def _span(what: str, given: Mapping[str, Any]) -> Any:
    check_known(what, given, ("from", "to", "points"))
    try:
        first, last, points = (given[n] for n in ("from", "to", "points"))
    except KeyError as error:
        raise ValueError(f"{what} needs from, to and points; there is no {error}") from None
    numbers = all(isinstance(n, int | float) and abs(n) < LARGEST for n in (first, last))
    whole = isinstance(points, int) and not isinstance(points, bool)
    if not numbers or not whole or points < 1:
        raise ValueError(
            f"{what} goes from a number to a number in a whole number of points; got {given!r:.80}"
        )
    return np.linspace(first, last, points)


# --- axes --------------------------------------------------------------------------------------


def _place(given: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], str]:
    """Where an axis acts: a number of the model or of the state, or a path with dots."""
    *where, last = name.split(".")
    if where:
        if where[0] == "times":
            raise ValueError(f"axis {name!r}: all points share their times; [times] sets them")
        if where[0] not in ("system", "preparation", "optimum"):
            where = ["system", *where]
        _inside(given, tuple(where))
        return tuple(where), last
    found = []
    for part, kind in (("system", "model"), ("preparation", "state")):
        make = _maker(given[part], kind)
        others = getattr(make, "other_names", ())
        if make is not None and name in (*signature(make).parameters, *others):
            found.append(part)
    if name in given.get("optimum", {}):
        found.append("optimum")
    if len(found) != 1:
        raise ValueError(
            f"axis {name!r} is a number of "
            f"{' and of '.join(found) if found else 'neither the model nor the state'}; write "
            'where it stands, such as "preparation.theta" or "sites.cavity.loss"'
        )
    return (found[0],), name


def _inside(given: Mapping[str, Any], where: tuple[str, ...]) -> Any:
    """The table, or the entry of a list, that a path leads to."""
    here: Any = given
    for step in where:
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ValueError(f"there is no {'.'.join(where)!r} in the study") from None
    return here


def _put(given: Mapping[str, Any], where: tuple[str, ...], last: str, value: object) -> None:
    """Put a value where an axis acts."""
    here = _inside(given, where)
    if not isinstance(here, list):
        here[last] = value
    elif last.isdigit() and int(last) < len(here):
        here[int(last)] = value
    else:
        path = ".".join((*where, last))
        raise ValueError(f"there is no {path!r} in the study: a list counts from 0")


def _copied(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _copied(each) for name, each in part.items()}
    return [_copied(each) for each in part] if isinstance(part, list) else part
