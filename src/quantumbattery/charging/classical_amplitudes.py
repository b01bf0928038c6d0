"""What drives and coherent starts make of the amplitudes of oscillators that are joined linearly.

These follow d alpha/dt = M alpha + f(t), whatever the state is. Under fields that keep their shape
they are exponentials; what a shaped field brings, it brings from none, and is a list of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from quantumbattery.dynamics.motion import Motion
from quantumbattery.moments.evolution import Rows
from quantumbattery.moments.quadratic import quadratic, turning
from quantumbattery.moments.shaped import shaped_fields
from quantumbattery.network.drives import OnePhotonDrive
from quantumbattery.network.envelopes import Envelope, shape_of
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.cached import cached_property

_SOLVER = "Runge-Kutta"  # whose errors are larger than those of rounding
_SURE = 1e-11  # of an amplitude of size 1


@dataclass(frozen=True, eq=False)
class Source:
    """What gives oscillators an amplitude: a field, or a coherent start."""

    site: str
    column: int  # of the motion of (modes, fields), or after these, of shaped fields
    size: Parameter
    phase: Parameter  # of the amplitude, the conjugate of the field's
    started: bool
    breaks: tuple[float, ...] = ()  # times at which what it brings may bend


@dataclass(frozen=True, eq=False)
class Brought:
    """What amplitudes become of a unit of each mode and of each field."""

    network: Network
    shaped: tuple[ShapedField, ...] = ()

    @cached_property
    def _rows(self) -> Rows:
        motion = quadratic(self.network, _one, 1)
        return Rows(replace(motion, diffusion=np.zeros_like(motion.diffusion)))

    @cached_property
    def _last(self) -> dict[bytes, Array]:
        return {}

    @cached_property
    def _waves(self) -> dict[tuple[int, int, bool], Wave]:
        return {}

    def wave(self, mode: int, column: int, imaginary: bool, envelope: Envelope | None) -> Wave:
        """What a link feels; the same for all that have no shape of their own."""
        made = Wave(self, mode, column, imaginary, envelope)
        return self._waves.setdefault((mode, column, imaginary), made) if envelope is None else made

    def place(self, name: str) -> int:
        """The number of a mode."""
        return list(self.network.sites).index(name)

    def frame(self, name: str) -> float:
        """How fast the frame turns in which these amplitudes stand."""
        return float(turning(self.network, name, _one)[0])

    def at(self, times: Array) -> Array:
        """Of each mode, (m, T, modes and fields), those that are shaped last."""
        key = times.tobytes()
        found = self._last.get(key)
        if found is None:
            unit = np.eye(len(self.network.sites), self._rows.motion.drift.shape[-1])
            found = self._rows.at(unit, times)[0][0]
            if self.shaped:
                frames = np.array([self.frame(name) for name in self.network.sites])
                more = [each.at(times, frames) for each in self.shaped]
                found = np.concatenate([found, np.stack(more, axis=-1)], axis=-1)
            self._last.clear()  # all who ask at one time are served; threads keep their own
            self._last[key] = found
        return found


@dataclass(frozen=True, eq=False)
class ShapedField:
    """What one field of size 1, whose shape changes in time, brings to modes that begin with none.

    Made by `shaped_field`.
    """

    network: Network
    moving: Motion

    def at(self, times: Array, frames: Array) -> Array:
        """Of each mode (m, T), in frames (m,) that turn so fast."""
        every, place = np.unique(times, return_inverse=True)
        names = [*self.network.sites]
        found = self.moving.at(every, slice(None))[0, 0, :, : len(names)].T
        own = np.array([turning(self.network, name, _one)[0] for name in names])
        turned: Array = found[:, place] * np.exp(1j * np.multiply.outer(frames - own, times))
        return turned


def shaped_field(network: Network, latest: float, limit: float) -> ShapedField | None:
    """Of the one field that a network has; None where it is too hard to follow."""
    fields = shaped_fields(network, _one, 1, limit)
    ends = np.array([0.0, latest])
    try:
        moving = fields.moving(ends, False, limit)
        assert isinstance(moving, Motion)
        if _SOLVER in {kind for kind, _ in moving.methods}:
            return None
        error = moving.error(ends, slice(None), moving.at(ends, slice(None)))
    except ValueError:  # of which whoever follows all of it says more
        return None
    return ShapedField(network, moving) if error < _SURE else None


def breaks_of(each: OnePhotonDrive) -> tuple[float, ...]:
    """When a field jumps or bends, and what it brings so too."""
    if not isinstance(each.envelope, xr.DataArray):
        return each.breaks
    return *each.breaks, *each.envelope["time"].to_numpy().tolist()


def _one(number: Parameter) -> Array:
    return np.asarray(number, dtype=float).reshape(1)


@dataclass(frozen=True, eq=False)
class Wave:
    """The real or the imaginary part of alpha^* while a link is on: an envelope."""

    brought: Brought
    mode: int
    column: int
    imaginary: bool
    envelope: Envelope | None  # of the link

    def __call__(self, times: Array) -> Array:
        """Its values at some times."""
        flat = np.asarray(times, dtype=float).ravel()
        found = self.brought.at(flat)[self.mode, :, self.column]
        part = -found.imag if self.imaginary else found.real
        if self.envelope is not None:
            part = part * shape_of(self.envelope, flat)
        return part.reshape(np.shape(times))
