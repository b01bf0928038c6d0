"""The terms of a Taylor series one from the other, all numbers of a batch in one real vector.

What is complex is held as its real parts and then its imaginary ones, and the matrices of all
parts of a generator stand beside each other, so that a term takes two products: one mixes the
terms before it by the powers of the factors, one applies the matrices. A series ends where what
follows is bounded by the terms that there are, if that is before the bound made beforehand says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from quantumbattery.dynamics.pieces import Pieces
from quantumbattery.dynamics.sums import Sums
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.sparse import led_to

_DENSE = 1 << 15  # numbers in a matrix up to which it is dense
LARGEST_MAP = 3  # numbers up to which there are maps of all pieces at once
_AT_ONCE = 1 << 21  # numbers that are worked out together
_FILLED = 3  # times as many as are not 0, up to which all elements of diagonals are kept
_SURELY = 0.7  # of the terms that a bound allows for, which are not looked at
_LAST = 2.0**-51  # of the last term, above which one need not ask what follows
_END = 2.0**-53  # of all terms that are left out
_FEW = 32  # numbers, of which one does not look which are reached


@dataclass(frozen=True, eq=False)
class Recurrence:
    """A batch of generators whose factors are the same; made by `of`."""

    shape: tuple[int, int, int]  # g, blocks, n
    double: bool  # whether numbers are complex
    matrix: Any  # (m, parts m), dense or sparse, for vectors of m real numbers
    parts: int
    pieces: Pieces
    orders: Array  # (S,), how many terms each piece takes
    damping: float  # as of `Sums`
    reached: Array | None  # (m,), which real numbers are there; None: all of them

    @classmethod
    def of(
        cls, sums: Sums, factor: complex, cut: Pieces, orders: Array, state: Array
    ) -> Recurrence:
        """Of parts with a factor in front, for the numbers that a state (g, blocks, n, c) leads to.

        Where all that acts is real in some basis, as at resonance, half of them stay zero.
        """
        g, blocks, double = len(sums.value), sums.blocks, bool(np.iscomplexobj(state))
        n = blocks.count * blocks.size
        member = np.arange(g)[:, None]
        row, column = ((each + n * member).ravel() for each in (sums.row, sums.column))
        value, part = (factor * sums.value).ravel(), np.tile(sums.part, g)
        length = g * n * (1 + double)
        if double:  # (x + i y) (u + i v) by planes u, v
            row = np.concatenate([row, row, row + g * n, row + g * n])
            column = np.concatenate([column, column + g * n] * 2)
            value = np.concatenate([value.real, -value.imag, value.imag, value.real])
            part = np.tile(part, 4)
        held = value != 0
        row, column, value, part = row[held], column[held], value[held].real, part[held]
        reached = _reached(row, column, _real(state))
        if reached is not None:
            place = np.full(length, -1)
            place[reached] = np.arange(len(reached))
            row, column, length = place[row], place[column], len(reached)
            held = (row >= 0) & (column >= 0)
            row, column, value, part = row[held], column[held], value[held], part[held]
        column = column + part * length
        shape = length, sums.count * length
        matrix: Any
        if shape[0] * shape[1] <= _DENSE:
            matrix = np.bincount(row * shape[1] + column, value, shape[0] * shape[1])
            matrix = matrix.reshape(shape)
        else:
            from scipy.sparse import csr_array

            places = row.astype(np.int32), column.astype(np.int32)  # half of what is read each time
            matrix = csr_array((value, places), shape=shape)
            matrix.sum_duplicates()
        own = g, blocks.count, blocks.size
        return cls(own, double, matrix, sums.count, cut, orders, sums.damping, reached)

    def at(self, state: Array, times: Array, reading: Array | None) -> Array:
        """What is read (T, g, blocks, rows, c) of a state (g, blocks, n, c), at times (T,)."""
        kind = np.result_type(state, 0.0 if reading is None else reading)
        rows = self.shape[2] if reading is None else reading.shape[1]
        found = np.empty((len(times), *self.shape[:2], rows, state.shape[-1]), kind)
        for now, seen in self.through(state, times, reading):
            found[now] = seen
        return found

    def through(
        self, state: Array, times: Array, reading: Array | None
    ) -> Iterator[tuple[Array, Array]]:
        """The same for some of the times after others, with their places: once through the time."""
        place, over = self.pieces.place(times)
        fall = self.pieces.falls(self.damping, place, over)
        order = np.argsort(place, kind="stable")
        begin = np.searchsorted(place[order], np.arange(int(place.max()) + 2))
        small = len(state.ravel()) <= LARGEST_MAP * state.shape[-1]
        series = (self._mapped if small else self._series)(state, len(begin) - 1)
        for k, terms in enumerate(series):
            here = order[begin[k] : begin[k + 1]]
            few = max(len(terms), _AT_ONCE // terms.shape[1])
            for low in range(0, len(here), few):
                now = here[low : low + few]
                powers = _powers(over[now], len(terms)) * fall[now, None]
                if len(now) < len(terms) or (reading is None and self.reached is not None):
                    yield now, self._read(powers @ terms, reading, state)
                else:
                    seen = self._read(terms, reading, state)
                    sums = powers @ seen.reshape(len(seen), -1)
                    yield now, sums.reshape(-1, *seen.shape[1:])

    def _read(self, rows: Array, reading: Array | None, like: Array) -> Array:
        """What is read (k, g, blocks, rows, c) of real vectors, (k, m c)."""
        if self.reached is not None:
            c = like.shape[-1]
            whole = np.zeros((len(rows), like.size // c * (1 + self.double), c))
            whole[:, self.reached] = rows.reshape(len(rows), -1, c)
            rows = whole
        if self.double:
            planes = rows.reshape(len(rows), 2, -1)
            rows = np.empty((len(rows), planes.shape[2]), complex)
            rows.real, rows.imag = planes[:, 0], planes[:, 1]
        states = rows.reshape(len(rows), *like.shape)
        seen: Array = states if reading is None else reading @ states
        return seen

    def _series(self, state: Array, last: int) -> Iterator[Array]:
        """The terms (p + 1, m c) on one piece after the other, in memory that is used again.

        x_{j+1} = h / (j + 1) sum over k of G_k x_{j-k}, a piece having the length h.
        """
        c, begin = state.shape[-1], self._begin(state)
        most = int(self.orders[:last].max())
        rows = np.empty((most + self.parts, len(begin)))
        terms = rows[: most + 1]
        terms[0] = begin
        seen: dict[int, list[Array]] = {}  # what each term is made of, by how many at most
        change, falls = self._change(rows, c), self._falls
        small = isinstance(self.matrix, np.ndarray)
        for k in range(last):
            factors, weights = self._factors(k)
            order, width = len(weights), factors.shape[1]
            if width not in seen:
                seen[width] = [terms[max(0, j - width) : j] for j in range(1, most + 2)]
            before = seen[width]
            # To look whether it is over takes as long as a few small terms.
            begins = order if small else int(_SURELY * order)
            each = weights[:, None, None] * factors if small else repeat(factors[1:])
            rates = self._norms @ np.abs(factors)
            for j, (weight, some) in enumerate(zip(weights.tolist(), each, strict=False)):
                change(j, some if j + 1 >= width else some[:, width - 1 - j :], before[j], weight)
                if j >= begins and j % 2 and _over(before[j + 1], rates, weight):
                    order = j + 1
                    break
            yield terms[: order + 1]
            np.multiply(terms[: order + 1].sum(axis=0), falls[k], out=terms[0])

    @cached_property
    def _falls(self) -> Array:
        """What all numbers are multiplied by after each piece, (S,)."""
        return self.pieces.falls(self.damping)

    def _change(self, rows: Array, c: int) -> Callable[[int, Array, Array, float], object]:
        """What makes the term j + 1 of factors (parts, k), the terms before it, and h / (j + 1).

        Factors have that in them already if matrices are dense, and are else those of waves alone.
        Terms are rows, behind which there is room for all waves.
        """
        matrix, shape = self.matrix, (-1,) if c == 1 else (-1, c)  # a vector takes less time
        made = [row.reshape(shape) for row in rows[1:]]
        if isinstance(matrix, np.ndarray):
            mixed = np.empty((self.parts, rows.shape[1]))
            flat = mixed.reshape(shape)

            def small(j: int, factors: Array, terms: Array, weight: float) -> None:  # noqa: ARG001
                np.dot(factors, terms, out=mixed)
                np.dot(matrix, flat, out=made[j])

            return small
        matrix = _quick(matrix, c)
        # What waves multiply is mixed where the next terms will be, so that x_j is not copied.
        places = [rows[j + 1 : j + self.parts] for j in range(len(rows) - self.parts + 1)]
        given = [rows[j : j + self.parts].reshape(shape) for j in range(len(places))]

        def large(j: int, factors: Array, terms: Array, weight: float) -> None:
            np.dot(factors, terms, out=places[j])
            np.multiply(matrix * given[j], weight, out=made[j])

        return large

    @cached_property
    def _norms(self) -> Array:
        """The norms of all parts, (parts,), or more: of sums of rows and of columns."""
        m, parts = self.matrix.shape[0], self.parts
        if isinstance(self.matrix, np.ndarray):
            sizes = np.abs(self.matrix).reshape(m, parts, m)
            rows, columns = sizes.sum(axis=2), sizes.sum(axis=0)
        else:
            row, column, value = _elements(self.matrix)
            value = np.abs(value)
            rows = np.bincount(row * parts + column // m, value, m * parts).reshape(m, parts)
            columns = np.bincount(column, value, m * parts).reshape(parts, m)
        norms: Array = np.sqrt(rows.max(axis=0) * columns.max(axis=1))
        return norms

    def _begin(self, state: Array) -> Array:
        """All numbers that are there as one real vector, (m c,)."""
        whole = _real(state)
        return (whole if self.reached is None else whole[self.reached]).ravel()

    def _mapped(self, state: Array, last: int) -> Iterator[Array]:
        """The same by the maps of many pieces, which are worked out together."""
        m, c = len(self.matrix), state.shape[-1]
        now = self._begin(state).reshape(m, c)
        few = max(1, _AT_ONCE // (m * m * (1 + int(self.orders.max()))))
        for low in range(0, last, few):
            here = slice(low, min(low + few, last))
            maps, states = self._maps(here), []
            falls = self._falls[here, None, None]
            for whole in maps.sum(axis=1) * falls:
                states.append(now)
                now = whole @ now
            terms = maps.reshape(len(maps), -1, m) @ np.array(states)
            yield from terms.reshape(*maps.shape[:2], m * c)

    def _maps(self, here: slice) -> Array:
        """The terms of the maps of some pieces, (S, p + 1, m, m)."""
        m, lengths = len(self.matrix), self.pieces.lengths[here]
        powers = self.pieces.powers[:, 0, here]
        degree = int(np.flatnonzero(powers.any(axis=(0, 1)))[-1:].sum())
        factors = np.zeros((len(lengths), self.parts, degree + 1))
        factors[:, 0, -1] = lengths
        factors[:, 1:] = powers[..., degree::-1].swapaxes(0, 1) * lengths[:, None, None]
        terms = np.empty((len(lengths), 1 + int(self.orders[here].max()), m, m))
        flat = terms.reshape(*terms.shape[:2], -1)
        terms[:, 0] = np.eye(m)
        for j in range(terms.shape[1] - 1):
            few = min(j, degree) + 1
            mixed = factors[:, :, degree + 1 - few :] @ flat[:, j + 1 - few : j + 1]
            stacked = mixed.reshape(len(mixed), -1, m)
            np.matmul(self.matrix / (j + 1), stacked, out=terms[:, j + 1])
        return terms

    def _factors(self, piece: int) -> tuple[Array, Array]:
        """What terms take of those before, the first last, (parts, degree + 1); h / (j + 1)."""
        powers = self.pieces.powers[:, 0, piece]
        degree = int(np.flatnonzero(powers.any(axis=0))[-1:].sum())
        whole = np.zeros((self.parts, degree + 1))
        whole[0, -1] = 1.0  # what is still
        whole[1:] = powers[:, degree::-1]
        weights = self.pieces.lengths[piece] / np.arange(1, int(self.orders[piece]) + 1)
        return whole, weights


def _real(state: Array) -> Array:
    """A state (g, blocks, n, c) as real numbers, (g blocks n, c), or twice as many."""
    flat = state.reshape(-1, state.shape[-1])
    return np.concatenate([flat.real, flat.imag]) if np.iscomplexobj(state) else flat


def _reached(row: Array, column: Array, begin: Array) -> Array | None:
    """The real numbers that those of a start (m, c) lead to; None if these are nearly all."""
    if len(begin) < _FEW:
        return None
    return led_to(row, column, np.asarray(begin.any(axis=1)))


def _over(terms: Array, rates: Array, weight: float) -> bool:
    """Whether all terms after the last ones (k, m c) are together less than rounding.

    Let r_k be the norm of G_k times h / (j + 1), or more. With R the sum of the norms of all
    terms after x_j, R <= sum over k of r_k (R + |x_{j-k+1}| + ... + |x_j|).
    """
    if np.dot(terms[-1], terms[-1]) > _LAST**2:
        return False
    sizes = np.sqrt(np.einsum("jm,jm->j", terms, terms))[::-1]
    known = np.dot(rates[: -len(sizes) - 1 : -1], np.add.accumulate(sizes))
    return bool(weight * known <= _END * (1 - weight * rates.sum()))


def _elements(matrix: Any) -> tuple[Array, Array, Array]:
    """Row, column, and value of all elements of a sparse matrix."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return row, matrix.indices, matrix.data


def _quick(matrix: Any, c: int) -> Any:
    """The same as SciPy's older matrices, whose product `*` asks less about what is given.

    For one column by diagonals, if these are few: then no place has to be looked up.
    """
    from scipy.sparse import csr_matrix, dia_matrix

    row, column, value = _elements(matrix)
    few = len(np.unique(column - row)) * matrix.shape[0] <= _FILLED * len(value)
    return dia_matrix(matrix) if c == 1 and few else csr_matrix(matrix)


def _powers(values: Array, count: int) -> Array:
    """The powers 0, 1 ... of values (T,), shape (T, count), which `**` takes long for."""
    powers = np.ones((len(values), count))
    powers[:, 1:] = values[:, None]
    np.multiply.accumulate(powers, axis=1, out=powers)
    return powers
