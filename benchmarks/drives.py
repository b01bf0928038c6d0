"""Drives over many cycles or in many steps, beside QuTiP and exact results."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import qutip
import xarray as xr
from mpmath import cos, eye, factorial, matrix, mp, mpc, mpf, pi, workdps

import quantumbattery as qb
from benchmarks.cells import both_close, close, faster
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


# --- in steps ----------------------------------------------------------------------------------

HEIGHTS = np.random.default_rng(1).uniform(-0.25, 0.25, 50)
EDGES = np.arange(51) * 0.1
LOSS = 0.01  # and as much dephasing


def stepwise() -> float:
    """Energy of a lossy qubit after fifty random steps."""
    field = qb.drive("q", 1.0, 1.0, HEIGHTS.tolist(), breaks=EDGES)
    system = qb.System({"q": qb.Qubit(loss=LOSS, dephasing=LOSS)}, [field], [], "q")
    return float(system.charge({}, 5.0, ["energy"]).energy)


def stepwise_qutip(**options: object) -> float:
    """The same in QuTiP, whose array coefficients of order 0 are steps."""
    x, number = qutip.sigmax(), qutip.num(2)
    h = qutip.QobjEvo([[x, HEIGHTS]], tlist=EDGES[:-1], order=0)
    jumps = [LOSS**0.5 * qutip.destroy(2), (2 * LOSS) ** 0.5 * number]
    ground, how = qutip.basis(2, 0), {"nsteps": 10**6, **options}
    solved = qutip.mesolve(h, ground, [0.0, 5.0], jumps, e_ops=[number], options=how)
    return float(solved.expect[0][-1])


def stepwise_exponentials() -> float:
    """The same in QuTiP to rounding: one exponential after the other."""
    x, number, start = qutip.sigmax(), qutip.num(2), qutip.ket2dm(qutip.basis(2, 0))
    jumps = [LOSS**0.5 * qutip.destroy(2), (2 * LOSS) ** 0.5 * number]
    state = qutip.operator_to_vector(start)
    for height in HEIGHTS:
        state = (qutip.liouvillian(height * x, jumps) * 0.1).expm() * state
    return float(qutip.expect(number, qutip.vector_to_operator(state)))


def stepwise_exact() -> float:
    """The same to 25 digits: one exponential after the other."""
    low, number = matrix([[0, 1], [0, 0]]), matrix([[0, 0], [0, 1]])
    with workdps(25):
        rate, rho = mpf(LOSS), matrix([[1, 0], [0, 0]])
        for height in HEIGHTS:
            h = mpf(float(height)) * (low + low.T)
            term, total = rho, rho
            for k in range(1, 30):  # the Taylor series of a short step
                lost = low * term * low.T - (number * term + term * number) / 2
                lost += 2 * number * term * number - number * term - term * number
                term = (mpc(0, -1) * (h * term - term * h) + rate * lost) / (10 * k)
                total = total + term
            rho = total
        return float(rho[1, 1].real)


def steps() -> Iterator[Row]:
    """Fifty steps beside QuTiP at its usual tolerances, at tight ones, and without any."""
    truth, what = stepwise_exact(), "50 steps on a lossy qubit"
    tight = partial(stepwise_qutip, atol=1e-13, rtol=1e-11, max_step=0.1)
    peers = (
        ("QuTiP", stepwise_qutip, 0, 1e-5),
        ("QuTiP, to 1e-10", tight, 1, 1e-10),
        ("QuTiP's expm", stepwise_exponentials, 1, 1e-15),
    )
    for how, peer, target, allowed in peers:
        ours, theirs = in_turn(stepwise, peer, 9)
        yield faster(f"{what}; {how}", ours, theirs, target)
        yield both_close(abs(stepwise() - truth), abs(peer() - truth), allowed)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from cycles()
    yield from steps()
