"""Batteries that a field or a bath charges without a charger between."""

from __future__ import annotations

from functools import cache, partial
from math import inf, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 6, 25)
BY_FORCE = "independent: Kronecker products and exact exponentials"

# --- spins that interact -------------------------------------------------------------------------

LE = "Le et al., Phys. Rev. A 97, 022106 (2018)"


@cache
def _spins_by_force(anisotropy: float, power: float) -> tuple[Any, Any]:
    moving, battery = brute_force.chain_of_spins(4, 1.3, 0.6, 0.8, anisotropy, power)
    down = np.eye(16)[0]
    return brute_force.last(brute_force.kets(moving, down, TIMES), 16), battery


def _spin_energy(anisotropy: float, power: float) -> Any:
    rho, battery = _spins_by_force(anisotropy, power)
    return brute_force.energy(rho, battery) - np.linalg.eigvalsh(battery)[0]


def _spins(anisotropy: float, power: float) -> Any:
    chain = models.spin_chain(
        cells=4, field=1.3, drive=0.6, coupling=0.8, anisotropy=anisotropy, range=power
    )
    return curve(chain, {}, TIMES)


def _highest() -> float:
    """The highest sin^2(x) / x: tan x = 2 x."""
    from scipy.optimize import brentq

    x = float(brentq(lambda y: np.tan(y) - 2 * y, 1.0, 1.3, xtol=1e-15))
    return float(np.sin(x)) ** 2 / x


def _draw_spins(axes: Axes) -> None:
    times = np.linspace(0, 2.2, 111)
    for k, alpha in enumerate((1.0, 0.5, 0.0)):
        chain = models.spin_chain(cells=6, coupling=0.5, anisotropy=alpha, range=1.0)
        line(axes, k, times, curve(chain, {}, times, "power") / 6, rf"$\alpha={alpha:g}$")
    finish(axes, r"time $\Omega t$",
           r"power of a cell $P/(nB\Omega)$", columns=3)  # fmt: skip


_SPINS = Entry(
    "spin_chain",
    "Spins that interact: only unlike couplings change the power",
    [
        *(
            Result(f"energy (B), 6 spins, alpha = 1, g = 0.3, 0.5, 2 B, {words}",
                   partial(curve, models.spin_chain(
                       cells=6, coupling=[0.3, 0.5, 2.0], anisotropy=1.0, range=power), {}, TIMES),
                   lambda: 12 * np.sin(TIMES) ** 2,
                   f"exact: 2 n B sin^2(om t) at any coupling: the spins turn as one; {LE}", 1e-11)
            for power, words in ((inf, "nearest neighbours"), (1.0, "g_ij falling as 1/|i - j|"))
        ),
        Result("highest power (B om), 6 spins, alpha = 1",
               lambda: peak(lambda t: curve(models.spin_chain(cells=6, anisotropy=1.0), {}, t,
                                            "power"), 0.5, 2.0)[1],
               lambda: 12 * _highest(), "exact: that of spins apart, 2 n B om times 0.7246, the "
               "highest sin^2(x)/x", 1e-11),
        *(
            Result(f"energy (om = 0.6, B = 1.3, g = 0.8), 4 spins, alpha = {alpha}, {words}",
                   partial(_spins, alpha, power), partial(_spin_energy, alpha, power),
                   BY_FORCE, 1e-11)
            for alpha, power, words in (
                (0.0, inf, "nearest neighbours"),
                (0.5, 2.0, "g_ij falling as 1/|i - j|^2"),
                (-0.4, 0.0, "all coupled alike"),
            )
        ),
    ],
    _draw_spins,
    r"6 spins in their ground state; $g_{ij}=\Omega/2|i-j|$",
)  # fmt: skip

# --- a ladder of three levels --------------------------------------------------------------------

HU = "Hu et al., Quantum Sci. Technol. 7, 045018 (2022)"
RAMP = 8.0


def _ladder() -> Any:
    """Energy of the qutrit under 0.6 and 0.8 (the root of the squares is 1)."""
    return (0.6 * np.sin(TIMES)) ** 2 + 1.95 * (0.96 * np.sin(TIMES / 2) ** 2) ** 2


def _draw_qutrit(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi, 241)
    for k, (one, two) in enumerate(((1.0, 1.0), (0.6, 1.0), (1.0, 0.6))):
        values = curve(models.qutrit(drives=(one, two)), {}, times)
        line(axes, k, times, values, rf"$\Omega_1={one:g}\omega$, $\Omega_2={two:g}\omega$")
    finish(axes, r"time $\omega t$", r"energy $E/\omega$")


