"""A state as elements of its density matrix, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.elements import Elements
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.reach.sparse import (
    Sums,
    adjoint,
    components,
    entries,
    product,
    reachable,
    sparse,
)
from quantumbattery.states.blocks import Blocks, renumbered, size_class
from quantumbattery.states.lindblad import Rectangles, liouvillian

_ROOT = 0.5**0.5


@dataclass(frozen=True, eq=False)
class Matrix:
    """The state as elements of its density matrix.

    Of two elements that are conjugate to each other and never meet, only one is there. Where only
    some sites are looked at, an element stands for the sum of all that agree with it on those. The
    elements are `weights` times the columns that are read, which are real: a Hermitian part of the
    density matrix moves as real numbers, complex ones fill two columns.
    """

    reach: Reach
    row: Array  # (elements,), the configurations of the elements that are read
    column: Array  # (elements,)
    twin: Array  # (elements,), whether the conjugate of an element is left out
    weights: Any  # matrix, (elements, columns)
    blocks: tuple[Blocks, ...]
    rectangles: Rectangles  # all elements that can be reached
    chosen: Array  # (numbers,), the element of `rectangles` behind each number that moves
    turn: Any  # matrix, (numbers, numbers), the unitary from those elements to the numbers
    limit: float  # memory in GiB

    hermitian = False

    @property
    def size(self) -> int:
        """How many columns are read."""
        return int(self.weights.shape[1])

    def first(self, start: Array) -> Array:
        """The initial state (..., entries of the start) over all numbers that move."""
        given = self.reach.start
        entries = np.bincount(given.member)
        allow("pairs of starting configurations", int((entries**2).sum()), 64, self.limit)
        one, two = np.nonzero(given.member[:, None] == given.member)
        place = self.rectangles.index(given.configuration[one], given.configuration[two])
        whole = Sums.to(place, self.rectangles.size)(start[..., one] * start[..., two].conj())
        return Sums(self.turn)(whole[..., self.chosen])


def density(
    reached: Reach,
    found: Rectangles,
    watched: Sequence[Bipartition],
    limit: float,
    *,
    rows: bool = True,
) -> Matrix:
    """Sort the elements of the density matrix into blocks, and find what is read of each.

    Without sites that are watched, all are; and so are they where the cut of a ladder is felt,
    unless nobody asks for whole rows.
    """
    generator = liouvillian(found, limit)
    row, column = found.elements
    all_of_it = not watched or (rows and bool(reached.cut))
    read = np.ones(found.size, dtype=bool)
    if not all_of_it:
        read = np.logical_or.reduce([split.needed(row, column) for split in watched])
        generator = _felt(generator, read)
    label = components(generator.row, generator.column, generator.size)
    opposite = found.index(column, row)
    picked, kind, itself = _picked(label, opposite, read)
    place = np.full(found.size, -1)
    place[picked] = np.arange(len(picked))
    label, mirror, real = label[picked], place[opposite[picked]], itself[label[picked]]
    turn = real_numbers(mirror, real)
    generator = renumbered(generator, place, len(picked))
    back = adjoint(turn)
    moves = _turned(generator, mirror, real)
    del generator
    shown, weights, reading = np.arange(len(picked)), back, None
    if not all_of_it:
        ends = [label]  # what agrees on all that is watched need not be told apart
        for split in watched:
            one, two = row[picked], column[picked]
            ends += [split.inside[one], split.inside[two], split.needed(one, two)]
        shown, which = _alike(np.column_stack(ends), read[picked])
        weights, reading = _reading(shown, which, mirror, real, back)
    groups = _groups(kind[label], label, moves, shown, reading, real)
    return Matrix(
        reached,
        row[picked][shown],
        column[picked][shown],
        ~real[shown],
        _columns(weights, real[shown]),
        groups,
        found,
        picked,
        turn,
        limit,
    )


def _picked(label: Array, opposite: Array, read: Array) -> tuple[Array, Array, Array]:
    """The elements that move, kind by kind, and of every block: its kind, whether it is real.

    A block is left out if nobody reads it, or if its mirror image stands for it; a block that is
    its own mirror image is real.
    """
    count = np.bincount(label)
    other = np.empty(len(count), dtype=np.int64)
    other[label] = label[opposite]
    itself = other == np.arange(len(count))
    wanted = (np.bincount(label, read) > 0) & (np.arange(len(count)) <= other)
    kind = np.unique(np.column_stack([size_class(count), itself]), axis=0, return_inverse=True)[1]
    order = np.lexsort((label, kind[label]))
    return order[wanted[label[order]]], kind, itself


def _felt(generator: Elements, read: Array) -> Elements:
    """Only what changes elements that are read, or that lead to them: not where losses end."""
    felt = np.zeros(generator.size, dtype=bool)
    felt[reachable(generator.row, generator.column, generator.size, np.flatnonzero(read))] = True
    kept = felt[generator.row]
    return replace(
        generator,
        term=generator.term[kept],
        row=generator.row[kept],
        column=generator.column[kept],
        value=generator.value[kept],
    )


def _alike(keys: Array, read: Array) -> tuple[Array, Array]:
    """The first of each set of equal keys among those to be read; which set each one is in, or -1.

    Sets come in the order of their first members.
    """
    chosen = np.flatnonzero(read)
    first, member = np.unique(keys[chosen], axis=0, return_index=True, return_inverse=True)[1:]
    order = np.argsort(first)
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first))
    which = np.full(len(keys), -1)
    which[chosen] = rank[member.reshape(-1)]
    return chosen[first[order]], which


def _reading(shown: Array, which: Array, mirror: Array, real: Array, back: Any) -> tuple[Any, Any]:
    """What takes columns to sums of elements, and what takes numbers to columns."""
    chosen = np.flatnonzero(which >= 0)
    sums = sparse(np.ones(len(chosen)), which[chosen], chosen, (len(shown), len(which)))
    opposite = np.where(real[shown], which[mirror[shown]], np.arange(len(shown)))
    own = real_numbers(opposite, real[shown])
    return adjoint(own), product(own, product(sums, back))


def _columns(weights: Any, real: Array) -> Any:
    """Weights of complex numbers as those of real columns: one of a real number, two of others."""
    width = np.where(real, 1, 2)
    place = np.cumsum(width) - width
    twice = np.flatnonzero(~real)
    numbers = np.concatenate([np.arange(len(real)), twice])
    columns = np.concatenate([place, place[twice] + 1])
    values = np.concatenate([np.ones(len(real)), np.full(len(twice), 1j)])
    return product(weights, sparse(values, numbers, columns, (len(real), int(width.sum()))))


def _groups(
    kind: Array, label: Array, moves: Elements, shown: Array, reading: Any, real: Array
) -> tuple[Blocks, ...]:
    """Blocks of one kind each; numbers come in the order of kinds and labels."""
    groups, offset = [], 0
    for low in map(int, np.flatnonzero(np.diff(kind, prepend=-1))):
        high = int(np.searchsorted(kind, kind[low], "right"))
        block, within, size = _places(label[low:high])
        here = np.full(len(kind), -1)
        here[low:high] = kept = block * size + within
        count, inside = int(block.max()) + 1, slice(low, high)
        generator = renumbered(moves, here, count * size)
        out, read = kept, None
        if reading is not None:
            first, last = (int(k) for k in np.searchsorted(shown, [low, high]))
            line, rank, rows = _places(label[shown[first:last]])
            out = line * rows + rank
            values, at, source = entries(reading[first:last, low:high])
            values = values if values.imag.any() and not real[low] else values.real
            places = out[at], kept[source]
            read = sparse(values, *places, (count * rows, count * size))
        double = not real[low]
        columns = slice(offset, offset + len(out) * (1 + double))
        offset = columns.stop
        groups.append(Blocks(count, size, 1, inside, kept, columns, out, read, double, generator))
    return tuple(groups)


def _places(label: Array) -> tuple[Array, Array, int]:
    """Labels rise: the number of each one's block, its place there, and the largest size."""
    block, count = np.unique(label, return_inverse=True, return_counts=True)[1:]
    within = np.arange(len(label)) - np.repeat(np.cumsum(count) - count, count)
    return block, within, int(count.max())


