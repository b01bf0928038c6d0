"""Occupations of several modes, shell by shell of so many quanta together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property


@dataclass(frozen=True, eq=False)
class Shells:
    """Occupations of several modes, by how many quanta they hold together."""

    modes: int
    most: int

    @cached_property
    def occupations(self) -> list[Array]:
        """Of each shell, (states, modes)."""
        every = []
        for total in range(self.most + 1):  # so many balls, and bars between the modes
            places = range(total + self.modes - 1)
            bars = np.array([*combinations(places, self.modes - 1)], dtype=np.int64)
            bars = bars.reshape(comb(total + self.modes - 1, self.modes - 1), self.modes - 1)
            ends = np.full((len(bars), 1), total + self.modes - 1)
            every.append(np.diff(bars, axis=-1, prepend=-1, append=ends) - 1)
        return every

    @property
    def bounds(self) -> Array:
        """Where each shell begins among all states, and where the last ends."""
        return np.cumsum([0, *map(len, self.occupations)])

    @cached_property
    def steps(self) -> list[tuple[Array, Array]]:
        """To which state of the next shell each mode steps up, and its root, (modes, states)."""
        found, base = [], (self.most + 2) ** np.arange(self.modes)
        for low, high in pairwise(self.occupations):
            keys = high @ base
            order = np.argsort(keys)
            up = np.searchsorted(keys, (low @ base)[None] + base[:, None], sorter=order)
            found.append((order[up], np.sqrt(low.T + 1.0)))
        return found
