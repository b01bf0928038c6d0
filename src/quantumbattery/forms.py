"""How a state is written down: as kets, or as elements of its density matrix.

That depends on the system alone. Without loss, kets move under Hermitian blocks. With loss they
still do when every jump ends in one configuration that nothing happens to afterwards, as when the
last quantum is lost: kets then shrink, and what they lose is found there. All other losses take
the elements of the density matrix. What never meets falls into blocks; those of one size move
together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from quantumbattery.adder import Adder
from quantumbattery.operators import Array
from quantumbattery.pairs import Pairs, damping_elements, liouvillian, pairs
from quantumbattery.reached import Elements, Reach


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of about one size, and where their elements stand in a list of columns.

    Attributes
    ----------
    count, size : int
        How many blocks, and the largest size: others are filled up with what nothing moves.
    copies : int
        How many states of each block move apart from each other: the members of a mixture.
    columns : slice
        Of the result: for every block, for every copy, its elements.
    kept : ndarray
        Those among count x copies x size that are no filling.
    generator : Elements
        What moves them, by place among all elements of all blocks here: H, or with loss all of
        the generator.
    """

    count: int
    size: int
    copies: int
    columns: slice
    kept: Array
    generator: Elements

    @cached_property
    def cells(self) -> Any:
        """The sparse matrix that takes the numbers of all terms to those of all blocks."""
        from scipy.sparse import coo_array

        given, n = self.generator, self.size
        block, column = np.divmod(given.column, n)
        cell = (block * n + given.row % n) * n + column
        shape = (len(given.coefficients), self.count * n * n)
        return coo_array((given.value, (given.term, cell)), shape=shape).tocsr()


@dataclass(frozen=True, eq=False)
class Kets:
    """The state as a sum over members of |psi><psi|, and what was lost.

    Attributes
    ----------
    reach : Reach
    configuration, member : ndarray, shape (entries,)
        What each amplitude belongs to.
    frozen : int or None
        The configuration that takes the norm that the kets lose; None without loss.
    """

    reach: Reach
    configuration: Array
    member: Array
    frozen: int | None
    blocks: tuple[Blocks, ...]
    entry: Array  # where the elements of the start stand

    @property
    def size(self) -> int:
        """How many amplitudes there are."""
        return len(self.configuration)

    @property
    def hermitian(self) -> bool:
        """Whether the generator is a Hamiltonian."""
        return self.frozen is None

    def first(self, start: Array) -> Array:
        """The initial state (..., entries of the start) over all amplitudes."""
        first = np.zeros((*start.shape[:-1], self.size), dtype=start.dtype)
        first[..., self.entry] = start
        return first


@dataclass(frozen=True, eq=False)
class Matrix:
    """The state as elements of its density matrix.

    Attributes
    ----------
    reach : Reach
    row, column : ndarray, shape (elements,)
        The configurations of each element; of two that are conjugate to each other and never
        meet, only one is there.
    twin : ndarray of bool, shape (elements,)
        Whether the conjugate of an element, which has row and column exchanged, is left out.
    weights : sparse matrix, shape (elements, elements)
        The elements are this matrix times the numbers that move: a Hermitian part of the matrix
        moves as real numbers.
    """

    reach: Reach
    row: Array
    column: Array
    twin: Array
    weights: Any
    blocks: tuple[Blocks, ...]
    pairs: Pairs
    chosen: Array  # the element of `pairs` behind each element here

    hermitian = False

    @property
    def size(self) -> int:
        """How many elements there are."""
        return len(self.row)

    def first(self, start: Array) -> Array:
        """The initial state (..., entries of the start) over all numbers that move."""
        given = self.reach.start
        one, two = np.nonzero(given.member[:, None] == given.member)
        place = self.pairs.index(given.configuration[one], given.configuration[two])
        whole = Adder.to(place, self.pairs.size)(start[..., one] * start[..., two].conj())
        flat = whole[..., self.chosen].reshape(-1, self.size)
        moved = (self.weights.conj().T @ flat.T).T
        return np.asarray(moved).reshape(*start.shape[:-1], self.size)


State: TypeAlias = Kets | Matrix


# --- the structure of a problem ----------------------------------------------------------------


