"""Charging of oscillators one of which starts in a state that is not Gaussian.

Energies need second moments alone, whatever the sites start in. Where no quanta come in pairs, and
one site alone starts neither coherent nor thermal, a battery of one mode is in the state of that
site after attenuation and noise (`quantumbattery.moments.channel`): a displacement, which fields
and the other sites bring, changes its energy and its variance only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging import by_moments
from quantumbattery.charging.by_moments import (
    METHOD,
    ByMoments,
    begun_by,
    mean_of,
    over_time,
    phase_of,
)
from quantumbattery.charging.merit_of_moments import Reading
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.charging.term_means import switched_off
from quantumbattery.machine import allow
from quantumbattery.merit.correlations import entropy_of
from quantumbattery.moments import channel
from quantumbattery.moments.over_time import Moments, read
from quantumbattery.moments.quadratic import (
    has_pairs,
    is_constant,
    is_quadratic,
    pulls_alone,
)
from quantumbattery.moments.starts import (
    Beginning,
    is_gaussian,
    is_thermal,
    levels_of_start,
    moments_of,
)
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.parameters import any_nonzero

_OF_SECOND_ORDER = {"energy", "charger_energy", "interaction_energy"}
_WITHOUT_STATE = _OF_SECOND_ORDER | {"active_energy", "antiergotropy", "capacity"}
_OF_STATE = {"passive_energy", "ergotropy", "local_ergotropy", "purity", "entropy"}
_KNOWN = _WITHOUT_STATE | _OF_STATE | {"energy_variance"}
_AT_ONCE = 1 << 21  # numbers of states that are worked on at a time


def fits(problem: Problem) -> bool:
    """Whether moments or one attenuated state say all that is asked, of what is not Gaussian."""
    network, started = problem.network, problem.started
    if not is_quadratic(network) or np.isinf(problem.axes.times).any():
        return False
    if not all(isinstance(name, str) for name in started):
        return False
    wanted = needed(problem.measures) - POWERS.keys()
    if wanted <= _WITHOUT_STATE and not problem.asked:
        return True
    others = _others(problem)
    if len(others) != 1 or is_gaussian(started[others[0]]):
        return False
    if has_pairs(network) or not (is_constant(network) or pulls_alone(network)):
        return False
    if problem.asked:
        return all(len(each.sites) == 1 for each in problem.asked) and _rests(problem)
    return wanted <= _KNOWN and len(network.battery) == 1


def _others(problem: Problem) -> list[str]:
    """The sites that start neither coherent nor thermal."""
    return [name for name, each in problem.started.items() if not is_thermal(each)]


def _rests(problem: Problem) -> bool:
    """Whether nothing displaces the one state that is carried over."""
    sites, (name,) = problem.network.sites, _others(problem)
    means = (moments_of(v, sites[k])[0] for k, v in problem.started.items() if k != name)
    return not problem.network.drives and not any(any_nonzero(each) for each in means)


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
            for name in names:
                columns[name][part] = now.column(name)
            most = max(most, now.most)
            if filled and held:
                begun = work.reading(part, np.zeros_like(times[..., :1]))
                for name in held:
                    held[name][part] = begun.column(name)
    switched_off(columns, axes)
    for power, name in asked.items():
        columns[power] = over_time(columns[name], held[name], axes.times)
    report = _report(most, work.moments)
    if not most:
        kind = f"{METHOD}, and moments of fourth order"
        how = ((kind, len(problem.network.sites)), *report.methods[1:])
        report = replace(report, methods=how, counted="mode")
    return Solution({name: columns[name] for name in problem.measures}, report)


def _report(levels: int, moments: ByMoments) -> Report:
    """Of what was carried over to so many levels, and what of its displacement was integrated."""
    own = moments.report
    methods = ("attenuation of the start", levels), *own.methods[1:]
    return Report(methods, {}, error=own.error, rounding=own.rounding, counted="level")


def observed(problem: Problem) -> Solution:
    """Density matrices (g, c, T, d, d), or means (g, c, T), of single modes on levels enough."""
    work, columns, most = Carried.of(problem, []), {}, 0
    sites, (g, c, t) = [*problem.network.sites], problem.axes.shape
    given = work.weights if work.rho is None else work.rho
    for each in problem.asked:
        own = [sites.index(each.sites[0])]
        parts = [work.seen(own, *tile)[1] for tile in work.moments.tiles(1)]
        x, noise, _ = (np.concatenate(values) for values in zip(*parts, strict=True))
        x = x * phase_of(problem, each.sites[0])
        levels = channel.levels_after(work.weights.shape[-1], float(noise.max()))
        allow("numbers in the states at all times", g * c * t * levels**2, 64, problem.limit)
        start = given[:, :, None], np.abs(x) ** 2, noise, levels
        if work.rho is None:
            rho = channel.carried_populations(*start)[..., None] * np.eye(levels)
        else:
            n = np.arange(levels)
            turned = np.exp(1j * np.angle(x)[..., None, None] * (n[:, None] - n))
            rho = channel.carried(*start) * turned
        rho = np.broadcast_to(rho, (g, c, t, levels, levels)).astype(complex)
        if each.operator is not None:
            rho = mean_of(rho, each.matrix([levels]))
        columns[each.name], most = rho, max(most, levels)
    return Solution(columns, _report(most, work.moments))


@dataclass(frozen=True, eq=False)
class Carried:
    """A problem whose battery takes over the start of one site."""

    moments: ByMoments
    place: int  # of that site among all
    weights: Array  # (g or 1, c, d), of its levels
    rho: Array | None  # (g or 1, c, d, d), if it has coherences

    @classmethod
    def of(cls, problem: Problem, measures: Collection[str]) -> Carried:
        """Make it; ValueError if quanta grow until their numbers overflow."""
        (name,) = _others(problem)
        network, start = problem.network, problem.axes.start
        given = levels_of_start(problem.started[name], network.sites[name], start, problem.limit)
        return cls(ByMoments.of(problem, measures), [*network.sites].index(name), *given)

    def reading(self, part: slice, times: Array, pulled: Array | None = None) -> OfOneStart:
        """What reads some members at some times, (T,) or (m, T), or pairs of these.

        At all times of the problem, fields that are shaped have pulled means (m, c or 1, T, sites).
        """
        energies, limit = self.moments.energies, self.moments.problem.limit
        whole, given = self.seen(energies.places, part, times)
        if pulled is not None:
            whole = replace(whole, mean=whole.mean + pulled[..., energies.places])
            given = *given[:2], given[2] + pulled[..., energies.places[0]]
        weights = self.weights if len(self.weights) == 1 else self.weights[part]
        rho = self.rho if self.rho is None or len(self.rho) == 1 else self.rho[part]
        return OfOneStart(energies, part, whole, *given, weights, rho, limit)

    def seen(
        self, places: Sequence[int], part: slice, times: Array
    ) -> tuple[Moments, tuple[Array, Array, Array]]:
        """Moments of some modes; of the first, X (m, 1, T), noise and displacement (m, c, T)."""
        work, m = self.moments, self.moments.motions[0].modes
        rows, noise = work.rows(places, part, times)
        motion, begun = work.motions[0], begun_by(work.begun, part)
        rest = replace(begun, **_without(begun, np.arange(m) == self.place))
        others = read(motion, rest, rows, noise).some([0])
        quanta = np.maximum(others.normal[..., 0, 0].real, 0.0)
        x = rows[:, None, 0, :, self.place]
        return read(motion, begun, rows, noise), (x, quanta, others.mean[..., 0])


def _without(begun: Beginning, site: Array) -> dict[str, Array]:
    """The moments where one site (m,) is empty."""
    each = {"mean": begun.mean, "normal": begun.normal, "anomalous": begun.anomalous}
    return {name: np.where(site, 0.0, values) for name, values in each.items()}


@dataclass(frozen=True, eq=False)
class OfOneStart(Reading):
    """Figures of merit of a mode that takes over the start of one, by b = X a + noise."""

    x: Array  # X, (m, 1, T)
    noise: Array  # (m, c, T), quanta in normal order
    moved: Array  # (m, c, T), the displacement
    weights: Array  # (m or 1, c, d), of the start
    rho: Array | None  # (m or 1, c, d, d)
    limit: float

    @property
    def most(self) -> int:
        """How many levels were looked at, 0 if none."""
        return self._levels if "_sums" in self.__dict__ else 0

    def _made(self, name: str) -> Array:
        if name == "energy_variance":
            start = [each[..., None] for each in channel.low_moments(self.weights, self.rho)]
            found = channel.variance(start, self.x, self.noise, self.moved)
            return np.asarray(found * self._frequency**2)
        if name in ("purity", "entropy"):
            return self._sums[name]
        return super()._made(name)

    @property
    def _frequency(self) -> Array:
        return np.asarray(self.own[..., 0, 0].real)

    @cached_property
    def _passive(self) -> Array:
        return np.asarray(self._sums["quanta"] * self._frequency)

    @property
    def _passive_local(self) -> Array:
        return self._passive

    @cached_property
    def _levels(self) -> int:
        return channel.levels_after(self.weights.shape[-1], float(self.noise.max()))

    @cached_property
    def _sums(self) -> dict[str, Array]:
        """Purity, entropy and the quanta of the passive state, (m, c, T) each.

        Of so many states at a time as there is room for.
        """
        size, levels, whole = self.weights.shape[-1], self._levels, self.rho is not None
        each = levels * levels if whole else levels + size * size
        allow("numbers in a state of the battery", each, 96, self.limit)
        shape = self.noise.shape
        eta = np.broadcast_to(np.abs(self.x) ** 2, shape).ravel()
        noise = self.noise.ravel()
        given = self.weights if self.rho is None else self.rho
        members = np.arange(given.shape[0] * given.shape[1]).reshape(*given.shape[:2], 1)
        start = np.broadcast_to(members, shape).ravel()  # whose start each is
        given = given.reshape(-1, *given.shape[2:])
        found = np.empty((3, len(noise)))
        step = max(1, _AT_ONCE // each)
        for k in range(0, len(noise), step):
            some = slice(k, k + step)
            found[:, some] = _figures(given[start[some]], eta[some], noise[some], levels, whole)
        names = "purity", "entropy", "quanta"
        return {name: column.reshape(shape) for name, column in zip(names, found, strict=True)}


def _figures(given: Array, eta: Array, noise: Array, levels: int, whole: bool) -> Array:
    """Purity, entropy and passive quanta, (3, k), of k starts."""
    if whole:
        rho = channel.carried(given, eta, noise, levels)
        weights = np.maximum(np.linalg.eigvalsh(rho), 0.0)
    else:
        weights = np.sort(channel.carried_populations(given, eta, noise, levels), axis=-1)
    falling = weights[..., ::-1]
    purity = (weights**2).sum(axis=-1)
    return np.stack([purity, entropy_of(weights), falling @ np.arange(levels)])
