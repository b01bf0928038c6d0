from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import factorial, log, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import logsumexp

import quantumbattery as qb
from quantumbattery.merit.copies import asymptotic_ergotropy, multi_copy_ergotropy
from roads.matrices import SPECTRA, hamiltonian, problems, state, states

QUBIT = np.diag([0.0, 1.0])
LADDER = np.diag([0.0, 1.0, 2.0])
seeds = st.integers(0, 2**32 - 1)


def all_levels(rho, h, copies):
    """Energy minus passive energy per copy, every one of the d^n levels listed."""
    r, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(h)
    values = np.sort([prod(each) for each in product(r.tolist(), repeat=copies)])[::-1]
    levels = np.sort([sum(each) for each in product(e.tolist(), repeat=copies)])
    return np.trace(rho @ h).real - values @ levels / copies


def exact_passive(populations, levels, copies):
    """Passive energy per copy in whole numbers and fractions: no rounding at all."""
    groups = []
    for types in combinations_with_replacement(range(len(levels)), copies):
        times = [types.count(k) for k in range(len(levels))]
        count = factorial(copies) // prod(map(factorial, times))
        value = prod(p**k for p, k in zip(populations, times, strict=True))
        groups.append((value, sum(e * k for e, k in zip(levels, times, strict=True)), count))
    values = sorted(((v, c) for v, _, c in groups), reverse=True)
    energies = sorted((e, c) for _, e, c in groups)
    total, (level, room) = Fraction(0), energies.pop(0)
    for value, count in values:
        while count:
            if not room:
                level, room = energies.pop(0)
            taken = min(count, room)
            total, count, room = total + value * level * taken, count - taken, room - taken
    return total / copies


def gibbs_by_brentq(rho, h):
    """Energy of the Gibbs state of the same entropy, one scalar root at a time."""
    r, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(h)
    r = r[r > 1e-300]
    target = -(r * np.log(r)).sum()

    def entropy(beta):
        return beta * energy(beta) + logsumexp(-beta * e)

    def energy(beta):
        return (e * np.exp(-beta * e - logsumexp(-beta * e))).sum()

    return energy(brentq(lambda beta: entropy(beta) - target, 0, 1e4, xtol=1e-14, rtol=1e-14))


# --- n copies -------------------------------------------------------------------------------------


@given(problems(largest=3), st.integers(1, 5))
def test_against_the_list_of_all_levels(problem, copies):
    rho, h = problem
    expected = [all_levels(each, h, copies) for each in rho]
    atol = 2e-14 * (1 + np.abs(h).max())
    np.testing.assert_allclose(multi_copy_ergotropy(rho, h, copies), expected, rtol=0, atol=atol)


@pytest.mark.parametrize("copies", [2, 3, 7, 20, 40])
def test_against_exact_fractions(copies):
    populations = [Fraction(40, 100), Fraction(39, 100), Fraction(21, 100)]
    levels = [Fraction(0), Fraction(1, 4), Fraction(1)]
    rho = np.diag([float(p) for p in populations])
    h = np.diag([float(e) for e in levels])
    energy = sum(p * e for p, e in zip(populations, levels, strict=True))
    expected = float(energy - exact_passive(populations, levels, copies))
    assert multi_copy_ergotropy(rho, h, copies) == pytest.approx(expected, abs=5e-15)


def test_three_copies_unlock_what_one_and_two_cannot():
    """(1/2, 1/2, 0) over 0, 1, 2: eight equal values over levels 0, 1 1 1, 2 2 2 2 give 11/8."""
    rho = np.diag([0.5, 0.5, 0.0])
    assert multi_copy_ergotropy(rho, LADDER, 1) == 0
    assert multi_copy_ergotropy(rho, LADDER, 2) == 0
    assert multi_copy_ergotropy(rho, LADDER, 3) == pytest.approx((12 - 11) / 8 / 3, abs=1e-15)


