"""Gaussian states of an oscillator on its levels: D(alpha) S(r e^{i angle}) on a thermal state.

D S |k> is a displaced squeezed Fock state, and the thermal weights mix them. In the frame that
turns by half the angle, D S = e^{i angle N / 2} D(beta) S(r), up to phases of each k, with
beta = alpha e^{-i angle / 2}, and S(r) squeezes the position x. There the state k is a Hermite
function of u = e^r (x - x0), x0 = sqrt(2) Re beta, times e^{i p0 x}, p0 = sqrt(2) Im beta.
Its element with level m is its overlap with the Hermite function m, an integral that equal steps
give to rounding, since both fall faster than any exponential, and so do their Fourier transforms.
A recurrence in k and m at once would be quicker, but its errors grow with e^{|alpha|^2 / 2}.
"""

from __future__ import annotations

from math import ceil, log, pi, sqrt

import numpy as np
import xarray as xr

from quantumbattery.network.named_states import Coherent, Gaussian, Preparation, Squeezed, Thermal
from quantumbattery.quantities.aliases import Array

_BEYOND = 8.5  # so far past its turning point a Hermite function is less than 1e-16
_DROPPED = 1e-18  # weight of the highest kets of a mixture that is left out
_MOST_MEMBERS = 1 << 16
_AT_ONCE = 1 << 22  # numbers of Hermite functions that are held at once
_LARGE = 1e100  # numbers of a recurrence are scaled down from here on


def simplest(preparation: Preparation) -> Preparation:
    """A Gaussian state by what it is where only one thing was done to it; any other as it is.

    Arrays of zeros are left as they are, for they are axes.
    """
    if not isinstance(preparation, Gaussian):
        return preparation
    alpha, r, n = preparation.alpha, preparation.r, preparation.occupation
    moved, squeezed, warm = (isinstance(v, xr.DataArray) or v != 0 for v in (alpha, r, n))
    if squeezed + moved + warm > 1 or isinstance(preparation.angle, xr.DataArray):
        return preparation
    if squeezed:
        return Squeezed(preparation.r, preparation.angle)
    return Thermal(n) if warm else Coherent(alpha)


def pure_amplitudes(levels: int, alpha: Array, r: Array, angle: Array) -> Array:
    """Of the displaced squeezed vacuum, (..., levels).

    It is what A' = S A S^dag, displaced, takes to zero, a recurrence of three terms: H. P. Yuen,
    Phys. Rev. A 13, 2226 (1976).

    Examples
    --------
    >>> import numpy as np
    >>> from quantumbattery.network.gaussian_states import pure_amplitudes
    >>> alpha, r, angle = np.array(1.0), np.array(0.5), np.array(0.0)
    >>> pure_amplitudes(3, alpha, r, angle).round(6)
    array([0.453339, 0.662834, 0.537151])
    """
    pull = np.tanh(r) * _phase(angle)
    slope = alpha + pull * np.conj(alpha)
    vacuum = (r + np.log1p(np.exp(-2 * r)) - log(2)) / 2  # the root of cosh r, as a logarithm
    start = -(np.abs(alpha) ** 2 + pull * np.conj(alpha) ** 2) / 2 - vacuum
    kets = _ladder(levels, *np.broadcast_arrays(start, slope, pull))
    last: Array = np.moveaxis(kets, 0, -1)
    return last


