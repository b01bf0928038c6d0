"""Single calls, many disconnections and many collisions in one call, beside QuTiP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, pairwise
from typing import Any

import numpy as np
import qutip
import xarray as xr

import quantumbattery as qb
from benchmarks.cells import BOTH, Array, close, faster
from benchmarks.measure import in_turn, once
from benchmarks.pair import Row

LOSS = 0.2
START = qb.bloch(np.pi / 2)
REPEATS = 2000  # of what takes a millisecond, so that a busy moment does not count

# --- one call of 201 times -----------------------------------------------------------------------

TIMES = np.linspace(0, 5, 201)
_loss = (LOSS + 1e-6 * k for k in count())  # other numbers in each call, as an optimiser has them


def by_pair(loss: float = LOSS) -> xr.Dataset:
    """Energy and ergotropy of a lossy pair, in closed form."""
    return qb.QubitPair(charger_loss=loss).charge(START, TIMES, BOTH)


def by_system(loss: float = LOSS) -> xr.Dataset:
    """The same by the engine that takes any system."""
    return qb.QubitPair(charger_loss=loss).system().charge(START, TIMES, BOTH)


class TypedPair:
    """The same pair as one types it."""

    def __init__(self, loss: float = LOSS) -> None:
        a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
        b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
        self.apart, self.jumps = a.dag() * a + b.dag() * b, [loss**0.5 * a]
        self.joined = self.apart + a.dag() * b + b.dag() * a
        self.start = qutip.tensor(
            (qutip.basis(2, 0) + qutip.basis(2, 1)).unit(), qutip.basis(2, 0)
        ).proj()
        self.tight = {"atol": 1e-12, "rtol": 1e-10}

    def charged(self, times: Array) -> list[Any]:
        """States while charging."""
        found = qutip.mesolve(self.joined, self.start, times, self.jumps, options=self.tight)
        return list(found.states)

    def stored(self, until: float, end: float) -> Any:
        """The state at the end, if charging ends before."""
        state = self.charged(np.array([0.0, until]))[-1]
        spans = np.array([0.0, end - until])
        return qutip.mesolve(self.apart, state, spans, self.jumps, options=self.tight).states[-1]


def of_battery(states: list[Any]) -> Array:
    """Energy and ergotropy of the battery in joint states, (2, states)."""
    found = []
    for state in states:
        battery = state.ptrace(1)
        energy = qutip.expect(qutip.num(2), battery)
        found.append((energy, energy - battery.eigenenergies()[0]))
    return np.array(found).T


def apart(table: xr.Dataset, expected: Array) -> float:
    """The largest difference of energies and ergotropies."""
    ours = np.stack([table[name].values.ravel() for name in BOTH])
    return float(np.abs(ours - expected).max())


def single() -> Iterator[Row]:
    """One call each, of thousands that differ in their numbers."""
    expected = of_battery(TypedPair().charged(TIMES))
    for what, ours, most in (
        ("one call of 201 times, a lossy pair", by_pair, 0.3),
        ("one call of 201 times, the same as a System", by_system, 1.5),
    ):
        took = min(once(partial(ours, next(_loss))) for _ in range(REPEATS)) * 1e3
        peer = min(once(lambda: of_battery(TypedPair().charged(TIMES))) for _ in range(5))
        yield what, f"{took:.3f} ms", "", f"<= {most} ms", took <= most
        yield faster("  QuTiP, to 1e-9", took / 1e3, peer, 10)
        yield agreement(apart(ours(), expected), 1e-8)


def agreement(off: float, most: float) -> Row:
    """A row for how far ours and the peer's numbers are apart; no run goes on if they differ."""
    if not off <= most:
        raise AssertionError(f"ours and the peer's numbers are {off:.2g} apart")
    return close("  largest difference", off)


# --- the state beside what is read of it ---------------------------------------------------------


def states() -> Iterator[Row]:
    """`density_matrix` of the battery beside `charge` with its ergotropy."""
    pair = qb.QubitPair(charger_loss=LOSS).system()
    cells = qb.models.tavis_cummings(cells=10)
    names = [f"qubit_{k}" for k in range(60)]
    links = [qb.exchange(one, other, 1.0) for one, other in pairwise(names)]
    line = qb.System({n: qb.Qubit(loss=0.001) for n in names}, links, names[0], names[-1])
    for what, system, start, times in (
        ("a lossy pair", pair, START, TIMES),
        ("10 cells, collective", cells, qb.coherent(10**0.5), np.linspace(0, 5, 100)),
        ("a lossy chain of 60", line, qb.bloch(2.0), np.linspace(0, 60, 100)),
    ):
        charge = partial(system.charge, start, times, BOTH, "collective")
        state = partial(system.density_matrix, start, times)
        read, held = in_turn(charge, state, 40)
        ratio = held / read
        yield (
            f"density_matrix beside charge: {what}", f"{ratio:.2f} x, {held * 1e3:.3g} ms",
            f"{read:.3g} s", "<= 1.5 x", ratio <= 1.5,
        )  # fmt: skip
        rho, table = state(), charge()
        own = np.diag(np.arange(rho.sizes["row"], dtype=float))
        off = max(
            np.abs(merit(rho, own).values - table[name].values).max()
            for name, merit in (("energy", qb.energy), ("ergotropy", qb.ergotropy))
        )
        yield agreement(float(off), 1e-9)


