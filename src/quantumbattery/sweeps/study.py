"""Study files: a sweep of a described system, written down in TOML."""

from __future__ import annotations

import json
import os
from cmath import isfinite
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import scipy.optimize.elementwise  # noqa: F401 - once, for all processes that are forked
import xarray as xr

from quantumbattery.charging.optimum import SOUGHT, asked, sought_of
from quantumbattery.charging.system import System
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import saying
from quantumbattery.quantities.parsing import number_of_state
from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.grid import Grid, check_size
from quantumbattery.sweeps.layout import check_local, folder_of
from quantumbattery.sweeps.parts import (
    DISCONNECT,
    PARTS,
    axis_of,
    check_output,
    check_parts,
    disconnect_of,
    length_of,
    parts_in,
    place_of,
    preparation_of,
    system_of,
    table_of,
    times_of,
)
from quantumbattery.sweeps.places import check_places, copied, put, value_in
from quantumbattery.sweeps.readings import MATRIX, Readings, fixed, readings_of

_LOOKED_AT = 64  # values of an axis for which it is looked at how many levels there are


@dataclass(frozen=True, eq=False)
class Study:
    """What a study file says; called with a point, it gives the table there."""

    given: Mapping[str, Any]  # its parts as plain values, but for the axes
    axes: Mapping[str, Any]  # the values along each axis
    # Where each axis acts: the tables that lead to it, and its name in the last.
    places: Mapping[str, tuple[tuple[str, ...], str]]
    store: Path  # where results go; beside the file, if it does not say
    chunk: int | None
    batch: bool | None = None  # whether several points are worked out at once; None: if it pays
    reals: tuple[str, ...] = ()  # its observables of which a map can be drawn

    def __str__(self) -> str:
        lengths = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        what = self.given["system"].get("model", "a system of its own")
        return f"{what}, {lengths}"

    @property
    def fingerprint(self) -> str:
        """What the study is, but for its axes and where it is kept."""
        later = ("axes", "output", "observables")  # the last is in no store of before
        parts = {name: self.given.get(name, {}) for name in PARTS if name not in later}
        parts |= {n: self.given[n] for n in ("observables",) if self.given.get(n)}
        output, kept = self.given.get("output", {}), ("measures", "extraction", MATRIX)
        parts["output"] = {n: output[n] for n in kept if n in output}
        return json.dumps(parts, sort_keys=True, default=str)

    def __call__(self, **point: Any) -> xr.Dataset:
        """Charge, or find the optimum, at a point; values may be DataArrays."""
        given = {name: copied(part) for name, part in self.given.items()}
        for name, value in point.items():
            put(given, *self.places[name], value)
        return table_of(given)


