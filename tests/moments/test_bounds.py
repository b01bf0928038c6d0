"""Bounds of energies and of how they bend, beside the truth; and how near they are."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.problem import Problem
from quantumbattery.moments.bounds import bounds, symmetric, until
from quantumbattery.moments.over_time import moments
from quantumbattery.network.starts import by_site
from quantumbattery.quantities.measures import MEASURES
from roads.quadratures import Network


def bounded(system, start, last):
    """The bounds up to the last time."""
    started = by_site(start, system)
    axes = Batch.of(system.arrays, started, False, np.linspace(0, last, 3))
    work = ByMoments.of(Problem(system, started, axes, ("energy",), "global", 2.0), ["energy"])
    own = work.energies
    return bounds(work.motions[0], work.begun, own.places, own.h, last, 2.0)


def bent(system, start, last, count=2001):
    """The largest |E''| and -W'' of second differences, and the largest energy."""
    times = np.linspace(0, last, count)
    table = system.charge(start, times, ["energy", "ergotropy"])
    energy, work = (np.diff(table[name], 2) / times[1] ** 2 for name in table)
    return np.abs(energy).max(), (-work).max(), float(table.energy.max())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_of_random_networks(seed):
    network = Network(seed, strong=True)
    last = network.rng.uniform(0.2, 3.0)
    found = bounded(network.system(), network.start, last)
    energy, work, most = bent(network.system(), network.start, last)
    near = 1 + 1e-6  # and what rounding does to differences
    rounding = 1e-9 * (1 + most) / (last / 2000) ** 2 * 1e-5
    assert energy <= found.of_energy[0] * near + rounding
    assert work <= found.of_work[0] * near + rounding
    assert most <= found.energy[0] * near


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_from_one_moment_until_the_next(seed):
    """Of every mean and variance, after a span as long as the fastest rate or frequency takes."""
    network = Network(seed, strong=True)
    system = network.system()
    started = by_site(network.start, system)
    axes = Batch.of(system.arrays, started, False, np.zeros(1))
    work = ByMoments.of(Problem(system, started, axes, ("energy",), "global", 2.0), ["energy"])
    motion, m = work.motions[0], network.modes
    vacuum, diffusion = symmetric(motion)
    span = 1 / max(np.abs(motion.drift).sum(axis=-1).max(), 0.1)  # nothing may move at all
    times = np.linspace(0.0, span, 9)
    found = moments(motion, work.begun, range(m), times)
    means = np.abs(found.mean[:, 0])
    variances = np.einsum("gtjj->gtj", found.normal[:, 0]).real + vacuum
    first = means[:, :1], np.sqrt(variances[:, :1])
    at_most, roots = until(replace(motion, diffusion=diffusion), *first, span)
    assert (means <= at_most[..., :m] * (1 + 1e-12)).all()
    assert (variances <= roots[..., :m] ** 2 * (1 + 1e-12)).all()


WARM = qb.Oscillator(loss=0.7, occupation=2.0)
RAISED = qb.jump("b", lambda n: np.diag(np.sqrt(np.arange(1, n)), -1), 0.5)

CASES = {  # what makes the energy bend, or the work, and no more than that bound does
    "a field": ({"b": qb.Oscillator()}, [qb.drive("b", 0.4, 1.0)], {}),
    "a coherent charger": (
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0)],
        {"a": qb.coherent(1.5)},
    ),
    "a thermal charger": (
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0)],
        {"a": qb.thermal(3.0)},
    ),
    "a coherent battery": (
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0)],
        {"b": qb.coherent(1.5)},
    ),
    "a bath": ({"b": WARM}, [], {}),
    "a pump": ({"b": qb.Oscillator()}, [RAISED], {}),
    "squeezing": ({"b": qb.Oscillator()}, [qb.two_photon_drive("b", 0.3, 1.0)], {}),
}


@pytest.mark.parametrize("name", CASES)
def test_bounds_are_near_the_truth(name):
    """In short times, to much less than a factor of 2."""
    sites, links, start = CASES[name]
    system = qb.System(sites, links, [n for n in sites if n != "b"], "b")
    found = bounded(system, start, 0.004)
    energy, work, most = bent(system, start, 0.004, 41)
    assert energy * (1 - 1e-3) <= found.of_energy[0] <= 1.5 * energy
    assert work <= found.of_work[0] * (1 + 1e-3)
    assert most <= found.energy[0]


def test_the_work_of_every_squeezing_is_bounded():
    """The work is the largest of what any squeezing gives: each bends by no more, and near that."""
    link, mode = qb.exchange("a", "b", 1.0), qb.Oscillator()
    system = qb.System({"a": mode, "b": mode}, [link], "a", "b")
    start, r, times = {"b": qb.squeezed(2.0)}, 2.0, np.linspace(0.0, 0.004, 41)
    bound = bounded(system, start, 0.004).of_work[0]
    rho = np.cos(times) ** 2  # of what squeezing brings, this is left
    quanta, pairs = np.sinh(r) ** 2 * rho, -np.sinh(r) * np.cosh(r) * rho
    most = 0.0
    for size in (2 * r, -2 * r):  # as far as the state is squeezed, and as far the other way
        given = (quanta + 0.5) * (1 - np.cosh(size)) - pairs * np.sinh(size)
        most = max(most, np.abs(np.diff(given, 2)).max() / times[1] ** 2)
    assert most * (1 - 1e-3) <= bound <= 1.2 * most


def test_energies_of_what_interacts_are_bounded():
    """Two modes of a battery, in phase, whose exchange is always on, hold more than apart."""
    link = qb.exchange("a", "b", 0.5, always=True)
    system = qb.System({"a": qb.Oscillator(), "b": qb.Oscillator()}, [link], [], ["a", "b"])
    start = {"a": qb.coherent(1.0), "b": qb.coherent(1.0)}
    most = float(system.charge(start, 0.0, ["energy"]).energy)
    np.testing.assert_allclose(most, 2 + 2 * 0.5)
    assert most <= bounded(system, start, 0.01).energy[0] <= 1.1 * most


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_a_certified_optimum_is_above_all(seed):
    network = Network(seed, strong=True)
    last, of = network.rng.uniform(0.5, 4.0), ["energy", "power", "ergotropy", "ergotropic_power"]
    with warnings.catch_warnings(record=True) as heard:  # what stays as it is has no first moment
        warnings.simplefilter("always")
        found = network.system().optimum(network.start, last, of)
    assert found.attrs["method"].startswith("means and covariances")
    known = [str(each.message) for each in heard if "known to a relative" in str(each.message)]
    dense = network.system().charge(network.start, np.linspace(0, last, 2001), of)
    for name in of:
        top = float(dense[name].max())
        assert top <= float(found[f"{name}_bound"]) * (1 + 1e-9) + 1e-12
        if not any(
            f"best {MEASURES[name].long_name} is" in said for said in known
        ):  # 10^-6 of what it holds
            assert float(found[f"{name}_max"]) >= top * (1 - 1e-8) - 1e-12


def test_modes_whose_work_is_taken_out_together_are_told_what_needs_no_levels():
    warm = qb.Oscillator(loss=0.2, occupation=0.1)
    modes = {"c": warm, "m": qb.Oscillator(), "n": qb.Oscillator()}
    links = [qb.exchange("c", "m", 1.0), qb.exchange("c", "n", 0.5), qb.drive("c", 30.0, 1.0)]
    system = qb.System(modes, links, "c", ["m", "n"])
    held = {"m": qb.thermal(0.1)}  # work over the time, of a battery that is not empty
    with pytest.raises(ValueError, match=r"energy, power and ergotropy, or .* extraction='local'"):
        system.optimum(held, 5.0, "ergotropic_power", limit=0.1)
    assert float(system.optimum({}, 5.0, "ergotropy", extraction="local").ergotropy_max) > 100
