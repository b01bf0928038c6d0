"""Operators on the levels of one site, as lists of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_FEW = 1 << 12  # entries up to which a key is made of them


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator on the levels of one site: the sum of value |row><column|.

    The raising operator of an oscillator that is cut at some level keeps the entry whose row lies
    beyond the cut, so that whoever applies it sees that something was left out.
    """

    row: Array
    column: Array
    value: Array

    @cached_property
    def key(self) -> tuple[bytes, ...]:
        """Equal for operators with equal entries."""
        parts = (self.row, self.column, self.value)
        if len(self.row) <= _FEW:
            return tuple(part.tobytes() for part in parts)
        # Copies of millions of entries would take as much memory as those.
        return tuple(blake2b(np.ascontiguousarray(part).data).digest() for part in parts)

    @cached_property
    def diagonal(self) -> bool:
        """Whether it leaves every level where it is."""
        return self.row is self.column or np.array_equal(self.row, self.column)

    @cached_property
    def adjoint(self) -> Operator:
        """The Hermitian adjoint."""
        return Operator(self.column, self.row, self.value.conj())

    @cached_property
    def late(self) -> Operator:
        """The same times i."""
        return Operator(self.row, self.column, 1j * self.value)

    @cached_property
    def early(self) -> Operator:
        """The same times -i."""
        return Operator(self.row, self.column, -1j * self.value)

    def __add__(self, other: Operator) -> Operator:
        """The sum, such as A + A^dag."""
        one, two = (self.row, self.column, self.value), (other.row, other.column, other.value)
        return merged(*(np.concatenate(both) for both in zip(one, two, strict=True)))

    def matrix(self, levels: int) -> Array:
        """Dense, on so many levels, without the entries beyond them."""
        inside = (self.row < levels) & (self.column < levels)
        dense = np.zeros((levels, levels), dtype=self.value.dtype)
        dense[self.row[inside], self.column[inside]] = self.value[inside]
        return dense


def merged(row: Array, column: Array, value: Array) -> Operator:
    """The operator with these entries, those at the same place added up."""
    size = 1 + int(column.max(initial=0))
    place, which = np.unique(row * size + column, return_inverse=True)
    if len(place) == len(row):
        return Operator(row, column, value)
    total = np.zeros(len(place), dtype=value.dtype)
    np.add.at(total, which, value)
    return Operator(*np.divmod(place, size), total)


def inside(acts: Operator, levels: int) -> Operator:
    """An operator without what leads beyond so many levels."""
    there = (acts.row < levels) & (acts.column < levels)
    return (
        acts if there.all() else Operator(*(p[there] for p in (acts.row, acts.column, acts.value)))
    )


def after(second: Operator, first: Operator, levels: int) -> Operator:
    """What one operator does after another, both on so many levels."""
    from scipy.sparse import coo_array

    one, two = (
        coo_array((acts.value, (acts.row, acts.column)), shape=(levels, levels)).tocsr()
        for acts in (second, first)
    )
    both = (one @ two).tocoo()
    row, column = both.coords
    return Operator(row, column, both.data)


def squared(acts: Operator, levels: int) -> Operator:
    """O^dag O of an operator O on so many levels."""
    if len(np.unique(acts.row)) == len(acts.row):  # no two levels are taken to the same one
        values = np.bincount(acts.column, np.abs(acts.value) ** 2, minlength=levels)
        return diagonal(values)
    dense = acts.matrix(levels)
    return operator(dense.conj().T @ dense)


def diagonal(values: Array) -> Operator:
    """The operator with these values on its diagonal."""
    level = np.flatnonzero(values)
    return Operator(level, level, values[level])


def operator(matrix: Array) -> Operator:
    """The operator with the entries of a matrix that are not zero."""
    row, column = np.nonzero(matrix)
    return Operator(row, column, matrix[row, column])


@lru_cache(maxsize=256)
def ladder(steps: tuple[float, ...]) -> Operator:
    """The lowering operator with these elements, from one level to the next below."""
    upper = np.flatnonzero(steps) + 1
    return Operator(upper - 1, upper, np.array(steps)[upper - 1])


@lru_cache(maxsize=64)
def oscillator(levels: int) -> Operator:
    """sqrt(k) from level k."""
    upper = np.arange(1, levels)
    return Operator(upper - 1, upper, np.sqrt(upper))
