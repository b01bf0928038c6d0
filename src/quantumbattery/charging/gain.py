"""Gain: oscillators whose quanta grow without end, since they are pumped faster than they lose.

Where exchange joins oscillators, and losses and pumps are by A and A^dag, the mean amplitudes a
follow d a/dt = M a, whatever the state is: if M has an eigenvalue with a positive real part, quanta
grow as exp(2 Re(eigenvalue) t). What is finite and has no losses, as a qubit, holds no more than so
many of them.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from quantumbattery.charging.problem import Problem
from quantumbattery.machine import TooLargeError
from quantumbattery.moments.quadratic import as_ladder
from quantumbattery.network.drives import TwoPhotonDrive
from quantumbattery.network.interactions import Exchange, Interaction
from quantumbattery.network.joint_losses import Dissipator, Jump
from quantumbattery.network.network import Network
from quantumbattery.network.shifts import Shift
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import any_nonzero

_LEVELS = 40  # for each quantum of a state that a pump made, up to 1e-10 of it
_NONE = 1e-12  # of the largest rate: no gain


def check_gain(problem: Problem) -> None:
    """Raise ValueError if quanta grow until no number of levels holds them, or for ever."""
    network, axes = problem.network, problem.axes
    pumped = [each for each in network.joint_losses if isinstance(each, Jump)]
    if not pumped or (found := _linear(network)) is None:
        return
    growth, pump = _growth(problem, found)
    if not (growing := growth > 0).any():
        return
    who = f"{' and '.join(each.label for each in pumped)} brings oscillators more than they lose"
    if np.isinf(axes.times).any():
        raise ValueError(f"{who}: their quanta grow for ever, and there is no steady state")
    held = sqrt(problem.limit * 2**30 / 16) / _LEVELS  # quanta, of a density matrix that fits
    until = np.log1p(held * growth[growing] / pump[growing]) / growth[growing]
    latest = float(axes.times.max())
    if axes.charged is not None and not any(each.always for each in pumped):
        latest = min(latest, float(axes.charged.max()))
    first = int(np.argmin(until))
    if latest > until[first]:
        raise TooLargeError(
            f"{who}, so that their quanta grow e-fold every {1 / growth[growing][first]:.3g}: from "
            f"about t = {until[first]:.3g} on no matrix in {problem.limit:.3g} GiB holds them; "
            "charge for a shorter time, or give levels=... and heed the warning that says what "
            "they leave out"
        )


def _linear(network: Network) -> dict[int, tuple[complex, complex]] | None:
    """What each jump of an oscillator is, c A + d A^dag, by number; None if gain is not known.

    It is known where oscillators are joined by exchange, and to what is finite only if that has no
    losses, through which it could take quanta for ever.
    """
    names = {name for name, site in network.sites.items() if isinstance(site, Oscillator)}
    given = [network.sites[name].dimension for name in names]
    dephased = [any_nonzero(network.sites[name].dephasing) for name in names]
    squeezed = any(isinstance(each, TwoPhotonDrive) for each in network.drives)
    if not names or any(n is not None for n in given):
        return None
    if squeezed or (any(dephased) and len(names) > 1):
        return None
    if not all(_is_simple(network, link, names) for link in network.interactions):
        return None
    found = {}
    for k, each in enumerate(network.joint_losses):
        if not names.isdisjoint(each.ends):
            if not {*each.ends} <= names:
                return None
            parts = as_ladder(each) if isinstance(each, Jump) else (0.0, 0.0)
            if parts is None:
                return None
            found[k] = parts
    return found


def _is_simple(network: Network, link: Interaction, names: set[str]) -> bool:
    """Whether all is known of an interaction that oscillators feel."""
    outside = {*link.ends} - names
    if outside == {*link.ends}:
        return True
    if link.envelope is not None or not isinstance(link, Exchange | Shift):
        return False
    shared = {name for each in network.joint_losses for name in each.ends}
    lossy = [any_nonzero(network.sites[name].loss) or name in shared for name in outside]
    return not any(lossy)


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
        if isinstance(link, Shift) and link.site in place:
            k = place[link.site]
            moving[:, k, k] -= 1j * numbers(link.amount)
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
        elif isinstance(each, Jump) and number in jumps:
            down, up = (abs(part) ** 2 * numbers(each.rate) for part in jumps[number])
            k = place[each.ends[0]]
            moving[:, k, k] += (up - down) / 2
            pump += up
    grown: Array = 2 * np.linalg.eigvals(moving).real.max(axis=-1)
    rates = np.abs(moving).max(axis=(-2, -1))
    return np.where(grown > _NONE * rates, grown, 0.0), pump
