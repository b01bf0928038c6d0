"""Blocks that fall apart under the numbers there are: what is linked at other times is not now.

Blocks are what any term may ever join. Where some of the terms are off, as in storage or in a
stroke of a protocol, far smaller parts move apart from each other. And where all that acts is real
in some basis, as at resonance, so do the real and the imaginary parts of a density matrix there:
two halves, of which one is often empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.dynamics.sums import merged
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.sparse import Sums, components
from quantumbattery.states.blocks import Blocks

_LARGE = 32  # numbers of a block from which on one looks whether it falls apart
_SMALLER = 1.5  # times as small the parts are, from which on that pays
_CANCELS = 128  # the same from which on one looks what cancels, of so many elements at most
_ELEMENTS = 1 << 22
_FEW = 4  # parts of a block up to which each is read by itself


@dataclass(frozen=True, eq=False)
class Separate:
    """The motion of parts, by size; what is read is made of all of them together."""

    blocks: Blocks
    # Places (parts, m), and what moves them: as states, or, of a few, as what is read of them.
    parts: tuple[tuple[Array, Semigroup | Unitary], ...]
    apart: bool  # whether each is read by itself

    measured = False
    from_start = False

    @property
    def fastest(self) -> float:
        """The largest rate or frequency of any part."""
        return max(moving.fastest for _, moving in self.parts)

    def at(self, start: Array, times: Array) -> Array:
        """What is read, (g, blocks, c, T, rows), of starts (g or 1, blocks, c, n)."""
        g, count, c, n = start.shape
        flat = start.swapaxes(1, 2).reshape(g, c, count * n)
        return self._joined(lambda moving, some: moving.at(some, times), flat, times)

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """The same of each start (g or 1, blocks, c, m, n) of some places after its own span."""
        g, count, c, m, n = starts.shape
        flat = starts.transpose(0, 2, 3, 1, 4).reshape(g, c, m, count * n)
        return self._joined(lambda moving, some: moving.each(some, place, spans), flat, spans)

    def matrices(self, time: float, most: int) -> list[Any] | None:
        """Itself as a sparse matrix for each generator; None if it has more entries than that."""
        from scipy.sparse import csr_array

        if sum(place.size * place.shape[1] for place, _ in self.parts) > most:
            return None
        values, rows, columns = [], [], []
        for place, moving in self.parts:
            many, m = place.shape
            units = np.broadcast_to(np.eye(m), (1, many, m, m))
            if isinstance(moving, Semigroup):
                moving = replace(moving, reading=None)
            moved = moving.at(units, np.array([time]))[..., 0, :]  # (g, parts, from, to)
            values.append(moved.reshape(len(moved), -1))
            rows.append(np.tile(place[:, None], (1, m, 1)).ravel())
            columns.append(np.repeat(place, m, axis=1).ravel())
        size = self.blocks.count * self.blocks.size
        places = np.concatenate(rows), np.concatenate(columns)
        return [
            csr_array((each, places), shape=(size, size))
            for each in np.concatenate(values, axis=-1)
        ]

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding, which `fastest` tells."""
        return 0.0

    def _joined(
        self, move: Callable[[Semigroup | Unitary, Array], Array], flat: Array, times: Array
    ) -> Array:
        """What is read of the blocks, of all parts of starts (g or 1, c, ..., n) that are moved."""
        n, read = self.blocks.size, self.blocks.reading
        rows = self.blocks.rows if self.apart else n
        begun = [part for part in self.parts if flat[..., part[0]].any()]  # the others stay empty
        found = [  # (g, parts, c, T, m or rows)
            (place, move(moving, _some(flat, place))) for place, moving in begun or self.parts[:1]
        ]
        g, _, c, _, _ = found[0][1].shape
        kind = np.result_type(*(states for _, states in found))
        whole = np.zeros((g, c, times.shape[-1], self.blocks.count * rows), dtype=kind)
        for place, states in found:
            apart = states.transpose(0, 2, 3, 1, 4)
            if not self.apart:
                whole[..., place] = apart
                continue
            shown = whole.reshape(*whole.shape[:3], -1, rows)
            np.add.at(np.moveaxis(shown, -2, 0), place[:, 0] // n, np.moveaxis(apart, -2, 0))
        joined = whole.reshape(*whole.shape[:3], -1, rows).transpose(0, 3, 1, 2, 4)
        return joined if self.apart or read is None else joined @ read.swapaxes(-1, -2)[:, None]


def _some(flat: Array, place: Array) -> Array:
    """The numbers of some parts, (g, parts, c, ..., m), of all (g, c, ..., n)."""
    return np.moveaxis(flat[..., place], -2, 1)


def parts_of(blocks: Blocks, numbers: Array, open_: bool) -> list[Array] | None:
    """The places of all parts, those of a size together, (parts, m) each; None if none pays.

    Of open systems one sees also where terms cancel, as those of a frame.
    """
    if blocks.size < _LARGE:
        return None
    given, size = blocks.generator, blocks.count * blocks.size
    on = (numbers != 0).any(axis=0)[given.term]
    row, column = given.row[on], given.column[on]
    label = components(row, column, size)
    if _SMALLER * np.bincount(label).max() > blocks.size:
        if not open_ or blocks.size < _CANCELS or len(numbers) * len(row) > _ELEMENTS:
            return None
        value = numbers[:, given.term[on]] * given.value[on]
        _, row, column, _ = merged(np.zeros_like(row), row, column, value, size)
        label = components(row, column, size)
    count = np.bincount(label)
    if _SMALLER * count.max() > blocks.size:
        return None
    order = np.argsort(label, kind="stable")
    apart = np.split(order, np.cumsum(count)[:-1])
    return [
        np.stack([apart[k] for k in np.flatnonzero(count == size)]) for size in np.unique(count)
    ]


def separate(blocks: Blocks, numbers: Array, parts: list[Array], factor: complex) -> Separate:
    """Make what moves the parts; factor is -i in front of a Hamiltonian."""
    few = sum(len(place) for place in parts) <= _FEW * blocks.count
    apart = few and factor == 1.0 and blocks.reading is not None
    made = ((place, _moving(blocks, numbers, place, factor, apart)) for place in parts)
    return Separate(blocks, tuple(made), apart)


def _moving(
    blocks: Blocks, numbers: Array, place: Array, factor: complex, apart: bool
) -> Semigroup | Unitary:
    """What moves parts of one size, from their dense matrices (g, parts, m, m)."""
    given, (many, size) = blocks.generator, place.shape
    part = np.full(blocks.count * blocks.size, -1)
    inside = np.zeros(len(part), dtype=np.int64)
    part[place] = np.arange(many)[:, None]
    inside[place] = np.arange(size)
    on = (numbers != 0).any(axis=0)[given.term]
    mine = np.flatnonzero((part[given.row] >= 0) & on)
    row, column = given.row[mine], given.column[mine]
    cell = (part[row] * size + inside[row]) * size + inside[column]
    weights = numbers[:, given.term[mine]] * given.value[mine]
    matrices = Sums.to(cell, many * size * size)(weights).reshape(len(numbers), many, size, size)
    if factor != 1.0:
        return Unitary.of(matrices)
    if not apart:
        return Semigroup(matrices)
    assert blocks.reading is not None
    block, within = place[:, 0] // blocks.size, place % blocks.size
    reading = np.take_along_axis(blocks.reading[block], within[:, None], axis=-1)
    return Semigroup(matrices, reading)  # (parts, rows, m)
