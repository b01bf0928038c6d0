"""From a description, a preparation and times to the labelled table of figures of merit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.amplitudes import is_pure, tail
from quantumbattery.battery import Battery, battery, check_extraction
from quantumbattery.cutoff import leak
from quantumbattery.evolve import Motion, motion
from quantumbattery.forms import State, structure
from quantumbattery.operators import Array, short
from quantumbattery.parameters import Parameter, align, names, parameter
from quantumbattery.preparations import by_site
from quantumbattery.quantities import MEASURES, check_measures
from quantumbattery.reach import reach
from quantumbattery.reached import Reach
from quantumbattery.readout import Readout, available
from quantumbattery.sites import Oscillator
from quantumbattery.states import Values
from quantumbattery.subsystem import Split
from quantumbattery.system import System
from quantumbattery.tables import dataset

ACCURACY = 1e-10  # what a cut ladder may change, in units of the battery's smallest quantum
_TILE = 1 << 18  # numbers of a state that are worked on at a time
_SAMPLES = 33  # moments at which the edge of a cut ladder is looked at, at least
_AT_ONCE = 1e-100  # before this moment nothing has happened yet, and 1/t overflows soon


def charge(
    system: System,
    preparation: object,
    times: Values,
    measures: Iterable[str] | None = None,
    extraction: str = "global",
    limit: float = 2.0,
) -> xr.Dataset:
    """Charge a battery; `System.charge` says what everything means.

    Parameters
    ----------
    system : System
    preparation : preparation or dict of str to preparation
    times : float, 1-D array_like or DataArray
    measures : iterable of str, optional
    extraction : {"global", "collective", "local"}
    limit : float
        Memory in GiB beside the result.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    TypeError, ValueError
        If something given makes no sense, or the problem is larger than the limit.

    Examples
    --------
    >>> import numpy as np
    >>> from quantumbattery.charging import charge
    >>> from quantumbattery.preparations import fock
    >>> from quantumbattery.system import Ensemble, Oscillator, Qubit, System, exchange
    >>> cells = System(
    ...     sites={"cavity": Oscillator(), "cells": Ensemble(Qubit(), 4)},
    ...     interactions=[exchange("cavity", "cells", 1.0)],
    ...     charger="cavity",
    ...     battery="cells",
    ... )
    >>> charge(cells, fock(1), np.pi / 4, ["energy"]).energy.round(12).item()
    1.0
    """
    possible = available(system)
    chosen = possible if measures is None else check_measures(measures)
    if not set(chosen) <= set(possible):
        raise ValueError(
            f"{next(n for n in chosen if n not in possible)} is for a battery of one Qubit "
            "(population, population_inversion, coherence) or for a Qubit that charges a Qubit "
            f"(concurrence); here choose from {', '.join(possible)}"
        )
    how = check_extraction(system, extraction)
    moments = parameter("times", times, "zero or positive, and finite", 0.0)
    if isinstance(moments, xr.DataArray) and not isinstance(times, xr.DataArray):
        moments = moments.rename({"times": "time"})
    started = by_site(preparation, system)
    axes = Axes.of(system, started, preparation, moments)
    levels: dict[str, int] = {}
    while True:
        run = _Run(system, started, axes, chosen, how, limit, levels)
        solution = run.solve()
        levels = solution.wanted
        if not levels:
            break
    _warn(system, solution)
    columns = {n: (axes.labelled(c), MEASURES[n]) for n, c in solution.columns.items()}
    table = dataset(axes.sizes, axes.coords, columns)
    return table.assign_attrs(solution.attrs(system, how))


# --- axes --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Axes:
    """The axes of a result, sorted by what depends on them.

    Attributes
    ----------
    sizes, coords : dict
        All axes in the order of the result, and its coordinates.
    generator, states, moments : tuple of str
        Axes of the system; axes of the preparation alone; axes of the times alone.
    times : ndarray, shape (T,) or (g, T)
    """

    sizes: dict[str, int]
    coords: dict[str, xr.Variable]
    generator: tuple[str, ...]
    states: tuple[str, ...]
    moments: tuple[str, ...]
    times: Array

    @classmethod
    def of(
        cls,
        system: System,
        started: Mapping[str, object],
        preparation: object,
        times: Parameter,
    ) -> Axes:
        """Sort the axes of everything that was given."""
        single = not isinstance(preparation, Mapping)
        given: dict[str, Parameter] = {}
        for name, each in started.items():
            for n in names(each):
                value = getattr(each, n)
                if single and np.ndim(value) == 0 and not isinstance(value, complex):
                    given[n] = value
                elif isinstance(value, xr.DataArray):
                    given[n if single else f"{name}.{n}"] = value
        of_start = {str(d) for v in given.values() for d in getattr(v, "dims", ())}
        sizes, coords, _ = align(given | system.arrays | {"time": times})
        own = {k for k in given if k in sizes or (single and k in coords)}
        coords = {k: v for k, v in coords.items() if k in sizes or k in own or k == "time"}
        of_time = {str(d) for d in getattr(times, "dims", ())}
        of_system = {str(d) for v in system.arrays.values() for d in v.dims}
        of_system |= of_start & of_time
        generator = tuple(d for d in sizes if d in of_system)
        states = tuple(d for d in sizes if d in of_start - of_system)
        moments = tuple(d for d in sizes if d in of_time - of_system - of_start)
        axes = cls(sizes, coords, generator, states, moments, np.zeros(0))
        spread = axes._flat(times, moments, 1 if not of_time & of_system else axes.batch)
        spread = spread[0] if len(spread) == 1 and not of_time & of_system else spread
        return cls(sizes, coords, generator, states, moments, spread)

    def _count(self, dims: tuple[str, ...]) -> int:
        return prod(self.sizes[d] for d in dims)

    @property
    def batch(self) -> int:
        """How many generators there are."""
        return self._count(self.generator)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Generators, states for each of them, times."""
        return self.batch, self._count(self.states), self._count(self.moments)

    def _flat(self, value: Parameter, last: tuple[str, ...], batch: int) -> Array:
        """Values over the generator's axes (all of them or none) and some others."""
        array = xr.DataArray(value)
        first = self.generator if batch > 1 else ()
        missing = {d: self.sizes[d] for d in (*first, *last) if d not in array.dims}
        array = array.expand_dims(missing).transpose(*first, *last)
        return array.to_numpy().reshape(batch, self._count(last))

    def numbers(self, value: Parameter) -> Array:
        """A parameter of the system over the generators, shape (g,) or (1,)."""
        if not isinstance(value, xr.DataArray):
            return np.array([value])
        return self._flat(value, (), self.batch)[:, 0]

    def start(self, amplitude: xr.DataArray) -> Array:
        """Amplitudes (..., entry) as (g or 1, c, entries)."""
        amplitude = amplitude.drop_vars(list(amplitude.coords))
        here = [d for d in self.generator if d in amplitude.dims]
        first = self.generator if here else ()
        missing = {d: self.sizes[d] for d in (*first, *self.states) if d not in amplitude.dims}
        whole = amplitude.expand_dims(missing).transpose(*first, *self.states, "entry")
        shape = (self._count(first), self._count(self.states), amplitude.sizes["entry"])
        return whole.to_numpy().reshape(shape)

    def labelled(self, column: Array) -> Array:
        """A column (g, c, T) over all axes, in the order of the result."""
        now = (*self.generator, *self.states, *self.moments)
        whole = column.reshape([self.sizes[d] for d in now])
        return whole.transpose([now.index(d) for d in self.sizes])


