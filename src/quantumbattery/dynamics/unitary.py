"""Motion without loss, by eigenvectors of Hermitian matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.exponentials import phases, turning
from quantumbattery.quantities.aliases import Array

_TRIDIAGONAL = 64  # from this size on, the solver for tridiagonal matrices is the faster one
_NEARLY_ALL = 0.9  # of the vectors, which are then all taken


@dataclass(frozen=True, eq=False)
class Unitary:
    """exp(-i H t) of Hermitian matrices, from their eigenvectors.

    The mean of the diagonal, a frequency that all levels share, is kept apart: it costs no digits.
    """

    energies: Array  # (..., n), of H - shift
    vectors: Array  # (..., n, n), as columns
    shift: Array  # (...,)

    measured = False
    from_start = False

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

    def at(self, start: Array, times: Array) -> Array:
        """The states, shape (..., c, T, n)."""
        amplitudes = start @ self.vectors.conj()
        # Of a start low on its ladders, vectors high on them hold less than rounding does.
        largest = np.abs(amplitudes).max(axis=tuple(range(amplitudes.ndim - 1)))
        held = largest > np.finfo(float).eps * largest.max()
        energies, vectors = self.energies, self.vectors
        if held.mean() < _NEARLY_ALL:  # or copies cost more than they save
            held = np.flatnonzero(held)
            amplitudes, energies = amplitudes[..., held], energies[..., held]
            vectors = vectors[..., held]
        turned = turning(amplitudes, energies, times, self.shift)
        vectors = vectors[..., None, :, :]
        if np.iscomplexobj(vectors):
            states = vectors @ turned
        else:  # a complex number is two real ones beside each other: one product makes both
            states = (vectors @ turned.view(float)).view(complex)
        moved: Array = states[..., : times.shape[-1]].swapaxes(-1, -2)
        return moved

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """Each state (..., c, m, n) of some places (T,) after a span of its own, (..., c, T, n).

        Spans are (T,) or (..., T).
        """
        amplitudes = (starts @ self.vectors.conj()[..., None, :, :])[..., place, :]
        turned = amplitudes * phases(self.energies, spans)[..., None, :, :]
        turned *= np.exp(-1j * self.shift[..., None] * spans)[..., None, :, None]
        moved: Array = turned @ self.vectors.swapaxes(-1, -2)[..., None, :, :]
        return moved

    def ever(self, start: Array) -> Array:
        """A bound on the size of every amplitude at all times, shape (..., c, n)."""
        held: Array = np.abs(start @ self.vectors.conj()) @ np.abs(self.vectors).swapaxes(-1, -2)
        return held

    @property
    def fastest(self) -> float:
        """The largest frequency, beside what all levels share."""
        return float(np.abs(self.energies).max())

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding, which `fastest` tells."""
        return 0.0


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
