"""From the state of a system to the figures of merit of its battery, over a whole batch.

The definitions are those of `quantumbattery.merit`; here the passive and the active energy come
from as many eigenvalues as the state has, and as many levels of the battery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery, Cell
from quantumbattery.merit.correlations import concurrence
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Qubit
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.measures import MEASURES
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.states.reduced import Part, part_of
from quantumbattery.states.representation import Form

QUBIT_MEASURES = ("population", "population_inversion", "coherence")
POWERS = {
    "power": "energy",
    "passive_power": "passive_energy",
    "ergotropic_power": "ergotropy",
}


def available(network: Network) -> tuple[str, ...]:
    """The measures that make sense for a system's battery."""
    left_out: set[str] = set()
    sites = network.sites
    if not one_qubit(network):
        left_out |= set(QUBIT_MEASURES)
    if [type(sites[n]) for n in network.charger + network.battery] != [Qubit, Qubit]:
        left_out |= {"concurrence"}
    return tuple(name for name in MEASURES if name not in left_out)


def needed(chosen: Iterable[str]) -> set[str]:
    """The measures chosen, and those of which a power is the gain."""
    wanted = set(chosen)
    return wanted | {POWERS[name] for name in wanted & set(POWERS)}


def one_qubit(network: Network) -> bool:
    """Whether the battery is one qubit: population and coherence then say everything."""
    return [type(network.sites[name]) for name in network.battery] == [Qubit]


@dataclass(frozen=True, eq=False)
class Readout:
    """What turns states into figures of merit, with all that does not depend on numbers.

    Of a battery of one qubit the state may lack the population of the ground state
    (`Bipartition.ground`): nothing here looks at it.
    """

    network: Network
    reach: Reach
    state: Form
    split: Bipartition

    @cached_property
    def _battery(self) -> Part:
        return part_of(self.split, self.state)

    @cached_property
    def _cells(self) -> list[Part]:
        """Every site of the battery by itself."""
        sites = self.network.battery
        return [part_of(Bipartition.of(self.reach, [name]), self.state) for name in sites]

    @cached_property
    def _two(self) -> Part:
        """Charger and battery together."""
        sites = self.network.charger + self.network.battery
        return part_of(Bipartition.of(self.reach, sites), self.state)

    def columns(
        self,
        chosen: Iterable[str],
        states: Array,
        battery: Battery,
        rate: Array,
        out: Mapping[str, Array] | None = None,
        held: Mapping[str, Array] | None = None,
    ) -> dict[str, Array]:
        """Figures of merit by name, each (g, c, T).

        Parameters
        ----------
        chosen : iterable of str
        states : ndarray, shape (g, c, T, entries)
            Amplitudes, or elements of the density matrix.
        battery : Battery
            For the same g.
        rate : ndarray, shape (T,) or (g, 1, T)
            1/t, and 0 at t = 0.
        out : dict of str to ndarray, shape (g, c, T), optional
            Where they are written, all those chosen.
        held : dict of str to ndarray, shape (g, c, 1), optional
            What the battery held at t = 0, if it was not empty: a power is a gain over time.
        """
        wanted, into = needed(chosen), out or {}
        if one_qubit(self.network):
            found = _qubit_columns(wanted, self._battery, states, battery, into)
        else:
            populations = self._battery.populations(states)
            found = {"energy": _energy(self._battery, states, populations, battery)}
            if "energy_variance" in wanted:
                variance = _variance(self._battery, states, populations, battery)
                found["energy_variance"] = variance
            if wanted & set(_DIFFERENCES):
                both = self._passive_and_active(states, battery)
                found |= _work(wanted, found["energy"], *both, into)
        for name in wanted & set(POWERS):
            gain = found[POWERS[name]]
            gain = gain - held[POWERS[name]] if held else gain
            found[name] = np.multiply(gain, rate, out=into.get(name))
        if "concurrence" in wanted:
            found["concurrence"] = _entanglement(self._two, states)
        for name, column in into.items():
            if found[name] is not column:
                column[...] = found[name]
        return {name: found[name] for name in chosen}

    def largest(self, chosen: Iterable[str]) -> int:
        """How many numbers one state takes while it is read."""
        work = not one_qubit(self.network) and bool(needed(chosen) & set(_DIFFERENCES))
        return self._battery.largest if work else 1

    def two_levels(self, extraction: str) -> bool:
        """Whether ergotropy is 2 E - E_max, or 0 where that is negative, E_max the highest energy.

        So it is of what has two levels and never a coherence between them: a battery of one site,
        or with local extraction each cell of an `Ensemble` that is the battery.
        """
        sites = [self.network.sites[name] for name in self.network.battery]
        each = [
            site.cell
            if isinstance(site, Ensemble) and (extraction == "local" or site.number == 1)
            else site
            for site in sites
        ]
        if [type(site) for site in each] != [Qubit]:
            return False
        levels = self.split.levels[:, 0].astype(np.int64)
        # One of many qubits is coherent where the levels of all of them, m and m + 1, are.
        sets = (levels[states] for states in self._battery.coherent)
        return not any(np.isin(each + 1, each).any() for each in sets)

    def _passive_and_active(self, states: Array, battery: Battery) -> tuple[Array, Array]:
        if battery.extraction == "local":
            alone = zip(battery.cells, self._cells, strict=True)
            each = [_of_cell(cell, part, states) for cell, part in alone]
            passive, active = (np.sum(parts, axis=0) for parts in zip(*each, strict=True))
            return passive, active
        eigenvalues = self._battery.eigenvalues(states)
        return _of_spectrum(eigenvalues, *battery.extremes(eigenvalues.shape[-1]))


