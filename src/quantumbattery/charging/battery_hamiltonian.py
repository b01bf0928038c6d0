"""The battery's own Hamiltonian: its energies where it can be, and those that order its levels.

It is the sum of its sites and of the interactions that are always on. Energy is counted from its
lowest level, which is at 0 by convention. Passive states need as many levels as the state has
eigenvalues other than zero, however many the battery has: 2^1000 of a thousand qubits, C(1000, m)
of them at m quanta. So degeneracies are counted, not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import TypeAlias

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.network.ensembles import Ensemble, degeneracies
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.reach.configurations import Keys, Room
from quantumbattery.reach.elements import Elements, elements_between
from quantumbattery.reach.sparse import Sums, components
from quantumbattery.reach.terms import Terms, grouped, hamiltonian_terms

Numbers: TypeAlias = Callable[[Parameter], Array]
"""The values of a parameter over the batch, shape (g or 1,)."""

Ladder: TypeAlias = tuple[Array, Array]
"""Energies (..., d) in any order, and how many states have each (d,)."""

_DEGENERATE = 1e-10  # of the size of the energies: a gap that is none
_NO_PART = 1e-17  # of an amplitude
_LARGE_BLOCK = 400  # from here on the lowest energies alone cost less

EXTRACTIONS = ("global", "collective", "local")


@dataclass(frozen=True, eq=False)
class Cell:
    """A site of the battery with its numbers."""

    site: Site
    strengths: tuple[Array, ...]  # of its energy terms, each (g or 1,)

    @classmethod
    def of(cls, site: Site, numbers: Numbers) -> Cell:
        """Look its numbers up."""
        return cls(
            site, tuple(numbers(energy) for energy, _ in site.energy_terms(site.dimension or 2))
        )

    @property
    def one(self) -> Cell:
        """One of the cells of an ensemble, which have the same numbers; others are one."""
        return replace(self, site=self.site.cell) if isinstance(self.site, Ensemble) else self

    def energies(self, levels: int) -> Array:
        """Energies of its lowest levels, shape (g or 1, levels)."""
        weights = [weights for _, weights in self.site.energy_terms(levels)]
        parts = zip(self.strengths, weights, strict=True)
        return sum((number[:, None] * each for number, each in parts), np.zeros((1, levels)))

    def extremes(self, count: int, levels: int) -> tuple[Array, Array]:
        """The lowest of its energies, rising, and the highest, falling: shapes (g or 1, count)."""
        low = np.sort(self.energies(self.site.dimension or levels), axis=-1)
        high = low[..., ::-1] if self.site.dimension else np.full_like(low, np.inf)
        return low[..., :count], high[..., :count]

    def select(self, batch: slice | Array) -> Cell:
        """The same for a part of the batch."""
        return replace(self, strengths=tuple(_part(each, batch) for each in self.strengths))


@dataclass(frozen=True, eq=False)
class Battery:
    """What measures the battery's energy; made by `battery`."""

    cells: tuple[Cell, ...]
    extraction: str  # which unitaries may take work out
    states: Array  # (states, sites), the levels of the battery's sites, wherever it can be
    energies: Array  # (g, states), the diagonal of its Hamiltonian there
    row: Array  # (entries,), of the elements beside the diagonal: none unless one is always on
    column: Array  # (entries,)
    value: Array  # (g, entries)
    whole: Array | None  # (g, levels), all energies of a battery with interactions, rising
    levels: tuple[int, ...]  # that each of its sites was given
    means: Mapping[str, Array] = field(default_factory=dict)  # (g, any), for means of other terms

    def select(self, batch: slice | Array) -> Battery:
        """The same for a part of the batch."""
        return replace(
            self,
            cells=tuple(cell.select(batch) for cell in self.cells),
            energies=_part(self.energies, batch),
            value=_part(self.value, batch),
            whole=None if self.whole is None else _part(self.whole, batch),
            means={name: _part(each, batch) for name, each in self.means.items()},
        )

    @property
    def highest(self) -> float:
        """The highest energy that its levels have, where anything can be or not; of the batch."""
        if self.whole is not None:
            return float(self.whole.max())
        return sum(float(energies.max()) for energies in self._apart)

    @property
    def quantum(self) -> float:
        """The smallest energy of one of its sites; of one that interacts, on the diagonal."""
        every = [self.energies] if self.whole is not None else self._apart
        positive = [energies[energies > 0] for energies in every]
        return min((float(each.min()) for each in positive if len(each)), default=1.0)

    @cached_property
    def _apart(self) -> list[Array]:
        """The energies of each of its sites, (g or 1, levels)."""
        return [cell.energies(n) for cell, n in zip(self.cells, self.levels, strict=True)]

    @property
    def quanta(self) -> float:
        """The highest energy in smallest quanta."""
        return self.highest / self.quantum if self.highest > 0 else 1.0

    def extremes(self, count: int) -> tuple[Array, Array]:
        """The lowest energies, rising, and the highest, falling: shapes (g, count)."""
        if self.whole is not None:
            count = min(count, self.whole.shape[-1])
            return self.whole[..., :count], self.whole[..., ::-1][..., :count]
        ladders = [self._ladder(cell, count) for cell in self.cells]
        low = lowest(ladders, count)
        if any(cell.site.dimension is None for cell in self.cells):
            return low, np.full((1, count), np.inf)
        return low, highest(ladders, count)

    def _ladder(self, cell: Cell, count: int) -> Ladder:
        site = cell.site
        energies = cell.energies(site.dimension or count)
        if isinstance(site, Ensemble) and self.extraction == "global":
            return energies, degeneracies(site)
        return energies, np.ones(energies.shape[-1])


