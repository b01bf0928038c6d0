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


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("codec_pipeline.batch_size", value) for value in (0, "x", 1.5, [])],
        *[("async.timeout", value) for value in (0, -1, 1e-9, "x", [])],
        *[("json_indent", "x"), ("json_indent", [])],
        *[("array.order", "x"), ("array.write_empty_chunks", 0), ("array", "x"), ("async", "x")],
        *[("codecs", "x"), ("codecs.crc32c", "x"), ("codec_pipeline.path", "x")],
        *[("buffer", "x"), ("buffer", "zarr.core.buffer.gpu.Buffer"), ("ndbuffer", "x")],
    ],
)
def test_settings_that_zarr_stumbles_over_are_named(tmp_path, key, value):
    store = tmp_path / "loss.zarr"
    with (
        zarr.config.set({key: value}),
        pytest.raises(ValueError, match=rf"zarr does not work as it is set.* {key}.* = "),
    ):
        qb.sweep(energy, {"loss": [0.0, 1.0]}, store)
    assert not store.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("async.concurrency", 3), ("async.timeout", 60), ("json_indent", 0), ("array.order", "F")],
)
def test_settings_that_make_sense_are_heeded(tmp_path, key, value):
    with zarr.config.set({key: value}):
        found = qb.sweep(energy, {"loss": [0.0, 1.0]}, tmp_path / "loss.zarr")
    assert found.energy[0] == 1.0
