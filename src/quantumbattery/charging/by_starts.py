"""Charging of oscillators that start in states which are not Gaussian.

Energies and what they vary by need moments alone, whatever the sites start in. The state of a
single mode is known too. Where no quanta come in pairs, and one site alone starts neither coherent
nor thermal, it is the state of that site after attenuation and noise
(`quantumbattery.moments.channel`), elsewhere it comes from its characteristic function
(`quantumbattery.moments.characteristic`). A displacement, which fields and other sites bring,
changes the energy and its variance only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import comb, prod

import numpy as np

from quantumbattery.charging import by_moments
from quantumbattery.charging.by_moments import METHOD, ByMoments, mean_of, over_time, phase_of
from quantumbattery.charging.merit_of_moments import OF_ONE
from quantumbattery.charging.merit_of_starts import Attenuated, OfStarts
from quantumbattery.charging.modes_together import TooSlow, widened
from quantumbattery.charging.observables import on_asked_levels
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.charging.term_means import switched_off
from quantumbattery.machine import TooLargeError
from quantumbattery.moments.any_start import AnyStart
from quantumbattery.moments.over_time import read
from quantumbattery.moments.quadratic import has_pairs, is_quadratic
from quantumbattery.moments.starts import is_gaussian, is_thermal, levels_of_start
from quantumbattery.network.given_states import State
from quantumbattery.network.joint_losses import Dissipator
from quantumbattery.network.named_states import Bloch, Coherent, Fock
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import any_nonzero

_FEW = 64  # configurations of all sites
_OF_SECOND_ORDER = {"energy", "charger_energy", "interaction_energy"}
_OF_LADDERS = {"active_energy", "antiergotropy", "capacity"}
_WITHOUT_STATE = _OF_SECOND_ORDER | _OF_LADDERS
OF_MOMENTS = _WITHOUT_STATE | {"energy_variance"}
_OF_EACH = {"local_ergotropy"}  # of the state of each mode by itself
_OF_WORK = {"passive_energy", "ergotropy"}  # of one mode, or of each if work is taken out so
_OF_STATE = {"purity", "entropy", "locked_ergotropy"}
_OF_BOTH = {"mutual_information", "negativity"}


def fits(problem: Problem) -> bool:
    """Whether moments or states of single modes say all that is asked, of what is not Gaussian."""
    network = problem.network
    if not is_quadratic(network) or np.isinf(problem.axes.times).any():
        return False
    wanted = needed(problem.measures) - POWERS.keys()
    if wanted <= _WITHOUT_STATE and not problem.asked:
        return True
    if (problem.asked or not wanted <= OF_MOMENTS) and _few_states(problem):
        return False
    if problem.asked:
        return True
    known = OF_MOMENTS | _OF_EACH | _OF_WORK | _OF_STATE | _OF_BOTH
    return wanted <= (known | OF_ONE if len(network.battery) == 1 else known)


def _few_states(problem: Problem) -> bool:
    """Whether several starts reach so few states of all sites that these are sooner done with."""
    network, started = problem.network, problem.started
    if sum(isinstance(key, tuple) or not is_thermal(each) for key, each in started.items()) < 2:
        return False  # of one start attenuation says more
    if has_pairs(network) or any(any_nonzero(s.occupation) for s in network.sites.values()):
        return False
    # Displacements change states, and what depends on phases; all else is the same without them.
    moves = bool(problem.asked) or not OF_ONE.isdisjoint(problem.measures)
    if moves and network.drives:
        return False
    quanta = 0
    for key, each in started.items():
        if isinstance(each, Fock):
            quanta += int(np.max(np.asarray(each.n)))
        elif isinstance(each, Bloch | State):
            quanta += each.size - 1 if isinstance(each, State) else 1
        elif isinstance(key, tuple) or not isinstance(each, Coherent) or moves:
            return False
    baths = [each for each in network.joint_losses if not isinstance(each, Dissipator)]
    warm = any(any_nonzero(e.occupation) for e in network.joint_losses if isinstance(e, Dissipator))
    return not baths and not warm and comb(quanta + len(network.sites), quanta) <= _FEW


def charged(problem: Problem) -> Solution:
    """All that is asked for, on the axes of the problem."""
    axes, names = problem.axes, needed(problem.measures) - POWERS.keys()
    if problem.asked:
        return observed(problem)
    if names <= _WITHOUT_STATE:
        return by_moments.charged(problem)
    work = Carried.of(problem, names)
    asked = {name: POWERS[name] for name in problem.measures if name in POWERS}
    columns = {name: np.empty(axes.shape) for name in names}
    held = {name: np.zeros((*axes.shape[:2], 1)) for name in asked.values()}
    filled = not prepared_sites(problem.started).isdisjoint(problem.network.battery)
    most = 0
    with work.moments.threads():
        for part, times in work.moments.tiles(len(work.moments.energies.places)):
            now = work.reading(part, times, work.moments.pulled(part))
            for name in sorted(names, key=lambda each: each not in _OF_BOTH):  # may be too slow
                columns[name][part] = now.column(name)
            most = max(most, now.most)
            if filled and held:
                begun = work.reading(part, np.zeros_like(times[..., :1]))
                for name in held:
                    held[name][part] = begun.column(name)
    switched_off(columns, axes)
    for power, name in asked.items():
        columns[power] = over_time(columns[name], held[name], axes.times)
    return Solution({name: columns[name] for name in problem.measures}, work.report(most))


@dataclass(frozen=True, eq=False)
class Carried:
    """A problem whose modes take over what sites start in."""

    moments: ByMoments
    starts: tuple[AnyStart, ...]  # that are not Gaussian
    attenuated: Attenuated | None  # where that is all that becomes of one of them

    @classmethod
    def of(cls, problem: Problem, measures: Collection[str]) -> Carried:
        """Make it; ValueError if quanta grow until their numbers overflow."""
        network, started, start = problem.network, problem.started, problem.axes.start
        others = {
            key: each
            for key, each in started.items()
            if isinstance(key, tuple) or not is_gaussian(each)
        }
        made = tuple(
            AnyStart.of(key, each, network, start, problem.limit) for key, each in others.items()
        )
        work = cls(ByMoments.of(problem, measures), made, None)
        try:
            work.moments.changing  # noqa: B018
        except TooLargeError:
            raise TooSlow from None
        (first, *more) = [key for key, each in started.items() if not is_thermal(each)]
        if more or isinstance(first, tuple) or first not in others or has_pairs(network):
            return work
        levels = levels_of_start(started[first], network.sites[first], start, problem.limit)
        return replace(work, attenuated=Attenuated(*levels))

    def reading(self, part: slice, times: Array, pulled: Array | None = None) -> OfStarts:
        """What reads some members at some times, (T,) or (m, T), or pairs of these.

        At all times of the problem, fields that are shaped have pulled means (m, c or 1, T, sites).
        """
        energies, work = self.moments.energies, self.moments
        motion, begun = work.motion, work.begun.some(part)
        rows, noise = work.rows(energies.places, part, times)
        whole = read(motion, begun, rows, noise)
        taken = {place for each in self.starts for place in each.places}
        rest = read(motion, begun.without(taken), rows, noise)
        if pulled is not None:
            whole, rest = (
                replace(each, mean=each.mean + pulled[..., energies.places])
                for each in (whole, rest)
            )
        starts = tuple(each.some(part) for each in self.starts)
        own = None if self.attenuated is None else self.attenuated.some(part)
        rows = np.moveaxis(rows, 1, 2)[:, None]
        limit, doubled = work.problem.limit, motion.doubled
        m = motion.modes
        return OfStarts(energies, part, whole, rest, rows, m, doubled, starts, own, limit)

    def report(self, levels: int) -> Report:
        """How it was found, on so many levels, if on any."""
        own = self.moments.report
        if not levels:
            kind = f"{METHOD}, and moments of fourth order"
            many = len(self.moments.problem.network.sites)
            return replace(own, methods=((kind, many), *own.methods[1:]), counted="mode")
        several = "s" * (len(self.starts) > 1)
        kind = f"characteristic function of the start{several}"
        if self.attenuated is not None:
            kind = "attenuation of the start"
        return replace(own, methods=((kind, levels), *own.methods[1:]), counted="level")


# --- states that are asked for -------------------------------------------------------------------


def observed(problem: Problem) -> Solution:
    """Density matrices (g, c, T, *levels, *levels), or means (g, c, T), on levels enough."""
    work, columns, most = Carried.of(problem, []), {}, 0
    for sites in dict.fromkeys(each.sites for each in problem.asked):
        asked = [each for each in problem.asked if each.sites == sites]
        parts: list[list[Array]] = [[] for _ in asked]
        for rho in _states(work, problem, sites):
            levels = rho.shape[1 : 1 + len(sites)]
            size = prod(levels)
            most, flat = max(most, size), rho.reshape(-1, size, size)
            for each, own in zip(asked, parts, strict=True):
                matrix = None if each.operator is None else each.matrix(levels)
                own.append(rho if matrix is None else mean_of(flat, matrix))
        for each, own in zip(asked, parts, strict=True):
            sizes = np.max([part.shape[1:] for part in own], axis=0)
            kept = each.operator is None and len(own) > 1
            whole = np.concatenate([widened(part, sizes) for part in own] if kept else own)
            columns[each.name] = whole.reshape(*problem.axes.shape, *whole.shape[1:])
    return Solution({each.name: columns[each.name] for each in problem.asked}, work.report(most))


def _states(work: Carried, problem: Problem, sites: Sequence[str]) -> Iterator[Array]:
    """States (s, *levels, *levels) of sites in the laboratory, a few points after others.

    Where their matrices are asked for, all of them have to fit together.
    """
    places, b = tuple([*problem.network.sites].index(site) for site in sites), len(sites)
    energies = replace(work.moments.energies, places=places)
    alone = replace(work, moments=replace(work.moments, energies=energies))
    asked = [each for each in problem.asked if each.sites == sites]
    kept, shown = any(each.operator is None for each in asked), asked[0].levels
    angles = np.stack([np.angle(phase_of(problem, site)) for site in sites], axis=-1)
    angles = np.broadcast_to(angles, (*problem.axes.shape, b))
    for part, times in work.moments.tiles(b):
        now = alone.reading(part, times, work.moments.pulled(part))
        every = now.several(tuple(range(b))).in_laboratory(shown)
        if b == 1:
            with suppress(TooSlow):
                one = now.laboratory_state(0, *shown)
                whole = np.broadcast_to(one, (*angles[part].shape[:-1], *one.shape[3:]))
                every = iter([whole.reshape(-1, *one.shape[3:])])
        turning, low = angles[part].reshape(-1, b), 0
        for states in every:
            rho = on_asked_levels(states, shown) if shown else states
            if kept and prod(problem.axes.shape) * rho[0].size * 64 > problem.limit * 2**30:
                raise TooSlow
            yield _turned(rho, turning[low : low + len(rho)])
            low += len(rho)


def _turned(rho: Array, angles: Array) -> Array:
    """States (s, *levels, *levels) of sites whose a have turned by angles (s, sites)."""
    b = angles.shape[-1]
    for k in range(b):
        n = np.arange(rho.shape[1 + k])
        turn = np.exp(1j * angles[:, k, None] * n)
        for axis, each in ((k, turn), (b + k, turn.conj())):
            shape = [len(n) if other == axis else 1 for other in range(2 * b)]
            rho = rho * each.reshape(-1, *shape)
    return rho
