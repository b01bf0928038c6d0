"""What cost against size is measured of: cells in a cavity, qubits in a chain, points of a pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import qutip
import xarray as xr

import quantumbattery as qb
from benchmarks import batches
from benchmarks.cells import BOTH, Array, Typed, coherent, ladder, levels_of, separate
from benchmarks.scaling import MEMORY, Numbers, Panel, Way, measured
from benchmarks.thermo import QTHERMO, typed_pair

LARGE = (20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 3000, 5000)
LOW = np.array([[0.0, 1.0], [0.0, 0.0]])  # a qubit, as one types it


def numbers(table: xr.Dataset) -> Numbers:
    """Energy and ergotropy of a table of ours."""
    return [table[name].values for name in BOTH]


def worth(states: Array, own: Array) -> Array:
    """Energy and ergotropy in plain NumPy, for a diagonal Hamiltonian."""
    energy = np.einsum("tii->ti", states).real @ own
    passive = np.linalg.eigvalsh(states)[:, ::-1] @ np.sort(own)
    return np.stack([energy, energy - passive])


def lowered(qubits: int) -> list[Array]:
    """Each qubit's lowering operator among all, as a dense matrix."""
    spare = [2 ** (qubits - 1 - k) for k in range(qubits)]
    return [np.kron(np.kron(np.eye(2**k), LOW), np.eye(spare[k])) for k in range(qubits)]


# --- cells in a cavity -------------------------------------------------------------------------

MOMENTS = np.linspace(0, 5, 100)


def charged(preparation: Any, cells: int, extraction: str) -> xr.Dataset:
    """Cells that a cavity charges, ours."""
    system = qb.models.tavis_cummings(cells=cells)
    return system.charge(preparation, MOMENTS, BOTH, extraction, limit=MEMORY)


def by_light(cells: int, extraction: str = "global") -> Numbers:
    """As many photons as cells, in a coherent state."""
    return numbers(charged(qb.coherent(cells**0.5), cells, extraction))


def by_photons(cells: int) -> Numbers:
    """As many photons as cells, in a Fock state."""
    return numbers(charged(qb.fock(cells), cells, "global"))


@cache
def levels(cells: int) -> int:
    """How many levels of the cavity ours chooses: every peer gets as many."""
    return levels_of(charged(qb.coherent(cells**0.5), cells, "global"))


def qutip_cells(operators: Any, cells: int) -> Array:
    """QuTiP on the ladder or in the product space, whichever the operators are of."""
    lower, own = operators(cells)
    typed = Typed.of(lower, own, 1.0, coherent(levels(cells), cells))
    return typed.read(typed.solve(MOMENTS))


def light(cells: int) -> Array:
    """The coherent state's amplitudes, of length 1 although cut off."""
    return np.asarray(coherent(levels(cells), cells).unit().full()[:, 0])


def qthermo_cells(cells: int) -> Array:
    """Ladder times cavity in qthermo, in dense matrices."""
    model = QTHERMO.dicke_battery(cells, g=1.0, rotating_wave=True, cutoff=levels(cells))
    start = np.kron(np.eye(cells + 1)[-1], light(cells))
    battery = ([0], model["dims"], model["h_battery"])
    result = QTHERMO.charge(model["H"], model["H_battery"], start, MOMENTS, battery=battery)
    return np.stack([result.energy, result.ergotropy])


def numpy_cells(cells: int) -> Array:
    """All 2^N states of the cells times the cavity's: eigenvectors in plain NumPy."""
    a = np.diag(np.sqrt(np.arange(1, levels(cells))), 1)
    sites = [
        np.kron(np.kron(np.eye(2**k), LOW), np.eye(2 ** (cells - 1 - k))) for k in range(cells)
    ]
    A, own = np.sum(sites, axis=0), np.sum([site.T @ site for site in sites], axis=0)
    coupling = np.kron(A.T, a)
    h = np.kron(own, np.eye(len(a))) + np.kron(np.eye(2**cells), a.T @ a) + coupling + coupling.T
    values, vectors = np.linalg.eigh(h)
    start = vectors.T @ np.kron(np.eye(2**cells)[0], light(cells))
    kets = (np.exp(-1j * np.outer(MOMENTS, values)) * start) @ vectors.T
    kets = kets.reshape(MOMENTS.size, 2**cells, -1)
    return worth(kets @ kets.conj().swapaxes(1, 2), np.diag(own))


