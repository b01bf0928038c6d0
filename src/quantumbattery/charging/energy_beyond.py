"""The energy that can be beyond the cuts of a battery's oscillators: an upper bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, inf, prod, sqrt

import numpy as np

from quantumbattery.charging.left_out import lost_by
from quantumbattery.network.amplitudes import tail_quanta
from quantumbattery.network.joint_losses import Jump
from quantumbattery.network.joint_starts import Joint
from quantumbattery.network.matrix_interactions import Coupling
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator
from quantumbattery.network.preparations import Preparation
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.terms import OF_DRIVE, Terms, hamiltonian_terms, loss_terms

_LONGEST = 500.0  # exponents: nearly 1e218
_NOT_CONSTANT = 1e-9
_HIGHEST = 4  # powers of a root of the level
_MORE = 12  # levels of a function of the levels, to see how it grows


@dataclass(frozen=True)
class _Climb:
    """A part of a term that adds quanta: no more than size (n + 1)^(power / 2) from n quanta."""

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
    What a warm bath of rate g adds gives g c^2 d (n + 1)^p / (n + F). Of a loss L = sum of L_d,
    with L_d all of its parts that add d, the rate is that of sum of (d + e)/2 L_e^dag L_d, where
    the product of different ones is at most half of L_d^dag L_d + L_e^dag L_e: so L_d counts
    d + sum of |d + e|/2 over all others e times, if that is more than nothing.

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
    heaviest: float = 1.0  # how often the quanta of a site count at most

    def rate(self, shift: float) -> float:
        """The largest k, for F = shift."""
        least = {0: 1 / shift, 1: 0.5 / sqrt(shift - 1), 2: 1.0}
        driven = sum(
            2 * number * each.size * each.quanta * least.get(each.power, inf)
            for number, each in self.climbs
        )
        least = {0: 1 / shift, 1: 1.0}
        warmed = sum(
            number * each.size**2 * least.get(each.power, inf) for number, each in self.warming
        )
        return driven + warmed

    def most(self, latest: float, flown: Array, one_ket: bool, prepared: Sequence[Tail]) -> Array:
        """The most energy beyond, by cut, of trace norms that have flown and tails that were there.

        Both may interfere: |a + b><a + b| is at most (1 + x) |a><a| + (1 + 1/x) |b><b|.
        """
        amplitude = np.array([each.amplitude for each in prepared])
        quanta = self.heaviest * np.array([each.quanta for each in prepared])
        if not self.quantum or not (flown.any() or amplitude.any()):
            return np.zeros(len(flown))
        arrived = flown * min(1.0, flown.sum() / 4) if one_ket else flown
        best = np.where((flown > 0) | (amplitude > 0), inf, 0.0)
        for shift in (self.highest + 2) * 4.0 ** np.arange(-2, 12):
            shift = max(float(shift), 2.0)
            exponent = self.rate(shift) * latest if latest else 0.0
            if exponent == inf or self.quantum == inf:
                continue
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
    network: Network,
    started: Mapping[str, Preparation],
    levels: Mapping[str, int],
    joints: Iterable[Joint] = (),
) -> list[Tail]:
    """What the preparations have beyond the cuts of their sites, site by site.

    Joint ones have nothing there, but quanta elsewhere.
    """
    mean = {
        name: tail_quanta(each, network.sites[name], 0)
        if isinstance(network.sites[name], Oscillator)
        else float(network.sites[name].excitations(levels[name]).max())
        for name, each in started.items()
    }
    elsewhere = sum(
        float(network.sites[name].excitations(levels[name])[own].max())
        for each in joints
        for name, own in zip(each.sites, each.levels.T, strict=True)
    )
    found = []
    for name, site in network.sites.items():
        each, amplitude, quanta = started.get(name), 0.0, 0.0
        if each is not None:
            amplitude = lost_by(each, site, levels[name])[1]
            others = elsewhere + sum(mean.values()) - mean[name]
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
    steps: list[tuple[float, _Step]] = []
    energy, rest, seen = 0.0, 0.0, set()
    for each in moving.products:
        number, origin = float(largest[each.term]), moving.origins[each.term]
        link = network.interactions[origin] if isinstance(origin, int) and origin >= 0 else None
        if isinstance(link, Coupling):
            if origin in seen:  # its products are parts of one matrix
                continue
            seen.add(origin)
            parts = list(_matrix_steps(network, levels, link))
        else:
            alone = each.operators[0].row.size <= 2 and origin == OF_DRIVE  # of one transition
            highest = 0 if alone else 2
            parts = list(_product_steps(network, levels, each.places, each.operators, highest))
        steps += [(number, part) for part in parts]
        if origin in finite:
            rest += number * float(np.abs(each.operators[0].value).max(initial=0.0))
        if origin in own:
            energy += number * sum(part.size if part.power <= 2 else inf for part in parts)
    weights = _weights([part for _, part in steps], len(levels))
    climbs = [(n, part.climb(weights)) for n, part in steps if part.climb(weights).quanta > 0]
    warming = [
        (float(largest[shift + term]) * times, each)
        for term, parts, together in _losses(network, levels, losing)
        for times, each in _warming([part.climb(weights) for part in parts], together)
    ]
    leaving = reached.configurations[np.unique(reached.edge.configuration)]
    held = np.zeros(len(leaving))
    for k, (name, n) in enumerate(levels.items()):
        held += weights[k] * network.sites[name].excitations(n)[leaving[:, k]]
    arriving = max((0, *(each.quanta for _, each in [*climbs, *warming])))
    for _, parts, _ in _losses(network, levels, losing):  # of L^dag L the difference of two
        quanta = [part.climb(weights).quanta for part in parts]
        arriving = max(arriving, max(quanta, default=0) - min(quanta, default=0))
    largest_held = float(held.max(initial=0.0)) + arriving
    return Beyond(energy, rest, tuple(climbs), tuple(warming), largest_held, float(weights.max()))


def _losses(
    network: Network, levels: Mapping[str, int], losing: Terms
) -> Iterator[tuple[int, list[_Step], int]]:
    """The number of each loss, its parts, and of how many, at least, one operator is the sum."""
    for term, origin in enumerate(losing.origins):
        shared = None if isinstance(origin, str) else network.joint_losses[origin]
        if isinstance(shared, Jump):
            yield term, list(_matrix_steps(network, levels, shared)), 1
            continue
        mine = [each for each in losing.products if each.term == term]
        parts = [
            part
            for each in mine
            for part in _product_steps(network, levels, each.places, each.operators)
        ]
        # Weights over axes come as several losses, whose sum has as many parts as there are ends.
        yield term, parts, len(shared.ends) if shared else 1


def _warming(parts: Sequence[_Climb], together: int) -> Iterator[tuple[float, _Climb]]:
    """How often each part of a loss counts in the rate, (n + 1)^power times the size squared."""
    alike: dict[int, list[_Climb]] = {}
    for part in parts:
        alike.setdefault(part.quanta, []).append(part)
    for quanta, group in alike.items():
        times = quanta + sum(abs(quanta + other) for other in alike if other != quanta) / 2
        if times > 0:  # of a sum of so many the square is at most as many times that of each
            yield from ((times * max(len(group), together), each) for each in group)


@dataclass(frozen=True, eq=False)
class _Step:
    """A part of a term by the quanta that it adds to each site, as `_Climb` of their sum."""

    added: Array  # (sites,)
    size: float
    power: int

    def climb(self, weights: Array) -> _Climb:
        """The same, each site's quanta counted so many times."""
        return _Climb(round(float(self.added @ weights)), self.size, self.power)


