"""Motion under a generator that repeats itself: one period's propagator and its powers.

With cos(w t) and sin(w t) of commensurate frequencies alone, U(k P + s) = U(s) U(P)^k (G. Floquet,
Ann. Sci. Ec. Norm. Sup. 12, 47 (1883)). The period is cut into steps. Over each, and from the edge
next to a time that is asked for, the solution is its Taylor series. What has no period, or ends
before it, is one period that is not over.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.dynamics.exponentials import phases
from quantumbattery.dynamics.foreseen import norm_of, of_solver
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.turning import Turning
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.pace import Pace
from quantumbattery.states.blocks import Blocks

_MOST = 100  # periods of the slowest drive, up to which a common period is looked for
_ROUNDED = 4 * float(np.finfo(float).eps)  # of a ratio of frequencies that is one of whole numbers
_STEP = 1.0  # of a step: its length times the size of the generator, and times each frequency
_LARGEST = 2.0**62  # of whole numbers
_TERMS = 20  # of a series over a step, about
_AT_ONCE = 1 << 18  # numbers in all terms of a series
_BYTES = 48  # of memory for each number of the propagators of a period, of both solutions

_LOG = logging.getLogger("quantumbattery")


@dataclass(frozen=True, eq=False)
class Periodic:
    """The solution of d state / dt = G(t) state for generators with a period.

    It is measured beside a solution with other steps.
    """

    generator: Turning
    period: Array  # (g,)
    steps: int  # of a period
    latest: float  # time, from the beginning of the generator
    unitary: bool
    blocks: Blocks
    reading: Array | None  # (blocks, r, n), rows of which alone is asked

    measured = True
    from_start = False

    @classmethod
    def of(
        cls,
        blocks: Blocks,
        numbers: Array,
        factor: complex,
        clocks: Sequence[Clock],
        latest: float,
        since: float = 0.0,
    ) -> Periodic:
        """From numbers (g, terms) in front of the terms; factor is -i in front of a Hamiltonian."""
        generator = Turning.of(blocks, numbers, factor, clocks, since)
        period = common_period(clocks, len(numbers), latest)
        steps = max(4, int(np.ceil((period * generator.largest).max() / _STEP)))
        unitary = factor != 1
        return cls(generator, period, steps, latest, unitary, blocks, blocks.reading)

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """
        g, b, n = self.generator.shape
        own = np.broadcast_to(times if times.ndim == 1 else times[:, 0], (g, times.shape[-1]))
        kind, reading = np.result_type(self.generator.still.dtype, start), self.reading
        start = np.broadcast_to(start, (g, *start.shape[1:])).astype(kind)
        if reading is not None:
            kind = np.result_type(kind, reading)
        shape = (g, b, start.shape[2], own.shape[1], n if reading is None else reading.shape[-2])
        found = np.empty(shape, kind)
        few = max(1, _AT_ONCE // (g * b * n * max(n, _TERMS * start.shape[2])))
        pace = Pace()
        for k in range(0, own.shape[1], few):
            if pace.due():
                _LOG.info("%d of %d times", k, own.shape[1])
            states = self._states(start, own[:, k : k + few])
            if reading is not None:
                states = states @ reading.swapaxes(-1, -2)[:, None]
            found[..., k : k + few, :] = states
        if self.generator.frequency is not None:
            turned = phases(-self.generator.frequency[..., None], times)
            found = found * turned.reshape(*turned.shape[:2], 1, -1, 1)
        return found

    @property
    def fastest(self) -> float:
        """A bound of all rates and frequencies, beside a frequency that all share."""
        return float(self.generator.largest.max())

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns (g, c, T, columns) are from those of a solution with other steps."""
        again = self.blocks.columns_of(self.again.at(start, times))
        apart = float(np.linalg.norm(found - again, axis=-1).max())
        return apart + self.rounding(float(times.max()))

    def rounding(self, latest: float) -> float:
        """What rounding may do to all solutions alike: of a phase it takes eps at each step."""
        size, frequency = self.generator.largest, self.generator.frequency
        size = size if frequency is None else size + np.abs(frequency).max(axis=1)
        return _ROUNDED * (self.generator.shape[2] + float(size.max()) * latest)

    @cached_property
    def again(self) -> Periodic:
        """The same in fewer steps, whose edges lie elsewhere."""
        return replace(self, steps=3 * self.steps // 4)

    # --- from the beginning of a period ----------------------------------------------------------

    def _states(self, start: Array, times: Array) -> Array:
        """The states (g, blocks, c, T, n) at times (g, T), without the frequencies."""
        g, b, c, n = start.shape
        step = (self.period / self.steps)[:, None]
        count = np.rint(np.minimum(times / step, _LARGEST))  # to the edge that is next
        ahead = np.clip(times - count * step, -step, step)  # or rounding takes it further
        periods, place = np.divmod(count.astype(np.int64), self.steps)
        # The end of what never repeats itself: fields there are not those of its beginning.
        end = (place == 0) & (periods > 0) & (self.period >= self.latest)[:, None]
        periods, place = periods - end, place + self.steps * end
        states = self._after(start, periods)  # (g, blocks, T, c, n)
        edges = np.take_along_axis(self._edges, place[:, None, :, None, None], axis=2)
        states = (states @ edges.swapaxes(-1, -2)).transpose(0, 1, 4, 2, 3)
        shape = states.shape
        states = self.generator.moved(
            states.reshape(g, b, n, -1),
            np.repeat(place * step, c, axis=1),
            np.repeat(ahead, c, axis=1),
            self.generator.order(np.abs(ahead).max(axis=1)),
        )
        return states.reshape(shape).transpose(0, 1, 4, 3, 2)

    def _after(self, start: Array, periods: Array) -> Array:
        """Starts (g, blocks, c, n) after whole numbers of periods (g, T): (g, blocks, T, c, n).

        A power of two for each binary digit of the number.
        """
        g, b, c, n = start.shape
        count = periods.shape[1]
        states = np.repeat(start[:, :, None], count, axis=2).reshape(g, b, count * c, n)
        digits = np.repeat(periods, c, axis=1)[:, None, :, None]
        for k, power in enumerate(self._powers[: int(periods.max()).bit_length()]):
            on = (digits >> k & 1).astype(bool)
            if on.any():
                states = np.where(on, states @ power.swapaxes(-1, -2), states)
        return states.reshape(g, b, count, c, n)

    @cached_property
    def _powers(self) -> list[Array]:
        """The propagators of 1, 2, 4, 8 ... periods, each (g, blocks, n, n)."""
        powers = [self._mended(self._edges[:, :, -1])]
        often = int((self.latest / self.period).max()) + 1
        for _ in range(often.bit_length()):
            powers.append(self._mended(powers[-1] @ powers[-1]))
        return powers

    @cached_property
    def _edges(self) -> Array:
        """Propagators from the beginning of a period to its steps, (g, blocks, steps + 1, n, n).

        Of less than a period, as many steps as there will be.
        """
        g, b, n = self.generator.shape
        step = (self.period / self.steps)[:, None]
        most = min(self.steps, 1 + int((self.latest / step).max()))
        edges = np.empty((g, b, most + 1, n, n), self.generator.still.dtype)
        edges[:, :, 0] = np.eye(n)
        few = max(1, _AT_ONCE // (g * b * n * n * _TERMS))
        order = self.generator.order(step[:, 0])
        pace = Pace()
        for k in range(0, most, few):
            if pace.due():
                _LOG.info("%d of %d steps of a period, or of all times", k, most)
            begin = step * np.arange(k, min(k + few, most))
            count = begin.shape[1]
            ones = np.tile(np.eye(n, dtype=edges.dtype), (g, b, 1, count))
            begin = np.repeat(begin, n, axis=1)
            after = self.generator.moved(ones, begin, np.broadcast_to(step, begin.shape), order)
            each = after.reshape(g, b, n, count, n).transpose(0, 1, 3, 2, 4)
            for j in range(count):
                np.matmul(each[:, :, j], edges[:, :, k + j], out=edges[:, :, k + j + 1])
        return edges

    def _mended(self, matrices: Array) -> Array:
        """The unitary matrices next to some that are unitary but for rounding."""
        if not self.unitary:
            return matrices
        n = matrices.shape[-1]
        off = matrices.conj().swapaxes(-1, -2) @ matrices - np.eye(n)
        mended: Array = matrices - matrices @ off / 2
        return mended


def pays(
    blocks: Blocks,
    numbers: Array,
    clocks: Sequence[Clock],
    times: Array,
    states: int,
    limit: float,
) -> bool:
    """Whether propagators of a period, or of less, cost less than a solver in time.

    Seconds as measured on one core, memory in GiB.
    """
    turning = [clock for clock in clocks if clock.frequency.any()]
    latest = float(times.max())
    if latest == 0 or not turning or not all(clock.held for clock in clocks):
        return False
    g, n = len(numbers), blocks.size
    fastest = max(float(np.abs(clock.frequency).max()) for clock in turning)
    size = max(norm_of(blocks, numbers), fastest)
    period = common_period(turning, g, latest).max()
    lengths = np.diff([*edges_of(clocks, latest), latest])
    steps = size * np.minimum(lengths, period).sum() / _STEP
    if g * blocks.count * n**2 * steps * _BYTES > limit * 2**30:
        return False
    columns = times.shape[-1] * states * blocks.copies
    each = n * 7e-7 + n**2 * 1e-9  # for each column, to be moved on by a step
    ours = 0.01 * len(lengths) + g * blocks.count * each * (steps * n + columns)
    return bool(ours < of_solver(blocks, numbers, turning, latest, states))


def repeats(clocks: Sequence[Clock], members: int, latest: float) -> bool:
    """Whether a period of some member is over between two edges."""
    turning = [clock for clock in clocks if clock.frequency.any()]
    longest = np.diff([*edges_of(clocks, latest), latest]).max()
    return bool((common_period(turning, members, latest) < longest).any())


def common_period(clocks: Sequence[Clock], members: int, latest: float) -> Array:
    """The period of all clocks (g,); the time until the latest where they have none by then."""
    given = [np.broadcast_to(np.abs(clock.frequency), members) for clock in clocks]
    frequencies = np.stack(given)
    slowest = np.where(frequencies > 0, frequencies, np.inf).min(axis=0)
    # A member whose drives stand still repeats itself after any time.
    slowest = np.where(np.isfinite(slowest), slowest, slowest.min())
    slowest = np.where(np.isfinite(slowest), slowest, 2 * np.pi / latest)
    ratio, often = frequencies / slowest, np.zeros(members)
    for count in range(1, _MOST + 1):
        turns = count * ratio
        whole = (np.abs(turns - np.rint(turns)) <= _ROUNDED * turns).all(axis=0)
        often = np.where((often == 0) & whole, count, often)
        if often.all():
            break
    return np.where(often > 0, np.minimum(2 * np.pi * often / slowest, latest), latest)


def edges_of(clocks: Sequence[Clock], latest: float) -> tuple[float, ...]:
    """The times before the latest at which a piece begins, from 0 on."""
    edges = {edge for clock in clocks for edge in clock.signal.breaks if 0.0 < edge < latest}
    return 0.0, *sorted(edges)
