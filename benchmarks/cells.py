"""Cells that a cavity charges, beside QuTiP and exact results."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import qutip
import xarray as xr
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import expm_multiply

import quantumbattery as qb
from benchmarks.measure import extra_memory, in_turn, seconds
from benchmarks.pair import Row

Array: TypeAlias = npt.NDArray[Any]
BOTH = ["energy", "ergotropy"]


# --- cells in a cavity: ours -------------------------------------------------------------------


def cavity(
    cell: qb.Qubit | qb.Qudit, number: int, interaction: Callable[..., Any], strength: float
) -> Callable[[int | None], qb.System]:
    """A cavity that charges cells, for any number of its levels (None: chosen)."""

    def system(levels: int | None = None) -> qb.System:
        return qb.System(
            sites={"cavity": qb.Oscillator(levels=levels), "cells": qb.Ensemble(cell, number)},
            interactions=[interaction("cavity", "cells", strength)],
            charger="cavity",
            battery="cells",
        )

    return system


def tavis_cummings(cells: int, preparation: Any) -> xr.Dataset:
    """Energy and collective ergotropy of cells on resonance, 100 times from 0 to 5."""
    system = cavity(qb.Qubit(), cells, qb.exchange, 1.0)(None)
    return system.charge(preparation, np.linspace(0, 5, 100), BOTH, "collective")


def levels_of(table: xr.Dataset) -> int:
    """How many levels the cavity was given, maybe about its classical amplitude."""
    told = table.attrs.get("levels") or table.attrs["displaced"]
    return int(told.split(": ")[1])


# --- cells in a cavity: the peer, and an exact result ------------------------------------------


@dataclass(frozen=True)
class Typed:
    """Cells (their lowering operator and their energy) and a cavity, as one types them."""

    own: Any
    hamiltonian: Any
    start: Any

    @classmethod
    def of(cls, lower: Any, own: Any, strength: float, field: Any, dipole: bool = False) -> Typed:
        """Start with the cells in their ground state and the cavity in the ket `field`."""
        levels, states = field.shape[0], own.shape[0]
        A = qutip.tensor(lower, qutip.qeye(levels))
        a = qutip.tensor(qutip.qeye(own.dims[0]), qutip.destroy(levels))
        coupling = (A + A.dag()) * (a + a.dag()) if dipole else A.dag() * a + a.dag() * A
        ground = qutip.basis(states, int(np.argmin(own.diag().real)))
        ground = qutip.Qobj(ground.full(), dims=[own.dims[0], [1] * len(own.dims[0])])
        h = a.dag() * a + qutip.tensor(own, qutip.qeye(levels)) + strength * coupling
        return cls(own, h.to("CSR"), qutip.tensor(ground, field))

    def solve(self, times: Array, **options: object) -> list[Any]:
        """States by QuTiP, at its usual tolerances where one asks for no others."""
        return list(qutip.sesolve(self.hamiltonian, self.start, times, options=options).states)

    def energy(self, times: Array) -> Array:
        """Energy alone, by QuTiP."""
        levels = self.hamiltonian.shape[0] // self.own.shape[0]
        energy = qutip.tensor(self.own, qutip.qeye(levels))
        solution = qutip.sesolve(self.hamiltonian, self.start, times, e_ops=[energy])
        return np.asarray(solution.expect[0])

    def read(self, states: Sequence[Any]) -> Array:
        """Energy and ergotropy of each state, by QuTiP."""
        levels = np.sort(self.own.diag().real)
        cells = list(range(len(self.own.dims[0])))
        found = []
        for state in states:
            battery = state.ptrace(cells)
            energy = qutip.expect(self.own, battery)
            found.append((energy, energy - battery.eigenenergies()[::-1] @ levels))
        return np.array(found).T

    def kets(self, last: float, count: int) -> Array:
        """States from 0 to `last`: a Taylor series in SciPy, to machine accuracy."""
        generator = -1j * self.hamiltonian.data.as_scipy()
        start = self.start.full()[:, 0]
        kets = expm_multiply(generator, start, start=0, stop=last, num=count, endpoint=True)
        return np.asarray(kets.reshape(count, self.own.shape[0], -1))

    def exact(self, last: float, count: int) -> Array:
        """Energy and ergotropy from 0 to `last`, to machine accuracy."""
        kets = self.kets(last, count)
        battery = kets @ kets.conj().swapaxes(1, 2)
        own = self.own.diag().real
        energy = np.einsum("tii->ti", battery).real @ own
        passive = np.linalg.eigvalsh(battery)[:, ::-1] @ np.sort(own)
        return np.stack([energy, energy - passive])


def ladder(cells: int) -> tuple[Any, Any]:
    """The lowering operator and the energy of qubits, on their symmetric states."""
    return qutip.jmat(cells / 2, "-"), qutip.jmat(cells / 2, "z") + cells / 2


def separate(levels: int, cells: int) -> tuple[Any, Any]:
    """The same of cells in their product space."""

    def total(operator: Any) -> Any:
        one = qutip.qeye(levels)
        return sum(
            qutip.tensor([operator if k == cell else one for k in range(cells)])
            for cell in range(cells)
        )

    return total(qutip.destroy(levels)), total(qutip.num(levels))


def coherent(levels: int, quanta: float) -> Any:
    """A coherent state of the cavity."""
    return qutip.coherent(levels, quanta**0.5, method="analytic")


def errors(table: xr.Dataset, exact: Array, every: int = 1) -> Array:
    """The largest differences of energy and ergotropy, at every so many times."""
    ours = np.stack([table[name].values[::every] for name in BOTH])
    return np.asarray(np.abs(ours - exact).max(axis=1))


# --- what is printed ---------------------------------------------------------------------------


def faster(what: str, ours: float, peer: float, target: float) -> Row:
    """A row for two times."""
    shown = f"{ours * 1e3:.3g} ms" if ours < 1 else f"{ours:.3g} s"
    asked = f">= {target:,g} x" if target else ""
    ratio = peer / ours
    times = f"{ratio:,.1f}" if ratio >= 1 else f"{ratio:.2g}"
    return what, f"{times} x, {shown}", f"{peer:.3g} s", asked, ratio >= target


def within(what: str, took: float, limit: float) -> Row:
    """A row for a time that has a limit."""
    return what, f"{took:.3g} s", "", f"< {limit:g} s", took < limit


def close(what: str, error: float) -> Row:
    """A row for an error."""
    return what, f"{error:.1e}", "", "<= 1e-8", error <= 1e-8


def both_close(ours: float, peer: float, allowed: float, what: str = "  error") -> Row:
    """A row for our error and the peer's; if the peer's is too large, its time does not count."""
    if not peer <= allowed:
        raise ArithmeticError(f"{what.strip()} of the peer: {peer:.1e}, over {allowed:.0e}")
    return what, f"{ours:.1e}", f"{peer:.1e}", f"<= {allowed:.0e}", ours <= allowed


# --- the jobs ----------------------------------------------------------------------------------


def collective() -> Iterator[Row]:
    """Tavis-Cummings on the ladder of 50, 100 and 1,000 cells."""
    table = tavis_cummings(50, qb.coherent(50**0.5))
    times, levels = table.time.values, levels_of(table)
    typed = Typed.of(*ladder(50), 1.0, coherent(levels, 50))
    ours, peer = in_turn(
        lambda: tavis_cummings(50, qb.coherent(50**0.5)),
        lambda: typed.read(typed.solve(times)),
        runs=5,
    )
    yield faster(f"50 cells, 50 photons, {levels} levels; QuTiP", ours, peer, 25)
    exact = Typed.of(*ladder(50), 1.0, coherent(levels + 50, 50)).exact(5, 100)
    theirs = np.abs(typed.read(typed.solve(times)) - exact).max(axis=1)
    for name, mine, other in zip(BOTH, errors(table, exact), theirs, strict=True):
        yield f"  error of the {name}", f"{mine:.1e}", f"{other:.1e}", "closer", mine < other
    took = seconds(lambda: tavis_cummings(100, qb.coherent(10.0)), 3)
    yield within("100 cells, 100 photons", took, 2)
    table = tavis_cummings(100, qb.coherent(10.0))
    more = Typed.of(*ladder(100), 1.0, coherent(levels_of(table) + 30, 100))
    yield close("  error", max(errors(table, more.exact(table.time.values[99], 4), 33)))
    yield within("1,000 cells, 1,000 photons", seconds(thousand, 3), 10)
    yield close("  error, in units of the highest energy", thousand_off() / 1000)
    memory = extra_memory(
        "from benchmarks.cells import *\ntavis_cummings(3, qb.fock(3))", "table = thousand()"
    )
    yield "  extra memory", f"{memory:.0f} MiB", "", "< 2 GiB", memory < 2048


def thousand() -> xr.Dataset:
    """1,000 cells and as many photons."""
    return tavis_cummings(1000, qb.fock(1000))


def thousand_off() -> float:
    """The error of `thousand`: its states |photons, 1000 - photons> form one tridiagonal block."""
    table, m = thousand(), np.arange(1000)
    hopping = np.sqrt((m + 1) * (1000 - m)) * np.sqrt(1000 - m)
    values, vectors = eigh_tridiagonal(np.zeros(1001), hopping)
    phases = np.exp(-1j * np.outer(table.time.values, values))
    populations = np.abs((phases * vectors[0]) @ vectors.T) ** 2
    energy = populations @ np.arange(1001)
    passive = np.sort(populations)[:, ::-1] @ np.arange(1001)
    return float(max(errors(table, np.stack([energy, energy - passive]))))


def product_space() -> Iterator[Row]:
    """Eight cells: the usual script, which keeps all 2^8 x 32 states."""
    system, times = cavity(qb.Qubit(), 8, qb.exchange, 1.0)(None), np.linspace(0, 2, 500)
    starts: list[tuple[str, Any, Callable[[int], Any]]] = [
        ("fock(8)", qb.fock(8), lambda levels: qutip.basis(levels, 8)),
        ("coherent", qb.coherent(8**0.5), lambda levels: coherent(levels, 8)),
    ]
    for name, preparation, field in starts:
        job = partial(system.charge, preparation, times, BOTH)
        typed = Typed.of(*separate(2, 8), 1.0, field(32))
        ours, peer = scaled(job, typed, times, 20)
        yield faster(f"8 cells, {name}; QuTiP 2^8 x 32 (scaled)", ours, peer, 100)
        exact = Typed.of(*separate(2, 8), 1.0, field(48)).exact(times[400], 5)
        yield close("  error", max(errors(job(), exact, 100)))


def scaled(
    job: Callable[[], xr.Dataset], typed: Typed, times: Array, few: int
) -> tuple[float, float]:
    """Our time and the peer's, which solves for all times but reads only a few of its states."""
    ours, solved = in_turn(job, lambda: typed.solve(times), 3)
    states = typed.solve(times)[:: len(times) // few]
    again, read = in_turn(job, lambda: typed.read(states), 3)
    return min(ours, again), solved + read / len(states) * len(times)


def dicke() -> Iterator[Row]:
    """Twelve cells and two photons beyond the rotating-wave approximation: energy alone."""
    make, times = cavity(qb.Qubit(), 12, qb.dipole, 0.05), np.linspace(0, 100, 1000)

    def job(levels: int | None) -> xr.Dataset:
        with warnings.catch_warnings():  # that 20 levels leave out 4e-5 of a quantum
            warnings.simplefilter("ignore", UserWarning)
            return make(levels).charge(qb.fock(2), times, ["energy"])

    for given in (None, 20):
        table = job(given)
        levels = levels_of(table)
        typed = Typed.of(*ladder(12), 0.05, qutip.basis(levels, 2), dipole=True)
        ours, peer = in_turn(partial(job, given), partial(typed.energy, times), 7)
        how = "given" if given else "chosen"
        yield faster(f"Dicke, 12 cells, {levels} levels {how}; QuTiP", ours, peer, 8)
        more = levels if given else levels + 20
        typed = Typed.of(*ladder(12), 0.05, qutip.basis(more, 2), dipole=True)
        exact = typed.exact(times[900], 10)[0]
        yield close("  error", float(np.abs(table.energy.values[::100] - exact).max()))


def qutrits() -> Iterator[Row]:
    """Four three-level cells beyond the rotating-wave approximation: ergotropy."""
    system = cavity(qb.Qudit([0, 1, 2]), 4, qb.dipole, 0.1)(None)
    times = np.linspace(0, 10, 1000)

    def job() -> xr.Dataset:
        return system.charge(qb.coherent(2.0), times, ["ergotropy"])

    table = job()
    levels = levels_of(table)
    typed = Typed.of(*separate(3, 4), 0.1, coherent(levels, 4), dipole=True)
    ours, peer = scaled(job, typed, times, 50)
    yield faster(f"4 qutrits; QuTiP 3^4 x {levels} (scaled)", ours, peer, 12)
    typed = Typed.of(*separate(3, 4), 0.1, coherent(levels + 15, 4), dipole=True)
    exact = typed.exact(times[900], 10)[1]
    yield close("  error", float(np.abs(table.ergotropy.values[::100] - exact).max()))


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    for job in (collective, product_space, dicke, qutrits):
        yield from job()
