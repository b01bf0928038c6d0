"""The state of some of the sites: populations, matrix elements and eigenvalues, batch by batch.

A configuration is split into the part that some sites have in it and the rest. The reduced state
adds up what shares the rest; it is never larger than what was reached, and where the joint state is
given by kets its eigenvalues come from the smaller side of the cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.alike import kept
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.reach.sparse import Sums, above, components, product, sparse
from quantumbattery.states.density import Matrix
from quantumbattery.states.kets import Kets
from quantumbattery.states.representation import Form

_FASTER = 16  # so many products of a matrix take as long as one of a pair
_ONE_BY_ONE = 8  # amplitudes up to which each is looked at by itself


@dataclass(frozen=True, eq=False)
class KetPart:
    """The reduced state of kets: a sum over (member, rest) of what its amplitudes give."""

    split: Bipartition
    kets: Kets
    level: Array | None = None  # (states,), where coherence between different levels is dropped

    @cached_property
    def state(self) -> Array:
        """The state of the sites that each amplitude belongs to."""
        return self.split.inside[self.kets.configuration]

    @cached_property
    def row(self) -> Array:
        """Which amplitudes are added coherently: those of the same member with the same rest."""
        rest = self.split.rest[self.kets.configuration]
        keys = self.kets.member * (int(rest.max()) + 1) + rest
        if self.level is not None:
            keys = keys * (int(self.level.max()) + 1) + self.level[self.state]
        return np.unique(keys, return_inverse=True)[1]

    @cached_property
    def lost(self) -> int | None:
        """The state of the sites once everything is lost."""
        frozen = self.kets.frozen
        return None if frozen is None else int(self.split.inside[frozen])

    @cached_property
    def _sum_over_rest(self) -> Sums:
        return Sums.to(self.state, len(self.split.levels))

    def populations(self, amplitudes: Array) -> Array:
        """Shape (..., states)."""
        weights = squares(amplitudes)
        populations = self._sum_over_rest(weights)
        if self.lost is not None:
            populations[..., self.lost] += _missing(weights)
        return populations

    def population(self, amplitudes: Array, state: int) -> Array:
        """That of one state alone, shape (...)."""
        members = np.flatnonzero(self.state == state).tolist()
        if len(members) > _ONE_BY_ONE:
            return self.populations(amplitudes)[..., state]
        population = np.zeros(amplitudes.shape[:-1])
        for each in members:
            population += squares(amplitudes[..., each])
        if self.lost == state:
            population += _missing(squares(amplitudes))
        return population

    @cached_property
    def _pairs(self) -> dict[bytes, tuple[Array | slice, Array | slice, Sums | None]]:
        return {}

    def elements(self, amplitudes: Array, row: Array, column: Array) -> Array:
        """Elements of the reduced density matrix between states of the sites, (..., wanted).

        The pairs of row and column all differ.
        """
        size = len(self.split.levels)
        if len(row) == size**2 and self._by_products:
            return self._whole(amplitudes)[..., row, column]
        key = row.tobytes() + column.tobytes()
        if key not in self._pairs:
            one, two, wanted = _meeting(self.row, self.state, row, column, size)
            alone = np.array_equal(wanted, np.arange(len(row)))  # nothing is to be added up
            summed = None if alone else Sums.to(wanted, len(row))
            self._pairs[key] = _chosen(one), _chosen(two), summed
        first, second, adds = self._pairs[key]
        found = amplitudes[..., first] * amplitudes[..., second].conj()
        found = found if adds is None else adds(found)
        if self.lost is not None:
            here = (row == self.lost) & (column == self.lost)
            if here.any():
                found[..., here] += _missing(squares(amplitudes))[..., None]
        return found

    @cached_property
    def _shared(self) -> Array:
        """Amplitudes whose row has others; those alone in theirs add to the diagonal only."""
        return np.bincount(self.row)[self.row] > 1

    @cached_property
    def _blocks(self) -> list[tuple[Array, Array, Array, Array, Array]]:
        """Sets of states that share rows: states, amplitudes, their rows and states, extra states.

        Extra are the states that have amplitudes alone in their rows, too.
        """
        shared = np.flatnonzero(self._shared)
        extra = np.bincount(self.state[~self._shared], minlength=len(self.split.levels)) > 0
        if self.lost is not None:
            extra[self.lost] = True
        blocks = []
        for states, members in _components(self.row[shared], self.state[shared]):
            chosen = shared[members]
            row = np.unique(self.row[chosen], return_inverse=True)[1]
            state = np.searchsorted(states, self.state[chosen])
            blocks.append((states, chosen, row, state, np.flatnonzero(extra[states])))
        return blocks

    @property
    def coherent(self) -> list[Array]:
        """Sets of states between which coherence may ever be; none if it never is."""
        return [states for states, *_ in self._blocks]

    @property
    def largest(self) -> int:
        """How many numbers the eigenvalues of one state take at a time."""
        sizes = [1]
        for states, _, row, _, extra in self._blocks:
            rows, n = int(row.max()) + 1, len(states)
            sizes.append((rows + min(rows + len(extra), n)) * n)
        return max(sizes)

    @cached_property
    def _by_products(self) -> bool:
        """Whether all elements at once cost less as products of matrices than pair by pair."""
        pairs = int(np.sum(np.bincount(self.row) ** 2))
        dense = sum((int(row.max()) + 1) * len(states) ** 2 for states, _, row, *_ in self._blocks)
        return dense <= _FASTER * pairs

    def _whole(self, amplitudes: Array) -> Array:
        """The reduced density matrix, shape (..., states, states)."""
        diagonal, size = self._incoherent(amplitudes), len(self.split.levels)
        whole = np.zeros((*amplitudes.shape[:-1], size, size), dtype=amplitudes.dtype)
        for states, *block in self._blocks:
            coherent = _by_row(amplitudes, len(states), *block[:3])
            whole[..., states[:, None], states] = _added(coherent)
        every = np.arange(size)
        whole[..., every, every] += diagonal
        return whole

    def _incoherent(self, amplitudes: Array) -> Array:
        """What amplitudes alone in their rows, and what was lost, add to the diagonal."""
        alone = np.flatnonzero(~self._shared)
        weights = squares(amplitudes[..., alone])
        added = Sums.to(self.state[alone], len(self.split.levels))(weights)
        if self.lost is not None:
            added[..., self.lost] += _missing(squares(amplitudes))
        return added

    def eigenvalues(self, amplitudes: Array) -> Array:
        """All that can be other than zero, falling, shape (..., rank)."""
        diagonal = self._incoherent(amplitudes)
        alone = np.ones(len(self.split.levels), dtype=bool)
        parts = []
        for states, chosen, row, state, extra in self._blocks:
            alone[states] = False
            coherent = _by_row(amplitudes, len(states), chosen, row, state)
            parts.append(_spectrum(coherent, diagonal[..., states[extra]], extra))
        values = np.concatenate([diagonal[..., alone], *parts], axis=-1)
        return np.sort(values, axis=-1)[..., ::-1]


@dataclass(frozen=True, eq=False)
class MatrixPart:
    """The reduced state of density-matrix elements: a sum over those with equal rest."""

    split: Bipartition
    matrix: Matrix
    level: Array | None = None  # (states,), where coherence between different levels is dropped

    @cached_property
    def _kept(self) -> tuple[Array, Array, Array]:
        """Which elements count, and the states of the sites in their rows and columns."""
        row, column = self.matrix.row, self.matrix.column
        needed = self.split.needed(row, column)
        if self.level is not None:
            level = self.level[self.split.inside]
            needed &= level[row] == level[column]
        kept = np.flatnonzero(needed)
        return kept, self.split.inside[row[kept]], self.split.inside[column[kept]]

    def populations(self, numbers: Array) -> Array:
        """Shape (..., states)."""
        return self._populations(numbers)

    @cached_property
    def _populations(self) -> Sums:
        every = np.arange(len(self.split.levels))
        return Sums(self._sums(every, every).real)

    @cached_property
    def _alone(self) -> dict[int, Sums]:
        return {}

    def population(self, numbers: Array, state: int) -> Array:
        """That of one state alone, shape (...)."""
        if state not in self._alone:
            here = np.array([state])
            self._alone[state] = Sums(self._sums(here, here).real)
        return self._alone[state](numbers)[..., 0]

    @cached_property
    def _adders(self) -> dict[bytes, Sums]:
        return {}

    def elements(self, numbers: Array, row: Array, column: Array) -> Array:
        """Elements of the reduced density matrix between states of the sites, (..., wanted).

        The pairs of row and column all differ.
        """
        key = row.tobytes() + column.tobytes()
        if key not in self._adders:
            self._adders[key] = Sums(self._sums(row, column))
        return self._adders[key](numbers)

    def _sums(self, row: Array, column: Array) -> Any:
        """The matrix that makes reduced elements of the columns that are read."""
        kept, one, two = self._kept
        wanted, size = row * len(self.split.levels) + column, len(self.split.levels)
        target, source = _find(one * size + two, wanted)
        twin = self.matrix.twin[kept]
        again, other = _find((two * size + one)[twin], wanted)
        elements, weights = len(self.matrix.row), self._weights
        places = np.concatenate([kept[source], kept[twin][other] + elements])
        target = np.concatenate([target, again])
        chosen = sparse(np.ones(len(places)), target, places, (len(row), weights.shape[0]))
        return product(chosen, weights)

    @cached_property
    def _weights(self) -> Any:
        """What makes elements of the columns that are read, and then their conjugates."""
        weights = self.matrix.weights
        if not self.matrix.twin.any():
            return weights
        return above(weights, weights.conj())

    @cached_property
    def _blocks(self) -> list[Array]:
        """Sets of states between which there are elements."""
        _, one, two = self._kept
        beside = np.flatnonzero(one != two)
        ends = np.concatenate([one[beside], two[beside]])
        return [states for states, _ in _components(np.tile(beside, 2), ends)]

    @property
    def coherent(self) -> list[Array]:
        """Sets of states between which coherence may ever be; none if it never is."""
        return self._blocks

    @property
    def largest(self) -> int:
        """How many numbers the eigenvalues of one state take at a time."""
        return max((len(states) ** 2 for states in self._blocks), default=1)

    def eigenvalues(self, numbers: Array) -> Array:
        """All that can be other than zero, falling, shape (..., rank)."""
        alone = np.ones(len(self.split.levels), dtype=bool)
        parts = []
        for states in self._blocks:
            alone[states] = False
            n = len(states)
            block = self.elements(numbers, np.repeat(states, n), np.tile(states, n))
            block = block.reshape(*block.shape[:-1], n, n)
            parts.append(np.maximum(np.linalg.eigvalsh(block), 0.0))
        populations = self.populations(numbers)[..., alone]
        return np.sort(np.concatenate([populations, *parts], axis=-1), axis=-1)[..., ::-1]


Part: TypeAlias = KetPart | MatrixPart


def part_of(split: Bipartition, state: Form, level: Array | None = None) -> Part:
    """The reduced state of either form; without coherence between levels, if these are given."""
    if level is None:
        return _whole_part(state.reach, split, state)
    return _part(split, state, level)


@kept
def _whole_part(_: Reach, split: Bipartition, state: Form) -> Part:
    return _part(split, state)


def _part(split: Bipartition, state: Form, level: Array | None = None) -> Part:
    if isinstance(state, Kets):
        return KetPart(split, state, level)
    return MatrixPart(split, state, level)


# --- in arrays ---------------------------------------------------------------------------------


def squares(amplitudes: Array) -> Array:
    """|amplitude|^2, without the square root of `abs`."""
    squares: Array = np.square(amplitudes.real)
    if np.iscomplexobj(amplitudes):
        squares += np.square(amplitudes.imag)
    return squares


def _chosen(places: Array) -> Array | slice:
    """The places as an index: a slice, which takes no copy, if there is one only."""
    return slice(int(places[0]), int(places[0]) + 1) if len(places) == 1 else places


def _missing(weights: Array) -> Array:
    """What a norm of 1 lacks."""
    missing: Array = np.maximum(1.0 - weights.sum(axis=-1), 0.0)
    return missing


def _find(keys: Array, wanted: Array) -> tuple[Array, Array]:
    """Of all keys that are wanted: which of the wanted, all different, and which of the keys."""
    if not len(wanted):
        return (np.zeros(0, dtype=np.int64),) * 2
    order = np.argsort(wanted, kind="stable")
    place = np.minimum(np.searchsorted(wanted, keys, sorter=order), len(wanted) - 1)
    hit = np.flatnonzero(wanted[order[place]] == keys)
    return order[place[hit]], hit


def _meeting(
    group: Array, state: Array, row: Array, column: Array, size: int
) -> tuple[Array, Array, Array]:
    """Pairs of entries in the same group whose states are wanted, and which wanted pair it is."""
    order = np.lexsort((state, group))
    keys = group[order] * size + state[order]  # all different
    by_state = np.argsort(state, kind="stable")
    first = np.searchsorted(state[by_state], row, "left")
    last = np.searchsorted(state[by_state], row, "right")
    count = last - first
    wanted = np.repeat(np.arange(len(row)), count)
    one = by_state[np.arange(len(wanted)) - (np.cumsum(count) - count - first)[wanted]]
    other = group[one] * size + column[wanted]
    place = np.minimum(np.searchsorted(keys, other), len(keys) - 1)
    hit = keys[place] == other
    return one[hit], order[place[hit]], wanted[hit]


def _components(row: Array, state: Array) -> list[tuple[Array, Array]]:
    """Sets of states that rows join, and the entries of each."""
    if not len(row):
        return []
    states, column = np.unique(state, return_inverse=True)
    rows, row = np.unique(row, return_inverse=True)
    label = components(column, len(states) + row, len(states) + len(rows))[column]
    entry = np.argsort(label, kind="stable")
    sets = np.split(entry, np.flatnonzero(np.diff(label[entry])) + 1)
    return [(np.unique(state[entries]), entries) for entries in sets]


def _by_row(amplitudes: Array, size: int, chosen: Array, row: Array, state: Array) -> Array:
    """Amplitudes that are chosen, each in its row and at its state, shape (..., rows, size)."""
    coherent = np.zeros((*amplitudes.shape[:-1], int(row.max()) + 1, size), amplitudes.dtype)
    coherent[..., row, state] = amplitudes[..., chosen]
    return coherent


def _added(coherent: Array) -> Array:
    """The sum of |row><row| of rows (..., rows, states)."""
    added: Array = coherent.swapaxes(-1, -2) @ coherent.conj()
    return added


def _spectrum(coherent: Array, rest: Array, extra: Array) -> Array:
    """Eigenvalues of the sum of |row><row| and a diagonal, from the smaller side.

    The rows are (..., rows, states); the diagonal has `rest` at the states `extra`.
    """
    rows, size = coherent.shape[-2:]
    if rows + len(extra) < size:
        beside = np.zeros((*coherent.shape[:-2], len(extra), size), dtype=coherent.dtype)
        beside[..., np.arange(len(extra)), extra] = np.sqrt(rest)
        stacked = np.concatenate([coherent, beside], axis=-2)
        product = stacked @ stacked.conj().swapaxes(-1, -2)
    else:
        product = _added(coherent)
        product[..., extra, extra] += rest
    return np.maximum(np.linalg.eigvalsh(product), 0.0)
