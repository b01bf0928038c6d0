"""What `left_out` says is never less than what a cut changes, whatever the system is."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.charging.energy_beyond import Tail, beyond, tails
from quantumbattery.charging.left_out import flown, lost_by
from quantumbattery.dynamics.motion import motion
from quantumbattery.network.amplitudes import density_matrix
from quantumbattery.states.representation import representation
from quantumbattery.states.truncation_error import Cut
from roads.levels import bounded
from roads.reached import reach

MEASURES = ["energy", "ergotropy"]
EXAMPLES = 24
CLOSE = 1e-7  # what the larger space may leave out itself


def table(system, start, times, extraction="global"):
    with warnings.catch_warnings(), bounded():
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
        [qb.two_photon_drive(name, size, 1.0)],
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


# --- as tight as is said: each factor counts ------------------------------------------------------


def generator_of(shift, h, jumps, quanta):
    """The largest k with d<f>/dt <= k <f>, f = n + shift, on a long ladder."""
    f = np.diag(quanta + shift)
    moved = 1j * (h @ f - f @ h)
    for jump in jumps:
        damped = jump.conj().T @ jump
        moved = moved + jump.conj().T @ f @ jump - (damped @ f + f @ damped) / 2
    root = np.diag(1 / np.sqrt(quanta + shift))
    return np.linalg.eigvalsh(root @ moved @ root)[-1]


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


@pytest.mark.parametrize("kind", ["drive", "two photons", "bath", "qubit", "dipole"])
@pytest.mark.parametrize("shift", [2.0, 10.0, 50.0])
def test_quanta_grow_nearly_as_fast_as_is_said(kind, shift):
    long, a = 400, lowering(400)
    quanta, none = np.arange(long), np.zeros((long, long))
    sites, links, start = {"a": qb.Qubit(), "b": qb.Oscillator(levels=6)}, [], {"b": qb.fock(2)}
    if kind == "drive":
        links = [qb.drive("b", 0.3, 1.0)]
        exact = generator_of(shift, 0.3j * (a - a.T), [], quanta)
    elif kind == "two photons":
        links = [qb.two_photon_drive("b", 0.3, 1.0)]
        exact = generator_of(shift, 0.15j * (a @ a - a.T @ a.T), [], quanta)
    elif kind == "bath":
        sites["b"] = qb.Oscillator(levels=6, loss=0.4, occupation=2.0)
        cold, warm = np.sqrt(0.4 * 3) * a, np.sqrt(0.4 * 2) * a.T
        exact = generator_of(shift, none, [warm, cold], quanta)
    elif kind == "qubit":
        links = [qb.drive("a", 0.3, 1.0)]
        lower = np.array([[0, 1], [0, 0]])
        exact = generator_of(shift, 0.3j * (lower - lower.T), [], np.arange(2))
    else:
        links, short = [qb.dipole("a", "b", 0.3)], lowering(80)
        h = 0.3 * np.kron(np.array([[0, -1j], [1j, 0]]), short + short.T)
        exact = generator_of(shift, h, [], np.add.outer(np.arange(2), np.arange(80)).ravel())
    system = qb.System(sites, links, "a", "b")
    reached = reach(system, start)
    numbers = [*reached.hamiltonian.coefficients, *reached.losses.coefficients]
    found = beyond(system, reached, np.array([numbers], dtype=float)).rate(shift)
    assert exact <= found * (1 + 1e-9)
    if shift > 2 and kind != "qubit":  # which cannot go on climbing
        assert found < {"dipole": 2.2}.get(kind, 1.9) * exact


def test_what_arrives_beyond_has_the_energy_of_where_it_is():
    """A drive from the last level, at first: (h t)^2 of it is one quantum beyond."""
    levels, size, time = 20, 1e-3, 0.1
    system = qb.System(
        {"a": qb.Qubit(), "b": qb.Oscillator(levels=levels)}, [qb.drive("b", size, 1.0)], "a", "b"
    )
    reached = reach(system, {"b": qb.fock(levels - 1)})
    norms = np.array([0.0, 2 * size * np.sqrt(levels) * time, 0.0])
    nothing = [Tail(0.0, 0.0)] * 3
    numbers = np.array([[1.0, 1.0, 1.0, size]])[:, : len(reached.hamiltonian.coefficients)]
    bound = beyond(system, reached, numbers).most(time, norms, True, nothing)
    exact = levels * (size * time) ** 2 * levels
    assert exact < bound.sum() < 1.9 * exact


def test_a_tail_keeps_its_energy():
    """49 quanta of a coherent state, of which nearly nothing is below the cut."""
    system = qb.System({"a": qb.Qubit(), "b": qb.Oscillator(levels=2)}, [], "a", "b")
    reached, start = reach(system, {"b": qb.fock(1)}), {"b": qb.coherent(7.0)}
    prepared = [*tails(system, start, {"a": 2, "b": 2}), Tail(0.0, 0.0)]
    above = beyond(system, reached, np.ones((1, len(reached.hamiltonian.coefficients))))
    found = above.most(1.0, np.zeros(3), True, prepared).sum()
    assert 49 <= found < 1.1 * 49


def test_work_in_a_battery_changes_by_all_that_a_preparation_loses():
    """Photons that the cut takes away would have turned the battery over: twice their weight.

    H = g n (X on the cell), at g t = pi/4: two photons turn it, none do not.
    """
    occupation, levels, cell = 0.05, 2, 1e-6
    exact_weights = (occupation / (1 + occupation)) ** np.arange(40) / (1 + occupation)
    flipped = np.sin(np.pi / 4 * np.arange(40)) ** 2
    inversion = 0.5 - exact_weights @ flipped
    coherence = exact_weights @ np.sin(np.pi / 2 * np.arange(40)) / 2
    work = inversion + np.hypot(inversion, coherence)
    system = qb.System(
        {"a": qb.Oscillator(levels=levels), "b": qb.Qubit(cell)},
        [qb.interaction("a", "b", np.kron(np.diag(np.arange(levels)), np.eye(2)[::-1]))],
        "a",
        "b",
    )
    found = table(system, {"a": qb.thermal(occupation), "b": qb.fock(1)}, np.pi / 4)
    changed = abs(float(found.ergotropy) / cell - work)
    weight = exact_weights[levels:].sum()
    assert found.attrs["left_out"] == pytest.approx(2 * weight, rel=1e-6)
    assert 0.8 * 2 * weight < changed < 2 * weight


@pytest.mark.parametrize(
    ("start", "weight", "half"),
    [
        (qb.thermal(1.0), 0.125, 0.125),
        (qb.coherent(1.0), 0.0803, 0.2834),
        (qb.state(np.eye(4) / 4), 0.25, 0.25),
        (qb.state(np.full((4, 4), 0.25)), 0.25, 0.5),
    ],
    ids=["thermal", "coherent", "mixed", "a pure state as a matrix"],
)
def test_half_the_trace_norm_that_a_cut_takes(start, weight, half):
    """Against the density matrices with and without it, the latter of trace 1 again."""
    found = lost_by(start, qb.Oscillator(), 3)
    assert found == pytest.approx((half, np.sqrt(weight)), rel=1e-3)
    whole = density_matrix(start, qb.Oscillator(), 40).to_numpy()
    cut = np.zeros_like(whole)
    cut[:3, :3] = whole[:3, :3] / np.trace(whole[:3, :3])
    norm = np.abs(np.linalg.eigvalsh(whole - cut)).sum()
    assert norm / 2 == pytest.approx(half, rel=1e-3)


@pytest.mark.parametrize("allowed", [np.inf, 1e3], ids=["by parts of the time", "at all times"])
def test_what_flows_is_added_up_over_time(allowed):
    """At first, all that leaves is lost; against dense matrices."""
    size, levels, last = 0.02, 3, 0.4
    system = qb.System(
        {"a": qb.Oscillator(levels=levels), "b": qb.Qubit()}, [qb.dipole("a", "b", size)], "a", "b"
    )
    reached = reach(system, {"a": qb.fock(levels - 1)})
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients]])
    moving = motion(form, numbers, np.ones((1, 1, 1)), np.array([0.0, last]))

    def tiles(times):
        yield (slice(0, 1), slice(0, len(times))), moving.at(times, slice(None))

    bound = flown(Cut(form), moving, tiles, numbers, last, np.full(3, allowed)).norms.sum()
    a, lower = lowering(12), np.array([[0, 1], [0, 0]])
    h = np.kron(np.diag(np.arange(12)), np.eye(2)) + np.kron(np.eye(12), np.diag([0, 1]))
    h = h + size * np.kron(a + a.T, lower + lower.T)
    kets = []
    for kept in (12, levels):
        inside = 2 * kept
        ket = np.zeros(24, dtype=complex)
        ket[:inside] = expm(-1j * last * h[:inside, :inside])[:, 2 * (levels - 1)]
        kets.append(ket)
    overlap = abs(np.vdot(*kets)) ** 2
    changed = 2 * np.sqrt(1 - overlap)  # the trace norm of two pure states' difference
    assert 0.55 * bound < changed < bound


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("levels", [2, 3, 5])
def test_a_battery_that_interacts_always(strength, levels):
    """Its ground state and its energies are those of cut ladders too."""

    def build(levels):
        sites = {"c": qb.Qubit(), "o": qb.Oscillator(levels=levels), "q": qb.Qubit(0.9)}
        links = [qb.dipole("o", "q", strength, always=True), qb.exchange("c", "q", 0.5)]
        return qb.System(sites, links, "c", ["o", "q"])

    wide, cut = (table(build(n), qb.fock(1), [0.3, 1.0, 2.0]) for n in (30, levels))
    for name in MEASURES:
        assert float(np.abs(wide[name] - cut[name]).max()) < cut.attrs["left_out"]
