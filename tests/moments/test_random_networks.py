"""Random quadratic networks beside quadratures that are integrated, and beside levels."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from roads.levels import unbounded
from roads.quadratures import Network

FIGURES = ("energy", "energy_variance", "ergotropy", "purity", "entropy")


def by_moments(table):
    return table.attrs["method"].startswith("means and covariances")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_strong_ones_beside_quadratures(seed, grid, stored):
    network = Network(seed, strong=True)
    times = np.array([0.5, 1.0, 1.5, 2.0]) if grid else np.array([0.0, 0.3, 1.7, 2.2])
    end = 1.1 if stored else None
    table = network.system().charge(network.start, times, FIGURES, disconnect=end)
    assert by_moments(table)
    found = network.charged(times, np.inf if end is None else end)
    expected = np.array([network.figures(*each) for each in found]).T
    for name, values in zip(FIGURES, expected, strict=True):
        np.testing.assert_allclose(table[name], values, rtol=2e-9, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([True, "fields"]))
def test_shapes_in_time_beside_quadratures(seed, stored, shapes):
    network = Network(seed, strong=True, shapes=shapes)
    times, end = np.array([0.0, 0.4, 1.1, 1.8]), 1.3 if stored else None
    table = network.system().charge(network.start, times, FIGURES, disconnect=end)
    assert by_moments(table)
    found = network.charged(times, np.inf if end is None else end)
    expected = np.array([network.figures(*each) for each in found]).T
    for name, values in zip(FIGURES, expected, strict=True):
        np.testing.assert_allclose(table[name], values, rtol=1e-8, atol=1e-9)
    if "; " in table.attrs["method"]:
        assert table.attrs.get("solver_error", 0.0) < 1e-9


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_weak_ones_beside_levels(seed, stored):
    beside_levels(
        Network(seed, strong=False, modes=1 + seed % 2), 30 if seed % 2 == 0 else 11, stored
    )


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.floats(0.2, 0.6))
def test_stronger_ones_beside_many_levels(seed, stored, size):
    beside_levels(Network(seed, strong=False, modes=1, size=size), 110, stored)


def beside_levels(network, count, stored):
    """All figures of merit are those of the same network on so many levels."""
    names = (*FIGURES, "coherent_ergotropy", "interaction_energy")
    names += ("charger_energy", "mutual_information") * (network.modes > 1)
    given = [0.4, 1.3], names, "global", 2.0
    how = {"disconnect": 0.9 if stored else None}
    free = network.system().charge(network.start, *given[:2], **how)
    assert by_moments(free)
    with warnings.catch_warnings(), unbounded():
        warnings.simplefilter("ignore")
        cut = network.system(count)
        levels = cut.charge(network.start, *given[:2], **how)
    assert not by_moments(levels)
    for name in names:
        # entropies of what is nearly pure feel the smallest weights that a cut takes
        near = 1e-6 if name in ("entropy", "mutual_information") else 1e-9
        np.testing.assert_allclose(free[name], levels[name], atol=near)
