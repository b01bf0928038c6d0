"""Exact evolution inside the states that a preparation reaches.

What is solved depends on the system alone. Without loss, kets move under Hermitian blocks. With
loss they still do when every jump ends in one configuration that nothing happens to afterwards, as
when the last quantum is lost: kets then shrink, and what they lose is found there. All other losses
take the elements of the density matrix. Blocks are solved apart, those of one size together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from quantumbattery.operators import Array
from quantumbattery.pairs import Pairs, damping_elements, liouvillian, pairs
from quantumbattery.propagators import Semigroup, Sparse, Unitary
from quantumbattery.reach import allow
from quantumbattery.reached import Elements, Reach

Propagator: TypeAlias = Unitary | Semigroup | Sparse


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of one size, and where their elements stand in a list of columns.

    Attributes
    ----------
    index : ndarray, shape (blocks, n)
        What the blocks are made of: configurations, or elements of the density matrix.
    columns : slice
        Of the result: for every block, for every copy, its n columns.
    copies : int
        How many states of each block move apart from each other: the members of a mixture.
    place : ndarray
        For every configuration or element its place among all n of all blocks here, or -1.
    """

    index: Array
    columns: slice
    copies: int
    place: Array


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
    generator: Elements
    entry: Array  # where the elements of the start stand

    @property
    def size(self) -> int:
        """How many amplitudes there are."""
        return len(self.configuration)


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
    """

    reach: Reach
    row: Array
    column: Array
    twin: Array
    blocks: tuple[Blocks, ...]
    generator: Elements
    pairs: Pairs
    chosen: Array  # the element of `pairs` behind each column
    mirror: tuple[Array | None, ...]  # of each group: the transposed elements' places in a block

    @property
    def size(self) -> int:
        """How many elements there are."""
        return len(self.row)


State: TypeAlias = Kets | Matrix


@dataclass(frozen=True, eq=False)
class Motion:
    """A state on its way; made by `motion`.

    Attributes
    ----------
    methods : tuple of str
        How its blocks are solved.
    """

    parts: tuple[tuple[Blocks, Propagator | tuple[Sparse, ...], Array], ...]
    size: int
    backs: tuple[Array | None, ...]
    methods: tuple[str, ...]

    def at(self, times: Array, states: slice) -> Array:
        """Amplitudes or elements, shape (g, c, T, size), of some of the c states of the batch."""
        moved = []
        for (blocks, propagator, start), back in zip(self.parts, self.backs, strict=True):
            chosen = start[:, :, states]  # (g or 1, blocks, c, copies, n)
            flat = chosen.reshape(*chosen.shape[:2], -1, chosen.shape[-1])
            spread = times[:, None] if times.ndim > 1 else times
            after = _apply(propagator, flat, spread)
            if back is not None:
                after = after @ back[:, None]
            g, count, _, t, n = after.shape
            after = after.reshape(g, count, -1, blocks.copies, t, n)
            moved.append((blocks, after.transpose(0, 2, 4, 1, 3, 5)))
        if len(moved) == 1:
            only = moved[0][1]
            return only.reshape(*only.shape[:3], -1)
        g = max(part.shape[0] for _, part in moved)
        c, t = moved[0][1].shape[1:3]
        kind = np.result_type(*(part for _, part in moved))
        out = np.empty((g, c, t, self.size), dtype=kind)
        for blocks, part in moved:
            out[..., blocks.columns] = part.reshape(*part.shape[:3], -1)
        return out

    @property
    def series(self) -> bool:
        """Whether a part is solved by a series, whose error is measured."""
        return any(isinstance(propagator, tuple) for _, propagator, _ in self.parts)

    def error(self, times: Array, states: Array) -> float:
        """The error of what was solved by a series, measured on the last states; 0 of the rest."""
        worst = 0.0
        for blocks, propagator, start in self.parts:
            if isinstance(propagator, tuple):
                for k, each in enumerate(propagator):
                    first = start[min(k, len(start) - 1), 0].reshape(-1, start.shape[-1])
                    moments = times[min(k, len(times) - 1)] if times.ndim > 1 else times
                    after = states[k, ..., blocks.columns].swapaxes(-2, -3)
                    after = after.reshape(len(moments), -1, start.shape[-1]).swapaxes(0, 1)
                    worst = max(worst, each.error(first, moments, after))
        return worst


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
    joined = {
        n: np.concatenate([getattr(one, n), getattr(other, n)])
        for n in ("term", "row", "column", "value")
    }
    return replace(
        one,
        coefficients=one.coefficients + other.coefficients,
        origins=one.origins + other.origins,
        **joined,
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
    inside = _path_order(reached)
    groups, base = [], np.zeros(len(keys), dtype=np.int64)
    configuration, owner = [], []
    offset = 0
    for size, number in np.unique(np.column_stack([count, copies])[copies > 0], axis=0):
        chosen = np.flatnonzero((count == size) & (copies == number))
        index = np.stack([inside[k] for k in chosen])
        length = len(chosen) * number * size
        groups.append(_blocks(index, slice(offset, offset + length), int(number), reached.size))
        for k in range(number):
            base[first[chosen] + k] = offset + (np.arange(len(chosen)) * number + k) * size
        configuration.append(np.repeat(index[:, None], number, axis=1).ravel())
        owners = member[first[chosen][:, None] + np.arange(number)]
        owner.append(np.repeat(owners, size))
        offset += length
    position = np.empty(reached.size, dtype=np.int64)
    for each in inside:
        position[each] = np.arange(len(each))
    entry = base[copy] + position[start.configuration]
    return Kets(
        reached,
        np.concatenate(configuration),
        np.concatenate(owner),
        frozen,
        tuple(groups),
        generator,
        entry,
    )


def _blocks(index: Array, columns: slice, copies: int, total: int) -> Blocks:
    place = np.full(total, -1, dtype=np.int64)
    place[index.ravel()] = np.arange(index.size)
    return Blocks(index, columns, copies, place)


def _path_order(reached: Reach) -> list[Array]:
    """The configurations of every block, in an order that makes a path tridiagonal."""
    if max(map(len, reached.blocks)) < 3:
        return reached.blocks
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    pattern = replace(reached.hamiltonian, value=np.ones(len(reached.hamiltonian.value)))
    rank = np.empty(reached.size, dtype=np.int64)
    ordered = reverse_cuthill_mckee(
        pattern.matrix(np.ones(len(pattern.coefficients))), symmetric_mode=True
    )
    rank[ordered] = np.arange(reached.size)
    order = np.lexsort((rank, reached.labels))
    return np.split(order, np.cumsum(np.bincount(reached.labels))[:-1])


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
    inside = np.split(np.argsort(label, kind="stable"), np.cumsum(count)[:-1])
    groups, mirrors, chosen, offset = [], [], [], 0
    for size, alone in np.unique(np.column_stack([count, itself])[wanted], axis=0):
        members = np.flatnonzero(wanted & (count == size) & (itself == alone))
        index = np.stack([inside[k] for k in members])
        blocks = _blocks(index, slice(offset, offset + index.size), 1, found.size)
        groups.append(blocks)
        mirrors.append(blocks.place[opposite[index]] % size if alone else None)
        chosen.append(index.ravel())
        offset += index.size
    picked = np.concatenate(chosen)
    return Matrix(
        reached,
        row[picked],
        column[picked],
        ~itself[label[picked]],
        tuple(groups),
        generator,
        found,
        picked,
        tuple(mirrors),
    )


# --- numbers -----------------------------------------------------------------------------------


def motion(state: State, numbers: Array, start: Array, times: Array, limit: float = 2.0) -> Motion:
    """Make the propagators of a state, for a batch of numbers.

    Parameters
    ----------
    state : Kets or Matrix
        From `structure`.
    numbers : ndarray, shape (g, terms)
        Of the Hamiltonian's coefficients, then of the losses'.
    start : ndarray, shape (g or 1, c, entries)
        Amplitudes of the initial state, c states for each generator; entries as in `Reach.start`.
    times : ndarray, shape (T,) or (g, T)
        The times that will be asked for; they decide which method pays.
    limit : float
        Memory in GiB.

    Returns
    -------
    Motion

    Raises
    ------
    ValueError
        If that takes more memory than the limit.
    """
    first = _first(state, start)
    mirrors = state.mirror if isinstance(state, Matrix) else (None,) * len(state.blocks)
    hermitian = isinstance(state, Kets) and state.frozen is None
    parts, backs, methods = [], [], []
    for blocks, mirror in zip(state.blocks, mirrors, strict=True):
        count, n = blocks.index.shape
        began = first[..., blocks.columns].reshape(*first.shape[:2], count, blocks.copies, n)
        began = began.transpose(0, 2, 1, 3, 4)
        chosen = _part(state.generator, blocks, n)
        rows = began.shape[2] * blocks.copies
        if count == 1 and _sparse_pays(chosen, numbers, times, rows, hermitian):
            propagator, back = _sparse(chosen, numbers, hermitian, mirror)
            methods.append(f"truncated Taylor series (Al-Mohy and Higham), {n} states")
        else:
            allow("numbers in dense blocks", len(numbers) * count * n, 24 * n, limit)
            propagator, back = _dense(chosen, blocks, numbers, hermitian, mirror)
            methods.append(f"{_METHOD[type(propagator)]}, {count} x {n} states")
        if back is not None:
            began = (began @ back.conj().swapaxes(-1, -2)[:, None]).real
        parts.append((blocks, propagator, began))
        backs.append(back)
    return Motion(tuple(parts), state.size, tuple(backs), tuple(methods))


_METHOD = {Unitary: "eigenvectors", Semigroup: "matrix exponential"}


def _first(state: State, start: Array) -> Array:
    """The initial state over the columns of the result."""
    if isinstance(state, Kets):
        first = np.zeros((*start.shape[:2], state.size), dtype=start.dtype)
        first[..., state.entry] = start
        return first
    given = state.reach.start
    same = given.member[:, None] == given.member
    one, two = np.nonzero(same)
    place = state.pairs.index(given.configuration[one], given.configuration[two])
    whole = np.zeros((*start.shape[:2], state.pairs.size), dtype=start.dtype)
    np.add.at(whole, (..., place), start[..., one] * start[..., two].conj())
    return whole[..., state.chosen]


def _part(generator: Elements, blocks: Blocks, n: int) -> Elements:
    """The generator's elements in some blocks, renumbered; a column's block decides."""
    column = blocks.place[generator.column]
    row = blocks.place[generator.row]
    inside = (column >= 0) & (row >= 0)
    return replace(
        generator,
        size=blocks.index.size,
        term=generator.term[inside],
        row=row[inside],
        column=column[inside],
        value=generator.value[inside],
    )


def _dense(
    chosen: Elements, blocks: Blocks, numbers: Array, hermitian: bool, mirror: Array | None
) -> tuple[Propagator, Array | None]:
    from scipy.sparse import coo_array

    count, n = blocks.index.shape
    block, column = np.divmod(chosen.column, n)
    cell = (block * n + chosen.row % n) * n + column
    shape = (numbers.shape[1], count * n * n)
    cells = coo_array((chosen.value, (chosen.term, cell)), shape=shape).tocsr()
    matrices = (numbers @ cells).reshape(len(numbers), count, n, n)
    if hermitian:
        return Unitary.of(matrices), None
    if mirror is None:
        return Semigroup(matrices), None
    turn = _real_basis(mirror)
    return Semigroup((turn @ matrices @ turn.conj().swapaxes(-1, -2)).real), turn.conj()


def _real_basis(mirror: Array) -> Array:
    """The unitary to the real numbers of a Hermitian matrix: x = U rho, so rho = x U*.

    Its diagonal, and sqrt(2) times real and imaginary part of the elements beside it.
    """
    count, n = mirror.shape
    turn = np.zeros((count, n, n), dtype=complex)
    block, place = np.indices(mirror.shape)
    half = np.sqrt(0.5)
    turn[block, place, place] = np.where(
        place == mirror, 1, np.where(place < mirror, half, 1j * half)
    )
    beside = place != mirror
    sign = np.where(place < mirror, half, -1j * half)
    turn[block[beside], place[beside], mirror[beside]] = sign[beside]
    return turn


def _sparse_pays(
    chosen: Elements, numbers: Array, times: Array, states: int, hermitian: bool
) -> bool:
    """Whether a series costs less than dense matrices; seconds as measured on one core."""
    n = chosen.size
    if n <= 256:
        return False
    row = np.abs(chosen.value) * np.abs(numbers).max(axis=0)[chosen.term]
    norm = np.bincount(chosen.row, row, minlength=n).max()
    latest, moments = float(times.max()), times.shape[-1]
    series = norm * latest * len(chosen.value) * states * 1.5e-8 + moments * 1e-3
    far = (np.abs(chosen.row - chosen.column) > 1).any()
    if hermitian:
        dense = 1.5e-10 * n**3 if far else 2e-8 * n**2
    else:
        dense = 2e-9 * n**3 * (1 + np.log2(moments))
    return bool(series < dense or n > 20_000 or (n > 6_000 and (far or not hermitian)))


def _sparse(
    chosen: Elements, numbers: Array, hermitian: bool, mirror: Array | None
) -> tuple[tuple[Sparse, ...], Array | None]:
    factor = -1j if hermitian else 1.0
    return tuple(Sparse((factor * chosen.matrix(each)).tocsr()) for each in numbers), None


def _apply(propagator: Propagator | Sequence[Sparse], start: Array, times: Array) -> Array:
    """The states, shape (g, blocks, c, T, n)."""
    if not isinstance(propagator, tuple):
        return propagator.at(start, times)  # type: ignore[union-attr]
    moved = []
    for k, each in enumerate(propagator):  # every one of them a large problem of its own
        first = start[min(k, len(start) - 1), 0]
        moments = times[min(k, len(times) - 1), 0] if times.ndim > 1 else times
        moved.append(each.at(first, moments))
    return np.stack(moved)[:, None]
