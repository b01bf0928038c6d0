"""Motion under a constant generator, at all times and for a whole batch at once.

A propagator is made once and asked `at(start, times)`. Batches come first: generators are
(..., n, n), starts (..., c, n) with c states for each generator, times (T,) or (..., T), and what
comes out is (..., c, T, n).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from quantumbattery.exponentials import expm, halvings, series
from quantumbattery.operators import Array

_TRIDIAGONAL = 64  # from this size on, the solver for tridiagonal matrices is the faster one
_FEW = 8  # up to this size, complex matrices are multiplied as real ones
_PIECE = 1 << 23  # numbers of a state at several times, while they are worked out
_MOST = 0.9  # of the vectors, which are then all taken
_DIGITS = 50  # of the number of steps to a time


@dataclass(frozen=True, eq=False)
class Unitary:
    """exp(-i H t) of Hermitian matrices, from their eigenvectors.

    Attributes
    ----------
    energies, vectors : ndarray, shapes (..., n) and (..., n, n)
        Eigenvalues of H - shift, and eigenvectors as columns.
    shift : ndarray, shape (...,)
        The mean of the diagonal: a frequency that all levels share costs no digits.
    """

    energies: Array
    vectors: Array
    shift: Array

    @classmethod
    def of(cls, hamiltonian: Array) -> Unitary:
        """Diagonalise (..., n, n)."""
        n = hamiltonian.shape[-1]
        diagonal = np.einsum("...ii->...i", hamiltonian).real
        shift = diagonal.mean(axis=-1)
        if n == 1:
            one = np.ones_like(hamiltonian, dtype=float)
            return cls(np.zeros_like(diagonal), one, shift)
        if n >= _TRIDIAGONAL and _is_tridiagonal(hamiltonian):
            return cls(*_tridiagonal(hamiltonian, diagonal - shift[..., None]), shift)
        centred = hamiltonian - shift[..., None, None] * np.eye(n)
        return cls(*np.linalg.eigh(centred), shift)

    @property
    def fastest(self) -> float:
        """The largest frequency, beside what all levels share."""
        return float(np.abs(self.energies).max())

    def at(self, start: Array, times: Array) -> Array:
        """The states, shape (..., c, T, n)."""
        amplitudes = start @ self.vectors.conj()
        # Of a start low on its ladders, vectors high on them hold less than rounding does.
        largest = np.abs(amplitudes).max(axis=tuple(range(amplitudes.ndim - 1)))
        held = largest > np.finfo(float).eps * largest.max()
        energies, vectors = self.energies, self.vectors
        if held.mean() < _MOST:  # or copies cost more than they save
            held = np.flatnonzero(held)
            amplitudes, energies = amplitudes[..., held], energies[..., held]
            vectors = vectors[..., held]
        turned = _turning(amplitudes, energies, times, self.shift)
        vectors = vectors[..., None, :, :]
        if np.iscomplexobj(vectors):
            states = vectors @ turned
        else:  # a complex number is two real ones beside each other: one product makes both
            states = (vectors @ turned.view(float)).view(complex)
        moved: Array = states[..., : times.shape[-1]].swapaxes(-1, -2)
        return moved


@dataclass(frozen=True, eq=False)
class Semigroup:
    """exp(L t) of any matrices, whether or not they have an eigenbasis (exceptional points).

    exp(L h) is a matrix exponential; its repeated squares lead to all times. Times that rise
    in equal steps need one product each; any others take a product for every binary digit of t/h,
    and a Taylor series for the part below h.
    """

    generator: Array

    def at(self, start: Array, times: Array, read: Array | None = None) -> Array:
        """The states, shape (..., c, T, n), real if generator and start are.

        With rows `read`, shape (..., r, n), what they make of them: (..., c, T, r). On a grid that
        costs less: rows move by the small steps, states by the large ones, and all meet at once.
        """
        generator, frequency = self._rotating
        grid = equal_steps(times)
        if grid is not None:
            power, start = self._one_step(start, *grid)
            return _steps(power, start, read, times.shape[-1])
        states = self._anywhere(generator, start, times)
        states = states if read is None else states @ read.swapaxes(-1, -2)[..., None, :, :]
        if frequency is not None:
            common = frequency.reshape(-1)[:1]
            frequency = common[0] if (frequency == common).all() else frequency
            states = states * _phases(-frequency[..., None], times)[..., None, :, :]
        return states

    def write(
        self, start: Array, grid: tuple[float, float], count: int, read: Array, out: Array
    ) -> None:
        """Write what rows make of the states on a grid, of so many times, where it belongs.

        `out` has shape (r, ..., c, `padded`(count)), or 2 r, the real and the imaginary part of
        each complex number; grid is that of `equal_steps`.
        """
        power, start = self._one_step(start, *grid)
        if len(out) > read.shape[-2]:
            power, start, read = _real_matrices(power), _real_vectors(start), _real_matrices(read)
        _read_on_grid(power, start, read, count, out)

    def _one_step(self, start: Array, first: float, step: float) -> tuple[Array, Array]:
        """The propagator of one step, and the states at the first time."""
        generator, frequency = self._rotating
        if first:
            start = start @ _propagator(generator, frequency, first).swapaxes(-1, -2)
        return _propagator(generator, frequency, step), start

    @property
    def fastest(self) -> float:
        """A bound of all rates and frequencies, beside a frequency that all share."""
        return float(np.abs(self._rotating[0]).sum(axis=-1).max())

    @cached_property
    def _rotating(self) -> tuple[Array, Array | None]:
        """The generator without the frequency that all elements share, and that frequency."""
        if not np.iscomplexobj(self.generator):
            return self.generator, None
        frequency = np.einsum("...ii->...i", self.generator).imag.mean(axis=-1)
        eye = np.eye(self.generator.shape[-1])
        return self.generator - 1j * frequency[..., None, None] * eye, frequency

    def _anywhere(self, generator: Array, start: Array, times: Array) -> Array:
        norm = np.abs(generator).sum(axis=-1).max(axis=-1)[..., None]
        latest = times.max(axis=-1, keepdims=True)
        often = halvings(norm * latest)
        if often.max() > _DIGITS:  # whole numbers of steps would not be exact
            power = expm(generator[..., None, :, :] * times[..., :, None, None])
            moved: Array = np.einsum("...tij,...cj->...cti", power, start)
            return moved
        step = latest / 2.0**often
        count = np.floor(np.divide(times, step, out=np.zeros_like(times * step), where=step > 0))
        rest = (times - count * step)[..., None, :, None]
        states = np.repeat(start[..., None, :], times.shape[-1], axis=-2)
        size = float((norm * step).max())
        states = series(generator[..., None, :, :], states, rest, size)
        power = expm(generator * step[..., None])[..., None, :, :].swapaxes(-1, -2)
        digits = count.astype(np.int64)[..., None, :, None]
        for digit in range(int(often.max()) + 1):
            on = (digits >> digit & 1).astype(bool)
            if on.any():
                states = np.where(on, states @ power, states)
            power = power @ power
        return states


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


# --- small parts -------------------------------------------------------------------------------


def _propagator(generator: Array, frequency: Array | None, time: float) -> Array:
    """exp(L t) of a generator without the frequency that all elements share, and with it."""
    small = np.iscomplexobj(generator) and generator.shape[-1] <= _FEW
    power = expm((_real_matrices(generator) if small else generator) * time)
    power = power[..., ::2, ::2] + 1j * power[..., 1::2, ::2] if small else power
    if frequency is None:
        return power
    turned: Array = power * np.exp(1j * frequency * time)[..., None, None]
    return turned


def _steps(power: Array, start: Array, read: Array | None, count: int) -> Array:
    """States after 0, 1, 2 ... steps, or what rows make of them."""
    kind = np.result_type(power, start, *([] if read is None else [read]))
    small = kind.kind == "c" and power.shape[-1] <= _FEW
    if small:  # many small products of complex matrices take five times as long
        power, start = _real_matrices(power), _real_vectors(start)
        read = None if read is None else _real_matrices(read)
    if read is None:
        states = _on_grid(np.ascontiguousarray(power.swapaxes(-1, -2)), start, count)
    else:
        shape = np.broadcast_shapes(start.shape[:-2], power.shape[:-2], read.shape[:-2])
        made = (read.shape[-2], *shape, start.shape[-2], padded(count))
        columns = np.empty(made, float if small else kind)
        _read_on_grid(power, start, read, count, columns)
        states = np.moveaxis(columns[..., :count], 0, -1)
    return np.ascontiguousarray(states).view(complex) if small else states


def padded(count: int) -> int:
    """How many steps of a grid are made, to have so many: whole large steps."""
    fine = _fine(count)
    return -(-count // fine) * fine


def _fine(count: int) -> int:
    """Small steps in a large one: the power of 2 nearest to the square root of all."""
    return int(2 ** np.round(np.log2(count) / 2))


def _real_vectors(vectors: Array) -> Array:
    """Complex numbers as two real ones each, (..., n) as (..., 2 n)."""
    return np.ascontiguousarray(vectors, dtype=complex).view(float)


def _real_matrices(matrices: Array) -> Array:
    """What does to `_real_vectors` as complex matrices do: (..., r, n) as (..., 2 r, 2 n)."""
    *batch, rows, columns = matrices.shape
    real = np.empty((*batch, rows, 2, columns, 2))
    real[..., 0, :, 0] = real[..., 1, :, 1] = matrices.real
    real[..., 1, :, 0] = matrices.imag
    real[..., 0, :, 1] = -matrices.imag
    return real.reshape(*batch, 2 * rows, 2 * columns)


def _on_grid(turned: Array, start: Array, count: int) -> Array:
    """States (..., c, n) after 0, 1, 2 ... steps, (..., c, count, n), by a transposed power."""
    shape = np.broadcast_shapes(start.shape[:-2], turned.shape[:-2]) + start.shape[-2:]
    states = np.empty((*shape[:-1], count, shape[-1]), np.result_type(turned, start))
    states[..., 0, :] = start
    step, done = turned[..., None, :, :], 1
    while done < count:
        more, step = min(done, count - done), step @ step if done > 1 else step
        np.matmul(states[..., :more, :], step, out=states[..., done : done + more, :])
        done += more
    return states


def _read_on_grid(power: Array, start: Array, read: Array, count: int, out: Array) -> None:
    """What rows (..., r, n) make of the states on a grid: out has shape (r, ..., c, padded).

    Nothing is transposed but the propagator: that would take most of the time.
    """
    fine, turned = _fine(count), np.ascontiguousarray(power.swapaxes(-1, -2))
    shape = np.broadcast_shapes(read.shape[:-2], power.shape[:-2]) + read.shape[-2:]
    rows = np.empty((*shape, fine), np.result_type(power, read))  # after 0, 1, 2 ... small steps
    rows[..., 0] = read
    done = 1
    while done < fine:
        step = turned[..., None, :, :]
        np.matmul(step, rows[..., :done], out=rows[..., done : 2 * done])
        turned, done = turned @ turned, 2 * done
    states = _on_grid(turned, start, out.shape[-1] // fine)  # after large ones
    rows = np.moveaxis(rows, -3, 0)[..., None, :, :]
    np.matmul(states, rows, out=out.reshape(*out.shape[:-1], -1, fine))


def _phases(energies: Array, times: Array) -> Array:
    """exp(-i E t), shape (..., T, n)."""
    none = np.zeros(energies.shape[:-1])
    phases = _turning(np.ones((1, 1)), energies, times, none)[..., 0, :, : times.shape[-1]]
    turned: Array = phases.swapaxes(-1, -2)
    return turned


def _turning(amplitudes: Array, energies: Array, times: Array, shift: Array) -> Array:
    """Amplitudes (..., c, n) times exp(-i E t) and exp(-i shift t), shape (..., c, n, T or more).

    On a grid the phases are products of few exponentials; it goes on beyond the last time.
    """
    amplitudes, energies = amplitudes[..., None], energies[..., None, :, None]
    shift = shift[..., None, None, None]
    grid = equal_steps(times) if times.ndim == 1 else None
    if grid is None or len(times) < 64:
        moments = times[..., None, None, :]
        return amplitudes * np.exp(-1j * moments * energies) * np.exp(-1j * moments * shift)
    (first, step), fine = grid, int(np.sqrt(len(times)))
    coarse = -(-len(times) // fine)
    late, early = first + step * fine * np.arange(coarse), step * np.arange(fine)
    large = np.exp(-1j * late * energies) * np.exp(-1j * late * shift)
    small = np.exp(-1j * early * energies) * np.exp(-1j * early * shift)
    both = (amplitudes * large)[..., None] * small[..., None, :]
    whole: Array = both.reshape(*both.shape[:-2], coarse * fine)
    return whole


def equal_steps(times: Array) -> tuple[float, float] | None:
    """First time and step, if the times rise in equal steps; one time is a grid of its own."""
    if times.ndim > 1:
        return None
    if len(times) == 1:
        return float(times[0]), 0.0
    first, step = float(times[0]), float(times[-1] - times[0]) / (len(times) - 1)
    off = np.abs(times - (first + step * np.arange(len(times)))).max()
    return (first, step) if step > 0 and off <= 4 * np.finfo(float).eps * times[-1] else None


def _is_tridiagonal(matrix: Array) -> bool:
    n = matrix.shape[-1]
    if np.iscomplexobj(matrix) or np.count_nonzero(matrix[..., 0, 2:]):  # most fail there already
        return False
    beyond = np.abs(matrix) if matrix.ndim == 2 else np.abs(matrix).reshape(-1, n, n).max(axis=0)
    return not np.triu(beyond, 2).any()


def _tridiagonal(matrix: Array, diagonal: Array) -> tuple[Array, Array]:
    from scipy.linalg import eigh_tridiagonal

    n = matrix.shape[-1]
    beside = np.einsum("...ii->...i", matrix[..., :-1, 1:])
    solved = [
        eigh_tridiagonal(d, e)
        for d, e in zip(diagonal.reshape(-1, n), beside.reshape(-1, n - 1), strict=True)
    ]
    energies, vectors = (np.stack(part) for part in zip(*solved, strict=True))
    return energies.reshape(diagonal.shape), vectors.reshape(matrix.shape)
