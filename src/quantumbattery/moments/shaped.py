"""Moments under couplings, pairs and fields that are shaped in time, as numbers that move linearly.

Means (a, a^dag, fields) follow M(t), and covariances P, taken as a list of numbers with a 1 behind
them, dP/dt = M P + P M^dag + G: every element of M and G is a term of its own, and those of a link
with an envelope change as it does. What moves states on levels under such terms moves these too.
Where fields of single quanta alone are shaped, covariances move as if these were not there, and
what fields add to the means is a list of its own, which begins at 0 whatever the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.motion import Motion, motion
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.storage import Storage, storage
from quantumbattery.machine import allow
from quantumbattery.moments.quadratic import (
    Numbers,
    Quadratic,
    beat,
    changing,
    is_cold,
    only,
    quadratic,
)
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.signals import Signal, signals_of
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.vector import Vector


@dataclass(frozen=True, eq=False)
class Shaped:
    """The motion of moments as that of a list of numbers."""

    modes: int
    state: Vector
    numbers: Array  # (g, terms) while charging
    off: Array  # (g, terms) while storing
    clocks: tuple[Clock, ...]
    start: Array  # (g or 1, c, numbers)

    def moving(self, times: Array, stored: bool, limit: float) -> Motion | Storage:
        """What moves them, to times (T,) or (g, T), or to pairs of times, charged and stored."""
        if not stored:
            return motion(self.state, self.numbers, self.start, times, limit, self.clocks)
        both = self.numbers, self.off
        return storage(self.state, both, self.start, times, limit, self.clocks)


def shaped_rows(
    network: Network, numbers: Numbers, members: int, kept: Array, limit: float
) -> tuple[Shaped, Shaped | None]:
    """What moves each of the numbers that are kept of means, apart; and noise, from none.

    The latter is None where nothing but fields adds quanta.
    """
    still = quadratic(network, numbers, members, doubled=True)
    terms = _terms(network, numbers, members, 0, limit)
    rows = terms.made(still.modes, np.eye(still.drift.shape[-1], dtype=complex)[None, kept])
    if is_cold(network):
        return rows, None
    m = 2 * still.modes
    terms = _terms(network, numbers, members, m, limit)
    none = np.zeros(still.drift.shape[-1] + m**2, dtype=complex)
    return rows, terms.made(still.modes, np.append(none, 1.0)[None, None])


def _terms(
    network: Network, numbers: Numbers, members: int, covariances: int, limit: float
) -> _Terms:
    """All terms of the means, and of so many squared covariances."""
    still = quadratic(network, numbers, members, doubled=True)
    off = quadratic(network, numbers, members, storing=True, doubled=True)
    n, m = still.drift.shape[-1], covariances
    allow("numbers in the covariances", members * (n + m**2 + 1) ** 2, 16, limit)
    terms = _Terms(n, m)
    terms.add(still, None, np.zeros(1), 0)
    terms.add(off, None, np.zeros(1), 1)
    for link in changing(network):
        alone, turns = only(network, numbers, members, link), beat(network, link)
        for number, signal in signals_of(1.0, link, 2 * turns, False):
            terms.add(_times(alone, numbers(number)), signal, numbers(_turn(signal)), 0)
        if np.any(numbers(turns)):  # e^{-i x} = cos x - i sin x before pairs that are made
            late = _turned(alone)
            for number, signal in signals_of(1.0, link, 2 * turns, True):
                terms.add(_times(late, numbers(number)), signal, numbers(_turn(signal)), 0)
    return terms


def shaped_fields(network: Network, numbers: Numbers, members: int, limit: float) -> Shaped:
    """What shaped fields add to the means, all else being linear beside it."""
    still = quadratic(network, numbers, members)
    off = quadratic(network, numbers, members, storing=True, doubled=still.doubled)
    links = changing(network)
    every = [only(network, numbers, members, each, still.doubled) for each in links]
    n = still.modes * (1 + still.doubled)
    acts = np.any([each.drift[:, :n, n:].any(axis=(0, 1)) for each in every], axis=0)
    kept = np.append(np.arange(n), n + np.flatnonzero(acts))
    allow("numbers in the means", members * len(kept) ** 2, 48, limit)
    terms = _Terms(len(kept), 0)
    terms.add(_among(still, kept), None, np.zeros(1), 0)
    terms.add(_among(off, kept), None, np.zeros(1), 1)
    for link, alone in zip(links, every, strict=True):
        for number, signal in signals_of(1.0, link, 0.0, False):
            part = _times(_among(alone, kept), numbers(number))
            terms.add(part, signal, numbers(_turn(signal)), 0)
    start = np.append(np.zeros(n), np.ones(len(kept) - n)).astype(complex)
    return terms.made(still.modes, start[None, None])


def _among(motion: Quadratic, kept: Array) -> Quadratic:
    """The drift among some of the numbers."""
    drift = motion.drift[:, kept[:, None], kept]
    return Quadratic(drift, np.zeros_like(drift), motion.modes, 0, motion.doubled)


def _turn(signal: Signal | None) -> Parameter:
    return 0.0 if signal is None else signal.frequency


def _times(motion: Quadratic, number: Array) -> Quadratic:
    """The same, so many times."""
    by = number[:, None, None]
    parts = motion.drift * by, motion.diffusion * by
    return Quadratic(*parts, motion.modes, motion.fields, motion.doubled)


def _turned(motion: Quadratic) -> Quadratic:
    """The same with -i K in the place of K."""
    m = motion.modes
    phase = np.ones(motion.drift.shape[-1], complex)
    phase[m : 2 * m] = 1j  # rows of a^dag have K^*
    drift = motion.drift * np.where(phase == 1, -1j, phase)[:, None]
    diffusion = motion.diffusion * np.where(phase == 1, -1j, phase)[:, None]
    return Quadratic(drift, diffusion, m, motion.fields, True)


class _Terms:
    """Elements of the generators of both lists, term by term."""

    def __init__(self, size: int, covariances: int) -> None:
        self.size, self.m = size, covariances
        self.numbers: list[Array] = []  # (g,) each
        self.when: list[int] = []  # 0 while charging, 1 while storing
        self.clocks: list[Clock] = []
        self.means: list[tuple[int, int, int, complex]] = []  # term, row, column, value
        self.parts: list[tuple[Array, ...]] = []  # the same of covariances, as arrays

    def add(self, motion: Quadratic, signal: Signal | None, frequency: Array, when: int) -> None:
        """All elements that are not zero, their real and their imaginary parts apart."""
        for given, act in ((motion.drift, self._drift), (motion.diffusion, self._source)):
            for j, k in np.argwhere(given.any(axis=0)).tolist():
                for part, unit in ((given[:, j, k].real, 1.0), (given[:, j, k].imag, 1j)):
                    if part.any():
                        act(len(self.numbers), j, k, unit)
                        if signal is not None:
                            self.clocks.append(Clock(len(self.numbers), signal, frequency))
                        self.numbers.append(part)
                        self.when.append(when)

    def _drift(self, term: int, j: int, k: int, unit: complex) -> None:
        self.means.append((term, j, k, unit))
        if j < self.m and k < self.m:
            beside = np.arange(self.m)
            left = (j * self.m + beside, k * self.m + beside)
            right = (beside * self.m + j, beside * self.m + k)
            for (row, column), value in ((left, unit), (right, np.conj(unit))):
                each = np.full(self.m, term), row, column, np.full(self.m, value)
                self.parts.append(each)

    def _source(self, term: int, j: int, k: int, unit: complex) -> None:
        one = np.ones(1, dtype=np.int64)
        row, last = (j * self.m + k) * one, self.m**2 * one
        self.parts.append((term * one, row, last, unit * one))

    def made(self, modes: int, start: Array) -> Shaped:
        """All of it, for a start (g or 1, c, numbers)."""
        which = np.array(self.when, dtype=np.int64)
        every = np.stack(self.numbers, axis=-1)
        numbers = np.where(which == 0, every, 0.0), np.where(which == 1, every, 0.0)
        state = Vector(self.blocks(), start.shape[-1])
        return Shaped(modes, state, *numbers, tuple(self.clocks), start)

    def blocks(self) -> tuple[Blocks, ...]:
        """The means, and the covariances, if there are any, with the 1 behind them."""
        none = (*[np.zeros(0, dtype=np.int64)] * 3, np.zeros(0, dtype=complex))
        term, row, column, value = (np.array(each) for each in zip(*self.means, strict=True))
        means = self._block(0, self.size, term, row, column, value)
        if not self.m:
            return (means,)
        every = [np.concatenate(each) for each in zip(none, *self.parts, strict=True)]
        return means, self._block(self.size, self.m**2 + 1, *every)

    def _block(
        self, offset: int, size: int, term: Array, row: Array, column: Array, value: Array
    ) -> Blocks:
        here, every = slice(offset, offset + size), np.arange(size)
        count = len(self.numbers)
        acts = Elements((0.0,) * count, (0,) * count, size, term, row, column, value)
        return Blocks(1, size, 1, here, every, here, every, None, False, acts)
