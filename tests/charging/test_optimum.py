"""Certified optima beside the pair's closed forms, dense grids and exact peaks."""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging import converged_cutoffs
from quantumbattery.reach.terms import hamiltonian_terms
from roads.product_space import random_case

SOUGHT = ("energy", "power", "ergotropy", "ergotropic_power")


@pytest.mark.parametrize("theta", [0.4, np.pi / 2, np.pi])
@pytest.mark.parametrize("loss", [0.0, 0.3, 4.0])
def test_the_pair(theta, loss):
    """Its best times are known in closed form; without loss the same peak comes back for ever."""
    pair = qb.QubitPair(charger_loss=loss)
    found = pair.system().optimum(qb.bloch(theta), 12.0)
    known = pair.optimum(qb.bloch(theta))
    for name in SOUGHT:
        best = known[f"{name}_max"].item()
        assert found[f"{name}_max"].item() == pytest.approx(best, abs=1e-14)
        assert best <= found[f"{name}_bound"].item() + 1e-14
        assert found[f"{name}_bound"].item() <= best + 1e-9 * max(best, 1e-3)
        expected = known[f"{name}_time"].item()
        np.testing.assert_allclose(found[f"{name}_time"], expected, rtol=0, atol=3e-8)


def test_a_batch_of_pairs():
    rng = np.random.default_rng(3)
    coupling = xr.DataArray(rng.uniform(0.5, 2, 20), dims="device")
    loss = xr.DataArray(rng.uniform(0, 2, 20), dims="device")
    theta = xr.DataArray([0.5, 1.5, 3.0], dims="angle")
    pair = qb.QubitPair(coupling=coupling, charger_loss=loss)
    found = pair.system().optimum(qb.bloch(theta), 15.0)
    known = pair.optimum(qb.bloch(theta))
    for name in SOUGHT:
        best = known[f"{name}_max"].transpose(*found.dims)
        np.testing.assert_allclose(found[f"{name}_max"], best, rtol=0, atol=1e-13)
        assert (found[f"{name}_bound"] >= best - 1e-13).all()
    assert found.energy_max.attrs["long_name"] == "largest stored energy"


def driven_or_not(system):
    """The same under a field, unless its interactions let no frame turn with that."""
    field = qb.drive("a", 0.7, 1.0)
    driven = qb.System(system.sites, [*system.interactions, field], "a", "b")
    return driven if not hamiltonian_terms(driven, dimensions(driven)).signals else system


def dimensions(system):
    return {name: site.dimension for name, site in system.sites.items()}


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
@pytest.mark.filterwarnings("ignore:the 3 levels")
def test_no_point_exceeds_the_bound(seed, lossy, driven):
    system, chosen = random_case(seed, 24, lossy)
    chosen = {name: start for name, start in chosen.items() if name != "b"}
    if driven:
        system = driven_or_not(system)
    found = system.optimum(chosen, 3.0, ["energy", "ergotropy"], 1e-6, extraction="collective")
    times = np.linspace(0, 3, 1501)
    table = system.charge(chosen, times, ["energy", "ergotropy"], "collective")
    for name in ("energy", "ergotropy"):
        value, bound = found[f"{name}_max"].item(), found[f"{name}_bound"].item()
        top = float(table[name].max())
        assert top <= bound + 1e-12
        assert top <= value + 1e-6 * max(value, 1e-3)
        if value:
            at = found[f"{name}_time"].item()
            there = system.charge(chosen, at, [name], "collective")[name].item()
            assert there == pytest.approx(value, abs=1e-9)


def test_one_photon_and_many_cells():
    """sin^2(sqrt(N) g t): the first peak, however many follow."""
    system = qb.models.tavis_cummings(cells=20)
    found = system.optimum(qb.fock(1), 50.0, "energy")
    assert found.energy_time.item() == pytest.approx(np.pi / 2 / np.sqrt(20), abs=1e-8)
    assert found.energy_max.item() == pytest.approx(1.0, abs=1e-13)
    assert found.energy_bound.item() <= 1 + 1e-9


