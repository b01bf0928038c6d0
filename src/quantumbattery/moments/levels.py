"""The state of one mode on levels, from its moments.

Its generating function is that of `joint_levels`, for one mode a sum of positive parts.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from quantumbattery.machine import TooLargeError
from quantumbattery.merit.gaussian import thermal_quanta
from quantumbattery.network.amplitudes import needed_levels
from quantumbattery.network.named_states import Gaussian
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array

_BEYOND = 1e-14  # weight that may lie on levels that are left out
_AT_ONCE = 1 << 22  # numbers of a state that are worked on at a time
_MOST_QUANTA = 1 << 11  # which take ten times as many levels or more
_SCALED = 1e100  # how far numbers grow or fall before their scale is kept apart
_NOTHING = 1e-300  # below which double precision loses digits


def levels_of(mean: Array, normal: Array, anomalous: Array, beyond: float = _BEYOND) -> int:
    """How many levels hold all of these states but so much of their weight.

    TooLargeError at once where quanta alone say that they are too many for any matrix.
    """
    quanta = float((normal.real + np.abs(mean) ** 2).max(initial=0.0))
    if quanta > _MOST_QUANTA:
        raise TooLargeError(
            f"too large: the state of an oscillator with {quanta:.3g} quanta takes more than as "
            "many levels, and is not read as a matrix: ask for other measures, which means and "
            "covariances give, or prepare and drive it less"
        )
    return max(2, needed_levels(_state(mean, normal, anomalous), Oscillator(), beyond))


def matrices(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """The lowest levels (..., levels, levels) of density matrices with these moments of one mode.

    However few: each element is that of the whole state.
    """
    a, n, c = (each.ravel() for each in (mean, normal, anomalous))
    found = np.empty((len(a), levels, levels), complex)
    for part in _few(len(a), levels):
        kets = _kets(a[part], n[part], c[part], levels)
        found[part] = kets @ kets.conj().swapaxes(-1, -2)
    return found.reshape(*mean.shape, levels, levels)


def populations(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """What they hold on each of the lowest levels, (..., levels)."""
    a, n, c = (each.ravel() for each in (mean, normal, anomalous))
    found = np.empty((len(a), levels))
    for part in _few(len(a), levels):
        found[part] = (np.abs(_kets(a[part], n[part], c[part], levels)) ** 2).sum(axis=-1)
    return found.reshape(*mean.shape, levels)


def _few(states: int, levels: int) -> list[slice]:
    """So many states at a time as matrices on so many levels are quick to work on."""
    many = max(1, _AT_ONCE // levels**2)
    return [slice(low, low + many) for low in range(0, states, many)]


def _kets(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """Kets (s, levels, members) whose mixture has these moments (s,), on the lowest levels.

    <z|rho|z> e^{|z|^2} is C |exp(b z^* + A z^*2 / 2)|^2 exp(B |z|^2): of the ket v that belongs to
    b and A, and of B^k a^dag^k v v^dag a^k / k! for all k, which a level m has up to k = m.
    Numbers grow from where double precision holds none: logarithms of their sizes are kept.
    """
    log, size, field, form = _generating(mean, normal, anomalous)
    sizes, phases = _ket(field, form, levels)
    members = levels if size.any() else 1
    level = np.arange(levels)[:, None]
    k = np.arange(members)
    below = np.maximum(level - k, 0)
    ways = np.where(level >= k, _log_binomial(level, np.minimum(k, level)), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(k > 0, k * np.log(size)[:, None], 0.0)  # (s, members)
    power = log[:, None, None] + weight[:, None] + ways
    kets: Array = np.exp(power / 2 + sizes[:, below]) * phases[:, below]
    return kets


def _generating(mean: Array, normal: Array, anomalous: Array) -> tuple[Array, Array, Array, Array]:
    """The logarithm of C, B, b and A, each (s,), of means and covariances of one mode (s,).

    Of S = P + 1 with the eigenvalues N + 1 + |C| along the squeezing's axis and D over it, where D
    is the determinant (nu + 1/2)^2 + N + 3/4: no difference of large numbers is taken.
    """
    n, c = normal.real, np.abs(anomalous)
    quanta = thermal_quanta(normal[:, None, None], anomalous[:, None, None])[:, 0]
    turn = np.exp(0.5j * np.where(c > 0, np.angle(anomalous), 0.0))
    wide = n + 1 + c
    determinant = quanta * (quanta + 1) + n + 1
    narrow = determinant / wide
    along = mean * turn.conj()
    field = turn * (along.real / wide + 1j * along.imag / narrow)
    exponent = along.real**2 / wide + along.imag**2 / narrow
    mixed = quanta * (quanta + 1) / determinant
    return -exponent - 0.5 * np.log(determinant), mixed, field, anomalous / determinant


def _ket(field: Array, form: Array, levels: int) -> tuple[Array, Array]:
    """Logarithms and phases (s, levels) of the ket (n + 1)^1/2 v' = b v + A n^1/2 v_before."""
    sizes, phases = np.empty((len(field), levels)), np.empty((len(field), levels), complex)
    log = np.zeros(len(field))
    last, now = np.zeros(len(field), complex), np.ones(len(field), complex)
    for n in range(levels):
        size = np.abs(now)
        with np.errstate(divide="ignore"):
            sizes[:, n] = np.where(size > _NOTHING, log + np.log(size), -np.inf)
        phases[:, n] = np.divide(now, size, out=np.zeros_like(now), where=size > _NOTHING)
        last, now = now, (field * now + form * np.sqrt(n) * last) / np.sqrt(n + 1)
        large = np.maximum(np.abs(last), np.abs(now))
        off = (large > _SCALED) | ((large < 1 / _SCALED) & (large > _NOTHING))
        scale = np.where(off, large, 1.0)
        last, now, log = last / scale, now / scale, log + np.log(scale)
    return sizes, phases


def _log_binomial(n: Array, k: Array) -> Array:
    from scipy.special import gammaln

    log: Array = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return log


def _state(mean: Array, normal: Array, anomalous: Array) -> Gaussian:
    """The displaced squeezed thermal state with these moments, all of them along one axis.

    tanh(2 r) = |C| / (N + 1/2), and C is opposite to e^{i angle}.
    """
    a, n, c = (part.ravel() for part in (mean, normal.real, anomalous))
    quanta = thermal_quanta(n[:, None, None], c[:, None, None])[:, 0]
    r = np.arctanh(np.minimum(np.abs(c) / (n + 0.5), 1 - 1e-16)) / 2
    angle = np.where(r > 0, np.angle(-c), 0.0)
    return Gaussian(*(xr.DataArray(each, dims="moment") for each in (a, r, angle, quanta)))
