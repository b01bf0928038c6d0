"""What rounding takes of frequencies that all states have in common."""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Reach

_EPSILON = float(np.finfo(float).eps)
_LITTLE = 1e-7  # of a phase, which squared is nothing


def shared_phase(numbers: Array, reached: Reach, latest: float) -> float:
    """What rounding takes by frequencies that states have in common, as a part of a phase.

    Numbers are (g, terms). How states differ is known to so much of these frequencies alone.
    Squared: figures of merit feel it in second order, as they do a detuning.
    """
    sizes, given = np.abs(numbers), reached.hamiltonian
    if not _EPSILON * latest * sizes.max(initial=0.0) > _LITTLE:
        return 0.0
    worst = numbers[int(sizes.max(axis=1).argmax())]
    stays = given.row == given.column
    parts = given.value[stays].real * worst[given.term[stays]]
    energies = np.bincount(given.row[stays], parts, given.size)
    return float(_EPSILON * latest * np.abs(energies).max(initial=0.0)) ** 2
