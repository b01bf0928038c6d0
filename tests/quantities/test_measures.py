import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.quantities.measures import check_measures

UNITS = {
    "energy": "frequency", "passive_energy": "frequency", "active_energy": "frequency",
    "ergotropy": "frequency", "antiergotropy": "frequency", "capacity": "frequency",
    "energy_variance": "frequency^2", "power": "frequency^2", "passive_power": "frequency^2",
    "ergotropic_power": "frequency^2", "population": "1", "population_inversion": "1",
    "coherence": "1", "concurrence": "1",
}  # fmt: skip


def test_units_are_those_that_scaling_demands():
    # In units of frequency half as large every frequency doubles and every time halves.
    factor = {"frequency": 2.0, "frequency^2": 4.0, "1": 1.0}
    one = qb.QubitPair(1.0, 0.7, 0.3, 0.1, 0.2).charge(qb.bloch(2.0), 1.5)
    two = qb.QubitPair(2.0, 1.4, 0.6, 0.2, 0.4).charge(qb.bloch(2.0), 0.75)
    assert set(one.data_vars) == set(UNITS)
    for name, units in UNITS.items():
        assert one[name].attrs["units"] == units
        assert float(two[name]) == pytest.approx(factor[units] * float(one[name]), rel=1e-12)
        assert one[name].attrs["long_name"]
        assert one[name].attrs["symbol"].startswith("$")


def test_optimum_says_its_units():
    best = qb.QubitPair().optimum(qb.bloch(1.0))
    for name in ("energy", "power", "ergotropy", "ergotropic_power"):
        assert best[f"{name}_time"].attrs["units"] == "1/frequency"
        assert best[f"{name}_max"].attrs["units"] == UNITS[name]
    numbers = {int(n) for v in best.data_vars.values() for n in v.attrs["equation"].split(",")}
    assert numbers == {31, 63, 32, 64, 34, 67, 35, 68, 40, 41, 69, 42, 43, 44, 45}
    assert np.isfinite(best.energy_time)


def test_a_name_for_two_things_is_refused():
    import xarray as xr

    loss = xr.DataArray([0.1, 0.2], dims="energy", coords={"energy": [1.0, 2.0]})
    with pytest.raises(ValueError, match="'energy' names both a quantity and an axis"):
        qb.QubitPair(charger_loss=loss).charge(qb.bloch(1.0), 1.0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("energie", r"unknown measure 'energie'; did you mean energy.* or .*\? Choose from ener"),
        ("ERGOTROPY", r"did you mean ergotropy\? Choose"),
        ("ergotropic-power", r"did you mean ergotropic_power\?"),
        ("work", r"unknown measure 'work'; choose from energy, "),
        ("", r"unknown measure ''; choose from energy, "),
        (3, r"unknown measure 3; choose from energy, "),
    ],
)
def test_a_wrong_name_is_guessed(given, said):
    with pytest.raises(ValueError, match=said):
        check_measures([given])
