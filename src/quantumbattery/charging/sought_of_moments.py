"""What an optimum is sought of where means and covariances say everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.by_moments import ByMoments, is_apart, stays_coherent
from quantumbattery.charging.global_maximum import MOST_POINTS, NOTHING, Aim, room_for
from quantumbattery.charging.sought import OVER_TIME
from quantumbattery.charging.work_ceiling import AT_ONCE, Ceiling
from quantumbattery.moments.bounds import Bounds, bounds
from quantumbattery.moments.passive import stays_passive
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_LITTLE = 1e-3  # of the highest energy: what counts as little
_EPSILON = 4e-16  # of a number, that may be wrong
_STEEP = 1e8  # times as bent as the energy: of the work in what is squeezed by r = 9
_FEW_POINTS = 1 << 13  # of a member, where each takes a list of levels


@dataclass(frozen=True, eq=False)
class SoughtOfMoments:
    """Quantities of every member of a batch, as functions of time up to the last."""

    work: ByMoments
    last: float
    tolerance: float

    def function(self, name: str, part: Array) -> Callable[[Array], Array]:
        """What is to be as large as it can be, of some members; over time for a power."""
        given = OVER_TIME.get(name, name)
        held = 0.0 if name == given else self._held(given)[part][:, None]

        def read(times: Array) -> Array:
            most, found = max(1, AT_ONCE // self._each), np.empty(times.shape)
            step = max(1, most // times.shape[-1])
            for low in range(0, len(part), step):
                mine = slice(low, low + step)
                for first in range(0, times.shape[-1], most):
                    few = slice(first, first + most)
                    now = self.work.reading(part[mine], times[mine, few])
                    found[mine, few] = now.column(given)[:, 0]
            return found - held

        return read

    def bend(self, name: str) -> Array:
        """K, so that f + K t^2/2 is convex, (g,)."""
        energy = OVER_TIME.get(name, name) == "energy"
        energy = energy or stays_coherent(self.work.problem)  # all of which is then work
        if energy or self._is_steep:
            return self._bounds.of_energy
        return self._bounds.of_work

    def aim(self, name: str, part: Array) -> Aim:
        """How well a quantity is to be known, of some members."""
        rate = name in OVER_TIME
        scale = self.highest[part] * _LITTLE / (self.last if rate else 1.0)
        held = self._held("energy")[part]
        rounding = np.where(held > 0, _EPSILON * self.highest[part], 0.0)
        nothing = np.where(held > 0, NOTHING, NOTHING**2) * scale
        work = OVER_TIME.get(name, name) == "ergotropy"
        together = work and (self._is_steep or not is_apart(self.work.problem))
        most, room = _FEW_POINTS * len(part) if together else MOST_POINTS, self.room
        ceiling = Ceiling(self.work, self._bounds, part, rate) if together else None
        return Aim(
            self.last, self.tolerance, scale, nothing, rounding, rate, most, room, ceiling=ceiling
        )

    @property
    def room(self) -> int:
        """Points for which there is memory."""
        return room_for(self.work.problem.limit)

    def empty(self) -> Array:
        """Which members never charge, (g,): those whose energy is 0 at all times."""
        return np.asarray(self._bounds.energy <= 0)

    def never(self, name: str) -> Array:
        """Which members are known never to have any of a quantity, (g,)."""
        work = OVER_TIME.get(name, name) == "ergotropy" and self._passive
        return np.full(len(self.highest), work)

    @cached_property
    def _passive(self) -> bool:
        """Whether no unitary, of one mode or of each by itself, ever gets anything out."""
        given = self.work.motions[0], self.work.begun, self.work.energies.places
        return is_apart(self.work.problem) and stays_passive(*given)

    @property
    def highest(self) -> Array:
        """What the energy never exceeds up to the last time, (g,)."""
        return np.maximum(self._bounds.energy, 1e-300)

    @cached_property
    def _is_steep(self) -> bool:
        """Whether one mode is squeezed so strongly that its purity, and work, come and go at once.

        The work of it is then sought as that of several modes: as the energy less what is passive.
        """
        held = self._bounds
        one = len(self.work.energies.places) == 1
        return one and bool((held.of_work > _STEEP * held.of_energy).any())

    @property
    def _each(self) -> int:
        """Numbers of one covariance."""
        return int(self.work.motions[0].drift.shape[-1]) ** 2

    @cached_property
    def _bounds(self) -> Bounds:
        work = self.work
        given = work.motions[0], work.begun, work.energies.places, work.energies.h
        return bounds(*given, self.last, work.problem.limit)

    def _held(self, name: str) -> Array:
        """What the battery holds at t = 0, (g,)."""
        held = self.work.held({name})
        nothing = np.zeros((1, 1, 1))
        return np.broadcast_to(held.get(name, nothing)[:, 0, 0], len(self.highest))
