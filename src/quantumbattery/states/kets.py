"""A state as kets: without loss, or where all loss ends in one configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Reach
from quantumbattery.states.blocks import Blocks, renumbered, size_class


@dataclass(frozen=True, eq=False)
class Kets:
    """The state as a sum over members of |psi><psi|, and what was lost."""

    reach: Reach
    configuration: Array  # (entries,), what each amplitude belongs to
    member: Array  # (entries,)
    frozen: int | None  # the configuration that takes the norm that kets lose; None without loss
    blocks: tuple[Blocks, ...]
    entry: Array  # (entries of the start,), where they stand

    @property
    def size(self) -> int:
        """How many amplitudes there are."""
        return len(self.configuration)

    @property
    def hermitian(self) -> bool:
        """Whether the generator is a Hamiltonian."""
        return self.frozen is None

    def first(self, start: Array) -> Array:
        """The initial state (..., entries of the start) over all amplitudes."""
        first = np.zeros((*start.shape[:-1], self.size), dtype=start.dtype)
        first[..., self.entry] = start
        return first


def kets(reached: Reach, generator: Elements, frozen: int | None) -> Kets:
    """Sort the amplitudes of all members into blocks.

    The generator is H, or with loss -i H and the damping; `frozen` is where all losses end.
    """
    labels, start = reached.labels, reached.start
    count, began = np.bincount(labels), labels[start.configuration]
    members = int(start.member.max()) + 1
    keys, copy = np.unique(began * members + start.member, return_inverse=True)
    block, member = np.divmod(keys, members)
    copies = np.bincount(block, minlength=len(count))
    first = np.searchsorted(block, np.arange(len(count)))  # of the copies of each block
    order, position = _path_order(reached)
    kind, chosen = np.full(len(count), -1), np.flatnonzero(copies > 0)
    alike = size_class(count) * (copies.max() + 1) + copies
    kinds, kind[chosen] = np.unique(alike[chosen], return_inverse=True)
    groups, configuration, owner = [], [], []
    flat = np.zeros(len(keys), dtype=np.int64)  # where each copy begins, filling counted
    column = [np.zeros(0, dtype=np.int64)]  # of everything, filling counted
    offset = 0
    for group, number in enumerate(kinds % (copies.max() + 1)):
        mine = np.flatnonzero(kind == group)
        inside = order[kind[labels[order]] == group]
        size = int(count[mine].max())
        place = np.full(reached.size, -1)
        place[inside] = np.searchsorted(mine, labels[inside]) * size + position[inside]
        index = np.full(len(mine) * size, -1)
        index[place[inside]] = inside
        index = np.repeat(index.reshape(-1, 1, size), number, axis=1)
        kept = np.flatnonzero(index.ravel() >= 0)
        columns = slice(offset, offset + len(kept))
        moves = renumbered(generator, place, len(mine) * size)
        groups.append(
            Blocks(len(mine), size, int(number), columns, kept, columns, kept, None, False, moves)
        )
        copy_of = first[mine][:, None] + np.arange(number)
        flat[copy_of.ravel()] = sum(map(len, column)) + np.arange(copy_of.size) * size
        configuration.append(index.ravel()[kept])
        owner.append(np.repeat(member[copy_of], size)[kept])
        column.append(np.full(index.size, -1))
        column[-1][kept] = offset + np.arange(len(kept))
        offset += len(kept)
    entry = np.concatenate(column)[flat[copy] + position[start.configuration]]
    return Kets(
        reached,
        np.concatenate(configuration),
        np.concatenate(owner),
        frozen,
        tuple(groups),
        entry,
    )


def _path_order(reached: Reach) -> tuple[Array, Array]:
    """Configurations, block after block, so that a path is tridiagonal; the place of each."""
    count, rank, moves = np.bincount(reached.labels), np.arange(reached.size), reached.hamiltonian
    away = np.flatnonzero(moves.row != moves.column)
    beside = np.bincount(reached.labels[moves.row[away]], minlength=len(count))
    terms = np.count_nonzero(np.bincount(moves.term[away]))  # which may share their places
    few = (beside <= 2 * terms * (count - 1)) & (count > 2)
    if (few & _first_on_path(reached.labels, moves.row[away], moves.column[away])).any():
        from scipy.sparse.csgraph import reverse_cuthill_mckee

        pattern = replace(reached.hamiltonian, value=np.ones(len(reached.hamiltonian.value)))
        joins = pattern.matrix(np.ones(len(pattern.coefficients)))
        rank[reverse_cuthill_mckee(joins, symmetric_mode=True)] = np.arange(reached.size)
    order = np.lexsort((rank, reached.labels))
    position = np.empty(reached.size, dtype=np.int64)
    position[order] = np.arange(reached.size) - np.repeat(np.cumsum(count) - count, count)
    return order, position


def _first_on_path(labels: Array, row: Array, column: Array) -> Array:
    """Whether the first configuration of each block is joined to two others at most."""
    size = len(labels)
    first = np.empty(labels.max() + 1, dtype=np.int64)
    first[labels[::-1]] = np.arange(size)[::-1]  # what is written last stays
    its = np.flatnonzero(first[labels[row]] == row)
    others = np.unique(row[its] * size + column[its]) // size
    few: Array = np.bincount(labels[others], minlength=len(first)) <= 2
    return few
