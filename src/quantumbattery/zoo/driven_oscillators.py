"""A pumped oscillator charges another: what drive, heat and squeezing store, at any strength."""

from __future__ import annotations

from functools import cache, partial
from math import log, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.zoo import quadratures
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 6, 13)
FARINA = "Farina et al., Phys. Rev. B 99, 035421 (2019)"
BY_STEPS = "independent: means and covariances of x and p in the laboratory frame, by solve_ivp"
TURNING = BY_STEPS.replace("laboratory", "turning")
LOSSES = [1.0, 4.0, 16.0]  # below, at and above the exceptional point of g = 1


@cache
def _by_steps(*numbers: float) -> tuple[Any, Any]:
    return quadratures.pumped_pair(TIMES, *numbers)


def _reference(measure: str, *numbers: float) -> Any:
    """Energy or ergotropy of a pumped pair: drive, loss, occupation, squeezing."""
    read = quadratures.energy if measure == "energy" else quadratures.work
    return read(*_by_steps(*numbers))


# --- driven, without loss ------------------------------------------------------------------------


def _sharp(times: Any) -> Any:
    """Energy of the pair without loss, in units of w F^2 / g^2."""
    return 4 * np.sin(times / 2) ** 4


def _power(times: Any) -> Any:
    """Power in units of 4 w F^2 / g."""
    return curve(models.driven_oscillator_pair(drive=5.0), {}, times, "power") / 100


def _best_time() -> float:
    """Where sin^4(x / 2) / x is highest: tan(x / 2) = 2 x."""
    from scipy.optimize import brentq

    return float(brentq(lambda x: np.tan(x / 2) - 2 * x, 2.5, 3.0, xtol=1e-15))


def _draw_oscillators(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi, 121)
    for k, drive in enumerate((0.5, 1.0, 1.5)):
        values = curve(models.driven_oscillator_pair(drive=drive), {}, times)
        line(axes, k, times, values, f"$F/g={drive:g}$")
    finish(axes, "time $gt$", r"energy $E/\omega$, all of it work", columns=3)


_OSCILLATORS = Entry(
    "driven_oscillator_pair",
    "A driven pair of oscillators: what is stored grows as $F^2$",
    [
        *(
            Result(f"{measure} (w), F = {drive:g} g, no loss, 13 times",
                   partial(curve, models.driven_oscillator_pair(drive=drive), {}, TIMES, measure),
                   drive**2 * _sharp(TIMES),
                   f"exact: 4 w (F/g)^2 sin^4(g t / 2){why}; {FARINA}", allowed)
            for drive, allowed in ((0.5, 1e-14), (20.0, 1e-11))
            for measure, why in (("energy", ""), ("ergotropy", ", the battery is coherent"))
        ),
        Result("highest power (4 w F^2/g), no loss", lambda: peak(_power, 2.0, 3.5)[1],
               lambda: np.sin(_best_time() / 2) ** 4 / _best_time(),
               f"exact: highest sin^4(x/2) / x, 0.3368; {FARINA} prints 0.33, which is cut off and "
               "not rounded", 1e-14),
        Result("time of the highest power (1/g), no loss", lambda: peak(_power, 2.0, 3.5)[0],
               _best_time,
               "exact: tan(x/2) = 2 x, 2.7865, printed 2.78; a flat top gives half of the digits",
               1e-6),
    ],
    _draw_oscillators,
    "charger and battery empty",
)  # fmt: skip

# --- driven, with loss ---------------------------------------------------------------------------


def _lossy(measure: str, drive: Any, loss: Any, occupation: Any = 0.0, times: Any = TIMES) -> Any:
    pair = models.driven_oscillator_pair(drive=drive, charger_loss=loss, occupation=occupation)
    return curve(pair, {}, times, measure)


def _draw_lossy(axes: Axes) -> None:
    times = np.linspace(0, 12, 121)
    for k, loss in enumerate((0.0, *LOSSES)):
        line(axes, k, times, _lossy("energy", 0.5, loss, times=times), rf"$\gamma/g={loss:g}$")
    finish(axes, "time $gt$", r"energy $E/\omega$", columns=4)


