"""The whole road, from a description to a table, against closed forms, brute force and QuTiP."""

import itertools
import re
import tracemalloc
import warnings

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from helpers import losses, scaled_times, thetas
from product_space import Whole, chain, initial, ladder, random_case, symmetric_states
from quantumbattery.reach import configurations

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


def evolved(whole, rho, time):
    if whole.jumps:
        return (expm(whole.generator() * time) @ rho.ravel()).reshape(rho.shape)
    step = expm(-1j * whole.h * time)
    return step @ rho @ step.conj().T


def kept(rho, levels, keep):
    return qutip.Qobj(rho, dims=[levels, levels]).ptrace(keep).full()


def cavity_and_cells(number, coupling=1.0, cell=None, link=qb.exchange, **cavity):
    return qb.System(
        sites={
            "cavity": qb.Oscillator(**cavity),
            "cells": qb.Ensemble(cell or qb.Qubit(), number),
        },
        interactions=[link("cavity", "cells", coupling)],
        charger="cavity",
        battery="cells",
    )


def apart(number, coupling=1.0, cell=None, link=qb.exchange, **cavity):
    """The same with the cells written apart."""
    names = [f"cell_{k}" for k in range(number)]
    return qb.System(
        sites={"cavity": qb.Oscillator(**cavity)} | dict.fromkeys(names, cell or qb.Qubit()),
        interactions=[link("cavity", name, coupling) for name in names],
        charger="cavity",
        battery=names,
    )


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
        battery = kept(evolved(whole, rho, time), levels, place)
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
        battery = kept(evolved(whole, rho, time), levels, [0, 3])
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
    rho = kept(evolved(whole, np.outer(start, start.conj()), time), [levels, number + 1], 1)
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


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda s: s.charge(qb.fock(1), [-1.0]), "times must be zero or positive"),
        (lambda s: s.charge(qb.fock(1), [np.nan]), "times must be"),
        (lambda s: s.charge(qb.fock(1), 1.0, ["work"]), "unknown measure 'work'"),
        (lambda s: s.charge(qb.fock(1), 1.0, ["coherence"]), "battery of one Qubit"),
        (lambda s: s.charge(qb.fock(1), 1.0, extraction="total"), "choose global"),
        (lambda s: s.charge({"atom": qb.fock(1)}, 1.0), "names 'atom'"),
        (lambda s: s.charge({"cells": qb.fock(9)}, 1.0), "needs 10 levels"),
        (lambda s: s.charge({"cells": qb.coherent(1.0)}, 1.0), "needs an Oscillator"),
        (
            lambda s: s.charge(qb.coherent(xr.DataArray([1.0], dims="level")), 1.0),
            "used inside",
        ),
        (
            lambda s: s.charge(qb.fock(xr.DataArray([1, 2], dims="time")), [0.0, 1.0, 2.0]),
            "same length",
        ),
        (
            lambda s: s.charge(qb.fock(1), xr.DataArray([1.0], dims="energy")),
            "names both a quantity and an axis",
        ),
        (
            lambda s: s.charge(qb.fock(1), xr.DataArray([1.0], dims="n")),
            "'n' names both an axis and a parameter with a single value",
        ),
    ],
)
def test_bad_input_is_said_in_a_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call(cavity_and_cells(3))


@pytest.mark.parametrize("axis", ["energy", "n"])
def test_axes_of_a_taken_name_are_refused_before_any_work(axis, monkeypatch):
    monkeypatch.setattr("quantumbattery.charging.charge.solved", None)
    system = cavity_and_cells(3, xr.DataArray([1.0, 2.0], dims=axis))
    with pytest.raises(ValueError, match=f"'{axis}' names both"):
        system.charge(qb.fock(1), 1.0)


def test_types_are_checked():
    system = cavity_and_cells(3)
    for call in (
        lambda: system.charge("fock", 1.0),
        lambda: system.charge(qb.fock(1), "now"),
        lambda: system.charge(qb.fock(1), 1.0, extraction=3),
    ):
        with pytest.raises(TypeError):
            call()


def test_too_large_a_problem_says_how_large():
    names = [f"q{k}" for k in range(40)]
    system = qb.System(
        sites=dict.fromkeys(names, qb.Qubit()),
        interactions=[qb.dipole(a, b, 1.0) for a, b in itertools.pairwise(names)],
        charger=names[0],
        battery=names[-1],
    )
    with pytest.raises(ValueError, match=r"too large: at least [\d,]+ configurations need .* GiB"):
        system.charge(qb.fock(1), 1.0)


def test_times_of_their_own_along_an_axis_of_one():
    loss = xr.DataArray([0.1], dims="x")
    system = qb.System(
        {"charger": qb.Qubit(loss=loss), "battery": qb.Qubit()},
        [qb.exchange("charger", "battery", 1.0)],
    )
    times = np.array([0.3, 0.2, 1.1])
    table = system.charge(qb.fock(1), xr.DataArray(times[None], dims=("x", "time")), ["energy"])
    alone = system.charge(qb.fock(1), times, ["energy"])
    np.testing.assert_array_equal(table.energy.values, alone.energy.values)


