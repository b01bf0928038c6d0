"""Brute force in the full product space, dense, and random systems to try it on."""

from functools import cache, cached_property
from itertools import combinations, pairwise, product

import numpy as np
import qutip
from scipy import sparse
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange, heisenberg
from quantumbattery.network.joint_losses import dissipator, jump
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.preparations import bloch, fock, state
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Oscillator, Qubit, Qudit

# --- brute force ---------------------------------------------------------------------------------


def tensor(matrices):
    """The Kronecker product of square matrices."""
    whole = np.ones((1, 1), dtype=complex)
    for each in matrices:
        size = len(whole) * len(each)
        whole = (whole[:, None, :, None] * each[None, :, None, :]).reshape(size, size)
    return whole


def permuted(rho, levels, order):
    """The factors of a product space in another order."""
    axes = [*order, *(len(levels) + k for k in order)]
    return rho.reshape(*levels, *levels).transpose(axes).reshape(rho.shape)


def kept(rho, levels, places):
    """The state of some factors, in the order in which they are named."""
    others = [k for k in range(len(levels)) if k not in places]
    size = int(np.prod([levels[k] for k in places]))
    turned = permuted(rho, levels, [*places, *others]).reshape(size, -1, size, rho.shape[0] // size)
    return np.trace(turned, axis1=1, axis2=3)


@cache
def of_a_mode(n):
    return qutip.destroy(n).full()


@cache
def of_cells(number):
    return qutip.jmat(number / 2, "-").full()[::-1, ::-1]


def lowering(site, n):
    """A of a site, from elsewhere."""
    if isinstance(site, Ensemble) and isinstance(site.cell, Qubit):
        return of_cells(site.number).copy()
    if isinstance(site, Ensemble):  # Schwinger's bosons, one mode for each level of a cell
        d, size = site.cell.dimension, site.number + 1
        a, eye = of_a_mode(size), np.eye(size)
        modes = [tensor([a if k == j else eye for k in range(d)]) for j in range(d)]
        one = lowering(site.cell, d)
        hop = sum(one[j, k] * modes[j].T @ modes[k] for j in range(d) for k in range(d))
        index = np.ravel_multi_index(site.occupations.T, (size,) * d)
        return hop[np.ix_(index, index)]
    if isinstance(site, Qudit):
        own = np.diag(site.steps, 1) if site.matrix is None else site.matrix
        return own.astype(complex)
    return of_a_mode(n).copy()


def quanta(site, n):
    if isinstance(site, Ensemble):  # by all cells apart
        d, number = site.cell.dimension, site.number
        one, symmetric = quanta(site.cell, d), symmetric_states(site)
        eyes = [np.eye(d**k) for k in range(number)]
        every = [np.kron(np.kron(eyes[k], one), eyes[number - 1 - k]) for k in range(number)]
        return symmetric.T @ sum(every) @ symmetric
    a = lowering(site, n)
    return a.conj().T @ a


def ladder(site, n):
    if isinstance(site, Ensemble):
        return np.diag(site.occupations @ np.diag(ladder(site.cell, site.cell.dimension)))
    if isinstance(site, Qudit):
        return np.diag(np.array(site.energies) - min(site.energies))
    return site.frequency * np.diag(np.arange(n))


class Whole:
    """Everything in the full product space, dense."""

    def __init__(self, system, levels):
        self.names, self.levels = list(system.sites), levels
        self.sites = list(system.sites.values())
        self.size, self.steps = int(np.prod(levels)), {}
        lower = {
            name: self.put((name, lowering(site, n)))
            for (name, site), n in zip(system.sites.items(), levels, strict=True)
        }
        self.h = sum(
            self.put((name, ladder(site, n)))
            for (name, site), n in zip(system.sites.items(), levels, strict=True)
        )
        for each in system.interactions:
            self.h = self.h + self.couple(each, *(lower[name] for name in each.ends))
        self.jumps = [jump for each in system.joint_losses for jump in self.shared(each, lower)]
        for (name, site), n in zip(system.sites.items(), levels, strict=True):
            a = lower[name]
            self.jumps += [
                np.sqrt(rate) * jump
                for rate, jump in (
                    (site.loss * (1 + site.occupation), a),
                    (site.loss * site.occupation, a.conj().T),
                    (2 * site.dephasing, self.put((name, quanta(site, n)))),
                )
                if rate > 0
            ]

    def put(self, *operators):
        given = dict(operators)
        eyes = [np.eye(n) for n in self.levels]
        parts = [given.get(name, eye) for name, eye in zip(self.names, eyes, strict=True)]
        return tensor(parts)

    def couple(self, each, a, b=None, *_):
        kind = each.kind
        if kind == "exchange":
            there = each.strength * a.conj().T @ b
            return there + there.conj().T
        if kind == "shift":
            site = dict(zip(self.names, self.sites, strict=True))[each.site]
            n = self.levels[self.names.index(each.site)]
            return each.amount * self.put((each.site, quanta(site, n)))
        if kind == "dipole":
            return each.strength * (a + a.conj().T) @ (b + b.conj().T)
        if kind == "heisenberg":
            paulis = [
                (np.array([[0, 1], [1, 0]]), each.xx),
                (np.array([[0, -1j], [1j, 0]]), each.yy),
                (np.diag([1, -1]), each.zz),
            ]
            return sum(s * self.put((each.a, p), (each.b, p)) for p, s in paulis)
        return self.placed(each.ends, each.matrix)

    def placed(self, ends, matrix):
        """A matrix on some sites, on all: a Kronecker product, and then its factors in order."""
        others = [name for name in self.names if name not in ends]
        order = [*ends, *others]
        sizes = [self.levels[self.names.index(name)] for name in order]
        rest = self.size // len(matrix)
        whole = np.kron(matrix, np.eye(rest)).reshape(*sizes, *sizes)
        axes = [order.index(name) for name in self.names]
        turned = whole.transpose(*axes, *(len(axes) + k for k in axes))
        return turned.reshape(self.size, self.size)

    def shared(self, each, lower):
        """The Lindblad operators of a loss that sites share."""
        if each.kind == "jump":
            return [np.sqrt(each.rate) * self.placed(each.ends, each.matrix)]
        whole = sum(w * lower[name] for name, w in zip(each.sites, each.weights, strict=True))
        found = [np.sqrt(each.rate * (1 + each.occupation)) * whole]
        return [*found, np.sqrt(each.rate * each.occupation) * whole.conj().T]

    def generator(self):
        return self.sparse_generator.toarray()

    @cached_property
    def sparse_generator(self):
        jumps = [sparse.csr_array(each) for each in self.jumps]
        inward = sparse.csr_array(-1j * self.h - sum(j.conj().T @ j for j in self.jumps) / 2)
        eye = sparse.eye_array(self.size, format="csr")
        total = sparse.kron(inward, eye, "csr") + sparse.kron(eye, inward.conj(), "csr")
        for each in jumps:
            total += sparse.kron(each, each.conj(), "csr")
        return total

    def evolved(self, rho, time):
        """A density matrix some time later, by its Taylor series where there is loss."""
        if not self.jumps:
            if time not in self.steps:
                self.steps[time] = expm(-1j * time * self.h)
            step = self.steps[time]
            return step @ rho @ step.conj().T
        return taylor(self.sparse_generator, rho.ravel(), time).reshape(rho.shape)


def taylor(generator, vector, time):
    """The exponential of a sparse matrix times a vector, in steps whose terms stay small."""
    steps = int(np.ceil(np.abs(generator).sum(axis=0).max() * time / 4))
    for _ in range(steps):
        term, order = vector, 0
        while np.abs(term).max() > 1e-18:
            order += 1
            term = generator @ term * (time / steps / order)
            vector = vector + term
    return vector


def closure(pattern, start):
    """All that a start reaches along the entries (row, column) of a pattern."""
    reached = start.copy()
    while True:
        more = reached | (pattern[:, reached].any(axis=1))
        if (more == reached).all():
            return reached
        reached = more


# --- random systems ------------------------------------------------------------------------------


def random_site(rng, lossy):
    rates = {}
    if lossy:
        rates = {
            "loss": rng.choice([0.0, rng.uniform()]),
            "dephasing": rng.choice([0.0, rng.uniform()], p=[0.7, 0.3]),
        }
        if rates["loss"]:
            rates["occupation"] = rng.choice([0.0, 0.4], p=[0.7, 0.3])
    kind = rng.integers(6)
    if kind < 2:
        return Qubit(rng.uniform(0.5, 2), **rates)
    if kind == 2:
        return Oscillator(rng.uniform(0.5, 2), levels=3, **rates)
    if kind == 3:
        steps = rng.normal(size=2) * rng.choice([0, 1], size=2, p=[0.2, 0.8])
        return Qudit(np.sort(rng.normal(size=3)), steps, **rates)
    if kind == 4:
        return Ensemble(Qubit(rng.uniform(0.5, 2)), 2, **rates)
    return Ensemble(Qudit([0, 0.9, 2.0], steps=rng.normal(size=2)), rng.integers(1, 3), **rates)


def random_interaction(rng, sites, a, b):
    if isinstance(sites[a], Qubit) and isinstance(sites[b], Qubit) and rng.random() < 0.5:
        xx = rng.normal()
        return heisenberg(a, b, xx, rng.choice([xx, rng.normal()]), rng.choice([0, rng.normal()]))
    kind = rng.choice(["exchange", "dipole", "matrix"], p=[0.6, 0.2, 0.2])
    if kind != "matrix":
        return {"exchange": exchange, "dipole": dipole}[kind](a, b, rng.normal())
    n = sites[a].dimension * sites[b].dimension
    matrix = (rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))) * (rng.random((n, n)) < 0.2)
    return interaction(a, b, matrix + matrix.conj().T)