def test_the_horizon_may_be_the_best_moment():
    found = qb.QubitPair().system().optimum(qb.bloch(np.pi), 0.5, "energy")
    assert found.energy_time.item() == 0.5
    assert found.energy_max.item() == pytest.approx(np.sin(0.5) ** 2, abs=1e-15)


def test_what_is_never_positive():
    """Beyond gamma = 1.021 J a full charger's loss leaves no work (the paper, theta = pi)."""
    system = qb.QubitPair(charger_loss=2.0).system()
    found = system.optimum(qb.bloch(np.pi), 3.0, "ergotropy", 1e-6)
    assert np.isnan(found.ergotropy_time.item())
    assert found.ergotropy_max.item() == 0.0
    assert 0 <= found.ergotropy_bound.item() <= 1e-6


def test_near_ties_go_to_the_higher_peak():
    """The frequencies of a line of four do not fit together: no two peaks are alike."""
    system = qb.models.chain(couplings=[1.0, 1.0, 1.0])
    found = system.optimum(qb.fock(1), 60.0, "energy", 1e-10)
    table = system.charge(qb.fock(1), np.linspace(0, 60, 60_001), ["energy"])
    assert found.energy_max.item() >= float(table.energy.max()) - 1e-10
    assert found.energy_time.item() == pytest.approx(float(table.energy.idxmax("time")), abs=2e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"horizon": -1.0}, "horizon must be"),
        ({"horizon": [1.0, 2.0]}, "one positive and finite time"),
        ({"of": "speed"}, "of must name some of"),
        ({"of": []}, "of must name some of"),
        ({"of": None}, "of must name some of"),
        ({"tolerance": 0.0}, "tolerance must be"),
        ({"limit": -1.0}, "limit must be a positive number of GiB"),
    ],
)
def test_bad_input(change, says):
    given = {"preparation": qb.bloch(1.0), "horizon": 2.0} | change
    with pytest.raises(ValueError, match=says):
        qb.QubitPair().system().optimum(**given)


def test_a_horizon_too_long_for_the_tolerance_is_said(monkeypatch):
    """All moments looked at are too few; the bound is one, and not above what a qubit holds."""
    monkeypatch.setattr("quantumbattery.charging.sought.MOST_POINTS", 1 << 18)
    pair = qb.QubitPair(charger_loss=0.1)
    with pytest.warns(UserWarning, match=r"best stored energy is known to a relative .* only"):
        best = pair.system().optimum(qb.bloch(2.0), 6e5, of="energy")
    true = pair.optimum(qb.bloch(2.0)).energy_max  # in closed form
    assert best.energy_max < true - 0.01
    assert true <= best.energy_bound <= 1
    assert np.isnan(best.energy_time)  # the first of what was seen need not be the first


@pytest.mark.parametrize("loss", [0.0, [0.0, 1e5]])
def test_members_do_not_depend_on_their_company(monkeypatch, loss):
    """Lossless pairs are first full at pi / 2J, with too few points for all members together."""
    monkeypatch.setattr("quantumbattery.charging.sought.MOST_POINTS", 1 << 17)
    strength = xr.DataArray(np.linspace(1.0, 2.0, 12), dims="strength")
    pairs = qb.QubitPair(coupling=strength, charger_loss=loss).system()
    with warnings.catch_warnings():
        warnings.simplefilter("error" if loss == 0 else "ignore")
        best = pairs.optimum(qb.bloch(np.pi), 2000.0, of="energy")
    known = best if loss == 0 else best.isel(charger_loss=0)
    times = known.energy_time.transpose("strength")
    np.testing.assert_allclose(times, np.pi / 2 / strength, rtol=0, atol=1e-7)
    np.testing.assert_allclose(known.energy_max, 1.0, rtol=0, atol=1e-9)
    if loss != 0:
        assert np.isnan(best.isel(charger_loss=1).energy_time).all()


