"""What people asked, and what went wrong; right values from matrices typed in NumPy."""

import itertools

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb

LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])


def on(operator, place, dims):
    """An operator of one site on all."""
    whole = np.eye(1)
    for k, d in enumerate(dims):
        whole = np.kron(whole, operator if k == place else np.eye(d))
    return whole


def evolved(h, start, times):
    values, vectors = np.linalg.eigh(h)
    inside = vectors.conj().T @ start
    return vectors @ (np.exp(-1j * np.multiply.outer(values, times)) * inside[:, None])


def mean(operator, states):
    return np.einsum("it,ij,jt->t", states.conj(), operator, states).real


# --- powers are gains --------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_power_is_a_gain_over_time(seed):
    """A battery that is prepared: the others' definition, from the columns of energies alone."""
    rng = np.random.default_rng(seed)
    loss = rng.choice([0.0, 0.3])
    sites = {"a": qb.Qubit(loss=loss), "b": qb.Qudit([0.0, 1.0, 1.7]), "c": qb.Qubit(0.8)}
    links = [qb.exchange("a", "b", 0.7), qb.dipole("a", "c", 0.4)]
    battery = [["b"], ["b", "c"], ["c"]][rng.integers(3)]
    system = qb.System(sites, links, "a", battery)
    ket = rng.normal(size=3) + 1j * rng.normal(size=3)
    start = {"a": qb.bloch(rng.uniform(0, np.pi, 2)), "b": qb.state(ket / np.linalg.norm(ket))}
    times = np.append(0.0, rng.uniform(0.01, 3.0, 5))
    table = system.charge(start, times)
    pairs = {"power": "energy", "passive_power": "passive_energy", "ergotropic_power": "ergotropy"}
    for power, value in pairs.items():
        gain = (table[value] - table[value].sel(time=0.0)) / table.time.where(table.time > 0)
        gain = gain.fillna(0.0).transpose(*table[power].dims)
        np.testing.assert_allclose(table[power], gain, rtol=0, atol=1e-12)
        alone = system.charge(start, times[1:], [power])[power]  # without t = 0 in sight
        there = table[power].isel(time=slice(1, None))
        np.testing.assert_allclose(alone, there, rtol=0, atol=1e-11)


def test_two_cells_and_a_cavity_that_all_hold_quanta():
    """From fock(2) in cavity and cells alike: (E(t) - E(0))/t = -0.060 at t = 0.01."""
    dims = (8, 2, 2)
    cells = {"x": qb.Qubit(), "y": qb.Qubit()}
    links = [qb.exchange("cavity", name, 1.0) for name in cells]
    system = qb.System({"cavity": qb.Oscillator(levels=8)} | cells, links, "cavity", list(cells))
    one = qb.fock(1)
    table = system.charge({"cavity": qb.fock(2), "x": one, "y": one}, 0.01, ["power"])
    a = on(np.diag(np.sqrt(np.arange(1.0, 8)), 1), 0, dims)
    x, y = (on(LOWER, k, dims) for k in (1, 2))
    h = a.T @ (x + y) + (x + y).T @ a
    start = np.zeros(32)
    start[np.ravel_multi_index((2, 1, 1), dims)] = 1.0
    energy = mean(x.T @ x + y.T @ y, evolved(h, start, np.array([0.01])))[0]
    assert table.power.item() == pytest.approx((energy - 2) / 0.01, abs=1e-9)
    assert table.power.item() == pytest.approx(-0.060, abs=1e-3)


def test_the_best_power_of_a_battery_that_holds_energy():
    system = qb.QubitPair().system()
    start = {"charger": qb.fock(1), "battery": qb.bloch(0.6)}
    best = system.optimum(start, 3.0, ["power", "ergotropic_power"], 1e-6)
    times = np.linspace(0, 3, 6001)
    table = system.charge(start, times, ["energy", "ergotropy"])
    for power, value in (("power", "energy"), ("ergotropic_power", "ergotropy")):
        gain = (table[value].values[1:] - table[value].values[0]) / times[1:]
        assert best[f"{power}_bound"].item() >= gain.max() - 1e-12
        assert best[f"{power}_max"].item() == pytest.approx(gain.max(), abs=2e-6)


