"""Batteries in Gaussian states: how sharp their energy is, and two that charge without end."""

from __future__ import annotations

from functools import cache, partial
from math import sqrt, tanh
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.drives import drive, two_photon_drive
from quantumbattery.network.interactions import dipole
from quantumbattery.network.preparations import gaussian, thermal
from quantumbattery.network.sites import Oscillator
from quantumbattery.zoo import quadratures
from quantumbattery.zoo.brute_force import lower
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# --- displaced and squeezed ----------------------------------------------------------------------

FRIIS = "Friis & Huber, Quantum 2, 61 (2018)"
LEVELS = 200
ON_LEVELS = f"independent: matrix exponentials on {LEVELS} levels, moments of the populations"
SHIFTS, SQUEEZINGS = np.linspace(0, 2, 5), np.linspace(0, 0.8, 5)
WARMTH, COOL = 1.0, 0.5  # mean quanta before charging


def _cell(kind: Any) -> System:
    """An oscillator that is pumped until the field, of strength 1, has moved it by the time."""
    return System({"cell": Oscillator()}, [kind("cell", 1.0, frequency=1.0)], [], "cell")


def _shifted(measure: str, times: Any = SHIFTS, warmth: float = WARMTH) -> Any:
    return curve(_cell(drive), {"cell": thermal(warmth)}, times, measure)


def _squeezed(measure: str, times: Any = SQUEEZINGS, warmth: float = COOL) -> Any:
    return curve(_cell(two_photon_drive), {"cell": thermal(warmth)}, times, measure)


@cache
def _on_levels(which: str) -> Any:
    """Energies and variances (2, time) after a displacement, or after squeezing."""
    a = lower(LEVELS)
    if which == "shifted":
        return np.transpose([quadratures.on_levels([t * (a + a.T)], WARMTH) for t in SHIFTS])
    pairs = (a @ a + a.T @ a.T) / 2
    return np.transpose([quadratures.on_levels([r * pairs], COOL) for r in SQUEEZINGS])


def _width(warmth: float) -> float:
    """The factor coth(beta w / 2) of a thermal state over the fluctuations of the vacuum."""
    return 1 / tanh(np.log(1 + 1 / warmth) / 2)


def _prepared(alpha: Any, r: Any, warmth: float, measure: str = "energy_variance") -> Any:
    """Of an oscillator that was squeezed along its displacement."""
    alone = System({"cell": Oscillator()}, [], [], "cell")
    return curve(alone, {"cell": gaussian(alpha, r, 0.0, warmth)}, 0.0, measure)


def _both_on_levels(alpha: float, r: float, warmth: float) -> float:
    a = lower(LEVELS)
    squeeze, shift = r / 2 * 1j * (a @ a - a.T @ a.T), 1j * alpha * (a.T - a)
    return quadratures.on_levels([squeeze, shift], warmth)[1]


GAIN = 4.0
DEGREES = xr.DataArray(np.linspace(0, 1.2, 1201), dims="r")


def _sharpest(gains: Any) -> Any:
    """The smallest variance of an empty oscillator that was given these energies."""
    moved = xr.DataArray(gains, dims="gain") - np.sinh(DEGREES) ** 2
    found = _prepared(np.sqrt(moved.clip(min=0)), DEGREES, 0.0)
    return np.where(moved < 0, np.inf, found).min(axis=1)


def _least() -> float:
    """The same from the formula of a displaced squeezed vacuum."""
    from scipy.optimize import minimize_scalar

    def variance(r: float) -> float:
        moved = GAIN - np.sinh(r) ** 2
        return float(moved * np.exp(-2 * r) + np.sinh(2 * r) ** 2 / 2)

    return float(minimize_scalar(variance, (0.1, 0.4, 0.9), tol=1e-12).fun)


def _draw_variance(axes: Axes) -> None:
    gains = np.linspace(0.05, 10, 60)
    shifted = _shifted("energy_variance", np.sqrt(gains), 0.0)
    squeezed = _squeezed("energy_variance", np.arcsinh(np.sqrt(gains)), 0.0)
    for k, (found, words) in enumerate(
        ((squeezed, "squeezed"), (shifted, "displaced"), (_sharpest(gains), "both, at best"))
    ):
        line(axes, k, gains, np.sqrt(found), words)
    finish(axes, r"energy $E/\omega$ that is given", r"spread $\Delta H/\omega$", columns=3)


