"""States part by part, and those that are looked at twice from one pass through the time.

A method that begins at t = 0 whatever times it is asked for takes as long for the times that look
whether cuts are felt as for those that are asked for: it gets both at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.dynamics.motion import Motion
from quantumbattery.dynamics.storage import Storage
from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array

TILE = 1 << 20  # numbers of a state that are worked on at a time
_CACHED = 1 << 16  # of kets
_KEPT = 1 << 25  # numbers that are kept of a pass in which states come one after the other
_IN_A_ROW = 64  # moments of states that are held at once there

Tile: TypeAlias = tuple[tuple[slice, slice], Array]
"""Which of the initial states and of the times, and the states then, (g, c, T, numbers)."""


@dataclass(frozen=True, eq=False)
class Tiled:
    """What gives the states of a part of a batch, so many at a time as are quick to work on."""

    moving: Motion | Storage
    members: int
    copies: int  # initial states of each
    size: int  # numbers of a state
    read: int  # numbers that reading one takes
    few: int  # moments of kets that are worked on at a time, 0 of density matrices
    limit: float  # memory in GiB

    def tiles(self, moments: Array) -> Iterator[Tile]:
        """States part by part: of the initial states, then of the times (T,) or (g, T)."""
        moving, times = self.moving, moments.shape[-1]
        made = self.size if equal_steps(moments) is not None else max(self.size, moving.anywhere)
        each = self.members * max(made, self.read)
        few = max(1, TILE // (each * times))
        short = times if few > 1 or moving.from_start else max(1, TILE // each)
        if self.few and not moving.from_start:  # memory that is used again costs less
            short = min(short, max(self.few, _CACHED // each))
        held = max(self.members * made * few * short, each)  # what is read is read in parts
        allow("numbers in the states at all times", held, 32, self.limit)
        for c in range(0, self.copies, few):
            for t in range(0, times, short):
                part = slice(c, c + few), slice(t, t + short)
                yield part, moving.at(moments[..., part[1]], part[0])

    @property
    def streams(self) -> bool:
        """Whether states come one after the other in one pass, so that none has to be kept."""
        return isinstance(self.moving, Motion) and self.moving.streams

    def in_a_row(self, moments: Array) -> Iterator[tuple[slice, Array, Array]]:
        """States at moments (T,) in one pass, as they come, with the places of these moments."""
        assert isinstance(self.moving, Motion)
        few = max(1, TILE // (self.members * self.size * _IN_A_ROW))
        for c in range(0, self.copies, few):
            part = slice(c, c + few)
            for now, states in self.moving.through(moments, part):
                yield part, now, states


@dataclass(frozen=True, eq=False)
class Passes:
    """What gives states, and those at the times asked for that are known already."""

    given: Tiled
    asked: Array  # (T,) or (g, T)
    together: bool  # whether a pass with both is worth it, and fits in memory
    known: list[Tile] = field(default_factory=list)

    @classmethod
    def of(cls, given: Tiled, asked: Array) -> Passes:
        """Of a method that begins at t = 0, one pass for all purposes."""
        held = asked.size * given.copies * given.size
        most = min(_KEPT, int(given.limit * 2**30 / 32)) if given.streams else TILE
        return cls(given, asked, given.moving.from_start and asked.ndim == 1 and held <= most)

    def whole(self, moments: Array) -> Iterator[Tile]:
        """States at moments (K,) through all the time, and aside those at the times asked for.

        Where states come in a row, of which none is kept, they may come in any order.
        """
        self.known.clear()
        count = len(moments)
        both = np.concatenate([moments, self.asked]) if self.together else moments
        if self.given.streams:
            yield from self._in_a_row(both, count)
        elif not self.together:
            yield from self.given.tiles(moments)
        else:
            for (c, _), states in self.given.tiles(both):
                self.known.append(((c, slice(0, len(self.asked))), states[..., count:, :]))
                yield (c, slice(0, count)), states[..., :count, :]

    def _in_a_row(self, moments: Array, count: int) -> Iterator[Tile]:
        """States at the first of these moments, and aside those at the others."""
        kept: dict[int, Array] = {}
        for c, now, states in self.given.in_a_row(moments):
            aside = now >= count
            if aside.any():
                if c.start not in kept:
                    shape = (*states.shape[:2], len(self.asked), states.shape[-1])
                    kept[c.start] = np.empty(shape, states.dtype)
                    self.known.append(((c, slice(0, len(self.asked))), kept[c.start]))
                kept[c.start][..., now[aside] - count, :] = states[..., aside, :]
            if not aside.all():
                yield (c, slice(0, count)), states[..., ~aside, :]

    def states(self) -> Iterator[Tile]:
        """Those at the times asked for."""
        yield from self.known or self.given.tiles(self.asked)
