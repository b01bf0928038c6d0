"""Settings of Zarr under which it would wait for ever."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
import zarr

import quantumbattery as qb


def energy(loss: float) -> xr.Dataset:
    return xr.Dataset({"energy": np.exp(-loss)})


@pytest.mark.parametrize("begun", [False, True], ids=["a new store", "one that was begun"])
@pytest.mark.parametrize("key", ["async.concurrency", "threading.max_workers"])
@pytest.mark.parametrize("value", [0, -1, "x", True])
def test_settings_with_which_nothing_goes_on(tmp_path, key, value, begun):
    store = tmp_path / "loss.zarr"
    if begun:
        qb.sweep(energy, {"loss": [0.0, 1.0]}, store)
    with (
        zarr.config.set({key: value}),
        pytest.raises(ValueError, match=rf"zarr is set to {key} = .*at least 1"),
    ):
        qb.sweep(energy, {"loss": [0.0, 1.0]}, store)
    assert store.exists() == begun
    assert qb.sweep(energy, {"loss": [0.0, 1.0]}, store).energy[0] == 1.0
