"""The state of one mode on levels, from its moments.

Its generating function is that of `joint_levels`: for one mode <z|rho|z> e^{|z|^2} is
C |exp(b z^* + A z^*2 / 2)|^2 exp(B |z|^2), of the ket v that belongs to b and A, and of all
B^k a^dag^k v v^dag a^k / k!, which a level m has up to k = m. Numbers grow from where double
precision holds none: logarithms of their sizes are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from quantumbattery.machine import TooLargeError
from quantumbattery.merit.gaussian import thermal_quanta
from quantumbattery.network.amplitudes import needed_levels
from quantumbattery.network.named_states import Gaussian
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array

_BEYOND = 1e-14  # weight that may lie on levels that are left out
_AT_ONCE = 1 << 20  # numbers of states that are worked on at a time
_EPSILON = float(np.finfo(float).eps)
_MOST_QUANTA = 1 << 11  # which take ten times as many levels or more
_SCALED = 1e100  # how far numbers grow or fall before their scale is kept apart
_LITTLE = 60.0  # e-folds of a weight below which one leaves it out
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

    However few: each element is that of the whole state, as well as `known_elements` says.
    """
    found = np.empty((mean.size, levels, levels), complex)
    for part, kets in _mixtures(mean, normal, anomalous, levels):
        sizes, phases = kets
        each = np.exp(sizes) * phases
        found[part] = each @ each.conj().swapaxes(-1, -2)
    return found.reshape(*mean.shape, levels, levels)


def populations(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """What they hold on each of the lowest levels, (..., levels)."""
    found = np.empty((mean.size, levels))
    for part, (sizes, _) in _mixtures(mean, normal, anomalous, levels):
        found[part] = np.exp(2 * sizes).sum(axis=-1)
    return found.reshape(*mean.shape, levels)


def known_elements(normal: Array, anomalous: Array) -> float:
    """How well elements between levels are known of modes together, relative.

    By the condition of S = P + 1, whose determinant is in all of them: squeezing makes it a
    difference of larger numbers.
    """
    if not anomalous.any():
        return 0.0
    upper = np.concatenate([normal, anomalous], axis=-1)
    lower = np.concatenate([anomalous.conj(), normal.conj()], axis=-1)
    wide = np.linalg.eigvalsh(np.concatenate([upper, lower], axis=-2)) + 1
    least = np.maximum(wide[..., 0], _NOTHING)
    with np.errstate(over="ignore"):
        return float((_EPSILON / 2 * wide[..., -1] / least).max(initial=0.0))


def _mixtures(
    mean: Array, normal: Array, anomalous: Array, levels: int
) -> Iterator[tuple[slice, tuple[Array, Array]]]:
    """Kets whose mixture has these moments (...), of some states after others.

    On the lowest levels: the logarithms of their sizes, and their phases (k, levels, members).
    """
    a, n, c = (each.ravel() for each in (mean, normal, anomalous))
    many = max(1, _AT_ONCE // levels)
    for low in range(0, len(a), many):
        some = slice(low, low + many)
        log, mixed, field, form = _generating(a[some], n[some], c[some])
        own, phases = _ket(field, form, levels)
        members = _members(mixed, own)
        level, k = np.arange(levels)[:, None], np.arange(members)
        below, ways = np.maximum(level - k, 0), _ways(level, k)
        few = max(1, _AT_ONCE // (levels * max(members, levels)))
        for first in range(0, len(log), few):
            part = slice(first, first + few)
            power = log[part, None, None] + _power(mixed[part], k)[:, None] + ways
            kets = power / 2 + own[part][:, below], phases[part][:, below]
            yield slice(low + first, low + first + len(kets[0])), kets


def _members(mixed: Array, own: Array) -> int:
    """How many kets of a mixture have any weight on levels (s, levels), beside the most of them.

    Their weights rise and fall once.
    """
    levels = own.shape[-1]
    if not (mixed > _EPSILON**2).any():
        return 1
    k = np.append(1 << np.arange(int(np.log2(levels)) + 1), levels)
    k = np.append(0, np.unique(np.minimum(k, levels - 1)))
    level = np.arange(levels)[:, None]
    power = _power(mixed, k)[:, None] + _ways(level, k) + 2 * own[:, np.maximum(level - k, 0)]
    most = power.max(axis=1)  # (s, k)
    best = np.argmax(most, axis=-1)
    top = np.take_along_axis(most, best[:, None], axis=-1)
    late = (most < top - _LITTLE) & (np.arange(len(k)) > best[:, None])
    alike = late.all(axis=0)
    return int(k[np.argmax(alike)]) if alike.any() else levels


def _power(mixed: Array, k: Array) -> Array:
    """The logarithms of B^k, (s, members)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(k > 0, k * np.log(mixed)[:, None], 0.0)


def _ways(level: Array, k: Array) -> Array:
    """Those of the binomial coefficients of k and level, (levels, members)."""
    from scipy.special import gammaln

    chosen = np.minimum(k, level)
    log = gammaln(level + 1.0) - gammaln(chosen + 1.0) - gammaln(level - chosen + 1.0)
    return np.where(level >= k, log, -np.inf)


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


def _state(mean: Array, normal: Array, anomalous: Array) -> Gaussian:
    """The displaced squeezed thermal state with these moments, all of them along one axis.

    tanh(2 r) = |C| / (N + 1/2), and C is opposite to e^{i angle}.
    """
    a, n, c = (part.ravel() for part in (mean, normal.real, anomalous))
    quanta = thermal_quanta(n[:, None, None], c[:, None, None])[:, 0]
    r = np.arctanh(np.minimum(np.abs(c) / (n + 0.5), 1 - 1e-16)) / 2
    angle = np.where(r > 0, np.angle(-c), 0.0)
    return Gaussian(*(xr.DataArray(each, dims="moment") for each in (a, r, angle, quanta)))