def _weights(steps: Sequence[_Step], sites: int) -> Array:
    """How often the quanta of each site count, so that what grows too fast adds none: whole.

    Two quanta of one site for one of another, as in A^2 B^dag, count once and twice.
    """
    ones: Array = np.ones(sites)
    strong = [step.added for step in steps if step.power > 2 and step.added.sum() != 0]
    if not strong:
        return ones
    from scipy.optimize import linprog

    others = [step.added for step in steps if step.power <= 2 and step.added.any()]
    kept = strong
    found: Array = ones
    for more in [None, *others]:  # each that can stay without quanta of its own does
        tried = kept if more is None else [*kept, more]
        zero = np.zeros(len(tried))
        solved = linprog(ones, A_eq=np.array(tried), b_eq=zero, bounds=(1, None), integrality=1)
        if solved.success:
            kept, found = tried, np.round(np.asarray(solved.x))
        elif more is None:
            break
    return found


def _product_steps(
    network: Network,
    levels: Mapping[str, int],
    places: Sequence[int],
    operators: Sequence[Operator],
    highest: int = 2,
) -> Iterator[_Step]:
    """The parts of a product of operators, by how many quanta they add to each site.

    With a highest power of 0, elements are all there are, as of a transition.
    """
    names = list(network.sites)
    sites = [(network.sites[names[place]], levels[names[place]]) for place in places]
    each = [
        _steps(site, n, acts, highest) for (site, n), acts in zip(sites, operators, strict=True)
    ]
    for parts in product(*each):
        added, size, power = zip(*parts, strict=True)
        whole = np.zeros(len(names))
        whole[list(places)] = added
        yield _Step(whole, prod(size), sum(power))


