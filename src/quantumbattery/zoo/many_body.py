"""Many cells, charged by what acts on all of them at once, or runs along them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import combinations
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import exchange, heisenberg
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.network import Link
from quantumbattery.network.preparations import fock
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Qubit, Qudit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 31)
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1.0, -1.0])
"""Pauli matrices, the ground state first."""


def _names(count: int) -> list[str]:
    return [f"cell_{k}" for k in range(count)]


def _battery(count: int, links: Sequence[Link]) -> System:
    """Qubits of frequency 1 that are all battery."""
    return System(dict.fromkeys(_names(count), Qubit()), links, [], _names(count))


def _resting(count: int) -> list[Link]:
    """Takes away the cells' own energies while they are charged."""
    return [shift(name, -1.0) for name in _names(count)]


def _everywhere(operator: Any, count: int) -> list[Any]:
    """One operator on each of the cells, (2^count, 2^count)."""
    return [brute_force.embed(operator, k, [2] * count) for k in range(count)]


def _power(one: Any, count: int) -> Any:
    """The product of one vector or matrix with itself, cell by cell."""
    return one if count == 1 else np.kron(one, _power(one, count - 1))


def _excited(count: int) -> Any:
    """What the cells hold, by how many of them are excited."""
    return np.diag([float(k.bit_count()) for k in range(2**count)])


# --- all at once ---------------------------------------------------------------------------------

CAMPAIOLI = "Campaioli et al., Phys. Rev. Lett. 118, 150601 (2017)"


def _flipped(count: int, resting: bool = True) -> System:
    """X on every cell at once, of strength 1."""
    names = _names(count)
    flip: list[Link] = [interaction(*names, matrix=np.eye(2**count)[::-1])]
    return _battery(count, flip + _resting(count) * resting)


def _detuned(count: int) -> Any:
    """Between all empty and all full, which differ by the energy of all cells."""
    rate = sqrt(1 + count**2 / 4)
    return count * (np.sin(rate * TIMES) / rate) ** 2


def _draw_flipped(axes: Axes) -> None:
    times = np.linspace(0, pi, 121)
    for k, count in enumerate((1, 2, 4, 6)):
        line(axes, k, times, curve(_flipped(count), {}, times), f"$N={count}$")
    finish(axes, "time $Jt$", r"energy $E/\omega$", columns=4)


_FLIPPED = Entry(
    "flipped_together",
    "All cells flipped at once: as fast as a single one",
    [
        Result("energy (w), X on all of 6 cells, 31 times", lambda: curve(_flipped(6), {}, TIMES),
               lambda: 6 * np.sin(TIMES) ** 2,
               f"exact: N w sin^2(J t), through entangled states; {CAMPAIOLI}", 1e-12),
        Result("ergotropy (w), X on all of 6 cells, 31 times",
               lambda: curve(_flipped(6), {}, TIMES, "ergotropy"),
               lambda: 6 * np.sin(TIMES) ** 2, "exact: all of it, the state is pure", 1e-12),
        Result("ergotropy (w) of the cells one by one, X on all of 6, 31 times",
               lambda: curve(_flipped(6), {}, TIMES, "local_ergotropy"),
               lambda: 6 * np.maximum(0, -np.cos(2 * TIMES)),
               "exact: N w max(0, 2 sin^2(J t) - 1), cells alone have no coherence", 1e-12),
        Result("energy (w), X on all of 6 cells, J = w, cells not at rest, 31 times",
               lambda: curve(_flipped(6, resting=False), {}, TIMES), lambda: _detuned(6),
               "exact: N w (J/Q)^2 sin^2(Q t), Q^2 = J^2 + (N w/2)^2", 1e-12),
    ],
    _draw_flipped,
    r"cells empty; their own $\omega$ shifted away while charged",
)  # fmt: skip

# --- fermions that all interact ------------------------------------------------------------------

ROSSINI = "Rossini et al., Phys. Rev. Lett. 125, 236402 (2020)"


@cache
def _syk(modes: int) -> Any:
    """One draw of sum J_(ij;kl) c_i^+ c_j^+ c_k c_l, by strings of Jordan and Wigner along z."""
    random = np.random.default_rng(8)
    signs = _everywhere(Z, modes)
    strings, before = [], np.eye(2**modes)
    for one, sign in zip(_everywhere(brute_force.lower(2), modes), signs, strict=True):
        strings.append(before @ one)
        before = before @ sign
    pairs = np.stack([one @ two for one, two in combinations(strings, 2)])
    drawn = random.normal(size=(2, len(pairs), len(pairs)))
    strength = drawn[0] + 1j * drawn[1]
    strength = (strength + strength.conj().T) / (2 * modes**1.5)
    beside = np.tensordot(strength, pairs, 1)
    return np.einsum("akj,akl->jl", pairs, beside, optimize=True)


@cache
def _turned(modes: int) -> Any:
    """The same in the levels of a battery whose cells lie along y, which are (1, -i) and (1, i)."""
    whole = _power(np.array([[1, 1], [-1j, 1j]]) / sqrt(2), modes)
    found = whole.conj().T @ _syk(modes) @ whole
    return (found + found.conj().T) / 2


