"""Figures of merit of a battery's state, in any dimension and for any batch.

In every function ``rho`` is a density matrix (..., d, d) and ``h`` the battery's Hamiltonian (d, d)
or a batch that broadcasts with ``rho``; a QuTiP Qobj or a list of them will do, and of a DataArray
the last two dimensions are the matrix. hbar = 1: energies come in the units of ``h``. One state
gives one number, a batch an array, a DataArray a DataArray of its remaining dimensions.

A matrix that is not numeric raises TypeError; one that is not finite, square and Hermitian, a state
that has not trace 1 or is not positive (tolerance 1e-8), or shapes that do not fit, ValueError.

The bounds hold in floating point too, with e_0 the lowest level of ``h``:
0 <= ergotropy <= energy - e_0, antiergotropy <= 0, e_0 <= passive <= energy <= active energy.
"""

from collections.abc import Callable

from quantumbattery import kernels
from quantumbattery.matrices import (
    Array,
    MatrixLike,
    Values,
    density_matrices,
    evaluate,
    hamiltonians,
)


def energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Energy E = Tr(h rho) that the battery stores (paper, Eq. 17).

    It counts from the zero of ``h``, so a battery whose ground level is 0 is empty at E = 0.

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
    >>> qb.energy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.75)
    """
    return _evaluate(kernels.energy_kernel, rho, h)


def passive_energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Energy that no unitary can take out: that of the passive state (paper, Eq. 18).

    The largest eigenvalue of ``rho`` meets the lowest level of ``h``, and so on.

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
    >>> qb.passive_energy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.25)
    """
    return _evaluate(kernels.passive_energy_kernel, rho, h)


def active_energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Highest energy that a unitary can reach: that of the active state (paper, Sec. 2).

    The largest eigenvalue of ``rho`` meets the highest level of ``h``, and so on.

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
    >>> qb.active_energy(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(0.75)
    """
    return _evaluate(kernels.active_energy_kernel, rho, h)


def ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
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
    return _evaluate(kernels.ergotropy_kernel, rho, h)


def antiergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
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
    return _evaluate(kernels.antiergotropy_kernel, rho, h)


def capacity(rho: MatrixLike, h: MatrixLike) -> Values:
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
    return _evaluate(kernels.capacity_kernel, rho, h)


def energy_variance(rho: MatrixLike, h: MatrixLike) -> Values:
    """Variance of the stored energy, Tr(h^2 rho) - Tr(h rho)^2 (paper, Eq. 9), in energy squared.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h`` squared.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.energy_variance(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.1875)
    """
    return _evaluate(kernels.energy_variance_kernel, rho, h)


def passive_state(rho: MatrixLike, h: MatrixLike) -> Values:
    """State after all the work is out: eigenvalues falling as the levels of ``h`` rise.

    Diagonal in the energy eigenbasis (paper, Eq. 15, with the ground level first). Within a
    degenerate level of ``h`` the basis, and so the state, is a choice; its energy is not.

    Returns
    -------
    ndarray or DataArray, shape (..., d, d)

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    h : array_like, DataArray or Qobj, shape (d, d) or (..., d, d)
        Hamiltonians of the battery.

    Returns
    -------
    float, ndarray or DataArray, shape (..., d, d)
        The passive density matrices, in the basis of ``rho``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, ``h`` is not Hermitian, or their shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.passive_state(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """
    return _evaluate(kernels.passive_state_kernel, rho, h, matrix=True)


def incoherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
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
    return _evaluate(kernels.incoherent_ergotropy_kernel, rho, h)


def coherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
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
    return _evaluate(kernels.coherent_ergotropy_kernel, rho, h)


def _evaluate(
    kernel: Callable[..., Array], rho: MatrixLike, h: MatrixLike, matrix: bool = False
) -> Values:
    state = density_matrices(rho)
    return evaluate(kernel, state, hamiltonians(h, state.shape[-1]), matrix=matrix)