def test_what_is_left_out_does_not_depend_on_tiles(monkeypatch):
    sites = {"cavity": qb.Oscillator(levels=5), "cell": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("cavity", "cell", 0.2)], "cavity", "cell")
    found = []
    for size in (1 << 16, 700, 90):
        monkeypatch.setattr("quantumbattery.charging.solve._CACHED", size)
        monkeypatch.setattr("quantumbattery.charging.solve._ROWS", 1)
        with pytest.warns(UserWarning, match="quanta"):
            found.append(system.charge(qb.fock(2), np.linspace(0, 3, 500), ["energy"]).left_out)
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


def test_a_table_larger_than_the_machine_is_refused_at_once(monkeypatch):
    monkeypatch.setattr("quantumbattery.charging.charge.memory", lambda: 1e-6)  # a GiB's millionth
    system = cavity_and_cells(3)
    with pytest.raises(ValueError, match=r"a table of 2 quantities at 100 points takes 1.49e-06 G"):
        system.charge(qb.fock(1), np.linspace(0, 1, 100), ["energy", "power"])
    assert system.charge(qb.fock(1), np.linspace(0, 1, 60), ["energy", "power"]).time.size == 60


def test_memory_is_what_the_limit_is_compared_with(monkeypatch):
    """A chain of 4,096 configurations: what is foreseen is about what is taken."""
    foreseen = []

    def allow(what, count, each, limit):
        foreseen.append(count * each)
        return before(what, count, each, limit)

    before = configurations.allow
    monkeypatch.setattr(configurations, "allow", allow)
    names = [f"q{k}" for k in range(13)]
    links = [qb.dipole(a, b, 1.0) for a, b in itertools.pairwise(names)]
    system = qb.System(dict.fromkeys(names, qb.Qubit()), links, names[0], names[-1])
    system.charge(qb.fock(1), [0.0, 0.1], ["energy"])  # what is loaded for the first time
    tracemalloc.start()
    try:
        system.charge(qb.fock(1), [0.0, 0.1], ["energy"])
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0.6 < taken / max(foreseen) < 1.4


@pytest.mark.parametrize("last", [0.3, 1.0, 3.0, 10.0])
def test_what_is_left_out_is_rounded_up(last):
    """The warning speaks of an upper bound, so its one digit is not below what was found."""
    sites = {"cavity": qb.Oscillator(levels=4), "cell": qb.Qubit()}
    system = qb.System(sites, [qb.dipole("cavity", "cell", 0.3)], "cavity", "cell")
    with pytest.warns(UserWarning, match="quanta") as caught:
        table = system.charge(qb.fock(2), [last], ["energy"])
    said = float(re.search(r"by up to (\S+) quanta", str(caught[0].message))[1])
    assert table.left_out <= said <= 2 * table.left_out


def test_extraction_that_has_no_meaning_is_refused():
    cells = {"cavity": qb.Oscillator(), "a": qb.Ensemble(qb.Qubit(), 2), "b": qb.Qubit()}
    links = [qb.exchange("cavity", "a", 1.0), qb.exchange("a", "b", 0.2, always=True)]
    system = qb.System(cells, links, charger="cavity", battery=["a", "b"])
    with pytest.raises(ValueError, match="no energy of its own"):
        system.charge(qb.fock(1), 1.0, extraction="local")
    with pytest.raises(ValueError, match="write the cells apart"):
        system.charge(qb.fock(1), 1.0)
    assert system.charge(qb.fock(1), 1.0, extraction="collective").energy > 0


# --- oscillators choose their cut ----------------------------------------------------------------


def dicke(number, coupling, **cavity):
    return cavity_and_cells(number, coupling, link=qb.dipole, **cavity)


@pytest.mark.parametrize(
    "start", [qb.coherent(1.3), qb.squeezed(0.6, 0.4), qb.thermal(0.7), qb.fock(3)]
)
@pytest.mark.parametrize("link", [qb.exchange, qb.dipole])
def test_more_levels_change_nothing(start, link):
    times = np.linspace(0, 6, 13)
    table = cavity_and_cells(2, 0.3, link=link).charge(start, times)
    chosen = int(table.attrs["levels"].removeprefix("cavity: "))
    more = cavity_and_cells(2, 0.3, link=link, levels=2 * chosen).charge(start, times)
    assert table.attrs["left_out"] <= 1e-10
    for name in table:
        np.testing.assert_allclose(table[name], more[name], rtol=0, atol=1e-10, err_msg=name)


