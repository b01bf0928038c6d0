"""Losses of one's own: quanta that leave in pairs, a squeezed bath, a pump against a loss."""

from __future__ import annotations

from functools import partial
from math import cosh, exp, hypot, inf, sinh, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.joint_losses import jump
from quantumbattery.network.network import Link
from quantumbattery.network.preparations import bloch, coherent, fock
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 25)

# --- pairs of quanta -----------------------------------------------------------------------------

SIMAAN = "Simaan & Loudon, J. Phys. A 8, 539 (1975)"
MIRRAHIMI = "Mirrahimi et al., New J. Phys. 16, 045014 (2014)"
ALPHA, LATE = 1.2, 30.0
"""An amplitude of the cavity at first, and when nothing more happens."""


def _pair(levels: int) -> Any:
    return brute_force.lower(levels) @ brute_force.lower(levels)


def _by_pairs() -> System:
    """A cavity, whose quanta leave in pairs only."""
    return System({"cavity": Oscillator()}, [jump("cavity", _pair, 1.0)], [], "cavity")


def _four(times: Any) -> Any:
    """The energy of a cavity that began with four quanta: rates 4 x 3 and 2 x 1."""
    four, two = np.exp(-12 * times), 1.2 * (np.exp(-2 * times) - np.exp(-12 * times))
    return 4 * four + 2 * two


def _left(alpha: float) -> tuple[float, float]:
    """The odd part of a coherent state, and the coherence between odd and even ones."""
    from scipy.special import iv

    mean = alpha**2
    return (1 - exp(-2 * mean)) / 2, alpha * exp(-mean) * float(iv(0, mean))


def _left_work() -> float:
    excited, coherence = _left(ALPHA)
    return excited - 0.5 + hypot(excited - 0.5, coherence)


def _draw_pairs(axes: Axes) -> None:
    times = np.linspace(0, 2, 121)
    for k, quanta in enumerate((5, 4, 3, 2)):
        values = curve(_by_pairs(), {"cavity": fock(quanta)}, times)
        line(axes, k, times, values, f"$n={quanta}$ at first")
    finish(axes, r"time $\kappa_2t$", r"energy $E/\omega$")


_PAIRS = Entry(
    "pair_loss",
    "Quanta that leave in pairs: an odd one is kept",
    [
        Result("energy (w), 4 quanta at first, 25 times",
               lambda: curve(_by_pairs(), {"cavity": fock(4)}, TIMES), lambda: _four(TIMES),
               f"exact: rates n (n - 1) k from 4 to 2 to 0; {SIMAAN}", 1e-12),
        Result("energy (w), 3 quanta at first, 25 times",
               lambda: curve(_by_pairs(), {"cavity": fock(3)}, TIMES),
               lambda: 1 + 2 * np.exp(-6 * TIMES), "exact: w (1 + 2 e^(-6 k t))", 1e-12),
        Result("energy (w) in the end, coherent state of mean 1.44",
               lambda: curve(_by_pairs(), {"cavity": coherent(ALPHA)}, LATE),
               lambda: _left(ALPHA)[0],
               f"exact: w (1 - e^(-2 n))/2, as parity is kept; {SIMAAN}", 1e-10),
        Result("ergotropy (w) in the end, coherent state of mean 1.44",
               lambda: curve(_by_pairs(), {"cavity": coherent(ALPHA)}, LATE, "ergotropy"),
               _left_work,
               "exact: p - 1/2 + sqrt((p - 1/2)^2 + C^2), C = a e^(-n) I_0(n), a kept quantity of "
               f"{MIRRAHIMI}", 1e-10),
    ],
    _draw_pairs,
    "cavity with $n$ quanta",
)  # fmt: skip

# --- a squeezed bath -----------------------------------------------------------------------------

GARDINER = "Gardiner & Collett, Phys. Rev. A 31, 3761 (1985)"
CENTRONE = "Centrone, Mancino & Paternostro, arXiv:2106.07899"
SQUEEZING = 0.25


def _mixed(r: float, levels: int) -> Any:
    """cosh(r) a + sinh(r) a^dag."""
    a = brute_force.lower(levels)
    return cosh(r) * a + sinh(r) * a.T


def _squeezed(r: float = SQUEEZING, resonant: bool = True) -> System:
    """An oscillator in a squeezed bath, which turns with it, or stands still."""
    links: list[Link] = [jump("cell", partial(_mixed, r), 1.0)]
    if resonant:
        links.append(shift("cell", -1.0))
    return System({"cell": Oscillator()}, links, [], "cell")


def _work_in_bath(detuning: float) -> float:
    """Energy, less that of a thermal state of equal area: <aa> is damped at 1 + 2 i detuning."""
    quanta = sinh(SQUEEZING) ** 2
    pair = cosh(SQUEEZING) * sinh(SQUEEZING) / hypot(1, 2 * detuning)
    return quanta + 0.5 - sqrt((quanta + 0.5) ** 2 - pair**2)


