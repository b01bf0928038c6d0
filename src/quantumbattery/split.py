"""Some of the sites, and the rest: how configurations are split between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.operators import Array
from quantumbattery.reached import Reach


@dataclass(frozen=True, eq=False)
class Split:
    """Every configuration as a state of some sites, and the rest.

    Attributes
    ----------
    levels : ndarray, shape (states, sites)
        The levels of those sites in each of their states that occurs.
    inside, rest : ndarray, shape (configurations,)
        Numbers of the state of those sites, and of the state of all others.
    ground : bool
        Whether anybody looks at the population of their ground state, which is what all others
        leave of 1; False for a qubit only, read by its excited population and coherence.
    """

    levels: Array
    inside: Array
    rest: Array
    ground: bool = True

    @classmethod
    def of(cls, reached: Reach, sites: Sequence[str]) -> Split:
        """Split at some sites, in the order in which they are named."""
        place = [reached.sites.index(name) for name in sites]
        others = [k for k in range(len(reached.sites)) if k not in place]
        levels, inside = _distinct(reached.configurations[:, place])
        return cls(levels, inside, _distinct(reached.configurations[:, others])[1])

    def needed(self, row: Array, column: Array) -> Array:
        """Which elements of the joint density matrix the reduced one adds up."""
        needed: Array = self.rest[row] == self.rest[column]
        if not self.ground:
            excited = (self.levels > 0).sum(axis=1)[self.inside] > 0
            needed &= excited[row] | excited[column]
        return needed


def _distinct(rows: Array) -> tuple[Array, Array]:
    """The different rows, and which of them each one is."""
    if not rows.shape[1]:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    if rows.shape[1] == 1:  # much faster than whole rows
        distinct, which = np.unique(rows[:, 0], return_inverse=True)
        return distinct[:, None], which
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    return distinct, which.reshape(-1)
