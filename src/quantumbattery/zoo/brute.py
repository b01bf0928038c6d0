"""References by brute force: Kronecker products and matrix exponentials, in plain NumPy.

Nothing of this library is used here, so that a result may be held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np


def lower(levels: int) -> Any:
    """The lowering operator of an oscillator, or of a qubit with two levels."""
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def embed(operator: Any, place: int, dims: Sequence[int]) -> Any:
    """An operator of one site on all of them."""
    parts: list[Any] = [np.eye(n) for n in dims]
    parts[place] = operator
    return reduce(lambda one, two: np.kron(one, two), parts)


def kets(h: Any, start: Any, times: Any) -> Any:
    """The state vectors at the given times, (time, d)."""
    values, vectors = np.linalg.eigh(h)
    phases = np.exp(-1j * np.multiply.outer(np.asarray(times), values))
    return (phases * (vectors.conj().T @ start)) @ vectors.T


def densities(h: Any, jumps: Sequence[Any], start: Any, times: Any) -> Any:
    """The density matrices at the given times, (time, d, d), of a Lindblad equation."""
    from scipy.linalg import expm

    d = len(h)
    eye = np.eye(d)
    generator = -1j * (np.kron(h, eye) - np.kron(eye, h.T))
    for jump in jumps:
        square = jump.conj().T @ jump
        generator += np.kron(jump, jump.conj())
        generator -= (np.kron(square, eye) + np.kron(eye, square.T)) / 2
    vector = np.asarray(start, dtype=complex).reshape(-1)
    return np.stack([(expm(generator * t) @ vector).reshape(d, d) for t in times])


def last(states: Any, battery: int) -> Any:
    """The reduced state of the last sites, `battery` levels together, of kets or densities."""
    if states.ndim == 2:
        split = states.reshape(len(states), -1, battery)
        return np.einsum("tai,taj->tij", split, split.conj())
    charger = states.shape[-1] // battery
    return np.einsum("taiaj->tij", states.reshape(-1, charger, battery, charger, battery))


def energy(rho: Any, h: Any) -> Any:
    """tr(rho h) of each state."""
    return np.einsum("...ij,ji->...", rho, h).real


def work(rho: Any, h: Any) -> Any:
    """The ergotropy: the energy minus that of the sorted populations."""
    falling = np.linalg.eigvalsh(rho)[..., ::-1]
    return energy(rho, h) - falling @ np.linalg.eigvalsh(h)


def cells_in_cavity(cells: int, photons: int, coupling: float, rotating: bool) -> tuple[Any, Any]:
    """Whole Hamiltonian and that of the cells, each cell apart, all frequencies 1."""
    dims = [photons + 1] + [2] * cells
    a = embed(lower(photons + 1), 0, dims)
    ones = [embed(lower(2), k + 1, dims) for k in range(cells)]
    h = a.T @ a + sum(s.T @ s for s in ones)
    for s in ones:
        h = h + coupling * (a.T @ s + s.T @ a if rotating else (a + a.T) @ (s + s.T))
    return h, np.diag([float(bin(k).count("1")) for k in range(2**cells)])
