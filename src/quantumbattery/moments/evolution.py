"""How rows of the motion of moments change, and what noise adds to them.

A mean at time t is a row of exp(M t) times the means at the start, and a covariance two rows with
the covariances at the start between them, and the noise int_0^t exp(M s) G exp(M s)^dag ds. Few
rows are asked for, those of the battery, so that what moves is vectors whatever number of modes
there is. Noise adds up over steps, N(t + h) = N(t) + e^{M t} N(h) e^{M t}^dag, all terms positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.exponentials import equal_steps, expm, halvings
from quantumbattery.dynamics.semigroup import SQUARED, Semigroup
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.moments.quadratic import Quadratic
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property

_SERIES_END = 2.0**-56
_LATE = 1e3  # |M| t, from which on repeated squares lose more digits than eigenvectors
_BOTH_WAYS = 4.0  # times as much once more, where a and its adjoint mix
_DIGITS = 50  # of the number of steps to a time
_FEW_ROWS = 4  # up to which their products are sums, and no matrices


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of exp(M t) at some times, and the noise between them."""

    motion: Quadratic

    @cached_property
    def _turned(self) -> Semigroup:
        """Rows move under the transpose of M."""
        return Semigroup(self.motion.drift.swapaxes(-1, -2))

    @property
    def fastest(self) -> float:
        """The largest rate or frequency whose phase rounding takes, as often as it does."""
        if self._lossless:
            return self._norm
        return self._norm * SQUARED * (_BOTH_WAYS if self.motion.doubled else 1.0)

    @cached_property
    def _lossless(self) -> bool:
        """Whether M is i times a Hermitian matrix."""
        drift = self.motion.drift
        return np.array_equal(drift, -drift.conj().swapaxes(-1, -2))

    def _moving(self, times: Array) -> Semigroup | Unitary:
        """What moves rows to some times.

        To late ones, without loss, by eigenvectors, which keep more digits; to short ones by
        series, which keep all of what is small.
        """
        late = self._norm * float(times.max(initial=0.0)) > _LATE
        if not (late and self._lossless):
            return self._turned
        return Unitary.of(1j * self.motion.drift.swapaxes(-1, -2))

    @property
    def quiet(self) -> bool:
        """Whether there is no noise."""
        return not self.motion.diffusion.any()

    def at(self, rows: Array, times: Array) -> tuple[Array, Array | None]:
        """Rows (g, r, T, n) at times (T,) or (g, T), and noise (g, T, r, r); rows start (r, n).

        The noise is None where there is none.
        """
        members = len(self.motion.drift)
        start = np.broadcast_to(rows.astype(complex), (members, *rows.shape))
        grid = equal_steps(times)
        if grid is None or (grid[1] == 0 and not self.quiet):
            return self.each(np.repeat(start[:, :, None], times.shape[-1], axis=2), times)
        moved = self._moving(times).at(start, times)
        if self.quiet:
            return moved, None
        noise = np.zeros((members, times.shape[-1], *2 * rows.shape[:1]), complex)
        np.cumsum(between(moved[:, :, :-1], self.noise_of(grid[1])), axis=1, out=noise[:, 1:])
        if grid[0]:
            noise += between(start[:, :, None], self.noise_of(grid[0]))
        return moved, noise

    def each(self, rows: Array, times: Array) -> tuple[Array, Array | None]:
        """The same of rows (g, r, T, n), each for a time of its own."""
        if self.quiet:
            return self._moving(times).each(rows, np.arange(rows.shape[2]), times), None
        drift, latest = self.motion.drift, float(times.max())
        often = int(halvings(2 * self._norm * np.array(latest)))
        if often > _DIGITS:
            raise ValueError(
                f"the times are too long for double precision: t = {latest:.3g} is {2.0**often:.1g}"
                " times as long as the fastest frequency or rate takes; charge for a shorter time"
            )
        step = latest / 2.0**often
        count = np.floor(times / step) if step else np.zeros_like(times)
        left = np.maximum(times - count * step, 0.0)  # rounding may have taken it below 0
        rest = np.atleast_2d(left)
        noise = self._short(rows, rest)
        rows = self._turned.each(rows, np.arange(rows.shape[2]), left)
        power, held = expm(drift * step), self.noise_of(step)
        digits = np.atleast_2d(count.astype(np.int64))
        for digit in range(often + 1):
            if digit:
                with np.errstate(over="ignore", invalid="ignore"):  # of members not asked so late
                    held = held + power @ held @ power.conj().swapaxes(-1, -2)
                    power = power @ power
            on = (digits >> digit & 1).astype(bool)
            if on.any():
                with np.errstate(over="ignore", invalid="ignore"):
                    more, there = between(rows, held), rows @ power[:, None]
                noise += np.where(on[..., None, None], more, 0.0)
                rows = np.where(on[:, None, :, None], there, rows)
        return rows, noise

    @cached_property
    def sizes(self) -> Array:
        """The norm of M of each member, (g,)."""
        return np.asarray(np.abs(self.motion.drift).sum(axis=-1).max(axis=-1, initial=0.0))

    @cached_property
    def _norm(self) -> float:
        return float(self.sizes.max(initial=0.0))

    @cached_property
    def _unit(self) -> float:
        """The size of M as a power of two, by which numbers lose no digits."""
        return float(2.0 ** np.frexp(self._norm)[1]) if self._norm else 1.0

    def noise_of(self, time: float) -> Array:
        """The noise of a time, (g, n, n): by its Taylor series, doubled again and again."""
        drift = self.motion.drift
        often = int(halvings(2 * self._norm * np.array(time)))
        step = time / 2.0**often
        powers = (step * self._unit) ** np.arange(1, len(self._terms) + 1)
        terms = self._terms * powers[:, None, None, None]
        noise, power = terms.sum(axis=0), expm(drift * step)
        for _ in range(often):
            noise = noise + power @ noise @ power.conj().swapaxes(-1, -2)
            power = power @ power
        return np.asarray(noise)

    def _short(self, rows: Array, rest: Array) -> Array:
        """The noise (g, T, r, r) of rows (g, r, T, n) after short times (g or 1, T)."""
        noise = np.zeros((*np.moveaxis(rows, 1, 2).shape[:3], rows.shape[1]), complex)
        for k, term in enumerate(self._terms, start=1):
            noise += between(rows, term) * ((rest * self._unit) ** k)[..., None, None]
        return noise

    @cached_property
    def _terms(self) -> Array:
        """Those of the series of the noise in u t, (u t)^2 ..., (k, g, n, n), for |M| t up to 1/2.

        u is the unit of M, without which powers of it overflow.
        """
        drift, term = self.motion.drift / self._unit, self.motion.diffusion / self._unit
        terms, bound = [term], 1.0
        while bound > _SERIES_END:
            k = len(terms) + 1
            bound /= k  # of (2 |M| t)^k / k!
            moved = drift @ term
            term = (moved + moved.conj().swapaxes(-1, -2)) / k
            terms.append(term)
        return np.array(terms)


def between(rows: Array, matrix: Array) -> Array:
    """R X R^dag of rows (g, r, T, n) and a matrix (g, n, n), as (g, T, r, r)."""
    if rows.shape[1] == 1:
        one = rows[:, 0]
        both = np.einsum("gtn,gtn->gt", one @ matrix, one.conj())
        return np.asarray(both[..., None, None])
    g, r, t, n = rows.shape  # one product for all times, and not a small one for each
    left, right = (rows.reshape(g, r * t, n) @ matrix).reshape(rows.shape), rows.conj()
    if r <= _FEW_ROWS:
        return np.asarray(np.einsum("gjtn,gktn->gtjk", left, right))
    apart = (np.ascontiguousarray(np.moveaxis(each, 1, 2)) for each in (left, right))
    return np.asarray(next(apart) @ next(apart).swapaxes(-1, -2))
