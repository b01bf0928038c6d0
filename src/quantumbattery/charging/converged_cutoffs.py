"""More levels for oscillators until enough: a solution whose cut is not felt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import comb, inf, prod

import numpy as np

from quantumbattery.charging.about_amplitudes import counted_more, with_amplitudes
from quantumbattery.charging.displaced import Displaced, is_lossy
from quantumbattery.charging.foreseen import foreseen, from_others
from quantumbattery.charging.observables import Observable
from quantumbattery.charging.problem import OnLevels, Problem
from quantumbattery.charging.solve import solve
from quantumbattery.charging.without_losses import FAR, far_too_few
from quantumbattery.dynamics.foreseen import allow_seconds
from quantumbattery.machine import TooLargeError, allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.described import listed
from quantumbattery.reach.configurations import bytes_of
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import ALL, Reach, reach
from quantumbattery.states.lindblad import ELEMENT_BYTES

_FIRST_MORE = 6  # levels beyond what the preparation brings, to try first where more are made
# How many times as long an attempt takes where something is shaped in time.
_SHAPED, _SHAPED_LOSSY = 4.0, 1.5
_LOSSLESS, _LOSSY = 1.5, 2.5  # powers of levels with which an attempt's time grows, about
# The same where quanta are conserved but for losses, so that blocks are small; and what times.
_LOSSLESS_BLOCKS, _LOSSY_BLOCKS = (1.0, 0.1), (2.0, 1.0)
_FASTER = 1.2  # times as before: then what falls is no exponential
_STRONG = 22  # levels to try first, at most, of fields that bring half as many quanta,
_BLOCKED = 8  # where another way is known too: few keep an oscillator that is blocked
_PARITIES = 2  # blocks, at most, whose number does not grow with the levels
_MANY = 64  # configurations from which on a word is due before states of them are worked out
_MOST = 1 << 40  # levels that are spoken of
_AT_LEAST = 16  # a part of the levels, by which they then grow at least
_STEPPED = 20_000  # configurations, of more of which no exponential has room
_A_STEP = 5e-8  # seconds that a step of each of them takes, at least
_SLOWEST = 1e-3  # decimal places with each level
ACCURACY = 1e-10  # what a cut ladder may change, in units of the battery's smallest quantum

_LOG = logging.getLogger("quantumbattery")


def solved(problem: Problem, about: Displaced | None = None) -> OnLevels:
    """Solve with more and more levels of the oscillators that choose their own.

    Several of them where quanta are made share a number of quanta, which then is what grows. Where
    the same problem is known about classical amplitudes, what takes fewer levels is tried first:
    fields that keep their shape, but a blocked oscillator never has the amplitude of a free one.
    """
    if about is None:
        ways = [Attempts.of(problem)]
    else:
        own = Attempts.of(problem, (), min(about.quanta, _BLOCKED / 2), looks=0)
        felt = min(about.quanta, from_others(about.problem, about.sites))
        moved = Attempts.of(about.problem, about.sites, felt)
        moved = replace(moved, lifting=about.lifting)
        ways = [own]
        with suppress(TooLargeError):
            ways.append(moved.from_least(problem))
    while True:
        way = min(ways, key=lambda each: each.cost)
        try:
            solution = way.next()
        except TooLargeError as error:
            ways.remove(way)
            if ways:
                continue
            if not way.tried:
                raise
            raise ValueError(way.too_few(error)) from None
        if solution is not None:
            if about is None or not solution.displaced:
                return solution
            return _lifted(about, solution)


@dataclass(frozen=True, eq=False)
class Attempts:
    """Numbers of levels that were tried, and those to try next."""

    problem: Problem
    displaced: tuple[str, ...]
    free: list[str]  # oscillators that choose their own levels
    cuts: dict[str, int]  # to try next
    allowed: dict[str, float]  # to be left out
    tried: dict[str, list[tuple[int, float]]]  # levels, and how many times too much they left out
    enough: set[str]  # of those to try next, as far as one can tell
    made: bool = True  # whether quanta are made
    looks: int = 1  # attempts after whose next one sees whether anything keeps levels low
    origin: Problem | None = None  # where levels do not count from amplitudes
    lifting: float = 0.0  # amplitudes of the battery's, by which what is left out counts more

    @classmethod
    def of(
        cls,
        problem: Problem,
        displaced: tuple[str, ...] = (),
        quanta: float = 0.0,
        looks: int = 1,
    ) -> Attempts:
        """None yet; where fields or starts bring so many quanta one begins with more levels."""
        network = problem.network
        free = [name for name, site in network.sites.items() if site.dimension is None]
        enough = cutoffs(network, problem.started, problem.joints) if free else {}
        made = bool(free) and gains_quanta(network, enough)
        cuts = {name: enough[name] + _FIRST_MORE * made for name in free}
        if made and len(free) > 1:
            cuts = {ALL: max(cuts.values())}
        least = int(min(2 * quanta, _STRONG))
        cuts = {name: max(count, least) for name, count in cuts.items()}
        allowed = ACCURACY / (len(free) + 1) if made else ACCURACY
        each = dict.fromkeys((*free, *cuts), allowed)
        return cls(problem, displaced, free, cuts, each, {}, set(), made, looks)

    def from_least(self, origin: Problem) -> Attempts:
        """The same, from levels on that oscillators need surely which are not displaced.

        TooLargeError if there is no room for these.
        """
        found = replace(self, origin=origin)
        (_, sure), least = found.foreseen, max(self.cuts.values())
        if sure > least:
            self._allow_more(self.reached(), least, sure)
        return replace(found, cuts={name: max(count, sure) for name, count in self.cuts.items()})

    @property
    def cost(self) -> float:
        """What grows with the cost of the next attempt."""
        many = self.cuts[ALL] ** len(self.free) if ALL in self.cuts else prod(self.cuts.values())
        lossy = is_lossy(self.problem.network)
        if not self.made:
            power, each = _LOSSY_BLOCKS if lossy else _LOSSLESS_BLOCKS
            return float(each * many**power)
        shaped = (_SHAPED_LOSSY if lossy else _SHAPED) if self.displaced else 1.0
        return float(shaped * many ** (_LOSSY if lossy else _LOSSLESS))

    def reached(self) -> Reach:
        """What the levels to try next hold."""
        problem, cuts = self.problem, self.cuts
        levels = {name: cuts.get(name) or cuts[ALL] for name in self.free}
        quanta = (self.free, cuts[ALL] - 1) if ALL in cuts else ((), inf)
        given = problem.network, problem.started, levels, problem.limit, problem.joints, quanta
        return reach(*given)

    def next(self) -> OnLevels | None:
        """The solution; None if more levels are needed, which then are tried next."""
        cuts, reached = self.cuts, self.reached()
        if reached.size > _MANY:
            levels = f", with levels of {listed(cuts)}" if cuts else ""
            _LOG.info("%d configurations%s", reached.size, levels)
        found = self._tried_on(reached)
        if isinstance(found, OnLevels):
            return found
        seen, falls = found
        over = {n: seen.get(n, 0.0) / self.allowed[n] for n in self.allowed}
        if max(over.values()) == inf:
            raise ValueError(
                f"nothing is known to bound the energy beyond any number of levels of "
                f"{listed(self.free)}: give levels=..., and compare with more"
            )
        if ALL in cuts:  # what is too much at any of them is so at all
            over = {ALL: max(over.values())}
        for name in [name for name in cuts if over[name] > 1]:
            self.tried.setdefault(name, []).append((cuts[name], over[name]))
            left = over[name] * self.allowed[name]
            _LOG.info("%s: %d levels leave out %.1g", name, cuts[name], left)
            cuts[name], enough = _more(self.tried[name], falls.get(name, 0.0))
            (self.enough.add if enough else self.enough.discard)(name)
            if over[name] > FAR:
                whole, sure = self.foreseen
                far = whole if len(self.tried[name]) > self.looks else sure
                if far > cuts[name]:
                    cuts[name] = far
                    self._allow_more(reached, self.tried[name][-1][0], far)
        return None

    def _tried_on(self, reached: Reach) -> OnLevels | tuple[dict[str, float], dict[str, float]]:
        """The solution; or what is left out, if that is too much, and how it falls near a cut."""
        more = counted_more(self.lifting, min(self.cuts.values(), default=1))
        allowed = {name: most / more for name, most in self.allowed.items()}
        enough = self.enough >= self.cuts.keys()
        if reached.size > _MANY and self.made and not enough:
            count = max(self.cuts.values())
            self._allow_more(reached, count, count)
            if (seen := far_too_few(self.problem, reached, allowed)) is not None:
                return {name: amount * more for name, amount in seen.items()}, {}
        solution = solve(self.problem, reached, allowed, enough)
        report = solution.report
        left_out = {name: amount * more for name, amount in report.left_out.items()}
        if report.unfinished:
            return left_out, report.falls
        report = replace(report, left_out=left_out)
        return replace(solution, report=report, displaced=self.displaced)

    @cached_property
    def foreseen(self) -> tuple[int, int]:
        """Levels that the oscillators would take without what keeps them low; for `FAR`.

        And those that surely are needed.
        """
        whole, sure = foreseen(self.problem, self.free)
        if self.origin is not None:  # of what is not displaced, fields of the others are shaped
            other = foreseen(self.origin, self.free, self.displaced)
            whole, sure = max(whole, other[0]), max(sure, other[1])
        return int(min(whole, _MOST)), int(min(sure, _MOST))

    def _allow_more(self, reached: Reach, count: int, more: int) -> None:
        """Raise TooLargeError if there is no room, about, with so many more levels."""
        n = len(self.free) if ALL in self.cuts else 1
        times = comb(more - 1 + n, n) / comb(count - 1 + n, n)
        entries = (len(reached.hamiltonian.term) + len(reached.losses.term)) / reached.size
        each = reached.configurations[0].nbytes + bytes_of(entries)
        grown = int(reached.size * times / 2)
        allow("configurations", grown, each, self.problem.limit)
        self._allow_hot(grown, more)
        blocks = int(reached.labels.max(initial=0)) + 1
        if len(reached.losses.term) and blocks <= _PARITIES:
            moves = 2 * len(reached.hamiltonian.term) / reached.size  # from either side
            elements = int((grown / blocks) ** 2 * moves)
            allow("elements of the generator", elements, ELEMENT_BYTES, self.problem.limit)

    def _allow_hot(self, grown: int, more: int) -> None:
        """Raise TooLargeError at once if a bath is so hot that nobody would wait, by far."""
        sites = [self.problem.network.sites[name] for name in self.free]
        rate = max(float(np.max(site.loss * (1 + 2 * site.occupation))) for site in sites)
        latest = float(self.problem.axes.times.max())
        if np.isfinite(latest) and grown > _STEPPED:
            allow_seconds(rate * more * latest * grown * _A_STEP, latest)

    def too_few(self, error: TooLargeError) -> str:
        """What to say when the next attempt takes too much memory."""
        failed = [f"{name}: {known[-1][0]}" for name, known in self.tried.items()]
        return (
            f"{listed(failed)} levels are too few for these times, and more are {error}. "
            "Charge for a shorter time, or give levels=... and heed the warning that says "
            "what they leave out"
        )


def _lifted(about: Displaced, solution: OnLevels) -> OnLevels:
    """The same solution with the energies that amplitudes bring."""
    problem, times = about.problem, about.problem.axes.times
    alpha = {name: about.amplitude(name, times) for name in about.sites}
    start = {name: about.amplitude(name, np.zeros(1)) for name in about.sites}

    def means(asked: tuple[Observable, ...]) -> dict[str, Array]:
        again = replace(problem, measures=(), asked=asked)
        allowed = dict.fromkeys(solution.report.left_out, inf)
        return solve(again, solution.reach, allowed, enough=True).columns

    columns = with_amplitudes(problem, alpha, solution.columns, means, start)
    return replace(solution, columns=columns)


def _more(tried: Sequence[tuple[int, float]], near: float) -> tuple[int, bool]:
    """How many levels to try after some that left out so many times too much; whether they do.

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
    if len(tried) > 1:  # what was foreseen before was too little: another attempt costs more
        more = max(more, count + count // _AT_LEAST)
    return more, places <= 0
