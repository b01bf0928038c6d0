"""Matrices with few entries, what is connected by them, and sums into places.

Sparse, or dense where that is small: for few entries SciPy's checks would take much longer than
what is done with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_DENSE_MATRIX = 1 << 10  # numbers up to which a matrix is dense
_SORTED_HERE = 1 << 14  # entries up to which they are sorted here


def sparse(value: Array, row: Array, column: Array, shape: tuple[int, int]) -> Any:
    """A matrix, from its entries; several may stand at one place and add up."""
    if shape[0] * shape[1] > _DENSE_MATRIX:
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
    row, column = found.coords
    return found.data, row.astype(np.int64), column.astype(np.int64)  # which SciPy keeps in 32 bits


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

    if max(len(row), *shape) > _SORTED_HERE:
        return csr_array((value, (row, column)), shape=shape)
    order, ends = np.argsort(row, kind="stable"), np.zeros(shape[0] + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=ends[1:])
    return csr_array((value[order], column[order].astype(np.int32), ends), shape=shape)


def components(row: Array, column: Array, size: int) -> Array:
    """Which of so many things are joined by pairs: a number for each, the same if they are."""
    from scipy.sparse.csgraph import connected_components

    joins = _csr(np.ones(len(row)), row, column, (size, size))
    # SciPy counts in 32 bits, and numbers made of a label and another thing may be larger.
    label: Array = connected_components(joins, directed=False)[1].astype(np.int64)
    return label


def reachable(row: Array, column: Array, size: int, first: Array) -> Array:
    """Where steps from row to column lead from the first of so many, these too; in any order."""
    from scipy.sparse.csgraph import breadth_first_order

    start = np.full(len(first), size)  # one more, which leads to all of the first
    row, column = np.concatenate([start, row]), np.concatenate([first, column])
    leads = _csr(np.ones(len(row)), row, column, (size + 1, size + 1))
    found: Array = breadth_first_order(leads, size, return_predecessors=False)[1:]
    return found.astype(np.int64)


_WORTH = 0.8  # of all numbers, up to which one leaves out those that stay zero


def led_to(row: Array, column: Array, begun: Array) -> Array | None:
    """The numbers that those begun (n,) lead to by a matrix, rising; None if nearly all."""
    found = np.sort(reachable(column, row, len(begun), np.flatnonzero(begun)))
    return found if 0 < len(found) <= _WORTH * len(begun) else None


_DENSE_SUMS = 1 << 14  # numbers up to which a matrix is dense
_ONE_BY_ONE = 8  # entries up to which it costs less to add them one by one


@dataclass(frozen=True, eq=False)
class Sums:
    """Adds numbers up along the last axis: a matrix, targets x sources, sparse where large."""

    matrix: Any

    @classmethod
    def to(cls, target: Array, count: int) -> Sums:
        """Adds each number of a list to its target."""
        if count * len(target) <= _DENSE_SUMS:
            matrix = np.zeros((count, len(target)))
            matrix[target, np.arange(len(target))] = 1.0
            return cls(matrix)
        from scipy.sparse import csr_array

        entries = (np.ones(len(target)), (target, np.arange(len(target))))
        return cls(csr_array(entries, shape=(count, len(target))))

    @cached_property
    def _parts(self) -> list[Any]:
        """The matrix, or its real and its imaginary part, dense where it is small."""
        targets, sources = self.matrix.shape
        parts = (
            [self.matrix.real, self.matrix.imag] if self.matrix.dtype.kind == "c" else [self.matrix]
        )
        if isinstance(self.matrix, np.ndarray):
            return [part.T for part in parts]
        small = targets * sources <= _DENSE_SUMS
        return [part.toarray().T if small else part for part in parts]

    @cached_property
    def _entries(self) -> dict[int, list[tuple[int, Any]]]:
        """Sources and weights of each target that has any."""
        found: dict[int, list[tuple[int, Any]]] = {}
        for weight, target, source in zip(*entries(self.matrix), strict=True):
            found.setdefault(int(target), []).append((int(source), weight))
        return found

    @cached_property
    def _count(self) -> int:
        """How many entries there are."""
        dense = isinstance(self.matrix, np.ndarray)
        return int(np.count_nonzero(self.matrix) if dense else self.matrix.nnz)

    def __call__(self, values: Array) -> Array:
        """Take (..., sources) to (..., targets)."""
        if self._count <= _ONE_BY_ONE:
            return self._one_by_one(values)
        flat = values.reshape(prod(values.shape[:-1]), values.shape[-1])
        shape = (*values.shape[:-1], self.matrix.shape[0])
        parts = self._parts
        if len(parts) == 1:
            return np.ascontiguousarray(_product(flat, parts[0])).reshape(shape)
        added = np.empty((len(flat), shape[-1]), dtype=complex)
        if np.iscomplexobj(flat):
            added[:] = _product(flat, parts[0]) + 1j * _product(flat, parts[1])
        else:
            added.real, added.imag = (_product(flat, part) for part in parts)
        return added.reshape(shape)

    def _one_by_one(self, values: Array) -> Array:
        """The same, entry by entry."""
        kind = np.result_type(values, self.matrix.dtype)
        added = np.moveaxis(np.zeros((self.matrix.shape[0], *values.shape[:-1]), dtype=kind), 0, -1)
        apart = kind.kind == "c" and not np.iscomplexobj(values)
        for target, given in self._entries.items():
            here = added[..., target]
            if apart:
                _weighted(values, [(k, weight.real) for k, weight in given], here.real)
                _weighted(values, [(k, weight.imag) for k, weight in given], here.imag)
            else:
                _weighted(values, given, here)
        return added


def _weighted(values: Array, given: list[tuple[int, Any]], out: Array) -> None:
    """The sum of weight * values[..., k], written over zeros."""
    chosen = [(k, weight) for k, weight in given if weight]
    for number, (k, weight) in enumerate(chosen):
        if number:
            out += weight * values[..., k]
        else:
            np.multiply(values[..., k], weight, out=out)


def _product(values: Array, matrix: Any) -> Array:
    """Rows of values times a dense matrix, or a sparse one that stands the other way."""
    product: Array = values @ matrix if isinstance(matrix, np.ndarray) else (matrix @ values.T).T
    return product
