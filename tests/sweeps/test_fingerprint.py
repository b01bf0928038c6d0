"""What a store is of, in a few letters."""

import pytest
import xarray as xr

import quantumbattery as qb
from quantumbattery.sweeps.fingerprint import identity


def blind_to_arrays(**_):
    return xr.Dataset({"y": 2.0})


def sensitive(x):
    if x > 0.5:
        raise ValueError("too large")
    return xr.Dataset({"y": 3.0 * x})


def test_memory_of_the_axes_is_a_fingerprint(tmp_path):
    store = tmp_path / "s.zarr"
    table = qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)
    table.close()
    with pytest.raises(ValueError, match="axis 'x' has other values"):
        qb.sweep(sensitive, {"x": [0.1, 0.3]}, store, progress=False)
    with pytest.raises(ValueError, match="axes are x, not y"):
        qb.sweep(blind_to_arrays, {"y": [0.1, 0.2]}, store, progress=False)
    with pytest.raises(ValueError, match="another function"):
        qb.sweep(blind_to_arrays, {"x": [0.1, 0.2]}, store, progress=False)
    with pytest.raises(ValueError, match="in blocks of"):
        qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False, chunk=2)


def test_the_program_s_version_counts(tmp_path, monkeypatch):
    store = tmp_path / "s.zarr"
    qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)
    monkeypatch.setattr("quantumbattery.sweeps.fingerprint.version", lambda _: "9.9.9")
    with pytest.raises(ValueError, match=r"begun by version 0\.1\.0"):
        qb.sweep(sensitive, {"x": [0.1, 0.2]}, store, progress=False)


def test_functions_differ_by_source_defaults_and_what_they_enclose():
    def made(factor):
        return lambda x: xr.Dataset({"y": factor * x})

    assert identity(made(1.0)) == identity(made(1.0))
    assert identity(made(1.0)) != identity(made(2.0))
    assert identity(sensitive) != identity(blind_to_arrays)


def test_what_a_function_reads_from_its_module_counts():
    source = """
import xarray as xr
FACTOR, LOG = 1.0, []
def helper(x): return FACTOR * x
def run(x):
    LOG.append(x)
    return xr.Dataset({"y": helper(x)})
"""

    def made(before="", after=""):
        space = {"__name__": "script"}
        exec(source.replace(before, after) if before else source, space)
        return space

    first = identity(made()["run"])
    assert identity(made()["run"]) == first
    assert identity(made("    LOG", "    # a remark\n    LOG")["run"]) == first
    assert identity(made("FACTOR, LOG = 1.0", "FACTOR, LOG = 2.0")["run"]) != first
    assert identity(made("return FACTOR * x", "return FACTOR + x")["run"]) != first
    space = made()
    space["run"](1.0)
    assert identity(space["run"]) == first  # what it writes to does not count
