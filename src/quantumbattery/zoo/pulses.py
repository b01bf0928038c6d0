"""Shapes in time: pulses of a coupling, and sweeps through a resonance."""

from __future__ import annotations

from math import exp, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.envelopes import Envelope
from quantumbattery.network.interactions import exchange
from quantumbattery.network.network import Link
from quantumbattery.network.preparations import fock
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Qubit
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 10, 41)
CENTRE = 5.0


def _pair(shape: Envelope, coupling: Any = 1.0, detuning: Any = 0.0, *links: Link) -> System:
    """Two qubits whose exchange is shaped in time; the charger may be detuned."""
    sites = {"charger": Qubit(), "battery": Qubit()}
    link = exchange("charger", "battery", coupling, envelope=shape)
    return System(sites, [link, shift("charger", detuning), *links])


def _moved(system: System, times: Any) -> Any:
    """The energy of the battery, charger full at first."""
    return curve(system, fock(1), times)


# --- an area -------------------------------------------------------------------------------------

AREAS = np.array([0.3, 0.5, 1.0]) * pi


def _bell(times: Any) -> Any:
    """Of unit width, and area 1 but for its tails."""
    return np.exp(-((times - CENTRE) ** 2) / 2) / sqrt(2 * pi)


def _bell_so_far() -> Any:
    from scipy.special import erf

    return (erf((TIMES - CENTRE) / sqrt(2)) + erf(CENTRE / sqrt(2))) / 2


def _areas() -> xr.DataArray:
    return xr.DataArray(AREAS, dims="area")


def _steps() -> System:
    """Five steps of one length and random heights."""
    heights = xr.DataArray([0.3, 1.1, -0.4, 0.8, 0.2], {"time": np.arange(0, 10, 2)}, ["time"])
    link = exchange("charger", "battery", 1.0, envelope=heights, steps=True)
    return System({"charger": Qubit(), "battery": Qubit()}, [link])


def _steps_so_far() -> Any:
    return np.interp(TIMES, np.arange(0, 12, 2), np.cumsum([0, 0.6, 2.2, -0.8, 1.6, 0.4]))


def _draw_area(axes: Axes) -> None:
    for k, (area, words) in enumerate(((0.25, r"\pi/4"), (0.5, r"\pi/2"), (1.0, r"\pi"))):
        times = np.linspace(0, 10, 161)
        line(axes, k, times, _moved(_pair(_bell, area * pi), times), f"area ${words}$")
    finish(axes, r"time $t/\tau$, pulse centred at 5", r"energy $E/\omega$", columns=3)


_AREA = Entry(
    "coupling_pulse",
    "A pulse of the coupling: only its area counts",
    [
        Result("energy (w), bells of area 0.3 pi, pi/2 and pi, 41 times",
               lambda: _moved(_pair(_bell, _areas()), TIMES),
               lambda: np.sin(np.multiply.outer(AREAS, _bell_so_far())) ** 2,
               "exact: w sin^2 of the area of J(t) so far, by the error function", 1e-10),
        Result("energy (w), five steps of the coupling, 41 times",
               lambda: _moved(_steps(), TIMES), lambda: np.sin(_steps_so_far()) ** 2,
               "exact: w sin^2 of the area of J(t) so far, by straight lines", 1e-12),
    ],
    _draw_area,
    r"charger full; $J(t)$ a Gaussian of width $\tau$",
)  # fmt: skip

# --- a hyperbolic secant -------------------------------------------------------------------------

ROSEN = "Rosen & Zener, Phys. Rev. 40, 502 (1932)"
HIOE = "Hioe, Phys. Rev. A 30, 2100 (1984)"
PULSES = ((0.25, 0.0), (0.5, 0.4), (0.8, 1.0), (1.5, 0.6))
"""Peaks J and detunings, in units of the pulse's 1/T."""
END = 27.0
"""Half of the time: the tails beyond it are e^-27."""


def _sech(times: Any) -> Any:
    return 1 / np.cosh(times - END)


def _rising(times: Any) -> Any:
    return np.tanh(times - END)


def _columns(pairs: Any) -> Any:
    return (xr.DataArray(column, dims="pulse") for column in np.transpose(pairs))


