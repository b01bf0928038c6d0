"""Charging of several modes together that fields displace, from the same without fields.

Fields and coherent starts displace the state of a quadratic network by unitaries of each mode, so
that passive energies, entropies and correlations stay as they are (B. R. Mollow, Phys. Rev. A 12,
1919 (1975)). These are read on the levels of what is not displaced, and energies from moments.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from quantumbattery.charging import by_starts
from quantumbattery.charging.beside_fields import without_fields
from quantumbattery.charging.problem import OnLevels, Problem
from quantumbattery.charging.readout import POWERS, needed

_SAME = {"passive_energy", "purity", "entropy", "locked_ergotropy", "mutual_information"}
_SAME |= {"negativity", "passive_power"}  # with and without fields
_GAINS = {  # these are larger by what fields bring of energy or of power
    "ergotropy": "energy",
    "local_ergotropy": "energy",
    "ergotropic_power": "power",
}


def still(problem: Problem) -> Problem | None:
    """The same without fields, of what is to be read on levels; None where that is not enough."""
    wanted = needed(problem.measures) - POWERS.keys()
    known = _SAME | _GAINS.keys() | by_starts.OF_MOMENTS
    if problem.asked or not wanted <= known or np.isinf(problem.axes.times).any():
        return None
    read = [name for name in problem.measures if name in _SAME | _GAINS.keys()]
    read += [_GAINS[name] for name in read if name in _GAINS]
    found = without_fields(problem)
    return None if found is None else replace(found, measures=tuple(dict.fromkeys(read)))


def charged(problem: Problem, alone: OnLevels) -> OnLevels:
    """All that is asked for, from what there is without fields."""
    names = [each for each in problem.measures if each not in _SAME | _GAINS.keys()]
    names += [_GAINS[each] for each in problem.measures if each in _GAINS]
    whole = by_starts.charged(replace(problem, measures=tuple(dict.fromkeys(names)))).columns
    columns = {}
    for name in problem.measures:
        if name in _GAINS:
            brought = whole[_GAINS[name]] - alone.columns[_GAINS[name]]
            columns[name] = alone.columns[name] + brought
        else:
            columns[name] = alone.columns[name] if name in _SAME else whole[name]
    return replace(alone, columns=columns, displaced=tuple(problem.network.sites))
