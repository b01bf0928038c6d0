import subprocess
import sys

import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.pair import closed_form
from roads.pair import battery_of, couplings, losses, scaled_times, solve, thetas

phis = st.floats(0, 2 * np.pi)
detunings = st.one_of(st.just(0.0), st.floats(-10, 10))


def charge(theta, time, **parameters):
    return qb.QubitPair(**parameters).charge(qb.bloch(theta), time)


@given(thetas, phis, scaled_times, couplings, losses, losses, detunings, st.floats(0.1, 10))
@settings(max_examples=150)
def test_density_matrix_is_the_master_equation_s(theta, phi, scaled, j, ga, gb, d, w):
    time = scaled / j
    pair = qb.QubitPair(w, j, ga, gb, d)
    rho = pair.density_matrix(qb.bloch(theta, phi), time).to_numpy()
    exact = solve(theta, phi, time, w, j, ga, gb, d)
    np.testing.assert_allclose(rho, exact, rtol=0, atol=1e-11)


@given(thetas, phis, scaled_times, couplings, losses, losses, detunings)
@settings(max_examples=100)
def test_charge_agrees_with_merit_on_the_solved_state(theta, phi, scaled, j, ga, gb, d):
    time = scaled / j
    pair = qb.QubitPair(2.0, j, ga, gb, d)
    table = pair.charge(qb.bloch(theta, phi), time)
    joint = solve(theta, phi, time, 2.0, j, ga, gb, d)
    battery, h = battery_of(joint), np.diag([0.0, 2.0])
    for name in (
        "energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity",
        "energy_variance",
    ):  # fmt: skip
        assert float(table[name]) == pytest.approx(getattr(qb, name)(battery, h), abs=2e-11)
    assert float(table.population_inversion) == pytest.approx(
        qb.population_inversion(battery), abs=1e-11
    )
    assert float(table.coherence) == pytest.approx(qb.coherence(battery), abs=1e-11)
    assert float(table.concurrence) == pytest.approx(qb.concurrence(joint), abs=1e-6)


@given(thetas, phis, scaled_times, couplings, losses, losses, detunings)
def test_charge_agrees_with_merit_on_its_own_density_matrix(theta, phi, scaled, j, ga, gb, d):
    pair, preparation = qb.QubitPair(1.0, j, ga, gb, d), qb.bloch(theta, phi)
    table = pair.charge(preparation, scaled / j)
    rho = pair.density_matrix(preparation, scaled / j)
    assert float(table.ergotropy) == pytest.approx(
        qb.ergotropy(battery_of(rho.to_numpy()), np.diag([0.0, 1.0])), abs=1e-14
    )
    assert float(table.concurrence) == pytest.approx(float(qb.concurrence(rho)), abs=1e-7)


@given(thetas, scaled_times, couplings, losses, losses, detunings)
@settings(max_examples=300)
def test_bounds_hold_exactly(theta, scaled, j, ga, gb, d):
    t = charge(theta, scaled / j, coupling=j, charger_loss=ga, battery_loss=gb, detuning=d)
    assert 0 <= t.ergotropy <= t.energy <= 1 + 1e-15
    assert t.antiergotropy <= 0
    assert 0 <= t.passive_energy <= t.energy <= t.active_energy <= 1
    assert t.capacity <= 1 + 1e-15
    assert 0 <= t.concurrence <= 1
    assert 0 <= t.ergotropic_power <= t.power
    assert float(t.capacity) == pytest.approx(float(t.ergotropy - t.antiergotropy), abs=1e-15)
    assert float(t.energy) == pytest.approx(float(t.ergotropy + t.passive_energy), abs=1e-15)


@given(thetas, st.floats(0, 20))
def test_lossless_capacity_and_concurrence_are_complementary(theta, time):
    t = charge(theta, time)
    assert float(t.capacity**2 + t.concurrence**2) == pytest.approx(1, abs=1e-14)


@given(thetas, phis, scaled_times, losses)
def test_azimuth_changes_nothing(theta, phi, time, loss):
    pair = qb.QubitPair(charger_loss=loss)
    one = pair.charge(qb.bloch(theta, phi), time)
    other = pair.charge(qb.bloch(theta), time)
    for name in one.data_vars:
        assert float(one[name]) == float(other[name])


