"""Storage: what is left of the charge after the coupling has been switched off."""

import mpmath
import numpy as np
import pytest
import qutip
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb
from quantumbattery.pair import closed_form
from roads.pair import A, B, battery_of, couplings, losses, scaled_times, thetas

phis = st.floats(0, 2 * np.pi)
detunings = st.one_of(st.just(0.0), st.floats(-10, 10))
ends = st.one_of(st.just(0.0), st.just(np.inf), scaled_times)
rates = losses.map(lambda rate: rate if rate > 1e-100 else 0.0)  # expm overflows on others
turns = detunings.map(lambda d: d if abs(d) > 1e-100 else 0.0)
H = np.diag([0.0, 2.0])


def generator(w, j, ga, gb, d):
    """The Liouvillian as a 16 x 16 matrix, rows of the state one after the other."""
    h = (w + d) * A.conj().T @ A + w * B.conj().T @ B
    h = h + j * (A.conj().T @ B + B.conj().T @ A)
    one = np.eye(4)
    total = -1j * (np.kron(h, one) - np.kron(one, h.T))
    for rate, op in ((ga, A), (gb, B)):
        number = op.conj().T @ op
        total += rate * np.kron(op, op.conj())
        total -= rate * 0.5 * (np.kron(number, one) + np.kron(one, number.T))
    return total


def two_stages(theta, phi, time, end, w, j, ga, gb, d):
    """Charged until `end`, then the same master equation with no coupling."""
    charger = np.array([np.cos(theta / 2), np.exp(1j * phi) * np.sin(theta / 2)])
    start = np.kron(charger, [1, 0])
    rho = np.outer(start, start.conj()).ravel()
    rho = expm(generator(w, j, ga, gb, d) * min(time, end)) @ rho
    rho = expm(generator(w, 0.0, ga, gb, d) * max(time - end, 0)) @ rho
    return rho.reshape(4, 4)


@given(thetas, phis, scaled_times, ends, couplings, rates, rates, turns, st.floats(0.1, 10))
@settings(max_examples=150)
def test_the_state_is_that_of_two_master_equations(theta, phi, scaled, end, j, ga, gb, d, w):
    time, end = scaled / j, end / j
    pair, start = qb.QubitPair(w, j, ga, gb, d), qb.bloch(theta, phi)
    exact = two_stages(theta, phi, time, end, w, j, ga, gb, d)
    rho = pair.density_matrix(start, time, end).to_numpy()
    np.testing.assert_allclose(rho, exact, rtol=0, atol=1e-11)
    moments = pair.moments(start, time, disconnect=end)
    dag = np.conj(A).T, np.conj(B).T
    operators = {
        "charger_population": dag[0] @ A, "battery_population": dag[1] @ B,
        "exchange": dag[0] @ B, "charger_lowering": A, "battery_lowering": B,
    }  # fmt: skip
    for name, operator in operators.items():
        assert complex(moments[name]) == pytest.approx(np.trace(exact @ operator), abs=1e-11)


@given(thetas, phis, scaled_times, ends, couplings, rates, rates, turns)
@settings(max_examples=100)
def test_figures_of_merit_are_those_of_the_stored_state(theta, phi, scaled, end, j, ga, gb, d):
    time, end = scaled / j, end / j
    table = qb.QubitPair(2.0, j, ga, gb, d).charge(qb.bloch(theta, phi), time, disconnect=end)
    joint = two_stages(theta, phi, time, end, 2.0, j, ga, gb, d)
    battery = battery_of(joint)
    for name in (
        "energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity",
        "energy_variance",
    ):  # fmt: skip
        assert float(table[name]) == pytest.approx(getattr(qb, name)(battery, H), abs=2e-11)
    assert float(table.coherence) == pytest.approx(qb.coherence(battery), abs=1e-11)
    assert float(table.concurrence) == pytest.approx(qb.concurrence(joint), abs=1e-6)
    for power, of in (("power", "energy"), ("ergotropic_power", "ergotropy")):
        gain = float(table[of]) / time if time > 1e-100 else 0.0
        assert float(table[power]) == pytest.approx(gain, rel=1e-14)


