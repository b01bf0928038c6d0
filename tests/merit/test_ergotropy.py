from itertools import permutations

import numpy as np
import pytest
import qutip
from hypothesis import assume, given
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.merit import cells, copies
from quantumbattery.merit.energy import within
from roads.matrices import (
    LADDERS,
    SPECTRA,
    hamiltonian,
    problems,
    spectrum,
    state,
    states,
    unitary,
)

QUBIT = np.diag([0.0, 1.0])
seeds = st.integers(0, 2**32 - 1)
REAL_NUMBERS = [
    qb.energy,
    qb.passive_energy,
    qb.active_energy,
    qb.ergotropy,
    qb.antiergotropy,
    qb.capacity,
    qb.energy_variance,
    qb.incoherent_ergotropy,
    qb.coherent_ergotropy,
    copies.asymptotic_ergotropy,
]


def by_permutations(rho, h):
    """Energy, lowest and highest energy of every assignment of populations to levels."""
    r, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(h)
    energies = [float(r[list(order)] @ e) for order in permutations(range(len(e)))]
    return float(np.trace(rho @ h).real), min(energies), max(energies)


def scale_of(h):
    return np.abs(np.linalg.eigvalsh(h)).max()


# --- bounds and identities ------------------------------------------------------------------------


@given(problems(largest=7))
def test_the_bounds_hold_exactly(problem):
    rho, h = problem
    e = np.linalg.eigvalsh(h)
    energy, work, room = qb.energy(rho, h), qb.ergotropy(rho, h), qb.antiergotropy(rho, h)
    passive, active = qb.passive_energy(rho, h), qb.active_energy(rho, h)
    assert np.all(work >= 0)
    assert np.all(work <= energy - e[0])
    assert np.all(room <= 0)
    assert not np.any(np.signbit(room) & (room == 0))
    assert np.all((e[0] <= passive) & (passive <= energy) & (energy <= active) & (active <= e[-1]))
    for part in (qb.incoherent_ergotropy(rho, h), qb.coherent_ergotropy(rho, h)):
        assert np.all((part >= 0) & (part <= work))
    assert np.all(qb.energy_variance(rho, h) >= 0)
    assert np.all(qb.capacity(rho, h) >= 0)


@given(problems(largest=7))
def test_the_definitions_agree(problem):
    rho, h = problem
    energy, work, room = qb.energy(rho, h), qb.ergotropy(rho, h), qb.antiergotropy(rho, h)
    passive, active = qb.passive_energy(rho, h), qb.active_energy(rho, h)
    near = {"rtol": 0, "atol": 1e-14 * (1 + scale_of(h))}
    np.testing.assert_allclose(work, energy - passive, **near)
    np.testing.assert_allclose(room, energy - active, **near)
    np.testing.assert_allclose(qb.capacity(rho, h), work - room, **near)
    np.testing.assert_allclose(qb.capacity(rho, h), active - passive, **near)
    parts = qb.incoherent_ergotropy(rho, h) + qb.coherent_ergotropy(rho, h)
    np.testing.assert_allclose(parts, work, **near)
    after = qb.passive_state(rho, h)
    np.testing.assert_allclose(qb.energy(after, h), passive, **near)
    np.testing.assert_allclose(qb.ergotropy(after, h), 0, **near)
    np.testing.assert_allclose(
        np.linalg.eigvalsh(after), np.linalg.eigvalsh(rho), rtol=0, atol=1e-14
    )


@given(problems(largest=4))
def test_against_every_permutation(problem):
    for rho in problem[0]:
        h = problem[1]
        energy, lowest, highest = by_permutations(rho, h)
        near = {"abs": 1e-14 * (1 + scale_of(h))}
        assert qb.energy(rho, h) == pytest.approx(energy, **near)
        assert qb.passive_energy(rho, h) == pytest.approx(lowest, **near)
        assert qb.active_energy(rho, h) == pytest.approx(highest, **near)
        assert qb.ergotropy(rho, h) == pytest.approx(energy - lowest, **near)
        assert qb.antiergotropy(rho, h) == pytest.approx(energy - highest, **near)
        assert qb.capacity(rho, h) == pytest.approx(highest - lowest, **near)


@given(problems(), seeds)
def test_no_unitary_gets_past_the_passive_and_the_active_state(problem, seed):
    rho, h = problem
    u = unitary(np.random.default_rng(seed), h.shape[0])
    turned = u @ rho @ u.conj().T
    near = {"rtol": 0, "atol": 1e-14 * (1 + scale_of(h))}
    for invariant in (qb.passive_energy, qb.active_energy, qb.capacity):
        np.testing.assert_allclose(invariant(turned, h), invariant(rho, h), **near)
    energy = np.trace(turned @ h, axis1=-2, axis2=-1).real
    assert np.all(energy >= qb.passive_energy(rho, h) - 1e-13)
    assert np.all(energy <= qb.active_energy(rho, h) + 1e-13)
    together = qb.ergotropy(turned, u @ h @ u.conj().T)
    np.testing.assert_allclose(together, qb.ergotropy(rho, h), **near)


