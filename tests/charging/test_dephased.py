"""Energies of oscillators that lose their phase, beside levels, closed forms and QuTiP."""

import numpy as np
import pytest
import qutip
import xarray as xr

import quantumbattery as qb
from roads.levels import on_levels

MEASURES = ["energy", "power", "charger_energy", "interaction_energy"]
TIMES = np.array([0.0, 0.3, 2.0, 1.1, 1.1])


def pair(rng, charger=(), battery=(), fields=(), link=None):
    """Two oscillators with rates of their own."""
    u = rng.uniform
    own = [{"loss": u(0, 0.4), "dephasing": u(0.05, 0.6)} for _ in "ab"]
    sites = {
        "a": qb.Oscillator(1.0, **(own[0] | dict(charger))),
        "b": qb.Oscillator(1.2, **(own[1] | dict(battery))),
    }
    link = link or qb.exchange("a", "b", u(0.3, 1.0) * np.exp(1j * u(0, 6)))
    return qb.System(sites, [link, *fields], "a", "b")


def apart(system, start, times, measures=MEASURES):
    """The largest difference of measures from those on levels."""
    found = system.charge(start, times, measures)
    assert found.attrs["method"].startswith("means of second order")
    assert "levels" not in found.attrs
    with on_levels():
        known = system.charge(start, times, measures)
    assert known.attrs["left_out"] < 1e-9
    return max(float(np.abs(found[name] - known[name]).max()) for name in measures)


@pytest.mark.parametrize("seed", range(6))
def test_starts_of_any_kind_without_fields(seed):
    """Fock, Bloch, given and joint states, each on a handful of levels."""
    rng = np.random.default_rng(seed)
    ket = rng.normal(size=4) + 1j * rng.normal(size=4)
    state, both = (qb.state(ket / np.linalg.norm(ket), **n) for n in ({}, {"levels": [2, 2]}))
    starts = [
        {"a": qb.fock(3)},
        {"a": qb.bloch(1.1, 0.4), "b": qb.fock(1)},
        {"a": state, "b": qb.bloch(0.7, 2.0)},
        {("a", "b"): both},
        {"b": state},
        {"a": qb.fock(2), "b": state},
    ]
    assert apart(pair(rng), starts[seed], TIMES) < 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_fields_pairs_and_warm_baths(seed):
    """Weak ones, of which a few levels hold all; a dipole brings its own pairs."""
    rng = np.random.default_rng(seed)
    u = rng.uniform
    fields = [
        [qb.drive("a", u(0.05, 0.15), 1.1, phase=u(0, 6))],
        [qb.two_photon_drive("b", u(0.02, 0.04), 1.0, phase=u(0, 6))],
        [qb.drive("b", 0.1, 0.9), qb.drive("a", 0.05, 1.0, rotating_wave=False)],
        [],
    ][seed]
    link = qb.dipole("a", "b", 0.03) if seed == 3 else None
    warm = {"occupation": 0.02, "loss": 0.2} if seed == 0 else {}
    measures = MEASURES[: 4 if seed != 3 else 3]
    assert apart(pair(rng, warm, {}, fields, link), {}, TIMES[:3] / 2, measures) < 2e-9


