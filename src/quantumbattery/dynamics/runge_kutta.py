"""Motion under a generator that changes in time, in the states that are reached.

SciPy's Runge-Kutta method of order 8 (E. Hairer, S. P. Norsett and G. Wanner, Solving Ordinary
Differential Equations I, Springer 1993) goes from break to break. An envelope is looked at before:
where it changes fast the steps are short, so that no pulse is stepped over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.envelopes import Harmonics, Steps, shape_of
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.pace import Pace
from quantumbattery.reach.signals import Signal
from quantumbattery.states.blocks import Blocks

_LOOKS = 1 << 17  # moments at which an envelope is looked at
_CELLS = 1 << 10  # parts of the time, each with a longest step of its own
_CHANGE = 0.5  # of its largest size, by which an envelope may change in a step
_COARSE = 1e-10  # tolerance of the solution that ours is compared with
_DENSE_GENERATOR = 100  # numbers up to which matrices are dense
_MOST_BREAKS = 10_000  # samples up to which each is a break
_A_STEP = 12  # times that the generator is asked for in one
_STUCK, _NO_WAY = 2_000, 1e-9  # steps that together go no further than this part of the time

_LOG = logging.getLogger("quantumbattery")


@dataclass(frozen=True, eq=False)
class Clock:
    """A signal with its numbers: how one term changes over a batch."""

    term: int
    signal: Signal
    frequency: Array  # (g,) or (1,)

    def select(self, batch: slice) -> Clock:
        """The same for a part of the batch."""
        chosen = self.frequency[batch] if len(self.frequency) > 1 else self.frequency
        return Clock(self.term, self.signal, chosen)

    @cached_property
    def shape(self) -> Callable[[Array], Array]:
        """The envelope, as a function of times."""
        envelope = self.signal.envelope
        if isinstance(envelope, xr.DataArray):
            known, values = envelope["time"].to_numpy(), envelope.to_numpy()
            return lambda times: np.interp(times, known, values, left=0.0, right=0.0)
        return np.ones_like if envelope is None else partial(shape_of, envelope)

    @property
    def held(self) -> bool:
        """Whether the envelope is constant from edge to edge."""
        return self.signal.envelope is None or isinstance(self.signal.envelope, Steps)

    @property
    def stepwise(self) -> bool:
        """Whether the factor is constant from edge to edge."""
        return self.held and not self.frequency.any()

    def turn(self, time: float) -> Array:
        """Cos or sin of frequency * time, shape (g,) or (1,)."""
        turned: Array = (np.sin if self.signal.late else np.cos)(self.frequency * time)
        return turned

    def largest(self, latest: float) -> float:
        """The largest size of the factor, as far as one sees."""
        return float(np.abs(_looks(self.signal, latest)[1]).max())


@lru_cache(maxsize=16)
def _looks(signal: Signal, latest: float) -> tuple[Array, Array]:
    """Moments, and what an envelope is there."""
    times: Array = np.linspace(0.0, latest, _LOOKS + 1)
    if isinstance(signal.envelope, xr.DataArray):
        times = np.union1d(times, np.clip(signal.envelope["time"].to_numpy(), 0.0, latest))
    shape = np.ones(times.shape) if signal.envelope is None else shape_of(signal.envelope, times)
    return times, shape


def _longest_steps(signal: Signal, latest: float) -> Array:
    """How long a step may be in each cell of the time for an envelope not to change too much."""
    times, shape = _looks(signal, latest)
    change = np.abs(np.diff(shape)) / max(float(np.abs(shape).max()), 1e-300)
    longest = np.diff(times) * _CHANGE / np.maximum(change, 1e-300)
    cell = np.minimum(((times[:-1] + times[1:]) / 2 / latest * _CELLS).astype(int), _CELLS - 1)
    steps: Array = np.full(_CELLS, latest)
    np.minimum.at(steps, cell, longest)
    beside = np.minimum(np.append(steps[1:], latest), np.append(latest, steps[:-1]))
    shortest: Array = np.minimum(steps, np.maximum(beside, latest / _CELLS))
    return shortest


@dataclass(frozen=True, eq=False)
class Pulsed:
    """The solution of d state / dt = G(t) state for a batch of sparse generators.

    It is measured beside a solution with other steps.
    """

    blocks: Blocks
    numbers: Array  # (g, terms)
    factor: complex  # -i in front of a Hamiltonian
    clocks: tuple[Clock, ...]
    tolerance: float = 1e-12  # of a step, relative
    finer: float = 1.0  # how much shorter the longest steps are than needed

    measured = True
    from_start = True
    fastest = 0.0  # rounding is part of what is measured

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n)."""
        told = _Progress(self.clocks, float(times.max()))
        whole = np.stack([self.blocks.together(each) for each in start])
        if times.ndim > 1:  # each member at times of its own
            members = [slice(k, k + 1) for k in range(len(times))]
            own = [whole[k] if len(whole) > 1 else whole for k in members]
            parts = zip(members, own, times[:, 0], strict=True)
            after = np.concatenate([self._select(k)._states(s, t, told) for k, s, t in parts])
        else:
            after = self._states(whole, times, told)
        read = self.blocks.read
        if read is not None:
            flat = after.reshape(-1, after.shape[-1])
            after = (read @ flat.T).T.reshape(*after.shape[:3], -1)
        return self.blocks.apart(after)

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns (g, c, T, columns) are from those of a solution with coarser steps."""
        rough = replace(self, tolerance=_COARSE, finer=1.6)
        again = self.blocks.columns_of(rough.at(start, times))
        return float(np.linalg.norm(found - again, axis=-1).max())

    def _select(self, batch: slice) -> Pulsed:
        """The same for a part of the batch."""
        clocks = tuple(clock.select(batch) for clock in self.clocks)
        return replace(self, numbers=self.numbers[batch], clocks=clocks)

    def _states(self, start: Array, times: Array, told: _Progress) -> Array:
        """The states (g, c, T, n) of starts (g or 1, c, n) at the times (T,)."""
        told.again()
        g, n = len(self.numbers), self.blocks.generator.size
        start = np.broadcast_to(start, (g, *start.shape[1:]))
        state = start.transpose(0, 2, 1).reshape(g * n, -1)
        kind = np.result_type(state, self._parts[0][1].dtype)
        moments, place = np.unique(times, return_inverse=True)
        found = np.empty((len(moments), *state.shape), dtype=kind)
        state = state.astype(kind)
        found[moments == 0] = state
        for first, last, longest in stretches(self.clocks, float(moments[-1])):
            here = (moments > first) & (moments <= last)
            asked = np.append(moments[here], last)
            states = self._stretch(state, first, last, longest / self.finer, asked, told)
            found[here], state = states[:-1], states[-1]
        found = found.reshape(len(moments), g, n, -1)[place.reshape(times.shape)]
        return found.transpose(1, 3, 0, 2)

    def _stretch(
        self,
        state: Array,
        first: float,
        last: float,
        longest: float,
        asked: Array,
        told: _Progress,
    ) -> Array:
        """The states at some times of a stretch without breaks, the last of them its end."""
        from scipy.integrate import solve_ivp

        low, high = np.nextafter(first, last), np.nextafter(last, first)

        def change(since: float, flat: Array) -> Array:
            told(first + since)
            # Just inside, where a shape that jumps at the end has not jumped yet.
            return self._change(min(max(first + since, low), high), flat, state.shape)

        with np.errstate(over="ignore", invalid="ignore"):  # it then stops, which is said below
            solved = solve_ivp(
                change,
                (0.0, last - first),
                state.ravel(),
                method="DOP853",
                t_eval=np.minimum(np.unique(asked) - first, last - first),
                rtol=self.tolerance,
                atol=self.tolerance / 10,
                max_step=longest,
            )
        if not solved.success:
            raise ValueError(
                f"the evolution under the drives stopped between t = {first:g} and {last:g}: "
                f"{solved.message} Check that the envelope is a bounded function"
            )
        states = solved.y.T.reshape(-1, *state.shape)
        states = np.concatenate([states, states[-1:]]) if len(states) < len(asked) else states
        return np.asarray(states)

    @cached_property
    def _parts(self) -> list[tuple[Clock | None, Any]]:
        """The constant part over the whole batch, and that of each clock."""
        clocks = {clock.term: clock for clock in self.clocks}
        moving = np.isin(self.blocks.generator.term, list(clocks))
        parts: list[tuple[Clock | None, Any]] = [(None, self._matrix(~moving))]
        for term, clock in clocks.items():
            parts.append((clock, self._matrix(self.blocks.generator.term == term)))
        return parts

    def _matrix(self, chosen: Array) -> Any:
        """Some of the elements for all members of the batch, one block each."""
        from scipy.sparse import csr_array

        given, g = self.blocks.generator, len(self.numbers)
        n = given.size
        value: Array = self.factor * given.value[chosen] * self.numbers[:, given.term[chosen]]
        shift = n * np.arange(g)[:, None]
        places = ((given.row[chosen] + shift).ravel(), (given.column[chosen] + shift).ravel())
        matrix = csr_array((value.ravel(), places), shape=(g * n, g * n))
        return matrix.toarray() if g * n <= _DENSE_GENERATOR else matrix

    def _change(self, time: float, flat: Array, shape: tuple[int, ...]) -> Array:
        state = flat.reshape(shape)
        total: Array = self._parts[0][1] @ state
        known: dict[int, Array] = {}  # two terms of a drive share its envelope
        for clock, matrix in self._parts[1:]:
            envelope = id(clock.signal.envelope)  # type: ignore[union-attr]
            if envelope not in known:
                known[envelope] = clock.shape(np.array([time]))  # type: ignore[union-attr]
            factor = known[envelope] * clock.turn(time)  # type: ignore[union-attr]
            if len(factor) == 1:
                total += factor[0] * (matrix @ state)
            else:
                total += np.repeat(factor, shape[0] // len(factor))[:, None] * (matrix @ state)
        return total.ravel()


class _Progress:
    """Tells the log from time to time how far a solution is."""

    def __init__(self, clocks: Sequence[Clock], latest: float) -> None:
        self.latest, self.asked, self.pace = latest, 0, Pace()
        self.again()
        known = xr.DataArray | Steps | Harmonics | None
        may_jump = any(not isinstance(each.signal.envelope, known) for each in clocks)
        self.advice = "; if an envelope jumps, name when in breaks=[...]" if may_jump else ""

    def again(self) -> None:
        """Another solution begins."""
        self.reached, self.before = 0.0, -self.latest

    def __call__(self, time: float) -> None:
        self.asked += 1
        self.reached = max(self.reached, time)
        if self.asked % (_STUCK * _A_STEP) == 0:
            if self.reached - self.before < _NO_WAY * self.latest:
                raise ValueError(
                    f"the evolution under the drives does not get beyond t = {time:g}, however "
                    "short its steps. Check that the envelope is a bounded function"
                )
            self.before = self.reached
        if self.pace.due():
            said = "Runge-Kutta: up to t = %.6g of %.6g in about %d steps%s"
            _LOG.info(said, time, self.latest, self.asked // _A_STEP + 1, self.advice)


def stretches(clocks: Sequence[Clock], latest: float) -> list[tuple[float, float, float]]:
    """Beginning, end and longest step of parts of the time, from break to break.

    Cells that allow about the same step make one stretch; a quarter of the fastest period is
    the longest step of all.
    """
    if latest == 0:
        return []
    fastest = max(float(np.abs(clock.frequency).max()) for clock in clocks)
    steps = np.full(_CELLS, min(latest, 0.5 * np.pi / fastest if fastest else latest))
    ends: set[float] = set()
    for signal in {clock.signal for clock in clocks}:
        ends |= {float(t) for t in signal.breaks}
        if isinstance(signal.envelope, xr.DataArray) and len(signal.envelope) <= _MOST_BREAKS:
            ends |= set(signal.envelope["time"].to_numpy().tolist())
        elif signal.envelope is not None and not isinstance(signal.envelope, Steps):
            steps = np.minimum(steps, _longest_steps(signal, latest))
    grid, kind = np.linspace(0.0, latest, _CELLS + 1), np.round(np.log2(steps / latest))
    ends |= set(grid[1:-1][np.diff(kind) != 0].tolist())
    inside = [0.0, *sorted(t for t in ends if 0.0 < t < latest), latest]
    middle = [(a + b) / 2 for a, b in pairwise(inside)]
    longest = [float(steps[min(int(t / latest * _CELLS), _CELLS - 1)]) for t in middle]
    return [(a, b, min(s, b - a)) for (a, b), s in zip(pairwise(inside), longest, strict=True)]