def random_matrix(rng, n, share=0.3):
    """Any complex matrix, most of whose elements are zero."""
    whole = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return whole * (rng.random((n, n)) < share)


def random_wide(rng, sites, lossy):
    """Links of every kind: complex, of one site or three, and losses that sites share."""
    names = list(sites)

    def some(most):
        return rng.permutation(names)[: rng.integers(1, most + 1)].tolist()

    links = [
        exchange(*pair, complex(*rng.normal(size=2)))
        for pair in combinations(names, 2)
        if rng.random() < 0.6
    ]
    links += [shift(name, rng.normal()) for name in names if rng.random() < 0.3]
    for ends in (some(1), some(3)):
        if rng.random() < 0.5:
            given = random_matrix(rng, int(np.prod([sites[n].dimension for n in ends])), 0.1)
            links.append(interaction(*ends, matrix=given + given.conj().T))
    if lossy:
        weights = {name: complex(*rng.normal(size=2)) for name in some(3)}
        warmth = rng.choice([0.0, 0.3])
        links.append(dissipator(weights, rng.uniform(0.1, 1), warmth))
        ends = some(2)
        given = random_matrix(rng, int(np.prod([sites[n].dimension for n in ends])), 0.15)
        links.append(jump(*ends, given, rng.uniform(0.1, 0.5)))
    return links


