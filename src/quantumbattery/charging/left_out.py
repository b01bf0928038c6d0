"""What the cuts of ladders leave out of an energy: an upper bound, by site.

Three things are lost: what leaves over a cut while charging, bounded by `flown`; what a preparation
has beyond it; and, where the battery holds an oscillator, the energy of what is beyond, bounded by
`Beyond`. None of it is known, but none can be more than what is said here, up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, inf, prod, sqrt

import numpy as np

from quantumbattery.dynamics.motion import Motion
from quantumbattery.network.amplitudes import tail, tail_quanta
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator
from quantumbattery.network.preparations import Preparation, State, Thermal
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import ALL, Reach
from quantumbattery.reach.terms import hamiltonian_terms, loss_terms
from quantumbattery.states.truncation_error import Cut

_LOOKS = 64  # equal parts of the time at whose beginnings one looks first
_FASTEST = 8.0  # how often a row may be fed anew in a part
_CLOSE = 1.5  # times what is seen at these moments: then the bound is no longer made tighter
_FINEST = 1 / 16  # of a feeding of a row, where parts are so short that no more is to be gained
_LONGEST = 600.0  # exponents: nearly 1e261
_NOT_CONSTANT = 1e-9
_NEGLIGIBLE = 1e-11  # of a trace norm: what is below needs no tighter bound


def lost_by(each: Preparation, site: Site, levels: int) -> tuple[float, float]:
    """What a cut takes from a preparation: half the trace norm, and an amplitude; the largest.

    The amplitude is the root of the weight p beyond. What is pure, or has coherence across the cut,
    changes by twice that in trace norm, a mixture of both sides by 2 p.
    """
    weight = float(np.max(np.asarray(tail(each, site, levels))))
    across = not isinstance(each, Thermal)
    if isinstance(each, State) and each.array.ndim == 2:
        across = bool(each.array[:levels, levels:].any())
    return (sqrt(weight) if across else weight), sqrt(weight)


# --- over the cuts while charging -----------------------------------------------------------------

Tiles = Callable[[Array], Iterator[tuple[tuple[slice, slice], Array]]]
"""Gives the states at some times, part by part: of the initial states, then of the times."""


def flown(
    cut: Cut, moving: Motion, tiles: Tiles, numbers: Array, latest: float, allowed: Array
) -> Array:
    """An upper bound of the trace norm that leaves through each cut by the last time.

    Shape (sites + 1,), the last of a common cut; the largest of the batch. First by amplitudes
    that hold at all times, where the motion has them; then the time falls into parts, ever more
    of them: a row at the beginning of each bounds it up to the end. Where more than is `allowed`
    (sites + 1,) is seen to leave already, that is given, and no bound: more levels will be taken
    anyhow. Where levels are given, anything is allowed: infinity.
    """
    reached = cut.state.reach
    if not len(reached.edge.site) or not latest:
        return np.zeros(len(reached.sites) + 1)
    little = np.where(np.isinf(allowed), _NEGLIGIBLE, allowed)
    ever = moving.ever(slice(None))
    if ever is not None:
        bound = _largest(cut.leak(cut.rows(ever), numbers)) * latest
        if (bound <= little).all():
            return bound
    pace, parts = cut.pace(numbers) * latest, _LOOKS
    if moving.from_start:  # all times at once cost little more than the last
        parts = max(parts, int(2 * pace))
    while True:
        seen, bound = _in_parts(cut, tiles, numbers, latest, parts, pace / parts <= _FASTEST)
        if (seen > allowed).any():
            return seen
        close = bound.sum() <= _CLOSE * seen.sum() or (bound <= little).all() or moving.from_start
        if close or pace / parts <= _FINEST:
            return bound
        parts *= 2 if pace / parts <= 2 * _FASTEST else int(pace / parts / _FASTEST)


def decay(cut: Cut, tiles: Tiles, latest: float) -> dict[str, float]:
    """By how many decimal places the rows fall with each level, near the cut of each site."""
    reached, found = cut.state.reach, {}
    largest = np.zeros(reached.size)
    for _, states in tiles(np.linspace(0.0, latest, _LOOKS // 4)):
        largest = np.maximum(largest, cut.rows(states).max(axis=(0, 1, 2)))
    for k, (name, n) in enumerate(zip(reached.sites, reached.levels, strict=True)):
        by_level = np.full(n, 1e-17)
        np.maximum.at(by_level, reached.configurations[:, k], largest)
        found[name] = _fall(by_level)
    if reached.most < inf:
        by_level = np.full(int(reached.most) + 1, 1e-17)
        counted = [reached.sites.index(name) for name in reached.counted]
        total = reached.configurations[:, counted].astype(np.int64).sum(axis=1)
        np.maximum.at(by_level, total, largest)
        found[ALL] = _fall(by_level)
    return found


def _fall(by_level: Array) -> float:
    """The decimal places by which something falls with each of the last levels."""
    back = min(max(2, len(by_level) // 4), len(by_level) - 1)
    return float(np.log10(by_level[-1 - back] / by_level[-1]) / back)


def _in_parts(
    cut: Cut, tiles: Tiles, numbers: Array, latest: float, parts: int, bounded: bool
) -> tuple[Array, Array]:
    """What leaves in equal parts of the time: as seen at their beginnings, and a bound of it."""
    span, moments = latest / parts, np.linspace(0.0, latest, parts, endpoint=False)
    seen: dict[int, Array] = {}
    bound: dict[int, Array] = {}
    for (c, _), states in tiles(moments):
        rows = cut.rows(states)
        flows = cut.leak(rows, numbers).sum(axis=2) * span
        seen[c.start] = seen.get(c.start, 0.0) + flows
        if bounded:
            flows = cut.leak(cut.spread(rows, numbers, span), numbers).sum(axis=2) * span
            bound[c.start] = bound.get(c.start, 0.0) + flows
    worst = _largest(np.concatenate(list(seen.values()), axis=1))
    if not bounded:
        return worst, np.full_like(worst, inf)
    return worst, _largest(np.concatenate(list(bound.values()), axis=1))


def _largest(flows: Array) -> Array:
    """The largest of a batch, by site."""
    largest: Array = flows.reshape(-1, flows.shape[-1]).max(axis=0)
    return largest


# --- energy beyond the cuts -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Climb:
    """A part of a term that adds quanta: no more than size (n + 1)^(power / 2) from n quanta."""

    term: int
    quanta: int  # that it adds
    size: float
    power: int


@dataclass(frozen=True, eq=False)
class Beyond:
    """What bounds the energy of all that is beyond the cuts, in a battery that holds an oscillator.

    With n all quanta of all sites and f = n + F, the mean of f grows at most at a rate k: that of
    i [H, f], which only terms have that change n. From n quanta a term adds d of them with an
    element of at most c (n + 1)^(p/2), and its adjoint takes them, so that it gives k no more than
    2 c d (n + 1)^(p/2) / (n + F): for p = 0, 1, 2 at most 2 c d times 1/F, 1/(2 sqrt(F - 1)), 1.
    What a warm bath of rate g adds gives g c^2 d (n + 1)^p / (n + F).

    What is missing of a state begins at a cut, or beyond in its preparation. Its part |u><v| + h.c.
    is no more than a |u><u| + |v><v| / a for any a, so that a trace norm x which flows over a cut
    has no more f than x times the largest f there; and a missing ket D, no more than |D| |D| of it.
    Energy is at most w n and a rest, so at most (w + rest/F) f. F is free: the best of some counts.
    """

    quantum: float  # energy of a quantum, at most; 0 where no oscillator is in the battery
    rest: float  # the energy that is not counted in quanta of oscillators
    climbs: tuple[tuple[float, _Climb], ...]  # with coefficients
    warming: tuple[tuple[float, _Climb], ...]  # with rates
    highest: float  # quanta at which something arrives beyond a cut

    def rate(self, shift: float) -> float:
        """The largest k, for F = shift."""
        least = {0: 1 / shift, 1: 0.5 / sqrt(shift - 1), 2: 1.0}
        driven = sum(
            2 * number * each.size * each.quanta * least.get(each.power, inf)
            for number, each in self.climbs
        )
        least = {0: 1 / shift, 1: 1.0}
        warmed = sum(
            number * each.size**2 * each.quanta * least.get(each.power, inf)
            for number, each in self.warming
        )
        return driven + warmed

    def most(self, latest: float, flown: Array, one_ket: bool, prepared: Sequence[Tail]) -> Array:
        """The most energy beyond, by cut, of trace norms that have flown and tails that were there.

        Both may interfere: |a + b><a + b| is at most (1 + x) |a><a| + (1 + 1/x) |b><b|.
        """
        amplitude = np.array([each.amplitude for each in prepared])
        quanta = np.array([each.quanta for each in prepared])
        if not self.quantum or not (flown.any() or amplitude.any()):
            return np.zeros(len(flown))
        arrived = flown * min(1.0, flown.sum() / 4) if one_ket else flown
        best = np.full(len(flown), inf)
        for shift in (self.highest + 2) * 4.0 ** np.arange(-2, 12):
            shift = max(float(shift), 2.0)
            exponent = self.rate(shift) * latest
            grown = (self.quantum + self.rest / shift) * exp(min(exponent, _LONGEST))
            charged = grown * (self.highest + shift) * arrived
            started = np.sqrt(grown * amplitude * (quanta + shift * amplitude))
            whole = sqrt(charged.sum()) + started.sum()
            share = charged / max(sqrt(charged.sum()), 1e-300) + started
            if whole * share.sum() < best.sum():
                best = whole * share
        return best


@dataclass(frozen=True)
class Tail:
    """What a preparation has beyond the cut of a site."""

    amplitude: float  # the root of its weight
    quanta: float  # the root of the sum of n^2 p_n there, n all quanta of all sites


def tails(
    network: Network, started: Mapping[str, Preparation], levels: Mapping[str, int]
) -> list[Tail]:
    """What the preparations have beyond the cuts of their sites, site by site."""
    mean = {
        name: tail_quanta(each, network.sites[name], 0)
        if isinstance(network.sites[name], Oscillator)
        else float(network.sites[name].excitations(levels[name]).max())
        for name, each in started.items()
    }
    found = []
    for name, site in network.sites.items():
        each, amplitude, quanta = started.get(name), 0.0, 0.0
        if each is not None:
            amplitude = lost_by(each, site, levels[name])[1]
            others = sum(mean.values()) - mean[name]
            quanta = tail_quanta(each, site, levels[name]) + others * amplitude
        found.append(Tail(amplitude, quanta))
    return found


def beyond(network: Network, reached: Reach, largest: Array) -> Beyond:
    """Work out what energy can be beyond the cuts of a network.

    `largest` has the largest number of each coefficient of the Hamiltonian and the losses, at any
    time.
    """
    ladders = [n for n in network.battery if isinstance(network.sites[n], Oscillator)]
    if not ladders:
        return Beyond(0.0, 0.0, (), (), 0.0)
    levels = dict(zip(reached.sites, reached.levels, strict=True))
    shift = len(reached.hamiltonian.coefficients)
    moving, losing = hamiltonian_terms(network, levels), loss_terms(network, levels)
    finite = {*network.battery} - {*ladders}
    own = {*ladders} | {k for k, each in enumerate(network.interactions) if each.always}
    climbs, energy, rest = [], 0.0, 0.0
    for each in moving.products:
        parts = list(_climbs(network, levels, each.term, each.places, each.operators))
        climbs += [(float(largest[each.term]), part) for part in parts if part.quanta > 0]
        if moving.origins[each.term] in finite:
            rest += float(largest[each.term] * np.abs(each.operators[0].value).max(initial=0.0))
        if moving.origins[each.term] in own:
            sizes = (part.size if part.power <= 2 else inf for part in parts)
            energy += float(largest[each.term]) * sum(sizes)
    warming = [
        (float(largest[shift + each.term]), part)
        for each in losing.products
        for part in _climbs(network, levels, each.term, each.places, each.operators)
        if part.quanta > 0
    ]
    leaving = reached.configurations[np.unique(reached.edge.configuration)]
    held = np.zeros(len(leaving))
    for k, (name, n) in enumerate(levels.items()):
        held += network.sites[name].excitations(n)[leaving[:, k]]
    step = max((each.quanta for _, each in [*climbs, *warming]), default=0)
    highest = float(held.max(initial=0.0)) + step
    return Beyond(energy, rest, tuple(climbs), tuple(warming), highest)


def _climbs(
    network: Network,
    levels: Mapping[str, int],
    term: int,
    places: Sequence[int],
    operators: Sequence[Operator],
) -> Iterator[_Climb]:
    """The parts of a product of operators, by how many quanta they add."""
    names = list(network.sites)
    sites = [(network.sites[names[place]], levels[names[place]]) for place in places]
    each = [_steps(site, n, acts) for (site, n), acts in zip(sites, operators, strict=True)]
    for parts in product(*each):
        added, size, power = (list(values) for values in zip(*parts, strict=True))
        yield _Climb(term, sum(added), prod(size), sum(power))


def _steps(site: Site, levels: int, acts: Operator) -> list[tuple[int, float, int]]:
    """Of an operator's parts that add so many quanta: the number, and the size and power of each.

    From n quanta an element is at most size (n + 1)^(power / 2).
    """
    ladder = isinstance(site, Oscillator)
    reached = max(levels, 1 + int(max(acts.row.max(initial=0), acts.column.max(initial=0))))
    quanta = np.arange(reached) if ladder else site.excitations(levels)
    added, found = quanta[acts.row] - quanta[acts.column], []
    for step in np.unique(added):
        chosen = added == step
        value, low = np.abs(acts.value[chosen]), acts.column[chosen]
        if not ladder:  # more than one element may start or end at a level
            many = max(np.bincount(acts.row[chosen]).max(), np.bincount(low).max())
            found.append((int(step), float(value.max() * many), 0))
            continue
        lower = np.minimum(low, acts.row[chosen])
        value = value[np.argsort(lower)]
        lower = np.sort(lower)
        for power in (0, 1, 2):
            ratio = value / (lower + 1.0) ** (power / 2)
            if len(ratio) > 1 and ratio[-1] <= ratio[:-1].max() * (1 + _NOT_CONSTANT):
                break  # it grows no faster
        else:  # still rising: as n itself, against n + 1
            ratio = ratio * (1 + 2 / (lower[-1] + 1.0))
        found.append((int(step), float(ratio.max()), power))
    return found
