"""Energies of oscillators that were followed about their classical amplitudes.

With a = alpha + c, H = w a^dag a becomes H_0 + X + w |alpha|^2, of which the levels of c tell the
first, H_0 = w c^dag c, and X = w (alpha^* c + alpha c^dag) takes a few means more. A displacement
is a unitary of one mode: passive energies, entropies and correlations stay as they are (B. R.
Mollow, Phys. Rev. A 12, 1919 (1975)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import sqrt
from typing import TypeAlias

import numpy as np

from quantumbattery.charging.observables import Observable
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array

Means: TypeAlias = Callable[[tuple[Observable, ...]], Mapping[str, Array]]
"""Gives means (g, c, T) of c and the like, in the frame in which the amplitudes stand."""

OF_CHARGER, VARIANCE = "charger_energy", "energy_variance"
_RISING = ("energy", "ergotropy", "local_ergotropy")  # by as much as amplitudes bring
_SAME = {"passive_energy", "active_energy", "antiergotropy", "capacity"}  # with none, or infinite
_SAME |= {"purity", "entropy", "locked_ergotropy", "mutual_information", "negativity"}
_GAINS = ("power", "ergotropic_power")
_AT_ONCE = 1e-16  # of a period: nothing has happened yet


def tells_battery(problem: Problem) -> bool:
    """Whether what is asked of the battery is known from its levels about amplitudes.

    Of its variance where one oscillator alone may have one.
    """
    network, wanted = problem.network, needed(problem.measures) - POWERS.keys()
    if problem.axes.charged is not None or any(each.always for each in network.interactions):
        return False
    free = [name for name in network.battery if network.sites[name].dimension is None]
    return wanted <= {*_RISING, *_SAME, OF_CHARGER} | ({VARIANCE} if len(free) == 1 else set())


def lifted_sites(problem: Problem, sites: tuple[str, ...]) -> list[str]:
    """Those of the battery to whose energy amplitudes bring something that is asked for."""
    asked = {*_RISING, *_GAINS, VARIANCE}.intersection(problem.measures)
    return [name for name in problem.network.battery if name in sites] if asked else []


def counted_more(lifting: float, levels: int) -> float:
    """How many times as much of an energy a cut of levels changes beside amplitudes.

    What changes c^dag c by n - 1 at most, for n levels, changes alpha^* c + alpha c^dag by less
    than 2 |alpha| times the root of n - 1; `lifting` is the sum of |alpha|.
    """
    return 1 + 2 * lifting / sqrt(max(levels - 1, 1))


def with_amplitudes(
    problem: Problem,
    alpha: Mapping[str, Array],
    columns: Mapping[str, Array],
    means: Means,
    start: Mapping[str, Array],
) -> dict[str, Array]:
    """The columns of a problem, with what amplitudes (g or 1, 1, T) bring to energies.

    At the `start` amplitudes (g or 1, 1, 1) of those of the battery have brought nothing yet.
    """
    stored = lifted_sites(problem, tuple(alpha))
    asked = OF_CHARGER in problem.measures
    chargers = [name for name in problem.network.charger if asked and name in alpha]
    every = dict.fromkeys([*chargers, *stored])
    if not every:
        return dict(columns)
    lowered = means(tuple(Observable(name, (name,), _lowering) for name in every))
    brought = {name: _brought(problem, name, alpha[name], lowered[name]) for name in every}
    found = dict(columns)
    if chargers:
        found[OF_CHARGER] = found[OF_CHARGER] + sum(brought[name] for name in chargers)
    if stored:
        more = np.sum([brought[name] for name in stored], axis=0)
        found |= {name: found[name] + more for name in _RISING if name in found}
        frequencies = {name: _frequency(problem, name) for name in stored}
        held = [w * np.abs(start[name]) ** 2 for name, w in frequencies.items()]
        rates = _rates(problem, max(float(w.max()) for w in frequencies.values()))
        gain = (more - np.sum(held, axis=0)) * rates
        found |= {name: found[name] + gain for name in _GAINS if name in found}
    if stored and VARIANCE in found:
        (name,) = stored
        wide = _spread(problem, name, alpha[name], lowered[name], means)
        found[VARIANCE] = np.maximum(found[VARIANCE] + wide, 0.0)
    return found


def _brought(problem: Problem, name: str, alpha: Array, lowered: Array) -> Array:
    """The energy w (|alpha|^2 + 2 Re(alpha^* <c>)), (g, c, T)."""
    quanta = np.abs(alpha) ** 2 + 2 * (alpha.conj() * lowered).real
    energy: Array = _frequency(problem, name) * quanta
    return energy


def _frequency(problem: Problem, name: str) -> Array:
    site = problem.network.sites[name]
    assert isinstance(site, Oscillator)
    return problem.axes.numbers(site.frequency)[:, None, None]


def _rates(problem: Problem, fastest: float) -> Array:
    """1/t for powers, (T,) or (g, 1, T); 0 where nothing has happened yet, and at infinity."""
    times = problem.axes.times
    rates = np.divide(1.0, times, out=np.zeros_like(times), where=times > _AT_ONCE / fastest)
    return rates[:, None] if rates.ndim > 1 else rates


def _spread(problem: Problem, name: str, alpha: Array, lowered: Array, means: Means) -> Array:
    """The variance of H_0 + X less that of H_0 alone: that of X, and twice their covariance."""
    sites, numbers = problem.network.sites, problem.axes.numbers
    asked = [Observable("square", (name,), _squared), Observable("quanta", (name,), _quanta)]
    asked += [Observable("both", (name,), _quanta_and_lowering)]
    terms = []  # of the other sites' energies
    for other in problem.network.battery:
        for k, (number, _) in enumerate(sites[other].energy_terms(sites[other].dimension or 2)):
            if other != name:
                own, both = f"{other} {k}", f"{other} {k} and {name}"
                levels = partial(_levels, sites[other], k)
                asked += [Observable(own, (other,), partial(_alone, levels))]
                asked += [Observable(both, (other, name), partial(_beside, levels))]
                terms.append((numbers(number)[:, None, None], own, both))
    found, w = means(tuple(asked)), _frequency(problem, name)
    energy, with_c = w * found["quanta"].real, w * found["both"]
    for each, own, both in terms:
        energy, with_c = energy + each * found[own].real, with_c + each * found[both]
    pull = w * alpha
    covariance = 2 * (pull.conj() * (with_c - energy * lowered)).real
    squeezed = 2 * (pull.conj() ** 2 * (found["square"] - lowered**2)).real
    wide = np.abs(pull) ** 2 * (2 * (found["quanta"].real - np.abs(lowered) ** 2) + 1)
    spread: Array = 2 * covariance + squeezed + wide
    return spread


# --- matrices, for numbers of levels --------------------------------------------------------------


def _lowering(levels: int) -> Array:
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def _squared(levels: int) -> Array:
    return _lowering(levels) @ _lowering(levels)


def _quanta(levels: int) -> Array:
    return np.diag(np.arange(float(levels)))


def _quanta_and_lowering(levels: int) -> Array:
    """Half the anticommutator."""
    both: Array = (_quanta(levels) @ _lowering(levels) + _lowering(levels) @ _quanta(levels)) / 2
    return both


def _levels(site: Site, k: int, levels: int) -> Array:
    """The weights (levels,) of one of the terms of a site's energy."""
    return site.energy_terms(levels)[k][1]


def _alone(weights: Callable[[int], Array], levels: int) -> Array:
    return np.diag(weights(levels))


def _beside(weights: Callable[[int], Array], levels: int, of_mode: int) -> Array:
    matrix: Array = np.kron(_alone(weights, levels), _lowering(of_mode))
    return matrix