_LOSSY = Entry(
    "driven_oscillator_pair_lossy",
    r"Loss settles a driven pair, soonest at $\gamma=4g$",
    [
        *(
            Result(f"energy (w), F = {drive:g} g, loss {loss:g} g{where}, 13 times",
                   partial(_lossy, "energy", drive, loss),
                   partial(_reference, "energy", drive, loss), BY_STEPS, 1e-10)
            for drive, loss, where in ((0.5, 1.0, ""), (2.0, 4.0, ", the exceptional point"),
                                       (5.0, 16.0, ""))
        ),
        Result("energy in the end (w), F = 0.5 g and 20 g, loss g, 4 g and 16 g",
               lambda: [_lossy("energy", f, LOSSES, times=np.inf) for f in (0.5, 20.0)],
               [[0.25] * 3, [400.0] * 3], f"exact: w (F/g)^2 for every loss; {FARINA}", 1e-10),
    ],
    _draw_lossy,
    r"charger and battery empty; drive $F=g/2$",
)  # fmt: skip

# --- driven and heated ---------------------------------------------------------------------------

HEAT = [0.0, 1.0, 10.0]


def _displaced(drive: float, loss: float) -> Any:
    """The part w |<b>|^2, whatever the temperature of the bath (g = 1)."""
    root = np.sqrt(complex(1 - loss**2 / 16))
    swing = np.cos(root * TIMES) + loss / 4 * np.sin(root * TIMES) / root
    return (drive * (1 - np.exp(-loss * TIMES / 4) * swing.real)) ** 2


def _not_added() -> Any:
    """Energy of drive and heat together, less that of each alone, at each loss."""
    parts = [(0.5, 10.0), (0.5, 0.0), (0.0, 10.0)]
    both, drive, heat = (_lossy("energy", f, LOSSES, n) for f, n in parts)
    return both - drive - heat


def _draw_warm(axes: Axes) -> None:
    times = np.linspace(0, 16, 161)
    for k, warmth in enumerate((0.1, 0.3, 1.0)):
        values = _lossy("energy", 0.5, 1.0, warmth, times)
        line(axes, k, times, values, rf"$E$, $N={warmth:g}$")
    work = _lossy("ergotropy", 0.5, 1.0, 1.0, times)
    line(axes, 3, times, work, r"$\mathcal{E}$, every $N$")
    finish(axes, "time $gt$", r"energy, ergotropy $/\omega$", columns=2)


_WARM = Entry(
    "driven_oscillator_pair_warm",
    "A warm bath adds energy to a driven pair, and takes no work",
    [
        *(
            Result(f"{measure} (w), F = {drive:g} g, loss {loss:g} g, bath of mean {warmth:g}, "
                   "13 times", partial(_lossy, measure, drive, loss, warmth),
                   partial(_reference, measure, drive, loss, warmth), BY_STEPS, 1e-10)
            for drive, loss, warmth in ((0.5, 1.0, 10.0), (2.0, 4.0, 10.0), (2.0, 16.0, 3.0))
            for measure in ("energy", "ergotropy")
        ),
        Result("energy of drive and heat together less that of each alone (w), F = 0.5 g, bath of "
               "mean 10, loss g, 4 g and 16 g", _not_added, 0.0,
               f"exact: 0, they add up: the moments obey linear equations; {FARINA}", 1e-12),
        Result("ergotropy (w), F = 0.5 g, loss g, baths of mean 0, 1 and 10, 13 times",
               lambda: _lossy("ergotropy", 0.5, 1.0, HEAT), lambda: _displaced(0.5, 1.0),
               "exact: w |<b>|^2, the part of the displacement, at any temperature; <b> = -(F/g) "
               f"[1 - e^(-g_a t/4) (cos G t + (g_a/4G) sin G t)], G^2 = g^2 - g_a^2/16; {FARINA}",
               1e-12),
        Result("energy in the end (w), F = 2 g, bath of mean 10, loss g, 4 g and 16 g",
               lambda: _lossy("energy", 2.0, LOSSES, 10.0, np.inf), 14.0,
               f"exact: w [(F/g)^2 + N]; {FARINA}", 1e-11),
        Result("entropy in the end, F = 2 g, loss g, baths of mean 1 and 10",
               lambda: _lossy("entropy", 2.0, 1.0, HEAT[1:], np.inf),
               [(n + 1) * log(n + 1) - n * log(n) for n in HEAT[1:]],
               "exact: (N + 1) ln(N + 1) - N ln N, that of the bath's own oscillators", 1e-12),
    ],
    _draw_warm,
    r"charger and battery empty; $F=g/2$, $\gamma=g$, bath of mean $N$",
)  # fmt: skip

