"""Levels that oscillators were given, where a solution without any is known as well.

What a cut leaves out is bounded from what is seen at the cut alone, and in a driven or warm ladder
that bound is careful by orders of magnitude. Where moments tell energies exactly, how far those on
levels are from them is known, and takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from copy import copy
from dataclasses import replace

import numpy as np

from quantumbattery.charging import by_moments, by_starts
from quantumbattery.charging.converged_cutoffs import ACCURACY
from quantumbattery.charging.modes_together import TooSlow
from quantumbattery.charging.named_operators import named_operator
from quantumbattery.charging.observables import Observable
from quantumbattery.charging.parts import quanta_of
from quantumbattery.charging.problem import OnLevels, Problem, Report
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.charging.states_of_moments import means
from quantumbattery.moments.quadratic import has_pairs
from quantumbattery.network.sites import Oscillator, Site

_OF_ENERGY = {"energy", "charger_energy"}  # what the energy alone stands for
_OF_WORK = {"passive_energy", "ergotropy"}  # by which the state is read anyhow
_TOLD = "energy", "ergotropy"


def without_levels(problem: Problem) -> Problem | None:
    """The same where no oscillator is cut, if moments tell its energies; None otherwise."""
    network = problem.network
    cut = {n for n, s in network.sites.items() if isinstance(s, Oscillator) and s.levels}
    always = any(each.always for each in network.interactions)  # energies that depend on levels
    if not cut or always or np.isinf(problem.axes.times).any():
        return None
    free = copy(network)
    free._set(sites={n: _free(s) if n in cut else s for n, s in network.sites.items()})
    if problem.asked:
        known = replace(problem, network=free, asked=_quanta_of(problem, cut))
        return known if by_moments.tells(known) else None
    wanted = needed(problem.measures) - POWERS.keys()
    if not (wanted <= _OF_ENERGY or wanted & _OF_WORK):  # work might take longer than all else
        return None
    told: tuple[str, ...] = _TOLD[:1] if wanted <= _OF_ENERGY else _TOLD
    told += ("charger_energy",) if "charger_energy" in wanted else ()
    known = replace(problem, network=free, measures=told)
    if by_moments.fits(known):
        return known
    if "ergotropy" in told and has_pairs(free):  # of states that are not Gaussian: takes seconds
        return None
    return known if by_starts.fits(known) else None


def _quanta_of(problem: Problem, cut: Collection[str]) -> tuple[Observable, ...]:
    """The quanta of all oscillators that are cut and whose states are asked for."""
    states = [each for each in problem.asked if each.operator is None]
    names = dict.fromkeys(name for each in states for name in each.sites if name in cut)
    free = {name: _free(problem.network.sites[name]) for name in names}
    terms = [named_operator(name, name, site, "quanta") for name, site in free.items()]
    return tuple(each for term in terms for _, each in term)


def states_compared(
    problem: Problem, known: Problem, solve: Callable[[Problem], OnLevels]
) -> OnLevels:
    """Density matrices on levels, and how far the quanta in them are from the exact ones."""
    found = solve(problem)
    bound = sum(found.report.left_out.values())
    if bound <= ACCURACY:
        return found
    exact = means(known).columns
    levels, far = dict(zip(found.reach.sites, found.reach.levels, strict=True)), [0.0]
    for each in problem.asked:
        if each.operator is None:
            weights = np.einsum("...jj->...j", found.columns[each.name]).real
            sizes = [levels[name] for name in each.sites]
            grid = weights.reshape(*weights.shape[:3], *sizes)
            for k, name in enumerate(each.sites):
                if name in exact:
                    others = tuple(3 + j for j in range(len(sizes)) if j != k)
                    own = grid.sum(axis=others) @ np.arange(sizes[k])
                    far.append(float(np.abs(own - exact[name]).max()))
    return replace(found, report=_told(found.report, max(far) / bound))


def _told(report: Report, times: float) -> Report:
    """The same with a known difference, so many times the bound, in its place."""
    left = {name: amount * times for name, amount in report.left_out.items()}
    return replace(report, left_out=left, told=True)


def compared(problem: Problem, known: Problem, solve: Callable[[Problem], OnLevels]) -> OnLevels:
    """The solution on levels; where these leave out too much, how far it is from the exact one."""
    more = tuple(name for name in known.measures if name not in problem.measures)
    found = solve(replace(problem, measures=problem.measures + more))
    columns = {name: found.columns[name] for name in problem.measures}
    report = found.report
    bound = sum(report.left_out.values())
    if bound > ACCURACY:
        with suppress(TooSlow, ValueError):
            exact = (
                by_moments.charged(known) if by_moments.fits(known) else by_starts.charged(known)
            )
            far = [found.columns[name] - exact.columns[name] for name in known.measures]
            times = float(np.abs(far).max()) / float(quanta_of(problem).min()) / bound
            report = _told(report, times)
    return replace(found, columns=columns, report=report)


def _free(site: Site) -> Site:
    """An oscillator that is not cut."""
    own = copy(site)
    own._set(levels=None)
    return own