def test_against_qutip():
    w, j, ga, gb, d, theta, phi, end = 1.3, 0.7, 0.4, 0.1, 0.6, 1.1, 0.8, 2.5
    a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
    bare = (w + d) * a.dag() * a + w * b.dag() * b
    ket = np.cos(theta / 2) * qutip.basis(2, 0)
    ket += np.exp(1j * phi) * np.sin(theta / 2) * qutip.basis(2, 1)
    jumps = [np.sqrt(ga) * a, np.sqrt(gb) * b]
    options = {"atol": 1e-13, "rtol": 1e-11, "nsteps": 100000, "progress_bar": ""}
    charging, storing = np.linspace(0, end, 6), np.linspace(end, 9, 8)
    coupled = bare + j * (a.dag() * b + b.dag() * a)
    start = qutip.tensor(ket, qutip.basis(2, 0))
    states = qutip.mesolve(coupled, start, charging, jumps, options=options).states
    later = qutip.mesolve(bare, states[-1], storing, jumps, options=options).states
    times = np.concatenate([charging, storing])
    pair = qb.QubitPair(w, j, ga, gb, d)
    rho = pair.density_matrix(qb.bloch(theta, phi), times, end).to_numpy()
    np.testing.assert_allclose(rho, [s.full() for s in states + later], rtol=0, atol=1e-9)
    table = pair.charge(qb.bloch(theta, phi), times, disconnect=end)
    expected = [qutip.concurrence(s) for s in states + later]
    np.testing.assert_allclose(table.concurrence, expected, rtol=0, atol=1e-7)


@given(thetas, scaled_times, ends, couplings, losses, losses, detunings)
@settings(max_examples=200)
def test_bounds_hold_in_storage(theta, scaled, end, j, ga, gb, d):
    pair = qb.QubitPair(1.0, j, ga, gb, d)
    t = pair.charge(qb.bloch(theta), scaled / j, disconnect=end / j)
    assert 0 <= t.ergotropy <= t.energy <= 1 + 1e-15
    assert 0 <= t.passive_energy <= t.energy <= t.active_energy <= 1
    assert 0 <= t.concurrence <= 1
    assert 0 <= t.ergotropic_power <= t.power
    assert float(t.energy) == pytest.approx(float(t.ergotropy + t.passive_energy), abs=1e-15)


@given(thetas, phis, scaled_times, losses, losses, detunings)
def test_at_the_disconnection_both_phases_agree(theta, phi, end, ga, gb, d):
    """Before T all is as without it, to the last bit, and shortly after T it is nearly the same."""
    pair, start = qb.QubitPair(1.0, 1.0, ga, gb, d), qb.bloch(theta, phi)
    times = np.array([end / 2, 0.97 * end, end])
    never, ended = pair.charge(start, times), pair.charge(start, times, disconnect=end)
    xr.testing.assert_identical(never, ended.drop_vars("disconnect"))
    step = 1e-9
    after = pair.density_matrix(start, end + step, end).to_numpy()
    np.testing.assert_allclose(
        after, pair.density_matrix(start, end).to_numpy(), rtol=0, atol=100 * step
    )


@given(thetas, scaled_times, losses, detunings, st.floats(0, 1e6))
def test_a_battery_without_loss_keeps_everything(theta, end, ga, d, wait):
    pair, start = qb.QubitPair(1.0, 1.0, ga, 0.0, d), qb.bloch(theta)
    names = [n for n in pair.charge(start, 1.0) if "power" not in n and n != "concurrence"]
    at, later = (pair.charge(start, end + t, names, disconnect=end) for t in (0.0, wait))
    xr.testing.assert_equal(at.drop_vars("time"), later.drop_vars("time"))


@given(thetas, st.floats(0.1, 5), st.floats(1e-3, 3))
def test_the_ergotropy_halves_no_later_than_the_energy(theta, end, gb):
    pair = qb.QubitPair(charger_loss=0.1, battery_loss=gb)
    times = end + np.array([0.0, np.log(2) / gb])
    table = pair.charge(qb.bloch(theta), times, ["energy", "ergotropy"], disconnect=end)
    energy, ergotropy = table.energy.to_numpy(), table.ergotropy.to_numpy()
    assert energy[1] == pytest.approx(energy[0] / 2, rel=1e-13)
    assert ergotropy[1] <= ergotropy[0] / 2 * (1 + 1e-13) + 1e-300


def test_at_the_exceptional_point():
    times, end = np.linspace(0, 6, 25), 1.5
    pair = qb.QubitPair(charger_loss=4.5, battery_loss=0.5)  # g_a - g_b = 4 J
    energy = pair.charge(qb.bloch(np.pi), times, ["energy"], disconnect=end).energy
    short = np.minimum(times, end)
    expected = (short * np.exp(-1.25 * short)) ** 2 * np.exp(-0.5 * (times - short))
    np.testing.assert_allclose(energy, expected, rtol=1e-14)


