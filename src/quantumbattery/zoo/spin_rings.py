"""Chains and rings of spins: bonds that create pairs, and fluxes that send charge one way."""

from __future__ import annotations

from functools import partial
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.network.interactions import exchange, heisenberg
from quantumbattery.network.network import Link
from quantumbattery.network.preparations import fock
from quantumbattery.network.sites import Qubit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 31)
PAULI = brute_force.X, brute_force.Y, brute_force.Z


def _names(count: int) -> list[str]:
    return [f"cell_{k}" for k in range(count)]


def _battery(count: int, links: list[Link]) -> System:
    """Qubits of frequency 1 that are all battery."""
    return System(dict.fromkeys(_names(count), Qubit()), links, [], _names(count))


# --- a quenched chain ----------------------------------------------------------------------------

LIEB = "Lieb, Schultz & Mattis, Ann. Phys. 16, 407 (1961)"
GRAZI = "Grazi et al., Phys. Rev. Lett. 133, 197001 (2024)"
HOP, CREATE = 0.7, 0.5
"""What moves an excitation along a ring, and what creates two."""
BONDS = np.array([1.0, 0.4, 1.5, 0.8, 1.2, 0.6, 0.9])


def _ring(count: int) -> System:
    names, xx, yy = _names(count), (HOP + CREATE) / 2, (HOP - CREATE) / 2
    return _battery(count, [heisenberg(names[k - 1], names[k], xx, yy, 0.0) for k in range(count)])


def _ring_by_momenta(count: int) -> Any:
    """Pairs of fermions of opposite momenta, half-integer as their number is even."""
    k = (2 * np.arange(count) + 1) * pi / count
    paired = 2 * CREATE * np.sin(k)
    rate = np.hypot(1 + 2 * HOP * np.cos(k), paired)
    return ((paired / rate) ** 2 * np.sin(np.multiply.outer(TIMES, rate)) ** 2).sum(-1)


def _open(bonds: Any) -> System:
    """An open chain of Ising bonds."""
    names = _names(len(bonds) + 1)
    return _battery(
        len(names),
        [
            heisenberg(a, b, float(bond), 0.0, 0.0)
            for a, b, bond in zip(names, names[1:], bonds, strict=False)
        ],
    )


def _occupied(bonds: Any) -> Any:
    """Excitations (time, cells) of the open chain: c and c^+ mix linearly, 2N of them."""
    size = len(bonds) + 1
    near = np.eye(size) + np.diag(bonds, 1) + np.diag(bonds, -1)
    pairs = np.diag(bonds, 1) - np.diag(bonds, -1)
    values, vectors = np.linalg.eigh(np.block([[near, pairs], [-pairs, -near]]))
    moved = np.einsum("ik,tk,jk->tij", vectors, np.exp(-1j * np.multiply.outer(TIMES, values)),
                      vectors)  # fmt: skip
    return (np.abs(moved[:, :size, size:]) ** 2).sum(-1)


def _draw_chain(axes: Axes) -> None:
    times = np.linspace(0, 6, 121)
    for k, bond in enumerate((0.25, 0.5, 1.0)):
        values = curve(_open(np.full(7, bond)), {}, times) / 8
        line(axes, k, times, values, rf"$J/\omega={bond:g}$")
    finish(axes, r"time $\omega t$", r"energy of a cell $E/(N\omega)$", columns=3)


_CHAIN = Entry(
    "quenched_chain",
    "Bonds switched on: pairs of fermions charge a chain",
    [
        Result("energy (w), ring of 8 cells, 0.6 X X + 0.1 Y Y, 31 times",
               lambda: curve(_ring(8), {}, TIMES), partial(_ring_by_momenta, 8),
               f"exact: free fermions, pair by pair of momenta k and -k; {LIEB}; as a battery: "
               f"{GRAZI}", 1e-12),
        Result("energy (w), open chain of 8 cells, 7 unlike bonds X X, 31 times",
               lambda: curve(_open(BONDS), {}, TIMES), lambda: _occupied(BONDS).sum(-1),
               f"exact: free fermions, 16 linear equations; {LIEB}", 1e-12),
        Result("ergotropy (w) of the cells one by one, 7 unlike bonds, 31 times",
               lambda: curve(_open(BONDS), {}, TIMES, "local_ergotropy"),
               lambda: np.maximum(0, 2 * _occupied(BONDS) - 1).sum(-1),
               "exact: sum of w max(0, 2 n_j - 1), n_j of the same fermions", 1e-12),
    ],
    _draw_chain,
    "8 cells in a row, empty; bonds $J\\,XX$",
)  # fmt: skip

# --- rings with a phase --------------------------------------------------------------------------

