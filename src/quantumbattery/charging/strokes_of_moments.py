"""Strokes of oscillators by means and covariances, where nothing else is needed.

No level is cut off, whatever the strokes bring, if each is quadratic and constant and everything
begins, and begins anew, in Gaussian states. A cycle is an affine map; many are its powers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging.by_moments import (
    check_growth,
    has_moments,
    knows,
    may_grow,
    over_time,
    report_of,
    some,
    threads,
)
from quantumbattery.charging.changing import LARGEST
from quantumbattery.charging.merit_of_moments import Energies, Reading
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.charging.repeated import Moments as Looks
from quantumbattery.charging.repeated import Solved
from quantumbattery.charging.states_of_moments import of_states
from quantumbattery.charging.stroke import Strokes, other_battery
from quantumbattery.machine import allow, at_work
from quantumbattery.moments.maps import (
    Fresh,
    Map,
    Repeated,
    inside,
    of_reset,
    of_stroke,
    seen,
    size_of,
)
from quantumbattery.moments.over_time import Moments, at_start
from quantumbattery.moments.quadratic import (
    Quadratic,
    has_pairs,
    is_constant,
    is_quadratic,
    own_form,
    quadratic,
    turning,
)
from quantumbattery.moments.starts import Beginning, beginning, moments_of
from quantumbattery.network.network import Network
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.digits import check_digits

_AT_ONCE = 1 << 21  # numbers that are worked on at a time
_EPSILON = float(np.finfo(float).eps)
_OVERFLOW = (
    "quanta grow until their numbers overflow within the protocol: repeat it less often, or charge "
    "for a shorter time"
)


def fits(strokes: Strokes, problem: Problem) -> bool:
    """Whether means and covariances say all that is asked."""
    if not all(is_quadratic(s.system) and is_constant(s.system) for s in strokes.strokes):
        return False
    first = strokes.strokes[0].system
    if not knows(first, problem.measures) or not has_moments(first, problem.started):
        return False
    return all(has_moments(each.system, each.reset) for each in strokes.strokes)


def solved(strokes: Strokes, problem: Problem, looks: Looks) -> Solved:
    """Solve a protocol at some moments; the problem's network may have other sites as charger."""
    with at_work():
        names = needed(problem.measures) - POWERS.keys()
        work = Work.of(strokes, problem, looks, names)
        check_digits(work.report.rounding, float(looks.times.max()))
        with threads(work.motions):
            columns = work.states() if problem.asked else work.measures(names)
        return Solved(Solution(columns, work.report), work.before)


