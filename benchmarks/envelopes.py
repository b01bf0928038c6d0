"""What is shaped in time by a pulse, beside QuTiP at equal accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
import qutip
import xarray as xr

import quantumbattery as qb
from benchmarks.cells import both_close, faster
from benchmarks.measure import in_turn
from benchmarks.pair import Row
from quantumbattery.quantities.aliases import Array

TIMES, CELLS, THETA = np.linspace(0.0, 10.0, 201), 20, 2.0
HOP, FEW = 4.0, 10  # of a chain: its coupling, and how many qubits QuTiP can take of it
MEASURES = ["energy", "ergotropy"]
TIGHT = {"method": "vern7", "atol": 1e-12, "rtol": 1e-10}  # QuTiP's fastest to 1e-11 here
TIGHTEST = {"method": "vern9", "atol": 1e-14, "rtol": 1e-13}


def pulse(t: Array) -> Array:
    """The envelope, of one time or of many."""
    shape: Array = np.exp(-((t - 5.0) ** 2) / 2.88)
    return shape


def single(t: float) -> float:
    """The same for QuTiP, whose fastest coefficient here is a function of Python."""
    return math.exp(-((t - 5.0) ** 2) / 2.88)


# --- two qubits --------------------------------------------------------------------------------


def pair(loss: float, detuning: float) -> xr.Dataset:
    """Two qubits under a pulse of their exchange."""
    sites = {"c": qb.Qubit(1.0 + detuning, loss=loss), "b": qb.Qubit()}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0, envelope=pulse)], "c", "b")
    return system.charge(qb.bloch(THETA), TIMES, MEASURES)


def pair_qutip(loss: float, detuning: float, options: dict[str, object]) -> tuple[Array, Array]:
    """The same in QuTiP; what a qubit's ergotropy needs are two means."""
    low, one = qutip.destroy(2), qutip.qeye(2)
    c, b = qutip.tensor(low, one), qutip.tensor(one, low)
    still = (1.0 + detuning) * c.dag() * c + b.dag() * b
    h = [still, [c.dag() * b + b.dag() * c, single]]
    ket = math.cos(THETA / 2) * qutip.basis(2, 0) + math.sin(THETA / 2) * qutip.basis(2, 1)
    start, means = qutip.tensor(ket, qutip.basis(2, 0)), [b.dag() * b, b]
    how = {"nsteps": 10**6, **options}
    if loss:
        jumps = [loss**0.5 * c]
        solved = qutip.mesolve(h, start, TIMES, jumps, e_ops=means, options=how)
    else:
        solved = qutip.sesolve(h, start, TIMES, e_ops=means, options=how)
    return _both(*solved.expect)


def _both(population: Array, coherence: Array) -> tuple[Array, Array]:
    """Energy and ergotropy of a qubit."""
    inversion = 2 * np.real(population) - 1
    length = np.sqrt(inversion**2 + 4 * np.abs(coherence) ** 2)
    return np.real(population), (inversion + length) / 2


# --- many cells --------------------------------------------------------------------------------


def level(place: int, cells: int, detuning: float) -> float:
    """The frequency of a qubit in a chain, the last of which has 1."""
    return 1.0 + detuning * ((cells - 1 - place) % 3)


def chain(detuning: float, cells: int = CELLS) -> xr.Dataset:
    """One qubit charges another through the rest of a chain, whose links are all pulsed."""
    sites = {f"s{k}": qb.Qubit(level(k, cells, detuning)) for k in range(cells)}
    links = [qb.exchange(f"s{k}", f"s{k + 1}", HOP, envelope=pulse) for k in range(cells - 1)]
    system = qb.System(sites, links, "s0", f"s{cells - 1}")
    return system.charge(qb.bloch(THETA), TIMES, MEASURES)


def chain_qutip(detuning: float, options: dict[str, object]) -> tuple[Array, Array]:
    """The same in QuTiP, in 21 states of at most one quantum, written down by hand."""
    ket = np.zeros(CELLS + 1)
    ket[:2] = math.cos(THETA / 2), math.sin(THETA / 2)
    levels = np.diag([0.0, *(level(k, CELLS, detuning) for k in range(CELLS))])
    hop = np.diag([0.0] + [HOP] * (CELLS - 1), 1)
    last, lower = np.zeros((2, CELLS + 1, CELLS + 1))
    last[-1, -1] = lower[0, -1] = 1.0
    still, moving, *means = (qutip.Qobj(m).to("csr") for m in (levels, hop + hop.T, last, lower))
    how = {"nsteps": 10**6, **options}
    h, start = [still, [moving, single]], qutip.Qobj(ket)
    return _both(*qutip.sesolve(h, start, TIMES, e_ops=means, options=how).expect)


def few(detuning: float) -> xr.Dataset:
    """A shorter chain."""
    return chain(detuning, FEW)


