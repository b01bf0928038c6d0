"""Several modes that take over starts which are not Gaussian, without pairs: what they are in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
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
from quantumbattery.moments.joint_pairs import carried_in_pairs
from quantumbattery.moments.joint_spectrum import FewDiagonals, arriving
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
TAIL = 1e-12  # of the quanta, that may lie beyond the levels
_EXCESS = 1e-10  # of the trace beyond 1: the state is wrong
MORE = 1.25  # times as many levels, where these do not hold them
_FINER = 1.5  # times as many levels, on which a weight of 1e-14 is one of 1e-21
_NOTHING = 1e-14  # of a weight
ROUNDING = 2e-16  # of the quanta that so many levels squared might hold
_OF_POLYNOMIALS = 5e-8  # seconds for one of them
_OF_EIGENVALUES = 1e-9  # seconds for an element of a matrix, times its size
_BLOCKS = 8  # the same of blocks of definite numbers of quanta, in place of the size


class TooSlow(Exception):  # noqa: N818
    """It would take long this way: there is another."""


@dataclass(frozen=True, eq=False)
class ModesTogether:
    """Modes b = X a + Y a^dag + f of starts and Gaussian noise, in many states s."""

    start: Together  # amplitudes (s, 1, entries)
    taken: tuple[Array, Array]  # X and Y, (s, b, k)
    noise: tuple[Array, Array]  # <f_k^dag f_j> and <f_j f_k>, (s, b, b)
    mean: Array  # (s, b), of f
    quanta: Array  # (s, b), of all, but for that mean
    limit: float

    def spectrum(self) -> Array:
        """Eigenvalues (s, d), falling."""
        if not self._has_pairs:
            return cleaned(self._of_few_diagonals())
        parts = []
        for rho, _ in self._parts():
            size = prod(rho.shape[1 : 1 + self.mean.shape[-1]])
            parts.append(spectrum(rho.reshape(-1, size, size)))
        size = max(each.shape[-1] for each in parts)
        return cleaned(np.concatenate([widened(each, np.array([size])) for each in parts]))

    def negativity(self, first: int) -> Array:
        """(|rho^T1| - 1) / 2 between the first modes and the others, (s,).

        What a cut leaves out of the weight is left out of it as the square root.
        """
        parts = []
        for rho, own in self._parts(_FINER):
            if self._has_pairs:
                sizes = rho.shape[1 : 1 + own.shape[-1]]
                here, there = prod(sizes[:first]), prod(sizes[first:])
                turned = rho.reshape(-1, here, there, here, there).swapaxes(1, 3)
                values = spectrum(turned.reshape(len(rho), here * there, -1))
                parts.append(-np.minimum(values, 0.0).sum(axis=-1))
                continue
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

    def in_laboratory(self, asked: Sequence[int] = ()) -> Iterator[Array]:
        """The states (s, *levels, *levels) with their means, a few after others.

        Modes that are displaced are on no more levels than asked, if on so many.
        """
        b, low = self.mean.shape[-1], 0
        more = [more_levels(each) if each.any() else 0 for each in self.mean.T]
        for rho, own in self._parts():
            whole = rho if self._has_pairs else _in_product(*self._mixed(rho, own))
            mine = self.mean[low : low + len(rho)]
            low += len(rho)
            levels = [n + extra for n, extra in zip(whole.shape[1:], more, strict=False)]
            for k, n in enumerate(asked):
                levels[k] = n if n and more[k] else levels[k]
            if len(rho) * prod(levels) ** 2 * _BYTES > self.limit * 2**30:
                raise TooSlow
            for k in (k for k in range(b) if more[k]):
                field = displacement(mine[:, k], levels[k], whole.shape[1 + k])
                whole = _acted(_acted(whole, field, 1 + k), field.conj(), 1 + b + k)
            yield whole

    def _of_few_diagonals(self) -> Array:
        """The same before rounding is cleaned, those of the most noise first worked out."""
        x, nu = arriving(self.taken[0], *self._own)
        before = states_together(self.start, nu)[1] * self.start.members
        self._refuse_slow(before, 0)
        order, parts, step, low = np.argsort(-nu.sum(axis=-1)), [], 1, 0
        tell = self._teller()
        while low < len(order):
            some = order[low : low + step]
            start = replace(self.start, amplitude=self.start.amplitude[some])
            try:
                few = FewDiagonals.of(start, x[some], nu[some], self.limit)
            except TooLargeError:
                raise TooSlow from None
            if not low:
                sizes = few.blocks[1].astype(float)
                numbers = before + few.values.size + int((sizes**2).sum())
                work = len(order) * (sizes**3).sum()
                self.sizes.append(len(few.kept))
                if work * _OF_EIGENVALUES > _PATIENCE:
                    raise TooSlow
                self._refuse_slow(max(numbers, len(order) * len(few.kept)), 0)
            parts.append(few.spectrum())
            low += len(some)
            tell(low, len(few.kept))
            step = self._at_once(numbers)
        size = max(each.shape[-1] for each in parts)
        found = np.concatenate([widened(each, np.array([size])) for each in parts])
        return found[np.argsort(order)]

    @cached_property
    def _own(self) -> tuple[Array, Array]:
        return own_modes(self.noise[0])

    @cached_property
    def sizes(self) -> list[int]:
        """On how many levels of all modes together states were looked at."""
        return []

    @property
    def _has_pairs(self) -> bool:
        return bool(self.taken[1].any() or self.noise[1].any())

    def _parts(self, finer: float = 1.0) -> Iterator[tuple[Array, Array]]:
        """States (s, *levels, *levels) of modes e, a few after others, and V (s, b, b) of a = V e.

        Without their means; with pairs on so many times as many levels.
        """
        if self._has_pairs:
            yield from self._in_pairs(finer)
            return
        nu, own = self._own
        size, before = states_together(self.start, nu)
        each = size**2 + before * self.start.members
        self._refuse_slow(each, size)
        self.sizes.append(size)
        step, tell = self._at_once(each), self._teller()
        for low in range(0, len(nu), step):
            some = slice(low, low + step)
            start = replace(self.start, amplitude=self.start.amplitude[some])
            given = self.taken[0][some], nu[some], own[some]
            try:
                rho = carried_together(start, *given, self.limit)
            except TooLargeError:
                raise TooSlow from None
            yield rho, own[some]
            tell(min(low + step, len(nu)), size)

    def _in_pairs(self, finer: float) -> Iterator[tuple[Array, Array]]:
        """The same of modes as they are, on levels beyond which nearly no quanta are left."""
        own = np.broadcast_to(np.eye(self.mean.shape[-1]), self.noise[0].shape)
        most = self.start.most
        inside = prod((self.start.levels.max(axis=0) + 1).tolist()) ** 2
        widths = np.einsum("sjj->sj", self.noise[0].real + np.abs(self.noise[1]))
        levels = [int(finer * (1 + most + falls(each))) for each in widths.T]
        low = 0
        while low < len(own):
            size = prod(levels)
            each = size**2 * inside
            if each * _OF_POLYNOMIALS * len(own) > MOST_SECONDS:
                raise TooSlow
            self._refuse_slow(each, size)
            some = slice(low, low + self._at_once(each))
            start = replace(self.start, amplitude=self.start.amplitude[some])
            taken, noise = ((one[some], two[some]) for one, two in (self.taken, self.noise))
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                rho = carried_in_pairs(start, taken, noise, levels)
            trace = np.einsum("sjj->s", rho.reshape(len(rho), size, size))
            if not (np.abs(trace) < 1 + _EXCESS).all():  # double precision does not hold it
                raise TooSlow
            beyond = self._beyond(rho, self.quanta[some])
            if (beyond > TAIL).any():
                levels = [
                    int(MORE * n) + 1 if b > TAIL else n
                    for n, b in zip(levels, beyond, strict=True)
                ]
                continue
            self.sizes.append(size)
            yield rho, own[some]
            low += len(rho)

    def _beyond(self, rho: Array, quanta: Array) -> Array:
        """How much of the quanta (s, b) of each mode is not on its levels, at most, (b,)."""
        b = quanta.shape[-1]
        sizes = rho.shape[1 : 1 + b]
        weights = np.einsum("sjj->sj", rho.reshape(len(rho), prod(sizes), -1)).real
        grid = weights.reshape(-1, *sizes)
        lost = []
        for k in range(b):
            alone = grid.sum(axis=tuple(1 + j for j in range(b) if j != k))
            gone = quanta[:, k] - alone @ np.arange(sizes[k])
            lost.append((gone / np.maximum(quanta[:, k], 1.0)).max() - ROUNDING * sizes[k] ** 2)
        return np.array(lost)

    def _teller(self) -> Callable[[int, int], None]:
        """What tells the log how many states are done, and on how many levels, now and then."""
        word = time.monotonic() + _FIRST_WORD

        def tell(done: int, levels: int) -> None:
            nonlocal word
            if time.monotonic() > word:
                said = "states of %d modes together: %d of %d, on %d levels"
                _LOG.info(said, self.mean.shape[-1], done, len(self.mean), levels)
                word = time.monotonic() + _EVERY

        return tell

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


def falls(quanta: Array) -> int:
    """On how many levels a Gaussian state of N + |C| quanta falls to nothing, about.

    As ((N + |C|) / (N + |C| + 1))^n: so do thermal and squeezed states, of tanh(r)^n.
    """
    most = float(quanta.max(initial=0.0))
    return int(np.ceil(np.log(_NOTHING) / np.log(most / (most + 1)))) if most > _NOTHING else 0


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