def _part(values: Array, batch: slice | Array) -> Array:
    """What belongs to a part of the batch; a single one is that of all."""
    return values[batch] if len(values) > 1 else values


def check_extraction(network: Network, extraction: object) -> str:
    """The kind of extraction; TypeError or ValueError if it makes no sense for the battery."""
    if extraction not in EXTRACTIONS:
        kind = ValueError if isinstance(extraction, str) else TypeError
        raise kind(
            f"extraction is {extraction!r:.60}; choose global (any unitary on all cells), "
            "collective (on the symmetric ladder of an Ensemble) or local (cell by cell)"
        )
    always = [each.label for each in network.interactions if each.always]
    many = [n for n in network.battery if isinstance(network.sites[n], Ensemble)]
    free = [n for n in network.battery if network.sites[n].dimension is None]
    if always and free:
        raise ValueError(
            f"{always[0]} is always on, and the oscillator {free[0]!r} chooses its own levels: the "
            "energies of a battery with interactions depend on all its levels; give it levels=..."
        )
    if always and extraction == "local":
        raise ValueError(
            f"extraction is 'local' but {always[0]} is always on: a cell has no energy of its own "
            "then; use extraction='global', or let the interaction act only while charging"
        )
    if always and many and extraction == "global":
        raise ValueError(
            f"{always[0]} is always on, and {many[0]!r} is an Ensemble: the levels of its separate "
            "cells are known without interactions only; use extraction='collective', or, if they "
            "are few, write the cells apart"
        )
    return str(extraction)


def battery(
    network: Network,
    levels: Mapping[str, int],
    states: Array,
    numbers: Numbers,
    extraction: str = "global",
    limit: float = 2.0,
) -> Battery:
    """Work out the battery's Hamiltonian on the states that it can be in.

    Parameters
    ----------
    network : Network
    levels : dict of str to int
        Of every site.
    states : ndarray, shape (states, sites)
        The levels of the battery's sites, in the order of ``network.battery``; closed under its
        Hamiltonian, as all that can be reached is.
    numbers : callable
        Gives the values of a parameter over the batch.
    extraction : str
        One of `EXTRACTIONS`.
    limit : float
        Memory in GiB, for the levels of a battery with interactions; ValueError if they need more.
    """
    cells = tuple(Cell.of(network.sites[name], numbers) for name in network.battery)
    given = tuple(levels[name] for name in network.battery)
    if not any(each.always for each in network.interactions):  # its sites' energies, and no more
        apart = [
            cell.energies(levels[name])[:, states[:, k]]
            for k, (name, cell) in enumerate(zip(network.battery, cells, strict=True))
        ]
        energies, none = sum(apart, np.zeros((1, len(states)))), np.zeros(0, dtype=np.int64)
        beside = none, none, np.zeros((1, 0)), None
        return Battery(cells, extraction, states, energies, *beside, given)
    terms = _own_terms(network, levels)
    here = _elements(network, levels, terms, states)
    value = _values(here, numbers) * here.value
    where, same = np.unique(here.row * len(states) + here.column, return_inverse=True)
    value, (row, column) = Sums.to(same, len(where))(value), np.divmod(where, len(states))
    beside = row != column
    energies = Sums.to(row[~beside], len(states))(value[:, ~beside].real)
    whole = _whole(network, levels, terms, numbers, limit)
    return Battery(
        cells,
        extraction,
        states,
        energies - whole[:, :1],
        row[beside],
        column[beside],
        value[:, beside],
        whole - whole[:, :1],
        given,
    )


