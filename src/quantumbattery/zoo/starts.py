"""Batteries that start warm, or entangled with their charger."""

from __future__ import annotations

from functools import cache, partial
from math import log, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.merit.daemonic import daemonic_ergotropy
from quantumbattery.merit.ergotropy import ergotropy
from quantumbattery.network.interactions import exchange
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.preparations import fock, gibbs, state
from quantumbattery.network.sites import Qubit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 25)
QUBIT = np.diag([0.0, 1.0])

# --- warm chains ---------------------------------------------------------------------------------

LE = "Le et al., Phys. Rev. A 97, 022106 (2018)"
GHOSH = "Ghosh, Chanda & Sen(De), Phys. Rev. A 101, 032115 (2020)"
TEMPERATURES = np.array([0.3, 1.0, 4.0])
FIELD, DRIVE, COUPLING = 1.3, 0.6, 0.8


def _warm(cells: int, anisotropy: float, measure: str, times: Any = TIMES) -> Any:
    """One measure of a chain that starts in its Gibbs states, (temperature, time)."""
    chain = models.spin_chain(
        cells=cells, field=FIELD, drive=DRIVE, coupling=COUPLING, anisotropy=anisotropy
    )
    return curve(chain, {tuple(chain.sites): gibbs(TEMPERATURES)}, times, measure)


@cache
def _warm_by_force(anisotropy: float) -> tuple[Any, Any]:
    """Four spins (temperature, time, 16, 16), and the Hamiltonian of the battery."""
    from scipy.linalg import expm

    moving, battery = brute_force.chain_of_spins(4, FIELD, DRIVE, COUPLING, anisotropy, np.inf)
    turns = np.stack([expm(-1j * t * moving) for t in TIMES])
    starts = np.stack([expm(-battery / warmth) for warmth in TEMPERATURES])
    starts /= np.trace(starts, axis1=1, axis2=2)[:, None, None]
    return turns @ starts[:, None] @ turns.conj().swapaxes(1, 2), battery


def _warm_energy(anisotropy: float) -> Any:
    rho, battery = _warm_by_force(anisotropy)
    return brute_force.energy(rho, battery) - np.linalg.eigvalsh(battery)[0]


def _warm_power(anisotropy: float) -> Any:
    found = _warm_energy(anisotropy)
    return (found - found[:, :1])[:, 1:] / TIMES[1:]


def _mean_of_levels() -> Any:
    """The energy of two spins at rest: a triplet, in which the field counts, and a singlet."""
    levels = -COUPLING + np.array([-2 * FIELD, 0.0, 2 * FIELD, 4 * COUPLING])
    weights = np.exp(-(levels - levels[0]) / TEMPERATURES[:, None])
    return weights @ (levels - levels[0]) / weights.sum(axis=1)


def _magnetised() -> Any:
    """How far the field turns two spins up: -<sz_1 + sz_2> of the triplet in their Gibbs state."""
    odd, even = np.sinh(2 * FIELD / TEMPERATURES), np.cosh(2 * FIELD / TEMPERATURES)
    return 4 * odd / (1 + 2 * even + np.exp(-4 * COUPLING / TEMPERATURES))


def _draw_warm(axes: Axes) -> None:
    times = np.linspace(0, 3, 121)
    chain = models.spin_chain(cells=4, coupling=0.5)
    for k, warmth in enumerate((0.0, 1.0, 3.0, 10.0)):
        found = curve(chain, {tuple(chain.sites): gibbs(warmth)}, times, "ergotropy")
        line(axes, k, times, found, f"$T={warmth:g}\\,B$")
    finish(axes, r"time $\Omega t$", r"ergotropy $\mathcal{E}/B$")


_WARM = Entry(
    "warm_spin_chain",
    "A chain in equilibrium: no work until the field acts",
    [
        Result("energy (B = 1.3), 2 spins, alpha = 1, g = 0.8, at T = 0.3, 1, 4",
               lambda: _warm(2, 1.0, "energy", 0.0), _mean_of_levels,
               "exact: the mean of the levels -g - 2 B, -g, -g + 2 B and 3 g by their Boltzmann "
               "weights", 1e-12),
        Result("ergotropy at T = 0.3, 1, 4, 4 spins, alpha = -0.4",
               lambda: _warm(4, -0.4, "ergotropy", 0.0), 0.0,
               f"exact: 0, a Gibbs state is passive; interacting chains as batteries: {LE}",
               1e-12),
        Result("energy gained (B = 1.3), 2 spins, alpha = 1, T = 0.3, 1, 4, 25 times",
               lambda: _warm(2, 1.0, "energy") - _warm(2, 1.0, "energy", 0.0)[:, None],
               lambda: FIELD * np.multiply.outer(_magnetised(), 1 - np.cos(2 * DRIVE * TIMES)),
               "exact: B M (1 - cos(2 om t)), M = 4 sinh(2 B/T)/[1 + 2 cosh(2 B/T) + e^(-4 g/T)]: "
               "the spins turn as one", 1e-11),
        *(
            Result(f"{measure} (B = 1.3, om = 0.6, g = 0.8), 4 spins, alpha = -0.4, T = 0.3, 1, 4",
                   ours, found,
                   "independent: Gibbs state and charging by matrix exponentials; chains that "
                   f"start warm: {GHOSH}", 1e-11)
            for measure, ours, found in (
                ("energy", lambda: _warm(4, -0.4, "energy"), lambda: _warm_energy(-0.4)),
                ("ergotropy", lambda: _warm(4, -0.4, "ergotropy"),
                 lambda: brute_force.work(*_warm_by_force(-0.4))),
                ("power", lambda: _warm(4, -0.4, "power")[:, 1:], lambda: _warm_power(-0.4)),
            )
        ),
    ],
    _draw_warm,
    r"4 spins, $g=B/2$, $\Omega=B$, in Gibbs states",
)  # fmt: skip

