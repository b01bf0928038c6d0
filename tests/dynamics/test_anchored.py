"""Single moments from states that are kept, beside exponentials of dense matrices."""

import numpy as np
import pytest
from scipy.linalg import expm

from quantumbattery.charging.system import System
from quantumbattery.dynamics import motion as rooms
from quantumbattery.network.interactions import dipole
from quantumbattery.network.preparations import fock
from quantumbattery.network.sites import Oscillator, Qubit
from quantumbattery.states.representation import representation
from roads.reached import reach

TIMES = np.array([0.0, 3.0, 1e-9, 2.9999, 0.7, 0.7])


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("room", [1, 10_000, 10**7])
def test_moments_here_and_there(monkeypatch, loss, room):
    """However many states there is room for, and in whatever order moments are asked."""
    monkeypatch.setattr(rooms, "_series_pays", lambda *_: True)
    sites = {"a": Oscillator(levels=6, loss=loss), "b": Qubit()}
    found = reach(System(sites, [dipole("a", "b", 0.9)], "a", "b"), fock(3))
    numbers = np.array([found.hamiltonian.coefficients + found.losses.coefficients], dtype=float)
    state = representation(found)
    start = found.start.amplitude.values[None, None]
    moving = rooms.motion(state, numbers, start, np.linspace(0, 3, 65)).anchored(3.0, room)
    assert not moving.from_start
    got = moving.at(TIMES, slice(0, 1))[0, 0]
    (blocks,) = state.blocks
    generator = blocks.generator.matrix(numbers[0]).toarray()
    first = moving.parts[0][2].reshape(-1)
    factor = -1j if state.hermitian else 1.0
    for time, row in zip(TIMES, got, strict=True):
        there = expm(factor * generator * time) @ first
        np.testing.assert_allclose(row, there, atol=1e-12)
