"""What `left_out` says of losses that sites share, and of matrices and shapes, is never too little.

`assume` needs a larger space that holds nearly everything, so that much of what is drawn is short.
"""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quantumbattery as qb
from quantumbattery.charging.energy_beyond import beyond
from roads.levels import on_levels
from roads.reached import reach

MEASURES = ["energy", "ergotropy"]
CLOSE = 1e-7  # what the larger space may leave out itself
LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])


def lowering(levels):
    return np.diag(np.sqrt(np.arange(1, levels)), 1)


def table(system, start, times):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return system.charge(start, times, MEASURES, limit=1.0)


def both_lower(n, m):
    return np.kron(lowering(n), np.eye(m)) + np.kron(np.eye(n), LOWER)


def shared_losses(rng):
    """A loss that an oscillator "o" shares with a qubit "q", or one of its own."""
    rate, angle = rng.uniform(0.05, 0.4), np.exp(1j * rng.uniform(0, 6))
    r = rng.uniform(0.1, 0.4)
    return [
        qb.dissipator({"o": 1.0, "q": angle}, rate),
        qb.dissipator({"o": angle, "q": 0.5}, rate, rng.uniform(0.05, 0.3)),
        qb.jump("o", lambda n: np.cosh(r) * lowering(n) + angle * np.sinh(r) * lowering(n).T, rate),
        qb.jump("o", lambda n: lowering(n) @ lowering(n), rate),
        qb.jump("o", "q", lambda n, m: np.kron(lowering(n).T, LOWER) + 0 * m, rate),
        qb.jump("o", "q", lambda n, m: np.kron(lowering(n), LOWER.T + 0.3 * np.eye(m)), rate),
        qb.jump("o", lambda n: lowering(n).T, rate / 4),
        # of these L^dag L raises what L only lowers
        qb.jump("o", lambda n: lowering(n) + angle * np.eye(n), rate),
        qb.jump("o", lambda n: lowering(n) @ lowering(n) + 0.5 * lowering(n), rate),
        qb.jump("o", "q", both_lower, rate),
    ][rng.integers(10)]


def other_links(rng):
    ramp = [1.0, -0.5, 0.7]
    return [
        qb.exchange("o", "q", complex(*rng.uniform(-0.5, 0.5, 2))),
        qb.exchange("o", "q", 0.4j, envelope=ramp, breaks=[0.0, 0.3, 0.8, 2.0]),
        qb.dipole("o", "q", 0.3, envelope=lambda t: np.cos(3 * t)),
        qb.interaction("o", matrix=lambda n: 0.2 * (lowering(n) + lowering(n).T)),
        qb.drive("o", 0.2, 1.0, phase=0.7),
        qb.shift("q", 0.0),  # nothing but the loss
    ][rng.integers(6)]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_systems(seed):
    rng = np.random.default_rng(seed)
    loss, link, few = shared_losses(rng), other_links(rng), int(rng.integers(3, 6))
    battery = ["o", "q"][rng.integers(2)]
    ends = ("q", "o") if battery == "o" else ("o", "q")
    start = {"o": [qb.fock(1), qb.coherent(0.5), qb.thermal(0.05)][rng.integers(3)]}
    start["q"] = qb.bloch(rng.uniform(0, np.pi), 0.3)
    times = np.sort(rng.uniform(0.1, 1.0, 2))

    def charged(levels):
        sites = {"o": qb.Oscillator(levels=levels), "q": qb.Qubit(0.9)}
        return table(qb.System(sites, [loss, link], *ends), start, times)

    wide = charged(22)
    assume(wide.attrs["left_out"] < CLOSE)
    cut = charged(few)
    changed = max(float(np.abs(cut[name] - wide[name]).max()) for name in MEASURES)
    assert changed <= cut.attrs["left_out"] + CLOSE


