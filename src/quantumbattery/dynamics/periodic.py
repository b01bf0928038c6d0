"""Motion under a generator that repeats itself: one period's propagator and its powers.

With cos(w t) and sin(w t) of commensurate frequencies alone, U(k P + s) = U(s) U(P)^k (G. Floquet,
Ann. Sci. Ec. Norm. Sup. 12, 47 (1883)). The period is cut into steps. Over each, and from the edge
next to a time that is asked for, the solution is its Taylor series, whose terms follow one from the
other (E. Hairer, S. P. Norsett and G. Wanner, Solving Ordinary Differential Equations I, I.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import phases
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks

_MOST = 100  # periods of the slowest drive, up to which a common period is looked for
_ROUNDED = 4 * float(np.finfo(float).eps)  # of a ratio of frequencies that is one of whole numbers
_STEP = 1.0  # of a step: its length times the size of the generator, and times each frequency
_SERIES_END = 2.0**-56
_TERMS = 20  # of a series over a step, about
_AT_ONCE = 1 << 18  # numbers in all terms of a series
_SPARSE = 24  # size of a block from which on its generator is a sparse matrix
_BYTES = 48  # of memory for each number of the propagators of a period, of both solutions


@dataclass(frozen=True, eq=False)
class Wave:
    """All that changes as cos, or as sin, of one frequency."""

    frequency: Array  # (g,)
    late: bool  # sin, in place of cos
    generator: Any  # as `Periodic.still`

    def terms(self, begin: Array, ahead: Array, order: int) -> Array:
        """The terms of its Taylor series from `begin`, each (g, M), shape (order, g, M)."""
        angle, step = self.frequency[:, None] * begin, self.frequency[:, None] * ahead
        angle = angle - np.pi / 2 if self.late else angle
        cos, sin = np.cos(angle), np.sin(angle)
        terms, power = np.empty((order, *step.shape)), np.ones(step.shape)
        for k in range(order):  # every derivative is a quarter of a turn ahead of the one before
            terms[k] = power * (cos, -sin, -cos, sin)[k % 4]
            power = power * step / (k + 1)
        return terms


@dataclass(frozen=True, eq=False)
class Periodic:
    """The solution of d state / dt = G(t) state for generators of a common period.

    It is measured beside a solution with other steps.
    """

    blocks: Blocks
    shape: tuple[int, int, int]  # g, blocks, n
    still: Any  # what does not change, (g, blocks, n, n) or, of large blocks, one sparse matrix
    frequency: Array | None  # (g, blocks), that all numbers of a block share; None: real numbers
    waves: tuple[Wave, ...]
    period: Array  # (g,)
    steps: int  # of a period
    latest: float  # time
    unitary: bool

    measured = True
    from_start = False

    @classmethod
    def of(
        cls, blocks: Blocks, numbers: Array, factor: complex, clocks: Sequence[Clock], latest: float
    ) -> Periodic:
        """From numbers (g, terms) in front of the terms; factor is -i in front of a Hamiltonian."""
        period = common_period(clocks, len(numbers))
        assert period is not None

        shape = len(numbers), blocks.count, blocks.size

        def part(chosen: Array) -> Array:
            matrices: Array = factor * blocks.matrices(numbers * chosen)
            return matrices if np.iscomplexobj(matrices) else matrices.astype(float)

        terms = np.arange(numbers.shape[1])
        still, frequency = part(~np.isin(terms, [clock.term for clock in clocks])), None
        if np.iscomplexobj(still):
            frequency = np.einsum("gbii->gbi", still).imag.mean(axis=-1)
            still = still - 1j * frequency[..., None, None] * np.eye(blocks.size)
        still = _operator(still)
        alike: dict[tuple[bool, bytes], list[Clock]] = {}
        for clock in clocks:
            alike.setdefault((clock.signal.late, clock.frequency.tobytes()), []).append(clock)
        waves = tuple(
            Wave(
                np.broadcast_to(first.frequency, len(numbers)),
                first.signal.late,
                _operator(part(np.isin(terms, [clock.term for clock in (first, *others)]))),
            )
            for first, *others in alike.values()
        )
        made = cls(blocks, shape, still, frequency, waves, period, 1, latest, factor != 1)
        steps = int(np.ceil((period * made._largest).max() / _STEP))
        return replace(made, steps=max(steps, 4))

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """
        g, b, n = self.shape
        own = np.broadcast_to(times if times.ndim == 1 else times[:, 0], (g, times.shape[-1]))
        kind, reading = np.result_type(self.still.dtype, start), self.blocks.reading
        start = np.broadcast_to(start, (g, *start.shape[1:])).astype(kind)
        if reading is not None:
            kind = np.result_type(kind, reading)
        found = np.empty((g, b, start.shape[2], own.shape[1], self.blocks.rows), kind)
        few = max(1, _AT_ONCE // (g * b * n * max(n, _TERMS * start.shape[2])))
        for k in range(0, own.shape[1], few):
            states = self._states(start, own[:, k : k + few])
            if reading is not None:
                states = states @ reading.swapaxes(-1, -2)[:, None]
            found[..., k : k + few, :] = states
        if self.frequency is not None:
            turned = phases(-self.frequency[..., None], times)
            found = found * turned.reshape(*turned.shape[:2], 1, -1, 1)
        return found

    @property
    def fastest(self) -> float:
        """A bound of all rates and frequencies, beside a frequency that all share."""
        return float(self._largest.max())

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns (g, c, T, columns) are from those of a solution with other steps.

        What rounding may do to both alike is added: of a phase it takes eps at each step.
        """
        again = self.blocks.columns_of(self._again.at(start, times))
        apart = float(np.linalg.norm(found - again, axis=-1).max())
        size = self._largest + (0 if self.frequency is None else np.abs(self.frequency).max(axis=1))
        return apart + _ROUNDED * (self.shape[2] + float(size.max()) * float(times.max()))

    @cached_property
    def _again(self) -> Periodic:
        """The same in fewer steps, whose edges lie elsewhere."""
        return replace(self, steps=3 * self.steps // 4)

    # --- from the beginning of a period ----------------------------------------------------------

    def _states(self, start: Array, times: Array) -> Array:
        """The states (g, blocks, c, T, n) at times (g, T), without the frequencies."""
        g, b, c, n = start.shape
        step = (self.period / self.steps)[:, None]
        count = np.rint(times / step)  # to the edge that is next
        ahead = times - count * step
        periods, place = np.divmod(count.astype(np.int64), self.steps)
        states = self._after(start, periods)  # (g, blocks, T, c, n)
        edges = np.take_along_axis(self._edges, place[:, None, :, None, None], axis=2)
        states = (states @ edges.swapaxes(-1, -2)).transpose(0, 1, 4, 2, 3)
        shape = states.shape
        states = self._forward(
            states.reshape(g, b, n, -1),
            np.repeat(place * step, c, axis=1),
            np.repeat(ahead, c, axis=1),
            self._order(np.abs(ahead).max(axis=1)),
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
        """Propagators from the beginning of a period to its steps, (g, blocks, steps + 1, n, n)."""
        g, b, n = self.shape
        edges = np.empty((g, b, self.steps + 1, n, n), self.still.dtype)
        edges[:, :, 0] = np.eye(n)
        step = (self.period / self.steps)[:, None]
        few = max(1, _AT_ONCE // (g * b * n * n * _TERMS))
        order = self._order(step[:, 0])
        for k in range(0, self.steps, few):
            begin = step * np.arange(k, min(k + few, self.steps))
            count = begin.shape[1]
            ones = np.tile(np.eye(n, dtype=edges.dtype), (g, b, 1, count))
            begin = np.repeat(begin, n, axis=1)
            after = self._forward(ones, begin, np.broadcast_to(step, begin.shape), order)
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

    # --- a Taylor series -------------------------------------------------------------------------

    def _forward(self, states: Array, begin: Array, ahead: Array, order: int) -> Array:
        """States (g, blocks, n, M), each moved on from its own moment `begin` (g, M) by `ahead`.

        With G(t) = sum of G_k t^k, terms are x_{j+1} = t / (j + 1) sum over k of G_k t^k x_{j-k}.
        """
        g, _, _, columns = states.shape
        waves = [wave.terms(begin, ahead, order) for wave in self.waves]
        terms = np.empty((order + 1, *states.shape), states.dtype)
        terms[0] = states
        parts = terms.view(float).reshape(order + 1, g, -1, columns * terms.itemsize // 8)
        waves = [np.repeat(wave, parts.shape[-1] // columns, axis=-1) for wave in waves]
        for j in range(order):
            change = _moved(self.still, terms[j])
            for wave, factors in zip(self.waves, waves, strict=True):
                mixed = np.einsum("kgm,kgnm->gnm", factors[j::-1], parts[: j + 1])
                change += _moved(wave.generator, mixed.view(terms.dtype).reshape(states.shape))
            np.multiply(change, ahead[:, None, None] / (j + 1), out=terms[j + 1])
        total: Array = terms.sum(axis=0)
        return total

    def _order(self, ahead: Array) -> int:
        """How many terms are needed for steps (g,), by a bound of each term.

        They are no larger than those of numbers in the place of matrices, each its norm.
        """
        bound = [np.ones(ahead.shape)]
        waves = [(norm * ahead, wave.frequency * ahead) for norm, wave in self._norms[1]]
        while bound[-1].max() > _SERIES_END:
            j = len(bound) - 1
            change = self._norms[0] * ahead * bound[j]
            for size, angle in waves:
                factor = np.ones(ahead.shape)
                for k in range(j + 1):
                    change = change + size * factor * bound[j - k]
                    factor = factor * angle / (k + 1)
            bound.append(change / (j + 1))
        return len(bound) - 1

    @cached_property
    def _norms(self) -> tuple[Array, list[tuple[Array, Wave]]]:
        """The largest sum of a row (g,), of what is still and of each wave."""

        waves = [(_norm(wave.generator, self.shape), wave) for wave in self.waves]
        return _norm(self.still, self.shape), waves

    @cached_property
    def _largest(self) -> Array:
        """The size of the generator, or the largest frequency, if that is more, shape (g,)."""
        still, waves = self._norms
        size = still + sum(norm for norm, _ in waves)
        largest: Array = np.maximum.reduce([size, *(np.abs(w.frequency) for w in self.waves)])
        return largest


# --- small parts -------------------------------------------------------------------------------


def _operator(matrices: Array) -> Any:
    """Matrices (g, blocks, n, n) as they are; large ones in one sparse matrix."""
    g, b, n, _ = matrices.shape
    if n < _SPARSE:
        return matrices
    from scipy.sparse import csr_array

    *block, row, column = np.nonzero(matrices.reshape(g * b, n, n))
    value, first = matrices.reshape(g * b, n, n)[*block, row, column], n * block[0]
    return csr_array((value, (first + row, first + column)), shape=(g * b * n, g * b * n))


def _moved(operator: Any, states: Array) -> Array:
    """What an operator makes of states (g, blocks, n, M)."""
    if isinstance(operator, np.ndarray):
        return operator @ states
    after: Array = (operator @ states.reshape(-1, states.shape[-1])).reshape(states.shape)
    return after


def _norm(operator: Any, shape: tuple[int, int, int]) -> Array:
    """The largest sum of a row, shape (g,)."""
    rows: Array = np.asarray(abs(operator).sum(axis=-1))
    largest: Array = rows.reshape(shape[0], -1).max(axis=1)
    return largest


def pays(
    blocks: Blocks,
    numbers: Array,
    clocks: Sequence[Clock],
    times: Array,
    states: int,
    limit: float,
) -> bool:
    """Whether there is a period, and its propagator costs less than a solver in time.

    Seconds as measured on one core, memory in GiB.
    """
    period = common_period(clocks, len(numbers))
    if period is None:
        return False
    given, g, n = blocks.generator, len(numbers), blocks.size
    row = np.abs(given.value) * np.abs(numbers).max(axis=0)[given.term]
    fastest = max(float(np.abs(clock.frequency).max()) for clock in clocks)
    size = max(np.bincount(given.row, row, minlength=1).max(), fastest)
    steps, latest = size * period.max() / _STEP, float(times.max())
    if g * blocks.count * n**2 * steps * _BYTES > limit * 2**30:
        return False
    columns = times.shape[-1] * states * blocks.copies
    each = n * 7e-7 + n**2 * 1e-9  # for each column, to be moved on by a step
    ours = 0.01 + g * blocks.count * each * (steps * n + columns)
    solver = size * latest * (1.5e-3 + g * len(row) * states * blocks.copies * 6e-8)
    return bool(ours < solver)


def common_period(clocks: Sequence[Clock], members: int) -> Array | None:
    """A period of all clocks (g,), if none of them has an envelope and there is one."""
    if any(clock.signal.envelope is not None for clock in clocks):
        return None
    given = [np.broadcast_to(np.abs(clock.frequency), members) for clock in clocks]
    frequencies = np.stack(given)
    slowest = np.where(frequencies > 0, frequencies, np.inf).min(axis=0)
    # A member whose drives stand still repeats itself after any time.
    slowest = np.where(np.isfinite(slowest), slowest, slowest.min())
    slowest = np.where(np.isfinite(slowest), slowest, 1.0)
    ratio, often = frequencies / slowest, np.zeros(members)
    for count in range(1, _MOST + 1):
        turns = count * ratio
        whole = (np.abs(turns - np.rint(turns)) <= _ROUNDED * turns).all(axis=0)
        often = np.where((often == 0) & whole, count, often)
        if often.all():
            return 2 * np.pi * often / slowest
    return None