_CHARGING = Entry(
    "gaussian_charging",
    "Displaced, an oscillator is charged more sharply than squeezed",
    [
        *(
            Result(f"{words} (w{unit}), mean 1 at first, displaced by up to 2, 5 times",
                   partial(_shifted, measure), lambda k=k: _on_levels("shifted")[k],
                   f"{ON_LEVELS}; after {FRIIS}", 1e-10)
            for k, (measure, words, unit) in enumerate(
                (("energy", "energy", ""), ("energy_variance", "variance of the energy", "^2")))
        ),
        *(
            Result(f"{words} (w{unit}), mean 1/2 at first, squeezed by up to 0.8, 5 times",
                   partial(_squeezed, measure), lambda k=k: _on_levels("squeezed")[k],
                   f"{ON_LEVELS}; after {FRIIS}", 1e-10)
            for k, (measure, words, unit) in enumerate(
                (("energy", "energy", ""), ("energy_variance", "variance of the energy", "^2")))
        ),
        Result("variance of the energy (w^2), mean 1 at first, displaced by 30",
               lambda: _shifted("energy_variance", 30.0),
               (_width(WARMTH) ** 2 - 1) / 4 + _width(WARMTH) * 900,
               "exact: w^2 [(nu^2 - 1)/4 + nu |alpha|^2], nu = coth(beta w/2)", 1e-9),
        Result("variance of the energy (w^2), mean 1/2 at first, squeezed by 2",
               lambda: _squeezed("energy_variance", 2.0),
               (_width(COOL) ** 2 * np.cosh(8.0) - 1) / 4,
               "exact: w^2 [nu^2 cosh(4 r) - 1]/4, nu = coth(beta w/2)", 1e-9),
        Result("variance of the energy (w^2), mean 1/2, squeezed by 0.5 and displaced by 2",
               lambda: _prepared(2.0, 0.5, COOL), lambda: _both_on_levels(2.0, 0.5, COOL),
               ON_LEVELS, 1e-10),
        Result("smallest variance of the energy (w^2) of an empty oscillator that is given 4 w",
               lambda: _sharpest([GAIN])[0], _least,
               "exact: least of |alpha|^2 e^(-2r) + sinh^2(2r)/2 at |alpha|^2 + sinh^2 r = 4, less "
               "than the 4 of a displacement; a grid of r has half of the digits", 1e-6),
    ],
    _draw_variance,
    "an empty oscillator, no charger",
)  # fmt: skip

# --- two dipoles, bound more strongly than they are stiff ----------------------------------------

EMARY = "Emary & Brandes, Phys. Rev. E 67, 066203 (2003)"
TIMES = np.linspace(0, 4, 33)


def _dipoles(strength: float, times: Any = TIMES, measure: str = "energy") -> Any:
    sites = {"charger": Oscillator(), "battery": Oscillator()}
    return curve(System(sites, [dipole("charger", "battery", strength)]), {}, times, measure)


def _modes(strength: float) -> Any:
    """Energy of the battery by the two normal modes, of frequencies^2 1 + 2 g and 1 - 2 g."""
    squares = np.array([1 + 2 * strength, 1 - 2 * strength], dtype=complex)[:, None]
    roots = np.sqrt(squares)
    moved = TIMES**2 * np.sinc(roots * TIMES / np.pi) ** 2  # sin^2(root t) / root^2
    return strength**2 / 2 * moved.real.sum(axis=0)


@cache
def _by_steps() -> tuple[Any, Any]:
    form = np.eye(4) + 1.6 * np.kron([[0, 1], [1, 0]], quadratures.POSITION)
    rate, nothing = quadratures.drift(form, [0.0, 0.0]), np.zeros((4, 4))
    return quadratures.last(quadratures.integrated(rate, nothing, lambda _: 0.0, TIMES))


def _growth(strength: float) -> float:
    early, late = _dipoles(strength, np.array([20.0, 21.0]))
    return float(np.log(late / early))


def _draw_unstable(axes: Axes) -> None:
    times = np.linspace(0, 12, 241)[1:]
    for k, strength in enumerate((0.4, 0.5, 0.6, 0.8)):
        line(axes, k, times, _dipoles(strength, times), rf"$g={strength:g}\,\omega$")
    axes.set_yscale("log")
    axes.set_ylim(1e-3, None)
    finish(axes, r"time $\omega t$", r"energy $E/\omega$", where="upper left")


_UNSTABLE = Entry(
    "oscillator_pair_unstable",
    r"Bound beyond $g=\omega/2$ two dipoles charge without end",
    [
        *(
            Result(f"energy (w), g = {strength:g} w{where}, 33 times", partial(_dipoles, strength),
                   partial(_modes, strength),
                   "exact: (g^2/2w) sum of sin^2(W t)/W^2 over W^2 = w^2 + 2 g w and w^2 - 2 g w, "
                   f"the normal modes ({EMARY})", 1e-10)
            for strength, where in ((0.4, ""), (0.5, ", where one mode has no frequency"),
                                    (0.8, ""))
        ),
        Result("ergotropy (w), g = 0.8 w, 33 times",
               lambda: _dipoles(0.8, TIMES, "ergotropy"), lambda: quadratures.work(*_by_steps()),
               "independent: covariances of x and p by solve_ivp", 1e-9),
        Result("rate at which the energy grows (w), g = 0.8 w, late", lambda: _growth(0.8),
               2 * sqrt(0.6), "exact: 2 sqrt(2 g w - w^2), twice that of the mode which is "
               f"overturned ({EMARY})", 1e-11),
    ],
    _draw_unstable,
    "charger and battery empty",
)  # fmt: skip

ENTRIES = (_CHARGING, _UNSTABLE)
