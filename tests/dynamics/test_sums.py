"""Generators in parts that change in time: what cancels is not there."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.dynamics.test_piecewise import Dense

import quantumbattery as qb
from quantumbattery.dynamics.piecewise import Piecewise
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.reach.signals import Signal


def driven(frequency, monkeypatch):
    """A cavity that drives a qubit by a shaped field at its own frequency, and the pieces of it."""
    made, find = [], Piecewise.of.__func__

    def kept(cls, *given, **named):
        made.append(find(cls, *given, **named))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(Piecewise, "of", classmethod(kept))
        system = qb.System(
            {"c": qb.Oscillator(frequency, levels=18, loss=0.1), "b": qb.Qubit(frequency)},
            [
                qb.exchange("c", "b", 1.0),
                qb.drive("c", 0.2, frequency, envelope=lambda t: np.exp(-((t - 2) ** 2))),
            ],
            "c",
            "b",
        )
        table = system.charge({}, np.linspace(0, 4, 9), ["energy"])
    return table.energy.values / frequency, max(len(each.orders) for each in made)


def test_a_damping_is_taken_from_all_numbers_that_leaves_the_least_norm():
    """As found on a fine grid of rates; what is damped comes out as SciPy says."""
    rng = np.random.default_rng(2)
    still = 4 * np.diag(rng.uniform(0, 1, 5), 1) - np.diag(np.arange(6.0))
    blocks = Dense(np.array([still, 0.5 * (rng.random((6, 6)) < 0.3)]))
    pulse = [Clock(1, Signal(lambda t: np.exp(-t), (), 0.0, False), np.zeros(1))]
    moved = Piecewise.of(blocks, np.ones((1, 2)), 1.0, pulse, 3.0)
    beside = np.abs(still - np.diag(np.diag(still))).sum(axis=1)
    grid = np.linspace(-10, 10, 20001)[:, None]
    least = (np.abs(np.diag(still) - grid) + beside).max(axis=1).min()
    assert abs(moved.sums.norms[0, 0] - least) < 1e-3
    assert moved.sums.damping < -1
    start, times = rng.normal(size=6), np.linspace(0, 3, 7)
    change = lambda t, x: (blocks.whole[0] + np.exp(-t) * blocks.whole[1]) @ x  # noqa: E731
    exact = solve_ivp(change, (0, 3), start, "DOP853", times, rtol=1e-13, atol=1e-15).y.T
    for steps in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Piecewise, "by_steps", steps)
            found = moved.at(start[None, None, None], times)[0, 0, 0]
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-11)


def test_a_frequency_that_is_the_frames_takes_no_pieces(monkeypatch):
    """Its levels stand still there, so that neither numbers nor pieces know of it."""
    slow, few = driven(1.0, monkeypatch)
    fast, many = driven(1000.0, monkeypatch)
    assert many == few
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-13)


@pytest.mark.parametrize("size", [2, 8])
def test_rounding_of_large_terms_stays_within_what_is_said(size):
    """Where a generator is as large as its norm, terms are e^6 times the state, the worst case."""
    flip = np.kron(np.eye(size // 2), [[0.0, 1.0], [1.0, 0.0]])
    for seed in range(6):
        rng = np.random.default_rng(seed)
        still, wave = rng.uniform(5, 20), rng.uniform(1, 5)
        blocks, times = Dense(np.array([still * flip, wave * flip])), np.linspace(0, 40, 50)
        pulse = [Clock(1, Signal(lambda t: np.cos(t) ** 2, (), 0.0, False), np.zeros(1))]
        moved = Piecewise.of(blocks, np.ones((1, 2)), -1j, pulse, 40.0)
        start = rng.normal(size=size) + 1j * rng.normal(size=size)
        start /= np.linalg.norm(start)
        angle = still * times + wave * (times / 2 + np.sin(2 * times) / 4)
        exact = np.cos(angle)[:, None] * start - 1j * np.sin(angle)[:, None] * (start @ flip)
        found = moved.at(start[None, None, None], times)
        apart = np.linalg.norm(found[0, 0, 0] - exact, axis=-1).max()
        assert apart < moved.error(start[None, None, None], times, found) / 2