# --- solving -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found, and how far to trust it.

    Attributes
    ----------
    columns : dict of str to ndarray, shape (g, c, T)
    reach : Reach
    methods : tuple of str
    left_out : dict of str to float
        By how much the cut of each oscillator's ladder may change an energy, at most, in units of
        the battery's smallest quantum.
    error : float
        Of what was solved by a series: the difference of two solutions.
    wanted : dict of str to int
        More levels to try with; empty if these are enough.
    """

    columns: dict[str, Array]
    reach: Reach
    methods: tuple[str, ...]
    left_out: dict[str, float]
    error: float
    wanted: dict[str, int]

    def attrs(self, system: System, extraction: str) -> dict[str, str | float]:
        """The attributes of the table."""
        said: dict[str, str | float] = {
            "system": str(system),
            "extraction": extraction,
            "configurations": self.reach.size,
            "method": "; ".join(self.methods),
        }
        if any("Taylor" in method for method in self.methods):
            said["solver_error"] = self.error
        ladders = [n for n, site in system.sites.items() if isinstance(site, Oscillator)]
        if ladders:
            levels = dict(zip(self.reach.sites, self.reach.levels, strict=True))
            said["levels"] = ", ".join(f"{name}: {levels[name]}" for name in ladders)
            said["left_out"] = max(self.left_out.values(), default=0.0)
        return said


@dataclass(frozen=True, eq=False)
class _Run:
    """One attempt, with given numbers of levels."""

    system: System
    started: Mapping[str, object]
    axes: Axes
    chosen: tuple[str, ...]
    extraction: str
    limit: float
    levels: Mapping[str, int]

    def solve(self) -> Solution:
        reached = reach(self.system, self.started, self.levels, self.limit)
        split = Split.of(reached, self.system.battery)
        watched = Split.of(reached, self._watched())
        state = structure(reached, watched.needed, self.limit)
        readout = Readout(self.system, reached, state, split)
        levels = dict(zip(reached.sites, reached.levels, strict=True))
        own = battery(
            self.system, levels, split.levels, self.axes.numbers, self.extraction, self.limit
        )
        coefficients = reached.hamiltonian.coefficients + reached.losses.coefficients
        table = np.stack(
            np.broadcast_arrays(*[self.axes.numbers(each) for each in coefficients]), axis=-1
        )
        numbers = np.broadcast_to(table, (self.axes.batch, table.shape[-1]))
        start, lost = self._start(reached)
        columns = {name: np.empty(self.axes.shape) for name in self.chosen}
        leaks, error, methods = np.zeros(len(levels)), 0.0, ()
        for batch in self._batches(state):
            moving = motion(
                state, numbers[batch], _cut(start, batch), self._times(batch), self.limit
            )
            methods = moving.methods
            mine = own.select(batch)
            for part, states in self._tiles(moving, state, batch):
                self._fill(columns, batch, part, states, readout, mine)
                error = (
                    max(error, moving.error(self._times(batch), states)) if moving.series else error
                )
            if len(reached.edge.site):
                leaks = np.maximum(leaks, self._leaks(moving, state, numbers[batch]))
        left_out = self._left_out(reached, own, leaks, lost)
        wanted = self._wanted(reached, left_out)
        return Solution(columns, reached, methods, left_out, error, wanted)

    def _watched(self) -> tuple[str, ...]:
        both = "concurrence" in self.chosen
        return self.system.charger + self.system.battery if both else self.system.battery

    def _start(self, reached: Reach) -> tuple[Array, dict[str, float]]:
        """Initial amplitudes of norm 1, and what each site's cut took from them."""
        start = self.axes.start(reached.start.amplitude)
        norm = np.sqrt(np.sum(np.abs(start) ** 2, axis=-1, keepdims=True))
        lost = {}
        for name, levels in zip(reached.sites, reached.levels, strict=True):
            if name in self.started:
                each, site = self.started[name], self.system.sites[name]
                weight = float(np.max(np.asarray(tail(each, site, levels))))  # type: ignore[arg-type]
                if weight > 0:
                    lost[name] = np.sqrt(weight) if is_pure(each) else weight  # type: ignore[arg-type]
        return start / norm, lost

    def _times(self, batch: slice) -> Array:
        return self.axes.times if self.axes.times.ndim == 1 else self.axes.times[batch]

    def _batches(self, state: State) -> Iterator[slice]:
        """Parts of the batch whose generators and states fit in a tile."""
        generators, copies, times = self.axes.shape
        dense = sum(min(b.count * b.size**2, _TILE) for b in state.blocks)
        step = max(1, _TILE // max(dense, state.size * copies * times))
        return (slice(k, min(k + step, generators)) for k in range(0, generators, step))

    def _tiles(
        self, moving: Motion, state: State, batch: slice
    ) -> Iterator[tuple[tuple[slice, slice], Array]]:
        """States of the batch, part by part: of the initial states, then of the times."""
        number, copies, times = batch.stop - batch.start, *self.axes.shape[1:]
        few = max(1, _TILE // (number * state.size * times))
        short = times if few > 1 or moving.series else max(1, _TILE // (number * state.size))
        moments = self._times(batch)
        for c in range(0, copies, few):
            for t in range(0, times, short):
                part = slice(c, c + few), slice(t, t + short)
                yield part, moving.at(moments[..., part[1]], part[0])

    def _fill(
        self,
        columns: dict[str, Array],
        batch: slice,
        part: tuple[slice, slice],
        states: Array,
        readout: Readout,
        own: Battery,
    ) -> None:
        times = self._times(batch)[..., part[1]]
        rate = np.divide(1.0, times, out=np.zeros_like(times), where=times > _AT_ONCE)
        rate = rate[:, None] if rate.ndim > 1 else rate
        for name, column in readout.columns(self.chosen, states, own, rate).items():
            columns[name][batch, part[0], part[1]] = column

    # --- what a cut ladder leaves out ---

    def _leaks(self, moving: Motion, state: State, numbers: Array) -> Array:
        """An upper bound of the trace norm that leaves through each site's cut by the last time."""
        latest = float(self.axes.times.max())
        samples = np.linspace(0.0, latest, max(_SAMPLES, min(self.axes.times.shape[-1], 257)))
        worst = np.zeros(len(state.reach.sites))
        few = max(1, _TILE // (len(numbers) * state.size * len(samples)))
        for c in range(0, self.axes.shape[1], few):
            states = moving.at(samples, slice(c, c + few))
            worst = np.maximum(worst, leak(state, states, numbers))
        return worst * latest

    def _left_out(
        self, reached: Reach, own: Battery, leaks: Array, lost: dict[str, float]
    ) -> dict[str, float]:
        positive = own.energies[own.energies > 0]
        quanta = own.energies.max() / positive.min() if len(positive) else 1.0
        found = {}
        for name, leaked in zip(reached.sites, leaks, strict=True):
            if leaked or name in lost:
                found[name] = float(quanta * (leaked + 2 * lost.get(name, 0.0)))
        return found

    def _wanted(self, reached: Reach, left_out: dict[str, float]) -> dict[str, int]:
        levels = dict(zip(reached.sites, reached.levels, strict=True))
        free = {n for n in reached.cut if self.system.sites[n].dimension is None}
        short_of = {n for n in free if left_out.get(n, 0.0) > ACCURACY}
        more = {n: ceil(1.25 * levels[n]) + 4 for n in short_of}
        return {n: levels[n] for n in free} | more if more else {}


def _cut(values: Array, batch: slice) -> Array:
    return values[batch] if len(values) > 1 else values


def _warn(system: System, solution: Solution) -> None:
    for name, amount in solution.left_out.items():
        given = system.sites[name].dimension
        if amount > ACCURACY and isinstance(system.sites[name], Oscillator):
            warnings.warn(
                f"the {given} levels of {name!r} may leave out {amount:.1g} quanta of the figures "
                f"of merit; give it more, or leave levels out of {short(system.sites[name])} to "
                "have them chosen",
                stacklevel=4,
            )
