"""A sweep that a test kills: `python sweep_study.py STORE [SCHEDULER]`."""

import os
import sys
import time

import numpy as np
import xarray as xr

import quantumbattery as qb

AXES = {"x": np.linspace(0.0, 1.0, 8), "n": [1, 2, 3, 4, 5, 6]}


def run(x, n):
    """What can be checked by hand, one point at a time."""
    time.sleep(float(os.environ.get("SWEEP_PAUSE", "0")))
    if n == 4 and x > 0.5:
        raise ValueError(f"no value at {n}")
    if seen := os.environ.get("SWEEP_SEEN"):
        with open(seen, "a") as file:
            file.write(f"{float(x)!r} {int(n)}\n")
    return xr.Dataset({"y": ("t", np.sin(x * n * np.arange(1.0, 4.0)))}, {"t": [1.0, 2.0, 3.0]})


def main(store, scheduler=None):
    """Sweep by two processes, or on a cluster."""
    given = {"progress": False, "chunk": 1, "batch": False}
    if scheduler is None:
        qb.sweep(run, AXES, store, workers=2, **given)
        return
    from dask.distributed import Client

    with Client(scheduler, timeout=20) as client:
        qb.sweep(run, AXES, store, executor=client, **given)


if __name__ == "__main__":
    main(*sys.argv[1:])