def structure(
    reached: Reach, needed: Callable[[Array, Array], Array] | None = None, limit: float = 2.0
) -> State:
    """Find how a state is best written down: kets, or elements of its density matrix.

    Parameters
    ----------
    reached : Reach
        From `reach`.
    needed : callable, optional
        Which elements (rows, columns) of the density matrix anybody will look at; a part of the
        motion that leads to none of them is left out.
    limit : float
        Memory in GiB.

    Returns
    -------
    Kets or Matrix

    Raises
    ------
    ValueError
        If that takes more memory than the limit.
    """
    losses = reached.losses
    if not len(losses.term):
        return _kets(reached, reached.hamiltonian, None)
    frozen = _frozen(reached)
    if frozen is None:
        return _matrix(reached, pairs(reached, limit), needed, limit)
    shift, damping = len(reached.hamiltonian.coefficients), damping_elements(losses)
    shrinking = _sum(
        replace(reached.hamiltonian, value=-1j * reached.hamiltonian.value),
        replace(damping, value=-damping.value / 2, term=damping.term + shift),
    )
    return _kets(reached, shrinking, frozen)


def _frozen(reached: Reach) -> int | None:
    """The one configuration that all jumps lead to and nothing leaves, if it is so."""
    losses, labels = reached.losses, reached.labels
    target = int(losses.row[0])
    leaves = (losses.row != target).any() or (losses.column == target).any()
    return target if not leaves and (labels == labels[target]).sum() == 1 else None


def _sum(one: Elements, other: Elements) -> Elements:
    return replace(
        one,
        coefficients=one.coefficients + other.coefficients,
        origins=one.origins + other.origins,
        term=np.concatenate([one.term, other.term]),
        row=np.concatenate([one.row, other.row]),
        column=np.concatenate([one.column, other.column]),
        value=np.concatenate([one.value, other.value]),
    )


def _kets(reached: Reach, generator: Elements, frozen: int | None) -> Kets:
    labels, start = reached.labels, reached.start
    count = np.bincount(labels)
    members = int(start.member.max()) + 1
    keys, copy = np.unique(
        labels[start.configuration] * members + start.member, return_inverse=True
    )
    block, member = np.divmod(keys, members)
    copies = np.bincount(block, minlength=len(count))
    first = np.searchsorted(block, np.arange(len(count)))  # of the copies of each block
    order, position = _path_order(reached)
    chosen = np.flatnonzero(copies > 0)
    kind = np.full(len(count), -1)
    kinds, kind[chosen] = np.unique(
        np.column_stack([_class(count[chosen]), copies[chosen]]), axis=0, return_inverse=True
    )
    groups, configuration, owner = [], [], []
    flat = np.zeros(len(keys), dtype=np.int64)  # where each copy begins, filling counted
    column = [np.zeros(0, dtype=np.int64)]  # of everything, filling counted
    offset = 0
    for group, number in enumerate(kinds[:, 1]):
        mine = np.flatnonzero(kind == group)
        inside = order[kind[labels[order]] == group]
        size = int(count[mine].max())
        place = np.full(reached.size, -1)
        place[inside] = np.searchsorted(mine, labels[inside]) * size + position[inside]
        index = np.full(len(mine) * size, -1)
        index[place[inside]] = inside
        index = np.repeat(index.reshape(-1, 1, size), number, axis=1)
        kept = np.flatnonzero(index.ravel() >= 0)
        columns = slice(offset, offset + len(kept))
        moves = _renumbered(generator, place, len(mine) * size)
        groups.append(Blocks(len(mine), size, int(number), columns, kept, moves))
        copy_of = first[mine][:, None] + np.arange(number)
        flat[copy_of.ravel()] = sum(map(len, column)) + np.arange(copy_of.size) * size
        configuration.append(index.ravel()[kept])
        owner.append(np.repeat(member[copy_of], size)[kept])
        column.append(np.full(index.size, -1))
        column[-1][kept] = offset + np.arange(len(kept))
        offset += len(kept)
    entry = np.concatenate(column)[flat[copy] + position[start.configuration]]
    return Kets(
        reached,
        np.concatenate(configuration),
        np.concatenate(owner),
        frozen,
        tuple(groups),
        entry,
    )


def _class(count: Array) -> Array:
    """Sizes between one power of two and the next are of one class."""
    found: Array = np.ceil(np.log2(count)).astype(np.int64)
    return found


def _path_order(reached: Reach) -> tuple[Array, Array]:
    """Configurations, block after block, so that a path is tridiagonal; the place of each."""
    count, rank = np.bincount(reached.labels), np.arange(reached.size)
    if count.max() > 2:
        from scipy.sparse.csgraph import reverse_cuthill_mckee

        pattern = replace(reached.hamiltonian, value=np.ones(len(reached.hamiltonian.value)))
        joins = pattern.matrix(np.ones(len(pattern.coefficients)))
        rank[reverse_cuthill_mckee(joins, symmetric_mode=True)] = np.arange(reached.size)
    order = np.lexsort((rank, reached.labels))
    position = np.empty(reached.size, dtype=np.int64)
    position[order] = np.arange(reached.size) - np.repeat(np.cumsum(count) - count, count)
    return order, position


