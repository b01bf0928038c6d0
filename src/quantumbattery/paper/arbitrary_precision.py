"""The same evidence in arbitrary precision, for constants and leading orders.

The master equation for J = omega_b = 1 is summed as its own Taylor series on the full density
vector, to as many digits as mpmath is asked for; optima are roots of the rate of change. Only the
generator's matrix comes from `evidence`, where its entries are small integers and halves and so
exact.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from quantumbattery.paper import evidence

DIGITS = 30


def _rows() -> list[list[tuple[int, complex, float]]]:
    """Nonzero entries of the generator, row by row: column, unitary part, part per unit loss."""
    one = np.array(1.0)
    unitary = evidence.liouvillian(evidence.Pairs(one, one, one, one, 0 * one))
    jump = (evidence.liouvillian(evidence.Pairs(one, one, one, one, one)) - unitary).real
    return [
        [(k, complex(u[k]), float(d[k])) for k in range(16) if u[k] or d[k]]
        for u, d in zip(unitary, jump, strict=True)
    ]


def density(theta: Any, loss: Any, time: Any) -> tuple[list[Any], list[Any]]:
    """State and its rate of change, as row-major lists of 16 mpmath numbers.

    Parameters
    ----------
    theta, loss, time
        Bloch angle in rad, gamma / J and J t, as mpmath numbers or decimal strings.
        The azimuth is zero, J = omega_b = 1.

    Examples
    --------
    >>> rho, _ = density("3.0", "0.5", "1.0")
    >>> abs(sum(rho[k] for k in (0, 5, 10, 15)) - 1) < 1e-30
    True
    """
    from mpmath import mp, mpc, mpf

    with mp.workdps(DIGITS):
        loss, time, half = mpf(loss), mpf(time), mpf(theta) / 2
        generator = [[(k, mpc(u) + loss * mpf(d)) for k, u, d in row] for row in _rows()]

        def act(vector: list[Any]) -> list[Any]:
            return [mp.fsum(c * vector[k] for k, c in row if vector[k]) for row in generator]

        term = [mpc(0)] * 16
        term[0], term[10] = mp.cos(half) ** 2, mp.sin(half) ** 2
        term[2] = term[8] = mp.cos(half) * mp.sin(half)
        total, order = list(term), 0
        while max(map(abs, term)) > mp.eps / 100:
            order += 1
            term = [time / order * x for x in act(term)]
            total = [x + y for x, y in zip(total, term, strict=True)]
        return total, act(total)


def _battery(vector: list[Any]) -> Any:
    """Trace the charger out of a density vector: a 2x2 mpmath matrix."""
    from mpmath import mp

    return mp.matrix([[vector[4 * i + j] + vector[4 * i + j + 10] for j in (0, 1)] for i in (0, 1)])


def merit(theta: Any, loss: Any, time: Any, quantity: str) -> tuple[Any, Any]:
    """Energy, ergotropy or one of their powers and its rate of change (J = omega_b = 1)."""
    from mpmath import mp

    with mp.workdps(DIGITS):
        state, change = map(_battery, density(theta, loss, time))
        value, rate = state[1, 1].real, change[1, 1].real
        if quantity.startswith("ergotrop"):
            spectrum, vectors = mp.eighe(state)
            lowest = vectors[:, 0]
            value, rate = value - spectrum[0], rate - (lowest.H * change * lowest)[0].real
        if quantity.endswith("power"):
            value, rate = value / time, (rate - value / time) / time
        return value, rate


@cache
def optimum(theta: str, loss: str, quantity: str) -> tuple[Any, Any]:
    """Time and height of the first maximum, to about 25 digits (J = omega_b = 1).

    The double-precision optimum of `evidence` is polished by the secant rule on the rate of change.

    Parameters
    ----------
    theta, loss
        Bloch angle in rad, or "pi", and gamma / J, as decimal strings.
    quantity
        "energy", "ergotropy", "power" or "ergotropic_power".

    Examples
    --------
    >>> time, energy = optimum("3.0", "0", "energy")
    >>> import mpmath
    >>> abs(time - mpmath.mp.pi / 2) < 1e-15
    True
    """
    from mpmath import mp, mpf

    with mp.workdps(DIGITS):
        angle = +mp.pi if theta == "pi" else mpf(theta)
        # Doubles cannot resolve the ergotropy at a tiny angle; a small one is near enough to start.
        rough = (max(float(angle), 0.01), 0.0, 1.0, 1.0, float(loss))
        pair = evidence.Pairs(*(np.array([x]) for x in rough))
        start = mpf(float(evidence.optimum(pair, quantity)[0][0]))

        def rate(time: Any) -> Any:
            return merit(angle, loss, time, quantity)[1]

        step = mpf("1e-12") if float(angle) > 0.01 else mpf("1e-5")
        before, time, old = start, start + step, rate(start)
        while abs(time - before) > mpf(10) ** (-0.7 * DIGITS):
            new = rate(time)
            before, time, old = time, time - new * (time - before) / (new - old), new
        return time, merit(angle, loss, time, quantity)[0]


def constants() -> dict[str, Any]:
    """Find the paper's A, B, C, D, K, L as properties of the dynamics: mpmath numbers.

    A, C: times of the highest power and of the highest ergotropic power of a full charger; B, D:
    their heights; K, L: how those times move with loss, from differences over +-1e-9 (a negative
    rate is unphysical, yet the equations do not mind, and the error falls to the second order).

    Examples
    --------
    >>> sorted(constants())
    ['A', 'B', 'C', 'D', 'K', 'L']
    """
    from mpmath import mp, mpf

    with mp.workdps(DIGITS):
        a, b = optimum("pi", "0", "power")
        c, d = optimum("pi", "0", "ergotropic_power")
        later, sooner = (optimum("pi", rate, "power")[0] for rate in ("-1e-9", "1e-9"))
        # G differs from J by a part in 1e19 here, so K and A L are the same number.
        shift = (later - sooner) / mpf("2e-9")
        return {"A": a, "B": b, "C": c, "D": d, "K": shift, "L": shift / a}
