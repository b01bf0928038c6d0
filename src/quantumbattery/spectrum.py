"""The lowest and highest energies of many parts together, degeneracies counted but not listed.

Passive states need as many levels as the state has eigenvalues other than zero, however many the
battery has: 2^1000 of a thousand qubits, C(1000, m) of them at m quanta.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from quantumbattery.ensemble import Ensemble
from quantumbattery.operators import Array

Ladder: TypeAlias = tuple[Array, Array]
"""Energies (..., d) in any order, and how many states have each (d,)."""

_MANY = 2.0**30  # more than anybody has eigenvalues


def degeneracies(ensemble: Ensemble) -> Array:
    """How many states of the separate cells have the occupations of each ladder level.

    Multinomial coefficients, as floats and no larger than 2^30.

    Examples
    --------
    >>> from quantumbattery.spectrum import degeneracies
    >>> from quantumbattery.system import Ensemble, Qubit
    >>> degeneracies(Ensemble(Qubit(), 4))
    array([1., 4., 6., 4., 1.])
    """
    from scipy.special import gammaln

    occupations = ensemble.occupations
    logarithm = gammaln(ensemble.number + 1) - gammaln(occupations + 1).sum(axis=1)
    count: Array = np.rint(np.exp(np.minimum(logarithm, np.log(_MANY))))
    return count


def lowest(ladders: Sequence[Ladder], count: int) -> Array:
    """The lowest energies of independent parts together, rising.

    Parameters
    ----------
    ladders : sequence of (energies, degeneracies)
        Of each part; shapes (..., d) and (d,). Leading axes broadcast.
    count : int
        How many are wanted; fewer come back if there are not so many.

    Returns
    -------
    ndarray, shape (..., count)

    Examples
    --------
    A qubit and three cells that share their excitations:

    >>> import numpy as np
    >>> from quantumbattery.spectrum import lowest
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
