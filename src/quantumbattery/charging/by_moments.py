"""Charging of oscillators by their means and covariances, where nothing else is needed.

No level is cut off: the state of the battery's modes is known from these moments if the
Hamiltonian and the losses are quadratic and all sites start in Gaussian states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from quantumbattery.charging.changing import LARGEST, ChangingRows, Followed, followed
from quantumbattery.charging.merit_of_moments import KNOWN, OF_ONE, Energies, Reading
from quantumbattery.charging.observables import is_hermitian
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.charging.settled_moments import settled
from quantumbattery.charging.term_means import switched_off
from quantumbattery.machine import allow, keep_memory, limited
from quantumbattery.moments.evolution import Rows
from quantumbattery.moments.over_time import Moments, at_start, moved, read
from quantumbattery.moments.quadratic import (
    Quadratic,
    is_cold,
    is_constant,
    is_quadratic,
    pulls_alone,
    quadratic,
    turning,
)
from quantumbattery.moments.shaped import shaped_fields
from quantumbattery.moments.starts import Beginning, beginning, is_coherent, is_gaussian
from quantumbattery.network.joint_losses import Jump
from quantumbattery.network.named_states import Started
from quantumbattery.network.network import Network
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.digits import check_digits, latest_felt

METHOD = "means and covariances"
_NOTHING_YET = 1e-100  # a time before which 1/t may overflow
_AT_ONCE = 1 << 18  # numbers that are worked on at a time, as many as caches hold
_ONE_THREAD = 256  # numbers of a matrix below which threads wait for each other, at every product
_EPSILON = float(np.finfo(float).eps)


def fits(problem: Problem) -> bool:
    """Whether means and covariances say all that is asked."""
    network = problem.network
    if not is_quadratic(network):
        return False
    if not knows(network, problem.measures):
        return False
    if np.isinf(problem.axes.times).any():  # what everything tends to forgets how it began
        return is_constant(network)
    return has_moments(network, problem.started)


def tells(problem: Problem) -> bool:
    """Whether all that is asked are moments, which are known of any starts for finite times."""
    if not problem.asked or not all(each.moment for each in problem.asked):
        return False
    at_rest = np.isinf(problem.axes.times).any()
    return is_quadratic(problem.network) and (not at_rest or is_constant(problem.network))


def knows(network: Network, measures: Collection[str]) -> bool:
    """Whether means and covariances of the battery tell all of these measures."""
    known = KNOWN | OF_ONE if len(network.battery) == 1 else KNOWN
    return needed(measures) - POWERS.keys() <= known


def has_moments(network: Network, started: Started) -> bool:
    """Whether all states are Gaussian, at the start and for ever."""
    if not all(isinstance(name, str) and is_gaussian(each) for name, each in started.items()):
        return False
    return is_quadratic(network)


def certifies(problem: Problem, name: str) -> bool:
    """Whether moments bound a quantity that is sought, between times at which it is known.

    Second moments do so for the energy whatever the sites start in; and for work if they say what
    it is. Of several modes together, work over a time is bounded from an empty battery on.
    """
    network, started = problem.network, problem.started
    if not is_constant(network) or not is_quadratic(network):
        return False
    if name in ("energy", "power"):
        return True
    if not fits(problem):
        return False
    empty = prepared_sites(started).isdisjoint(network.battery)
    return name == "ergotropy" or empty or is_apart(problem)


def is_apart(problem: Problem) -> bool:
    """Whether the work is that of each mode by itself, or all of the energy."""
    alone = len(problem.network.battery) == 1 or problem.extraction == "local"
    return alone or stays_coherent(problem)


def stays_coherent(problem: Problem) -> bool:
    """Whether all modes of a quadratic network are in coherent states at all times.

    The state of the battery is then pure, and a displacement empties it.
    """
    network, started = problem.network, problem.started
    coherent = (is_coherent(each, network.sites[name]) for name, each in started.items())
    return is_cold(network) and all(coherent)


def charged(problem: Problem) -> Solution:
    """All measures, on the axes of the problem."""
    axes, names = problem.axes, needed(problem.measures) - POWERS.keys()
    report = report_of(problem.network)
    asked = set(problem.measures) & set(POWERS)
    if np.isinf(axes.times).any():
        columns = settled(problem, names) | {name: np.zeros(axes.shape) for name in asked}
        return Solution({name: columns[name] for name in problem.measures}, report)
    work = ByMoments.of(problem, names)
    columns = {name: np.empty(axes.shape) for name in names}
    with work.threads():
        for part, found in work.everything():
            read = Reading(work.energies, part, found)
            for name, column in columns.items():
                column[part] = read.column(name)
    switched_off(columns, axes)
    held = work.held({POWERS[name] for name in asked})
    for name in asked:
        columns[name] = over_time(columns[POWERS[name]], held.get(POWERS[name]), axes.times)
    return Solution({name: columns[name] for name in problem.measures}, work.report)


def report_of(network: Network) -> Report:
    """What a table says of how it was found: by moments of so many modes."""
    return Report(((METHOD, len(network.sites)),), {})


@dataclass(frozen=True, eq=False)
class ByMoments:
    """A problem in means and covariances, ready to be read at any times."""

    problem: Problem
    motions: tuple[Quadratic, ...]  # while charging; and while storing, if it is disconnected
    begun: Beginning
    energies: Energies

    @classmethod
    def of(cls, problem: Problem, measures: Collection[str]) -> ByMoments:
        """Make it; ValueError if quanta grow until their numbers overflow, or no digit is left."""
        network, axes = problem.network, problem.axes
        make = partial(quadratic, network, axes.numbers, axes.batch)
        motions = (make(),) if axes.charged is None else (make(), make(storing=True))
        with threads(motions):
            for motion, span in zip(motions, _spans(problem), strict=True):
                check_growth(network, motion, span)
        begun = beginning(network, problem.started, axes.start, problem.limit)
        given = network, axes.numbers, axes.batch, measures, problem.extraction
        made = cls(problem, motions, begun, Energies.of(*given))
        check_digits(made.rounding, float(axes.times.max()))
        return made

    def threads(self) -> AbstractContextManager[Any]:
        """One thread of linear algebra where matrices are small."""
        return threads(self.motions)

    def moments(self, places: Sequence[int], part: slice | Array, times: Array) -> Moments:
        """Of modes at some places, (m, c, T, ...), at times (T,) or (m, T), or pairs of these."""
        return read(self.motion, self.begun.some(part), *self.rows(places, part, times))

    def rows(
        self, places: Sequence[int], part: slice | Array, times: Array
    ) -> tuple[Array, Array | None]:
        """Rows (m, r, T, n) of modes at some places, and the noise, as `moved` gives them.

        Where links or pairs change, at all times of the problem or at none later than 0.
        """
        if self.changing is not None:
            return self.changing.of_modes(places, part, times)
        return moved([some(each, part) for each in self.motions], places, times)

    def reading(self, part: slice | Array, times: Array) -> Reading:
        """What reads some members at some times."""
        return Reading(self.energies, part, self.moments(self.energies.places, part, times))

    def everything(self, places: Sequence[int] | None = None) -> Iterator[tuple[slice, Moments]]:
        """The moments at all times of the problem, of members that are worked on together."""
        chosen = self.energies.places if places is None else places
        for part, mine in self.tiles(len(chosen)):
            found = self.moments(chosen, part, mine)
            if (pulled := self.pulled(part)) is not None:
                found = replace(found, mean=found.mean + pulled[..., chosen])
            yield part, found

    def pulled(self, part: slice) -> Array | None:
        """What shaped fields add to the means of all sites at all times, (m, c or 1, T, sites)."""
        return None if self._pulled is None else self._pulled.numbers[part]

    def tiles(self, modes: int) -> Iterator[tuple[slice, Array]]:
        """Members that are worked on together, and the times of these, for so many modes."""
        axes, motion = self.problem.axes, self.motions[0]
        members, copies, times = axes.shape
        n, rows = motion.drift.shape[-1], modes * (1 + motion.doubled)
        each = max(times * rows * n * 3, 30 * n * n, times * copies * rows * rows)
        allow("numbers in the moments at all times", each, 16, self.problem.limit)
        step = max(1, _AT_ONCE // each)
        keep_memory()
        for part in (slice(k, min(k + step, members)) for k in range(0, members, step)):
            if axes.charged is None:
                yield part, axes.times[part] if axes.times.ndim > 1 else axes.times
            else:
                yield part, axes.pairs(part)

    @property
    def motion(self) -> Quadratic:
        """In whose order numbers of rows are."""
        return self.motions[0] if self.changing is None else self.changing.motion

    @cached_property
    def changing(self) -> ChangingRows | None:
        """What modes take over where links or pairs change in time."""
        if pulls_alone(self.problem.network):
            return None
        return ChangingRows.of(self.problem, self.begun)

    @cached_property
    def _pulled(self) -> Followed | None:
        """What fields add to the means where they alone change in time."""
        network, axes = self.problem.network, self.problem.axes
        if is_constant(network) or not pulls_alone(network):
            return None
        fields = shaped_fields(network, axes.numbers, axes.batch, self.problem.limit)
        return followed(self.problem, fields)

    @property
    def report(self) -> Report:
        """What a table says of how it was found."""
        found = replace(report_of(self.problem.network), rounding=self.rounding)
        how = self.changing or self._pulled
        if how is None:
            return found
        methods = found.methods + how.methods
        scale, growth = how.scale(self._looked_at), how.scale(range(self.motion.modes))
        return replace(found, methods=methods, error=how.error, scale=scale, growth=growth)

    @property
    def _looked_at(self) -> Sequence[int]:
        """The places of all sites of which anything is read."""
        names = [*self.problem.network.sites]
        asked = {names.index(site) for each in self.problem.asked for site in each.sites}
        return sorted(asked) if asked else self.energies.places

    @property
    def rounding(self) -> float:
        """How much of a phase rounding has taken by the last time."""
        pairs = zip(map(Rows, self.motions), _spans(self.problem), strict=True)
        return _EPSILON * max(rows.fastest * latest_felt(rows.sizes, span) for rows, span in pairs)

    def held(self, names: Collection[str]) -> dict[str, Array]:
        """What a battery that does not start empty holds at t = 0, each (g, c, 1), for powers."""
        battery = self.problem.network.battery
        if not names or prepared_sites(self.problem.started).isdisjoint(battery):
            return {}
        read = Reading(self.energies, slice(None), at_start(self.begun, self.energies.places))
        return {name: read.column(name) for name in names}


def phase_of(problem: Problem, site: str) -> Array:
    """How far the frame of a site has turned at all times, as e^{-i w t}, (g or 1, 1, T)."""
    turned, latest = turning(problem.network, site, problem.axes.numbers), problem.axes.times.max()
    felt = latest_felt(np.abs(turned), problem.axes.times)
    check_digits(_EPSILON * float(np.abs(turned).max()) * felt, float(latest))
    phase: Array = np.exp(-1j * turned[:, None, None] * np.atleast_2d(problem.axes.times)[:, None])
    return phase


def mean_of(rho: Array, matrix: Array) -> Array:
    """Tr(rho A), (...), real where A is Hermitian."""
    mean: Array = np.einsum("...jk,kj->...", rho, matrix)
    return mean.real if is_hermitian(matrix) else mean


def some(motion: Quadratic, part: slice | Array) -> Quadratic:
    """The motion of some members."""
    return Quadratic(
        motion.drift[part], motion.diffusion[part], motion.modes, motion.fields, motion.doubled
    )


def threads(motions: Sequence[Quadratic]) -> AbstractContextManager[Any]:
    """One thread of linear algebra where matrices are small."""
    small = motions[0].drift.shape[-1] < _ONE_THREAD
    return limited(1) if small else nullcontext()


def _spans(problem: Problem) -> list[Array]:
    """For how long there is charging; and storage, where it is disconnected."""
    axes = problem.axes
    return [axes.times] if axes.charged is None else [axes.charged, axes.times - axes.charged]


def check_growth(network: Network, motion: Quadratic, spans: Array) -> None:
    """Raise ValueError if quanta grow until no number holds them, in times (T,) or (g, T)."""
    if not may_grow(network, motion):
        return
    m, latest = motion.modes * (1 + motion.doubled), spans.max(axis=-1)
    drift = motion.drift[:, :m, :m]
    both = drift + drift.conj().swapaxes(-1, -2)  # no eigenvalue is beyond the sum of a row
    own = np.einsum("gjj->gj", both).real
    maybe = (np.abs(both).sum(axis=-1) - np.abs(own) + own).max(axis=-1) * latest > LARGEST
    growth = 2 * np.linalg.eigvals(drift[maybe]).real.max(axis=-1)
    if (growth * (latest[maybe] if np.ndim(latest) else latest) > LARGEST).any():
        fastest = float(growth.max())
        raise ValueError(
            f"quanta grow e-fold every {1 / fastest:.3g}, so that after t = "
            f"{LARGEST / fastest:.3g} their numbers overflow: charge for a shorter time"
        )


def may_grow(network: Network, motion: Quadratic) -> bool:
    """Whether anything brings quanta the faster the more there are."""
    return motion.doubled or any(isinstance(each, Jump) for each in network.joint_losses)


def over_time(column: Array, held: Array | None, times: Array) -> Array:
    """A gain over time, and 0 where nothing has happened yet."""
    spans = times[:, None] if times.ndim > 1 else times
    rate = np.divide(1.0, spans, out=np.zeros_like(spans), where=spans > _NOTHING_YET)
    return (column if held is None else column - held) * rate
