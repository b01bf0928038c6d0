"""Interactions by any Hermitian matrix on two sites, or by a function of their levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from quantumbattery.network.interactions import Ends, Interaction, Products, checked_ends
from quantumbattery.network.operators import Operator, operator
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter
from quantumbattery.quantities.described import saying
from quantumbattery.quantities.matrices import hamiltonians

MatrixOfLevels: TypeAlias = Callable[[int, int], MatrixLike]
"""A Hermitian matrix on two sites, for so many levels of each."""

_BEYOND = 6  # levels beyond a cut at which a function is asked for what leads there


@dataclass(frozen=True, eq=False, repr=False)
class Coupling(Interaction):
    """Any Hermitian matrix on two sites, or a function of their levels; made by `interaction`."""

    kind = "interaction"
    a: str
    b: str
    matrix: Array | MatrixOfLevels
    always: bool

    def check(self, sites: Ends) -> None:
        """The matrix has the size of the two sites together."""
        if callable(self.matrix):
            self.blocks(sites, [site.dimension or 2 for site in sites])
            return
        sizes = []
        for name, site in zip(self.ends, sites, strict=True):
            if site.dimension is None:
                raise ValueError(
                    f"{self.label}: a matrix needs a fixed number of levels, but {name!r} is an "
                    "oscillator that chooses its own; give it levels=..., or give the matrix as a "
                    "function of the numbers of levels of both sites"
                )
            sizes.append(site.dimension)
        size, given = sizes[0] * sizes[1], len(self.matrix)
        if given != size:
            raise ValueError(
                f"{self.label}: its matrix is {given} x {given}, but the two sites have "
                f"{sizes[0]} and {sizes[1]} levels: it takes {size} x {size}"
            )

    def terms(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, Products]]:
        """The matrix as the sum of |i><j| on one site times what it does on the other.

        The one is that with fewer elements |i><j|, so that both orders of the sites cost the same.
        """
        blocks = self.blocks(sites, levels)
        first, second = (np.argwhere(blocks.any(axis=axes)) for axes in ((1, 3), (0, 2)))
        if len(first) <= len(second):
            return [(1.0, [(_unit(i, j), operator(blocks[i, :, j])) for i, j in first])]
        return [(1.0, [(operator(blocks[:, i, :, j]), _unit(i, j)) for i, j in second])]

    def blocks(self, sites: Ends, levels: Sequence[int]) -> Array:
        """The matrix elements, by levels of a and b, then of a and b that they start from.

        Where these are oscillators the first two axes run on beyond their cut (see `interaction`).
        """
        ladders = [isinstance(site, Oscillator) for site in sites]
        if callable(self.matrix):
            more = [n + _BEYOND * ladder for n, ladder in zip(levels, ladders, strict=True)]
            with saying(f"{self.label}, its function at {more[0]} and {more[1]} levels"):
                found = np.asarray(hamiltonians(self.matrix(*more), name="matrix"))
                if found.shape != (more[0] * more[1],) * 2:
                    raise ValueError(
                        f"it must give one matrix, {more[0] * more[1]} x {more[0] * more[1]}; got "
                        f"shape {found.shape}"
                    )
            return found.reshape(*more, *more)[:, :, : levels[0], : levels[1]]
        blocks = np.asarray(self.matrix).reshape(*levels, *levels)
        for axis, ladder in enumerate(ladders):
            blocks = _continued(blocks, axis) if ladder else blocks
        return blocks


def _continued(blocks: Array, axis: int) -> Array:
    """Blocks whose rows of one site go on beyond its cut, for all that leads there from below it.

    What climbs d levels grows on from the largest of its last two elements, in proportion to the
    level: as A^2 does, and faster than A.
    """
    given = np.moveaxis(blocks, (axis, axis + 2), (0, 1))  # (row, column) on this site come first
    n = given.shape[1]
    out = np.zeros((2 * n - 1, *given.shape[1:]), dtype=given.dtype)
    out[:n] = given
    for climbed in range(1, n):
        top = max(1, climbed, n - 2)
        known = [given[k, k - climbed] / k for k in range(top, n)]
        largest = max(known, key=lambda part: float(np.abs(part).max()))
        for row in range(n, n + climbed):
            out[row, row - climbed] = row * largest
    return np.moveaxis(out, (0, 1), (axis, axis + 2))


def _unit(row: int, column: int) -> Operator:
    return Operator(np.array([row]), np.array([column]), np.array([1.0]))


def interaction(
    a: str, b: str, matrix: MatrixLike | MatrixOfLevels, *, always: bool = False
) -> Coupling:
    """Couple two sites by any Hermitian matrix.

    Parameters
    ----------
    a, b : str
        Names of the sites.
    matrix : array_like or Qobj, shape (d_a d_b, d_a d_b), or a function of d_a and d_b
        Hermitian; row i d_b + k is level i of the first site and level k of the second, index 0
        the ground state, or of a Qudit the level listed first. An oscillator needs a given number
        of levels, unless a function gives the matrix for any number of levels of both sites.
    always : bool
        Between sites of the battery: also on when not charging, and then part of its Hamiltonian.

    Returns
    -------
    Coupling
        A frozen description, for `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, both are the same, or the matrix is no single Hermitian matrix. Its
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
    Coupling(a=a, b=b, matrix=<array 4 x 4>)
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
    """
    who = checked_ends("interaction", a, b, always)
    if callable(matrix) and not hasattr(matrix, "full"):  # a Qobj can be called too
        return Coupling(a, b, matrix, bool(always))
    with saying(who):
        checked = np.array(hamiltonians(matrix, name="matrix"))
        if checked.ndim > 2:
            raise ValueError(f"it takes a single matrix; got shape {checked.shape}")
    checked.flags.writeable = False
    return Coupling(a, b, checked, bool(always))
