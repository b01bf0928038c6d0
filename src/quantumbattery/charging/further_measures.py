"""Measures that are worked out when they are asked for by name, each at the cost of what it needs.

Definitions are those of `quantumbattery.merit`, of the battery's reduced state and its Hamiltonian.
What coherence between energies gives is found by dropping it: the state of kets whose amplitudes
meet only within a level has the eigenvalues of the dephased one. Energies of the charger and of the
interactions are means of terms of the Hamiltonian, entanglement is in `entanglement`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery, Cell
from quantumbattery.charging.entanglement import Entanglement, entanglement, pure
from quantumbattery.charging.reduced_energies import (
    mean_energy,
    of_cell,
    of_two_levels,
    one_of,
    qubit,
)
from quantumbattery.charging.term_means import OF_TERMS, TermMean, elements_of
from quantumbattery.machine import allow
from quantumbattery.merit.correlations import entropy_of
from quantumbattery.merit.ergotropy import dephased
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.measures import FURTHER
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.states.reduced import Part, part_of
from quantumbattery.states.representation import Form

_BY_ENERGY = {"coherent_ergotropy", "incoherent_ergotropy"}
_BY_CELL = {"local_ergotropy", "locked_ergotropy"}
_OF_BATTERY = _BY_ENERGY | _BY_CELL | {"purity", "entropy"}
_WITH_CHARGER = {"charger_energy", "mutual_information", "negativity"}
_JOINT = {"concurrence", "mutual_information", "negativity"}


def check_further(network: Network, chosen: Iterable[str]) -> None:
    """Raise ValueError for one of these measures that makes no sense for a system."""
    always = [each.label for each in network.interactions if each.always]
    for name in chosen:
        if name in _WITH_CHARGER and not network.charger:
            raise ValueError(
                f"{name} makes no sense here: no site is a charger; name those that are, by "
                "charger=..., or ask for purity, entropy or interaction_energy"
            )
        if name in _BY_CELL and always:
            raise ValueError(
                f"{name} makes no sense here: {always[0]} is always on, and a cell has no energy "
                "of its own then; ask for ergotropy, coherent_ergotropy or incoherent_ergotropy, "
                "or let the interaction act only while charging"
            )


# --- what is looked at ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True)
class _Some(Bipartition):
    """Some sites of whose state a few elements are read."""

    keys: Array  # of their pairs of configurations

    def needed(self, row: Array, column: Array) -> Array:
        """Which elements of the joint density matrix are read."""
        needed: Array = np.isin(row * len(self.inside) + column, self.keys)
        return needed


def looked_at(
    network: Network, measures: Collection[str], reached: Reach, battery: Bipartition
) -> list[Bipartition]:
    """What is looked at: the battery's state, or also the charger's, and elements beside."""
    seen = [battery]
    if _JOINT & set(measures):
        seen = [Bipartition.of(reached, network.charger + network.battery)]
    for name in (name for name in OF_TERMS if name in measures):
        sites, mine = elements_of(network, reached, name)
        if len(mine):
            _check_constant(network, reached, name, mine)
            row, column = reached.hamiltonian.row[mine], reached.hamiltonian.column[mine]
            keys = [row * reached.size + column, column * reached.size + row]
            split = Bipartition.of(reached, sites)
            levels, inside, rest = split.levels, split.inside, split.rest
            seen.append(_Some(levels, inside, rest, keys=np.concatenate(keys)))
    return seen


def _check_constant(network: Network, reached: Reach, name: str, mine: Array) -> None:
    """Raise ValueError if a term whose mean is asked for changes in time."""
    terms = [k for k in np.unique(reached.hamiltonian.term[mine]) if k in reached.signals]
    if terms:
        link = network.interactions[int(reached.hamiltonian.origins[terms[0]])]
        raise ValueError(
            f"{name}, which the balance of strokes needs too, is known for interactions that are "
            f"constant while they are on, and {link.label} is shaped in time: ask system.expect "
            "for the mean of its matrix"
        )


# --- what is read --------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Further:
    """What turns states (g, c, T, entries) into these measures (g, c, T)."""

    network: Network
    reach: Reach
    state: Form
    battery: Part
    one_qubit: bool  # then nothing looks at the population of the ground state

    @cached_property
    def cells(self) -> list[Part]:
        """Every site of the battery by itself."""
        return [self._part([name]) for name in self.network.battery]

    @cached_property
    def joint(self) -> Part:
        """Charger and battery together."""
        return self._part(self.network.charger + self.network.battery)

    @cached_property
    def _charger(self) -> Part:
        return self._part(self.network.charger)

    @cached_property
    def _uncertain(self) -> list[Part]:
        """Charger and battery, and both together where these have an entropy."""
        return [self._charger, self.battery, *([] if pure(self.joint) else [self.joint])]

    @cached_property
    def _entangled(self) -> Entanglement:
        return entanglement(self.joint, len(self.network.charger))

    @cached_property
    def _means(self) -> dict[str, TermMean]:
        return {name: TermMean.of(self.network, self.reach, self.state, name) for name in OF_TERMS}

    def _part(self, sites: Iterable[str]) -> Part:
        return part_of(Bipartition.of(self.reach, list(sites)), self.state)

    def prepared(
        self, chosen: Collection[str], battery: Battery, numbers: Array, limit: float
    ) -> Battery:
        """The battery with all other numbers that these measures need, if there is room.

        ValueError if one state takes more than the limit, in GiB, while it is read.
        """
        if not FURTHER.keys() & set(chosen):
            return battery
        if "negativity" in chosen and not pure(self.joint):
            joint = sum(len(states) ** 2 for states in self.joint.coherent)
            allow("elements of the state of charger and battery", joint, 64, limit)
        allow("numbers by which one state is read", self.largest(chosen), 64, limit)
        means = {n: self._means[n].weights(numbers) for n in OF_TERMS if n in chosen}
        return replace(battery, means=means)

    def largest(self, chosen: Collection[str]) -> int:
        """How many numbers one state takes while it is read."""
        asked, sizes = set(chosen), [1]
        interacting = any(each.always for each in self.network.interactions)
        if asked & _OF_BATTERY and not self.one_qubit:
            sizes.append(self.battery.largest)
        if asked & _BY_ENERGY and interacting:
            sizes.append(len(self.battery.split.levels) ** 2)
        if "mutual_information" in asked:
            sizes += [part.largest for part in self._uncertain]
        if "negativity" in asked:
            sizes.append(self._entangled.largest)
        sizes += [self._means[name].largest for name in OF_TERMS if name in asked]
        return max(sizes)

    def read(self, name: str, states: Array, battery: Battery) -> Array:
        """A measure by its name."""
        return _READERS[name](self, states, battery)

    # Each of the following takes states and a battery for the same g.

    def coherent_ergotropy(self, states: Array, battery: Battery) -> Array:
        """What dropping the coherence between energies takes from the ergotropy."""
        if self.one_qubit:
            p, corner = qubit(self.battery, states)
            inversion, square = np.abs(p - 0.5), corner.real**2 + corner.imag**2
            total = np.sqrt(inversion**2 + square) + inversion
            gain = np.divide(square, total, out=np.zeros_like(total), where=total > 0)
            return np.asarray(_gap(battery) * gain)
        lost = self._passive_dephased(states, battery) - self._passive(states, battery)
        coherent: Array = np.maximum(lost, 0.0)
        return coherent

    def incoherent_ergotropy(self, states: Array, battery: Battery) -> Array:
        """The ergotropy of the state without coherence between energies."""
        if self.one_qubit:
            p, _ = qubit(self.battery, states)
            return np.asarray(_gap(battery) * np.maximum(2 * p - 1, 0.0))
        return self._above(states, battery, self._passive_dephased(states, battery))

    def local_ergotropy(self, states: Array, battery: Battery) -> Array:
        """The sum of what cells have alone."""
        if self.one_qubit:
            p, corner = qubit(self.battery, states)
            passive, _ = of_two_levels(p, corner, _gap(battery))
            return np.asarray(np.maximum(_gap(battery) * p - passive, 0.0))
        return self._above(states, battery, self._passive_of_cells(states, battery))

    def locked_ergotropy(self, states: Array, battery: Battery) -> Array:
        """What only unitaries on all cells have."""
        if self.one_qubit:
            return np.zeros(states.shape[:-1])
        globally = replace(battery, extraction="global")
        alone = self._passive_of_cells(states, battery)
        locked: Array = np.maximum(alone - self._passive(states, globally), 0.0)
        return locked

    def purity(self, states: Array, battery: Battery) -> Array:  # noqa: ARG002
        """Tr rho^2."""
        if self.one_qubit:
            p, corner = qubit(self.battery, states)
            return np.asarray(1 - 2 * (p * (1 - p) - corner.real**2 - corner.imag**2))
        return np.asarray((self.battery.eigenvalues(states) ** 2).sum(axis=-1))

    def entropy(self, states: Array, battery: Battery) -> Array:  # noqa: ARG002
        """-Tr rho log rho."""
        if self.one_qubit:
            both = of_two_levels(*qubit(self.battery, states), np.ones(1))
            return entropy_of(np.stack(both, axis=-1))
        return entropy_of(self.battery.eigenvalues(states))

    def mutual_information(self, states: Array, battery: Battery) -> Array:  # noqa: ARG002
        """S(charger) + S(battery) - S(both)."""
        one, two, *both = (entropy_of(part.eigenvalues(states)) for part in self._uncertain)
        shared: Array = np.maximum(one + two - sum(both), 0.0)
        return shared

    def negativity(self, states: Array, battery: Battery) -> Array:  # noqa: ARG002
        """Of the partial transpose."""
        return self._entangled.negativity(states)

    def charger_energy(self, states: Array, battery: Battery) -> Array:
        """The mean of the charger sites' own energies."""
        return self._means["charger_energy"](states, battery.means["charger_energy"])

    def interaction_energy(self, states: Array, battery: Battery) -> Array:
        """The mean of the interactions that are on only while charging."""
        return self._means["interaction_energy"](states, battery.means["interaction_energy"])

    # --- passive energies

    def _above(self, states: Array, battery: Battery, passive: Array) -> Array:
        populations = self.battery.populations(states)
        energy = mean_energy(self.battery, states, populations, battery)
        work: Array = np.maximum(energy - passive, 0.0)
        return work

    def _passive(self, states: Array, battery: Battery) -> Array:
        if battery.extraction == "local":
            return self._passive_of_cells(states, battery)
        found = self.battery.eigenvalues(states)
        return _ordered(found, battery.extremes(found.shape[-1])[0])

    def _passive_of_cells(self, states: Array, battery: Battery) -> Array:
        alone = zip(battery.cells, self.cells, strict=True)
        return np.asarray(sum(of_cell(cell, part, states)[0] for cell, part in alone))

    def _passive_dephased(self, states: Array, battery: Battery) -> Array:
        """Without coherence between energies: of all cells, or cell by cell."""
        if battery.extraction == "local":
            alone = zip(battery.cells, self.cells, strict=True)
            return np.asarray(sum(self._cell_dephased(cell, part, states) for cell, part in alone))
        if battery.whole is not None:
            found = _dephased_spectrum(self.battery, states, battery)
            return _ordered(found, battery.extremes(found.shape[-1])[0])

        def low(mine: slice | Array, count: int) -> Array:
            return battery.select(mine).extremes(count)[0]

        return self._dephased(self.battery, states, battery.energies, low)

    def _cell_dephased(self, cell: Cell, part: Part, states: Array) -> Array:
        if isinstance(cell.site, Ensemble):
            d = cell.site.cell.dimension
            e = cell.one.energies(d)
            basis = np.argsort(e, axis=-1, kind="stable")[:, None, :] == np.arange(d)[:, None]
            e = np.sort(e, axis=-1)
            rho = one_of(cell.site, part, states)
            apart = dephased(rho, e[:, None, None], basis[:, None, None].astype(float))
            values = np.maximum(np.linalg.eigvalsh(apart), 0.0)[..., ::-1]
            return cell.site.number * _ordered(values, e)
        levels = part.split.levels[:, 0]
        energies = cell.energies(cell.site.dimension or int(levels.max()) + 1)[:, levels]

        def low(mine: slice | Array, count: int) -> Array:
            return cell.select(mine).extremes(count, count)[0]

        return self._dephased(part, states, energies, low)

    def _dephased(
        self,
        part: Part,
        states: Array,
        energies: Array,
        low: Callable[[slice | Array, int], Array],
    ) -> Array:
        """With energies (g or 1, states) on the diagonal; members that share levels together."""
        kinds, which = np.unique(_levels(energies), axis=0, return_inverse=True)
        passive = np.empty(states.shape[:-1])
        for k, kind in enumerate(kinds):
            mine = np.flatnonzero(which.ravel() == k) if len(kinds) > 1 else slice(None)
            found = self._without_coherence(part, kind).eigenvalues(states[mine])
            passive[mine] = _ordered(found, low(mine, found.shape[-1]))
        return passive

    @cached_property
    def _dropped(self) -> dict[tuple[int, bytes], Part]:
        return {}

    def _without_coherence(self, part: Part, level: Array) -> Part:
        key = id(part), level.tobytes()
        if key not in self._dropped:
            self._dropped[key] = part_of(part.split, self.state, level)
        return self._dropped[key]