@given(thetas, st.floats(0, 20), st.sampled_from([1e-12, 1e-9]))
def test_small_loss_is_no_loss(theta, time, loss):
    lossy, lossless = charge(theta, time, charger_loss=loss), charge(theta, time)
    for name in lossy.data_vars:
        np.testing.assert_allclose(lossy[name], lossless[name], rtol=0, atol=100 * loss + 1e-14)


@given(thetas, scaled_times, st.sampled_from([1e-15, 1e-12, 1e-9, 1e-7]))
def test_continuous_through_the_exceptional_point(theta, time, step):
    rates = xr.DataArray([4 * (1 - step), 4.0, 4 * (1 + step)], dims="side")
    t = charge(theta, time, charger_loss=rates)
    for name in t.data_vars:
        below, at, above = t[name].to_numpy()
        assert below == pytest.approx(at, abs=50 * step + 1e-14)
        assert above == pytest.approx(at, abs=50 * step + 1e-14)


def test_exceptional_point_is_the_known_polynomial():
    # g = 4J: the amplitude is J t e^{-J t}, the double root of the damped oscillator.
    time = np.linspace(0, 10, 101)
    energy = charge(np.pi, time, charger_loss=4.0).energy
    np.testing.assert_allclose(energy, (time * np.exp(-time)) ** 2, rtol=1e-14)


