"""References by brute force: Kronecker products and matrix exponentials, in plain NumPy.

Nothing of this library is used here, so that a result may be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1.0, -1.0])
"""Pauli matrices, the ground state first."""


def lower(levels: int) -> Any:
    """The lowering operator of an oscillator, or of a qubit with two levels."""
    return np.diag(np.sqrt(np.arange(1.0, levels)), 1)


def embed(operator: Any, place: int, dims: Sequence[int]) -> Any:
    """An operator of one site, by its place from 0, on sites with these levels: (d, d)."""
    parts: list[Any] = [np.eye(n) for n in dims]
    parts[place] = operator
    return reduce(lambda one, two: np.kron(one, two), parts)


def everywhere(operator: Any, count: int) -> list[Any]:
    """One operator on each of so many qubits, (2^count, 2^count)."""
    return [embed(operator, k, [2] * count) for k in range(count)]


def excited(count: int) -> Any:
    """How many of so many qubits are excited, (2^count, 2^count)."""
    return np.diag([float(k.bit_count()) for k in range(2**count)])


def kets(h: Any, start: Any, times: Any) -> Any:
    """The state vectors (time, d) from one at time 0, under a Hamiltonian (d, d)."""
    values, vectors = np.linalg.eigh(h)
    phases = np.exp(-1j * np.multiply.outer(np.asarray(times), values))
    return (phases * (vectors.conj().T @ start)) @ vectors.T


def generator(h: Any, jumps: Sequence[Any]) -> Any:
    """Of the Lindblad equation for density matrices read row by row, (d^2, d^2).

    Jump operators come with the roots of their rates.
    """
    eye = np.eye(len(h))
    whole = -1j * (np.kron(h, eye) - np.kron(eye, h.T))
    for jump in jumps:
        square = jump.conj().T @ jump
        whole += np.kron(jump, jump.conj())
        whole -= (np.kron(square, eye) + np.kron(eye, square.T)) / 2
    return whole


def densities(h: Any, jumps: Sequence[Any], start: Any, times: Any) -> Any:
    """The density matrices (time, d, d) of a Lindblad equation, from one at time 0.

    Jump operators come with the roots of their rates.
    """
    from scipy.linalg import expm

    whole = generator(h, jumps)
    vector = np.asarray(start, dtype=complex).reshape(-1)
    return np.stack([(expm(whole * t) @ vector).reshape(h.shape) for t in times])


def settled(h: Any, jumps: Sequence[Any]) -> Any:
    """The one state that a Lindblad equation does not change, by a linear solve: (d, d)."""
    d = len(h)
    whole = generator(h, jumps)
    whole[0] = np.eye(d).reshape(-1)  # one of its equations follows from the others; trace 1
    return np.linalg.solve(whole, np.eye(d * d)[0]).reshape(d, d)


def collisions(
    h: Any, jumps: Sequence[Any], fresh: Any, start: Any, time: float, number: int
) -> Any:
    """The battery (number + 1, b, b) before and after each meeting with a fresh charger.

    The charger is the first factor of h; fresh and start are density matrices of charger and
    battery, the time is that of one meeting, and what is left of the charger is traced out.
    """
    from scipy.linalg import expm

    states = [np.asarray(start, dtype=complex)]
    turn = expm(generator(h, jumps) * time) if jumps else expm(-1j * time * h)
    for _ in range(number):
        joint = np.kron(fresh, states[-1])
        if jumps:
            joint = (turn @ joint.reshape(-1)).reshape(h.shape)
        else:
            joint = turn @ joint @ turn.conj().T
        states.append(last(joint[None], len(start))[0])
    return np.stack(states)


def last(states: Any, battery: int) -> Any:
    """The reduced state of the last sites, so many levels together: (time, levels, levels).

    States are vectors (time, d), or density matrices (time, d, d).
    """
    if states.ndim == 2:
        split = states.reshape(len(states), -1, battery)
        return np.einsum("tai,taj->tij", split, split.conj())
    charger = states.shape[-1] // battery
    return np.einsum("taiaj->tij", states.reshape(-1, charger, battery, charger, battery))


def energy(rho: Any, h: Any) -> Any:
    """tr(rho h) of each state (..., d, d)."""
    return np.einsum("...ij,ji->...", rho, h).real


def work(rho: Any, h: Any) -> Any:
    """The ergotropy of each state (..., d, d): energy minus that of the sorted populations."""
    falling = np.linalg.eigvalsh(rho)[..., ::-1]
    return energy(rho, h) - falling @ np.linalg.eigvalsh(h)


def cells_in_cavity(cells: int, photons: int, coupling: float, rotating: bool) -> tuple[Any, Any]:
    """Cells in a cavity, each cell apart, all frequencies 1; `photons` is the most that it holds.

    The whole Hamiltonian, cavity first, and that of the cells alone.
    """
    dims = [photons + 1] + [2] * cells
    a = embed(lower(photons + 1), 0, dims)
    ones = [embed(lower(2), k + 1, dims) for k in range(cells)]
    h = a.T @ a + sum(s.T @ s for s in ones)
    for s in ones:
        h = h + coupling * (a.T @ s + s.T @ a if rotating else (a + a.T) @ (s + s.T))
    return h, np.diag([float(bin(k).count("1")) for k in range(2**cells)])


def driven(
    levels: Sequence[int], drive: float, loss: float, occupation: float, dephasing: float
) -> tuple[Any, list[Any]]:
    """A driven, leaking charger and a battery in the frame that turns with the drive (g = 1).

    Numbers as of `models.driven_oscillator_pair`, levels of charger and battery. The Hamiltonian,
    and a list of jump operators.
    """
    a, b = (embed(lower(n), k, levels) for k, n in enumerate(levels))
    h = a.T @ b + b.T @ a + drive * (a + a.T)
    rates = (loss * (1 + occupation), loss * occupation, 2 * dephasing)
    return h, [np.sqrt(g) * x for g, x in zip(rates, (a, a.T, a.T @ a), strict=True)]


def empty(size: int) -> Any:
    """The density matrix in which every site is in its ground state."""
    return np.diag(np.eye(size)[0])


def chain_of_spins(
    cells: int, field: float, drive: float, coupling: float, anisotropy: float, power: float
) -> tuple[Any, Any]:
    """Spins that interact and are turned, as of `models.spin_chain`; its `range` is the power here.

    What moves the spins in the turning frame, and the Hamiltonian of the battery.
    """
    pauli = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([-1.0, 1.0])
    x, y, z = ([embed(one, k, [2] * cells) for k in range(cells)] for one in pauli)
    bond = np.zeros((2**cells,) * 2, dtype=complex)
    for i in range(cells):
        for j in range(i + 1, cells):
            pair = z[i] @ z[j] + anisotropy * (x[i] @ x[j] + y[i] @ y[j])
            bond -= coupling / (j - i) ** power * pair
    return bond + drive * sum(x), bond + field * sum(z)


def in_the_laboratory(amplitude: float, times: Any) -> Any:
    """The excited population of a qubit in H = sz/2 + (amplitude/2) cos(t) sx, by solve_ivp."""
    from scipy.integrate import solve_ivp

    def change(t: float, ket: Any) -> Any:
        return -0.5j * (np.array([-1, 1]) * ket + amplitude * np.cos(t) * ket[::-1])

    solved = solve_ivp(change, (0, times[-1]), [1.0 + 0j, 0], "DOP853", times, rtol=1e-13,
                       atol=1e-14)  # fmt: skip
    return np.abs(solved.y[1]) ** 2


def kets_in_time(h: Callable[[float], Any], start: Any, times: Any) -> Any:
    """The state vectors (time, d) under a Hamiltonian that changes, by SciPy's DOP853."""
    from scipy.integrate import solve_ivp

    solved = solve_ivp(
        lambda t, ket: -1j * (h(t) @ ket), (0, times[-1]), np.asarray(start, dtype=complex),
        "DOP853", times, rtol=1e-12, atol=1e-13,
    )  # fmt: skip
    return solved.y.T
