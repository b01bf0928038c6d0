"""An oscillator charges a qubit or another oscillator."""

from __future__ import annotations

from functools import partial
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.preparations import coherent, fock, squeezed, thermal
from quantumbattery.network.sites import Oscillator
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quantumbattery.network.named_states import Preparation

TIMES = np.linspace(0, 4, 33)
NUMBERS = np.arange(400)

ANDOLINA = "Andolina et al., Phys. Rev. B 98, 205423 (2018)"


def _poisson(mean: float) -> Any:
    from scipy.special import gammaln

    return np.exp(NUMBERS * np.log(mean) - mean - gammaln(NUMBERS + 1))


def _geometric(mean: float) -> Any:
    return (mean / (1 + mean)) ** NUMBERS / (1 + mean)


def _rabi(populations: Any, detuning: float = 0.0) -> Any:
    """The battery's energy for a charger with these populations (g = w = 1)."""
    square = NUMBERS + detuning**2 / 4
    rate = np.sqrt(np.where(square > 0, square, 1.0))
    return (populations * NUMBERS / rate**2) @ np.sin(np.multiply.outer(rate, TIMES)) ** 2


# --- a qubit in a cavity -------------------------------------------------------------------------


def _draw_jaynes_cummings(axes: Axes) -> None:
    times = np.linspace(0, 25, 601)
    starts: dict[str, Preparation] = {
        "Fock": fock(9), "coherent": coherent(3.0), "thermal": thermal(9.0)
    }  # fmt: skip
    # one above the other: on one scale they hide each other
    for k, (name, start) in enumerate(starts.items()):
        low = 1.35 * (2 - k)
        values = curve(models.jaynes_cummings(), start, times)
        line(axes, k, times, low + values, name, linewidth=1.0, linestyle="-")
        axes.annotate(name, (0, low + 1.06), (4, 0), textcoords="offset points", fontsize=8)
    axes.set_yticks([low + end for low in (0, 1.35, 2.7) for end in (0, 1)], ["0", "1"] * 3)
    axes.set(xlabel="time $gt$", ylabel=r"energy $E/\omega$ of each", ylim=(-0.1, 4.0))
    axes.margins(x=0)


_JAYNES_CUMMINGS = Entry(
    "jaynes_cummings",
    "A cavity charges a qubit: the beats collapse and revive",
    [
        Result("energy (w), charger with 9 quanta, 33 times",
               lambda: curve(models.jaynes_cummings(), fock(9), TIMES),
               lambda: np.sin(3 * TIMES) ** 2, "exact: w sin^2(sqrt(n) g t)", 1e-13),
        Result("energy (w), coherent charger of mean 4, 33 times",
               lambda: curve(models.jaynes_cummings(), coherent(2.0), TIMES),
               lambda: _rabi(_poisson(4.0)),
               "exact: w sum of p_n sin^2(sqrt(n) g t), p_n Poisson's", 1e-12),
        Result("energy (w), detuning 1.5 g, 5 quanta",
               lambda: curve(models.jaynes_cummings(detuning=1.5), fock(5), TIMES),
               lambda: _rabi(np.eye(1, 400, 5)[0], 1.5),
               "exact: w (n g^2/Om^2) sin^2(Om t), Om^2 = n g^2 + d^2/4", 1e-13),
    ],
    _draw_jaynes_cummings,
    "cavity with nine photons on average",
)  # fmt: skip


def _draw_thermal(axes: Axes) -> None:
    times, means = np.linspace(0.02, 3, 150), np.geomspace(0.1, 30, 25)
    one = models.jaynes_cummings().charge(thermal(means), times, ["energy", "ergotropy"])
    two = models.qubit_pair().charge(thermal(means), times, ["energy", "ergotropy"])
    line(axes, 0, means, one.energy.max("time"), "cavity, $E$")
    line(axes, 1, means, one.ergotropy.max("time"), r"cavity, $\mathcal{E}$")
    line(axes, 2, means, two.energy.max("time"), "qubit, $E$")
    line(axes, 3, means, two.ergotropy.max("time"), r"qubit, $\mathcal{E}$")
    axes.set_xscale("log")
    finish(axes, r"mean occupation $\bar n$ of the heat", r"largest value $/\omega$")