@given(problems(), st.floats(-5, 5), st.floats(0.1, 10))
def test_zero_and_unit_of_energy_do_not_matter(problem, zero, unit):
    rho, h = problem
    moved = unit * h + zero * np.eye(len(h))
    near = {"rtol": 0, "atol": 1e-13 * (1 + scale_of(moved))}
    for function in REAL_NUMBERS[3:6] + REAL_NUMBERS[7:]:
        np.testing.assert_allclose(function(rho, moved), unit * function(rho, h), **near)
    variance = qb.energy_variance(rho, h) * unit**2
    atol = 1e-12 * (1 + scale_of(moved) ** 2)
    np.testing.assert_allclose(qb.energy_variance(rho, moved), variance, rtol=0, atol=atol)


@pytest.mark.parametrize("kind", SPECTRA)
@pytest.mark.parametrize("ladder", LADDERS)
def test_a_batch_is_its_members(kind, ladder):
    rng = np.random.default_rng(6)
    rho, h = np.array([state(rng, 4, kind) for _ in range(3)]), hamiltonian(rng, 4, ladder)
    for function in REAL_NUMBERS:
        one_by_one = [function(each, h) for each in rho]
        np.testing.assert_allclose(function(rho, h), one_by_one, rtol=1e-13, atol=1e-14)


def test_bounds_hold_for_units_of_any_size():
    rng = np.random.default_rng(7)
    rho = np.concatenate([states(rng, 200, 3, rank) for rank in (1, 2, 3)])
    for unit in (1e-310, 1e-200, 1e-12, 1e12, 1e150):
        h = unit * hamiltonian(rng, 3)
        work, energy = qb.ergotropy(rho, h), qb.energy(rho, h)
        assert np.all((work >= 0) & (work <= energy - np.linalg.eigvalsh(h)[0]))


# --- numbers from elsewhere -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("populations", "printed"), [((0.90, 0.08, 0.02), 0.88), ((0.91, 0.05, 0.04), 0.87)]
)
def test_allahverdyan_2004(populations, printed):
    """Two states of mean energy 0 over levels -1, 0, 1: the one that looks purer gives less."""
    fourier = np.exp(2j * np.pi * np.outer(range(3), range(3)) / 3) / np.sqrt(3)
    rho = (fourier * populations) @ fourier.conj().T
    h = np.diag([-1.0, 0.0, 1.0])
    assert qb.energy(rho, h) == pytest.approx(0, abs=1e-15)
    assert qb.ergotropy(rho, h) == pytest.approx(printed, abs=1e-15)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2 * np.pi), st.floats(0.1, 10))
def test_the_qubit_of_the_paper(population, share, phase, w):
    """Eqs. 47-52 and the two parts of the ergotropy, by the plain formulas."""
    c = share * np.sqrt(population * (1 - population)) * np.exp(1j * phase)
    rho = np.array([[1 - population, c.conjugate()], [c, population]])
    h = np.diag([0.0, w])
    inversion, reach = population - 0.5, np.hypot(population - 0.5, abs(c))
    expected = {
        qb.energy: w * (0.5 + inversion),
        qb.passive_energy: w * (0.5 - reach),
        qb.active_energy: w * (0.5 + reach),
        qb.ergotropy: w * (inversion + reach),
        qb.antiergotropy: w * (inversion - reach),
        qb.capacity: 2 * w * reach,
        qb.energy_variance: w**2 * population * (1 - population),
        qb.incoherent_ergotropy: 2 * w * max(0.0, inversion),
        qb.coherent_ergotropy: w * (reach - abs(inversion)),
    }
    for function, value in expected.items():
        assert function(rho, h) == pytest.approx(value, abs=1e-14 * (1 + w) ** 2), function.__name__


@given(st.floats(-16, 0), st.floats(-12, 0), st.floats(0, 2 * np.pi))
def test_a_small_ergotropy_keeps_its_digits(log_s, log_f, phase):
    """With I and C of Eq. 46 and I < 0: C^2 / (sqrt(I^2 + C^2) - I), as Eq. 50 would cancel."""
    s, f = 10**log_s, 10**log_f
    p, c = s * f, np.sqrt(s * (1 - s) * f) * np.exp(1j * phase)
    rho = np.array([[1 - p, c.conjugate()], [c, p]])
    inversion = (p - (1 - p)) / 2
    reach = np.hypot(inversion, abs(c))
    if inversion < 0:
        expected = abs(c) ** 2 / (reach - inversion)
        assert qb.ergotropy(rho, QUBIT) == pytest.approx(expected, rel=4e-15)
        assert qb.coherent_ergotropy(rho, QUBIT) == pytest.approx(expected, rel=4e-15)


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-8])
def test_a_small_ergotropy_of_a_qutrit_keeps_its_digits(small):
    ket = np.array([np.sqrt(1 - small**2 - small**4), small, small**2])
    work = qb.ergotropy(np.outer(ket, ket), np.diag([0.0, 1.0, 2.0]))
    assert work == pytest.approx(small**2 + 2 * small**4, rel=1e-9)