@dataclass(frozen=True, eq=False)
class Work:
    """All that is ready before anything moves."""

    strokes: Strokes
    problem: Problem
    looks: Looks
    motions: tuple[Quadratic, ...]  # of each stroke, in its frame
    turning: tuple[Array, ...]  # (g, m), how fast frames turn beside `shared`
    shared: Array  # (g,), how fast all turn together where nothing has a phase to tell it by
    fresh: tuple[Fresh, ...]  # what begins anew with each stroke
    begun: Beginning
    energies: tuple[Energies, ...]  # of each stroke, whose interactions are its own

    @classmethod
    def of(
        cls, strokes: Strokes, problem: Problem, looks: Looks, measures: Collection[str]
    ) -> Work:
        """Make it; ValueError if quanta grow until their numbers overflow."""
        axes, systems = problem.axes, [each.system for each in strokes.strokes]
        given = axes.numbers, axes.batch
        _check_battery(strokes, problem)
        fresh = tuple(_fresh(strokes, k, problem) for k in range(len(systems)))
        pairs = any(has_pairs(each) for each in systems)
        pairs |= any(np.any(each[2]) for own in fresh for each in own.values())
        motions = tuple(quadratic(each, *given, doubled=pairs) for each in systems)
        with threads(motions):
            spans = _passed(strokes, looks)
            for system, motion, span in zip(systems, motions, spans, strict=True):
                check_growth(system, motion, np.array([span]))
        frames = [_frames(system, problem) for system in systems]
        phased = pairs or any(motion.fields for motion in motions)
        phased |= any(np.any(each[0]) for own in fresh for each in own.values())
        shared = np.zeros(axes.batch) if phased else frames[0][:, 0]
        energies = []
        for system in systems:
            mine = copy(system)
            mine._set(charger=problem.network.charger)
            energies.append(Energies.of(mine, *given, measures, problem.extraction))
        return cls(
            strokes,
            problem,
            looks,
            motions,
            tuple(each - shared[:, None] for each in frames),
            shared,
            fresh,
            beginning(systems[0], problem.started, axes.start),
            tuple(energies),
        )

    def measures(self, names: Collection[str]) -> dict[str, Array]:
        """All measures (g, c, T) of the problem, of which some have to be known."""
        axes, asked = self.problem.axes, self.problem.measures
        g, c, _ = axes.shape
        columns = {name: np.empty((g, c, len(self.looks))) for name in names}
        for part, stroke, chosen, found in self._everything(self.energies[0].places):
            read = Reading(self.energies[stroke], part, found)
            for name, column in columns.items():
                column[part, :, chosen] = read.column(name)
        powers = set(asked) & set(POWERS)
        held = {} if self._empty else self.before({POWERS[name] for name in powers})
        for name in powers:
            of = POWERS[name]
            columns[name] = over_time(columns[of], held.get(of), self.looks.times)
        return {name: columns[name] for name in asked}

    def before(self, names: Collection[str]) -> dict[str, Array]:
        """Measures (g or 1, c, 1) before the first stroke and its reset."""
        found = at_start(self.begun, self.energies[0].places)
        read = Reading(self.energies[0], slice(None), found)
        return {name: read.column(name) for name in names}

    @property
    def _empty(self) -> bool:
        """Whether nothing is in the battery at first."""
        return prepared_sites(self.problem.started).isdisjoint(self.problem.network.battery)

    def states(self) -> dict[str, Array]:
        """The density matrices that are asked for, all of the same sites."""
        asked, (g, c, _) = self.problem.asked, self.problem.axes.shape
        names, t = [*self.problem.network.sites], len(self.looks)
        places = [names.index(site) for site in asked[0].sites]
        b = len(places)
        allow("numbers in the moments at all times", g * c * t * b * (2 * b + 1), 48, self.limit)
        mean = np.empty((g, c, t, b), complex)
        normal, anomalous = np.empty((2, g, c, t, b, b), complex)
        for part, _, chosen, found in self._everything(places):
            mean[part, :, chosen] = found.mean
            normal[part, :, chosen] = found.normal
            anomalous[part, :, chosen] = found.anomalous
        phase = np.exp(-1j * self.shared[:, None, None, None] * self.looks.times[:, None])
        found = Moments(mean * phase, normal, anomalous * phase[..., None] ** 2)
        return of_states(asked, found, self.limit)

    @property
    def limit(self) -> float:
        """The memory in GiB."""
        return self.problem.limit

    def _everything(self, places: Sequence[int]) -> Iterator[tuple[slice, int, Array, Moments]]:
        """Some members, a stroke, some of the moments (k,) in it, and what there is then."""
        copies, m = self.problem.axes.shape[1], self.motions[0].modes
        rows, n = len(places) * (1 + self._doubled), size_of(m, self._doubled)
        most = int(self.looks.cycle.max())
        maps = 2 * (2 * len(self.motions) + max(1, most.bit_length())) + 8
        one = rows * n * 3 + copies * rows * rows * 2  # numbers of a member at a moment
        allow("numbers in the maps of a cycle", maps * n * n, 16, self.limit)
        allow("numbers in the moments at one time", one, 16, self.limit)
        step = max(1, _AT_ONCE // max(maps * n * n, min(len(self.looks), 64) * one))
        for low in range(0, self.problem.axes.batch, step):
            part = slice(low, min(low + step, self.problem.axes.batch))
            begun, (before, cycles) = self.begun.some(part), self._maps(part, most)
            for stroke, now in self._looks(max(1, _AT_ONCE // (one * (part.stop - part.start)))):
                turns, motion = self.turning[stroke][part], some(self.motions[stroke], part)
                spans, which = np.unique(self.looks.spans[now], return_inverse=True)
                with np.errstate(over="ignore", invalid="ignore"):
                    moving = inside(motion, turns, places, spans)
                    moving = before[stroke].rows(*moving)
                    moving = cycles.rows(*moving, which, self.looks.cycle[now])
                    found = seen(begun, *moving, self._doubled)
                each = found.mean, found.normal, found.anomalous
                if not all(np.isfinite(numbers).all() for numbers in each):
                    raise ValueError(_OVERFLOW)
                yield part, stroke, now, found

    def _looks(self, most: int) -> Iterator[tuple[int, Array]]:
        """A stroke, and some of the moments in it, those after equal spans together."""
        for stroke in np.unique(self.looks.stroke).tolist():
            mine = np.flatnonzero(self.looks.stroke == stroke)
            order = np.lexsort((self.looks.cycle[mine], self.looks.spans[mine]))
            for low in range(0, len(mine), most):
                yield stroke, mine[order[low : low + most]]

    def _maps(self, part: slice, most: int) -> tuple[list[Map], Repeated]:
        """What is before each stroke in a cycle, its reset done; and up to so many cycles."""
        members, m = part.stop - part.start, self.motions[0].modes
        now = Map.nothing(members, size_of(m, self._doubled))
        before: list[Map] = []
        latest = len(self.motions) if most else int(self.looks.stroke.max())
        each = zip(self.strokes.strokes, self.motions, self.turning, self.fresh, strict=True)
        with np.errstate(over="ignore", invalid="ignore"):
            for k, (stroke, motion, turns, fresh) in enumerate(each):
                mine = {place: _of_members(given, part) for place, given in fresh.items()}
                now = of_reset(mine, m, self._doubled, members).after(now) if mine else now
                before.append(now)
                if k == latest:  # whose end no one asks for, as of all that follow
                    break
                now = of_stroke(some(motion, part), turns[part], stroke.duration).after(now)
            if most:
                self._check_cycles(now.matrix, most)
            return before, Repeated.of(now, most)

    def _check_cycles(self, cycle: Array, most: int) -> None:
        """Raise ValueError if cycles (g, n, n) let quanta grow until no number holds them."""
        if not np.isfinite(cycle).all():
            raise ValueError(_OVERFLOW)
        pairs = zip(self.strokes.strokes, self.motions, strict=True)
        if not any(may_grow(each.system, motion) for each, motion in pairs):
            return
        m = self.motions[0].modes * (1 + self._doubled)
        largest = float(np.abs(np.linalg.eigvals(cycle[:, :m, :m])).max())
        if largest > 1 and (growth := 2 * np.log(largest)) * most > LARGEST:
            raise ValueError(
                f"quanta grow e-fold every {1 / growth:.3g} cycles of the protocol, so that after "
                f"{LARGEST / growth:.3g} their numbers overflow: repeat it less often"
            )

    @property
    def _doubled(self) -> bool:
        return self.motions[0].doubled

    @property
    def report(self) -> Report:
        """What a table says of how it was found, and of what rounding takes of a phase.

        Frames turn for ever in the laboratory, where drives and resets begin with a phase anew, and
        states are given: for the work of a single stroke that is nothing.
        """
        cycles, states = int(self.looks.cycle.max()), bool(self.problem.asked)
        found = states * float((np.abs(self.shared).max() * self.looks.times).max())
        again = states or cycles > 0 or bool(self.looks.stroke.any())
        passed = _passed(self.strokes, self.looks)
        each = zip(self.strokes.strokes, self.motions, self.turning, passed, strict=True)
        for stroke, motion, turns, span in each:
            fastest = float(np.abs(motion.drift).sum(axis=-1).max(initial=0.0))
            fastest += again * float(np.abs(turns).max())
            found += fastest * (cycles * stroke.duration + span)
        return replace(report_of(self.problem.network), rounding=_EPSILON * found)


def _passed(strokes: Strokes, looks: Looks) -> list[float]:
    """How much of each stroke passes at all, in one cycle, until one looks for the last time."""
    durations = [each.duration for each in strokes.strokes]
    if looks.cycle.any():
        return durations
    latest = int(looks.stroke.max())
    last = float(looks.spans[looks.stroke == latest].max())
    return [*durations[:latest], last, *[0.0] * (len(durations) - latest - 1)]


def _of_members(given: tuple[Array, Array, Array], part: slice) -> tuple[Array, Array, Array]:
    """What a mode begins in anew, of some members."""
    mean, normal, anomalous = (each if len(each) == 1 else each[part] for each in given)
    return mean, normal, anomalous


def _fresh(strokes: Strokes, k: int, problem: Problem) -> Fresh:
    """What a stroke's reset brings: means and covariances, by the places of the sites."""
    stroke, numbers = strokes.strokes[k], problem.axes.numbers
    names, found = [*stroke.system.sites], {}
    for name, each in stroke.reset.items():
        mean, normal, anomalous = moments_of(each, stroke.system.sites[name])
        found[names.index(name)] = numbers(mean), numbers(normal), numbers(anomalous)
    return found


def _frames(system: Network, problem: Problem) -> Array:
    """How fast the frames of all sites turn in a stroke, (g, m)."""
    numbers, batch = problem.axes.numbers, problem.axes.batch
    each = [turning(system, name, numbers) for name in problem.network.sites]
    return np.stack([np.broadcast_to(turns, batch) for turns in each], axis=-1)


def _check_battery(strokes: Strokes, problem: Problem) -> None:
    """Raise ValueError unless the battery's own Hamiltonian is the same in all strokes."""
    axes = problem.axes
    given = axes.numbers, axes.batch, problem.network.battery
    first, *others = (own_form(each.system, *given) for each in strokes.strokes)
    for k, other in enumerate(others, start=1):
        if not np.array_equal(first, other):
            raise other_battery(k)
