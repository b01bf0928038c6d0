"""Maps of means and covariances: of a stroke, a reset, a cycle, and of any number of cycles.

All are of one kind, x to M x and P to M P M^dag + Q, of the vector x = (a, 1), or (a, a^dag, 1, 0)
where pairs of quanta come and go: what shifts means stands in the last column but the conjugate's,
as a field does (`quadratic`). They are those of the laboratory, in which no frame turns, so that
one may follow the other: <a_j> in a frame of w_j there turns with e^{-i w_j t}, and with it all
that modes of different frames have in common.

One looks at few modes. Their rows of M move backwards, through the stroke in which one looks, what
is before it in the cycle, and the cycles before that: they are vectors, whatever the number of
modes, and meet the state only where everything begins, where modes are apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from quantumbattery.moments.evolution import Rows, between
from quantumbattery.moments.over_time import Moments, read, rows_of
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array

Fresh: TypeAlias = Mapping[int, tuple[Array, Array, Array]]
"""By the places of modes, <a>, <a^dag a> and <a a> (g or 1,), the latter less products of means."""


@dataclass(frozen=True, eq=False)
class Map:
    """x to M x, and covariances P to M P M^dag + Q; of many members at once."""

    matrix: Array  # (g, n, n)
    noise: Array  # (g, n, n)

    @classmethod
    def nothing(cls, members: int, size: int) -> Map:
        """What leaves everything as it is."""
        matrix = np.broadcast_to(np.eye(size, dtype=complex), (members, size, size))
        return cls(matrix, np.zeros_like(matrix))

    def after(self, earlier: Map) -> Map:
        """Another one first, and then this."""
        moved = self.matrix @ earlier.noise @ self.matrix.conj().swapaxes(-1, -2)
        return Map(self.matrix @ earlier.matrix, moved + self.noise)

    def rows(self, rows: Array, noise: Array) -> tuple[Array, Array]:
        """Rows (g, r, T, n) and noise (g, T, r, r), with this map before them."""
        if self.noise.any():
            noise = noise + between(rows, self.noise)
        g, r, t, n = rows.shape
        return (rows.reshape(g, r * t, n) @ self.matrix).reshape(rows.shape), noise


def size_of(modes: int, doubled: bool) -> int:
    """How many numbers x has."""
    return (modes + 1) * (1 + doubled)


def inside(
    motion: Quadratic, turning: Array, places: Sequence[int], spans: Array
) -> tuple[Array, Array]:
    """Rows (g, r, S, n) of modes at some places, and noise (g, S, r, r), within a stroke.

    So long after its beginning (S,), rising; frames turn as fast as `turning`, (g, modes).
    """
    found, noise = Rows(motion).at(rows_of(motion, places), spans)
    g, r, s, _ = found.shape
    own = motion.modes * (1 + motion.doubled)
    rows = np.zeros((g, r, s, size_of(motion.modes, motion.doubled)), complex)
    rows[..., :own], rows[..., own] = found[..., :own], found[..., own:].sum(axis=-1)
    phase = np.exp(-1j * turning[:, [*places], None] * spans)
    if motion.doubled:
        phase = np.concatenate([phase, phase.conj()], axis=1)
    rows *= phase[..., None]
    if noise is None:
        return rows, np.zeros((g, s, r, r), complex)
    phase = phase.swapaxes(1, 2)
    return rows, noise * phase[..., :, None] * phase[..., None, :].conj()


def of_stroke(motion: Quadratic, turning: Array, duration: float) -> Map:
    """All that a stroke does to all modes."""
    m, own = motion.modes, motion.modes * (1 + motion.doubled)
    if not duration:
        return Map.nothing(len(motion.drift), size_of(m, motion.doubled))
    rows, added = inside(motion, turning, range(m), np.array([duration]))
    g, n = len(rows), rows.shape[-1]
    matrix, noise = np.zeros((2, g, n, n), complex)
    matrix[:, :own], noise[:, :own, :own] = rows[:, :, 0], added[:, 0]
    matrix[:, range(own, n), range(own, n)] = 1.0
    return Map(matrix, noise)


def of_reset(fresh: Fresh, modes: int, doubled: bool, members: int) -> Map:
    """Some modes begin anew, and nothing is left of what they had in common with others."""
    nothing = Map.nothing(members, size_of(modes, doubled))
    matrix, noise = np.array(nothing.matrix), np.array(nothing.noise)
    one = modes * (1 + doubled)
    for k, (mean, normal, anomalous) in fresh.items():
        matrix[:, k, k], matrix[:, k, one], noise[:, k, k] = 0.0, mean, normal
        if doubled:
            c = k + modes
            matrix[:, c, c], matrix[:, c, one], noise[:, c, c] = 0.0, mean.conj(), normal
            noise[:, k, c], noise[:, c, k] = anomalous, anomalous.conj()
    return Map(matrix, noise)


@dataclass(frozen=True, eq=False)
class Repeated:
    """A map, and its powers of 1, 2, 4 ..., as many as are needed."""

    squares: list[Map]

    @classmethod
    def of(cls, cycle: Map, most: int) -> Repeated:
        """For up to so many times."""
        squares = [cycle]
        while 2 ** len(squares) <= most:
            squares.append(squares[-1].after(squares[-1]))
        return cls(squares)

    def rows(self, rows: Array, noise: Array, which: Array, times: Array) -> tuple[Array, Array]:
        """Rows (g, r, K, n) and noise (g, K, r, r), with the map so many times (K,) before them.

        Which (K,) of the rows (g, r, S, n) each is. They move digit by digit, the highest first,
        and are apart only from where their digits are: of all numbers up to K that takes K maps in
        all, and not K for each digit.
        """
        digits = int(times.max(initial=0)).bit_length()
        keys, back = np.unique((which << digits) | times, return_inverse=True)
        known = np.arange(rows.shape[2])
        for digit in reversed(range(digits)):
            wanted = np.unique(keys >> digit)
            parent = np.searchsorted(known, wanted >> 1)
            rows, noise, known = rows[:, :, parent], noise[:, parent], wanted
            if (odd := wanted & 1 == 1).any():
                rows[:, :, odd], noise[:, odd] = self.squares[digit].rows(
                    rows[:, :, odd], noise[:, odd]
                )
        place = back if digits else which
        return rows[:, :, place], noise[:, place]


def seen(begun: Beginning, rows: Array, noise: Array, doubled: bool) -> Moments:
    """The moments (g, c, T, ...) that rows (g, r, T, n) make of a start."""
    modes, none = begun.mean.shape[-1], np.zeros((1, 0, 0))
    return read(Quadratic(none, none, modes, 1, doubled), begun, rows, noise)