# --- batteries that interact -------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-4, 1e-2, 0.1]))
def test_no_moment_exceeds_the_bound_of_a_battery_that_interacts(seed, tolerance):
    """The highest energy is the highest eigenvalue, not the largest diagonal element."""
    rng = np.random.default_rng(seed)
    J, J2, w = rng.uniform(1, 10), rng.uniform(0.3, 2), rng.uniform(0.3, 2)
    links = [qb.exchange("c", "x", J2), qb.exchange("c", "y", 1.0)]
    links += [qb.exchange("x", "y", J, always=True)]
    sites = {"c": qb.Qubit(1 + J), "x": qb.Qubit(1.0), "y": qb.Qubit(w)}
    system = qb.System(sites, links, "c", ["x", "y"])
    c, x, y = (on(LOWER, k, (2, 2, 2)) for k in range(3))
    own = x.T @ x + w * y.T @ y + J * (x.T @ y + y.T @ x)
    h = own + (1 + J) * c.T @ c + J2 * (c.T @ x + x.T @ c) + c.T @ y + y.T @ c
    start = {"c": qb.fock(1), "x": qb.fock(0), "y": qb.fock(0)}
    found = system.optimum(start, 12.0, "energy", tolerance)
    energy = mean(own, evolved(h, np.eye(8)[4], np.linspace(0, 12, 4001)))
    energy -= np.linalg.eigvalsh(own)[0]
    assert energy.max() <= found.energy_bound.item() + 1e-10
    assert energy.max() <= found.energy_max.item() * (1 + tolerance) + 1e-10


def spins(links, names="abcd"):
    """Pauli matrices and excitations of qubits, and the sum of links (k, l, xx, yy, zz)."""
    dims = [2] * len(names)
    x, y, z = LOWER + LOWER.T, 1j * (LOWER.T - LOWER), np.diag([1.0, -1.0])
    h = sum(on(LOWER.T @ LOWER, k, dims) for k in range(len(names))).astype(complex)
    for a, b, *strengths in links:
        for strength, pauli in zip(strengths, (x, y, z), strict=True):
            h += strength * on(pauli, a, dims) @ on(pauli, b, dims)
    return h


def test_a_ring_that_nobody_prepares_is_empty():
    """Antiferromagnetic, of four: a singlet, -8 and two quanta, where all down is at +4."""
    names = list("abcd")
    pairs = [*itertools.pairwise(names), ("d", "a")]
    ring = [qb.heisenberg(a, b, 1.0, 1.0, 1.0, always=True) for a, b in pairs]
    sites = dict.fromkeys(names, qb.Qubit())
    system = qb.System(sites, [*ring, qb.drive("a", 0.3, 1.0)], [], names)
    table = system.charge({}, [0.0, 1.0])
    for name in ("energy", "ergotropy", "power", "energy_variance", "passive_energy"):
        assert table[name].values[0] == pytest.approx(0.0, abs=1e-12)
    down = system.charge(dict.fromkeys(names, qb.fock(0)), 0.0, ["energy"]).energy.item()
    assert down == pytest.approx(10.0, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_battery_that_nobody_prepares_starts_in_its_ground_state(seed):
    """A charger and a chain of two or three that interact, beside dense matrices; two at once."""
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 4)
    names = list("xyz"[:n])
    inner = rng.normal(size=(2, n - 1, 3))  # two devices
    label = lambda values: xr.DataArray(values, dims="device")  # noqa: E731
    links = [
        qb.heisenberg(a, b, *map(label, inner[:, k].T), always=True)
        for k, (a, b) in enumerate(itertools.pairwise(names))
    ]
    links.append(qb.exchange("c", "x", 0.7))
    system = qb.System(dict.fromkeys(["c", *names], qb.Qubit()), links, "c", names)
    times = np.array([0.0, 0.4, 2.0])
    table = system.charge(qb.bloch(2.0), times, ["energy", "power", "capacity"])
    table = table.transpose("device", "time")
    charger, x = on(LOWER, 0, [2] * (n + 1)), on(LOWER, 1, [2] * (n + 1))
    for device in range(2):
        own = spins([(k, k + 1, *inner[device, k]) for k in range(n - 1)], names)
        energies, vectors = np.linalg.eigh(own)
        whole = np.kron(np.eye(2), own - energies[0] * np.eye(2**n))
        h = whole + charger.T @ charger + 0.7 * (charger.T @ x + x.T @ charger)
        states = evolved(h, np.kron([np.cos(1.0), np.sin(1.0)], vectors[:, 0]), times)
        expected = mean(whole, states)
        np.testing.assert_allclose(table.energy[device], expected, rtol=0, atol=1e-11)
        power = np.append(0.0, expected[1:] / times[1:])
        np.testing.assert_allclose(table.power[device], power, rtol=0, atol=1e-10)


