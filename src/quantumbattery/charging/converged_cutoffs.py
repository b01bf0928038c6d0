"""More levels for oscillators until enough: a solution whose cut is not felt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import inf

import numpy as np

from quantumbattery.charging.problem import OnLevels, Problem
from quantumbattery.charging.solve import solve
from quantumbattery.machine import TooLargeError
from quantumbattery.quantities.described import listed
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import ALL, reach

_FIRST_MORE = 6  # levels beyond what the preparation brings, to try first where more are made
_FASTER = 1.2  # times as before: then what falls is no exponential
_SLOWEST = 1e-3  # decimal places with each level
ACCURACY = 1e-10  # what a cut ladder may change, in units of the battery's smallest quantum

_LOG = logging.getLogger("quantumbattery")


def solved(problem: Problem) -> OnLevels:
    """Solve with more and more levels of the oscillators that choose their own.

    Several of them where quanta are made share a number of quanta, which then is what grows.
    """
    network, started, limit = problem.network, problem.started, problem.limit
    free = [name for name, site in network.sites.items() if site.dimension is None]
    enough = cutoffs(network, started, problem.joints) if free else {}
    made = bool(free) and gains_quanta(network, enough)
    cuts = {name: enough[name] + _FIRST_MORE * made for name in free}
    if made and len(free) > 1:
        cuts = {ALL: max(cuts.values())}
    allowed = dict.fromkeys((*free, *cuts), ACCURACY / (len(free) + 1) if made else ACCURACY)
    tried: dict[str, list[tuple[int, float]]] = {}
    while True:
        levels = {name: cuts.get(name) or cuts[ALL] for name in free}
        quanta = (free, cuts[ALL] - 1) if ALL in cuts else ((), inf)
        try:
            reached = reach(network, started, levels, limit, problem.joints, quanta)
            solution = solve(problem, reached, allowed)
        except TooLargeError as error:
            if not tried:
                raise
            failed = [f"{name}: {known[-1][0]}" for name, known in tried.items()]
            raise ValueError(
                f"{listed(failed)} levels are too few for these times, and more are {error}. "
                "Charge for a shorter time, or give levels=... and heed the warning that says "
                "what they leave out"
            ) from None
        report = solution.report
        if not report.unfinished:
            return solution
        over = {n: report.left_out.get(n, 0.0) / allowed[n] for n in allowed}
        if max(over.values()) == inf:
            raise ValueError(
                f"nothing is known to bound the energy beyond any number of levels of "
                f"{listed(free)}: give levels=..., and compare with more"
            )
        if ALL in cuts:  # what is too much at any of them is so at all
            over = {ALL: max(over.values())}
        short_of = [name for name in cuts if over[name] > 1]
        for name in short_of:
            tried.setdefault(name, []).append((cuts[name], over[name]))
            _LOG.info("%s: %d levels leave out %.1g", name, cuts[name], over[name] * allowed[name])
            cuts[name] = _more(tried[name], report.falls.get(name, 0.0))


def _more(tried: Sequence[tuple[int, float]], near: float) -> int:
    """How many levels to try after some that left out so many times too much.

    What is left out falls with each level by as many decimal places as what is `near` the cut, or
    as from the last attempt but one to the last, if that is more. Where it falls faster near the
    cut than before, it falls ever faster: by half the logarithm of the level, as a coherent state.
    No more than about twice as many are tried: what piles up at a cut hides how it falls.
    """
    count, left = tried[-1]
    places, more, pace, faster = float(np.log10(min(left, 1e40))), count, near, True
    if len(tried) > 1:
        before, had = tried[-2]
        measured = float(np.log10(had / left)) / (count - before)
        pace, faster = max(near, measured), near > _FASTER * measured
    while places > 0 and more < 2 * count + 6:
        more += 1
        places -= max(pace, _SLOWEST) + (np.log10(more / count) / 2 if faster else 0.0)
    return more
