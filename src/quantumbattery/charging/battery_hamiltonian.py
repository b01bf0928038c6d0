"""The battery's own Hamiltonian: its energies where it can be, and those that order its levels.

It is the sum of its sites and of the interactions that are always on. Energy is counted from its
lowest level, which is at 0 by convention. Passive states need as many levels as the state has
eigenvalues other than zero, however many the battery has: 2^1000 of a thousand qubits, C(1000, m)
of them at m quanta. So degeneracies are counted, not listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from quantumbattery.charging.own_hamiltonian import Numbers, OwnHamiltonian
from quantumbattery.network.ensembles import Ensemble, degeneracies
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.quoted import quoted

Ladder: TypeAlias = tuple[Array, Array]
"""Energies (..., d) in any order, and how many states have each (d,)."""

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
    if not isinstance(extraction, str) or extraction not in EXTRACTIONS:
        kind = ValueError if isinstance(extraction, str) else TypeError
        raise kind(
            f"extraction is {quoted(extraction)}; choose global (any unitary on all cells), "
            "collective (on the symmetric ladder of an Ensemble) or local (cell by cell)"
        )
    always = [each.label for each in network.interactions if each.always]
    many = [n for n in network.battery if isinstance(network.sites[n], Ensemble)]
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


def check_levels(network: Network) -> None:
    """Raise ValueError if the energies of a battery depend on levels that are still chosen."""
    always = [each.label for each in network.interactions if each.always]
    free = [n for n in network.battery if network.sites[n].dimension is None]
    if always and free:
        raise ValueError(
            f"{always[0]} is always on, and the oscillator {free[0]!r} chooses its own levels: the "
            "energies of a battery with interactions depend on all its levels; give it levels=..."
        )


def battery(
    network: Network,
    levels: Mapping[str, int],
    states: Array,
    numbers: Numbers,
    extraction: str = "global",
    limit: float = 2.0,
    own: OwnHamiltonian | None = None,
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
    own : OwnHamiltonian, optional
        What is known of a battery with interactions already.
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
    own = own or OwnHamiltonian.of(network, levels, numbers, limit)
    whole, (energies, row, column, value) = own.energies, own.between(states)
    bottom = whole[:, :1]
    above = energies - bottom, row, column, value, whole - bottom
    return Battery(cells, extraction, states, *above, given)


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