def test_no_digit_is_lost():
    """Storage so short, and a charge so full, that plain forms of 1 - p keep no digit of it."""
    mpmath.mp.dps = 60
    gb, end, theta = 1e-7, np.pi / 2, np.pi
    for wait in (1e-9, 1e-3, 10.0, 3e8):
        time = end + wait
        table = qb.QubitPair(battery_loss=gb).charge(qb.bloch(theta), time, disconnect=end)
        g, t, ended = mpmath.mpf(gb), mpmath.mpf(time), mpmath.mpf(end)
        root = mpmath.sqrt(1 - g**2 / 16)
        transfer = (mpmath.exp(-g * ended / 4) * mpmath.sin(root * ended) / root) ** 2
        p = transfer * mpmath.exp(-g * (t - ended))
        passive = min(p, 1 - p)
        assert float(table.energy) == pytest.approx(float(p), rel=1e-13)
        assert float(table.passive_energy) == pytest.approx(float(passive), rel=1e-12)
        assert float(table.energy_variance) == pytest.approx(float(p * (1 - p)), rel=1e-12)


def test_small_energies_keep_their_digits():
    """Late, so that the stored energy is tiny, the ergotropy is its coherent part."""
    mpmath.mp.dps = 60
    table = qb.QubitPair(battery_loss=0.5).charge(qb.bloch(1.0), 61.0, disconnect=1.0)
    g, s = mpmath.mpf(0.5), mpmath.sin(mpmath.mpf(0.5)) ** 2
    root = mpmath.sqrt(1 - g**2 / 16)
    f = (mpmath.exp(-g / 4) * mpmath.sin(root) / root) ** 2 * mpmath.exp(-g * 60)
    inversion, c2 = s * f - 0.5, s * (1 - s) * f
    work = inversion + mpmath.sqrt(inversion**2 + c2)
    assert float(table.ergotropy) == pytest.approx(float(work), rel=1e-13)


def test_an_array_of_disconnections_is_an_axis():
    pair = qb.QubitPair(charger_loss=[0.1, 4.0], battery_loss=0.2, detuning=0.3)
    times, ends = [3.0, 0.5, 1.0], [0.0, 1.0, 0.7, 99.0, np.inf]
    start = qb.bloch([1.0, 2.0])
    table = pair.charge(start, times, disconnect=ends)
    assert table.energy.dims == ("theta", "charger_loss", "disconnect", "time")
    assert table.disconnect.attrs == {
        "long_name": "time of disconnection", "symbol": "$T$", "units": "1/frequency",
    }  # fmt: skip
    for k, end in enumerate(ends):
        alone = pair.charge(start, times, disconnect=end)
        assert alone.disconnect.dims == ()
        for name in table:
            np.testing.assert_array_equal(table[name].isel(disconnect=k), alone[name])
    never = pair.charge(start, times)
    assert "disconnect" not in never.coords
    for name in never:  # after all times is never
        np.testing.assert_array_equal(table[name].sel(disconnect=99.0), never[name])
        np.testing.assert_array_equal(table[name].sel(disconnect=np.inf), never[name])
    assert float(table.energy.sel(disconnect=0.0).max()) == 0
    rho = pair.density_matrix(start, times, ends)
    assert rho.dims == ("theta", "charger_loss", "disconnect", "time", "row", "column")
    assert pair.moments(start, times, ends).exchange.sizes["disconnect"] == 5


def test_a_disconnection_shares_the_axes_of_others():
    times = np.array([1.0, 2.0, 3.0])
    along = xr.DataArray(times / 2, dims="time", coords={"time": times})
    pair = qb.QubitPair(battery_loss=xr.DataArray([0.0, 0.5], dims="device"))
    table = pair.charge(qb.bloch(2.0), times, disconnect=along)
    assert table.energy.dims == ("device", "time")
    assert table.disconnect.dims == ("time",)
    for k, time in enumerate(times):
        alone = pair.charge(qb.bloch(2.0), time, disconnect=time / 2)
        np.testing.assert_array_equal(table.energy[:, k], alone.energy)
        np.testing.assert_array_equal(table.concurrence[:, k], alone.concurrence)
    best = pair.optimum(qb.bloch(2.0))  # each device is disconnected at its own best time
    kept = pair.charge(qb.bloch(2.0), best.energy_time + 1, disconnect=best.energy_time)
    expected = best.energy_max * np.exp(-pair.battery_loss)
    np.testing.assert_allclose(kept.energy, expected, rtol=1e-14)


