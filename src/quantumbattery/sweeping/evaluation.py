"""Evaluation of a block of points: one by one, or several at once where `run` broadcasts."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.cores import at_most
from quantumbattery.operators import Array
from quantumbattery.sweeping.grid import Grid, Region, points

Run = Callable[..., xr.Dataset]

_CLOSE = 1e-9  # how far values from a batch and from single points may be apart, of the largest
_TRIES = 1000  # points that may fail before the first that does not
_LONGEST = 300  # characters of a message that is kept


@dataclass(frozen=True, eq=False)
class Template:
    """What `run` gives at every point.

    Attributes
    ----------
    variables : dict of str to Variable
        Without values: a shape, dimensions, a dtype and attributes.
    coords : dict of str to Variable
        Of the variables' own axes.
    """

    variables: Mapping[str, xr.Variable]
    coords: Mapping[str, xr.Variable]

    @classmethod
    def of(cls, table: object, axes: tuple[str, ...]) -> Template:
        """Read it off the table of one point."""
        if not isinstance(table, xr.Dataset):
            raise TypeError(f"run must return an xarray.Dataset; got {table!r:.60}")
        own = table.drop_vars([name for name in axes if name in table.coords])
        clash = [d for d in own.dims if d in axes or d in ("done", "failure")]
        clash += [n for n in own.data_vars if n in axes or n in ("done", "failure")]
        if clash or not own.data_vars:
            raise ValueError(
                f"the table that run returns names {clash[0]!r}, as the sweep does: rename it"
                if clash
                else "the table that run returns has no variables"
            )
        wrong = [str(n) for n, v in own.data_vars.items() if v.dtype.kind not in "fiubc"]
        if wrong:
            raise ValueError(f"{wrong[0]!r} in the table that run returns holds no numbers")
        variables = {str(name): each.variable for name, each in own.data_vars.items()}
        coords = {str(name): each.variable for name, each in own.coords.items() if each.ndim}
        return cls(variables, coords)

    def fit(self, table: object, axes: Mapping[str, int]) -> dict[str, Array]:
        """The values of each variable, first along some axes of the sweep, then along its own.

        Raises
        ------
        ValueError
            If the table differs from that of the first point.
        """
        found = Template.of(table, ())
        if list(found.variables) != list(self.variables):
            raise ValueError(
                f"run gave {', '.join(found.variables)} here, but {', '.join(self.variables)} at "
                "the first point"
            )
        for name, coord in self.coords.items():
            if name in found.coords and not found.coords[name].equals(coord):  # type: ignore[no-untyped-call]
                raise ValueError(f"the axis {name!r} of run's table is not that of the first point")
        fitted = {}
        for name, each in self.variables.items():
            own = found.variables[name]
            wanted = dict(axes) | dict(each.sizes)
            if dict(own.sizes) != wanted:
                raise ValueError(
                    f"{name!r} has the axes {dict(own.sizes)} here, but {dict(each.sizes)} at the "
                    "first point"
                )
            if not np.can_cast(own.dtype, each.dtype, "same_kind"):
                raise ValueError(
                    f"{name!r} holds {own.dtype} here, but {each.dtype} at the first point, which "
                    "would cut it off: give the same kind of number everywhere"
                )
            fitted[name] = own.transpose(*wanted).to_numpy()
        return fitted

    @property
    def bytes(self) -> int:
        """How much memory a point takes."""
        return sum(each.nbytes for each in self.variables.values())


@dataclass(frozen=True, eq=False)
class Block:
    """What a block of points gave.

    Attributes
    ----------
    columns : dict of str to ndarray
        Over the axes of the sweep, then over the variable's own.
    failure : ndarray of str
        Why a point failed, or nothing.
    warnings : tuple of str
    """

    columns: dict[str, Array]
    failure: Array
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """A sweep as it is sent to whoever evaluates a block of it.

    Attributes
    ----------
    run : callable
    template : Template
    batched : tuple of str
        The axes along which `run` takes all values at once.
    first : First or None
        A point that is known.
    """

    run: Run
    template: Template
    batched: tuple[str, ...]
    first: First | None = None

    def block(self, values: Mapping[str, Array]) -> Block:
        """Evaluate all points of some axes."""
        shape = tuple(len(each) for each in values.values())
        columns = {
            name: np.full((*shape, *each.shape), missing(each.dtype), each.dtype)
            for name, each in self.template.variables.items()
        }
        failure = np.full(shape, "", dtype=object)
        with at_most(1), warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            for place, some in self._batches(values):
                try:
                    self._fill(columns, place, some)
                except Exception as error:
                    if prod(len(each) for each in some.values()) == 1:
                        failure[place] = said(error)
                        continue
                    for index, point in _one_by_one(place, some):
                        try:
                            self._fill(columns, index, point)
                        except Exception as reason:
                            failure[index] = said(reason)
        notes = dict.fromkeys(str(each.message) for each in heard)
        return Block(columns, failure, tuple(notes))

    def _batches(self, values: Mapping[str, Array]) -> Iterator[tuple[Region, dict[str, Array]]]:
        """Parts that are evaluated at once: whole along batched axes, single along others."""
        steps = [
            [slice(0, len(each))]
            if name in self.batched
            else [slice(k, k + 1) for k in range(len(each))]
            for name, each in values.items()
        ]
        for place in product(*steps):
            yield place, {n: v[where] for (n, v), where in zip(values.items(), place, strict=True)}

    def _fill(self, columns: dict[str, Array], place: Region, some: Mapping[str, Array]) -> None:
        """Evaluate one part, and put it in its place."""
        several = {name: len(each) for name, each in some.items() if len(each) > 1}
        arguments = {
            name: _axis(name, each) if name in several else each[0].item()
            for name, each in some.items()
        }
        known = self.first is not None and not several and self.first.point == arguments
        table = self.first.table if known and self.first else self.run(**arguments)
        if several and isinstance(table, xr.Dataset):
            table = table.drop_vars([n for n in several if n in table.coords])
            unaware = [n for n, v in table.data_vars.items() if not set(several) <= set(v.dims)]
            if unaware:  # whether it does not depend on them, or does not know them, nobody knows
                raise ValueError(f"{unaware[0]!r} has no axis {next(iter(several))!r}")
        elif isinstance(table, xr.Dataset):
            table = table.drop_vars([n for n in some if n in table.coords])
        here = tuple(len(each) for each in some.values())
        for name, value in self.template.fit(table, several).items():
            columns[name][place] = value.reshape(*here, *self.template.variables[name].shape)


def batched_axes(run: Run, grid: Grid, template: Template) -> tuple[str, ...]:
    """The axes along which `run` may be given all values at once, as a DataArray.

    Those of fractional numbers for which that gives what single points give, tried at both ends
    and at two places between.
    """
    tried = {
        name: each[np.unique([0, len(each) // 3, len(each) // 2, len(each) - 1])]
        for name, each in grid.values.items()
    }
    batched: tuple[str, ...] = ()
    single = Job(run, template, ())
    for name, each in grid.values.items():
        if each.dtype.kind != "f" or len(each) < 2:
            continue
        some = {n: v if n in (*batched, name) else v[:1] for n, v in tried.items()}
        if _agree(Job(run, template, (*batched, name)), single, some):
            batched = (*batched, name)
    return batched


def _agree(batch: Job, single: Job, some: Mapping[str, Array]) -> bool:
    """Whether a batch gives what points along its diagonal give alone."""
    shape = tuple(len(each) for each in some.values())
    whole = {
        name: np.full((*shape, *each.shape), missing(each.dtype), each.dtype)
        for name, each in batch.template.variables.items()
    }
    everything = tuple(slice(None) for _ in shape)
    with at_most(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            batch._fill(whole, everything, some)
        except Exception:
            return False
    for k in range(max(shape)):
        place = tuple(min(k, n - 1) for n in shape)
        point = {n: v[[i]] for (n, v), i in zip(some.items(), place, strict=True)}
        alone = single.block(point)
        if alone.failure.any():
            return False
        for name, column in alone.columns.items():
            mine, other = whole[name][place], column.reshape(whole[name][place].shape)
            finite = np.abs(other[np.isfinite(other)])
            scale = finite.max() if finite.size else 0.0
            if not np.isclose(mine, other, rtol=0, atol=_CLOSE * scale, equal_nan=True).all():
                return False
    return True


def _one_by_one(
    place: Region, some: Mapping[str, Array]
) -> Iterator[tuple[Region, dict[str, Array]]]:
    """The points of a part, and where each of them stands."""
    starts = [where.start or 0 for where in place]
    shape = tuple(len(each) for each in some.values())
    for index in np.ndindex(shape):
        where = tuple(slice(s + k, s + k + 1) for s, k in zip(starts, index, strict=True))
        yield where, {n: v[k : k + 1] for (n, v), k in zip(some.items(), index, strict=True)}


@dataclass(frozen=True, eq=False)
class First:
    """The first point that does not fail, its table, and how many seconds that took."""

    point: Mapping[str, Any]
    table: xr.Dataset
    seconds: float


def first_of(run: Run, grid: Grid) -> First:
    """Evaluate points until one does not fail.

    Raises
    ------
    ValueError
        If every point fails, or a great many do.
    """
    message = ""
    for place in range(min(grid.size, _TRIES)):
        index = np.unravel_index(place, grid.shape)
        chosen = {n: v[[k]] for (n, v), k in zip(grid.values.items(), index, strict=True)}
        point = points(chosen)[0]
        with at_most(1):
            begun = time.perf_counter()
            try:
                return First(point, run(**point), time.perf_counter() - begun)
            except Exception as error:
                message = message or f"{point}: {said(error)}"
    raise ValueError(
        f"{'every point' if grid.size <= _TRIES else 'each of the first points'} of the sweep "
        f"fails; the first, {message}"
    )


def missing(kind: Any) -> Any:
    """What stands where a point failed: NaN, or 0 among whole numbers."""
    return np.nan if np.dtype(kind).kind in "fc" else np.zeros((), kind)[()]


def said(error: BaseException) -> str:
    """An error as a line of text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:_LONGEST] if text else type(error).__name__


def _axis(name: str, values: Array) -> xr.DataArray:
    return xr.DataArray(values, dims=name, coords={name: values}, name=name)
