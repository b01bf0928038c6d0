"""The Hamiltonian of a battery whose sites interact, on all its levels, and its ground state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TypeAlias

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.configurations import Keys, Room
from quantumbattery.reach.elements import Elements, elements_between
from quantumbattery.reach.groups import grouped
from quantumbattery.reach.sparse import Sums, components
from quantumbattery.reach.terms import Terms, hamiltonian_terms

Numbers: TypeAlias = Callable[[Parameter], Array]
"""The values of a parameter over the batch, shape (g or 1,)."""

_DEGENERATE = 1e-10  # of the size of the energies: a gap that is none
NO_PART = 1e-17  # of an amplitude
_LARGE_BLOCK = 400  # from here on the lowest energies alone cost less


@dataclass(frozen=True, eq=False)
class OwnHamiltonian:
    """The sum of a battery's sites and of the interactions that are always on."""

    states: Array  # (levels, sites), the levels of its sites in all product states
    diagonal: Array  # (g, levels)
    row: Array  # (entries,), of the elements beside the diagonal
    column: Array  # (entries,)
    value: Array  # (g, entries)
    limit: float  # memory in GiB

    @classmethod
    def of(
        cls,
        network: Network,
        levels: Mapping[str, int],
        numbers: Numbers,
        limit: float,
        sites: Sequence[str] | None = None,
    ) -> OwnHamiltonian:
        """Of a network whose sites have so many levels; ValueError if it needs more memory.

        Of other sites than the battery's, if they are named.
        """
        names = network.battery if sites is None else sites
        sizes = [levels[name] for name in names]
        total = prod(sizes)
        allow("levels of a battery with interactions", total, 64 + 8 * len(sizes), limit)
        states = product_states(sizes)
        found = _elements(network, levels, states, names)
        value = _values(found, numbers) * found.value
        still = found.row == found.column
        here, own = found.row[still], value[:, still].real
        diagonal = np.stack([np.bincount(here, each, minlength=total) for each in own])
        where = found.row[~still] * total + found.column[~still]
        where, same = np.unique(where, return_inverse=True)
        beside = Sums.to(same, len(where))(value[:, ~still])
        return cls(states, diagonal, *np.divmod(where, total), beside, limit)

    @cached_property
    def energies(self) -> Array:
        """All its energies, rising, shape (g, levels)."""
        found = [
            _energies_of(matrices).reshape(len(matrices), -1) for _, matrices in self.in_blocks()
        ]
        return np.sort(np.concatenate(found, axis=-1), axis=-1)

    def between(self, states: Array) -> tuple[Array, Array, Array, Array]:
        """Its diagonal (g, states) and rows, columns and values beside it, between some states.

        They are closed under it.
        """
        if np.array_equal(states, self.states):  # most often
            return self.diagonal, self.row, self.column, self.value
        sizes = self.states[-1] + 1
        number = np.ravel_multi_index(tuple(states.T.astype(np.int64)), tuple(sizes))
        place = np.full(len(self.states), -1)
        place[number] = np.arange(len(states))
        inside = place[self.row] >= 0
        row, column = place[self.row[inside]], place[self.column[inside]]
        return self.diagonal[:, number], row, column, self.value[:, inside]

    def ground_state(self, degenerate: str) -> tuple[Array, Array]:
        """The levels of its sites (states, sites), and amplitudes (g, states) there.

        Of its ground state; ValueError, as it says, if the ground level is degenerate.
        """
        found = [(members, *_ground_of(matrices)) for members, matrices in self.in_blocks()]
        lowest_two = [energies.reshape(len(energies), -1) for _, energies, _ in found]
        every = np.sort(np.concatenate(lowest_two, axis=-1), axis=-1)
        if alike(every).any():
            raise ValueError(degenerate)
        kind = np.result_type(*(vectors for *_, vectors in found))
        amplitudes = np.zeros((len(every), len(self.states)), kind)
        for members, energies, vectors in found:
            member, block = np.nonzero(energies[..., 0] == every[:, :1])
            amplitudes[member[:, None], members[block]] = vectors[member, block]
        held = (np.abs(amplitudes) > NO_PART).any(axis=0)
        return self.states[held], amplitudes[:, held]

    def in_blocks(self) -> Iterator[tuple[Array, Array]]:
        """The blocks that nothing joins, those of one size together.

        The numbers of the states in each (blocks, size), and the matrices (g, blocks, size, size).
        """
        g, total = self.diagonal.shape
        label = components(self.row, self.column, total)
        count = np.bincount(label)
        held = g * int((count.astype(float) ** 2).sum())
        allow("numbers in blocks of the battery", held, 24.0, self.limit)
        order, place = np.argsort(label, kind="stable"), np.empty(total, dtype=np.int64)
        place[order] = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        for size in np.unique(count):
            members = order[count[label[order]] == size].reshape(-1, size)
            block = np.full(len(count), -1)
            block[label[members[:, 0]]] = np.arange(len(members))
            inside = block[label[self.row]] >= 0
            row, column = self.row[inside], self.column[inside]
            matrices = np.zeros((g, len(members), size, size), self.value.dtype)
            matrices[:, block[label[row]], place[row], place[column]] = self.value[:, inside]
            every = np.arange(size)
            matrices[:, :, every, every] = self.diagonal[:, members]
            yield members, matrices


