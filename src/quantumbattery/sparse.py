"""Matrices with few entries, and what is connected by them: sparse, or dense where that is small.

For few entries SciPy's checks would take much longer than what is done with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from quantumbattery.operators import Array

_DENSE = 1 << 10  # numbers up to which a matrix is dense
_FEW = 1 << 14  # entries up to which they are sorted here


def sparse(value: Array, row: Array, column: Array, shape: tuple[int, int]) -> Any:
    """A matrix, from its entries; several may stand at one place and add up."""
    if shape[0] * shape[1] > _DENSE:
        return _csr(value, row, column, shape)
    dense = np.zeros(shape, dtype=value.dtype)
    np.add.at(dense, (row, column), value)
    return dense


def entries(matrix: Any) -> tuple[Array, Array, Array]:
    """Values, rows and columns of all that may be other than zero."""
    if isinstance(matrix, np.ndarray):
        row, column = np.nonzero(matrix)
        return matrix[row, column], row, column
    found = matrix.tocoo()
    return found.data, *found.coords


def product(one: Any, other: Any) -> Any:
    """One matrix times another; sums are taken term by term, so that what cancels is zero."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):  # BLAS leaves 1e-17 there
        return (one[:, :, None] * other).sum(axis=1)
    return one @ other


def adjoint(matrix: Any) -> Any:
    """The Hermitian adjoint."""
    turned = matrix.conj().T
    return turned if isinstance(matrix, np.ndarray) else turned.tocsr()


def above(one: Any, other: Any) -> Any:
    """One matrix above another."""
    from scipy.sparse import vstack

    if isinstance(one, np.ndarray):
        return np.concatenate([one, other])
    return vstack([one, other], format="csr")


def _csr(value: Array, row: Array, column: Array, shape: tuple[int, int]) -> Any:
    from scipy.sparse import csr_array

    if max(len(row), *shape) > _FEW:
        return csr_array((value, (row, column)), shape=shape)
    order, ends = np.argsort(row, kind="stable"), np.zeros(shape[0] + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=ends[1:])
    return csr_array((value[order], column[order].astype(np.int32), ends), shape=shape)


def components(row: Array, column: Array, size: int) -> Array:
    """Which of so many things are joined by pairs: a number for each, the same if they are."""
    from scipy.sparse.csgraph import connected_components

    joins = _csr(np.ones(len(row)), row, column, (size, size))
    label: Array = connected_components(joins, directed=False)[1]
    return label


def reachable(row: Array, column: Array, size: int, first: Array) -> Array:
    """Where steps from row to column lead from the first of so many, these too; in any order."""
    from scipy.sparse.csgraph import breadth_first_order

    start = np.full(len(first), size)  # one more, which leads to all of the first
    row, column = np.concatenate([start, row]), np.concatenate([first, column])
    leads = _csr(np.ones(len(row)), row, column, (size + 1, size + 1))
    found: Array = breadth_first_order(leads, size, return_predecessors=False)[1:]
    return found