def real_numbers(mirror: Array, itself: Array, half: float = _ROOT) -> Any:
    """The unitary U to the numbers that move, x = U rho.

    Where a block is its own mirror image they are real: the diagonal, and sqrt(2) times the real
    and the imaginary part of what stands beside it. With another half than a root, U times that.
    """
    size = len(mirror)
    here = np.arange(size)
    beside = np.flatnonzero(itself & (mirror != here))
    upper = beside < mirror[beside]
    own = np.ones(size, dtype=complex)
    own[beside] = np.where(upper, half, 1j * half)
    values = np.concatenate([own, np.where(upper, half, -1j * half)])
    rows, columns = np.concatenate([here, beside]), np.concatenate([here, mirror[beside]])
    return sparse(values, rows, columns, (size, size))


def _turned(generator: Elements, mirror: Array, real: Array) -> Elements:
    """U L U^dag, term by term; real where it has to be, in spite of rounding.

    U does nothing to blocks that are not real. Its roots come last, as 1/2 or a root: numbers that
    are whole stay so, and what cancels leaves nothing.
    """
    size, terms = generator.size, len(generator.coefficients)
    turn = real_numbers(mirror, real, 1.0)
    back = adjoint(turn)
    square = np.where(real & (mirror != np.arange(size)), 0.5, 1.0)
    own = real[generator.row]
    beside = generator.row[own], generator.term[own] * size + generator.column[own]
    left = product(turn, sparse(generator.value[own], *beside, (size, terms * size)))
    value, row, column = entries(left)
    term, column = np.divmod(column, size)
    del left
    both = product(sparse(value, term * size + row, column, (terms * size, size)), back)
    value, row, column = entries(both)
    term, row = np.divmod(row, size)
    value = value.real * np.sqrt(square[row] * square[column])
    rest = ~own
    return replace(
        generator,
        term=np.concatenate([term, generator.term[rest]]),
        row=np.concatenate([row, generator.row[rest]]),
        column=np.concatenate([column, generator.column[rest]]),
        value=np.concatenate([value, generator.value[rest]]),
    )
