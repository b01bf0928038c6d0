"""Energies of a battery's state, in any dimension and for any batch.

In every function ``rho`` is a density matrix (..., d, d) and ``h`` the battery's Hamiltonian (d, d)
or a batch that broadcasts with ``rho``; a QuTiP Qobj or a list of them will do, and of a DataArray
the last two dimensions are the matrix, read by their labels if they have any. hbar = 1: energies
come in the units of ``h``. One state gives one number, a batch an array, a DataArray a DataArray of
its remaining dimensions.

A matrix that is not numeric raises TypeError; one that is not finite, square and Hermitian, a state
that has not trace 1 or is not positive (tolerance 1e-8), or shapes that do not fit, ValueError.

What mathematics bounds is bounded in floating point too, by `within`; with e_0 the lowest level of
``h``: e_0 <= passive energy <= energy <= active energy.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import (
    eigensystem,
    eigenvalues,
    figure_of_merit,
)


@figure_of_merit
def energy(rho: MatrixLike, h: MatrixLike) -> Computed:
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
    e = np.linalg.eigvalsh(h)
    value = np.einsum("...ij,...ji->...", h, rho).real
    return within(value, e[..., 0], e[..., -1], rho, e)


@figure_of_merit
def passive_energy(rho: MatrixLike, h: MatrixLike) -> Computed:
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
    e = np.linalg.eigvalsh(h)
    value = (eigenvalues(rho)[..., ::-1] * e).sum(-1)
    return within(value, e[..., 0], energy.formula(rho, h), rho, e)


@figure_of_merit
def active_energy(rho: MatrixLike, h: MatrixLike) -> Computed:
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
    e = np.linalg.eigvalsh(h)
    return within((eigenvalues(rho) * e).sum(-1), energy.formula(rho, h), e[..., -1], rho, e)


@figure_of_merit
def energy_variance(rho: MatrixLike, h: MatrixLike) -> Computed:
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
        If ``rho`` is no density matrix, ``h`` is not Hermitian, their shapes do not fit, or the
        variance is larger than any float.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.energy_variance(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.1875)
    """
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    p = np.maximum(_populations(rho, basis), 0.0)
    mean = (p * e).sum(-1, keepdims=True) / p.sum(-1, keepdims=True)
    # By a power of two, which takes no digits, so that squares of large energies do not overflow.
    scale = np.frexp(np.abs(e).max(-1))[1]
    scaled = (p * np.ldexp(e - mean, -scale[..., None]) ** 2).sum(-1)
    with np.errstate(over="ignore"):
        variance: Array = np.ldexp(scaled, 2 * scale)
    if not np.isfinite(variance).all():
        raise ValueError(
            f"a variance is larger than any float, as energies of h reach {np.abs(e).max():.3g}: "
            "give h in other units"
        )
    return variance


def _populations(rho: Array, basis: Array) -> Array:
    populations: Array = np.einsum("...ij,...ij->...j", basis.conj(), rho @ basis).real
    return populations


@partial(figure_of_merit, matrix=True)
def passive_state(rho: MatrixLike, h: MatrixLike) -> Computed:
    """State after all the work is out: eigenvalues falling as the levels of ``h`` rise.

    Diagonal in the energy eigenbasis (paper, Eq. 15, with the ground level first). Within a
    degenerate level of ``h`` the basis, and so the state, is a choice; its energy is not.

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
    _, basis = eigensystem(h)
    r = eigenvalues(rho)[..., ::-1]
    passive: Array = (basis * r[..., None, :]) @ basis.conj().swapaxes(-1, -2)
    return passive


def within(
    value: Array | float,
    low: Array | float,
    high: Array | float,
    rho: Array,
    e: Array,
    terms: int | None = None,
) -> Array:
    """Trim what rounding puts past a bound that mathematics guarantees, and no more than that.

    Rounding is some eps times the largest energy times the number of terms, d if not given. Of a
    state whose trace is not quite 1 or whose eigenvalues are not quite positive (the border lets
    1e-8 pass) it is also that defect's worth.
    """
    excess = np.maximum(low - value, value - high)
    scale = np.abs(e).max(axis=-1)
    slack = 64 * (terms or e.shape[-1]) * np.finfo(float).eps * scale + np.finfo(float).tiny
    if np.any(excess > slack):
        r = eigenvalues(rho)
        defect = np.abs(r.sum(-1) - 1) - np.minimum(r, 0.0).sum(-1)
        if np.any(excess > slack + 4 * scale * defect):
            raise ArithmeticError(
                f"a figure of merit passes its bound by {np.max(excess):.3g}, more than rounding "
                "explains: please report the state and the Hamiltonian"
            )
    trimmed: Array = np.minimum(np.maximum(value, low), high)
    return trimmed
