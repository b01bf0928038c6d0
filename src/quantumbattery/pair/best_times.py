"""The best moments to disconnect the pair: roots of t F'(t)/F(t) = const, found in arrays.

F is e^{-2 Gamma t} |sin(G t)|^2 up to a factor. Its part e^{-2 Gamma t} cosh(2 Y t) never rises,
since Y <= Gamma, and the rest, -e^{-2 Gamma t} cos(2 R t), has its largest value at R t = pi/2 at
the latest; so the first maximum of F, which comes before that, is the global one. The ergotropy
is a convex, rising function of F. Hence it peaks with F, and so does the quotient of it by t at
an earlier time, between the best times of power and of energy. On that interval each of the
three conditions changes its sign once. Each of the four so rises until its best time: F and
the ergotropy W, which rises with it, to their peak; F/t while t F'/F > 1; and W/t as long, and
from there to its own root, since F dW/dF >= W where W is convex.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from quantumbattery.pair.transfer import Constants, log_slope, transfer_probability
from quantumbattery.quantities.aliases import Array

_TINY = 1e-300
_BLOCK = 1 << 15


def energy_time(constants: Constants) -> Array:
    """First instant of the largest F (paper, Eqs. 31 and 63), where t F'/F = 0.

    Closed forms: arctan(R/Gamma)/R where G is real (Eq. 63), artanh(Y/Gamma)/Y where it is
    imaginary (weak coupling). With both detuning and unequal losses G is complex and the root is
    found numerically.
    """
    x = constants
    swelling = np.log1p(2 * x.growth / np.maximum(x.decay, _TINY)) / np.maximum(2 * x.growth, _TINY)
    oscillation = x.oscillation.astype(float)
    swinging = np.arctan2(oscillation, x.damping) / np.maximum(oscillation, _TINY)
    times = np.where(x.growth > 0, swelling, swinging)
    mixed = (x.growth > 0) & (x.oscillation > 0)
    if mixed.any():
        complex_ones = x.select(lambda a: np.broadcast_to(a, times.shape)[mixed])  # flat
        early = _early(complex_ones)
        # At R t = pi/2 the condition may vanish to rounding; a little later it is negative. That
        # moment may be very late (small R), so the search goes by the logarithm of the time.
        late = np.log(1.001 * np.pi / 2 / complex_ones.oscillation.astype(float) / early)
        times[mixed] = early * np.exp(
            _root(
                lambda u, i: log_slope(_take(complex_ones, i), early[i] * np.exp(u)),
                np.zeros_like(early),
                late,
            )
        )
    return np.asarray(times)


def power_time(constants: Constants, peak: Array) -> Array:
    """Instant of the largest F/t (paper, Eq. 34), where t F'/F = 1; `peak` is that of F."""
    full = _spread(constants, peak.shape)
    return _root(lambda t, i: log_slope(_take(full, i), t) - 1, _early(constants), peak)


def ergotropic_power_time(
    constants: Constants, excited: Array, ground: Array, power: Array, peak: Array
) -> Array:
    """Instant of the largest W/t (paper, Eq. 42 at its two ends), where t F'/F = W/(F dW/dF).

    Excited and ground are the populations of the charger's preparation; the best times of power
    and of energy enclose the root. Over the common shape of all.
    """

    def condition(t: Array, i: npt.NDArray[np.intp]) -> Array:
        x = _take(full, i)
        s, c = _at(over(excited), i), _at(over(ground), i)
        inverse = _inverse_elasticity(transfer_probability(x, t), s, c)
        return log_slope(x, t) - inverse

    shape = np.broadcast_shapes(excited.shape, peak.shape)
    # At the ends the condition may vanish to rounding; a little outside it has its sign.
    low, high = np.broadcast_to(0.99 * power, shape), np.broadcast_to(1.01 * peak, shape)
    full = _spread(constants, shape)
    over = partial(_over, shape=shape)
    return _root(condition, low, high)


def _inverse_elasticity(transfer: Array, excited: Array, ground: Array) -> Array:
    """W/(F dW/dF), between 0 and 1, where F is the transfer probability.

    With r^2 - s^2 (F - 1/2)^2 = (1 - s^2)/4 the slope dW/dF = s [1 + s (F - 1/2)/r] is a form
    without cancellation for F < 1/2 too, and 1 - s divides out at theta = pi.
    """
    population = excited * transfer
    inversion = population - 0.5
    radius = np.sqrt(inversion**2 + ground * population)
    large = np.maximum(radius + np.abs(inversion), _TINY)
    steep = np.maximum(radius + excited * np.abs(transfer - 0.5), _TINY)
    inverse: Array = np.where(
        transfer < 0.5,
        4 * radius * steep / ((1 + excited) * large),
        np.where(
            inversion < 0,
            ground * radius / (large * steep),
            large * radius / (np.maximum(population, _TINY) * steep),
        ),
    )
    return inverse


def _early(constants: Constants) -> Array:
    """A time before all the optima: the motion has hardly begun."""
    rates = constants.coupling + np.abs(constants.offset) + constants.damping
    return np.asarray(0.1 / rates)


def _root(
    condition: Callable[[Array, npt.NDArray[np.intp]], Array], low: Array, high: Array
) -> Array:
    """Roots of condition(t, index) between `low` and `high`, block by block, to the last digit."""
    from scipy.optimize.elementwise import find_root

    low, high = np.broadcast_arrays(low, high)
    found = np.empty(low.shape)
    index = np.arange(found.size)
    for start in range(0, found.size, _BLOCK):
        block = index[start : start + _BLOCK]
        bracket = (low.reshape(-1)[block], high.reshape(-1)[block])
        found.reshape(-1)[block] = find_root(condition, bracket, args=(block,)).x
    return found


def _spread(constants: Constants, shape: tuple[int, ...]) -> Constants:
    """The constants over the whole shape, so that a flat index finds them."""
    return constants.select(partial(_over, shape=shape))


def _over(array: Array, shape: tuple[int, ...]) -> Array:
    return array if array.size == 1 else np.broadcast_to(array, shape)  # a single one stays


def _take(constants: Constants, i: npt.NDArray[np.intp]) -> Constants:
    return constants.select(partial(_at, i=i))


def _at(array: Array, i: npt.NDArray[np.intp]) -> Array:
    return array.reshape(-1)[i] if array.size > 1 else array.reshape(-1)
