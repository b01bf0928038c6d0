"""The global maximum of functions of one variable, with a bound that no point exceeds.

Of a function f with f'' >= -K in the sense that f + K t^2/2 is convex, the chord between two known
points tells how far it may rise between them: f(t) <= chord(t) + K (t - a)(b - t)/2. Energies
of a battery are such functions, and so is its ergotropy, kinks included: it is the largest of
many smooth functions, one for each unitary. Intervals that may still hold the maximum are halved
until none is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quantumbattery.quantities.aliases import Array

MOST_POINTS = 1 << 22  # points looked at in all
FIRST_INTERVALS = 64  # intervals to begin with
_POINT = 192  # bytes for each point that was looked at, with what is worked out of it
_SHARE = 0.4  # of the memory, for points
_ROW = 1 << 20  # times that are asked for at once, with those of members that wait
_FOR_LITTLE = 1 << 16  # points of a member, up to which what is below the scale is known as well
NOTHING = 1e-10  # of the scale: rounding
_FLAT = 1e-14  # of a value: what differs by less does so by rounding
_STILL, _LONG = 1e-12, 1 / 16  # of a value, for a part of the horizon: it stays as it is
_ABOUT = 1e-2  # of the natural time: a peak as narrow as that has one time
_STEPS = 1e-2, 1e-3, 1e-4  # of the natural time, between three points of a parabola at the peak


@dataclass(frozen=True, eq=False)
class Maximum:
    """The largest values of a batch of functions."""

    time: Array  # (g,), the first instant of the global maximum
    value: Array  # (g,)
    bound: Array  # (g,), what the function nowhere exceeds
    settled: Array  # (g,), whether refinement came to its end: else the time may not be the first
    early: Array  # (g,), whether it did not for the number of points


@dataclass(frozen=True, eq=False)
class _Intervals:
    """Intervals [a, b] of the members of a batch, with the values at their ends."""

    member: Array
    a: Array
    b: Array
    at_a: Array
    at_b: Array

    @classmethod
    def between(cls, grid: Array, known: Array) -> _Intervals:
        """Those between neighbours of a grid (T,) with values (g, T)."""
        members = len(known)
        return cls(
            np.repeat(np.arange(members), len(grid) - 1),
            np.tile(grid[:-1], members),
            np.tile(grid[1:], members),
            known[:, :-1].ravel(),
            known[:, 1:].ravel(),
        )

    def select(self, chosen: Array) -> _Intervals:
        """Some of them."""
        return _Intervals(*(getattr(self, n)[chosen] for n in ("member", "a", "b", "at_a", "at_b")))

    def halved(self, middle: Array, value: Array) -> _Intervals:
        """Both halves of each."""
        return _Intervals(
            np.tile(self.member, 2),
            np.concatenate([self.a, middle]),
            np.concatenate([middle, self.b]),
            np.concatenate([self.at_a, value]),
            np.concatenate([value, self.at_b]),
        )


@dataclass(frozen=True, eq=False)
class Aim:
    """What is sought of each function f on [0, horizon], and how well."""

    horizon: float
    tolerance: float  # relative to the value, or to the scale where that takes too many points
    scale: Array  # (g,), what is little
    nothing: Array  # (g,): what is not above is never positive, but for rounding
    rounding: Array  # (g,), of a value f(t), which over a small t is much
    rate: bool = False  # whether the largest f(t)/t is sought, with f(0) = 0 or negative
    most: int = MOST_POINTS  # points after which refinement ends
    room: int = 2 * MOST_POINTS  # points that there never are more of
    rise: Array | None = None  # (3, g), of a rate f'(0), f''(0) and what |f'''| never exceeds
    ceiling: Callable[[Array, Array, Array], Array] | None = None  # of f or f/t, by member, a and b

    def near(self, best: Array, points: Array) -> Array:
        """How far apart bound and value may be, (g,), after points (g,) of each."""
        known = (best > self.nothing) & (points < _FOR_LITTLE)
        return self.tolerance / 4 * np.where(known, best, np.maximum(best, self.scale))

    def height(self, member: Array, times: Array, values: Array) -> Array:
        """f, or f/t; at such small t that rounding of f hides it, what is sure of derivatives."""
        if not self.rate:
            return values
        over = np.divide(values, times, out=np.zeros_like(values), where=times > 0)
        if self.rise is None:
            return over
        first, second, third = self.rise[:, member]
        sure = first + second * times / 2 - third * times**2 / 6
        return np.where((times > 0) & self._hidden(member, times), sure, over)

    def early(self, given: _Intervals) -> Array | float:
        """What f/t does not exceed by its derivatives at t = 0, on intervals."""
        if self.rise is None:
            return np.inf
        first, second, third = self.rise[:, given.member]
        ends = (second * t / 2 + third * t**2 / 6 for t in (given.a, given.b))  # it is convex
        return np.asarray(first + np.maximum(*ends))

    def blind(self, given: _Intervals, near: Array) -> Array:
        """Intervals at such small t that rounding hides what a rate is, and nothing else tells."""
        member, b, near = given.member, given.b, near[given.member]
        if not self.rate:
            return np.zeros(len(member), dtype=bool)
        if self.rise is None:
            return np.asarray(b * near < self.rounding[member])
        return np.asarray(self._hidden(member, b) & (self.rise[2, member] * b**2 / 3 > near))

    def _hidden(self, member: Array, times: Array) -> Array:
        assert self.rise is not None
        return np.asarray(times**3 * self.rise[2, member] < self.rounding[member])


def room_for(limit: float) -> int:
    """How many points may be looked at with so many GiB, of which other things take some."""
    return int(limit * _SHARE * 2**30 / _POINT)


def least_points(curvature: Array, highest: Array, horizon: float, rate: bool) -> Array:
    """How many points (g,) it takes at least until any interval is short enough to be left.

    No value exceeds the highest (g,), and over a width w a bound exceeds both ends by K w^2/8: with
    all ends at 0, none is left before that is below the highest. Of a rate f/t, which is at most
    sqrt(K highest/2), a bound late in the interval is K w^2/(8 t), so that late ones may be wider.
    """
    with np.errstate(over="ignore"):
        if rate:
            return np.asarray(np.sqrt(horizon / 2) * (2 * curvature / highest) ** 0.25)
        return np.asarray(horizon * np.sqrt(curvature / (8 * highest)))


def maximum(
    values: Callable[[Array], Array],
    curvature: Array,
    aim: Aim,
    tell: Callable[[int, int, float], None] = lambda *_: None,
) -> Maximum:
    """Find the first global maximum of each function on [0, horizon].

    Parameters
    ----------
    values : callable
        Takes times (g, T) to values (g, T); what is negative counts as 0.
    curvature : ndarray, shape (g,)
        K, so that f + K t^2/2 is convex.
    aim : Aim
    tell : callable, optional
        Is told after every step how many points were looked at, how many intervals are left, and
        how far the largest of their bounds is above what is known.

    Returns
    -------
    Maximum
        Where refinement ends early, after so many points of all together, what was still looked at
        is not settled, and the bound says what is known.
    """
    members = len(curvature)
    grid = np.linspace(0.0, aim.horizon, FIRST_INTERVALS + 1)
    known = values(np.broadcast_to(grid, (members, len(grid))))
    heights = aim.height(np.arange(members)[:, None], grid, known)
    best, ceiling = heights.max(axis=1), np.full(members, -np.inf)
    seen = [(np.repeat(np.arange(members), len(grid)), np.tile(grid, members), heights.ravel())]
    left, points = _Intervals.between(grid, known), np.full(members, len(grid))
    settled, early = np.ones(members, dtype=bool), np.zeros(members, dtype=bool)
    unread = np.array([[np.inf], [-np.inf]]).repeat(members, axis=1)  # from when to when
    while True:
        above, near = _above(left, curvature[left.member], aim), aim.near(best, points)
        middle = (left.a + left.b) / 2
        split = _open(left, above, np.maximum(best, 0.0), near, aim)
        split &= (left.a < middle) & (middle < left.b)  # or they are as fine as numbers are
        looked = int(points.sum())
        too_many = split & (looked > aim.most or looked + int(split.sum()) > aim.room)
        blind = split & aim.blind(left, near)
        settled[left.member[blind]] = False
        np.minimum.at(unread[0], left.member[too_many], left.a[too_many])
        np.maximum.at(unread[1], left.member[too_many], left.b[too_many])
        early[left.member[too_many]] = True
        split &= ~blind & ~too_many
        np.maximum.at(ceiling, left.member[~split], above[~split])
        if not split.any():
            break
        left, middle = left.select(split), middle[split]
        open_gap = above[split] - np.maximum(best, 0.0)[left.member]
        tell(int(points.sum()), len(middle), float(open_gap.max()))
        found = _scattered(values, left.member, middle, members)
        rates = aim.height(left.member, middle, found)
        np.maximum.at(best, left.member, rates)
        seen.append((left.member, middle, rates))
        points = points + np.bincount(left.member, minlength=members)
        left = left.halved(middle, found)
    time, value = _first(seen, best, aim)
    time, value = _polished(values, time, value, curvature, aim)
    # What is left about one peak, as narrow, may be higher; but its time is known.
    natural = _natural(value, time, curvature, aim)
    around = np.maximum(time - unread[0], unread[1] - time) <= _ABOUT * natural
    settled &= around | ~early
    return Maximum(time, value, np.maximum(ceiling, value), settled, early)


def _open(left: _Intervals, above: Array, best: Array, near: Array, aim: Aim) -> Array:
    """Which intervals may hold more than the best; or a peak as high, but less well known."""
    top, near = best[left.member], near[left.member]
    member = left.member
    ends = aim.height(member, left.a, left.at_a), aim.height(member, left.b, left.at_b)
    highest = np.maximum(*ends)
    still_open: Array = (above > top + near) | ((above > top - near) & (above > highest + near))
    return still_open


def _natural(value: Array, time: Array, curvature: Array, aim: Aim) -> Array:
    """The time in which what has a peak may fall from it to 0, of f, also if f/t is sought."""
    height = value * time if aim.rate else value
    return np.asarray(np.sqrt(height / np.maximum(curvature, 1e-300)))


def _polished(
    values: Callable[[Array], Array],
    time: Array,
    value: Array,
    curvature: Array,
    aim: Aim,
) -> tuple[Array, Array]:
    """The top of the parabola through three points around each peak, where that is higher."""
    known, horizon, member = np.isfinite(time), aim.horizon, np.arange(len(time))
    time, top = np.where(known, time, horizon / 2), np.where(known, value, 1e300)
    natural = _natural(np.where(known, value, 1.0), time, curvature, aim)
    for part in _STEPS:
        step = np.minimum(part * natural, horizon / 10)
        middle = np.clip(time, step, horizon - step)
        times = middle[:, None] + step[:, None] * np.array([-1.0, 0.0, 1.0])
        height = aim.height(member[:, None], times, values(times))
        bend = height[:, 0] - 2 * height[:, 1] + height[:, 2]
        lean = np.divide(height[:, 0] - height[:, 2], bend, out=np.zeros_like(bend), where=bend < 0)
        near = np.clip(middle + np.clip(lean / 2, -1, 1) * step, 0.0, horizon)
        found = aim.height(member, near, values(near[:, None])[:, 0])
        curved = bend < -_FLAT * np.abs(top)  # of what is level, rounding makes hills
        higher = curved & (found >= top - 4e-16 * np.abs(top))
        time, top = np.where(higher, near, time), np.where(higher, found, top)
    return np.where(known, time, np.nan), np.where(known, np.maximum(top, value), 0.0)


def _above(given: _Intervals, curvature: Array, aim: Aim) -> Array:
    """An upper bound of f, or of f/t, on each interval."""
    a, b, at_a, at_b = given.a, given.b, given.at_a, given.at_b
    if aim.ceiling is not None:  # where nothing is known of how f bends
        ends = (aim.height(given.member, *each) for each in ((a, at_a), (b, at_b)))
        return np.maximum(aim.ceiling(given.member, a, b), np.maximum(*ends))
    width = b - a
    slope = (at_b - at_a) / width
    if not aim.rate:
        # The parabola chord + K (t - a)(b - t)/2 peaks at the middle + slope/K, if that is inside.
        shift = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)
        inside = np.abs(shift) < width / 2
        top = (at_a + at_b) / 2 + curvature * (width**2 / 4 + shift**2) / 2
        return np.asarray(np.where(inside, top, np.maximum(at_a, at_b)))
    return np.asarray(np.minimum(above_over_time(a, b, at_a, at_b, curvature), aim.early(given)))


def above_over_time(a: Array, b: Array, at_a: Array, at_b: Array, curvature: Array) -> Array:
    """An upper bound of f/t on intervals, with f(0) = 0 or negative."""
    slope = (at_b - at_a) / (b - a)
    # Over t: c/t + constant - K t/2, which falls if c >= 0 and else peaks at sqrt(-2 c/K).
    c = at_a - slope * a - curvature * a * b / 2
    c = np.where(a > 0, c, np.minimum(c, 0.0))
    peak = np.sqrt(np.maximum(-2 * c, 0.0) / np.maximum(curvature, 1e-300))
    at = np.clip(peak, np.where(a > 0, a, 1e-12 * b), b)
    return np.asarray(c / at + slope + curvature * (a + b - at) / 2)


def _scattered(
    values: Callable[[Array], Array], member: Array, times: Array, members: int
) -> Array:
    """Values at times of some members, looked up in rows of equal length."""
    order = np.argsort(member, kind="stable")
    count = np.bincount(member, minlength=members)
    place = np.arange(len(member)) - (np.cumsum(count) - count)[member[order]]
    scattered, chosen = np.empty(len(member)), times[order]
    step = max(1, _ROW // members)
    for low in range(0, int(count.max()), step):
        mine = np.flatnonzero((place >= low) & (place < low + step))
        rows = np.zeros((members, int(place[mine].max()) + 1 - low))
        where = member[order[mine]], place[mine] - low
        rows[where] = chosen[mine]
        scattered[order[mine]] = values(rows)[where]
    return scattered


def _first(seen: list[tuple[Array, Array, Array]], best: Array, aim: Aim) -> tuple[Array, Array]:
    """The earliest peak that is as high as the best, to the tolerance; NaN where all is nothing.

    Of neighbours that all are high enough the highest counts, they belong to one peak; and of those
    the first that are as high but for rounding, as all are of what stays as it is.
    """
    member, times, height = (np.concatenate(part) for part in zip(*seen, strict=True))
    order = np.lexsort((times, member))
    member, times, height = member[order], times[order], height[order]
    high = height >= (best - aim.tolerance / 2 * np.maximum(best, 0.0))[member]
    new = np.ones(len(member), dtype=bool)
    new[1:] = (member[1:] != member[:-1]) | ~high[:-1]
    peak = np.cumsum(new & high)  # the number of each run of high points
    first = np.searchsorted(member, np.arange(len(best)))
    mine = high & _is_first(member, peak, high)
    run = np.maximum.reduceat(np.where(mine, height, -np.inf), first)
    low = np.minimum.reduceat(np.where(mine, height, np.inf), first)
    span = np.maximum.reduceat(np.where(mine, times, 0.0), first) - np.minimum.reduceat(
        np.where(mine, times, np.inf), first
    )
    still = (run - low <= _STILL * np.abs(run)) & (span >= _LONG * aim.horizon)
    level = height >= (run - np.where(still, _STILL, _FLAT) * np.abs(run))[member]
    chosen = mine & level
    at = np.full(len(best), np.inf)
    np.minimum.at(at, member[chosen], times[chosen])
    return np.where(best > aim.nothing, at, np.nan), np.where(best > aim.nothing, run, 0.0)


def _is_first(member: Array, peak: Array, high: Array) -> Array:
    """Whether a point is in the first run of high points of its member."""
    earliest = np.full(int(member.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(earliest, member[high], peak[high])
    same: Array = peak == earliest[member]
    return same
