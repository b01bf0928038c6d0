"""Sites that begin anew: what all others hold stays, and nothing ties them to these any more.

rho becomes fresh x Tr_sites(rho). In between, the elements of the others' state alone say
everything, which are few: what is repeated with a reset is a map of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Bipartition
from quantumbattery.reach.sparse import Sums, adjoint, entries, product, sparse
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix, real_numbers


@dataclass(frozen=True, eq=False)
class Reset:
    """A reset of the numbers of one group of blocks, as their real or complex coordinates."""

    count: int  # blocks
    size: int  # numbers of a block that stay, m; blocks with fewer are filled up with zeros
    traced: Sums  # of all blocks, to the elements of all other sites
    fresh: Sums  # and back, with the new state of these

    def others(self, states: Array) -> Array:
        """What the others hold, (g, blocks, c, m), of states (g, blocks, c, n)."""
        return self._made(self.traced, states)

    def anew(self, others: Array) -> Array:
        """The state (g, blocks, c, n) after the reset."""
        return self._made(self.fresh, others)

    def _made(self, sums: Sums, numbers: Array) -> Array:
        g, count, c, n = numbers.shape
        made = sums(numbers.swapaxes(1, 2).reshape(g, c, count * n))
        return made.reshape(g, c, count, -1).swapaxes(1, 2)


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


def one_state(name: str, matrix: xr.DataArray) -> Array:
    """The density matrix that a site begins anew with; ValueError if its axes make it several."""
    several = matrix.to_numpy().reshape(-1, *matrix.shape[-2:])
    if np.any(several != several[0]):
        axes = ", ".join(str(axis) for axis in matrix.dims[:-2])
        raise ValueError(
            f"reset: the state of {name!r} depends on {axes}, but every reset is to one state on "
            "levels: sweep it (qb.sweep)"
        )
    one: Array = several[0]
    return one


def _inside(turn: object, inside: slice) -> object:
    """The part of a matrix that acts on some of the numbers."""
    value, row, column = entries(turn)
    kept = (row >= inside.start) & (row < inside.stop)
    size = inside.stop - inside.start
    return sparse(value[kept], row[kept] - inside.start, column[kept] - inside.start, (size, size))


def _by_block(blocks: Blocks, block: Array, traced: object, fresh: object) -> Reset:
    """Both by block, where numbers stand."""
    count = np.bincount(block, minlength=blocks.count)
    order = np.argsort(block, kind="stable")
    rank = np.empty(len(block), dtype=np.int64)
    rank[order] = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
    most = max(1, int(count.max(initial=0)))
    place, shape = block * most + rank, (blocks.count * most, blocks.count * blocks.size)
    value, row, column = entries(traced)
    down = sparse(_kind(blocks, value), place[row], blocks.kept[column], shape)
    value, row, column = entries(fresh)
    up = sparse(_kind(blocks, value), blocks.kept[row], place[column], shape[::-1])
    return Reset(blocks.count, most, Sums(down), Sums(up))


def _kind(blocks: Blocks, value: Array) -> Array:
    """Real where the numbers of the blocks are."""
    return value if blocks.double else value.real
