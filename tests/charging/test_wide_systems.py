"""Systems with everything at once beside the full product space, and beside what is known."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.joint import figures
from roads.product_space import initial, random_case

LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])
FIGURES = ("energy", "ergotropy", "energy_variance")


@given(st.integers(0, 2**32), st.booleans())
def test_random_systems(seed, lossy):
    times = np.array([0.3, 1.7])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of twins, and of cuts, which the product space has too
        system, chosen = random_case(seed, 24, lossy, wide=True)
        levels = [site.dimension for site in system.sites.values()]
        table = system.charge(chosen, times, FIGURES, extraction=ladder(system))
    expected = figures(system, levels, initial(system, chosen), times)
    for name, values in zip(FIGURES, expected, strict=True):
        np.testing.assert_allclose(table[name], values, atol=1e-9)


def ladder(system):
    ensembles = any(isinstance(system.sites[name], qb.Ensemble) for name in system.battery)
    return "collective" if ensembles else "global"


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.booleans())
def test_a_certified_optimum_of_random_systems(seed, lossy):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        system, chosen = random_case(seed, 12, lossy, wide=True)
        how = {"of": ["energy", "ergotropy"], "extraction": ladder(system)}
        found = system.optimum(chosen, 4.0, **how, tolerance=1e-3)
        times = np.linspace(0, 4, 801)
        dense = system.charge(chosen, times, how["of"], extraction=how["extraction"])
    for name in how["of"]:
        top = float(dense[name].max())
        assert top <= float(found[f"{name}_bound"]) + 1e-9
        assert float(found[f"{name}_max"]) >= top * (1 - 1e-3) - 1e-9


# --- numbers over axes ---------------------------------------------------------------------------


def test_axes_of_complex_numbers_are_single_numbers():
    phase = xr.DataArray(np.exp(1j * np.array([0.0, 0.6, 2.0])), dims="phase")
    weight = xr.DataArray([0.5, -1j, 0.0], dims="weight")
    sites = {"a": qb.Qubit(loss=0.1), "b": qb.Qubit(1.2), "c": qb.Oscillator(levels=3)}

    def charged(s, w):
        links = [
            qb.exchange("a", "b", 0.7 * s),
            qb.exchange("b", "c", 0.3),
            qb.exchange("a", "c", 0.4),
            qb.dissipator({"a": 1.0, "b": w, "c": 0.3j * s}, 0.4, 0.2),
        ]
        system = qb.System(sites, links, "a", ["b"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return system.charge(qb.bloch(2.0), [0.5, 3.0], FIGURES)

    together = charged(phase, weight)
    for k, s in enumerate(phase.values):
        for j, w in enumerate(weight.values):
            alone, mine = charged(complex(s), complex(w)), together.isel(phase=k, weight=j)
            for name in FIGURES:
                np.testing.assert_allclose(mine[name], alone[name], atol=1e-10)


def test_drives_differ_by_their_phase():
    """Beside QuTiP in the laboratory frame: one that stands, one that turns, and both halves."""
    phases = xr.DataArray([0.0, 0.9], dims="phase")
    sites, times = {"q": qb.Qubit(1.3, loss=0.1)}, np.linspace(0, 4, 5)
    a, tight = qutip.destroy(2), {"atol": 1e-12, "rtol": 1e-11}
    for first, second, full in ((1.3, 0.9, False), (1.0, 1.0, False), (1.1, 0.7, True)):
        links = [
            qb.drive("q", 0.4, first, phase=phases, rotating_wave=not full),
            qb.drive("q", 0.3, second, phase=0.4),
        ]
        table = qb.System(sites, links, [], "q").charge({}, times, ["energy"])
        for k, phase in enumerate(phases.values):

            def whole(t, phase=phase, first=first, second=second, full=full):
                angle = first * t + phase
                turn = 0.8 * np.cos(angle) if full else 0.4 * np.exp(1j * angle)
                one = (turn + 0.3 * np.exp(1j * (second * t + 0.4))) * a
                return 1.3 * qutip.num(2) + one + one.dag()

            states = qutip.mesolve(
                qutip.QobjEvo(whole), qutip.basis(2, 0).proj(), times, [0.1**0.5 * a],
                options=tight,
            ).states  # fmt: skip
            expected = [1.3 * qutip.expect(qutip.num(2), each) for each in states]
            np.testing.assert_allclose(table.energy.isel(phase=k), expected, atol=1e-8)


# --- shapes in time ------------------------------------------------------------------------------


def test_the_area_of_a_pulse_is_all_that_counts():
    pulse, times = lambda t: np.exp(-((t - 3) ** 2)), np.linspace(0, 7, 15)
    pair = qb.System(
        {"charger": qb.Qubit(), "battery": qb.Qubit()},
        [qb.exchange("charger", "battery", 0.8j, envelope=pulse)],
    )
    from scipy.special import erf

    area = 0.8 * np.sqrt(np.pi) / 2 * (erf(times - 3) + erf(3))
    table = pair.charge(qb.bloch(2.0), times, ["energy", "ergotropy"])
    p = np.sin(1.0) ** 2 * np.sin(area) ** 2
    np.testing.assert_allclose(table.energy, p, atol=1e-10)


def test_shapes_of_every_kind_beside_qutip():
    """A pulse of the link, steps of a shift and a ramp of a matrix, with loss."""
    ramp = xr.DataArray([0.0, 1.0, 0.3], coords={"time": [0.0, 1.5, 4.0]}, dims="time")
    kick = np.kron(LOWER + LOWER.T, np.diag([1.0, -1.0]))
    system = qb.System(
        {"charger": qb.Qubit(1.2, loss=0.1), "battery": qb.Qubit()},
        [
            qb.exchange("charger", "battery", 0.9 + 0.2j, envelope=lambda t: np.sin(t) ** 2),
            qb.shift("battery", 0.5, envelope=[1.0, -2.0], breaks=[0.0, 1.0, 2.5]),
            qb.interaction("charger", "battery", 0.3 * kick, envelope=ramp),
        ],
    )
    times = np.linspace(0, 4, 9)
    table = system.charge(qb.bloch(2.0), times, ["energy"])
    a, b = (
        qutip.tensor(qutip.destroy(2), qutip.qeye(2)),
        qutip.tensor(qutip.qeye(2), qutip.destroy(2)),
    )
    hop = (0.9 + 0.2j) * a.dag() * b
    x, z = a + a.dag(), qutip.qeye([2, 2]) - 2 * b.dag() * b

    def whole(t):
        step = 0.5 if t < 1 else (-1.0 if t < 2.5 else 0.0)
        line = np.interp(t, [0, 1.5, 4], [0, 1, 0.3])
        h = 1.2 * a.dag() * a + (1 + step) * b.dag() * b
        return h + np.sin(t) ** 2 * (hop + hop.dag()) + 0.3 * line * x * z

    state = qutip.tensor(np.cos(1.0) * qutip.basis(2, 0) + np.sin(1.0) * qutip.basis(2, 1),
                         qutip.basis(2, 0)).proj()  # fmt: skip
    expected, edges = [0.0], np.union1d(times, [1.0, 1.5, 2.5])
    for begin, end in pairwise(edges):  # from break to break
        inside = lambda t, end=end: whole(min(t, np.nextafter(end, 0)))  # noqa: E731
        found = qutip.mesolve(qutip.QobjEvo(inside), state, [begin, end], [0.1**0.5 * a],
                              options={"atol": 1e-12, "rtol": 1e-11})  # fmt: skip
        state = found.states[-1]
        if end in times:
            expected.append(qutip.expect(b.dag() * b, state))
    np.testing.assert_allclose(table.energy, expected, atol=1e-8)


# --- when it ends --------------------------------------------------------------------------------


@pytest.mark.parametrize("always", [True, False])
def test_joint_losses_are_off_after_charging_unless_always(always):
    sites = {"charger": qb.Qubit(), "battery": qb.Qubit()}
    links = [
        qb.exchange("charger", "battery", 1.0),
        qb.dissipator({"charger": 1.0, "battery": 1.0}, 0.3, always=always),
        qb.jump("battery", LOWER, 0.2, always=always),
    ]
    system = qb.System(sites, links)
    table = system.charge(qb.fock(1), [1.0, 2.5], ["energy"], disconnect=1.0)
    rho = system.density_matrix(qb.fock(1), 1.0, sites=["charger", "battery"])
    kept = links[1:] if always else []
    after = qb.System(sites, kept).charge({("charger", "battery"): qb.state(rho)}, 1.5, ["energy"])
    np.testing.assert_allclose(table.energy[1], after.energy, atol=1e-12)
    if not always:
        np.testing.assert_allclose(table.energy[1], table.energy[0], atol=1e-12)


def test_a_cascade_goes_one_way():
    """Charging with one-way coupling: nothing comes back, so the charger decays by itself."""
    rate = 0.7
    links = [
        qb.exchange("a", "b", 0.5j * rate),
        qb.dissipator({"a": 1.0, "b": 1.0}, rate),
    ]
    sites, times = {"a": qb.Qubit(), "b": qb.Qubit()}, np.linspace(0, 5, 6)
    there = qb.System(sites, links, "b", "a").charge({"b": qb.fock(1)}, times, ["energy"])
    np.testing.assert_allclose(there.energy, 0.0, atol=1e-12)
    here = qb.System(sites, links, "a", "b").charge({"a": qb.fock(1)}, times, ["energy"])
    decay = rate * times * np.exp(-rate * times / 2)  # its amplitude
    np.testing.assert_allclose(here.energy, decay**2, atol=1e-12)


def test_strokes_with_shapes_and_joint_losses_one_after_the_other():
    """Each stroke by itself, from the state that the one before leaves."""
    sites, both = {"a": qb.Qubit(1.1, loss=0.1), "b": qb.Qubit()}, ("a", "b")
    first = qb.System(
        sites,
        [
            qb.exchange("a", "b", 1 + 0.5j, envelope=lambda t: np.sin(t) ** 2),
            qb.jump("b", LOWER, 0.1),
        ],
        *both,
    )
    second = qb.System(sites, [qb.dissipator({"a": 1.0, "b": 1j}, 0.3), qb.shift("a", 0.4)], *both)
    fresh = np.array([[0.2, 0.3], [0.3, 0.8]])
    strokes = [qb.Stroke(first, 1.5, reset={"a": qb.state(fresh)}), qb.Stroke(second, 0.7)]
    table = qb.Protocol(strokes, repeat=2).charge({}, measures=["energy", "ergotropy"])
    battery, found = np.diag([1.0, 0.0]), [(0.0, 0.0)]
    for _ in range(2):
        start = np.kron(fresh, battery)
        for system, span in ((first, 1.5), (second, 0.7)):
            rho = system.density_matrix({both: qb.state(start)}, span, sites=both).to_numpy()
            start = rho
            battery = qutip.Qobj(rho, dims=[[2, 2], [2, 2]]).ptrace(1).full()
            h = np.diag([0.0, 1.0])
            found.append((float(qb.energy(battery, h)), float(qb.ergotropy(battery, h))))
    for name, expected in zip(("energy", "ergotropy"), np.array(found).T, strict=True):
        np.testing.assert_allclose(table[name], expected, atol=1e-9)


def test_an_optimum_with_weights_over_an_axis():
    sites = {name: qb.Qubit() for name in ("charger", "a", "battery")}
    weights = xr.DataArray([0.5, 1j], dims="w")

    def best(weight):
        links = [
            qb.dissipator({"charger": weight, "a": 1.0}, 0.3),
            qb.exchange("a", "battery", 0.5),
        ]
        system = qb.System(sites, links, ["charger", "a"], "battery")
        return system.optimum({"charger": qb.fock(1)}, 3.0, of=["energy"]).energy_max

    together = best(weights)
    for k, weight in enumerate(weights.values):
        np.testing.assert_allclose(together[k], best(complex(weight)), rtol=1e-5)


def test_a_shared_loss_feels_links_of_the_charger():
    """The bound of an optimum, where the bath's partner is moved fast by others (J = 997)."""
    sites = {name: qb.Qubit() for name in ("c", "m", "b")}
    links = [qb.exchange("c", "m", 997.0), qb.dissipator({"c": 1.0, "b": 1.0}, 0.3)]
    system = qb.System(sites, links, ["c", "m"], "b")
    pair = np.zeros(4, dtype=complex)
    pair[2], pair[1] = -0.9j, np.sqrt(0.19)
    found = system.optimum({("m", "b"): qb.state(pair)}, 20.0, of=["energy"], tolerance=1e-6)
    times = np.linspace(0, 0.02, 2001)
    dense = system.charge({("m", "b"): qb.state(pair)}, times, ["energy"]).energy
    assert float(dense.max()) <= float(found.energy_bound) * (1 + 1e-9)


