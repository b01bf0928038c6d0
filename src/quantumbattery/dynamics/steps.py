"""Motion under a generator that keeps its shape from step to step, one method after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from quantumbattery.dynamics.periodic import Periodic, edges_of
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks


@dataclass(frozen=True, eq=False)
class Stepwise:
    """One propagator after the other, from edge to edge."""

    edges: tuple[float, ...]  # where each step begins, the first at 0
    steps: tuple[Unitary | Semigroup | Periodic, ...]
    blocks: Blocks

    from_start = True

    @property
    def measured(self) -> bool:
        """Whether a step is."""
        return any(step.measured for step in self.steps)

    @property
    def fastest(self) -> float:
        """The fastest of all steps."""
        return max(step.fastest for step in self.steps)

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n)."""
        moments, place = np.unique(times, return_inverse=True)
        found, state, reading = [], start, self.blocks.reading
        for (first, last), step in zip(pairwise((*self.edges, np.inf)), self.steps, strict=True):
            here = moments[(moments >= first) & (moments < last)]
            if first > moments[-1]:
                break
            asked = np.append(here, last) if last <= moments[-1] else here
            states = step.at(state, asked - first)
            found.append(states[..., : len(here), :])
            state = states[..., -1, :]
        every = np.concatenate(found, axis=-2)
        if reading is not None:
            every = every @ reading.swapaxes(-1, -2)[..., None, :, :]
        if times.ndim == 1:
            return every[..., place, :]
        own = place.reshape(len(times), 1, 1, -1, 1)  # each member at times of its own
        return np.take_along_axis(every, own, axis=-2)

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns are from those of other steps; 0 but for rounding if all is constant."""
        if not self.measured:
            return 0.0
        again = self.blocks.columns_of(self._again.at(start, times))
        apart, latest = float(np.linalg.norm(found - again, axis=-1).max()), float(times.max())
        for (first, last), step in zip(pairwise((*self.edges, np.inf)), self.steps, strict=True):
            if isinstance(step, Periodic) and first < latest:
                apart += step.rounding(min(last, latest) - first)
        return apart

    @cached_property
    def _again(self) -> Stepwise:
        steps = (step.again if isinstance(step, Periodic) else step for step in self.steps)
        return replace(self, steps=tuple(steps))


def stepwise(
    blocks: Blocks,
    numbers: Array,
    factor: complex,
    clocks: Sequence[Clock],
    latest: float,
) -> Stepwise:
    """A propagator for every step until the latest time; arguments as of `Periodic.of`."""
    constant: Callable[[Array], Unitary | Semigroup] = Semigroup if factor == 1 else Unitary.of
    begins = edges_of(clocks, latest)
    steps: list[Unitary | Semigroup | Periodic] = []
    for begin, end in pairwise((*begins, latest)):
        now, turning = numbers.copy(), []
        for clock in clocks:
            turns = clock.frequency.any()
            height = float(clock.shape(np.array([begin]))[0])
            now[:, clock.term] *= height if turns or not clock.signal.late else 0.0
            if turns and height:
                turning.append(clock)
        if turning:
            made = Periodic.of(blocks, now, factor, turning, end - begin, begin)
            steps.append(replace(made, reading=None))
        else:
            steps.append(constant(blocks.matrices(now)))
    return Stepwise(begins, tuple(steps), blocks)
