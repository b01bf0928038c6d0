"""The certified optimum: of many cells, of a batch of pairs, beside a grid of times in QuTiP."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import qutip
import xarray as xr

import quantumbattery as qb
from benchmarks.cells import (
    Typed,
    both_close,
    close,
    coherent,
    ladder,
    levels_of,
    tavis_cummings,
)
from benchmarks.measure import in_turn, once, seconds
from benchmarks.pair import Row, qutip_loop

HORIZON = 10.0
SOUGHT = ("energy", "power", "ergotropy", "ergotropic_power")


def twenty() -> xr.Dataset:
    """20 cells and 20 photons: the best moment for each of the four quantities."""
    system = qb.models.tavis_cummings(cells=20)
    return system.optimum(qb.coherent(20**0.5), horizon=HORIZON)


def open_gap(table: xr.Dataset) -> float:
    """By how much what may lie between two moments exceeds what was found, relative to it."""
    gaps = [table[f"{name}_bound"] / table[f"{name}_max"] - 1 for name in SOUGHT]
    return max(float(gap.max()) for gap in gaps)


def grid_of_twenty(levels: int) -> float:
    """QuTiP looks at 1,001 moments on the ladder; what lies between them it cannot say."""
    times = np.linspace(0, HORIZON, 1001)
    typed = Typed.of(*ladder(20), 1.0, coherent(levels, 20))
    energy, work = typed.read(typed.solve(times))
    powers = energy[1:] / times[1:], work[1:] / times[1:]
    return float(sum(found.max() for found in (energy, work, *powers)))


def thousand() -> xr.Dataset:
    """1,000 lossy pairs by the engine that knows no closed form."""
    return described().system().optimum(qb.bloch(np.pi / 2), horizon=HORIZON)


def described() -> qb.QubitPair:
    """1,000 pairs: their couplings and losses."""
    random = np.random.default_rng(0)
    return qb.QubitPair(
        coupling=xr.DataArray(random.uniform(0.5, 2, 1000), dims="pair"),
        charger_loss=xr.DataArray(random.uniform(0, 1, 1000), dims="pair"),
    )


def thousand_off() -> float:
    """The error of `thousand` beside the maxima of the closed form."""
    ours, exact = thousand(), described().optimum(qb.bloch(np.pi / 2))
    names = [f"{name}_max" for name in SOUGHT]
    return max(float(abs(ours[name] - exact[name]).max()) for name in names)


def hundred() -> xr.Dataset:
    """100 cells and 100 photons beyond the rotating-wave approximation."""
    return qb.models.dicke(cells=100, normalised=True).optimum(qb.fock(100), horizon=1.0)


def hundred_typed(levels: int) -> Typed:
    """The same as one types it, on the ladder of the cells."""
    return Typed.of(*ladder(100), 0.05, qutip.basis(levels, 100), dipole=True)


TIGHT = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 10**6}  # of QuTiP, for a relative 1e-7


def grid_of_hundred(levels: int) -> float:
    """How long QuTiP takes for 1,001 moments, of which it reads only 21."""
    typed, times = hundred_typed(levels), np.linspace(0, 1, 1001)
    states: list[Any] = []
    solving = once(lambda: states.extend(typed.solve(times, **TIGHT)[::50]))
    return solving + once(lambda: typed.read(states)) / len(states) * times.size


def hundred_off(table: xr.Dataset) -> tuple[float, float]:
    """Relative errors at the moments that `hundred` names: its own, and QuTiP's of the energy.

    A series tells the truth. Of 2^100 levels, one is at 0 and a hundred at 1, where the passive
    state has all 101 populations but the largest.
    """
    levels, worst = levels_of(table), [0.0, 0.0]
    own = hundred_typed(levels).own.diag().real
    for name in SOUGHT:
        time = float(table[f"{name}_time"])
        ket = hundred_typed(levels + 20).kets(time, 2)[-1]
        energy = float((np.abs(ket) ** 2).sum(axis=1) @ own)
        work = energy - 1 + float(np.linalg.norm(ket, 2)) ** 2
        truth = (energy if name in ("energy", "power") else work) / (time if "power" in name else 1)
        worst[0] = max(worst[0], abs(float(table[f"{name}_max"]) / truth - 1))
        state = hundred_typed(levels).solve(np.array([0.0, time]), **TIGHT)[-1]
        theirs = float((np.abs(state.full().reshape(101, -1)) ** 2).sum(axis=1) @ own)
        worst[1] = max(worst[1], abs(theirs / energy - 1))
    return worst[0], worst[1]


def never() -> xr.Dataset:
    """Squeezed light gives one qubit no work, at any time."""
    sites = {"light": qb.Oscillator(), "cell": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("light", "cell", 0.1)], "light", "cell")
    return system.optimum(qb.squeezed(0.5), HORIZON, of="ergotropy")


def grid_of_never(levels: int) -> float:
    """The largest work in QuTiP at 1,001 moments."""
    qubit, light = qutip.num(2), qutip.squeeze(levels, 0.5) * qutip.basis(levels, 0)
    typed = Typed.of(qutip.destroy(2), qubit, 0.1, light, dipole=True)
    return float(typed.read(typed.solve(np.linspace(0, HORIZON, 1001)))[1].max())


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    table = tavis_cummings(20, qb.coherent(20**0.5))
    ours, peer = in_turn(twenty, partial(grid_of_twenty, levels_of(table)), 3)
    yield "optimum of 20 cells; QuTiP at 1,001 times", *_times(ours, peer), "< 1 s", ours < 1
    yield close("  left between found and bound, relative", open_gap(twenty()))
    ours, peer = seconds(thousand, 2), 1000 * seconds(lambda: qutip_loop(201), 2)
    yield "optima of 1,000 pairs; QuTiP grids (scaled)", *_times(ours, peer), "< 5 s", ours < 5
    yield close("  error beside the closed form", thousand_off())
    yield from large()
    levels = levels_of(never())
    ours, peer = in_turn(never, partial(grid_of_never, levels), 2)
    what = "optimum of what is never positive; QuTiP at 1,001 times"
    yield what, *_times(ours, peer), "< 0.1 s", ours < 0.1
    yield both_close(float(never().ergotropy_max), grid_of_never(levels), 1e-8)


def large() -> Iterator[Row]:
    """100 Dicke cells, once: it takes its time."""
    found: list[xr.Dataset] = []
    ours = once(lambda: found.append(hundred()))
    peer = grid_of_hundred(levels_of(found[0]))
    what = "optimum of 100 Dicke cells; QuTiP at 1,001 times (scaled)"
    yield what, *_times(ours, peer), "< 20 s", ours < 20
    yield close("  left between found and bound, relative", open_gap(found[0]))
    yield both_close(*hundred_off(found[0]), 1e-7, "  error, relative")


def _times(ours: float, peer: float) -> tuple[str, str]:
    return f"{peer / ours:,.1f} x, {ours:.3g} s", f"{peer:.3g} s"
