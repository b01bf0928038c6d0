"""A generator with terms that turn as cos and sin, and the Taylor series of what it moves.

The terms of the series follow one from the other (E. Hairer, S. P. Norsett and G. Wanner, Solving
Ordinary Differential Equations I, I.8); what is left out is bounded before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.blocks import Blocks

_SERIES_END = 2.0**-56
_SPARSE = 24  # size of a block from which on its generator is a sparse matrix


@dataclass(frozen=True, eq=False)
class Wave:
    """All that changes as cos, or as sin, of one frequency."""

    frequency: Array  # (g,)
    late: bool  # sin, in place of cos
    generator: Any  # as `Turning.still`

    def terms(self, begin: Array, ahead: Array, order: int) -> Array:
        """The terms of its Taylor series from `begin`, each (g, M), shape (order, g, M)."""
        angle, step = self.frequency[:, None] * begin, self.frequency[:, None] * ahead
        angle = angle - np.pi / 2 if self.late else angle
        cos, sin = np.cos(angle), np.sin(angle)
        terms, power = np.empty((order, *step.shape)), np.ones(step.shape)
        for k in range(order):  # every derivative is a quarter of a turn ahead of the one before
            terms[k] = power * (cos, -sin, -cos, sin)[k % 4]
            power = power * step / (k + 1)
        return terms


@dataclass(frozen=True, eq=False)
class Turning:
    """G(t), the sum of what is still and of waves, for a batch."""

    shape: tuple[int, int, int]  # g, blocks, n
    still: Any  # what does not change, (g, blocks, n, n) or, of large blocks, one sparse matrix
    frequency: Array | None  # (g, blocks), that all numbers of a block share; None: real numbers
    waves: tuple[Wave, ...]
    since: float  # the time at which it begins

    @classmethod
    def of(
        cls, blocks: Blocks, numbers: Array, factor: complex, clocks: Sequence[Clock], since: float
    ) -> Turning:
        """From numbers (g, terms) in front of the terms; factor is -i in front of a Hamiltonian."""

        def part(chosen: Array) -> Array:
            matrices: Array = factor * blocks.matrices(numbers * chosen)
            return matrices if np.iscomplexobj(matrices) else matrices.astype(float)

        terms = np.arange(numbers.shape[1])
        still, frequency = part(~np.isin(terms, [clock.term for clock in clocks])), None
        if np.iscomplexobj(still):
            frequency = np.einsum("gbii->gbi", still).imag.mean(axis=-1)
            still = still - 1j * frequency[..., None, None] * np.eye(blocks.size)
        alike: dict[tuple[bool, bytes], list[Clock]] = {}
        for clock in clocks:
            alike.setdefault((clock.signal.late, clock.frequency.tobytes()), []).append(clock)
        waves = tuple(
            Wave(
                np.broadcast_to(first.frequency, len(numbers)),
                first.signal.late,
                _operator(part(np.isin(terms, [clock.term for clock in (first, *others)]))),
            )
            for first, *others in alike.values()
        )
        shape = len(numbers), blocks.count, blocks.size
        return cls(shape, _operator(still), frequency, waves, since)

    def moved(self, states: Array, begin: Array, ahead: Array, order: int) -> Array:
        """States (g, blocks, n, M), each moved on from its own moment `begin` (g, M) by `ahead`.

        With G(t) = sum of G_k t^k, terms are x_{j+1} = t / (j + 1) sum over k of G_k t^k x_{j-k}.
        """
        g, _, _, columns = states.shape
        waves = [wave.terms(self.since + begin, ahead, order) for wave in self.waves]
        terms = np.empty((order + 1, *states.shape), states.dtype)
        terms[0] = states
        parts = terms.view(float).reshape(order + 1, g, -1, columns * terms.itemsize // 8)
        waves = [np.repeat(wave, parts.shape[-1] // columns, axis=-1) for wave in waves]
        for j in range(order):
            change = _applied(self.still, terms[j])
            for wave, factors in zip(self.waves, waves, strict=True):
                mixed = np.einsum("kgm,kgnm->gnm", factors[j::-1], parts[: j + 1])
                change += _applied(wave.generator, mixed.view(terms.dtype).reshape(states.shape))
            np.multiply(change, ahead[:, None, None] / (j + 1), out=terms[j + 1])
        total: Array = terms.sum(axis=0)
        return total

    def order(self, ahead: Array) -> int:
        """How many terms are needed for steps (g,), by a bound of each term.

        They are no larger than those of numbers in the place of matrices, each its norm. A wave
        counts for its frequency at least, so that a weak one is followed as well.
        """
        norm, given = self._norms
        bound, still = [1.0], float((norm * ahead).max())
        waves = []  # each its size and angle, the largest of the batch
        for norm, wave in given:
            angle = float(np.abs(wave.frequency * ahead).max())
            waves.append((max(float((norm * ahead).max()), angle), angle))
        while bound[-1] > _SERIES_END:
            change = still * bound[-1]
            for size, angle in waves:
                factor = size
                for k, term in enumerate(reversed(bound)):
                    change += factor * term
                    factor *= angle / (k + 1)
            bound.append(change / len(bound))
        return len(bound) - 1

    @cached_property
    def _norms(self) -> tuple[Array, list[tuple[Array, Wave]]]:
        """The largest sum of a row (g,), of what is still and of each wave."""
        waves = [(_norm(wave.generator, self.shape), wave) for wave in self.waves]
        return _norm(self.still, self.shape), waves

    @cached_property
    def largest(self) -> Array:
        """The size of the generator, or the largest frequency, if that is more, shape (g,)."""
        still, waves = self._norms
        size = still + sum(norm for norm, _ in waves)
        largest: Array = np.maximum.reduce([size, *(np.abs(w.frequency) for w in self.waves)])
        return largest


# --- small parts -------------------------------------------------------------------------------


def _operator(matrices: Array) -> Any:
    """Matrices (g, blocks, n, n) as they are; large ones in one sparse matrix."""
    g, b, n, _ = matrices.shape
    if n < _SPARSE:
        return matrices
    from scipy.sparse import csr_array

    *block, row, column = np.nonzero(matrices.reshape(g * b, n, n))
    value, first = matrices.reshape(g * b, n, n)[*block, row, column], n * block[0]
    return csr_array((value, (first + row, first + column)), shape=(g * b * n, g * b * n))


def _applied(operator: Any, states: Array) -> Array:
    """What an operator makes of states (g, blocks, n, M)."""
    if isinstance(operator, np.ndarray):
        return operator @ states
    after: Array = (operator @ states.reshape(-1, states.shape[-1])).reshape(states.shape)
    return after


def _norm(operator: Any, shape: tuple[int, int, int]) -> Array:
    """The largest sum of a row, shape (g,)."""
    rows: Array = np.asarray(abs(operator).sum(axis=-1))
    largest: Array = rows.reshape(shape[0], -1).max(axis=1)
    return largest
