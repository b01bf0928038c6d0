"""What a page is told of a system: curves, best moments, its picture's parts, lines of Python."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.explorer.catalogue import EMPTY
from quantumbattery.explorer.points import Point, RefusedError, place_of, point_of
from quantumbattery.explorer.wording import sentence, sentences
from quantumbattery.machine import TooLargeError, memory
from quantumbattery.network.network import numbers_of
from quantumbattery.network.sites import Site
from quantumbattery.quantities.described import short
from quantumbattery.quantities.parameters import any_nonzero

CURVES = (
    "energy", "passive_energy", "ergotropy", "capacity", "power", "passive_power",
    "ergotropic_power",
)  # fmt: skip
SOUGHT = ("energy", "power", "ergotropy", "ergotropic_power")
MEMORY = min(1.0, memory() / 16)  # GiB that a computation may take beside its result
_NOTHING = 1e-12  # of a maximum: what rounding leaves where nothing is
_SOON = 1e-4  # of the time shown, below which a best moment may be none but a limit

Answer = dict[str, Any]


def answers(asked: Mapping[str, Any]) -> Iterator[Answer]:
    """The curves of a system, then its certified best moments; or what is refused, in words."""
    try:
        point = point_of(asked)
        system, start = point.system(), point.preparation()
    except RefusedError as error:
        yield {"refused": sentences(error.sentences)}
        return
    try:
        yield _curves(point, system, start)
    except (TypeError, ValueError) as error:
        yield {"refused": sentences({_whose(point, str(error)): on_the_page(error)})}
        return
    yield _certified(point, system, start)


def _curves(point: Point, system: System, start: Any) -> Answer:
    measures = [*CURVES, *(["charger_energy"] if system.charger else [])]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        table = charged(point, system, start, point.times, measures)
    columns = {str(name): numbers(column) for name, column in table.data_vars.items()}
    return {
        "table": {"time": numbers(table["time"]), **columns},
        "best": on_the_grid(table),
        "network": network_of(system),
        "code": python_of(point),
        "file": file_of(table),
        "notes": [*(sentence(str(each.message), ()) for each in said), *notes_of(table)],
    }


def charged(
    point: Point, system: System, start: Any, times: Any, measures: list[str]
) -> xr.Dataset:
    """The table that `System.charge` gives."""
    return system.charge(
        start, times, measures, point.extraction, disconnect=point.disconnect, limit=MEMORY
    )


def on_the_page(error: Exception) -> str:
    """What an error says, without the advice that only whoever writes Python can follow."""
    said = str(error).replace("give a shorter horizon", "show a shorter time")
    for advice in ("; charge on a grid", "; charge for a shorter time, or give levels"):
        said = said.partition(advice)[0]
    if not isinstance(error, TooLargeError):
        return said
    if said.startswith("too large: "):
        said = ": ".join(said.split(": ")[:2])
    elif said.startswith("too large for"):
        said = "too large for this machine"
    return (
        f"{said}. Use fewer cells or quanta, fewer moments, or a shorter time; "
        "in Python the limit may be raised as far as the machine goes"
    )


def _certified(point: Point, system: System, start: Any) -> Answer:
    """The best moments, each with the certificate that no other is better."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = system.optimum(
                start, point.last, SOUGHT, extraction=point.extraction, limit=MEMORY
            )
    except (TypeError, ValueError) as error:
        return {"uncertified": on_the_page(error), "code": python_of(point, False)}
    best = {}
    for name in SOUGHT:
        time, most = found[f"{name}_time"], found[f"{name}_max"]
        best[name] = {"time": numbers(time), "max": numbers(most)}
        best[name]["at_once"] = _at_once(point, system, start, name, float(time), float(most))
    return {"certified": best, "notes": [sentence(str(each.message), ()) for each in said]}


def _at_once(point: Point, system: System, start: Any, name: str, time: float, most: float) -> bool:
    """Whether a power is largest in the limit t -> 0: much earlier it is no smaller."""
    if not name.endswith("power") or not 0 < time < _SOON * point.last:
        return False
    earlier = system.charge(start, time / 1000, [name], point.extraction, limit=MEMORY)
    return float(earlier[name]) > (1 - 1e-6) * most


def on_the_grid(table: xr.Dataset) -> dict[str, Any]:
    """The largest of the moments that were asked for; nothing is never."""
    found = {}
    for name in SOUGHT:
        values = table[name].to_numpy()
        place = int(values.argmax())
        there = values[place] > _NOTHING
        found[name] = {
            "time": numbers(table["time"][place]) if there else "NaN",
            "max": numbers(values[place]) if there else 0.0,
        }
    return found


