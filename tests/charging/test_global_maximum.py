"""Maxima of functions that are known by heart."""

import numpy as np
import pytest

from quantumbattery.charging.global_maximum import Aim, maximum


def find(function, curvature, horizon, rate=False, tolerance=1e-9):
    one = np.ones(1)
    aim = Aim(horizon, tolerance, 1e-3 * one, 1e-13 * one, 0 * one, rate)
    found = maximum(function, np.array([curvature]), aim)
    return found.time[0], found.value[0], found.bound[0]


@pytest.mark.parametrize("horizon", [2.0, 10.0, 300.0])
def test_the_first_of_many_equal_peaks(horizon):
    """sin^2(t), |f''| <= 2: every peak is as high, and the bound is the parabola itself."""
    time, value, bound = find(lambda t: np.sin(t) ** 2, 2.0, horizon)
    assert time == pytest.approx(np.pi / 2, abs=1e-7)
    assert value == pytest.approx(1.0, abs=1e-15)
    assert 1 <= bound <= 1 + 1e-9


def test_a_later_peak_that_is_a_little_higher():
    """0.999999 at the first peak, 1 at the second."""

    def two(t):
        return np.sin(t) ** 2 - 1e-6 * np.exp(-((t - np.pi / 2) ** 2))

    time, value, _ = find(two, 2.1, 6.0)
    assert time == pytest.approx(3 * np.pi / 2, abs=1e-4)
    assert value == pytest.approx(two(time), abs=1e-14)


def test_a_narrow_peak_between_the_points_of_the_first_grid():
    """A thousandth of the horizon wide: found since the curvature says that it may be there."""

    def narrow(t):
        return 0.5 + 0.5 * np.exp(-(((t - 3.217) / 0.005) ** 2))

    time, value, _ = find(narrow, 1.0 / 0.005**2, 10.0)
    assert time == pytest.approx(3.217, abs=1e-6)
    assert value == pytest.approx(1.0, abs=1e-12)


def test_cusps_from_below_are_no_peaks():
    """max(0, sin) has kinks, a plateau and the curvature of the sine."""
    time, value, bound = find(lambda t: np.maximum(0, np.sin(t - 1)), 1.0, 8.0)
    assert time == pytest.approx(1 + np.pi / 2, abs=1e-7)
    assert value <= bound <= value * (1 + 1e-9)


def test_rates():
    """sin^2(t) / t is highest where tan t = 2 t (the paper, Eq. 34), at 1.1655612."""
    time, value, bound = find(lambda t: np.sin(t) ** 2, 2.0, 20.0, rate=True)
    assert time == pytest.approx(1.1655612, abs=1e-7)
    assert value == pytest.approx(np.sin(1.165561185207) ** 2 / 1.165561185207, abs=1e-14)
    assert value <= bound <= value * (1 + 1e-9)


def test_the_end_and_nothing():
    time, value, _ = find(lambda t: t**2, 2.0, 3.0)
    assert (time, value) == (3.0, 9.0)
    time, value, bound = find(lambda t: -1 - np.sin(t) ** 2, 2.0, 3.0)
    assert np.isnan(time)
    assert value == 0.0
    assert bound <= 1e-12


def test_members_are_apart():
    speed = np.array([1.0, 2.0, 5.0])
    aim = Aim(4.0, 1e-9, np.full(3, 1e-3), np.full(3, 1e-13), np.zeros(3))
    found = maximum(lambda t: np.sin(speed[:, None] * t) ** 2, 2 * speed**2, aim)
    np.testing.assert_allclose(found.time, np.pi / 2 / speed, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.value, 1.0, rtol=0, atol=1e-14)


@pytest.mark.parametrize("curvature", [0.0, 1e-6])
def test_what_stays_as_it_is_is_highest_at_once(curvature):
    """Rounding makes hills of it, none of which is a peak."""

    def level(t):
        return 0.9 * (1 + 4e-16 * np.sin(1e3 * t + 5 * t**2))

    time, value, bound = find(level, curvature, 2.0)
    assert time == 0
    assert value == pytest.approx(0.9, abs=1e-15)
    assert bound <= 0.9 + 1e-6


def test_what_stays_as_it_is_but_for_the_rounding_of_matrices():
    """Values that scatter by hundreds of units in the last place, everywhere: no later is best."""
    time, value, _ = find(lambda t: 0.7 * (1 + 6e-14 * np.sin(1e9 * t) ** 2), 1e-4, 12.0)
    assert time == 0
    assert value == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize("rate", [False, True])
@pytest.mark.parametrize("unit", [1.0, 1e9])
def test_a_loose_bound_of_equal_peaks_leaves_no_time(rate, unit):
    """Whatever the unit of time is."""

    def values(t):
        return np.cos(np.pi * (t / unit - 0.7)) ** 2 * (t / unit if rate else 1.0)

    def loose(member, a, b):  # noqa: ARG001
        ends = [values(t) / (np.maximum(t, 1e-300 * unit) if rate else 1.0) for t in (a, b)]
        return np.maximum(*ends) + 0.5 * (b - a) / unit / (unit if rate else 1.0)

    one = np.ones(1)
    scale = 1e-3 / (unit if rate else 1.0) * one
    aim = Aim(3.0 * unit, 1e-9, scale, 1e-10 * scale, 0 * one, rate, most=4000, ceiling=loose)
    found = maximum(values, 40 * one / unit**2, aim)
    assert found.early[0]
    assert not found.settled[0]


@pytest.mark.parametrize("unit", [1.0, 1e9])
def test_the_peak_of_a_rate_in_any_unit(unit):
    """sin^2(t) / t, whose curvature is known in the same unit."""
    one = np.ones(1)
    scale = 1e-3 / unit * one
    aim = Aim(3.0 * unit, 1e-9, scale, 1e-10 * scale, 0 * one, rate=True)
    found = maximum(lambda t: np.sin(t / unit) ** 2, 2 * one / unit**2, aim)
    assert found.time[0] / unit == pytest.approx(1.165561185, abs=1e-8)


@pytest.mark.parametrize(("peaks", "known"), [(1, True), (2, False)])
def test_a_loose_bound_leaves_the_time_of_a_single_peak(peaks, known):
    """All points are used up about the peak, or about two of them, of which either may be first."""
    times = np.linspace(0.0, 3.0, 3001)

    def values(t):
        return np.cos(t - 0.7) ** 2 if peaks == 1 else np.cos(np.pi * (t - 0.7)) ** 2

    def loose(member, a, b):  # noqa: ARG001
        return np.maximum(values(a), values(b)) + 0.5 * (b - a)

    one = np.ones(1)
    aim = Aim(3.0, 1e-9, 1e-3 * one, 1e-13 * one, 0 * one, most=4000, ceiling=loose)
    found = maximum(values, 20 * one, aim)
    assert found.settled[0] == known
    assert found.bound[0] >= values(times).max()
    assert found.early[0]
    if known:
        assert abs(found.time[0] - 0.7) < 1e-6
