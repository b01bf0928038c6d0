"""Charging for millions of periods: how many digits are left, and what is said of it."""

import re
import warnings

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


def charged(system, start, times):
    """Populations of the battery, and how much of a phase is said to be lost."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        energy = system.charge(start, times, ["energy"]).energy.to_numpy()
    found = [re.search(r"has taken (\S+) of a phase", str(each.message)) for each in said]
    return energy, max([3e-9, *(float(each[1]) for each in found if each)])


@pytest.mark.parametrize("latest", [1e5, 1e7, 1e9])
def test_cavities_without_loss_keep_their_digits(latest):
    """They transmit as qubits do, whose closed form knows sin(J t) to the last digit."""
    times = latest * np.linspace(0.9, 1.0, 7)
    right, _ = charged(qb.QubitPair(), qb.bloch(np.pi), times)
    energy, _ = charged(qb.models.oscillator_pair(), qb.fock(1), times)
    np.testing.assert_allclose(energy, right, rtol=0, atol=1e-13)


@pytest.mark.parametrize("latest", [1e5, 1e7, 3e8])
@pytest.mark.parametrize("seed", range(4))
def test_a_little_loss_costs_hardly_more_digits(seed, latest):
    rng = np.random.default_rng(seed)
    coupling, loss = rng.uniform(0.5, 2.0), 10.0 ** rng.uniform(-11, -9)
    pair = qb.QubitPair(coupling=coupling, charger_loss=loss)
    sites = {"charger": qb.Oscillator(loss=loss), "battery": qb.Oscillator()}
    cavities = qb.System(sites, [qb.exchange("charger", "battery", coupling)])
    at_odds, even = latest * rng.uniform(0.5, 1.0, 9), latest * np.linspace(0.5, 1.0, 9)
    for times in (at_odds, even, even[-1:]):
        right, _ = charged(pair, qb.bloch(np.pi), times)
        for system in (pair.system(), cavities):
            energy, said = charged(system, qb.fock(1), times)
            lost = np.finfo(float).eps * coupling * latest
            assert np.abs(energy - right).max() <= 8 * lost + 1e-13
            assert np.abs(energy - right).max() <= said


@pytest.mark.parametrize("latest", [1e5, 1e7, 3e8])
def test_no_more_is_lost_than_is_said(latest):
    """Of two modes with a dipole link g, which are those of w^2 +- 2 g w by themselves."""
    w, g, times = 1.0, 0.15, latest * np.linspace(0.5, 1.0, 9)
    sites = {"charger": qb.Oscillator(w), "battery": qb.Oscillator(w)}
    system = qb.System(sites, [qb.dipole("charger", "battery", g)])
    energy, said = charged(system, {"charger": qb.coherent(1.0)}, times)
    moved = []
    for sign in (1, -1):
        own = np.sqrt(w * w + sign * 2 * g * w)
        c, s = np.cos(own * times), np.sin(own * times)
        moved.append(np.array([[c, w / own * s], [-own / w * s, c]]))
    kept, given = (moved[0] + moved[1]) / 2, (moved[0] - moved[1]) / 2
    noise = sum((each**2).sum(axis=(0, 1)) for each in (kept, given)) / 4 - 0.5
    mean = given[:, 0] * np.sqrt(2)
    right = (mean**2).sum(axis=0) / 2 + noise
    assert np.abs(energy / w - right).max() <= said


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("kind", [qb.Qubit, qb.Oscillator])
def test_members_with_times_of_their_own_keep_their_digits(unit, kind):
    """The fastest member and the latest time are not of one member."""
    units = xr.DataArray([1 / unit, 1.0, unit], dims="k")
    sites = {"charger": kind(units), "battery": kind(units)}
    system = qb.System(sites, [qb.exchange("charger", "battery", units)])
    energy, said = charged(system, qb.fock(1), 0.7 / units)
    np.testing.assert_allclose(energy / units, np.sin(0.7) ** 2, rtol=1e-12)
    assert said <= 3e-9
