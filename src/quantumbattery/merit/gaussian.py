"""Figures of merit of Gaussian states of oscillators, from their means and covariances.

A Gaussian state is a unitary away from modes that are thermal with n_j = nu_j - 1/2 quanta each, nu
the symplectic eigenvalues of the covariances (J. Williamson, Am. J. Math. 58, 141 (1936)). All that
unitaries leave as it is, the passive energy and the entropies, follows from these (N. Friis and M.
Huber, Quantum 2, 61 (2018); A. Serafini, Quantum Continuous Variables, CRC Press 2017).

Means are <a_j>, N_jk = <a_k^dag a_j> and C_jk = <a_j a_k>, these less the products of means, all
with leading axes (...), and the Hamiltonian is the sum over h_jk a_j^dag a_k.
"""

from __future__ import annotations

from math import comb, exp, lgamma, log

import numpy as np

from quantumbattery.quantities.aliases import Array

_EMPTY = 1e-300  # quanta: nothing
_TAIL = 1e-13  # of the passive energy: what levels that are not listed may add
_SHARES = np.linspace(0.05, 0.95, 19)  # powers of probabilities by which their tail is bounded
_MOST_LEVELS = 1 << 24
_AT_ONCE = 1 << 12  # states whose depths are worked out at a time


def energy(mean: Array, normal: Array, h: Array) -> Array:
    """<H> = sum over h_jk (N_kj + <a_j>* <a_k>), (...)."""
    whole = np.einsum("...jk,...kj->...", h, normal) + _form(mean, h, mean)
    return np.asarray(np.maximum(whole.real, 0.0))


def mean_form(mean: Array, normal: Array, anomalous: Array, w: Array, k: Array) -> Array:
    """The mean of sum W_jk a_j^dag a_k + (sum K_jk a_j^dag a_k^dag / 2 + h.c.), (...)."""
    whole = np.einsum("...jk,...kj->...", w, normal) + _form(mean, w, mean)
    pairs = anomalous + mean[..., :, None] * mean[..., None, :]
    return np.asarray((whole + np.einsum("...jk,...jk->...", k.conj(), pairs)).real)


def energy_variance(mean: Array, normal: Array, anomalous: Array, h: Array) -> Array:
    """<H^2> - <H>^2 by Wick's theorem: what fluctuates alone, and with the means.

    For one mode w^2 (N^2 + N + |C|^2 + |a|^2 (2 N + 1) + 2 Re(a*^2 C)).
    """
    eye, field = np.eye(h.shape[-1]), np.einsum("...jk,...k->...j", h, mean)
    loose = np.einsum("...ij,...ji->...", h @ (normal + eye), h @ normal)
    loose = loose + np.einsum("...ij,...ij->...", h @ anomalous, anomalous.conj() @ h)
    swung = _form(field, 2 * normal + eye, field)
    swung = swung + 2 * np.einsum("...j,...jk,...k->...", field.conj(), anomalous, field.conj())
    return np.asarray(np.maximum((loose + swung).real, 0.0))


def _form(left: Array, matrix: Array, right: Array) -> Array:
    return np.asarray(np.einsum("...j,...jk,...k->...", left.conj(), matrix, right))


def thermal_quanta(normal: Array, anomalous: Array) -> Array:
    """The n_j = nu_j - 1/2 of all modes, falling, (..., b), zero or positive."""
    b = normal.shape[-1]
    if b == 1 and not anomalous.any():
        return np.asarray(np.maximum(normal[..., 0].real, 0.0))
    if b == 1:
        n, c = normal[..., 0].real, np.abs(anomalous[..., 0])
        # (N + 1/2)^2 - |C|^2 - 1/4, without the loss of digits of the difference with 1/2, and
        # without squares, which no number holds of what is squeezed most
        less, more = np.maximum(n - c, 0.0), n + c
        with np.errstate(over="ignore"):
            excess = np.maximum((n - c) * more + n, 0.0)
        held = np.isfinite(excess)
        excess = np.where(held, excess, 0.0)
        quanta = excess / (0.5 + np.sqrt(0.25 + excess))
        return np.asarray(np.where(held, quanta, np.sqrt(less) * np.sqrt(more)))
    if not anomalous.any():
        return np.maximum(np.linalg.eigvalsh(normal)[..., ::-1], 0.0)
    half = 0.5 * np.eye(b)
    upper = np.concatenate([normal + half, anomalous], axis=-1)
    lower = np.concatenate([-anomalous.conj(), -(normal.conj() + half)], axis=-1)
    both = np.linalg.eigvals(np.concatenate([upper, lower], axis=-2)).real
    return np.maximum(np.sort(both, axis=-1)[..., : b - 1 : -1] - 0.5, 0.0)


