"""Where a density matrix ends: the null vector of its generator, and whether it is the only one.

A generator of Lindblad's form never lets anything grow, so that 0 is as often an eigenvalue as
there are independent states that stay. The trace t is one left null vector. With a decay of the
trace, L - s v t^T (t v = 1) is regular if and only if there is no other, and then the state that
stays is the solution of (L - s v t^T) x = -s v. Blocks of coherences have no trace: they must be
regular as they are.

That is enough where the elements that are reached form an algebra (all elements within classes of
configurations): what turns for ever is then a matrix on a space of several states times a fixed
one, and the eigenprojections of its turning stay too (S. G. Schirmer and X. Wang, Phys. Rev. A 81,
062306 (2010)), so that one null vector alone leaves nothing that turns. Elsewhere the eigenvalues
are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.dynamics.iterated import STEPS, BetweenJumps, Decaying
from quantumbattery.machine import TooLargeError, allow, limited
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.sparse import components
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix
from quantumbattery.states.lindblad import Rectangles

DENSE = 500  # numbers of a block up to which it is dense
_TURNING = 2500  # up to which its eigenvalues are looked at
_MOST = 25_000  # up to which it is factorized at all
_MANY = 4000  # from which on iteration takes less
_MOST_ITERATED = 160_000  # up to which it takes minutes at most
_SQUARES = 4  # times as many numbers in the whole of the density matrix, at most
_OTHERS = 10  # vectors beside those of the steps
_SQUARES_HELD = 8  # matrices of all configurations that are held at a time
_SLOWEST = 3e-10  # of the fastest rate or frequency: what decays more slowly counts as lasting
_CANCELLED = 1e-4  # of the largest numbers, before they cancel each other: the least to count there
_SHIFT = 1e-14  # of the same: keeps what is singular from being exactly so
_FAR = 1e-13  # the same for sparse matrices
_AT_ONCE = 1 << 22  # numbers of dense matrices that are inverted at a time
_SAFETY = 2.0  # times an estimated norm, which may be too small
_REFINED = 2  # times that a solution is made better


@dataclass(frozen=True, eq=False)
class Stationary:
    """The states that stay, of g generators."""

    parts: list[tuple[Blocks, Array]]  # numbers by block, (g, blocks, 1, 1, n)
    alone: Array  # (g,), whether everything tends to it
    methods: tuple[tuple[str, int], ...]  # how blocks are solved, and the size of the largest
    error: float  # what rounding may do to a number


def stationary(state: Matrix, numbers: Array, limit: float = 2.0) -> Stationary:
    """Find the state that everything tends to, for numbers (g, terms) in front of the terms.

    All of the density matrix has to be there, not only what is read of it. Where `alone` is False
    there are others, or what turns for ever, and the numbers mean nothing. TooLargeError if a block
    is too large to be solved, or to be sure.
    """
    trace = (state.row == state.column).astype(float)
    algebra, parts, carrying, error = _is_algebra(state.rectangles), [], 0, 0.0
    alone, sizes = np.ones(len(numbers), dtype=bool), dict[str, int]()
    for blocks in state.blocks:
        own = blocks.filled(trace)[:, 0]
        carrying += int(own.any(axis=-1).sum())
        large = blocks.size > (DENSE if algebra else _TURNING)
        if large and not algebra:
            raise _too_large(blocks)
        if large:
            kind, found, slowness = _of_large(state, blocks, numbers, own, limit)
        else:
            kind = "null vector"
            found, slowness = _dense(blocks, numbers, own, not algebra, limit)
        parts.append((blocks, found[:, :, None, None]))
        alone &= (slowness * _SLOWEST < 1).all(axis=-1)
        with_trace = slowness[:, own.any(axis=-1)] * np.finfo(float).eps
        error = max(error, float(with_trace.max(initial=0.0)))
        sizes[kind] = max(sizes.get(kind, 0), blocks.size)
    return Stationary(parts, alone & (carrying == 1), tuple(sizes.items()), error)


def _too_large(blocks: Blocks) -> TooLargeError:
    return TooLargeError(
        f"too large: the steady state of a block of {blocks.size:,} numbers is not worked "
        "out, or not known to be the only one: use fewer or smaller sites or fewer levels, "
        "or charge for a long but finite time"
    )


def _scale(blocks: Blocks, numbers: Array, norm: Array) -> Array:
    """The fastest rate or frequency, for the largest sums of a row (g, blocks) or (g, 1).

    Where large numbers cancel, as energies do in a population, some of them count: their rounding
    does not cancel. 1 where there is nothing.
    """
    from scipy.sparse import csr_array

    given = blocks.generator
    shape = (numbers.shape[1], given.size)
    rows = csr_array((np.abs(given.value), (given.term, given.row)), shape=shape)
    apart = (np.abs(numbers) @ rows).max(axis=-1, initial=0.0)[:, None]
    most = np.maximum(norm, _CANCELLED * apart)
    return np.where(most > 0, most, 1.0)


def _is_algebra(found: Rectangles) -> bool:
    """Whether the elements are all those within some classes of configurations."""
    ket, bra = found.ends.T
    members = np.bincount(components(ket, bra, int(found.ends.max()) + 1))
    return len(found.ends) == int((members**2).sum())


# --- dense and sparse ----------------------------------------------------------------------------


def _dense(
    blocks: Blocks, numbers: Array, own: Array, turning: bool, limit: float
) -> tuple[Array, Array]:
    """What stays (g, blocks, n) if the trace, own (blocks, n), is 1; and how slowly all else goes.

    The slowness (g, blocks) is about the fastest rate over the slowest; infinite for what turns.
    """
    n = blocks.size
    allow("numbers in dense blocks", len(numbers) * blocks.count * n**2, 24, limit)
    matrices = blocks.matrices(numbers)
    scale = _scale(blocks, numbers, np.abs(matrices).sum(axis=-1).max(axis=-1))
    block, place = blocks.filling
    matrices[:, block, place, place] = -scale[:, block]
    found = np.zeros(matrices.shape[:-1], dtype=matrices.dtype)
    slowness = np.zeros(matrices.shape[:2])
    for part in _pieces(len(numbers), blocks.count, max(1, _AT_ONCE // n**2)):
        pieces = matrices[part], own[part[1]], scale[part]
        found[part], slowness[part] = _null_vectors(*pieces, turning)
    return found, slowness


def _pieces(generators: int, blocks: int, most: int) -> Iterator[tuple[slice, slice]]:
    """Parts of so many generators times blocks, at most."""
    few = min(blocks, most)
    many = max(1, most // few)
    for g in range(0, generators, many):
        for b in range(0, blocks, few):
            yield slice(g, g + many), slice(b, b + few)


def _null_vectors(
    generator: Array, own: Array, fastest: Array, turning: bool
) -> tuple[Array, Array]:
    """Of (g, b, n, n) what stays, (g, b, n), and how slowly all else goes, (g, b)."""
    mixed = own / np.maximum(own.sum(axis=-1, keepdims=True), 1.0)
    scale = fastest[..., None]
    decaying = generator - scale[..., None] * (mixed[..., :, None] * own[..., None, :])
    shift = _SHIFT * scale[..., None] * np.eye(generator.shape[-1])
    inverse = np.linalg.inv(decaying - shift)
    slowness = np.abs(inverse).sum(axis=-2).max(axis=-1) * fastest
    if turning:
        slowest = np.linalg.eigvals(decaying).real.max(axis=-1)
        slowness = np.where(slowest < -_SLOWEST * fastest, slowness, np.inf)
    wanted = -scale * mixed
    found = _times(inverse, wanted)
    for _ in range(_REFINED):
        found = found + _times(inverse, wanted - _times(decaying, found))
    return found, slowness


def _times(matrices: Array, vectors: Array) -> Array:
    product: Array = np.matmul(matrices, vectors[..., None])[..., 0]
    return product


def _of_large(
    state: Matrix, blocks: Blocks, numbers: Array, own: Array, limit: float
) -> tuple[str, Array, Array]:
    """How it was found, and the same as of `_dense`, the slowness (g, 1) of all blocks."""
    size = state.reach.size
    if blocks.count == 1 and _MANY < blocks.size <= _MOST_ITERATED:
        many = (STEPS + _OTHERS) * blocks.size + _SQUARES_HELD * size**2
        allow("numbers of steps towards it", many, 16, limit)
        if size**2 <= _SQUARES * blocks.size:
            with limited(1):  # many small products: threads would wait for each other
                found = _iterated(state, blocks, numbers, own[0])
            if found is not None:
                return "null vector by iteration", *found
    if blocks.size * blocks.count > _MOST:
        raise _too_large(blocks)
    return "null vector of sparse matrices", *_sparse(blocks, numbers, own)


def _iterated(
    state: Matrix, blocks: Blocks, numbers: Array, own: Array
) -> tuple[Array, Array] | None:
    """The same; None where iteration does not tell."""
    found, slowness = [], []
    for each in numbers:
        matrix = blocks.generator.matrix(each)
        norm = _scale(blocks, each[None], abs(matrix).sum(axis=1).max().reshape(1, 1)).item()
        decaying = Decaying(matrix, own, norm, BetweenJumps.of(state, blocks, each))
        told = decaying.at_rest()
        inverse = np.inf if told is None else decaying.inverse()
        if told is None or not np.isfinite(inverse):
            return None
        vector, left = told
        found.append(vector[None])
        slowness.append([_SAFETY * norm * inverse * left])
    return np.stack(found), np.array(slowness)


def _sparse(blocks: Blocks, numbers: Array, own: Array) -> tuple[Array, Array]:
    """The same; each matrix is factorized."""
    from scipy.sparse import csc_array, diags_array

    trace = own.reshape(-1)
    filling = np.ones(len(trace))
    filling[blocks.kept] = 0.0
    found, slowness = [], []
    for each in numbers:
        matrix = blocks.generator.matrix(each)
        norm = _scale(blocks, each[None], abs(matrix).sum(axis=1).max().reshape(1, 1)).item()
        matrix = csc_array(matrix - norm * diags_array(filling))
        shifted = csc_array(matrix - norm * diags_array(np.full(len(trace), _FAR)))
        vector, inverse = _by_iteration(matrix, shifted, trace)
        found.append(vector.reshape(own.shape))
        slowness.append([_SAFETY * norm * inverse] * blocks.count)
    return np.stack(found), np.array(slowness)


def _by_iteration(matrix: Any, shifted: Any, trace: Array) -> tuple[Array, float]:
    """The vector of trace 1 that a sparse matrix takes to zero; the norm of its inverse beside."""
    from scipy.sparse.linalg import LinearOperator, onenormest, splu

    factors: Any = splu(shifted)
    vector = trace.astype(matrix.dtype)
    for _ in range(1 + 2 * _REFINED if trace.any() else 0):
        vector = factors.solve(vector)
        vector = vector / (trace @ vector)

    def forth(given: Array) -> Array:
        given = given.reshape(-1).astype(matrix.dtype)
        solved: Array = factors.solve(given - vector * (trace @ given))
        kept: Array = solved - vector * (trace @ solved)
        return kept

    def back(given: Array) -> Array:
        given = given.reshape(-1).astype(matrix.dtype)
        solved: Array = factors.solve(given - trace * (vector.conj() @ given), "H")
        kept: Array = solved - trace * (vector.conj() @ solved)
        return kept

    inverse = LinearOperator(matrix.shape, matvec=forth, rmatvec=back, dtype=matrix.dtype)
    return vector, float(onenormest(inverse))
