"""Blocks of a generator: what never meets moves apart, what is of about one size together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.sparse import entries, sparse


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of about one size, and where they stand in the lists of numbers and of columns.

    Smaller ones are filled up with what nothing moves. Copies are states of a block that move apart
    from each other: the members of a mixture.
    """

    count: int  # how many blocks
    size: int  # of the largest
    copies: int
    inside: slice  # of the numbers that move: for every block, for every copy, its own
    kept: Array  # those among count x copies x size that are no filling
    columns: slice  # of what is read: the same, or what `read` makes of it
    shown: Array  # those among count x copies x rows that are no filling
    read: Any  # matrix (count rows, count size): what is read, if less than all; or None
    double: bool  # whether every complex number that is read fills two real columns
    generator: Elements  # by place among all numbers here: H, or with loss all of the generator

    def matrices(self, numbers: Array) -> Array:
        """Dense blocks (g, count, size, size), for numbers (g, terms) in front of the terms."""
        given, n = self.generator, self.size
        cell, length = self._cells, self.count * n * n
        if len(numbers) == 1:
            weight = numbers[0, given.term]
            cells = np.bincount(cell, given.value.real * weight, length)
            if np.iscomplexobj(given.value):
                cells = cells + 1j * np.bincount(cell, given.value.imag * weight, length)
        else:  # there may be no rows for losses that never act
            shape = (len(given.coefficients), length)
            every = sparse(given.value, given.term, cell, shape)
            cells = numbers[:, : len(given.coefficients)] @ every
        matrices: Array = cells.reshape(len(numbers), self.count, n, n)
        block, place = self.filling
        if len(block):
            matrices[:, block, place, place] = matrices[:, block, 0, 0]  # as if as fast
        return matrices

    @cached_property
    def _cells(self) -> Array:
        """Where every element of the generator stands among those of dense blocks."""
        block, column = np.divmod(self.generator.column, self.size)
        cells: Array = (block * self.size + self.generator.row % self.size) * self.size + column
        return cells

    @cached_property
    def reading(self) -> Array | None:
        """What is read, dense and by block: shape (count, rows, size)."""
        if self.read is None:
            return None
        value, row, column = entries(self.read)
        block, row = np.divmod(row, self.rows)
        dense = np.zeros((self.count, self.rows, self.size), dtype=value.dtype)
        np.add.at(dense, (block, row, column % self.size), value)
        return dense

    @property
    def rows(self) -> int:
        """How many numbers are read of a block."""
        return self.size if self.read is None else int(self.read.shape[0]) // self.count

    @cached_property
    def filling(self) -> tuple[Array, Array]:
        """Blocks and places of the filling."""
        taken = np.zeros(self.count * self.copies * self.size, dtype=bool)
        taken[self.kept] = True
        block, place = np.nonzero(~taken.reshape(self.count, self.copies, self.size)[:, 0])
        return block, place

    def filled(self, numbers: Array) -> Array:
        """All numbers (..., inside) by block: shape (..., blocks, copies, size)."""
        mine, shape = numbers[..., self.inside], (self.count, self.copies, self.size)
        filled = mine
        if len(self.kept) < self.count * self.copies * self.size:
            length = self.count * self.copies * self.size
            filled = np.zeros((*mine.shape[:-1], length), dtype=mine.dtype)
            filled[..., self.kept] = mine
        return filled.reshape(*mine.shape[:-1], *shape)

    def together(self, start: Array) -> Array:
        """States by block (blocks, c, size) as vectors over all blocks, (c, blocks size)."""
        vectors: Array = start.transpose(1, 0, 2).reshape(start.shape[1], -1)
        return vectors

    def apart(self, states: Array) -> Array:
        """What is read of all blocks (g, c, T, blocks rows) by block, (g, blocks, c, T, rows)."""
        whole = states.reshape(*states.shape[:3], self.count, self.rows)
        return whole.transpose(0, 3, 1, 2, 4)

    def columns_of(self, after: Array) -> Array:
        """What is read by block (g, blocks, c copies, T, rows) as columns (g, c, T, columns)."""
        shape = len(after), after.shape[2] // self.copies, after.shape[3]
        kind = float if self.double else after.dtype
        out = np.empty((*shape, self.columns.stop - self.columns.start), kind)
        self.write(after, out)
        return out

    def write(self, after: Array, out: Array) -> None:
        """The same, into columns that are there."""
        g, _, _, t, rows = after.shape
        ordered = after.reshape(g, self.count, -1, self.copies, t, rows).transpose(0, 2, 4, 1, 3, 5)
        if len(self.shown) < self.count * self.copies * rows:
            ordered = ordered.reshape(*ordered.shape[:3], -1)[..., self.shown]
        if self.double:
            out[..., 0::2].reshape(ordered.shape)[...] = ordered.real
            out[..., 1::2].reshape(ordered.shape)[...] = ordered.imag
        else:
            out.reshape(ordered.shape)[...] = ordered


def size_class(count: Array) -> Array:
    """Sizes between one power of two and the next are of one class."""
    found: Array = np.ceil(np.log2(count)).astype(np.int64)
    return found


def renumbered(generator: Elements, place: Array, size: int) -> Elements:
    """The elements between what has one of so many places, and their places."""
    row, column = place[generator.row], place[generator.column]
    kept = (column >= 0) & (row >= 0)
    value = generator.value[kept]
    if np.iscomplexobj(value) and not value.imag.any():
        value = value.real
    return replace(
        generator,
        size=size,
        term=generator.term[kept],
        row=row[kept],
        column=column[kept],
        value=value,
    )