_THERMAL = Entry(
    "thermal_charger",
    "Work from heat: a hot cavity gives it, a hot qubit does not",
    [
        Result("energy (w), qubit in a thermal cavity of mean 2, 33 times",
               lambda: curve(models.jaynes_cummings(), thermal(2.0), TIMES),
               lambda: _rabi(_geometric(2.0)),
               "exact: w sum of p_n sin^2(sqrt(n) g t), p_n geometric", 1e-12),
        Result("ergotropy (w), qubit in a thermal cavity of mean 5, 33 times",
               lambda: curve(models.jaynes_cummings(), thermal(5.0), TIMES, "ergotropy"),
               lambda: np.maximum(0, 2 * _rabi(_geometric(5.0)) - 1),
               "exact: max(0, 2E - w): without coherence work needs an inversion", 1e-12),
        Result("energy (w), thermal qubit charges a qubit, mean 2",
               lambda: curve(models.qubit_pair(), thermal(2.0), TIMES),
               lambda: 0.4 * np.sin(TIMES) ** 2, "exact: w n/(2n + 1) sin^2(J t)", 1e-13),
        Result("ergotropy (w), thermal qubit charges a qubit, mean 2, largest",
               lambda: curve(models.qubit_pair(), thermal(2.0), TIMES, "ergotropy").max(), 0.0,
               "exact: 0, a thermal qubit is never more than half excited", 1e-13),
    ],
    _draw_thermal,
    r"charger thermal; the largest until $gt=3$",
)  # fmt: skip

# --- two oscillators -----------------------------------------------------------------------------

_STARTS: dict[str, Preparation] = {
    "coherent": coherent(1.0),
    "Fock": fock(1),
    "thermal": thermal(1.0),
    "squeezed": squeezed(float(np.arcsinh(1.0))),
}
"""One quantum on average, each in its own way."""


def _draw_oscillators(axes: Axes) -> None:
    times = np.linspace(0, pi, 61)
    for k, (name, start) in enumerate(_STARTS.items()):
        values = curve(models.oscillator_pair(), start, times, "ergotropy")
        line(axes, k, times, values, name)
    line(axes, 6, times, np.sin(times) ** 2, "energy of all", linewidth=0.8)
    finish(axes, "time $gt$", r"ergotropy $\mathcal{E}/\omega$", columns=3)


def _squeezed_work(r: float, share: Any) -> Any:
    """Ergotropy of an oscillator that got this share of a squeezed vacuum."""
    quanta = np.sinh(r) ** 2
    return share * quanta - (np.sqrt(1 + 4 * share * (1 - share) * quanta) - 1) / 2


_OSCILLATORS = Entry(
    "oscillator_pair",
    "Oscillators: chargers alike in energy, apart in work",
    [
        Result("energy (w), coherent charger of mean 2, 33 times",
               lambda: curve(models.oscillator_pair(), coherent(sqrt(2)), TIMES),
               lambda: 2 * np.sin(TIMES) ** 2,
               f"exact: E_A(0) sin^2(g t) for every charger ({ANDOLINA})", 1e-12),
        Result("energy (w), charger with 2 quanta",
               lambda: curve(models.oscillator_pair(), fock(2), TIMES),
               lambda: 2 * np.sin(TIMES) ** 2, "exact: E_A(0) sin^2(g t)", 1e-12),
        Result("energy (w), thermal charger of mean 2",
               lambda: curve(models.oscillator_pair(), thermal(2.0), TIMES),
               lambda: 2 * np.sin(TIMES) ** 2, "exact: E_A(0) sin^2(g t)", 1e-11),
        Result("ergotropy (w), coherent charger",
               lambda: curve(models.oscillator_pair(), coherent(sqrt(2)), TIMES, "ergotropy"),
               lambda: 2 * np.sin(TIMES) ** 2,
               "exact: E itself, the battery is in a coherent state", 1e-12),
        Result("ergotropy (w), thermal charger",
               lambda: curve(models.oscillator_pair(), thermal(2.0), TIMES, "ergotropy"), 0.0,
               "exact: 0, the battery is in a thermal state", 1e-12),
        Result("ergotropy (w), charger with 1 quantum",
               lambda: curve(models.oscillator_pair(), fock(1), TIMES, "ergotropy"),
               lambda: np.maximum(0, 2 * np.sin(TIMES) ** 2 - 1),
               "exact: max(0, 2E - w) of populations 1 - E/w and E/w", 1e-13),
    ],
    _draw_oscillators,
    "charger with one quantum on average",
)  # fmt: skip


def _moments(coupling: float, displaced: float, measure: str) -> Any:
    """Energy or ergotropy of two dipoles from the moments of their quadratures (w = 1)."""
    from scipy.linalg import expm

    # x and p of the charger, then of the battery: x' = p, p' = -x - 2 g x of the other
    rate = np.array([[0, 1, 0, 0], [-1, 0, -2 * coupling, 0], [0, 0, 0, 1],
                     [-2 * coupling, 0, -1, 0]])  # fmt: skip
    found = []
    for t in TIMES:
        move = expm(rate * t)
        mean = (move @ [sqrt(2) * displaced, 0, 0, 0])[2:]
        spread = (move @ move.T / 2)[2:, 2:]
        energy = (mean @ mean + np.trace(spread) - 1) / 2
        passive = sqrt(np.linalg.det(spread)) - 0.5
        found.append(energy if measure == "energy" else energy - passive)
    return np.array(found)


