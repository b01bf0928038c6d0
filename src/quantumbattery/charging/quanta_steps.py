"""By how many quanta the parts of a term change each site, and how their elements grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TypeAlias

import numpy as np

from quantumbattery.network.joint_losses import Jump
from quantumbattery.network.matrix_interactions import Coupling
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array

_NOT_CONSTANT = 1e-9
_HIGHEST = 4  # powers of a root of the level
SHOWN = 6  # levels from which on elements show what they grow to
MORE = 12  # levels of a function of the levels, to see how it grows


@dataclass(frozen=True)
class Climb:
    """A part of a term that adds quanta: no more than size (n + 1)^(power / 2) from n quanta."""

    quanta: int  # that it adds
    size: float
    power: int


@dataclass(frozen=True, eq=False)
class Step:
    """A part of a term by the quanta that it adds to each site, as `Climb` of their sum."""

    added: Array  # (sites,)
    size: float
    power: int
    site: int | None = None  # the number of the oscillator on which it acts alone
    late: tuple[float, float] | None = None  # s, c: its size is s (n + 1)^(power / 2) + c at most

    @property
    def grown(self) -> tuple[tuple[int, float], ...]:
        """Powers of a root of n + 1 and how often, the sum of which is more than its size."""
        if self.late is None:
            return ((self.power, self.size),)
        return (self.power, self.late[0]), (0, self.late[1])

    def climb(self, weights: Array) -> Climb:
        """The same, each site's quanta counted so many times."""
        return Climb(round(float(self.added @ weights)), self.size, self.power)


def weights_of(steps: Sequence[Step], sites: int) -> Array:
    """How often the quanta of each site count, so that what grows too fast adds none: whole.

    Two quanta of one site for one of another, as in A^2 B^dag, count once and twice.
    """
    ones: Array = np.ones(sites)
    strong = [step.added for step in steps if step.power > 2 and step.added.sum() != 0]
    strong = [added for added in strong if np.count_nonzero(added) > 1]  # no weight helps one site
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


def product_steps(
    network: Network,
    levels: Mapping[str, int],
    places: Sequence[int],
    operators: Sequence[Operator],
    highest: int = 2,
) -> Iterator[Step]:
    """The parts of a product of operators, by how many quanta they add to each site.

    With a highest power of 0, elements are all there are, as of a transition.
    """
    names = list(network.sites)
    sites = [(network.sites[names[place]], levels[names[place]]) for place in places]
    each = [
        _steps(site, n, acts, highest) for (site, n), acts in zip(sites, operators, strict=True)
    ]
    for parts in product(*each):
        added, size, power, late = zip(*parts, strict=True)
        whole = np.zeros(len(names))
        whole[list(places)] = added
        alone = len(places) == 1 and isinstance(sites[0][0], Oscillator)
        own = (places[0], late[0]) if alone else (None, None)
        yield Step(whole, prod(size), sum(power), *own)


def matrix_steps(
    network: Network, levels: Mapping[str, int], link: Coupling | Jump
) -> Iterator[Step]:
    """The parts of a matrix on some sites, by how many quanta they add to each."""
    names = list(network.sites)
    sites = [network.sites[name] for name in link.ends]
    given = [levels[name] for name in link.ends]
    ladders = [isinstance(site, Oscillator) for site in sites]
    if callable(link.matrix):  # how it grows shows better on more levels
        given = [n + MORE * ladder for n, ladder in zip(given, ladders, strict=True)]
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
        alone = n == 1 and ladders[0]
        yield Step(whole, size * many, power, names.index(link.ends[0]) if alone else None)


_Part: TypeAlias = tuple[int, float, int, tuple[float, float] | None]


def _steps(site: Site, levels: int, acts: Operator, highest: int) -> list[_Part]:
    """Of an operator's parts that add so many quanta: the number, and how each grows, as `Step`.

    From n quanta an element is at most size (n + 1)^(power / 2).
    """
    ladder = isinstance(site, Oscillator)
    reached = max(levels, 1 + int(max(acts.row.max(initial=0), acts.column.max(initial=0))))
    quanta = np.arange(reached) if ladder else site.excitations(levels)
    found: list[_Part] = []
    added = quanta[acts.row] - quanta[acts.column]
    for step in np.unique(added):
        chosen = added == step
        value, low = np.abs(acts.value[chosen]), acts.column[chosen]
        if not ladder:  # more than one element may start or end at a level
            many = max(np.bincount(acts.row[chosen]).max(), np.bincount(low).max())
            found.append((int(step), float(value.max() * many), 0, None))
            continue
        lower = np.minimum(low, acts.row[chosen])
        size, power = _growth(lower, value, highest)
        found.append((int(step), size, power, _late(lower, value, power)))
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
    x, middle = level + 1.0, len(level) // 2
    for power in range(highest + 1):
        ratio = largest / x ** (power / 2)
        if ratio[-1] <= ratio[:-1].max() * (1 + _NOT_CONSTANT):
            return float(ratio.max()), power
        # Still rising, as n does against n + 1, and not as the next root would: but no more than
        # to where it leads, if it lacks as much as 1/x.
        slowly = ratio[-1] <= ratio[middle] * (x[-1] / x[middle]) ** 0.25
        if x[-1] > x[middle] > 4 and slowly:
            led = (ratio[-1] * x[-1] - ratio[middle] * x[middle]) / (x[-1] - x[middle])
            return float(max(ratio[-1], led) * (1 + 2 / x[-1])), power
    power = 2 if middle < 4 else highest
    return float((largest / x ** (power / 2)).max() * (1 + 2 / x[-1])), power


def _late(lower: Array, value: Array, power: int) -> tuple[float, float] | None:
    """What a size grows to, and what it is more at first; None if it is not seen to fall to it.

    As sqrt((n + 1) (n + 2)) falls to n + 1: the root of two would add to its rate at all levels.
    """
    order = np.argsort(lower)
    grown = (lower[order] + 1.0) ** (power / 2)
    ratio = value[order] / grown
    if len(ratio) < SHOWN or (np.diff(ratio) > _NOT_CONSTANT * ratio[0]).any():
        return None
    return float(ratio[-1]), float((value[order] - ratio[-1] * grown).max())
