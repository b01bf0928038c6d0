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
_DOUBT = 1e-9  # of the largest power of a member
_SHORTEST = 1e-200  # a time whose inverse does not overflow
_LAST = 4 * np.finfo(float).eps  # digits of the energy that is held at first


def warn_of_early(
    problem: Problem, solution: Solution, solve: Callable[[Problem], Solution]
) -> None:
    """Warn where a power is the difference of numbers that are nearly alike, over a short time.

    Work and passive energy are as uncertain as the energy, of which they are parts.
    """
    network, axes = problem.network, problem.axes
    asked = [name for name in problem.measures if name in POWERS]
    if not asked or prepared_sites(problem.started).isdisjoint(network.battery):
        return
    first = np.min(axes.times, axis=-1, initial=np.inf, where=axes.times > 0)  # of all, or (g,)
    sites = [network.sites[name] for name in network.battery]
    spans = [np.ptp(Cell.of(s, axes.numbers).energies(s.dimension or 2), axis=-1) for s in sites]
    span = np.max(np.broadcast_arrays(*spans), axis=0)  # (g or 1,)
    early = first * np.where(span > 0, span, np.inf) <= _EARLY  # never, of what holds nothing
    if not early.any():
        return
    start = axes.once(np.zeros_like(axes.times[..., :1]))
    held = solve(replace(problem, axes=start, measures=("energy",))).columns["energy"][..., 0]
    shortest = np.reshape(np.maximum(first, _SHORTEST), (-1, 1))
    off = _LAST * np.abs(held) / shortest * early[:, None]  # (g, c)
    for name in asked:
        hidden = off > _DOUBT * np.abs(solution.columns[name]).max(axis=-1)
        if hidden.any():
            member = np.unravel_index(np.argmax(np.where(hidden, off, 0.0)), off.shape)[0]
            moment = np.broadcast_to(first, len(off))[member]
            warn(
                f"rounding may change {name} by {off[hidden].max():.1g} at t = {moment:.3g}, and "
                "by less later: so early, what the battery holds at first hides what it gains"
            )
