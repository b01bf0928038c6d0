"""Batteries of several modes that stay coherent: all of their energy is work, and certified."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.by_moments import ByMoments, stays_coherent
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.sought_of_moments import SoughtOfMoments
from quantumbattery.network.starts import by_site

NAMES = ("c", "m", "n")
ALL = ("energy", "power", "ergotropy", "ergotropic_power")


def network(rng, size, levels=None, cells=2):
    """Random, cold and without pairs; the battery is all but the first."""
    names, links, start = NAMES[: cells + 1], [], {}
    sites = {
        name: qb.Oscillator(rng.uniform(0.6, 1.5), loss=rng.uniform(0, 0.4), levels=levels)
        for name in names
    }
    for name in names[1:]:
        links.append(qb.exchange("c", name, complex(*rng.normal(size=2))))
    for name in names[: rng.integers(1, len(names) + 1)]:
        size_here, w = size * rng.uniform(0.2, 1), rng.uniform(0.6, 1.5)
        both = bool(rng.random() < 0.6)
        links.append(qb.drive(name, size_here, w, phase=rng.uniform(0, 6), rotating_wave=both))
    if rng.random() < 0.5:
        weights = dict(zip(names, (rng.normal(size=len(names)) + 0.3j).tolist(), strict=True))
        links.append(qb.dissipator(weights, rng.uniform(0.02, 0.3)))
    if rng.random() < 0.5:
        links.append(qb.jump(names[-1], lambda n: np.diag(np.sqrt(np.arange(1, n)), 1), 0.2))
    if cells == 2 and rng.random() < 0.5:
        links.append(qb.exchange("m", "n", 0.3, always=True))
    if rng.random() < 0.6:
        start = {"c": qb.coherent(size * complex(*rng.normal(size=2))), names[-1]: qb.thermal(0.0)}
        start["m"] = qb.gaussian(0.3 * size, 0.0, 0.4, 0.0)
    return qb.System(sites, links, "c", list(names[1:])), start


@pytest.mark.filterwarnings("ignore:the best")
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32))
def test_no_moment_of_a_grid_is_above_the_certified_one(seed):
    rng = np.random.default_rng(seed)
    system, start = network(rng, 3.0)
    last = rng.uniform(0.5, 4.0)
    best = system.optimum(start, last, ALL)
    assert best.attrs["method"].startswith("means and covariances")
    dense = system.charge(start, np.linspace(0, last, 2001), ALL)
    np.testing.assert_array_equal(dense.ergotropy, dense.energy)
    for name in ALL:
        top = float(dense[name].max())
        assert top <= float(best[f"{name}_bound"]) * (1 + 1e-9) + 1e-12
        assert float(best[f"{name}_max"]) >= top * (1 - 1e-8) - 1e-12


def test_however_strong_the_drive():
    """It would take more levels than there is room for."""
    modes = {"c": qb.Oscillator(loss=0.2), "m": qb.Oscillator(), "n": qb.Oscillator()}
    links = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 0.5), qb.drive("c", 30.0, 1.0)]
    system = qb.System(modes, links, "c", ["m", "n"])
    best = system.optimum({}, 5.0, ["energy", "ergotropy"], limit=0.1)
    assert float(best.ergotropy_max) == pytest.approx(float(best.energy_max), rel=1e-9)
    assert float(best.ergotropy_time) == pytest.approx(float(best.energy_time), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 4])
def test_weak_ones_beside_levels(seed):
    """Where the battery is two modes, and the charger a third."""
    size, of = 0.02, ["ergotropy", "ergotropic_power"]
    free, start = network(np.random.default_rng(seed), size)
    best = free.optimum(start, 1.5, of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cut, _ = network(np.random.default_rng(seed), size, levels=4)
        levels = cut.charge(start, np.linspace(0, 1.5, 301), of)
    assert not levels.attrs["method"].startswith("means and covariances")
    for name in of:
        np.testing.assert_allclose(best[f"{name}_max"], levels[name].max(), rtol=1e-4, atol=1e-9)


def problem(system, start, times):
    started = by_site(start, system)
    axes = Batch.of(system.arrays, started, False, times)
    return Problem(system, started, axes, ("ergotropy",), "global", 2.0)


def test_the_work_of_modes_that_interact_bends_no_more_than_is_said():
    """In phase, what is always on between two modes adds a half to what the charger takes."""
    sites = {name: qb.Oscillator() for name in NAMES}
    links = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 1.0)]
    links += [qb.exchange("m", "n", 0.5, always=True)]
    system = qb.System(sites, links, "c", ["m", "n"])
    start, times = {"m": qb.coherent(1.0), "n": qb.coherent(1.0)}, np.linspace(0.0, 0.004, 41)
    work = ByMoments.of(problem(system, start, times), ["energy"])
    said = SoughtOfMoments(work, 0.004, 1e-9).bend("ergotropy")[0]
    bent = -np.diff(system.charge(start, times).ergotropy, 2) / times[1] ** 2
    assert bent.max() * (1 - 1e-3) <= said <= 2 * bent.max()


COLD = {name: qb.Oscillator(loss=0.1) for name in NAMES}
LINKS = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 0.5), qb.drive("c", 0.5, 1.0)]


def coherent(sites, links, start):
    system = qb.System(sites, links, "c", ["m", "n"])
    return stays_coherent(problem(system, start, np.linspace(0, 1, 3)))


def raising(n):
    return np.diag(np.sqrt(np.arange(1, n)), -1)


@pytest.mark.parametrize(
    ("sites", "links", "start"),
    [
        ({"m": qb.Oscillator(loss=0.1, occupation=0.01)}, [], {}),
        ({}, [qb.dissipator({"m": 1.0, "n": 1.0}, 0.1, 0.01)], {}),
        ({}, [qb.jump("m", raising, 0.1)], {}),
        ({}, [qb.dipole("m", "n", 0.1)], {}),
        ({}, [qb.two_photon_drive("m", 0.1, 1.0)], {}),
        ({}, [], {"c": qb.squeezed(0.1)}),
        ({}, [], {"c": qb.thermal(0.1)}),
        ({}, [], {"n": qb.gaussian(1.0, 0.0, 0.0, 0.1)}),
        ({}, [], {"n": qb.gibbs(0.3)}),
    ],
)
def test_what_is_warm_or_squeezed_does_not_stay_coherent(sites, links, start):
    assert coherent(COLD, LINKS, {"c": qb.coherent(2.0), "n": qb.fock(0)})
    assert not coherent({**COLD, **sites}, [*LINKS, *links], start)


def test_warm_modes_are_sought_beside_what_stays_passive():
    warm = {**COLD, "c": qb.Oscillator(loss=0.1, occupation=0.001)}
    links = [*LINKS[:2], qb.drive("c", 0.01, 1.0)]
    best = qb.System(warm, links, "c", ["m", "n"]).optimum({}, 0.5, "ergotropy", tolerance=1e-3)
    assert best.attrs["method"].startswith("means and covariances")
    curve = qb.System(warm, links, "c", ["m", "n"]).charge({}, np.linspace(0, 0.5, 201))
    assert float(curve.ergotropy.max()) <= best.ergotropy_bound
    assert best.ergotropy_max.item() == pytest.approx(float(curve.ergotropy.max()), rel=1e-3)
