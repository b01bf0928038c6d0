"""Envelopes that repeat themselves: by their harmonics, and the propagator of one period."""

import json

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import quantumbattery as qb

WHOLE = 2 * np.pi / 3.0


def wave(t):
    return 0.3 + np.cos(3 * t) - 0.5 * np.sin(6 * t)


def pulses(t):
    return np.exp(2 * np.cos(3 * t) - 2)


def system(*links, **rates):
    return qb.System({"charger": qb.Qubit(1.3, **rates), "battery": qb.Qubit()}, list(links))


LINKS = [
    lambda **how: [qb.exchange("charger", "battery", 0.8 + 0.1j, **how)],
    lambda **how: [qb.exchange("charger", "battery", 0.8), qb.shift("battery", 0.7, **how)],
    lambda **how: [qb.dipole("charger", "battery", 0.5), qb.drive("charger", 0.4, 0.9, **how)],
    lambda **how: [
        qb.drive("charger", 0.4, 1.3, phase=0.7, rotating_wave=False, **how),
        qb.exchange("charger", "battery", 0.5),
    ],
]


@pytest.mark.parametrize("links", LINKS)
def test_beside_the_solver(links):
    times = np.array([0.3, 2.0, 7.1])
    fast = system(*links(envelope=wave, period=WHOLE), loss=0.05)
    slow = system(*links(envelope=wave), loss=0.05)
    one, other = (each.charge(qb.bloch(2.0), times, ["energy"]) for each in (fast, slow))
    assert "period" in one.attrs["method"] or "Taylor" in one.attrs["method"]
    np.testing.assert_allclose(one.energy, other.energy, atol=1e-9)


def test_many_harmonics_are_a_function():
    times = np.array([0.3, 2.0, 7.1])
    links = [qb.exchange("charger", "battery", 0.8, envelope=pulses, period=WHOLE)]
    other = [qb.exchange("charger", "battery", 0.8, envelope=pulses)]
    one, two = (system(*each).charge(qb.bloch(2.0), times, ["energy"]) for each in (links, other))
    np.testing.assert_allclose(one.energy, two.energy, atol=1e-11)


def test_a_thousand_periods_by_another_solver():
    """A coupling that is switched on and off by a cosine: its area counts, for ever."""
    link = qb.exchange("charger", "battery", 0.2, envelope=lambda t: np.cos(3 * t), period=WHOLE)
    sites = {"charger": qb.Qubit(), "battery": qb.Qubit(1.05)}
    times = np.array([10.0, 500.0])
    found = qb.System(sites, [link]).charge(qb.fock(1), times, ["energy"]).energy

    def change(t, c):
        h = np.array([[1.0, 0.2 * np.cos(3 * t)], [0.2 * np.cos(3 * t), 1.05]])
        return -1j * h @ c

    solved = solve_ivp(change, (0, 500), np.array([1, 0j]), "DOP853", times, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found, 1.05 * np.abs(solved.y[1]) ** 2, atol=1e-8)


def test_written_down_and_read_again():
    given = system(qb.exchange("charger", "battery", 0.8, envelope=wave, period=WHOLE))
    plain = json.loads(json.dumps(given.to_dict()))
    assert plain["interactions"][0]["envelope"]["cosines"] == pytest.approx([0.3, 1.0, 0.0])
    assert qb.System.from_dict(plain) == given
    assert "repeated every 2.0944" in repr(given)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"envelope": lambda t: np.abs(np.sin(t)), "period": np.pi}, "is not smooth"),
        ({"envelope": np.sin, "period": 3.0}, "does not repeat itself every 3"),
        (
            {"envelope": lambda t: np.exp(-((t - 5) ** 2)), "period": 10.0},
            "does not repeat itself every 10",
        ),
        ({"envelope": lambda t: np.cos(1024 * t), "period": 2 * np.pi}, "harmonics beyond"),
        ({"envelope": np.sin, "period": -1.0}, "period must be one positive and finite time"),
        ({"envelope": np.sin, "period": 2 * np.pi, "breaks": [1.0]}, "without breaks"),
        ({"envelope": [1.0], "period": 1.0, "breaks": [0.0, 1.0]}, "is a function of the time"),
        ({"period": 1.0}, "is a function of the time"),
    ],
)
def test_errors(how, message):
    with pytest.raises(ValueError, match=message):
        qb.exchange("a", "b", 1.0, **how)


@pytest.mark.parametrize(
    "shape",
    [
        lambda t: np.cos(2 * t) + 0.5 * np.exp(-(((t - 33) / 0.3) ** 2)),
        lambda t: np.where(t < 20 * np.pi, np.sin(t) ** 2, 0.0),
        lambda t: np.where(t < 900 * np.pi, np.sin(t) ** 2, 0.0),
        lambda t: np.sin(t) ** 2 * np.exp(-1e-5 * t),
    ],
)
def test_what_repeats_itself_for_a_while_has_no_period(shape):
    with pytest.raises(ValueError, match=r"every 3\.14159"):
        qb.drive("a", 1.0, 1.0, envelope=shape, period=np.pi)