# --- cells that part -----------------------------------------------------------------------------

RAZZOLI = "Razzoli et al., arXiv:2407.07157 (2024)"
COUPLINGS = np.array([0.5, 1.5, 3.0])


def _parted(coupling: float, temperature: Any) -> Any:
    """Work of two qubits that were in equilibrium together, once their coupling is cut."""
    pair = System({"x": Qubit(), "y": Qubit()}, [exchange("x", "y", coupling, always=True)], [],
                  ["x", "y"])  # fmt: skip
    rho = pair.density_matrix({("x", "y"): gibbs(temperature)}, 0.0)
    return ergotropy(rho.to_numpy(), np.diag([0.0, 1.0, 1.0, 2.0]))


def _parted_exactly() -> Any:
    """Weights of the levels 0, 1 - J, 1 + J and 2; the second is on top of the first for J > 1."""
    rows = []
    for j in COUPLINGS:
        levels = np.array([0.0, 1 - j, 1 + j, 2.0])
        weights = np.exp(-(levels - levels.min()) / TEMPERATURES[:, None])
        shares = (weights / weights.sum(axis=1, keepdims=True)).T
        rows.append(np.maximum(0, shares[1] - shares[0]) + np.maximum(0, shares[3] - shares[2]))
    return np.array(rows)


def _draw_parted(axes: Axes) -> None:
    temperatures = np.geomspace(0.05, 10, 61)
    for k, coupling in enumerate((1.0, 1.2, 2.0, 4.0)):
        line(axes, k, temperatures, _parted(coupling, temperatures), rf"$J={coupling:g}\,\omega$")
    axes.set_xscale("log")
    finish(axes, r"temperature $T/\omega$", r"ergotropy $\mathcal{E}/\omega$ when the link is cut")


_PARTED = Entry(
    "parted_cells",
    "Cold cells that were linked hold work when they part",
    [
        Result("ergotropy (w) of cut cells, J = 0.5, 1.5, 3 w, T = 0.3, 1, 4 w",
               lambda: np.stack([_parted(float(j), TEMPERATURES) for j in COUPLINGS]),
               _parted_exactly,
               "exact: w max(0, p_1 - p_0) + w max(0, p_3 - p_2), weights of 0, w - J, w + J and "
               f"2 w: none up to J = w; the stroke of disconnection is that of {RAZZOLI}", 1e-12),
    ],
    _draw_parted,
    "two qubits in the Gibbs state of both and their link",
)  # fmt: skip

# --- entangled with the charger ------------------------------------------------------------------

BELL = "exact: charger and battery in (|0>|1> + i |1>|0>)/sqrt(2) turn to |0>|1>"
MEASURES = ("energy", "ergotropy", "mutual_information", "negativity")


def _bell(phase: float, share: float = 1.0) -> dict[tuple[str, str], Preparation]:
    """Charger and battery in (|01> + e^(i phase) |10>)/sqrt 2, mixed with noise of 1 - share."""
    ket = np.array([0, 1, np.exp(1j * phase), 0]) / sqrt(2)
    rho = share * np.outer(ket, ket.conj()) + (1 - share) * np.eye(4) / 4
    return {("charger", "battery"): state(rho)}


def _charged(phase: float, measure: str) -> Any:
    return curve(models.qubit_pair(), _bell(phase), TIMES, measure)


def _excited(times: Any = TIMES) -> Any:
    return (1 + np.sin(2 * times)) / 2


def _entropy(p: Any) -> Any:
    inside = np.clip(p, 1e-300, 1)
    return -p * np.log(inside)


def _draw_bell(axes: Axes) -> None:
    times = np.linspace(0, pi, 161)
    pair = models.qubit_pair()
    starts = ((_bell(pi / 2), r"$i$"), (_bell(0.0), "$1$"), (_bell(-pi / 2), "$-i$"))
    for k, (start, phase) in enumerate(starts):
        line(axes, k, times, curve(pair, start, times), f"entangled, phase {phase}")
    line(axes, 3, times, curve(pair, fock(1), times), "charger full, not entangled")
    finish(axes, "time $Jt$", r"energy $E/\omega$")