def test_strong_fields_beside_an_exponential_of_moments():
    """Fifty quanta: the equations of N_a, N_b, <a>, <b> and <a^dag b> typed by hand."""
    f, k, g, da, db = 6.0, 0.4, 0.7, 0.3, 0.2
    sites = {"a": qb.Oscillator(loss=k, dephasing=da), "b": qb.Oscillator(dephasing=db)}
    system = qb.System(sites, [qb.exchange("a", "b", g), qb.drive("a", f, 1.0)], "a", "b")
    times = np.linspace(0, 8, 33)
    table = system.charge({}, times, ["energy", "charger_energy"])

    # x = (a, b, a*, b*, N_a, N_b, <a^dag b>, <b^dag a>, 1)
    m = np.zeros((9, 9), complex)
    m[0, [0, 1, 8]] = -k / 2 - da, -1j * g, -1j * f
    m[1, [1, 0]] = -db, -1j * g
    m[2:4, 2:4], m[2:4, 8] = m[:2, :2].conj(), m[:2, 8].conj()
    m[4, [4, 6, 7, 2, 0]] = -k, -1j * g, 1j * g, -1j * f, 1j * f
    m[5, [6, 7]] = 1j * g, -1j * g
    m[6, [6, 4, 5, 1]] = -k / 2 - da - db, -1j * g, 1j * g, 1j * f
    m[7, [7, 4, 5, 3]] = -k / 2 - da - db, 1j * g, -1j * g, -1j * f
    start = np.zeros(9)
    start[8] = 1.0
    step = qutip.Qobj(m * times[1]).expm().full()
    known = [start.astype(complex)]
    for _ in times[1:]:
        known.append(step @ known[-1])
    known = np.array(known)
    assert table.charger_energy.max() > 50
    np.testing.assert_allclose(table.charger_energy, known[:, 4].real, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(table.energy, known[:, 5].real, rtol=1e-10, atol=1e-9)


def test_steady_states():
    """What a field and a bath keep up, beside late times; turning fields are left to levels."""
    sites = {"a": qb.Oscillator(loss=0.8, dephasing=0.3, occupation=2.0), "b": qb.Oscillator()}
    system = qb.System(sites, [qb.exchange("a", "b", 0.7), qb.drive("a", 5.0, 1.0)], "a", "b")
    rest = system.charge({}, np.inf, ["energy", "charger_energy", "power"])
    late = system.charge({}, 120.0, ["energy", "charger_energy"])
    np.testing.assert_allclose(rest.energy, late.energy, rtol=1e-10)
    np.testing.assert_allclose(rest.charger_energy, late.charger_energy, rtol=1e-10)
    assert rest.power.item() == 0.0
    assert rest.energy > 20


def test_a_mode_that_loses_nothing_has_no_steady_state_of_its_own():
    """It takes more for ever, so that no number comes of rounding; or shares what it starts in."""
    sites = {"a": qb.Oscillator(dephasing=0.3), "b": qb.Oscillator(1.3, dephasing=0.1)}
    link = qb.exchange("a", "b", 0.7)
    for field, why in (
        (qb.drive("a", 0.3, 1.0), "loses nothing, so that what it starts in, or is driven to"),
        (qb.two_photon_drive("a", 0.1, 1.0), "brings oscillators more than they lose"),
    ):
        with pytest.raises(ValueError, match=why):
            qb.System(sites, [link, field], "a", "b").charge({}, np.inf, ["energy"])
    shared = qb.System(sites, [link], "a", "b").charge(qb.fock(1), np.inf, ["energy"])
    assert shared.energy.item() == pytest.approx(1.3 / 2, abs=1e-12)


def test_an_idle_oscillator_does_not_keep_others_from_their_rest():
    """Nothing joins it, it loses nothing, and it stays empty: the others are as without it."""
    sites = {"a": qb.Oscillator(loss=1.0, dephasing=0.3), "b": qb.Oscillator(loss=0.2)}
    links = [qb.exchange("a", "b", 0.4), qb.two_photon_drive("a", 0.05, 1.0)]
    alone = qb.System(sites, links, "a", "b").charge({}, np.inf, ["energy"])
    beside = qb.System(sites | {"idle": qb.Oscillator()}, links, "a", "b")
    found = beside.charge({}, np.inf, ["energy"])
    assert found.energy.item() == pytest.approx(alone.energy.item(), abs=1e-9)


def test_many_members_and_times_of_their_own():
    """Rates, fields and times over axes: each as if it were alone."""
    rate = xr.DataArray([0.1, 0.5, 2.0], dims="rate")
    field = xr.DataArray([1.0, 3.0], dims="field")
    times = xr.DataArray(np.arange(12.0).reshape(4, 3) / 3, dims=("time", "rate"))

    def made(rate, field):
        sites = {"a": qb.Oscillator(loss=0.2, dephasing=rate), "b": qb.Oscillator()}
        return qb.System(sites, [qb.exchange("a", "b", 0.7), qb.drive("a", field, 1.0)], "a", "b")

    start = {"b": qb.coherent(1.0)}
    whole = made(rate, field).charge(start, times, ["energy", "power"])
    for k, each in enumerate(rate.values):
        for j, size in enumerate(field.values):
            own = made(each, size).charge(start, times.values[:, k], ["energy", "power"])
            for name in ("energy", "power"):
                here = whole[name].isel(rate=k, field=j)
                np.testing.assert_allclose(here, own[name], rtol=1e-10, atol=1e-11)


def test_what_grows_for_too_long_says_so():
    sites = {"a": qb.Oscillator(dephasing=0.01), "b": qb.Oscillator()}
    links = [qb.exchange("a", "b", 0.1), qb.two_photon_drive("a", 2.0, 1.0)]
    system = qb.System(sites, links, "a", "b")
    with pytest.raises(ValueError, match="grow so fast that by t = 1e\\+03 their numbers overflow"):
        system.charge({}, [1.0, 1000.0], ["energy"])


def test_what_is_always_on_in_the_battery():
    """Cells that are joined for ever, of given levels and of any: a conserved energy, by hand."""
    for levels in (None, 6):
        cells = {n: qb.Oscillator(dephasing=0.2, levels=levels) for n in "abc"}
        links = [qb.exchange("a", "b", 0.3), qb.exchange("b", "c", 0.2, always=True)]
        system = qb.System(cells, links, "a", ["b", "c"])
        if levels is None:
            found = system.charge(qb.fock(1), [0.0, 40.0], ["energy", "charger_energy"])
            assert "levels" not in found.attrs
            # all sites end with a third of the quantum, and no coherence between any
            assert found.charger_energy.values[1] == pytest.approx(1 / 3, abs=1e-3)
            assert found.energy.values[1] == pytest.approx(2 / 3, abs=2e-3)
        else:
            known = system.charge(qb.fock(1), [0.0, 40.0], ["energy", "charger_energy"])
            for name in ("energy", "charger_energy"):
                np.testing.assert_allclose(known[name] - known[name][0],
                                           found[name] - found[name][0], atol=1e-9)  # fmt: skip
