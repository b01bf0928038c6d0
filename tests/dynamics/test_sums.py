"""Generators in parts that change in time: what cancels is not there."""

import numpy as np

import quantumbattery as qb
from quantumbattery.dynamics.piecewise import Piecewise


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


def test_a_frequency_that_is_the_frames_takes_no_pieces(monkeypatch):
    """Its levels stand still there, so that neither numbers nor pieces know of it."""
    slow, few = driven(1.0, monkeypatch)
    fast, many = driven(1000.0, monkeypatch)
    assert many == few
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-13)
