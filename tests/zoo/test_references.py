"""The references of the zoo that are worked out by hand, each against something else."""

import mpmath
import numpy as np
import pytest

from quantumbattery.zoo import brute_force, many_body, pulses, quadratures, reservoirs


def test_a_hamiltonian_that_stands_still_is_one_that_changes():
    h = np.array([[0.3, 1j], [-1j, -0.7]])
    times = np.array([0.0, 0.4, 3.0])
    found = brute_force.kets_in_time(lambda _: h, [1, 0], times)
    np.testing.assert_allclose(found, brute_force.kets(h, [1, 0], times), atol=1e-11)


@pytest.mark.parametrize("order", [-0.5 + 0.3j, 0.5 - 1j, 1.5])
def test_bessel_functions_of_complex_order(order):
    found = pulses._bessel(order, np.array([0.01, 1.0, 5.0]))
    expected = [complex(mpmath.besselj(order, x)) for x in (0.01, 1.0, 5.0)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("coupling", [0.2, 1.0])
def test_a_crossing_is_one_of_parabolic_cylinder_functions(coupling):
    order, turn = -1j * coupling**2, mpmath.expjpi(0.25)
    root = mpmath.sqrt(mpmath.pi)  # values and slopes at 0 as in DLMF 12.2.6 and 12.2.7
    begin = 2 ** (order / 2) * root * mpmath.rgamma((1 - order) / 2)
    rise = -turn * 2 ** ((order + 1) / 2) * root * mpmath.rgamma(-order / 2)
    for k, time in enumerate((-5.0, 1.3, 4.0)):
        (even, slope), (odd, steep) = pulses._weber(coupling, np.array([time]))[:, :, 0]
        assert even * steep - odd * slope == pytest.approx(1, abs=1e-11)
        there = complex(mpmath.pcfd(order, turn * time))
        assert there == pytest.approx(complex(begin * even + rise * odd), abs=1e-11), k


def test_strings_of_jordan_and_wigner_conserve_fermions_and_are_hermitian():
    whole = many_body._syk(4)
    number = brute_force.excited(4)
    np.testing.assert_allclose(whole, whole.conj().T, atol=1e-15)
    np.testing.assert_allclose(whole @ number, number @ whole, atol=1e-14)
    alone = np.diag(number) < 2
    assert np.abs(whole[alone]).max() < 1e-15  # fewer than two have nobody to meet


def test_populations_of_emitting_cells_add_up_to_one():
    np.testing.assert_allclose(reservoirs._ladder(4).sum(axis=1), 1, atol=1e-14)


def test_positions_and_momenta_by_steps_are_those_by_exponentials():
    losses, times = [0.3, 0.1, 0.2], np.array([0.0, 0.7, 2.0])
    rate = quadratures.line(3, losses)
    noise = quadratures.noise(losses, [1.0, 0.0, 2.0])
    start = np.arange(6.0), np.diag(np.arange(1.0, 7.0))
    stepped = quadratures.integrated(rate, noise, lambda _: 0.0, times, start)
    for one, two in zip(stepped, quadratures.moved(rate, noise, times, start), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-11)


def test_an_oscillator_that_loses_relaxes_to_its_bath():
    rate, noise = quadratures.drift(np.eye(2), [0.5]), quadratures.noise([0.5], [2.0])
    mean, spread = quadratures.moved(
        rate, noise, [0.0, 1.0, 4.0], (np.array([2.0, 0.0]), np.eye(2))
    )
    kept = np.exp(-0.5 * np.array([0.0, 1.0, 4.0]))
    np.testing.assert_allclose(quadratures.energy(mean, spread), 2.5 * kept + 2 * (1 - kept))
    np.testing.assert_allclose(quadratures.work(mean, spread), 2 * kept, atol=1e-14)


def test_populations_after_a_displacement_are_those_of_poisson():
    a = brute_force.lower(60)
    assert quadratures.on_levels([1.5 * (a + a.T)], 0.0) == pytest.approx((2.25, 2.25), abs=1e-12)