def read_study(path: str | os.PathLike[str]) -> Study:
    """Read a study file and check it.

    Parameters
    ----------
    path : str or path-like
        In TOML, with the parts [system] (a model and its numbers, or sites and interactions as
        `System.to_dict` writes them), [preparation] (a state and its numbers, or a table of them
        for each site), [times] or [optimum] (horizon, of, tolerance), [axes], and if need be
        [observables] and [output].

    Returns
    -------
    Study

    Raises
    ------
    TypeError, ValueError
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
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a study is a file, given by its name or path; got {quoted(path)}")
    file = Path(path)
    given = parts_in(file)
    with saying(str(file)):
        return _checked(given, file)


def _checked(given: dict[str, Any], path: Path) -> Study:
    check_parts(given, ("system", "preparation"))
    if ("times" in given) == ("optimum" in given):
        raise ValueError("a study has either [times] or [optimum]")
    output = given.get("output", {})
    check_output(given, "optimum" in given)
    written = given.pop("axes", {})
    check_size({name: length_of(values) for name, values in written.items()})
    axes = {name: axis_of(name, values) for name, values in written.items()}
    if not axes:
        raise ValueError(
            "[axes] names nothing to sweep; `quantumbattery charge` and `optimum` work out a study "
            "at a single point"
        )
    Grid.of(axes)
    store = path.parent / output.get("store", f"{path.stem}.zarr")
    with saying("[output] store"):
        check_local(output.get("store"))
        folder_of(store)
    places = {name: place_of(given, name) for name in axes}
    check_places(places)
    _check_texts(axes, places)
    study = Study(given, axes, places, store, output.get("chunk"), output.get("batch"))
    # Most of what can be wrong shows at the first point, before anything is computed.
    first = {name: values[0].item() for name, values in axes.items()}
    parts = {name: copied(part) for name, part in given.items()}
    for name, value in first.items():
        put(parts, *places[name], value)
    with saying("at the first point, " + ", ".join(f"{n} = {v}" for n, v in first.items())):
        system = system_of(parts["system"])
        preparation_of(parts["preparation"])
    _check_hidden(study, parts)
    if "times" in parts:
        times_of(parts["times"])
        for name in (n for n in axes if places[n] == (("times",), DISCONNECT)):
            disconnect_of({DISCONNECT: axes[name]})
        disconnect_of(parts["times"])
        wanted = readings_of(parts, system)
        _check_sizes(study, parts, wanted, system)
        study = replace(study, reals=tuple(n for n, each in wanted.means.items() if each.real))
    elif "horizon" not in parts["optimum"]:
        raise ValueError("[optimum] needs a horizon, the latest moment that counts")
    else:
        _check_optimum(parts["optimum"])
    return study


def _check_texts(
    axes: Mapping[str, Array], places: Mapping[str, tuple[tuple[str, ...], str]]
) -> None:
    """Raise ValueError for a number of a start that is written as no number, or twice."""
    for name, values in axes.items():
        where, last = places[name]
        if values.dtype.kind != "U" or where[0] != "preparation" or last == "state":
            continue
        with saying(f"axis {name!r}"):
            numbers = [number_of_state(last, each) for each in values.tolist()]
            if not all(isinstance(n, int | float | complex) and isfinite(n) for n in numbers):
                raise ValueError(f"its numbers must be finite; got {quoted(values.tolist())}")
            if len(set(numbers)) < len(numbers):
                raise ValueError(f"it says a number twice; got {quoted(values.tolist())}")


def _check_hidden(study: Study, first: Mapping[str, Any]) -> None:
    """Raise ValueError for a value that makes no sense, where an axis of its name would hide it."""
    hidden = [name for name in study.axes if value_in(study.given, *study.places[name]) is not None]
    if not hidden:
        return
    parts = {name: copied(part) for name, part in first.items()}
    for name in hidden:
        where, last = study.places[name]
        put(parts, where, last, copied(value_in(study.given, where, last)))
    with saying(f"with what it gives itself for {', '.join(hidden)}, beside [axes]"):
        system_of(parts["system"])
        preparation_of(parts["preparation"])
        disconnect_of(parts.get("times", {}))
        if "horizon" in parts.get("optimum", {}):
            _check_optimum(parts["optimum"])


def _check_optimum(given: Mapping[str, Any]) -> None:
    asked(given["horizon"], given.get("tolerance", 1e-9))
    sought_of(given.get("of", SOUGHT), {}, {})


def _check_sizes(study: Study, first: Mapping[str, Any], asked: Readings, system: System) -> None:
    """Raise ValueError if what has a size has another one at another point."""
    levels = fixed(asked, system)
    for name, values in study.axes.items():
        where, last = study.places[name]
        if not levels or values.dtype.kind == "f" or where[0] != "system":
            continue  # a number of levels is none of fractional numbers
        for value in values[:_LOOKED_AT].tolist():
            parts = copied(first["system"])
            put({"system": parts}, where, last, value)
            sites = system_of(parts).sites
            for site, count in levels.items():
                other = sites[site].dimension if site in sites else None
                if other != count:
                    raise ValueError(
                        f"{site!r} has {count} levels at the first point and {other or 'none'} at "
                        f"{name} = {value}, so that no table has room for the density matrices, or "
                        f"a matrix does not fit: sweep one {name} at a time, or ask for operators "
                        "by name"
                    )