def notes_of(table: xr.Dataset) -> list[str]:
    """How it was solved, and what the levels of oscillators leave out."""
    notes = []
    if method := table.attrs.get("method"):
        notes.append(f"Solved by: {method}.")
    if "levels" in table.attrs:
        left = table.attrs["left_out"]
        notes.append(
            f"Levels of {table.attrs['levels']}; they leave out {left:.1g} quanta at most."
        )
    return notes


def file_of(table: xr.Dataset) -> dict[str, Any]:
    """What a NetCDF file has beside the columns: units, numbers of the preparation, how it came."""
    fixed = {
        str(name): numbers(array)
        for name, array in table.coords.items()
        if not array.dims and array.dtype.kind == "f"
    }
    about = {str(name): dict(array.attrs) for name, array in table.variables.items()}
    attrs = {str(name): value if isinstance(value, str) else f"{value:.17g}"
             for name, value in table.attrs.items()}  # fmt: skip
    return {"fixed": fixed, "about": about, "attrs": attrs}


def _whose(point: Point, sentence: str) -> str:
    """The control that a sentence of the library is about; "" for the whole."""
    return place_of(sentence, point.values) or place_of(sentence, point.numbers, "start.")


def numbers(values: Any) -> Any:
    """Plain numbers for JSON, which has no infinity: those are texts that JavaScript reads."""
    given = np.asarray(values, dtype=float)
    if np.isfinite(given).all():
        return given.tolist()
    if given.ndim:
        return [numbers(each) for each in given]
    return _NAMES[str(float(given))]


_NAMES = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


# --- its picture ---------------------------------------------------------------------------------


def network_of(system: System) -> dict[str, Any]:
    """Sites and what acts on them, for a picture."""
    return {
        "sites": [_site(name, site, system) for name, site in system.sites.items()],
        "links": [
            {"ends": list(each.ends), "kind": each.kind, "says": _says(each)}
            for each in system.interactions
        ],
        "drives": [
            {"site": each.site, "kind": each.kind, "says": _says(each)} for each in system.drives
        ],
    }


def _site(name: str, site: Site, system: System) -> dict[str, Any]:
    role = "mediator"
    if name in system.battery:
        role = "battery"
    elif name in system.charger:
        role = "charger"
    rates = [n for n in ("loss", "dephasing", "occupation") if any_nonzero(getattr(site, n))]
    return {
        "name": name,
        "kind": type(site).__name__,
        "role": role,
        "cells": getattr(site, "number", 1),
        "rates": {n: short(getattr(site, n)) for n in rates},
    }


def _says(part: Any) -> str:
    shown = [f"{n} = {short(v)}" for n, v in numbers_of(part) if n != "phase"]
    return ", ".join(shown)


# --- the same in Python --------------------------------------------------------------------------


def python_of(point: Point, certified: bool = True) -> str:
    """Lines of Python that give the numbers of the page."""
    given = "".join(f"    {name}={_python(value)},\n" for name, value in point.values.items())
    how = "" if point.extraction == "global" else f', extraction="{point.extraction}"'
    end = "" if point.disconnect is None else f", disconnect={point.disconnect!r}"
    beyond = "  # of a charger that is not disconnected before" if end else ""
    best = f"system.optimum(start, horizon={point.last!r}{how}){beyond}"
    if not certified:
        best = f'table[{list(SOUGHT)}].idxmax("time")  # of these moments'
    return (
        "import numpy as np\nimport quantumbattery as qb\n\n"
        f"system = qb.models.{point.model.name}(\n{given})\n"
        f"start = {_start(point)}\n"
        f"times = np.linspace(0.0, {point.last!r}, {point.count})\n"
        f"table = system.charge(start, times{how}{end})\n"
        f"best = {best}\n"
        "print(table)\nprint(best)\n"
    )


def _start(point: Point) -> str:
    if point.start.name == EMPTY:
        return "{}  # every site in its lowest level"
    given = ", ".join(f"{name}={_python(value)}" for name, value in point.numbers.items())
    return f"qb.{point.start.name}({given})"


def _python(value: Any) -> str:
    """A value as Python writes it; infinity has no name of its own there."""
    return "np.inf" if isinstance(value, float) and math.isinf(value) else repr(value)
