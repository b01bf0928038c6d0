"""Numbers that move under a linear equation and are no state themselves, as moments are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks


@dataclass(frozen=True, eq=False)
class Vector:
    """Blocks of numbers that never meet, all of which are read."""

    blocks: tuple[Blocks, ...]
    size: int  # of all

    hermitian: ClassVar[bool] = False

    def first(self, start: Array) -> Array:
        """The numbers (..., size) at the beginning, as they are given."""
        return start
