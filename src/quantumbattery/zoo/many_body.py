"""Many cells that are charged by what acts on all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import combinations
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.network import Link
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Qubit, Qudit
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 31)


def _names(count: int) -> list[str]:
    return [f"cell_{k}" for k in range(count)]


def _battery(count: int, links: Sequence[Link]) -> System:
    """Qubits of frequency 1 that are all battery."""
    return System(dict.fromkeys(_names(count), Qubit()), links, [], _names(count))


def _resting(count: int) -> list[Link]:
    """Takes away the cells' own energies while they are charged."""
    return [shift(name, -1.0) for name in _names(count)]


def _power(one: Any, count: int) -> Any:
    """The product of one vector or matrix with itself, cell by cell."""
    return one if count == 1 else np.kron(one, _power(one, count - 1))


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
    signs = brute_force.everywhere(brute_force.Z, modes)
    strings, before = [], np.eye(2**modes)
    for one, sign in zip(brute_force.everywhere(brute_force.lower(2), modes), signs, strict=True):
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
    quench = _turned(modes) - brute_force.excited(modes)
    if modes < 8:
        return _battery(modes, [interaction(*_names(modes), matrix=quench)])
    energies = np.diag(brute_force.excited(modes // 2)).tolist()
    register = Qudit(energies, steps=[1.0] * (2 ** (modes // 2) - 1))
    both = ["left", "right"]
    return System(dict.fromkeys(both, register), [interaction(*both, matrix=quench)], [], both)


def _fermions(modes: int, measure: str, times: Any = TIMES) -> Any:
    return curve(_quenched(modes), {}, times, measure)


def _fermions_by_force(modes: int, measure: str) -> Any:
    """Mean or variance of the energy, cells along y and fermions along z."""
    start = _power(np.array([1, -1j]) / sqrt(2), modes)
    stored = sum(brute_force.everywhere(brute_force.Y, modes)) / 2 + modes / 2 * np.eye(2**modes)
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
    x, y = (sum(brute_force.everywhere(one, number)) / 2 for one in (brute_force.X, brute_force.Y))
    whole = brute_force.excited(number) + coupling / number * (x @ x + anisotropy * y @ y)
    states = brute_force.kets(whole, np.eye(2**number)[0], TIMES)
    return np.abs(states) ** 2 @ np.diag(brute_force.excited(number))


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

ENTRIES = (_FLIPPED, _FERMIONS, _SPIN)
