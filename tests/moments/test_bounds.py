"""Bounds of energies and of how they bend, beside the truth; and how near they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.by_moments import ByMoments
from quantumbattery.charging.problem import Problem
from quantumbattery.moments.bounds import bounds
from quantumbattery.network.starts import by_site
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


WARM = qb.Oscillator(loss=0.7, occupation=2.0)
RAISED = qb.jump("b", lambda n: np.diag(np.sqrt(np.arange(1, n)), -1), 0.5)

CASES = {  # what makes the energy bend, or the work, and no more than that bound does
    "a field": ({"b": qb.Oscillator()}, [qb.drive("b", 0.4, 1.0)], {}, "energy"),
    "the work of a field": ({"b": qb.Oscillator()}, [qb.drive("b", 0.4, 1.0)], {}, "work"),
    "a coherent charger": (
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0)],
        {"a": qb.coherent(1.5)},
        "energy",
    ),
    "a thermal charger": (
        {"a": qb.Oscillator(), "b": qb.Oscillator()},
        [qb.exchange("a", "b", 1.0)],
        {"a": qb.thermal(3.0)},
        "energy",
    ),
    "a bath": ({"b": WARM}, [], {}, "energy"),
    "a pump": ({"b": qb.Oscillator()}, [RAISED], {}, "energy"),
    "squeezing": (
        {"b": qb.Oscillator()}, [qb.two_photon_drive("b", 0.3, 1.0)], {}, "energy"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bounds_are_near_the_truth(name):
    """In short times, to much less than a factor of 2."""
    sites, links, start, which = CASES[name]
    system = qb.System(sites, links, [n for n in sites if n != "b"], "b")
    found = bounded(system, start, 0.02)
    energy, work, most = bent(system, start, 0.02, 41)
    if which == "energy":
        assert found.of_energy[0] <= 1.5 * energy
    else:  # the work of a field only rises: what bends it down is not there, and up is as far
        assert found.of_work[0] <= 1.5 * energy
        assert work < 0
    assert found.energy[0] >= most


def test_work_that_bends_down_is_bounded_no_more_than_it_takes():
    """A squeezed battery gives its work to a mode that is empty."""
    system = qb.System(
        {"a": qb.Oscillator(), "b": qb.Oscillator()}, [qb.exchange("a", "b", 1.0)], "a", "b"
    )
    start = {"b": qb.squeezed(1.2)}
    found = bounded(system, start, 0.02)
    _, work, _ = bent(system, start, 0.02, 41)
    assert work <= found.of_work[0] <= 40 * work


@pytest.mark.filterwarnings("ignore:the best")  # what stays as it is has no first moment
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_a_certified_optimum_is_above_all(seed):
    network = Network(seed, strong=True)
    last, of = network.rng.uniform(0.5, 4.0), ["energy", "power", "ergotropy", "ergotropic_power"]
    found = network.system().optimum(network.start, last, of)
    assert found.attrs["method"].startswith("means and covariances")
    dense = network.system().charge(network.start, np.linspace(0, last, 2001), of)
    for name in of:
        top = float(dense[name].max())
        assert top <= float(found[f"{name}_bound"]) * (1 + 1e-9) + 1e-12
        assert float(found[f"{name}_max"]) >= top * (1 - 1e-8) - 1e-12
