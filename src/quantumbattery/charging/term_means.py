"""Mean energies of some terms of the Hamiltonian: the charger's own, and the interactions'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.batch import Batch
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.reach.sparse import Sums
from quantumbattery.states.reduced import Part, part_of
from quantumbattery.states.representation import Form

OF_TERMS = ("charger_energy", "interaction_energy")


def elements_of(network: Network, reached: Reach, name: str) -> tuple[tuple[str, ...], Array]:
    """The sites that the terms of a measure act on, and which elements of the Hamiltonian they are.

    The frame that turns with drives leaves both as they are: interactions stand still in it.
    """
    links = {k: each.ends for k, each in enumerate(network.interactions) if not each.always}
    own: dict[str | int, tuple[str, ...]] = {name: (name,) for name in network.charger}
    chosen = own if name == "charger_energy" else links
    sites = tuple(dict.fromkeys(site for ends in chosen.values() for site in ends))
    mine = np.array([origin in chosen for origin in reached.hamiltonian.origins], dtype=bool)
    return sites, np.flatnonzero(mine[reached.hamiltonian.term])


@dataclass(frozen=True, eq=False)
class TermMean:
    """The mean of a sum of terms that act on some sites, from elements of the state of these."""

    part: Part | None  # None where there are no terms
    row: Array  # (pairs,) of states of those sites, of the upper triangle
    column: Array  # (pairs,)
    term: Array  # (elements,)
    pair: Array  # (elements,), which pair each adds to
    value: Array  # (elements,)

    @classmethod
    def of(cls, network: Network, reached: Reach, state: Form, name: str) -> TermMean:
        """Of one of `OF_TERMS`."""
        sites, mine = elements_of(network, reached, name)
        given, none = reached.hamiltonian, np.zeros(0, dtype=np.int64)
        if not len(mine):
            return cls(None, none, none, none, none, np.zeros(0))
        split = Bipartition.of(reached, sites)
        n, size = reached.size, len(split.levels)
        row, column = given.row[mine], given.column[mine]
        one, two = split.inside[row], split.inside[column]
        upper = np.flatnonzero(one <= two)
        mine, row, column = mine[upper], row[upper], column[upper]
        keys, pair = np.unique((one * size + two)[upper], return_inverse=True)
        # An element of these sites stands once for every state of the others: take their mean.
        first = np.unique(row * n + column, return_index=True)[1]
        often = np.bincount(pair[first], minlength=len(keys))
        one, two = np.divmod(keys, size)
        value = given.value[mine] / often[pair] * np.where(one < two, 2.0, 1.0)[pair]
        return cls(part_of(split, state), one, two, given.term[mine], pair, value)

    @property
    def largest(self) -> int:
        """How many numbers one state takes while it is read."""
        return max(1, len(self.term))

    def weights(self, numbers: Array) -> Array:
        """The matrix element of every pair, (g, pairs), for coefficients (g, terms)."""
        return Sums.to(self.pair, len(self.row))(numbers[:, self.term] * self.value)

    def __call__(self, states: Array, weights: Array) -> Array:
        """Means (g, c, T) in states (g, c, T, entries), for weights of the same g."""
        if self.part is None:
            return np.zeros(states.shape[:-1])
        elements = self.part.elements(states, self.column, self.row)
        mean: Array = np.matmul(elements, weights[:, None, :, None])[..., 0].real
        return mean


def switched_off(columns: Mapping[str, Array], axes: Batch) -> None:
    """Set to 0 the energy (g, c, T) of interactions that are off, after disconnection."""
    if axes.charged is not None and "interaction_energy" in columns:
        stored = axes.pairs(slice(None))[1]
        stored = stored[:, None] if stored.ndim > 1 else stored
        columns["interaction_energy"][...] *= stored <= 0
