"""After charging: what a disconnected battery keeps, and what it gives in cycle after cycle."""

from __future__ import annotations

from functools import cache, partial
from math import log, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.protocol import Protocol
from quantumbattery.charging.stroke import Stroke
from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.preparations import bloch, fock
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

END = pi / 2
"""When the pair is disconnected (J = 1)."""
WAITS = np.linspace(0, 8, 33)
SANTOS = "Santos, Phys. Rev. E 103, 042118 (2021)"

# --- a qubit that loses --------------------------------------------------------------------------

LOSSES = np.array([0.1, 0.3, 1.0])


def _kept(theta: Any, measure: str, waits: Any, loss: Any = LOSSES) -> Any:
    pair = QubitPair(battery_loss=loss)
    return pair.charge(bloch(theta), END + waits, [measure], disconnect=END)[measure].to_numpy()


def _passed(loss: Any) -> Any:
    """How much of its excitation a charger has given when it is disconnected."""
    root = np.sqrt(1 - loss**2 / 16)
    return np.sin(root * END) ** 2 / root**2 * np.exp(-loss * END / 2)


def _work_of_a_qubit(excited: Any, coherence: Any) -> Any:
    return excited - 0.5 + np.hypot(excited - 0.5, coherence)


def _kept_work(theta: float) -> Any:
    share = _passed(LOSSES)[:, None] * np.exp(-np.multiply.outer(LOSSES, WAITS))
    return _work_of_a_qubit(np.sin(theta / 2) ** 2 * share, np.sin(theta) * np.sqrt(share) / 2)


def _half_life(measure: str, losses: Any) -> Any:
    table = QubitPair(battery_loss=losses).charge(bloch(pi), END, [measure], disconnect=END)
    return table[measure].to_numpy()


def _work_halves(excited: Any, loss: Any) -> Any:
    """How long a work of w (2 p - 1) takes to halve, p falling by the loss."""
    return np.log(2 * excited / (excited + 0.5)) / loss


def _draw_discharge(axes: Axes) -> None:
    waits = np.linspace(0, 12, 121)
    pair = QubitPair(battery_loss=0.2)
    for k, (theta, words) in enumerate(((pi, r"\theta=\pi"), (pi / 2, r"\theta=\pi/2"))):
        table = pair.charge(bloch(theta), waits, ["energy", "ergotropy"], disconnect=END)
        line(axes, 2 * k, waits, table.energy, rf"$E$, ${words}$")
        line(axes, 2 * k + 1, waits, table.ergotropy, rf"$\mathcal{{E}}$, ${words}$")
    finish(axes, r"time $Jt$, disconnected at $\pi/2$", r"$E/\omega$, $\mathcal{E}/\omega$")


_DISCHARGE = Entry(
    "self_discharge",
    "Disconnected, a qubit loses its work before its energy",
    [
        Result("energy kept for ln 2 / g after disconnection, of 1, g = 0.1, 0.3, 1 J",
               lambda: np.diagonal(_kept(pi, "energy", log(2) / LOSSES))
               / _kept(pi, "energy", 0.0),
               0.5, "exact: 1/2, the half-life of an excited level", 1e-13),
        Result("half-life of the energy (1/J), full charger, g = 0.1, 0.3, 1 J",
               lambda: _half_life("energy_half_life", LOSSES), lambda: log(2) / LOSSES,
               "exact: ln 2 / g", 1e-12),
        Result("half-life of the ergotropy (1/J), full charger, g = 0.1, 0.3 J",
               lambda: _half_life("ergotropy_half_life", LOSSES[:2]),
               lambda: _work_halves(_passed(LOSSES[:2]), LOSSES[:2]),
               "exact: ln[2 p/(p + 1/2)]/g, p the excitation at disconnection; ln(4/3)/g of a full "
               f"battery; self-discharge of two levels: {SANTOS}", 1e-12),
        Result("ergotropy (w), theta = 2, g = 0.1, 0.3, 1 J, 33 times after disconnection",
               lambda: _kept(2.0, "ergotropy", WAITS), partial(_kept_work, 2.0),
               "exact: p - 1/2 + sqrt((p - 1/2)^2 + C^2), p falling as e^(-g t) and C as "
               "e^(-g t/2)", 1e-12),
    ],
    _draw_discharge,
    r"battery loss $\gamma_b=0.2\,J$",
)  # fmt: skip