_QUTRIT = Entry(
    "qutrit",
    "A ladder of three levels: full only under equal fields",
    [
        Result("energy (w), O1 = 0.6, O2 = 0.8, 25 times",
               lambda: curve(models.qutrit(drives=(0.6, 0.8)), {}, TIMES), _ladder,
               "exact: p1 = (O1/Om)^2 sin^2(Om t), p2 = [(2 O1 O2/Om^2) sin^2(Om t/2)]^2, "
               f"Om = hypot(O1, O2); {HU}", 1e-12),
        Result("energy (w) at O t = pi / sqrt(2), equal drives",
               lambda: curve(models.qutrit(drives=(1.0, 1.0)), {}, pi / sqrt(2)), 1.95,
               "exact: full, the energy of the third level", 1e-12),
        Result("ergotropy (w), O1 = 0.6, O2 = 0.8, 25 times",
               lambda: curve(models.qutrit(drives=(0.6, 0.8)), {}, TIMES, "ergotropy"), _ladder,
               "exact: all energy, the state is pure", 1e-12),
    ],
    _draw_qutrit,
    "battery empty",
)  # fmt: skip


def _ramped(strength: float, length: float, times: Any) -> Any:
    """Energy under a sine ramp on the lower step and a cosine ramp on the upper one."""

    def rise(t: Any) -> Any:
        return np.sin(pi * t / (2 * length))

    def fall(t: Any) -> Any:
        return np.cos(pi * t / (2 * length))

    return curve(models.qutrit(drives=((strength, rise), (strength, fall))), {}, times)


def _ramped_by_hand(strength: float, length: float, times: Any) -> Any:
    """In the frame that turns with the ramps the two fields stand still: a turn about one axis."""
    turn = pi / (2 * length)
    rate = np.hypot(strength, turn)
    dark = 1 - (turn / rate) ** 2 * (1 - np.cos(rate * times))
    bright = turn / rate * np.sin(rate * times)
    middle = strength * turn / rate**2 * (1 - np.cos(rate * times))
    top = np.cos(turn * times) * bright - np.sin(turn * times) * dark
    return middle**2 + 1.95 * top**2


def _draw_stirap(axes: Axes) -> None:
    share = np.linspace(0, 1, 161)
    for k, length in enumerate((2.0, 5.0, 20.0)):
        values = _ramped(1.0, length, share * length)
        line(axes, k, share, values, rf"$\Omega T={length:g}$")
    line(axes, 6, share, 1.95 * np.sin(pi * share / 2) ** 2, r"$\Omega T\to\infty$", linewidth=0.9)
    finish(axes, "time $t/T$ of the ramps", r"energy $E/\omega$", where="upper left")


_STIRAP = Entry(
    "qutrit_ramps",
    "Slow ramps carry the charge past the middle level",
    [
        Result(f"energy (w), O = {strength:g} w, sine and cosine ramps of 8/w, 33 times",
               partial(_ramped, strength, RAMP, np.linspace(0, RAMP, 33)),
               partial(_ramped_by_hand, strength, RAMP, np.linspace(0, RAMP, 33)),
               "exact: the fields stand still in the frame that turns with the ramps at "
               f"pi/(2 T); {HU}", 1e-9)
        for strength in (0.5, 2.0)
    ],
    _draw_stirap,
    "battery empty",
)  # fmt: skip

# --- a classical field ---------------------------------------------------------------------------

CRESCENTE = "Crescente et al., New J. Phys. 22, 063057 (2020)"


def _bell(times: Any) -> Any:
    return np.exp(-((times - 3) ** 2) / 2)


def _bell_angle() -> Any:
    """The field's area so far."""
    from scipy.special import erf

    return sqrt(pi / 2) * (erf((TIMES - 3) / sqrt(2)) + erf(3 / sqrt(2)))


def _draw_classical(axes: Axes) -> None:
    angles = np.linspace(0, 4 * pi, 401)
    for k, amplitude in enumerate((0.2, 1.0, 3.0)):
        values = curve(models.classical_drive(amplitude=amplitude), {}, angles / amplitude)
        line(axes, k, angles, values, rf"$A={amplitude:g}\,\Delta$")
    line(axes, 6, angles, np.sin(angles / 4) ** 2, "rotating wave", linewidth=0.9)
    finish(axes, "time $At$", r"energy of a cell $E/\Delta$")


