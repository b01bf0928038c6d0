"""Passages: fields that carry a battery of three levels past one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import pi, sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.network.drives import drive
from quantumbattery.network.sites import Qudit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SANTOS = "Santos, Cakmak, Campbell & Zinner, Phys. Rev. E 100, 032107 (2019)"
CHEN = "Chen et al., Phys. Rev. Lett. 105, 123003 (2010)"
LADDER, LAMBDA, VEE = (0.0, 1.0, 1.9), (0.0, 0.6, 2.0), (0.0, 1.0, 1.3)
"""The levels; in a lambda the middle one is the end, and the highest is passed by."""
Fields: TypeAlias = dict[tuple[int, int], tuple[float, Callable[[Any], Any]]]


def _three(levels: tuple[float, ...], fields: Fields, phase: float = 0.0) -> System:
    """Three levels and resonant fields on some transitions; a phase for that of 0 and 2."""
    links = [
        drive("cell", strength, levels[high] - levels[low], envelope=shape,
              transition=(low, high), phase=phase if (low, high) == (0, 2) else 0.0)
        for (low, high), (strength, shape) in fields.items()
    ]  # fmt: skip
    return System({"cell": Qudit(levels, steps=[1.0, 1.0])}, links, [], "cell")


def _three_by_force(levels: tuple[float, ...], fields: Fields, times: Any) -> Any:
    """In the turning frame, in which only the shapes move."""

    def h(time: float) -> Any:
        found = np.zeros((3, 3))
        for (low, high), (strength, shape) in fields.items():
            found[low, high] = found[high, low] = strength * shape(time)
        return found

    return np.abs(brute_force.kets_in_time(h, np.eye(3)[0], times)) ** 2 @ np.array(levels)


def _at(centre: float, width: float = 3.0) -> Callable[[Any], Any]:
    return lambda t: np.exp(-(((t - centre) / width) ** 2))


# --- pulses one after the other ------------------------------------------------------------------

SLOW = np.linspace(0, 15, 31)
STOKES_FIRST: Fields = {(0, 2): (3.0, _at(9.0)), (1, 2): (3.0, _at(6.0))}
PUMP_FIRST: Fields = {(0, 2): (3.0, _at(6.0)), (1, 2): (3.0, _at(9.0))}
TOGETHER: Fields = {(0, 1): (0.3, _at(6.0)), (0, 2): (0.4, _at(6.0))}


def _bright() -> Any:
    """Of two fields of one shape, 3 to 4: each level its share of sin^2 of the whole area."""
    from scipy.special import erf

    area = 0.5 * 3 * sqrt(pi) / 2 * (erf((SLOW - 6) / 3) + erf(2.0))
    return (0.36 * VEE[1] + 0.64 * VEE[2]) * np.sin(area) ** 2


def _draw_stirap(axes: Axes) -> None:
    times = np.linspace(0, 15, 151)
    for k, (fields, words) in enumerate(((STOKES_FIRST, "upper field first"),
                                         (PUMP_FIRST, "lower field first"))):  # fmt: skip
        line(axes, k, times, curve(_three(LAMBDA, fields), {}, times), words)
    axes.axhline(LAMBDA[1], color="0.6", linewidth=0.8)
    finish(axes, r"time $\omega t$", r"energy $E/\omega$")


_STIRAP = Entry(
    "stirap",
    "In the right order, pulses pass the third level by",
    [
        Result("energy (w), lambda of 0, 0.6, 2 w, upper field first, 31 times",
               lambda: curve(_three(LAMBDA, STOKES_FIRST), {}, SLOW),
               lambda: _three_by_force(LAMBDA, STOKES_FIRST, SLOW),
               f"independent: SciPy's DOP853 on three amplitudes; passage of {SANTOS}", 1e-9),
        Result("energy (w), lambda of 0, 0.6, 2 w, lower field first, 31 times",
               lambda: curve(_three(LAMBDA, PUMP_FIRST), {}, SLOW),
               lambda: _three_by_force(LAMBDA, PUMP_FIRST, SLOW),
               "independent: SciPy's DOP853 on three amplitudes", 1e-9),
        Result("energy (w), V of 0, 1, 1.3 w, two fields of one shape, 31 times",
               lambda: curve(_three(VEE, TOGETHER), {}, SLOW), _bright,
               "exact: (O1^2 e1 + O2^2 e2)/O^2 sin^2 of the area of O, O = hypot(O1, O2)", 1e-9),
    ],
    _draw_stirap,
    r"levels $0$, $0.6\,\omega$ (grey line), $2\,\omega$; Gaussians of height $3\,\omega$",
)  # fmt: skip

# --- a shortcut ----------------------------------------------------------------------------------


def _angle(length: float, times: Any) -> Any:
    return pi / 2 * np.sin(pi * times / (2 * length)) ** 2


def _passage(length: float, direct: bool) -> System:
    """Fields 2 sin and 2 cos of an angle that turns by pi/2; and a direct one, its speed."""
    fields: Fields = {
        (0, 1): (2.0, lambda t: np.sin(_angle(length, t))),
        (1, 2): (2.0, lambda t: np.cos(_angle(length, t))),
    }
    if direct:
        fields[0, 2] = (pi**2 / (4 * length), lambda t: np.sin(pi * t / length))
    return _three(LADDER, fields, pi / 2)


def _passed(length: float, direct: bool, times: Any) -> Any:
    return curve(_passage(length, direct), {}, times)


def _dark(length: float, times: Any) -> Any:
    return LADDER[2] * np.sin(_angle(length, times)) ** 2


def _draw_shortcut(axes: Axes) -> None:
    share = np.linspace(0, 1, 81)
    for k, (length, direct, words) in enumerate((
        (1.0, True, "direct field too"), (1.0, False, r"without, $T=1/\omega$"),
        (4.0, False, r"without, $T=4/\omega$"),
    )):  # fmt: skip
        line(axes, k, share, _passed(length, direct, share * length), words)
    finish(axes, "time $t/T$", r"energy $E/\omega$", columns=1, where="upper left")


_SHORTCUT = Entry(
    "shortcut_to_adiabaticity",
    "A third field keeps a fast passage in its dark state",
    [
        *(
            Result(f"energy (w), passage of length {length:g}/w with a direct field, 21 times",
                   partial(_passed, length, True, np.linspace(0, length, 21)),
                   partial(_dark, length, np.linspace(0, length, 21)),
                   f"exact: e2 sin^2 of the angle, at any speed; {CHEN}", 1e-9)
            for length in (1.0, 5.0)
        ),
        Result("energy (w) at the end of a passage of length 80/w, no direct field",
               lambda: _passed(80.0, False, 80.0), LADDER[2],
               f"exact: e2, the adiabatic limit, as in {SANTOS}; here finite", 1e-7),
    ],
    _draw_shortcut,
    r"levels $0$, $\omega$, $1.9\,\omega$, empty; fields of $2\,\omega$ on both steps",
)  # fmt: skip

ENTRIES = (_STIRAP, _SHORTCUT)
