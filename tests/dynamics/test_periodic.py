"""Drives in the laboratory frame over many cycles, beside roads that know no period's powers."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import quantumbattery as qb
from quantumbattery.dynamics import periodic
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.reach.signals import Signal
from roads.extended import IS_FINER, Driven
from roads.levels import on_levels
from roads.product_space import initial, ladder, random_case

METHOD = "powers of one period"
finer = pytest.mark.skipif(not IS_FINER, reason="long double is double here")


def shaken(frequency=1.0, amplitude=2e-4, field=1.0, **rates):
    drive = qb.drive("q", amplitude, field, rotating_wave=False)
    return qb.System({"q": qb.Qubit(frequency, **rates)}, [drive], [], "q")


@pytest.fixture
def always(monkeypatch):
    """Take propagators even where they cost more than a solver in time."""

    monkeypatch.setattr(periodic, "pays", lambda *_: True)


def energies(system, chosen, times, slowest):
    """Of the battery, in extended precision, and the spread of its energies."""
    driven = Driven(system)
    states = driven.states(initial(system, chosen), times, slowest)
    name = system.battery[0]
    own = np.diag(ladder(system.sites[name], driven.whole.levels[driven.whole.names.index(name)]))
    h = driven.whole.put((name, np.diag(own - own[0])))
    return np.einsum("tij,ji->t", states, h).real.astype(float), np.ptp(own)


# --- drives without a common period --------------------------------------------------------------


@pytest.mark.parametrize("count", [13, 41, 160])
def test_the_end_of_what_never_repeats_itself_is_not_its_beginning(count):
    """Times in the last half of a step, beside a solver in time typed here."""
    w, loss, lowering = 1.77371, 0.1, np.array([[0, 1], [0, 0j]])
    fields = [qb.drive("q", 0.55, w, rotating_wave=False), qb.drive("q", -0.33, 1.0, phase=1.5)]
    cell = qb.System({"q": qb.Qubit(loss=loss)}, fields, [], "q")

    def change(t, numbers):
        rho, pull = numbers.reshape(2, 2), -0.33 * np.exp(1j * (t + 1.5))
        h = np.diag([0, 1.0]) + 1.1 * np.cos(w * t) * (lowering + lowering.T)
        h = h + pull * lowering + np.conj(pull) * lowering.T
        lost, held = lowering @ rho @ lowering.T, lowering.T @ lowering
        moved = -1j * (h @ rho - rho @ h) + loss * (lost - (held @ rho + rho @ held) / 2)
        return moved.ravel()

    times = np.linspace(0, 3, count)
    known = solve_ivp(change, (0, 3), [1, 0, 0, 0j], "DOP853", times, rtol=1e-12, atol=1e-13)
    table = cell.charge({}, times, ["energy"])
    assert "steps of Taylor series" in table.attrs["method"]
    assert np.allclose(table.energy, known.y[3].real, rtol=0, atol=1e-11)


def test_a_field_that_hardly_turns_takes_no_more_steps_than_the_time_does():
    """Its period is a million times as long; one of a batch, beside a batch of one."""
    slow = xr.DataArray([1.0, 1e-6], dims="x")
    both = shaken(1.0, 0.3, slow).charge({}, np.linspace(0, 10, 5), ["energy"]).energy
    assert 2 * np.pi / 1e-6 > 1e5 * 10

    def change(t, ket, w):
        return -1j * np.array([[0, 0.6 * np.cos(w * t)], [0.6 * np.cos(w * t), 1.0]]) @ ket

    for k, w in enumerate(slow.values):
        grid = np.linspace(0, 10, 5)
        known = solve_ivp(
            change, (0, 10), [1, 0j], "DOP853", grid, args=(w,), rtol=1e-12, atol=1e-13
        )
        assert np.allclose(both.isel(x=k), np.abs(known.y[1]) ** 2, rtol=0, atol=1e-10)


# --- many cycles ---------------------------------------------------------------------------------


def test_a_thousand_cycles_of_a_qubit():
    """The number stands in public; here it is also a product of 25-digit Taylor series."""
    table = shaken().charge({}, 2000 * np.pi, ["energy"])
    assert table.energy.item() == pytest.approx(0.904508484, abs=5e-10)
    assert METHOD in table.attrs["method"]
    assert table.attrs["solver_error"] < 1e-10
    with mpmath.workdps(25):
        one = mpmath.eye(2)
        edges = [2 * mpmath.pi * k / 16 for k in range(17)]
        for begin, end in pairwise(edges):
            one = taylor(begin, end - begin, mpmath.mpf(2e-4)) * one
        exact = float(abs((one**1000)[1, 0]) ** 2)
    assert abs(table.energy.item() - exact) < 1e-12


def taylor(begin, step, amplitude):
    """The propagator of n + 2 amplitude cos(t) (A + A^dag), by its series at `begin`."""
    still, field = mpmath.matrix([[0, 0], [0, 1]]), mpmath.matrix([[0, 1], [1, 0]]) * 2 * amplitude
    terms, total = [mpmath.eye(2)], mpmath.eye(2)
    for j in range(40):
        after = still * terms[j]
        for k in range(j + 1):
            wave = mpmath.cos(begin + k * mpmath.pi / 2) / mpmath.factorial(k)
            after += field * terms[j - k] * wave
        terms.append(after * mpmath.mpc(0, -1) / (j + 1))
        total += terms[-1] * step ** (j + 1)
    return total


def test_a_flat_qubit_turns_about_one_axis():
    """Without a frequency of its own: sin^2 of the field's integral, 2 A sin(w t) / w."""
    times = np.linspace(0, 3e4, 301)
    system = shaken(1e-30, 0.7, 1.3)
    found = system.charge({}, times, ["population"]).population
    expected = np.sin(2 * 0.7 / 1.3 * np.sin(1.3 * times)) ** 2
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_a_weak_field_and_a_negative_frequency():
    """First order in the amplitude: A^2 |int 2 cos(w s) e^{i s} ds|^2, to nine digits."""
    times = np.array([0.3, 40.0, 3000.0])
    for field in (0.7, -0.7):
        found = shaken(1.0, 1e-12, field).charge({}, times, ["population"]).population
        up, down = 1.7, 0.3
        once = (np.exp(1j * up * times) - 1) / up + (np.exp(1j * down * times) - 1) / down
        np.testing.assert_allclose(found, 1e-24 * np.abs(once) ** 2, rtol=1e-9)


