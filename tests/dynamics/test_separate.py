"""Real and imaginary parts that never meet, as at resonance: they move apart, or not at all."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import qutip
import xarray as xr

import quantumbattery as qb
from quantumbattery.dynamics import recurrence, separate
from quantumbattery.dynamics.separate import parts_of
from quantumbattery.reach import sparse

LOSS, FIELD = 0.2, 0.4
TIMES = np.linspace(0.0, 3.0, 13)


def cavity(levels, gap=1.0, envelope=None):
    """A driven, lossy cavity that charges a qubit."""
    sites = {"c": qb.Oscillator(levels=levels, loss=LOSS), "b": qb.Qubit(gap)}
    field = qb.drive("c", FIELD, 1.0, envelope=envelope)
    return qb.System(sites, [qb.exchange("c", "b", 1.0), field], "c", "b")


def by_qutip(levels, start, gap=1.0, shape=None):
    """The battery's state in the frame of the drive, as QuTiP's solver finds it."""
    a = qutip.tensor(qutip.destroy(levels), qutip.qeye(2))
    b = qutip.tensor(qutip.qeye(levels), qutip.destroy(2))
    still, field = a.dag() * b + b.dag() * a + (gap - 1) * b.dag() * b, FIELD * (a + a.dag())
    h = still + field if shape is None else [still, [field, shape]]
    first = qutip.tensor(start, qutip.basis(2, 0))
    how = {"atol": 1e-13, "rtol": 1e-11, "nsteps": 10**6}
    solved = qutip.mesolve(h, first, TIMES, [LOSS**0.5 * a], e_ops=[b.dag() * b, b], options=how)
    return np.real(solved.expect[0]), np.abs(solved.expect[1])


STARTS = {
    "empty": ({}, lambda n: qutip.basis(n, 0)),
    "real": (
        qb.bloch(1.0),
        lambda n: np.cos(0.5) * qutip.basis(n, 0) + np.sin(0.5) * qutip.basis(n, 1),
    ),
    "of both kinds": (
        qb.bloch(1.0, 0.7),
        lambda n: np.cos(0.5) * qutip.basis(n, 0) + np.sin(0.5) * np.exp(0.7j) * qutip.basis(n, 1),
    ),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("levels", "method"), [(8, "matrix exponential"), (14, "Taylor series")])
@pytest.mark.parametrize("gap", [1.0, 1.3])
def test_at_resonance_and_beside_it_as_in_qutip(start, levels, method, gap):
    """Starts in one half, and in both; a detuning joins them."""
    ours, theirs = STARTS[start]
    with pytest.warns(UserWarning, match="leave"):
        table = cavity(levels, gap).charge(ours, TIMES, ["energy", "ergotropy"])
    assert method in table.attrs["method"]
    p, c = by_qutip(levels, theirs(levels), gap)
    np.testing.assert_allclose(table.energy / gap, p, rtol=0, atol=1e-9)
    inversion = p - 0.5
    work = inversion + np.sqrt(inversion**2 + c**2)
    np.testing.assert_allclose(table.ergotropy / gap, work, rtol=0, atol=1e-8)


@pytest.mark.parametrize("start", STARTS)
def test_under_a_shaped_drive_as_in_qutip(start):
    ours, theirs = STARTS[start]
    shape = lambda t: np.exp(-((t - 1.0) ** 2))  # noqa: E731
    with pytest.warns(UserWarning, match="leave"):
        table = cavity(12, envelope=shape).charge(ours, TIMES, ["energy"])
    assert "steps of Taylor series" in table.attrs["method"]
    p, _ = by_qutip(12, theirs(12), shape=shape)
    np.testing.assert_allclose(table.energy, p, rtol=0, atol=1e-9)


def test_half_the_numbers_take_part(monkeypatch):
    """Whatever moves them; a detuning takes all."""
    sizes = []

    def kept(find):
        def seen(*given):
            found = find(*given)
            sizes.append(found)
            return found

        return seen

    monkeypatch.setattr(recurrence, "_reached", kept(recurrence._reached))
    shape = lambda t: np.exp(-((t - 1.0) ** 2))  # noqa: E731
    for gap, share in ((1.0, 0.5 + 1 / 48), (1.3, None)):
        sizes.clear()
        with pytest.warns(UserWarning, match="leave"):
            cavity(12, gap, shape).charge({}, TIMES, ["energy"])
        if share is None:
            assert sizes == [None] * len(sizes)
        else:
            assert {len(each) for each in sizes} == {round(share * 24**2)}


def test_blocks_fall_in_halves_where_terms_cancel(monkeypatch):
    """The frequency of a site and that of the frame are two terms, of which nothing is left."""
    seen = []

    def kept(*given):
        seen.append(parts_of(*given))
        return seen[-1]

    from quantumbattery.dynamics import motion

    monkeypatch.setattr(motion, "parts_of", kept)
    for gap in (1.0, 1.3):
        with pytest.warns(UserWarning, match="leave"):
            cavity(8, gap).charge({}, TIMES, ["energy"])
    halves, whole = seen
    assert [each.shape for each in halves] == [(1, 120), (1, 136)]
    assert whole is None


@pytest.mark.parametrize("stored", [False, True])
def test_what_is_left_out_changes_nothing(stored, monkeypatch):
    """Beside all numbers, which a lower bar keeps; charging, and storing after it."""
    found = []
    for worth, cancels in ((0.8, 128), (0.0, 10**9)):
        monkeypatch.setattr(sparse, "_WORTH", worth)
        monkeypatch.setattr(separate, "_CANCELS", cancels)
        for levels in (8, 14):
            options = {"disconnect": 1.7} if stored else {}
            with pytest.warns(UserWarning, match="leave"):
                table = cavity(levels).charge(qb.bloch(1.0), TIMES, **options)
            found.append(np.stack([table[name].values for name in sorted(table.data_vars)]))
    for one, other in ((0, 2), (1, 3)):
        np.testing.assert_allclose(found[one], found[other], rtol=0, atol=1e-12)


def chain(strength):
    """Four lossy qubits, the first driven."""
    names = ["a", "b", "c", "d"]
    links = [qb.exchange(*ends, strength) for ends in pairwise(names)]
    sites = {name: qb.Qubit(loss=LOSS) for name in names}
    return qb.System(sites, [*links, qb.drive("a", FIELD, 1.0)], "a", "d")


def chain_by_qutip(strength, times):
    """Energy and ergotropy of the last, as QuTiP's solver finds them."""
    low = [
        qutip.tensor([qutip.destroy(2) if k == j else qutip.qeye(2) for k in range(4)])
        for j in range(4)
    ]
    h = strength * sum(a.dag() * b + b.dag() * a for a, b in pairwise(low))
    h = h + FIELD * (low[0] + low[0].dag())
    jumps, start = [LOSS**0.5 * a for a in low], qutip.tensor([qutip.basis(2, 0)] * 4)
    how = {"atol": 1e-13, "rtol": 1e-11}
    seen = qutip.mesolve(
        h, start, [0.0, *times], jumps, e_ops=[low[3].dag() * low[3], low[3]], options=how
    ).expect
    p, c = np.real(seen[0][1:]), np.abs(seen[1][1:])
    return p, p - 0.5 + np.sqrt((p - 0.5) ** 2 + c**2)


