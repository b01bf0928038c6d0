"""Motion under one large sparse generator, by its Taylor series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.quantities.aliases import Array

_PIECE = 1 << 23  # numbers of a state at several times, while they are worked out


@dataclass(frozen=True, eq=False)
class Sparse:
    """exp(L t) of one large sparse matrix, by scipy.sparse.linalg.expm_multiply.

    That is the truncated Taylor series of A. H. Al-Mohy and N. J. Higham, SIAM J. Sci. Comput. 33,
    488 (2011), whose backward error is that of double precision.
    """

    generator: Any

    def at(self, start: Array, times: Array, read: Any = None) -> Array:
        """The states, shape (c, T, n), or what a sparse matrix (r, n) makes of them, (c, T, r).

        Times have shape (T,). Only what is read is kept.
        """
        from scipy.sparse.linalg import expm_multiply

        generator = self.generator
        state = np.ascontiguousarray(start.T)  # (n, c)
        if np.iscomplexobj(generator) and not np.iscomplexobj(state):
            state = state.astype(complex)
        grid = equal_steps(times)
        if grid is None or len(times) == 1:
            return self._one_by_one(state, times, read)
        first, step = grid
        if first:
            state = expm_multiply(generator * first, state)
        trail, left = [_read(state[None], read)], len(times) - 1
        most = max(2, _PIECE // state.size)
        while left:
            count = min(left, most)
            states = expm_multiply(
                generator, state, start=0.0, stop=count * step, num=count + 1, endpoint=True
            )
            state, left = states[-1], left - count
            trail.append(_read(states[1:], read))
        return np.concatenate(trail).transpose(2, 0, 1)

    def _one_by_one(self, state: Array, times: Array, read: Any) -> Array:
        from scipy.sparse.linalg import expm_multiply

        moments, place = np.unique(times, return_inverse=True)
        trail, now = [], 0.0
        for moment in moments:  # each step starts from the state before
            if moment > now:
                state = expm_multiply(self.generator * (moment - now), state)
                now = moment
            trail.append(_read(state[None], read))
        return np.concatenate(trail)[place].transpose(2, 0, 1)

    def leap(self, start: Array, time: float) -> Array:
        """The states (c, n) at one time, in two leaps: another series than any of `at`."""
        from scipy.sparse.linalg import expm_multiply

        state = start.T.astype(np.result_type(start, self.generator.dtype))
        for part in (0.375, 0.625):
            state = expm_multiply(self.generator * (part * time), state)
        leap: Array = state.T
        return leap


def _read(states: Array, read: Any) -> Array:
    """What a sparse matrix (r, n) makes of states (T, n, c)."""
    if read is None:
        return states
    flat = states.transpose(1, 0, 2).reshape(states.shape[1], -1)
    made: Array = (read @ flat).reshape(-1, len(states), states.shape[2]).transpose(1, 0, 2)
    return made
