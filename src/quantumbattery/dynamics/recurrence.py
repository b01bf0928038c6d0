"""The terms of a Taylor series one from the other, all numbers of a batch in one real vector.

What is complex is held as its real parts and then its imaginary ones, and the matrices of all
parts of a generator stand beside each other, so that a term takes two products: one mixes the
terms before it by the powers of the factors, one applies the matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.pieces import Pieces
from quantumbattery.dynamics.sums import Sums
from quantumbattery.quantities.aliases import Array

_DENSE = 1 << 15  # numbers in a matrix up to which it is dense
LARGEST_MAP = 3  # numbers up to which there are maps of all pieces at once
_AT_ONCE = 1 << 21  # numbers that are worked out together


@dataclass(frozen=True, eq=False)
class Recurrence:
    """A batch of generators whose factors are the same; made by `of`."""

    shape: tuple[int, int, int]  # g, blocks, n
    double: bool  # whether numbers are complex
    matrix: Any  # (m, parts m), dense or sparse, for vectors of m real numbers
    parts: int
    pieces: Pieces
    orders: Array  # (S,), how many terms each piece takes

    @classmethod
    def of(
        cls, sums: Sums, factor: complex, cut: Pieces, orders: Array, double: bool
    ) -> Recurrence:
        """Of parts with a factor in front, for states that are complex or not."""
        g, blocks = len(sums.value), sums.blocks
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
        row, column, value = row[held], (column + part * length)[held], value[held].real
        shape = length, sums.count * length
        matrix: Any
        if shape[0] * shape[1] <= _DENSE:
            matrix = np.bincount(row * shape[1] + column, value, shape[0] * shape[1])
            matrix = matrix.reshape(shape)
        else:
            from scipy.sparse import csr_array

            matrix = csr_array((value, (row, column)), shape=shape)
        return cls((g, blocks.count, blocks.size), double, matrix, sums.count, cut, orders)

    def at(self, state: Array, times: Array, reading: Array | None) -> Array:
        """What is read (T, g, blocks, rows, c) of a state (g, blocks, n, c), at times (T,)."""
        place, over = self.pieces.place(times)
        kind = np.result_type(state, 0.0 if reading is None else reading)
        rows = self.shape[2] if reading is None else reading.shape[1]
        found = np.empty((len(times), *self.shape[:2], rows, state.shape[-1]), kind)
        order = np.argsort(place, kind="stable")
        begin = np.searchsorted(place[order], np.arange(int(place.max()) + 2))
        small = len(state.ravel()) <= LARGEST_MAP * state.shape[-1]
        series = (self._mapped if small else self._series)(state, len(begin) - 1)
        for k, terms in enumerate(series):
            here = order[begin[k] : begin[k + 1]]
            few = max(len(terms), _AT_ONCE // terms.shape[1])
            for low in range(0, len(here), few):
                now = here[low : low + few]
                powers = _powers(over[now], len(terms))
                if len(now) < len(terms):
                    found[now] = self._read(powers @ terms, reading, state)
                else:
                    seen = self._read(terms, reading, state)
                    sums = powers @ seen.reshape(len(seen), -1)
                    found[now] = sums.reshape(-1, *found.shape[1:])
        return found

    def _read(self, rows: Array, reading: Array | None, like: Array) -> Array:
        """What is read (k, g, blocks, rows, c) of real vectors, (k, m c)."""
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
        c, begin = state.shape[-1], self._real(state)
        terms = np.empty((int(self.orders[:last].max()) + 1, len(begin)))
        mixed = np.empty((self.parts, len(begin)))
        terms[0] = begin
        seen: dict[int, list[Array]] = {}  # what each term is made of, by how many at most
        change = self._change(mixed, c)
        for k in range(last):
            factors = self._factors(k)
            order, _, width = factors.shape
            if width not in seen:
                places = range(1, len(terms))
                seen[width] = [terms[max(0, j - width) : j] for j in places]
            for j, (factor, before) in enumerate(zip(factors, seen[width], strict=False)):
                weights = factor if j + 1 >= width else factor[:, width - 1 - j :]
                np.dot(weights, before, out=mixed)
                change(terms[j + 1])
            yield terms[: order + 1]
            terms[0] = terms[: order + 1].sum(axis=0)

    def _change(self, mixed: Array, c: int) -> Callable[[Array], object]:
        """What applies the matrices to mixed terms (parts, m c), and writes that into (m c,)."""
        matrix = self.matrix
        flat = mixed.reshape(-1) if c == 1 else mixed.reshape(-1, c)  # a vector takes less time
        if not isinstance(matrix, np.ndarray):

            def sparse(out: Array) -> None:
                out[...] = (matrix @ flat).reshape(-1)

            return sparse
        if c == 1:
            return lambda out: np.dot(matrix, flat, out=out)
        return lambda out: np.dot(matrix, flat, out=out.reshape(-1, c))

    def _real(self, state: Array) -> Array:
        """All numbers as one real vector, (m c,)."""
        flat = state.ravel()
        return np.concatenate([flat.real, flat.imag]) if self.double else flat

    def _mapped(self, state: Array, last: int) -> Iterator[Array]:
        """The same by the maps of many pieces, which are worked out together."""
        m, c = len(self.matrix), state.shape[-1]
        now = self._real(state).reshape(m, c)
        few = max(1, _AT_ONCE // (m * m * (1 + int(self.orders.max()))))
        for low in range(0, last, few):
            maps = self._maps(slice(low, min(low + few, last)))
            states = []
            for whole in maps.sum(axis=1):
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

    def _factors(self, piece: int) -> Array:
        """What a term takes of those before it, the first last, (p, parts, degree + 1)."""
        powers = self.pieces.powers[:, 0, piece]
        degree = int(np.flatnonzero(powers.any(axis=0))[-1:].sum())
        whole = np.zeros((self.parts, degree + 1))
        whole[0, -1] = 1.0  # what is still
        whole[1:] = powers[:, degree::-1]
        weights = self.pieces.lengths[piece] / np.arange(1, int(self.orders[piece]) + 1)
        factors: Array = weights[:, None, None] * whole
        return factors


def _powers(values: Array, count: int) -> Array:
    """The powers 0, 1 ... of values (T,), shape (T, count), which `**` takes long for."""
    powers = np.ones((len(values), count))
    powers[:, 1:] = values[:, None]
    np.multiply.accumulate(powers, axis=1, out=powers)
    return powers