@given(problems(largest=4), st.integers(2, 8))
def test_one_copy_n_copies_infinitely_many(problem, copies):
    rho, h = problem
    one, many = qb.ergotropy(rho, h), asymptotic_ergotropy(rho, h)
    some = multi_copy_ergotropy(rho, h, copies)
    assert np.all(one <= some)
    assert np.all(one <= many)
    assert np.all(some <= many + 1e-13 * (1 + np.abs(h).max()))
    assert np.all(many <= qb.energy(rho, h) - np.linalg.eigvalsh(h)[0])
    np.testing.assert_array_equal(multi_copy_ergotropy(rho, h, 1), one)


@pytest.mark.parametrize("copies", [10, 100, 1000])
def test_copies_of_a_qubit_add_nothing(copies):
    """Every passive qubit is a Gibbs state, and those stay passive together."""
    rho = np.concatenate([states(np.random.default_rng(1), 20, 2, rank) for rank in (1, 2)])
    one = qb.ergotropy(rho, QUBIT)
    np.testing.assert_allclose(multi_copy_ergotropy(rho, QUBIT, copies), one, rtol=0, atol=3e-14)


def test_doubling_the_copies_never_loses_and_goes_to_the_limit():
    rho = np.diag([0.45, 0.44, 0.11])
    work = [multi_copy_ergotropy(rho, LADDER, copies) for copies in (1, 2, 4, 8, 16, 32, 64, 128)]
    limit = asymptotic_ergotropy(rho, LADDER)
    assert np.all(np.diff(work) >= -1e-14)
    assert work[-1] <= limit
    assert limit - work[-1] < 0.15 * (limit - work[3])


def test_batches_of_hamiltonians_and_blocks(monkeypatch):
    rng = np.random.default_rng(2)
    rho, h = states(rng, 4, 3), np.array([hamiltonian(rng, 3) for _ in range(4)])
    one_by_one = [multi_copy_ergotropy(r, e, 6) for r, e in zip(rho, h, strict=True)]
    monkeypatch.setattr("quantumbattery.merit.copies.BLOCK", 60)
    np.testing.assert_allclose(multi_copy_ergotropy(rho, h, 6), one_by_one, rtol=0, atol=1e-14)


@pytest.mark.parametrize("copies", [1.0, "2", True, None, [2]])
def test_copies_are_a_whole_number(copies):
    with pytest.raises(TypeError, match=r"copies is .*: it takes a whole number from 1"):
        multi_copy_ergotropy(QUBIT, QUBIT, copies)


def test_copies_begin_at_one_and_end_somewhere():
    with pytest.raises(ValueError, match="copies is 0: it takes a whole number from 1"):
        multi_copy_ergotropy(QUBIT, QUBIT, 0)
    with pytest.raises(ValueError, match=r"too many for dimension 2: .* asymptotic_ergotropy"):
        multi_copy_ergotropy(QUBIT, QUBIT, 2000)
    with pytest.raises(ValueError, match="too many for dimension 10"):
        multi_copy_ergotropy(np.eye(10) / 10, np.eye(10), 30)


# --- infinitely many ------------------------------------------------------------------------------


@given(seeds, st.integers(2, 6))
def test_against_a_scalar_root(seed, d):
    rng = np.random.default_rng(seed)
    rho = 0.98 * state(rng, d) + 0.02 * np.eye(d) / d
    h = hamiltonian(rng, d, "even")
    expected = np.trace(rho @ h).real - gibbs_by_brentq(rho, h)
    assert asymptotic_ergotropy(rho, h) == pytest.approx(expected, abs=1e-12)


@given(st.floats(1e-12, 40), seeds)
def test_a_gibbs_state_has_nothing_to_give(beta, seed):
    e = np.sort(np.random.default_rng(seed).uniform(0, 1, 4))
    p = np.exp(-beta * (e - e[0]))
    work = asymptotic_ergotropy(np.diag(p / p.sum()), np.diag(e))
    assert work == pytest.approx(0, abs=1e-14)