def _draw_squeezed(axes: Axes) -> None:
    rs = np.linspace(0, 0.5, 13)
    kinds = ((True, "energy"), (True, "ergotropy"), (False, "ergotropy"))
    for k, (resonant, measure) in enumerate(kinds):
        values = [curve(_squeezed(r, resonant), {}, inf, measure) for r in rs]
        words = "" if measure == "energy" else f", bath {'resonant' if resonant else 'at rest'}"
        line(axes, k, rs, values, measure + words, **({"linewidth": 2.6} if k == 0 else {}))
    finish(axes, "squeezing $r$ of the bath", r"$E/\omega$, $\mathcal{E}/\omega$", 1, "upper left")


_SQUEEZED = Entry(
    "squeezed_bath",
    "A squeezed bath fills an oscillator with work",
    [
        Result("energy (w) in the end, r = 0.25", lambda: curve(_squeezed(), {}, inf),
               sinh(SQUEEZING) ** 2, f"exact: w sinh^2 r; {GARDINER}", 1e-11),
        Result("energy (w), r = 0.25, 25 times", lambda: curve(_squeezed(), {}, TIMES),
               lambda: sinh(SQUEEZING) ** 2 * (1 - np.exp(-TIMES)),
               "exact: w sinh^2(r) (1 - e^(-k t)), k the rate", 1e-10),
        Result("ergotropy (w) in the end, r = 0.25",
               lambda: curve(_squeezed(), {}, inf, "ergotropy"),
               sinh(SQUEEZING) ** 2,
               f"exact: all of it, a squeezed vacuum is pure; such batteries: {CENTRONE}", 1e-10),
        Result("ergotropy (w) in the end, r = 0.25, a bath that does not turn, k = w",
               lambda: curve(_squeezed(resonant=False), {}, inf, "ergotropy"),
               lambda: _work_in_bath(1.0),
               "exact: n + 1/2 - sqrt((n + 1/2)^2 - |m|^2), m = cosh(r) sinh(r) k/(k + 2 i w)",
               1e-10),
    ],
    _draw_squeezed,
    r"long after; a bath at rest has $\kappa=\omega$",
)  # fmt: skip

# --- a pump against a loss -----------------------------------------------------------------------

PUMPS = np.array([0.05, 0.1, 0.3, 1.0])
LEAK, THETA = 0.1, 1.0


def _pumped(pump: Any) -> System:
    raised = jump("cell", np.array([[0.0, 0.0], [1.0, 0.0]]), pump)
    return System({"cell": Qubit(loss=LEAK)}, [raised], [], "cell")


def _populated(times: Any, start: float = 0.0) -> Any:
    """The excited population, from its start to pump/(pump + loss)."""
    end, rate = PUMPS / (PUMPS + LEAK), PUMPS + LEAK
    return end[:, None] + (start - end[:, None]) * np.exp(-np.multiply.outer(rate, times))


def _pumped_work() -> Any:
    excited = _populated(TIMES, np.sin(THETA / 2) ** 2)
    fades = np.exp(-np.multiply.outer(PUMPS + LEAK, TIMES) / 2)
    return excited - 0.5 + np.hypot(excited - 0.5, np.sin(THETA) * fades / 2)


def _axis() -> xr.DataArray:
    return xr.DataArray(PUMPS, dims="pump")


def _draw_pumped(axes: Axes) -> None:
    times = np.linspace(0, 30, 121)
    for k, pump in enumerate((0.3, 0.1)):
        for j, measure in enumerate(("energy", "ergotropy")):
            values = curve(_pumped(pump), {"cell": bloch(THETA)}, times, measure)
            line(axes, 2 * k + j, LEAK * times, values, rf"{measure}, $P/\gamma={pump / LEAK:g}$")
    finish(axes, r"time $\gamma t$", r"$E/\omega$, $\mathcal{E}/\omega$")


_PUMPED = Entry(
    "pumped_qubit",
    "A pump stronger than the loss inverts a qubit",
    [
        Result("energy (w), empty at first, pumps 0.05 to 1, loss 0.1, 25 times",
               lambda: curve(_pumped(_axis()), {}, TIMES), lambda: _populated(TIMES),
               "exact: rate equation, w P/(P + g) (1 - e^(-(P + g) t))", 1e-12),
        Result("ergotropy (w) in the end, pumps 0.05 to 1, loss 0.1",
               lambda: curve(_pumped(_axis()), {}, inf, "ergotropy"),
               lambda: np.maximum(0, (PUMPS - LEAK) / (PUMPS + LEAK)),
               "exact: w max(0, (P - g)/(P + g)), work only above P = g", 1e-12),
        Result("ergotropy (w), theta = 1 at first, pumps 0.05 to 1, 25 times",
               lambda: curve(_pumped(_axis()), {"cell": bloch(THETA)}, TIMES, "ergotropy"),
               _pumped_work,
               "exact: p - 1/2 + sqrt((p - 1/2)^2 + C^2), C falling as e^(-(P + g) t/2)", 1e-12),
    ],
    _draw_pumped,
    r"cell at $\theta=1$, pumped at rate $P$ against a loss $\gamma$",
)  # fmt: skip

ENTRIES = (_PAIRS, _SQUEEZED, _PUMPED)
