"""Matrices from their entries, dense or sparse, and what they join, beside NumPy and networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import issparse

from quantumbattery.reach.sparse import (
    above,
    adjoint,
    components,
    entries,
    product,
    reachable,
    sparse,
)

SIZES = [3, 40, 20_000]  # dense, sparse, and left to SciPy


def drawn(seed, size, number):
    rng = np.random.default_rng(seed)
    row, column = rng.integers(0, size, (2, number))
    return rng.integers(-3, 4, number) + 1j * rng.integers(-3, 4, number), row, column


def whole(matrix):
    return matrix.toarray() if issparse(matrix) else matrix


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 40]), st.integers(0, 60))
def test_matrices_of_entries(seed, size, number):
    """Whole numbers, so that all sums are exact; several entries at one place add up."""
    one, two = drawn(seed, size, number), drawn(seed + 1, size, number)
    dense = [np.zeros((size, size), dtype=complex) for _ in range(2)]
    for matrix, (value, row, column) in zip(dense, (one, two), strict=True):
        for v, r, c in zip(value, row, column, strict=True):
            matrix[r, c] += v
    a, b = (sparse(*each, (size, size)) for each in (one, two))
    assert issparse(a) == (size > 32)
    np.testing.assert_array_equal(whole(a), dense[0])
    np.testing.assert_array_equal(whole(product(a, b)), dense[0] @ dense[1])
    np.testing.assert_array_equal(whole(adjoint(a)), dense[0].conj().T)
    np.testing.assert_array_equal(whole(above(a, b)), np.concatenate(dense))
    value, row, column = entries(a)
    again = np.zeros((size, size), dtype=complex)
    np.add.at(again, (row, column), value)
    np.testing.assert_array_equal(again, dense[0])


def test_what_cancels_is_exactly_zero():
    """A rotation and back, as of the Hermitian parts of a density matrix: no rounding is left."""
    half = np.sqrt(0.5)
    turn = sparse(
        np.array([half, half, 1j * half, -1j * half]),
        np.array([0, 0, 1, 1]),
        np.array([0, 1, 0, 1]),
        (2, 2),
    )
    back = product(turn, adjoint(turn))
    assert back[0, 1] == back[1, 0] == 0
    np.testing.assert_allclose(back, np.eye(2), atol=1e-15)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_joined_and_what_is_reached(size, seed):
    """Beside sets that are merged, and steps that are taken, one by one."""
    _, row, column = drawn(seed, size, size * 2 // 3)
    label = components(row, column, size)
    root = list(range(size))

    def find(k):
        while root[k] != k:
            root[k] = root[root[k]]
            k = root[k]
        return k

    for r, c in zip(row.tolist(), column.tolist(), strict=True):
        root[find(r)] = find(c)
    sets = [find(k) for k in range(size)]
    assert len(set(zip(sets, label.tolist(), strict=True))) == len(set(sets)) == label.max() + 1
    first = np.unique(row[:2])
    leads = {}
    for r, c in zip(row.tolist(), column.tolist(), strict=True):
        leads.setdefault(r, []).append(c)
    seen, left = set(first.tolist()), first.tolist()
    while left:
        for c in leads.get(left.pop(), []):
            if c not in seen:
                seen.add(c)
                left.append(c)
    found = reachable(row, column, size, first)
    assert len(found) == len(seen)
    assert set(found.tolist()) == seen


def test_nothing_is_joined_without_pairs():
    none = np.zeros(0, dtype=np.int64)
    np.testing.assert_array_equal(components(none, none, 3), [0, 1, 2])
    assert set(reachable(none, none, 3, np.array([2, 0])).tolist()) == {0, 2}
    assert entries(sparse(np.zeros(0), none, none, (2, 2)))[0].size == 0


def test_labels_of_many_blocks_are_wide_enough():
    """A thermal start of 1500 quanta has more blocks times members than 32 bits can count."""
    import quantumbattery as qb
    from quantumbattery.reach.sparse import entries

    one = np.array([0])
    assert components(one, one + 1, 3).dtype == np.int64
    large = sparse(np.ones(3), np.arange(3), np.arange(3), (10_000, 10_000))
    assert {each.dtype for each in entries(large)[1:]} == {np.dtype(np.int64)}
    table = qb.models.jaynes_cummings().charge(qb.thermal(1500), [1.0], ["energy"])
    n = np.arange(60_000)
    weight = (1500 / 1501) ** n / 1501
    expected = (weight * np.sin(np.sqrt(n)) ** 2).sum()
    np.testing.assert_allclose(table.energy[0], expected, atol=1e-9)
