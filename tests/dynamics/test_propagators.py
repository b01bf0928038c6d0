"""Propagators beside scipy's expm, high precision (mpmath) and closed formulas."""

from functools import partial
from math import factorial

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.sparse import csr_array
from scipy.special import jv

from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.dynamics.semigroup import Semigroup, padded
from quantumbattery.dynamics.series import leap, moved_by
from quantumbattery.dynamics.unitary import Unitary

close = partial(np.testing.assert_allclose, rtol=0)
seeds = st.integers(0, 2**32 - 1)
BATCHES = [(), (3,), (2, 3)]
TIMES = ["any", "repeated", "single", "zero", "grid", "grid from later", "long grid", "falling"]


def moments(rng, kind):
    first, step = rng.uniform(0.1, 2), rng.uniform(0.01, 0.5)
    return {
        "any": rng.uniform(0, 4, 5),
        "repeated": rng.uniform(0, 4, 3)[[2, 0, 1, 0, 2]],
        "single": np.array([first]),
        "zero": np.zeros(1),
        "grid": step * np.arange(7),
        "grid from later": np.linspace(first, first + 6 * step, 7),
        "long grid": np.linspace(first, first + 3, 70),
        "falling": np.array([2.5, 2.0, 1.5, 1.0, 0.0]),
    }[kind]


