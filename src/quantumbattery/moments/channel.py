"""The state of one oscillator that exchange, losses and baths carry over to another.

Where no quanta come in pairs, a mode b(t) = X a + f keeps of the start of a mode a what a beam
splitter of transmission eta = |X|^2 does, and f adds N quanta in normal order, as a bath does. The
state is what a pure attenuator eta / (1 + N) and then a pure amplifier of the gain 1 + N make of
the start (F. Caruso, V. Giovannetti and A. S. Holevo, New J. Phys. 8, 310 (2006); R. Garcia-Patron
et al., Phys. Rev. Lett. 108, 110505 (2012)), but for the phase of X and a displacement. On levels
both have Kraus operators with one diagonal (J. S. Ivan, K. K. Sabapathy and R. Simon, Phys. Rev. A
84, 042311 (2011)): of n quanta m are left with the binomial probability p(m), and m become m + k
with the negative binomial one. All that is added up on the diagonal is positive.
"""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array

BEYOND = 1e-14  # weight that may lie on levels that are left out
_ENOUGH = 2**40  # levels, which no machine holds: looked for no further


def carried(rho: Array, eta: Array, noise: Array, levels: int) -> Array:
    """The state (..., levels, levels) after a start (..., d, d), of eta and noise (...)."""
    left = attenuated(rho, eta / (1 + noise))
    return amplified(left, noise, levels) if levels > rho.shape[-1] or noise.any() else left


def carried_populations(weights: Array, eta: Array, noise: Array, levels: int) -> Array:
    """The same of populations (..., d) without coherences, (..., levels)."""
    left = attenuated_populations(weights, eta / (1 + noise))
    if levels == weights.shape[-1] and not noise.any():
        return left
    return amplified_populations(left, noise, levels)


def levels_after(size: int, noise: float) -> int:
    """So many levels that at most 1e-14 lies beyond, of a start on `size` levels and its noise.

    No start leads as far as its highest level d - 1, of which k more have a weight of I_q(k, d)
    beyond, q = N / (1 + N).
    """
    from scipy.special import betainc

    if not noise > 0:
        return size
    q = noise / (1 + noise)
    low, high = 0, 1
    while high < _ENOUGH and betainc(high, size, q) > BEYOND:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if betainc(middle, size, q) > BEYOND else (low, middle)
    return size - 1 + high


# --- attenuated ----------------------------------------------------------------------------------


def attenuated(rho: Array, eta: Array) -> Array:
    """A state (..., d, d) of which each quantum stays with a probability eta (...)."""
    size = rho.shape[-1]
    levels = np.arange(size)
    root = np.sqrt(_stays(levels, size, np.minimum(eta, 1.0)))
    shape = np.broadcast_shapes(rho.shape[:-2], eta.shape)
    left = np.zeros((*shape, size, size), rho.dtype)
    for lost in range(size):
        kept = root[..., levels[lost:], levels[: size - lost]]
        moved = kept[..., :, None] * kept[..., None, :] * rho[..., lost:, lost:]
        left[..., : size - lost, : size - lost] += moved
    return left


def attenuated_populations(weights: Array, eta: Array) -> Array:
    """The same of populations (..., d); levels that are empty in all of them cost nothing."""
    size = weights.shape[-1]
    held = np.flatnonzero(weights.reshape(-1, size).any(axis=0))
    stays = _stays(held, size, np.minimum(eta, 1.0))
    return np.asarray((weights[..., None, held] @ stays)[..., 0, :])


def _stays(quanta: Array, size: int, eta: Array) -> Array:
    """The probability that of so many quanta (r,) m stay, (..., r, size), of eta (...)."""
    n, m, eta = quanta[:, None], np.arange(size), eta[..., None, None]
    peak = np.minimum(np.floor((n + 1) * eta), n)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        up = np.maximum(n - m + 1, 0) / np.maximum(m, 1) * (eta / (1 - eta))
        down = (m + 1) / np.maximum(n - m, 1) * ((1 - eta) / eta)
    shape = _from_peak(np.where(m > n, 0.0, up), down, peak)
    return np.asarray(shape / shape.sum(axis=-1, keepdims=True))


# --- amplified -----------------------------------------------------------------------------------


def amplified(rho: Array, noise: Array, levels: int) -> Array:
    """A state (..., d, d) with noise (...) more quanta, from none, (..., levels, levels)."""
    size = rho.shape[-1]
    root = added_roots(size, noise, levels)
    out = np.zeros((*np.broadcast_shapes(rho.shape[:-2], noise.shape), levels, levels), rho.dtype)
    for more in range(levels):
        end = min(size, levels - more)
        each = np.diagonal(root[..., more:, :], axis1=-2, axis2=-1)[..., :end]
        place = slice(more, more + end)
        both = each[..., :, None] * each[..., None, :]
        out[..., place, place] += both * rho[..., :end, :end]
    return out


def added_roots(size: int, noise: Array, levels: int) -> Array:
    """Of noise (...), the roots (..., levels, size) of how probable levels are after others."""
    root = np.zeros((*noise.shape, levels, size))
    for m in range(size):
        root[..., m:, m] = np.sqrt(_added(m, noise, levels - m))
    return root


def amplified_populations(weights: Array, noise: Array, levels: int) -> Array:
    """The same of populations (..., d), (..., levels)."""
    out = np.zeros((*np.broadcast_shapes(weights.shape[:-1], noise.shape), levels))
    held = np.flatnonzero(weights.reshape(-1, weights.shape[-1]).any(axis=0))
    for m in held.tolist():
        out[..., m:] += weights[..., m, None] * _added(int(m), noise, levels - m)
    return out


def _added(quanta: int, noise: Array, size: int) -> Array:
    """The probability that so many quanta become k more, (..., size), of noise (...)."""
    from scipy.special import betainc

    k, noise = np.arange(size), noise[..., None]
    q = noise / (1 + noise)
    peak = np.minimum(np.floor(quanta * noise), size - 1)
    with np.errstate(divide="ignore", over="ignore"):
        up = (quanta + k) / np.maximum(k, 1) * q
        down = (k + 1) / ((quanta + k + 1) * q)
    shape = _from_peak(up, down, peak)
    inside = 1 - betainc(size, quanta + 1, q)
    return np.asarray(shape * (inside / shape.sum(axis=-1, keepdims=True)))


def _from_peak(up: Array, down: Array, peak: Array) -> Array:
    """Numbers (..., k) that are 1 at a peak (..., 1), from ratios p_k / p_k-1 and p_k / p_k+1.

    Away from it every factor is below 1; logarithms of factorials would lose digits.
    """
    k = np.arange(up.shape[-1])
    rising = np.where(k < peak, down, 1.0)
    falling = np.where(k > peak, up, 1.0)
    before = np.cumprod(rising[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(np.cumprod(falling, axis=-1) * before)
