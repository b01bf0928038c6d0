"""Motion under a generator that is constant from step to step, each solved exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array


@dataclass(frozen=True, eq=False)
class Stepwise:
    """One propagator after the other, from edge to edge."""

    edges: tuple[float, ...]  # where each step begins, the first at 0
    steps: tuple[Unitary | Semigroup, ...]
    reading: Array | None  # (blocks, r, n), rows of which alone is asked

    measured = False
    from_start = True

    @property
    def fastest(self) -> float:
        """The fastest of all steps."""
        return max(step.fastest for step in self.steps)

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n)."""
        moments, place = np.unique(times, return_inverse=True)
        found, state = [], start
        for (first, last), step in zip(pairwise((*self.edges, np.inf)), self.steps, strict=True):
            here = moments[(moments >= first) & (moments < last)]
            if first > moments[-1]:
                break
            asked = np.append(here, last) if last <= moments[-1] else here
            states = step.at(state, asked - first)
            found.append(states[..., : len(here), :])
            state = states[..., -1, :]
        every = np.concatenate(found, axis=-2)
        if self.reading is not None:
            every = every @ self.reading.swapaxes(-1, -2)[..., None, :, :]
        if times.ndim == 1:
            return every[..., place, :]
        own = place.reshape(len(times), 1, 1, -1, 1)  # each member at times of its own
        return np.take_along_axis(every, own, axis=-2)

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding, which `fastest` tells."""
        return 0.0


def stepwise(
    clocks: Sequence[Clock],
    numbers: Array,
    latest: float,
    make: Callable[[Array], Unitary | Semigroup],
    reading: Array | None,
) -> Stepwise:
    """A propagator for every step until the latest time, made of its numbers (g, terms)."""
    edges = {0.0}
    for clock in clocks:
        edges |= {edge for edge in clock.signal.breaks if 0.0 < edge < latest}
    begins, steps = tuple(sorted(edges)), []
    for begin in begins:
        now = numbers.copy()
        for clock in clocks:
            now[:, clock.term] *= clock.shape(np.array([begin]))
        steps.append(make(now))
    return Stepwise(begins, tuple(steps), reading)
