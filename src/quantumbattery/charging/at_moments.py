"""Measures at single moments, here and there, as a search asks for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery
from quantumbattery.charging.readout import one_qubit
from quantumbattery.charging.short_of_work import Swaps, signed, swaps_of
from quantumbattery.charging.solve import Work
from quantumbattery.dynamics.motion import Motion, motion
from quantumbattery.machine import TooLargeError, allow, held_by
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

SIGNED = "signed ergotropy"
"""What `Reader` reads of a battery that has `swaps`: where there is no work, how short of it."""

_TILE = 1 << 20  # numbers of states that are worked on at a time
_NUMBER = 96  # bytes that each of them takes, with what it is made of
_LOOKS = 65  # moments by which the method is chosen
_KEPT = 0.25  # of the memory, for states from which single moments are reached
_AT_WORK = 0.1  # of the memory, for states that are worked on


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads all or some members of a batch, with one initial state for each generator."""

    work: Work
    moving: tuple[tuple[slice, Battery, Motion], ...]  # part by part, made once

    @classmethod
    def of(cls, work: Work, latest: float, members: Array | None = None) -> Reader:
        """For times up to the latest; ValueError if what moves the members takes too much."""
        moments, limit = np.linspace(0.0, latest, _LOOKS), work.problem.limit
        generators = len(work.numbers) if members is None else len(members)
        room, moving, seen, held = limit * _KEPT * 2**30 / 16, [], set[int](), 0
        for part in work.batches(generators):
            mine = part if members is None else members[part]  # a slice takes no copies
            made = motion(work.state, work.numbers[mine], work.start_of(mine), moments, limit)
            made = made.anchored(latest, int(room * (part.stop - part.start) / generators))
            moving.append((part, work.battery.select(mine), made))
            held += held_by([(made, start) for _, made, start in made.parts], seen)
            _check(held / part.stop * generators, limit)
        return cls(work, tuple(moving))

    @cached_property
    def swaps(self) -> tuple[Swaps, ...]:
        """What tells how short of work all members are; none if nothing does."""
        readout, battery = self.work.readout, self.work.battery
        if one_qubit(readout.network):
            return ()
        cells = readout.further.cells if battery.extraction == "local" else []
        return swaps_of(readout.battery, cells, battery)

    def __call__(self, name: str, times: Array) -> Array:
        """A measure (m, T) at any times (m, T); or `SIGNED`."""
        measure = "ergotropy" if name == SIGNED else name
        found, limit = np.empty(times.shape), self.work.problem.limit
        tile = min(_TILE, int(limit * _AT_WORK * 2**30 / _NUMBER))
        for part, own, made in self.moving:
            each = (part.stop - part.start) * max(self.work.read_at_once([measure]), made.anywhere)
            allow("numbers in the states at one time", each, 32, limit)
            step = max(1, tile // each)
            for low in range(0, times.shape[1], step):
                mine = times[part, low : low + step]
                states = made.at(mine if len(times) > 1 else mine[0], slice(0, 1))
                values = self.work.readout.columns([measure], states, own, np.zeros(1))[measure]
                if name == SIGNED and self.swaps:
                    values = signed(values, self.swaps, states, own)
                found[part, low : low + step] = values[:, 0]
        return found


def _check(need: float, limit: float) -> None:
    """Raise TooLargeError for more bytes than the limit, in GiB."""
    if need > limit * 2**30:
        raise TooLargeError(
            f"too large: what moves all members of the batch needs {need / 2**30:.3g} GiB at once, "
            f"and the limit is {limit:.3g} GiB: take fewer values at a time, or raise the limit"
        )