def test_one_qubit_with_coherence_beside_one_without():
    """What is never positive is nothing, whoever is beside it; the pair knows in closed form."""
    theta = np.array([1.0, np.pi])
    pair = qb.QubitPair(charger_loss=[0.0, 6.0])
    best = pair.system().optimum(qb.bloch(theta), 10.0, of="ergotropy")
    true = pair.optimum(qb.bloch(theta))
    np.testing.assert_allclose(best.ergotropy_max, true.ergotropy_max, rtol=0, atol=1e-9)
    assert np.isnan(best.ergotropy_time.sel(theta=np.pi, charger_loss=6.0))


def test_points_that_all_are_used_on_one_of_many_equal_peaks():
    """Every peak is as high: the value is known long before it is known which is the first."""
    with pytest.warns(UserWarning, match="Times are NaN where the first is not known"):
        best = qb.QubitPair().system().optimum(qb.bloch(np.pi), 1e6, of="energy")
    assert np.isnan(best.energy_time)
    assert 1.0 - 1e-9 <= best.energy_max <= best.energy_bound <= 1.0


def test_a_taken_name_of_an_axis():
    strength = xr.DataArray([0.1, 0.2], dims="energy_max")
    with pytest.raises(ValueError, match="'energy_max' names both a quantity and an axis"):
        qb.QubitPair(coupling=strength).system().optimum(qb.bloch(2.0), 3.0)


def test_a_shape_in_time_has_no_certificate():
    system = qb.System({"b": qb.Qubit()}, [qb.drive("b", 0.3, 1.0, np.cos)], [], "b")
    with pytest.raises(ValueError, match="keep their shape"):
        system.optimum({}, 2.0)


@pytest.mark.parametrize("coupling", [1e-7, 1e-5])
def test_small_is_not_nothing(coupling):
    """sin^2(Jt), which has just begun."""
    best = qb.QubitPair(coupling=coupling).system().optimum(qb.bloch(np.pi), 1.0)
    for name in ("energy", "power"):
        np.testing.assert_allclose(best[f"{name}_max"], np.sin(coupling) ** 2, rtol=1e-8)
        assert best[f"{name}_time"] == 1.0
    assert np.isnan(best.ergotropy_time)


def test_what_never_comes_is_nothing():
    """Two ways that interfere, and no energy at all."""
    ways = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 1.0)]
    ways += [qb.exchange("m", "b", 1.0), qb.exchange("n", "b", -1.0)]
    system = qb.System(dict.fromkeys("cmnb", qb.Qubit()), ways, "c", "b")
    best = system.optimum(qb.fock(1), 5.0, tolerance=1e-6)
    assert all(np.isnan(best[f"{name}_time"]) for name in ("energy", "power", "ergotropy"))


def test_a_battery_that_nothing_charges_is_best_at_once():
    """Its energy and its work stay as they are: the first of all moments is the best."""
    battery = qb.Oscillator(1.28955, levels=3)
    alone = qb.System({"charger": qb.Qubit(), "battery": battery}, [qb.shift("battery", 0.385669)])
    rng = np.random.default_rng(6)
    for _ in range(5):
        root = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
        rho = root @ root.conj().T
        found = alone.optimum({"battery": qb.state(rho / np.trace(rho))}, 2.0)
        assert found.energy_time == 0
        assert found.ergotropy_time == 0


def test_tolerance_and_limit_are_single_numbers():
    system = qb.models.qubit_pair()
    for wrong in ({"tolerance": [1e-9]}, {"limit": [2.0]}):
        with pytest.raises(ValueError, match="not an array"):
            system.optimum(qb.bloch(1.0), 2.0, **wrong)


def test_what_turns_in_every_frame_is_refused_before_work(monkeypatch):
    """However many levels a first look would take."""

    def never(*_):
        raise AssertionError("solved")

    monkeypatch.setattr(converged_cutoffs, "solve", never)
    sites = {"c": qb.Oscillator(loss=0.1), "b": qb.Qubit()}
    links = [qb.dipole("c", "b", 0.2), qb.drive("c", 0.4, 1.1)]
    with pytest.raises(ValueError, match="turns in every frame"):
        qb.System(sites, links, "c", "b").optimum({}, 10.0)
