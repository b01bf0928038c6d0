"""Motion under large sparse generators, by their Taylor series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps, middle_rate
from quantumbattery.machine import limited
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.sparse import led_to
from quantumbattery.states.blocks import Blocks

STATES_AT_ONCE = 1 << 23  # numbers of a state at several times, while they are worked out
_LEAP = 6.0  # times its norm that a generator moves in one series: more would cost digits,
_OTHER_LEAP = 4.3  # of the solution beside which it is measured
_TERMS = 64  # of which one then has fewer
_END = 2.0**-53  # of the state, below which two terms end a series


@dataclass(frozen=True, eq=False)
class Series:
    """exp(L t) of large sparse matrices, one for each member of a batch.

    By the truncated Taylor series of A. H. Al-Mohy and N. J. Higham, SIAM J. Sci. Comput. 33, 488
    (2011), in leaps of one norm, which give the states at all times within. It is measured beside
    a series of other leaps, of large states by SciPy.
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
        read = self.blocks.read
        generator, some = self._reached(k, start)
        if some is None:
            return moved_by(generator, start, times, read)
        if read is not None:
            return moved_by(generator, start[:, some], times, read[:, some])
        whole = np.zeros((len(start), len(times), start.shape[1]))
        whole[..., some] = moved_by(generator, start[:, some], times)
        return whole

    def _leap(self, k: int, start: Array, time: float) -> Array:
        """One member's states (c, n) at one time, by another series than those of `_moved`."""
        generator, some = self._reached(k, start)
        if some is None:
            return leap(generator, start, time)
        whole = np.zeros(start.shape)
        whole[:, some] = leap(generator, start[:, some], time)
        return whole

    def _reached(self, k: int, start: Array) -> tuple[Any, Array | None]:
        """A generator among the numbers that states (c, n) lead to; None: (nearly) all of them.

        Where all that acts is real in some basis, half the parts of a density matrix stay zero.
        """
        given, begun = self.generators[k], np.asarray(start.any(axis=0))
        if np.iscomplexobj(given) or np.iscomplexobj(start):
            return given, None
        key = k, begun.tobytes()
        if key not in self._known:
            entries = given.tocoo()
            some = led_to(entries.row, entries.col, begun)
            made = given if some is None else given[some][:, some]
            self._known.clear()
            self._known[key] = made, some
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[int, bytes], tuple[Any, Array | None]]:
        """The last that was asked for."""
        return {}

    def _start(self, start: Array, k: int) -> Array:
        return self.blocks.together(start[min(k, len(start) - 1)])


def moved_by(generator: Any, start: Array, times: Array, read: Any = None) -> Array:
    """States (c, n) at the times (T,), shape (c, T, n), or what a sparse matrix (r, n) reads.

    Only what is read is kept.
    """
    state = np.ascontiguousarray(start.T)  # (n, c)
    if np.iscomplexobj(generator) and not np.iscomplexobj(state):
        state = state.astype(complex)
    if state.size * _TERMS > STATES_AT_ONCE:
        return _by_scipy(generator, state, times, read)
    moments, place = np.unique(times, return_inverse=True)
    with limited(1):  # its products are so small that threads only wait for each other
        found = np.concatenate([*_leaps(generator, state, moments, read)])
    return found[place].transpose(2, 0, 1)


def _leaps(
    generator: Any, state: Array, times: Array, read: Any, longest: float = _LEAP
) -> Iterator[Array]:
    """What is read (T, rows, c) at rising times, by one series after the other.

    SciPy, at many times, asks for the norm of every term at every one of them.
    """
    from scipy.sparse import csr_matrix, eye_array

    latest, n = float(times[-1]), len(state)
    middle = _middle(generator)
    centred = (generator - middle * eye_array(n)).tocsr()
    norm = _norm(centred, latest / longest, state.shape[1])
    leaps = max(1, int(np.ceil(latest * norm / longest)))
    length = latest / leaps
    step = csr_matrix(centred * length)  # whose product with `*` asks less than that of others
    terms = np.empty((_TERMS, *state.shape), np.result_type(step.dtype, state.dtype))
    ends = np.searchsorted(times, np.append(np.arange(1, leaps) * length, np.inf), side="right")
    for k, (low, high) in enumerate(zip(np.append(0, ends), ends, strict=False)):
        terms[0] = state
        own = terms[: _series(step, terms)]
        over = times[low:high] - k * length
        if len(over):
            powers = (over[:, None] / length if length else over[:, None]) ** np.arange(len(own))
            powers = powers * np.exp(middle * over)[:, None]
            given = own if len(over) < len(own) else read_by(own, read)
            made = (powers @ given.reshape(len(own), -1)).reshape(-1, *given.shape[1:])
            yield read_by(made, read) if given is own else made
        state = own.sum(axis=0) * np.exp(middle * length)


def _norm(matrix: Any, leaps: float, columns: int) -> float:
    """A norm of a sparse matrix; so many times it are the leaps of some columns."""
    norm = float(abs(matrix).sum(axis=0).max())
    saved = leaps * norm / 2 * _TERMS / 2 * matrix.nnz * columns
    products = np.bincount(matrix.indices, minlength=matrix.shape[0]) @ np.diff(matrix.indptr)
    if leaps * norm <= 1 or products > saved:
        return norm
    # A power tells more than the matrix: |A^2|^(1/2) is at most |A|, and often half of it.
    square = float(abs(matrix @ matrix).sum(axis=0).max())
    return float(np.sqrt(square))


def _middle(generator: Any) -> Any:
    """What is taken from the diagonal: the rate that leaves least, and the mean frequency."""
    own = generator.diagonal()
    rate = middle_rate(own.real, abs(generator).sum(axis=0) - abs(own))
    return rate if not np.iscomplexobj(own) else rate + 1j * float(own.imag.mean())


def _series(step: Any, terms: Array) -> int:
    """Fill the terms of exp(step) behind the first, until they are over; how many there are."""
    least = _END * _largest(terms[0])
    for k in range(1, len(terms)):
        np.multiply(step * terms[k - 1], 1 / k, out=terms[k])
        if k % 2 == 0 and max(_largest(terms[k - 1]), _largest(terms[k])) <= least:
            return k + 1
    return len(terms)


def _largest(values: Array) -> float:
    """The largest real or imaginary part; a norm by BLAS would wake its threads for it."""
    real = values.view(values.real.dtype)
    return max(float(real.max()), -float(real.min()))


def _by_scipy(generator: Any, state: Array, times: Array, read: Any) -> Array:
    """What is read of a state (n, c) so large that few fit in memory, (c, T, rows)."""
    from scipy.sparse.linalg import expm_multiply

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
    """The states (c, n) at one time, in shorter leaps or in two: another series than `moved_by`."""
    from scipy.sparse.linalg import expm_multiply

    state = start.T.astype(np.result_type(start, generator.dtype))
    if state.size * _TERMS <= STATES_AT_ONCE:
        with limited(1):
            (alone,) = _leaps(generator, state, np.array([time]), None, _OTHER_LEAP)
        return np.asarray(alone[0].T)
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
