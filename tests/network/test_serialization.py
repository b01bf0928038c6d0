"""Systems written down as plain values, and what cannot be."""

import json

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


def system(site=None, strength=1.0):
    sites = {"a": site or qb.Qubit(), "b": qb.Qubit()}
    return qb.System(sites, [qb.exchange("a", "b", strength)], "a", "b")


@pytest.mark.parametrize(
    "site",
    [
        qb.Qudit([0.0, xr.DataArray([1.0, 2.0], dims="x")]),
        qb.Qudit([0.0, 1.0, [1.5, 2.0]]),
        *[
            qb.Qubit(xr.DataArray([1.0, 2.0], {"x": labels}, ("x",)))
            for labels in (
                ["a", "b"],
                [1, 2],
                [True, False],
                [0.5, 1.5j],
                np.array(["a", "b"], "O"),
            )
        ],
    ],
)
def test_levels_and_labels_come_back_through_json(site):
    written = json.loads(json.dumps(system(site).to_dict(), allow_nan=False))
    assert qb.System.from_dict(written) == system(site)


@pytest.mark.parametrize(
    "labels",
    [np.array(["2020-01-01", "2021-01-01"], "M8[D]"), [b"a", b"b"], np.array(["a", 1], "O")],
)
def test_labels_that_json_does_not_hold_are_refused(labels):
    site = qb.Qubit(xr.DataArray([1.0, 2.0], {"x": labels}, ("x",)))
    with pytest.raises(TypeError, match=r"labels of 'x' are of .*, which cannot be written"):
        system(site).to_dict()


@pytest.mark.parametrize("real", ["x", None, [1, [2]], 10**400, {}, True])
def test_parts_of_a_complex_number_are_numbers(real):
    written = system(strength=1j).to_dict()
    written["interactions"][0]["strength"] = {"real": real, "imaginary": 0.0}
    with pytest.raises(TypeError, match="interaction 0: real and imaginary are numbers, or lists"):
        qb.System.from_dict(written)
    written["interactions"][0]["strength"] = {"real": [1, 2], "imaginary": [1, 2, 3]}
    with pytest.raises(ValueError, match=r"have shapes \(2,\) and \(3,\)"):
        qb.System.from_dict(written)