def _rosen(coupling: Any, detuning: Any) -> Any:
    """The area of the Rabi frequency 2 J sech(t/T) is 2 pi J T."""
    return (np.sin(pi * coupling) / np.cosh(pi * detuning / 2)) ** 2


def _chirped(coupling: Any, sweep: Any) -> Any:
    links = shift("charger", sweep, envelope=_rising)
    return _moved(_pair(_sech, coupling, 0.0, links), 2 * END)


def _hioe(coupling: Any, sweep: Any) -> Any:
    """Of 1 - p: what two crossing levels do not pass on."""
    root = np.sqrt(4 * coupling**2 - sweep**2 + 0j)
    return 1 - (np.abs(np.cos(pi * root / 2)) / np.cosh(pi * sweep / 2)) ** 2


def _draw_sech(axes: Axes) -> None:
    detuning = np.linspace(-2, 2, 41)
    for k, (coupling, words) in enumerate(((1 / 6, r"\pi/3"), (1 / 3, r"2\pi/3"), (1 / 2, r"\pi"))):
        values = _moved(_pair(_sech, coupling, xr.DataArray(detuning, dims="detuning")), 2 * END)
        line(axes, k, detuning, values, f"area ${words}$")
    finish(axes, r"detuning $\Delta T$", r"energy after the pulse $E/\omega$", columns=3)


_SECH = Entry(
    "sech_pulse",
    "Sech pulses: detuning and area part as factors",
    [
        Result("energy (w) after the pulse, 4 peaks J T and detunings D T",
               lambda: _moved(_pair(_sech, *_columns(PULSES)), 2 * END),
               lambda: _rosen(*np.transpose(PULSES)),
               f"exact: w sech^2(pi D T/2) sin^2(A/2), A = 2 pi J T; {ROSEN}; such batteries: "
               "arXiv:2307.06741", 1e-9),
        Result("energy (w) after the pulse, 4 peaks J T and sweeps B T tanh(t/T) of the detuning",
               lambda: _chirped(*_columns(PULSES)), lambda: _hioe(*np.transpose(PULSES)),
               f"exact: w [1 - sech^2(pi B T/2) cos^2(pi sqrt(4 J^2 - B^2) T/2)]; {HIOE}", 1e-9),
    ],
    _draw_sech,
    r"charger full; $J(t)=J\,\mathrm{sech}(t/T)$, area $2\pi JT$",
)  # fmt: skip

# --- a sweep through resonance -------------------------------------------------------------------

ZENER = "Zener, Proc. R. Soc. A 137, 696 (1932)"
VITANOV = "Vitanov & Garraway, Phys. Rev. A 53, 4288 (1996)"
STRENGTHS = np.array([0.2, 0.5, 1.0])


def _sweep(coupling: Any, centre: float, shape: Envelope | None = None) -> System:
    """The charger's frequency rises by 1 in a unit of time, and meets the battery's."""
    links = [exchange("charger", "battery", coupling, envelope=shape),
             shift("charger", 1.0, envelope=lambda t: t - centre)]  # fmt: skip
    return System({"charger": Qubit(), "battery": Qubit()}, links)


def _weber(coupling: float, times: Any) -> Any:
    """Even and odd solution of y'' + (J^2 + i/2 + t^2/4) y = 0, and their slopes, by power series.

    (2, 2, time): parabolic cylinder functions, whose series loses three digits at t = 5.
    """
    found = []
    for first in (0, 1):
        c = np.zeros(160, dtype=complex)
        c[first] = 1
        for k in range(first, 158, 2):
            before = c[k - 2] / 4 if k > 1 else 0
            c[k + 2] = -((coupling**2 + 0.5j) * c[k] + before) / ((k + 1) * (k + 2))
        series = np.polynomial.Polynomial(c)
        found.append((series(times), series.deriv()(times)))
    return np.array(found)


def _crossed(coupling: float) -> Any:
    """The battery's energy at TIMES: what is not left in the charger, which starts with 1."""
    start = _weber(coupling, -CENTRE)
    shares = np.linalg.solve(start.T, [1, 0.5j * CENTRE])
    return 1 - abs(shares @ _weber(coupling, TIMES - CENTRE)[:, 0]) ** 2


def _window(times: Any) -> Any:
    """From 0 to 1 around 4, and back around 20."""
    from scipy.special import erf

    return (erf((times - 5) / 1.15) - erf((times - 19) / 1.15)) / 2