def complex_normal(rng, shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def hermitian(rng, shape, kind):
    h = complex_normal(rng, shape) if kind == "complex" else rng.normal(size=shape)
    return (h + h.conj().swapaxes(-1, -2)) / 2


def long_expm(matrices):
    """Scaled Taylor series in extended precision: double's loses three digits of large matrices."""
    halved = int(max(0, np.ceil(np.log2(np.abs(matrices).sum(axis=-1).max() + 1e-300) + 2)))
    small = matrices.astype(np.clongdouble) / 2**halved
    term = power = np.broadcast_to(np.eye(matrices.shape[-1]), small.shape).astype(small.dtype)
    for k in range(1, 22):
        term = term @ small / k
        power = power + term
    for _ in range(halved):
        power = power @ power
    return power.astype(complex)


def by_expm(generator, start, times, expm=expm):
    batch = np.broadcast_shapes(generator.shape[:-2], start.shape[:-2], times.shape[:-1])
    generator = np.broadcast_to(generator, batch + generator.shape[-2:])
    start = np.broadcast_to(start, batch + start.shape[-2:])
    times = np.broadcast_to(times, batch + times.shape[-1:])
    moved = np.empty((*start.shape[:-1], times.shape[-1], start.shape[-1]), dtype=complex)
    for k in np.ndindex(batch):
        powers = expm(generator[k] * times[k][:, None, None])
        moved[k] = np.einsum("tij,cj->cti", powers, start[k])
    return moved


def with_many_digits(generator, start, time):
    with mpmath.workdps(60):
        power = mpmath.expm(mpmath.matrix(generator.tolist()) * mpmath.mpf(float(time)), "taylor")
        moved = power * mpmath.matrix(start.tolist())
        return np.array([complex(x) for x in moved])


# --- Hermitian -----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(seeds, st.sampled_from(["real", "complex"]), st.sampled_from(TIMES))
def test_unitary_against_expm(seed, kind, when):
    rng = np.random.default_rng(seed)
    batch, n = BATCHES[rng.integers(3)], rng.integers(1, 6)
    h = hermitian(rng, (*batch, n, n), kind)
    start = complex_normal(rng, ((*batch, 2, n), (2, n))[rng.integers(2)])
    times = moments(rng, when)
    close(Unitary.of(h).at(start, times), by_expm(-1j * h, start, times), atol=2e-13)


@pytest.mark.parametrize("number", [1, 5, 80])
@pytest.mark.parametrize("made", [Unitary.of, Semigroup])
def test_a_batch_may_have_times_of_its_own(made, number):
    rng = np.random.default_rng(number)
    h = hermitian(rng, (3, 2, 4, 4), "complex")
    start = complex_normal(rng, (3, 1, 2, 4))
    times = rng.uniform(0, 3, (3, 1, number)) * np.array([0.1, 1.0, 5.0])[:, None, None]
    found = made(h if made == Unitary.of else -1j * h).at(start, times)
    assert found.shape == (3, 2, 2, number, 4)
    close(found, by_expm(-1j * h, start, times), atol=1e-12)


@pytest.mark.parametrize("kind", ["real", "complex", "uncoupled", "dense"])
@pytest.mark.parametrize("n", [63, 64, 65])
def test_tridiagonal_matrices(n, kind):
    rng = np.random.default_rng(n)
    h = hermitian(rng, (2, n, n), kind)
    if kind != "dense":
        h *= np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < 2
    if kind == "uncoupled":  # equal blocks of three levels, for levels of high degeneracy
        h = np.kron(np.eye(n // 3 + 1), h[:, :3, :3])[:, :n, :n]
    start = complex_normal(rng, (2, 1, n)) / np.sqrt(n)
    times = np.array([0.0, 3.0, 0.7])
    found = Unitary.of(h).at(start, times)
    close(found, by_expm(-1j * h, start, times), atol=2e-13)


def test_nearly_degenerate_tridiagonal_matrix_keeps_norms():
    """Wilkinson's matrices, nearly apart: pairs of energies agree to their last digit."""
    d = np.tile(np.abs(np.arange(-10.0, 11.0)), 8)
    beside = np.ones(len(d) - 1)
    beside[20::21] = 1e-9
    h = np.diag(d) + np.diag(beside, 1) + np.diag(beside, -1)
    start = np.eye(len(d))[[0, 11, 40]]
    times = np.array([0.3, 20.0])
    found = Unitary.of(h).at(start, times)
    close(np.linalg.norm(found, axis=-1), 1, atol=1e-13)
    close(found, by_expm(-1j * h, start, times), atol=1e-12)


def test_walk_on_a_long_chain_is_bessel_functions():
    """(-i)^k J_k(2 J t) after k steps, as long as the ends are far (E. Schroedinger, 1914)."""
    n, middle = 301, 150
    h = np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    times = np.linspace(0, 40, 81)
    found = Unitary.of(h).at(np.eye(n)[[middle]], times)[0]
    steps = np.abs(np.arange(n) - middle)
    close(found, (-1j) ** steps * jv(steps, 2 * times[:, None]), atol=1e-13)


def test_many_times_on_a_grid_keep_all_digits():
    frequencies = np.array([-31.0, 0.0, 2.5, 40.0])
    for times in (np.linspace(0, 50, 1001), np.linspace(17, 50, 64), np.arange(100) * 0.1 + 0.3):
        found = Unitary.of(np.diag(frequencies)).at(np.ones((1, 4)), times)[0]
        with mpmath.workdps(40):
            exact = [[complex(mpmath.expj(-t * f)) for f in frequencies] for t in times]
        close(found, exact, atol=1e-12)


def test_a_shared_frequency_costs_no_digits():
    """All numbers have few binary digits, so that the sum of both is exact."""
    rng = np.random.default_rng(1)
    h = np.round(hermitian(rng, (5, 5), "real") * 2**20) / 2**20
    damping = np.diag(np.round(rng.uniform(0, 2**20, 5)) / 2**20)
    fast = 2.0**20 * np.eye(5)
    start = np.eye(5)[[0]]
    for times in (np.array([0.0, 4.0, 2.5]), np.arange(80) / 8):
        phase = np.exp(-1j * (2.0**20 * times % (2 * np.pi)))[:, None]
        known = by_expm(-1j * h, start, times) * phase
        close(Unitary.of(h + fast).at(start, times), known, atol=1e-9)
        slow, quick = (Unitary.of(m).at(start, times)[0] for m in (h, h + fast))
        close(beats(quick), beats(slow), atol=1e-14)
        lossy, quick = (Semigroup(-1j * m - damping).at(start, times)[0] for m in (h, h + fast))
        known = by_expm(-1j * h - damping, start, times)[0]
        close(beats(lossy), beats(known), atol=1e-13)
        close(beats(quick), beats(lossy), atol=1e-14)
        close(quick, known * phase, atol=1e-9)


def beats(states):
    """All that does not depend on a common phase."""
    return states[..., :, None] * states[..., None, :].conj()


# --- any matrix ----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(seeds, st.booleans(), st.booleans(), st.sampled_from(TIMES))
def test_semigroup_against_expm(seed, real, real_start, when):
    rng = np.random.default_rng(seed)
    batch, n = BATCHES[rng.integers(3)], rng.integers(1, 6)
    generator = rng.normal(size=(*batch, n, n)) if real else complex_normal(rng, (*batch, n, n))
    generator = rng.choice([0.01, 1, 5]) * (generator - 2 * np.eye(n))
    start = rng.normal(size=(*batch, 2, n)) if real_start else complex_normal(rng, (2, n))
    times = moments(rng, when)
    found = Semigroup(generator).at(start, times)
    exact = by_expm(generator, start, times, long_expm)
    assert np.iscomplexobj(found) != (real and real_start)
    close(found, exact, atol=1e-12 * max(1.0, abs(exact).max()))


@settings(max_examples=40)
@given(seeds, st.booleans(), st.sampled_from(TIMES))
def test_what_is_read_of_a_semigroup(seed, real, when):
    rng = np.random.default_rng(seed)
    batch, n = BATCHES[rng.integers(3)], rng.integers(1, 6)
    generator = rng.normal(size=(*batch, n, n)) - 2 * np.eye(n)
    if not real:
        generator = generator + 1j * rng.normal(size=generator.shape)
    read = complex_normal(rng, (*batch[len(batch) - rng.integers(len(batch) + 1) :], 2, n))
    start, times = complex_normal(rng, (*batch, 3, n)), moments(rng, when)
    exact = by_expm(generator, start, times) @ read.swapaxes(-1, -2)[..., None, :, :]
    found = Semigroup(generator, read).at(start, times)
    close(found, exact, atol=1e-12 * max(1.0, abs(exact).max()))


@settings(max_examples=40)
@given(seeds, st.booleans(), st.integers(1, 40))
def test_what_is_read_is_written_where_it_belongs(seed, real, count):
    """Real columns after each other, into memory that lies anyhow."""
    rng = np.random.default_rng(seed)
    batch, n, rows = BATCHES[rng.integers(3)], rng.integers(1, 6), rng.integers(1, 4)
    shapes = (*batch, n, n), (rows, n), (*batch, 2, n)
    generator, read, start = (complex_normal(rng, shape) for shape in shapes)
    if real:
        generator, read, start = generator.real, read.real, start.real
    generator, first = generator - 2 * np.eye(n), rng.choice([0.0, 0.7])
    times = first + 0.2 * np.arange(count)
    exact = by_expm(generator, start, times) @ read.T
    width = 1 if real else 2
    memory = np.full((*batch, 2, padded(count), rows * width), np.nan)
    out = np.ascontiguousarray(np.moveaxis(memory, -1, 0))[::-1]
    Semigroup(generator, read).write(start, equal_steps(times), count, out)
    assert np.isfinite(out).all()
    found = np.moveaxis(out[..., :count], 0, -1)
    found = found if real else found[..., 0::2] + 1j * found[..., 1::2]
    close(found, exact, atol=1e-12 * max(1.0, abs(exact).max()))


def test_whole_large_steps():
    """A grid is filled up to whole large steps: to less than twice as many."""
    for count in range(1, 3000):
        assert count <= padded(count) < count + 1.5 * np.sqrt(count)


@pytest.mark.parametrize("when", TIMES)
@pytest.mark.parametrize(("batch", "n"), [((70,), 3), ((4, 16), 16), ((63,), 3), ((2,), 40)])
def test_many_small_and_few_large_matrices(batch, n, when):
    rng = np.random.default_rng(n)
    generator = complex_normal(rng, (*batch, n, n)) / np.sqrt(n) - 2 * np.eye(n)
    generator[0] *= 10
    start = complex_normal(rng, (*batch, 1, n))
    times = moments(rng, when)[:5]
    close(Semigroup(generator).at(start, times), by_expm(generator, start, times), atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("times", [np.linspace(0, 6, 25), np.array([6.0, 0.1, 2.0])], ids=len)
def test_jordan_blocks(n, times):
    """exp(J t) has e^{ct} t^k / k! on its k-th diagonal."""
    for value in (-0.3, -0.3 + 2j):
        block = value * np.eye(n) + np.diag(np.ones(n - 1), 1)
        found = Semigroup(np.stack([block, block.T])).at(np.eye(n), times)
        k = np.subtract.outer(np.arange(n), np.arange(n))
        powers = times[:, None, None] ** np.maximum(k, 0) / np.vectorize(factorial)(abs(k))
        exact = (np.exp(value * times)[:, None, None] * powers * (k >= 0)).swapaxes(0, 1)
        close(found[0], exact, atol=2e-13)
        close(found[1], exact.transpose(2, 1, 0), atol=2e-13)


@pytest.mark.parametrize("off", [0.0, 1e-15, 1e-12, 1e-8, 1e-4])
def test_at_and_near_the_exceptional_point_of_a_lossy_pair(off):
    """Amplitudes (1 - g t) e^{-gt} and -i g t e^{-gt} where the loss is four times g."""
    generator = np.array([[-2.0 - off, -1j], [-1j, 0]])
    for times in (np.linspace(0, 8, 41), np.array([8.0, 0.25, 3.0])):
        found = Semigroup(generator).at(np.eye(2)[[0]], times)[0]
        exact = [with_many_digits(generator, np.eye(2)[0], t) for t in times]
        close(found, exact, atol=2e-15)
        if off == 0:
            closed = np.stack([1 - times, -1j * times], axis=-1) * np.exp(-times)[:, None]
            close(found, closed, atol=2e-15)


@pytest.mark.parametrize("times", [np.linspace(0, 10, 21), np.array([10.0, 0.3, 1e-4, 2.0])])
def test_stiff_rates(times):
    """Populations hop at rates of 1e4 and of 0.1; digits are lost as the norm times the time."""
    rates = np.array([[0, 0.1, 1.0], [1e4, 0, 0.5], [1.0, 0.3, 0]])
    generator = rates - np.diag(rates.sum(axis=0))
    found = Semigroup(generator).at(np.eye(3)[[0]], times)[0]
    exact = [with_many_digits(generator, np.eye(3)[0], t).real for t in times]
    close(found, exact, atol=1e-11)
    close(found.sum(axis=-1), 1, atol=1e-11)


def test_fast_decay_does_not_overflow():
    generator = np.array([[-1e4, 0.0], [1e4, 0.0]])
    for times in (np.array([0.0, 100.0]), np.array([100.0, 0.0, 3.0])):
        found = Semigroup(generator).at(np.eye(2)[[0]], times)[0]
        close(found, np.where(times[:, None] > 0, [0, 1], [1, 0]), atol=1e-9)


@pytest.mark.parametrize("times", [np.linspace(0, 10, 21), np.array([10.0, 0.3, 2.0])], ids=len)
def test_a_fast_member_of_a_batch_costs_the_others_no_digits(times):
    rng = np.random.default_rng(0)
    generator = rng.normal(size=(100, 3, 3)) - 3 * np.eye(3)
    generator[0] *= 1e6
    found = Semigroup(generator).at(np.eye(3)[[0]], times)
    close(found[1:], by_expm(generator[1:], np.eye(3)[[0]], times), atol=1e-13)


# --- large and sparse ----------------------------------------------------------------------------


def sparse_case(rng, real=True):
    n = int(rng.integers(5, 40))
    dense = rng.normal(size=(n, n)) if real else complex_normal(rng, (n, n))
    dense = dense * (rng.random((n, n)) < 4 / n)
    return dense - np.diag(np.abs(dense).sum(axis=0))  # of a semigroup that contracts


@settings(max_examples=40)
@given(seeds, st.booleans(), st.booleans(), st.sampled_from(TIMES))
@example(seed=0, real=False, real_start=True, when="single")
@example(seed=0, real=False, real_start=True, when="grid")
def test_sparse_against_expm(seed, real, real_start, when):
    rng = np.random.default_rng(seed)
    generator, times = sparse_case(rng, real), moments(rng, when)
    shape = (2, len(generator))
    start = rng.normal(size=shape) if real_start else complex_normal(rng, shape)
    matrix = csr_array(generator)
    found = moved_by(matrix, start, times)
    exact = by_expm(generator, start, times)
    assert found.shape == exact.shape
    close(found, exact, atol=2e-13)
    close(leap(matrix, start, times.max()), exact[:, times.argmax()], atol=2e-13)


@pytest.mark.parametrize("times", [np.linspace(0, 30, 31), np.array([0.1, 30.0, 7.0])], ids=len)
def test_a_leap_says_how_far_a_series_is_off(times):
    """The difference to expm is not much more than that of two solutions by series."""
    rng = np.random.default_rng(2)
    h = hermitian(rng, (40, 40), "real") * (rng.random((40, 40)) < 0.2)
    generator = -1j * (h + h.T)
    start, last = np.eye(40)[:3], times.argmax()
    matrix = csr_array(generator)
    found = moved_by(matrix, start, times)[:, last]
    wrong = np.linalg.norm(found - by_expm(generator, start, times)[:, last], axis=-1)
    measured = np.linalg.norm(found - leap(matrix, start, times[last]), axis=-1)
    assert 1e-15 < wrong.max() < 30 * measured.max() < 1e-10


@pytest.mark.parametrize("first", [0.0, 10.0, 19.0, 19.9])
def test_sparse_on_a_grid_that_starts_late(first):
    """SciPy's own solution on a grid fails beyond half of its end (scipy/scipy#16363)."""
    h = np.diag(np.ones(29), 1) + np.diag(np.ones(29), -1)
    start, times = np.eye(30)[[0]], np.linspace(first, 20, 11)
    found = moved_by(csr_array(-1j * h), start, times)
    close(found, by_expm(-1j * h, start, times), atol=1e-12)
