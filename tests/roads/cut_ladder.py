"""States on cut ladders at many times, and what moves them."""

import numpy as np

from quantumbattery.dynamics.motion import motion
from quantumbattery.states.representation import representation
from roads.reached import reach

TIMES = np.linspace(0, 2, 161)


def on_a_cut_ladder(system, chosen, levels):
    """The form of the state, its numbers at all times, and what moves it."""
    reached = reach(system, chosen, levels)
    form = representation(reached)
    numbers = np.array([[*reached.hamiltonian.coefficients, *reached.losses.coefficients]])
    start = reached.start.amplitude.to_numpy()[None, None]
    moved = motion(form, numbers, start, TIMES)
    return form, moved.at(TIMES, slice(None)), numbers
