"""The paper's approximations against the physics, none of it taken from the package."""

import numpy as np
import pytest
import xarray as xr
from mpmath import mp
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from quantumbattery.paper import approximations


def transfer(time, loss, coupling=1.0):
    """Probability that the excitation has reached the battery, by exponentiating 2x2 matrices."""
    effective = np.array([[-0.5j * loss, coupling], [coupling, 0.0]])
    return abs(expm(-1j * effective * time)[1, 0]) ** 2


def ergotropy(time, theta):
    """Largest work that any of a fine net of rotations takes out, polished; J = omega_b = 1."""
    share, f = np.sin(theta / 2) ** 2, transfer(time, 0.0)
    rho = np.array([[1 - share * f, 0], [0, share * f]])
    rho[0, 1] = rho[1, 0] = np.sqrt(share * (1 - share) * f)

    def left(angle):
        c, s = np.cos(angle), np.sin(angle)
        return (np.array([[c, -s], [s, c]]) @ rho @ np.array([[c, s], [-s, c]]))[1, 1]

    best = min(np.linspace(0, np.pi, 25), key=left)
    span = (best - 0.15, best + 0.15)
    least = minimize_scalar(left, bounds=span, method="bounded", options={"xatol": 1e-9}).fun
    return share * f - least


def highest(function, bounds=(0.6, 2.2)):
    found = minimize_scalar(
        lambda t: -function(t), bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    return found.x, -found.fun


def test_constants_are_the_nearest_doubles():
    with mp.workdps(40):
        a = mp.findroot(lambda x: mp.tan(x) - 2 * x, 1.2)
        c = mp.findroot(lambda x: 1 + 2 * x * mp.tan(2 * x), 1.4)
        k = -a * mp.tan(2 * a) / 4
        exact = {"A": a, "B": mp.sin(a) ** 2 / a, "C": c, "D": -mp.cos(2 * c) / c}
        exact |= {"K": k, "L": k / a}
        stated = {"A": "1.165", "B": "0.724", "C": "1.399", "D": "0.673", "K": "0.306"}
        stated |= {"L": "0.262"}
        for name, value in exact.items():
            assert getattr(approximations, name) == float(value), name
            assert mp.nstr(value, 30).startswith(stated[name]), name


def test_constants_are_the_optima_that_they_claim():
    time, power = highest(lambda t: transfer(t, 0.0) / t)
    assert time == pytest.approx(approximations.A, abs=1e-7)
    assert power == pytest.approx(approximations.B, abs=1e-13)
    time, power = highest(lambda t: max(2 * transfer(t, 0.0) - 1, 0.0) / t)
    assert time == pytest.approx(approximations.C, abs=1e-7)
    assert power == pytest.approx(approximations.D, abs=1e-13)


@pytest.mark.parametrize("theta", [0.3, 0.8, 1.6, 2.4, np.pi])
def test_fits_follow_the_ergotropic_power(theta):
    time, power = highest(lambda t: ergotropy(t, theta) / t)
    assert approximations.ergotropic_power_time(theta) == pytest.approx(time, rel=0.004)
    assert approximations.ergotropic_power_max(theta) == pytest.approx(power, abs=0.0185)


def test_fits_take_their_stated_values():
    np.testing.assert_allclose(
        approximations.ergotropic_power_time(np.array([0.0, np.pi])), [7 / 6, 7 / 5], rtol=1e-15
    )
    np.testing.assert_allclose(
        approximations.ergotropic_power_max(np.array([0.0, np.pi / 2, np.pi])),
        [0.0, 1 / 3, 2 / 3],
        rtol=0,
        atol=1e-15,
    )


@pytest.mark.parametrize(
    ("approximation", "part", "power"),
    [
        (approximations.energy_time, 0, False),
        (lambda g: approximations.energy_max(np.pi, g), 1, False),
        (approximations.power_time, 0, True),
        (lambda g: approximations.power_max(np.pi, g), 1, True),
    ],
)
def test_expansions_are_right_to_first_order(approximation, part, power):
    # Halving the loss must quarter the remainder; a wrong coefficient would only halve it.
    remainders = []
    for loss in (0.04, 0.02):
        exact = highest(lambda t, g=loss: transfer(t, g) / (t if power else 1.0))[part]
        remainders.append(float(approximation(loss)) - exact)
    assert remainders[0] / remainders[1] == pytest.approx(4.0, rel=0.03)


def test_units_scale_out():
    theta, loss, j, w = 2.0, 0.3, 0.7, 1.9
    pairs = [
        (approximations.ergotropic_power_time(theta, j) * j, (theta,), "ergotropic_power_time"),
        (
            approximations.ergotropic_power_max(theta, j, w) / (j * w),
            (theta,),
            "ergotropic_power_max",
        ),
        (approximations.energy_time(loss * j, j) * j, (loss,), "energy_time"),
        (approximations.energy_max(theta, loss * j, j, w) / w, (theta, loss), "energy_max"),
        (approximations.power_time(loss * j, j) * j, (loss,), "power_time"),
        (approximations.power_max(theta, loss * j, j, w) / (j * w), (theta, loss), "power_max"),
    ]
    for scaled, arguments, name in pairs:
        assert scaled == pytest.approx(getattr(approximations, name)(*arguments), rel=1e-14), name


def test_arrays_broadcast():
    theta, loss = np.linspace(0, np.pi, 5)[:, None], np.linspace(0, 0.2, 3)
    assert approximations.energy_max(theta, loss).shape == (5, 3)
    assert approximations.power_max(theta, loss).shape == (5, 3)
    assert approximations.power_max(0.0, 0.1) == 0.0


def test_narrow_integers_lists_and_names_are_read_as_numbers():
    one = approximations.energy_time(0.1, 100.0)
    for narrow in (np.array([100], np.int8), [100], range(100, 101)):
        np.testing.assert_array_equal(approximations.energy_time(0.1, narrow), [one])
    three = approximations.ergotropic_power_max(1.0, np.array(100, np.uint8), np.array(3, np.uint8))
    assert three == approximations.ergotropic_power_max(1.0, 100.0, 3.0)
    theta, loss = xr.DataArray([1.0, 2.0], dims="x"), xr.DataArray([0.0, 0.1, 0.2], dims="y")
    named = approximations.power_max(theta, loss)
    assert named.dims == ("x", "y")
    assert named[1, 2] == approximations.power_max(2.0, 0.2)
    with pytest.raises(ValueError, match="frequency must be positive"):
        approximations.energy_max(1.0, 0.1, 1.0, -1.0)