def entropy(quanta: Array) -> Array:
    """The sum of (n + 1) log(n + 1) - n log n, in nats, (...).

    It is log(1 + n) + n log(1 + 1/n), whose terms of hot modes do not cancel.
    """
    inverse = 1 / np.maximum(quanta, _EMPTY)
    return np.asarray((np.log1p(quanta) + quanta * np.log1p(inverse)).sum(axis=-1))


def purity(quanta: Array) -> Array:
    """The product of 1 / (2 n + 1), (...)."""
    return np.asarray(1 / np.prod(2 * quanta + 1, axis=-1))


# --- passive energy ------------------------------------------------------------------------------


def work_of_mode(mean: Array, normal: Array, anomalous: Array, frequency: Array) -> Array:
    """The ergotropy of one mode, (...), of moments (...): w (|a|^2 + |C|^2 / (N + n + 1)).

    That is w (|a|^2 + N - n), with (N + 1/2)^2 - (n + 1/2)^2 = |C|^2, and loses no digits in what
    is hot.
    """
    c, many = np.abs(anomalous), normal.real
    quanta = thermal_quanta(normal[..., None, None], anomalous[..., None, None])[..., 0]
    return np.asarray(frequency * (np.abs(mean) ** 2 + c * (c / (many + quanta + 1))))


def passive_energy(quanta: Array, frequencies: Array) -> Array:
    """The least energy that unitaries reach, (...): probabilities, falling, on levels that rise.

    The probabilities are those of thermal modes with quanta (..., b), the levels the sums of the
    frequencies (..., b), positive; each (...) is worked out by itself if there is more than one
    mode. What levels that are not listed would add is below 1e-12 of the energy.
    """
    shape = np.broadcast_shapes(quanta.shape, frequencies.shape)
    quanta, frequencies = (np.broadcast_to(each, shape) for each in (quanta, frequencies))
    if shape[-1] == 1:
        return np.asarray(quanta[..., 0] * frequencies[..., 0])
    found = np.zeros(shape[:-1])
    warm = (quanta > _EMPTY).any(axis=-1)
    found[warm] = _passive(quanta[warm], np.sort(frequencies[warm]))
    return found


def _passive(quanta: Array, frequencies: Array) -> Array:
    """The same of some states (m, b), none of them empty, and frequencies (m, b) that rise."""
    parts = 1 + len(quanta) // _AT_ONCE
    each = zip(np.array_split(quanta, parts), np.array_split(frequencies, parts), strict=True)
    found, depths = np.empty(len(quanta)), np.concatenate([_deepest(*few) for few in each])
    levels, known = np.empty(0), np.empty(0)
    # The warmest first: others need no more levels of the same frequencies.
    for k in np.lexsort((-quanta.sum(axis=1), *frequencies.T)):
        weights, w = _weights(quanta[k], float(depths[k])), frequencies[k]
        if len(weights) > len(levels) or not np.array_equal(known, w):
            levels, known = lowest_sums(w, len(weights)), w
        found[k] = weights @ levels[: len(weights)]
    return found


def _weights(quanta: Array, depth: float) -> Array:
    """The probabilities of one state, falling, none of them much less than e^-depth."""
    warm = np.sort(quanta[quanta > _EMPTY])[::-1]
    # Probabilities are prod (1 - x_j) x_j^k_j: lists of sums over k_j log(1/x_j), from below.
    first = float(-np.log1p(warm).sum())  # the logarithm of the largest
    return np.exp(first - _sums(np.log1p(1 / warm), max(depth + first, 0.0)))


