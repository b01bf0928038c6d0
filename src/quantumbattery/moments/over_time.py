"""The moments of some modes of a quadratic network over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.moments.evolution import Rows
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.moments.starts import Beginning
from quantumbattery.quantities.aliases import Array


@dataclass(frozen=True, eq=False)
class Moments:
    """Of some modes: <a_j>, <a_k^dag a_j> and <a_j a_k>, the latter less the products of means."""

    mean: Array  # (..., b)
    normal: Array  # (..., b, b)
    anomalous: Array  # (..., b, b)

    def some(self, places: Sequence[int]) -> Moments:
        """The same of some of the modes."""
        own = np.array(places, dtype=np.int64)
        both = own[:, None], own
        return Moments(
            self.mean[..., own],
            self.normal[(..., *both)],
            self.anomalous[(..., *both)],
        )


def at_start(begun: Beginning, places: Sequence[int]) -> Moments:
    """The moments (g or 1, c, 1, ...) of modes at some places in which they start."""
    normal, pairs = begun.covariances(places)
    each = begun.mean[..., [*places]], normal, pairs
    return Moments(*(values[:, :, None] for values in each))


def moments(motion: Quadratic, begun: Beginning, places: Sequence[int], times: Array) -> Moments:
    """The moments (g, c, T, ...) of modes at some places, at times (T,) or (g, T)."""
    return read(motion, begun, *moved((motion,), places, times))


def moved(
    motions: Sequence[Quadratic], places: Sequence[int], times: Array
) -> tuple[Array, Array | None]:
    """Rows (g, r, T, n) of modes at times (T,) or (g, T), and the noise (g, T, r, r).

    Of two motions, after charging for the first of pairs (2, T) or (2, g, T), and storing: rows
    move backwards in time, under what stores first, and then under what charges.
    """
    if len(motions) == 1:
        return Rows(motions[0]).at(rows_of(motions[0], places), times)
    charging, storing = motions
    rows, late = Rows(storing).at(rows_of(storing, places), times[1])
    rows, early = Rows(charging).each(rows, times[0])
    noise = [each for each in (late, early) if each is not None]
    return rows, sum(noise[1:], noise[0]) if noise else None


def rows_of(motion: Quadratic, places: Sequence[int]) -> Array:
    """The rows (r, n) that are asked for: of a, and where pairs count of a^dag too."""
    n, own = motion.drift.shape[-1], [*places]
    return np.eye(n)[own + [k + motion.modes for k in own] * motion.doubled]


def read(motion: Quadratic, begun: Beginning, rows: Array, noise: Array | None) -> Moments:
    """Moments from rows (g, r, T, n) and the noise (g, T, r, r)."""
    m, fields = motion.modes, motion.fields
    rows = np.ascontiguousarray(np.moveaxis(rows, 1, 2))[:, None]  # (g, 1, T, r, n)
    own, driven = rows[..., :m], rows[..., -fields * (1 + motion.doubled) :] if fields else None
    mean = begun.mean.astype(complex)
    if not motion.doubled:
        means = _of_start(own, mean)
        if driven is not None:
            means = means + driven.sum(axis=-1)
        normal = _between(own, begun.normal, own.conj())
        anomalous = _between(own, begun.anomalous, own)
        for tie in begun.ties:
            mine = own[..., tie.places]
            normal = normal + _tied(mine, tie.normal, mine.conj())
            anomalous = anomalous + _tied(mine, tie.anomalous, mine)
        normal = normal if noise is None else normal + noise[:, None]
        return Moments(means, normal, anomalous)
    b, back = rows.shape[-2] // 2, rows[..., m : 2 * m]
    means = _of_start(own[..., :b, :], mean) + _of_start(back[..., :b, :], mean.conj())
    if driven is not None:
        means = means + driven[..., :b, :].sum(axis=-1)
    both = _between(own, begun.normal, own.conj()) + _between(back, begun.normal, back.conj())
    both = both + _between(own, begun.anomalous, back.conj())
    both = both + _between(back, begun.anomalous.conj(), own.conj())
    for tie in begun.ties:
        mine, other = own[..., tie.places], back[..., tie.places]
        both = both + _tied(mine, tie.normal, mine.conj())
        both = both + _tied(other, tie.normal.conj(), other.conj())
        both = both + _tied(mine, tie.anomalous, other.conj())
        both = both + _tied(other, tie.anomalous.conj(), mine.conj())
    both = both if noise is None else both + noise[:, None]
    return Moments(means, both[..., :b, :b], both[..., :b, b:])


def _of_start(rows: Array, mean: Array) -> Array:
    """Rows (g, 1, T, r, m) times means (g or 1, c, m), as (g, c, T, r)."""
    if not mean.any():
        return np.zeros((len(rows), mean.shape[1], *rows.shape[2:4]), complex)
    found: Array = (rows @ mean[:, :, None, :, None])[..., 0]
    return found


def _tied(left: Array, matrix: Array, right: Array) -> Array:
    """Rows (g, 1, T, r, k), a matrix (g or 1, c, k, k) and other rows, as (g, c, T, r, r)."""
    return np.asarray(left @ matrix[:, :, None] @ right.swapaxes(-1, -2))


def _between(left: Array, diagonal: Array, right: Array) -> Array:
    """Rows (g, 1, T, r, m), a diagonal (g or 1, c, m) and other rows, as (g, c, T, r, r)."""
    if not diagonal.any():
        shape = np.broadcast_shapes(left.shape[:-2], (*diagonal.shape[:2], 1))
        return np.zeros((*shape, left.shape[-2], right.shape[-2]), complex)
    found: Array = (left * diagonal[:, :, None, None]) @ right.swapaxes(-1, -2)
    return found
