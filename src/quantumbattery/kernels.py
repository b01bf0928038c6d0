"""The figures of merit over plain arrays (..., d, d) that have been checked before.

`rearranged` is the heart: the work that ordering the populations gains, as a sum in which no term
is negative. What mathematics bounds is bounded in floating point too, by `within`.
"""

from __future__ import annotations

import numpy as np

from quantumbattery.matrices import Array, eigensystem, eigenvalues, reduced


def energy_kernel(rho: Array, h: Array) -> Array:
    """Tr(h rho), between the lowest and the highest level."""
    e = np.linalg.eigvalsh(h)
    value = np.einsum("...ij,...ji->...", h, rho).real
    return within(value, e[..., 0], e[..., -1], rho, e)


def ergotropy_kernel(rho: Array, h: Array) -> Array:
    """Ergotropy, between 0 and energy minus ground energy."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    work = rearranged(e, rho, basis)
    # A ground level that is 0 but for rounding is 0: then the bound is the energy itself.
    rounding = 64 * e.shape[-1] * np.finfo(float).eps * np.abs(e).max(axis=-1)
    ground = np.where(np.abs(e[..., 0]) <= rounding, np.maximum(e[..., 0], 0.0), e[..., 0])
    return within(work, 0.0, energy_kernel(rho, h) - ground, rho, e)


def rearranged(e: Array, rho: Array, basis: Array) -> Array:
    """Work gained when the k-th eigenvalue of rho, falling, moves to the k-th level, rising.

    Now the k-th level of energy e_k is column k of ``basis``. Cut the ladder above level k. The
    population above the cut falls from sum_i r_i a_i to sum_{i>k} r_i, where r_i is the i-th
    eigenvalue of rho and a_i the weight of its vector above the cut. As sum_i a_i is the number of
    levels there, r_k may be taken from every r_i in both sums, and the fall is
    sum_{i<=k} (r_i - r_k) a_i + sum_{i>k} (r_k - r_i) (1 - a_i): no term is negative, and neither
    is the work, which is that fall times e_{k+1} - e_k, summed over the cuts.
    """
    r, vectors = eigensystem(rho)
    r, vectors = r[..., ::-1], vectors[..., ::-1]
    weights = np.abs(basis.conj().swapaxes(-1, -2) @ vectors) ** 2
    below = np.cumsum(weights, axis=-2)[..., :-1, :]
    above = np.cumsum(weights[..., ::-1, :], axis=-2)[..., -2::-1, :]
    cut, vector = np.ogrid[: r.shape[-1] - 1, : r.shape[-1]]
    misplaced = np.where(vector <= cut, above, below)
    moved = (misplaced * np.abs(r[..., None, :] - r[..., :-1, None])).sum(-1)
    work: Array = (np.diff(e) * moved).sum(-1)
    return work


def within(
    value: Array | float,
    low: Array | float,
    high: Array | float,
    rho: Array,
    e: Array,
    terms: int | None = None,
) -> Array:
    """Trim what rounding puts past a bound that mathematics guarantees, and no more than that.

    Rounding is some eps times the largest energy times the number of terms, d if not given. Of a
    state whose trace is not quite 1 or whose eigenvalues are not quite positive (the border lets
    1e-8 pass) it is also that defect's worth.
    """
    excess = np.maximum(low - value, value - high)
    scale = np.abs(e).max(axis=-1)
    slack = 64 * (terms or e.shape[-1]) * np.finfo(float).eps * scale + np.finfo(float).tiny
    if np.any(excess > slack):
        r = eigenvalues(rho)
        defect = np.abs(r.sum(-1) - 1) - np.minimum(r, 0.0).sum(-1)
        if np.any(excess > slack + 4 * scale * defect):
            raise ArithmeticError(
                f"a figure of merit passes its bound by {np.max(excess):.3g}, more than rounding "
                "explains: please report the state and the Hamiltonian"
            )
    trimmed: Array = np.minimum(np.maximum(value, low), high)
    return trimmed


def passive_energy_kernel(rho: Array, h: Array) -> Array:
    """Eigenvalues of the state, falling, on the levels, rising."""
    e = np.linalg.eigvalsh(h)
    value = (eigenvalues(rho)[..., ::-1] * e).sum(-1)
    return within(value, e[..., 0], energy_kernel(rho, h), rho, e)


def active_energy_kernel(rho: Array, h: Array) -> Array:
    """Eigenvalues of the state, rising, on the levels, rising."""
    e = np.linalg.eigvalsh(h)
    return within((eigenvalues(rho) * e).sum(-1), energy_kernel(rho, h), e[..., -1], rho, e)


def antiergotropy_kernel(rho: Array, h: Array) -> Array:
    """Minus the room left, which is the ergotropy with the ladder upside down."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    room = rearranged(-e[..., ::-1], rho, basis[..., ::-1])
    return 0.0 - within(room, 0.0, e[..., -1] - energy_kernel(rho, h), rho, e)


