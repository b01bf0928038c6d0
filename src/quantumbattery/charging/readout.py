"""From the state of a system to the figures of merit of its battery, over a whole batch.

The definitions are those of `quantumbattery.merit`; here the passive and the active energy come
from as many eigenvalues as the state has, and as many levels of the battery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery
from quantumbattery.charging.further_measures import Further
from quantumbattery.charging.reduced_energies import (
    energy_variance,
    matrix,
    mean_energy,
    of_cell,
    of_two_levels,
    passive_and_active,
    qubit,
)
from quantumbattery.merit.correlations import concurrence
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Qubit
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.measures import FURTHER, MEASURES
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
    if [type(sites[name]) for name in network.battery] != [Qubit]:
        left_out |= set(QUBIT_MEASURES)
    if [type(sites[n]) for n in network.charger + network.battery] != [Qubit, Qubit]:
        left_out |= {"concurrence"}
    return tuple(name for name in MEASURES if name not in left_out)


def needed(chosen: Iterable[str]) -> set[str]:
    """The measures chosen, and those of which a power is the gain."""
    wanted = set(chosen)
    return wanted | {POWERS[name] for name in wanted & set(POWERS)}


def one_qubit(network: Network) -> bool:
    """Whether the battery is one qubit: population and coherence then say everything.

    Not where an interaction that is always on acts on it alone: its Hamiltonian is then another.
    """
    qubit = [type(network.sites[name]) for name in network.battery] == [Qubit]
    return qubit and not _own_interactions(network)


def _own_interactions(network: Network) -> bool:
    """Whether interactions that are always on are part of the battery's Hamiltonian."""
    own = (each for each in network.interactions if each.always)
    return any({*each.ends} <= {*network.battery} for each in own)


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
    def battery(self) -> Part:
        """The battery's state."""
        return part_of(self.split, self.state)

    @cached_property
    def further(self) -> Further:
        """What is read when it is asked for by name."""
        single = one_qubit(self.network)
        return Further(self.network, self.reach, self.state, self.battery, single)

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
            found = _qubit_columns(wanted, self.battery, states, battery, into)
        else:
            populations = self.battery.populations(states)
            found = {"energy": mean_energy(self.battery, states, populations, battery)}
            if "energy_variance" in wanted:
                variance = energy_variance(self.battery, states, populations, battery)
                found["energy_variance"] = variance
            if wanted & set(_DIFFERENCES):
                both = self._passive_and_active(states, battery)
                found |= _work(wanted, found["energy"], *both, into)
            if wanted & set(QUBIT_MEASURES):
                p, corner = qubit(self.battery, states)
                found |= {"population": p, "population_inversion": p - 0.5}
                found["coherence"] = np.abs(corner)
        for name in wanted & set(POWERS):
            gain = found[POWERS[name]]
            gain = gain - held[POWERS[name]] if held else gain
            found[name] = np.multiply(gain, rate, out=into.get(name))
        if "concurrence" in wanted:
            found["concurrence"] = _entanglement(self.further.joint, states)
        for name in wanted & FURTHER.keys():
            found[name] = self.further.read(name, states, battery)
        for name, column in into.items():
            if found[name] is not column:
                column[...] = found[name]
        return {name: found[name] for name in chosen}

    def largest(self, chosen: Iterable[str]) -> int:
        """How many numbers one state takes while it is read."""
        work = not one_qubit(self.network) and bool(needed(chosen) & set(_DIFFERENCES))
        return max(self.battery.largest if work else 1, self.further.largest(set(chosen)))

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
        if [type(site) for site in each] != [Qubit] or _own_interactions(self.network):
            return False
        levels = self.split.levels[:, 0].astype(np.int64)
        # One of many qubits is coherent where the levels of all of them, m and m + 1, are.
        sets = (levels[states] for states in self.battery.coherent)
        return not any(np.isin(each + 1, each).any() for each in sets)

    def _passive_and_active(self, states: Array, battery: Battery) -> tuple[Array, Array]:
        if battery.extraction == "local":
            alone = zip(battery.cells, self.further.cells, strict=True)
            each = [of_cell(cell, part, states) for cell, part in alone]
            passive, active = (np.sum(parts, axis=0) for parts in zip(*each, strict=True))
            return passive, active
        eigenvalues = self.battery.eigenvalues(states)
        return passive_and_active(eigenvalues, *battery.extremes(eigenvalues.shape[-1]))


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


def _qubit_columns(
    wanted: set[str], part: Part, states: Array, battery: Battery, into: Mapping[str, Array]
) -> dict[str, Array]:
    """What population and coherence of a battery qubit say (paper, Eqs. 46-52)."""
    p, corner = qubit(part, states)
    gap = battery.cells[0].energies(2)[:, 1][:, None, None]
    found = {"energy": np.multiply(gap, p, out=into.get("energy")), "population": p}
    if "population_inversion" in wanted:
        found["population_inversion"] = p - 0.5
    if "coherence" in wanted:
        found["coherence"] = np.abs(corner)
    if "energy_variance" in wanted:
        found["energy_variance"] = gap**2 * (p * (1 - p))
    if wanted & set(_DIFFERENCES):
        found |= _work(wanted, found["energy"], *of_two_levels(p, corner, gap), into)
    return found


def _entanglement(two: Part, states: Array) -> Array:
    """The concurrence of two qubits; without weight on |11> it is 2 |rho_{01,10}| (Eq. 59)."""
    rho = matrix(two, states, (2, 2))
    if not rho[..., 3, 3].any():
        entangled: Array = np.minimum(2 * np.abs(rho[..., 1, 2]), 1.0)
        return entangled
    return concurrence.formula(rho)