def cells() -> Panel:
    """Energy and ergotropy of N cells that a cavity charges, at 100 times."""
    on_ladder = partial(by_light, extraction="collective")

    def dense(count: float) -> float:  # a complex matrix and three of its kind
        return 64 * count**2

    ways = (
        Way("quantumbattery, coherent", "quantumbattery", by_light),
        Way("quantumbattery, Fock state", "quantumbattery", by_photons),
        Way("QuTiP, symmetric ladder", "QuTiP", partial(qutip_cells, ladder), reference=on_ladder),
        Way("QuTiP, all $2^N$ states", "QuTiP", partial(qutip_cells, partial(separate, 2)),
            lambda n: 1600 * 2.0**n * levels(n), by_light),
        Way("qthermo, symmetric ladder", "qthermo", qthermo_cells,
            lambda n: dense((n + 1) * levels(n)), on_ladder),
        Way("NumPy, all $2^N$ states", "NumPy", numpy_cells,
            lambda n: dense(2**n * levels(n)), by_light),
    )  # fmt: skip
    sizes = [*range(1, 11), 14, *LARGE]
    return measured("Cells charged by a cavity", "number of cells $N$", ways, sizes)


# --- qubits in a chain -------------------------------------------------------------------------


def clock(length: int) -> Array:
    """Times until the excitation has come back from the far end."""
    return np.linspace(0, length, 100)


def chain(length: int, loss: float = 0.0) -> Numbers:
    """Qubits joined by exchange, the first charges the last: ours."""
    return numbers(batches.chain(length, loss, BOTH, MEMORY))


LOSS = 0.01


def qutip_chain(length: int, loss: float = 0.0) -> Array:
    """The same in QuTiP, in all 2^N states."""
    one = [qutip.qeye(2)] * length
    lowering = [
        qutip.tensor([*one[:k], qutip.destroy(2), *one[k + 1 :]]).to("CSR") for k in range(length)
    ]
    h = sum(b.dag() * b for b in lowering)
    h = h + sum(a.dag() * b + b.dag() * a for a, b in pairwise(lowering))
    first = np.cos(1.0) * qutip.basis(2, 0) + np.sin(1.0) * qutip.basis(2, 1)
    start = qutip.tensor([first, *[qutip.basis(2, 0)] * (length - 1)])
    jumps = [loss**0.5 * b for b in lowering] if loss else []
    own, found = qutip.num(2), []
    for state in qutip.mesolve(h, start, clock(length), jumps).states:
        battery = state.ptrace(length - 1)
        energy = qutip.expect(own, battery)
        found.append((energy, energy - battery.eigenenergies()[0]))
    return np.array(found).T


def typed_chain(length: int) -> tuple[Array, Array, Array]:
    """Its Hamiltonian, the energy of its last qubit and its first state as dense matrices."""
    sites = lowered(length)
    h = sum(b.T @ b for b in sites) + sum(a.T @ b + b.T @ a for a, b in pairwise(sites))
    start = np.zeros(2**length)
    start[0], start[2 ** (length - 1)] = np.cos(1.0), np.sin(1.0)
    return np.asarray(h), sites[-1].T @ sites[-1], start


def numpy_chain(length: int) -> Array:
    """The same in plain NumPy: eigenvectors in all 2^N states."""
    h, _, start = typed_chain(length)
    values, vectors = np.linalg.eigh(h)
    phases = np.exp(-1j * np.outer(clock(length), values))
    kets = ((phases * (vectors.T @ start)) @ vectors.T).reshape(100, -1, 2)
    return worth(np.swapaxes(kets, 1, 2) @ kets.conj(), np.array([0.0, 1.0]))


def qthermo_chain(length: int) -> Array:
    """The same in qthermo."""
    h, own, start = typed_chain(length)
    battery = ([length - 1], [2] * length, LOW.T @ LOW)
    result = QTHERMO.charge(h, own, start, clock(length), battery=battery)
    return np.stack([result.energy, result.ergotropy])


def chains() -> Panel:
    """Energy and ergotropy of a chain's last qubit, at 100 times."""

    def kets(length: int) -> float:
        return 1600 * 2.0**length

    def dense(length: int) -> float:  # as many matrices as sites, and some of the solver
        return 8 * 4.0**length * (length + 6)

    lossy = partial(chain, loss=LOSS)
    ways = (
        Way("quantumbattery", "quantumbattery", chain),
        Way("quantumbattery, lossy", "quantumbattery", lossy),
        Way("QuTiP", "QuTiP", qutip_chain, kets, chain),
        Way("QuTiP, lossy", "QuTiP", partial(qutip_chain, loss=LOSS),
            lambda n: 1600 * 4.0**n, lossy),
        Way("qthermo", "qthermo", qthermo_chain, dense, chain),
        Way("NumPy", "NumPy", numpy_chain, dense, chain),
    )  # fmt: skip
    sizes = [*range(2, 13), 14, 16, 17, 18, *LARGE]
    return measured("Chain of qubits", "number of qubits $N$", ways, sizes)


# --- points of a pair --------------------------------------------------------------------------

TIMES = np.linspace(0, 10, 101)


