"""Groups of blocks that move as one under an envelope, beside the full space and beside each."""

import warnings
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import quantumbattery as qb
from quantumbattery.dynamics import joined
from quantumbattery.dynamics.piecewise import Piecewise
from roads import by_qutip

SERIES = "steps of Taylor series"
TIMES = np.array([0.7, 2.0, 3.1])
SHAPES = (
    lambda t: np.exp(-((t - 1.5) ** 2) / 0.6),
    lambda t: np.cos(1.7 * t) ** 2,
    lambda t: np.tanh(2.0 * (t - 1.0)),
)


class Random:
    """A ladder charges a line of three qubits, from any state: a block for each sum of quanta."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.levels = int(rng.integers(3, 7))
        self.frequencies = [rng.uniform(0.6, 1.4, 2), *rng.uniform(0.6, 1.4, 3)]  # first: a batch
        self.strengths = rng.uniform(0.3, 2.0, 3)
        self.shapes = [SHAPES[k] for k in rng.integers(len(SHAPES), size=3)]
        ket = rng.normal(size=self.levels) + 1j * rng.normal(size=self.levels)
        ket *= 10.0 ** rng.uniform(-5.0, 0.0, self.levels)  # some blocks hold next to nothing
        self.ket = ket / np.linalg.norm(ket)

    def table(self):
        axis = xr.DataArray(self.frequencies[0], dims="run")
        sites = {
            "c": qb.Oscillator(axis, levels=self.levels),
            "b": qb.Qubit(self.frequencies[1]),
            "d": qb.Qubit(self.frequencies[2]),
            "e": qb.Qubit(self.frequencies[3]),
        }
        links = [
            qb.exchange(*ends, strength, envelope=shape)
            for ends, strength, shape in zip(
                pairwise("cbde"), self.strengths, self.shapes, strict=True
            )
        ]
        return qb.System(sites, links, "c", "e").charge(qb.state(self.ket), TIMES, ["energy"])

    def expected(self):
        """The energy of e in the full space, (2, T)."""
        dimensions = self.levels, 2, 2, 2
        low = []
        for place in range(4):
            each = [np.eye(d) for d in dimensions]
            each[place] = np.diag(np.sqrt(np.arange(1.0, dimensions[place])), 1)
            low.append(reduce(np.kron, each))
        number = [a.T @ a for a in low]
        hops = [a.T @ b + b.T @ a for a, b in pairwise(low)]
        start = reduce(np.kron, [self.ket, *[[1.0, 0.0]] * 3])
        found = []
        for first in self.frequencies[0]:
            each = zip((first, *self.frequencies[1:]), number, strict=True)
            still = sum(w * n for w, n in each)

            def change(t, psi, still=still):
                moving = zip(self.strengths, self.shapes, hops, strict=True)
                return -1j * ((still + sum(g * f(t) * h for g, f, h in moving)) @ psi)

            kets = solve_ivp(
                change, (0.0, TIMES[-1]), start, "DOP853", TIMES, rtol=1e-12, atol=1e-14
            ).y
            found.append(
                self.frequencies[3] * np.einsum("it,ij,jt->t", kets.conj(), number[3], kets)
            )
        return np.real(found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_systems_beside_the_full_space(seed):
    case = Random(seed)
    table = case.table()
    assert SERIES in table.attrs["method"]
    energy = table.energy.transpose("run", "time")
    np.testing.assert_allclose(energy, case.expected(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [True, False])
def test_together_and_apart_are_the_same(seed, steps, monkeypatch):
    """Each group by itself, term by term of all pieces or state after state."""
    monkeypatch.setattr(Piecewise, "by_steps", steps)
    case, made = Random(seed), []
    of = joined.Joined.of
    monkeypatch.setattr(joined.Joined, "of", lambda groups: made.append(len(groups)) or of(groups))
    whole = case.table()
    assert max(made) > 1
    monkeypatch.setattr(joined, "_LARGEST", 0)
    monkeypatch.setattr(joined, "_as_one", lambda *_: None)
    apart = case.table()
    np.testing.assert_allclose(whole.energy, apart.energy, rtol=0, atol=1e-13)
    assert whole.attrs["method"] == apart.attrs["method"]


@pytest.mark.parametrize("detuning", [0.1, 0.7])
def test_coherent_states_are_beside_each_other(detuning, monkeypatch):
    """What holds next to nothing goes further in a step, and changes nothing."""
    sites = {"c": qb.Oscillator(1 + detuning), "b": qb.Ensemble(qb.Qubit(), 6)}
    link = qb.exchange("c", "b", 1.0, envelope=SHAPES[0])
    system = qb.System(sites, [link], "c", "b")
    found = system.charge(qb.coherent(1.5), TIMES, ["energy", "ergotropy"], "collective")
    monkeypatch.setattr(joined, "_as_one", lambda *_: None)
    expected = system.charge(qb.coherent(1.5), TIMES, ["energy", "ergotropy"], "collective")
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-13)
    assert found.attrs["solver_error"] < 1e-11


def test_members_of_a_mixture_are_not_joined():
    """Two of them move in each block of kets, one group of blocks by itself."""
    sites = {name: qb.Oscillator(w, levels=3) for name, w in (("a", 1.0), ("b", 1.2))}
    pulse = qb.exchange("a", "b", 0.8, envelope=lambda t: np.exp(-((t - 1) ** 2)))
    start = {"a": qb.thermal(0.3), "b": qb.state(np.diag([0.5, 0.3, 0.2]))}
    for links in ([pulse], [pulse, qb.drive("a", 0.3, 1.1, rotating_wave=False)]):
        system = qb.System(sites, links, "a", "b")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the three levels, which QuTiP has too
            assert by_qutip.difference(system, start, [0.5, 2.0]) < 1e-8
