"""What a sweep costs beside the work it does, how it shares it, and how much memory it takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
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


INSIDE: list[float] = []  # seconds of each job that was timed


def timed(alpha: float) -> xr.Dataset:
    """The same, which notes how long it takes."""
    start = time.perf_counter()
    table = job(alpha)
    INSIDE.append(time.perf_counter() - start)
    return table


def pairs(theta: float | xr.DataArray, loss: float | xr.DataArray) -> xr.Dataset:
    """The pair at one moment; one number of each kind a point."""
    return qb.QubitPair(charger_loss=loss).charge(qb.bloch(theta), 1.4, ["energy", "ergotropy"])


def swept(workers: int, run: Callable[[float], xr.Dataset] = job) -> float:
    """Seconds for all points of `AXES`, a block each, into a store."""
    with tempfile.TemporaryDirectory() as folder:
        store, start = Path(folder, "study.zarr"), time.perf_counter()
        qb.sweep(run, AXES, store, progress=False, chunk=1, batch=False, workers=workers)
        return time.perf_counter() - start


def beside() -> tuple[float, float]:
    """Seconds of all jobs of a sweep, and what it took beside them.

    In one run: from one run to the next, jobs themselves differ by more than what is looked for.
    """
    INSIDE.clear()
    whole = swept(1, timed)
    return sum(INSIDE), whole - sum(INSIDE)


def millions() -> None:
    """Ten million points into a store."""
    with tempfile.TemporaryDirectory() as folder:
        qb.sweep(pairs, MILLIONS, Path(folder, "study.zarr"), progress=False)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    job(8.2)
    swept(1)
    loop, more = min((beside() for _ in range(2)), key=lambda each: each[1] / each[0])
    one, two = (min(each) for each in zip(*((swept(1), swept(2)) for _ in range(2)), strict=True))
    block, spent = loop / len(AXES["alpha"]), more / loop
    yield (
        f"a sweep in blocks of {block:.2f} s, beside its jobs", f"{spent:+.1%}", f"{loop:.2f} s",
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