def test_the_highest_power_of_a_driven_chain_from_its_ground_state():
    """From |0000> it was 1.1922, at the first moment that was looked at."""
    names = list("abcd")
    strengths = (0.32, 0.08, 0.075)
    links = [qb.heisenberg(a, b, *strengths, always=True) for a, b in itertools.pairwise(names)]
    fields = [qb.drive(name, 0.5, 0.0) for name in names]
    system = qb.System(dict.fromkeys(names, qb.Qubit()), links + fields, [], names)
    times = np.linspace(0.002, 6, 1500)
    table = system.charge({}, times, ["energy", "power"])
    own = spins([(k, k + 1, *strengths) for k in range(3)])
    energies, vectors = np.linalg.eigh(own)
    h = own + 0.5 * sum(on(LOWER + LOWER.T, k, [2] * 4) for k in range(4))
    energy = mean(own, evolved(h, vectors[:, 0], times)) - energies[0]
    np.testing.assert_allclose(table.energy, energy, rtol=0, atol=1e-11)
    assert table.power.max().item() == pytest.approx((energy / times).max(), abs=1e-9)


def test_a_degenerate_ground_level_wants_a_preparation():
    links = [qb.exchange("c", "x", 1.0), qb.exchange("x", "y", 1.0, always=True)]
    system = qb.System(dict.fromkeys("cxy", qb.Qubit()), links, "c", ["x", "y"])
    with pytest.raises(ValueError, match="ground level of its own Hamiltonian"):
        system.charge(qb.fock(1), 1.0)
    start = {"c": qb.fock(1), "x": qb.fock(0)}
    assert system.charge(start, 0.0, ["energy"]).energy.item() == pytest.approx(0, abs=1e-13)


def test_a_battery_that_its_own_interactions_charge():
    """A quench: three qubits, -1/2 X X on every pair, all down at t = 0."""
    names = ["a", "b", "c"]
    links = [qb.heisenberg(a, b, -0.5, 0, 0) for a, b in itertools.combinations(names, 2)]
    system = qb.System(dict.fromkeys(names, qb.Qubit()), links, [], names)
    assert str(system).startswith("System: interaction charges a, b, c")
    lower = [on(LOWER, k, (2, 2, 2)) for k in range(3)]
    own = sum(each.T @ each for each in lower)
    spins = [each + each.T for each in lower]
    h = own - 0.5 * sum(a @ b for a, b in itertools.combinations(spins, 2))
    expected = mean(own, evolved(h, np.eye(8)[0], np.array([1.0])))[0]
    found = system.charge({}, 1.0, ["energy"]).energy.item()
    assert found == pytest.approx(expected, abs=1e-12)
    assert found == pytest.approx(1.0621101, abs=1e-7)


def test_a_battery_that_only_loses():
    system = qb.System({"b": qb.Qubit(loss=0.4)}, [], [], "b")
    assert str(system).startswith("System: nothing charges b")
    energy = system.charge({"b": qb.fock(1)}, [0.0, 2.0], ["energy"]).energy
    np.testing.assert_allclose(energy, [1.0, np.exp(-0.8)], rtol=0, atol=1e-13)


# --- costs ---------------------------------------------------------------------------------------


def test_power_takes_the_memory_of_energy():
    """Eigenvalues of a chain of twelve would take 15 GiB."""
    system = qb.models.spin_chain(cells=12)
    table = system.charge({}, [0.5], ["energy", "power"], limit=2.0)
    assert table.power.item() == pytest.approx(table.energy.item() / 0.5, rel=1e-14)


