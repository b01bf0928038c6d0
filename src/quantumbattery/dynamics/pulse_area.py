"""Motion under one factor in time and nothing else: as if for as long as the pulse's area.

With H(t) = f(t) H, Hamiltonians at all times commute, and the propagator is exp(-i A(t) H), where
A(t) is the integral of f, the pulse's area (L. Allen and J. H. Eberly, Optical Resonance and
Two-Level Atoms, Wiley 1975, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quantumbattery.dynamics.pieces import Pieces, alike, pieces
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.signals import Signal
from quantumbattery.states.blocks import Blocks

_EPS = float(np.finfo(float).eps)
_DEGREE = 16  # of the factor on a piece
_LARGEST_ANGLE = 1e9  # beyond which rounding leaves too little
_MOST_PIECES = 1 << 14


@dataclass(frozen=True, eq=False)
class PulseArea:
    """exp(-i A(t) H) of Hermitian matrices, from their eigenvectors; A is the area of f until t."""

    moved: Unitary
    shift: Array  # (g, blocks), the frequency that all numbers of a block share all the time
    area: Pieces

    measured = True
    from_start = False
    fastest = 0.0  # rounding is part of what is measured

    @classmethod
    def of(
        cls, blocks: Blocks, numbers: Array, clocks: Sequence[Clock], latest: float
    ) -> PulseArea | None:
        """From numbers (g, terms) in front of the terms; None if something else does not stand."""
        waves = alike(clocks)
        if len(waves) > 1 or any(each.signal.late or each.frequency.any() for each in clocks):
            return None
        moving = np.zeros(numbers.shape[1], dtype=bool)
        moving[[clock.term for clock in clocks]] = True
        still = blocks.matrices(numbers * ~moving)
        shift = np.einsum("gbii->gb", still).real / blocks.size
        left = still - shift[..., None, None] * np.eye(blocks.size)
        if np.abs(left).max() > 8 * _EPS * np.abs(still).max():
            return None
        area = _area(waves[0][0].signal, latest)
        if area is None:
            return None
        made = cls(Unitary.of(blocks.matrices(numbers * moving)), shift, area)
        return made if made.angle <= _LARGEST_ANGLE else None

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """
        after = self.moved.at(start, self.area.integrals(times)[0, 0])
        after *= np.exp(-1j * self.shift[..., None] * times)[..., None, :, None]
        return after

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """What an error of the area, as far as it is measured, and rounding change at most."""
        apart = self._energy * float(self.area.apart[0] @ self.area.lengths)
        own = float(times.max()) * float(np.abs(self.shift).max())
        return apart + 8 * _EPS * float(self.moved.energies.shape[-1] + self.angle + own)

    @property
    def _energy(self) -> float:
        """The largest in size, of what the factor multiplies."""
        return float(self.moved.fastest + np.abs(self.moved.shift).max())

    @property
    def angle(self) -> float:
        """By how much a phase turns at most, and back."""
        return self._energy * float(self.area.largest[0] @ self.area.lengths)


@lru_cache(maxsize=16)
def _area(signal: Signal, latest: float) -> Pieces | None:
    """The factor on pieces, the same for all groups of blocks."""
    clock = Clock(0, signal, np.zeros(1))
    return pieces([[clock]], latest, np.array([[0.0, 1.0]]), np.inf, _DEGREE, _MOST_PIECES)