def test_levels_are_chosen_of_an_oscillator_in_a_squeezed_bath():
    """Its quanta grow as sinh^2 r (1 - e^{-k t}); nothing else is known here of the levels."""
    r, rate, times = 0.4, 0.5, np.array([0.5, 1.0])
    bath = qb.jump("o", lambda n: np.cosh(r) * lowering(n) + np.sinh(r) * lowering(n).T, rate)
    system = qb.System({"o": qb.Oscillator()}, [bath], [], "o")
    with on_levels():
        found = system.charge({}, times, ["energy"])
    np.testing.assert_allclose(
        found.energy, np.sinh(r) ** 2 * (1 - np.exp(-rate * times)), atol=1e-6
    )
    assert found.attrs["left_out"] < 1e-4


def generator_of(shift, jumps, quanta):
    """The largest k with d<f>/dt <= k <f>, f = n + shift, on a long ladder."""
    f, moved = np.diag(quanta + shift), 0.0
    for jump in jumps:
        damped = jump.conj().T @ jump
        moved = moved + jump.conj().T @ f @ jump - (damped @ f + f @ damped) / 2
    root = np.diag(1 / np.sqrt(quanta + shift))
    return np.linalg.eigvalsh(root @ moved @ root)[-1]


@pytest.mark.parametrize("shift", [2.0, 10.0])
@pytest.mark.parametrize("kind", ["pump", "pairs", "squeezed", "shared", "over axes"])
def test_quanta_grow_nearly_as_fast_as_is_said(kind, shift):
    a, n = lowering(150), np.arange(150)
    sites, bound = {"o": qb.Oscillator(levels=6)}, 1.9
    if kind == "pump":
        links, jumps = [qb.jump("o", lambda n: lowering(n).T, 0.3)], [0.3**0.5 * a.T]
    elif kind == "pairs":  # two quanta for each: what grows as n^2 is not bounded at all
        links, jumps = (
            [qb.jump("o", lambda n: np.eye(n, k=-2), 0.3)],
            [0.3**0.5 * np.eye(150, k=-2)],
        )
    elif kind == "squeezed":
        links = [qb.jump("o", lambda n: 0.8 * lowering(n) + 0.6 * lowering(n).T, 0.5)]
        jumps = [0.5**0.5 * (0.8 * a + 0.6 * a.T)]
        bound = 12.0  # the loss, which takes more than is brought, is not counted against it
    else:
        short = lowering(16)
        weights = {"o": 0.8, "p": 0.6j}
        both = 0.8 * np.kron(short.T, np.eye(16)) - 0.6j * np.kron(np.eye(16), short.T)
        sites["p"], n = qb.Oscillator(levels=6), np.add.outer(np.arange(16), np.arange(16)).ravel()
        if kind == "over axes":
            weights["o"] = xr.DataArray([0.8], dims="axis")
        links, jumps = [qb.dissipator(weights, 0.3, 1.0)], [0.3**0.5 * both]
        bound = 3.0 if kind == "shared" else 12.0
    system = qb.System(sites, links, [], list(sites))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reached = reach(system, {})
    numbers = [*reached.hamiltonian.coefficients, *reached.losses.coefficients]
    largest = np.array([[float(np.max(each)) for each in numbers]])
    exact, found = generator_of(shift, jumps, n), beyond(system, reached, largest).rate(shift)
    assert exact <= found * (1 + 1e-9)
    assert found < bound * exact


def test_what_damps_may_raise():
    """L = A + 1 only lowers, but A^dag is in L^dag L: its mean field grows out of nothing."""
    loss = qb.jump("o", lambda n: lowering(n) + 2 * np.eye(n), 0.5)
    found = qb.System({"o": qb.Oscillator()}, [loss], [], "o").charge({}, [1.0, 3.0], ["energy"])
    mean = -2 * (1 - np.exp(-(0.25 + 1j) * found.time.values)) * 0.25 / (0.25 + 1j)
    np.testing.assert_allclose(found.energy, np.abs(mean) ** 2, atol=1e-9)
    cut = qb.System({"o": qb.Oscillator(levels=3), "q": qb.Qubit()},
                    [qb.dissipator({"o": 1.0, "q": 1.0}, 0.5)], "q", "o")  # fmt: skip
    start = {"o": qb.fock(2), "q": qb.fock(1)}
    with pytest.warns(UserWarning, match="3 levels of 'o'"):
        left_out = cut.charge(start, [3.0], ["energy"]).attrs["left_out"]
    assert left_out > 0.16  # what it is off by
