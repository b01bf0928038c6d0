"""Sparse matrices, and what is connected by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantumbattery.operators import Array

_FEW = 1 << 14  # entries up to which they are sorted here: for few, SciPy takes three times as long


def sparse(value: Array, row: Array, column: Array, shape: tuple[int, int]) -> Any:
    """A scipy.sparse.csr_array; several entries may stand at one place and add up."""
    from scipy.sparse import csr_array

    if max(len(row), *shape) > _FEW:
        return csr_array((value, (row, column)), shape=shape)
    order, ends = np.argsort(row, kind="stable"), np.zeros(shape[0] + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=ends[1:])
    return csr_array((value[order], column[order].astype(np.int32), ends), shape=shape)


def components(row: Array, column: Array, size: int) -> Array:
    """Which of so many things are joined by pairs: a number for each, the same if they are."""
    from scipy.sparse.csgraph import connected_components

    joins = sparse(np.ones(len(row)), row, column, (size, size))
    label: Array = connected_components(joins, directed=False)[1]
    return label


def reachable(row: Array, column: Array, size: int, first: Array) -> Array:
    """Where steps from row to column lead from the first of so many, these too; in any order."""
    from scipy.sparse.csgraph import breadth_first_order

    start = np.full(len(first), size)  # one more, which leads to all of the first
    row, column = np.concatenate([start, row]), np.concatenate([first, column])
    leads = sparse(np.ones(len(row)), row, column, (size + 1, size + 1))
    found: Array = breadth_first_order(leads, size, return_predecessors=False)[1:]
    return found
