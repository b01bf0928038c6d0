"""The right-hand sides of the paper's equations exactly as they are printed, slips included.

Plain NumPy transcriptions, named by their equation; whoever wants the right physics uses
`QubitPair`. Where the ledger finds a printed form wrong, `eqNN_corrected` stands beside it.
Section 8 is in `printed_loss`, the fits and expansions of Eqs. 43, 45 and 65-68 are in
`approximations` under names of their own; all are reachable here by number.

Everything broadcasts; angles in rad, rates and frequencies angular, hbar = 1.

Two of the paper's orders differ from this package's (index 0 = ground, charger first): Eqs. 14 and
15 are written (excited, ground), Eq. 58 is written 00, 10, 01, 11.

Examples
--------
>>> float(eq30(np.pi, np.pi / 2))
1.0
>>> float(eq24(np.pi, 0.1).round(6)), complex(eq24_corrected(np.pi, 0.1).round(6))
(-0.099335, -0.099335j)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumbattery.paper import approximations, printed_loss
from quantumbattery.paper.approximations import A, B, C, D

Array = NDArray[Any]
Values = float | Array


def _matrix(rows: list[list[Values]]) -> Array:
    """Stack broadcast entries into matrices (..., rows, columns)."""
    entries = np.broadcast_arrays(*[x for row in rows for x in row])
    stacked = np.stack([np.asarray(x) for x in entries], axis=-1)
    return stacked.reshape(*stacked.shape[:-1], len(rows), len(rows[0]))


# Section 1 and 2: the model and its measures


def eq1(theta: Values, phi: Values) -> Array:
    """Charger's amplitudes of |0> and |1>: (..., 2) (Eq. 1)."""
    first = np.cos(np.asarray(theta) / 2) + 0j * phi
    return np.stack([first, np.exp(1j * np.asarray(phi)) * np.sin(np.asarray(theta) / 2)], axis=-1)


def eq2() -> Array:
    """Battery's amplitudes of |0> and |1> (Eq. 2)."""
    return np.array([1.0, 0.0])


def eq9(population: Array, frequency: Values) -> Array:
    """Variance of the stored energy, second line (Eq. 9)."""
    return np.asarray(frequency**2 * population * (1 - population))


def eq14(population: Array, coherence: Array) -> Array:
    """Battery's density matrix in the order excited, ground: (..., 2, 2) (Eq. 14).

    `coherence` is the complex mean of sigma_b.
    """
    return _matrix([[population, coherence], [np.conj(coherence), 1 - population]])


def eq15(lower: Array, upper: Array) -> Array:
    """Passive state in the order excited, ground: (..., 2, 2) (Eq. 15)."""
    return _matrix([[lower, 0.0], [0.0, upper]])


def eq16(population: Array, coherence: Array) -> tuple[Array, Array]:
    """Eigenvalues lambda_- and lambda_+ of the battery's state (Eq. 16)."""
    product = (coherence * np.conj(coherence)).real
    root = np.sqrt(1 + 4 * product - 4 * population * (1 - population))
    return (1 - root) / 2, (1 + root) / 2


def eq17(population: Array, frequency: Values) -> Array:
    """Energy stored in the battery (Eq. 17)."""
    return np.asarray(frequency * population)


def eq18(lower: Array, frequency: Values) -> Array:
    """Passive state's energy (Eq. 18)."""
    return np.asarray(frequency * lower)


def eq19(lower: Array, upper: Array, frequency: Values) -> Array:
    """Capacity (Eq. 19)."""
    return np.asarray(frequency * (upper - lower))


# Section 3: the moments


def eq21(coupling: float) -> Array:
    """Dynamical matrix of the second moments: (4, 4) (Eq. 21)."""
    rows = [[0, 0, 1, -1], [0, 0, -1, 1], [1, -1, 0, 0], [-1, 1, 0, 0]]
    return coupling * np.array(rows, dtype=float)