# --- a qubit that is dephased --------------------------------------------------------------------

RATE, THETA = 0.25, 2.2


def _dephasing(measure: str) -> Any:
    """Charged without noise, and stored with it."""
    linked = System({"charger": Qubit(), "battery": Qubit()}, [exchange("charger", "battery", 1.0)])
    stored = System({"charger": Qubit(), "battery": Qubit(dephasing=RATE)})
    protocol = Protocol([Stroke(linked, END), Stroke(stored, float(WAITS[-1]))])
    return protocol.charge(bloch(THETA), END + WAITS, [measure])[measure].to_numpy()


def _dephased() -> tuple[float, Any]:
    """The inversion, which stays, and the coherence, which does not."""
    return np.sin(THETA / 2) ** 2 - 0.5, np.sin(THETA) * np.exp(-RATE * WAITS) / 2


def _draw_dephasing(axes: Axes) -> None:
    measures = ("energy", "ergotropy", "coherent_ergotropy", "incoherent_ergotropy")
    for k, measure in enumerate(measures):
        line(axes, k, RATE * WAITS, _dephasing(measure), measure.replace("_", " "))
    finish(axes, r"time of storage $\kappa t$", r"$E/\omega$, $\mathcal{E}/\omega$")


_DEPHASING = Entry(
    "dephased_storage",
    "Dephasing takes no energy, but all work from coherence",
    [
        Result("energy (w), theta = 2.2, 33 times of storage", lambda: _dephasing("energy"),
               np.sin(THETA / 2) ** 2, "exact: w sin^2(theta/2), all of it kept", 1e-12),
        Result("coherent ergotropy (w), theta = 2.2, 33 times of storage",
               lambda: _dephasing("coherent_ergotropy"),
               lambda: np.hypot(*_dephased()) - abs(_dephased()[0]),
               "exact: w [sqrt(I^2 + C^2 e^(-2 k t)) - |I|]; parts as of Francica et al., "
               "Phys. Rev. Lett. 125, 180603 (2020)", 1e-12),
        Result("incoherent ergotropy (w), theta = 2.2, 33 times of storage",
               lambda: _dephasing("incoherent_ergotropy"), lambda: 2 * _dephased()[0],
               "exact: 2 w I, all of it kept", 1e-12),
    ],
    _draw_dephasing,
    r"charger at $\theta=2.2$; battery stored from $Jt=\pi/2$ on",
)  # fmt: skip

# --- cells that lose, each by itself -------------------------------------------------------------

LEAK = 0.2


def _cells(count: int) -> System:
    """Qubits in a cavity, all of which lose at one rate."""
    cells = [f"cell_{k}" for k in range(count)]
    return System(
        {"cavity": Oscillator(loss=LEAK), **dict.fromkeys(cells, Qubit(loss=LEAK))},
        [exchange("cavity", cell, 1.0) for cell in cells],
        "cavity",
        cells,
    )


def _cells_kept(count: int, photons: int, measure: str) -> Any:
    """Charged for the time in which one photon goes over, and disconnected."""
    end = END / sqrt(count)
    table = _cells(count).charge(fock(photons), end + WAITS, [measure], disconnect=end)
    return table[measure].to_numpy()


def _one_photon() -> Any:
    """The excitation of three cells in a W state."""
    return np.exp(-LEAK * (END / sqrt(3) + WAITS))


@cache
def _cells_by_force() -> Any:
    """The two cells (time, 4, 4) of a cavity with two photons."""
    dims = (3, 2, 2)
    a, b, c = (brute_force.embed(brute_force.lower(n), k, dims) for k, n in enumerate(dims))
    jumps = [sqrt(LEAK) * one for one in (a, b, c)]
    swap = a.T @ (b + c) + (b + c).T @ a
    start = np.diag(np.eye(12)[8])
    charged = brute_force.densities(swap, jumps, start, [END / sqrt(2)])[0]
    return brute_force.last(brute_force.densities(0 * swap, jumps, charged, WAITS), 4)