def _deepest(quanta: Array, frequencies: Array) -> Array:
    """- log p of the least probability p that counts, (m,).

    Of b modes the r-th level is at E_r <= (r b! prod w)^(1/b) at most, as the simplex up to E has a
    volume of no more than the r points in it, and the r-th probability is at most 1/r. So all p <
    q add less than (b! prod w)^(1/b) sum of p^(1 - 1/b) over these, which is at most q^(1 - 1/b -
    s) times the sum of all p^s, for any s in between.
    """
    b = frequencies.shape[-1]
    scale = (lgamma(b + 1) + np.log(frequencies / frequencies[:, :1]).sum(axis=1)) / b  # its log
    power = 1 - 1 / b
    shares = power * _SHARES
    x = np.where(quanta > _EMPTY, quanta / (quanta + 1), 0.0)[:, None]
    whole = np.log1p(-x) * shares[:, None] - np.log1p(-(x ** shares[:, None]))
    # The energy is at least that of one quantum wherever the first state is not.
    least = -_TAIL * np.expm1(np.log1p(-x).sum(axis=-1))
    depth = (whole.sum(axis=-1) + scale[:, None] - np.log(least)) / (power - shares)
    return np.asarray(depth.min(axis=1))


def _sums(steps: Array, most: float) -> Array:
    """All sums over k_j steps_j up to the most, rising."""
    sums = np.zeros(1)
    for step in steps:
        many = np.floor((most - sums) / step).astype(np.int64) + 1
        if (total := int(many.sum())) > _MOST_LEVELS:
            raise ValueError(
                f"the passive energy of several modes needs more than {total:,} levels: they are "
                "too warm; ask for other measures, or for local extraction"
            )
        start = np.repeat(np.cumsum(many) - many, many)
        sums = np.repeat(sums, many) + step * (np.arange(total) - start)
    sums.sort()
    return sums


def lowest_sums(frequencies: Array, count: int) -> Array:
    """So many of the lowest sums of frequencies: in a simplex are more than its volume."""
    b = len(frequencies)
    volume = log(count) + lgamma(b + 1) + float(np.log(frequencies / frequencies[0]).sum())
    few = next(k for k in range(count) if comb(b + k, k) >= count)  # quanta, each the largest
    most = min(
        (1 + 1e-9) * exp(volume / b) * float(frequencies[0]),
        count * float(frequencies[0]),  # no more than on the lowest ladder
        (1 + 1e-9) * few * float(frequencies[-1]),
    )
    return _sums(frequencies, most)[:count]


# --- two parts -----------------------------------------------------------------------------------


def negativity(normal: Array, anomalous: Array, first: int) -> Array:
    """(|rho^T1| - 1) / 2 between the first modes and the others, (...).

    Transposing the first modes turns their a into a^dag in the covariances, whose symplectic
    eigenvalues below 1/2 then tell (G. Vidal and R. F. Werner, Phys. Rev. A 65, 032314 (2002)).
    """
    b = normal.shape[-1]
    half = 0.5 * np.eye(b)
    upper = np.concatenate([normal + half, anomalous], axis=-1)
    lower = np.concatenate([anomalous.conj(), normal.conj() + half], axis=-1)
    whole = np.concatenate([upper, lower], axis=-2)  # <{x, x^dag}> / 2 of x = (a, a^dag)
    order = np.arange(2 * b)
    order[:first], order[b : b + first] = order[b : b + first].copy(), order[:first].copy()
    turned = whole[..., order, :][..., order]
    turned[..., b:, :] *= -1
    values = np.abs(np.linalg.eigvals(turned).real)
    each = np.maximum(1.0, 0.5 / values)  # which stand there twice
    return np.asarray((np.sqrt(np.prod(each, axis=-1)) - 1) / 2)
