import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


@pytest.mark.parametrize("theta", [-0.1, 3.15, np.nan, np.inf, [0.0, 4.0]], ids=str)
def test_polar_angle_off_the_sphere(theta):
    with pytest.raises(ValueError, match="theta must be an angle between 0 and pi"):
        qb.bloch(theta)


@pytest.mark.parametrize("phi", [-0.1, 6.3, np.nan])
def test_azimuth_off_the_sphere(phi):
    with pytest.raises(ValueError, match="phi must be an angle between 0 and 2 pi"):
        qb.bloch(1.0, phi)


def test_text_is_no_angle():
    with pytest.raises(TypeError, match="theta must be a real number"):
        qb.bloch("north")


def test_equal_when_equal():
    assert qb.bloch([0.1, 0.2]) == qb.bloch(np.array([0.1, 0.2]))
    assert qb.bloch(0.1) != qb.bloch(0.1, 0.2)
    assert qb.bloch(0.1) != 0.1


def test_the_south_pole_has_no_ground_amplitude():
    table = qb.QubitPair().charge(qb.bloch([np.pi, 3 * (np.pi / 3)]), [0.1, 0.5])
    assert float(table.coherence.max()) == 0
    assert float(table.ergotropy.max()) == 0  # F < 1/2: not a single digit of work


def test_levels_of_a_state_that_are_no_list_of_numbers():
    ket, uneven = np.eye(9)[0], [[1, 2], [3]]
    with pytest.raises(
        TypeError, match=r"^levels of a state is a list .* got \[\[1, 2\], \[3\]\]$"
    ):
        qb.state(ket, levels=uneven)
    with pytest.raises(TypeError, match=r'^the attribute "levels" of a state is a list of whole'):
        qb.state(xr.DataArray(ket, dims="row", attrs={"levels": uneven}))
    with pytest.raises(ValueError, match=f"in all {9 * 2**64}, but its dimension is 9"):
        qb.state(ket, levels=[2**32, 2**32, 9])