def _matrix(
    reached: Reach, found: Pairs, needed: Callable[[Array, Array], Array] | None, limit: float
) -> Matrix:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    generator = liouvillian(found, limit)
    row, column = found.elements
    joins = csr_array(
        (np.ones(len(generator.row), dtype=bool), (generator.row, generator.column)),
        shape=(found.size, found.size),
    )
    number, label = connected_components(joins, directed=False)
    wanted = np.ones(number, dtype=bool)
    if needed is not None and not reached.cut:
        wanted = np.bincount(label, needed(row, column), minlength=number) > 0
    opposite = found.index(column, row)
    other = np.empty(number, dtype=np.int64)
    other[label] = label[opposite]
    wanted &= np.arange(number) <= other
    itself = other == np.arange(number)
    count = np.bincount(label)
    kind = np.unique(np.column_stack([_class(count), itself]), axis=0, return_inverse=True)[1]
    order = np.lexsort((label, kind[label]))
    picked = order[wanted[label[order]]]
    place = np.full(found.size, -1)
    place[picked] = np.arange(len(picked))
    real = itself[label[picked]]
    turn = _real_numbers(place[opposite[picked]], real)
    moves = _turned(_renumbered(generator, place, len(picked)), turn, real)
    groups, offset = [], 0
    for group in np.unique(kind[wanted]):
        mine = np.flatnonzero(wanted & (kind == group))
        size, length = int(count[mine].max()), int(count[mine].sum())
        within = np.arange(length) - np.repeat(np.cumsum(count[mine]) - count[mine], count[mine])
        kept = np.repeat(np.arange(len(mine)), count[mine]) * size + within
        here = np.full(len(picked), -1)
        here[offset : offset + length] = kept
        columns = slice(offset, offset + length)
        inside = _renumbered(moves, here, len(mine) * size)
        groups.append(Blocks(len(mine), size, 1, columns, kept, inside))
        offset += length
    return Matrix(
        reached,
        row[picked],
        column[picked],
        ~real,
        turn.conj().T.tocsr(),
        tuple(groups),
        found,
        picked,
    )


def _renumbered(generator: Elements, place: Array, size: int) -> Elements:
    """The elements between what has one of so many places, and their places."""
    row, column = place[generator.row], place[generator.column]
    kept = (column >= 0) & (row >= 0)
    value = generator.value[kept]
    if np.iscomplexobj(value) and not value.imag.any():
        value = value.real
    return replace(
        generator,
        size=size,
        term=generator.term[kept],
        row=row[kept],
        column=column[kept],
        value=value,
    )


def _real_numbers(mirror: Array, itself: Array) -> Any:
    """The unitary U to the numbers that move, x = U rho.

    Where a block is its own mirror image they are real: the diagonal, and sqrt(2) times the real
    and the imaginary part of what stands beside it.
    """
    from scipy.sparse import csr_array

    size, half = len(mirror), np.sqrt(0.5)
    here = np.arange(size)
    beside = np.flatnonzero(itself & (mirror != here))
    upper = beside < mirror[beside]
    own = np.ones(size, dtype=complex)
    own[beside] = np.where(upper, half, 1j * half)
    values = np.concatenate([own, np.where(upper, half, -1j * half)])
    rows, columns = np.concatenate([here, beside]), np.concatenate([here, mirror[beside]])
    return csr_array((values, (rows, columns)), shape=(size, size))


def _turned(generator: Elements, turn: Any, real: Array) -> Elements:
    """U L U^dag, term by term; real where it has to be, in spite of rounding."""
    from scipy.sparse import csr_array

    size, terms = generator.size, len(generator.coefficients)
    beside = (generator.row, generator.term * size + generator.column)
    left = turn @ csr_array((generator.value, beside), shape=(size, terms * size))
    left = left.tocoo()
    term, column = np.divmod(left.coords[1], size)
    above = (term * size + left.coords[0], column)
    both = csr_array((left.data, above), shape=(terms * size, size)) @ turn.conj().T
    both = both.tocoo()
    term, row = np.divmod(both.coords[0], size)
    value = np.where(real[row], both.data.real, both.data)
    return replace(generator, term=term, row=row, column=both.coords[1], value=value)