def test_a_shaken_oscillator_is_displaced():
    """|alpha|^2 with alpha = -2i A int cos(w s) e^{i s} ds, for fifty cycles: levels are chosen."""
    drive = qb.drive("a", 0.05, 0.7, rotating_wave=False)
    system = qb.System({"a": qb.Oscillator(1.0)}, [drive], [], "a")
    times = np.linspace(0, 2 * np.pi * 50 / 0.7, 40)
    with on_levels():
        table = system.charge({}, times, ["energy"])
    up, down = 1.7, 0.3
    alpha = 0.05 * ((np.exp(1j * up * times) - 1) / up + (np.exp(1j * down * times) - 1) / down)
    np.testing.assert_allclose(table.energy, np.abs(alpha) ** 2, rtol=0, atol=1e-9)
    assert METHOD in table.attrs["method"]
    assert table.attrs["left_out"] <= 1e-10


@pytest.mark.filterwarnings("ignore:the 10 levels of")  # QuTiP has no more either
def test_cells_in_a_shaken_cavity():
    """Counter-rotating cells and field, beside QuTiP on the symmetric ladder."""
    cells, levels, field = 3, 10, 1.1
    system = qb.System(
        {"cavity": qb.Oscillator(1.0, levels=levels), "cells": qb.Ensemble(qb.Qubit(0.9), cells)},
        [
            qb.dipole("cavity", "cells", 0.1),
            qb.drive("cavity", 0.05, field, rotating_wave=False),
            qb.drive("cells", 0.02, 3 * field, rotating_wave=False),
        ],
        "cavity",
        "cells",
    )
    times = np.array([0.0, 7.0, 60.0, 200.0])
    table = system.charge({}, times, ["energy"], "collective")
    assert METHOD in table.attrs["method"]
    a = qutip.tensor(qutip.destroy(levels), qutip.qeye(cells + 1))
    j = qutip.tensor(qutip.qeye(levels), qutip.jmat(cells / 2, "-"))
    up = qutip.tensor(qutip.qeye(levels), qutip.jmat(cells / 2, "z")) + cells / 2
    x, y = a + a.dag(), j + j.dag()
    h = [
        a.dag() * a + 0.9 * up + 0.1 * x * y,
        [0.1 * x, lambda t: np.cos(field * t)],
        [0.04 * y, lambda t: np.cos(3 * field * t)],
    ]
    start = qutip.tensor(qutip.basis(levels, 0), qutip.basis(cells + 1, cells))
    how = {"method": "vern9", "atol": 1e-12, "rtol": 1e-12, "nsteps": 10**6}
    expected = qutip.sesolve(h, start, times, e_ops=[0.9 * up], options=how).expect[0]
    np.testing.assert_allclose(table.energy, expected, rtol=0, atol=1e-9)