def _dipoles(measure: str) -> Any:
    pair = models.oscillator_pair(coupling=0.2, rotating_wave=False)
    return curve(pair, coherent(0.5), TIMES, measure)


def _draw_dipole(axes: Axes) -> None:
    times = np.linspace(0, 12, 121)
    for k, strength in enumerate((0.1, 0.2, 0.3)):
        pair = models.oscillator_pair(coupling=strength, rotating_wave=False)
        line(axes, k, times, curve(pair, fock(0), times), rf"$g={strength}\,\omega$")
    finish(axes, r"time $\omega t$", r"energy $E/\omega$", columns=3)


_OSCILLATOR_DIPOLE = Entry(
    "oscillator_pair_dipole",
    "Two dipoles make quanta when they are switched on",
    [
        Result(f"{measure} (w), g = 0.2 w, coherent charger of mean 1/4, 33 times",
               partial(_dipoles, measure), partial(_moments, 0.2, 0.5, measure),
               "independent: first and second moments of the quadratures, by expm of 4 x 4", 1e-11)
        for measure in ("energy", "ergotropy")
    ],
    _draw_dipole,
    "charger and battery empty",
)  # fmt: skip

# --- a squeezed charger --------------------------------------------------------------------------


LOSS = 0.3


def _lossy(measure: str, r: float) -> Any:
    pair = System(
        {"charger": Oscillator(loss=LOSS), "battery": Oscillator()},
        [exchange("charger", "battery", 1.0)],
    )
    return curve(pair, squeezed(r), TIMES, measure)


def _lossy_share() -> Any:
    """f^2, the share of a single quantum that is in the battery."""
    root = sqrt(1 - LOSS**2 / 16)
    return np.sin(root * TIMES) ** 2 / root**2 * np.exp(-LOSS * TIMES / 2)


def _draw_squeezed(axes: Axes) -> None:
    degrees = np.linspace(0, 0.9, 19)
    table = models.oscillator_pair().charge(
        squeezed(degrees), [pi / 4, pi / 2], ["energy", "ergotropy"]
    )
    full, early = table.isel(time=1), table.isel(time=0)
    line(axes, 0, degrees, full.energy, r"$E=\mathcal{E}$, full transfer")
    line(axes, 1, degrees, early.energy, "$E$, half transferred")
    line(axes, 2, degrees, early.ergotropy, r"$\mathcal{E}$, half transferred")
    finish(axes, "squeezing $r$ of the charger", r"value $/\omega$", columns=1, where="upper left")


_SQUEEZED = Entry(
    "squeezed_pulse",
    "A squeezed charger: growth with the hyperbolic sine",
    [
        Result("energy (w), squeezing r = 0.7, lossless, 33 times",
               lambda: curve(models.oscillator_pair(), squeezed(0.7), TIMES),
               lambda: np.sin(TIMES) ** 2 * np.sinh(0.7) ** 2,
               "exact: w sin^2(g t) sinh^2(r) (Downing & Ukhtary, Phys. Rev. A 109, 052206 (2024))",
               1e-12),
        Result("ergotropy (w), squeezing r = 0.7, lossless, 33 times",
               lambda: curve(models.oscillator_pair(), squeezed(0.7), TIMES, "ergotropy"),
               lambda: _squeezed_work(0.7, np.sin(TIMES) ** 2),
               "exact: E - (w/2)[sqrt(1 + 4 F (1 - F) sinh^2 r) - 1], F = sin^2(g t)", 1e-12),
        Result("energy (w), r = 2.5, charger's loss 0.3 g, 33 times",
               lambda: _lossy("energy", 2.5), lambda: _lossy_share() * np.sinh(2.5) ** 2,
               "exact: w f^2 sinh^2(r), f as in Eq. 69 of Downing & Ukhtary 2026", 1e-12),
        Result("ergotropy (w), r = 2.5, charger's loss 0.3 g, 33 times",
               lambda: _lossy("ergotropy", 2.5), lambda: _squeezed_work(2.5, _lossy_share()),
               "exact: the ergotropy above with F = f^2", 1e-11),
        Result("highest energy (w), r = 0.5, lossless",
               lambda: peak(lambda t: curve(models.oscillator_pair(), squeezed(0.5), t), 1.0,
                            2.0)[1],
               float(np.sinh(0.5) ** 2), "exact: w sinh^2(r)", 1e-12),
    ],
    _draw_squeezed,
    "charger in a squeezed vacuum",
)  # fmt: skip

ENTRIES = (_JAYNES_CUMMINGS, _THERMAL, _OSCILLATORS, _OSCILLATOR_DIPOLE, _SQUEEZED)