# --- a thousand disconnections -------------------------------------------------------------------

ENDS, LAST, FEW = np.linspace(0.01, 5, 1000), 6.0, 10


def disconnected(system: bool) -> xr.Dataset:
    """A lossy pair that is disconnected at a thousand times, and read later on."""
    pair = qb.QubitPair(charger_loss=LOSS)
    charge: Callable[..., xr.Dataset] = pair.system().charge if system else pair.charge
    return charge(START, LAST, BOTH, disconnect=ENDS)


def disconnections() -> Iterator[Row]:
    """A thousand disconnections in one call, beside one after the other."""
    some = slice(None, None, ENDS.size // FEW)

    def peer() -> Array:
        return of_battery([TypedPair().stored(end, LAST) for end in ENDS[some]])

    expected = peer()
    for what, system in (("", False), (" as a System", True)):
        ours = partial(disconnected, system)
        mine, theirs = in_turn(ours, peer, 5)
        scaled = theirs * ENDS.size / FEW
        yield faster(f"1,000 disconnections of a pair{what}; QuTiP (scaled)", mine, scaled, 500)
        yield agreement(apart(ours().isel(disconnect=some), expected), 1e-8)


# --- ten thousand collisions ---------------------------------------------------------------------

LEVELS, COLLISIONS, PART = 30, 10_000, 200
CROSSING = np.pi / np.sqrt(20)  # at 19 photons an atom leaves the cavity as it was


def collided(atom: Any) -> xr.Dataset:
    """Atoms that cross a cavity one after the other, ours."""
    cavity = qb.System(
        {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=LEVELS)},
        [qb.exchange("atom", "cavity", 1.0)],
        charger="atom",
        battery="cavity",
    )
    crossing = qb.Stroke(cavity, CROSSING, reset={"atom": atom})
    return qb.Protocol([crossing], repeat=COLLISIONS).charge({}, measures=BOTH)


def kraus(atom: Any) -> list[Any]:
    """How a cavity changes when an atom in this state has crossed it, in QuTiP."""
    lower, a = qutip.tensor(qutip.destroy(2), qutip.qeye(LEVELS)), qutip.destroy(LEVELS)
    a = qutip.tensor(qutip.qeye(2), a)
    h = lower.dag() * lower + a.dag() * a + lower.dag() * a + a.dag() * lower
    crossing = (-1j * CROSSING * h).expm()
    one = qutip.qeye(LEVELS)
    comes = qutip.tensor(atom, one)
    found = (qutip.tensor(qutip.basis(2, k), one).dag() * crossing * comes for k in range(2))
    return [qutip.Qobj(each.full()) for each in found]


def by_kraus(atom: Any, collisions: int) -> Array:
    """Energy and ergotropy after each of so many collisions, a loop in QuTiP."""
    acts = [(k, k.dag()) for k in kraus(atom)]
    rho, number, levels = qutip.fock_dm(LEVELS, 0), qutip.num(LEVELS), np.arange(LEVELS)
    found = [(0.0, 0.0)]
    for _ in range(collisions):
        rho = sum(k * rho * back for k, back in acts)
        energy = qutip.expect(number, rho)
        found.append((energy, energy - rho.eigenenergies()[::-1] @ levels))
    return np.array(found).T


def collisions() -> Iterator[Row]:
    """Excited atoms, and atoms that bring coherence; QuTiP's loop is measured in part."""
    turned = np.cos(1.0) * qutip.basis(2, 0) + np.sin(1.0) * qutip.basis(2, 1)
    for what, ours, atom, target in (
        ("excited", qb.fock(1), qutip.basis(2, 1), 5),
        ("coherent", qb.bloch(2.0), turned, 1),
    ):
        job, peer = partial(collided, ours), partial(by_kraus, atom, PART)
        mine, theirs = in_turn(job, peer, 3)
        name = f"10,000 {what} atoms, a cavity of 30; QuTiP (scaled)"
        yield faster(name, mine, theirs * COLLISIONS / PART, target)
        yield agreement(apart(job().isel(time=slice(PART + 1)), peer()), 1e-8)


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from single()
    yield from states()
    yield from disconnections()
    yield from collisions()


if __name__ == "__main__":
    for each in rows():
        print(each, flush=True)