@lru_cache
def few_terms(detuning: float) -> tuple[qutip.Qobj, qutip.Qobj, qutip.Qobj]:
    """Its Hamiltonian, without a pulse and with it, and the last qubit's sigma, in 1,024 states."""
    low = [
        qutip.tensor([qutip.destroy(2) if k == here else qutip.qeye(2) for k in range(FEW)])
        for here in range(FEW)
    ]
    still = sum(level(k, FEW, detuning) * each.dag() * each for k, each in enumerate(low))
    hops = sum(HOP * (a.dag() * b + b.dag() * a) for a, b in pairwise(low))
    return still, hops, low[-1]


def few_qutip(detuning: float, options: dict[str, object]) -> tuple[Array, Array]:
    """The same in QuTiP, as one types it; its operators are made before."""
    still, hops, last = few_terms(detuning)
    ket = math.cos(THETA / 2) * qutip.basis(2, 0) + math.sin(THETA / 2) * qutip.basis(2, 1)
    start = qutip.tensor(ket, *[qutip.basis(2, 0)] * (FEW - 1))
    how, means, h = {"nsteps": 10**6, **options}, [last.dag() * last, last], [still, [hops, single]]
    return _both(*qutip.sesolve(h, start, TIMES, e_ops=means, options=how).expect)


def ensemble(detuning: float) -> xr.Dataset:
    """Twenty cells in a cavity that is coherent."""
    sites = {"c": qb.Oscillator(1.0 + detuning), "b": qb.Ensemble(qb.Qubit(), CELLS)}
    system = qb.System(sites, [qb.exchange("c", "b", 1.0, envelope=pulse)], "c", "b")
    return system.charge(qb.coherent(2.0), TIMES, MEASURES)


def ensemble_qutip(
    detuning: float, options: dict[str, object], levels: int = 43
) -> tuple[Array, Array]:
    """The same in QuTiP on the ladder of Dicke; of the ergotropy only the states it needs."""
    spin = CELLS / 2
    a = qutip.tensor(qutip.destroy(levels), qutip.qeye(CELLS + 1))
    up = qutip.tensor(qutip.qeye(levels), qutip.jmat(spin, "+"))
    stored = qutip.tensor(qutip.qeye(levels), qutip.jmat(spin, "z") + spin)
    still, link = (1.0 + detuning) * a.dag() * a + stored, a * up
    start = qutip.tensor(
        qutip.coherent(levels, 2.0, method="analytic"), qutip.basis(CELLS + 1, CELLS)
    ).unit()
    h, how = [still, [link + link.dag(), single]], {"nsteps": 10**6, **options}
    solved = qutip.sesolve(h, start, TIMES, e_ops=[stored], options=how)
    return solved.expect[0], np.zeros(0)


# --- rows --------------------------------------------------------------------------------------


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    best = {**TIGHT, "method": "vern9"}
    closed, lossy = partial(pair, 0.0), partial(pair, 0.1)
    peers = partial(pair_qutip, 0.0), partial(pair_qutip, 0.1)
    for name, ours, peer, how, target, runs, detuning in (
        ("pulsed pair", closed, peers[0], TIGHT, 2, 40, 0.0),
        ("pulsed pair, detuned", closed, peers[0], TIGHT, 1, 40, 0.5),
        ("pulsed pair with loss", lossy, peers[1], TIGHT, 2, 40, 0.0),
        ("pulsed chain of 10", few, few_qutip, TIGHT, 5, 5, 0.0),
        ("pulsed chain of 10, detuned", few, few_qutip, TIGHT, 5, 5, 0.1),
        ("pulsed chain of 20; in 21 states", chain, chain_qutip, TIGHT, 0, 20, 0.0),
        ("pulsed chain of 20, detuned; in 21 states", chain, chain_qutip, TIGHT, 0, 20, 0.1),
        ("pulsed ensemble of 20", ensemble, ensemble_qutip, best, 5, 5, 0.0),
        ("pulsed ensemble of 20, detuned", ensemble, ensemble_qutip, best, 0, 3, 0.1),
    ):
        yield from _beside(
            name, partial(ours, detuning), partial(peer, detuning), how, target, runs
        )


def _beside(
    name: str,
    ours: Callable[[], xr.Dataset],
    peer: Callable[[dict[str, object]], tuple[Array, Array]],
    how: dict[str, object],
    target: int,
    runs: int,
) -> Iterator[Row]:
    """One job: how long both take in turn, and how far both are from QuTiP at its tightest."""
    took, theirs = in_turn(ours, partial(peer, how), runs)
    yield faster(f"{name}; QuTiP", took, theirs, target)
    table, truth, found = ours(), peer(TIGHTEST)[0], peer(how)[0]
    mine, other = (float(np.abs(each - truth).max()) for each in (table.energy.values, found))
    yield both_close(mine, other, 1e-9)