def _matrix_steps(
    network: Network, levels: Mapping[str, int], link: Coupling | Jump
) -> Iterator[_Step]:
    """The parts of a matrix on some sites, by how many quanta they add to each."""
    names = list(network.sites)
    sites = [network.sites[name] for name in link.ends]
    given = [levels[name] for name in link.ends]
    ladders = [isinstance(site, Oscillator) for site in sites]
    if callable(link.matrix):  # how it grows shows better on more levels
        given = [n + _MORE * ladder for n, ladder in zip(given, ladders, strict=True)]
    blocks, n = link.blocks(sites, given), len(sites)
    at = np.array(np.nonzero(blocks))  # (2 n, entries): rows of all sites, columns of all
    value = np.abs(blocks[tuple(at)])
    quanta = [
        np.arange(size) if ladder else site.excitations(own)
        for site, own, ladder, size in zip(sites, given, ladders, blocks.shape[:n], strict=True)
    ]
    added = np.array([own[at[k]] - own[at[k + n]] for k, own in enumerate(quanta)])
    lower = sum(np.minimum(at[k], at[k + n]) * ladders[k] for k in range(n))
    for each in np.unique(added, axis=1).T:
        chosen = np.flatnonzero((added == each[:, None]).all(axis=0))
        many = max(
            np.unique(at[ends][:, chosen], axis=1, return_counts=True)[1].max()
            for ends in (slice(n), slice(n, None))
        )
        whole = np.zeros(len(names))
        whole[[names.index(name) for name in link.ends]] = each
        size, power = _growth(lower[chosen], value[chosen], _HIGHEST)
        yield _Step(whole, size * many, power)


def _steps(site: Site, levels: int, acts: Operator, highest: int) -> list[tuple[int, float, int]]:
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
        found.append((int(step), *_growth(np.minimum(low, acts.row[chosen]), value, highest)))
    return found


def _growth(lower: Array, value: Array, highest: int) -> tuple[float, int]:
    """Size and power with values at most size (n + 1)^(power / 2), n the lower of two levels."""
    level, which = np.unique(lower, return_inverse=True)
    largest = np.zeros(len(level))
    np.maximum.at(largest, which, value)
    if len(level) == 1 and not highest:
        return float(largest[0]), 0
    if len(level) == 1:  # it may be the first of many
        return float(largest[0] / (level[0] + 1.0) * (1 + 2 / (level[0] + 1.0))), 2
    middle = len(level) // 2
    for power in range(highest + 1):
        ratio = largest / (level + 1.0) ** (power / 2)
        if ratio[-1] <= ratio[:-1].max() * (1 + _NOT_CONSTANT):
            return float(ratio.max()), power
        # Still rising, as n does against n + 1: but no more than this.
        if level[middle] > 3 and ratio[-1] <= ratio[middle] * (1 + 2 / (level[middle] + 1.0)):
            return float(ratio[-1] * (1 + 2 / (level[-1] + 1.0))), power
    return float(ratio.max() * (1 + 2 / (level[-1] + 1.0))), 2 if middle < 4 else highest
