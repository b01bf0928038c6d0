"""States of several modes after these were mixed linearly, as beam splitters do.

The unitary U with U^dag a U = V a is a product of those of two modes each, by Givens rotations of
V, and of phases. It keeps the number of all quanta. That of a rotation by an angle t is exp(t K), K
= a_j^dag a_i - a_i^dag a_j, whose eigenvectors know nothing of t (B. Yurke, S. L. McCall and J. R.
Klauder, Phys. Rev. A 33, 4033 (1986)).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.moments.shells import Shells
from quantumbattery.quantities.aliases import Array

_BEYOND = 1e-14  # weight that may lie on levels that are left out


def mixed(rho: Array, unitary: Array, limit: float) -> tuple[Array, Shells]:
    """States (s, d, d) of a = V e on shells, from those of e (s, d_1, .., d_b, d_1, .., d_b).

    V is (s, b, b). Shells with less than 1e-14 of the weight beyond are left out.
    """
    b = unitary.shape[-1]
    shells = Shells(b, _most(rho))
    every, bounds = np.concatenate(shells.occupations), shells.bounds
    allow("numbers in the states at all times", len(rho) * len(every) ** 2, 64, limit)
    sizes = rho.shape[1 : 1 + b]
    inside = (every < sizes).all(axis=1)
    place = np.ravel_multi_index(tuple(every[inside].T), sizes)
    flat = rho.reshape(len(rho), int(np.prod(sizes)), -1)
    states = np.zeros((len(rho), len(every), len(every)), complex)
    states[:, np.flatnonzero(inside)[:, None], inside] = flat[:, place[:, None], place]
    if not (unitary - np.eye(b)).any():
        return states, shells
    turns = _givens(unitary)
    acts = [_on_shell(shells, q, *turns) for q in range(shells.most + 1)]
    for q, left in enumerate(acts):
        for p, right in enumerate(acts):
            block = states[:, bounds[q] : bounds[q + 1], bounds[p] : bounds[p + 1]]
            if block.any():
                block[...] = left @ block @ right.conj().swapaxes(-1, -2)
    return states, shells


def _most(rho: Array) -> int:
    """So many quanta that all modes together hold more with but a little weight."""
    b = (rho.ndim - 1) // 2
    sizes = rho.shape[1 : 1 + b]
    weights = np.einsum("sjj->sj", rho.reshape(len(rho), int(np.prod(sizes)), -1)).real
    total = np.indices(sizes).sum(axis=0).ravel()
    held = np.stack([np.bincount(total, each) for each in np.maximum(weights, 0.0)])
    beyond = np.cumsum(held[:, ::-1], axis=-1)[:, ::-1].max(axis=0)
    return int((beyond > _BEYOND).sum()) - 1


def _givens(unitary: Array) -> tuple[list[tuple[int, int, Array, Array]], Array]:
    """V = G_1 G_2 ... D: rotations by angles (s,) with phases (s,), and the phases (s, b) of D.

    Each G is P R P^dag with R = [[c, -s], [s, c]] of two modes, and P the phase of the second.
    """
    left, b, turns = unitary.astype(complex), unitary.shape[-1], []
    for i in range(b - 1):
        for j in range(i + 1, b):
            one, two = left[:, i, i], left[:, j, i]
            phase = np.where(two != 0, np.angle(two) - np.angle(one), 0.0)
            angle = np.arctan2(np.abs(two), np.abs(one))
            c, s, turn = np.cos(angle)[:, None], np.sin(angle)[:, None], np.exp(1j * phase)[:, None]
            upper, lower = left[:, i].copy(), left[:, j] / turn
            left[:, i], left[:, j] = c * upper + s * lower, (c * lower - s * upper) * turn
            turns.append((i, j, angle, phase))
    return turns, np.angle(np.einsum("sjj->sj", left))


def _on_shell(
    shells: Shells, quanta: int, turns: list[tuple[int, int, Array, Array]], phases: Array
) -> Array:
    """U (s, states, states) on a shell of so many quanta."""
    held = shells.occupations[quanta]
    out = np.exp(1j * phases @ held.T)[:, None, :] * np.eye(len(held))
    for i, j, angle, phase in reversed(turns):
        value, vectors = _rotation(shells.modes, quanta, i, j)
        turn = np.exp(1j * phase[:, None] * held[:, j])
        out = vectors.conj().T @ (turn.conj()[..., None] * out)
        out = vectors @ (np.exp(1j * angle[:, None] * value)[..., None] * out)
        out = turn[..., None] * out
    return np.asarray(out)


@lru_cache(maxsize=256)
def _rotation(modes: int, quanta: int, i: int, j: int) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of - i K of two modes on a shell of so many quanta."""
    shells = Shells(modes, quanta)
    held = shells.occupations[quanta]
    k = np.zeros((len(held), len(held)))
    if quanta:  # by way of the shell below: a^dag_j a_i = |up_j><up_i|
        up, root = shells.steps[quanta - 1]
        k[up[j], up[i]] = root[j] * root[i]
    value, vectors = np.linalg.eigh(-1j * (k - k.T))
    return value, vectors
