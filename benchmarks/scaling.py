"""Cost against size: each way to do a job runs at growing sizes until it takes too long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.cells import Array
from quantumbattery.machine import TooLargeError

Numbers: TypeAlias = Array | Sequence[Array]  # energies and ergotropies

LIMIT = 2.0  # seconds: the first run beyond it is a curve's last
MEMORY = 4.0  # GiB: a run that would need more is not begun
AGREE = 1e-3  # of the largest number: the peers' usual tolerances are loose


@dataclass(frozen=True)
class Way:
    """One library's way to do a panel's job: a size in, numbers of all times out.

    `memory` says how many bytes it needs at least, `reference` what it must agree with,
    and `compiles` whether a first run at each size does more than the job.
    """

    name: str
    library: str
    job: Callable[[int], Numbers]
    memory: Callable[[int], float] = lambda _: 0.0
    reference: Callable[[int], Numbers] | None = None
    compiles: bool = False


@dataclass(frozen=True)
class Curve:
    """What was measured of a way, and why it ends: "time", "memory" or "" (no larger size)."""

    name: str
    library: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    ends: str


@dataclass(frozen=True)
class Panel:
    """The curves of one job."""

    title: str
    size: str
    curves: tuple[Curve, ...]


def measured(title: str, size: str, ways: Iterable[Way], sizes: Sequence[int]) -> Panel:
    """Run all ways at all sizes that they reach."""
    return Panel(title, size, tuple(grown(way, sizes) for way in ways))


def grown(way: Way, sizes: Sequence[int]) -> Curve:
    """Run one way at growing sizes until it takes too long or needs too much."""
    for size in sizes[:2]:
        _check(way, size)
    done: list[tuple[int, float]] = []
    ends = ""
    for size in sizes:
        try:
            fits = way.memory(size) <= MEMORY * 2**30
            took = _seconds(way, size) if fits else np.inf
        except TooLargeError:  # ours says so itself, before any work
            took = np.inf
        if np.isinf(took):
            ends = "memory"
            break
        done.append((size, took))
        if took > LIMIT:
            ends = "time"
            break
    reached, times = zip(*done, strict=True)
    print(f"  {way.name}: {reached[-1]:,} in {times[-1]:.2g} s", file=sys.stderr, flush=True)
    return Curve(way.name, way.library, reached, times, ends)


def _seconds(way: Way, size: int) -> float:
    """The shortest of a few runs, in turn on all cores and on one.

    Dense linear algebra on all cores of a machine that does something else too may take ten times
    as long as on one: that would not be fair to the peers.
    """
    if way.compiles:
        _once(way.job, size)
    runs = [_once(way.job, size)]
    while len(runs) < 2 or (sum(runs) < 0.3 and len(runs) < 8):
        with threadpool_limits(1 if len(runs) % 2 else None):
            runs.append(_once(way.job, size))
    return min(runs)


def _once(job: Callable[[int], Numbers], size: int) -> float:
    start = time.perf_counter()
    job(size)
    return time.perf_counter() - start


def _check(way: Way, size: int) -> None:
    """Refuse to time numbers that are not those of the job."""
    if way.reference is None:
        return
    ours = np.asarray(way.reference(size))
    off = np.abs(np.asarray(way.job(size)) - ours).max() / np.abs(ours).max()
    if not off <= AGREE:
        raise ArithmeticError(f"{way.name} is {off:.1e} off at size {size}: not the same job")
