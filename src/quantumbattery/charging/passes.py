"""States that are looked at twice, from one pass through the time.

A method that begins at t = 0 whatever times it is asked for takes as long for the times that look
whether cuts are felt as for those that are asked for: it gets both at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from quantumbattery.quantities.aliases import Array

Tile: TypeAlias = tuple[tuple[slice, slice], Array]
"""Which of the initial states and of the times, and the states then, (g, c, T, numbers)."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What gives states, and those at the times asked for that are known already."""

    tiles: Callable[[Array], Iterator[Tile]]
    asked: Array  # (T,) or (g, T)
    together: bool  # whether a pass with both is worth it, and fits in memory
    known: list[Tile] = field(default_factory=list)

    def whole(self, moments: Array) -> Iterator[Tile]:
        """States at moments (K,) through all the time, and aside those at the times asked for."""
        if not self.together:
            yield from self.tiles(moments)
            return
        self.known.clear()
        count = len(moments)
        for (c, _), states in self.tiles(np.concatenate([moments, self.asked])):
            self.known.append(((c, slice(0, len(self.asked))), states[..., count:, :]))
            yield (c, slice(0, count)), states[..., :count, :]

    def states(self) -> Iterator[Tile]:
        """Those at the times asked for."""
        yield from self.known or self.tiles(self.asked)