@pytest.mark.parametrize("sites", [65, 70, 130])
def test_hundreds_of_sites_of_which_few_hold_anything(sites):
    names = [f"s{k}" for k in range(sites)]
    qubits = {name: qb.Qubit() for name in names}
    pair = qb.System(qubits, [qb.exchange("s0", "s1", 1.0)], "s0", "s1")
    energy = pair.charge(qb.fock(1), [0.3], ["energy"]).energy
    assert energy.item() == pytest.approx(np.sin(0.3) ** 2, abs=1e-14)
    for battery in ("s1", names[1:]):
        apart = qb.System(qubits, [], "s0", battery)
        assert not apart.charge(qb.fock(1), [0.3], ["energy"]).energy.any()
    assert not qb.models.chain(couplings=[0.0] * sites).charge(qb.fock(1), 1.0, ["energy"]).energy


def test_starts_of_many_chargers_are_refused_before_they_are_made(monkeypatch):
    """2^22 of them were made, at 300 bytes each, where room for 2^20 was given."""
    made, repeat = [], np.repeat

    def counted(array, times, *axis):
        made.append(np.size(array) * int(np.max(times)))
        return repeat(array, times, *axis)

    monkeypatch.setattr(np, "repeat", counted)
    star, room = qb.models.star(chargers=22), 2**20 * 300 / 2**30
    with pytest.raises(ValueError, match="starting configurations need"):
        star.charge(qb.bloch(1.0), 1.0, ["energy"], limit=room)
    assert max(made) <= 2**20