def capacity_kernel(rho: Array, h: Array) -> Array:
    """Active minus passive energy, from both spectra."""
    r, e = eigenvalues(rho), np.linalg.eigvalsh(h)
    half = r.shape[-1] // 2  # the pairs (first, last), (second, last but one) ... swap places
    swaps = (r[..., ::-1] - r) * (e[..., ::-1] - e)
    return within(swaps[..., :half].sum(-1), 0.0, e[..., -1] - e[..., 0], rho, e)


def energy_variance_kernel(rho: Array, h: Array) -> Array:
    """Spread about the mean, squared: a sum of squares."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    p = np.maximum(_populations(rho, basis), 0.0)
    mean = (p * e).sum(-1, keepdims=True) / p.sum(-1, keepdims=True)
    variance: Array = (p * (e - mean) ** 2).sum(-1)
    return variance


def _populations(rho: Array, basis: Array) -> Array:
    populations: Array = np.einsum("...ij,...ij->...j", basis.conj(), rho @ basis).real
    return populations


def passive_state_kernel(rho: Array, h: Array) -> Array:
    """The state's eigenvalues, falling, on the energy eigenvectors."""
    _, basis = eigensystem(h)
    r = eigenvalues(rho)[..., ::-1]
    passive: Array = (basis * r[..., None, :]) @ basis.conj().swapaxes(-1, -2)
    return passive


def _dephased(rho: Array, e: Array, basis: Array) -> Array:
    """Drop coherence between different energies; in the given energy eigenbasis."""
    closest = 64 * e.shape[-1] * np.finfo(float).eps * np.abs(e).max(axis=-1, keepdims=True)
    level = np.cumsum(np.diff(e, prepend=e[..., :1]) > closest, axis=-1)
    same = level[..., :, None] == level[..., None, :]
    return np.where(same, basis.conj().swapaxes(-1, -2) @ rho @ basis, 0.0)


def incoherent_ergotropy_kernel(rho: Array, h: Array) -> Array:
    """Ergotropy of the state dephased between different energies."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    dephased = _dephased(rho, e, basis)
    work = rearranged(e, dephased, np.eye(e.shape[-1]))
    return within(work, 0.0, ergotropy_kernel(rho, h), rho, e)


def coherent_ergotropy_kernel(rho: Array, h: Array) -> Array:
    """What is left to gain after the incoherent permutation."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    _, order = eigensystem(_dephased(rho, e, basis))
    # The incoherent part is out when the k-th most populated of these states is called level k.
    work = rearranged(e, rho, basis @ order[..., ::-1])
    return within(work, 0.0, ergotropy_kernel(rho, h), rho, e)


def local_ergotropy_kernel(rho: Array, *hs: Array) -> Array:
    """Sum of the cells' own ergotropies."""
    dims = [h.shape[-1] for h in hs]
    parts = [ergotropy_kernel(reduced(rho, dims, [cell]), h) for cell, h in enumerate(hs)]
    total: Array = sum(parts[1:], start=parts[0])
    return total


def locked_ergotropy_kernel(rho: Array, *hs: Array) -> Array:
    """Ergotropy under the sum of the cells' Hamiltonians, minus the local one."""
    h = np.zeros((1, 1))
    for cell in hs:  # h (x) 1 + 1 (x) cell
        h = np.kron(h, np.eye(cell.shape[-1])) + np.kron(np.eye(h.shape[-1]), cell)
    whole = ergotropy_kernel(rho, h)
    e = np.linalg.eigvalsh(h)
    return within(whole - local_ergotropy_kernel(rho, *hs), 0.0, whole, rho, e)
