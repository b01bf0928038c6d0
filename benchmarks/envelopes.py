"""What is shaped in time by a pulse, beside QuTiP at equal accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import qutip
import xarray as xr
from scipy.special import erf

import quantumbattery as qb
from benchmarks.cells import both_close, faster
from benchmarks.measure import in_turn, once
from benchmarks.pair import Row
from quantumbattery.quantities.aliases import Array

TIMES, CELLS, THETA = np.linspace(0.0, 10.0, 201), 20, 2.0
HOP, FEW = 4.0, 10  # of a chain: its coupling, and how many qubits QuTiP can take of it
Peer: TypeAlias = Callable[[dict[str, object]], tuple[Array, Array]]
MEASURES = ["energy", "ergotropy"]
# What is taken for true: SciPy's method through QuTiP, whose own at their tightest are 1e-13 off.
TRUE = {"method": "dop853", "atol": 1e-15, "rtol": 3e-14}
TOLERANCES = (
    (1e-12, 1e-10),
    (1e-13, 1e-11),
    (1e-13, 1e-12),
    (1e-14, 1e-12),
    (1e-14, 1e-13),
    (1e-15, 1e-13),
)
SETTINGS: tuple[dict[str, object], ...] = tuple(
    {"method": method, "atol": absolute, "rtol": relative}
    for method in ("vern7", "vern9")
    for absolute, relative in TOLERANCES
)
WORSE, ENOUGH = 10, 1e-14  # how many times our error QuTiP's may be; what is good in any case


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


def pair_exact() -> tuple[Array, Array]:
    """The same at resonance and without loss: sin^2 of the pulse's area."""
    area = 1.2 * math.sqrt(math.pi / 2) * (erf((TIMES - 5) / 1.2 / 2**0.5) + erf(5 / 1.2 / 2**0.5))
    moved = math.sin(THETA / 2) * np.sin(area)
    return _both(moved**2, math.cos(THETA / 2) * moved)


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
    """The same in QuTiP on the ladder of Dicke."""
    spin = CELLS / 2
    a = qutip.tensor(qutip.destroy(levels), qutip.qeye(CELLS + 1))
    up = qutip.tensor(qutip.qeye(levels), qutip.jmat(spin, "+"))
    stored = qutip.tensor(qutip.qeye(levels), qutip.jmat(spin, "z") + spin)
    still, link = (1.0 + detuning) * a.dag() * a + stored, a * up
    start = qutip.tensor(
        qutip.coherent(levels, 2.0, method="analytic"), qutip.basis(CELLS + 1, CELLS)
    ).unit()
    how = {"nsteps": 10**6, "store_states": True, **options}
    h = [still, [link + link.dag(), single]]
    solved = qutip.sesolve(h, start, TIMES, e_ops=[stored], options=how)
    kets = np.array([ket.full() for ket in solved.states]).reshape(-1, levels, CELLS + 1)
    largest = np.linalg.eigvalsh(kets.swapaxes(1, 2) @ kets.conj())[:, -1]
    energy: Array = np.real(solved.expect[0])
    return energy, energy - (1 - largest)  # the 20 other states fit on levels of energy 1


# --- rows --------------------------------------------------------------------------------------


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    closed, lossy = partial(pair, 0.0), partial(pair, 0.1)
    peers = partial(pair_qutip, 0.0), partial(pair_qutip, 0.1)
    for name, ours, peer, target, runs, detuning in (
        ("pulsed pair", closed, peers[0], 2, 40, 0.0),
        ("pulsed pair, detuned", closed, peers[0], 2, 40, 0.5),
        ("pulsed pair with loss", lossy, peers[1], 2, 40, 0.0),
        ("pulsed chain of 10", few, few_qutip, 5, 5, 0.0),
        ("pulsed chain of 10, detuned", few, few_qutip, 5, 5, 0.1),
        ("pulsed chain of 20; in 21 states", chain, chain_qutip, 1, 20, 0.0),
        ("pulsed chain of 20, detuned; in 21 states", chain, chain_qutip, 1, 20, 0.1),
        ("pulsed ensemble of 20", ensemble, ensemble_qutip, 5, 5, 0.0),
        ("pulsed ensemble of 20, detuned", ensemble, ensemble_qutip, 5, 5, 0.1),
    ):
        truth = pair_exact() if name == "pulsed pair" else peer(detuning, TRUE)
        yield from _beside(
            name, partial(ours, detuning), partial(peer, detuning), truth, target, runs
        )


def _beside(
    name: str,
    ours: Callable[[], xr.Dataset],
    peer: Peer,
    truth: tuple[Array, Array],
    target: int,
    runs: int,
) -> Iterator[Row]:
    """One job at equal accuracy: how long both take in turn, and how far both are from the truth.

    What is left of 1e-13 in the ensemble's errors may be the truth's.
    """
    table = ours()
    mine = _apart((table.energy.values, table.ergotropy.values), truth)
    how, other = _fastest(peer, truth, max(WORSE * mine, ENOUGH), max(4, runs // 4))
    setting = " ".join(str(each) for each in how.values())
    took, theirs = in_turn(ours, partial(peer, how), runs)
    yield faster(f"{name}; QuTiP ({setting})", took, theirs, target)
    yield both_close(mine, other, 1e-11)


def _fastest(
    peer: Peer, truth: tuple[Array, Array], allowed: float, runs: int
) -> tuple[dict[str, object], float]:
    """The setting of QuTiP that takes least, among those whose error is allowed, and that error."""
    errors = [_apart(peer(how), truth) for how in SETTINGS]
    good = [k for k, error in enumerate(errors) if error <= allowed]
    good = good or [int(np.argmin(errors))]
    took = [[once(partial(peer, SETTINGS[k])) for k in good] for _ in range(runs)]
    best = good[int(np.argmin(np.min(took, axis=0)))]
    return SETTINGS[best], errors[best]


def _apart(found: tuple[Array, Array], truth: tuple[Array, Array]) -> float:
    """The largest difference of energy and ergotropy."""
    return max(float(np.abs(a - b).max()) for a, b in zip(found, truth, strict=True))