_DIFFERENCES: dict[str, tuple[str, str | None]] = {  # which energy, minus which other
    "passive_energy": ("passive", None),
    "active_energy": ("active", None),
    "ergotropy": ("energy", "passive"),
    "antiergotropy": ("energy", "active"),
    "capacity": ("active", "passive"),
}


def _work(
    wanted: set[str], energy: Array, passive: Array, active: Array, into: Mapping[str, Array]
) -> dict[str, Array]:
    """What unitaries can do, without rounding that takes one energy past another.

    Passive and active energies are written over: what costs time here is memory.
    """
    given = {"energy": energy, "passive": np.minimum(passive, energy, out=passive)}
    given["active"] = np.maximum(active, energy, out=active)
    found = {}
    for name, (one, other) in _DIFFERENCES.items():
        if name in wanted:
            own = given[one]
            found[name] = own if other is None else np.subtract(own, given[other], into.get(name))
    return found


def _energy(part: Part, states: Array, populations: Array, battery: Battery) -> Array:
    energy = np.matmul(populations, battery.energies[:, None, :, None])[..., 0]
    if len(battery.row):
        corners = part.elements(states, battery.column, battery.row)
        energy = energy + (corners * battery.value[:, None, None]).sum(axis=-1).real
    positive: Array = np.maximum(energy, 0.0)
    return positive


def _variance(part: Part, states: Array, populations: Array, battery: Battery) -> Array:
    """Tr(H^2 rho) - Tr(H rho)^2 as the mean of (H - E)^2."""
    mean = _energy(part, states, populations, battery)[..., None]
    spread = (battery.energies[:, None, None] - mean) ** 2
    variance: Array = (populations * spread).sum(axis=-1)
    if len(battery.row):
        # With H = D + V: (H - E)^2 = (D - E)^2 + (D - E) V + V (D - E) + V^2.
        row, column, square = _square(battery)
        corners = part.elements(states, column, row)
        variance = variance + (corners * square[:, None, None]).sum(axis=-1).real
        corners = part.elements(states, battery.column, battery.row) * battery.value[:, None, None]
        both = battery.energies[:, battery.row] + battery.energies[:, battery.column]
        variance = variance + (corners * (both[:, None, None] - 2 * mean)).sum(-1).real
    variance = np.maximum(variance, 0.0)
    return variance


def _square(battery: Battery) -> tuple[Array, Array, Array]:
    """V^2 of the part V beside the diagonal: rows, columns and values (g, entries)."""
    from scipy.sparse import csr_array

    g, n = len(battery.value), len(battery.states)
    shift = n * np.arange(g)[:, None]
    places = ((battery.row + shift).ravel(), (battery.column + shift).ravel())
    every = csr_array((battery.value.ravel(), places), shape=(g * n, g * n))  # members apart
    found = (every @ every).tocoo()
    member, row = np.divmod(found.coords[0], n)
    keys, which = np.unique(row * n + found.coords[1] % n, return_inverse=True)
    square = np.zeros((g, len(keys)), dtype=found.dtype)
    square[member, which] = found.data
    return *np.divmod(keys, n), square