def _quenched(modes: int) -> System:
    """A quench of qubits; eight are two registers of four, whose 256 x 256 matrix is quicker."""
    quench = _turned(modes) - _excited(modes)
    if modes < 8:
        return _battery(modes, [interaction(*_names(modes), matrix=quench)])
    energies = np.diag(_excited(modes // 2)).tolist()
    register = Qudit(energies, steps=[1.0] * (2 ** (modes // 2) - 1))
    both = ["left", "right"]
    return System(dict.fromkeys(both, register), [interaction(*both, matrix=quench)], [], both)


def _fermions(modes: int, measure: str, times: Any = TIMES) -> Any:
    return curve(_quenched(modes), {}, times, measure)


def _fermions_by_force(modes: int, measure: str) -> Any:
    """Mean or variance of the energy, cells along y and fermions along z."""
    start = _power(np.array([1, -1j]) / sqrt(2), modes)
    stored = sum(_everywhere(Y, modes)) / 2 + modes / 2 * np.eye(2**modes)
    states = brute_force.kets(_syk(modes), start, TIMES)
    once = states @ stored.T
    mean = (states.conj() * once).sum(-1).real
    return mean if measure == "energy" else (np.abs(once) ** 2).sum(-1) - mean**2


def _draw_fermions(axes: Axes) -> None:
    times = np.linspace(0, 12, 121)
    for k, modes in enumerate((4, 6, 8)):
        values = _fermions(modes, "energy", times) / modes
        line(axes, k, times, values, f"$N={modes}$")
    finish(axes, "time $Jt$", r"energy of a cell $E/(N\omega)$", columns=3)


_FERMIONS = Entry(
    "syk",
    "Fermions that all interact fill every cell by half",
    [
        *(
            Result(f"{words}, {modes} modes, one draw, 31 times",
                   partial(_fermions, modes, measure), partial(_fermions_by_force, modes, measure),
                   "independent: exact diagonalisation by NumPy, cells along y, strings of Jordan "
                   f"and Wigner along z; {ROSSINI}", 1e-11)
            for modes in (6, 8)
            for measure, words in (("energy", "energy (w)"),
                                   ("energy_variance", "energy variance (w^2)"))
        ),
    ],
    _draw_fermions,
    "cells empty along $y$; one draw of complex fermions",
)  # fmt: skip

# --- a collective spin ---------------------------------------------------------------------------

KITAGAWA = "Kitagawa & Ueda, Phys. Rev. A 47, 5138 (1993)"
LIPKIN = "Lipkin, Meshkov & Glick, Nucl. Phys. 62, 188 (1965)"


def _spin(number: int) -> tuple[Any, Any]:
    """J_x and J_y of so many cells, on their symmetric states."""
    m = np.arange(1.0, number + 1)
    down = np.diag(np.sqrt(m * (number - m + 1)), 1)
    return (down + down.T) / 2, (down - down.T) / 2j


def _twisted(number: int) -> System:
    """J_x^2 alone while it charges."""
    one = _spin(number)[0]
    links = [interaction("cells", matrix=one @ one), shift("cells", -1.0)]
    return System({"cells": Ensemble(Qubit(), number)}, links, [], "cells")


def _lipkin(number: int, anisotropy: float, coupling: float = 9.0) -> System:
    """(coupling/N)(J_x^2 + anisotropy J_y^2), beside the cells' own energies."""
    x, y = _spin(number)
    matrix = coupling / number * (x @ x + anisotropy * y @ y)
    return System({"cells": Ensemble(Qubit(), number)}, [interaction("cells", matrix=matrix)],
                  [], "cells")  # fmt: skip


def _lipkin_by_force(number: int, anisotropy: float, coupling: float = 9.0) -> Any:
    x, y = (sum(_everywhere(one, number)) / 2 for one in (X, Y))
    whole = _excited(number) + coupling / number * (x @ x + anisotropy * y @ y)
    states = brute_force.kets(whole, np.eye(2**number)[0], TIMES)
    return np.abs(states) ** 2 @ np.diag(_excited(number))


def _draw_spin(axes: Axes) -> None:
    times = np.linspace(0, pi, 201)
    for k, number in enumerate((2, 3, 10)):
        values = curve(_twisted(number), {}, times) / number
        line(axes, k, times, values, f"$N={number}$")
    finish(axes, r"time $\chi t$", r"energy of a cell $E/(N\omega)$", columns=3)


_SPIN = Entry(
    "collective_spin",
    "A twisted spin: even numbers of cells fill, odd ones half",
    [
        Result("energy (w), 12 cells, J_x^2 alone, 31 times",
               lambda: curve(_twisted(12), {}, TIMES),
               lambda: 6 * (1 - np.cos(TIMES) ** 11),
               f"exact: (N w/2) (1 - cos^(N - 1)(x t)), one-axis twisting of {KITAGAWA}", 1e-12),
        *(
            Result(f"energy (w), 6 cells, 9 w/N (J_x^2 + y J_y^2), y = {anisotropy:g}, 31 times",
                   partial(curve, _lipkin(6, anisotropy), {}, TIMES),
                   partial(_lipkin_by_force, 6, anisotropy),
                   f"independent: each cell apart, by NumPy; model of {LIPKIN}; such batteries: "
                   "arXiv:2208.04831", 1e-12)
            for anisotropy in (0.0, 0.5, -1.0)
        ),
    ],
    _draw_spin,
    r"cells empty; $\chi J_x^2$ alone while charged",
)  # fmt: skip

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
    x, y, z = (_everywhere(one, count) for one in (X, Y, Z))
    whole = _excited(count).astype(complex)
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

ENTRIES = (_FLIPPED, _FERMIONS, _SPIN, _CHAIN, _CIRCLE)