# --- random systems ------------------------------------------------------------------------------


@finer
@pytest.mark.usefixtures("always")
@pytest.mark.filterwarnings("ignore:the 3 levels")  # the other road has no more either
@settings(max_examples=6)
@example(10, False)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_error_is_no_less_than_the_truth(seed, lossy):
    """Up to 1e4 periods of fields on several sites, of one frequency and its multiples."""
    plain, chosen = random_case(seed, 4 if lossy else 9, lossy)
    rng = np.random.default_rng(seed)
    slowest, fields = rng.uniform(0.5, 1.5), []
    for name in rng.permutation(list(plain.sites))[: rng.integers(1, 3)].tolist():
        size, often = rng.normal() * 10 ** rng.uniform(-2, 0), rng.integers(1, 4)
        waves = bool(rng.random() < 0.3)
        fields.append(qb.drive(name, size, often * slowest, rotating_wave=waves))
    system = qb.System(plain.sites, [*plain.interactions, *fields], plain.charger, plain.battery)
    times = np.append(rng.uniform(0, 2, 2), 10 ** rng.uniform(0, 4, 3)) * 2 * np.pi / slowest
    table = system.charge(chosen, times, ["energy"], "collective")
    expected, spread = energies(system, chosen, times, slowest)
    off = np.abs(table.energy.values - expected).max() / spread
    assert off < 1e-9
    if METHOD in table.attrs["method"]:  # and no frame in which all drives stand still
        assert off <= table.attrs["solver_error"] < 1e-8
    else:
        assert "solver_error" not in table.attrs


@finer
@pytest.mark.parametrize("loss", [0.0, 1e-3])
def test_the_error_of_ten_thousand_periods(loss):
    rng = np.random.default_rng(5)
    for _ in range(3):
        frequency, field, amplitude = rng.uniform(0.5, 2), rng.uniform(0.5, 2), rng.uniform(0, 0.5)
        system = shaken(frequency, amplitude, field, loss=loss)
        times = np.append(rng.uniform(0, 1, 2), 1.0) * 1e4 * 2 * np.pi / field
        table = system.charge({}, times, ["energy"])
        expected, spread = energies(system, {}, times, field)
        off = np.abs(table.energy.values - expected).max() / spread
        assert off <= table.attrs["solver_error"] < 1e-9


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_members_have_periods_and_times_of_their_own(loss):
    """Beside SciPy's solver, one by one."""
    amplitudes = xr.DataArray([0.1, 0.4], dims="run")
    fields = xr.DataArray([0.5, 0.0, 1.3], dims="field")
    times = xr.DataArray([[3.0, 0.0, 40.0], [55.0, 20.0, 0.1]], dims=("run", "time"))
    table = shaken(1.1, amplitudes, fields, loss=loss).charge({}, times, ["population"])
    assert METHOD in table.attrs["method"]
    for run in range(2):
        for field in range(3):
            moments = times.values[run]
            size, frequency = float(amplitudes[run]), float(fields[field])
            expected = bloch(1.1, size, frequency, loss, moments)
            found = table.population.isel(run=run, field=field)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    one = table.isel(run=1, field=2)
    alone = shaken(1.1, 0.4, 1.3, loss=loss).charge({}, times.values[1], ["population"])
    np.testing.assert_allclose(one.population, alone.population, rtol=0, atol=1e-13)


def bloch(frequency, amplitude, field, loss, times):
    """Populations of a qubit from its ground state, by DOP853 on real and imaginary parts."""

    def change(t, flat):
        p, c = flat[0].real, flat[1]  # excited population, <0|rho|1>
        drive = 2 * amplitude * np.cos(field * t)
        turned = (1j * frequency - loss / 2) * c + 1j * drive * (2 * p - 1)
        return np.array([-2 * drive * c.imag - loss * p, turned])

    order = np.argsort(times)
    start = np.zeros(2, dtype=complex)
    how = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}
    solved = solve_ivp(change, (0, times.max()), start, t_eval=times[order], **how)
    found = np.empty(len(times))
    found[order] = solved.y[0].real
    return found