def _of_spectrum(eigenvalues: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Passive and active energy: eigenvalues, falling, on the levels from below and from above."""
    inside = eigenvalues[..., : low.shape[-1]]
    passive = np.matmul(inside, low[:, None, :, None])[..., 0]
    if np.isinf(high).any():
        return passive, np.full_like(passive, np.inf)
    return passive, np.matmul(inside, high[:, None, :, None])[..., 0]


def _qubit_columns(
    wanted: set[str], part: Part, states: Array, battery: Battery, into: Mapping[str, Array]
) -> dict[str, Array]:
    """What population and coherence of a battery qubit say (paper, Eqs. 46-52)."""
    p, corner = _qubit(part, states)
    gap = battery.cells[0].energies(2)[:, 1][:, None, None]
    found = {"energy": np.multiply(gap, p, out=into.get("energy")), "population": p}
    if "population_inversion" in wanted:
        found["population_inversion"] = p - 0.5
    if "coherence" in wanted:
        found["coherence"] = np.abs(corner)
    if "energy_variance" in wanted:
        found["energy_variance"] = gap**2 * (p * (1 - p))
    if wanted & set(_DIFFERENCES):
        found |= _work(wanted, found["energy"], *_two_levels(p, corner, gap), into)
    return found


def _two_levels(p: Array, corner: Array, gap: Array) -> tuple[Array, Array]:
    # 1/2 - r is (p (1 - p) - C^2) / (1/2 + r), without loss of digits for p near 0 and near 1.
    # In place, for memory's sake.
    squared = np.square(corner.real)
    squared += np.square(corner.imag)
    passive = 1 - p
    passive *= p
    passive -= squared
    active = p - 0.5
    active *= active
    active += squared
    np.sqrt(active, out=active)
    active += 0.5
    passive /= active
    np.maximum(passive, 0.0, out=passive)
    np.minimum(active, 1.0, out=active)
    passive *= gap
    active *= gap
    return passive, active


def _of_cell(cell: Cell, part: Part, states: Array) -> tuple[Array, Array]:
    """Passive and active energy of one site, an ensemble cell by cell."""
    site = cell.site
    if isinstance(site, Ensemble):
        d, number = site.cell.dimension, site.number
        rho = _one_of(site, part, states)
    elif isinstance(site, Qubit):
        d, number = 2, 1
        rho = _matrix(part, states, (2,))
    else:
        found = part.eigenvalues(states)
        return _of_spectrum(found, *cell.extremes(found.shape[-1], len(part.split.levels)))
    energies = cell.one.energies(d)
    if d == 2 and not energies[:, 0].any():  # level 1 is the upper one
        passive, active = _two_levels(
            rho[..., 1, 1].real, rho[..., 1, 0], energies[:, 1][:, None, None]
        )
    else:
        values = np.maximum(np.linalg.eigvalsh(rho), 0.0)[..., ::-1]
        ordered = np.sort(energies, axis=-1)
        passive = np.matmul(values, ordered[:, None, :, None])[..., 0]
        active = np.matmul(values, ordered[:, None, ::-1, None])[..., 0]
    return number * passive, number * active


def _one_of(site: Ensemble, part: Part, states: Array) -> Array:
    """The density matrix (..., d, d) of one of the cells that share a symmetric state.

    Element j, k is the mean of the sum over cells of |k><j|, over N; on the ladder that takes a
    cell from level j to level k: sqrt(n_j (n_k + 1)), or n_j where they are equal.
    """
    d, levels = site.cell.dimension, part.split.levels[:, 0]
    here = site.occupations[levels]
    place = {tuple(row): k for k, row in enumerate(here.tolist())}
    populations = part.populations(states)
    rho = np.zeros((*populations.shape[:-1], d, d), dtype=complex)
    for j in range(d):
        rho[..., j, j] = populations @ here[:, j]
        for k in range(j):
            after = here.copy()
            after[:, j] -= 1
            after[:, k] += 1
            target = np.array([place.get(tuple(row), -1) for row in after.tolist()])
            source = np.flatnonzero(target >= 0)
            if len(source):
                weight = np.sqrt(here[source, j] * (here[source, k] + 1.0))
                corners = part.elements(states, source, target[source])
                rho[..., j, k] = corners @ weight
                rho[..., k, j] = rho[..., j, k].conj()
    rho /= site.number
    return rho


def _qubit(part: Part, states: Array) -> tuple[Array, Array]:
    """Excited population, within [0, 1], and coherence of a qubit."""
    level = np.full(2, -1)
    level[part.split.levels[:, 0]] = np.arange(len(part.split.levels))
    zero = np.zeros(states.shape[:-1])
    if level[1] < 0:
        return zero, zero
    if level[0] < 0:
        return zero + 1.0, zero
    p = part.populations(states)[..., level[1]]
    return np.clip(p, 0.0, 1.0, out=p), part.elements(states, level[1:], level[:1])[..., 0]


def _entanglement(two: Part, states: Array) -> Array:
    """The concurrence of two qubits; without weight on |11> it is 2 |rho_{01,10}| (Eq. 59)."""
    rho = _matrix(two, states, (2, 2))
    if not rho[..., 3, 3].any():
        entangled: Array = np.minimum(2 * np.abs(rho[..., 1, 2]), 1.0)
        return entangled
    return concurrence.formula(rho)


def _matrix(part: Part, states: Array, levels: tuple[int, ...]) -> Array:
    """The density matrix (..., d, d) of sites with few levels."""
    where = part.split.levels @ np.cumprod([1, *levels[:0:-1]])[::-1]
    n, d = len(where), int(np.prod(levels))
    row, column = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    elements = part.elements(states, row, column)
    rho = np.zeros((*elements.shape[:-1], d, d), dtype=elements.dtype)
    rho[..., where[row], where[column]] = elements
    return rho
