"""Motion without loss, by eigenvectors of Hermitian matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.exponentials import phases as turning_phases
from quantumbattery.dynamics.exponentials import turning
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_TRIDIAGONAL = 64  # from this size on, the solver for tridiagonal matrices is the faster one
_NEARLY_ALL = 0.9  # of the vectors, which are then all taken
_ROUNDED = 1e-14  # of the largest element beside the diagonal: an imaginary part that is none


@dataclass(frozen=True, eq=False)
class Unitary:
    """exp(-i H t) of Hermitian matrices, from their eigenvectors.

    The mean of the diagonal, a frequency that all levels share, is kept apart: it costs no digits.
    Phases of elements that go round no ring, as those of a complex coupling along a chain, are a
    matter of how states are counted: with other phases of these the matrix is real, and so is what
    its eigenvectors cost.
    """

    energies: Array  # (..., n), of H - shift
    basis: Array  # (..., n, n), eigenvectors as columns, but for the phases
    shift: Array  # (...,)
    phases: Array | None = None  # (..., n), of states; None: all are 1

    measured = False
    from_start = False

    @cached_property
    def vectors(self) -> Array:
        """The eigenvectors as columns, (..., n, n)."""
        return self.basis if self.phases is None else self.phases[..., None] * self.basis

    @classmethod
    def of(cls, hamiltonian: Array) -> Unitary:
        """Diagonalise (..., n, n)."""
        n = hamiltonian.shape[-1]
        diagonal = np.einsum("...ii->...i", hamiltonian).real
        shift = diagonal.mean(axis=-1)
        if n == 1:
            one = np.ones_like(hamiltonian, dtype=float)
            return cls(np.zeros_like(diagonal), one, shift)
        own, real = _real(hamiltonian)
        if n >= _TRIDIAGONAL and _is_tridiagonal(real):
            return cls(*_tridiagonal(real, diagonal - shift[..., None]), shift, own)
        centred = real - shift[..., None, None] * np.eye(n)
        return cls(*np.linalg.eigh(centred), shift, own)

    def at(self, start: Array, times: Array) -> Array:
        """The states, shape (..., c, T, n)."""
        if self.phases is not None:
            start = start * self.phases.conj()[..., None, :]
        amplitudes = start @ self.basis.conj()
        # Of a start low on its ladders, vectors high on them hold less than rounding does.
        largest = np.abs(amplitudes).max(axis=tuple(range(amplitudes.ndim - 1)))
        held = largest > np.finfo(float).eps * largest.max()
        energies, vectors = self.energies, self.basis
        if held.mean() < _NEARLY_ALL:  # or copies cost more than they save
            held = np.flatnonzero(held)
            amplitudes, energies = amplitudes[..., held], energies[..., held]
            vectors = vectors[..., held]
        turned = turning(amplitudes, energies, times, self.shift)
        vectors = vectors[..., None, :, :]
        if np.iscomplexobj(vectors):
            states = vectors @ turned
        else:  # a complex number is two real ones beside each other: one product makes both
            turned = np.ascontiguousarray(turned)  # times may be in any order of memory
            states = (vectors @ turned.view(float)).view(complex)
        moved: Array = states[..., : times.shape[-1]].swapaxes(-1, -2)
        return moved if self.phases is None else moved * self.phases[..., None, None, :]

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """Each state (..., c, m, n) of some places (T,) after a span of its own, (..., c, T, n).

        Spans are (T,) or (..., T).
        """
        amplitudes = (starts @ self.vectors.conj()[..., None, :, :])[..., place, :]
        turned = amplitudes * turning_phases(self.energies, spans)[..., None, :, :]
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


def _real(matrix: Array) -> tuple[Array | None, Array]:
    """Phases (..., n) of states with which Hermitian matrices (..., n, n) are real, and these.

    No phases of what is real, or cannot be made so, as where a ring is gone round with a phase.
    """
    if not np.iscomplexobj(matrix):
        return None, matrix
    if not matrix.imag.any():
        return None, matrix.real
    n = matrix.shape[-1]
    flat = matrix.reshape(-1, n, n)
    joined = (flat != 0).any(axis=0)
    turned = np.ones((len(flat), n), dtype=complex)
    if not np.tril(joined, -2).any():  # a path, in order
        angles = np.angle(np.einsum("gii->gi", flat[:, 1:, :-1]))
        turned[:, 1:] = np.exp(1j * np.cumsum(angles, axis=1))
    else:
        for parent, child in _tree(joined):  # parents first
            angle = np.angle(flat[:, child, parent])
            turned[:, child] = turned[:, parent] * np.exp(1j * angle)
    other = turned.conj()[:, :, None] * flat * turned[:, None, :]
    beside = (np.abs(flat) * ~np.eye(n, dtype=bool)).max(axis=(1, 2))
    if (np.abs(other.imag).max(axis=(1, 2)) > _ROUNDED * beside).any():
        return None, matrix
    return turned.reshape(matrix.shape[:-1]), other.real.reshape(matrix.shape)


def _tree(joined: Array) -> list[tuple[int, int]]:
    """Pairs (parent, child) that lead to every state which another is joined to, (n, n)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    pattern, found = csr_array(joined), []
    left = joined.sum(axis=1) > joined.diagonal()  # joined to another
    while left.any():
        order, before = breadth_first_order(pattern, int(np.argmax(left)), directed=False)
        found += [(int(before[k]), int(k)) for k in order[1:]]
        left[order] = False
    return found


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