def test_mixtures_and_several_preparations():
    """What moves by copies: a mixture as the sum of its kets, each alone."""
    times = np.array([500.0, 3.3])
    system = shaken(1.2, 0.3)
    mixed = {"q": qb.state(np.diag([0.3, 0.7]))}
    found = system.charge(mixed, times, ["energy"]).energy
    down, up = (system.charge({"q": qb.fock(k)}, times, ["energy"]).energy for k in (0, 1))
    np.testing.assert_allclose(found, 0.3 * down + 0.7 * up, rtol=0, atol=1e-12)


# --- periods -------------------------------------------------------------------------------------


def clocks(*frequencies, envelope=None):
    given = [np.atleast_1d(np.asarray(each, dtype=float)) for each in frequencies]
    return [Clock(k, Signal(envelope, (), 1.0, False), each) for k, each in enumerate(given)]


@pytest.mark.parametrize(
    ("given", "turns"),
    [
        ((1.0, 1.0), 1),
        ((0.7, 1.4, 2.1), 1),
        ((1.0, 1.1), 10),
        ((3.0, 2.0), 2),
        ((1 / 3, 1 / 7), 3),
        ((1.0, 0.0), 1),
        ((1.0, np.sqrt(2)), None),
        ((1.0, 1.0 + 1e-13), None),
    ],
)
def test_common_periods(given, turns):
    """In periods of the slowest."""
    found = periodic.common_period(clocks(*given), 1, 5000.0)
    if turns is None:
        assert found.item() == 5000.0
        return
    slowest = min(each for each in given if each)
    np.testing.assert_allclose(found, 2 * np.pi * turns / slowest, rtol=1e-14)


def test_periods_of_a_batch():
    one, other = np.array([1.0, 2.0, 0.0, 1.0]), np.array([3.0, 3.0, 0.0, 0.5])
    found = periodic.common_period(clocks(one, other), 4, 100.0)
    np.testing.assert_allclose(found / 2 / np.pi, [1, 1, 2, 2], rtol=1e-14)
    other = np.array([3.0, np.pi, 0.0, 0.5])
    found = periodic.common_period(clocks(one, other), 4, 100.0)
    np.testing.assert_allclose(found / 2 / np.pi, [1, 100 / 2 / np.pi, 2, 2], rtol=1e-14)
    still = clocks(np.zeros(2), np.zeros(2))
    np.testing.assert_allclose(periodic.common_period(still, 2, 100.0), 100.0, rtol=1e-14)


# --- long times, and all phases ------------------------------------------------------------------


@pytest.mark.parametrize(("time", "taken"), [(1e10, "2e-06"), (1e13, "0.002")])
def test_a_time_beyond_double_precision(time, taken):
    """Says so, and no more: nothing changes faster than was seen."""
    with pytest.warns(UserWarning, match=f"rounding has taken {taken} of a phase") as said:
        table = shaken().charge({}, time, ["energy"])
    assert len(said) == 1
    assert table.attrs["solver_error"] > 1e-6
    assert 0 <= table.energy.item() <= 1 + 1e-9


def test_a_time_at_which_no_digit_is_left():
    with pytest.raises(ValueError, match=r"rounding has taken 2e\+09 of a phase, so that no digit"):
        shaken().charge({}, 1e25, ["energy"])


def test_the_moment_of_switching_on():
    table = shaken().charge({}, 0.0, ["energy", "power"])
    assert table.energy.item() == table.power.item() == 0.0


def test_the_edge_of_a_ladder_is_looked_at_in_all_phases(monkeypatch):
    """Levels that are filled within each period alone, and empty again at its end."""
    monkeypatch.setattr("quantumbattery.charging.charge.displaced", lambda _: None)
    drive = qb.drive("a", 0.9, 3.0, rotating_wave=False)
    system = qb.System({"a": qb.Oscillator(1.0)}, [drive], [], "a")
    times = 2 * np.pi * np.array([64.0, 64.5, 64.25])
    with on_levels():
        table = system.charge({}, times, ["energy"])
    up, down = 4.0, -2.0
    alpha = 0.9 * ((np.exp(1j * up * times) - 1) / up + (np.exp(1j * down * times) - 1) / down)
    np.testing.assert_allclose(table.energy, np.abs(alpha) ** 2, rtol=0, atol=1e-9)
    assert METHOD in table.attrs["method"]