def test_against_qutip():
    # basis(2, 0) with destroy(2) is the ground state, as here; the first time is the initial one.
    w, j, loss, battery_loss, d, theta, phi = 1.3, 0.7, 0.4, 0.1, 0.6, 1.1, 0.8
    a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
    h = (w + d) * a.dag() * a + w * b.dag() * b + j * (a.dag() * b + b.dag() * a)
    ket = np.cos(theta / 2) * qutip.basis(2, 0)
    ket += np.exp(1j * phi) * np.sin(theta / 2) * qutip.basis(2, 1)
    times = np.linspace(0, 6, 13)
    states = qutip.mesolve(
        h, qutip.tensor(ket, qutip.basis(2, 0)), times,
        [np.sqrt(loss) * a, np.sqrt(battery_loss) * b],
        options={"atol": 1e-13, "rtol": 1e-11, "nsteps": 100000, "progress_bar": ""},
    ).states  # fmt: skip
    pair = qb.QubitPair(w, j, loss, battery_loss, d)
    rho = pair.density_matrix(qb.bloch(theta, phi), times).to_numpy()
    np.testing.assert_allclose(rho, [s.full() for s in states], rtol=0, atol=1e-9)
    table = pair.charge(qb.bloch(theta, phi), times)
    expected = [qutip.concurrence(s) for s in states]
    np.testing.assert_allclose(table.concurrence, expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(
        table.energy, [w * qutip.expect(b.dag() * b, s) for s in states], rtol=0, atol=1e-9
    )


@given(thetas, phis, scaled_times, losses, detunings)
@settings(max_examples=50)
def test_moments_are_traces_over_the_solved_state(theta, phi, time, loss, d):
    from roads.pair import A, B

    rho = solve(theta, phi, time, 1.5, 1.0, loss, 0.2, d)
    moments = qb.QubitPair(1.5, 1.0, loss, 0.2, d).moments(qb.bloch(theta, phi), time)
    dag = np.conj(A).T, np.conj(B).T
    operators = {
        "charger_population": dag[0] @ A, "battery_population": dag[1] @ B,
        "exchange": dag[0] @ B, "charger_lowering": A, "battery_lowering": B,
        "charger_population_battery_lowering": dag[0] @ A @ B,
        "battery_population_charger_lowering": dag[1] @ B @ A,
    }  # fmt: skip
    assert set(moments.data_vars) == set(operators)
    for name, operator in operators.items():
        assert complex(moments[name]) == pytest.approx(np.trace(rho @ operator), abs=1e-11)


def test_arrays_become_axes_and_times_are_free():
    pair = qb.QubitPair(coupling=[1.0, 2.0], charger_loss=np.array([0.0, 0.5, 4.0]))
    table = pair.charge(qb.bloch([0.1, 1.0], phi=[0.0, 1.0]), [1.0, 0.0, 0.5])
    assert table.energy.dims == ("theta", "phi", "coupling", "charger_loss", "time")
    for time in (0.5, [0.5], [0.0, 0.5]):
        other = pair.charge(qb.bloch(1.0), time).energy
        other = other.sel(time=0.5) if "time" in other.dims else other
        np.testing.assert_array_equal(other, table.energy.sel(theta=1.0, phi=0.0, time=0.5))
    assert table.power.sel(time=0.0).max() == 0
    assert table.energy.attrs["units"] == "frequency"
    assert table["charger_loss"].attrs["symbol"] == r"$\gamma$"


def test_dataarrays_keep_their_dimensions():
    device = {"device": ["left", "right"]}
    coupling = xr.DataArray([1.0, 2.0], dims="device", coords=device)
    loss = xr.DataArray([0.1, 0.3], dims="device", coords=device)
    pair = qb.QubitPair(coupling=coupling, charger_loss=loss)
    table = pair.charge(qb.bloch([1.0, 2.0]), [0.5, 1.0], ["energy"])
    assert table.energy.dims == ("theta", "device", "time")
    single = qb.QubitPair(coupling=2.0, charger_loss=0.3).charge(qb.bloch(2.0), 1.0, ["energy"])
    picked = table.energy.sel(device="right", theta=2.0, time=1.0)
    assert float(picked) == pytest.approx(float(single.energy), rel=1e-15)
    assert table["coupling"].dims == ("device",)
    best = pair.optimum(qb.bloch(1.0))
    at_best = pair.charge(qb.bloch(1.0), best.energy_time)
    np.testing.assert_allclose(at_best.energy, best.energy_max, rtol=1e-15)


def test_an_array_of_times_is_as_good_as_a_labelled_one():
    times = np.array([2.0, 0.0, 1.0])
    labelled = xr.DataArray(times, dims="time", coords={"time": times})
    drift = xr.DataArray([0.1, 0.2, 0.3], dims="time", coords={"time": times})
    for pair in (qb.QubitPair(), qb.QubitPair(coupling=[1.0, 2.0], battery_loss=drift)):
        one, other = (pair.charge(qb.bloch(1.0), given) for given in (times, labelled))
        xr.testing.assert_identical(one, other)
        assert list(one.xindexes) == list(other.xindexes)
    with pytest.raises(ValueError, match=r"axes of the same name.*time \(3 labelled 9.0"):
        pair.charge(qb.bloch(1.0), [9.0, 8.0, 7.0])
    kept = times.copy()
    table = qb.QubitPair().charge(qb.bloch(1.0), times)
    times[:] = 7.0
    np.testing.assert_array_equal(table.time, kept)


def test_large_grids_are_cut_into_the_same_numbers():
    theta, loss = np.linspace(0, np.pi, 7), np.linspace(0, 5, 11)
    time = np.linspace(0, 10, 40_000)
    names = ["ergotropy", "concurrence", "passive_power"]
    big = qb.QubitPair(charger_loss=loss).charge(qb.bloch(theta), time, names)
    for i, j, k in [(0, 0, 0), (3, 5, 12_345), (6, 10, 39_999), (6, 0, 31_000)]:
        one = qb.QubitPair(charger_loss=loss[j]).charge(qb.bloch(theta[i]), time[k], names)
        for name in names:
            assert float(big[name][i, j, k]) == pytest.approx(
                float(one[name]), rel=1e-13, abs=1e-16
            )


def test_descriptions_are_frozen_equal_and_readable():
    pair = qb.QubitPair(charger_loss=[0.1, 0.2])
    assert pair == qb.QubitPair(charger_loss=[0.1, 0.2])
    assert pair != qb.QubitPair(charger_loss=[0.1, 0.3])
    assert pair != qb.QubitPair()
    assert "charger_loss=<charger_loss: 2; 0.1 to 0.2>" in repr(pair)
    with pytest.raises(AttributeError):
        pair.coupling = 2.0
    given = xr.DataArray([0.1, 0.2], dims="device")
    start = qb.bloch(given)
    given[:] = 9.0
    assert float(start.theta.max()) == 0.2
    with pytest.raises(ValueError, match="read-only"):
        start.theta[:] = 9.0


@pytest.mark.filterwarnings("ignore:by the last time, rounding has taken")
def test_no_nan_at_extreme_times_and_rates(monkeypatch):
    """Not even where they would be refused, since no digit of a phase is left."""
    monkeypatch.setattr(closed_form, "check_digits", lambda *_: None)
    with np.errstate(all="raise", under="ignore"):
        table = charge(
            np.array([0, 1e-8, 3.0, np.pi]), np.array([0, 1e-300, 1e-9, 1.0, 1e6, 1e30]),
            charger_loss=np.array([0, 1e-300, 4.0, 1e3, 1e30]), battery_loss=np.array([0.0, 4.0]),
            detuning=np.array([0.0, 5e-324, 1e-308, 1e-20, 7.0, 1e30]),
            coupling=np.array([1e-30, 1.0, 1e30]),
        )  # fmt: skip
    for name in table.data_vars:
        assert np.isfinite(table[name]).all(), name


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: qb.QubitPair(frequency=0), "frequency must be positive and finite; got 0"),
        (lambda: qb.QubitPair(coupling=-1), "coupling must be positive and finite; got -1"),
        (
            lambda: qb.QubitPair(coupling=[1, np.nan]),
            "coupling must be positive and finite; got nan",
        ),
        (lambda: qb.QubitPair(charger_loss=-0.1), "charger_loss must be zero or positive"),
        (lambda: qb.QubitPair(battery_loss=np.inf), "battery_loss must be zero or positive"),
        (lambda: qb.QubitPair(detuning=np.nan), "detuning must be finite; got nan"),
        (lambda: qb.QubitPair(coupling=[[1.0]]), "coupling has 2 dimensions"),
        (lambda: qb.QubitPair(coupling=[]), "coupling is empty"),
        (lambda: qb.QubitPair(coupling=1e308), "between 1e-30 and 1e.30 in size.; got 1e.308"),
        (lambda: charge(1.0, -1.0), "time must be zero or positive, and finite; got -1.0"),
        (lambda: charge(1.0, [0, np.inf]), "time must be zero or positive, and finite; got inf"),
        (lambda: qb.QubitPair().charge(qb.bloch(1.0), 1.0, ["work"]), "unknown measure 'work'"),
        (lambda: qb.QubitPair().charge(qb.bloch(1.0), 1.0, []), "measures is empty"),
    ],
)
def test_bad_values(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: qb.QubitPair(coupling="strong"), "coupling must be a real number.*'strong'"),
        (lambda: qb.QubitPair(coupling=1j), "coupling must be a real number"),
        (lambda: qb.QubitPair(coupling=None), "coupling must be a real number"),
        (lambda: qb.QubitPair(coupling=["1", "2"]), "coupling must be a real number"),
        (lambda: qb.QubitPair(coupling=[[1], [1, 2]]), "coupling must be a real number"),
        (lambda: qb.QubitPair().charge(1.0, 1.0), "preparation must be a qubit state"),
        (lambda: qb.QubitPair().charge(qb.bloch(1.0), "now"), "time must be a real number"),
        (lambda: qb.QubitPair().charge(qb.bloch(1.0), None), "time must be a real number.*None"),
        (lambda: qb.bloch(10**400), "theta must be a real number"),
        (lambda: qb.QubitPair().charge(qb.bloch(1.0), 1.0, 3), "measures must be a list"),
    ],
)
def test_bad_types(build, message):
    with pytest.raises(TypeError, match=message):
        build()


