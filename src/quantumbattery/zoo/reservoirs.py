"""A reservoir that sites share: it passes charge one way, keeps a part, or empties all at once."""

from __future__ import annotations

from functools import partial
from math import e, inf, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.network.drives import drive
from quantumbattery.network.interactions import exchange
from quantumbattery.network.joint_losses import dissipator
from quantumbattery.network.network import Link
from quantumbattery.network.preparations import bloch, coherent, fock
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 12, 25)
PAIR = {"charger": 1.0, "battery": 1.0}


def _one_way(rate: Any) -> list[Link]:
    """A shared decay, and the exchange that cancels what it would bring back."""
    return [exchange("charger", "battery", 0.5j * rate), dissipator(PAIR, rate)]


# --- one way, driven -----------------------------------------------------------------------------

AHMADI = "Ahmadi, Mazurek, Horodecki & Barzanjeh, Phys. Rev. Lett. 132, 210402 (2024)"
LOSS, DRIVE = 0.5, 2.0
SHARED = np.array([0.1, 0.25, 0.5, 1.0, 4.0])


def _driven(links: list[Link]) -> System:
    """Two oscillators, each with a loss of its own; the first is driven."""
    sites = dict.fromkeys(PAIR, Oscillator(loss=LOSS))
    return System(sites, [drive("charger", DRIVE, frequency=1.0), *links])


def _settled(links: list[Link], measure: str = "energy") -> Any:
    return curve(_driven(links), {}, inf, measure)


def _axis(rates: Any) -> xr.DataArray:
    return xr.DataArray(rates, dims="shared")


def _gain(rates: Any) -> Any:
    """Of the shared decay and exchange together, over the same exchange alone."""
    shared = _axis(rates)
    alone: list[Link] = [exchange("charger", "battery", shared / 2)]
    return _settled(_one_way(shared)) / _settled(alone)


def _means(rate: float, times: Any) -> Any:
    """|<b>|^2 of two linear equations: <a> is driven, <b> follows, and nothing leads back."""
    from scipy.linalg import expm

    damped = (rate + LOSS) / 2
    whole = np.array([[-damped, 0, -1j * DRIVE], [-rate, -damped, 0], [0, 0, 0]])
    return np.array([abs(expm(whole * t)[1, 2]) ** 2 for t in times])


def _charger_alone(rate: float) -> Any:
    damped = (rate + LOSS) / 2
    return (DRIVE / damped * (1 - np.exp(-damped * TIMES))) ** 2


def _draw_one_way(axes: Axes) -> None:
    coupling = np.geomspace(0.03, 8, 61)
    shared = _axis(2 * LOSS * coupling)
    alone: list[Link] = [exchange("charger", "battery", shared / 2)]
    for k, (links, words) in enumerate(((_one_way(shared), "one way"), (alone, "exchange alone"))):
        line(axes, k, coupling, _settled(links) * (LOSS / DRIVE) ** 2, words)
    axes.set_xscale("log")
    finish(axes, r"exchange $J/\kappa$", r"energy in the end $E\kappa^2/(\omega F^2)$")


_ONE_WAY = Entry(
    "nonreciprocal_battery",
    "One way: up to four times the energy, off the best coupling",
    [
        Result("energy of battery over charger, long driven, G = 0.1 to 4, loss of each k = 0.5",
               lambda: _settled(_one_way(_axis(SHARED)))
               / _settled(_one_way(_axis(SHARED)), "charger_energy"),
               lambda: 4 * SHARED**2 / (SHARED + LOSS) ** 2,
               f"exact: 4 G^2/(G + k)^2, G the shared decay: model of {AHMADI}", 1e-12),
        Result("energy (w), G = 1, k = 0.5, drive 2, 25 times",
               lambda: curve(_driven(_one_way(1.0)), {}, TIMES), partial(_means, 1.0, TIMES),
               "independent: linear equations of the means <a> and <b>, by expm", 1e-12),
        Result("energy (w) of the charger, G = 1, battery in a coherent state of mean 9",
               lambda: curve(_driven(_one_way(1.0)), {"battery": coherent(3.0)}, TIMES,
                             "charger_energy"),
               partial(_charger_alone, 1.0),
               "exact: that of a driven charger alone, F^2 (1 - e^(-h t))^2/h^2, h = (G + k)/2",
               1e-12),
        Result("energy over that with the same exchange J = G/2 alone, long driven",
               lambda: _gain(SHARED), lambda: (2 * (1 + (SHARED / LOSS) ** 2)
                                               / (1 + SHARED / LOSS) ** 2) ** 2,
               "exact: [2 (1 + x^2)/(1 + x)^2]^2, x = 2J/k: from 4 down to 1 at x = 1, and to 4 "
               "again", 1e-12),
        Result("energy over that with the same exchange alone, J = k/10000",
               lambda: _gain([LOSS / 5000]), 4.0,
               f"printed: fourfold, in the abstract of {AHMADI}; the limit of weak exchange",
               0.005),
    ],
    _draw_one_way,
    r"both lose $\kappa$, charger driven by $F$; one way: shared decay $\Gamma=2J$",
)  # fmt: skip

