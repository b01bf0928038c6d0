"""Sites that begin anew: what all others hold stays, and nothing ties them to these any more.

rho becomes fresh x Tr_sites(rho). In between, the elements of the others' state alone say
everything, which are few: what is repeated with a reset is a map of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Bipartition
from quantumbattery.reach.sparse import adjoint, entries, product, sparse
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix, real_numbers


@dataclass(frozen=True, eq=False)
class Reset:
    """A reset of the numbers of one group of blocks, as their real or complex coordinates."""

    traced: Array  # (blocks, m, n), to the elements of all other sites
    fresh: Array  # (blocks, n, m), and back, with the new state of these

    @property
    def size(self) -> int:
        """How many numbers of a block stay."""
        return int(self.traced.shape[1])

    def others(self, states: Array) -> Array:
        """What the others hold, (..., blocks, c, m), of states (..., blocks, c, n)."""
        held: Array = states @ self.traced.swapaxes(-1, -2)
        return held

    def anew(self, others: Array) -> Array:
        """The state (..., blocks, c, n) after the reset."""
        states: Array = others @ self.fresh.swapaxes(-1, -2)
        return states


def reset(state: Matrix, blocks: Blocks, sites: Sequence[str], matrix: Array) -> Reset:
    """The reset of some sites, to a density matrix (d, d) of the product of their levels."""
    reached = state.reach
    split = Bipartition.of(reached, sites)
    counts = [reached.levels[reached.sites.index(name)] for name in sites]
    place = np.ravel_multi_index(tuple(split.levels.T.astype(np.int64)), counts)
    chosen = state.chosen[blocks.inside]
    row, column = (each[chosen] for each in state.rectangles.elements)
    key = split.rest[row].astype(np.int64) * (int(split.rest.max()) + 1) + split.rest[column]
    sources = np.flatnonzero(split.inside[row] == split.inside[column])
    keys, group = np.unique(key[sources], return_inverse=True)
    value = matrix[place[split.inside[row]], place[split.inside[column]]]
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    targets = np.flatnonzero((value != 0) & (keys[at] == key)) if len(keys) else sources[:0]
    shape = len(keys), len(chosen)
    traced = sparse(np.ones(len(sources)), group, sources, shape)
    fresh = sparse(value[targets], targets, at[targets], shape[::-1])
    turn = _inside(state.turn, blocks.inside)
    if not blocks.double:  # Hermitian blocks move as real numbers, and so do the others' elements
        first, last = np.divmod(keys, int(split.rest.max()) + 1)
        mirror = np.searchsorted(keys, last * (int(split.rest.max()) + 1) + first)
        own = real_numbers(mirror, np.ones(len(keys), dtype=bool))
        traced, fresh = product(own, traced), product(fresh, adjoint(own))
    traced, fresh = product(traced, adjoint(turn)), product(turn, fresh)
    block = np.zeros(len(keys), dtype=np.int64)
    block[group] = blocks.kept[sources] // blocks.size
    return _by_block(blocks, block, traced, fresh)


def _inside(turn: object, inside: slice) -> object:
    """The part of a matrix that acts on some of the numbers."""
    value, row, column = entries(turn)
    kept = (row >= inside.start) & (row < inside.stop)
    size = inside.stop - inside.start
    return sparse(value[kept], row[kept] - inside.start, column[kept] - inside.start, (size, size))


def _by_block(blocks: Blocks, block: Array, traced: object, fresh: object) -> Reset:
    """Dense matrices by block; blocks with fewer numbers are filled up with zeros."""
    count = np.bincount(block, minlength=blocks.count)
    order = np.argsort(block, kind="stable")
    rank = np.empty(len(block), dtype=np.int64)
    rank[order] = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
    most = max(1, int(count.max(initial=0)))
    dense = []
    for matrix, shape in ((traced, (most, blocks.size)), (fresh, (blocks.size, most))):
        value, row, column = entries(matrix)
        value = value if blocks.double else value.real
        made = np.zeros((blocks.count, *shape), dtype=value.dtype)
        if matrix is traced:
            np.add.at(made, (block[row], rank[row], blocks.kept[column] % blocks.size), value)
        else:
            np.add.at(made, (block[column], blocks.kept[row] % blocks.size, rank[column]), value)
        dense.append(made)
    return Reset(*dense)