def _locked_by_force() -> Any:
    rho, gap = _cells_by_force(), np.diag([0.0, 1.0])
    each = rho.reshape(-1, 2, 2, 2, 2)
    alone = sum(brute_force.work(np.einsum(f"t{way}->tij", each), gap) for way in ("iaja", "aiaj"))
    return brute_force.work(rho, np.diag([0.0, 1, 1, 2])) - alone


def _draw_cells(axes: Axes) -> None:
    times = np.linspace(0, 6, 121)
    table = _cells(2).charge(fock(2), times, ["energy", "ergotropy", "local_ergotropy"],
                             disconnect=pi / sqrt(6))  # fmt: skip
    line(axes, 0, times, table.energy, "energy")
    line(axes, 1, times, table.ergotropy, "work, both together")
    line(axes, 2, times, table.local_ergotropy, "work, each alone")
    finish(axes, r"time $gt$, disconnected at $\pi/\sqrt{6}$", r"$E/\omega$, $\mathcal{E}/\omega$")


_CELLS = Entry(
    "self_discharge_cells",
    "Lossy cells: together they keep work longer than each alone",
    [
        Result("energy (w), 3 cells and one photon, loss 0.2 g, 33 times after disconnection",
               lambda: _cells_kept(3, 1, "energy"), _one_photon,
               "exact: w e^(-loss t) with t from the start, all sites losing alike", 1e-12),
        Result("ergotropy (w), 3 cells and one photon", lambda: _cells_kept(3, 1, "ergotropy"),
               lambda: np.maximum(0, 2 * _one_photon() - 1),
               "exact: w max(0, 2 p - 1), of p |W><W| + (1 - p) |0><0|", 1e-12),
        Result("locked ergotropy (w), 3 cells and one photon",
               lambda: _cells_kept(3, 1, "locked_ergotropy"),
               lambda: np.maximum(0, 2 * _one_photon() - 1),
               "exact: all of it, as no cell alone is more than a third excited", 1e-12),
        Result("half-life of the ergotropy (1/g), 3 cells and one photon",
               lambda: _cells_kept(3, 1, "ergotropy_half_life"),
               lambda: _work_halves(_one_photon()[0], LEAK),
               "exact: ln[2 p/(p + 1/2)]/loss, p that at disconnection", 1e-11),
        Result("ergotropy (w), 2 cells and two photons, 33 times after disconnection",
               lambda: _cells_kept(2, 2, "ergotropy"),
               lambda: brute_force.work(_cells_by_force(), np.diag([0.0, 1, 1, 2])),
               "independent: Lindblad equation by Kronecker products and expm, in two parts",
               1e-12),
        Result("locked ergotropy (w), 2 cells and two photons",
               lambda: _cells_kept(2, 2, "locked_ergotropy"), _locked_by_force,
               "independent: the same, minus the work of each cell", 1e-12),
    ],
    _draw_cells,
    r"2 cells, two photons; every site loses $0.2\,g$",
)  # fmt: skip

# --- charge, store, give -------------------------------------------------------------------------

CHARGED, GIVEN, KEPT = 1.0, 0.7, 2.0
"""How long the battery is charged, stored (with loss), and linked to its load, couplings 1."""
SITES = ("charger", "battery", "load")


def _cycles(number: int, fresh: Preparation) -> Protocol:
    sites = dict.fromkeys(SITES, Qubit())
    charging = System(sites, [exchange("charger", "battery", 1.0)])
    storing = System(sites | {"battery": Qubit(loss=LEAK)})
    giving = System(sites, [exchange("battery", "load", 1.0)])
    strokes = [
        Stroke(charging, CHARGED, reset={"charger": fresh}),
        Stroke(storing, KEPT),
        Stroke(giving, GIVEN, reset={"load": fock(0)}),
    ]
    return Protocol(strokes, repeat=number)


def _cycled(measure: str, fresh: Preparation) -> Any:
    return _cycles(10, fresh).charge({}, measures=[measure])[measure].to_numpy()


