"""A field pumps a charger, and a qubit is charged: what loss, heat and noise do to its work."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 6, 13)
LATE = 400.0
FARINA = "Farina et al., Phys. Rev. B 99, 035421 (2019)"
BY_FORCE = "independent: Kronecker products and matrix exponentials in the turning frame"

# --- two qubits ----------------------------------------------------------------------------------

BEST_DRIVE = sqrt(2 + 2 * sqrt(2)) / 2
BEST_WORK = (sqrt(2) - 1) / 2


@cache
def _qubits_by_force(
    drive: float, loss: float, occupation: float, dephasing: float, times: Any
) -> Any:
    h, jumps = brute_force.driven((2, 2), drive, loss, occupation, dephasing)
    return brute_force.last(brute_force.densities(h, jumps, brute_force.empty(4), times), 2)


def _by_force(measure: str, times: Any, *rates: float) -> Any:
    rho, gap = _qubits_by_force(*rates, tuple(times)), np.diag([0.0, 1.0])
    return brute_force.energy(rho, gap) if measure == "energy" else brute_force.work(rho, gap)


def _bad_charger(drives: Any) -> Any:
    """Late ergotropy for a loss without end: two more terms in 1 / g_a^2 are taken away."""
    found = [
        curve(models.driven_qubit_pair(drive=drives, charger_loss=loss), {}, 14 * loss, "ergotropy")
        for loss in (70.0, 140.0, 280.0)
    ]
    return (found[0] - 20 * found[1] + 64 * found[2]) / 45


def _settled(drives: Any) -> Any:
    """Of a qubit with field g F' and loss g' = 2 g F'/F: u^2 = 1 + 4 (F/g)^2."""
    u = np.sqrt(1 + 4 * np.asarray(drives) ** 2)
    return (u - 1) / (u**2 + 1)


def _steady(read: Callable[[Any, Any], Any]) -> Any:
    """Energy or work of the battery that no longer changes."""
    settled = brute_force.settled(*brute_force.driven((2, 2), 0.7, 0.5, 0.3, 0.0))
    return read(brute_force.last(settled[None], 2)[0], np.diag([0.0, 1.0]))


def _heated(occupation: float) -> float:
    pair = models.driven_qubit_pair(drive=4.0, charger_loss=1.0, occupation=occupation)
    return float(curve(pair, {}, LATE, "ergotropy"))


def _draw_qubits(axes: Axes) -> None:
    drives = np.linspace(0, 3, 61)
    for k, loss in enumerate((1.0, 4.0, 16.0)):
        pair = models.driven_qubit_pair(drive=drives, charger_loss=loss)
        values = curve(pair, {}, 200.0, "ergotropy")
        line(axes, k, drives, values, rf"$\gamma/g={loss:g}$")
    line(axes, 3, drives, _settled(drives), r"$\gamma\to\infty$")
    highest = np.full_like(drives, BEST_WORK)
    line(axes, 7, drives, highest, r"$(\sqrt{2}-1)/2$, the highest", linewidth=0.8, linestyle="-")
    finish(axes, "drive $F/g$", r"late ergotropy $\mathcal{E}/\omega$", columns=3)


