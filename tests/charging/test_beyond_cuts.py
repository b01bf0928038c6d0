"""What a cut hides: cells that more quanta would fill, and energies that nothing bounds."""

import warnings

import numpy as np
import pytest
from scipy.linalg import expm

import quantumbattery as qb


def table(system, start, times):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return system.charge(start, times, ["energy", "ergotropy"])


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def amplitude_pairs(first, second):
    """0.5 (a^2 b^dag + h.c.), on so many levels of both."""
    half = 0.5 * np.kron(lowering(first) @ lowering(first), lowering(second).T)
    return half + half.T


def test_two_quanta_for_one():
    """A memory that gives its quanta in pairs: no level is too many, and numbers are numbers."""
    sites = {"memory": qb.Oscillator(1.0), "buffer": qb.Oscillator(2.0)}
    link = qb.interaction("memory", "buffer", amplitude_pairs)
    found = table(qb.System(sites, [link], [], "memory"), {"memory": qb.coherent(0.5)}, [0.0, 0.5])
    size = 24
    numbers = np.add.outer(np.arange(size), 2 * np.arange(size)).ravel()
    h = np.diag(numbers.astype(float)) + amplitude_pairs(size, size)
    weights = np.cumprod([np.exp(-0.125), *(0.5 / np.sqrt(np.arange(1, size)))])
    ket = expm(-0.5j * h) @ np.kron(weights, np.eye(size)[0])
    energy = (np.abs(ket) ** 2).reshape(size, size).sum(axis=1) @ np.arange(size)
    np.testing.assert_allclose(found.energy, [0.25, energy], rtol=0, atol=1e-10)
    assert found.attrs["left_out"] <= 1e-10


@pytest.mark.parametrize("start", [qb.coherent(4.0), qb.thermal(8.0)])
def test_cells_that_the_cut_hides_count(start):
    """Three levels of a cavity reach two of thirty cells; what is beyond fills more."""

    def build(levels):
        cells = qb.Ensemble(qb.Qubit(), 30)
        sites = {"c": qb.Oscillator(levels=levels), "b": cells}
        return qb.System(sites, [qb.exchange("c", "b", 0.3)], "c", "b")

    cut, wide = (table(build(levels), start, [0.5, 1.0]) for levels in (3, 330))
    changed = float(np.abs(cut.energy - wide.energy).max())
    assert 5 < changed < cut.attrs["left_out"]


def test_a_matrix_between_oscillators_is_bounded_as_what_it_is():
    """0.05 (a + a^dag)(b + b^dag), as a function and as a dipole."""

    def link(first, second):
        a, b = lowering(first), lowering(second)
        return 0.05 * np.kron(a + a.T, b + b.T)

    sites = {name: qb.Oscillator(levels=6) for name in "ab"}
    found = [
        table(qb.System(sites, [each], "a", "b"), qb.fock(1), 0.3)
        for each in (qb.interaction("a", "b", link), qb.dipole("a", "b", 0.05))
    ]
    assert found[0].attrs["left_out"] == pytest.approx(found[1].attrs["left_out"])
    assert found[0].attrs["left_out"] < 1e-6


def test_where_nothing_is_known_that_is_said():
    def kerr(first, second):
        return 0.05 * np.kron(np.diag(np.arange(first)), np.diag(np.arange(second)))

    sites = {"a": qb.Oscillator(levels=6), "b": qb.Oscillator(levels=6), "c": qb.Qubit()}
    links = [qb.interaction("a", "b", kerr, always=True), qb.exchange("c", "a", 0.2)]
    system = qb.System(sites, links, "c", ["a", "b"])
    with pytest.warns(UserWarning, match="by no one knows how much"):
        found = system.charge({"a": qb.coherent(0.5)}, 0.3, ["energy"])
    assert found.attrs["left_out"] == np.inf
    assert table(system, {"a": qb.fock(1)}, 0.0).attrs["left_out"] == 0