def test_a_matrix_on_two_sites_in_either_order():
    """As many products as the site with fewer elements has: 2, and not 150 times 150."""
    d, rng = 150, np.random.default_rng(0)
    v = rng.normal(size=(d, d))
    v = (v + v.T) / d
    sites = (qb.Qudit(np.arange(d)), qb.Qubit())
    one = qb.interaction("b", "x", np.kron(v, np.eye(2)))
    other = qb.interaction("x", "b", np.kron(np.eye(2), v))
    assert len(one.terms(sites, (d, 2))[0][1]) == len(other.terms(sites[::-1], (2, d))[0][1]) == 2
    energies = [
        qb.System({"x": qb.Qubit(), "b": sites[0]}, [link], "x", "b")
        .charge(qb.bloch(1.0), 1.0, ["energy"])
        .energy.item()
        for link in (one, other)
    ]
    level = evolved(np.diag(np.arange(d)) + v, np.eye(d)[0], np.array([1.0]))
    expected = mean(np.diag(np.arange(d)), level)[0]
    np.testing.assert_allclose(energies, expected, rtol=0, atol=1e-12)


# --- odd inputs --------------------------------------------------------------------------------


def test_sites_whose_levels_all_have_one_energy():
    flat = qb.Qudit([0.0, 0.0])
    system = qb.System({"a": flat, "b": flat}, [], "a", "b")
    assert system.charge(qb.fock(1), [0.0, 1.0], ["energy"]).energy.values.tolist() == [0.0, 0.0]


@pytest.mark.filterwarnings("ignore:the 60 levels")
def test_what_is_left_out_does_not_depend_on_the_order_of_times():
    system = qb.System({"a": qb.Oscillator(levels=60)}, [qb.drive("a", 1.0, 1.0)], [], "a")
    times = np.linspace(0, 8, 130)
    mixed = np.random.default_rng(0).permutation(times)
    found = [system.charge({}, each, ["energy"]).attrs["left_out"] for each in (times, mixed)]
    assert found[1] >= 10.0  # the error is 10.6
    assert found[0] == pytest.approx(found[1], rel=0.2)


def test_the_nearest_state_is_the_nearest():
    """No state of many is nearer, and a state is its own nearest."""
    rng = np.random.default_rng(5)
    for d in (2, 3, 5):
        x = rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d))
        measured = x + x.conj().T
        measured /= np.trace(measured).real
        nearest, distance = qb.nearest_state(measured)
        assert qb.purity(nearest) <= 1 + 1e-12  # it passes as a state
        assert distance == pytest.approx(np.linalg.norm(nearest - measured), abs=1e-13)
        y = rng.normal(size=(3000, d, d)) + 1j * rng.normal(size=(3000, d, d))
        others = y @ y.conj().swapaxes(-1, -2)
        others /= np.trace(others, axis1=1, axis2=2).real[:, None, None]
        for mixed in (others, 0.99 * nearest + 0.01 * others):  # far and close
            apart = np.linalg.norm(mixed - measured, axis=(-2, -1))
            assert apart.min() >= distance - 1e-12
        again, none = qb.nearest_state(nearest)
        np.testing.assert_allclose(again, nearest, rtol=0, atol=1e-14)
        assert none == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("size", [1e-300, 1e13 / 3, 1e16, 1e299])
def test_the_nearest_state_of_large_numbers_is_a_state(size):
    state, distance = qb.nearest_state(size * np.array([[2.0, 1j], [-1j, 2.0]]))
    assert np.trace(state) == pytest.approx(1.0, abs=1e-14)
    if size > 1:  # eigenvalues are 3 and 1 of these
        np.testing.assert_allclose(state, [[0.5, 0.5j], [-0.5j, 0.5]], rtol=0, atol=1e-14)
        assert distance == pytest.approx(size * np.hypot(3 - 1 / size, 1.0), rel=1e-12)


def test_a_tomogram_is_told_where_to_go():
    with pytest.raises(ValueError, match="nearest_state of it"):
        qb.ergotropy(np.diag([1.015, -0.015]), np.diag([0.0, 1.0]))
    labelled = xr.DataArray(np.diag([1.015, -0.015]), dims=("i", "j"))
    state, distance = qb.nearest_state(labelled)
    assert state.dims == ("i", "j")
    assert float(distance) == pytest.approx(0.015 * np.sqrt(2), abs=1e-15)
