"""Powers of what does not start empty, so early that rounding hides the gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Cell
from quantumbattery.charging.problem import Problem, Solution
from quantumbattery.charging.readout import POWERS
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.warned import warn

_EARLY = 1e-6  # over the highest transition of a battery's site: later it hides nothing
_DOUBT = 1e-9  # of the largest power of a table
_LAST = 4 * np.finfo(float).eps  # digits of the energy that is held at first


def warn_of_early(
    problem: Problem, solution: Solution, solve: Callable[[Problem], Solution]
) -> None:
    """Warn where a power is the difference of numbers that are nearly alike, over a short time."""
    network, axes = problem.network, problem.axes
    asked = {POWERS[name]: name for name in problem.measures if name in POWERS}
    if not asked or prepared_sites(problem.started).isdisjoint(network.battery):
        return
    first = np.min(axes.times, initial=np.inf, where=axes.times > 0)
    sites = [network.sites[name] for name in network.battery]
    spans = [np.ptp(Cell.of(s, axes.numbers).energies(s.dimension or 2), axis=-1) for s in sites]
    if first * np.max(spans) > _EARLY:
        return
    start = axes.once(np.zeros_like(axes.times[..., :1]))
    held = solve(replace(problem, axes=start, measures=tuple(asked))).columns
    for name, power in asked.items():
        off = _LAST * np.abs(held[name]).max() / first
        if off > _DOUBT * np.abs(solution.columns[power]).max():
            warn(
                f"rounding may change {power} by {off:.1g} at t = {first:.3g}, and by less later: "
                "so early, what the battery holds at first hides what it gains"
            )
