"""What Gaussian states have on the levels from some number on, by their generating function.

With V the variances of position and momentum, along and across the squeezing and in units of the
vacuum's, a = (V - 1)/2 and b the displacements, (Re beta, Im beta) in that frame, the sum of
p_m s^m is

    G(s) = product over both of exp(-(1 - s) b^2 / D) / sqrt(D),  D = 1 + a (1 - s):

P. Marian and T. A. Marian, Phys. Rev. A 47, 4474 (1993). All p_m from L on
sum to the integral of G(s) s^{-L} / (s - 1) / (2 pi i) over a circle of a radius between 1 and that
of the nearest zero of D; all those below L, to minus that over a circle inside 1. Where the
integrand is least on the real axis the circle crosses its saddle, so that no digits cancel, and
equal steps converge geometrically; so close to a zero of D that they would be many, two digits
are given up. On the real axis beyond 1, G(s) s^{-L} is an upper bound of the sum: H. Chernoff, Ann.
Math. Stat. 23, 493 (1952). It tells where in a batch the largest sum may be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.quantities.aliases import Array

_CLOSE = 1e-8  # relative: with steps half as long the error is the square of what it was
_FEWEST, _MOST_STEPS = 1 << 6, 1 << 22  # in half a circle
_TOGETHER = 4  # states of a batch that are looked at together for the largest sum
_AT_ONCE = 1 << 19  # points of all states of a batch
_SMALLEST, _LARGEST = 1e-20, 1e30  # how far a circle is from radius 1
_SAFE = 4.0  # by so much over the levels the logarithm of a radius stays below that of a zero of D
_HALVINGS = 22  # by which the radius is found to a ten-thousandth of that


@dataclass(frozen=True, eq=False)
class _Generating:
    """G of a flat batch: a and b as (states, 1, 2), of both quadratures."""

    a: Array
    b: Array

    @staticmethod
    def of(alpha: Array, r: Array, angle: Array, occupation: Array) -> _Generating:
        parts = (each.ravel() for each in np.broadcast_arrays(alpha, r, angle, occupation))
        alpha, r, angle, n = parts
        beta = alpha * np.exp(-0.5j * angle)
        a = [n * np.exp(2 * r * sign) + np.expm1(2 * r * sign) / 2 for sign in (-1, 1)]
        return _Generating(
            np.stack(a, axis=-1)[:, None], np.stack([beta.real, beta.imag], axis=-1)[:, None]
        )

    def of_some(self, which: Array) -> _Generating:
        return _Generating(self.a[which], self.b[which])

    def logarithm(self, s: Array) -> Array:
        """The logarithm of G at some points (states, points)."""
        d = self._d(s)
        parts = -np.log(d) / 2 - (1 - s)[..., None] * self.b * (self.b / d)
        whole: Array = parts.sum(axis=-1)
        return whole

    def slope(self, s: Array) -> Array:
        """The mean of m where weights are p_m s^m: s times the derivative of the logarithm."""
        d = self._d(s)
        mean: Array = s * np.sum(self.a / d / 2 + (self.b / d) ** 2, axis=-1)
        return mean

    def square(self, s: Array) -> Array:
        """The mean of m^2 where weights are p_m s^m."""
        ratio, moved = self.a / self._d(s), (self.b / self._d(s)) ** 2
        slope, curved = self.slope(s), np.sum(ratio**2 / 2 + 2 * ratio * moved, axis=-1)
        square: Array = slope + slope**2 + s**2 * curved
        return square

    def _d(self, s: Array) -> Array:
        d: Array = 1 + self.a * (1 - s)[..., None]
        return d


def weight_beyond(
    levels: int, alpha: Array, r: Array, angle: Array, occupation: Array, *, square: bool = False
) -> Array:
    """The sum of p_m over m >= levels, or of m^2 p_m, to 1e-12 of it and better.

    Examples
    --------
    >>> import numpy as np
    >>> from quantumbattery.network.gaussian_tails import weight_beyond
    >>> zero, one = np.array(0.0), np.array(1.0)
    >>> round(float(weight_beyond(3, zero, zero, zero, one)), 12)  # thermal: 1 in 2^3
    0.125
    """
    shape = np.broadcast_shapes(alpha.shape, r.shape, angle.shape, occupation.shape)
    with np.errstate(over="ignore", under="ignore"):
        states = _Generating.of(alpha, r, angle, occupation)
        one = np.ones((len(states.a), 1))
        whole = states.square(one)[:, 0] if square else one[:, 0]
        if levels == 0:
            return whole.reshape(shape)
        above = levels > states.slope(one)[:, 0]
        found = np.empty(len(whole))
        for outside in (True, False):
            which = np.flatnonzero(above == outside)
            enough = np.zeros(len(which)) if outside else whole[which]
            found[which] = _around(states.of_some(which), levels, enough, outside, square)
        found = np.where(above, found, whole - found)
    return np.clip(found, 0.0, whole).reshape(shape)


def largest_beyond(
    levels: int, alpha: Array, r: Array, angle: Array, occupation: Array, *, square: bool = False
) -> float:
    """The largest in a batch of what `weight_beyond` gives, without working out all of them."""
    given = [each.ravel() for each in np.broadcast_arrays(alpha, r, angle, occupation)]
    states = _Generating.of(*given)
    with np.errstate(over="ignore", under="ignore"):
        radius = np.ones(len(states.a))
        above = np.flatnonzero(levels > states.slope(radius[:, None])[:, 0])
        radius[above] = _radius(states.of_some(above), levels, outside=True)
        s = radius[:, None]
        bound = np.exp(states.logarithm(s) - levels * np.log(s))[:, 0]
        if square:
            bound = bound * states.square(s)[:, 0]
    order, largest = np.argsort(bound)[::-1], 0.0
    for k in range(0, len(order), _TOGETHER):
        some = order[k : k + _TOGETHER]
        if bound[some[0]] <= largest:
            break
        found = weight_beyond(levels, *(each[some] for each in given), square=square)
        largest = max(largest, float(found.max()))
    return largest


def _around(states: _Generating, levels: int, whole: Array, outside: bool, square: bool) -> Array:
    """The integral over a circle for each state, in ever finer steps until it stays the same.

    That is beside itself, or beside what it is taken from, if that is more. Where the finest are
    too coarse, the peak at the saddle counts too much.
    """
    radius, found = _radius(states, levels, outside), np.zeros(len(states.a))
    # The vacuum has nothing there; of zero, no steps find two numbers that are close.
    todo, steps = np.flatnonzero(np.hypot(states.a, states.b).any(axis=(1, 2))), _FEWEST
    while len(todo):
        block = max(1, _AT_ONCE // steps)
        sums = np.zeros(len(todo))
        for k in range(0, len(todo), block):
            some = todo[k : k + block]
            sums[k : k + block] = _sum(states.of_some(some), levels, radius[some], steps, square)
        close = np.abs(sums - found[todo]) <= _CLOSE * np.maximum(np.abs(sums), whole[todo])
        found[todo] = sums
        todo, steps = todo[~close], 2 * steps
        if steps > _MOST_STEPS:
            break
    return found


def _sum(states: _Generating, levels: int, radius: Array, steps: int, square: bool) -> Array:
    """The integral in equal steps over half of each circle; the other half is its conjugate."""
    s = radius[:, None] * np.exp(1j * np.pi * np.arange(steps + 1) / steps)
    exponent = states.logarithm(s) + (1 - levels) * np.log(s)
    largest = exponent[:, 0].real
    values = np.exp(exponent - largest[:, None]) / np.abs(radius - 1)[:, None]
    values = values / ((s - 1) / (radius - 1)[:, None])
    if square:
        values = values * states.square(s)
    values[:, [0, -1]] /= 2
    sums: Array = np.exp(largest) * values.real.sum(axis=-1) / steps
    return sums


def _radius(states: _Generating, levels: int, outside: bool) -> Array:
    """Where the integrand is least on the real axis, by bisection of the logarithm of |s - 1|.

    Its slope rises with the logarithm of s, as the p_m are positive.
    """
    sign = 1.0 if outside else -1.0
    furthest = np.ones(len(states.a)) * (1 - 1e-15)
    if outside:
        zero = np.log1p(1 / np.maximum(states.a.max(axis=(1, 2)), 1 / _LARGEST))
        furthest = np.expm1(np.maximum(zero - _SAFE / max(levels, 1), zero / 2))
    high = np.log(furthest)
    low = np.full(len(states.a), np.log(_SMALLEST))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        away = sign * np.exp(middle)
        s = 1 + away
        rising = states.slope(s[:, None])[:, 0] - (levels - 1) - s / away > 0
        wide = rising if outside else ~rising
        low, high = np.where(wide, low, middle), np.where(wide, middle, high)
    radius: Array = 1 + sign * np.exp(low)
    return radius
