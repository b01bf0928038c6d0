"""Motion under a generator that keeps its shape from step to step, one method after the other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from quantumbattery.dynamics.exponentials import expm
from quantumbattery.dynamics.periodic import Periodic, edges_of
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.pace import Pace
from quantumbattery.states.blocks import Blocks

_LOG = logging.getLogger("quantumbattery")


@dataclass(frozen=True, eq=False)
class Stepwise:
    """One propagator after the other, from edge to edge."""

    edges: tuple[float, ...]  # where each step begins, the first at 0
    steps: tuple[Unitary | Semigroup | Periodic, ...]
    whole: dict[int, Array]  # of steps that are matrix exponentials, over all of it (g, b, n, n)
    blocks: Blocks

    from_start = True

    @property
    def measured(self) -> bool:
        """Whether a step is."""
        return any(step.measured for step in self.steps)

    @property
    def fastest(self) -> float:
        """The fastest of all steps."""
        steps = [step for step in self.steps if not isinstance(step, Semigroup)]
        alike = [step.generator for step in self.steps if isinstance(step, Semigroup)]
        both = [*steps, Semigroup(np.stack(alike))] if alike else steps  # many at once
        return max(step.fastest for step in both)

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n)."""
        moments, place = np.unique(times, return_inverse=True)
        found, state, reading = [], start, self.blocks.reading
        inside, pace = np.searchsorted(moments, (*self.edges, np.inf)), Pace()
        for k, step in enumerate(self.steps):
            if pace.due():
                _LOG.info("step %d of %d, between jumps of a shape", k + 1, len(self.steps))
            first, last = self.edges[k], (*self.edges, np.inf)[k + 1]
            here = moments[inside[k] : inside[k + 1]]
            if first > moments[-1]:
                break
            if not len(here) and k in self.whole:
                state = state @ self.whole[k].swapaxes(-1, -2)
                continue
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
    begins = edges_of(clocks, latest)
    now = np.repeat(numbers[None], len(begins), axis=0)  # (steps, g, terms)
    turning: list[list[Clock]] = [[] for _ in begins]
    for clock in clocks:
        height, turns = clock.shape(np.array(begins)), bool(clock.frequency.any())
        late = clock.signal.late and not turns
        now[:, :, clock.term] *= 0.0 * height[:, None] if late else height[:, None]
        for k in np.flatnonzero(height).tolist() if turns else ():
            turning[k].append(clock)
    still = [k for k, acting in enumerate(turning) if not acting]
    steps, whole = _still(blocks, now[still], factor, np.diff((*begins, latest))[still], still)
    for k, acting in enumerate(turning):
        if acting:
            end = (*begins, latest)[k + 1]
            made = Periodic.of(blocks, now[k], factor, acting, end - begins[k], begins[k])
            steps[k] = replace(made, reading=None)
    return Stepwise(begins, tuple(steps[k] for k in range(len(begins))), whole, blocks)


def _still(
    blocks: Blocks, numbers: Array, factor: complex, spans: Array, places: Sequence[int]
) -> tuple[dict[int, Unitary | Semigroup | Periodic], dict[int, Array]]:
    """The propagators of steps in which nothing turns, numbers (steps, g, terms), all at once."""
    if not len(numbers):
        return {}, {}
    flat = blocks.matrices(numbers.reshape(-1, numbers.shape[-1]))
    generators = flat.reshape(*numbers.shape[:2], *flat.shape[1:])
    if factor == 1:
        over = expm(generators * spans[:, None, None, None, None])
        made = {k: Semigroup(each) for k, each in zip(places, generators, strict=True)}
        return dict(made), dict(zip(places, over, strict=True))
    all_of_them = Unitary.of(generators)
    parts = all_of_them.energies, all_of_them.vectors, all_of_them.shift
    return {k: Unitary(*each) for k, *each in zip(places, *parts, strict=True)}, {}
