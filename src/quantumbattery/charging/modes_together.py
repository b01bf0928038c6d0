"""Several modes that take over starts which are not Gaussian, without pairs: what they are in."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from quantumbattery.machine import TooLargeError
from quantumbattery.moments.characteristic import displacement
from quantumbattery.moments.joint_channel import (
    Together,
    carried_together,
    own_modes,
    spectrum,
    states_together,
)
from quantumbattery.moments.mixed_modes import mixed
from quantumbattery.moments.shells import Shells
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_LOG = logging.getLogger("quantumbattery")

WHAT = "numbers in the states at all times"
MOST_SECONDS = 60.0  # beyond which one tries without
_AT_ONCE = 1 << 21  # numbers of states that are worked on at a time
_BYTES = 96  # of a number, while states are put together
_PATIENCE = 600.0  # the same of eigenvalues, for which levels take long as well
_FIRST_WORD, _EVERY = 2.0, 10.0  # seconds until progress is told, and from then on
_OF_EIGENVALUES = 1e-9  # seconds for an element of a matrix, times its size
_BLOCKS = 8  # the same of blocks of definite numbers of quanta, in place of the size


class TooSlow(Exception):  # noqa: N818
    """It would take long this way: there is another."""


@dataclass(frozen=True, eq=False)
class ModesTogether:
    """Modes b = X a + f of starts and Gaussian noise, in many states s."""

    start: Together  # amplitudes (s, 1, entries)
    taken: Array  # X, (s, b, k)
    noise: Array  # (s, b, b), in normal order
    mean: Array  # (s, b), of f
    limit: float

    def spectrum(self) -> Array:
        """Eigenvalues (s, d), falling."""
        parts = []
        for rho, _ in self._parts():
            size = prod(rho.shape[1 : 1 + self.mean.shape[-1]])
            parts.append(spectrum(rho.reshape(-1, size, size)))
        size = max(each.shape[-1] for each in parts)
        return cleaned(np.concatenate([widened(each, np.array([size])) for each in parts]))

    def negativity(self, first: int) -> Array:
        """(|rho^T1| - 1) / 2 between the first modes and the others, (s,)."""
        parts = []
        for rho, own in self._parts():
            states, shells = self._mixed(rho, own)
            every = np.concatenate(shells.occupations)
            sides = every[:, :first], every[:, first:]
            (one, left), (other, right) = (np.unique(x, axis=0, return_inverse=True) for x in sides)
            shape = len(one), len(other)
            size = prod(shape)
            self._refuse_slow(size**2, size)
            place = left.ravel() * shape[1] + right.ravel()
            step = self._at_once(size**2)
            for some in (states[low : low + step] for low in range(0, len(states), step)):
                whole = np.zeros((len(some), size, size), complex)
                whole[:, place[:, None], place] = some
                turned = whole.reshape(-1, *shape, *shape).swapaxes(1, 3).reshape(whole.shape)
                parts.append(-np.minimum(spectrum(turned), 0.0).sum(axis=-1))
        return np.concatenate(parts)

    def in_laboratory(self) -> Iterator[Array]:
        """The states (s, *levels, *levels) with their means, a few after others."""
        b, low = self.mean.shape[-1], 0
        more = [more_levels(each) if each.any() else 0 for each in self.mean.T]
        for rho, own in self._parts():
            states, shells = self._mixed(rho, own)
            mine = self.mean[low : low + len(rho)]
            low += len(rho)
            levels = [shells.most + 1 + extra for extra in more]
            if len(rho) * prod(levels) ** 2 * _BYTES > self.limit * 2**30:
                raise TooSlow
            whole = _in_product(states, shells)
            for k in (k for k in range(b) if more[k]):
                field = displacement(mine[:, k], levels[k], whole.shape[1 + k])
                whole = _acted(_acted(whole, field, 1 + k), field.conj(), 1 + b + k)
            yield whole

    @cached_property
    def _own(self) -> tuple[Array, Array]:
        return own_modes(self.noise)

    @property
    def size(self) -> int:
        """How many states of all modes together count."""
        return states_together(self.start, self._own[0])[0]

    def _parts(self) -> Iterator[tuple[Array, Array]]:
        """States (s, *levels, *levels) of modes e, a few after others, and V (s, b, b) of a = V e.

        Without their means.
        """
        nu, own = self._own
        size, before = states_together(self.start, nu)
        each = size**2 + before * self.start.members
        self._refuse_slow(each, size)
        step = self._at_once(each)
        word = time.monotonic() + _FIRST_WORD
        for low in range(0, len(nu), step):
            some = slice(low, low + step)
            start = replace(self.start, amplitude=self.start.amplitude[some])
            given = self.taken[some], nu[some], own[some]
            try:
                rho = carried_together(start, *given, self.limit)
            except TooLargeError:
                raise TooSlow from None
            yield rho, own[some]
            if time.monotonic() > word:
                said = "states of %d modes together: %d of %d, on %d levels"
                _LOG.info(said, own.shape[-1], min(low + step, len(nu)), len(nu), size)
                word = time.monotonic() + _EVERY

    def _at_once(self, numbers: int) -> int:
        """How many states, of so many numbers each, are worked on together."""
        return max(1, min(_AT_ONCE, int(self.limit * 2**30 / _BYTES)) // numbers)

    def _refuse_slow(self, numbers: int, size: int) -> None:
        """Raise TooSlow where one state needs too many numbers, or eigenvalues take too long."""
        work = len(self.mean) * size**2 * (_BLOCKS if self.start.is_definite else size)
        if numbers * _BYTES > self.limit * 2**30 or work * _OF_EIGENVALUES > _PATIENCE:
            raise TooSlow

    def _mixed(self, rho: Array, own: Array) -> tuple[Array, Shells]:
        try:
            return mixed(rho, own, self.limit)
        except TooLargeError:
            raise TooSlow from None


def cleaned(weights: Array) -> Array:
    """Falling probabilities (..., d), without what is no larger than rounding made of nothing."""
    return np.where(weights > -4 * weights[..., -1:], np.maximum(weights, 0.0), 0.0)


def more_levels(moved: Array) -> int:
    """How many more levels a displacement fills: Poissonian, with no weight ten widths beyond."""
    size = float(np.abs(moved).max(initial=0.0))
    return int(np.ceil(size * (size + 10))) + 20


def widened(values: Array, sizes: Array) -> Array:
    """The same (s, ...) on more levels, which are empty."""
    more = [(0, n - d) for n, d in zip(sizes, values.shape[1:], strict=True)]
    return np.pad(values, [(0, 0), *more])


def _in_product(states: Array, shells: Shells) -> Array:
    """States (s, d, d) on shells as (s, n, .., n, n, .., n), n levels of each mode."""
    sizes = (shells.most + 1,) * shells.modes
    place = np.ravel_multi_index(tuple(np.concatenate(shells.occupations).T), sizes)
    whole = np.zeros((len(states), prod(sizes), prod(sizes)), complex)
    whole[:, place[:, None], place] = states
    return whole.reshape(-1, *sizes, *sizes)


def _acted(values: Array, matrix: Array, axis: int) -> Array:
    """Matrices (s, n, d) acting on an axis of arrays (s, ..., d, ...)."""
    moved = np.moveaxis(values, axis, 1)
    flat = matrix @ moved.reshape(*moved.shape[:2], -1)
    return np.moveaxis(flat.reshape(*flat.shape[:2], *moved.shape[2:]), 1, axis)