def _own_terms(network: Network, levels: Mapping[str, int]) -> Terms:
    """The terms of the Hamiltonian that are the battery's own."""
    own = {*network.battery} | {k for k, each in enumerate(network.interactions) if each.always}
    terms = hamiltonian_terms(network, levels)
    return replace(terms, products=[p for p in terms.products if terms.origins[p.term] in own])


def _elements(network: Network, levels: Mapping[str, int], terms: Terms, states: Array) -> Elements:
    """Elements of the battery's terms between its states, all other sites in level 0."""
    sizes = np.array([levels[name] for name in network.sites])
    place = [list(network.sites).index(name) for name in network.battery]
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


def _whole(
    network: Network, levels: Mapping[str, int], terms: Terms, numbers: Numbers, limit: float
) -> Array:
    """All energies of a battery whose sites interact, rising, shape (g, levels)."""
    energies = [
        np.linalg.eigvalsh(matrices).reshape(len(matrices), -1)
        for _, matrices in _in_blocks(network, levels, terms, numbers, limit)
    ]
    return np.sort(np.concatenate(energies, axis=-1), axis=-1)


def _in_blocks(
    network: Network, levels: Mapping[str, int], terms: Terms, numbers: Numbers, limit: float
) -> Iterator[tuple[Array, Array]]:
    """The battery's Hamiltonian in blocks, those of one size together.

    The numbers of the states in each (blocks, size), in the order of all product states, and the
    matrices (g, blocks, size, size).
    """
    sizes = [levels[name] for name in network.battery]
    total = prod(sizes)
    allow("levels of a battery with interactions", total, 64 + 8 * len(sizes), limit)
    found = _elements(network, levels, terms, product_states(sizes))
    value = _values(found, numbers) * found.value
    label = components(found.row, found.column, total)
    count = np.bincount(label)
    held = len(value) * int((count.astype(float) ** 2).sum())
    allow("numbers in blocks of the battery", held, 24.0, limit)
    order, place = np.argsort(label, kind="stable"), np.empty(total, dtype=np.int64)
    place[order] = np.concatenate([np.arange(n) for n in count])
    for size in np.unique(count):
        blocks = np.flatnonzero(count == size)
        number = np.full(len(count), -1)
        number[blocks] = np.arange(len(blocks))
        inside = number[label[found.row]] >= 0
        row, column = found.row[inside], found.column[inside]
        cell = (number[label[row]] * size + place[row]) * size + place[column]
        cells = Sums.to(cell, len(blocks) * size**2)(value[:, inside])
        members = order[number[label[order]] >= 0].reshape(len(blocks), size)
        yield members, cells.reshape(len(value), len(blocks), size, size)


def product_states(sizes: Sequence[int]) -> Array:
    """The levels of each site in all product states, shape (states, sites)."""
    return np.stack(np.unravel_index(np.arange(prod(sizes)), sizes), axis=-1)


