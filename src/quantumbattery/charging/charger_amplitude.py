"""The energy of a charger that was followed about its classical amplitudes.

With a = alpha(t) + c its quanta are |alpha|^2 + 2 Re(alpha^* <c>) + <c^dag c>, of which the levels
of c tell the last.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np

from quantumbattery.charging.displaced import Displaced
from quantumbattery.charging.observables import Observable
from quantumbattery.charging.problem import OnLevels
from quantumbattery.charging.solve import solve
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array

_MEASURE = "charger_energy"


def with_amplitudes(about: Displaced, solution: OnLevels) -> OnLevels:
    """The same solution with the energy that the amplitudes bring to the charger."""
    problem = about.problem
    sites = [name for name in problem.network.charger if name in about.sites]
    if _MEASURE not in problem.measures or not sites:
        return solution
    asked = tuple(Observable(name, (name,), _lowering) for name in sites)
    again = replace(problem, measures=(), asked=asked)
    allowed = dict.fromkeys(solution.report.left_out, inf)
    means = solve(again, solution.reach, allowed, enough=True).columns
    energy = solution.columns[_MEASURE]
    for name in sites:
        alpha = _amplitude(about, name)
        quanta = np.abs(alpha) ** 2 + 2 * (alpha.conj() * means[name]).real
        site = problem.network.sites[name]
        assert isinstance(site, Oscillator)
        energy = energy + problem.axes.numbers(site.frequency)[:, None, None] * quanta
    return replace(solution, columns=solution.columns | {_MEASURE: energy})


def _lowering(levels: int) -> Array:
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def _amplitude(about: Displaced, name: str) -> Array:
    """The amplitude of a site in the laboratory's frame, (g or 1, 1, T)."""
    axes, brought = about.problem.axes, about.brought
    times = np.atleast_2d(axes.times)
    found = brought.at(times.ravel())[brought.place(name)].reshape(*times.shape, -1)
    alpha = sum(
        (axes.numbers(each.size) * np.exp(1j * axes.numbers(each.phase)))[:, None]
        * found[..., each.column]
        for each in about.sources
    )
    turned: Array = (alpha * np.exp(-1j * brought.frame(name) * times))[:, None]
    return turned
