"""How short of any work a battery is, where its state has none.

Without coherence between its energies a state is passive if no population is above one of a lower
energy. Swap the state of largest population at one energy with that of the smallest at the energy
below: what comes out, the difference of both energies times that of the populations, is the mean of
an operator, as is what any other unitary takes out. The largest of all these swaps, with local
extraction of those of all cells, is negative where there is no work, and says by how much. With the
work itself where that is positive it is continuous, and bends no more than the work does: where
both are 0, the swaps go on below the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.reduced import Part

_NEAR = 1e-6  # of the highest energy: more work than this is no rounding


@dataclass(frozen=True, eq=False)
class Swaps:
    """Of what has no coherence between its energies, and of which no lower state is left out.

    A state that is never reached, below one that is, would make work of the least population.
    """

    part: Part  # the state of the battery, or of a cell
    levels: tuple[Array, ...]  # its states at each energy, rising
    sets: tuple[tuple[Array, ...], ...]  # at each energy, which of them may be coherent
    cell: int | None  # its number; None for the whole battery

    @classmethod
    def of(cls, part: Part, battery: Battery, cell: int | None) -> Swaps | None:
        """None if the work is not told by swaps; the battery is that of the whole batch."""
        energies = _energies(part, battery, cell)
        order = np.argsort(energies[0], kind="stable")
        rising = energies[:, order]
        if cell is None:
            low, _ = battery.extremes(len(order))
        else:
            low, _ = battery.cells[cell].extremes(len(order), len(order))
        steps = np.diff(rising, axis=1)
        same = (steps > 0) == (steps[:1] > 0)
        if low.shape[-1] != len(order) or (rising != low).any() or not same.all():
            return None
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.concatenate([[0], np.cumsum(steps[0] > 0)])
        if any(np.ptp(number[states]) for states in part.coherent):
            return None
        levels = [np.flatnonzero(number == k) for k in range(int(number.max()) + 1)]
        sets = (
            tuple(states for states in part.coherent if number[states[0]] == k)
            for k in range(len(levels))
        )
        return cls(part, tuple(levels), tuple(sets), cell)

    def largest(self, states: Array, battery: Battery) -> Array:
        """What the best swap takes out (g, c, T), negative where it puts in; -inf without any."""
        populations, energies = (
            self.part.populations(states),
            _energies(self.part, battery, self.cell),
        )
        most = np.full(populations.shape[:-1], -np.inf)
        below: tuple[Array, Array] | None = None
        for level in range(len(self.levels)):
            least, highest = self._extremes(level, populations, states)
            energy = energies[:, self.levels[level][0]][:, None, None]
            if below is not None:
                np.maximum(most, (energy - below[0]) * (highest - below[1]), out=most)
            below = energy, least
        return most

    def _extremes(self, level: int, populations: Array, states: Array) -> tuple[Array, Array]:
        """The smallest and the largest eigenvalue (g, c, T) of the state at one energy."""
        alone = np.setdiff1d(self.levels[level], [k for each in self.sets[level] for k in each])
        values = [populations[..., alone]]
        for those in self.sets[level]:
            n = len(those)
            block = self.part.elements(states, np.repeat(those, n), np.tile(those, n))
            values.append(np.linalg.eigvalsh(block.reshape(*block.shape[:-1], n, n)))
        every = np.concatenate(values, axis=-1)
        return every.min(axis=-1), every.max(axis=-1)


def swaps_of(whole: Part, cells: Sequence[Part], battery: Battery) -> tuple[Swaps, ...]:
    """Those that tell how short of work a battery is, by its state or by those of its cells.

    None at all if not all its work is told by them.
    """
    if len(battery.row):
        return ()
    if battery.extraction != "local":
        found = [Swaps.of(whole, battery, None)]
    elif any(isinstance(cell.site, Ensemble) for cell in battery.cells):
        return ()
    else:
        found = [Swaps.of(part, battery, k) for k, part in enumerate(cells)]
    every = [each for each in found if each is not None]
    return tuple(every) if len(every) == len(found) else ()


def signed(work: Array, swaps: Sequence[Swaps], states: Array, battery: Battery) -> Array:
    """Work (g, c, T); where there is none, what the best of all swaps takes out instead."""
    highest = battery.energies.max(axis=1)[:, None, None]
    if (work > _NEAR * highest).all():
        return work
    most = np.max([each.largest(states, battery) for each in swaps], axis=0)
    return np.where((most > 0) | np.isneginf(most), work, most)


def _energies(part: Part, battery: Battery, cell: int | None) -> Array:
    """Those of all states of a part, (g or 1, states)."""
    if cell is None:
        return battery.energies
    levels = part.split.levels[:, 0].astype(np.int64)
    return battery.cells[cell].energies(int(levels.max()) + 1)[:, levels]
