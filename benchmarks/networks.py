"""Interactions given as matrices and cells that interact, beside QuTiP, NumPy and exact results."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import qutip
from scipy.sparse.linalg import expm_multiply

import quantumbattery as qb
from benchmarks.cells import Array, both_close, faster
from benchmarks.measure import in_turn
from benchmarks.pair import Row

TIGHT = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 10**6}  # of QuTiP, to 1e-8 or better

# --- a matrix on two sites ---------------------------------------------------------------------

LEVELS = 150


def random_matrix() -> Array:
    """What acts on the battery."""
    entries = np.random.default_rng(0).normal(size=(LEVELS, LEVELS))
    return np.asarray((entries + entries.T) / LEVELS)


def by_matrix(battery_first: bool) -> float:
    """Energy of 150 levels that a matrix on them and a qubit moves, the two in either order."""
    v = random_matrix()
    if battery_first:
        link = qb.interaction("b", "x", np.kron(v, np.eye(2)))
    else:
        link = qb.interaction("x", "b", np.kron(np.eye(2), v))
    system = qb.System({"x": qb.Qubit(), "b": qb.Qudit(range(LEVELS))}, [link], "x", "b")
    return float(system.charge(qb.bloch(1.0), 1.0, ["energy"]).energy)


def by_matrix_qutip() -> float:
    """The same in QuTiP."""
    number, v = qutip.num(LEVELS), qutip.Qobj(random_matrix())
    energy = qutip.tensor(qutip.qeye(2), number)
    h = qutip.tensor(qutip.num(2), qutip.qeye(LEVELS)) + energy + qutip.tensor(qutip.qeye(2), v)
    qubit = np.cos(0.5) * qutip.basis(2, 0) + np.sin(0.5) * qutip.basis(2, 1)
    start = qutip.tensor(qubit, qutip.basis(LEVELS, 0))
    return float(qutip.sesolve(h, start, [0.0, 1.0], e_ops=[energy], options=TIGHT).expect[0][-1])


def by_matrix_numpy() -> float:
    """The same in NumPy, by the eigenvectors of all 300 states."""
    own, one = np.diag(np.arange(LEVELS)), np.eye(LEVELS)
    h = np.kron(np.diag([0.0, 1.0]), one) + np.kron(np.eye(2), own + random_matrix())
    values, vectors = np.linalg.eigh(h)
    start = np.kron([np.cos(0.5), np.sin(0.5)], one[0])
    ket = vectors @ (np.exp(-1j * values) * (vectors.T @ start))
    return float((np.abs(ket) ** 2).reshape(2, LEVELS).sum(axis=0) @ np.arange(LEVELS))


def matrices() -> Iterator[Row]:
    """Either order of the sites, and one of them beside QuTiP and NumPy."""
    ours, turned = partial(by_matrix, True), partial(by_matrix, False)
    one, other = in_turn(ours, turned, 7)
    yield same_time("a matrix on 150 levels and a qubit; on a qubit and 150", one, other)
    yield both_close(abs(ours() - by_matrix_numpy()), abs(turned() - by_matrix_numpy()), 1e-12)
    for name, peer, target in (
        ("QuTiP, to 1e-9", by_matrix_qutip, 1),
        ("NumPy", by_matrix_numpy, 0),
    ):
        mine, theirs = in_turn(ours, peer, 5)
        yield faster(f"  {name}", mine, theirs, target)
    yield both_close(
        abs(ours() - by_matrix_numpy()), abs(by_matrix_qutip() - by_matrix_numpy()), 1e-9
    )


def same_time(what: str, ours: float, other: float) -> Row:
    """A row for two ways of ours that should take as long."""
    ratio = ours / other
    return what, f"{ratio:.2f} x, {ours * 1e3:.3g} ms", f"{other:.3g} s", "<= 1.2 x", ratio <= 1.2


# --- a chain whose cells interact --------------------------------------------------------------

CELLS, TIMES = 12, np.linspace(0.05, 1.0, 20)


def chain(measure: str) -> Array:
    """Energy or power of twelve cells that a field turns."""
    table = qb.models.spin_chain(cells=CELLS).charge({}, TIMES, [measure], limit=2.0)
    return np.asarray(table[measure])


class TypedChain:
    """The same as one types it: one sparse matrix each for what moves it and for its energy."""

    def __init__(self) -> None:
        one = [qutip.qeye(2)] * CELLS
        z, x = (
            [qutip.tensor([*one[:k], op, *one[k + 1 :]]) for k in range(CELLS)]
            for op in (2 * qutip.num(2) - 1, qutip.sigmax())
        )
        bonds = -0.5 * sum(a * b for a, b in pairwise(z))
        self.moving, self.own = (bonds + sum(x)).to("CSR"), (bonds + sum(z)).to("CSR")
        self.start = qutip.tensor([qutip.basis(2, 0)] * CELLS)

    def power(self) -> Array:
        """Power by QuTiP."""
        times, how = [0.0, *TIMES], {"e_ops": [self.own], "options": TIGHT}
        energy = qutip.sesolve(self.moving, self.start, times, **how).expect[0]
        return np.asarray((energy[1:] - energy[0]) / TIMES)

    def exact(self) -> Array:
        """Power by a Taylor series in SciPy, to machine accuracy."""
        h, own = (part.data.as_scipy() for part in (self.moving, self.own))
        kets = expm_multiply(-1j * h, self.start.full()[:, 0], start=0, stop=1.0, num=21)
        energy = np.array([(ket.conj() @ (own @ ket)).real for ket in kets])
        return np.asarray((energy[1:] - energy[0]) / TIMES)


def chains() -> Iterator[Row]:
    """Power beside energy, which it needs and nothing else, and beside QuTiP."""
    power, energy = partial(chain, "power"), partial(chain, "energy")
    one, other = in_turn(power, energy, 5)
    yield same_time("power of a spin chain of 12; its energy", one, other)
    ours, theirs = in_turn(power, lambda: TypedChain().power(), 5)
    yield faster("  QuTiP, to 1e-8", ours, theirs, 1)
    exact = TypedChain().exact()
    mine, other = (np.abs(found - exact).max() for found in (power(), TypedChain().power()))
    yield both_close(float(mine), float(other), 1e-8)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from matrices()
    yield from chains()
