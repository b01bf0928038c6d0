"""What the functions of a user give as envelopes: taken where it is a number for each time."""

import logging
from fractions import Fraction

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.dynamics import piecewise
from quantumbattery.quantities import pace

SITES = {
    "qubits": {"charger": qb.Qubit(loss=0.1), "battery": qb.Qubit()},
    "oscillators": {"charger": qb.Oscillator(loss=0.1), "battery": qb.Oscillator()},
}


def charged(envelope, kind="qubits"):
    links = [
        qb.exchange("charger", "battery", 1.0),
        qb.drive("charger", 0.5, 1.0, envelope=envelope),
    ]
    return qb.System(SITES[kind], links).charge({}, [0.0, 0.3, 1.0], ["energy"]).energy


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize(
    "envelope",
    [
        lambda t: [1.0] * np.size(t),
        lambda t: [1.0] * len(t) if np.ndim(t) else 1.0,
        lambda t: np.asarray(t, object) * 0 + 1,
        lambda t: [Fraction(1)] * np.size(t),
    ],
)
def test_numbers_that_come_in_another_way(envelope, kind):
    plain = charged(lambda t: np.ones(np.shape(t)), kind)
    np.testing.assert_allclose(charged(envelope, kind), plain, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize(
    ("envelope", "came"),
    [
        (lambda t: np.ones((*np.shape(t), 1)), r"\((\d+), 1\)"),
        (lambda t: np.ones(3 if np.ndim(t) else 1), r"\(3,\)"),
        (lambda t: [1.0] if np.ndim(t) == 0 else [], r"\(0,\)"),
    ],
)
def test_numbers_of_another_shape(envelope, came, kind):
    says = rf"one number for each time; for times of shape \((\d+),\) it gives .* shape {came}$"
    with pytest.raises(ValueError, match=says):
        charged(envelope, kind)


def test_objects_that_are_no_numbers():
    with pytest.raises(ValueError, match=r"finite real numbers; near t = .* it gives '1'"):
        charged(lambda t: np.full(np.shape(t), "1", dtype=object) if np.ndim(t) else 1.0)


@pytest.mark.parametrize("kind", SITES)
@pytest.mark.parametrize("size", [1.0, 1e-6])
def test_noise_is_no_function_of_the_time(kind, size):
    """Which no solver can follow; numbers that are drawn before can be."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"when it was asked again: of noise give samples"):
        charged(lambda t: 1 + size * t * rng.normal(size=np.shape(t)), kind)
    drawn = 1 + size * rng.normal(size=20)
    charged(lambda t: np.interp(t, np.linspace(0, 1, 20), drawn), kind)


@pytest.mark.parametrize("kind", SITES)
def test_a_solver_in_time_tells_how_far_it_is(kind, monkeypatch, caplog):
    """Once it has taken a while: here, at once."""
    monkeypatch.setattr(pace, "_FIRST_WORD", -1.0)
    monkeypatch.setattr(piecewise, "_MOST_PIECES", 0)
    with caplog.at_level(logging.INFO, "quantumbattery"):
        charged(lambda t: np.floor(3 * t), kind)
    told = [each.getMessage() for each in caplog.records]
    advice = "if an envelope jumps, name when in breaks=[...]"
    assert f"Runge-Kutta: up to t = 0 of 1 in about 1 steps; {advice}" in told
    caplog.clear()
    monkeypatch.setattr(pace, "_FIRST_WORD", 1000.0)
    with caplog.at_level(logging.INFO, "quantumbattery"):
        charged(lambda t: np.floor(3 * t), kind)
    assert not caplog.records


@pytest.mark.parametrize("kind", SITES)
def test_a_pole_is_not_passed(kind):
    with pytest.raises(ValueError, match=r"beyond t = 0\.5, .*the envelope is a bounded function"):
        charged(lambda t: np.tan(np.pi * t), kind)
