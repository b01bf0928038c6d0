"""Gain: oscillators whose quanta grow without end, since they are pumped faster than they lose.

Where exchange joins oscillators, and losses and pumps are by A and A^dag, the mean amplitudes a
follow d a/dt = M a, whatever the state is. What is finite, as a qubit, takes no more than so many
quanta in a time: if M has an eigenvalue with a positive real part, quanta grow in the end as
exp(2 Re(eigenvalue) t).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p, sqrt

import numpy as np

from quantumbattery.charging.problem import Problem
from quantumbattery.machine import TooLargeError
from quantumbattery.network.drives import TwoPhotonDrive
from quantumbattery.network.interactions import Dipole, Exchange
from quantumbattery.network.joint_losses import Dissipator, Jump
from quantumbattery.network.matrix_interactions import Coupling
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array

_LEVELS = 40  # for each quantum of a state that a pump made, up to 1e-10 of it
_LINEAR = 6  # levels on which a jump is compared with A and A^dag
_NONE = 1e-12  # of the largest rate: no gain


def check_gain(problem: Problem) -> None:
    """Raise ValueError if quanta grow until no number of levels holds them, or for ever."""
    network = problem.network
    free = [name for name, site in network.sites.items() if site.dimension is None]
    pumped = [each for each in network.joint_losses if isinstance(each, Jump)]
    if not free or not pumped or (found := _linear(network)) is None:
        return
    rates = _growth(problem, found)
    growth, pump = float(rates[0].max()), float(rates[1].max())
    if growth <= 0:
        return
    who = f"{' and '.join(each.label for each in pumped)} brings oscillators more than they lose"
    latest = float(problem.axes.times.max())
    if latest == np.inf:
        raise ValueError(f"{who}: their quanta grow for ever, and there is no steady state")
    held = sqrt(problem.limit * 2**30 / 16) / _LEVELS  # quanta, of a density matrix that fits
    until = log1p(held * growth / pump) / growth
    if latest > until:
        raise TooLargeError(
            f"{who}, so that their quanta grow e-fold every {1 / growth:.3g}: from about "
            f"t = {until:.3g} on no matrix in {problem.limit:.3g} GiB holds them; charge for a "
            "shorter time, or give levels=... and heed the warning that says what they leave out"
        )


def _linear(network: Network) -> dict[int, tuple[complex, complex]] | None:
    """What each jump of an oscillator is, c A + d A^dag, by number; None if gain is not known."""
    names = {name for name, site in network.sites.items() if isinstance(site, Oscillator)}
    if any(isinstance(each, TwoPhotonDrive) for each in network.drives):
        return None
    for link in network.interactions:
        alone = {*link.ends} <= names
        if alone and (isinstance(link, Coupling) or link.envelope is not None):
            return None
        if alone and isinstance(link, Dipole):  # which makes pairs of quanta
            return None
    found = {}
    for k, each in enumerate(network.joint_losses):
        if isinstance(each, Jump) and not names.isdisjoint(each.ends):
            parts = _as_ladder(each, [network.sites[name] for name in each.ends])
            if parts is None:
                return None
            found[k] = parts
    return found


def _as_ladder(each: Jump, sites: Sequence[object]) -> tuple[complex, complex] | None:
    """C and d of a jump that is c A + d A^dag of one oscillator."""
    if len(sites) > 1 or not callable(each.matrix):
        return None
    matrix = np.asarray(each.matrix(_LINEAR))
    a = np.diag(np.sqrt(np.arange(1, _LINEAR)), 1)
    down, up = matrix[0, 1], matrix[1, 0]
    return (down, up) if np.allclose(matrix, down * a + up * a.T, atol=1e-12) else None


def _growth(problem: Problem, jumps: dict[int, tuple[complex, complex]]) -> tuple[Array, Array]:
    """How fast quanta grow, and how fast pumps bring the first of them, (g,) each."""
    network, numbers = problem.network, problem.axes.numbers
    names = [name for name, site in network.sites.items() if isinstance(site, Oscillator)]
    place = {name: k for k, name in enumerate(names)}
    g = problem.axes.batch
    moving = np.zeros((g, len(names), len(names)), dtype=complex)
    pump = np.zeros(g)
    for name, k in place.items():
        site = network.sites[name]
        (energy, _), *_ = site.energy_terms(2)
        moving[:, k, k] -= 1j * numbers(energy) + numbers(site.loss) / 2
        pump += numbers(site.loss * site.occupation)
    for link in network.interactions:
        if isinstance(link, Exchange) and {*link.ends} <= {*names}:
            a, b = (place[name] for name in link.ends)
            strength = numbers(np.real(link.strength)) + 1j * numbers(np.imag(link.strength))
            moving[:, a, b] -= 1j * strength
            moving[:, b, a] -= 1j * strength.conj()
    for number, each in enumerate(network.joint_losses):
        if isinstance(each, Dissipator):
            parts = zip(each.sites, each.weights, strict=True)
            own = [(place[n], w) for n, w in parts if n in place]
            for k, one in own:
                for j, two in own:
                    both = np.conj(one) * two
                    whole = numbers(np.real(both)) + 1j * numbers(np.imag(both))
                    moving[:, k, j] -= numbers(each.rate) / 2 * whole
        elif number in jumps:
            down, up = (abs(part) ** 2 * numbers(each.rate) for part in jumps[number])
            k = place[each.ends[0]]
            moving[:, k, k] += (up - down) / 2
            pump += up
    grown: Array = 2 * np.linalg.eigvals(moving).real.max(axis=-1)
    rates = np.abs(moving).max(axis=(-2, -1))
    return np.where(grown > _NONE * rates, grown, 0.0), pump
