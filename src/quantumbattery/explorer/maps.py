"""Maps over two numbers of a system: all their points in arrays, rows sent as they are known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.explorer.catalogue import Control
from quantumbattery.explorer.points import Point, RefusedError, point_of, read
from quantumbattery.explorer.systems import SOUGHT, Answer, charged, numbers, on_the_page
from quantumbattery.explorer.wording import sentences
from quantumbattery.quantities.aliases import Array

_SIZES = ((9, 7), (33, 25))  # a first look, and the map
_MOMENTS = 121  # of which the best is taken
_ROWS = 5  # that are worked out together
_MOST = 40  # values of a whole number


@dataclass(frozen=True)
class Axis:
    """A number that varies over the map."""

    name: str  # of its control; of a list with the place behind a dot
    control: Control
    low: float
    high: float

    def values(self, count: int) -> Array:
        """Its values; whole numbers are taken all."""
        if self.control.kind == "whole":
            return np.arange(int(self.low), int(self.high) + 1)
        return np.linspace(self.low, self.high, count)


@dataclass(frozen=True)
class Shown:
    """What the map shows."""

    measure: str
    how: str  # max, time (the best moment) or at (a moment)
    moment: float


def answers(asked: Mapping[str, Any]) -> Iterator[Answer]:
    """A coarse map at once, then a fine one row by row; or what is refused, in words."""
    try:
        point = point_of(asked)
        point.system(), point.preparation()  # what is wrong off the axes is wrong everywhere
        axes, shown = _axes(asked, point), _shown(asked, point)
        whole = all(axis.control.kind == "whole" for axis in axes)
        for size in _SIZES[whole:]:
            yield from _rows(point, axes, shown, size)
    except RefusedError as error:
        yield {"refused": sentences(error.sentences)}
    except (TypeError, ValueError) as error:
        yield {"refused": sentences({"": on_the_page(error)})}


def _rows(
    point: Point, axes: tuple[Axis, Axis], shown: Shown, size: tuple[int, int]
) -> Iterator[Answer]:
    """A map from its lowest row up; whole numbers cannot be arrays, and are taken one by one."""
    x, y = (axis.values(count) for axis, count in zip(axes, size, strict=True))
    yield {"x": numbers(x), "y": numbers(y)}
    step = 1 if axes[1].control.kind == "whole" else _ROWS
    for low in range(0, len(y), step):
        rows = y[low : low + step]
        if axes[0].control.kind == "whole":
            columns = [_parts(point, axes, np.array([each]), rows, shown) for each in x]
            block = np.concatenate(columns, axis=1)
        else:
            block = _parts(point, axes, x, rows, shown)
        yield {"row": low, "values": numbers(block)}


def _parts(point: Point, axes: tuple[Axis, Axis], x: Array, y: Array, shown: Shown) -> Array:
    """Part of a map, (y, x); empty where there is no such system, in halves up to its border."""
    try:
        here = _there(point, axes, x, y)
    except RefusedError:
        if len(x) == len(y) == 1:
            return np.array([[np.nan]])
        along = int(len(x) >= len(y))
        halves = np.array_split((y, x)[along], 2)
        pieces = [(half, y) if along else (x, half) for half in halves]
        parts = [_parts(point, axes, *piece, shown) for piece in pieces]
        return np.concatenate(parts, axis=along)
    return _block(here, len(x), len(y), shown)


def _there(point: Point, axes: tuple[Axis, Axis], x: Array, y: Array) -> Point:
    """The system with the values of a part of a map; `RefusedError` if there is none somewhere."""
    put = {}
    for axis, values, name in zip(axes, (x, y), ("along_x", "along_y"), strict=True):
        whole = axis.control.kind == "whole"
        put[axis.name] = values[0].item() if whole else xr.DataArray(values, dims=name)
    here = replace(point, axes=put)
    here.system(), here.preparation()
    return here


def _block(here: Point, columns: int, rows: int, shown: Shown) -> Array:
    """Part of a map, (y, x), all at once."""
    best = shown.how != "at"
    times = np.linspace(0.0, here.last, _MOMENTS) if best else np.array([shown.moment])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = charged(here, here.system(), here.preparation(), times, [shown.measure])
    sizes = {"along_y": rows, "along_x": columns, "time": len(times)}
    whole_block = xr.DataArray(np.zeros(tuple(sizes.values())), dims=tuple(sizes))
    column = table[shown.measure].broadcast_like(whole_block).transpose(*sizes)
    read_off: Array = column.to_numpy()
    if shown.how == "time":
        first = times[read_off.argmax(axis=-1)]
        return np.where(read_off.max(axis=-1) > 0, first, np.nan)
    found: Array = read_off.max(axis=-1)
    return found


# --- what is asked for ---------------------------------------------------------------------------


def _shown(asked: Mapping[str, Any], point: Point) -> Shown:
    measure, _, how = str(asked.get("shown", "ergotropy_max"))[:60].rpartition("_")
    if measure not in SOUGHT or how not in ("max", "time", "at"):
        raise RefusedError({"shown": f"a map shows one of {', '.join(SOUGHT)}"})
    moment = asked.get("moment", 0.0)
    if not isinstance(moment, int | float) or not 0 <= moment <= point.last:
        raise RefusedError({"shown": "the moment of a map is one of those that are shown"})
    return Shown(measure, how, float(moment))


def _axes(asked: Mapping[str, Any], point: Point) -> tuple[Axis, Axis]:
    x, y = (_axis(asked.get(name), name, point) for name in ("x", "y"))
    if x.name == y.name:
        raise RefusedError({"y": "a map has two different axes"})
    return x, y


def _axis(given: Any, which: str, point: Point) -> Axis:
    """One axis: {"name": ..., "from": ..., "to": ...}, the ends as texts."""
    if not isinstance(given, Mapping) or not all(
        isinstance(given.get(n), str) and len(given[n]) < 60 for n in ("name", "from", "to")
    ):
        raise RefusedError({which: "an axis has a name, and two ends as texts"})
    control = _controls(point).get(given["name"])
    if control is None:
        raise RefusedError({which: f"{given['name']!r} is no number of {point.model.name}"})
    try:
        low, high = (read(control, given[end]) for end in ("from", "to"))
    except ValueError as error:
        raise RefusedError({which: str(error)}) from None
    if isinstance(low, complex) or isinstance(high, complex) or not -np.inf < low < high < np.inf:
        raise RefusedError({which: f"{given['name']} must go from a number up to a larger one"})
    if control.kind == "whole" and high - low >= _MOST:
        raise RefusedError({which: f"{given['name']} takes at most {_MOST} values on a map"})
    return Axis(given["name"], control, low, high)


def _controls(point: Point) -> dict[str, Control]:
    """All numbers that may vary, by name; those of a list one by one."""
    found = {}
    groups: tuple[tuple[str, tuple[Control, ...], Mapping[str, Any]], ...]
    groups = (("", point.model.controls, point.values), ("start.", point.start.controls, {}))
    for prefix, controls, values in groups:
        for each in controls:
            if each.kind == "list":
                for place, _ in enumerate(values[each.name]):
                    name = f"{each.name}.{place}"
                    found[name] = replace(each, name=name, kind="number", default="1.0")
            elif each.kind != "flag":
                found[prefix + each.name] = each
    return found