_QUBITS = Entry(
    "driven_qubit_pair",
    "A driven pair of qubits: the leakier charger leaves more work",
    [
        *(
            Result(f"{measure} (w), F = 0.7 g, loss 0.5 g, bath of mean 0.3, dephasing 0.2 g",
                   partial(curve, models.driven_qubit_pair(
                       drive=0.7, charger_loss=0.5, occupation=0.3, dephasing=0.2),
                       {}, TIMES, measure),
                   partial(_by_force, measure, TIMES, 0.7, 0.5, 0.3, 0.2), BY_FORCE, 1e-13)
            for measure in ("energy", "ergotropy")
        ),
        Result("late ergotropy (w), F/g = 0.3, 1, 1.5, loss without end",
               lambda: _bad_charger([0.3, 1.0, 1.5]), lambda: _settled([0.3, 1.0, 1.5]),
               "exact: w (u - 1) / (u^2 + 1), u^2 = 1 + 4 (F/g)^2: a qubit with field and loss "
               "2 g F/g_a and 4 g^2/g_a; ours from g_a = 70, 140 and 280 g", 1e-9),
        Result("highest late ergotropy (w)",
               lambda: peak(_bad_charger, 0.9, 1.3)[1], BEST_WORK,
               f"exact: (sqrt 2 - 1)/2, at u = 1 + sqrt 2; printed 0.207 in {FARINA}", 1e-9),
        Result("drive F/g of the highest late ergotropy",
               lambda: peak(_bad_charger, 0.9, 1.3)[0], BEST_DRIVE,
               "exact: sqrt(2 + 2 sqrt 2)/2 = 1.0987; printed 1.09, cut off and not rounded; a "
               "flat top gives half of the digits", 1e-5),
        *(
            Result(f"late {measure} (w), F = 0.7 g, loss 0.5 g, bath of mean 0.3",
                   partial(curve, models.driven_qubit_pair(
                       drive=0.7, charger_loss=0.5, occupation=0.3), {}, LATE, measure),
                   partial(_steady, read),
                   "independent: the steady state by a linear solve of the Lindblad equation",
                   1e-12)
            for measure, read in (("energy", brute_force.energy), ("ergotropy", brute_force.work))
        ),
        Result("late energy (w), no drive, bath of mean 0.5 and 2",
               lambda: curve(models.driven_qubit_pair(
                   drive=0.0, charger_loss=1.0, occupation=[0.5, 2.0]), {}, LATE),
               [0.25, 0.4], "exact: w N/(2 N + 1), the bath's temperature", 1e-11),
        Result("late ergotropy (w) that heat of mean 2 adds, F = 4 g, loss g",
               lambda: _heated(2.0) - _heated(0.0),
               lambda: (_by_force("ergotropy", [LATE], 4.0, 1.0, 2.0, 0.0)
                        - _by_force("ergotropy", [LATE], 4.0, 1.0, 0.0, 0.0)),
               f"{BY_FORCE}; above zero: beyond the best drive heat raises the work", 1e-10),
    ],
    _draw_qubits,
    r"charger and battery empty at first; long after, $gt=200$",
)  # fmt: skip

# --- dephasing alone -----------------------------------------------------------------------------

NOISE = [0.3, 1.0, 3.0]


def _noisy(drive: Any, measure: str) -> Any:
    return curve(models.driven_qubit_pair(drive=drive, dephasing=NOISE), {}, 600.0, measure)


def _draw_dephased(axes: Axes) -> None:
    times = np.linspace(0, 40, 401)
    for k, noise in enumerate((0.0, 0.1, 0.5, 3.0)):
        values = curve(models.driven_qubit_pair(dephasing=noise), {}, times, "ergotropy")
        look = {"linewidth": 0.6} if k == 0 else {}
        line(axes, k, times, values, rf"$\kappa/g={noise:g}$", **look)
    finish(axes, "time $gt$", r"ergotropy $\mathcal{E}/\omega$", columns=4)