def test_large_grids_are_cut_into_the_same_numbers():
    times, ends = np.linspace(0, 9, 701), np.linspace(0, 12, 801)
    pair, start = qb.QubitPair(charger_loss=0.3, battery_loss=0.1), qb.bloch([1.0, 3.0])
    names = ["ergotropy", "passive_power", "concurrence"]
    table = pair.charge(start, times, names, disconnect=ends)
    for k in (0, 99, 400, 800):
        alone = pair.charge(start, times, names, disconnect=ends[k])
        for name in names:
            np.testing.assert_allclose(
                table[name].isel(disconnect=k), alone[name], rtol=1e-14, atol=1e-300
            )


@pytest.mark.filterwarnings("ignore:by the last time, rounding has taken")
def test_no_nan_at_extreme_moments(monkeypatch):
    monkeypatch.setattr(closed_form, "check_digits", lambda *_: None)  # it would refuse them
    moments = np.array([0, 1e-300, 1e-9, 1.0, 1e6, 1e30])
    pair = qb.QubitPair(
        charger_loss=np.array([0, 4.0, 1e30]), battery_loss=np.array([0, 1e-300, 4.0, 1e30]),
        detuning=np.array([0.0, 1e30]), coupling=np.array([1e-30, 1.0, 1e30]),
    )  # fmt: skip
    with np.errstate(all="raise", under="ignore"):
        table = pair.charge(qb.bloch([0.0, 3.0]), moments, disconnect=np.append(moments, np.inf))
    for name in table:
        assert np.isfinite(table[name]).all(), name


@pytest.mark.parametrize("read", ["charge", "moments", "density_matrix"])
@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (-1.0, ValueError, "disconnect must be a time, zero or positive; .*got -1.0"),
        ([1.0, np.nan], ValueError, "disconnect must be a time, zero or positive; .*got nan"),
        ([], ValueError, "disconnect is empty"),
        ([[1.0]], ValueError, "disconnect has 2 dimensions"),
        (1j, TypeError, "disconnect must be a real number"),
        ("soon", TypeError, "disconnect must be a real number.*'soon'"),
        (True, TypeError, "disconnect must be a real number"),
    ],
)
def test_bad_disconnections(read, end, kind, message):
    with pytest.raises(kind, match=message):
        getattr(qb.QubitPair(), read)(qb.bloch(1.0), 1.0, disconnect=end)


def test_any_preparation_is_stored():
    """A thermal charger is a mixture of both poles: energies are their weighted sum."""
    pair, times, n = qb.QubitPair(charger_loss=0.2, battery_loss=0.1), np.linspace(0, 4, 9), 0.4
    ends = [0.0, 1.2, np.inf]
    table = pair.charge(qb.thermal(n), times, ["energy", "ergotropy"], ends)
    pole = pair.charge(qb.bloch(np.pi), times, disconnect=ends)
    np.testing.assert_allclose(table.energy, n / (2 * n + 1) * pole.energy, rtol=0, atol=1e-13)
    np.testing.assert_allclose(table.ergotropy, 0, rtol=0, atol=1e-13)


def test_the_described_pair_stores_the_same():
    pair = qb.QubitPair(1.3, 0.7, [0.0, 0.4], 0.1, 0.6)
    given = (qb.bloch(1.1, 0.3), np.linspace(0, 6, 13))
    ends = [0.0, 1.0, 2.5, np.inf]
    closed, solved = (each.charge(*given, disconnect=ends) for each in (pair, pair.system()))
    assert closed.disconnect.attrs == solved.disconnect.attrs
    for name in closed:
        one, other = xr.broadcast(closed[name], solved[name])
        atol = 1e-7 if name == "concurrence" else 1e-12
        np.testing.assert_allclose(one, other.transpose(*one.dims), rtol=0, atol=atol)


def test_a_picture_says_when_storage_begins():
    pair, start, times = qb.QubitPair(battery_loss=0.1), qb.bloch(2.0), np.linspace(0, 5, 51)

    def said(end):
        figure = qb.plot.curves(pair.charge(start, times, disconnect=end))
        return [[text.get_text() for text in axes.texts] for axes in figure.axes]

    assert said(1.5) == [["disconnected"], ["disconnected"]]
    for end in (0.0, 5.0, 9.0, np.inf, None):
        assert said(end) == [[], []]
    many = pair.charge(
        start, times, ["energy"], disconnect=np.append(np.linspace(0, 2, 20), np.inf)
    )
    bar = qb.plot.curves(many).axes[1]
    assert bar.get_ylabel() == "time of disconnection $T$ (1/frequency)"
    assert bar.get_ylim() == (0.0, 2.0)
