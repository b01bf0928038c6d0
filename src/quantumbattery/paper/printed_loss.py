"""The right-hand sides of the paper's Section 8, a lossy charger, exactly as they are printed.

See `printed` for what these transcriptions are for. They are stated for gamma < 4 J; with a complex
coupling (`coupling + 0j`) the same lines continue past it.

Examples
--------
>>> float(eq62(np.pi, 1.0, 0.5).round(6)), float(eq70(np.pi, 1.0, 0.5).round(6))
(0.554539, 0.109078)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Values = float | Array


def eq60(rho: Array, h: Array, jump: Array, loss: float) -> Array:
    """Rate of change of a state as printed: the last two terms are the same (Eq. 60).

    `rho` is (..., d, d), `h` and the real matrix `jump`, the lowering operator, are (d, d).
    """
    number = jump.T @ jump
    loss_terms = 2 * jump @ rho @ jump.T - number @ rho - number @ rho
    return np.asarray(-1j * (h @ rho - rho @ h) + loss / 2 * loss_terms)


def eq60_corrected(rho: Array, h: Array, jump: Array, loss: float) -> Array:
    """Rate of change of a state, with the number operator once on each side."""
    number = jump.T @ jump
    loss_terms = 2 * jump @ rho @ jump.T - number @ rho - rho @ number
    return np.asarray(-1j * (h @ rho - rho @ h) + loss / 2 * loss_terms)


def eq61(loss: Values, coupling: Values = 1.0) -> Array:
    """Frequency G of the damped exchange (Eq. 61)."""
    return np.asarray(np.sqrt(coupling**2 - (loss / 4) ** 2))


def eq62(
    theta: Values,
    time: Values,
    loss: Values,
    coupling: Values = 1.0,
    frequency: Values = 1.0,
) -> Array:
    """Energy stored with loss, gamma < 4 J (Eq. 62)."""
    g = eq61(loss, coupling)
    share = np.sin(np.asarray(theta) / 2) ** 2
    swing = (coupling / g) ** 2 * np.sin(g * time) ** 2
    return np.asarray(frequency * share * swing * np.exp(-loss * time / 2))


def eq63(loss: Values, coupling: Values = 1.0) -> Array:
    """Time of the highest stored energy with loss, 0 < gamma < 4 J (Eq. 63)."""
    g = eq61(loss, coupling)
    return np.asarray(np.arctan(4 * g / loss) / g)


def eq64(theta: Values, loss: Values, coupling: Values = 1.0, frequency: Values = 1.0) -> Array:
    """Highest stored energy with loss, 0 < gamma < 4 J (Eq. 64)."""
    g = eq61(loss, coupling)
    share = np.sin(np.asarray(theta) / 2) ** 2
    return np.asarray(frequency * share * np.exp(-loss / (2 * g) * np.arctan(4 * g / loss)))


def eq69_f(time: Values, loss: Values, coupling: Values = 1.0) -> Array:
    """Dynamical function f, gamma < 4 J (Eq. 69)."""
    g = eq61(loss, coupling)
    return np.asarray(coupling / g * np.sin(g * time) * np.exp(-loss * time / 4))


def eq69(
    theta: Values,
    time: Values,
    loss: Values,
    coupling: Values = 1.0,
    frequency: Values = 1.0,
) -> Array:
    """Ergotropy with loss, gamma < 4 J (Eq. 69)."""
    f2 = eq69_f(time, loss, coupling) ** 2
    share = np.sin(np.asarray(theta) / 2) ** 2
    root = np.sqrt(1 - 4 * share**2 * f2 * (1 - f2))
    return np.asarray(frequency * (share * f2 - 0.5 * (1 - root)))


def eq70(
    theta: Values,
    time: Values,
    loss: Values,
    coupling: Values = 1.0,
    frequency: Values = 1.0,
) -> Array:
    """Capacity with loss, gamma < 4 J (Eq. 70)."""
    f2 = eq69_f(time, loss, coupling) ** 2
    share = np.sin(np.asarray(theta) / 2) ** 2
    return np.asarray(frequency * np.sqrt(1 - 4 * share**2 * f2 * (1 - f2)))