_DEPHASED = Entry(
    "dephased_charging",
    "Noise on the charger steadies the work, however strong",
    [
        Result("late energy (w), F = 0.5 g, dephasing 0.3, 1, 3 g", lambda: _noisy(0.5, "energy"),
               0.5, "exact: w/2 for every rate; Shastri et al. (2025), of which the abstract was "
               "at hand", 1e-11),
        Result("late ergotropy (w), F = 0.5, 1, 2 g, dephasing 0.3, 1, 3 g",
               lambda: _noisy([0.5, 1.0, 2.0], "ergotropy"),
               [0.25, 0.2, 2 / 17],
               "exact: w g F / (4 F^2 + g^2) for every rate; the steady state depends on how the "
               "pair starts, so it is reached by motion", 1e-11),
        Result("highest late ergotropy (w) over all drives",
               lambda: peak(lambda f: curve(models.driven_qubit_pair(drive=f, dephasing=1.0), {},
                                            LATE, "ergotropy"), 0.2, 1.0)[1],
               0.25, "exact: w/4, at F = g/2", 1e-10),
        Result("ergotropy (w), F = 0.7 g, dephasing 0.5 g, 13 times",
               lambda: curve(models.driven_qubit_pair(drive=0.7, dephasing=0.5), {}, TIMES,
                             "ergotropy"),
               partial(_by_force, "ergotropy", TIMES, 0.7, 0.0, 0.0, 0.5), BY_FORCE, 1e-13),
    ],
    _draw_dephased,
    r"charger and battery empty; drive $F=g/2$",
)  # fmt: skip

# --- an oscillator that charges a qubit ----------------------------------------------------------


@cache
def _full_time(drive: float) -> float:
    """When the qubit is full first."""
    horizon = 1.15 * sqrt(pi / drive)
    best = models.driven_hybrid(drive=drive).optimum({}, horizon, of=["energy"])
    return float(best.energy_time)


def _hybrid_by_force(measure: str, levels: int, times: Any, *rates: float) -> Any:
    h, jumps = brute_force.driven((levels, 2), *rates)
    if any(rates[1:]):
        states = brute_force.densities(h, jumps, brute_force.empty(2 * levels), times)
    else:
        states = brute_force.kets(h, np.eye(2 * levels)[0], times)
    rho, gap = brute_force.last(states, 2), np.diag([0.0, 1.0])
    return brute_force.energy(rho, gap) if measure == "energy" else brute_force.work(rho, gap)


def _draw_hybrid(axes: Axes) -> None:
    turned = np.linspace(0, 4, 201)
    for k, drive in enumerate((0.5, 1.0, 4.0, 16.0)):
        values = curve(models.driven_hybrid(drive=drive), {}, turned / sqrt(drive))
        line(axes, k, turned, values, f"$F/g={drive:g}$")
    line(axes, 6, turned, np.sin(turned**2 / 2) ** 2, r"$F\to\infty$", linewidth=0.8)
    finish(axes, r"time $\sqrt{gF}\,t$", r"energy $E/\omega$", columns=3)


_HYBRID = Entry(
    "driven_hybrid",
    "A pumped cavity fills a qubit: four times the drive, half the time",
    [
        Result("exponent of the charging time over F = 16, 32 g",
               lambda: np.log(_full_time(32.0) / _full_time(16.0)) / np.log(2), -0.5,
               f"printed: the time falls as 1/sqrt(F), {FARINA}; F is finite, so 0.002", 0.002),
        Result("charging time times sqrt(F g), F = 32 g", lambda: _full_time(32.0) * sqrt(32),
               sqrt(pi), "exact: sqrt(pi) for strong drives, as the amplitude is F t and turns "
               "the qubit at the rate 2 g F t; F is finite, so 0.002", 0.002),
        Result("energy (w), F = 0.7 g, no loss, 13 times",
               lambda: curve(models.driven_hybrid(drive=0.7), {}, TIMES),
               lambda: _hybrid_by_force("energy", 240, TIMES, 0.7, 0.0, 0.0, 0.0),
               "independent: eigenvectors of 240 levels in the turning frame", 1e-12),
        Result("ergotropy (w), F = 0.2 g, loss 2 g, bath of mean 0.02, t = 2",
               lambda: curve(models.driven_hybrid(drive=0.2, charger_loss=2.0, occupation=0.02), {},
                             2.0, "ergotropy"),
               lambda: _hybrid_by_force("ergotropy", 10, [2.0], 0.2, 2.0, 0.02, 0.0),
               BY_FORCE, 1e-11),
    ],
    _draw_hybrid,
    "cavity and qubit empty",
)  # fmt: skip

ENTRIES = (_QUBITS, _DEPHASED, _HYBRID)
