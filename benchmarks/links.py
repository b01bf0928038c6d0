"""What a phase of a coupling costs beside none, and a shared loss beside local ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

import quantumbattery as qb
from benchmarks.cells import BOTH
from benchmarks.measure import in_turn
from benchmarks.pair import Row

PHASE, START, MOST = np.exp(0.3j), qb.bloch(2.0), 1.25  # the last one is for noise
RUNS = 20


def beside(what: str, ours: Callable[[], object], peer: Callable[[], object]) -> Row:
    """A row for how much more one job takes than another."""
    mine, other = in_turn(ours, peer, RUNS)
    ratio = mine / other
    shown = f"{ratio:.2f} x, {mine * 1e3:.3g} ms"
    return what, shown, f"{other:.3g} s", f"<= {MOST:g} x", ratio <= MOST


def chain(count: int, strength: complex, *losses: Any) -> xr.Dataset:
    """A chain of qubits."""
    names = [f"q{k}" for k in range(count)]
    links = [qb.exchange(a, b, strength) for a, b in pairwise(names)]
    sites = {name: qb.Qubit() for name in names}
    system = qb.System(sites, [*links, *losses], names[0], names[-1])
    return system.charge(START, np.linspace(0, count, 101), BOTH)


def cavity(strength: complex) -> xr.Dataset:
    """Ten cells in a cavity."""
    sites = {"cavity": qb.Oscillator(), "cells": qb.Ensemble(qb.Qubit(), 10)}
    system = qb.System(sites, [qb.exchange("cavity", "cells", strength)], "cavity", "cells")
    return system.charge(qb.coherent(3.0), np.linspace(0, 5, 201), BOTH, "collective")


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    for count in (2, 60):
        yield beside(
            f"a complex coupling beside a real one: {count} qubits",
            partial(chain, count, PHASE), partial(chain, count, 1.0),
        )  # fmt: skip
    yield beside("the same: 10 cells in a cavity", partial(cavity, PHASE), partial(cavity, 1.0))
    shared = qb.dissipator({"q0": 1.0, "q1": 1.0}, 0.1)
    alone = [qb.dissipator({name: 1.0}, 0.1) for name in ("q0", "q1")]
    for count in (2, 60):
        yield beside(
            f"a loss that two share beside two losses: {count} qubits",
            partial(chain, count, 1.0, shared), partial(chain, count, 1.0, *alone),
        )  # fmt: skip


if __name__ == "__main__":
    for each in rows():
        print(each, flush=True)