@given(st.floats(-16, -1))
def test_near_the_maximally_mixed_state_no_digits_are_lost(log_x):
    """p = (1 + x u)/3 along u = (1, -2, 1), at right angles to the energy: what is won is about
    the shift along the ladder of a Gibbs state of equal purity, x (|u| / |ladder|) 2/3."""
    x = 10**log_x * 1e-3
    p = (1 + x * np.array([1.0, -2.0, 1.0])) / 3
    work = asymptotic_ergotropy(np.diag(p), LADDER)
    assert work == pytest.approx(x * np.sqrt(3) * 2 / 3, rel=1e-3, abs=5e-16)


@pytest.mark.parametrize("kind", SPECTRA)
def test_a_qubit_reaches_its_limit_alone(kind):
    rng = np.random.default_rng(3)
    rho, h = np.array([state(rng, 2, kind) for _ in range(20)]), hamiltonian(rng, 2)
    work = asymptotic_ergotropy(rho, h)
    np.testing.assert_allclose(work, qb.ergotropy(rho, h), rtol=0, atol=1e-14)


def test_edges_of_the_temperature():
    rng = np.random.default_rng(4)
    h = np.diag([0.0, 0.0, 1.0, 2.0])
    pure, mixed = state(rng, 4, "pure"), np.eye(4) / 4
    assert asymptotic_ergotropy(pure, h) == pytest.approx(qb.energy(pure, h), abs=1e-15)
    assert asymptotic_ergotropy(mixed, h) == 0
    below_log_2 = np.diag([0.0, 0.0, 0.4, 0.6])
    assert asymptotic_ergotropy(below_log_2, h) == pytest.approx(1.6, abs=1e-15)
    at_log_2 = np.diag([0.0, 0.0, 0.5, 0.5])
    assert asymptotic_ergotropy(at_log_2, h) == pytest.approx(1.5, abs=1e-14)
    assert asymptotic_ergotropy(state(rng, 3), np.eye(3)) == 0
    assert asymptotic_ergotropy([[1.0]], [[5.0]]) == 0


def test_a_very_uneven_ladder():
    """Two levels 1e-9 apart and one far away, entropy below log 2: all but the far one is used."""
    h, p = np.diag([0.0, 1e-9, 1.0]), np.array([0.8, 0.0, 0.2])
    entropy = -(0.8 * log(0.8) + 0.2 * log(0.2))
    low = brentq(lambda q: entropy + q * log(q) + (1 - q) * log(1 - q), 0.01, 0.5)
    assert asymptotic_ergotropy(np.diag(p), h) == pytest.approx(0.2 - low * 1e-9, abs=1e-14)


def test_the_entropy_of_half_a_qutrit():
    """(1/2, 1/2, 0) over 0, 1, 2: entropy log 2, root found by another road."""
    rho = np.diag([0.5, 0.5, 0.0])
    expected = 0.5 - gibbs_by_brentq(rho, LADDER)
    assert asymptotic_ergotropy(rho, LADDER) == pytest.approx(expected, abs=1e-13)


def test_labels_and_batches_of_the_limit():
    rng = np.random.default_rng(5)
    rho, h = states(rng, 3, 3), np.array([hamiltonian(rng, 3) for _ in range(2)])
    both = asymptotic_ergotropy(rho[:, None], h)
    assert both.shape == (3, 2)
    assert both[2, 1] == pytest.approx(asymptotic_ergotropy(rho[2], h[1]), abs=1e-14)
    assert asymptotic_ergotropy(np.zeros((0, 3, 3)), h[0]).shape == (0,)


@pytest.mark.parametrize("zero", [1e8, 1e10, -1e10])
def test_a_far_zero_of_energy_takes_no_digits(zero):
    """Integers of this size are floats, so that only the zero differs."""
    rho = np.diag([0.3, 0.3, 0.4])
    for work in (asymptotic_ergotropy, lambda rho, h: multi_copy_ergotropy(rho, h, 3)):
        near, far = work(rho, LADDER), work(rho, LADDER + zero * np.eye(3))
        assert far == pytest.approx(near, rel=1e-14)
