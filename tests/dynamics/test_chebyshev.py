"""Chebyshev series beside scipy's expm, high precision (mpmath) and what SciPy sums."""

from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.sparse import csr_array

from quantumbattery.dynamics import chebyshev
from quantumbattery.dynamics.chebyshev import Expansion, bessel

close = partial(np.testing.assert_allclose, rtol=0)
seeds = st.integers(0, 2**32 - 1)
TIMES = {
    "any": np.array([0.7, 3.1, 0.2]),
    "repeated": np.array([2.0, 0.5, 2.0, 0.0]),
    "zero": np.zeros(2),
    "rising": np.linspace(0.1, 4.0, 23),
    "far apart": np.array([0.01, 60.0]),
}


def hermitian(rng, n, real):
    h = rng.normal(size=(n, n)) * (rng.random((n, n)) < 4 / n)
    h = h if real else h * np.exp(1j * rng.normal(size=(n, n)))
    return h + h.conj().T + np.diag(rng.uniform(5, 7, n))


def by_expm(h, start, times):
    return np.stack([start @ expm(-1j * h * t).T for t in times], axis=1)


@settings(max_examples=60)
@given(seeds, st.booleans(), st.booleans(), st.sampled_from(list(TIMES)), st.integers(1, 30))
def test_against_expm(seed, real, real_start, when, n):
    rng = np.random.default_rng(seed)
    h, times = hermitian(rng, n, real), TIMES[when]
    start = rng.normal(size=(2, n)) + (0 if real_start else 1j * rng.normal(size=(2, n)))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    found = Expansion.of(csr_array(-1j * h)).moved(start, times)
    close(found, by_expm(h, start, times), atol=1e-12 if times.max() > 10 else 2e-13)
    close(np.linalg.norm(found, axis=-1), 1.0, atol=1e-12)


@pytest.mark.parametrize("few", [1, 60, 7 * 20])
def test_parts_that_fit_in_memory(monkeypatch, few):
    """One time, or one state, at a time gives what all of them do."""
    rng = np.random.default_rng(1)
    h, start, times = hermitian(rng, 20, False), np.eye(20)[:1], np.linspace(0.0, 9.0, 31)
    monkeypatch.setattr(chebyshev, "STATES_AT_ONCE", few)
    found = Expansion.of(csr_array(-1j * h)).moved(start, times)
    close(found, by_expm(h, start, times), atol=5e-13)


def test_what_is_read():
    rng = np.random.default_rng(2)
    h, start, times = hermitian(rng, 12, True), np.eye(12)[2:5], np.array([3.0, 0.5])
    read = csr_array(rng.normal(size=(4, 12)))
    found = Expansion.of(csr_array(-1j * h)).moved(start, times, read)
    close(found, by_expm(h, start, times) @ read.T.toarray(), atol=1e-12)


@pytest.mark.parametrize("energy", [0.0, 3.0])
def test_levels_of_one_energy(energy):
    start, times = np.eye(3)[:1], np.array([0.0, 2.0])
    found = Expansion.of(csr_array(-1j * energy * np.eye(3))).moved(start, times)
    close(found[0, :, 0], np.exp(-1j * energy * times), atol=1e-15)


@pytest.mark.parametrize("time", [1.0, 300.0])
def test_a_long_chain_of_hops(time):
    """From the first of 41 levels, with 0 to 40 quanta: a spin that turns, in closed form."""
    n = 40
    hops = np.sqrt(np.arange(1, n + 1) * np.arange(n, 0, -1)) / 2
    h = np.diag(hops, 1) + np.diag(hops, -1)
    found = Expansion.of(csr_array(-1j * h)).moved(np.eye(n + 1)[:1], np.array([time]))[0, 0]
    mean = np.abs(found) ** 2 @ np.arange(n + 1)
    close(mean, n * np.sin(time / 2) ** 2, atol=1e-10)


@pytest.mark.parametrize("size", [0.0, 1e-9, 0.3, 17.5, 48.0])
def test_bessel_functions_to_many_digits(size):
    found = bessel(np.array([size]))[:, 0]
    with mpmath.workdps(40):
        exact = [float(mpmath.besselj(k, mpmath.mpf(size))) for k in range(len(found) + 40)]
    close(found, exact[: len(found)], atol=1e-15)
    assert np.abs(exact[len(found) :]).sum() < 1e-16  # of which nothing counts
