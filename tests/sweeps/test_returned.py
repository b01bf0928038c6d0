"""What a swept function returns that no store can hold is told as such."""

import numpy as np
import pytest
import xarray as xr

import quantumbattery as qb


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (xr.Dataset({1: 2.0}), "the name of a variable or an axis is text, and run returns 1"),
        (xr.Dataset({("a", "b"): 2.0}), r"run returns \('a', 'b'\): rename it"),
    ],
)
def test_names_that_are_no_text(table, words):
    with pytest.raises(TypeError, match=words):
        qb.sweep(lambda x: table, {"x": [0.0, 1.0]}, progress=False)  # noqa: ARG005


@pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long doubles are doubles here")
@pytest.mark.parametrize("kind", [np.longdouble, np.clongdouble])
def test_numbers_that_are_too_wide(kind):
    with pytest.raises(TypeError, match=r"in 'y', which no store holds: give float64"):
        qb.sweep(lambda x: xr.Dataset({"y": kind(x)}), {"x": [0.0, 1.0]}, progress=False)
