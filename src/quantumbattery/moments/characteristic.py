"""The state of one mode from its characteristic function, whatever the modes of a network start in.

A mode b = sum over X_j a_j + Y_j a_j^dag has, of starts that are apart, the product

    chi(xi) = <exp(xi b^dag - xi^* b)> = product of chi_s(z),    z_j = xi X_j^* - xi^* Y_j,

all that is Gaussian together a Gaussian, and rho = int chi(xi) D(xi)^dag d^2 xi / pi (K. E. Cahill
and R. J. Glauber, Phys. Rev. 177, 1857 (1969)). On levels <m + k|D(xi)|m> is e^{i k phi} times

    l_{m,k}(x) = (m! / (m + k)!)^(1/2) x^(k/2) e^{-x/2} L_m^(k)(x),    x = |xi|^2,

which are orthonormal for each k. So one sum over the angle and one over the radius give every
element to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.moments.any_start import AnyStart
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_AT_ONCE = 1 << 20  # numbers that are worked on at a time
_EDGE = 6.5  # beyond the turning point of the highest level, where nothing is left of it
_KEPT = 1 << 23  # numbers that are kept
_TOGETHER = 16  # of the k that are worked out together
_NODES = 64  # of a piece of the radius
_IN_PIECE = 44  # half the phase that so many nodes integrate
_SCALED = 1e150  # beyond which numbers of the recurrence are scaled


@dataclass(frozen=True, eq=False)
class Mode:
    """A mode at all times of some members: what it takes over of starts, and what of the rest."""

    starts: Sequence[AnyStart]
    taken: Sequence[tuple[Array, Array]]  # X and Y of the modes of each, (m, 1, T, k)
    normal: Array  # N and C (m, c, T) of the rest, were the starts empty, in normal order
    anomalous: Array

    def seconds(self, levels: int) -> float:
        """How long `states` takes, about, as on one slow core."""
        grid = _Grid.of(levels, self.is_round)
        each = grid.points * 30 + levels * len(grid.radii) * (2 if self.is_round else levels)
        if not grid.keeps:  # tables are made again and again
            each += 8 * levels * len(grid.radii) * (1 if self.is_round else levels)
        return self.normal.size * each / 7e7

    def states(self, levels: int) -> Array:
        """Populations (m, c, T, levels) where they are all, else states (..., levels, levels)."""
        shape = self.normal.shape
        round_, grid = self.is_round, _Grid.of(levels, self.is_round)
        size = (levels,) if round_ else (levels, levels)
        out = np.empty((*shape, *size), float if round_ else complex)
        heaviest = max([1, *(each.weight for each in self.starts)])
        step = max(1, _AT_ONCE // (grid.points * heaviest * shape[0] * shape[1]))
        for low in range(0, shape[2], step):
            part = slice(low, low + step)
            out[:, :, part] = grid.read(self._chi(part, grid))
        return out

    @property
    def is_round(self) -> bool:
        """Whether the state is the same whatever the phase, so that it is one of populations."""
        if self.anomalous.any():
            return False
        apart = all(each.populations is not None for each in self.starts)
        return apart and not any(y.any() for _, y in self.taken)

    def _chi(self, part: slice, grid: _Grid) -> Array:
        """The function (m, c, T, radii, angles) at some of the times."""
        xi, sizes = grid.xi, np.abs(grid.xi) ** 2
        normal, pairs = (v[:, :, part, None, None] for v in (self.normal, self.anomalous))
        depth = (normal + 0.5) * sizes - (pairs * xi.conj() ** 2).real
        found = np.ones((), complex)
        for start, given in zip(self.starts, self.taken, strict=True):
            x, y = (v[:, :, part, None, None] for v in given)
            z = xi[..., None] * x.conj() - xi.conj()[..., None] * y
            size = np.abs(z) ** 2
            depth = depth - size.sum(axis=-1) / 2
            if len(start.places) > 1:
                found = found * of_several(start, z)
                continue
            # Without Y the radius does not depend on the angle, and is looked at once.
            size = size[..., 0] if y.any() else size[..., :1, 0]
            found = found * of_one(start, size, z[..., 0])
        # What is left of the vacuum is no less than nothing, but for rounding.
        return np.asarray(found * np.exp(-np.maximum(depth, 0.0)))


def of_one(start: AnyStart, x: Array, z: Array) -> Array:
    """Tr(rho D(z)), (m, c, ...), of one mode, z (m, 1, ...) and x = |z|^2.

    The part of k = 1, 2, ... is h e^{i k phi} less, or of even k and, the conjugate of that, where
    h is the sum of rho_{m, m + k} l_{m, k}(x).
    """
    if (weights := start.populations) is not None:
        return _of_populations(weights, x)
    rho, spread = start.matrix, (..., *[None] * (x.ndim - 2))
    unit = np.where(z == 0, 1.0, z) / np.where(z == 0, 1.0, np.abs(z))
    found, turned = np.zeros((), complex), np.ones((), complex)
    for k in range(rho.shape[-1]):
        side = np.diagonal(rho, k, -2, -1)
        if side.any():
            every = enumerate(laguerre(x, k, side.shape[-1]))
            wave = sum(side[..., m][spread] * each for m, each in every) * turned
            found = found + (wave if k == 0 else 2j * wave.imag if k % 2 else 2 * wave.real)
        turned = turned * unit
    return found


def of_several(start: AnyStart, z: Array) -> Array:
    """Tr(rho product of D(z_j)), (m, c, ...), of z (m, 1, ..., k)."""
    rho, found = start.matrix, None
    extra = z.ndim - 3
    for j, size in enumerate(start.sizes):
        moves = displacement(z[..., j], size, size)  # <n|D|m> as (m, 1, ..., n, m)
        flat = moves.swapaxes(-1, -2).reshape(*moves.shape[:-2], 1, size * size)
        if found is None:
            both = rho.reshape(*rho.shape[:2], *[1] * extra, size * size, -1)
            found = flat @ both
        else:
            both = found.reshape(*found.shape[:-2], size * size, -1)
            found = flat @ both
    assert found is not None
    return np.asarray(found[..., 0, 0])


def _of_populations(weights: Array, x: Array) -> Array:
    """The sum of weights (g or 1, c, d) times l_{n,0}(x), x (m, 1, ...)."""
    spread = (..., *[None] * (x.ndim - 2))
    found = np.zeros(np.broadcast_shapes(weights.shape[:2] + (1,) * (x.ndim - 2), x.shape))
    last, now = np.zeros_like(x), np.exp(-x / 2)
    for n in range(weights.shape[-1]):
        if weights[..., n].any():
            found += weights[..., n][spread] * now
        last, now = now, ((2 * n + 1 - x) * now - n * last) / (n + 1)
    return found


def displacement(z: Array, rows: int, columns: int) -> Array:
    """The elements <n|D(z)|m>, (..., rows, columns)."""
    if rows < columns:  # D(z)^dag is D(-z)
        turned = displacement(-z, columns, rows)
        return np.asarray(turned.conj().swapaxes(-1, -2))
    x, k = (np.abs(z) ** 2)[..., None], np.arange(rows)
    out = np.zeros((*z.shape, rows, columns), complex)
    turned = np.exp(1j * np.angle(z)[..., None] * k)
    for m, each in enumerate(laguerre(x, k, columns)):
        out[..., m:, m] = (each * turned)[..., : rows - m]
        above = slice(1, columns - m)
        out[..., m, m + 1 :] = (each * turned.conj() * (-1.0) ** k)[..., above]
    return out


def laguerre(x: Array, k: Array | int, count: int) -> Iterator[Array]:
    """The functions l_{m,k}(x) for m = 0, 1, ... below a count, k of all or beside x.

    Numbers grow from where they are far below what double precision holds: scales are kept apart.
    """
    from scipy.special import gammaln, xlogy

    log = -x / 2 + 0.5 * (xlogy(k, x) - gammaln(k + 1.0))
    last, now = np.zeros_like(log), np.ones_like(log)
    for m in range(count):
        yield now * np.exp(log)
        up = (2 * m + 1 + k - x) * now - np.sqrt(m * (m + k)) * last
        last, now = now, up / np.sqrt((m + 1) * (m + 1 + k))
        large = np.abs(now) > _SCALED
        if large.any():
            by = np.where(large, 1 / _SCALED, 1.0)
            last, now = last * by, now * by
            log = log - np.log(by)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Where the function is taken, and how states are read from that."""

    levels: int
    radii: Array  # (R,)
    weights: Array  # (R,), of 2 r dr
    angles: int

    @classmethod
    def of(cls, levels: int, is_round: bool) -> _Grid:
        """Enough for states on so many levels: no wave of theirs is shorter than two points."""
        turning = 2 * np.sqrt(levels)
        edge = turning + _EDGE
        # The phase of both together turns by 2 turning edge at most: so much of it in each piece.
        pieces = int(np.ceil(turning * edge / _IN_PIECE))
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        width = edge / pieces
        radii = (width * (np.arange(pieces)[:, None] + (nodes + 1) / 2)).ravel()
        each = np.tile(weights, pieces) * width * radii
        return cls(levels, radii, each, 1 if is_round else 4 * levels)

    @property
    def points(self) -> int:
        """How many there are."""
        return len(self.radii) * self.angles

    @property
    def xi(self) -> Array:
        """All points, (R, angles)."""
        turned = np.exp(2j * np.pi * np.arange(self.angles) / self.angles)
        return np.asarray(self.radii[:, None] * turned)

    def read(self, chi: Array) -> Array:
        """States from the function (..., R, angles)."""
        if self.angles == 1:
            each = np.stack([*laguerre(self.radii**2, 0, self.levels)], axis=-1)
            return np.asarray((chi[..., 0].real * self.weights) @ each)
        waves = np.fft.fft(chi, axis=-1) / self.angles
        out = np.zeros((*chi.shape[:-2], self.levels, self.levels), complex)
        for k, each in self._tables():
            found = (waves[..., k] * self.weights) @ each  # of <m| rho |m + k>
            m = np.arange(self.levels - k)
            out[..., m, m + k] = found
            out[..., m + k, m] = found.conj()
        return out

    def _tables(self) -> Iterator[tuple[int, Array]]:
        """The functions (R, m) of every k, kept where they are few."""
        if self.keeps:
            yield from self._held
        else:
            yield from self._made()

    @property
    def keeps(self) -> bool:
        """Whether tables are few enough."""
        return self.levels**2 * len(self.radii) <= _KEPT

    @cached_property
    def _held(self) -> list[tuple[int, Array]]:
        return [*self._made()]

    def _made(self) -> Iterator[tuple[int, Array]]:
        x, d = self.radii**2, self.levels
        for first in range(0, d, _TOGETHER):
            k = np.arange(first, min(first + _TOGETHER, d))
            every = np.stack([*laguerre(x, k[:, None], d - first)], axis=-1)  # (k, R, m)
            yield from ((n, every[n - first, :, : d - n]) for n in k.tolist())