# --- one way, an excitation ----------------------------------------------------------------------

GARDINER = "Gardiner, Phys. Rev. Lett. 70, 2269 (1993)"


def _qubits(links: list[Link]) -> System:
    return System(dict.fromkeys(PAIR, Qubit()), links)


def _cascaded(rate: Any = 1.0) -> System:
    return _qubits(_one_way(rate))


def _passed() -> Any:
    return TIMES**2 * np.exp(-TIMES)


def _work(share: Any, excited: float) -> Any:
    """The ergotropy of a qubit that got this share of a superposition."""
    inversion = excited * share - 0.5
    return inversion + np.sqrt(inversion**2 + excited * (1 - excited) * share)


def _draw_cascade(axes: Axes) -> None:
    times = np.linspace(0, 8, 161)
    for k, (theta, words) in enumerate(((pi, r"$\theta=\pi$"), (pi / 2, r"$\theta=\pi/2$"))):
        for j, measure in enumerate(("energy", "ergotropy")):
            values = curve(_cascaded(), bloch(theta), times, measure)
            line(axes, 2 * k + j, times, values, f"{measure}, {words}")
    finish(axes, r"time $\Gamma t$", r"$E/\omega$, $\mathcal{E}/\omega$")


_CASCADE = Entry(
    "cascaded_qubits",
    r"One way from qubit to qubit: $4/e^2$ arrives, and leaves",
    [
        Result("energy (w), charger excited, 25 times", lambda: curve(_cascaded(), fock(1), TIMES),
               _passed, f"exact: w (G t)^2 e^(-G t), one amplitude after the other; {GARDINER}",
               1e-13),
        Result("highest energy (w), charger excited",
               lambda: _cascaded().optimum(fock(1), 10.0, of=["energy"]).energy_max.to_numpy(),
               4 / e**2, "exact: 4 w/e^2, at G t = 2", 1e-12),
        Result("energy (w) of the charger, excited, 25 times",
               lambda: curve(_cascaded(), fock(1), TIMES, "charger_energy"),
               lambda: np.exp(-TIMES), "exact: w e^(-G t), as if there were no battery", 1e-13),
        Result("ergotropy (w), charger at theta = 2, 25 times",
               lambda: curve(_cascaded(), bloch(2.0), TIMES, "ergotropy"),
               lambda: _work(_passed(), sin(1.0) ** 2),
               "exact: Eq. 69 of Downing & Ukhtary 2026 with f^2 = (G t)^2 e^(-G t)", 1e-12),
    ],
    _draw_cascade,
    "battery empty",
)  # fmt: skip

# --- two cells along a waveguide -----------------------------------------------------------------

LALUMIERE = "Lalumiere et al., Phys. Rev. A 88, 043806 (2013)"
TUDELA = "Gonzalez-Tudela et al., Phys. Rev. Lett. 106, 020501 (2011)"
PHASES = np.array([0.0, 0.4, pi / 2, 2.5, pi])


def _waveguide(phase: Any) -> System:
    """Both emit to both sides; on its way from one to the other light gets a phase."""
    aside = [dissipator({"charger": 1.0, "battery": np.exp(way * phase)}, 0.5) for way in (1j, -1j)]
    return _qubits([exchange("charger", "battery", 0.5 * np.sin(phase)), *aside])


def _along(phase: Any, times: Any) -> Any:
    """Half the difference of an odd and an even amplitude, squared."""
    half = np.asarray(times) / 2
    grown = np.sinh(half * np.cos(phase)) ** 2 + np.sin(half * np.sin(phase)) ** 2
    return np.exp(-2 * half) * grown


def _draw_waveguide(axes: Axes) -> None:
    times = np.linspace(0, 8, 161)
    for k, (phase, words) in enumerate(((0.0, "0"), (pi / 8, r"\pi/8"), (pi / 4, r"\pi/4"),
                                        (pi / 2, r"\pi/2"))):  # fmt: skip
        line(axes, k, times, curve(_waveguide(phase), fock(1), times), rf"$\varphi={words}$")
    finish(axes, r"time $\Gamma t$", r"energy $E/\omega$")


