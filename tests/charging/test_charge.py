"""The whole road, from a description to a table, against closed forms, brute force and QuTiP."""

import warnings

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from roads.cells import apart, cavity_and_cells
from roads.pair import losses, scaled_times, thetas
from roads.product_space import Whole, chain, initial, ladder, random_case, symmetric_states

WORK = ("energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity")


def merit(name, rho, h):
    """A figure of merit from its definition, by sorting."""
    r, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(h)
    mean, low, high = np.trace(rho @ h).real, r[::-1] @ e, r @ e
    return {
        "energy": mean,
        "passive_energy": low,
        "active_energy": high,
        "ergotropy": mean - low,
        "antiergotropy": mean - high,
        "capacity": high - low,
        "energy_variance": np.trace(rho @ h @ h).real - mean**2,
    }[name]


def kept(rho, levels, keep):
    return qutip.Qobj(rho, dims=[levels, levels]).ptrace(keep).full()


# --- closed forms --------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    thetas,
    st.floats(0, 6),
    st.floats(0.1, 5),
    st.one_of(losses, st.just(4.0)),
    st.one_of(st.just(0.0), losses),
    st.floats(-0.4, 2),
    st.lists(scaled_times, min_size=1, max_size=5),
)
def test_the_pair_agrees_with_its_closed_form(theta, phi, J, loss, battery_loss, detuning, times):
    pair = qb.QubitPair(1.3, J, loss * J, battery_loss * J, detuning)
    moments = np.array(times) / J
    start = qb.bloch(theta, phi)
    exact, ours = pair.charge(start, moments), pair.system().charge(start, moments)
    assert set(ours.data_vars) == set(exact.data_vars)
    for name in exact:
        np.testing.assert_allclose(ours[name], exact[name], rtol=0, atol=1e-11, err_msg=name)


def test_the_pair_agrees_on_grids_batches_and_shared_axes():
    loss = np.array([0.0, 0.5, 4.0, 4.0 * (1 + 1e-9), 30.0])  # through the exceptional point
    coupling = xr.DataArray([0.5, 1.0, 2.0], dims="J")
    pair = qb.QubitPair(coupling=coupling, charger_loss=loss)
    start = qb.bloch(np.linspace(0, np.pi, 4), xr.DataArray([0.1, 0.2], dims="J_phi"))
    best = pair.optimum(start).ergotropy_time.fillna(0.0)
    for times in (np.linspace(0, 9, 40), 0.7, [3.0, 0.0, 3.0], best):
        exact, ours = pair.charge(start, times), pair.system().charge(start, times)
        assert ours.sizes == exact.sizes
        for name in exact:
            np.testing.assert_allclose(
                ours[name].transpose(*exact[name].dims), exact[name], rtol=0, atol=1e-11
            )


