"""Chains of qubits and batches of pairs, beside QuTiP, dynamiqs and exact results."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import qutip
import xarray as xr
from scipy.linalg import expm

import quantumbattery as qb
from benchmarks.cells import close, errors, faster, within
from benchmarks.measure import in_turn, seconds
from benchmarks.pair import Row

# --- chains ------------------------------------------------------------------------------------


def chain(
    length: int, loss: float, measures: list[str] | None = None, limit: float = 2.0
) -> xr.Dataset:
    """Qubits joined by exchange, charged at one end; by default all that the last one can tell."""
    names = [f"qubit_{k}" for k in range(length)]
    system = qb.System(
        sites={name: qb.Qubit(loss=loss) for name in names},
        interactions=[qb.exchange(a, b, 1.0) for a, b in pairwise(names)],
        charger=names[0],
        battery=names[-1],
    )
    return system.charge(qb.bloch(2.0), np.linspace(0, length, 100), measures, limit=limit)


def chain_off(length: int, loss: float) -> float:
    """The error of `chain`, beside its known modes: sines, whose frequencies are 2 cos(k)."""
    table = chain(length, loss)
    k = np.pi * np.arange(1, length + 1) / (length + 1)
    weights = 2 / (length + 1) * np.sin(k) * np.sin(length * k)
    times = table.time.values
    f2 = np.abs(np.exp(-2j * np.outer(times, np.cos(k))) @ weights) ** 2 * np.exp(-loss * times)
    s = np.sin(1.0) ** 2
    energy = s * f2
    radius = np.sqrt((1 - 2 * energy) ** 2 + 4 * s * (1 - s) * f2)
    return float(max(errors(table, np.stack([energy, energy - (1 - radius) / 2]))))


def chains() -> Iterator[Row]:
    """Chains of 60 and 1,000 qubits, without and with loss."""
    for length, limit, runs in ((60, 0.5, 5), (1000, 10, 2)):
        for loss in (0.0, 0.001):
            took = seconds(partial(chain, length, loss), runs)
            yield within(f"chain of {length:,}{', lossy' if loss else ''}", took, limit)
            yield close("  error", chain_off(length, loss))


# --- a batch of pairs --------------------------------------------------------------------------

TIMES = np.linspace(0, 10, 201)
PAIRS = {  # couplings, charger losses, dephasings
    name: xr.DataArray(np.random.default_rng(seed).uniform(low, high, 1000), dims="pair")
    for seed, (name, low, high) in enumerate([("J", 0.5, 2.0), ("loss", 0, 1), ("dephasing", 0, 1)])
}


def batch() -> xr.Dataset:
    """1,000 pairs whose charger loses energy and phase."""
    charger = qb.Qubit(loss=PAIRS["loss"], dephasing=PAIRS["dephasing"])
    system = qb.System(
        sites={"charger": charger, "battery": qb.Qubit()},
        interactions=[qb.exchange("charger", "battery", PAIRS["J"])],
    )
    measures = ["energy", "ergotropy", "capacity", "ergotropic_power"]
    return system.charge(qb.bloch(np.pi / 2), TIMES, measures)


def batch_off() -> float:
    """The error of a few of them, beside the exponential of their 16 x 16 Liouvillian."""
    table, worst = batch(), 0.0
    low, one = np.array([[0.0, 1.0], [0.0, 0.0]]), np.eye(2)
    a, b = np.kron(low, one), np.kron(one, low)
    start = np.zeros((4, 4))
    start[np.ix_([0, 2], [0, 2])] = 0.5
    for pair in range(0, 1000, 200):
        J, loss, dephasing = (float(PAIRS[name][pair]) for name in ("J", "loss", "dephasing"))
        h = a.T @ a + b.T @ b + J * (a.T @ b + b.T @ a)
        generator = -1j * (np.kron(h, np.eye(4)) - np.kron(np.eye(4), h.T))
        for L in (np.sqrt(loss) * a, np.sqrt(2 * dephasing) * a.T @ a):
            both = np.kron(L.T @ L, np.eye(4)) + np.kron(np.eye(4), L.T @ L)
            generator = generator + np.kron(L, L) - both / 2
        states = expm(TIMES[:, None, None] * generator) @ start.reshape(16)
        battery = np.einsum("tabac->tbc", states.reshape(-1, 2, 2, 2, 2))
        energy, lowest = battery[:, 1, 1].real, np.linalg.eigvalsh(battery)[:, 0]
        found = np.stack([energy, energy - lowest])
        worst = max(worst, *errors(table.isel(pair=pair), found))
    return worst


def qutip_pair() -> float:
    """One of the pairs in QuTiP, as one types it; a sum, so that nothing is left out."""
    a = qutip.tensor(qutip.destroy(2), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(2), qutip.destroy(2))
    h = a.dag() * a + b.dag() * b + a.dag() * b + b.dag() * a
    start = qutip.tensor((qutip.basis(2, 0) + qutip.basis(2, 1)).unit(), qutip.basis(2, 0))
    jumps = [0.5**0.5 * a, a.dag() * a]  # loss and dephasing 0.5
    total, gap = 0.0, qutip.num(2)
    for time, state in zip(TIMES, qutip.mesolve(h, start, TIMES, jumps).states, strict=True):
        battery = state.ptrace(1)
        energy = qutip.expect(gap, battery)
        populations, levels = battery.eigenenergies(), gap.eigenenergies()
        work = energy - populations[::-1] @ levels
        capacity = populations @ levels - populations[::-1] @ levels
        total += energy + work + capacity + (work / time if time else 0.0)
    return float(total)


def dynamiqs_states() -> Any:
    """The states of all pairs in dynamiqs, which batches as we do; no figure of merit."""
    dq, jnp = import_module("dynamiqs"), import_module("jax.numpy")
    J, loss, dephasing = (jnp.asarray(each.values)[:, None, None] for each in PAIRS.values())
    a, b = dq.tensor(dq.destroy(2), dq.eye(2)), dq.tensor(dq.eye(2), dq.destroy(2))
    h = a.dag() @ a + b.dag() @ b + J * (a.dag() @ b + b.dag() @ a)
    jumps = [jnp.sqrt(loss) * a, jnp.sqrt(2 * dephasing) * (a.dag() @ a)]
    start = dq.tensor((dq.basis(2, 0) + dq.basis(2, 1)).unit(), dq.basis(2, 0))
    how = {"method": dq.method.Expm(), "cartesian_batching": False}
    solution = dq.mesolve(h, jumps, start, jnp.asarray(TIMES), **how)
    return solution.states.to_jax().block_until_ready()


def pairs() -> Iterator[Row]:
    """The batch beside one pair in QuTiP, a point each, and beside dynamiqs."""
    ours, peer = in_turn(batch, qutip_pair, 9)
    mine, theirs = ours / (TIMES.size * 1000), peer / TIMES.size
    yield (
        "1,000 lossy, dephased pairs; one in QuTiP",
        f"{theirs / mine:,.0f} x, {mine * 1e9:.0f} ns a point", f"{theirs * 1e6:.0f} us",
        ">= 1,000 x", theirs >= 1000 * mine,
    )  # fmt: skip
    yield close("  error", batch_off())
    dq = import_module("dynamiqs")  # not before: its threads would disturb what is measured above
    dq.set_progress_meter(False)
    for precision in ("single", "double"):  # single is what it comes with
        dq.set_precision(precision)
        ours, peer = in_turn(batch, dynamiqs_states, 9)
        yield faster(f"  dynamiqs, {precision} precision, states only", ours, peer, 10)
    dq.set_precision("single")


def rows() -> Iterator[Row]:
    """Measure everything, a row each: what, ours, the peer's, the target, whether it is met."""
    yield from chains()
    yield from pairs()