def member_amplitudes(
    levels: int, alpha: Array, r: Array, angle: Array, occupation: Array
) -> Array:
    """Of the kets that mix to a Gaussian state, times the roots of their weights.

    As (..., levels, members): D S |k> up to a phase, k from 0 to where the thermal weight of all
    that follow is nothing.
    """
    given = np.broadcast_arrays(alpha, r, angle, occupation)
    members, batch = _members(occupation), given[0].shape
    beta, r, angle, occupation = (each.ravel() for each in given)
    beta = beta * _phase(-angle / 2)
    grid, step = _grid(levels, members, beta, r)
    kets = _hermite(members, grid).T * step
    some = max(1, _AT_ONCE // (levels * len(grid)))
    parts = [slice(k, k + some) for k in range(0, len(beta), some)]
    found = np.concatenate([_overlaps(levels, grid, kets, beta[k], r[k]) for k in parts])
    if not alpha.any():  # squeezing keeps the parity
        found[:, (np.arange(levels)[:, None] - np.arange(members)) % 2 == 1] = 0.0
    ratio = (occupation / (occupation + 1))[:, None]
    weights = ratio ** np.arange(members) / (occupation + 1)[:, None]
    found = found * np.sqrt(weights)[:, None, :]
    if angle.any():
        found = found * np.exp(0.5j * angle[:, None] * np.arange(levels))[..., None]
    shaped: Array = found.reshape(*batch, levels, members)
    return shaped


def _overlaps(levels: int, grid: Array, kets: Array, beta: Array, r: Array) -> Array:
    """Those of all levels with all kets (points, members) of some states, turned upright."""
    narrow = np.exp(-r)[:, None] * grid
    bras = np.moveaxis(_hermite(levels, sqrt(2) * beta.real[:, None] + narrow), 0, 1)
    moving = np.exp(-r / 2)[:, None]
    if beta.imag.any():
        moving = moving * np.exp(1j * sqrt(2) * beta.imag[:, None] * narrow)
    overlaps: Array = bras @ (moving[..., None] * kets)
    return overlaps


def _grid(levels: int, members: int, beta: Array, r: Array) -> tuple[Array, float]:
    """Points in u, and their step.

    They reach as far as the highest ket, and resolve its product with the highest level and
    e^{i p0 x}.
    """
    ket, bra = (sqrt(2 * each + 1) + _BEYOND for each in (members, levels))
    fastest = ket + np.max(np.exp(-r) * (bra + sqrt(2) * np.abs(beta.imag)))
    half = ceil(ket * fastest / (2 * pi))
    return np.arange(-half, half + 1) * (ket / half), ket / half


def _members(occupation: Array) -> int:
    """How many kets are mixed; ValueError if they are too many."""
    largest = float(np.max(occupation))
    members = max(1, ceil(log(1 / _DROPPED) / np.log1p(1 / largest))) if largest else 1
    if members > _MOST_MEMBERS:
        most = _MOST_MEMBERS / log(1 / _DROPPED)
        raise ValueError(
            f"a Gaussian state of occupation {largest:g} is a mixture of {members} kets: too many; "
            f"give an occupation of at most {most:.0f}, or thermal where that is all"
        )
    return members


def _hermite(count: int, x: Array) -> Array:
    """The first eigenfunctions of an oscillator at some points, (count, ...)."""
    start = -(x**2) / 2 - log(pi) / 4
    return _ladder(count, start, sqrt(2) * x, np.ones_like(x))


def _ladder(count: int, start: Array, slope: Array, pull: Array) -> Array:
    """c_0 = e^start, and sqrt(m + 1) c_{m+1} = slope c_m - pull sqrt(m) c_{m-1}, as (count, ...).

    Forward, it follows the solution that grows, where one does. What would overflow is scaled, for
    c_0 may be so small that it is zero, and what follows not.
    """
    out = np.empty((count, *start.shape), dtype=np.result_type(start, slope, pull))
    scale = np.exp(start)
    shift, now = np.array(start), np.ones_like(out[0])
    before = np.zeros_like(now)
    out[0] = scale
    for m in range(count - 1):
        before, now = now, (slope * now - sqrt(m) * pull * before) / sqrt(m + 1)
        size = np.abs(now)
        if (large := size > _LARGE).any():
            by = np.where(large, size, 1.0)
            before, now, shift = before / by, now / by, shift + np.log(by)
            scale = np.exp(shift)
        out[m + 1] = now * scale
    return out


def _phase(angle: Array) -> Array:
    """e^{i angle}, real where all angles are zero."""
    return np.exp(1j * angle) if angle.any() else np.ones_like(angle)