# --- brute force ---------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_random_systems_agree_with_the_full_space(seed, lossy):
    system, chosen = random_case(seed, 24 if lossy else 60, lossy)
    levels = [site.dimension for site in system.sites.values()]
    whole, rho = Whole(system, levels), initial(system, chosen)
    times = np.array([2.1, 0.0, 0.4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # three levels of an oscillator are few
        table = system.charge(chosen, times, extraction="collective")
    place = list(system.sites).index("b")
    h = ladder(system.sites["b"], levels[place])
    for k, time in enumerate(times):
        battery = kept(whole.evolved(rho, time), levels, place)
        for name in (*WORK, "energy_variance"):
            assert table[name].values[k] == pytest.approx(merit(name, battery, h), abs=1e-9)
    assert (table.ergotropy >= 0).all()
    assert (table.ergotropy <= table.energy).all()
    assert (table.passive_energy <= table.energy).all()
    assert (table.energy <= table.active_energy).all()


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_random_systems_agree_with_qutip(seed):
    system, chosen = random_case(seed, 16, lossy=True)
    levels = [site.dimension for site in system.sites.values()]
    whole, dims = Whole(system, levels), [levels, levels]
    times = [0.0, 0.3, 1.5]
    solved = qutip.mesolve(
        qutip.Qobj(whole.h, dims=dims),
        qutip.Qobj(initial(system, chosen), dims=dims),
        times,
        [qutip.Qobj(jump, dims=dims) for jump in whole.jumps],
        options={"atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = system.charge(chosen, times, extraction="collective")
    place = list(system.sites).index("b")
    h = ladder(system.sites["b"], levels[place])
    for k, state in enumerate(solved.states):
        battery = state.ptrace(place).full()
        for name in WORK:
            assert table[name].values[k] == pytest.approx(merit(name, battery, h), abs=1e-8)


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("always", [False, True])
def test_a_battery_of_several_sites(lossy, always):
    rates = {"loss": 0.2, "occupation": 0.3} if lossy else {}
    system = qb.System(
        sites={
            "left": qb.Qubit(0.8),
            "charger": qb.Qudit([0, 1.0, 1.9], **rates),
            "mediator": qb.Qubit(1.1, dephasing=0.1 * lossy),
            "right": qb.Qudit([0, 0.9, 2.0]),
        },
        interactions=[
            qb.exchange("charger", "mediator", 0.7),
            qb.exchange("mediator", "left", 0.6),
            qb.dipole("mediator", "right", 0.4),
            qb.exchange("left", "right", 0.3, always=always),
        ],
        charger="charger",
        battery=["right", "left"],  # not in the order of the sites
    )
    levels = [2, 3, 2, 3]
    whole = Whole(system, levels)
    start = {"charger": qb.state(np.array([0.6, 0, 0.8j])), "right": qb.thermal(0.2)}
    weights = np.array([1.0, (1 / 6), (1 / 6) ** (2.0 / 0.9)])
    ket = np.kron([1, 0], np.kron([0.6, 0, 0.8j], [1, 0]))
    rho = np.kron(np.outer(ket, ket.conj()), np.diag(weights / weights.sum()))
    h = np.kron(np.diag([0, 0.8]), np.eye(3)) + np.kron(np.eye(2), np.diag([0, 0.9, 2.0]))
    if always:
        hop = np.kron(np.diag([1.0], 1), np.diag(np.sqrt([1.0, 2.0]), -1))
        h = h + 0.3 * (hop + hop.T)
    table = system.charge(start, [0.5, 2.0])
    ground = np.linalg.eigvalsh(h)[0]
    for k, time in enumerate([0.5, 2.0]):
        battery = kept(whole.evolved(rho, time), levels, [0, 3])
        for name in (*WORK, "energy_variance"):
            shift = ground if name in ("energy", "passive_energy", "active_energy") else 0.0
            expected = merit(name, battery, h) - shift
            assert table[name].values[k] == pytest.approx(expected, abs=1e-10), name


# --- ensembles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("extraction", ["global", "local"])
@pytest.mark.parametrize(
    ("number", "cell"), [(1, None), (4, None), (3, qb.Qudit([0.0, 1.0, 1.7], steps=[1.0, 0.8]))]
)
def test_an_ensemble_is_its_cells(number, cell, extraction):
    times = np.linspace(0, 3, 7)
    for start in (qb.coherent(0.9), qb.fock(2), qb.thermal(0.3)):
        together = cavity_and_cells(number, 0.8, cell).charge(start, times, WORK, extraction)
        separate = apart(number, 0.8, cell).charge(start, times, WORK, extraction)
        for name in WORK:
            np.testing.assert_allclose(
                together[name], separate[name], rtol=0, atol=1e-10, err_msg=name
            )


def test_collective_work_is_on_the_ladder():
    number, time = 3, 0.9
    table = cavity_and_cells(number).charge(qb.coherent(1.1), time, WORK, "collective")
    levels = 24
    whole = Whole(cavity_and_cells(number, levels=levels), [levels, number + 1])
    cavity = qutip.coherent(levels, 1.1, method="analytic").full().ravel()
    start = np.kron(cavity, np.eye(number + 1)[0])
    rho = kept(whole.evolved(np.outer(start, start.conj()), time), [levels, number + 1], 1)
    for name in WORK:
        expected = merit(name, rho, np.diag(np.arange(number + 1.0)))
        assert table[name].item() == pytest.approx(expected, abs=1e-10)
    every = symmetric_states(qb.Ensemble(qb.Qubit(), number))
    full = every @ rho @ every.T
    h = np.diag([bin(k).count("1") for k in range(2**number)]).astype(float)
    table = cavity_and_cells(number).charge(qb.coherent(1.1), time, WORK)
    for name in WORK:
        assert table[name].item() == pytest.approx(merit(name, full, h), abs=1e-10)


def test_many_cells_have_one_first_level_each():
    """N cells: W = E - w (1 - r_max), since the first excited level is N-fold degenerate."""
    number = 40
    table = cavity_and_cells(number).charge(qb.fock(3), np.linspace(0, 0.5, 9), WORK)
    passive = table.passive_energy.values
    assert (passive <= 1.0).all()
    assert passive.max() > 0.5


def test_one_photon_swaps_at_the_collective_rate():
    times = np.linspace(0, 1, 30)
    for number in (1, 7, 1000):
        table = cavity_and_cells(number, 0.7).charge(qb.fock(1), times, ["energy"])
        exact = np.sin(np.sqrt(number) * 0.7 * times) ** 2
        np.testing.assert_allclose(table.energy, exact, rtol=0, atol=1e-11)


def test_two_cells_and_two_photons():
    """Printed for Tavis-Cummings (Andolina 2019): 8/9 a cell at g t = pi / sqrt(6)."""
    table = cavity_and_cells(2).charge(qb.fock(2), np.pi / np.sqrt(6), ["energy"])
    assert table.energy.item() / 2 == pytest.approx(8 / 9, abs=1e-12)


def test_cells_prepared_on_the_bloch_sphere():
    """Two collections of spins, the charger a spin coherent state, against separate spins."""
    theta, number = 1.9, 3
    together = qb.System(
        sites={"charger": qb.Ensemble(qb.Qubit(), number), "battery": qb.Qubit()},
        interactions=[qb.exchange("charger", "battery", 0.6)],
    )
    names = [f"charger_{k}" for k in range(number)]
    separate = qb.System(
        sites=dict.fromkeys(names, qb.Qubit()) | {"battery": qb.Qubit()},
        interactions=[qb.exchange(name, "battery", 0.6) for name in names],
        charger=names,
        battery="battery",
    )
    times = np.linspace(0, 4, 9)
    one, other = (s.charge(qb.bloch(theta, 0.4), times) for s in (together, separate))
    for name in WORK:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-11)


# --- chains, mediators ---------------------------------------------------------------------------


def test_three_qubits_in_a_line():
    """E = w sin^4(g t / sqrt 2)."""
    times = np.linspace(0, 6, 50)
    table = chain(3).charge(qb.fock(1), times, ["energy"])
    np.testing.assert_allclose(table.energy, np.sin(times / np.sqrt(2)) ** 4, rtol=0, atol=1e-12)


@pytest.mark.parametrize("number", [2, 9, 120])
def test_graded_couplings_transfer_perfectly(number):
    """Couplings J sqrt(i (n - i)): E = w sin^{2 (n - 1)}(J t)."""
    names = [f"q{k}" for k in np.random.default_rng(1).permutation(number)]  # in any order
    system = qb.System(
        sites={name: qb.Qubit() for name in sorted(names)},
        interactions=[
            qb.exchange(names[i - 1], names[i], np.sqrt(i * (number - i))) for i in range(1, number)
        ],
        charger=names[0],
        battery=names[-1],
    )
    times = np.linspace(0, np.pi, 21)
    table = system.charge(qb.bloch(np.pi), times, ["energy", "ergotropy"])
    exact = np.sin(times) ** (2 * (number - 1))
    np.testing.assert_allclose(table.energy, exact, rtol=0, atol=1e-11)
    np.testing.assert_allclose(table.ergotropy, np.maximum(0, 2 * exact - 1), rtol=0, atol=1e-11)


def test_a_lossy_chain_loses_evenly():
    """Equal loss everywhere is an exponential in front of the lossless chain."""
    times = np.linspace(0, 30, 31)
    lossless = chain(24).charge(qb.fock(1), times, ["energy"])
    lossy = chain(24, loss=0.05).charge(qb.fock(1), times, ["energy"])
    np.testing.assert_allclose(
        lossy.energy, lossless.energy * np.exp(-0.05 * times), rtol=0, atol=1e-11
    )


# --- axes ----------------------------------------------------------------------------------------


def test_batches_are_what_single_runs_give():
    loss = xr.DataArray([0.0, 0.3, 1.0], dims="device", coords={"device": ["a", "b", "c"]})
    coupling = xr.DataArray([1.0, 0.6, 0.9], dims="device", coords={"device": ["a", "b", "c"]})
    dephasing = xr.DataArray([0.0, 0.2], dims="noise")
    system = qb.System(
        sites={
            "charger": qb.Qubit(loss=loss, dephasing=dephasing),
            "battery": qb.Qubit(xr.DataArray([1.0, 1.1, 1.2], dims="device")),
        },
        interactions=[qb.exchange("charger", "battery", coupling)],
    )
    times = xr.DataArray(
        [[0.5, 1.0, 2.0, 4.0]] * 3 * np.array([[1], [2], [3]]), dims=("device", "moment")
    )
    table = system.charge(qb.bloch([0.5, 2.5]), times)
    assert dict(table.sizes) == {"theta": 2, "device": 3, "noise": 2, "moment": 4}
    for d in range(3):
        for n in range(2):
            single = qb.System(
                sites={
                    "charger": qb.Qubit(loss=loss.values[d], dephasing=dephasing.values[n]),
                    "battery": qb.Qubit([1.0, 1.1, 1.2][d]),
                },
                interactions=[qb.exchange("charger", "battery", coupling.values[d])],
            )
            alone = single.charge(qb.bloch([0.5, 2.5]), times.values[d])
            for name in alone:
                both = table[name].isel(device=d, noise=n)
                np.testing.assert_allclose(both, alone[name], rtol=0, atol=1e-12, err_msg=name)


def test_large_batches_are_cut_into_parts():
    """More points than fit in a tile, over all three kinds of axes."""
    pair = qb.QubitPair(coupling=np.linspace(0.5, 2, 40), charger_loss=[0.0, 0.2])
    start, times = qb.bloch(np.linspace(0, np.pi, 30)), np.linspace(0, 7, 700)
    exact = pair.charge(start, times, ["ergotropy", "energy"])
    ours = pair.system().charge(start, times, ["ergotropy", "energy"])
    for name in exact:
        np.testing.assert_allclose(
            ours[name].transpose(*exact[name].dims), exact[name], rtol=0, atol=1e-11
        )


def test_results_do_not_depend_on_the_list_of_times():
    system = cavity_and_cells(3, link=qb.dipole, coupling=0.2)
    whole = system.charge(qb.fock(1), np.linspace(0, 5, 11))
    alone = system.charge(qb.fock(1), 2.5)
    backwards = system.charge(qb.fock(1), [2.5, 0.0])
    for name in whole:
        expected = whole[name].values[5]
        assert alone[name].item() == pytest.approx(expected, abs=1e-9)
        assert backwards[name].values[0] == pytest.approx(expected, abs=1e-9)


def test_powers_are_values_over_time_and_start_at_zero():
    table = cavity_and_cells(3).charge(qb.coherent(1.0), [0.0, 1e-3, 2.0])
    for power, value in (("power", "energy"), ("passive_power", "passive_energy")):
        assert table[power].values[0] == 0
        np.testing.assert_allclose(table[power][1:] * table.time[1:], table[value][1:], rtol=1e-14)


def test_every_column_is_labelled():
    table = cavity_and_cells(2).charge(qb.coherent([0.5, 1.0]), [0.0, 1.0])
    assert dict(table.sizes) == {"alpha": 2, "time": 2}
    for name in table:
        assert {"long_name", "symbol", "units"} <= table[name].attrs.keys()
    assert "population" not in table
    assert table.attrs["levels"].startswith("cavity: ")
