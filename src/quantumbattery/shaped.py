"""Motion under a generator that changes in time, in the states that are reached.

SciPy's Runge-Kutta method of order 8 (E. Hairer, S. P. Norsett and G. Wanner, Solving Ordinary
Differential Equations I, Springer 1993) goes from break to break, and looks at an envelope often
enough that no pulse is stepped over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.drives import shape_of
from quantumbattery.operators import Array
from quantumbattery.reached import Elements
from quantumbattery.terms import Signal

_LOOKS = 100_001  # moments at which an envelope is looked at for pulses
_QUIET = 1e-12  # of its largest value: nothing happens
_STEPS = 40  # at least, from break to break, under a function of the time


@dataclass(frozen=True, eq=False)
class Clock:
    """A signal with its numbers: how one term changes over a batch.

    Attributes
    ----------
    term : int
    signal : Signal
    frequency : ndarray, shape (g,) or (1,)
    """

    term: int
    signal: Signal
    frequency: Array

    def select(self, batch: slice) -> Clock:
        """The same for a part of the batch."""
        chosen = self.frequency[batch] if len(self.frequency) > 1 else self.frequency
        return Clock(self.term, self.signal, chosen)

    def shape(self, times: Array) -> Array:
        """The envelope at some times."""
        envelope = self.signal.envelope
        return np.ones(times.shape) if envelope is None else shape_of(envelope, times)

    def at(self, time: float) -> Array:
        """The factor in front of the term, shape (g,) or (1,)."""
        turn = np.sin if self.signal.late else np.cos
        factor: Array = self.shape(np.array([time])) * turn(self.frequency * time)
        return factor

    def largest(self, latest: float) -> float:
        """The largest size of the factor, as far as one sees."""
        return float(np.abs(self.shape(np.linspace(0.0, latest, _LOOKS))).max())


@dataclass(frozen=True, eq=False)
class Shaped:
    """The solution of d state / dt = G(t) state for a batch of sparse generators.

    Attributes
    ----------
    generator : Elements
        By place among the n numbers that move together.
    numbers : ndarray, shape (g, terms)
    factor : complex
        -i in front of a Hamiltonian.
    clocks : tuple of Clock
    tolerance : float
        Of a step, relative.
    """

    generator: Elements
    numbers: Array
    factor: complex
    clocks: tuple[Clock, ...]
    tolerance: float = 1e-12

    def select(self, batch: slice) -> Shaped:
        """The same for a part of the batch."""
        clocks = tuple(clock.select(batch) for clock in self.clocks)
        return replace(self, numbers=self.numbers[batch], clocks=clocks)

    def at(self, start: Array, times: Array) -> Array:
        """The states (g, c, T, n) of starts (g or 1, c, n) at the times (T,)."""
        g, n = len(self.numbers), self.generator.size
        start = np.broadcast_to(start, (g, *start.shape[1:]))
        state = start.transpose(0, 2, 1).reshape(g * n, -1)
        kind = np.result_type(state, self._parts[0][1].dtype)
        moments, place = np.unique(times, return_inverse=True)
        found = np.empty((len(moments), *state.shape), dtype=kind)
        state = state.astype(kind)
        found[moments == 0] = state
        for first, last in self._stretches(float(moments[-1])):
            here = (moments > first) & (moments <= last)
            asked = np.append(moments[here], last)
            states = self._stretch(state, first, last, asked)
            found[here], state = states[:-1], states[-1]
        found = found.reshape(len(moments), g, n, -1)[place.reshape(times.shape)]
        return found.transpose(1, 3, 0, 2)

    def _stretch(self, state: Array, first: float, last: float, asked: Array) -> Array:
        """The states at some times of a stretch without breaks, the last of them its end."""
        from scipy.integrate import solve_ivp

        low, high = np.nextafter(first, last), np.nextafter(last, first)

        def change(since: float, flat: Array) -> Array:
            # Just inside, where a shape that jumps at the end has not jumped yet.
            return self._change(min(max(first + since, low), high), flat, state.shape)

        solved = solve_ivp(
            change,
            (0.0, last - first),
            state.ravel(),
            method="DOP853",
            t_eval=np.minimum(np.unique(asked) - first, last - first),
            rtol=self.tolerance,
            atol=self.tolerance / 10,
            max_step=self._longest(last - first),
        )
        if not solved.success:
            raise ValueError(
                f"the evolution under the drives stopped after t = {first:g}: {solved.message} "
                "Check that the envelope is a bounded function"
            )
        states = solved.y.T.reshape(-1, *state.shape)
        states = np.concatenate([states, states[-1:]]) if len(states) < len(asked) else states
        return np.asarray(states)

    @cached_property
    def _parts(self) -> list[tuple[Clock | None, Any]]:
        """The constant part over the whole batch, and that of each clock."""
        clocks = {clock.term: clock for clock in self.clocks}
        moving = np.isin(self.generator.term, list(clocks))
        parts: list[tuple[Clock | None, Any]] = [(None, self._matrix(~moving))]
        for term, clock in clocks.items():
            parts.append((clock, self._matrix(self.generator.term == term)))
        return parts

    def _matrix(self, chosen: Array) -> Any:
        """Some of the elements for all members of the batch, one block each."""
        from scipy.sparse import csr_array

        given, n, g = self.generator, self.generator.size, len(self.numbers)
        value: Array = self.factor * given.value[chosen] * self.numbers[:, given.term[chosen]]
        shift = n * np.arange(g)[:, None]
        places = ((given.row[chosen] + shift).ravel(), (given.column[chosen] + shift).ravel())
        return csr_array((value.ravel(), places), shape=(g * n, g * n))

    def _change(self, time: float, flat: Array, shape: tuple[int, ...]) -> Array:
        state = flat.reshape(shape)
        total: Array = self._parts[0][1] @ state
        for clock, matrix in self._parts[1:]:
            factor = clock.at(time)  # type: ignore[union-attr]
            if factor.any():
                each = np.repeat(factor, shape[0] // len(factor))[:, None]
                total += each * (matrix @ state)
        return total.ravel()

    def _stretches(self, latest: float) -> Iterable[tuple[float, float]]:
        """From break to break: where shapes jump, and where pulses begin and end."""
        ends = {0.0, latest}
        for clock in self.clocks:
            signal = clock.signal
            ends |= {float(t) for t in signal.breaks}
            if signal.envelope is None:
                continue
            if isinstance(signal.envelope, xr.DataArray):
                ends |= set(signal.envelope["time"].to_numpy().tolist())
                continue
            looks = np.linspace(0.0, latest, _LOOKS)
            size = np.abs(shape_of(signal.envelope, looks))
            loud = size > _QUIET * size.max()
            turns = np.flatnonzero(np.diff(loud))
            if len(turns) <= _LOOKS // 100:  # pulses; otherwise it only crosses zero often
                ends |= set(looks[turns + ~loud[turns + 1]].tolist())
        inside = sorted(t for t in ends if 0.0 <= t <= latest)
        return pairwise(inside)

    def _longest(self, stretch: float) -> float:
        """The longest step: a part of the stretch, and a quarter of the fastest period."""
        fastest = max(float(np.abs(clock.frequency).max()) for clock in self.clocks)
        curved = any(callable(clock.signal.envelope) for clock in self.clocks)
        quarter = 0.5 * np.pi / fastest if fastest else np.inf
        return min(stretch / _STEPS if curved else stretch, quarter)
