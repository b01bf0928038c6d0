"""Motion that is switched at some time: charged until then, and left alone from then on.

While charging the whole state has to be known, whatever will be read of it: only so can it move on
under another generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, cast

import numpy as np

from quantumbattery.dynamics.motion import Motion, columns_of, motion, starts_of
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.representation import Moved

M = TypeVar("M", bound=Moved)


class Constant(Protocol):
    """A propagator of a generator that does not change in time."""

    def each(self, starts: Array, place: Array, spans: Array) -> Array:
        """What is read, (g, blocks, c, T, rows), of each start after a span of its own.

        Starts are (g or 1, blocks, c, m, n), of which T are taken, places (T,); spans have shape
        (T,), or (g, 1, T).
        """


@dataclass(frozen=True, eq=False)
class Storage:
    """A state that is charged for a while, and stored for another; times are pairs of both."""

    charging: Motion  # of the whole state
    storing: Motion  # whose starts are never looked at

    @property
    def anywhere(self) -> int:
        """Numbers of one state that are held for each of some times."""
        return max(self.charging.anywhere, self.storing.anywhere)

    @property
    def from_start(self) -> bool:
        """Whether a part begins at t = 0 whatever times are asked for."""
        return self.charging.from_start or self.storing.from_start

    @property
    def measured(self) -> bool:
        """Whether a part is solved by a method whose error is measured."""
        return self.charging.measured or self.storing.measured

    @property
    def methods(self) -> tuple[tuple[str, int], ...]:
        """How blocks are solved, and the size of the largest."""
        return tuple(dict.fromkeys(self.charging.methods + self.storing.methods))

    def at(self, times: Array, states: slice) -> Array:
        """Amplitudes or elements (g, c, T, size), as of `Motion.at`, after pairs of times.

        Charged for the first and stored for the second: times have shape (2, T), or (2, g, T).
        """
        (charged, place), stored = _distinct(times[0]), _moments(times[1])
        moved = []
        for began, (blocks, propagator, _) in zip(
            self._charged(charged, states), self.storing.parts, strict=True
        ):
            after = cast(Constant, propagator).each(began, place, stored)
            moved.append((blocks, after))
        return columns_of(moved, self.storing.size)

    def left_alone(self, charged: Array, states: slice) -> Motion:
        """The storage alone, from each state after charging for so long, (m,) or (g, m)."""
        parts = []
        for began, (blocks, propagator, _) in zip(
            self._charged(charged, states), self.storing.parts, strict=True
        ):
            g, count, c, m, n = began.shape
            apart = began.reshape(g, count, c // blocks.copies, blocks.copies, m, n)
            starts = apart.swapaxes(3, 4).reshape(g, count, -1, blocks.copies, n)
            parts.append((blocks, propagator, starts))
        return replace(self.storing, parts=tuple(parts))

    def _charged(self, charged: Array, states: slice) -> list[Array]:
        """The whole state of every block after charging, (g, blocks, c copies, m, n)."""
        moments = _moments(charged)
        return [p.at(starts_of(start, states), moments) for _, p, start in self.charging.parts]

    @property
    def rounding(self) -> float:
        """How much of a phase rounding has taken by the last times of both."""
        return max(self.charging.rounding, self.storing.rounding)

    def error(self, times: Array, states: slice, found: Array) -> float:
        """How far measured methods are from another solution; 0 without any."""
        worst = 0.0
        if self.charging.measured:
            charged = _distinct(times[0])[0]
            whole = self.charging.at(charged, states)
            worst = self.charging.error(charged, states, whole)
        if self.storing.measured and times[1].any():
            last = np.unravel_index(np.argmax(times[1]), times[1].shape)
            where = tuple(slice(k, k + 1) for k in last[-1:])
            charged, stored = times[0][..., where[0]], times[1][..., where[0]]
            alone = self.left_alone(charged, states)
            worst = max(worst, alone.error(stored, slice(None), found[:, :, where[0]]))
        return worst


def storage(
    state: Moved,
    numbers: tuple[Array, Array],
    start: Array,
    times: Array,
    limit: float = 2.0,
    clocks: Sequence[Clock] = (),
) -> Storage:
    """Make the propagators of both, as `motion` does.

    Numbers (g, terms) are those while charging and those from then on, under which nothing changes
    in time; times are pairs as of `Storage.at`.
    """
    everything, size = whole(state)
    charging = motion(everything, numbers[0], start, times[0], limit, clocks)
    storing = motion(state, numbers[1], start, times[1], limit)
    return Storage(replace(charging, size=size), storing)


def whole(state: M) -> tuple[M, int]:
    """The same state, of which everything is read, and how many columns that makes."""
    if all(blocks.read is None for blocks in state.blocks):
        return state, state.size
    made: list[Blocks] = []
    offset = 0
    for blocks in state.blocks:
        columns = slice(offset, offset + len(blocks.kept) * (1 + blocks.double))
        offset = columns.stop
        made.append(replace(blocks, read=None, shown=blocks.kept, columns=columns))
    return replace(state, blocks=tuple(made)), offset


def _distinct(charged: Array) -> tuple[Array, Array]:
    """Different times, and which of them each one is; (g, T) as they are."""
    if charged.ndim > 1:
        return charged, np.arange(charged.shape[-1])
    return np.unique(charged, return_inverse=True)


def _moments(times: Array) -> Array:
    return times[:, None] if times.ndim > 1 else times
