"""The energy that can be beyond the cuts of a battery's oscillators: an upper bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import exp, inf, sqrt

import numpy as np

from quantumbattery.charging.left_out import lost_by
from quantumbattery.charging.own_growth import OwnGrowth, taken, together
from quantumbattery.charging.quanta_steps import (
    MORE,
    Climb,
    Step,
    matrix_steps,
    product_steps,
    weights_of,
)
from quantumbattery.network.amplitudes import tail_quanta
from quantumbattery.network.joint_losses import Jump
from quantumbattery.network.joint_starts import Joint
from quantumbattery.network.matrix_interactions import Coupling
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import Reach
from quantumbattery.reach.terms import OF_DRIVE, hamiltonian_terms, loss_terms

_LONGEST = 500.0  # exponents: nearly 1e218


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

    What acts on one oscillator alone counts with its losses, as `OwnGrowth`: they may take more
    than is added.

    What is missing of a state begins at a cut, or beyond in its preparation. Its part |u><v| + h.c.
    is no more than a |u><u| + |v><v| / a for any a, so that a trace norm x which flows over a cut
    has no more f than x times the largest f there; and a missing ket D, no more than |D| |D| of it.
    Energy is at most w n and a rest, so at most (w + rest/F) f. F is free: the best of some counts.
    """

    quantum: float  # energy of a quantum, at most; 0 where no oscillator is in the battery
    rest: float  # the energy that is not counted in quanta of oscillators
    climbs: tuple[tuple[float, Climb], ...]  # with coefficients
    warming: tuple[tuple[float, Climb], ...]  # with rates
    highest: float  # quanta at which something arrives beyond a cut
    heaviest: float = 1.0  # how often the quanta of a site count at most
    own: tuple[OwnGrowth, ...] = ()  # of oscillators, by what acts on one alone

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
        return driven + warmed + sum(each.rate(shift) for each in self.own)

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


def beyond(network: Network, reached: Reach, numbers: Array, ends: bool = False) -> Beyond:
    """Work out what energy can be beyond the cuts of a network.

    `numbers` (g, terms) has the largest number of each coefficient of the Hamiltonian and the
    losses at any time, as `reached` lists them; jumps that are not `always` on may have an end.
    """
    ladders = [n for n in network.battery if isinstance(network.sites[n], Oscillator)]
    if not ladders:
        return Beyond(0.0, 0.0, (), (), 0.0)
    levels = dict(zip(reached.sites, reached.levels, strict=True))
    size, shift = np.abs(numbers), len(reached.hamiltonian.coefficients)
    steps, energy, rest = _moved(network, levels, ladders, size)
    losses = [
        replace(each, rate=size[:, shift + term])
        for term, each in enumerate(_losses(network, levels, ends))
    ]
    weights = weights_of([part for _, part in steps], len(levels))
    climbs = [(n, part) for n, part in steps if part.climb(weights).quanta > 0]
    warming = [
        (each.rate * times, part) for each in losses for times, part in each.shares(weights, 1)
    ]
    leaving = reached.configurations[np.unique(reached.edge.configuration)]
    held = np.zeros(len(leaving))
    for k, (name, n) in enumerate(levels.items()):
        held += weights[k] * network.sites[name].excitations(n)[leaving[:, k]]
    arriving = max((0, *(part.climb(weights).quanta for _, part in [*climbs, *warming])))
    for each in losses:  # of L^dag L the difference of two
        quanta = [part.climb(weights).quanta for part in each.parts]
        arriving = max(arriving, max(quanta, default=0) - min(quanta, default=0))
    return Beyond(
        energy,
        rest,
        tuple((float(n.max()), p.climb(weights)) for n, p in climbs if p.site is None),
        tuple((float(n.max()), p.climb(weights)) for n, p in warming if p.site is None),
        float(held.max(initial=0.0)) + arriving,
        float(weights.max()),
        _own(network, weights, climbs, warming, losses),
    )


