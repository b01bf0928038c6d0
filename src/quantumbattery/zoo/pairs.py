"""Two qubits: the founding paper, and what losses, dephasing and strong coupling add."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import dipole, exchange
from quantumbattery.network.preparations import bloch, fock
from quantumbattery.network.sites import Qubit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 6, 41)
THETAS = np.linspace(0, pi, 7)
SHARES = np.sin(THETAS / 2)[:, None] ** 2
"""How much of the excited state each angle holds, as a column beside the times."""

PAPER = "Downing & Ukhtary 2026"

# --- the founding paper --------------------------------------------------------------------------


def _balance() -> Any:
    table = models.qubit_pair().charge(bloch(THETAS), TIMES, ["capacity", "concurrence"])
    return (table.capacity**2 + table.concurrence**2).to_numpy()


def _best(measure: str) -> tuple[float, float]:
    return peak(lambda t: curve(models.qubit_pair(), fock(1), t, measure), 0.5, 2.5)


def _shortening() -> float:
    """From a difference over a loss of 0.001 J, which changes the fourth digit."""
    pair = models.qubit_pair(charger_loss=1e-3)
    lossy = peak(lambda t: curve(pair, fock(1), t, "power"), 0.5, 2.5)[0]
    return (1 - lossy / _best("power")[0]) / 1e-3


def _work_ends() -> float:
    """The loss over J above which a full charger never gives work."""
    from scipy.optimize import brentq

    def excess(loss: float) -> float:
        pair = models.qubit_pair(charger_loss=loss)
        return peak(lambda t: curve(pair, fock(1), t), 1.0, 2.0)[1] - 0.5

    return float(brentq(excess, 0.9, 1.1, xtol=1e-12))


def _work_ends_exactly() -> float:
    from scipy.optimize import brentq

    def excess(g: float) -> float:
        root = sqrt(1 - g * g / 16)
        return g / (2 * root) * float(np.arctan2(4 * root, g)) - log(2)

    return float(brentq(excess, 0.5, 2.0, xtol=1e-14))


def _lossy_work() -> Any:
    root = sqrt(1 - 0.3**2 / 16)
    share = np.sin(root * TIMES) ** 2 / root**2 * np.exp(-0.15 * TIMES)
    return SHARES * share - (1 - np.sqrt(1 - 4 * SHARES**2 * share * (1 - share))) / 2


def _draw_pair(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi, 401)
    for k, loss in enumerate((0.0, 0.3, 1.0211025506)):
        system = models.qubit_pair(charger_loss=loss)
        line(axes, k, times, curve(system, fock(1), times, "ergotropy"), rf"$\gamma/J={loss:.4g}$")
    line(axes, 3, times, curve(models.qubit_pair(), bloch(pi / 2), times, "ergotropy"),
         r"$\gamma=0$, $\theta=\pi/2$")  # fmt: skip
    finish(axes, "time $Jt$", r"ergotropy $\mathcal{E}/\omega_b$")


_PAIR = Entry(
    "qubit_pair",
    "Qubit charges qubit: loss ends the work of a full charger",
    [
        Result("energy (w), 7 angles, 41 times",
               lambda: curve(models.qubit_pair(), bloch(THETAS), TIMES),
               lambda: SHARES * np.sin(TIMES) ** 2,
               f"exact: w sin^2(theta/2) sin^2(J t), {PAPER}, Eq. 30", 1e-13),
        Result("capacity^2 + concurrence^2 (w = 1), lossless", _balance, 1.0,
               f"exact: Eqs. 57 and 59 of {PAPER} together", 1e-12),
        Result("ergotropy (w) with loss g = 0.3 J, 7 angles, 41 times",
               lambda: curve(models.qubit_pair(charger_loss=0.3), bloch(THETAS), TIMES,
                             "ergotropy"),
               _lossy_work, f"exact: {PAPER}, Eq. 69", 1e-12),
        Result("time of the highest power (1/J), full charger", lambda: _best("power")[0], 1.165,
               f"printed: A = 1.165..., {PAPER}, Eq. 34; cut off, hence one unit of its last digit",
               1e-3),
        Result("highest power (w J), full charger", lambda: _best("power")[1], 0.724,
               f"printed: B = 0.724..., {PAPER}, Eq. 35; cut off, hence one unit of its last digit",
               1e-3),
        Result("time of the highest ergotropic power (1/J), full charger",
               lambda: _best("ergotropic_power")[0], 1.399,
               f"printed: C = 1.399..., {PAPER}, Eq. 42; cut off, hence one unit of its last digit",
               1e-3),
        Result("highest ergotropic power (w J), full charger",
               lambda: _best("ergotropic_power")[1], 0.673,
               f"printed: D = 0.673..., {PAPER}, Eq. 44; cut off, hence one unit of its last digit",
               1e-3),
        Result("how fast loss shortens the best time for power: L in A (1 - L g/J)", _shortening,
               0.262, f"printed: L = 0.262..., {PAPER}, Eq. 67; cut off, hence one unit of its "
               "last digit", 1e-3),
        Result("loss (J) from which a full charger never gives work", _work_ends,
               _work_ends_exactly,
               f"exact: root of (g/2G) atan(4G/g) = ln 2, G = sqrt(J^2 - g^2/16), from {PAPER}, "
               "Eq. 64: E(t_E) = w/2; 1.0211025506", 1e-11),
    ],
    _draw_pair,
    r"charger full ($\theta=\pi$) unless $\theta$ is given",
)  # fmt: skip

# --- detuned -------------------------------------------------------------------------------------

DETUNINGS = np.array([-0.9, -0.5, 0.0, 1.0, 4.0])


def _detuned() -> Any:
    rate = np.sqrt(1 + DETUNINGS**2 / 4)[:, None]
    return (np.sin(rate * TIMES) / rate) ** 2


def _draw_detuned(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi, 401)
    for k, apart in enumerate((0.0, 1.0, 2.0, 4.0)):
        system = models.qubit_pair(detuning=apart)
        line(axes, k, times, curve(system, fock(1), times), rf"$\delta/J={apart:.0f}$")
    finish(axes, "time $Jt$", r"energy $E/\omega_b$", columns=4)


_DETUNED = Entry(
    "qubit_pair_detuned",
    "Detuned qubits: faster, but never full",
    [
        Result("energy (w), 5 detunings, 41 times, full charger",
               lambda: curve(models.qubit_pair(detuning=DETUNINGS), fock(1), TIMES), _detuned,
               "exact: w (J/Om)^2 sin^2(Om t), Om = sqrt(J^2 + d^2/4) (Rabi's formula)", 1e-13),
        Result("highest energy (w) at detuning 2 J",
               lambda: peak(lambda t: curve(models.qubit_pair(detuning=2.0), fock(1), t), 0.5,
                            2.0)[1],
               0.5, "exact: J^2 / (J^2 + d^2/4)", 1e-13),
    ],
    _draw_detuned,
    "charger full",
)  # fmt: skip

# --- two losses ----------------------------------------------------------------------------------

LOSSES = ((0.7, 0.2), (0.0, 2.0), (1.5, 1.5), (4.0, 0.0), (0.5, 9.0))


def _two_losses(theta: float, measure: str) -> Any:
    a, b = (xr.DataArray([pair[k] for pair in LOSSES], dims="pair") for k in (0, 1))
    return curve(models.qubit_pair(charger_loss=a, battery_loss=b), bloch(theta), TIMES, measure)


def _two_losses_exactly() -> Any:
    rows = []
    for a, b in LOSSES:
        square = complex(1 - ((a - b) / 4) ** 2)
        root = np.sqrt(square)
        wave = np.sin(root * TIMES) / root if square else TIMES + 0j
        rows.append(np.exp(-(a + b) * TIMES / 2) * (wave**2).real)
    return np.array(rows)


def _two_losses_by_force() -> Any:
    dims = (2, 2)
    a, b = (brute_force.embed(brute_force.lower(2), k, dims) for k in (0, 1))
    h = a.T @ a + b.T @ b + a.T @ b + b.T @ a
    start = np.kron([np.cos(0.9), np.sin(0.9)], [1, 0])
    return np.stack([
        brute_force.work(brute_force.last(brute_force.densities(
            h, (sqrt(x) * a, sqrt(y) * b), np.outer(start, start), TIMES), 2), np.diag([0.0, 1.0]))
        for x, y in LOSSES
    ])  # fmt: skip


def _draw_two_losses(axes: Axes) -> None:
    times = np.linspace(0, 6, 401)
    for k, (a, b) in enumerate(((4.0, 0.0), (3.0, 1.0), (2.0, 2.0))):
        system = models.qubit_pair(charger_loss=a, battery_loss=b)
        label = rf"$\gamma_a/J={a:.0f}$, $\gamma_b/J={b:.0f}$"
        line(axes, k, times, curve(system, fock(1), times), label)
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 1)
    finish(axes, "time $Jt$", r"energy $E/\omega_b$", columns=1)


_TWO_LOSSES = Entry(
    "qubit_pair_two_losses",
    "Equal losses of both qubits keep the beat of the lossless pair",
    [
        Result("energy (w), 5 pairs of losses, the exceptional point included, 41 times",
               lambda: _two_losses(pi, "energy"), _two_losses_exactly,
               "exact: w (J/G)^2 sin^2(G t) exp(-(ga + gb) t/2), G^2 = J^2 - (ga - gb)^2/16",
               1e-12),
        Result("ergotropy (w), 5 pairs of losses, theta = 1.8, 41 times",
               lambda: _two_losses(1.8, "ergotropy"), _two_losses_by_force,
               "independent: Lindblad equation by Kronecker products and expm", 1e-12),
    ],
    _draw_two_losses,
    "charger full",
)  # fmt: skip

# --- dephased charger ----------------------------------------------------------------------------

DEPHASINGS = np.array([0.1, 1.0, 3.0, 4.0, 9.0])


def _dephased(rates: Any) -> System:
    return System(
        {"charger": Qubit(dephasing=rates), "battery": Qubit()},
        [exchange("charger", "battery", 1.0)],
    )


def _dephased_exactly() -> Any:
    rows = []
    for k in DEPHASINGS:
        root = np.sqrt(complex(4 - k * k / 4))
        side = np.sin(root * TIMES) / root if root else TIMES + 0j
        beat = (np.cos(root * TIMES) + k / 2 * side).real
        rows.append((1 - np.exp(-k * TIMES / 2) * beat) / 2)
    return np.array(rows)


def _draw_dephased(axes: Axes) -> None:
    times = np.linspace(0, 12, 401)
    for k, rate in enumerate((0.0, 0.5, 4.0, 16.0)):
        values = curve(_dephased(rate), fock(1), times)
        line(axes, k, times, values, rf"$\kappa/J={rate:g}$")
    finish(axes, "time $Jt$", r"energy $E/\omega_b$", columns=4)


_DEPHASED = Entry(
    "qubit_pair_dephased",
    "A dephased charger: half full, whatever the rate",
    [
        Result("energy (w), 5 rates, 41 times, full charger",
               lambda: curve(_dephased(DEPHASINGS), fock(1), TIMES), _dephased_exactly,
               "exact: (w/2)[1 - exp(-k t/2)(cos L t + (k/2L) sin L t)], L = sqrt(4 J^2 - k^2/4), "
               "k the rate at which the charger's coherence decays; sources differ by 4 in k",
               1e-12),
        Result("energy (w) at late times, k = J", lambda: curve(_dephased(1.0), fock(1), 80.0),
               0.5, "exact: w/2, the single excitation shared evenly", 1e-12),
        Result("ergotropy (w) at late times, k = J, theta = pi/2",
               lambda: curve(_dephased(1.0), bloch(pi / 2), 80.0, "ergotropy"), 0.0,
               "exact: 0, of the passive state diag(3/4, 1/4)", 1e-13),
    ],
    _draw_dephased,
    "charger full",
)  # fmt: skip

# --- counter-rotating ----------------------------------------------------------------------------


def _dipole(strength: Any) -> System:
    return System(
        {"charger": Qubit(), "battery": Qubit()}, [dipole("charger", "battery", strength)]
    )


def _dipole_exactly() -> Any:
    fast = sqrt(1 + 0.8**2)
    full, empty = np.sin(0.8 * TIMES) ** 2, (0.8 / fast * np.sin(fast * TIMES)) ** 2
    return SHARES * full + (1 - SHARES) * empty


def _draw_dipole(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi, 401)
    for k, strength in enumerate((0.1, 0.5, 1.0, 2.0)):
        values = curve(_dipole(strength), bloch(0.0), times)
        line(axes, k, times, values, rf"$J={strength:g}\,\omega_b$")
    finish(axes, r"time $\omega_b t$", r"energy $E/\omega_b$")


_DIPOLE = Entry(
    "qubit_pair_dipole",
    "Beyond the rotating wave, switching on charges from nothing",
    [
        Result("energy (w), J = 0.8 w, 7 angles, 41 times",
               lambda: curve(_dipole(0.8), bloch(THETAS), TIMES), _dipole_exactly,
               "exact: s sin^2(J t) + (1 - s)(J/Q)^2 sin^2(Q t), Q = sqrt(J^2 + w^2), "
               "s = sin^2(theta/2)", 1e-13),
        Result("highest energy (w) of an empty charger, J = w",
               lambda: peak(lambda t: curve(_dipole(1.0), bloch(0.0), t), 0.2, 2.0)[1], 0.5,
               "exact: J^2 / (J^2 + w^2)", 1e-13),
    ],
    _draw_dipole,
    "charger and battery empty",
)  # fmt: skip

ENTRIES = (_PAIR, _DETUNED, _TWO_LOSSES, _DEPHASED, _DIPOLE)