def test_the_described_pair_has_the_same_hamiltonian():
    from roads.pair import A, B
    from roads.reached import reach

    pair = qb.QubitPair(1.5, 0.7, 0.3, 0.1, 0.25)
    reached = reach(pair.system(), qb.bloch(1.0))
    # Configurations in dictionary order: 00, 01, 10 (charger, battery); 11 is out of reach.
    assert reached.configurations.tolist() == [[0, 0], [0, 1], [1, 0]]
    h = 1.75 * A.conj().T @ A + 1.5 * B.conj().T @ B + 0.7 * (A.conj().T @ B + B.conj().T @ A)
    np.testing.assert_allclose(
        reached.hamiltonian.matrix().toarray(), h[:3, :3], rtol=0, atol=1e-15
    )
    assert pair.system() == qb.QubitPair(1.5, 0.7, 0.3, 0.1, 0.25).system()
    rates = qb.QubitPair(coupling=[1.0, 2.0], detuning=[0.0, 0.5, 1.0]).system()
    assert rates.sites["charger"].frequency.sizes == {"detuning": 3}
    with pytest.raises(ValueError, match="frequency must be positive"):
        qb.QubitPair(1.0, detuning=-1.5).system()


def test_axes_that_clash():
    loss = xr.DataArray([0.1, 0.2, 0.3], dims="theta")
    with pytest.raises(ValueError, match="axes of the same name"):
        qb.QubitPair(charger_loss=loss).charge(qb.bloch([1.0, 2.0]), 1.0)
    labelled = xr.DataArray([0.1, 0.2], dims="theta", coords={"theta": [5.0, 6.0]})
    with pytest.raises(ValueError, match="axes of the same name"):
        qb.QubitPair(charger_loss=labelled).charge(qb.bloch([1.0, 2.0]), 1.0)
    with pytest.raises(ValueError, match="'row' is that of the matrix"):
        qb.QubitPair(charger_loss=xr.DataArray([0.1], dims="row")).density_matrix(
            qb.bloch(1.0), 1.0
        )
    with pytest.raises(ValueError, match="names of the dimensions of charger_loss are text"):
        qb.QubitPair(charger_loss=xr.DataArray([0.1], dims=(3,)))
    with pytest.raises(ValueError, match="'theta' is given twice"):
        qb.QubitPair(charger_loss=labelled).charge(qb.bloch(1.0), 1.0)


