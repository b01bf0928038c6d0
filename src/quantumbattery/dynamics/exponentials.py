"""Exponentials of many small matrices and phases at once, and grids of times."""

from __future__ import annotations

from math import factorial

import numpy as np

from quantumbattery.quantities.aliases import Array

_SERIES_END = 2.0**-54
_LONG = 100.0  # the norm of a matrix, from which on it is halved here, and not by SciPy
_HARDLY = 1e-2  # of the largest element: a decay that leaves many turns
_MANY = 8  # small matrices, from which on SciPy, which takes one after the other, is slower


def expm(matrix: Array) -> Array:
    """Exponentials of (..., n, n)."""
    n = matrix.shape[-1]
    norm = np.abs(matrix).sum(axis=-1).max(axis=-1)
    by_scipy = n == 1 or n > 16 or matrix.size < _MANY * n * n
    if by_scipy and (n == 1 or norm.max(initial=0.0) <= _LONG or not _turns(matrix)):
        return _of_scipy(matrix)
    # SciPy takes 10 us for each of many small matrices, up to ten times as long; and of what turns
    # for long and hardly decays it loses a hundred times as many digits.
    often = halvings(2 * norm)
    power = (_of_scipy if by_scipy else _taylor)(matrix * 0.5 ** often[..., None, None])
    for done in range(int(often.max())):  # each as often as it needs, or digits are lost
        again = done < often[..., None, None]
        power = power @ power if again.all() else np.where(again, power @ power, power)
    return power


def _turns(matrix: Array) -> bool:
    """Whether matrices are nearly i times Hermitian ones."""
    decay = np.abs(matrix + matrix.conj().swapaxes(-1, -2))
    return bool(decay.max() <= _HARDLY * np.abs(matrix).max())


def _of_scipy(matrix: Array) -> Array:
    from scipy import linalg

    return np.asarray(linalg.expm(matrix))


def _taylor(matrix: Array) -> Array:
    """Exponentials of matrices of norm 1/2 at most: 16 terms of their series in six products."""
    powers = np.empty((4, *matrix.shape), matrix.dtype)
    powers[0], powers[1] = np.eye(matrix.shape[-1]), matrix
    for k in (2, 3):
        np.matmul(powers[k - 1], matrix, out=powers[k])
    weights = 1 / np.array([[factorial(low + k) for k in range(4)] for low in (0, 4, 8, 12)])
    sums = (weights @ powers.reshape(4, -1)).reshape(powers.shape)
    total: Array = sums[3]
    fourth = powers[3] @ matrix
    for low in (2, 1, 0):
        total = total @ fourth
        total += sums[low]
    return total


def middle_rate(diagonal: Array, beside: Array) -> float:
    """The rate without which the largest sum of a row, or a column, is the least.

    Where it has d on the diagonal and r beside it, without mu that is |d - mu| + r, the largest of
    which is the larger of max(r + d) - mu and max(r - d) + mu.
    """
    beside = beside + np.abs(diagonal.imag)
    return float((beside + diagonal.real).max() - (beside - diagonal.real).max()) / 2


def halvings(size: Array) -> Array:
    """How often a size has to be halved to be at most 1."""
    often: Array = np.ceil(np.log2(np.maximum(size, 1.0))).astype(np.int64)
    return often


def series(generator: Array, states: Array, time: Array, size: float) -> Array:
    """exp(L t) on states (..., n), rows, by its Taylor series; size is |L| t, at most about 1."""
    turned = generator.swapaxes(-1, -2)
    shape = np.broadcast_shapes(states.shape[:-2], generator.shape[:-2]) + states.shape[-2:]
    total = np.array(np.broadcast_to(states, shape), dtype=np.result_type(states, generator))
    term, spare = total.copy(), np.empty_like(total)
    bound, k = 1.0, 0
    while bound > _SERIES_END:
        k += 1
        bound *= size / k
        term, spare = np.matmul(term, turned, out=spare), term
        term *= time / k
        total += term
    return total


def phases(energies: Array, times: Array) -> Array:
    """exp(-i E t), shape (..., T, n)."""
    none = np.zeros(energies.shape[:-1])
    turned = turning(np.ones((1, 1)), energies, times, none)[..., 0, :, : times.shape[-1]]
    return turned.swapaxes(-1, -2)


def turning(amplitudes: Array, energies: Array, times: Array, shift: Array) -> Array:
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