ROUSHAN = "Roushan et al., Nat. Phys. 13, 146 (2017)"
MORIYA = "Moriya, Phys. Rev. 120, 91 (1960)"
EACH, TWIST = 0.5, 0.6
"""X X + Y Y, and X Y - Y X, of each bond of a ring with both."""


def _circle(count: int, phase: float, battery: int) -> System:
    """Exchange with one phase a bond; cell 0 charges."""
    names = _names(count)
    links = [exchange(names[k - 1], names[k], np.exp(1j * phase)) for k in range(count)]
    return System(dict.fromkeys(names, Qubit()), links, names[0], names[battery])


def _three(phase: float, battery: int, times: Any = TIMES) -> Any:
    return curve(_circle(3, phase, battery), fock(1), times)


def _moriya(count: int, chargers: int, battery: int) -> System:
    """Bonds of Dzyaloshinskii and Moriya beside those of Heisenberg."""
    names = _names(count)
    links: list[Link] = []
    for a, b in zip(names, names[1:] + names[:1], strict=True):
        links += [heisenberg(a, b, EACH, EACH, 0.3), exchange(a, b, -2j * TWIST)]
    return System(dict.fromkeys(names, Qubit()), links, names[:chargers], names[battery])


def _magnon(count: int, away: int) -> Any:
    """One excitation in plane waves of energy 2 |s| cos(k + arg s), s the strength of a bond."""
    strength, k = 2 * EACH - 2j * TWIST, 2 * pi * np.arange(count) / count
    band = 2 * abs(strength) * np.cos(k + np.angle(strength))
    return np.abs(np.exp(1j * k * away - 1j * np.multiply.outer(TIMES, band)).mean(-1)) ** 2


def _moriya_by_force(count: int, excited: int, battery: int) -> Any:
    x, y, z = (brute_force.everywhere(one, count) for one in PAULI)
    whole = brute_force.excited(count).astype(complex)
    for a in range(count):
        b = (a + 1) % count
        whole += EACH * (x[a] @ x[b] + y[a] @ y[b]) + 0.3 * z[a] @ z[b]
        whole += TWIST * (x[a] @ y[b] - y[a] @ x[b])
    start = np.eye(2**count)[sum(1 << (count - 1 - k) for k in range(excited))]
    held = np.diag(np.eye(2**count) - z[battery]) / 2
    return np.abs(brute_force.kets(whole, start, TIMES)) ** 2 @ held


def _draw_circle(axes: Axes) -> None:
    times = np.linspace(0, 2 * pi / sqrt(3), 161)
    line(axes, 0, times, _three(pi / 6, 1, times), r"next, flux $\pi/2$")
    line(axes, 1, times, _three(pi / 6, 2, times), r"last, flux $\pi/2$")
    line(axes, 2, times, _three(0.0, 1, times), "either, no flux")
    finish(axes, "time $Jt$", r"energy $E/\omega$", columns=3)


_CIRCLE = Entry(
    "ring_with_flux",
    "A flux through the ring: charge goes round one way",
    [
        *(
            Result(f"energy (w) of cell {battery} of 3, flux pi/2, 31 times",
                   partial(_three, pi / 6, battery),
                   (1 + 2 * np.cos(sqrt(3) * TIMES + turn)) ** 2 / 9,
                   f"exact: w [1 + 2 cos(sqrt(3) J t {sign} 2 pi/3)]^2/9; such rings: {ROUSHAN}",
                   1e-12)
            for battery, turn, sign in ((1, -2 * pi / 3, "-"), (2, 2 * pi / 3, "+"))
        ),
        Result("energy (w) of cell 1 of 3, no flux, 31 times", partial(_three, 0.0, 1),
               4 / 9 * np.sin(1.5 * TIMES) ** 2, "exact: (4 w/9) sin^2(3 J t/2)", 1e-12),
        Result("energy (w) of cell 2 of 5, X X + Y Y, X Y - Y X and Z Z, 31 times",
               lambda: curve(_moriya(5, 1, 2), fock(1), TIMES), partial(_magnon, 5, 2),
               f"exact: one magnon in a band 2 |s| cos(k + arg s); {MORIYA}", 1e-12),
        Result("energy (w) of cell 3 of 5, two cells full, the same bonds, 31 times",
               lambda: curve(_moriya(5, 2, 3), {"cell_0": fock(1), "cell_1": fock(1)}, TIMES),
               partial(_moriya_by_force, 5, 2, 3),
               "independent: Pauli matrices of five cells, by NumPy", 1e-12),
    ],
    _draw_circle,
    "one cell full, two empty",
)  # fmt: skip

ENTRIES = (_CHAIN, _CIRCLE)
