"""What `left_out` says is never less than what a cut changes, whatever the system is."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quantumbattery as qb

MEASURES = ["energy", "ergotropy"]
EXAMPLES = 24
CLOSE = 1e-7  # what the larger space may leave out itself


def table(system, start, times, extraction="global"):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return system.charge(start, times, MEASURES, extraction=extraction, limit=1.0)


def check(build, few, many, start, times, extraction="global"):
    """Charge on few and on many levels; `build` makes the system of a number of levels."""
    wide = table(build(many), start, times, extraction)
    assume(wide.attrs["left_out"] < CLOSE)
    cut = table(build(few), start, times, extraction)
    changed = max(float(np.abs(cut[name] - wide[name]).max()) for name in MEASURES)
    assert changed <= cut.attrs["left_out"] + CLOSE
    return changed, cut.attrs["left_out"]


def rates(rng):
    """Of a site: none, a cold one, a warm one, or one that dephases."""
    return [
        {},
        {"loss": rng.uniform(0.05, 0.5)},
        {"loss": rng.uniform(0.05, 0.5), "occupation": rng.uniform(0.05, 0.3)},
        {"dephasing": rng.uniform(0.05, 0.5)},
    ][rng.integers(4)]


def starts(rng, levels=None):
    """A preparation of an oscillator with so many levels and more, or of what is finite."""
    if levels is None:
        return [qb.bloch(rng.uniform(0, np.pi), 0.7), qb.fock(1), qb.thermal(0.4)][rng.integers(3)]
    ket = rng.normal(size=levels) + 1j * rng.normal(size=levels)
    ket /= np.linalg.norm(ket)
    return [
        qb.fock(int(rng.integers(2))),
        qb.coherent(rng.uniform(0.1, 0.9)),
        qb.squeezed(rng.uniform(0.05, 0.4), 0.3),
        qb.thermal(rng.uniform(0.01, 0.1)),
        qb.state(ket),
        qb.state(np.outer(ket, ket.conj())),
        qb.state(np.diag(np.abs(ket) ** 2)),
    ][rng.integers(7)]


def fields(rng, name):
    """No drive of an oscillator, or one of all kinds."""
    size, kind = rng.uniform(0.02, 0.2), rng.integers(12)
    if kind == 0:  # solved in steps of time: few of them
        return [qb.drive(name, size, rng.uniform(0.5, 1.5), rotating_wave=False)]
    return [
        [],
        [qb.drive(name, size, 1.0)],
        [qb.two_photon_drive(name, size, 2.0)],
        [qb.drive(name, size, 1.0, envelope=[1.0, -0.5, 0.7], breaks=[0.0, 0.4, 0.9, 3.0])],
    ][kind % 4]


def links(rng, a, b, qubits):
    strength = rng.uniform(0.1, 0.6)
    kinds = [qb.exchange(a, b, strength), qb.dipole(a, b, strength)]
    return kinds[rng.integers(2)] if not qubits else qb.heisenberg(a, b, strength, 0.1, 0.2)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_oscillator_that_charges(seed):
    rng = np.random.default_rng(seed)
    cells = [
        qb.Qubit(1.1, **rates(rng)),
        qb.Qudit([0, 0.8, 2.0]),
        qb.Ensemble(qb.Qubit(0.9), 2, **rates(rng)),
    ][rng.integers(3)]
    own, drives, link = rates(rng), fields(rng, "a"), links(rng, "a", "b", qubits=False)

    def build(levels):
        return qb.System({"a": qb.Oscillator(levels=levels, **own), "b": cells}, [link, *drives],
                         "a", "b")  # fmt: skip

    several = isinstance(cells, qb.Ensemble)
    extraction = ["global", "collective", "local"][rng.integers(3)] if several else "global"
    few = int(rng.integers(3, 7))
    start = {"a": starts(rng, few)}
    if rng.integers(2):
        start["b"] = starts(rng)
    times = np.sort(rng.uniform(0.1, 2.0, 3))
    check(build, few, 24, start, times, extraction)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_oscillator_that_is_charged(seed):
    """What lies beyond its cut has an energy of its own."""
    rng = np.random.default_rng(seed)
    drives = fields(rng, "b")
    charger = [qb.Qubit(0.9, **rates(rng)), qb.Qudit([0, 1.1, 1.9])][rng.integers(2)]
    own, link = rates(rng), links(rng, "a", "b", qubits=False)

    def build(levels):
        return qb.System({"a": charger, "b": qb.Oscillator(levels=levels, **own)}, [link, *drives],
                         "a", "b")  # fmt: skip

    few = int(rng.integers(3, 7))
    start = {"a": starts(rng), "b": starts(rng, few)}
    check(build, few, 26, start, np.sort(rng.uniform(0.1, 1.5, 3)))


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_oscillators(seed):
    rng = np.random.default_rng(seed)
    drives = fields(rng, ["a", "b"][rng.integers(2)])
    link, few = links(rng, "a", "b", qubits=False), rng.integers(3, 6, size=2).tolist()
    own = rates(rng) if not rng.integers(4) else {}

    def build(levels):
        sites = {name: qb.Oscillator(w, levels=levels if levels > 9 else n)
                 for name, w, n in zip("ab", (1.0, 1.2), few, strict=True)}  # fmt: skip
        sites["a"] = qb.Oscillator(1.0, levels=sites["a"].levels, **own)
        return qb.System(sites, [link, *drives], "a", "b")

    start = {"a": starts(rng, few[0])}
    if rng.integers(2):
        start["b"] = starts(rng, few[1])
    check(build, 2, 14 if own else 20, start, np.sort(rng.uniform(0.1, 1.2, 2)))


# --- heavy tails ----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [qb.thermal(50.0), qb.squeezed(2.5)])
@pytest.mark.parametrize("levels", [3, 10, 20])
def test_what_a_preparation_has_beyond_the_cut_carries_energy(start, levels):
    """All of it arrives in the battery at a quarter of a period: 50, or sinh^2 2.5, quanta."""
    sites = {name: qb.Oscillator(levels=levels) for name in "ab"}
    system = qb.System(sites, [qb.exchange("a", "b", 1.0)], "a", "b")
    found = table(system, start, np.pi / 2)
    exact = 50.0 if isinstance(start, type(qb.thermal(1.0))) else np.sinh(2.5) ** 2
    error = abs(float(found.energy) - exact)
    assert error > 10
    assert error < found.attrs["left_out"] < 20 * error
    alone = qb.System({"c": qb.Qubit(), "b": qb.Oscillator(levels=levels)}, [], "c", "b")
    found = table(alone, {"b": start}, 1.0)
    assert abs(float(found.energy) - exact) < found.attrs["left_out"]


def test_nothing_is_missed_between_looks():
    """A cut drive turns the state around 64 times: at 65 equal moments it is empty."""
    system = qb.System(
        {"c": qb.Qubit(), "b": qb.Oscillator(levels=2)}, [qb.drive("b", 0.1, 1.0)], "c", "b"
    )
    last = 64 * np.pi / 0.1
    found = table(system, {}, [last / 2, last])
    assert found.attrs["left_out"] > (0.1 * last) ** 2 == pytest.approx(40426, abs=1)
    with pytest.warns(UserWarning, match="the 2 levels of 'b' may change an energy"):
        system.charge({}, last, ["energy"])


def test_an_envelope_that_is_seen_only_where_it_is_zero():
    last = 4.0
    system = qb.System(
        {"c": qb.Qubit(), "b": qb.Oscillator(levels=3)},
        [qb.drive("b", 2.2, 1.0, envelope=lambda t: np.sin(np.pi * 64 * t / last))],
        "c",
        "b",
    )
    found = table(system, {}, [last / 3, last])
    wide = qb.System({**system.sites, "b": qb.Oscillator()}, system.drives, "c", "b")
    exact = table(wide, {}, [last / 3, last])
    assert float(np.abs(found.energy - exact.energy).max()) <= found.attrs["left_out"] + CLOSE