def _draw_sweep(axes: Axes) -> None:
    times = np.linspace(0, 10, 201)
    for k, coupling in enumerate((1.0, 0.5, 0.2)):
        values = _moved(_sweep(coupling, CENTRE), times)
        line(axes, k, times - CENTRE, values, rf"$J/\sqrt{{v}}={coupling:g}$")
    finish(axes, r"time $\sqrt{v}\,t$ after the crossing", r"energy $E/\omega$", columns=3)


_SWEEP = Entry(
    "resonance_sweep",
    "Swept through resonance: no timing, if slow enough",
    [
        Result("energy (w), J = 0.2, 0.5, 1, from 5 before to 5 after the crossing, 41 times",
               lambda: _moved(_sweep(xr.DataArray(STRENGTHS, dims="coupling"), CENTRE), TIMES),
               lambda: np.stack([_crossed(float(j)) for j in STRENGTHS]),
               "exact: parabolic cylinder functions by power series, over a finite time; "
               f"{VITANOV}", 1e-9),
        Result("energy (w) after a sweep, J = 0.4, exchange switched on and off smoothly",
               lambda: _moved(_sweep(0.4, 12.0, _window), 24.0),
               1 - exp(-2 * pi * 0.4**2),
               f"exact: 1 - e^(-2 pi J^2/v) for an infinite sweep; {ZENER}; here finite", 1e-5),
    ],
    _draw_sweep,
    r"charger full; its frequency rises by $v$ in a unit of time",
)  # fmt: skip

# --- a coupling that dies out --------------------------------------------------------------------

DEMKOV = "Demkov, Sov. Phys. JETP 18, 138 (1964)"
DYING = ((2.0, 0.0), (1.0, 0.3), (3.0, 1.0), (5.0, 2.0))
"""Couplings at first and detunings, in units of 1/T."""


def _fading(times: Any) -> Any:
    return np.exp(-times)


def _bessel(order: complex, x: Any) -> Any:
    """J of a complex order, by its power series."""
    from scipy.special import gamma

    k = np.arange(60)
    terms = (-1.0) ** k / (gamma(k + 1) * gamma(order + k + 1))
    return (terms * (np.asarray(x)[..., None] / 2) ** (2 * k + order)).sum(axis=-1)


def _died(coupling: float, detuning: float) -> Any:
    """In x = J T e^(-t/T) both amplitudes are sqrt(x) times Bessel functions."""
    order, x = 0.5j * detuning - 0.5, coupling * np.exp(-TIMES)
    one, two = _bessel(-order - 1, coupling), _bessel(order + 1, coupling)
    whole = _bessel(order, coupling) * one + _bessel(-order, coupling) * two
    arrived = one * _bessel(order + 1, x) - two * _bessel(-order - 1, x)
    return x / coupling * np.abs(arrived / whole) ** 2


def _draw_dying(axes: Axes) -> None:
    times = np.linspace(0, 6, 121)
    for k, detuning in enumerate((0.0, 1.0, 3.0)):
        line(axes, k, times, _moved(_pair(_fading, pi / 2, detuning), times),
             rf"$\Delta T={detuning:g}$")  # fmt: skip
    finish(axes, "time $t/T$", r"energy $E/\omega$", columns=3)


_DYING = Entry(
    "fading_coupling",
    "A coupling that dies out disconnects by itself",
    [
        Result("energy (w), J T = 2, resonant, 41 times",
               lambda: _moved(_pair(_fading, 2.0), TIMES),
               lambda: np.sin(2 * (1 - np.exp(-TIMES))) ** 2,
               "exact: w sin^2[J T (1 - e^(-t/T))], by its area", 1e-10),
        Result("energy (w), 4 couplings J T and detunings D T, 41 times",
               lambda: _moved(_pair(_fading, *_columns(DYING)), TIMES),
               lambda: np.stack([_died(*each) for each in DYING]),
               f"exact: Bessel functions of order (i D T +- 1)/2 and J T e^(-t/T); {DEMKOV}", 1e-9),
    ],
    _draw_dying,
    r"charger full; $J(t)=(\pi/2T)\,e^{-t/T}$",
)  # fmt: skip

ENTRIES = (_AREA, _SECH, _SWEEP, _DYING)