@pytest.mark.parametrize("times", [np.linspace(0.5, 4.0, 8), np.array([0.3, 0.9, 4.0])])
def test_what_is_read_is_the_sum_of_both_halves(times, monkeypatch):
    """Of several strengths at once, at times on a grid and anywhere; in halves of 136 and 120."""
    seen = []

    def kept(*given):
        seen.append(parts_of(*given))
        return seen[-1]

    from quantumbattery.dynamics import motion

    monkeypatch.setattr(motion, "parts_of", kept)
    strengths = xr.DataArray([0.7, 1.3], dims="strength")
    table = chain(strengths).charge({}, times, ["energy", "ergotropy"])
    assert [each.shape for each in seen[0]] == [(1, 120), (1, 136)]
    for k, strength in enumerate(strengths.values):
        energy, work = chain_by_qutip(float(strength), times)
        np.testing.assert_allclose(table.energy[k], energy, rtol=0, atol=1e-9)
        np.testing.assert_allclose(table.ergotropy[k], work, rtol=0, atol=1e-8)


def test_many_parts_are_read_together():
    """Of a micromaser's bookkeeping: thousands of parts, and as many rows that are read of all."""
    maser = qb.System(
        {"atom": qb.Qubit(), "cavity": qb.Oscillator(levels=16)},
        [qb.exchange("atom", "cavity", 1.0)],
        "atom",
        "cavity",
    )
    crossing = qb.Stroke(maser, 0.7, reset={"atom": qb.bloch(2.5)})
    tracemalloc.start()
    try:
        costs = qb.Protocol([crossing], repeat=2).balance({}).sum()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 * 2**20
    assert costs.work_stored > 0
