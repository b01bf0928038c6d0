"""Exact evolution inside the states that a preparation reaches.

The method is chosen by structure and size: eigenvectors of Hermitian blocks (of tridiagonal ones
where they are), matrix exponentials of dense blocks with loss, which need no eigenbasis and so
stand at exceptional points, and series with sparse matrices where those cost less. Where a drive
changes in time, an adaptive Runge-Kutta method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.dynamics.pulses import Clock, Shaped
from quantumbattery.dynamics.semigroup import Semigroup, padded
from quantumbattery.dynamics.series import Sparse
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix
from quantumbattery.states.state import State

Propagator: TypeAlias = Unitary | Semigroup | Shaped | tuple[Sparse, ...]
"""A tuple has one for each member of the batch: a large problem each."""

_COARSE = 1e-10  # tolerance of the solution that a Runge-Kutta solution is compared with
_FEW = 8  # columns up to which each stands by itself in memory

_METHOD = {
    Unitary: "eigenvectors",
    Semigroup: "matrix exponential",
    tuple: "Taylor series",
    Shaped: "Runge-Kutta",
}


@dataclass(frozen=True, eq=False)
class Motion:
    """A state on its way; made by `motion`.

    Attributes
    ----------
    methods : tuple of str
        How its blocks are solved.
    """

    parts: tuple[tuple[Blocks, Propagator, Array], ...]
    size: int
    methods: tuple[str, ...]

    def at(self, times: Array, states: slice) -> Array:
        """Amplitudes or elements, shape (g, c, T, size), of some of the c states of the batch."""
        grid = equal_steps(times)
        if grid is not None and self._few_columns:
            return self._written(grid, times.size, states)
        moved = []
        for blocks, propagator, start in self.parts:
            chosen = start[:, :, states]  # (g or 1, blocks, c, copies, n)
            moved.append((blocks, _apply(propagator, chosen, times, blocks)))
        return _columns(moved, self.size)

    @cached_property
    def _few_columns(self) -> list[tuple[Blocks, Array, Semigroup, Array]]:
        """All parts, if their few columns can be written where they are read, without a copy."""
        parts = [
            (blocks, blocks.reading, propagator, start[:, :, :, 0])
            for blocks, propagator, start in self.parts
            if self.size <= _FEW
            and isinstance(propagator, Semigroup)
            and blocks.reading is not None
            and len(blocks.shown) == blocks.count * blocks.rows
        ]
        return parts if len(parts) == len(self.parts) else []

    def _written(self, grid: tuple[float, float], count: int, states: slice) -> Array:
        """The same on a grid of times, each column by itself in memory."""
        _, _, first, start = self._few_columns[0]
        shape = (len(first.generator), start[:, :, states].shape[2], padded(count))
        out = np.empty((self.size, *shape))
        for blocks, reading, propagator, start in self._few_columns:
            mine = out[blocks.columns].reshape(blocks.count, -1, *shape)
            into = mine.transpose(1, 2, 0, 3, 4)  # (rows, g, blocks, c, T)
            propagator.write(start[:, :, states], grid, count, reading, into)
        return np.moveaxis(out[..., :count], 0, -1)

    @property
    def measured(self) -> bool:
        """Whether a part is solved by a method whose error is measured."""
        return any(isinstance(propagator, tuple | Shaped) for _, propagator, _ in self.parts)

    def turns(self, latest: float) -> Array:
        """Moments at which something changes that drives the state: ends and middles of pulses."""
        ends = [0.0]
        for _, propagator, _ in self.parts:
            if isinstance(propagator, Shaped):
                for first, last, _ in propagator.stretches(latest):
                    ends += np.linspace(first, last, 5).tolist()
        return np.array(ends)

    def rounding(self, latest: float) -> float:
        """How much of a phase rounding has taken by the last time."""
        dense = [each for _, each, _ in self.parts if not isinstance(each, tuple | Shaped)]
        return float(np.finfo(float).eps) * latest * max((p.fastest for p in dense), default=0.0)

    def error(self, times: Array, states: slice, found: Array) -> float:
        """How far measured methods are from another solution; 0 without any.

        A series is put beside a single leap to the last time, Runge-Kutta beside other steps.
        """
        worst = 0.0
        for blocks, propagator, start in self.parts:
            chosen = start[:, :, states]
            mine = found[..., blocks.columns]
            if isinstance(propagator, Shaped):
                rough = replace(propagator, tolerance=_COARSE, finer=1.6)
                shown = _columns([(blocks, _shaped(rough, chosen, times, blocks))], self.size)
                worst = max(worst, _apart(mine, shown[..., blocks.columns]))
            elif isinstance(propagator, tuple):
                last = np.broadcast_to(np.argmax(times, axis=-1), len(propagator))
                for k, each in enumerate(propagator):
                    leap = each.leap(_together(_of(chosen, k)), _moments(times, k)[last[k]])
                    leap = leap if blocks.read is None else (blocks.read @ leap.T).T
                    after = _by_block(leap[None, :, None], blocks)
                    shown = _columns([(blocks, after)], self.size)[0, :, 0, blocks.columns]
                    worst = max(worst, _apart(mine[k, :, last[k]], shown))
        return worst


def motion(
    state: State,
    numbers: Array,
    start: Array,
    times: Array,
    limit: float = 2.0,
    clocks: Sequence[Clock] = (),
) -> Motion:
    """Make the propagators of a state, for a batch of numbers.

    Parameters
    ----------
    state : Kets or Matrix
        From `structure`.
    numbers : ndarray, shape (g, terms)
        Of the Hamiltonian's coefficients, then of the losses'.
    start : ndarray, shape (g or 1, c, entries)
        Amplitudes of the initial state, c states for each generator; entries as in `Reach.start`.
    times : ndarray, shape (T,) or (g, T)
        The times that will be asked for; they decide which method pays.
    limit : float
        Memory in GiB.
    clocks : sequence of Clock
        How some of the terms change in time.

    Returns
    -------
    Motion

    Raises
    ------
    ValueError
        If that takes more memory than the limit.
    """
    first = state.first(start)
    parts, largest, held = [], dict.fromkeys(_METHOD.values(), 0), 0
    for blocks in state.blocks:
        began = blocks.filled(first).transpose(0, 2, 1, 3, 4)
        acting = tuple(clock for clock in clocks if (blocks.generator.term == clock.term).any())
        factor = -1j if state.hermitian else 1.0
        propagator: Propagator
        if acting:
            taken = began[0].size * (times.shape[-1] + 20) + 6 * len(blocks.generator.term)
            taken *= len(numbers)
            allow("numbers in a solution that changes in time", taken, 16, limit)
            propagator = Shaped(blocks.generator, numbers, factor, acting)
        elif _series_pays(blocks, numbers, times, began.shape[2], state.hermitian):
            sparse = (factor * blocks.generator.matrix(each) for each in numbers)
            propagator = tuple(Sparse(each.tocsr()) for each in sparse)
        else:
            held += len(numbers) * blocks.count * blocks.size**2
            allow("numbers in dense blocks", held, 24, limit)
            matrices = blocks.matrices(numbers)
            propagator = Unitary.of(matrices) if state.hermitian else Semigroup(matrices)
        if isinstance(state, Matrix) and not blocks.double:
            began = began.real  # but for rounding
        parts.append((blocks, propagator, began))
        kind = _METHOD[type(propagator)]
        largest[kind] = max(largest[kind], blocks.size)
    methods = [f"{kind} (largest block {n})" for kind, n in largest.items() if n]
    return Motion(tuple(parts), state.size, tuple(methods))


def _series_pays(
    blocks: Blocks, numbers: Array, times: Array, states: int, hermitian: bool
) -> bool:
    """Whether a series costs less than dense matrices; seconds as measured on one core."""
    n, given = blocks.size, blocks.generator
    if n <= 256:
        return False
    row = np.abs(given.value) * np.abs(numbers).max(axis=0)[given.term]
    norm = np.bincount(given.row, row, minlength=given.size).max()
    latest, moments = float(times.max()), times.shape[-1]
    series = norm * latest * len(row) * states * blocks.copies * 1.5e-8 + moments * 1e-3
    far = (np.abs(given.row - given.column) > 1).any()
    if hermitian:
        dense = 1.5e-10 * n**3 if far else 2e-8 * n**2
    else:
        dense = 2e-9 * n**3 * (1 + np.log2(moments))
    most = 6_000 if far or not hermitian else 20_000
    return bool(series < dense * blocks.count or n > most)


def _apply(propagator: Propagator, start: Array, times: Array, blocks: Blocks) -> Array:
    """What is read of states that start as (g, blocks, c copies, n): (g, blocks, c, T, rows)."""
    if isinstance(propagator, Shaped):
        return _shaped(propagator, start, times, blocks)
    if not isinstance(propagator, tuple):
        moments = times[:, None] if times.ndim > 1 else times
        flat = start.reshape(*start.shape[:2], -1, start.shape[-1])
        if isinstance(propagator, Unitary):
            return propagator.at(flat, moments)
        return propagator.at(flat, moments, blocks.reading)
    moved = [  # every one of them a large problem of its own
        each.at(_together(_of(start, k)), _moments(times, k), blocks.read)
        for k, each in enumerate(propagator)
    ]
    return _by_block(np.stack(moved), blocks)


def _shaped(propagator: Shaped, start: Array, times: Array, blocks: Blocks) -> Array:
    """The same under a generator that changes in time."""
    starts = [_together(_of(start, k)) for k in range(len(start))]
    whole = np.stack(starts)
    if times.ndim > 1:  # each member at times of its own
        members = [slice(k, k + 1) for k in range(len(times))]
        own = [whole[k] if len(whole) > 1 else whole for k in members]
        parts = zip(members, own, times, strict=True)
        after = np.concatenate([propagator.select(k).at(s, t) for k, s, t in parts])
    else:
        after = propagator.at(whole, times)
    if blocks.read is not None:
        flat = after.reshape(-1, after.shape[-1])
        after = (blocks.read @ flat.T).T.reshape(*after.shape[:3], -1)
    return _by_block(after, blocks)


def _by_block(after: Array, blocks: Blocks) -> Array:
    """States (g, c, T, blocks rows) by block, (g, blocks, c, T, rows)."""
    whole = after.reshape(*after.shape[:3], blocks.count, blocks.rows)
    return whole.transpose(0, 3, 1, 2, 4)


def _apart(one: Array, other: Array) -> float:
    """The largest difference of two states."""
    return float(np.linalg.norm(one - other, axis=-1).max())


def _columns(moved: list[tuple[Blocks, Array]], size: int) -> Array:
    """What is read of all blocks (g, blocks, c copies, T, rows) as columns (g, c, T, size)."""
    first, after = moved[0]
    g, _, c, t, _ = after.shape
    alone = len(moved) == 1 and first.count == first.copies == 1 and not first.double
    if alone and after.shape[-1] == size > _FEW:  # everything is where it belongs
        return after.reshape(g, c, t, size)
    kinds = [float if blocks.double else after.dtype for blocks, after in moved]
    shape, kind = (g, c // first.copies, t), np.result_type(*kinds)
    out = np.empty((*shape, size), dtype=kind)
    if size <= _FEW:  # which are then read one at a time
        out = np.moveaxis(np.empty((size, *shape), dtype=kind), 0, -1)
    for blocks, after in moved:
        ordered = after.reshape(g, blocks.count, -1, blocks.copies, t, after.shape[-1])
        ordered = ordered.transpose(0, 2, 4, 1, 3, 5)
        if len(blocks.shown) < blocks.count * blocks.copies * after.shape[-1]:
            ordered = ordered.reshape(*ordered.shape[:3], -1)[..., blocks.shown]
        mine = out[..., blocks.columns]
        if blocks.double:
            mine[..., 0::2].reshape(ordered.shape)[...] = ordered.real
            mine[..., 1::2].reshape(ordered.shape)[...] = ordered.imag
        else:
            mine.reshape(ordered.shape)[...] = ordered
    return out


def _of(start: Array, k: int) -> Array:
    mine: Array = start[min(k, len(start) - 1)]
    return mine


def _moments(times: Array, k: int) -> Array:
    mine: Array = times[k] if times.ndim > 1 else times
    return mine


def _together(start: Array) -> Array:
    """States (blocks, ..., n) as vectors over all blocks, (states, blocks n)."""
    flat = start.reshape(len(start), -1, start.shape[-1])
    together: Array = flat.transpose(1, 0, 2).reshape(flat.shape[1], -1)
    return together
