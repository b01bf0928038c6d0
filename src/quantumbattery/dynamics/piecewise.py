"""Motion under factors that change in time, by the Taylor series of states on pieces of the time.

On a piece every factor is a polynomial (`pieces`), so that G(t) = G_0 + G_1 s + G_2 s^2 + ... in
the part s of the piece that is over, and the terms of the series follow one from the other (E.
Hairer, S. P. Norsett and G. Wanner, Solving Ordinary Differential Equations I, I.8). It converges
everywhere, what is left out is bounded before, and at any time between it is the same polynomial.
Products of exponentials, as after W. Magnus (S. Blanes et al., Phys. Rep. 470, 151 (2009)), are of
a fixed order in the length of a piece; this is of any, so that pieces stay long at thirteen digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import phases
from quantumbattery.dynamics.pieces import Pieces, alike, pieces
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.sums import Sums
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks

_EPS = float(np.finfo(float).eps)
_SERIES_END = 2.0**-56
_LONGEST = 4.0  # of a piece: its length times the size of the generator
_DEGREE = 12  # of a factor on a piece: higher ones make powers of s large, and series long
_MOST_TERMS = 128
_MOST_PIECES = 1 << 14  # on more, a solver in time may cost less
_ONE_CALL = 12e-6  # seconds that the array operations for one term take, however small they are
_AT_ONCE = 1 << 21  # numbers in the maps of pieces that are worked out together


@dataclass(frozen=True, eq=False)
class Piecewise:
    """The solution of d state / dt = G(t) state; G is what is still, and waves, for a batch.

    Its error is that of the polynomials, which are measured beside the factors.
    """

    shape: tuple[int, int, int]  # g, blocks, n
    factor: complex  # in front of all matrices
    matrices: Any  # of what is still, then of waves, as of `Sums.matrices`
    weights: tuple[float, tuple[float, ...]]  # the norms of what is still, and of each wave
    frequency: Array | None  # (g, blocks), that all numbers of a block share; None: real numbers
    pieces: Pieces
    latest: float
    blocks: Blocks

    measured = True
    from_start = True
    fastest = 0.0  # rounding is part of what is measured

    @classmethod
    def of(
        cls,
        blocks: Blocks,
        numbers: Array,
        factor: complex,
        clocks: Sequence[Clock],
        latest: float,
    ) -> Piecewise | None:
        """From numbers (g, terms) in front of the terms; None where it takes too many pieces."""
        waves = alike(clocks)
        sums = Sums.of(blocks, numbers, factor, waves)
        cut = pieces(waves, latest, sums.norms, _LONGEST, _DEGREE, _MOST_PIECES)
        if cut is None:
            return None
        shape = len(numbers), blocks.count, blocks.size
        given = sums.matrices(), sums.norms, sums.frequency
        made = cls(shape, factor, *given, cut, latest, blocks)
        return made if made._orders.max() < _MOST_TERMS else None

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """
        moments = times[:, 0] if times.ndim > 1 else times
        reading = self.blocks.reading
        kind = np.result_type(start, self.factor, self.matrices.dtype)
        state = np.broadcast_to(start.swapaxes(-1, -2), (*self.shape, start.shape[2])).astype(kind)
        place, over = self.pieces.place(moments)
        shape = times.shape[-1], *self.shape[:2], self.blocks.rows, state.shape[-1]
        found = np.empty(shape, kind if reading is None else np.result_type(kind, reading))
        for first, terms in self._trail(state, int(place.max()) + 1):
            here = np.nonzero((place >= first) & (place < first + terms.shape[-2]))
            if not len(here[0]):
                continue
            seen = terms if reading is None else _read(reading, terms)
            few = max(1, _AT_ONCE * seen.shape[-2] // seen.size)
            for low in range(0, len(here[0]), few):
                now = tuple(each[low : low + few] for each in here)
                powers = np.vander(over[now], len(seen), increasing=True)
                found[now[::-1]] = _evaluated(seen, place[now] - first, powers, now[:-1])
        found = found.transpose(1, 2, 4, 0, 3)
        if self.frequency is not None:
            turned = phases(-self.frequency[..., None], times)
            found = found * turned.reshape(*turned.shape[:2], 1, -1, 1)
        return found

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """How far states may be from the solution, by what is measured of the factors.

        An error of the generator changes a state of norm 1 by no more than its integral; the
        series are true to rounding, which takes eps of a phase in each piece.
        """
        lengths, norms = self.pieces.lengths, np.array(self.weights[1])
        size = lengths @ (self.weights[0] + norms @ self.pieces.largest)
        size += 0.0 if self.frequency is None else self.latest * np.abs(self.frequency).max()
        apart = float(norms @ self.pieces.apart @ lengths)
        return apart + 8 * _EPS * float(self.shape[2] + size)

    # --- from piece to piece ---------------------------------------------------------------------

    def _trail(self, state: Array, last: int) -> Iterator[tuple[int, Array]]:
        """Where some pieces begin, and the terms of their series (p + 1, g, blocks, n, S, c)."""
        g, b, n = self.shape
        if g * b * n**2 * (n * 1e-9 + 3e-8) > _ONE_CALL:  # their size counts, and not their number
            for k in range(last):
                terms = self._terms(state[:, :, :, None], slice(k, k + 1))
                yield k, terms
                state = terms.sum(axis=0)[..., 0, :]
            return
        few = max(1, _AT_ONCE // (g * b * n**2 * (1 + int(self._orders.max()))))
        for low in range(0, last, few):
            here = slice(low, min(low + few, last))
            ones = np.eye(n, dtype=state.dtype)[None, None, :, None]
            maps = self._terms(np.broadcast_to(ones, (g, b, n, here.stop - low, n)), here)
            whole, states = maps.sum(axis=0), []
            for k in range(here.stop - low):
                states.append(state)
                state = whole[..., k, :] @ state
            yield low, np.einsum("pgbnsm,sgbmc->pgbnsc", maps, np.stack(states))

    def _terms(self, states: Array, here: slice) -> Array:
        """The terms (p + 1, g, blocks, n, S, c) on some pieces, of states at their beginnings.

        x_{j+1} = h / (j + 1) sum over k of G_k x_{j-k}, a piece having the length h.
        """
        g, b, n, count, c = states.shape
        order = int(self._orders[here].max())
        terms = np.empty((order + 1, *states.shape), states.dtype)
        terms[0] = states
        flat = terms.reshape(order + 1, g, b, n, count * c)
        parts = terms.view(float).reshape(order + 1, g, b * n, count, -1)
        factors = self._factors[:, :, here]
        length = np.repeat(self.factor * self.pieces.lengths[here], c)
        for j in range(order):
            few = min(j + 1, factors.shape[-1])
            mixed = _mixed(factors[..., -few:], parts[j + 1 - few : j + 1])
            change = _applied(self.matrices, mixed, flat[j])
            np.multiply(change, length / (j + 1), out=flat[j + 1])
        return terms

    @cached_property
    def _factors(self) -> Array:
        """Powers from the highest down, (1 + waves, g or 1, S, degree + 1): the first is still."""
        powers = self.pieces.powers
        still = np.zeros((1, *powers.shape[1:]))
        still[..., 0] = 1.0
        return np.concatenate([still, powers])[..., ::-1].copy()

    @cached_property
    def _orders(self) -> Array:
        """How many terms are needed on each piece, (S,), by a bound of each term.

        They are no larger than those of numbers in the place of matrices, each its norm.
        """
        length, norms = self.pieces.lengths, np.array(self.weights[1])
        size = np.einsum("w,wgsk->gsk", norms, np.abs(self.pieces.powers)).max(axis=0)
        size[:, 0] += self.weights[0]
        size = size[:, ::-1] * length[:, None]
        degree = size.shape[1]
        bound = np.zeros((len(length), _MOST_TERMS + 1))
        bound[:, 0] = 1.0
        for j in range(_MOST_TERMS):
            few = min(j + 1, degree)
            sums = size[:, None, -few:] @ bound[:, j + 1 - few : j + 1, None]
            bound[:, j + 1] = sums[:, 0, 0] / (j + 1)
            if j % 4 == 0 and j > degree and bound[:, j + 1 - degree : j + 2].max() < _SERIES_END:
                break
        order: Array = _MOST_TERMS - np.argmax(bound[:, ::-1] >= _SERIES_END, axis=1)
        return order


# --- small parts -------------------------------------------------------------------------------


def _read(reading: Array, terms: Array) -> Array:
    """What rows (blocks, r, n) make of terms (..., blocks, n, S, c)."""
    flat = terms.reshape(*terms.shape[:4], -1)
    seen: Array = (reading @ flat).reshape(*flat.shape[:3], -1, *terms.shape[4:])
    return seen


def _evaluated(seen: Array, place: Array, powers: Array, member: tuple[Array, ...]) -> Array:
    """Series (p + 1, g, blocks, r, S, c) by powers (T, p + 1) at places (T,), with T first.

    Of all members, or of one for each time.
    """
    if member:
        found: Array = np.einsum("tp,tpbrc->tbrc", powers, seen[:, member[0], :, :, place])
    elif seen.shape[4] == 1:
        found = (powers @ seen.reshape(len(seen), -1)).reshape(-1, *seen[0, ..., 0, :].shape)
    else:
        found = np.einsum("tp,pgbrtc->tgbrc", powers, seen[..., place, :])
    return found


def _mixed(factors: Array, parts: Array) -> Array:
    """Sums of terms (k, g, blocks n, S, m) by factors (waves, g or 1, S, k), for each wave."""
    if factors.shape[1:3] == (1, 1):
        sums = factors[:, 0, 0] @ parts.reshape(len(parts), -1)
        return sums.reshape(-1, *parts.shape[1:])
    mixed = np.empty((len(factors), *parts.shape[1:]))
    mixed[0] = parts[-1]  # what is still
    for factor, out in zip(factors[1:], mixed[1:], strict=True):
        np.einsum("gsk,kgnsm->gnsm", factor, parts, out=out)
    return mixed


def _applied(matrices: Any, mixed: Array, like: Array) -> Array:
    """The sum of what matrices, as of `Sums.matrices`, make of terms (waves, g, blocks n, S, m).

    To real ones, complex numbers are two numbers beside each other.
    """
    g, b, n, _ = like.shape
    if matrices.dtype.kind == "c":
        mixed = mixed.view(complex)
    if matrices.ndim == 2:
        after = matrices @ mixed.reshape(matrices.shape[1], -1)
    else:
        after = (matrices @ mixed.reshape(len(matrices), g, b, n, -1)).sum(axis=0)
    changed: Array = after.view(like.dtype).reshape(like.shape)
    return changed
