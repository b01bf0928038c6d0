"""Batteries of several modes that fields displace, from the same without fields."""

import warnings

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb

NAMES = ["energy", "energy_variance", "passive_energy", "ergotropy", "local_ergotropy", "purity"]
NAMES += ["locked_ergotropy", "entropy", "mutual_information", "negativity", "charger_energy"]
NAMES += ["power", "passive_power", "ergotropic_power"]
TIMES = np.linspace(0.0, 3.0, 5)
START = {"c": qb.fock(1), "x": qb.bloch(1.0, 0.4)}


def three(field, levels=None, envelope=None):
    """A lossy charger with a field, and two modes of different frequencies."""
    frequencies, losses = {"c": 1.0, "x": 1.0, "y": 1.2}, {"c": 0.1, "x": 0.0, "y": 0.05}
    sites = {n: qb.Oscillator(w, loss=losses[n], levels=levels) for n, w in frequencies.items()}
    links = [qb.exchange("c", "x", 0.5), qb.exchange("c", "y", 0.7j)]
    return qb.System(sites, [*links, qb.drive("c", field, 1.05, envelope)], "c", ["x", "y"])


@pytest.mark.parametrize("extraction", ["global", "local"])
def test_a_weak_field_beside_levels(extraction):
    start = START | {"y": qb.coherent(0.03)}
    found = three(0.02).charge(start, TIMES, NAMES, extraction, disconnect=2.0)
    assert "displaced" in found.attrs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = three(0.02, 5).charge(start, TIMES, NAMES, extraction, disconnect=2.0)
    for name in NAMES:
        # What is left out there counts by its root in some of them.
        near = 1e-5 if name == "negativity" else 1e-7 if "local" in name or "ent" in name else 3e-8
        np.testing.assert_allclose(found[name], exact[name], atol=near, err_msg=name)


def test_a_strong_field_and_a_pulse():
    """What fields do not change is what there is without them, on levels; energies by moments."""
    for envelope in (None, lambda t: np.sin(t) ** 2):
        found = three(6.0, None, envelope).charge(START, TIMES, NAMES)
        calm = three(0.0).charge(START, TIMES, NAMES)
        energy = three(6.0, None, envelope).charge(START, TIMES, ["energy", "charger_energy"])
        assert found.energy.max() > 30
        for name in ("passive_energy", "purity", "negativity", "mutual_information"):
            np.testing.assert_allclose(found[name], calm[name], atol=1e-12)
        np.testing.assert_allclose(found.energy, energy.energy, rtol=1e-12)
        work = found.energy - calm.passive_energy
        np.testing.assert_allclose(found.ergotropy, work, rtol=1e-12, atol=1e-12)
        rate = (found.ergotropy - found.ergotropy[0])[1:] / TIMES[1:]
        np.testing.assert_allclose(found.ergotropic_power[1:], rate, rtol=1e-11)


def test_an_optimum_from_a_joint_start():
    """A superposition of two quanta here and two there, in a driven pair, beside many times."""
    ket = np.zeros((3, 3))
    ket[2, 0] = ket[0, 2] = np.sqrt(0.5)
    rho = np.outer(ket.ravel(), ket.ravel())
    both = qb.state(xr.DataArray(rho, dims=("row", "column"), attrs={"levels": (3, 3)}))
    sites = {"c": qb.Oscillator(loss=0.1), "x": qb.Oscillator()}
    links = [qb.exchange("c", "x", 0.5), qb.drive("c", 0.3, 1.1)]
    system, start = qb.System(sites, links, "c", "x"), {("c", "x"): both}
    found = system.optimum(start, 6.0, ["energy", "ergotropy", "power"], tolerance=1e-6)
    dense = system.charge(start, np.linspace(0.0, 6.0, 601), ["energy", "ergotropy", "power"])
    for name in ("energy", "ergotropy", "power"):
        top = float(dense[name].max())
        assert top <= float(found[f"{name}_bound"]) * (1 + 1e-9)
        assert float(found[f"{name}_max"]) == pytest.approx(top, rel=2e-4)


def test_populations_of_what_is_displaced_are_left_to_levels():
    with pytest.raises(ValueError, match="levels"):
        three(6.0).charge(START, TIMES, ["incoherent_ergotropy"], limit=0.01)


def test_what_few_states_do_not_say_under_a_field():
    """Two Fock states: coherent work by single modes, purity alone without the field."""
    sites = {"c": qb.Oscillator(loss=0.1), "x": qb.Oscillator()}
    links, start = [qb.exchange("c", "x", 0.5)], {"c": qb.fock(1), "x": qb.fock(1)}
    driven = qb.System(sites, [*links, qb.drive("c", 4.0, 1.0)], "c", "x")
    table = driven.charge(start, TIMES, ["coherent_ergotropy", "incoherent_ergotropy", "ergotropy"])
    assert "configurations" not in table.attrs
    both = table.coherent_ergotropy + table.incoherent_ergotropy
    np.testing.assert_allclose(both, table.ergotropy, rtol=1e-9)
    calm = qb.System(sites, links, "c", "x").charge(start, TIMES, ["purity"])
    found = driven.charge(start, TIMES, ["purity"])
    assert "displaced" in found.attrs
    np.testing.assert_allclose(found.purity, calm.purity, atol=1e-12)
