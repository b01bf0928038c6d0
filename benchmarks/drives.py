"""Drives in the laboratory frame over many cycles, beside QuTiP and exact results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import qutip
import xarray as xr
from mpmath import cos, eye, factorial, matrix, mp, mpc, mpf, pi, workdps

import quantumbattery as qb
from benchmarks.cells import close, faster
from benchmarks.measure import in_turn
from benchmarks.pair import Row

CYCLES, AMPLITUDE = 1000, 2e-4  # of the field; the qubit and the field have frequency 1


def shaken() -> xr.Dataset:
    """Energy of a qubit after a thousand cycles, the counter-rotating half of the field kept."""
    field = qb.drive("q", AMPLITUDE, 1.0, rotating_wave=False)
    system = qb.System({"q": qb.Qubit()}, [field], [], "q")
    return system.charge({}, 2 * np.pi * CYCLES, ["energy"])


def wave(t: float) -> float:
    """The field, of which `shaken_qutip` makes a coefficient."""
    return math.cos(t)


def shaken_qutip(**options: object) -> float:
    """The same in QuTiP, as one types it; a function of Python is its fastest coefficient here."""
    number, x = qutip.num(2), qutip.sigmax()
    h = [number, [2 * AMPLITUDE * x, wave]]
    times = [0.0, 2 * np.pi * CYCLES]
    how = {"nsteps": 10**8, **options}
    solved = qutip.sesolve(h, qutip.basis(2, 0), times, e_ops=[number], options=how)
    return float(solved.expect[0][-1])


def exact() -> float:
    """The same to 25 digits: the Taylor series of each sixteenth of a cycle, and their power."""
    with workdps(25):
        still, field = matrix([[0, 0], [0, 1]]), matrix([[0, 1], [1, 0]]) * 2 * mpf(AMPLITUDE)
        step, once = 2 * pi / 16, eye(2)
        for place in range(16):
            terms = [eye(2)]
            for j in range(40):
                after = still * terms[j]
                for k in range(j + 1):
                    angle = step * place + k * pi / 2
                    after += field * terms[j - k] * (cos(angle) / factorial(k))
                terms.append(after * mpc(0, -1) / (j + 1))
            once = sum((t * step**j for j, t in enumerate(terms)), mp.zeros(2)) * once
        return float(abs((once**CYCLES)[1, 0]) ** 2)


def cycles() -> Iterator[Row]:
    """A thousand cycles of a qubit, beside QuTiP at its usual tolerances and at tight ones."""
    truth, what = exact(), "1,000 cycles of a driven qubit"
    tight = partial(shaken_qutip, method="vern9", atol=1e-12, rtol=1e-12)
    for how, peer in (("QuTiP", shaken_qutip), ("QuTiP's vern9, 1e-12", tight)):
        ours, theirs = in_turn(shaken, peer, 5)
        yield faster(f"{what}; {how}", ours, theirs, 5)
        mine, other = abs(shaken().energy.item() - truth), abs(peer() - truth)
        yield "  error", f"{mine:.1e}", f"{other:.1e}", "closer", mine < other
    yield close("  error, as our table tells it", shaken().attrs["solver_error"])


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from cycles()
