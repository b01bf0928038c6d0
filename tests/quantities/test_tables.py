"""Tables as xarray makes them by itself."""

import numpy as np
import xarray as xr

from quantumbattery.quantities.measures import MEASURES
from quantumbattery.quantities.tables import dataset


def test_a_table_is_what_the_constructor_of_xarray_makes():
    """With labels, single values, labels beside an axis, texts, and an axis without labels."""
    sizes = {"time": 3, "bare": 2, "text": 2}
    coords = {
        "time": xr.Variable("time", [0.0, 1.0, 2.0]),
        "coupling": xr.Variable((), 1.5),
        "beside": xr.Variable("bare", [7.0, 8.0]),
        "text": xr.Variable("text", ["u", "v"]),
    }
    energy = np.arange(12.0).reshape(3, 2, 2)
    table = dataset(sizes, coords, {"energy": (energy, MEASURES["energy"])}, {"method": "any"})
    plain = xr.Dataset({"energy": (tuple(sizes), energy)}, coords, {"method": "any"})
    assert table.equals(plain)
    assert table.attrs == plain.attrs
    assert {*table.coords} == {*plain.coords}
    assert {*table.xindexes} == {*plain.xindexes}
    assert table.sizes == plain.sizes
    assert table.energy.attrs["units"] == "frequency"
    assert table.coupling.attrs["symbol"] == "$J$"
    assert table.sel(time=1.0, text="v").energy.shape == (2,)
    assert (2 * table).isel(time=[0, 2]).energy.shape == (2, 2, 2)
