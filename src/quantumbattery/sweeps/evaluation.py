"""Evaluation of a block of points: one by one, or several at once where `run` broadcasts."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.beginning import Ended
from quantumbattery.machine import at_most
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import equal
from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.grid import TAKEN, Grid, Region, names_a_folder

Run = Callable[..., xr.Dataset | xr.DataArray]

_CLOSE = 1e-9  # how far values from a batch and from single points may be apart, of the largest
_TRIES = 64  # points that may fail before one that does not
_LONGEST = 300  # characters of a message that is kept


@dataclass(frozen=True, eq=False)
class Template:
    """What `run` gives at every point."""

    variables: Mapping[str, xr.Variable]  # without values: shape, dimensions, dtype, attributes
    coords: Mapping[str, xr.Variable]  # of the variables' own axes

    @classmethod
    def of(cls, table: object, axes: tuple[str, ...]) -> Template:
        """Read it off the table of one point."""
        if isinstance(table, xr.DataArray):
            raise TypeError(
                "run returns a DataArray without a name: give it that of its variable, by "
                "array.rename(...)"
            )
        if not isinstance(table, xr.Dataset):
            raise TypeError(f"run must return an xarray.Dataset or DataArray; got {quoted(table)}")
        own = table.drop_vars([name for name in axes if name in table.coords])
        named = {*own.dims, *own.data_vars, *own.coords}
        _check_kept(own)
        clash = [n for n in named if n in axes or n in TAKEN]
        clash += [n for n in named if not names_a_folder(str(n))]
        if clash or not own.data_vars:
            raise ValueError(
                f"the table that run returns names {clash[0]!r}, which a sweep cannot: rename it"
                if clash
                else "the table that run returns has no variables"
            )
        wrong = [str(n) for n, v in own.data_vars.items() if v.dtype.kind not in "fiubc"]
        if wrong:
            raise ValueError(f"{wrong[0]!r} in the table that run returns holds no numbers")
        if any(index.nlevels > 1 for index in own.indexes.values()):
            raise ValueError(
                "an axis of the table that run returns has several labels: reset_index"
            )
        variables = {str(name): _kind_of(each.variable) for name, each in own.data_vars.items()}
        coords = {str(name): each.variable for name, each in own.coords.items() if each.ndim}
        return cls(variables, coords)

    def joined(self, other: Template) -> Template:
        """The same, with numbers of a kind that holds those of both, and what both say of them."""
        joined = dict(self.variables)
        for name, each in other.variables.items():
            if name in joined and joined[name].dims == each.dims:
                mine = joined[name]
                joined[name] = mine.astype(np.result_type(mine.dtype, each.dtype))
                said = {n: v for n, v in mine.attrs.items() if equal(v, each.attrs.get(n))}
                joined[name].attrs = said
        return replace(self, variables=joined)

    def fit(self, table: Any, axes: Mapping[str, int]) -> dict[str, Array]:
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
            own = table[name].variable
            wanted = dict(axes) | dict(each.sizes)
            if dict(own.sizes) != wanted:
                raise ValueError(
                    f"{name!r} has the axes {dict(own.sizes)} here, but {dict(each.sizes)} at the "
                    "first point"
                )
            if not np.can_cast(own.dtype, each.dtype, "safe"):
                raise ValueError(
                    f"{name!r} holds {own.dtype} here, but {each.dtype} at the first points, which "
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
    """What a block of points gave."""

    columns: dict[str, Array]  # over the axes of the sweep, then over the variable's own
    failure: Array  # of texts: why a point failed, or nothing
    warnings: tuple[str, ...]
    of: Mapping[str, Array]  # the values that its axes had


@dataclass(frozen=True, eq=False)
class Job:
    """A sweep as it is sent to whoever evaluates a block of it."""

    run: Run
    template: Template
    batched: tuple[str, ...]  # the axes along which `run` takes all values at once
    known: tuple[Known, ...] = ()  # points that are known

    def block(self, values: Mapping[str, Array]) -> Block:
        """Evaluate all points of some axes."""
        shape = tuple(len(each) for each in values.values())
        columns = {
            name: np.full((*shape, *each.shape), missing(each.dtype), each.dtype)
            for name, each in self.template.variables.items()
        }
        failure = np.full(shape, "", dtype=object)
        with at_most(1), listening() as heard:
            for place, some in self._batches(values):
                self._tried(columns, failure, place, some)
        return Block(columns, failure, tuple(dict.fromkeys(heard)), values)

    def _tried(
        self,
        columns: dict[str, Array],
        failure: Array,
        place: Region,
        some: Mapping[str, Array],
    ) -> None:
        """Evaluate one part; what fails in halves, until single points are left that do."""
        try:
            self._fill(columns, place, some)
            return
        except Ended:  # the whole process is to end, and no point failed
            raise
        except (Exception, SystemExit) as error:
            longest = max(some, key=lambda name: len(some[name]))
            count = len(some[longest])
            if count == 1:
                failure[place] = said(error)
                return
        axis = list(some).index(longest)
        for low, high in ((0, count // 2), (count // 2, count)):
            first = (place[axis].start or 0) + low
            where = (*place[:axis], slice(first, first + high - low), *place[axis + 1 :])
            half = {n: v[low:high] if n == longest else v for n, v in some.items()}
            self._tried(columns, failure, where, half)

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
        known = () if several else self.known
        same = [each.table for each in known if each.point == arguments]
        table = same[0] if same else table_at(self.run, arguments)
        if several and isinstance(table, xr.Dataset):
            for name in several:
                if name in table.coords and table[name].values.tolist() != some[name].tolist():
                    raise ValueError(f"the values of {name!r} come back in another order")
            table = table.drop_vars([n for n in several if n in table.coords])
            unaware = [n for n, v in table.data_vars.items() if not set(several) <= set(v.dims)]
            if unaware:  # whether it does not depend on them, or does not know them, nobody knows
                raise ValueError(f"{unaware[0]!r} has no axis {next(iter(several))!r}")
        elif isinstance(table, xr.Dataset):
            table = table.drop_vars([n for n in some if n in table.coords])
        here = tuple(len(each) for each in some.values())
        for name, value in self.template.fit(table, several).items():
            columns[name][place] = value.reshape(*here, *self.template.variables[name].shape)


def _trial(grid: Grid) -> dict[str, tuple[Array, Array]]:
    """Of each axis that may be batched its values in a trial, and in those of other axes."""
    places = {}
    for name, each in grid.values.items():
        last, between = len(each) - 1, int(0.618 * (len(each) - 1))
        if each.dtype.kind == "f" and last:
            more = each[np.unique([0, len(each) // 2, between, last])]
            places[name] = more, each[np.unique([0, between, last])]
    return places


def trial_points(grid: Grid) -> int:
    """How many single points `batched_axes` evaluates at most."""
    count, before = 0, 1
    for more, tried in _trial(grid).values():
        count += before * len(more)
        before *= len(tried)
    return count


def batched_axes(run: Run, grid: Grid, template: Template) -> tuple[str, ...]:
    """The axes along which `run` may be given several values at once, as a DataArray.

    Those of fractional numbers for which that gives what single points give, at both ends and at
    places between.
    """
    trial = _trial(grid)
    batched: tuple[str, ...] = ()
    single = Job(run, template, ())
    for axis, (more, _) in trial.items():
        some = {n: each[[int(0.618 * (len(each) - 1))]] for n, each in grid.values.items()}
        some |= {n: trial[n][1] for n in batched}
        some[axis] = more
        if _agree(Job(run, template, (*batched, axis)), single, some):
            batched = (*batched, axis)
    return batched


def _agree(batch: Job, single: Job, some: Mapping[str, Array]) -> bool:
    """Whether a batch gives what its points give alone; not if they give nothing but 0."""
    shape = tuple(len(each) for each in some.values())
    whole = {
        name: np.full((*shape, *each.shape), missing(each.dtype), each.dtype)
        for name, each in batch.template.variables.items()
    }
    with at_most(1), listening():
        try:
            batch._fill(whole, tuple(slice(None) for _ in shape), some)
        except Ended:  # the whole process is to end, and no point failed
            raise
        except (Exception, SystemExit):
            return False
    alone = single.block(some)
    telling = False
    for name, column in alone.columns.items():
        known = ~(alone.failure != "").reshape(*shape, *[1] * (column.ndim - len(shape)))
        finite = np.isfinite(column) & known
        telling |= bool(np.any(column[finite] != 0))
        scale = np.abs(column[finite]).max(initial=0.0)
        close = np.isclose(whole[name], column, rtol=0, atol=_CLOSE * scale, equal_nan=True)
        if not (close | ~known).all():
            return False
    return telling and not alone.failure.all()


@dataclass(frozen=True, eq=False)
class Known:
    """A point that does not fail, its table, what it warned of, and its seconds."""

    point: Mapping[str, Any]
    table: xr.Dataset
    warnings: tuple[str, ...]
    seconds: float


def first_of(run: Run, grid: Grid) -> Known:
    """Evaluate points until one does not fail; ValueError if every point does, or a great many."""
    message = ""
    places = np.unique(np.linspace(0, grid.size - 1, min(grid.size, _TRIES)).astype(np.int64))
    for place in places:
        point = grid.point(int(place))
        try:
            return evaluated_at(run, point)
        except ValueError as error:
            message = message or f"{point}: {error}"
    raise ValueError(
        f"{'every point' if grid.size <= _TRIES else f'each of {_TRIES} points'} of the sweep "
        f"fails; the first, {message}"
    )


def table_at(run: Run, point: Mapping[str, Any]) -> Any:
    """What `run` gives at a point; one array becomes the table of its name."""
    given = run(**point)
    named = isinstance(given, xr.DataArray) and given.name is not None
    return given.to_dataset() if named else given


def evaluated_at(run: Run, point: Mapping[str, Any]) -> Known:
    """Evaluate a point; ValueError with what it raised, if it fails."""
    begun = time.perf_counter()
    with at_most(1), listening() as heard:
        try:
            table = table_at(run, point)
        except Ended:  # the whole process is to end, and no point failed
            raise
        except (Exception, SystemExit) as error:
            raise ValueError(said(error)) from error
    return Known(point, table, tuple(heard), time.perf_counter() - begun)


@contextmanager
def listening() -> Iterator[list[str]]:
    """What is warned of meanwhile. Warnings are one for the process: only its main thread hears."""
    heard: list[str] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        try:
            yield heard
        finally:
            heard += [str(each.message) for each in recorded]


def missing(kind: Any) -> Any:
    """What stands where a point failed: NaN, or 0 among whole numbers."""
    return np.nan if np.dtype(kind).kind in "fc" else np.zeros((), kind)[()]


def said(error: BaseException) -> str:
    """An error as a line of text that any file can hold."""
    try:
        text = " ".join(str(error).replace("\0", " ").split())
    except Exception:
        text = "it cannot say why"
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"{type(error).__name__}: {text}"[:_LONGEST] if text else type(error).__name__


def _check_kept(table: xr.Dataset) -> None:
    """Raise TypeError for names and numbers that no store holds."""
    for name in (*table.dims, *table.variables):
        if not isinstance(name, str):
            raise TypeError(
                f"the name of a variable or an axis is text, and run returns {quoted(name, 40)}: "
                "rename it"
            )
    for name, each in table.variables.items():
        if each.dtype.kind in "fc" and each.dtype.itemsize > 8 * (1 + (each.dtype.kind == "c")):
            raise TypeError(
                f"run returns {each.dtype} in {name!r}, which no store holds: give float64 or "
                "complex128, by .astype"
            )


def _kind_of(variable: xr.Variable) -> xr.Variable:
    """A variable without its values, of the widest numbers of its kind."""
    kind = {"f": np.dtype(float), "c": np.dtype(complex), "i": np.dtype(np.int64)}
    wide = kind.get(variable.dtype.kind, variable.dtype)
    empty = np.broadcast_to(np.zeros((), wide), variable.shape)
    return xr.Variable(variable.dims, empty, variable.attrs)


def _axis(name: str, values: Array) -> xr.DataArray:
    return xr.DataArray(values, dims=name, coords={name: values}, name=name)
