"""States that are asked for come from the pass that looks whether cuts are felt."""

from functools import partial

import numpy as np
import pytest

import quantumbattery as qb
from quantumbattery.charging import passes as two_passes
from quantumbattery.charging.passes import Passes, Tiled
from quantumbattery.dynamics.motion import Motion
from quantumbattery.dynamics.piecewise import Piecewise


def charged(monkeypatch, most, streams):
    """A pulsed cavity with a qubit, and at how many times each pass was asked."""
    passes, find, follow = [], Piecewise.at, Piecewise.through

    def at(self, start, times):
        passes.append(len(times))
        return find(self, start, times)

    def through(self, start, times):
        passes.append(len(times))
        yield from follow(self, start, times)

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
        patch.setattr(Piecewise, "through", through)
        patch.setattr(two_passes, "TILE", most)
        patch.setattr(two_passes, "_KEPT", most)
        if not streams:
            patch.setattr(Motion, "streams", False)
        table = system.charge({}, np.linspace(0, 3, 23), ["energy", "ergotropy"])
    return table, passes


@pytest.mark.parametrize("streams", [False, True])
def test_one_pass_looks_at_cuts_and_gives_what_is_asked_for(monkeypatch, streams):
    """As separate passes do, where there is no memory for both."""
    together, once = charged(monkeypatch, 1 << 20, streams)
    apart, twice = charged(monkeypatch, 8, streams)
    assert len(once) == 1
    assert once[0] > 23
    assert 23 in twice
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(together[name], apart[name], rtol=0, atol=1e-14)
    assert abs(together.attrs["left_out"] / apart.attrs["left_out"] - 1) < 1e-10


def note(make, taken, given, asked):
    """Passes, of which one keeps what they are made of."""
    taken.append((given, asked))
    return make(given, asked)


def test_states_in_a_row_are_those_at_their_times(monkeypatch):
    """In whatever order they come, and whichever of them are kept aside."""
    taken = []
    with monkeypatch.context() as patch:
        patch.setattr(Passes, "of", partial(note, Passes.of, taken))
        charged(monkeypatch, 1 << 20, True)
    given, asked = taken[-1]
    assert isinstance(given, Tiled)
    assert given.streams
    moments, found = np.random.default_rng(1).permutation(np.linspace(0.0, 3.0, 101)), {}
    passes = Passes.of(given, asked)
    for now, states in ((now, states) for _, now, states in given.in_a_row(moments)):
        found |= dict(zip(now.tolist(), np.moveaxis(states, -2, 0), strict=True))
    whole = np.stack([found[k] for k in range(101)], axis=-2)
    np.testing.assert_allclose(whole, given.moving.at(moments, slice(None)), rtol=0, atol=1e-14)
    seen = sum(states.shape[-2] for _, states in passes.whole(moments))
    assert seen == 101
    (_, aside), *none = passes.states()
    assert not none
    np.testing.assert_allclose(aside, given.moving.at(asked, slice(None)), rtol=0, atol=1e-14)


def test_a_hot_bath_beside_what_turns_is_bounded_as_closely_as_it_is_seen():
    """Rows are fed 200 times in the time: in a few parts no bound would be left of them."""
    system = qb.System(
        {"c": qb.Oscillator(loss=0.4, occupation=4.0), "b": qb.Qubit()},
        [qb.exchange("c", "b", 0.5), qb.drive("c", 4.0, 1.0)],
        "c",
        "b",
    )
    table = system.charge({}, np.linspace(0, 1.0, 41), ["energy"])
    kind, levels = table.attrs["displaced"].split()
    assert kind == "c:"
    assert int(levels) < 53  # 49, and 55 in so few parts as could be kept
    assert 0 < table.attrs["left_out"] < 1e-10
