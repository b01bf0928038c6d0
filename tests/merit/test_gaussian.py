"""Figures of merit of Gaussian states beside the same in Fock space."""

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.sparse.csgraph import connected_components

from quantumbattery.merit import gaussian as merit


def sorted_onto(quanta, frequencies, levels):
    """The passive energy of thermal modes, from all products of so many levels of each."""
    weights, energies = np.ones(1), np.zeros(1)
    for n, w in zip(quanta, frequencies, strict=True):
        ladder = np.arange(levels)
        weights = np.outer(weights, (n / (n + 1)) ** ladder / (n + 1)).ravel()
        energies = np.add.outer(energies, w * ladder).ravel()
    return np.sort(weights)[::-1] @ np.sort(energies)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 3))
def test_passive_energies_of_several_modes(seed, modes):
    rng = np.random.default_rng(seed)
    levels = 400 if modes == 2 else 70
    quanta = rng.uniform(0, 2.0 if modes == 2 else 0.6, modes) * rng.integers(0, 2, modes)
    frequencies = rng.uniform(0.5, 2.0, modes) if rng.random() < 0.7 else np.ones(modes)
    found = float(merit.passive_energy(quanta, frequencies))
    np.testing.assert_allclose(found, sorted_onto(quanta, frequencies, levels), rtol=3e-12)
    assert found <= frequencies @ np.sort(quanta)[np.argsort(np.argsort(-frequencies))] + 1e-12


def test_the_passive_energy_of_one_mode_is_thermal():
    quanta, w = np.array([[0.0], [1e-12], [3.0]]), np.array([2.0])
    np.testing.assert_allclose(merit.passive_energy(quanta, w), [0.0, 2e-12, 6.0], rtol=1e-15)
    with pytest.raises(ValueError, match="too warm"):
        merit.passive_energy(np.array([3000.0, 2000.0]), np.ones(2))


def exponential(x):
    """Of an operator, block by block."""
    whole = x.full()
    blocks = connected_components(whole != 0)[1]
    found = np.zeros_like(whole)
    for k in np.unique(blocks):
        inside = np.ix_(*[np.flatnonzero(blocks == k)] * 2)
        found[inside] = expm(whole[inside])
    return qutip.Qobj(found, dims=x.dims)


def two_modes(seed, levels=24):
    """A random state of two modes, correlated, as QuTiP has it, and its moments."""
    rng = np.random.default_rng(seed)
    a, b = (qutip.tensor(*pair) for pair in (
        (qutip.destroy(levels), qutip.qeye(levels)), (qutip.qeye(levels), qutip.destroy(levels))
    ))  # fmt: skip
    warm = rng.uniform(0, 0.15, 2)
    rho = qutip.tensor(*(qutip.thermal_dm(levels, n) for n in warm))
    r, beam = 0.3 * rng.uniform(0, 1), rng.uniform(0, 1)
    z, c = r * np.exp(1j * rng.uniform(0, 6)), 0.2 * (rng.normal() + 1j * rng.normal())
    pairs = exponential(np.conj(z) * a * b - z * a.dag() * b.dag())
    mixes = exponential(beam * (a.dag() * b - a * b.dag()))
    moves = exponential(c * a.dag() - np.conj(c) * a)
    for acts in (pairs, mixes, moves):
        rho = acts * rho * acts.dag()
    lower = [a, b]
    mean = np.array([qutip.expect(each, rho) for each in lower])
    normal = np.array([[qutip.expect(y.dag() * x, rho) for y in lower] for x in lower])
    anomalous = np.array([[qutip.expect(x * y, rho) for y in lower] for x in lower])
    normal = normal - np.outer(mean, mean.conj())
    return rho, lower, (mean, normal, anomalous - np.outer(mean, mean))


@pytest.mark.parametrize("seed", range(4))
def test_two_modes_beside_qutip(seed):
    rho, (a, b), (mean, normal, anomalous) = two_modes(seed)
    quanta = merit.thermal_quanta(normal, anomalous)
    np.testing.assert_allclose(merit.purity(quanta), (rho * rho).tr().real, atol=1e-8)
    np.testing.assert_allclose(merit.entropy(quanta), qutip.entropy_vn(rho), atol=1e-6)
    h = np.array([[1.0, 0.2j], [-0.2j, 1.3]])
    whole = h[0, 0] * a.dag() * a + h[1, 1] * b.dag() * b
    whole = whole + h[0, 1] * a.dag() * b + h[1, 0] * b.dag() * a
    found = merit.energy(mean, normal, h)
    np.testing.assert_allclose(found, qutip.expect(whole, rho), atol=1e-8)
    found = merit.energy_variance(mean, normal, anomalous, h)
    np.testing.assert_allclose(found, qutip.variance(whole, rho), atol=1e-7)
    found = merit.negativity(normal, anomalous, 1)
    np.testing.assert_allclose(found, qutip.negativity(rho, 0), atol=1e-7)
    pairs = 0.3 - 0.1j
    k = np.array([[0.0, pairs], [pairs, 0.0]])
    found = merit.mean_form(mean, normal, anomalous, 0 * k, k)
    both = pairs * a.dag() * b.dag()
    np.testing.assert_allclose(found, qutip.expect(both + both.dag(), rho), atol=1e-8)


def test_two_modes_that_are_squeezed_together():
    """Negativity (e^{2 r} - 1) / 2, and no entropy of both."""
    r = 0.8
    normal = np.sinh(r) ** 2 * np.eye(2)
    anomalous = -np.sinh(r) * np.cosh(r) * np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(merit.negativity(normal, anomalous, 1), np.expm1(2 * r) / 2)
    np.testing.assert_allclose(merit.thermal_quanta(normal, anomalous), 0, atol=1e-14)
