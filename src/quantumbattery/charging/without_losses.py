"""Whether levels are far too few, from kets: the same without losses, for a part of the time.

A density matrix of d levels has d^2 numbers. Within a tenth of what anything takes to decay, losses
hardly change how far up a field drives a ladder, so that the d numbers of kets tell as much. This
is no bound: it tells which number of levels is not worth trying.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.solve import solve
from quantumbattery.network.sites import Site
from quantumbattery.reach.reach import Reach, reach

_SHARES = 1 / 16, 1 / 4  # of the time
_LITTLE = 0.1  # of what anything takes to decay
FAR = 1e6  # times too much: then one tries what the oscillators alone take, after two attempts


def far_too_few(
    problem: Problem, reached: Reach, allowed: Mapping[str, float]
) -> dict[str, float] | None:
    """What is left out by so many levels, if that is far more than allowed; None if unknown."""
    network = problem.network
    if network.joint_losses or not any(site.losses(2) for site in network.sites.values()):
        return None
    still = copy(network)
    sites = {name: _without_losses(site) for name, site in network.sites.items()}
    still._set(sites=MappingProxyType(sites))
    pairs = zip(reached.sites, reached.levels, strict=True)
    levels = {name: n for name, n in pairs if network.sites[name].dimension is None}
    quanta = (reached.counted, reached.most)
    much = {name: most * FAR for name, most in allowed.items()}
    for share in _SHARES:
        axes = _early(problem.axes, share, _LITTLE / _fastest(problem))
        alone = replace(problem, network=still, axes=axes, measures=("energy",), asked=())
        with suppress(ValueError):  # what is refused there says nothing of this
            given = still, problem.started, levels, problem.limit, problem.joints, quanta
            report = solve(alone, reach(*given), much).report
            if report.unfinished and np.isfinite([*report.left_out.values()]).all():
                return report.left_out
    return None


def _without_losses(site: Site) -> Site:
    """A site that loses neither quanta nor its phase."""
    if not site.losses(2):
        return site
    own = copy(site)
    own._set(loss=0.0, dephasing=0.0, occupation=0.0)
    return own


def _fastest(problem: Problem) -> float:
    """The largest rate with which a site decays, or an oscillator from its lowest levels."""
    numbers, network = problem.axes.numbers, problem.network
    rates = [
        float(numbers(rate).max()) * float(np.abs(operator.value).max(initial=0.0)) ** 2
        for site in network.sites.values()
        for rate, operator in site.losses(site.dimension or 2)
    ]
    return max(rates)


def _early(axes: Batch, share: float, most: float) -> Batch:
    """The axes of one moment early on, of each member."""
    times = axes.times if axes.charged is None else axes.charged
    return axes.once(np.minimum(times.max(axis=-1, keepdims=True) * share, most))
