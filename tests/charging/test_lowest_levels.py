"""Lowest and highest energies of many parts beside listing all of them."""

from itertools import product
from math import comb, factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumbattery.charging.battery_hamiltonian import highest, lowest
from quantumbattery.network.ensembles import Ensemble, degeneracies
from quantumbattery.network.sites import Qubit, Qudit

LARGEST = 2.0**30  # beyond it a number of states is as good as endless


def every_state(ladders):
    """The energies of all states, rising, of ladders without batch axes."""
    each = [np.repeat(energies, degeneracy.astype(int)) for energies, degeneracy in ladders]
    return np.sort([sum(state) for state in product(*each)])


@st.composite
def ladders_of(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ladders = []
    for _ in range(rng.integers(1, 4)):
        d = int(rng.integers(1, 4))
        batch = ((), (1,), (3,), (2, 1), (2, 3))[rng.integers(5)]
        energies = rng.normal(size=(*batch, d))
        if rng.random() < 0.5:  # equal energies, of one part and of several together
            energies = np.round(2 * energies) / 2
        degeneracy = rng.integers(1, 5, size=d)
        ladders.append((energies, degeneracy if rng.random() < 0.5 else degeneracy.astype(float)))
    return ladders


@settings(max_examples=100)
@given(ladders_of(), st.sampled_from([1, 2, 3, 7, 20, 2000]))
def test_lowest_and_highest_against_all_states(ladders, count):
    batch = np.broadcast_shapes(*(energies.shape[:-1] for energies, _ in ladders))
    low, high = lowest(ladders, count), highest(ladders, count)
    number = min(count, prod(int(degeneracy.sum()) for _, degeneracy in ladders))
    assert low.shape == high.shape == (*batch, number)
    for k in np.ndindex(batch):
        single = [
            (np.broadcast_to(energies, (*batch, energies.shape[-1]))[k], degeneracy)
            for energies, degeneracy in ladders
        ]
        everything = every_state(single)
        np.testing.assert_allclose(low[k], everything[:count], rtol=0, atol=1e-14)
        np.testing.assert_allclose(high[k], everything[::-1][:count], rtol=0, atol=1e-14)


def test_no_parts_have_one_state():
    np.testing.assert_array_equal(lowest([], 3), [0.0])
    np.testing.assert_array_equal(highest([], 3), [0.0])


@pytest.mark.parametrize("cell", [Qubit(), Qudit([0, 1, 1.5]), Qudit([0, 0.1, 2, 3])])
@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_degeneracies_against_all_states_of_the_cells(cell, number):
    cells = Ensemble(cell, number)
    d = cell.dimension
    states = np.array(list(product(range(d), repeat=number)))
    occupations = (states[:, :, None] == np.arange(d)).sum(axis=1)
    expected = [(occupations == row).all(axis=1).sum() for row in cells.occupations]
    np.testing.assert_array_equal(degeneracies(cells), expected)
    assert degeneracies(cells).sum() == d**number


def multinomials(cells):
    return [factorial(cells.number) // prod(map(factorial, row)) for row in cells.occupations]


@pytest.mark.parametrize("cells", [Ensemble(Qubit(), 30), Ensemble(Qudit([0, 1, 2]), 20)], ids=str)
def test_degeneracies_are_multinomial_coefficients(cells):
    assert degeneracies(cells).tolist() == multinomials(cells)
    assert degeneracies(cells).sum() == cells.cell.dimension**cells.number


@pytest.mark.parametrize("number", [53, 60, 100, 1000])
def test_large_degeneracies_are_exact_until_they_are_capped(number):
    expected = [min(comb(number, m), LARGEST) for m in range(number + 1)]
    np.testing.assert_array_equal(degeneracies(Ensemble(Qubit(), number)), expected)


def test_large_degeneracies_to_many_digits():
    for cells in (Ensemble(Qubit(), 1000), Ensemble(Qudit([0, 1, 2]), 60)):
        expected = [float(min(number, 2**30)) for number in multinomials(cells)]
        np.testing.assert_allclose(degeneracies(cells), expected, rtol=1e-11)


def test_a_thousand_cells_are_not_listed():
    ladder = (np.arange(1001.0), degeneracies(Ensemble(Qubit(), 1000)))
    below = np.repeat([0, 1, 2], [1, 1000, 999])
    np.testing.assert_array_equal(lowest([ladder], 2000), below)
    np.testing.assert_array_equal(highest([ladder], 2000), 1000 - below)
    # beside a qubit with a quarter of the gap
    pair = [ladder, (np.array([0.0, 0.25]), np.ones(2))]
    np.testing.assert_array_equal(
        lowest(pair, 2004), np.repeat([0, 0.25, 1, 1.25, 2], [1, 1, 1000, 1000, 2])
    )