def test_the_azimuth_is_an_axis_of_the_optimum_too():
    pair = qb.QubitPair(charger_loss=[0.1, 0.5])
    best = pair.optimum(qb.bloch([1.0, 2.0], [0.1, 0.2, 0.3]))
    alone = pair.optimum(qb.bloch([1.0, 2.0]))
    assert dict(best.sizes) == {"theta": 2, "phi": 3, "charger_loss": 2}
    for name in best:
        for k in range(3):
            np.testing.assert_array_equal(best[name].isel(phi=k), alone[name])


def test_the_pair_takes_any_preparation():
    """A thermal charger is a mixture of both poles: energies are their weighted sum."""
    times, n = np.linspace(0, 4, 9), 0.4
    table = qb.QubitPair(charger_loss=0.2).charge(qb.thermal(n), times)
    pole = qb.QubitPair(charger_loss=0.2).charge(qb.bloch(np.pi), times)
    np.testing.assert_allclose(table.energy, n / (2 * n + 1) * pole.energy, rtol=0, atol=1e-13)
    np.testing.assert_allclose(table.ergotropy, 0, rtol=0, atol=1e-13)


def test_a_pair_loads_no_engine():
    """So that importing the package takes little longer than importing xarray."""
    code = (
        "import sys, quantumbattery as qb; qb.QubitPair().charge(qb.bloch(1.0), [1.0]);"
        "assert not [m for m in sys.modules if m.startswith('quantumbattery.dynamics')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("decades", [4, 6, 8])
def test_times_that_go_with_the_members_lose_no_digits(decades):
    """Each is pi/2 over its own coupling; none is looked at after many periods."""
    coupling = xr.DataArray([10.0**-decades, 1.0, 10.0**decades], dims="device")
    pair, times = qb.QubitPair(coupling=coupling, frequency=coupling), np.pi / 2 / coupling
    table = pair.charge(qb.bloch(np.pi), times, ["energy"])
    np.testing.assert_allclose(table.energy / coupling, 1.0, rtol=0, atol=1e-15)
    matrix = pair.density_matrix(qb.bloch(np.pi), times)
    np.testing.assert_allclose(matrix.sel(row="01", column="01"), 1.0, rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="rounding has taken"):
        pair.charge(qb.bloch(np.pi), 1e3 * 10.0 ** (17 - decades), ["energy"])
