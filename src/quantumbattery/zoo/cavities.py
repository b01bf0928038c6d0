"""Many cells in one cavity: collective power, what work is left, and what loss does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery import models
from quantumbattery.network.preparations import coherent, fock
from quantumbattery.zoo import brute_force
from quantumbattery.zoo.entries import Entry, Result
from quantumbattery.zoo.tools import curve, finish, line, peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = np.linspace(0, 3, 25)
BY_FORCE = "independent: each cell apart, Kronecker products and exact exponentials"

# --- Tavis and Cummings --------------------------------------------------------------------------


@cache
def _many(cells: int, photons: int) -> Any:
    """Ladder states of cells charged by a coherent cavity with as many photons, typed by hand."""
    m = np.arange(cells)
    collective = np.diag(np.sqrt((m + 1) * (cells - m)), 1)
    dims = (photons + 1, cells + 1)
    a = brute_force.embed(brute_force.lower(photons + 1), 0, dims)
    b = brute_force.embed(collective, 1, dims)
    free = np.add.outer(np.arange(photons + 1), np.arange(cells + 1)).reshape(-1)
    start = np.zeros(dims)
    start[0, 0] = np.exp(-cells / 2)
    for n in range(photons):
        start[n + 1, 0] = start[n, 0] * sqrt(cells / (n + 1))
    states = brute_force.kets(np.diag(free) + a.T @ b + b.T @ a, start.reshape(-1), TIMES)
    return brute_force.last(states, cells + 1)


def _ratio_by_hand(cells: int, photons: int) -> Any:
    """Global ergotropy over energy: the first excited level has room for all but one state."""
    rho = _many(cells, photons)[1:]
    energy = brute_force.energy(rho, np.diag(np.arange(cells + 1.0)))
    return 1 - (1 - np.linalg.eigvalsh(rho)[:, -1]) / energy


def _ratio(cells: int) -> Any:
    table = models.tavis_cummings(cells=cells).charge(
        coherent(sqrt(cells)), TIMES[1:], ["energy", "ergotropy"]
    )
    return (table.ergotropy / table.energy).to_numpy()


def _draw_tavis_cummings(axes: Axes) -> None:
    times = np.linspace(0.02, 3, 150)
    for k, cells in enumerate((1, 2, 8, 32)):
        table = models.tavis_cummings(cells=cells, normalised=True).charge(
            coherent(sqrt(cells)), times, ["energy", "ergotropy"]
        )
        line(axes, k, times, table.ergotropy / table.energy, f"$N={cells}$")
    finish(axes, "time $gt$", r"share of work $\mathcal{E}/E$", columns=4)


_TAVIS_CUMMINGS = Entry(
    "tavis_cummings",
    "More cells: more of what is stored is work",
    [
        Result("energy (w), 9 cells, one photon, 25 times",
               lambda: curve(models.tavis_cummings(cells=9), fock(1), TIMES),
               lambda: np.sin(3 * TIMES) ** 2,
               "exact: w sin^2(sqrt(N) g t), Tavis & Cummings, Phys. Rev. 170, 379 (1968)", 1e-13),
        Result("energy (w), 9 cells, one photon, coupling g / sqrt(N)",
               lambda: curve(models.tavis_cummings(cells=9, normalised=True), fock(1), TIMES),
               lambda: np.sin(TIMES) ** 2, "exact: w sin^2(g t)", 1e-13),
        Result("highest energy of each of 2 cells (w), 2 photons",
               lambda: peak(lambda t: curve(models.tavis_cummings(cells=2), fock(2), t), 0.5,
                            2.0)[1] / 2,
               8 / 9, "exact: 8/9, of the three states 2 + 0, 1 + 1, 0 + 2", 1e-13),
        Result("time of the highest energy of 2 cells (1/g), 2 photons",
               lambda: peak(lambda t: curve(models.tavis_cummings(cells=2), fock(2), t), 0.5,
                            2.0)[0],
               pi / sqrt(6), "exact: pi / sqrt(6); a flat top gives half of the digits", 1e-6),
        Result("ergotropy over energy, 12 cells, coherent cavity of mean 12, 24 times",
               lambda: _ratio(12), lambda: _ratio_by_hand(12, 48),
               "independent: the symmetric ladder typed by hand, by eigenvectors; global work "
               "E - w (1 - r_max), whose share grows with N (Andolina et al., Phys. Rev. Lett. "
               "122, 047702 (2019))", 1e-11),
    ],
    _draw_tavis_cummings,
    r"coherent cavity, $N$ photons on average; coupling $g/\sqrt{N}$",
)  # fmt: skip

# --- which unitaries may take the work out -------------------------------------------------------


@cache
def _four_cells() -> tuple[Any, Any]:
    h, cells = brute_force.cells_in_cavity(4, 4, 1.0, rotating=True)
    start = np.zeros(len(h))
    start[4 * 16] = 1
    return brute_force.last(brute_force.kets(h, start, TIMES), 16), cells


def _global() -> Any:
    return brute_force.work(*_four_cells())


def _ladder() -> Any:
    """Sorted on the five symmetric levels: populations in falling order on energies 0 ... 4."""
    rho, cells = _four_cells()
    falling = np.linalg.eigvalsh(rho)[:, :-6:-1]
    return brute_force.energy(rho, cells) - falling @ np.arange(5.0)


def _cell_by_cell() -> Any:
    one = brute_force.last(_four_cells()[0], 2)
    return 4 * brute_force.work(one, np.diag([0.0, 1.0]))


def _draw_extraction(axes: Axes) -> None:
    times = np.linspace(0, 3, 201)
    cells = models.tavis_cummings(cells=4)
    line(axes, 6, times, curve(cells, fock(4), times), "energy", linewidth=0.9)
    for k, how in enumerate(("global", "collective", "local")):
        line(axes, k, times, curve(cells, fock(4), times, "ergotropy", how), f"{how} work")
    finish(axes, "time $gt$", r"energy, ergotropy $/\omega$")


_EXTRACTION = Entry(
    "tavis_cummings_extraction",
    "Four cells, four photons: who may act decides the work",
    [
        Result(f"ergotropy (w) of 4 cells, 4 photons, {words}, 25 times",
               partial(curve, models.tavis_cummings(cells=4), fock(4), TIMES, "ergotropy", how),
               reference, f"{BY_FORCE}; {why}", 1e-11)
        for how, words, reference, why in (
            ("global", "any unitary", _global,
             "all 2^N levels count: E - w (1 - r_max)"),
            ("collective", "on the symmetric ladder", _ladder,
             "less than the global work; both are in print under one name"),
            ("local", "cell by cell", _cell_by_cell, "N times the work of one cell"),
        )
    ],
    _draw_extraction,
    "cavity with exactly four photons",
)  # fmt: skip

# --- Dicke ---------------------------------------------------------------------------------------

NUMBERS = (6, 8, 12, 16)


def _peak_power(cells: int, normalised: bool) -> float:
    system = models.dicke(cells=cells, coupling=0.5, normalised=normalised)
    times = np.linspace(0.4, 1.0, 31) / 0.5 / (1 if normalised else sqrt(cells))
    powers = curve(system, fock(cells), times, "power")
    k = int(np.argmax(powers))
    fit = np.polyfit(times[k - 1 : k + 2] - times[k], powers[k - 1 : k + 2], 2)
    return float(fit[2] - fit[1] ** 2 / (4 * fit[0]))


def _exponent(normalised: bool, numbers: Sequence[int] = NUMBERS, orders: int = 0) -> float:
    """The k of log P = k log N + c, plus as many orders in 1 / N."""
    powers = [_peak_power(cells, normalised) for cells in numbers]
    columns = [np.log(numbers), *(1 / np.array(numbers) ** n for n in range(orders + 1))]
    return float(np.linalg.lstsq(np.stack(columns, axis=1), np.log(powers), rcond=None)[0][0])


def _dicke(measure: str) -> Any:
    return curve(models.dicke(cells=3, coupling=0.15), fock(3), TIMES, measure)


@cache
def _dicke_by_force(measure: str) -> Any:
    h, cells = brute_force.cells_in_cavity(3, 23, 0.15, rotating=False)
    start = np.zeros(len(h))
    start[3 * 8] = 1
    rho = brute_force.last(brute_force.kets(h, start, TIMES), 8)
    return brute_force.energy(rho, cells) if measure == "energy" else brute_force.work(rho, cells)


def _draw_dicke(axes: Axes) -> None:
    numbers = np.array([1, 2, 4, 8, 12, 16])
    for k, (normalised, slope, label) in enumerate((
        (False, 1.5, r"$g=\omega/2$"), (True, 1.0, r"$g=\omega/(2\sqrt{N})$")
    )):  # fmt: skip
        powers = np.array([_peak_power(int(n), normalised) for n in numbers])
        line(axes, k, numbers, powers, label, linestyle="", marker="os"[k])
        law = powers[-1] * (numbers / numbers[-1]) ** slope
        line(axes, k, numbers, law, rf"$\propto N^{{{slope:g}}}$", linewidth=0.9)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(numbers, [str(n) for n in numbers])
    finish(axes, "cells $N$", r"highest power $P/\omega^2$", where="upper left")
    axes.set_xlim(0.9, 18)


_DICKE = Entry(
    "dicke",
    "Cells in one cavity charge faster than each alone",
    [
        Result("exponent of the peak power over N = 6 ... 16 cells, coupling g = w/2",
               lambda: _exponent(normalised=False), 1.5,
               "printed: the advantage over N cells apart grows as sqrt(N) for many cells, Ferraro "
               "et al., Phys. Rev. Lett. 120, 117702 (2018), hence N^1.5. A law for many cells: "
               "over these finite N the exponent is 1.56 for g = w/4, 1.48 for w and 2 w, so 0.1",
               0.1),
        Result("exponent k of the peak power of N = 6 ... 16 cells, coupling g / sqrt(N)",
               lambda: _exponent(normalised=True, orders=1), 1.0,
               "independent: the law for many cells, as energy and interaction of them are both "
               "extensive; k of log P = k log N + c + d/N (0.98 without d); N is finite, so 0.001",
               0.001),
        Result("energy (w), 3 cells, 3 photons, coupling 0.15 w, 25 times",
               lambda: _dicke("energy"), lambda: _dicke_by_force("energy"), BY_FORCE, 1e-11),
        Result("ergotropy (w), 3 cells, 3 photons, coupling 0.15 w, 25 times",
               lambda: _dicke("ergotropy"),
               lambda: _dicke_by_force("ergotropy"), BY_FORCE, 1e-11),
    ],
    _draw_dicke,
    r"cavity with exactly $N$ photons",
)  # fmt: skip

# --- a lossy cavity ------------------------------------------------------------------------------

CARRASCO = "Carrasco et al., Phys. Rev. E 105, 064119 (2022)"


def _share(cells: int, loss: float) -> Any:
    """f^2 of the lossy pair with the coupling sqrt(N) g (g = 1)."""
    root = np.sqrt(complex(cells - loss**2 / 16))
    return ((np.sin(root * TIMES) / root) ** 2).real * cells * np.exp(-loss * TIMES / 2)


@cache
def _lossy_by_force(measure: str) -> Any:
    h, cells = brute_force.cells_in_cavity(2, 2, 1.0, rotating=True)
    jump = sqrt(0.5) * brute_force.embed(brute_force.lower(3), 0, (3, 2, 2))
    start = np.zeros((12, 12))
    start[8, 8] = 1
    rho = brute_force.last(brute_force.densities(h, [jump], start, TIMES), 4)
    return brute_force.energy(rho, cells) if measure == "energy" else brute_force.work(rho, cells)


def _draw_lossy(axes: Axes) -> None:
    times = np.linspace(0, 4, 301)
    for k, cells in enumerate((1, 2, 4, 16)):
        system = models.tavis_cummings(cells=cells, charger_loss=2.0)
        line(axes, k, times, curve(system, fock(1), times), f"$N={cells}$")
    finish(axes, "time $gt$", r"energy $E/\omega$", columns=4)


_LOSSY = Entry(
    "lossy_tavis_cummings",
    "More cells take the photon before the cavity loses it",
    [
        Result("energy (w), 1 cell, one photon, loss 0.5 g, 25 times",
               lambda: curve(models.tavis_cummings(cells=1, charger_loss=0.5), fock(1), TIMES),
               lambda: _share(1, 0.5),
               f"exact: the lossy pair, Eq. 62 of Downing & Ukhtary 2026 at theta = pi; {CARRASCO}",
               1e-12),
        Result("energy (w), 9 cells, one photon, loss 2 g",
               lambda: curve(models.tavis_cummings(cells=9, charger_loss=2.0), fock(1), TIMES),
               lambda: _share(9, 2.0), "exact: the lossy pair with coupling sqrt(N) g", 1e-13),
        Result("ergotropy (w), 9 cells, one photon, loss 2 g",
               lambda: curve(models.tavis_cummings(cells=9, charger_loss=2.0), fock(1), TIMES,
                             "ergotropy"),
               lambda: np.maximum(0, 2 * _share(9, 2.0) - 1),
               "exact: max(0, 2E - w), from E - w (1 - r_max) of two populations", 1e-13),
        Result("energy (w), 2 cells, 2 photons, loss 0.5 g",
               lambda: curve(models.tavis_cummings(cells=2, charger_loss=0.5), fock(2), TIMES),
               lambda: _lossy_by_force("energy"), BY_FORCE, 1e-12),
        Result("ergotropy (w), 2 cells, 2 photons, loss 0.5 g",
               lambda: curve(models.tavis_cummings(cells=2, charger_loss=0.5), fock(2), TIMES,
                             "ergotropy"),
               lambda: _lossy_by_force("ergotropy"), BY_FORCE, 1e-12),
    ],
    _draw_lossy,
    r"cavity with one photon, loss $\kappa=2g$",
)  # fmt: skip

ENTRIES = (_TAVIS_CUMMINGS, _EXTRACTION, _DICKE, _LOSSY)
