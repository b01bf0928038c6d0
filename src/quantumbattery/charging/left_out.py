"""What the cuts of ladders leave out of an energy: an upper bound, by site.

Three things are lost: what leaves over a cut while charging, bounded by `flown`; what a preparation
has beyond it; and, where the battery holds an oscillator, the energy of what is beyond, bounded by
`energy_beyond`. None of it is known, but none can be more than what is said here, up to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from quantumbattery.dynamics.motion import Motion
from quantumbattery.network.amplitudes import largest_tail
from quantumbattery.network.gaussian_states import simplest
from quantumbattery.network.given_states import State
from quantumbattery.network.named_states import Gibbs, Preparation, Thermal
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.reach import ALL, Reach
from quantumbattery.states.truncation_error import Cut

_LOOKS = 64  # equal parts of the time at whose beginnings one looks first
_CLOSE = 1.5  # times what is seen at these moments: then the bound is no longer made tighter
_FINEST = 1 / 4  # of a feeding of a row, where parts are so short that little is to be gained
_FASTEST = 256.0  # feedings of a row in a part, up to which it is bounded by more than 1
_FEWEST, _WORK = 1 << 10, 1 << 24  # parts that are looked at in any case; numbers in all of them
_EARLY = (1 / 16, 1e6), (1 / 4, 1e6)  # parts of the time, and times as much as is allowed then
_EARLY_LOOKS = 16
_HELD = 1 << 24  # numbers in all of them where these are held at once
_STREAMED = 1 << 11  # parts where no state is kept
_NO_ROW = 1e-17  # what is less is not there
_NEGLIGIBLE = 1e-11  # of a trace norm: what is below needs no tighter bound


def lost_by(each: Preparation, site: Site, levels: int) -> tuple[float, float]:
    """What a cut takes from a preparation: half the trace norm, and an amplitude; the largest.

    The amplitude is the root of the weight p beyond. What is pure, or has coherence across the cut,
    changes by twice that in trace norm, a mixture of both sides by 2 p.
    """
    weight = largest_tail(each, site, levels)
    across = not isinstance(simplest(each), Thermal | Gibbs)
    if isinstance(each, State) and each.array.ndim > 1:
        across = bool(each.values[..., :levels, levels:].any())
    return (sqrt(weight) if across else weight), sqrt(weight)


# --- over the cuts while charging -----------------------------------------------------------------

Tiles = Callable[[Array], Iterator[tuple[tuple[slice, slice], Array]]]
"""Gives the states at some times, part by part: of the initial states, then of the times."""


@dataclass(frozen=True, eq=False)
class Flown:
    """What leaves over the cuts, by site, and last over a common one."""

    norms: Array  # (sites + 1,), an upper bound of the trace norm by the last time
    falls: dict[str, float]  # decimal places by level near a cut, where too much leaves


def flown(
    cut: Cut,
    moving: Motion,
    tiles: Tiles,
    numbers: Array,
    latest: float,
    allowed: Array,
    whole: Tiles | None = None,
    early: bool = True,
) -> Flown:
    """What leaves over each cut by the last time; the largest of the batch.

    First by amplitudes that hold at all times, where the motion has them; then the time falls into
    parts, ever more of them: a row at the beginning of each bounds it up to the end. Where more
    than is `allowed` (sites + 1,) is seen to leave already, that is given, and no bound: more
    levels will be taken anyhow. Where levels are given, anything is allowed: infinity. If every
    pass begins at t = 0, states through all the time are those of `whole`, and one looks `early`
    in a part of it.
    """
    if not len(cut.edge) or not latest:
        return Flown(np.zeros(len(cut.state.reach.sites) + 1), {})
    little = np.where(np.isinf(allowed), _NEGLIGIBLE, allowed)
    ever = moving.ever(slice(None))
    if ever is not None:
        bound = _largest(cut.leak(cut.rows(ever)[..., cut.edge], numbers)) * latest
        if (bound <= little).all():
            return Flown(bound, {})
    parts, finite = _LOOKS, np.isfinite(allowed).any()
    looks = (_EARLY if early else ()) if moving.from_start else ((1.0, 1.0),)
    for share, times in looks if finite else ():
        # What is too much shows at once, and far too much already in a part of the time.
        some = tiles, numbers, latest * share, parts if share == 1 else _EARLY_LOOKS
        seen, _, largest = _in_parts(cut, *some, bounded=False)
        if (seen > times * allowed).any():
            return Flown(seen, _falls(cut.state.reach, largest))
    pace = cut.pace(numbers) * latest
    each = cut.state.size * len(numbers)
    most = max(_LOOKS // 8, _HELD // each) if moving.from_start else max(_FEWEST, _WORK // each)
    if moving.streams and whole is not None:
        most = _STREAMED
    parts = min(most, max(parts, int(np.ceil(pace))))
    while True:
        bounded = pace / parts <= _FASTEST
        given = whole if whole is not None and moving.from_start else tiles
        seen, bound, largest = _in_parts(cut, given, numbers, latest, parts, bounded=bounded)
        if (seen > allowed).any():
            return Flown(seen, _falls(cut.state.reach, largest))
        close = bound.sum() <= _CLOSE * seen.sum() or (bound <= little).all()
        # Where every call begins at t = 0, more parts take as long again; a warning needs no more.
        if close or not finite or moving.from_start or pace / parts <= _FINEST or 2 * parts > most:
            much = (bound > allowed).any()
            return Flown(bound, _falls(cut.state.reach, largest) if much else {})
        parts *= 2


def _falls(reached: Reach, largest: Array) -> dict[str, float]:
    """By how many decimal places rows fall with each level, near the cut of each site."""
    found = {}
    for k, (name, n) in enumerate(zip(reached.sites, reached.levels, strict=True)):
        by_level = np.full(n, _NO_ROW)
        np.maximum.at(by_level, reached.configurations[:, k], largest)
        found[name] = _fall(by_level)
    if reached.most < inf:
        by_level = np.full(int(reached.most) + 1, _NO_ROW)
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
    cut: Cut, tiles: Tiles, numbers: Array, latest: float, parts: int, *, bounded: bool
) -> tuple[Array, Array, Array]:
    """What leaves in equal parts of the time: as seen at their beginnings, and a bound of it.

    And the largest rows seen, (configurations,).
    """
    span, moments = latest / parts, np.linspace(0.0, latest, parts, endpoint=False)
    seen: dict[int, Array] = {}
    bound: dict[int, Array] = {}
    largest = np.zeros(cut.state.reach.size)
    for (c, _), states in tiles(moments):
        rows = cut.rows(states)
        largest = np.maximum(largest, rows.max(axis=(0, 1, 2)))
        flows = cut.leak(rows[..., cut.edge], numbers).sum(axis=2) * span
        seen[c.start] = seen.get(c.start, 0.0) + flows
        if bounded:
            edges = cut.spread(rows, numbers, span, cut.edge)
            flows = cut.leak(edges, numbers).sum(axis=2) * span
            bound[c.start] = bound.get(c.start, 0.0) + flows
    worst = _largest(np.concatenate(list(seen.values()), axis=1))
    if not bounded:  # no row is longer than 1
        shape = (len(numbers), 1, 1, len(cut.edge))
        return worst, _largest(cut.leak(np.ones(shape), numbers)) * latest, largest
    return worst, _largest(np.concatenate(list(bound.values()), axis=1)), largest


def _largest(flows: Array) -> Array:
    """The largest of a batch, by site."""
    largest: Array = flows.reshape(-1, flows.shape[-1]).max(axis=0)
    return largest
