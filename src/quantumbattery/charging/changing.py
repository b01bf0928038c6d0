"""Moments under links, pairs and fields that change in time, at all times of a problem.

The rows R of a(t) = R (a, a^dag, fields) + f are columns, to each of which one number of the means
moves by itself; the covariances of f come of none (`quantumbattery.moments.shaped`). Nothing of
that depends on how many quanta there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.charging.problem import Problem
from quantumbattery.machine import allow
from quantumbattery.moments.quadratic import Quadratic, quadratic
from quantumbattery.moments.shaped import Shaped, shaped_rows
from quantumbattery.moments.starts import Beginning
from quantumbattery.network.joint_starts import members_of
from quantumbattery.quantities.aliases import Array

_LOOKS = 129  # moments at which one looks when it was
LARGEST = 340.0  # twice the logarithm of what amplitudes may grow by


@dataclass(frozen=True, eq=False)
class Followed:
    """Numbers that move linearly, at all times of a problem, and how they were found."""

    numbers: Array  # (g, copies, T, numbers)
    methods: tuple[tuple[str, int], ...]
    error: float | None  # of a number, the difference of two solutions if a method is measured

    def scale(self, places: Sequence[int]) -> float:
        """How large numbers of some modes get in every member, or 1 if that is more."""
        return scale_of(self.numbers[..., list(places)])


def scale_of(numbers: Array) -> float:
    """How large numbers (g, ...) get in every member, or 1 if that is more."""
    return max(1.0, float(np.abs(numbers).reshape(len(numbers), -1).max(axis=-1).min()))


def followed(problem: Problem, changes: Shaped, powers: int = 1) -> Followed:
    """Follow them; ValueError if such powers of them overflow, or have no room."""
    axes, limit = problem.axes, problem.limit
    (g, _, t), copies = axes.shape, changes.start.shape[1]
    allow("numbers in the moments at all times", g * t * copies * changes.state.size, 48, limit)
    stored = axes.charged is not None
    times = axes.pairs(slice(None)) if stored else axes.times
    moving = changes.moving(times, stored, limit)
    with np.errstate(over="ignore", invalid="ignore"):
        found = moving.at(times, slice(None))
        small = (np.abs(found) < np.exp(LARGEST / powers)).all(axis=(0, 1, 3))
        if not small.all():
            until = float(axes.times[..., ~small].min())
            looks = np.linspace(0.0, until, _LOOKS)
            seen = changes.moving(looks, False, limit).at(looks, slice(None))
            held = (np.abs(seen) < np.exp(LARGEST / powers)).all(axis=(0, 1, 3))
            after = _LOOKS - 1 if held.all() else int(np.argmin(held))  # the first that is not
            raise ValueError(
                f"quanta grow until their numbers overflow, between t = {looks[after - 1]:.3g} and "
                f"{looks[after]:.3g}: charge for a shorter time"
            )
    error = moving.error(times, slice(None), found) if moving.measured else None
    return Followed(found, moving.methods, error)


@dataclass(frozen=True, eq=False)
class ChangingRows:
    """Rows and noise of all modes at all times of a problem."""

    motion: Quadratic  # in whose order numbers are
    kept: Array  # the numbers that begin with anything
    columns: Array  # (g, kept, T, n), to which each of these moves
    noise: Array | None  # (g, T, 2m, 2m)
    methods: tuple[tuple[str, int], ...]
    error: float | None  # of means and covariances, and of states of so many quanta

    @classmethod
    def of(cls, problem: Problem, begun: Beginning) -> ChangingRows:
        """Follow them; an error of rows counts twice for each quantum that begins, and one more.

        As often as an amplitude has grown: each is two rows, of which one may be off.
        """
        network, axes = problem.network, problem.axes
        motion = quadratic(network, axes.numbers, axes.batch, doubled=True)
        modes, size = motion.modes, motion.drift.shape[-1]
        prepared = {name for key in problem.started for name in members_of(key)}
        full = np.array([name in prepared for name in network.sites])
        kept = np.flatnonzero(np.concatenate([full, full, np.ones(size - 2 * modes, dtype=bool)]))
        kept = kept if len(kept) else np.zeros(1, dtype=np.int64)  # one stands for none
        rows, added = shaped_rows(network, axes.numbers, axes.batch, kept, problem.limit)
        found = followed(problem, rows, powers=2)
        quanta = np.sum(begun.normal + np.abs(begun.mean) ** 2, axis=-1).max()
        grown = max(1.0, float(np.abs(found.numbers).max()))
        error = None if found.error is None else float(2 * (1 + quanta)) * grown * found.error
        if added is None:
            return cls(motion, kept, found.numbers, None, found.methods, error)
        other = followed(problem, added)
        noise = other.numbers[:, 0, :, size:-1]
        noise = noise.reshape(*noise.shape[:2], 2 * modes, 2 * modes)
        both = [each for each in (error, other.error) if each is not None]
        methods = tuple((dict(other.methods) | dict(found.methods)).items())
        return cls(motion, kept, found.numbers, noise, methods, sum(both) if both else None)

    def scale(self, places: Sequence[int]) -> float:
        """How large moments of some modes get in every member, or 1 if that is more."""
        own = self._own(places)
        rows = scale_of(self.columns[..., own]) ** 2
        if self.noise is None:
            return rows
        return max(rows, scale_of(self.noise[..., own[:, None], own]))

    def _own(self, places: Sequence[int]) -> Array:
        """Where numbers of some modes are, those of a^dag after those of a."""
        return np.array([*places, *(k + self.motion.modes for k in places)])

    def of_modes(
        self, places: Sequence[int], part: slice | Array, times: Array
    ) -> tuple[Array, Array | None]:
        """Rows (m, r, T, n) of some modes of a and a^dag, and the noise (m, T, r, r).

        At all times of the problem, or at none later than 0.
        """
        own = self._own(places)
        found = self.columns[part][..., own]
        noise = None if self.noise is None else self.noise[part][..., own[:, None], own]
        if not times.any():
            first = np.eye(self.motion.drift.shape[-1])[self.kept[:, None, None], own]
            found = np.broadcast_to(first, (len(found), *first.shape))
            noise = None if noise is None else 0 * noise[:, :1]
        g, _, t, r = found.shape
        rows = np.zeros((g, r, t, self.motion.drift.shape[-1]), complex)
        rows[..., self.kept] = found.transpose(0, 3, 2, 1)
        return rows, noise
