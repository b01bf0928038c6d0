"""The pair and the Dicke battery beside qthermo, which also has figures of merit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

import quantumbattery as qb
from benchmarks.cells import BOTH, Array, faster
from benchmarks.measure import in_turn
from benchmarks.pair import Row

QTHERMO: Any = import_module("qthermo.batteries")  # it comes without types

# --- the pair ----------------------------------------------------------------------------------

TIMES = np.linspace(0, 10, 201)


def pair(loss: float) -> Array:
    """Energy and ergotropy of a pair whose charger is lossy, ours."""
    table = qb.QubitPair(charger_loss=loss).charge(qb.bloch(np.pi / 2), TIMES, BOTH)
    return np.stack([table[name].values for name in BOTH])


def typed_pair(loss: float, coupling: float = 1.0, times: Array = TIMES) -> Array:
    """The same in qthermo, as one types it."""
    low, one = np.array([[0.0, 1.0], [0.0, 0.0]]), np.eye(2)
    a, b = np.kron(low, one), np.kron(one, low)
    own = b.T @ b
    h = a.T @ a + own + coupling * (a.T @ b + b.T @ a)
    start = np.kron([0.5**0.5, 0.5**0.5], [1.0, 0.0])
    jumps = [loss**0.5 * a] if loss else None
    battery = ([1], [2, 2], low.T @ low)
    result = QTHERMO.charge(h, own, start, times, c_ops=jumps, battery=battery)
    return np.stack([result.energy, result.ergotropy])


def pairs() -> Iterator[Row]:
    """One pair, lossy and lossless, a point each."""
    for name, loss, runs in (("lossy", 0.3, 3), ("lossless", 0.0, 7)):
        ours, peer = in_turn(partial(pair, loss), partial(typed_pair, loss), runs)
        yield (
            f"{name} pair, 201 times; qthermo",
            f"{peer / ours:,.0f} x, {ours / TIMES.size * 1e6:.2g} us a point",
            f"{peer / TIMES.size * 1e6:,.0f} us", "", True,
        )  # fmt: skip
        yield apart(pair(loss), typed_pair(loss))


# --- the Dicke battery -------------------------------------------------------------------------

CELLS = (1, 2, 4, 6)
COUPLING = 0.05


def strongest(cells: int, count: int = 3000) -> float:
    """The largest mean power of cells that start with as many photons."""
    system = qb.models.dicke(cells=cells, coupling=COUPLING)
    times = np.linspace(0, 1.2 * np.pi / COUPLING, count)  # as qthermo takes them
    return float(system.charge(qb.fock(cells), times, ["power"]).power.max())


def advantage() -> Array:
    """By how much cells that share a cavity charge faster than cells that have one each."""
    single = strongest(1)
    return np.array([strongest(cells) / (cells * single) for cells in CELLS])


def typed_advantage() -> Array:
    """The same in qthermo, which has a function for it."""
    return np.asarray(QTHERMO.collective_advantage(CELLS, g=COUPLING)["advantage"])


def dicke() -> Iterator[Row]:
    """The power advantage of the Dicke battery."""
    ours, peer = in_turn(advantage, typed_advantage, 3)
    yield faster("Dicke advantage, N = 1, 2, 4, 6; qthermo", ours, peer, 0)
    yield apart(advantage(), typed_advantage())


def apart(ours: Array, theirs: Array, allowed: float = 1e-6) -> Row:
    """A row for how far two answers to one question lie apart; far apart, no time counts."""
    largest = float(np.abs(ours - theirs).max())
    if largest > allowed:
        raise ArithmeticError(f"the peer's answer is {largest:.1e} from ours: not the same job")
    return "  largest difference", f"{largest:.1e}", "", "", True


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    jobs: tuple[Callable[[], Iterator[Row]], ...] = (pairs, dicke)
    for job in jobs:
        yield from job()