def random_preparation(rng, site):
    d = site.dimension
    kind = rng.integers(4)
    if kind == 0:
        return fock(rng.integers(d))
    if kind == 1:
        return bloch(rng.choice([0.7, np.pi]), 0.3)
    if kind == 2:
        weights = rng.dirichlet(np.ones(d)) * (rng.random(d) < 0.6) + np.eye(d)[0] * 0.1
        return state(np.diag(weights / weights.sum()))
    ket = (rng.normal(size=d) + 1j * rng.normal(size=d)) * (rng.random(d) < 0.5) + np.eye(d)[0]
    return state(ket / np.linalg.norm(ket))


def random_case(seed, largest, lossy, wide=False):
    rng = np.random.default_rng(seed)
    while True:
        names = list("abcd"[: rng.integers(2, 5)])
        sites = {name: random_site(rng, lossy) for name in names}
        if np.prod([site.dimension for site in sites.values()]) <= largest:
            break
    ends = [pair for pair in combinations(names, 2) if rng.random() < 0.7]
    links = [random_interaction(rng, sites, *rng.permutation(pair).tolist()) for pair in ends]
    links += random_wide(rng, sites, lossy) if wide else []
    system = System(sites, links, charger="a", battery="b")
    chosen = {n: random_preparation(rng, sites[n]) for n in names if n == "a" or rng.random() < 0.4}
    return system, chosen


def symmetric_states(ensemble):
    """The ladder's levels as vectors of the separate cells, (d^N, levels)."""
    d, n = ensemble.cell.dimension, ensemble.number
    cells = np.array(list(product(range(d), repeat=n))).reshape(-1, n)
    counts = np.stack([(cells == k).sum(axis=1) for k in range(d)], axis=1)
    vectors = (counts[:, None] == ensemble.occupations).all(axis=-1).astype(float)
    return vectors / np.linalg.norm(vectors, axis=0)


def every_cell(ensemble, pair):
    """All cells in the same state of two levels."""
    one = np.zeros(ensemble.cell.dimension, dtype=complex)
    one[:2] = pair
    whole = np.ones(1)
    for _ in range(ensemble.number):
        whole = np.kron(whole, one)
    return symmetric_states(ensemble).T @ whole


def initial(system, chosen):
    """The density matrix of the product of all preparations."""
    parts = []
    for name, site in system.sites.items():
        made = chosen.get(name, fock(int(np.argmin(np.diag(ladder(site, site.dimension))))))
        d = site.dimension
        if hasattr(made, "array"):
            array = made.array
        else:
            array = np.zeros(d, dtype=complex)
            if hasattr(made, "n"):
                array[int(made.n)] = 1
            else:
                up = np.exp(1j * made.phi) * np.sin(made.theta / 2)
                pair = 0 if made.theta == np.pi else np.cos(made.theta / 2), up
                array[: d if isinstance(site, Ensemble) else 2] = (
                    every_cell(site, pair) if isinstance(site, Ensemble) else pair
                )
        rho = np.outer(array, array.conj()) if array.ndim == 1 else array
        parts.append(rho)
    return tensor(parts)


# --- systems with known answers ------------------------------------------------------------------


def chain(n, **rates):
    names = [f"q{k}" for k in range(n)]
    links = [exchange(a, b, 1.0) for a, b in pairwise(names)]
    return System({name: Qubit(**rates) for name in names}, links, names[0], names[-1])


def interfering():
    """Two ways down to the same state interfere: 1 + 1 and 0 + 2 both decay to 0 + 1."""
    cells = Ensemble(Qudit([0, 1, 2.1]), 2, loss=0.5)
    system = System({"charger": cells, "battery": Qubit()})
    assert cells.occupations[[2, 3]].tolist() == [[0, 2, 0], [1, 0, 1]]
    return system