_WAVEGUIDE = Entry(
    "waveguide_pair",
    "Through a waveguide: a quarter comes, and stays in the dark",
    [
        Result("energy (w), cells a whole wave apart, 25 times",
               lambda: curve(_qubits([dissipator(PAIR, 1.0)]), fock(1), TIMES),
               lambda: (1 - np.exp(-TIMES)) ** 2 / 4,
               f"exact: w (1 - e^(-G t))^2/4, only the even half is emitted; {TUDELA}", 1e-13),
        Result("energy (w), cells a whole wave apart, G t = 40",
               lambda: curve(_qubits([dissipator(PAIR, 1.0)]), fock(1), 40.0), 0.25,
               "exact: w/4, half of the odd state in which half of the charge is left", 1e-13),
        Result("concurrence of charger and battery, a whole wave apart, 25 times",
               lambda: curve(_qubits([dissipator(PAIR, 1.0)]), fock(1), TIMES, "concurrence"),
               lambda: (1 - np.exp(-2 * TIMES)) / 2,
               f"exact: (1 - e^(-2 G t))/2, twice the product of both amplitudes; {TUDELA}", 1e-12),
        Result("energy (w), 5 phases between the cells from 0 to pi, 25 times",
               lambda: curve(_waveguide(xr.DataArray(PHASES, dims="phase")), fock(1), TIMES),
               lambda: _along(PHASES[:, None], TIMES),
               "exact: w e^(-G t) [sinh^2(G t cos(x)/2) + sin^2(G t sin(x)/2)], x the phase; decay "
               f"and exchange of {LALUMIERE}", 1e-13),
    ],
    _draw_waveguide,
    r"charger excited; light takes the phase $\varphi$ between the cells",
)  # fmt: skip

# --- cells that emit together --------------------------------------------------------------------

GROSS = "Gross & Haroche, Phys. Rep. 93, 301 (1982)"
QUACH = "Quach & Munro, Phys. Rev. Applied 14, 024092 (2020)"


def _cells(count: int) -> System:
    """Qubits closer than a wavelength: one bath of all."""
    cells = [f"cell_{k}" for k in range(count)]
    return System(dict.fromkeys(cells, Qubit()), [dissipator(dict.fromkeys(cells, 1.0), 1.0)],
                  [], cells)  # fmt: skip


def _emitted(count: int, times: Any, measure: str = "energy") -> Any:
    """From full excitation."""
    full = {f"cell_{k}": fock(1) for k in range(count)}
    return curve(_cells(count), full, times, measure)


def _ladder(count: int) -> Any:
    """Populations (time, count + 1) by the rates m (N - m + 1) down the symmetric states."""
    from scipy.linalg import expm

    m = np.arange(count + 1)
    rates = m * (count - m + 1.0)
    falls = np.diag(rates[1:], 1) - np.diag(rates)
    return np.stack([expm(falls * t)[:, count] for t in TIMES])


def _draw_cells(axes: Axes) -> None:
    times = np.linspace(0, 3, 121)
    for k, count in enumerate((1, 2, 3, 4)):
        line(axes, k, times, _emitted(count, times) / count, f"$N={count}$")
    finish(axes, r"time $\Gamma t$", r"energy of a cell $E/(N\omega)$")


_SUPERRADIANT = Entry(
    "superradiant_discharge",
    "Full cells that share a bath empty each other",
    [
        Result("energy (w), 2 cells full, 25 times", lambda: _emitted(2, TIMES),
               lambda: 2 * np.exp(-2 * TIMES) * (1 + TIMES),
               f"exact: 2 w e^(-2 G t) (1 + G t), two steps at rate 2 G each; {GROSS}", 1e-13),
        Result("energy (w), 4 cells full, 25 times", lambda: _emitted(4, TIMES),
               lambda: _ladder(4) @ np.arange(5),
               f"independent: rates m (N - m + 1) G down the ladder, by expm; {GROSS}", 1e-12),
        Result("ergotropy (w), 4 cells full, 25 times", lambda: _emitted(4, TIMES, "ergotropy"),
               lambda: _ladder(4) @ np.arange(5) - (1 - _ladder(4).max(axis=1)),
               "independent: the same populations, the largest to the ground state, the others to "
               "the four states with one excitation", 1e-12),
        Result("energy (w), one of 4 cells full, 25 times",
               lambda: curve(_cells(4), {"cell_0": fock(1)}, TIMES),
               lambda: 0.75 + np.exp(-4 * TIMES) / 4,
               "exact: w [1 - 1/N + e^(-N G t)/N], all that is not symmetric is dark; as a store "
               f"in {QUACH}", 1e-13),
    ],
    _draw_cells,
    "all cells excited",
)  # fmt: skip

ENTRIES = (_ONE_WAY, _CASCADE, _WAVEGUIDE, _SUPERRADIANT)
