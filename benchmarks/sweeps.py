"""What a sweep costs beside the work it does, how it shares it, and how much memory it takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

import quantumbattery as qb
from benchmarks.measure import extra_memory
from benchmarks.pair import Row

TIMES = np.linspace(0, 5, 60)
AXES = {"alpha": np.linspace(8.2, 9.2, 40)}
MILLIONS = {"theta": np.linspace(0, np.pi, 2500), "loss": np.linspace(0, 3, 4000)}


def job(alpha: float) -> xr.Dataset:
    """A hundred cells in a cavity: a few tenths of a second on one core."""
    system = qb.models.tavis_cummings(cells=100)
    return system.charge(qb.coherent(alpha), TIMES, ["energy", "ergotropy"], "collective")


def pairs(theta: float | xr.DataArray, loss: float | xr.DataArray) -> xr.Dataset:
    """The pair at one moment; one number of each kind a point."""
    return qb.QubitPair(charger_loss=loss).charge(qb.bloch(theta), 1.4, ["energy", "ergotropy"])


def swept(workers: int) -> float:
    """Seconds for all points of `AXES`, a block each, into a store."""
    with tempfile.TemporaryDirectory() as folder:
        store, start = Path(folder, "study.zarr"), time.perf_counter()
        qb.sweep(job, AXES, store, progress=False, chunk=1, batch=False, workers=workers)
        return time.perf_counter() - start


def plain() -> float:
    """Seconds for the same in a loop, on one core."""
    from quantumbattery.machine import at_most

    start = time.perf_counter()
    with at_most(1):
        for alpha in AXES["alpha"]:
            job(float(alpha))
    return time.perf_counter() - start


def millions() -> None:
    """Ten million points into a store."""
    with tempfile.TemporaryDirectory() as folder:
        qb.sweep(pairs, MILLIONS, Path(folder, "study.zarr"), progress=False)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    job(8.2)
    turns = [(plain(), swept(1), swept(2)) for _ in range(3)]
    loop, one, two = (min(each) for each in zip(*turns, strict=True))
    block = loop / len(AXES["alpha"])
    spent = one / loop - 1
    yield (
        f"a sweep in blocks of {block:.2f} s, beside a loop", f"{spent:+.1%}", f"{loop:.2f} s",
        "<= 5 %", spent <= 0.05,
    )  # fmt: skip
    yield (
        "  two processes beside one", f"{one / two:.2f} x", f"{one:.2f} s",
        ">= 1.7 x", one >= 1.7 * two,
    )  # fmt: skip
    start = time.perf_counter()
    millions()
    took = time.perf_counter() - start
    yield "1e7 points into a store", f"{took:.1f} s", "", "", True
    memory = extra_memory("from benchmarks.sweeps import *", "millions()")
    yield "  extra memory", f"{memory:.0f} MiB", "", "< 1 GiB", memory < 1024