def test_edges():
    h = np.diag([0.0, 1.0, 3.0])
    for d in (1, 2, 3):
        mixed = np.eye(d) / d
        assert qb.ergotropy(mixed, h[:d, :d]) == 0
        assert qb.capacity(mixed, h[:d, :d]) == 0
        assert qb.energy_variance(np.diag([0.0] * (d - 1) + [1.0]), h[:d, :d]) == 0
    top = np.diag([0.0, 0.0, 1.0])
    assert qb.ergotropy(top, h) == qb.energy(top, h) == qb.capacity(top, h) == 3
    assert qb.ergotropy(np.diag([0.5, 0.25, 0.25]), h) == 0
    assert qb.ergotropy(top, np.eye(3)) == 0
    np.testing.assert_array_equal(qb.passive_state(top, h), np.diag([1.0, 0.0, 0.0]))


@given(problems())
def test_variance_is_that_of_qutip(problem):
    rho, h = problem
    assume(len(h) > 1)
    theirs = [qutip.variance(qutip.Qobj(h), qutip.Qobj(each)) for each in rho]
    atol = 1e-13 * (1 + scale_of(h) ** 2)
    np.testing.assert_allclose(qb.energy_variance(rho, h), theirs, rtol=0, atol=atol)


# --- coherent and incoherent ----------------------------------------------------------------------


@given(seeds, st.sampled_from(SPECTRA), st.booleans())
def test_dephasing_keeps_the_blocks_of_degenerate_levels(seed, kind, turned):
    rng = np.random.default_rng(seed)
    levels = np.array([0.0, 0.0, 1.0, 1.0])
    u = unitary(rng, 4) if turned else np.eye(4)
    h = (u * levels) @ u.conj().T
    rho = state(rng, 4, kind)
    projectors = [u[:, part] @ u[:, part].conj().T for part in (slice(0, 2), slice(2, 4))]
    dephased = sum(p @ rho @ p for p in projectors)
    energy, lowest, _ = by_permutations(dephased, h)
    assert qb.incoherent_ergotropy(rho, h) == pytest.approx(energy - lowest, abs=1e-14)
    free = sum(p @ unitary(rng, 4) @ p for p in projectors)  # a rotation inside the levels
    left, _, right = np.linalg.svd(free)
    moved = (left @ right) @ rho @ (left @ right).conj().T
    before, after = qb.coherent_ergotropy(rho, h), qb.coherent_ergotropy(moved, h)
    assert before == pytest.approx(after, abs=1e-13)


def test_equal_cells_are_degenerate_in_spite_of_rounding():
    """0.1 + 0.2 is not 0.3 in floating point, but the energies are one level."""
    h = np.diag([0.0, 0.1 + 0.2, 0.3, 1.0])
    w_state = np.zeros((4, 4))
    w_state[1:3, 1:3] = 0.5
    assert qb.coherent_ergotropy(w_state, h) == pytest.approx(0, abs=1e-15)
    assert qb.incoherent_ergotropy(w_state, h) == pytest.approx(0.3, abs=1e-15)


def test_a_diagonal_state_has_no_coherent_part():
    rng = np.random.default_rng(8)
    rho = np.array([np.diag(spectrum(rng, 5, kind)) for kind in SPECTRA])
    np.testing.assert_array_equal(qb.coherent_ergotropy(rho, hamiltonian(rng, 5, "even")), 0)


# --- cells ----------------------------------------------------------------------------------------


@given(seeds, st.sampled_from([(2, 2), (2, 3), (3, 2, 2)]), st.sampled_from(SPECTRA))
def test_local_ergotropy_is_that_of_the_reduced_states(seed, dims, kind):
    rng = np.random.default_rng(seed)
    hs = [hamiltonian(rng, d) for d in dims]
    rho = state(rng, int(np.prod(dims)), kind)
    whole = qutip.Qobj(rho, dims=[list(dims)] * 2)
    expected = 0.0
    for cell, h in enumerate(hs):
        energy, lowest, _ = by_permutations(whole.ptrace(cell).full(), h)
        expected += energy - lowest
    local, locked = cells.local_ergotropy(rho, hs), cells.locked_ergotropy(rho, hs)
    assert local == pytest.approx(expected, abs=1e-13)
    assert locked >= 0
    total = qutip.Qobj(np.zeros(rho.shape), dims=whole.dims)
    for cell, h in enumerate(hs):
        factors = [qutip.qeye(d) for d in dims]
        factors[cell] = qutip.Qobj(h)
        total += qutip.tensor(factors)
    assert local + locked == pytest.approx(qb.ergotropy(rho, total), abs=1e-13)


