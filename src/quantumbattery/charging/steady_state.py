"""The steady state of a network: what is read of the state that everything tends to.

It does not depend on the preparation, whose part is to say which states are reached.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from quantumbattery.charging.about_amplitudes import counted_more, with_amplitudes
from quantumbattery.charging.battery_hamiltonian import Battery, battery
from quantumbattery.charging.conserved import reason
from quantumbattery.charging.displaced_at_rest import AtRest, at_rest
from quantumbattery.charging.observables import Observable, Observed
from quantumbattery.charging.problem import OnLevels, Problem, Report
from quantumbattery.charging.readout import Readout
from quantumbattery.charging.settled_moments import escapes, never_settles
from quantumbattery.dynamics.motion import columns_of
from quantumbattery.dynamics.stationary import DENSE, Stationary, stationary
from quantumbattery.machine import TooLargeError, limited
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import listed
from quantumbattery.reach.needed_levels import cutoffs, gains_quanta
from quantumbattery.reach.reach import Bipartition, Reach, reach
from quantumbattery.reach.terms import hamiltonian_terms
from quantumbattery.states.density import Matrix, density
from quantumbattery.states.lindblad import rectangles
from quantumbattery.states.reduced import part_of

_FIRST_MORE = 6  # levels beyond what the preparation brings, to try first where more are made
_CONVERGED = 1e-10  # quanta of the battery that half as many levels more may change
_AT_CUT = 1e-10  # of the weight on last levels: more may go on beyond them
_AT_ONCE = 1 << 22  # numbers of matrices and states that are worked on at a time
_ONE_THREAD = 200  # numbers of a block below which threads do not pay
_SETTLED = "energy", "ergotropy"  # what tells whether there are levels enough; or also that of
_OF_CHARGER = "charger_energy"  # where the charger is looked at
_FEW = 4  # levels on which one sees what changes in time
_TELLING = 3  # numbers of levels after which one asks whether quanta ever settle
_FURTHER = 4  # numbers of levels that are tried after one that has settled near its cut

_LOG = logging.getLogger("quantumbattery")


def steady(problem: Problem) -> OnLevels:
    """Solve for the one steady state; ValueError, with the reason, where there is none.

    Oscillators that choose their levels get half as many more until energy and ergotropy change by
    less than 1e-10 of the battery's smallest quantum, and so the charger's energy, or by less than
    1e-10 of it, if that is looked at: that they have settled is seen, not proved.
    Driven ones are also tried about the amplitudes that they would have alone: what settles with
    fewer levels is taken, and what nearly fills its last ones only if nothing else settles.
    """
    _allow_still(problem)
    own = _Ladder.of(problem)
    if not own.made:
        return _solved(problem, _reached(problem, own.enough))[0]
    if why := never_settles(problem):
        raise ValueError(why)
    about = at_rest(problem)
    ways = [own] if about is None else [own, _Ladder.of(about.problem, about)]
    refused = kept = None
    further = _FURTHER
    while ways and further:
        further -= kept is not None
        way = min(ways, key=lambda each: each.count)  # at equal cost the own
        try:
            solution = way.next()
        except ValueError as error:
            if way is own and not isinstance(error, TooLargeError):
                raise
            ways.remove(way)
            refused = way.unsettled(error) if way is own else refused
            continue
        if solution is not None:
            if about is None or (solution.report.at_cut or 0.0) <= _AT_CUT:
                return solution
            kept = kept or solution  # a saturated battery does not feel its cut
        elif way.tried == _TELLING and (why := escapes(problem)):
            raise ValueError(why)
    if kept is not None:
        return kept
    assert refused is not None
    raise refused


@dataclass(eq=False)
class _Ladder:
    """Levels of the oscillators that choose their own: half as many more, until enough."""

    problem: Problem
    about: AtRest | None
    enough: dict[str, int]  # that the preparation brings
    made: bool  # whether quanta are made, so that more are needed
    count: int  # to try next
    change: float = inf
    tried: int = 0
    before: Mapping[str, Array] | None = None

    @classmethod
    def of(cls, problem: Problem, about: AtRest | None = None) -> _Ladder:
        """None tried yet."""
        network = problem.network
        free = [name for name, site in network.sites.items() if site.dimension is None]
        every = cutoffs(network, problem.started, problem.joints) if free else {}
        made = bool(free) and gains_quanta(network, every)
        enough = {name: every[name] for name in free}
        return cls(problem, about, enough, made, max(enough.values(), default=0) + _FIRST_MORE)

    def next(self) -> OnLevels | None:
        """The solution; None if more levels may change it, which then are tried next."""
        free, count = [*self.enough], self.count
        quanta = (free, count - 1) if len(free) > 1 else ((), inf)
        reached = _reached(self.problem, dict.fromkeys(free, count), quanta)
        solution, settled = _solved(self.problem, reached)
        before, self.before, self.count = self.before, settled, -(-3 * count // 2)
        self.tried += 1
        if before is None:
            return None
        self.change = max(_change(name, settled[name], before[name]) for name in settled)
        _LOG.info("%d levels: a change of %.1g quanta", count, self.change)
        lifting = 0.0 if self.about is None else self.about.lifting
        if not self.change * counted_more(lifting, count) < _CONVERGED:
            return None
        report = replace(solution.report, converged=self.change)
        return self._whole(replace(solution, report=report))

    def _whole(self, solution: OnLevels) -> OnLevels:
        """The solution with the energies that amplitudes bring."""
        about = self.about
        if about is None:
            return solution
        alpha, start = about.amplitudes, dict.fromkeys(about.sites, np.zeros((1, 1, 1)))

        def means(asked: tuple[Observable, ...]) -> dict[str, Array]:
            again = replace(self.problem, measures=(), asked=asked)
            return _solved(again, solution.reach, rotating=False)[0].columns

        columns = with_amplitudes(self.problem, alpha, solution.columns, means, start)
        return replace(solution, columns=columns, displaced=about.sites)

    def unsettled(self, error: ValueError) -> ValueError:
        """What to say where the next levels are too many."""
        return _unsettled([*self.enough], self.count, self.change, error)


def _change(name: str, now: Array, before: Array) -> float:
    """How far numbers, in quanta, have moved; of a charger that holds many, relative to it."""
    scale = np.maximum(1.0, np.abs(now)) if name == _OF_CHARGER else 1.0
    return float((np.abs(now - before) / scale).max())


def _reached(
    problem: Problem,
    levels: Mapping[str, int],
    quanta: tuple[list[str], float] | tuple[tuple[()], float] = ((), inf),
) -> Reach:
    """What is reached."""
    network, limit = problem.network, problem.limit
    return reach(network, problem.started, levels, limit, problem.joints, quanta)


def _allow_still(problem: Problem) -> None:
    """Raise ValueError if anything changes in time."""
    sites = problem.network.sites
    few = {name: site.dimension or _FEW for name, site in sites.items()}
    signals = hamiltonian_terms(problem.network, few).signals
    if any(signal.envelope is not None for signal in signals.values()):
        raise ValueError(
            "an envelope changes in time, so that there is no steady state; leave envelopes out, "
            "or give times that are finite"
        )
    if signals:
        raise ValueError(
            "a drive turns in every frame (its counter-rotating half, several frequencies, or a "
            "link that does not turn with it): there is no steady state, only one that repeats "
            "itself for ever; leave that out, or give times that are finite"
        )


def _unsettled(free: list[str], count: int, change: float, error: ValueError) -> ValueError:
    if not change < inf:
        return ValueError(f"with {count} levels of {listed(free)}: {error}; or give levels=...")
    return ValueError(
        f"energies or ergotropy still change by {change:.1g} quanta as {listed(free)} get half as "
        f"many levels more, and {count} are {error}. Where gain outdoes loss there is no steady "
        "state; otherwise give levels=..., and heed the attribute at_cut"
    )


# --- on given levels -----------------------------------------------------------------------------


def _solved(
    problem: Problem, reached: Reach, rotating: bool = True
) -> tuple[OnLevels, dict[str, Array]]:
    """Solve on the levels of what was reached; and what tells if they are enough, in quanta.

    What is asked is given in the laboratory's frame, unless it is not to be rotating back.
    """
    work = _prepared(problem, reached, rotating)
    g, c, _ = problem.axes.shape
    columns = work.memory((g, 1, 1))
    settled = {name: np.empty((g, 1, 1)) for name in work.settling}
    seen, error, methods = 0.0, 0.0, dict[tuple[str, int], None]()
    largest = max(blocks.size for blocks in work.state.blocks)
    with limited(1) if largest < _ONE_THREAD else nullcontext():
        for batch in work.parts():
            found = work.stationary(batch)
            methods |= dict.fromkeys(found.methods)
            error, states = max(error, found.error), columns_of(found.parts, work.state.size)
            own = work.battery.select(batch)
            for name, values in work.read(states, own).items():
                columns[name][batch] = values
            told = work.readout.columns(work.settling, states, own, np.zeros(1))
            for name, values in told.items():
                settled[name][batch] = values / own.quantum
            seen = max(seen, work.at_cut(states))
    if isinstance(work.reading, Observed):
        columns = work.reading.at_rest(columns, problem.axes)
    whole = {n: np.broadcast_to(v, (g, c, *v.shape[2:])).copy() for n, v in columns.items()}
    return OnLevels(whole, Report(tuple(methods), {}, error, at_cut=seen), reached), settled


def _prepared(problem: Problem, reached: Reach, rotating: bool) -> Work:
    network, axes, limit = problem.network, problem.axes, problem.limit
    split = Bipartition.of(reached, network.battery)
    state = density(reached, rectangles(reached, limit), (), limit)
    counts = dict(zip(reached.sites, reached.levels, strict=True))
    own = battery(
        network, counts, split.levels, axes.numbers, problem.extraction, limit, problem.own
    )
    coefficients = reached.hamiltonian.coefficients + reached.losses.coefficients
    given = [np.broadcast_to(axes.numbers(each), axes.batch) for each in coefficients]
    numbers = np.stack(given, axis=-1) if given else np.zeros((axes.batch, 0))
    readout = Readout(network, reached, state, split)
    settling = _settling(problem)
    own = readout.further.prepared({*problem.measures, *settling}, own, numbers, limit)
    reading: Readout | Observed = readout
    if problem.asked:
        asked = {each.name: each for each in problem.asked}
        reading = Observed(network, reached, state, asked, rotating)
    return Work(problem, state, readout, reading, own, numbers, settling)


def _settling(problem: Problem) -> tuple[str, ...]:
    """The measures that tell whether there are levels enough."""
    asked = {name for each in problem.asked for name in each.sites}
    looked_at = _OF_CHARGER in problem.measures or not asked.isdisjoint(problem.network.charger)
    return (*_SETTLED, _OF_CHARGER) if looked_at else _SETTLED


@dataclass(frozen=True, eq=False)
class Work:
    """All that is ready before anything is solved."""

    problem: Problem
    state: Matrix
    readout: Readout
    reading: Readout | Observed
    battery: Battery
    numbers: Array  # (g, terms)
    settling: tuple[str, ...]

    @property
    def _names(self) -> tuple[str, ...]:
        return self.problem.measures or tuple(each.name for each in self.problem.asked)

    def memory(self, shape: tuple[int, int, int]) -> dict[str, Array]:
        """Room for everything that is asked."""
        if isinstance(self.reading, Observed):
            return self.reading.memory(shape)
        return {name: np.empty(shape) for name in self._names}

    def parts(self) -> Iterator[slice]:
        """Parts of the batch that are worked on one after the other."""
        dense = sum(b.count * b.size**2 for b in self.state.blocks if b.size <= DENSE)
        names = self.reading.largest(self._names), self.readout.largest(self.settling)
        step = max(1, _AT_ONCE // max(dense, self.state.size, *names))
        return (slice(k, k + step) for k in range(0, len(self.numbers), step))

    def stationary(self, batch: slice) -> Stationary:
        """The steady states of a part of the batch, if they are the only ones."""
        found = stationary(self.state, self.numbers[batch], self.problem.limit)
        if not found.alone.all():
            first = batch.start + int(np.argmin(found.alone))
            where = self.problem.axes.where(first) if found.alone.any() else ""
            network, reached = self.problem.network, self.state.reach
            raise ValueError(reason(network, reached, self.numbers[first], where))
        return found

    def read(self, states: Array, own: Battery) -> dict[str, Array]:
        """Everything asked, each (g, 1, 1, ...); all powers are 0."""
        return self.reading.columns(self._names, states, own, np.zeros(1))

    def at_cut(self, states: Array) -> float:
        """The largest weight on the last levels of an oscillator, from where it should go on."""
        edge, reached, most = self.state.reach.edge, self.state.reach, 0.0
        if not len(edge.site):
            return most
        every = Bipartition.of(reached, reached.sites)
        populations = part_of(every, self.state).populations(states)[..., every.inside]
        for site in np.unique(edge.site):
            leading = edge.configuration[edge.site == site]
            if site < len(reached.sites):
                levels = reached.configurations[:, site]
                last = np.isin(levels, np.unique(levels[leading]))
            else:  # the cut that several share
                last = np.isin(np.arange(reached.size), leading)
            most = max(most, float(populations[..., last].sum(axis=-1).max()))
        return most