def test_a_thermal_bath_fills_levels_until_no_more_are_needed():
    system = cavity_and_cells(1, 0.5, loss=0.8, occupation=0.3)
    times = np.linspace(0, 5, 6)
    table = system.charge(qb.coherent(0.5), times)
    chosen = int(table.attrs["levels"].removeprefix("cavity: "))
    wide = cavity_and_cells(1, 0.5, loss=0.8, occupation=0.3, levels=chosen + 12)
    more = wide.charge(qb.coherent(0.5), times)
    for name in table:
        np.testing.assert_allclose(table[name], more[name], rtol=0, atol=1e-10, err_msg=name)


def test_a_bath_heats_an_oscillator_to_its_occupation():
    """E = w n (1 - e^{-g t}) for an oscillator that starts empty: the charger is the bath."""
    system = qb.System(
        sites={"charger": qb.Qubit(), "battery": qb.Oscillator(loss=0.9, occupation=0.4)}
    )
    times = np.linspace(0, 4, 5)
    table = system.charge(qb.fock(0), times, ["energy", "ergotropy", "energy_variance"])
    mean = 0.4 * (1 - np.exp(-0.9 * times))
    np.testing.assert_allclose(table.energy, mean, rtol=0, atol=1e-10)
    np.testing.assert_allclose(table.energy_variance, mean * (mean + 1), rtol=0, atol=1e-10)
    np.testing.assert_allclose(table.ergotropy, 0, rtol=0, atol=1e-12)


def test_two_oscillators_exchange_any_state():
    """E = E_A(0) sin^2(g t); a coherent state is all work, a thermal one none."""
    system = qb.System(
        sites={"charger": qb.Oscillator(), "battery": qb.Oscillator()},
        interactions=[qb.exchange("charger", "battery", 0.8)],
    )
    times = np.linspace(0, 3, 7)
    for start, quanta, work in (
        (qb.coherent(1.2), 1.44, 1.0),
        (qb.thermal(0.6), 0.6, 0.0),
        (qb.squeezed(0.5), np.sinh(0.5) ** 2, None),
    ):
        table = system.charge(start, times, ["energy", "ergotropy", "capacity"])
        exact = quanta * np.sin(0.8 * times) ** 2
        np.testing.assert_allclose(table.energy, exact, rtol=0, atol=1e-10)
        if work is not None:
            np.testing.assert_allclose(table.ergotropy, work * exact, rtol=0, atol=1e-10)
        else:
            f = np.sin(0.8 * times) ** 2  # a squeezed pulse (Downing 2024)
            root = np.sqrt(1 + 4 * f * (1 - f) * np.sinh(0.5) ** 2)
            np.testing.assert_allclose(table.ergotropy, exact - (root - 1) / 2, rtol=0, atol=1e-9)
        assert np.isinf(table.capacity).all()


def test_given_levels_that_lose_too_much_warn():
    for system, start in (
        (cavity_and_cells(2, levels=6), qb.coherent(1.5)),
        (dicke(2, 0.5, levels=5), qb.fock(2)),
    ):
        with pytest.warns(UserWarning, match="levels of 'cavity' may change an energy"):
            table = system.charge(start, [0.0, 1.0])
        assert table.attrs["left_out"] > 1e-10
        assert (table.ergotropy <= table.energy).all()


def test_enough_given_levels_are_silent():
    table = cavity_and_cells(2, levels=40).charge(qb.coherent(1.0), 1.0)
    assert table.attrs["left_out"] <= 1e-10
    assert table.attrs["levels"] == "cavity: 40"


def test_oscillators_that_keep_filling_say_so():
    """Beyond a dipole coupling of w/2 two oscillators feed each other without end."""
    system = qb.System(
        sites={"charger": qb.Oscillator(), "battery": qb.Oscillator()},
        interactions=[qb.dipole("charger", "battery", 2.0)],
    )
    with pytest.raises(ValueError, match=r"levels are too few .* shorter time"):
        system.charge(qb.fock(1), 6.0, ["energy"], limit=0.05)


def test_a_battery_that_nothing_reaches():
    """Nobody looks at the ground state of a lone qubit, and there is nothing else."""
    system = qb.System({"charger": qb.Qubit(loss=0.1, dephasing=0.2), "battery": qb.Qubit()})
    table = system.charge(qb.bloch(1.0), [0.0, 2.0])
    assert (table.energy == 0).all()
    assert (table.ergotropy == 0).all()


def test_what_given_levels_leave_out_does_not_depend_on_the_times():
    """Many times are looked at on the way, few are not enough: both see the same edge."""
    system = dicke(2, 0.5, levels=8)
    with pytest.warns(UserWarning, match="may change an energy"):
        few = system.charge(qb.fock(2), [0.0, 4.0], ["energy"]).attrs["left_out"]
    with pytest.warns(UserWarning, match="may change an energy"):
        many = system.charge(qb.fock(2), np.linspace(0, 4, 400), ["energy"]).attrs["left_out"]
    assert many == pytest.approx(few, rel=0.02)
