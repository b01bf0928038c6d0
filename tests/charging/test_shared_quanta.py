"""Several oscillators that choose their levels share a number of quanta."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from roads.levels import on_levels, unbounded
from roads.reached import reach


def row(count, loss=0.0, amplitude=0.1, levels=None):
    """Oscillators in a row, the first driven on resonance."""
    names = [f"o{k}" for k in range(count)]
    sites = {name: qb.Oscillator(loss=loss, levels=levels) for name in names}
    links = [qb.exchange(a, b, 0.5) for a, b in pairwise(names)]
    return qb.System(sites, [*links, qb.drive("o0", amplitude, 1.0)], "o0", names[-1])


def classical(count, loss, amplitude, start, time):
    """All stay coherent: the energy of the last, from the equation of their amplitudes."""
    moved = np.zeros((count + 1, count + 1), dtype=complex)
    moved[:count, :count] = -1j * 0.5 * (np.eye(count, k=1) + np.eye(count, k=-1))
    moved[:count, :count] -= np.eye(count) * loss / 2
    moved[0, count] = -1j * amplitude
    first = np.zeros(count + 1)
    first[0], first[-1] = start, 1.0
    return abs((expm(time * moved) @ first)[count - 1]) ** 2


@pytest.mark.parametrize(
    ("count", "loss", "start", "most"),
    [(2, 0.0, 0.0, 250), (2, 0.2, 0.3, 300), (3, 0.1, 0.0, 300), (6, 0.0, 0.0, 13_000)],
)
def test_a_row_of_weakly_driven_oscillators(count, loss, start, most):
    times = [0.6, 1.2]
    with on_levels():
        table = row(count, loss).charge(qb.coherent(start), times, ["energy"])
    exact = [classical(count, loss, 0.1, start, time) for time in times]
    np.testing.assert_allclose(table.energy, exact, rtol=0, atol=1e-10)
    assert table.attrs["left_out"] <= 1e-10
    assert table.attrs["configurations"] <= most
    levels = {int(each.split(": ")[1]) for each in table.attrs["levels"].split(", ")}
    assert levels == {table.attrs["quanta"] + 1}


def test_one_oscillator_shares_with_nobody():
    alone = {"c": qb.Qubit(), "b": qb.Oscillator()}
    system = qb.System(alone, [qb.drive("b", 0.1, 1.0)], "c", "b")
    with on_levels():
        assert "quanta" not in system.charge({}, 1.0, ["energy"]).attrs
    assert "quanta" not in row(2, levels=12).charge({}, 1.0, ["energy"]).attrs


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_same_as_on_many_levels(seed):
    rng = np.random.default_rng(seed)
    kinds, size = [qb.exchange, qb.dipole], rng.uniform(0.02, 0.15, 3)
    link = kinds[rng.integers(2)]("a", "b", size[0])
    drives = [qb.drive("a", size[1], 1.0), qb.two_photon_drive("b", size[2], 1.1)]
    drive = drives[rng.integers(2)]
    starts = [
        qb.fock(1), qb.coherent(0.5), qb.squeezed(0.2), qb.thermal(0.05),
        qb.state(np.array([[0.5, 0.5j], [-0.5j, 0.5]])),
    ]  # fmt: skip
    start = {name: starts[rng.integers(5)] for name in "ab"[: rng.integers(1, 3)]}

    def charged(levels):
        sites = {name: qb.Oscillator(w, levels=levels) for name, w in (("a", 1.0), ("b", 1.1))}
        system = qb.System(sites, [link, drive], "a", "b")
        return system.charge(start, [0.5, 1.5], ["energy", "ergotropy"])

    with on_levels():
        few = charged(None)
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore")
        many = charged(24)
    for name in few:
        np.testing.assert_allclose(few[name], many[name], rtol=0, atol=1e-9)
    assert few.attrs["left_out"] <= 1e-10


def test_what_is_explored_and_what_is_left():
    """Six quanta of three oscillators: C(9, 3) configurations, and each full one leads beyond."""
    found = reach(row(3, levels=7), {}, quanta=(["o0", "o1", "o2"], 6))
    assert found.size == 84
    total = found.configurations.sum(axis=1)
    assert total.max() == 6
    assert set(found.edge.site) == {3}
    assert found.cut == ("all oscillators",)
    assert (total[found.edge.configuration] == 6).all()
    assert len(found.edge.site) == (total == 6).sum()


def test_a_start_beyond_is_lost_and_counted():
    system = row(2, levels=9)
    start = {"o0": qb.coherent(1.0), "o1": qb.coherent(1.0)}
    found = reach(system, start, quanta=(["o0", "o1"], 8))
    weights = np.exp(-2.0) * np.cumprod([1.0, *(2.0 / np.arange(1, 17))])  # Poisson, two in all
    assert found.start.lost[1] == pytest.approx(np.sqrt(weights[9:].sum()), rel=0.02)
    assert found.start.lost[0] == found.start.lost[1]
    mixed = reach(system, dict.fromkeys(start, qb.thermal(0.5)), quanta=(["o0", "o1"], 8))
    assert mixed.start.lost[0] == pytest.approx(mixed.start.lost[1] ** 2)