def own_terms(network: Network, levels: Mapping[str, int], sites: Sequence[str]) -> Terms:
    """The terms of the Hamiltonian that are some sites' own."""
    own: set[str | int] = {*sites}
    for k, each in enumerate(network.interactions):
        if each.always and {*each.ends} <= {*sites}:
            own.add(k)
    terms = hamiltonian_terms(network, levels, drives=False)
    return replace(terms, products=[p for p in terms.products if terms.origins[p.term] in own])


def _elements(
    network: Network, levels: Mapping[str, int], states: Array, sites: Sequence[str]
) -> Elements:
    """Elements of the sites' own terms between their states, all other sites in level 0."""
    terms = own_terms(network, levels, sites)
    sizes = np.array([levels[name] for name in network.sites])
    place = [list(network.sites).index(name) for name in sites]
    configurations = np.zeros((len(states), len(sizes)), dtype=np.int64)
    configurations[:, place] = states
    keys = Keys.over(configurations, sizes.tolist())
    groups = grouped(terms.products, sizes.tolist())
    room = Room(sizes, np.zeros(len(sizes), dtype=bool))
    return elements_between(terms, groups, room, configurations, keys)[0]


def _values(elements: Elements, numbers: Numbers) -> Array:
    """The coefficient of every element, shape (g or 1, entries)."""
    given = [numbers(each) for each in elements.coefficients]
    table = np.stack(np.broadcast_arrays(*given), axis=-1)
    return table[:, elements.term]


def alike(energies: Array) -> Array:
    """Where the two lowest of some energies (g, n), rising, are the same, (g,)."""
    scale = np.abs(energies).max(axis=-1) + np.ptp(energies, axis=-1)
    if energies.shape[-1] < 2:
        return np.zeros(len(energies), dtype=bool)
    same: Array = energies[:, 1] - energies[:, 0] <= _DEGENERATE * scale
    return same


def product_states(sizes: Sequence[int]) -> Array:
    """The levels of each site in all product states, shape (states, sites)."""
    return np.stack(np.unravel_index(np.arange(prod(sizes)), sizes), axis=-1)


def _energies_of(matrices: Array) -> Array:
    """The energies (..., n) of matrices, rising."""
    if matrices.shape[-1] == 1:  # of which there may be thousands
        return matrices[..., 0].real
    return np.linalg.eigvalsh(matrices)


def _ground_of(matrices: Array) -> tuple[Array, Array]:
    """The one or two lowest energies (..., 2) and the lowest vectors (..., n)."""
    n = matrices.shape[-1]
    if n == 1:
        return matrices[..., 0].real, np.ones(matrices.shape[:-1])
    if n <= _LARGE_BLOCK:
        energies, vectors = np.linalg.eigh(matrices)
        return energies[..., :2], vectors[..., 0]
    from scipy.sparse.linalg import eigsh

    found = [eigsh(each, k=2, which="SA", v0=np.ones(n)) for each in matrices.reshape(-1, n, n)]
    order = [np.argsort(energies) for energies, _ in found]
    energies = np.stack([e[o] for (e, _), o in zip(found, order, strict=True)])
    vectors = np.stack([v[:, o[0]] for (_, v), o in zip(found, order, strict=True)])
    return energies.reshape(*matrices.shape[:-2], 2), vectors.reshape(matrices.shape[:-1])