def drawn(points: int) -> tuple[Array, Array]:
    """So many couplings and losses."""
    random = np.random.default_rng(0)
    return random.uniform(0.5, 2, points), random.uniform(0, 1, points)


def closed(points: int) -> Numbers:
    """So many pairs in closed form, ours."""
    return numbers(described(points).charge(qb.bloch(np.pi / 2), TIMES, BOTH))


def engine(points: int) -> Numbers:
    """The same by the engine that takes any system, ours."""
    return numbers(described(points).system().charge(qb.bloch(np.pi / 2), TIMES, BOTH))


def described(points: int) -> qb.QubitPair:
    """Pairs of all those couplings and losses."""
    J, loss = (xr.DataArray(values, dims="point") for values in drawn(points))
    return qb.QubitPair(coupling=J, charger_loss=loss)


def numpy_closed(points: int) -> Numbers:
    """The same formulas typed in NumPy."""
    J, loss = (values[:, None] for values in drawn(points))
    G = np.sqrt(J**2 - (loss / 4) ** 2)
    transfer = (J * np.sin(G * TIMES) / G * np.exp(-loss * TIMES / 4)) ** 2
    energy = transfer / 2
    work = energy - (1 - np.sqrt((2 * energy - 1) ** 2 + transfer)) / 2
    return energy, work


def qutip_points(points: int) -> Numbers:
    """The usual loop over pairs and times."""
    a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
    start = qutip.tensor((qutip.basis(2, 0) + qutip.basis(2, 1)).unit(), qutip.basis(2, 0))
    own, found = qutip.num(2), np.empty((2, points, TIMES.size))
    for point, (J, loss) in enumerate(zip(*drawn(points), strict=True)):
        h = a.dag() * a + b.dag() * b + J * (a.dag() * b + b.dag() * a)
        states = qutip.mesolve(h, start, TIMES, [loss**0.5 * a]).states
        for moment, state in enumerate(states):
            battery = state.ptrace(1)
            energy = qutip.expect(own, battery)
            found[:, point, moment] = energy, energy - battery.eigenenergies()[0]
    return found


def qthermo_points(points: int) -> Numbers:
    """The same loop in qthermo."""
    pairs = zip(*drawn(points), strict=True)
    return np.stack([typed_pair(loss, J, TIMES) for J, loss in pairs], axis=1)


def dynamiqs_points(points: int) -> Numbers:
    """All pairs at once in dynamiqs, what is read of them in JAX."""
    dq, jnp = import_module("dynamiqs"), import_module("jax.numpy")
    J, loss = (jnp.asarray(values)[:, None, None] for values in drawn(points))
    a, b = dq.tensor(dq.destroy(2), dq.eye(2)), dq.tensor(dq.eye(2), dq.destroy(2))
    h = a.dag() @ a + b.dag() @ b + J * (a.dag() @ b + b.dag() @ a)
    start = dq.tensor((dq.basis(2, 0) + dq.basis(2, 1)).unit(), dq.basis(2, 0))
    how = {"method": dq.method.Expm(), "cartesian_batching": False}
    states = dq.mesolve(h, [jnp.sqrt(loss) * a], start, jnp.asarray(TIMES), **how).states.to_jax()
    battery = jnp.einsum("ptabac->ptbc", states.reshape(points, TIMES.size, 2, 2, 2, 2))
    energy = battery[..., 1, 1].real
    return np.asarray(energy), np.asarray(energy - jnp.linalg.eigvalsh(battery)[..., 0])


def points() -> Panel:
    """Energy and ergotropy of lossy pairs at 101 times each."""

    def arrays(number: int) -> Callable[[int], float]:  # so many of the result's size at once
        return lambda size: 8.0 * number * TIMES.size * size

    ours = (
        Way("quantumbattery, closed form", "quantumbattery", closed, arrays(2)),
        Way("quantumbattery, any system", "quantumbattery", engine, arrays(2), closed),
        Way("NumPy, closed form typed", "NumPy", numpy_closed, arrays(5), closed),
        Way("QuTiP, loop", "QuTiP", qutip_points, reference=closed),
        Way("qthermo, loop", "qthermo", qthermo_points, reference=closed),
    )
    sizes = [mantissa * 10**k for k in range(7) for mantissa in (1, 3)]
    first = measured("Parameters of a lossy pair", "number of pairs", ours, sizes)
    dq = import_module("dynamiqs")  # not before: its threads would disturb what is measured above
    dq.set_progress_meter(False)
    dq.set_precision("double")
    batch = Way("dynamiqs, batch", "dynamiqs", dynamiqs_points, arrays(32), closed, compiles=True)
    last = measured(first.title, first.size, [batch], sizes)
    dq.set_precision("single")  # as it comes
    return replace(first, curves=first.curves + last.curves)
