"""Figures of merit of a battery of several cells: what each cell gives alone, what only all give.

Arguments, labels and errors as in `quantumbattery.merit.energy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized

import numpy as np
import xarray as xr

from quantumbattery.merit.energy import within
from quantumbattery.merit.ergotropy import ergotropy
from quantumbattery.merit.partial_trace import reduced, states_of_parts
from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import evaluate, hamiltonians


def local_ergotropy(rho: MatrixLike, hs: Sequence[MatrixLike] | Array) -> Computed:
    """Work that can be extracted cell by cell: the sum of the cells' own ergotropies.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        State of all cells together.
    hs : sequence of Hamiltonians
        One for each cell, in the order of the tensor product; their dimensions multiply to d.

    Returns
    -------
    float, array or DataArray
        As the states come: a number for each, in the unit of the Hamiltonians.

    Examples
    --------
    Each half of a Bell pair is useless alone:

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> h = np.diag([0.0, 1.0])
    >>> qb.local_ergotropy(np.outer(bell, bell), hs=[h, h]).round(12)
    np.float64(0.0)
    """
    return evaluate(_local, *_cells(rho, hs))


def _local(rho: Array, *hs: Array) -> Array:
    dims = [h.shape[-1] for h in hs]
    parts = [ergotropy.formula(reduced(rho, dims, [cell]), h) for cell, h in enumerate(hs)]
    total: Array = sum(parts[1:], start=parts[0])
    return total


def locked_ergotropy(rho: MatrixLike, hs: Sequence[MatrixLike] | Array) -> Computed:
    """Work that correlations between the cells lock: global minus local ergotropy, never negative.

    Global is the ergotropy under the sum of the cells' Hamiltonians.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Density matrices.
    hs : sequence of array_like, DataArray or Qobj
        One Hamiltonian a cell, in the order of the factors of ``rho``.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        If ``rho`` is no density matrix, a Hamiltonian is not Hermitian, or the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> h = np.diag([0.0, 1.0])
    >>> qb.locked_ergotropy(np.outer(bell, bell), hs=[h, h]).round(12)
    np.float64(1.0)
    """
    return evaluate(_locked, *_cells(rho, hs))


def _locked(rho: Array, *hs: Array) -> Array:
    h = np.zeros((1, 1))
    for cell in hs:  # h (x) 1 + 1 (x) cell
        h = np.kron(h, np.eye(cell.shape[-1])) + np.kron(np.eye(h.shape[-1]), cell)
    whole = ergotropy.formula(rho, h)
    e = np.linalg.eigvalsh(h)
    return within(whole - _local(rho, *hs), 0.0, whole, rho, e)


def _cells(rho: MatrixLike, hs: Sequence[MatrixLike] | Array) -> list[Array | xr.DataArray]:
    """Check a state and the Hamiltonians of its cells."""
    if isinstance(hs, str | Mapping) or hasattr(hs, "full") or not isinstance(hs, Sized):
        raise TypeError(f"hs is a {type(hs).__name__}: it takes a list, one Hamiltonian a cell")
    if getattr(hs, "ndim", 3) != 3 or len(hs) == 0:
        raise ValueError("hs is empty or a single matrix: give a list, one Hamiltonian a cell")
    cells = [hamiltonians(h, name=f"hs[{number}]") for number, h in enumerate(hs)]
    state, _ = states_of_parts(rho, [cell.shape[-1] for cell in cells])
    return [state, *cells]
