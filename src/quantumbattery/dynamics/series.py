"""Motion under large sparse generators, by their Taylor series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks

STATES_AT_ONCE = 1 << 23  # numbers of a state at several times, while they are worked out


@dataclass(frozen=True, eq=False)
class Series:
    """exp(L t) of large sparse matrices, one for each member of a batch.

    By scipy.sparse.linalg.expm_multiply: the truncated Taylor series of A. H. Al-Mohy and
    N. J. Higham, SIAM J. Sci. Comput. 33, 488 (2011), whose backward error is that of double
    precision. It is measured beside a series of other steps.
    """

    generators: tuple[Any, ...]  # sparse, (blocks size, blocks size)
    blocks: Blocks

    measured = True
    from_start = True
    fastest = 0.0  # rounding is part of what is measured

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n)."""
        moved = [  # every one of them a large problem of its own
            self._moved(k, self._start(start, k), own_times(times, k))
            for k in range(len(self.generators))
        ]
        alone = len(moved) == 1  # and may be large
        return self.blocks.apart(moved[0][None] if alone else np.stack(moved))

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """Each state (g or 1, blocks, c, m, n) of some places (T,) after a span of its own.

        What is read, (g, blocks, c, T, rows); spans are (T,), or (g, 1, T).
        """
        moved = []
        for k in range(len(self.generators)):
            mine, trail, order = own_times(spans, k), [], []
            for which in np.unique(place):  # every one a large problem of its own
                here = np.flatnonzero(place == which)
                start = self._start(starts[..., which, :], k)
                trail.append(self._moved(k, start, mine[here]))
                order.append(here)
            back = np.argsort(np.concatenate(order))
            moved.append(np.concatenate(trail, axis=1)[:, back])
        return self.blocks.apart(np.stack(moved))

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns (g, c, T, columns) at the last time are from those of a single leap."""
        worst, read = 0.0, self.blocks.read
        last = np.broadcast_to(np.argmax(times, axis=-1).ravel(), len(self.generators))
        for k in range(len(self.generators)):
            state = self._leap(k, self._start(start, k), float(own_times(times, k)[last[k]]))
            state = state if read is None else (read @ state.T).T
            again = self.blocks.columns_of(self.blocks.apart(state[None, :, None]))[0, :, 0]
            apart = np.linalg.norm(found[k, :, last[k]] - again, axis=-1)
            worst = max(worst, float(apart.max()))
        return worst

    def _moved(self, k: int, start: Array, times: Array) -> Array:
        """What is read of one member's states (c, n) at the times (T,), shape (c, T, rows)."""
        return moved_by(self.generators[k], start, times, self.blocks.read)

    def _leap(self, k: int, start: Array, time: float) -> Array:
        """One member's states (c, n) at one time, by another series than those of `_moved`."""
        return leap(self.generators[k], start, time)

    def _start(self, start: Array, k: int) -> Array:
        return self.blocks.together(start[min(k, len(start) - 1)])


def moved_by(generator: Any, start: Array, times: Array, read: Any = None) -> Array:
    """States (c, n) at the times (T,), shape (c, T, n), or what a sparse matrix (r, n) reads.

    Only what is read is kept.
    """
    from scipy.sparse.linalg import expm_multiply

    state = np.ascontiguousarray(start.T)  # (n, c)
    if np.iscomplexobj(generator) and not np.iscomplexobj(state):
        state = state.astype(complex)
    grid = equal_steps(times)
    if grid is None or len(times) == 1:
        return _one_by_one(generator, state, times, read)
    first, step = grid
    if first:
        state = expm_multiply(generator * first, state)
    trail, left = [read_by(state[None], read)], len(times) - 1
    most = max(2, STATES_AT_ONCE // state.size)
    while left:
        count = min(left, most)
        states = expm_multiply(
            generator, state, start=0.0, stop=count * step, num=count + 1, endpoint=True
        )
        state, left = states[-1], left - count
        trail.append(read_by(states[1:], read))
    return np.concatenate(trail).transpose(2, 0, 1)


def _one_by_one(generator: Any, state: Array, times: Array, read: Any) -> Array:
    from scipy.sparse.linalg import expm_multiply

    moments, place = np.unique(times, return_inverse=True)
    trail, now = [], 0.0
    for moment in moments:  # each step starts from the state before
        if moment > now:
            state = expm_multiply(generator * (moment - now), state)
            now = moment
        trail.append(read_by(state[None], read))
    return np.concatenate(trail)[place].transpose(2, 0, 1)


def leap(generator: Any, start: Array, time: float) -> Array:
    """The states (c, n) at one time, in two leaps: another series than any of `moved_by`."""
    from scipy.sparse.linalg import expm_multiply

    state = start.T.astype(np.result_type(start, generator.dtype))
    for part in (0.375, 0.625):
        state = expm_multiply(generator * (part * time), state)
    there: Array = state.T
    return there


def read_by(states: Array, read: Any) -> Array:
    """What a sparse matrix (r, n) makes of states (T, n, c)."""
    if read is None:
        return states
    flat = states.transpose(1, 0, 2).reshape(states.shape[1], -1)
    made: Array = (read @ flat).reshape(-1, len(states), states.shape[2]).transpose(1, 0, 2)
    return made


def own_times(times: Array, k: int) -> Array:
    """The times of one member: those of all (T,), or its own of (g, 1, T)."""
    mine: Array = times[k, 0] if times.ndim > 1 else times
    return mine
