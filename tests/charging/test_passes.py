"""States that are asked for come from the pass that looks whether cuts are felt."""

import numpy as np

import quantumbattery as qb
from quantumbattery.charging import solve
from quantumbattery.dynamics.piecewise import Piecewise


def charged(monkeypatch, tile):
    """A pulsed cavity with a qubit, and at how many times each pass was asked."""
    passes, find = [], Piecewise.at

    def at(self, start, times):
        passes.append(len(times))
        return find(self, start, times)

    system = qb.System(
        {"c": qb.Oscillator(loss=0.2, levels=16), "b": qb.Qubit()},
        [
            qb.exchange("c", "b", 1.0),
            qb.drive("c", 0.2, 1.0, envelope=lambda t: np.cos(t) ** 2),
        ],
        "c",
        "b",
    )
    with monkeypatch.context() as patch:
        patch.setattr(Piecewise, "at", at)
        patch.setattr(solve, "_TILE", tile)
        table = system.charge({}, np.linspace(0, 3, 23), ["energy", "ergotropy"])
    return table, passes


def test_one_pass_looks_at_cuts_and_gives_what_is_asked_for(monkeypatch):
    """As separate passes do, where there is no memory for both."""
    together, once = charged(monkeypatch, 1 << 20)
    apart, twice = charged(monkeypatch, 8)
    assert len(once) == 1
    assert once[0] > 23
    assert 23 in twice
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(together[name], apart[name], rtol=0, atol=1e-14)
    assert abs(together.attrs["left_out"] / apart.attrs["left_out"] - 1) < 1e-10