_BELL = Entry(
    "entangled_start",
    "Entangled with its charger, a battery is full in half the time",
    [
        Result("energy (w), phase i, 25 times", lambda: _charged(pi / 2, "energy"), _excited,
               f"{BELL}, w (1 + sin 2 J t)/2: full at J t = pi/4", 1e-13),
        Result("ergotropy (w), phase i, 25 times", lambda: _charged(pi / 2, "ergotropy"),
               lambda: np.maximum(0, np.sin(2 * TIMES)), "exact: w max(0, sin 2 J t)", 1e-13),
        Result("mutual information, phase i, 25 times",
               lambda: _charged(pi / 2, "mutual_information"),
               lambda: 2 * (_entropy(_excited()) + _entropy(1 - _excited())),
               "exact: twice the entropy of one side, 2 ln 2 at first, the state being pure",
               1e-12),
        Result("negativity, phase i, 25 times", lambda: _charged(pi / 2, "negativity"),
               lambda: np.abs(np.cos(2 * TIMES)) / 2, "exact: |cos 2 J t|/2, 1/2 at first", 1e-12),
        *(
            Result(f"{measure}, phase 1, 25 times", partial(_charged, 0.0, measure), value,
                   f"exact: {words} at all times, the exchange leaves this Bell state as it is",
                   1e-12)
            for measure, value, words in zip(
                MEASURES, (0.5, 0.0, 2 * log(2), 0.5), ("w/2", "0", "2 ln 2", "1/2"), strict=True)
        ),
    ],
    _draw_bell,
    r"$|0\rangle|1\rangle$ and $|1\rangle|0\rangle$ at half each",
)  # fmt: skip

# --- what a look at the charger frees ------------------------------------------------------------

DAEMON = "Francica et al., npj Quantum Inf. 3, 12 (2017)"
SHARES = (1.0, 0.6, 0.2)


def _looked(share: float, basis: Any, times: Any = TIMES) -> Any:
    """The work of a battery whose charger is looked at, from a Bell pair with noise."""
    pair = models.qubit_pair()
    rho = pair.density_matrix(_bell(pi / 2, share), times, ["charger", "battery"]).to_numpy()
    return daemonic_ergotropy(rho, QUBIT, (2, 2), basis)


def _mediated(basis: Any) -> Any:
    """The end of three qubits in a line; charger and mediator are looked at together."""
    sites = ["charger", "mediator", "battery"]
    line_of_three = System(
        dict.fromkeys(sites, Qubit()),
        [exchange("charger", "mediator", 1.0), exchange("mediator", "battery", 1.0)],
        "charger",
        "battery",
    )
    rho = line_of_three.density_matrix(fock(1), TIMES, sites).to_numpy()
    return daemonic_ergotropy(rho, QUBIT, (4, 2), basis)


def _draw_looked(axes: Axes) -> None:
    times = np.linspace(0, pi, 81)
    for k, share in enumerate((1.0, 0.6)):
        found = curve(models.qubit_pair(), _bell(pi / 2, share), times, "ergotropy")
        line(axes, 2 * k, times, _looked(share, np.eye(2), times), f"looked at, $x={share:g}$")
        line(axes, 2 * k + 1, times, found, f"not looked at, $x={share:g}$")
    finish(axes, "time $Jt$", r"ergotropy $\mathcal{E}/\omega$")


_LOOKED = Entry(
    "daemonic_charging",
    "Correlations at the start are work for who looks at the charger",
    [
        *(
            Result(f"daemonic ergotropy (w), Bell pair of weight {share:g} in noise, charger read",
                   partial(_looked, share, np.eye(2)), lambda share=share: share * _excited(),
                   f"exact: w x (1 + sin 2 J t)/2, outcome by outcome; {DAEMON}", 1e-13)
            for share in SHARES
        ),
        Result("daemonic ergotropy (w) of the Bell pair in noise at first, any direction read",
               lambda: [_looked(0.6, np.array([[np.cos(x), -np.sin(x)], [np.sin(x), np.cos(x)]]),
                                0.0) for x in (0.0, 0.4, pi / 4, 1.3)],
               0.3, "exact: w x/2 in every direction, while the ergotropy is 0", 1e-13),
        Result("daemonic ergotropy (w) at the end of three qubits, both others read",
               lambda: _mediated(np.eye(4)), lambda: np.sin(TIMES / sqrt(2)) ** 4,
               f"exact: E = w sin^4(J t/sqrt 2), the whole energy, the state being pure; {DAEMON}",
               1e-12),
    ],
    _draw_looked,
    r"weight $x$ of $(|01\rangle+i|10\rangle)/\sqrt{2}$ in noise",
)  # fmt: skip

ENTRIES = (_WARM, _PARTED, _BELL, _LOOKED)
