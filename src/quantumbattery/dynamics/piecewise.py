"""Motion under factors that change in time, by the Taylor series of states on pieces of the time.

On a piece every factor is a polynomial (`pieces`), so that G(t) = G_0 + G_1 s + G_2 s^2 + ... in
the part s of the piece that is over, and the terms of the series follow one from the other (E.
Hairer, S. P. Norsett and G. Wanner, Solving Ordinary Differential Equations I, I.8). It converges
everywhere, what is left out is bounded, and at any time between it is the same polynomial.
Products of exponentials, as after W. Magnus (S. Blanes et al., Phys. Rep. 470, 151 (2009)), are of
a fixed order in the length of a piece; this is of any, so that pieces stay long at thirteen digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.exponentials import phases
from quantumbattery.dynamics.pieces import Pieces, alike, pieces
from quantumbattery.dynamics.recurrence import LARGEST_MAP, Recurrence
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.sums import Sums
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.blocks import Blocks

_EPS = float(np.finfo(float).eps)
_SERIES_END = 2.0**-53  # of a bound that is about ten times a term
_LONGEST = 6.0  # of a piece: its length times the size of the generator
_DEGREE = 14  # of a factor on a piece: higher ones make powers of s large, and series long
_MOST_TERMS = 128
_FURTHER = 0.7  # of what the size of its terms allows
_MOST_PIECES = 1 << 14  # on more, a solver in time may cost less
_ONE_CALL = 12e-6  # seconds that the array operations for one term take, however small they are
_ONE_MAP, _ONE_STEP = 60e-6, 5e-6  # the same of all pieces at once, and of a `Recurrence`
_RADII = np.geomspace(1.2, 1e4, 48)
_GROWTH = _RADII ** np.arange(1, _DEGREE + 2)[:, None]  # of an integral's powers
_LARGEST_FILLED = 64  # numbers of a block up to which it may be filled in a `Recurrence`
_AT_ONCE = 1 << 21  # numbers in the maps of pieces that are worked out together


@dataclass(frozen=True, eq=False)
class Piecewise:
    """The solution of d state / dt = G(t) state; G is what is still, and waves, for a batch.

    Its error is that of the polynomials, which are measured beside the factors.
    """

    factor: complex  # in front of all matrices
    sums: Sums
    pieces: Pieces
    orders: Array  # (S,), how many terms of the series each piece takes
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
        held: tuple[Array, Array] | None = None,
    ) -> Piecewise | None:
        """From numbers (g, terms) in front of the terms; None where it takes too many pieces.

        Of groups that are joined, `held` is the owner of each number, and how large (owners,) the
        states of each are, which stay so large.
        """
        waves = alike(clocks)
        sums = Sums.of(blocks, numbers, factor, waves, None if held is None else held[0])
        norms, size = sums.norms, np.ones(1)
        if held is not None:
            size = np.clip(held[1], 1e-20, None)
        # Terms are up to size exp(norm), of which rounding takes its part, so that what is small
        # may go further; not so far that there are too many.
        further = 1 - _FURTHER * np.log(np.minimum(size, 1.0)) / _LONGEST
        weights = norms / further[:, None]
        cut = pieces(waves, latest, weights, _LONGEST, _DEGREE, _MOST_PIECES)
        if cut is None:
            return None
        orders = _orders(*_classes(norms, size), cut)
        made = cls(factor, sums, cut, orders, latest, blocks)
        return made if orders.max() < _MOST_TERMS else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Members of the batch, blocks, and the numbers of a block."""
        return len(self.sums.value), self.blocks.count, self.blocks.size

    def at(self, start: Array, times: Array) -> Array:
        """What is read, shape (g, blocks, c, T, rows); start (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """
        state = self._state(start)
        if times.ndim == 1 and self.by_steps:
            found = self._recurrence(state).at(state, times, self.blocks.reading)
        else:
            found = self._found(state, times[:, 0] if times.ndim > 1 else times)
        return self._turned(found, times).transpose(1, 2, 4, 0, 3)

    def through(self, start: Array, times: Array) -> Iterator[tuple[Array, Array]]:
        """The same of some of the times (T,) after others, with their places; if `by_steps`."""
        state = self._state(start)
        for now, found in self._recurrence(state).through(state, times, self.blocks.reading):
            yield now, self._turned(found, times[now]).transpose(1, 2, 4, 0, 3)

    def _state(self, start: Array) -> Array:
        kind = np.result_type(start, self.factor, self.sums.value)
        state: Array = np.broadcast_to(start.swapaxes(-1, -2), (*self.shape, start.shape[2]))
        return state.astype(kind)

    def _recurrence(self, state: Array) -> Recurrence:
        return Recurrence.of(self.sums, self.factor, self.pieces, self.orders, state)

    @property
    def by_steps(self) -> bool:
        """Whether a `Recurrence` fits, and takes less time than the maps of all pieces at once."""
        g, b, n = self.shape
        if self.pieces.powers.shape[1] > 1 or not (self.sums.few or n <= _LARGEST_FILLED):
            return False
        maps = _ONE_MAP + len(self.orders) * self._size
        pays = self.orders.max() * maps > self.orders.sum() * _ONE_STEP
        return bool(pays or g * b * n <= LARGEST_MAP)

    @property
    def _size(self) -> float:
        """Seconds that a term of the map of one piece takes, beside those of a call."""
        g, b, n = self.shape
        return g * b * n**2 * (n * 1e-9 + 3e-8)

    def _turned(self, found: Array, times: Array) -> Array:
        """What is read (T, g, blocks, rows, c), with the phases that all numbers share."""
        if self.sums.frequency is None:
            return found
        turned = phases(-self.sums.frequency[..., None], times)[..., 0]  # (g, owners, T)
        turned = np.ascontiguousarray(turned.transpose(2, 0, 1))
        if turned.shape[2] > self.blocks.count:  # each number has its own
            turned = turned[:, :, None, self.sums.owner, None]
        else:
            turned = turned[..., None, None]
        return np.multiply(found, turned, out=found if found.dtype.kind == "c" else None)

    @cached_property
    def _falls(self) -> Array:
        """What all numbers are multiplied by after each piece, (S,)."""
        return self.pieces.falls(self.sums.damping)

    def _found(self, state: Array, times: Array) -> Array:
        """The same (T, g, blocks, rows, c), but for these phases, of any batch."""
        reading = self.blocks.reading
        place, over = self.pieces.place(times)
        fall = self.pieces.falls(self.sums.damping, place, over)
        shape = times.shape[-1], *self.shape[:2], self.blocks.rows, state.shape[-1]
        kind = state.dtype if reading is None else np.result_type(state, reading)
        found = np.empty(shape, kind)
        for first, terms in self._trail(state, int(place.max()) + 1):
            here = np.nonzero((place >= first) & (place < first + terms.shape[-2]))
            if not len(here[0]):
                continue
            seen = terms if reading is None else _read(reading, terms)
            few = max(1, _AT_ONCE * seen.shape[-2] // seen.size)
            for low in range(0, len(here[0]), few):
                now = tuple(each[low : low + few] for each in here)
                powers = np.vander(over[now], len(seen), increasing=True) * fall[now][:, None]
                found[now[::-1]] = _evaluated(seen, place[now] - first, powers, now[:-1])
        return found

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """How far states may be from the solution, by what is measured of the factors.

        An error of the generator changes a state of norm 1 by no more than its integral; the
        series are true to rounding, which takes eps of a phase in each piece.
        """
        lengths, (still, *waves) = self.pieces.lengths, self.sums.norms.max(axis=0)
        norms, own = np.array(waves), self.sums.frequency
        size = lengths @ (still + norms @ self.pieces.largest)
        size += 0.0 if own is None else self.latest * np.abs(own).max()
        size += self.latest * abs(self.sums.damping)
        apart = float(norms @ self.pieces.apart @ lengths)
        return apart + 8 * _EPS * float(self.shape[2] + size)

    # --- from piece to piece ---------------------------------------------------------------------

    def _trail(self, state: Array, last: int) -> Iterator[tuple[int, Array]]:
        """Where some pieces begin, and the terms of their series (p + 1, g, blocks, n, S, c)."""
        g, b, n = self.shape
        if self._size > _ONE_CALL:  # their size counts, and not their number
            for k in range(last):
                terms = self._terms(state[:, :, :, None], slice(k, k + 1))
                yield k, terms
                state = self._falls[k] * terms.sum(axis=0)[..., 0, :]
            return
        few = max(1, _AT_ONCE // (g * b * n**2 * (1 + int(self.orders.max()))))
        for low in range(0, last, few):
            here = slice(low, min(low + few, last))
            ones = np.eye(n, dtype=state.dtype)[None, None, :, None]
            maps = self._terms(np.broadcast_to(ones, (g, b, n, here.stop - low, n)), here)
            whole, states = maps.sum(axis=0) * self._falls[here, None], []
            for k in range(here.stop - low):
                states.append(state)
                state = whole[..., k, :] @ state
            yield low, np.einsum("pgbnsm,sgbmc->pgbnsc", maps, np.stack(states))

    def _terms(self, states: Array, here: slice) -> Array:
        """The terms (p + 1, g, blocks, n, S, c) on some pieces, of states at their beginnings.

        x_{j+1} = h / (j + 1) sum over k of G_k x_{j-k}, a piece having the length h.
        """
        g, b, n, count, c = states.shape
        order = int(self.orders[here].max())
        terms = np.empty((order + 1, *states.shape), states.dtype)
        terms[0] = states
        flat = terms.reshape(order + 1, g, b, n, count * c)
        parts = terms.view(float).reshape(order + 1, g, b * n, count, -1)
        factors = self._factors[:, :, here]
        length = np.repeat(self.factor * self.pieces.lengths[here], c)
        for j in range(order):
            few = min(j + 1, factors.shape[-1])
            mixed = _mixed(factors[..., -few:], parts[j + 1 - few : j + 1])
            change = _applied(self._matrices, mixed, flat[j])
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
    def _matrices(self) -> Any:
        """Of what is still, then of waves, as of `Sums.matrices`."""
        return self.sums.matrices()


# --- small parts -------------------------------------------------------------------------------


def _classes(norms: Array, size: Array) -> tuple[Array, Array]:
    """Owners in few classes, by how large their states are: the largest norms and states of each.

    A size of a class is at most ten times that of another of it.
    """
    _, kind = np.unique(np.floor(np.log10(size)), return_inverse=True)
    kind = np.broadcast_to(kind, len(norms))
    largest, most = np.zeros((kind.max() + 1, norms.shape[1])), np.zeros(kind.max() + 1)
    np.maximum.at(largest, kind, norms)
    np.maximum.at(most, kind, size)
    return largest, most


def _orders(norms: Array, size: Array, cut: Pieces) -> Array:
    """How many terms are needed on each piece, (S,), by a bound of each term.

    They are no larger than those of numbers in the place of matrices, each its norm.
    """
    degree = 1 + int(np.flatnonzero(cut.powers.any(axis=(0, 1, 2)))[-1:].sum())
    rates = np.einsum("kw,wgsd->kgsd", norms[:, 1:], np.abs(cut.powers[..., :degree])).max(axis=1)
    rates[..., 0] += norms[:, :1]
    rates *= cut.lengths[:, None] / np.arange(1, degree + 1)
    # Those of exp(F(s)), where F is their integral, are at most exp(F(r)) / r^j for any r.
    with np.errstate(over="ignore"):
        largest = rates @ _GROWTH[:degree]
    known = largest + (np.log(size) - np.log(_SERIES_END))[:, None, None]
    orders = (known / np.log(_RADII)).min(axis=-1).max(axis=0)
    most: Array = np.clip(orders, 1, _MOST_TERMS).astype(int)
    return most


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
