"""A matrix on an oscillator: what it would do beyond the cut is counted."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import quantumbattery as qb

TIME = 4.4
TWO_CELLS = np.diag([np.sqrt(2)] * 2, 1)


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def dicke(levels, cells):
    """0.2 (a + a^dag) (S + S^dag), on so many levels of a cavity and of two cells together."""
    assert cells == 3
    a = lowering(levels)
    return 0.2 * np.kron(a + a.T, TWO_CELLS + TWO_CELLS.T)


def by_matrix(link, levels=None):
    sites = {"cavity": qb.Oscillator(levels=levels), "cells": qb.Ensemble(qb.Qubit(), 2)}
    return qb.System(sites, [qb.interaction("cavity", "cells", link)], "cavity", "cells")


def dense(levels):
    """The same with NumPy alone, from two photons."""
    numbers = np.arange(levels)[:, None] + np.arange(3)
    h = np.diag(numbers.ravel().astype(float)) + dicke(levels, 3)
    start = np.zeros(3 * levels)
    start[6] = 1.0
    ket = expm(-1j * TIME * h) @ start
    return float((np.abs(ket) ** 2).reshape(levels, 3).sum(axis=0) @ np.arange(3))


@pytest.mark.parametrize("levels", [4, 8, 12])
@pytest.mark.parametrize("function", [False, True])
def test_a_matrix_on_a_cut_ladder_says_what_it_leaves_out(levels, function):
    exact = dense(80)
    assert exact == pytest.approx(1.440051, abs=1e-6)
    system = by_matrix(dicke if function else dicke(levels, 3), levels)
    with pytest.warns(UserWarning, match=f"the {levels} levels of 'cavity'"):
        table = system.charge(qb.fock(2), TIME, ["energy"])
    assert float(table.energy) == pytest.approx(dense(levels), abs=1e-10)
    assert table.attrs["left_out"] >= abs(float(table.energy) - exact)
    same = qb.System(system.sites, [qb.dipole("cavity", "cells", 0.2)], "cavity", "cells")
    with pytest.warns(UserWarning, match="levels of 'cavity'"):
        known = same.charge(qb.fock(2), TIME, ["energy"]).attrs["left_out"]
    if function:
        assert table.attrs["left_out"] == pytest.approx(known)
    else:  # an element that grows as the level is taken, where it grows as its root
        assert known < table.attrs["left_out"] < 1.6 * known


def test_a_function_of_the_levels_chooses_them():
    table = by_matrix(dicke).charge(qb.fock(2), TIME, ["energy"])
    assert float(table.energy) == pytest.approx(dense(80), abs=1e-10)
    assert table.attrs["left_out"] <= 1e-10


def test_products_of_cut_operators_have_no_wrong_last_rows():
    """(a + a^dag)^2 of a cut a lacks a part of its last element; a longer one does not."""

    def shifted(levels, cells):
        a = lowering(levels)
        return 0.05 * np.kron((a + a.T) @ (a + a.T), np.eye(cells)[::-1])

    system = qb.System(
        {"cavity": qb.Oscillator(levels=12), "cell": qb.Qubit()},
        [qb.interaction("cavity", "cell", shifted)],
        "cavity",
        "cell",
    )
    ((_, products),) = system.interactions[0].terms(list(system.sites.values()), (12, 2))
    diagonal = sum(np.kron(a.matrix(12), b.matrix(2)) for a, b in products)
    assert diagonal[22, 23] == pytest.approx(0.05 * (2 * 11 + 1))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_what_climbs_is_bounded(seed):
    """Random polynomials of second degree in a and a^dag, times random matrices on a qubit."""
    rng = np.random.default_rng(seed)
    linear, square, number = rng.uniform(0.0, [0.4, 0.1, 0.3])
    first, second = (rng.normal(size=(2, 2)) for _ in range(2))
    first, second = first + first.T, second + second.T

    def link(levels, cells):
        assert cells == 2
        a = lowering(levels + 2)
        climbing = (square * a @ a + linear * a)[:levels, :levels]
        counted = number * np.diag(np.arange(levels))
        return np.kron(climbing + climbing.T, first) + np.kron(counted, second)

    levels = int(rng.integers(4, 9))
    measures, times = ["energy", "ergotropy"], np.linspace(0.1, 1.5, 4)
    exact = _charged(link(60, 2), 60, measures, times)
    for given_link in (link, link(levels, 2)):
        cut = _charged(given_link, levels, measures, times)
        for name in measures:
            assert float(np.abs(cut[name] - exact[name]).max()) <= cut.attrs["left_out"] + 1e-9


def _charged(link, levels, measures, times):
    system = qb.System(
        {"cavity": qb.Oscillator(0.9, levels=levels), "cell": qb.Qubit()},
        [qb.interaction("cavity", "cell", link)],
        "cavity",
        "cell",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return system.charge(qb.fock(1), times, measures)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (lambda n, m: np.zeros((n, m)), "square"),
        (lambda n, _: np.zeros((n, n)), r"one matrix, 24 x 24; got shape \(8, 8\)"),
        (lambda n, m: np.triu(np.ones((n * m, n * m))), "Hermitian"),
    ],
)
def test_a_function_that_gives_something_else(link, said):
    with pytest.raises(ValueError, match=said):
        by_matrix(link, levels=2)


def test_a_function_is_named_on_the_card_and_not_written_down():
    system = by_matrix(dicke, 4)
    assert "<function dicke>" in repr(system)
    with pytest.raises(TypeError, match="a matrix that is a function cannot be written down"):
        system.to_dict()
