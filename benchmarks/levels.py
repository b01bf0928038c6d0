"""Oscillators that choose their levels, beside QuTiP with the fewest that are accurate enough."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, pairwise

import numpy as np
import qutip
from scipy.linalg import expm

import quantumbattery as qb
from benchmarks.cells import Array, both_close, close, faster, levels_of
from benchmarks.measure import in_turn, once
from benchmarks.pair import Row


def fewest(
    error: Callable[[tuple[int, ...]], float], sites: int, allowed: float
) -> tuple[int, ...]:
    """How few levels each of some oscillators can have for an error: as many each, then fewer."""
    levels = next((n,) * sites for n in count(2) if error((n,) * sites) <= allowed)
    for site in range(sites):
        while levels[site] > 2:
            fewer = (*levels[:site], levels[site] - 1, *levels[site + 1 :])
            if error(fewer) > allowed:
                break
            levels = fewer
    return levels


# --- a row of weakly driven oscillators --------------------------------------------------------

HOPPING, AMPLITUDE, TIME = 0.5, 0.05, 2.0


def row(loss: float) -> float:
    """Energy of the third of three oscillators, the first of which is driven."""
    names = ["first", "second", "third"]
    links = [qb.exchange(a, b, HOPPING) for a, b in pairwise(names)]
    sites = {name: qb.Oscillator(loss=loss) for name in names}
    system = qb.System(sites, [*links, qb.drive("first", AMPLITUDE, 1.0)], "first", "third")
    return float(system.charge({}, TIME, ["energy"]).energy)


def row_qutip(levels: tuple[int, ...], loss: float) -> float:
    """The same in QuTiP, with levels that one gives."""
    one = [qutip.qeye(n) for n in levels]
    a = [qutip.tensor([*one[:k], qutip.destroy(n), *one[k + 1 :]]) for k, n in enumerate(levels)]
    h = HOPPING * sum(b.dag() * c + c.dag() * b for b, c in pairwise(a))
    h = (h + AMPLITUDE * (a[0] + a[0].dag())).to("CSR")
    start = qutip.tensor([qutip.basis(n, 0) for n in levels])
    how = {"e_ops": [a[2].dag() * a[2]], "options": {"atol": 1e-13, "rtol": 1e-11}}
    if loss:
        solved = qutip.mesolve(h, start, [0.0, TIME], [loss**0.5 * each for each in a], **how)
    else:
        solved = qutip.sesolve(h, start, [0.0, TIME], **how)
    return float(solved.expect[0][-1])


def row_exact(loss: float) -> float:
    """The same, exactly: all stay coherent, and their amplitudes obey a linear equation."""
    moved = np.zeros((4, 4), dtype=complex)
    moved[:3, :3] = -1j * HOPPING * (np.eye(3, k=1) + np.eye(3, k=-1)) - np.eye(3) * loss / 2
    moved[0, 3] = -1j * AMPLITUDE
    return float(np.abs(expm(TIME * moved)[2, 3]) ** 2)


def oscillators() -> Iterator[Row]:
    """Three oscillators, lossless and lossy, to 1e-10."""
    for name, loss, runs in (("lossless", 0.0, 50), ("lossy", 0.1, 5)):
        truth, ours = row_exact(loss), partial(row, loss)

        def off(levels: tuple[int, ...], loss: float = loss, truth: float = truth) -> float:
            return abs(row_qutip(levels, loss) - truth)

        levels = fewest(off, 3, 1e-10)
        mine, theirs = in_turn(ours, partial(row_qutip, levels, loss), runs)
        given = " x ".join(map(str, levels))
        yield faster(f"3 driven oscillators, {name}; QuTiP {given}", mine, theirs, 1)
        yield both_close(abs(ours() - truth), off(levels), 1e-10)


# --- a driven, lossy cavity --------------------------------------------------------------------

TIMES = np.linspace(0, 10, 101)
WORSE, ENOUGH = 10, 1e-11  # times our error that QuTiP's may be; what is good in any case
TOLERANCES = ((1e-12, 1e-10), (1e-13, 1e-11), (1e-14, 1e-12))
DRIVE, LOSS = 0.5, 0.2


def cavity() -> tuple[Array, int]:
    """Energy of a qubit in a driven, lossy cavity, and how many levels were chosen."""
    sites = {"cavity": qb.Oscillator(loss=LOSS), "atom": qb.Qubit()}
    link, field = qb.exchange("cavity", "atom", 1.0), qb.drive("cavity", DRIVE, 1.0)
    table = qb.System(sites, [link, field], "cavity", "atom").charge({}, TIMES, ["energy"])
    return np.asarray(table.energy), levels_of(table)


def cavity_qutip(levels: tuple[int, ...], atol: float = 1e-12, rtol: float = 1e-10) -> Array:
    """The same in QuTiP, with levels that one gives."""
    (n,) = levels
    a = qutip.tensor(qutip.destroy(n), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(n), qutip.destroy(2))
    h = (a.dag() * b + b.dag() * a + DRIVE * (a + a.dag())).to("CSR")
    start = qutip.tensor(qutip.basis(n, 0), qutip.basis(2, 0))
    how = {"e_ops": [b.dag() * b], "options": {"atol": atol, "rtol": rtol, "nsteps": 10**6}}
    return np.asarray(qutip.mesolve(h, start, TIMES, [LOSS**0.5 * a], **how).expect[0])


def cavities() -> Iterator[Row]:
    """Levels chosen by the library, beside the fewest with which QuTiP is about as close.

    Its error may be `WORSE` times ours; of its tolerances the fastest counts.
    """
    found, chosen = cavity()
    truth = cavity_qutip((chosen + 15,), 1e-15, 1e-13)
    mine = float(np.abs(found - truth).max())

    def off(levels: tuple[int, ...], tolerance: tuple[float, float] = (1e-14, 1e-12)) -> float:
        return float(np.abs(cavity_qutip(levels, *tolerance) - truth).max())

    allowed = max(WORSE * mine, ENOUGH)
    levels = fewest(off, 1, allowed)
    good = [each for each in TOLERANCES if off(levels, each) <= allowed]
    peers = [partial(cavity_qutip, levels, *each) for each in good]
    fastest = min(peers, key=once)
    ours, theirs = in_turn(cavity, fastest, 5)
    what = f"driven, lossy cavity, {chosen} levels; QuTiP {levels[0]}"
    yield faster(what, ours, theirs, 1)
    yield both_close(mine, off(levels), 1e-10)


# --- a steady state ----------------------------------------------------------------------------

JOINED, FIELD, LEAK = 6, 0.1, 0.1  # levels of each cavity; rates beside the cavities' own


def at_rest() -> float:
    """Energy of a qubit beside two joined cavities, one of which is driven, for ever."""
    a, b = (qb.Oscillator(loss=1.0, levels=JOINED) for _ in range(2))
    links = [qb.exchange("a", "b", 0.5), qb.exchange("b", "q", 0.5)]
    field = qb.drive("a", FIELD, 1.0)
    system = qb.System({"a": a, "b": b, "q": qb.Qubit(loss=LEAK)}, [*links, field], "a", "q")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of levels that are as few for both
        return float(system.charge({}, np.inf, ["energy"]).energy)


def at_rest_qutip() -> float:
    """The same in QuTiP, by its own choice of a method."""
    each = [qutip.destroy(n) for n in (JOINED, JOINED, 2)]
    one = [qutip.qeye(n) for n in (JOINED, JOINED, 2)]
    a, b, q = (qutip.tensor([*one[:k], each[k], *one[k + 1 :]]) for k in range(3))
    h = 0.5 * (a.dag() * b + b.dag() * a + b.dag() * q + q.dag() * b) + FIELD * (a + a.dag())
    found = qutip.steadystate(h.to("CSR"), [a, b, LEAK**0.5 * q])
    return float(qutip.expect(q.dag() * q, found))


def rest() -> Iterator[Row]:
    """A density matrix of 5,184 numbers, by iteration and by a factorization."""
    mine, theirs = in_turn(at_rest, at_rest_qutip, 1)
    yield faster("two cavities and a qubit at rest; QuTiP", mine, theirs, 1)
    yield close("  difference", abs(at_rest() - at_rest_qutip()))


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from oscillators()
    yield from cavities()
    yield from rest()