def ground_state(
    network: Network, levels: Mapping[str, int], numbers: Numbers, limit: float
) -> tuple[Array, Array]:
    """The ground state of a battery whose sites interact.

    The levels of the battery's sites (states, sites) in product states, and amplitudes (g, states)
    there. ValueError if its ground level is degenerate.
    """
    terms = _own_terms(network, levels)
    lowest_two, kets = [], []
    for members, matrices in _in_blocks(network, levels, terms, numbers, limit):
        energies, vectors = _ground_of(matrices)
        lowest_two.append(energies)  # (g, blocks, 1 or 2)
        kets.append((members, energies[..., 0], vectors))
    every = np.sort(np.concatenate([e.reshape(len(e), -1) for e in lowest_two], axis=-1), axis=-1)
    scale = np.abs(every).max(axis=-1) + np.ptp(every, axis=-1)
    if every.shape[-1] > 1 and (every[:, 1] - every[:, 0] <= _DEGENERATE * scale).any():
        start = ", ".join(f"{name!r}: fock(0)" for name in network.battery)
        raise ValueError(
            "the battery is not prepared, and the ground level of its own Hamiltonian, with the "
            "interactions that are always on, is degenerate: say which of its states the battery "
            f"starts in, by a preparation of its sites, such as {{{start}}}"
        )
    states = product_states([levels[name] for name in network.battery])
    amplitudes = np.zeros((len(every), len(states)), np.result_type(*(v for *_, v in kets)))
    for members, energies, vectors in kets:
        member, block = np.nonzero(energies == every[:, :1])
        amplitudes[member[:, None], members[block]] = vectors[member, block]
    held = (np.abs(amplitudes) > _NO_PART).any(axis=0)
    return states[held], amplitudes[:, held]


def _ground_of(matrices: Array) -> tuple[Array, Array]:
    """The one or two lowest energies (..., 2) and the lowest vectors (..., n)."""
    n = matrices.shape[-1]
    if n <= _LARGE_BLOCK:
        energies, vectors = np.linalg.eigh(matrices)
        return energies[..., :2], vectors[..., 0]
    from scipy.sparse.linalg import eigsh

    found = [eigsh(each, k=2, which="SA", v0=np.ones(n)) for each in matrices.reshape(-1, n, n)]
    order = [np.argsort(energies) for energies, _ in found]
    energies = np.stack([e[o] for (e, _), o in zip(found, order, strict=True)])
    vectors = np.stack([v[:, o[0]] for (_, v), o in zip(found, order, strict=True)])
    return energies.reshape(*matrices.shape[:-2], 2), vectors.reshape(matrices.shape[:-1])


def lowest(ladders: Sequence[Ladder], count: int) -> Array:
    """The lowest energies of independent parts together, rising: (..., count), or all there are.

    Examples
    --------
    A qubit and three cells that share their excitations:

    >>> import numpy as np
    >>> from quantumbattery.charging.battery_hamiltonian import lowest
    >>> lowest([(np.array([0.0, 1.0]), np.ones(2)), (np.arange(4.0), np.array([1, 3, 3, 1]))], 6)
    array([0., 1., 1., 1., 1., 2.])
    """
    sums = np.zeros(1)
    for energies, degeneracy in ladders:
        own = _expanded(energies, degeneracy, count)
        both = (sums[..., :, None] + own[..., None, :]).reshape(
            *np.broadcast_shapes(sums.shape[:-1], own.shape[:-1]), -1
        )
        sums = np.sort(both, axis=-1)[..., :count]
    return sums


def highest(ladders: Sequence[Ladder], count: int) -> Array:
    """The highest energies of independent parts together, falling; as `lowest`."""
    return -lowest([(-energies, degeneracy) for energies, degeneracy in ladders], count)


def _expanded(energies: Array, degeneracy: Array, count: int) -> Array:
    """The lowest energies of one part, each as often as it is degenerate."""
    order = np.argsort(energies, axis=-1, kind="stable")
    until = np.cumsum(np.minimum(degeneracy, count)[order], axis=-1)
    number = int(min(count, degeneracy.sum()))
    if (until == until.reshape(-1, until.shape[-1])[0]).all():  # the same order everywhere
        level = np.searchsorted(until.reshape(-1, until.shape[-1])[0], np.arange(number), "right")
        level = np.broadcast_to(level, (*until.shape[:-1], number))
    else:
        level = (until[..., None, :] <= np.arange(number)[:, None]).sum(axis=-1)
    expanded: Array = np.take_along_axis(np.take_along_axis(energies, order, -1), level, -1)
    return expanded
