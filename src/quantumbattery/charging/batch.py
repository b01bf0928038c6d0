"""The axes of a result: which come from the system, the preparation and the times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import xarray as xr

from quantumbattery.network.given_states import State
from quantumbattery.network.joint_starts import parameters_of
from quantumbattery.network.named_states import Started
from quantumbattery.network.starts import said
from quantumbattery.quantities.aliases import Array, Label, Parameter
from quantumbattery.quantities.parameters import axes_of, labels_of


@dataclass(frozen=True, eq=False)
class Batch:
    """The axes of a result, sorted by what depends on them."""

    sizes: dict[str, int]  # of all axes, in the order of the result
    coords: dict[str, Label]
    generator: tuple[str, ...]  # axes of the system
    states: tuple[str, ...]  # axes of the preparation alone
    moments: tuple[str, ...]  # axes of the times alone
    times: Array  # (T,) or (g, T)
    charged: Array | None = None  # of these times, before disconnection; None: all of each

    @classmethod
    def of(
        cls,
        arrays: Mapping[str, xr.DataArray],
        started: Started,
        single: bool,
        times: Parameter | Array,
        disconnect: Parameter | Array | None = None,
    ) -> Batch:
        """Sort the axes of everything that was given: arrays are those of the system.

        Plain times are an axis of their own. With a single preparation, the same for all chargers,
        its parameters become coordinates.
        """
        given: dict[str, Parameter] = {}
        told: set[str] = set()  # the names of parameters that become coordinates
        one = next(iter(started.values()), None)
        single = single and all(each is one or each == one for each in started.values())
        for key, each in started.items():
            named = single and not isinstance(each, State)  # which is no number
            told |= {*parameters_of(each)} if named else set()
            for n, value in parameters_of(each).items():
                if named and np.ndim(value) == 0 and not isinstance(value, complex):
                    given[n] = value
                elif isinstance(value, xr.DataArray):
                    place = n if named else f"{said(key)}.{n}"
                    # A site has numbers by the same name, such as its bath's occupation.
                    given[f"{place} of its start" if place in arrays else place] = value
        of_start = {str(d) for v in given.values() for d in getattr(v, "dims", ())}
        last = {} if disconnect is None else {"disconnect": disconnect}
        clock = last | {"time": times}
        sizes, coords = axes_of(given | dict(arrays) | clock)
        own = {k for k in given if k in sizes or (k in told and k in coords)}
        coords = {k: v for k, v in coords.items() if k in sizes or k in own or k in clock}
        moving = {name: _variable(name, each) for name, each in clock.items()}
        of_time = {str(d) for each in moving.values() for d in each.dims}
        of_system = {str(d) for v in arrays.values() for d in v.dims}
        of_system |= of_start & of_time
        generator = tuple(d for d in sizes if d in of_system)
        states = tuple(d for d in sizes if d in of_start - of_system)
        moments = tuple(d for d in sizes if d in of_time - of_system - of_start)
        axes = cls(sizes, coords, generator, states, moments, np.zeros(0))
        first = generator if of_time & of_system else ()
        spread = {name: axes._flat(each, first, moments) for name, each in moving.items()}
        whole = {name: each if first else each[0] for name, each in spread.items()}
        charged = np.minimum(*whole.values()) if last else None
        return cls(sizes, coords, generator, states, moments, whole["time"], charged)

    def once(self, moment: Array) -> Batch:
        """The axes of one moment, (1,) or (g, 1), without disconnection."""
        sizes = self.sizes | dict.fromkeys(self.moments, 1)
        coords = {name: each for name, each in self.coords.items() if name not in self.moments}
        return replace(self, sizes=sizes, coords=coords, times=moment, charged=None)

    def pairs(self, members: slice) -> Array:
        """How long some generators charge, and how long they store then: (2, T) or (2, g, T)."""
        assert self.charged is not None
        both = np.stack([self.charged, self.times - self.charged])
        return both[:, members] if both.ndim > 2 else both

    def one_by_one(self) -> Batch:
        """The same with a generator of its own for every initial state."""
        every = tuple(d for d in self.sizes if d not in self.moments)
        return replace(self, generator=every, states=())

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

    def where(self, member: int) -> str:
        """Which generator this is, in words: the axes of the system, and their values there."""
        if not self.generator:
            return ""
        place = np.unravel_index(member, [self.sizes[name] for name in self.generator])
        said = []
        for name, k in zip(self.generator, place, strict=True):
            known = self.coords.get(name)
            told = f"[{k}]" if known is None else f"={labels_of(known).values[k]:.4g}"
            said.append(f"{name}{told}")
        return f" at {', '.join(said)}"

    def _flat(self, value: xr.Variable, first: tuple[str, ...], last: tuple[str, ...]) -> Array:
        """Values over the generator's axes (all of them or none) and some others."""
        if value.dims != (*first, *last):
            missing = {d: self.sizes[d] for d in (*first, *last) if d not in value.dims}
            value = value.set_dims({**missing, **value.sizes})  # type: ignore[no-untyped-call]
            value = value.transpose(*first, *last)
        flat: Array = value.to_numpy().reshape(self._count(first), self._count(last))
        return flat

    def numbers(self, value: Parameter) -> Array:
        """A parameter of the system over the generators, shape (g,) or (1,)."""
        if not isinstance(value, xr.DataArray):
            return np.array([value])
        if value.dims == self.generator:
            flat: Array = value.to_numpy().reshape(-1)
            return flat
        return self._flat(value.variable, self.generator, ())[:, 0]

    def start(self, given: xr.Variable) -> Array:
        """Amplitudes (..., entry) as (g or 1, c, entries)."""
        first = self.generator if any(d in given.dims for d in self.generator) else ()
        sizes = {d: self.sizes[d] for d in (*first, *self.states)}
        shape = (self._count(first), self._count(self.states), given.shape[-1])
        if not sizes:
            alone: Array = given.values.reshape(shape)
            return alone
        whole = given.set_dims({**sizes, "entry": shape[-1]})  # type: ignore[no-untyped-call]
        flat: Array = whole.transpose(*sizes, "entry").to_numpy().reshape(shape)
        return flat

    def labelled(self, column: Array) -> Array:
        """A column (g, c, T, ...) over all axes, in the order of the result."""
        now, inner = (*self.generator, *self.states, *self.moments), column.shape[3:]
        whole = column.reshape([*(self.sizes[d] for d in now), *inner])
        last = range(len(now), len(now) + len(inner))
        return whole.transpose([*(now.index(d) for d in self.sizes), *last])


def _variable(name: str, value: Parameter | Array) -> xr.Variable:
    """Values with the names of their axes; a plain array is an axis of its own."""
    if isinstance(value, xr.DataArray):
        return value.variable
    array = np.asarray(value)
    return xr.Variable((name,) * array.ndim, array, fastpath=True)
