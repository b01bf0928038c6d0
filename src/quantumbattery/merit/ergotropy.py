"""Work that unitaries take out of a battery's state, or may put in: ergotropy and its kin.

Arguments, labels, units and errors as in `quantumbattery.merit.energy`. `rearranged` is the heart:
the work that ordering the populations gains, as a sum in which no term is negative. The bounds hold
in floating point too, with e_0 the lowest level of ``h``: 0 <= ergotropy <= energy - e_0 and
antiergotropy <= 0.
"""

from __future__ import annotations

import numpy as np

from quantumbattery.merit.energy import energy, within
from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import eigensystem, eigenvalues, figure_of_merit


def rearranged(e: Array, rho: Array, basis: Array) -> Array:
    """Work gained when the k-th eigenvalue of rho, falling, moves to the k-th level, rising.

    Now the k-th level of energy e_k is column k of ``basis``. Cut the ladder above level k. The
    population above the cut falls from sum_i r_i a_i to sum_{i>k} r_i, where r_i is the i-th
    eigenvalue of rho and a_i the weight of its vector above the cut. As sum_i a_i is the number of
    levels there, r_k may be taken from every r_i in both sums, and the fall is
    sum_{i<=k} (r_i - r_k) a_i + sum_{i>k} (r_k - r_i) (1 - a_i): no term is negative, and neither
    is the work, which is that fall times e_{k+1} - e_k, summed over the cuts.
    """
    r, vectors = eigensystem(rho)
    r, vectors = r[..., ::-1], vectors[..., ::-1]
    weights = np.abs(basis.conj().swapaxes(-1, -2) @ vectors) ** 2
    below = np.cumsum(weights, axis=-2)[..., :-1, :]
    above = np.cumsum(weights[..., ::-1, :], axis=-2)[..., -2::-1, :]
    cut, vector = np.ogrid[: r.shape[-1] - 1, : r.shape[-1]]
    misplaced = np.where(vector <= cut, above, below)
    moved = (misplaced * np.abs(r[..., None, :] - r[..., :-1, None])).sum(-1)
    work: Array = (np.diff(e) * moved).sum(-1)
    return work


@figure_of_merit
def ergotropy(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Most work that a cyclic unitary extracts: energy minus passive energy (paper, Eq. 10).

    Computed as a sum of terms none of which is negative, so that a small ergotropy keeps its
    digits (Allahverdyan, Balian and Nieuwenhuizen, EPL 67, 565 (2004), for the definition).

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.
    ArithmeticError
        If rounding breaks a bound by more than rounding can: it should never happen.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.ergotropy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.5)

    A plus state is worth w/2, by its coherence alone; three times at once:

    >>> plus, mixed, ground = np.full((2, 2), 0.5), np.eye(2) / 2, np.diag([1.0, 0.0])
    >>> qb.ergotropy([plus, mixed, ground], h=np.diag([0.0, 1.0])).round(12)
    array([0.5, 0. , 0. ])
    """
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    work = rearranged(e, rho, basis)
    # A ground level that is 0 but for rounding is 0: then the bound is the energy itself.
    rounding = 64 * e.shape[-1] * np.finfo(float).eps * np.abs(e).max(axis=-1)
    ground = np.where(np.abs(e[..., 0]) <= rounding, np.maximum(e[..., 0], 0.0), e[..., 0])
    return within(work, 0.0, energy.formula(rho, h) - ground, rho, e)


@figure_of_merit
def antiergotropy(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Energy minus active energy, never positive: minus the room left (paper, Sec. 2 and Eq. 51).

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.antiergotropy(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(-0.5)
    """
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    room = rearranged(-e[..., ::-1], rho, basis[..., ::-1])
    return 0.0 - within(room, 0.0, e[..., -1] - energy.formula(rho, h), rho, e)


@figure_of_merit
def capacity(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Work that a unitary cycle can move: active minus passive energy (paper, Eq. 19).

    It is ergotropy minus antiergotropy, and depends on the eigenvalues of ``rho`` alone
    (Yang et al., Phys. Rev. Lett. 131, 030402 (2023)).

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.capacity(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(0.5)
    """
    r, e = eigenvalues(rho), np.linalg.eigvalsh(h)
    half = r.shape[-1] // 2  # the pairs (first, last), (second, last but one) ... swap places
    swaps = (r[..., ::-1] - r) * (e[..., ::-1] - e)
    return within(swaps[..., :half].sum(-1), 0.0, e[..., -1] - e[..., 0], rho, e)


@figure_of_merit
def incoherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Part of the ergotropy that needs no coherence between energies.

    The ergotropy of ``rho`` dephased in the energy basis (Francica et al., Phys. Rev. Lett. 125,
    180603 (2020)). Only coherence between *different* energies is dropped: where ``h`` is
    degenerate the block inside the level stays, as a unitary inside it costs no energy; levels
    closer than 64 d eps max|e| count as one. For a qubit of gap w it is 2 w max(0, I), with the
    population inversion I.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> rho = np.array([[0.25, 0.25], [0.25, 0.75]])
    >>> qb.incoherent_ergotropy(rho, h=np.diag([0.0, 1.0]))
    np.float64(0.5)
    """
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    work = rearranged(e, dephased(rho, e, basis), np.eye(e.shape[-1]))
    return within(work, 0.0, ergotropy.formula(rho, h), rho, e)


@figure_of_merit
def coherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Part of the ergotropy that coherence between energies adds: total minus incoherent.

    Computed without that subtraction, as what is left to extract when the incoherent part is out.
    For a qubit of gap w it is w (sqrt(I^2 + C^2) - abs(I)), with the population inversion I and
    the coherence C of Eq. 46. See `incoherent_ergotropy` for the definition and its source.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> plus = np.full((2, 2), 0.5)
    >>> qb.coherent_ergotropy(plus, h=np.diag([0.0, 1.0])).round(12)
    np.float64(0.5)
    """
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    _, order = eigensystem(dephased(rho, e, basis))
    # The incoherent part is out when the k-th most populated of these states is called level k.
    work = rearranged(e, rho, basis @ order[..., ::-1])
    return within(work, 0.0, ergotropy.formula(rho, h), rho, e)


def dephased(rho: Array, e: Array, basis: Array) -> Array:
    """Drop coherence between different energies; in the given energy eigenbasis."""
    closest = 64 * e.shape[-1] * np.finfo(float).eps * np.abs(e).max(axis=-1, keepdims=True)
    level = np.cumsum(np.diff(e, prepend=e[..., :1]) > closest, axis=-1)
    same = level[..., :, None] == level[..., None, :]
    return np.where(same, basis.conj().swapaxes(-1, -2) @ rho @ basis, 0.0)
