"""The negativity of charger and battery, in blocks that the partial transpose does not join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.sparse import components
from quantumbattery.states.reduced import KetPart, Part, squares


@dataclass(frozen=True, eq=False)
class Schmidt:
    """Of a pure state: ((sum of s)^2 - 1) / 2, the s its Schmidt coefficients."""

    blocks: list[tuple[Array, Array, Array]]  # amplitudes, their rows and columns

    @property
    def largest(self) -> int:
        """How many numbers one state takes while it is read."""
        return sum((int(row.max()) + 1) * (int(column.max()) + 1) for _, row, column in self.blocks)

    def negativity(self, states: Array) -> Array:
        """Shape (...), of amplitudes (..., entries)."""
        total = np.zeros(states.shape[:-1])
        for entries, row, column in self.blocks:
            shape = (*states.shape[:-1], int(row.max()) + 1, int(column.max()) + 1)
            block = np.zeros(shape, dtype=states.dtype)
            block[..., row, column] = states[..., entries]
            one = min(shape[-2:]) == 1
            total += (
                np.sqrt(squares(block).sum(axis=(-1, -2)))
                if one
                else np.linalg.svd(block, compute_uv=False).sum(axis=-1)
            )
        negativity: Array = np.maximum(total**2 - squares(states).sum(axis=-1), 0.0) / 2
        return negativity


@dataclass(frozen=True, eq=False)
class Transposed:
    """Of any state: minus the sum of the negative eigenvalues of the partial transpose."""

    part: Part
    row: Array  # (elements,), of the joint state, of its lower triangle
    column: Array  # (elements,)
    blocks: list[tuple[Array, tuple[Array, Array, Array], tuple[int, int]]]
    """Elements; their block, row and column in it; how many blocks of which size."""

    @property
    def largest(self) -> int:
        """How many numbers one state takes while it is read."""
        return len(self.row) + sum(count * size**2 for *_, (count, size) in self.blocks)

    def negativity(self, states: Array) -> Array:
        """Shape (...), of states (..., entries)."""
        negativity = np.zeros(states.shape[:-1])
        if not self.blocks:
            return negativity
        elements = self.part.elements(states, self.row, self.column)
        for mine, (block, row, column), (count, size) in self.blocks:
            turned = np.zeros((*states.shape[:-1], count, size, size), dtype=elements.dtype)
            turned[..., block, row, column] = elements[..., mine]
            turned[..., block, column, row] = elements[..., mine].conj()
            negativity -= np.minimum(np.linalg.eigvalsh(turned), 0.0).sum(axis=(-1, -2))
        return negativity


Entanglement: TypeAlias = Schmidt | Transposed


def entanglement(joint: Part, chargers: int) -> Entanglement:
    """What reads the negativity of a joint state whose first sites are the charger's."""
    levels = joint.split.levels
    one = np.unique(levels[:, :chargers], axis=0, return_inverse=True)[1].ravel()
    two = np.unique(levels[:, chargers:], axis=0, return_inverse=True)[1].ravel()
    if isinstance(joint, KetPart) and pure(joint):
        state = joint.split.inside[joint.kets.configuration]
        return Schmidt(list(_joined(one[state], two[state])))
    sets = [*joint.coherent, np.arange(0)]
    beside = [np.stack(np.tril_indices(len(states), -1)) for states in sets]
    pairs = [states[each] for states, each in zip(sets, beside, strict=True)]
    row, column = np.concatenate([*pairs, np.tile(np.arange(len(levels)), (2, 1))], axis=1)
    # |a b><c d| becomes |c b><a d|.
    size = int(two.max()) + 1
    ends = np.stack([one[column] * size + two[row], one[row] * size + two[column]])
    return Transposed(joint, row, column, list(_of_one_size(ends)))


def pure(joint: Part) -> bool:
    """Whether the state of these sites is one ket, always."""
    if not isinstance(joint, KetPart):
        return False
    kets, rest = joint.kets, joint.split.rest
    return kets.frozen is None and not kets.member.any() and not rest.any()


def _joined(row: Array, column: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Entries of a matrix in sets that share neither rows nor columns; their places there."""
    rows = int(row.max()) + 1
    label = components(row, rows + column, rows + int(column.max()) + 1)[row]
    order = np.argsort(label, kind="stable")
    for entries in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        one, two = (np.unique(each[entries], return_inverse=True)[1] for each in (row, column))
        yield entries, one, two


def _of_one_size(
    ends: Array,
) -> Iterator[tuple[Array, tuple[Array, Array, Array], tuple[int, int]]]:
    """Entries (2, entries) of a Hermitian matrix in blocks, those of one size together.

    Blocks of one row are left out: what stands there is a population.
    """
    nodes, ends = np.unique(ends, return_inverse=True)
    row, column = ends.reshape(2, -1)
    label = components(row, column, len(nodes))
    count = np.bincount(label)
    order, place = np.argsort(label, kind="stable"), np.empty(len(nodes), dtype=np.int64)
    place[order] = np.arange(len(nodes)) - np.repeat(np.cumsum(count) - count, count)
    for size in np.unique(count[count > 1]).tolist():
        blocks = np.flatnonzero(count == size)
        mine = np.flatnonzero(count[label[row]] == size)
        block = np.searchsorted(blocks, label[row[mine]])
        yield mine, (block, place[row[mine]], place[column[mine]]), (len(blocks), size)