def test_cells_may_come_as_one_array_of_matrices():
    rho = states(np.random.default_rng(9), 3, 4)
    as_list = cells.local_ergotropy(rho, [QUBIT, QUBIT])
    np.testing.assert_array_equal(cells.local_ergotropy(rho, np.array([QUBIT, QUBIT])), as_list)


def test_products_of_pure_states_lock_nothing():
    rng = np.random.default_rng(10)
    parts = [state(rng, d, "pure") for d in (2, 3)]
    hs = [hamiltonian(rng, d) for d in (2, 3)]
    assert cells.locked_ergotropy(np.kron(*parts), hs) == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_all_levels_count_and_not_the_symmetric_ladder(n):
    """The first excited level of n cells is n-fold: a symmetric state keeps w (1 - r_max)."""
    rng = np.random.default_rng(n)
    ladder = np.zeros((2**n, n + 1))
    for index in range(2**n):
        ladder[index, index.bit_count()] = 1
    ladder /= np.linalg.norm(ladder, axis=0)
    small = state(rng, n + 1)
    rho = ladder @ small @ ladder.T
    h = np.diag([float(index.bit_count()) for index in range(2**n)])
    kept = 1 - np.linalg.eigvalsh(small)[-1]
    expected = np.trace(h @ rho).real - kept
    assert qb.ergotropy(rho, h) == pytest.approx(expected, abs=1e-13)
    both = cells.local_ergotropy(rho, [QUBIT] * n) + cells.locked_ergotropy(rho, [QUBIT] * n)
    assert both == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize(
    ("hs", "error", "words"),
    [
        ("H", TypeError, "hs is a str: it takes a list, one Hamiltonian a cell"),
        (1.0, TypeError, "hs is a float: it takes a list"),
        (qutip.num(2), TypeError, "hs is a Qobj: it takes a list"),
        ([], ValueError, "hs is empty or a single matrix: give a list"),
        (QUBIT, ValueError, "hs is empty or a single matrix: give a list"),
        ([QUBIT, np.eye(3)], ValueError, r"dims is \(2, 3\), in all 6, but rho is 4 x 4"),
        ([QUBIT, [[0, 1], [0, 0]]], ValueError, r"hs\[1\] is not Hermitian"),
        ([QUBIT, "b"], TypeError, r"hs\[1\] holds str"),
    ],
)
def test_bad_cells_are_refused_in_words(hs, error, words):
    for function in (cells.local_ergotropy, cells.locked_ergotropy):
        with pytest.raises(error, match=words):
            function(np.eye(4) / 4, hs)


# --- the guard ------------------------------------------------------------------------------------


def test_only_rounding_is_trimmed():
    e, rho = np.array([0.0, 1.0]), np.diag([1.0, 0.0])
    assert within(-1e-15, 0.0, 1.0, rho, e) == 0
    assert within(1 + 1e-15, 0.0, 1.0, rho, e) == 1
    with pytest.raises(ArithmeticError, match="passes its bound by 1e-12, more than rounding"):
        within(-1e-12, 0.0, 1.0, rho, e)
    nearly = np.diag([1 + 5e-9, -5e-9])
    assert within(-5e-9, 0.0, 1.0, nearly, e) == 0
    with pytest.raises(ArithmeticError):
        within(-5e-8, 0.0, 1.0, nearly, e)


def test_sums_of_dozens_of_levels_stay_inside_the_guard():
    rng = np.random.default_rng(11)
    for d in (60, 150):
        rho, h = states(rng, 3, d, 2), hamiltonian(rng, d)
        work, energy = qb.ergotropy(rho, h), qb.energy(rho, h)
        assert np.all((work >= 0) & (work <= energy - np.linalg.eigvalsh(h)[0]))


def test_variances_of_large_energies():
    """Without a square that overflows; and one that is larger than any float is refused."""
    h = np.diag([0.0, 1e300])
    assert qb.energy_variance(np.diag([1.0, 0.0]), h) == 0
    assert qb.energy_variance(np.diag([1.0, 1e-310]), h) == pytest.approx(1e290)
    with pytest.raises(ValueError, match=r"larger than any float, as energies of h reach 1e\+300"):
        qb.energy_variance(np.diag([0.5, 0.5]), h)
