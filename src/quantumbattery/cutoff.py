"""How much leaves through the cut of an oscillator's ladder."""

from __future__ import annotations

import numpy as np

from quantumbattery.adder import Adder
from quantumbattery.forms import Kets, State
from quantumbattery.operators import Array

_ROUNDING = 4e-15  # an amplitude below is not known to be there at all


def leak(state: State, states: Array, numbers: Array) -> Array:
    """A bound on the rate at which what a cut leaves out changes the density matrix.

    The exact state and the one on a cut ladder part at most as fast as the difference of their
    generators moves the latter (Duhamel): an element h of the Hamiltonian that leads beyond the
    cut from configuration e moves it by no more than 2 |h| |<e|rho| in trace norm, an element l
    of a Lindblad operator of rate g by no more than 4 g |l|^2 |<e|rho|.

    Parameters
    ----------
    state : Kets or Matrix
    states : ndarray, shape (g, c, T, entries)
    numbers : ndarray, shape (g, terms)
        Coefficients of the Hamiltonian, then of the losses.

    Returns
    -------
    ndarray, shape (sites,)
        The largest of the batch and of all times.
    """
    edge, reached = state.reach.edge, state.reach
    worst = np.zeros(len(reached.sites))
    if not len(edge.site):
        return worst
    where, which = np.unique(edge.configuration, return_inverse=True)
    norms = _row_norms(state, states, where)  # (g, c, T, where)
    norms = np.where(norms < _ROUNDING, 0.0, norms)
    lossy = edge.term >= len(reached.hamiltonian.coefficients)
    size = np.where(lossy, 4 * np.abs(edge.value) ** 2, 2 * np.abs(edge.value))
    strength = np.abs(numbers)[:, edge.term] * size  # (g, entries)
    for site in np.unique(edge.site):
        mine = edge.site == site
        rate = Adder.to(which[mine], len(where))(strength[:, mine])
        worst[site] = np.matmul(norms, rate[:, None, :, None]).max()
    return worst


def _row_norms(state: State, states: Array, where: Array) -> Array:
    """The norm of <e|rho for some configurations e, or a bound of it."""
    if isinstance(state, Kets):
        member = state.member
        weights = np.abs(states) ** 2
        norm = np.sqrt(Adder.to(member, int(member.max()) + 1)(weights))
        at = np.minimum(np.searchsorted(where, state.configuration), len(where) - 1)
        chosen = np.flatnonzero(where[at] == state.configuration)
        product = np.abs(states[..., chosen]) * norm[..., member[chosen]]
        norms = Adder.to(at[chosen], len(where))(product)
        if state.frozen is not None and state.frozen in where:
            lost = np.maximum(1.0 - weights.sum(axis=-1), 0.0)
            norms[..., np.searchsorted(where, state.frozen)] += lost
        return norms
    total = np.zeros((*states.shape[:-1], len(where)))
    weights = np.abs(Adder(state.weights)(states)) ** 2
    ends = [(state.row, np.ones(len(state.row), dtype=bool)), (state.column, state.twin)]
    for end, counted in ends:
        at = np.minimum(np.searchsorted(where, end), len(where) - 1)
        chosen = np.flatnonzero(counted & (where[at] == end))
        total += Adder.to(at[chosen], len(where))(weights[..., chosen])
    return np.sqrt(total)