_CLASSICAL = Entry(
    "classical_drive",
    "A field without charger: strong ones outrun the rotating wave",
    [
        Result("energy (D), 5 cells, A = 1, rotating wave, 25 times",
               lambda: curve(models.classical_drive(cells=5, amplitude=1.0, rotating_wave=True),
                             {}, TIMES),
               lambda: 5 * np.sin(TIMES / 4) ** 2,
               f"exact: N D sin^2(A t / 4), cells apart; {CRESCENTE}", 1e-12),
        Result("energy (D), A = 1, rotating wave, a bell of unit width",
               lambda: curve(models.classical_drive(
                   amplitude=1.0, envelope=_bell, rotating_wave=True), {}, TIMES),
               lambda: np.sin(_bell_angle() / 4) ** 2,
               "exact: D sin^2 of a quarter of the area of A f(t)", 1e-10),
        Result("energy (D), 5 cells, A = 1, whole cosine, 25 times",
               lambda: curve(models.classical_drive(cells=5, amplitude=1.0), {}, TIMES),
               lambda: 5 * brute_force.in_the_laboratory(1.0, TIMES),
               "independent: SciPy's solve_ivp in the laboratory's frame", 1e-9),
        Result("ergotropy (D), 5 cells, A = 1, whole cosine, 25 times",
               lambda: curve(models.classical_drive(cells=5, amplitude=1.0), {}, TIMES,
                             "ergotropy"),
               lambda: 5 * brute_force.in_the_laboratory(1.0, TIMES),
               "independent: the energy above: no charger, no correlations, all of it is work",
               1e-9),
    ],
    _draw_classical,
    "cells empty",
)  # fmt: skip

# --- a bath that all cells share -----------------------------------------------------------------

CAKMAK = "Cakmak, Phys. Rev. E 102, 042111 (2020)"
HEAT = np.array([0.2, 1.0, 5.0])


def _steady(measure: str, cells: int, occupation: Any, late: float = 60.0) -> Any:
    bath = models.collective_bath(cells=cells, occupation=occupation)
    return curve(bath, {}, late, measure)


def _geometric(cells: int) -> Any:
    """Work of populations x^k on the ladder: all but the first go to the N first levels."""
    x = np.multiply.outer(HEAT / (1 + HEAT), np.ones(cells + 1))
    weights = np.cumprod(x, axis=1) / x
    return weights @ np.maximum(np.arange(cells + 1) - 1, 0) / weights.sum(axis=1)


def _hot() -> Any:
    return models.collective_bath(occupation=1e5, loss=1e-5)


def _bath_by_force() -> Any:
    dims = (2, 2)
    lower = sum(brute_force.embed(brute_force.lower(2), k, dims) for k in range(2))
    jumps = [sqrt(1.7) * lower, sqrt(0.7) * lower.T]
    h = np.diag([0.0, 1.0, 1.0, 2.0])
    return brute_force.work(brute_force.densities(h, jumps, brute_force.empty(4), TIMES), h)


def _draw_bath(axes: Axes) -> None:
    occupation = np.geomspace(0.05, 20, 60)
    for k, cells in enumerate((1, 2, 4, 8)):
        bath = models.collective_bath(cells=cells, occupation=occupation)
        line(axes, k, occupation, curve(bath, {}, 60.0, "ergotropy") / cells, f"$N={cells}$")
    axes.set_xscale("log")
    finish(axes, r"mean occupation $\bar n$ of the bath", r"work of a cell $\mathcal{E}/(N\omega)$",
           columns=2, where="upper left")  # fmt: skip


_BATH = Entry(
    "collective_bath",
    "Heat that the cells share becomes work",
    [
        Result("late ergotropy (w), 2 cells, bath of mean 0.2, 1, 5",
               lambda: _steady("ergotropy", 2, HEAT),
               lambda: HEAT**2 / ((1 + HEAT) ** 2 + HEAT * (1 + HEAT) + HEAT**2),
               f"exact: w x^2/(1 + x + x^2), x = n/(n + 1); {CAKMAK}", 1e-11),
        Result("late ergotropy over energy, 2 cells, bath of mean 10^5",
               lambda: (curve(_hot(), {}, 60.0, "ergotropy") / curve(_hot(), {}, 60.0)),
               1e5 / (1 + 3e5), "exact: x/(1 + 2 x) = n/(1 + 3 n), near 1/3, the most", 1e-12),
        Result("late ergotropy (w), 7 cells, bath of mean 0.2, 1, 5",
               lambda: _steady("ergotropy", 7, HEAT), lambda: _geometric(7),
               "exact: sum of (k - 1) p_k over k > 1, p_k geometric on the ladder", 1e-10),
        Result("ergotropy (w), 2 cells, bath of mean 0.7, 25 times",
               lambda: curve(models.collective_bath(occupation=0.7), {}, TIMES, "ergotropy"),
               _bath_by_force, "independent: each cell apart, Kronecker products and matrix "
               "exponentials", 1e-13),
    ],
    _draw_bath,
    r"cells empty at first; long after, $\gamma t=60$",
)  # fmt: skip

ENTRIES = (_SPINS, _QUTRIT, _STIRAP, _CLASSICAL, _BATH)
