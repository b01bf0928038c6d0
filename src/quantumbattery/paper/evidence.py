"""What is true of the pair of qubits, found without any of the paper's formulas.

The Hamiltonian and the Lindblad generator are built from Kronecker products, the master equation is
solved in the full space of 16 density-matrix elements by the matrix exponential, and every figure
of merit is taken from the numerical state by its definition. Nothing here knows the physics of
the package's other modules, so that the ledger compares two independent things.

Index 0 is the ground state, sigma = |0><1|, charger first, hbar = 1. Arrays of states are
(..., 4, 4) for the pair and (..., 2, 2) for the battery; parameters broadcast over the dots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumbattery.quantities.cached import cached_property

Array = NDArray[Any]

SIGMA = np.array([[0.0, 1.0], [0.0, 0.0]])
SIGMA_A = np.kron(SIGMA, np.eye(2))
SIGMA_B = np.kron(np.eye(2), SIGMA)
NUMBER_A = SIGMA_A.T @ SIGMA_A
NUMBER_B = SIGMA_B.T @ SIGMA_B
PAULI_X = np.array([[0, 1], [1, 0]])
PAULI_Y = np.array([[0, -1j], [1j, 0]])
PAULI_Z = np.array([[1, 0], [0, -1]])


@dataclass(frozen=True)
class Pairs:
    """Pairs of qubits and how their chargers start: five arrays of one shape.

    Parameters
    ----------
    theta, phi
        Bloch angles of the charger, rad; theta = 0 is the ground state.
    coupling, frequency, loss
        J, omega_b and gamma, in one unit of angular frequency.
    """

    theta: Array
    phi: Array
    coupling: Array
    frequency: Array
    loss: Array

    def as_column(self) -> Pairs:
        """Return the same pairs with a last axis added, ready for an axis of times."""
        return Pairs(*(getattr(self, field.name)[..., None] for field in fields(self)))


def random_pairs(seed: int, size: int, loss: tuple[float, float] = (0.0, 0.0)) -> Pairs:
    """Draw pairs at random: theta between 0.1 and 3, any phi, J and omega_b between 0.5 and 2.

    Parameters
    ----------
    seed
        Seed of the generator.
    size
        Number of pairs.
    loss
        Smallest and largest gamma / J.

    Examples
    --------
    >>> random_pairs(0, 3, loss=(0.5, 1.0)).loss.shape
    (3,)
    """
    random = np.random.default_rng(seed)
    coupling = random.uniform(0.5, 2.0, size)
    return Pairs(
        theta=random.uniform(0.1, 3.0, size),
        phi=random.uniform(0.0, 2 * np.pi, size),
        coupling=coupling,
        frequency=random.uniform(0.5, 2.0, size),
        loss=coupling * random.uniform(*loss, size),
    )


def hamiltonian(frequency: Array, coupling: Array) -> Array:
    """Energy of the two qubits and their exchange (Eqs. 3-5): (..., 4, 4).

    Examples
    --------
    >>> hamiltonian(np.array(1.0), np.array(0.5))
    array([[0. , 0. , 0. , 0. ], [0. , 1. , 0.5, 0. ], [0. , 0.5, 1. , 0. ], [0. , 0. , 0. , 2. ]])
    """
    exchange = SIGMA_A.T @ SIGMA_B + SIGMA_B.T @ SIGMA_A
    omega, j = np.asarray(frequency)[..., None, None], np.asarray(coupling)[..., None, None]
    return np.asarray(omega * (NUMBER_A + NUMBER_B) + j * exchange)


def liouvillian(pairs: Pairs) -> Array:
    """Build the master equation's generator on row-major density vectors: (..., 16, 16).

    In that order A rho B becomes kron(A, B^T) acting on the vector of rho. The only jump operator
    is sqrt(gamma) sigma_a, in the standard Lindblad form.
    """
    one = np.eye(4)
    h = hamiltonian(pairs.frequency, pairs.coupling)
    unitary = np.einsum("...ij,kl->...ikjl", h, one) - np.einsum("ij,...lk->...ikjl", one, h)
    jump = np.kron(SIGMA_A, SIGMA_A) - 0.5 * (np.kron(NUMBER_A, one) + np.kron(one, NUMBER_A))
    unitary = unitary.reshape(*h.shape[:-2], 16, 16)
    return np.asarray(-1j * unitary + pairs.loss[..., None, None] * jump)


def prepared(pairs: Pairs) -> Array:
    """State of the pair at switch-on: a rotated charger, a battery at rest; (..., 4, 4)."""
    half = pairs.theta / 2
    ket = np.zeros((*pairs.theta.shape, 4), dtype=complex)
    ket[..., 0], ket[..., 2] = np.cos(half), np.exp(1j * pairs.phi) * np.sin(half)
    return ket[..., :, None] * ket[..., None, :].conj()


def evolve(pairs: Pairs, time: Array) -> Array:
    """Solve the master equation: the state of the pair at each time, (..., 4, 4).

    Examples
    --------
    >>> pair = Pairs(*(np.array(x) for x in (np.pi, 0.0, 1.0, 1.0, 0.0)))
    >>> rho = evolve(pair, np.array(np.pi / 2))
    >>> round(float(rho[1, 1].real), 12)
    1.0
    """
    from scipy.linalg import expm

    propagator = expm(liouvillian(pairs) * time[..., None, None])
    start = prepared(pairs)
    vector = propagator @ start.reshape(*start.shape[:-2], 16, 1)
    return np.asarray(vector.reshape(*vector.shape[:-2], 4, 4))


def slope(pairs: Pairs, rho: Array) -> Array:
    """Time derivative of states of the pair, from the generator itself: (..., 4, 4)."""
    vector = liouvillian(pairs) @ rho.reshape(*rho.shape[:-2], 16, 1)
    return np.asarray(vector.reshape(rho.shape))


def mean(rho: Array, operator: Array) -> Array:
    """Return the expectation value Tr(rho O): (...)."""
    return np.asarray(np.einsum("...ij,ji->...", rho, operator))


def battery(rho: Array) -> Array:
    """Trace the charger out: (..., 2, 2)."""
    parts = rho.reshape(*rho.shape[:-2], 2, 2, 2, 2)
    return np.asarray(np.einsum("...aiaj->...ij", parts))


def energies(rho_b: Array, frequency: Array) -> tuple[Array, Array, Array]:
    """Return the battery's stored, passive and active energy, by definition: (...) each.

    Passive: the largest eigenvalue sits on the lowest level; active: on the highest.
    """
    spectrum = np.linalg.eigvalsh(rho_b)
    stored = frequency * rho_b[..., 1, 1].real
    return stored, frequency * spectrum[..., 0], frequency * spectrum[..., 1]


def concurrence(rho: Array) -> Array:
    """Wootters' concurrence from its definition: (...).

    With rho = M M^dag the eigenvalues of R are the singular values of M^T (sy x sy) M: nothing is
    squared and rooted back, which would cost half of the digits. Eigenvalues of rho at rounding
    level are dropped for the same reason.
    """
    weights, vectors = np.linalg.eigh(rho)
    root = vectors * np.sqrt(np.where(weights > 1e-14, weights, 0.0))[..., None, :]
    flip = np.kron(PAULI_Y, PAULI_Y)
    lam = np.linalg.svd(np.swapaxes(root, -1, -2) @ flip @ root, compute_uv=False)
    return np.asarray(np.maximum(0.0, 2 * lam[..., 0] - lam.sum(axis=-1)))


@dataclass(frozen=True)
class Sample:
    """Pairs of qubits at one moment each, and their solved states, computed once.

    Parameters
    ----------
    pairs
        The pairs, arrays of shape (n,).
    time
        One time for each, (n,).

    Examples
    --------
    >>> sample = Sample.draw(0, 5, loss=(0.1, 1.0))
    >>> bool(np.allclose(np.trace(sample.rho, axis1=1, axis2=2), 1.0))
    True
    """

    pairs: Pairs
    time: Array

    @classmethod
    def draw(cls, seed: int, size: int, loss: tuple[float, float] = (0.0, 0.0)) -> Sample:
        """Draw random pairs and times with 0.05 < J t < 6."""
        pairs = random_pairs(seed, size, loss)
        angles = np.random.default_rng([seed, 1]).uniform(0.05, 6.0, size)
        return cls(pairs, angles / pairs.coupling)

    @cached_property
    def rho(self) -> Array:
        """States of the pairs: (n, 4, 4)."""
        return evolve(self.pairs, self.time)

    @cached_property
    def battery(self) -> Array:
        """States of the batteries: (n, 2, 2)."""
        return battery(self.rho)

    @cached_property
    def energies(self) -> tuple[Array, Array, Array]:
        """Stored, passive and active energy, in units of omega_b: (n,) each."""
        return energies(self.battery, np.ones_like(self.time))

    def mean(self, operator: Array) -> Array:
        """Return the expectation value of an operator of the pair: (n,)."""
        return mean(self.rho, operator)


def merit(pairs: Pairs, time: Array, quantity: str) -> tuple[Array, Array]:
    """Energy, ergotropy or one of their powers, with its exact rate of change: (...) each.

    Parameters
    ----------
    pairs, time
        Pairs and times, of shapes that broadcast.
    quantity
        "energy", "ergotropy", "power" or "ergotropic_power".
    """
    rho = evolve(pairs, time)
    state, change = battery(rho), battery(slope(pairs, rho))
    value, rate = state[..., 1, 1].real, change[..., 1, 1].real
    if quantity.startswith("ergotrop"):
        # An eigenvalue moves by the mean of the perturbation in its own eigenvector.
        spectrum, vectors = np.linalg.eigh(state)
        lowest = vectors[..., :, 0]
        drift = np.einsum("...i,...ij,...j->...", lowest.conj(), change, lowest).real
        value, rate = value - spectrum[..., 0], rate - drift
    if quantity.endswith("power"):
        value, rate = value / time, (rate - value / time) / time
    return pairs.frequency * value, pairs.frequency * rate


def optimum(pairs: Pairs, quantity: str, grid: int = 160) -> tuple[Array, Array]:
    """First instant of the global maximum, and the maximum, found numerically: (n,) each.

    The merit is scanned over 0 < J t < 7 (two periods of the exchange), the first of the highest
    peaks is taken, and its rate of change is brought to zero: far more digits than comparing
    values would give.

    Examples
    --------
    >>> pair = Pairs(*(np.array([x]) for x in (np.pi, 0.0, 1.0, 1.0, 0.0)))
    >>> [round(float(x[0]), 9) for x in optimum(pair, "energy")]
    [1.570796327, 1.0]
    """
    from scipy.optimize import elementwise

    columns = pairs.as_column()
    times = np.linspace(0.0, 7.0, grid + 1)[1:] / columns.coupling
    values, _ = merit(columns, times, quantity)
    peaks = (values[:, 1:-1] > values[:, :-2]) & (values[:, 1:-1] >= values[:, 2:])
    # The grid misses a peak's top by less than 1 %; equal peaks count as the first of them.
    peaks &= values[:, 1:-1] >= 0.99 * values.max(axis=1, keepdims=True)
    first = np.argmax(peaks, axis=1)
    rows = np.arange(len(first))

    def rate(time: Array, *parameters: Array) -> Array:
        return merit(Pairs(*parameters), time, quantity)[1]

    root = elementwise.find_root(
        rate,
        (times[rows, first], times[rows, first + 2]),
        args=tuple(getattr(pairs, field.name) for field in fields(pairs)),
    )
    if not np.all(root.success):
        raise ArithmeticError(f"No maximum of {quantity} was found for some of the pairs.")
    return root.x, merit(pairs, root.x, quantity)[0]


def equation_of_motion(
    operators: Iterable[Array], h: Array, loss: float = 0.0
) -> tuple[Array, float]:
    """Coefficients M of i d<O_k>/dt = sum_l M_kl <O_l>, by matrix algebra alone.

    Parameters
    ----------
    operators
        The operators O_k, each (4, 4); their span should be closed under the dynamics.
    h
        Hamiltonian, (4, 4).
    loss
        Rate gamma of the jump operator sigma_a.

    Returns
    -------
    M, shape (k, k), and the largest element of what the operators could not express.

    Examples
    --------
    >>> h = hamiltonian(np.array(1.0), np.array(0.5))
    >>> M, rest = equation_of_motion([NUMBER_A + NUMBER_B], h)
    >>> abs(M).max() < 1e-15 and rest < 1e-15
    True
    """
    basis = np.array(list(operators), dtype=complex)
    dissipated = SIGMA_A.T @ basis @ SIGMA_A - 0.5 * (NUMBER_A @ basis + basis @ NUMBER_A)
    moved = (basis @ h - h @ basis + 1j * loss * dissipated).reshape(len(basis), 16)
    columns = basis.reshape(len(basis), 16).T
    coefficients = np.linalg.lstsq(columns, moved.T, rcond=None)[0]
    rest = float(np.abs(columns @ coefficients - moved.T).max())
    return coefficients.T, rest
