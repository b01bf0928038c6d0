"""Oscillators by means and covariances, beside exponentials in SciPy and QuTiP on levels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import qutip
import xarray as xr
from scipy.linalg import expm

import quantumbattery as qb
from benchmarks.cells import BOTH, Array, close, faster, within
from benchmarks.measure import in_turn, once, seconds
from benchmarks.pair import Row
from quantumbattery.machine import limited

PAIRS, TIMES = 1000, np.linspace(0.0, 20.0, 201)
PART = 200  # points that the peer works out
CHAIN, FAR = 400, np.linspace(0.0, 400.0, 100)
FIELD, LOSS, WARM, UNTIL = 0.5, 1.0, 0.2, np.linspace(0.0, 4.0, 41)


# --- many pairs ----------------------------------------------------------------------------------


def numbers() -> dict[str, Array]:
    """Of a thousand driven, lossy, warm pairs."""
    draw = np.random.default_rng(0).uniform
    low = {"w": 0.8, "loss": 0.1, "warm": 0.0, "g": 0.5, "field": 0.1, "leak": 0.0}
    high = {"w": 1.2, "loss": 0.5, "warm": 2.0, "g": 1.5, "field": 2.0, "leak": 0.1}
    return {name: draw(low[name], high[name], PAIRS) for name in low}


GIVEN = numbers()


def pairs(k: int | None = None) -> xr.Dataset:
    """All of them in one call, or one of them."""
    of = {
        name: xr.DataArray(v, dims="pair") if k is None else float(v[k])
        for name, v in GIVEN.items()
    }
    sites = {
        "a": qb.Oscillator(of["w"], loss=of["loss"], occupation=of["warm"]),
        "b": qb.Oscillator(loss=of["leak"]),
    }
    link, field = qb.exchange("a", "b", of["g"]), qb.drive("a", of["field"], frequency=1.0)
    return qb.System(sites, [link, field], "a", "b").charge({}, TIMES, BOTH)


def by_exponentials() -> Array:
    """Energy and ergotropy of some points, by an exponential each, as one types them."""
    found = []
    for k in range(PART):
        w, loss, warm, g, field, leak = (GIVEN[name][k] for name in GIVEN)
        drift = np.array(
            [
                [-1j * w - loss / 2, -1j * g, -1j * field],
                [-1j * g, -1j - leak / 2, 0],
                [0, 0, -1j],
            ]
        )
        noise = np.zeros((3, 3))
        noise[0, 0] = loss * warm
        whole = np.block([[drift, noise], [np.zeros((3, 3)), -drift.conj().T]])
        with_noise = whole * TIMES[(7 * k) % len(TIMES)]  # C. van Loan, 1978
        moved = expm(with_noise)
        mean = moved[1, 2]
        heat = (moved[:3, 3:] @ moved[:3, :3].conj().T)[1, 1].real
        found.append((abs(mean) ** 2 + heat, abs(mean) ** 2))
    return np.array(found).T


def many() -> Iterator[Row]:
    """A thousand pairs."""
    with limited(1):  # more threads make small exponentials slower
        took, peer = in_turn(pairs, by_exponentials, 5)
    each, theirs = took / PAIRS / len(TIMES), peer / PART
    yield "1,000 driven, warm pairs, 201 times", f"{each * 1e6:.2f} us", "", "<= 1 us", each <= 1e-6
    yield faster("  an exponential of SciPy a point", each, theirs, 300)
    table, points = pairs(), np.arange(PART)
    at = {"pair": xr.DataArray(points, dims="p"), "time": xr.DataArray(7 * points % 201, dims="p")}
    ours = np.stack([table[name].isel(at).values for name in BOTH])
    yield close("  largest difference", float(np.abs(ours - by_exponentials()).max()))


# --- a long chain --------------------------------------------------------------------------------


def chain(warm: float) -> xr.Dataset:
    """Four hundred lossy oscillators, the first coherent."""
    names = [f"o{k}" for k in range(CHAIN)]
    sites = {name: qb.Oscillator(loss=0.01, occupation=warm) for name in names}
    links = [qb.exchange(a, b, 1.0) for a, b in pairwise(names)]
    system = qb.System(sites, links, names[0], names[-1])
    return system.charge(qb.coherent(2.0), FAR, BOTH)


def chains() -> Iterator[Row]:
    """Cold and warm."""
    for warm in (0.0, 0.3):
        name = f"{CHAIN} lossy oscillators, {'warm' if warm else 'cold'}, 100 times"
        yield within(name, seconds(partial(chain, warm), 2), 5.0)


# --- one pair on levels --------------------------------------------------------------------------


def pair() -> xr.Dataset:
    """The pair of Farina et al., driven strongly, in a warm bath."""
    made = qb.models.driven_oscillator_pair(drive=FIELD, charger_loss=LOSS, occupation=WARM)
    return made.charge({}, UNTIL, BOTH)


def on_levels(levels: int) -> tuple[Array, float]:
    """Energy in QuTiP on so many levels of each, and how long it takes."""
    low, one = qutip.destroy(levels), qutip.qeye(levels)
    a, b = qutip.tensor(low, one), qutip.tensor(one, low)
    h = a.dag() * b + b.dag() * a + FIELD * (a + a.dag())
    jumps = [np.sqrt(LOSS * (1 + WARM)) * a, np.sqrt(LOSS * WARM) * a.dag()]
    start, kept = qutip.ket2dm(qutip.basis([levels, levels], [0, 0])), b.dag() * b
    how = {"atol": 1e-12, "rtol": 1e-10, "nsteps": 10**6, "method": "vern9"}
    found: list[Array] = []

    def solve() -> None:
        found.append(qutip.mesolve(h, start, UNTIL, jumps, e_ops=[kept], options=how).expect[0])

    took = once(solve)
    return np.real(found[-1]), took


def levels() -> Iterator[Row]:
    """Beside QuTiP, with as many levels as it takes in some seconds."""
    took, exact = seconds(pair, 20), pair().energy.values
    for count in (8, 12, 16, 24):
        theirs, long = on_levels(count)
        yield faster(f"a driven, warm pair; QuTiP on {count} levels each", took, long, 10)
        off = float(np.abs(theirs - exact).max())
        yield "  error of QuTiP", "", f"{off:.1e}", "", True


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from many()
    yield from chains()
    yield from levels()


if __name__ == "__main__":
    for each in rows():
        print(each, flush=True)
