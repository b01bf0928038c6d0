"""Sums along the last axis of a batch, into given places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from quantumbattery.operators import Array


@dataclass(frozen=True, eq=False)
class Adder:
    """Adds numbers up along the last axis: a sparse matrix, targets x sources."""

    matrix: Any

    @classmethod
    def to(cls, target: Array, count: int) -> Adder:
        """Adds each number of a list to its target."""
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
        small = targets * sources <= 1 << 14
        return [part.toarray().T if small else part for part in parts]

    def __call__(self, values: Array) -> Array:
        """Take (..., sources) to (..., targets)."""
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


def _product(values: Array, matrix: Any) -> Array:
    """Rows of values times a dense matrix, or a sparse one that stands the other way."""
    product: Array = values @ matrix if isinstance(matrix, np.ndarray) else (matrix @ values.T).T
    return product