def _recursion() -> Any:
    """The battery's excitation at the beginning and the end of each stroke."""
    found = [0.0]
    for _ in range(10):
        found.append(np.cos(CHARGED) ** 2 * found[-1] + np.sin(CHARGED) ** 2)
        found.append(np.exp(-LEAK * KEPT) * found[-1])
        found.append(np.cos(GIVEN) ** 2 * found[-1])
    return np.array(found)


def _load() -> float:
    """What the load has at the end of the 60th cycle."""
    many = _cycles(60, fock(1))
    return float(many.density_matrix({}, many.ends[-1], "load").to_numpy()[1, 1].real)


def _limit() -> tuple[float, float, float]:
    """The battery's excitation once charged, once stored, and once it has given, cycle by cycle."""
    kept, stay = np.exp(-LEAK * KEPT), (np.cos(CHARGED) * np.cos(GIVEN)) ** 2
    full = np.sin(CHARGED) ** 2 / (1 - kept * stay)
    return full, kept * full, np.cos(GIVEN) ** 2 * kept * full


def _balance(name: str) -> float:
    """Of the 20th cycle."""
    return float(_cycles(20, fock(1)).balance({})[name][-1].sum())


def _cycled_by_force(theta: float) -> Any:
    """The battery's ergotropy, charger in a superposition, in the laboratory's frame."""
    dims = (2, 2, 2)
    a, b, c = (brute_force.embed(brute_force.lower(2), k, dims) for k in range(3))
    free = a.T @ a + b.T @ b + c.T @ c
    ket = np.array([np.cos(theta / 2), np.sin(theta / 2)])
    fresh, ground = np.outer(ket, ket), brute_force.empty(2)
    battery = [ground]
    for _ in range(10):
        joint = np.kron(np.kron(fresh, battery[-1]), ground)
        for h, jumps, time in ((free + a.T @ b + b.T @ a, [], CHARGED),
                               (free, [sqrt(LEAK) * b], KEPT),
                               (free + b.T @ c + c.T @ b, [], GIVEN)):  # fmt: skip
            joint = brute_force.densities(h, jumps, joint, [time])[0]
            battery.append(np.einsum("aibajb->ij", joint.reshape((2,) * 6)))
    return brute_force.work(np.stack(battery), np.diag([0.0, 1.0]))


def _draw_cycles(axes: Axes) -> None:
    many = _cycles(6, fock(1))
    times = np.linspace(0, 6 * many.duration, 361)
    table = many.charge({}, times, ["energy", "ergotropy"])
    line(axes, 0, times, table.energy, "energy")
    line(axes, 1, times, table.ergotropy, "ergotropy")
    finish(axes, "time $Jt$", r"battery $E/\omega$, $\mathcal{E}/\omega$")


_CYCLES = Entry(
    "charging_cycles",
    "Charge, store, give: cycles settle to one another",
    [
        Result("energy (w) of the battery after each of 30 strokes, charger full",
               lambda: _cycled("energy", fock(1)), _recursion,
               "exact: b -> b cos^2 + sin^2 while charged, b e^(-loss t) while stored, b cos^2 "
               "while it gives", 1e-12),
        Result("energy (w) that the load gets in the 60th cycle", _load,
               lambda: _limit()[1] - _limit()[2],
               "exact: the fixed point of that recursion, reached long before", 1e-12),
        Result("energy (w) that the 20th cycle takes from the source of chargers",
               lambda: _balance("energy_in"), lambda: _limit()[0] - _limit()[2],
               "exact: what charging adds to the battery, once cycles are alike", 1e-12),
        Result("work (w) that the battery gives in the 20th cycle",
               lambda: _balance("work_out"), lambda: 2 * _limit()[1] - 1,
               "exact: w (2 p - 1), p that of the stored battery, which ends passive", 1e-12),
        Result("ergotropy (w) of the battery after each of 30 strokes, charger at theta = 2",
               lambda: _cycled("ergotropy", bloch(2.0)), partial(_cycled_by_force, 2.0),
               "independent: Lindblad equation of three qubits by expm, stroke by stroke", 1e-12),
    ],
    _draw_cycles,
    "battery empty, charger full in each cycle",
)  # fmt: skip

ENTRIES = (_DISCHARGE, _DEPHASING, _CELLS, _CYCLES)
