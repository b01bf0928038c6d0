"""References for oscillators: their positions and momenta, in plain NumPy and SciPy.

Nothing of this library is used here, so that a result may be held against it. Quadratures are in
the order x, p of the first oscillator, x, p of the second and so on, a = (x + i p) / sqrt(2), and
covariances those of symmetric order: 1/2 of the vacuum. For an energy z^T H z / 2 with losses g to
baths of mean N they obey

    z' = A z + f,  V' = A V + V A^T + D,  A = (the symplectic matrix) H - g/2,  D = g (N + 1/2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

POSITION, MOMENTUM = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])


def drift(form: Any, losses: Sequence[float]) -> Any:
    """A of an energy z^T form z / 2, with the loss of each oscillator."""
    turn = np.kron(np.eye(len(losses)), [[0, 1], [-1, 0]])
    return turn @ form - np.diag(np.repeat(losses, 2)) / 2


def noise(losses: Sequence[float], occupations: Sequence[float]) -> Any:
    """D of these losses to baths of these mean occupations."""
    return np.diag(np.repeat(np.multiply(losses, np.add(occupations, 0.5)), 2))


def integrated(
    a: Any, d: Any, force: Callable[[float], Any], times: Any, start: tuple[Any, Any] | None = None
) -> tuple[Any, Any]:
    """Means (time, n) and covariances (time, n, n) by steps in time, SciPy's DOP853.

    From a mean and a covariance, by default those of the vacuum; A, D and the force may be of the
    laboratory or of a frame that turns.
    """
    from scipy.integrate import solve_ivp

    n = len(a)
    mean, spread = (np.zeros(n), np.eye(n) / 2) if start is None else start

    def change(t: float, z: Any) -> Any:
        half = a @ z[n:].reshape(n, n) + d / 2
        return np.concatenate([a @ z[:n] + force(t), (half + half.T).reshape(-1)])

    first = np.concatenate([mean, np.reshape(spread, -1)])
    solved = solve_ivp(change, (0, times[-1]), first, "DOP853", times, rtol=1e-13, atol=1e-14)
    return solved.y[:n].T, solved.y[n:].T.reshape(-1, n, n)


def moved(a: Any, d: Any, times: Any, start: tuple[Any, Any]) -> tuple[Any, Any]:
    """The same without a force, by matrix exponentials and Lyapunov's equation.

    What everything settles in, W with A W + W A^T = -D, takes part in the motion of the
    differences, V - W = e^{A t} (V(0) - W) e^{A^T t}: A must have no mode that loses nothing.
    """
    from scipy.linalg import expm, solve_continuous_lyapunov

    mean, spread = start
    settled = solve_continuous_lyapunov(a, -d)
    means, spreads = [], []
    for t in times:
        move = expm(a * t)
        means.append(move @ mean)
        spreads.append(move @ (spread - settled) @ move.T + settled)
    return np.stack(means), np.stack(spreads)


def energy(mean: Any, spread: Any) -> Any:
    """Of one oscillator above its ground state (w = 1), from x and p: (..., 2) and (..., 2, 2)."""
    return ((mean**2).sum(-1) + np.trace(spread, axis1=-2, axis2=-1) - 1) / 2


def work(mean: Any, spread: Any) -> Any:
    """Its ergotropy: what is passive has the same area, but is round."""
    return energy(mean, spread) - np.sqrt(np.linalg.det(spread)) + 0.5


def last(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """Mean and covariance of the last oscillator."""
    mean, spread = found
    return mean[..., -2:], spread[..., -2:, -2:]


def pumped_pair(
    times: Any, drive: float, loss: float = 0.0, occupation: float = 0.0, squeezing: float = 0.0
) -> tuple[Any, Any]:
    """An oscillator that a pumped one charges, in the laboratory frame (g = w = 1).

    H = a^dag a + b^dag b + a^dag b + b^dag a + drive (a e^{it} + h.c.): the exchange is x X + p P,
    the field sqrt(2) drive (x cos t - p sin t). The squeezing (a^2 e^{2it} + h.c.)/2 is constant
    only in the frame that turns, where w is 0; there the field is sqrt(2) drive x.
    """
    turning = squeezing != 0
    form = np.kron([[0, 1], [1, 0]], np.eye(2)) + (0 if turning else np.eye(4))
    form[:2, :2] += squeezing * (POSITION - MOMENTUM)
    strength = np.sqrt(2) * drive

    def force(t: float) -> Any:
        turned = 0.0 if turning else t
        return -strength * np.array([np.sin(turned), np.cos(turned), 0, 0])

    rates, baths = [loss, 0.0], [occupation, 0.0]
    return last(integrated(drift(form, rates), noise(rates, baths), force, times))


def line(oscillators: int, losses: Sequence[float]) -> Any:
    """A of a line whose neighbours exchange quanta at the rate 1, in the turning frame."""
    hop = np.eye(oscillators, k=1) + np.eye(oscillators, k=-1)
    return drift(np.kron(hop, np.eye(2)), losses)


# --- on levels -----------------------------------------------------------------------------------


def on_levels(generators: Sequence[Any], warmth: float) -> tuple[float, float]:
    """Energy and its variance after each exp(-i generator) in turn, of an oscillator that was warm.

    By definition, from the populations; a generator (levels, levels) is the Hamiltonian times the
    time, and w = 1.
    """
    from scipy.linalg import expm

    quanta = np.arange(float(len(generators[0])))
    weights = (warmth / (1 + warmth)) ** quanta / (1 + warmth)
    turn: Any = np.eye(len(quanta))
    for generator in generators:
        turn = expm(-1j * generator) @ turn
    after = np.abs(turn) ** 2 @ weights
    mean = float(after @ quanta)
    return mean, float(after @ (quanta - mean) ** 2)