def eq22(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Charger's population (Eq. 22)."""
    return np.asarray(np.sin(np.asarray(theta) / 2) ** 2 * np.cos(coupling * time) ** 2)


def eq23(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Battery's population (Eq. 23)."""
    return np.asarray(np.sin(np.asarray(theta) / 2) ** 2 * np.sin(coupling * time) ** 2)


def eq24(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Mean of sigma_a^dag sigma_b as printed, a real number (Eq. 24)."""
    return np.asarray(-0.5 * np.sin(np.asarray(theta) / 2) ** 2 * np.sin(2 * coupling * time))


def eq24_corrected(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Mean of sigma_a^dag sigma_b: imaginary, the printed form times i."""
    return np.asarray(-0.5j * np.sin(np.asarray(theta) / 2) ** 2 * np.sin(2 * coupling * time))


def eq26(coupling: float, frequency: float) -> Array:
    """Dynamical matrix of the odd moments: (4, 4) (Eq. 26).

    `frequency` stands for the symbol omega_0 on the diagonal, which the paper does not define.
    """
    w, j = frequency, coupling
    rows = [[w, j, -2 * j, 0], [j, w, 0, -2 * j], [0, 0, w, -j], [0, 0, -j, w]]
    return np.array(rows, dtype=float)


def eq27(
    theta: Values, phi: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Array:
    """Mean of sigma_a (Eq. 27)."""
    phase = np.exp(1j * np.asarray(phi)) * np.exp(-1j * np.asarray(frequency * time))
    return np.asarray(0.5 * phase * np.sin(theta) * np.cos(coupling * time))


def eq28(
    theta: Values, phi: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Array:
    """Mean of sigma_b as printed (Eq. 28)."""
    phase = np.exp(1j * np.asarray(phi)) * np.exp(-1j * np.asarray(frequency * time))
    return np.asarray(-0.5 * phase * np.sin(theta) * np.sin(coupling * time))


def eq28_corrected(
    theta: Values, phi: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Array:
    """Mean of sigma_b: the printed form times i."""
    phase = np.exp(1j * np.asarray(phi)) * np.exp(-1j * np.asarray(frequency * time))
    return np.asarray(-0.5j * phase * np.sin(theta) * np.sin(coupling * time))


def eq29() -> tuple[float, float]:
    """Means of n_a sigma_b and n_b sigma_a (Eq. 29)."""
    return 0.0, 0.0


# Section 4: energetics


def eq30(theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Energy stored in the battery, lossless (Eq. 30)."""
    share = np.sin(np.asarray(theta) / 2) ** 2
    return np.asarray(frequency * share * np.sin(coupling * time) ** 2)


def eq31(coupling: Values = 1.0) -> Array:
    """Time of the highest stored energy (Eq. 31)."""
    return np.asarray(np.pi / (2 * coupling))


def eq32(theta: Values, frequency: Values = 1.0) -> Array:
    """Highest stored energy (Eq. 32)."""
    return np.asarray(frequency * np.sin(np.asarray(theta) / 2) ** 2)


def eq33(theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Charging power, lossless, for positive times (Eq. 33)."""
    share = np.sin(np.asarray(theta) / 2) ** 2
    return np.asarray(frequency * share * np.sin(coupling * time) ** 2 / time)


def eq34(coupling: Values = 1.0) -> Array:
    """Time of the highest power (Eq. 34)."""
    return np.asarray(A / coupling)


def eq35(theta: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Highest power (Eq. 35)."""
    return np.asarray(B * frequency * coupling * np.sin(np.asarray(theta) / 2) ** 2)


def eq36(theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Variance of the stored energy as printed, with sin^2(2 J t) in the bracket (Eq. 36)."""
    share, angle = np.sin(np.asarray(theta) / 2) ** 2, coupling * time
    return np.asarray(
        frequency**2 * share * np.sin(angle) ** 2 * (1 - share * np.sin(2 * angle) ** 2)
    )


def eq36_corrected(
    theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Array:
    """Variance of the stored energy: sin^2(J t) in the bracket too."""
    share, angle = np.sin(np.asarray(theta) / 2) ** 2, coupling * time
    return np.asarray(frequency**2 * share * np.sin(angle) ** 2 * (1 - share * np.sin(angle) ** 2))


def eq37(theta: Values, frequency: Values = 1.0) -> Array:
    """Spread (standard deviation) of the energy at its highest (Eq. 37)."""
    return np.asarray(frequency / 2 * np.sin(theta))


# Section 5: thermodynamics


def eq38(theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Ergotropy, lossless (Eq. 38)."""
    share, angle = np.sin(np.asarray(theta) / 2) ** 2, coupling * time
    root = np.sqrt(1 - share**2 * np.sin(2 * angle) ** 2)
    return np.asarray(frequency * (share * np.sin(angle) ** 2 - 0.5 * (1 - root)))


def eq39(time: Array, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Ergotropy from a full charger, first line (Eq. 39)."""
    angle = coupling * time
    return np.asarray(
        frequency * np.sin(angle) ** 2 - frequency / 2 * (1 - np.abs(np.cos(2 * angle)))
    )


def eq39_cases(time: Array, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Ergotropy from a full charger, case by case (Eq. 39)."""
    angle = coupling * time
    turns = np.mod(angle / np.pi, 1.0)
    positive = (turns > 0.25) & (turns < 0.75)
    return np.where(positive, -frequency * np.cos(2 * angle), 0.0)


def eq40(coupling: Values = 1.0) -> Array:
    """Time of the highest ergotropy (Eq. 40)."""
    return np.asarray(np.pi / (2 * coupling))


def eq41(theta: Values, frequency: Values = 1.0) -> Array:
    """Highest ergotropy (Eq. 41)."""
    return np.asarray(frequency * np.sin(np.asarray(theta) / 2) ** 2)


def eq42(coupling: float = 1.0) -> tuple[float, float]:
    """When the ergotropic power is highest, for theta to 0 and theta = pi (Eq. 42)."""
    return A / coupling, C / coupling


def eq44(coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Highest ergotropic power of a full charger (Eq. 44)."""
    return np.asarray(D * frequency * coupling)


# Section 6: mechanisms


def eq46(population: Array, coherence: Array) -> tuple[Array, Array]:
    """Inversion and coherence (Eq. 46); the argument `coherence` is the mean of sigma_b."""
    return population - 0.5, np.abs(coherence)


def eq47(inversion: Array, frequency: Values = 1.0) -> Array:
    """Energy stored in the battery (Eq. 47)."""
    return np.asarray(frequency * (0.5 + inversion))


def eq48(inversion: Array, coherence: Array, frequency: Values = 1.0) -> Array:
    """Passive state's energy (Eq. 48)."""
    return np.asarray(frequency * (0.5 - np.sqrt(inversion**2 + coherence**2)))


def eq49(inversion: Array, coherence: Array, frequency: Values = 1.0) -> Array:
    """Active state's energy (Eq. 49)."""
    return np.asarray(frequency * (0.5 + np.sqrt(inversion**2 + coherence**2)))


def eq50(inversion: Array, coherence: Array, frequency: Values = 1.0) -> Array:
    """Ergotropy (Eq. 50)."""
    return np.asarray(frequency * (inversion + np.sqrt(inversion**2 + coherence**2)))


def eq51(inversion: Array, coherence: Array, frequency: Values = 1.0) -> Array:
    """Antiergotropy (Eq. 51)."""
    return np.asarray(frequency * (inversion - np.sqrt(inversion**2 + coherence**2)))


def eq52(inversion: Array, coherence: Array, frequency: Values = 1.0) -> Array:
    """Capacity (Eq. 52)."""
    return np.asarray(2 * frequency * np.sqrt(inversion**2 + coherence**2))


def eq53(inversion: Array, frequency: Values = 1.0) -> Array:
    """Ergotropy without coherence (Eq. 53)."""
    return np.where(inversion > 0, 2 * frequency * inversion, 0.0)


def eq54(coherence: Array, frequency: Values = 1.0) -> Array:
    """Ergotropy at balanced populations (Eq. 54)."""
    return np.asarray(frequency * coherence)


def eq55(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Inversion of the battery, lossless (Eq. 55)."""
    return np.asarray(np.sin(np.asarray(theta) / 2) ** 2 * np.sin(coupling * time) ** 2 - 0.5)


def eq56(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Coherence, lossless (Eq. 56)."""
    return np.asarray(0.5 * np.sin(theta) * np.abs(np.sin(coupling * time)))


def eq57(theta: Values, time: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Capacity, lossless (Eq. 57)."""
    share = np.sin(np.asarray(theta) / 2) ** 2
    return np.asarray(frequency * np.sqrt(1 - share**2 * np.sin(2 * coupling * time) ** 2))


# Section 7: entanglement


def eq58(
    theta: Values,
    populations: tuple[Array, Array],
    coherences: tuple[Array, Array],
    exchange: Array,
) -> Array:
    """State of the pair in the order 00, 10, 01, 11: (..., 4, 4) (Eq. 58).

    Populations and coherences (means of sigma) are the charger's and the battery's; `exchange` is
    the mean of sigma_a^dag sigma_b.
    """
    (na, nb), (a, b) = populations, coherences
    ground = np.cos(np.asarray(theta) / 2) ** 2
    return _matrix(
        [
            [ground, np.conj(a), np.conj(b), 0.0],
            [a, na, np.conj(exchange), 0.0],
            [b, exchange, nb, 0.0],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )


def eq59(theta: Values, time: Values, coupling: Values = 1.0) -> Array:
    """Concurrence, lossless (Eq. 59)."""
    return np.asarray(np.sin(np.asarray(theta) / 2) ** 2 * np.abs(np.sin(2 * coupling * time)))


# Formulas that stand elsewhere

eq43 = approximations.ergotropic_power_time
eq45 = approximations.ergotropic_power_max
eq60 = printed_loss.eq60
eq60_corrected = printed_loss.eq60_corrected
eq61 = printed_loss.eq61
eq62 = printed_loss.eq62
eq63 = printed_loss.eq63
eq64 = printed_loss.eq64
eq65 = approximations.energy_time
eq66 = approximations.energy_max
eq67 = approximations.power_time
eq68 = approximations.power_max
eq69_f = printed_loss.eq69_f
eq69 = printed_loss.eq69
eq70 = printed_loss.eq70