_READERS: Mapping[str, Callable[[Further, Array, Battery], Array]] = {
    name: getattr(Further, name) for name in FURTHER
}


# --- in arrays -----------------------------------------------------------------------------------


def _gap(battery: Battery) -> Array:
    """Of a battery of one qubit, (g or 1, 1, 1)."""
    return battery.cells[0].energies(2)[:, 1][:, None, None]


def _ordered(eigenvalues: Array, low: Array) -> Array:
    """The energy of eigenvalues (g, c, T, n), falling, on levels (g or 1, n or fewer), rising."""
    ordered: Array = np.matmul(eigenvalues[..., : low.shape[-1]], low[:, None, :, None])[..., 0]
    return ordered


def _levels(energies: Array) -> Array:
    """Which states (g, states) share an energy, but for rounding: the number of the first one."""
    members, n = energies.shape
    order = np.argsort(energies, axis=-1, kind="stable")
    rising = np.take_along_axis(energies, order, axis=-1)
    closest = 64 * n * np.finfo(float).eps * np.abs(energies).max(axis=-1, keepdims=True)
    level = np.cumsum(np.diff(rising, prepend=rising[:, :1]) > closest, axis=-1)
    level += n * np.arange(members)[:, None]
    first = np.full(members * n, n)
    np.minimum.at(first, level, order)
    found = np.empty_like(order)
    np.put_along_axis(found, order, first[level], axis=-1)
    return found


def _dephased_spectrum(part: Part, states: Array, battery: Battery) -> Array:
    """Eigenvalues, falling, without coherence between energies; of a battery that interacts."""
    n = len(battery.states)
    every = np.arange(n)
    rho = part.elements(states, np.repeat(every, n), np.tile(every, n))
    h = np.zeros((len(battery.value), n, n), dtype=battery.value.dtype)
    h[:, every, every] = battery.energies
    h[:, battery.row, battery.column] = battery.value
    e, basis = np.linalg.eigh(h)
    apart = dephased(rho.reshape(*rho.shape[:-1], n, n), e[:, None, None], basis[:, None, None])
    found: Array = np.maximum(np.linalg.eigvalsh(apart), 0.0)[..., ::-1]
    return found
