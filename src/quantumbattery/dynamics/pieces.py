"""Factors that change in time as polynomials on pieces of the time, as short as they need.

On a piece, a factor is its polynomial through Chebyshev points, which is as good as its last
coefficients are small (L. N. Trefethen, Approximation Theory and Approximation Practice, SIAM
2013, chapters 4 and 8). The points lie inside, so that no jump at an edge is smeared. What is not
followed is cut in two, again and again: at a kink or a jump that no break names, down to where it
changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.network.envelopes import Envelope, Steps, check_repeatable, shape_of
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.signals import Signal

_EPS = float(np.finfo(float).eps)
_LOOKS = 1 << 14  # moments at which an envelope is looked at between the points
_AGAIN = 1 << 8  # parts of the time, at whose ends it is asked twice
_BEYOND = 0.1  # of the range at the points, by which it may go beyond them
_NOISE = 64 * _EPS  # of the largest factor, which is what one may know of it
_UNSEEN = 2e-16  # change of a state in a piece that nobody sees
_FIRST = 16  # pieces of a time without breaks


@dataclass(frozen=True, eq=False)
class Pieces:
    """Waves, of terms that change alike, as powers of the part of each piece that is over."""

    edges: Array  # (S + 1,), from 0 on
    powers: Array  # (waves, g or 1, S, degree + 1)
    largest: Array  # (waves, S), of each factor in size
    apart: Array  # (waves, S), how far factors are from their polynomials, as measured in between

    @cached_property
    def lengths(self) -> Array:
        """How long each piece is, (S,)."""
        lengths: Array = np.diff(self.edges)
        return lengths

    def place(self, times: Array) -> tuple[Array, Array]:
        """In which piece times fall, and which part of it is over then."""
        inside = np.searchsorted(self.edges[1:-1], times, "left")
        return inside, (times - self.edges[inside]) / self.lengths[inside]

    def falls(self, damping: float, place: Array | slice = slice(None), over: Any = 1.0) -> Array:
        """What numbers fall to over pieces at some places, or a part of each that is over."""
        fallen: Array = np.exp(damping * over * self.lengths[place])
        return fallen

    def integrals(self, times: Array) -> Array:
        """The integral of each wave from 0 on, (waves, g or 1, ...) at times (...)."""
        degree = self.powers.shape[-1]
        parts = self.powers * (self.lengths[:, None] / np.arange(1, degree + 1))
        before = np.zeros(parts.shape[:-1])
        np.cumsum(parts.sum(axis=-1)[..., :-1], axis=-1, out=before[..., 1:])
        inside, over = self.place(times)
        powers = np.vander(over.ravel(), degree + 1, increasing=True)[:, 1:]
        total = np.einsum("wgtk,tk->wgt", parts[:, :, inside.ravel()], powers)
        found: Array = before[..., inside] + total.reshape(*total.shape[:2], *times.shape)
        return found


def pieces(
    clocks: Sequence[Sequence[Clock]],
    latest: float,
    weights: Array,
    longest: float,
    degree: int,
    most: int,
) -> Pieces | None:
    """Cut the time until the latest; None if that takes more than so many pieces.

    Waves are given by their clocks, which are alike. Weights (k, 1 + waves) are norms of what is
    still and of what each wave multiplies, of k that move apart: over a piece, its length times
    their sum is at most `longest`.
    """
    still, each = weights[:, :1], weights[:, 1:]
    norms = each.max(axis=0)
    fastest = max(float(np.abs(first.frequency).max()) for first, *_ in clocks)
    first = _first_edges(clocks, latest)
    begin, end = first[:-1], first[1:]
    done: list[tuple[Array, ...]] = []
    peak, count = np.zeros(len(norms)), 0
    while len(begin):
        values, shapes = _values(clocks, begin, end, _points(degree))
        seen = np.ones(len(begin), dtype=bool)
        for signal, shape in shapes:
            seen &= _within(signal, latest, begin, end, shape)
        fit = values @ _chebyshev(degree).T
        largest = np.abs(values).max(axis=(1, 3))  # (waves, S)
        peak = np.maximum(peak, largest.max(axis=1))
        length = end - begin
        left = np.abs(fit[..., -3:]).max(axis=(1, 3))
        known = np.maximum(_NOISE * peak[:, None], _UNSEEN / (norms[:, None] * length + 1e-300))
        ratio = np.where(seen, (left / known).max(axis=0), 4.0**degree)  # it falls as h^degree
        rough = np.clip(np.ceil(ratio ** (1 / degree)), 1.0, 4.0)
        rough[length <= 4 * _EPS * latest] = 1.0
        with np.errstate(over="ignore"):
            size = length * np.maximum((still + each @ largest).max(axis=0), fastest)
        parts = np.maximum(np.ceil(size / longest), rough)
        good = parts == 1
        done.append((begin[good], end[good], fit[:, :, good], largest[:, good]))
        count += int(good.sum())
        if good.all():
            break
        if not count + parts[~good].sum() <= most:  # NaN neither
            return None
        begin, end = _cut(begin[~good], end[~good], parts[~good].astype(int))
    return _joined(clocks, done, degree)


def _joined(
    clocks: Sequence[Sequence[Clock]], done: Sequence[tuple[Array, ...]], degree: int
) -> Pieces:
    """All pieces in the order of time: where they begin and end, and what follows factors there."""
    begin, end, fit, largest = (
        np.concatenate(each, axis=axis)
        for each, axis in zip(zip(*done, strict=True), (0, 0, 2, 1), strict=True)
    )
    order = np.argsort(begin)
    begin, end, fit, largest = begin[order], end[order], fit[:, :, order], largest[:, order]
    # The rest is rounding, which powers enlarge; of T_k, an integral sees no more than 1 / k.
    seen = np.maximum(4, 2 * np.arange(degree + 1)) * _EPS * largest[:, None, :, None]
    held = np.abs(fit) > seen
    fit = fit * np.logical_or.accumulate(held[..., ::-1], axis=-1)[..., ::-1]
    between, _ = _values(clocks, begin, end, _between(degree))
    apart = np.abs(fit @ _polynomials(degree) - between).max(axis=(1, 3))
    return Pieces(np.append(begin, end[-1]), fit @ _monomials(degree), largest, apart)


def alike(clocks: Sequence[Clock]) -> list[list[Clock]]:
    """Clocks that change as one, together."""
    waves: dict[Any, list[Clock]] = {}
    for clock in clocks:
        signal, frequency = clock.signal, clock.frequency.tobytes()
        key = _identity(signal.envelope), signal.breaks, signal.late, frequency
        waves.setdefault(key, []).append(clock)
    return list(waves.values())


def _identity(envelope: Envelope | None) -> Any:
    """The same for functions of one text and the same values inside, as of a lambda in a loop."""
    if not isinstance(envelope, FunctionType):
        return id(envelope)
    inside = [cell.cell_contents for cell in envelope.__closure__ or ()]
    given = [*inside, *(envelope.__defaults__ or ()), *(envelope.__kwdefaults__ or {}).values()]
    values = (each if isinstance(each, (int, float)) else id(each) for each in given)
    return envelope.__code__, id(envelope.__globals__), *values


def _first_edges(clocks: Sequence[Sequence[Clock]], latest: float) -> Array:
    """Where a factor may jump or bend, and a few edges more if there are none."""
    given = [np.array([0.0, latest])]
    for clock in (each for wave in clocks for each in wave):
        given.append(np.array(clock.signal.breaks))
        if isinstance(clock.signal.envelope, xr.DataArray):
            given.append(clock.signal.envelope["time"].to_numpy())
    if not any(len(each) for each in given[1:]):
        return np.linspace(0.0, latest, _FIRST + 1)
    edges = np.unique(np.concatenate(given))
    return edges[(edges >= 0) & (edges <= latest)]


def _cut(begin: Array, end: Array, parts: Array) -> tuple[Array, Array]:
    """Every piece in so many parts."""
    which = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    length = (end - begin) / parts
    low = begin[which] + part * length[which]
    last = part == parts[which] - 1
    return low, np.where(last, end[which], begin[which] + (part + 1) * length[which])


def _values(
    clocks: Sequence[Sequence[Clock]], begin: Array, end: Array, points: Array
) -> tuple[Array, list[tuple[Signal, Array]]]:
    """Factors at points of all pieces, (waves, g or 1, S, points), and their different envelopes.

    These with a signal that has them, and their values (S, points).
    """
    times = begin[:, None] + (end - begin)[:, None] * points
    known: dict[int, tuple[Signal, Array]] = {}
    members = max(len(first.frequency) for first, *_ in clocks)
    found = np.empty((len(clocks), members, *times.shape))
    for (first, *_), factors in zip(clocks, found, strict=True):
        envelope = id(first.signal.envelope)
        if envelope not in known:
            known[envelope] = first.signal, first.shape(times)
        factors[:] = known[envelope][1]
        if first.signal.late or first.frequency.any():  # the sine of nothing is nothing
            angle = first.frequency[:, None, None] * times
            factors *= (np.sin if first.signal.late else np.cos)(angle)
    return found, list(known.values())


@lru_cache(maxsize=16)
def _looks(signal: Signal, latest: float) -> tuple[Array, float]:
    """What an envelope is at many moments, and the largest size of it.

    Of a signal, which is another at every call: a function may have changed what it gives.
    """
    assert signal.envelope is not None
    times = np.linspace(0.0, latest, _LOOKS + 1)
    check_repeatable(signal.envelope, times[:: _LOOKS // _AGAIN])
    looks = shape_of(signal.envelope, times)
    return looks, float(np.abs(looks).max())


def _within(signal: Signal, latest: float, begin: Array, end: Array, shape: Array) -> Array:
    """Whether all looks inside each piece are about within the range of its points, (S,).

    Lines and steps have all their bends and jumps at edges.
    """
    if signal.envelope is None or isinstance(signal.envelope, (xr.DataArray, Steps)):
        return np.ones(len(begin), dtype=bool)
    looks, largest = _looks(signal, latest)
    step = latest / _LOOKS
    first = np.floor(begin / step).astype(int) + 1
    last = np.ceil(end / step).astype(int)  # not included
    some, last = last > first, np.maximum(last, first + 1)
    first, last = np.minimum(first, _LOOKS), np.minimum(last, _LOOKS)
    place = np.column_stack([first, last]).ravel()
    low, high = (each.reduceat(looks, place)[::2] for each in (np.minimum, np.maximum))
    least, most = shape.min(axis=1), shape.max(axis=1)
    room = _BEYOND * (most - least) + _NOISE * largest
    within: Array = ~some | ((low >= least - room) & (high <= most + room))
    return within


# --- tables ------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _points(degree: int) -> Array:
    """Chebyshev points of a piece from 0 to 1, from its end to its beginning."""
    points: Array = (1 + np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))) / 2
    return points


@lru_cache(maxsize=8)
def _between(degree: int) -> Array:
    """Where the error is about the largest: between the points, and near both ends."""
    angle = np.pi * np.clip(np.arange(degree + 2) / (degree + 1), 1e-4, 1 - 1e-4)
    between: Array = (1 + np.cos(angle)) / 2
    return between


@lru_cache(maxsize=8)
def _polynomials(degree: int) -> Array:
    """Chebyshev polynomials (rows) there."""
    there: Array = np.cos(np.outer(np.arange(degree + 1), np.arccos(2 * _between(degree) - 1)))
    return there


@lru_cache(maxsize=8)
def _chebyshev(degree: int) -> Array:
    """What makes Chebyshev coefficients of values at the points."""
    n = degree + 1
    table: Array = np.cos(np.pi * np.outer(np.arange(n), np.arange(n) + 0.5) / n) * 2 / n
    table[0] /= 2
    return table


@lru_cache(maxsize=8)
def _monomials(degree: int) -> Array:
    """Shifted Chebyshev polynomials (rows) in powers, T*_{k+1} = (4 s - 2) T*_k - T*_{k-1}."""
    table = np.zeros((degree + 1, degree + 1))
    table[0, 0], table[1, :2] = 1.0, (-1.0, 2.0)
    for k in range(1, degree):
        table[k + 1, 1:] = 4 * table[k, :-1]
        table[k + 1] -= 2 * table[k] + table[k - 1]
    return table
