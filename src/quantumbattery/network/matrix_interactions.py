"""Interactions by any Hermitian matrix on one site or more, or by a function of their levels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, TypeAlias

import numpy as np

from quantumbattery.network.envelopes import Envelope
from quantumbattery.network.interactions import (
    Ends,
    Interaction,
    Products,
    shape_between,
)
from quantumbattery.network.operators import Operator
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter
from quantumbattery.quantities.described import called, saying
from quantumbattery.quantities.matrices import (
    hamiltonians,
    square_matrix,
)
from quantumbattery.quantities.parameters import LARGEST
from quantumbattery.quantities.parts import check_parts, parts_of_qobj

MatrixOfLevels: TypeAlias = Callable[..., MatrixLike]
"""A matrix on some sites, for so many levels of each."""

_BEYOND = 6  # levels beyond a cut at which a function is asked for what leads there


@dataclass(frozen=True, eq=False, repr=False)
class Coupling(Interaction):
    """Any Hermitian matrix on some sites, or a function of their levels; made by `interaction`."""

    kind = "interaction"
    parts: ClassVar[tuple[int, ...] | None] = None  # levels of each, if it was a Qobj of several
    sites: tuple[str, ...]
    matrix: Array | MatrixOfLevels
    always: bool
    envelope: Envelope | None
    breaks: tuple[float, ...]

    def check_numbers(self) -> None:
        """The matrix is a Hermitian one."""
        given = self.matrix
        if is_function(given):
            return
        checked = np.array(hamiltonians(given, name="matrix"))
        if checked.ndim > 2:
            raise ValueError(f"it takes a single matrix; got shape {checked.shape}")
        check_sizes_of(checked)
        checked.flags.writeable = False
        self._set(matrix=checked, parts=parts_of_qobj(given))

    @property
    def ends(self) -> tuple[str, ...]:
        """The sites, the first of which counts most in the rows of the matrix."""
        return self.sites

    def check(self, sites: Ends) -> None:
        """The matrix has the size of the sites together."""
        check_size(self, self.matrix, sites, hermitian=True)

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """The matrix as a sum of products."""
        return [(1.0, products_of(self.blocks(sites, levels)))]

    def blocks(self, sites: Ends, levels: Sequence[int]) -> Array:
        """The matrix elements, by levels of all sites, then of all that they start from.

        Where these are oscillators the first axes run on beyond their cut (see `interaction`).
        """
        return blocks_of(self.label, self.matrix, sites, levels, hermitian=True)


# --- a matrix on some sites ----------------------------------------------------------------------


def check_size(each: Any, matrix: Any, sites: Ends, *, hermitian: bool) -> None:
    """Raise ValueError if a matrix, or what a function makes, has not the size of its sites."""
    who, names = each.label, each.ends
    if callable(matrix):
        blocks_of(who, matrix, sites, [site.dimension or 2 for site in sites], hermitian=hermitian)
        return
    sizes = []
    for name, site in zip(names, sites, strict=True):
        if site.dimension is None:
            raise ValueError(
                f"{who}: a matrix needs a fixed number of levels, but {name!r} is an oscillator "
                "that chooses its own; give it levels=..., or give the matrix as a function of the "
                f"number{'s' * (len(sites) > 1)} of levels"
            )
        sizes.append(site.dimension)
    size, given = prod(sizes), len(matrix)
    if given != size:
        one = len(sizes) == 1
        have = f"{'the site has' if one else f'the {_count(len(sizes))} sites have'} "
        have += f"{' and '.join(map(str, sizes))} levels"
        raise ValueError(
            f"{who}: its matrix is {given} x {given}, but {have}: it takes {size} x {size}"
        )
    with saying(who):
        check_parts(each.parts, sizes)


def _count(number: int) -> str:
    return {2: "two", 3: "three"}.get(number, str(number))


def blocks_of(
    who: str, matrix: Any, sites: Ends, levels: Sequence[int], *, hermitian: bool
) -> Array:
    """Matrix elements by levels of all sites, then of all that they start from.

    Where these are oscillators the first axes run on beyond their cut.
    """
    ladders = [isinstance(site, Oscillator) for site in sites]
    if callable(matrix):
        more = [n + _BEYOND * ladder for n, ladder in zip(levels, ladders, strict=True)]
        size = prod(more)
        with saying(f"{who}, its function at {' and '.join(map(str, more))} levels"):
            made = called(matrix, *more)
            found = np.asarray(
                hamiltonians(made, name="matrix") if hermitian else square_matrix(made, "matrix")
            )
            if found.shape != (size, size):
                raise ValueError(
                    f"it must give one matrix, {size} x {size}; got shape {found.shape}"
                )
        inside = (*map(slice, more), *map(slice, levels))
        return found.reshape(*more, *more)[inside]
    blocks = np.asarray(matrix).reshape(*levels, *levels)
    for axis, ladder in enumerate(ladders):
        blocks = _continued(blocks, axis, len(sites)) if ladder else blocks
    return blocks


def products_of(blocks: Array) -> Products:
    """Matrix elements as the sum of |i><j| on all sites but one, times what they do on that one.

    It is the one that leaves the fewest products, so that every order of the sites costs the same.
    """
    at, count = np.array(np.nonzero(blocks)), blocks.ndim // 2
    value = blocks[tuple(at)]
    if not value.size:
        return []
    best: tuple[int, Array, Array] | None = None
    for kept in range(count):
        others = [axis for axis in range(2 * count) if axis % count != kept]
        sizes = [blocks.shape[axis] for axis in others]  # and a number for each of their levels
        number = np.ravel_multi_index(tuple(at[others]), sizes) if others else at[0] * 0
        different, which = np.unique(number, return_inverse=True)
        if best is None or len(different) < best[1].shape[1]:
            keys = np.array(np.unravel_index(different, sizes)) if others else at[:0, :1]
            best = kept, keys, which.reshape(-1)
    assert best is not None
    kept, keys, which = best
    order = np.argsort(which, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(which, minlength=keys.shape[1]))[:-1])
    products = []
    for key, mine in zip(keys.T.tolist(), parts, strict=True):
        units = [_unit(i, j) for i, j in zip(key[: count - 1], key[count - 1 :], strict=True)]
        acts = Operator(at[kept, mine], at[kept + count, mine], value[mine])
        products.append((*units[:kept], acts, *units[kept:]))
    return products


def _continued(blocks: Array, axis: int, sites: int) -> Array:
    """Blocks whose rows of one site go on beyond its cut, for all that leads there from below it.

    What climbs d levels grows on from the largest of its last two elements, in proportion to the
    level: as A^2 does, and faster than A.
    """
    given = np.moveaxis(blocks, (axis, axis + sites), (0, 1))  # (row, column) on this site first
    n = given.shape[1]
    out = np.zeros((2 * n - 1, *given.shape[1:]), dtype=given.dtype)
    out[:n] = given
    for climbed in range(1, n):
        top = max(1, climbed, n - 2)
        known = [given[k, k - climbed] / k for k in range(top, n)]
        largest = max(known, key=lambda part: float(np.abs(part).max()))
        for row in range(n, n + climbed):
            out[row, row - climbed] = row * largest
    return np.moveaxis(out, (0, 1), (axis, axis + sites))


@lru_cache(maxsize=1 << 12)
def _unit(row: int, column: int) -> Operator:
    return Operator(np.array([row]), np.array([column]), np.array([1.0]))


# --- what comes in -----------------------------------------------------------------------------


def interaction(
    *sites: Any,
    matrix: MatrixLike | MatrixOfLevels | None = None,
    always: bool = False,
    envelope: Envelope | None = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Coupling:
    """Let any Hermitian matrix act on some sites: two, three or more, or one alone.

    Parameters
    ----------
    *sites : str
        Names of the sites, one after the other; the matrix may follow as the last of them.
    matrix : array_like or Qobj, shape (d, d), or a function of the sites' levels
        Hermitian, d the product of the sites' levels; of two sites row i d_b + k is level i of the
        first and level k of the second, index 0 the ground state, or of a Qudit the level listed
        first. An oscillator needs a given number of levels, unless a function gives the matrix for
        any numbers of levels.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.
    envelope, breaks, steps, period
        How the matrix is multiplied in time, as of `exchange`.

    Returns
    -------
    Coupling
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, two are the same, or the matrix is no single Hermitian matrix. Its
        size is checked by `System`, and so is what a function gives.

    Notes
    -----
    What a matrix would do beyond the cut of an oscillator, the matrix does not say. For `left_out`
    it is taken to go on from its last two rows in proportion to the level, as A^2 does; it is a
    bound for what grows no faster. A function is asked for 6 levels more than there are, so that
    what climbs up to 6 levels at a time is known, and products of cut operators have no wrong
    last rows.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.interaction("a", "b", np.diag([0.0, 0.0, 0.0, 2.0]))  # a cross-Kerr shift
    Coupling(sites=[a, b], matrix=<array 4 x 4>)
    >>> def rabi(levels, two):
    ...     a = np.diag(np.sqrt(np.arange(1, levels)), 1)
    ...     return 0.1 * np.kron(a + a.T, np.eye(two)[::-1])
    >>> system = qb.System(
    ...     {"cavity": qb.Oscillator(), "atom": qb.Qubit()},
    ...     [qb.interaction("cavity", "atom", rabi)],
    ...     charger="cavity",
    ...     battery="atom",
    ... )
    >>> float(system.charge(qb.fock(1), 1.0).energy.round(9))
    0.023793607

    Three cells that are flipped together, J X X X, and an oscillator's own Kerr term.

    >>> qb.interaction("x", "y", "z", 0.5 * np.eye(8)[::-1])
    Coupling(sites=[x, y, z], matrix=<array 8 x 8>)
    >>> kerr = lambda levels: np.diag([0.1 * k * (k - 1) for k in range(levels)])
    >>> qb.interaction("cavity", matrix=kerr)
    Coupling(sites=[cavity], matrix=<function <lambda>>)
    """
    names, matrix = ends_and_matrix("interaction", sites, matrix)
    shape, times = shape_between(Coupling, names, envelope, breaks, steps, period)
    return Coupling(names, matrix, always, shape, times)


def check_sizes_of(matrix: Array) -> None:
    """Raise ValueError for elements whose squares would overflow."""
    if np.abs(matrix).max() > LARGEST:
        raise ValueError(f"its elements are larger than {LARGEST:g}: measure in other units")


def ends_and_matrix(kind: str, given: tuple[Any, ...], matrix: Any) -> tuple[Any, Any]:
    """The names, and the matrix that follows them if it has no name."""
    rule = f"{kind}: it takes the names of sites, as text, and then a matrix"
    if matrix is None:
        if not given or isinstance(given[-1], str):
            raise TypeError(f"{rule}; there is no matrix")
        *given_names, matrix = given
        given = tuple(given_names)
    if not given:
        raise TypeError(f"{rule}; there is no name")
    return given, matrix


def is_function(matrix: Any) -> bool:
    """Whether a matrix is given as a function of levels; a Qobj can be called too."""
    return callable(matrix) and not hasattr(matrix, "full")
