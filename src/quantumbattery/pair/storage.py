"""Storage: from the disconnection at T on nothing couples the two qubits any more.

Each keeps its own frequency and its own loss, so that for t > T

    c_a(t) = c_a(T) e^{-(g_a/2 + i (w + d)) (t - T)},   c_b(t) = c_b(T) e^{-(g_b/2 + i w) (t - T)}.

The transfer probability is F(T) e^{-g_b (t - T)}, of which all figures of merit are functions as
before, and 1 minus it is 1 - F(T) + F(T) (1 - e^{-g_b (t - T)}): two positive terms, in which no
digit is lost. The motion is worked out at the times and at the disconnections, and not for every
pair of them, since each pair needs it at one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.pair.thermodynamics import part
from quantumbattery.pair.transfer import (
    ComplexArray,
    Constants,
    amplitudes,
    remainder,
    transfer_probability,
)
from quantumbattery.quantities.aliases import Array


@dataclass(frozen=True)
class Clock:
    """The times to read at, and when charging ends; one number of dimensions."""

    time: Array  # t
    end: Array | None = None  # T, none after the last time; None: charging does not end

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Clock:
        """The clock of aligned parameters, among which "disconnect" may be missing."""
        time, end = arrays["time"], arrays.get("disconnect")
        return cls(time, None if end is None else np.minimum(end, time.max()))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what depends on the times and on the disconnections."""
        return self.time.shape if self.end is None else np.broadcast(self.time, self.end).shape

    def part(self, tile: tuple[slice, ...]) -> Clock:
        """The same for a tile of the whole."""
        end = None if self.end is None else part(self.end, tile)
        return Clock(part(self.time, tile), end)

    def charged(self) -> Array:
        """For how long the charger has charged, min(t, T)."""
        return self.time if self.end is None else np.minimum(self.time, self.end)

    def stored(self) -> Array:
        """For how long the battery has stored, max(t - T, 0)."""
        return self.time - self.charged()

    def read(self, motion: Callable[[Array], tuple[Any, ...]]) -> tuple[Any, ...]:
        """What the motion gives after min(t, T)."""
        if self.end is None:
            return motion(self.time)
        charging = self.time <= self.end
        both = zip(motion(self.time), motion(self.end), strict=True)
        return tuple(np.where(charging, now, then) for now, then in both)


def transferred(
    motion: Constants, battery_loss: Array, clock: Clock, exact: bool
) -> tuple[Array, Array]:
    """The transfer probability and, if that is to be exact, 1 minus it; else anything."""

    def read(time: Array) -> tuple[Array, ...]:
        transfer = transfer_probability(motion, time)
        return (transfer, remainder(motion, time, transfer)) if exact else (transfer,)

    transfer, *rest = clock.read(read)
    if clock.end is not None and battery_loss.any():
        exponent = clock.stored() * -battery_loss
        for left in rest:
            left -= transfer * np.expm1(exponent)
        transfer *= np.exp(exponent, out=exponent)
    return transfer, rest[0] if exact else transfer


def entangled(motion: Constants, clock: Clock) -> Array:
    """2 |c_a c_b|, the concurrence of an excited charger and its battery."""

    def read(time: Array) -> tuple[Array]:
        charger, battery = amplitudes(motion, time)
        return (2 * np.abs(charger) * np.abs(battery),)

    (shared,) = clock.read(read)
    if clock.end is not None and motion.damping.any():
        shared *= np.exp(-2 * motion.damping * clock.stored())
    return np.asarray(shared)


def kept(arrays: Mapping[str, Array], clock: Clock) -> tuple[ComplexArray, ComplexArray]:
    """What storage makes of the amplitudes: c_a(t)/c_a(T) and c_b(t)/c_b(T), and 1 before."""
    stored = clock.stored()
    battery = arrays["battery_loss"] / 2 + 1j * arrays["frequency"]
    charger = arrays["charger_loss"] / 2 + 1j * (arrays["frequency"] + arrays["detuning"])
    return np.exp(-charger * stored), np.exp(-battery * stored)
