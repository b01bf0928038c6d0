"""The parts of a generator that change in time: what is still, and what each wave multiplies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import middle_rate
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.blocks import Blocks

_SPARSE = 16  # size of a block from which on matrices may be sparse
_LARGE = 4096  # numbers in all from which on they may
_MANY = 64  # small matrices, from which on one that is sparse takes less time than each of them
_FILLED = 4  # one element of so many, above which they are not


@dataclass(frozen=True, eq=False)
class Sums:
    """Elements of parts 0 (still), 1, 2 ... (waves) of a batch of generators; made by `of`."""

    blocks: Blocks
    count: int  # of parts
    part: Array  # (elements,)
    row: Array
    column: Array
    value: Array  # (g, elements), each at a place of its own
    owner: Array  # (numbers,), which block each is from: one's own where blocks are joined
    frequency: Array | None  # (g, owners), taken from all numbers of an owner; None: real ones
    damping: float  # a rate, negative where all falls, that is taken from all numbers too

    @classmethod
    def of(
        cls,
        blocks: Blocks,
        numbers: Array,
        factor: complex,
        waves: Sequence[Sequence[Clock]],
        owner: Array | None = None,
    ) -> Sums:
        """From numbers (g, terms) in front of the terms; factor is -i in front of a Hamiltonian."""
        if owner is None:
            owner = np.repeat(np.arange(blocks.count), blocks.size)
        given, of_term = blocks.generator, np.zeros(numbers.shape[1], dtype=np.int64)
        for k, wave in enumerate(waves, start=1):
            of_term[[clock.term for clock in wave]] = k
        part, row, column = of_term[given.term], given.row, given.column
        value: Array = given.value * numbers[:, given.term]
        part, row, column, value = merged(part, row, column, value, len(owner))
        count, frequency, damping = 1 + len(waves), None, 0.0
        taken = np.ones((blocks.count, blocks.size), dtype=bool)
        taken[blocks.filling] = False
        every = np.flatnonzero(taken)
        less: Array = np.zeros((len(value), len(every)))
        if np.iscomplexobj(value) or np.iscomplexobj(factor):
            share, still = np.bincount(owner[every]), (part == 0) & (row == column)
            held = _summed((factor * value[:, still]).imag, owner[row[still]], len(share))
            frequency = held / share
            less = 1j * frequency[:, owner[every]]
        if not np.iscomplexobj(factor):  # else no state is damped
            damping = _damping(factor.real, part, row, column, value, every, less)
        less = -(damping + less) / factor
        less = less if np.iscomplexobj(value) else less.real
        value = np.concatenate([value, less], axis=1)
        part, row, column = (
            np.concatenate(each) for each in ((part, 0 * every), (row, every), (column, every))
        )
        alone = merged(part, row, column, value, len(owner))
        return cls(blocks, count, *alone, owner, frequency, damping)

    @cached_property
    def norms(self) -> Array:
        """The largest sum of a row, (owners, parts): of what is still, and of each wave."""
        g, size = len(self.value), self.blocks.count * self.blocks.size
        place, whole = self.part * size + self.row, self.count * size
        rows = _summed(np.abs(self.value), place, whole).reshape(g, self.count, size).max(axis=0)
        largest = np.zeros((int(self.owner[-1]) + 1, self.count))
        np.maximum.at(largest, self.owner, rows.T)
        return largest

    @property
    def few(self) -> bool:
        """Whether few elements of the matrices are not 0."""
        return _FILLED * len(self.row) <= self.count * self.blocks.count * self.blocks.size**2

    def matrices(self) -> Any:
        """The parts one beside the other in a matrix, if it is sparse or there is one block.

        Otherwise all in an array (parts, g, blocks, n, n).
        """
        g, b, n, value = len(self.value), self.blocks.count, self.blocks.size, self.value
        if np.iscomplexobj(value) and not value.imag.any():
            value = np.ascontiguousarray(value.real)
        large = self.few and n >= _SPARSE and self.count * g * b * n**2 >= _LARGE
        if large or (n < _SPARSE and self.count * g * b >= _MANY):
            from scipy.sparse import csr_array

            member = np.arange(g)[:, None]
            row = self.row + b * n * member
            column = self.column + b * n * (g * self.part + member)
            shape = g * b * n, self.count * g * b * n
            return csr_array((value.ravel(), (row.ravel(), column.ravel())), shape=shape)
        block, column = np.divmod(self.column, n)
        place = ((self.part * b + block) * n + self.row % n) * n + column
        dense = _summed(value, place, self.count * b * n**2).reshape(g, self.count, b, n, n)
        if g * b == 1:
            return dense[0, :, 0].swapaxes(0, 1).reshape(n, -1)
        return np.ascontiguousarray(dense.swapaxes(0, 1))


def merged(
    part: Array, row: Array, column: Array, value: Array, size: int
) -> tuple[Array, Array, Array, Array]:
    """Elements at one place as one: a frequency may be that of the frame, and nothing is left."""
    key = (part * size + row) * size + column
    order = np.argsort(key, kind="stable")
    key = key[order]
    new = np.ones(len(key), dtype=bool)
    new[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(new)
    value = np.add.reduceat(value[:, order], first, axis=1) if len(key) else value
    held, alone = (value != 0).any(axis=0), order[first]
    return part[alone][held], row[alone][held], column[alone][held], value[:, held]


def _damping(
    factor: float, part: Array, row: Array, column: Array, value: Array, every: Array, less: Array
) -> float:
    """The `middle_rate` of what is still, without what is taken before, less (g, every)."""
    still, own = part == 0, (part == 0) & (row == column)
    size = int(every[-1]) + 1
    diagonal = _summed(factor * value[:, own], row[own], size)[:, every] - less
    beside = _summed(np.abs(factor * value[:, still & ~own]), row[still & ~own], size)[:, every]
    return middle_rate(diagonal, beside)


def _summed(values: Array, place: Array, size: int) -> Array:
    """Sums of values (g, m) that belong to one place of so many, (g, size)."""
    sums = np.zeros((size, len(values)), dtype=values.dtype)
    np.add.at(sums, place, values.T)
    return sums.T
