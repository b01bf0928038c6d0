"""More levels for oscillators until enough: a solution whose cut is not felt."""

from __future__ import annotations

import logging
from math import inf

import numpy as np

from quantumbattery.charging.solve import Problem, Solution, solve
from quantumbattery.machine import TooLargeError
from quantumbattery.quantities.described import listed
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import ALL, reach

_FIRST_MORE = 6  # levels beyond what the preparation brings, to try first where more are made
ACCURACY = 1e-10  # what a cut ladder may change, in units of the battery's smallest quantum

_LOG = logging.getLogger("quantumbattery")


def solved(problem: Problem) -> Solution:
    """Solve with more and more levels of the oscillators that choose their own.

    Several of them where quanta are made share a number of quanta, which then is what grows.
    """
    network, started, limit = problem.network, problem.started, problem.limit
    free = [name for name, site in network.sites.items() if site.dimension is None]
    enough = cutoffs(network, started, problem.joint) if free else {}
    made = bool(free) and gains_quanta(network, enough)
    cuts = {name: enough[name] + _FIRST_MORE * made for name in free}
    if made and len(free) > 1:
        cuts = {ALL: max(cuts.values())}
    allowed = dict.fromkeys((*free, *cuts), ACCURACY / (len(free) + 1) if made else ACCURACY)
    tried: dict[str, int] = {}
    while True:
        levels = {name: cuts.get(name) or cuts[ALL] for name in free}
        quanta = (free, cuts[ALL] - 1) if ALL in cuts else ((), inf)
        try:
            reached = reach(network, started, levels, limit, problem.joint, quanta)
            solution = solve(problem, reached, allowed)
        except TooLargeError as error:
            if not tried:
                raise
            failed = [f"{name}: {count}" for name, count in tried.items()]
            raise ValueError(
                f"{listed(failed)} levels are too few for these times, and more are {error}. "
                "Charge for a shorter time, or give levels=... and heed the warning that says "
                "what they leave out"
            ) from None
        left_out, falls = solution.report.left_out, solution.report.decay or {}
        short_of = [name for name in cuts if left_out.get(name, 0.0) > allowed[name]]
        if not short_of:
            return solution
        for name in short_of:
            tried[name] = cuts[name]
            _LOG.info("%s: %d levels leave out %.1g", name, cuts[name], left_out[name])
            cuts[name] = _more(cuts[name], left_out[name] / allowed[name], falls.get(name, 0.0))


def _more(count: int, excess: float, pace: float) -> int:
    """How many levels to try after some that left out too much.

    What is left out falls by `pace` decimal places with each level near the cut, and faster
    farther out: there by half the logarithm of the level, as in a coherent state. No more than
    about twice as many are tried, since what piles up at a cut hides how it would fall.
    """
    places, more = float(np.log10(min(excess, 1e40))), count
    while places > 0 and more < 2 * count + 6:
        places -= max(pace, 0.1) + np.log10((more + 1) / count) / 2
        more += 1
    return more
