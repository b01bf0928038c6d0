"""Accuracy against 150-digit arithmetic, which may only get better.

`reference/pair.csv` and `reference/optimum.csv` come from `reference/generate.py`;
`reference/errors.json` holds the largest errors measured when it was last written.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import quantumbattery as qb

HERE = Path(__file__).parents[1] / "reference"
INPUTS = ["frequency", "coupling", "charger_loss", "battery_loss", "detuning"]
ALLOWED = 1e-12
ALLOWED_AT_ZEROS = 4e-15
# Another processor rounds sines and exponentials a little differently.
SLACK = 4.0


def read(name):
    return pd.read_csv(HERE / name, keep_default_na=False)


def case(frame, column):
    return xr.DataArray(frame[column].astype(float).to_numpy(), dims="case")


def setting(frame):
    pair = qb.QubitPair(**{name: case(frame, name) for name in INPUTS})
    return pair, qb.bloch(case(frame, "theta"))


def measured_errors():
    frame = read("pair.csv")
    pair, preparation = setting(frame)
    table = pair.charge(preparation, case(frame, "time"))
    errors = {}
    for name in table.data_vars:
        exact = frame[name].astype(float).to_numpy()
        off = np.abs(table[name].to_numpy() - exact)
        steep = frame["steep"].str.split().map(lambda s, n=name: n in s).to_numpy(dtype=bool)
        scale = {"1": 1.0, "frequency": frame["frequency"], "frequency^2": frame["frequency"] ** 2}
        relative_to_scale = off / np.asarray(scale[table[name].attrs["units"]])
        errors[name] = float(np.max(off[~steep] / np.abs(exact[~steep])))
        errors[f"{name} at zeros"] = float(np.max(relative_to_scale[steep], initial=0.0))
    frame = read("optimum.csv")
    pair, preparation = setting(frame)
    best = pair.optimum(preparation)
    for name in best.data_vars:
        exact = frame[name].astype(float).to_numpy()
        errors[name] = float(np.max(np.abs(best[name].to_numpy() / exact - 1)))
    return errors


STORED = json.loads((HERE / "errors.json").read_text()) if (HERE / "errors.json").exists() else {}


@pytest.fixture(scope="module")
def errors():
    return measured_errors()


def test_every_quantity_has_a_stored_error(errors):
    assert errors.keys() == STORED.keys()


@pytest.mark.parametrize("name", STORED)
def test_error_has_not_grown(errors, name):
    assert errors[name] <= SLACK * max(STORED[name], 2.3e-16)
    assert errors[name] <= (ALLOWED_AT_ZEROS if name.endswith("zeros") else ALLOWED)


def test_reference_covers_the_required_range():
    frame = read("pair.csv")
    ratio = frame.charger_loss / frame.coupling
    scaled = frame.time * frame.coupling
    assert frame.theta.min() < 1e-7
    assert frame.theta.max() > np.pi - 1e-7
    assert scaled.min() < 1e-8
    assert scaled.max() > 19
    assert ratio.min() == 0
    assert ratio.max() > 90
    edge = np.abs(ratio / 4 - 1)
    assert ((edge < 1e-12) & (edge > 0)).sum() > 5
    assert (edge == 0).any()
    # A third of the points are drawn next to zeros; still the exception is no loophole.
    assert frame["steep"].str.split().map(len).sum() < 0.07 * len(frame) * 14


if __name__ == "__main__":
    (HERE / "errors.json").write_text(json.dumps(measured_errors(), indent=1) + "\n")