# --- a charger that is squeezed all the time -----------------------------------------------------

DOWNING = "Downing & Ukhtary, Commun. Phys. 6, 322 (2023)"
PUMPS = np.array([0.1, 0.5, 1.0, 1.5, 1.9])


def _squeezed(measure: str, drive: Any, loss: float = 0.0, times: Any = TIMES) -> Any:
    return curve(models.quadratic_drive(drive=drive, charger_loss=loss), {}, times, measure)


def _growth() -> Any:
    """Of the energy over one beat of what grows, long after the rest is gone (Om = 3/2, loss 2)."""
    beat = pi / sqrt(1 - 0.5**2 / 4)
    early, late = _squeezed("energy", 1.5, 2.0, np.array([80.0, 80.0 + beat]))
    return np.log(late / early) / beat


def _draw_quadratic(axes: Axes) -> None:
    times = np.linspace(0, 12, 241)
    for k, drive in enumerate((0.5, 0.9, 1.1, 1.5)):
        values = _squeezed("ergotropy", drive, 2.0, times[1:])
        line(axes, k, times[1:], values, rf"$\Omega/g={drive:g}$")
    axes.set_yscale("log")
    axes.set_ylim(1e-3, None)
    finish(axes, "time $gt$", r"ergotropy $\mathcal{E}/\omega$", where="upper left")


_QUADRATIC = Entry(
    "quadratic_drive",
    r"Squeezed harder than half its loss, a charger gives without end",
    [
        Result("energy in the end (w), Om = 0.1, 0.5, 1, 1.5, 1.9 g, loss 4 g",
               lambda: _squeezed("energy", PUMPS, 4.0, np.inf),
               lambda: 2 * PUMPS**2 / (16 - 4 * PUMPS**2),
               f"exact: 2 w Om^2 / (g_a^2 - 4 Om^2); {DOWNING}", 1e-12),
        *(
            Result(f"{measure} (w), Om = {drive:g} g, loss 2 g, {where}, 13 times",
                   partial(_squeezed, measure, drive, 2.0),
                   partial(_reference, measure, 0.0, 2.0, 0.0, drive), TURNING, 1e-10)
            for drive, where in ((0.5, "which settles"), (1.0, "the threshold g_a/2"),
                                 (1.5, "beyond it"))
            for measure in ("energy", "ergotropy")
        ),
        Result("rate at which the energy grows (g), Om = 1.5 g, loss 2 g", _growth, 0.5,
               "exact: Om - g_a/2, as (x, P) move by [[Om - g_a/2, g], [-g, 0]] while that is "
               "below 2 g", 1e-12),
        Result("energy (w), Om = g, no loss, 13 times", lambda: _squeezed("energy", 1.0),
               lambda: _reference("energy", 0.0, 0.0, 0.0, 1.0),
               f"{TURNING}; no steady state as Om >= g_a/2", 1e-9),
    ],
    _draw_quadratic,
    r"charger and battery empty; the charger loses $\gamma_a=2g$",
)  # fmt: skip

ENTRIES = (_OSCILLATORS, _LOSSY, _WARM, _QUADRATIC)
