"""The pair: closed forms on a grid, the best times, start-up."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

import quantumbattery as qb
from benchmarks.measure import commands_in_turn, extra_memory, in_turn, seconds
from quantumbattery.paper import printed

THETA = np.linspace(0, np.pi, 100)
LOSS = np.linspace(0, 3, 100)
TIME = np.linspace(0, 10, 400)
POINTS = THETA.size * LOSS.size * TIME.size
MEASURES = ["energy", "ergotropy", "capacity", "ergotropic_power"]

Row = tuple[str, str, str, str, bool]


def grid() -> object:
    """Compute four quantities on the grid with the library."""
    return qb.QubitPair(charger_loss=LOSS).charge(qb.bloch(THETA), TIME, MEASURES)


def transcription() -> tuple[npt.NDArray[np.float64], ...]:
    """Compute the same as one types Eqs. 62, 69 and 70: arrays of the grid, one line each."""
    theta, loss, time = np.meshgrid(THETA, LOSS, TIME, indexing="ij")
    energy = printed.eq62(theta, time, loss)
    work = printed.eq69(theta, time, loss)
    capacity = printed.eq70(theta, time, loss)
    with np.errstate(invalid="ignore", divide="ignore"):
        return energy, work, capacity, work / time


def broadcast_transcription() -> tuple[npt.NDArray[np.float64], ...]:
    """Compute the same by a careful hand: shared terms once, each on its own axes."""
    s = np.sin(THETA / 2)[:, None, None] ** 2
    loss, time = LOSS[None, :, None], TIME[None, None, :]
    G = np.sqrt(1 - (loss / 4) ** 2)
    f2 = (np.sin(G * time) / G * np.exp(-loss * time / 4)) ** 2
    energy = s * f2
    capacity = np.sqrt(1 - 4 * s**2 * f2 * (1 - f2))
    work = energy - (1 - capacity) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return energy, work, capacity, work / time


def qutip_loop(points: int) -> float:
    """Solve, trace out and diagonalise in QuTiP; return a sum, so that nothing is left out."""
    import qutip

    a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
    h = a.dag() * a + b.dag() * b + a.dag() * b + b.dag() * a
    start = qutip.tensor((qutip.basis(2, 0) + qutip.basis(2, 1)).unit(), qutip.basis(2, 0))
    times = np.linspace(0, 10, points)
    total = 0.0
    gap = qutip.num(2)
    for time, state in zip(
        times, qutip.mesolve(h, start, times, [0.3**0.5 * a]).states, strict=True
    ):
        battery = state.ptrace(1)
        energy = qutip.expect(gap, battery)
        populations, levels = battery.eigenenergies(), gap.eigenenergies()
        work = energy - populations[::-1] @ levels
        capacity = populations @ levels - populations[::-1] @ levels
        total += energy + work + capacity + (work / time if time else 0.0)
    return float(total)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    ours, plain = in_turn(grid, transcription)
    _, careful = in_turn(grid, broadcast_transcription)
    each = ours / POINTS * 1e9
    yield "grid of 4e6 points, 4 quantities", f"{each:.1f} ns a point", "", "<= 15 ns", each <= 15
    yield (
        "  beside Eqs. 62, 69, 70 typed in NumPy", f"{plain / ours:.1f} x faster",
        f"{plain / POINTS * 1e9:.0f} ns", ">= 2.5 x", plain >= 2.5 * ours,
    )  # fmt: skip
    yield (
        "  beside them tuned by hand (loses digits)", f"{careful / ours:.1f} x faster",
        f"{careful / POINTS * 1e9:.0f} ns", "", True,
    )  # fmt: skip
    memory = extra_memory(
        "from benchmarks.pair import *\n"
        "qb.QubitPair(charger_loss=[0.1]).charge(qb.bloch([1.0]), [1.0], MEASURES)",
        "table = grid()",
    )
    spare = memory - POINTS * 8 * len(MEASURES) / 2**20
    yield "  peak memory beyond the outputs", f"{spare:.0f} MiB", "", "<= 64 MiB", spare <= 64
    points = 201
    ratio = (seconds(lambda: qutip_loop(points), 3) / points) / (ours / POINTS)
    yield "  beside the QuTiP loop", f"{ratio:,.0f} x faster", "", ">= 10,000 x", ratio >= 1e4
    preparations = qb.bloch(np.linspace(0, np.pi, 1_000_000))
    lossy = qb.QubitPair(charger_loss=0.3)
    micro = seconds(lambda: lossy.optimum(preparations), 2)  # seconds for a million
    yield "optimum of 1e6 lossy preparations", f"{micro:.1f} us each", "", "<= 10 us", micro <= 10
    start = [sys.executable, "-c"]
    mine, theirs = commands_in_turn(
        [*start, "import quantumbattery"], [*start, "import xarray"], runs=9
    )
    yield (
        "import quantumbattery", f"{mine / theirs:.2f} x import xarray", f"{theirs:.2f} s",
        "<= 1.3 x", mine <= 1.3 * theirs,
    )  # fmt: skip
    command = [sys.executable, "-m", "quantumbattery", "charge", "--theta", "90deg"]
    answer, _ = commands_in_turn(command, [*start, "pass"], runs=5)
    yield "quantumbattery charge", f"{answer:.2f} s", "", "< 2 s", answer < 2
