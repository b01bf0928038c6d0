"""More levels for oscillators until enough: a solution whose cut is not felt."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from quantumbattery.charging.solve import Problem, Solution, solve
from quantumbattery.machine import TooLargeError
from quantumbattery.quantities.described import listed
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import reach

_FIRST_MORE = 6  # levels beyond what the preparation brings, to try first where more are made
ACCURACY = 1e-10  # what a cut ladder may change, in units of the battery's smallest quantum

_LOG = logging.getLogger("quantumbattery")


def solved(problem: Problem) -> Solution:
    """Solve with more and more levels of the oscillators that choose their own."""
    network, started, limit = problem.network, problem.started, problem.limit
    free = [name for name, site in network.sites.items() if site.dimension is None]
    allowed = {name: ACCURACY / len(free) for name in free}
    enough = cutoffs(network, started, problem.joint) if free else {}
    more = _FIRST_MORE if free and gains_quanta(network, enough) else 0
    levels = {name: enough[name] + more for name in free}
    tried: dict[str, list[tuple[int, float]]] = {name: [] for name in free}
    while True:
        try:
            reached = reach(network, started, levels, limit, problem.joint)
            solution = solve(problem, reached, allowed)
        except TooLargeError as error:
            failed = [f"{name}: {known[-1][0]}" for name, known in tried.items() if known]
            if not failed:
                raise
            raise ValueError(
                f"{listed(failed)} levels are too few for these times, and more are {error}. "
                "Charge for a shorter time, or give levels=... and heed the warning that says "
                "what they leave out"
            ) from None
        short_of = [n for n in free if solution.report.left_out.get(n, 0.0) > allowed[n]]
        if not short_of:
            return solution
        for name in short_of:
            tried[name].append((levels[name], solution.report.left_out[name]))
            _LOG.info("%s: %d levels leave out %.1g", name, *tried[name][-1])
            levels[name] = _more(tried[name])


def _more(tried: Sequence[tuple[int, float]]) -> int:
    """How many levels to try after some that left out too much.

    What is left out falls about exponentially with the levels: by half a decimal place each, and
    faster far out, as long as nothing better is known; from two attempts on, as between them.
    """
    count, left = tried[-1]
    places, pace = np.log10(min(left, 1e10) / ACCURACY), 0.5 if left > 1e-5 else 1.0
    if len(tried) > 1 and count > tried[-2][0]:
        fallen = np.log10(tried[-2][1] / left) / (count - tried[-2][0])
        pace = float(np.clip(fallen, 0.1, 1.0))
    return min(count + 2 + int(np.ceil(places / pace)), 2 * count + 12)
