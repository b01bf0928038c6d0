"""What an optimum is sought of: functions of time, how far they may bend, and what is little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from quantumbattery.charging.at_moments import SIGNED, Reader
from quantumbattery.charging.curvature import curvature
from quantumbattery.charging.first_bend import first_derivatives
from quantumbattery.charging.global_maximum import MOST_POINTS, NOTHING, Aim, room_for
from quantumbattery.charging.never_charged import never_charged
from quantumbattery.charging.readout import one_qubit
from quantumbattery.charging.solve import Work
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.kets import Kets

OVER_TIME = {"power": "energy", "ergotropic_power": "ergotropy"}
_LITTLE = 1e-3  # of the highest energy: what counts as little
_ELEMENTS = 2e-15  # of the highest energy: rounding where elements of a density matrix are added
_LOOKS = 33  # moments at which a coherence is looked for
_EPSILON = 4e-16  # of a number, that may be wrong
_NUMBERS = 1 << 29  # of states, that are worked out in all
_FEWEST = 1 << 13  # points, however large each one is

Read: TypeAlias = Callable[[str, Array], Array]
"""A measure (m, T) at times (m, T)."""


@dataclass(frozen=True, eq=False)
class Sought:
    """Quantities of every member of a batch, as functions of time up to the last."""

    work: Work
    last: float
    tolerance: float

    def function(self, name: str, part: Array) -> Callable[[Array], Array]:
        """What is to be as large as it can be, of some members; over time for a power.

        Where it is not positive it may be less than the quantity, which is 0 there: how far it is
        from positive then shows, and how long it stays so.
        """
        given = OVER_TIME.get(name, name)
        read: Read = self._read(part)
        held = None if name == given else read(given, np.zeros((len(part), 1)))
        if given == "ergotropy" and self._inverted[part].any():
            read = partial(_or_negative, read, self._inverted[part], self.highest[part])
        elif given == "ergotropy" and self._everyone.swaps:
            given = SIGNED
        return partial(read, given) if held is None else partial(_gain, read, given, held)

    def itself(self, name: str, part: Array) -> Callable[[Array], Array]:
        """A quantity of some members as it is, 0 where there is none."""
        return partial(self._read(part), name)

    def bend(self, name: str) -> Array:
        """K, so that f + K t^2/2 is convex, (g,); the work beyond any unitary is such an f.

        The operator of an energy is between 0 and the highest, that of a work between plus and
        minus that; and a derivative of a state has the trace 0, so half the spread counts.
        """
        half = 0.5 if OVER_TIME.get(name, name) == "energy" else 1.0
        return half * self._curvature * self.highest

    def aim(self, name: str, part: Array) -> Aim:
        """How well a quantity is to be known, of some members."""
        rate = name in OVER_TIME
        scale = self.highest[part] * _LITTLE / (self.last if rate else 1.0)
        exact = isinstance(self.work.state, Kets)
        off = self._held[part] if exact else self.highest[part]
        rounding = np.where(self._held[part] > 0, _EPSILON * off, 0.0)
        return Aim(
            self.last,
            self.tolerance,
            scale,
            self._nothing(name)[part] * scale,
            rounding,
            rate,
            self._most,
            self.room,
            self._begin[:, part] if name == "power" and np.isfinite(self._begin).all() else None,
        )

    def empty(self, looked: float) -> Array:
        """Which members never charge, (g,), where the highest energy that was seen is so small."""
        work, none = self.work, np.zeros(len(self.highest), dtype=bool)
        if looked > NOTHING * _LITTLE * float(self.highest.min()) or len(work.battery.row):
            return none
        split = work.readout.split
        energies = np.broadcast_to(work.battery.energies, (len(none), len(split.levels)))
        for k in np.flatnonzero(self._held <= NOTHING**2 * self.highest):
            start = work.start[min(int(k), len(work.start) - 1), 0]
            at_zero = (energies[k] == 0)[split.inside]
            none[k] = never_charged(work.state.reach, work.numbers[k], start, at_zero)
        return none

    def never(self, name: str) -> Array:
        """Which members are known never to have any of a quantity, (g,).

        What begins with all the energy there is has no power.
        """
        work, own = self.work, self.work.battery
        if name != "power" or len(own.row):
            return np.zeros(len(self.highest), dtype=bool)
        begin = work.readout.split.inside[work.state.reach.start.configuration]
        full: Array = own.energies[:, begin].min(axis=-1) >= own.energies.max(axis=-1)
        return np.broadcast_to(full & (own.energies.max(axis=-1) > 0), len(self.highest))

    @cached_property
    def highest(self) -> Array:
        """The highest energy that the battery can hold, shape (g,)."""
        work = self.work
        own = work.battery
        highest = own.energies.max(axis=-1)
        if own.whole is not None:  # no diagonal element is the highest energy of what interacts
            highest = own.whole[:, -1]
        if own.extraction == "local":  # every site, and every cell, as high as it goes
            highest = np.zeros(len(work.numbers))
            for place, cell in enumerate(own.cells):
                count = cell.site.number if isinstance(cell.site, Ensemble) else 1
                levels = cell.one.site.dimension or int(own.states[:, place].max()) + 1
                highest = highest + count * cell.one.energies(levels).max(axis=-1)
        return np.broadcast_to(np.maximum(highest, 1e-300), len(work.numbers)).astype(float)

    @cached_property
    def _curvature(self) -> Array:
        work = self.work
        network, reached = work.problem.network, work.state.reach
        given = work.numbers, work.start[:, 0], work.problem.extraction
        return curvature(network, reached, *given)

    @cached_property
    def _begin(self) -> Array:
        """How the energy begins, as `first_derivatives` says, (3, g); infinite if not known."""
        work, split = self.work, self.work.readout.split
        if len(work.battery.row):  # energies are no property of a configuration
            return np.full((3, len(self.highest)), np.inf)
        energies = work.battery.energies[:, split.inside]
        energies = np.broadcast_to(energies, (len(self.highest), energies.shape[1]))
        return first_derivatives(work.state.reach, work.numbers, work.start[:, 0], energies)

    @cached_property
    def _inverted(self) -> Array:
        """Whose work is 2 E - E_max, or 0 where that is negative, (g,): those without coherence.

        Of one qubit, also those that never have one while others of the batch do: where no number
        of the state makes one, it is exactly 0.
        """
        members, network = len(self.highest), self.work.problem.network
        if self.work.readout.two_levels(self.work.problem.extraction):
            return np.ones(members, dtype=bool)
        if not one_qubit(network):
            return np.zeros(members, dtype=bool)
        moments = np.broadcast_to(np.linspace(0.0, self.last, _LOOKS), (members, _LOOKS))
        return np.asarray(~self._everyone("coherence", moments).any(axis=1))

    @cached_property
    def _everyone(self) -> Reader:
        return Reader.of(self.work, self.last)

    def _read(self, part: Array) -> Reader:
        """What reads some members; propagators of all members are made once."""
        if len(part) == len(self.work.numbers):
            return self._everyone
        return Reader.of(self.work, self.last, part)

    @cached_property
    def _held(self) -> Array:
        """The energy at t = 0, shape (g,)."""
        return self._everyone("energy", np.zeros((len(self.highest), 1)))[:, 0]

    def _nothing(self, name: str) -> Array:
        """What counts as nothing, of what is little, (g,).

        What amplitudes bring to an empty battery is known however small, and so is what elements
        of a density matrix do, but for their rounding. Work is a difference, where it is not read
        of one qubit.
        """
        none = np.full(len(self.highest), NOTHING)
        if OVER_TIME.get(name, name) == "energy" or one_qubit(self.work.problem.network):
            least = NOTHING**2 if isinstance(self.work.state, Kets) else _ELEMENTS / _LITTLE
            none[self._held <= NOTHING**2 * self.highest] = least
        return none

    @property
    def _most(self) -> int:
        """Points that are looked at, at most."""
        return int(min(max(_NUMBERS / self.work.state.size, _FEWEST), MOST_POINTS))

    @property
    def room(self) -> int:
        """Points for which there is memory."""
        return room_for(self.work.problem.limit)


def _gain(read: Read, name: str, held: Array, times: Array) -> Array:
    """What has come since t = 0, when the battery held (m, 1)."""
    gain: Array = read(name, times) - held
    return gain


def _or_negative(read: Read, inverted: Array, highest: Array, name: str, times: Array) -> Array:
    """The ergotropy; of those without coherence 2 E - E_max, negative where there is none."""
    signed: Array = 2 * read("energy", times) - highest[:, None]
    if inverted.all():
        return signed
    return np.where(inverted[:, None], signed, read(name, times))
