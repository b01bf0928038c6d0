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
    def _dense(self) -> Array | None:
        targets, sources = self.matrix.shape
        return self.matrix.toarray().T if targets * sources <= 1 << 14 else None

    def __call__(self, values: Array) -> Array:
        """Take (..., sources) to (..., targets)."""
        flat = values.reshape(prod(values.shape[:-1]), values.shape[-1])
        dense = self._dense
        added = (self.matrix @ flat.T).T if dense is None else flat @ dense
        whole: Array = np.ascontiguousarray(added)
        return whole.reshape(*values.shape[:-1], self.matrix.shape[0])