def _moved(
    network: Network, levels: Mapping[str, int], ladders: Sequence[str], size: Array
) -> tuple[list[tuple[Array, Step]], float, float]:
    """The parts of the Hamiltonian, the energy of a quantum, and that which quanta do not count."""
    moving = hamiltonian_terms(network, levels)
    finite = {*network.battery} - {*ladders}
    own = {*ladders} | {k for k, each in enumerate(network.interactions) if each.always}
    steps: list[tuple[Array, Step]] = []
    energy, rest, seen = 0.0, 0.0, set()
    for each in moving.products:
        number, origin = size[:, each.term], moving.origins[each.term]
        link = network.interactions[origin] if isinstance(origin, int) and origin >= 0 else None
        if isinstance(link, Coupling):
            if origin in seen:  # its products are parts of one matrix
                continue
            seen.add(origin)
            parts = list(matrix_steps(network, levels, link))
        else:
            alone = each.operators[0].row.size <= 2 and origin == OF_DRIVE  # of one transition
            highest = 0 if alone else 2
            parts = list(product_steps(network, levels, each.places, each.operators, highest))
        steps += [(number, part) for part in parts]
        most = float(number.max())
        if origin in finite:
            rest += most * float(np.abs(each.operators[0].value).max(initial=0.0))
        if origin in own:
            energy += most * sum(part.size if part.power <= 2 else inf for part in parts)
    return steps, energy, rest


def _own(
    network: Network,
    weights: Array,
    climbs: Iterable[tuple[Array, Step]],
    warming: Iterable[tuple[Array, Step]],
    losses: Sequence[_Loss],
) -> tuple[OwnGrowth, ...]:
    """How the quanta of each oscillator grow by what acts on it alone."""
    found = []
    for k, site in enumerate(network.sites.values()):
        if not isinstance(site, Oscillator):
            continue
        parts: list[tuple[int, Array]] = []
        for number, part in climbs:
            if part.site == k:
                times = 2 * part.climb(weights).quanta * number
                parts += [(power, size * times) for power, size in part.grown]
        for number, part in warming:
            if part.site == k:
                own = part.climb(weights)
                parts.append((2 * own.power, own.size**2 * number))
        if not parts:
            continue
        for each in losses:
            for share, part in each.shares(weights, -1):
                if part.site == k and part in each.falls:
                    q, size, less = each.falls[part]
                    parts += [(2 * q, each.rate * share * size), (0, -each.rate * share * less)]
        found.append(OwnGrowth(float(weights[k]), together(parts)))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Loss:
    """A Lindblad operator of the network."""

    parts: list[Step]
    together: int  # of how many, at least, it is the sum
    falls: Mapping[Step, tuple[int, float, float]]  # of what takes quanta, as `taken`
    rate: Array = field(default_factory=lambda: np.zeros(1))  # (g,)

    def shares(self, weights: Array, sign: int) -> Iterator[tuple[float, Step]]:
        """How often each part counts in the rate, with the square of its elements; of one sign."""
        alike: dict[int, list[Step]] = {}
        for part in self.parts:
            alike.setdefault(part.climb(weights).quanta, []).append(part)
        for quanta, group in alike.items():
            times = quanta + sum(abs(quanta + other) for other in alike if other != quanta) / 2
            # Of a sum of so many the square is at most as many times that of each.
            if sign * times > 0 and (sign > 0 or len(group) == 1):
                yield from ((times * max(len(group), self.together), each) for each in group)


def _losses(network: Network, levels: Mapping[str, int], ends: bool) -> Iterator[_Loss]:
    """The losses of a network, without their rates."""
    losing = loss_terms(network, levels)
    for term, origin in enumerate(losing.origins):
        shared = None if isinstance(origin, str) else network.joint_losses[origin]
        if isinstance(shared, Jump):
            parts = list(matrix_steps(network, levels, shared))
            lasts = shared.always or not ends
            yield _Loss(parts, 1, _falls(network, levels, shared, parts) if lasts else {})
            continue
        mine = [each for each in losing.products if each.term == term]
        parts = [
            part
            for each in mine
            for part in product_steps(network, levels, each.places, each.operators)
        ]
        # Weights over axes come as several losses, whose sum has as many parts as there are ends.
        down = bool(parts) and not shared and parts[0].added.sum() < 0
        falls = {parts[0]: (1, 1.0, 1.0)} if down else {}  # n = x - 1 of sqrt(n) from level n
        yield _Loss(parts, len(shared.ends) if shared else 1, falls)


def _falls(
    network: Network, levels: Mapping[str, int], jump: Jump, parts: Sequence[Step]
) -> dict[Step, tuple[int, float, float]]:
    """How fast the parts of a jump take quanta, if it acts on one oscillator alone."""
    if not callable(jump.matrix) or any(part.site is None for part in parts):
        return {}  # a matrix is nothing beyond its levels
    (name,) = jump.ends
    blocks = jump.blocks([network.sites[name]], [levels[name] + MORE])
    (lower, upper), (_, listed) = np.nonzero(blocks), blocks.shape
    found = {}
    for part in parts:
        mine = lower - upper == part.added.sum()
        if (known := taken(blocks[lower[mine], upper[mine]], upper[mine], listed)) is not None:
            found[part] = known
    return found
