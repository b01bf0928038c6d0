"""Losses that several sites share: one bath of all, or any jump operator.

As interactions they stay symbolic: rates, and the sums of products of local operators behind each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np
import xarray as xr

from quantumbattery.network.interactions import Ends, checked_ends, labelled
from quantumbattery.network.matrix_interactions import (
    MatrixOfLevels,
    blocks_of,
    check_size,
    check_sizes_of,
    ends_and_matrix,
    is_function,
    products_of,
)
from quantumbattery.network.operators import Operator, after, inside
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter, Values
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.described import Described, called, saying, short
from quantumbattery.quantities.matrices import square_matrix
from quantumbattery.quantities.parameters import (
    agree,
    any_nonzero,
    complex_number,
    flag,
    number,
)
from quantumbattery.quantities.parts import parts_of_qobj
from quantumbattery.quantities.quoted import quoted

Part: TypeAlias = tuple[tuple[int, ...], tuple[Operator, ...]]
"""A product of operators on some ends of a loss, by their numbers."""

_RATE = "zero or positive, and finite"


class JointLoss(Described):
    """What all losses of several sites have in common: their ends, and whether they stay on."""

    kind: ClassVar[str]  # the function that makes it
    sites: tuple[str, ...]
    rate: Parameter
    always: bool

    def __post_init__(self) -> None:
        checked_ends(self.kind, self.sites)
        self._plain_texts()
        with saying(self.label):
            self.check_numbers()
            self._set(rate=number("rate", self.rate, _RATE, 0.0))
            self._set(always=flag("always", self.always))

    def check_numbers(self) -> None:
        """Raise TypeError or ValueError for what its operator cannot be made of."""

    @property
    def label(self) -> str:
        """How messages name it."""
        return labelled(self.kind, self.sites)

    @property
    def ends(self) -> tuple[str, ...]:
        """The sites on which it acts."""
        return self.sites

    def check(self, sites: Ends) -> None:
        """Raise ValueError if it makes no sense on these sites, its ends."""

    def losses(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, list[Part]]]:
        """Rates, and the parts that each Lindblad operator is the sum of."""
        raise NotImplementedError

    def squares(self, sites: Ends, levels: Sequence[int]) -> list[list[Part]]:
        """L^dag L of each, as a sum of parts; of ladders with what leads beyond their levels.

        What multiplies each level by a number is left out.
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class Dissipator(JointLoss):
    """A bath that sites share; made by `dissipator`."""

    kind = "dissipator"
    sites: tuple[str, ...]
    weights: tuple[Any, ...]  # of each a Parameter, or complex
    rate: Parameter
    occupation: Parameter
    always: bool

    def check_numbers(self) -> None:
        """Weights are finite, one of each site, and a bath is warm by its rate alone."""
        if len(self.sites) != len(self.weights):
            raise ValueError(
                f"of its {len(self.sites)} sites {len(self.weights)} weights are given"
            )
        both = zip(self.sites, self.weights, strict=True)
        each = {n: complex_number(f"the weight of {n!r}", w, "finite") for n, w in both}
        pace = number("rate", self.rate, _RATE, 0.0)
        warmth = number("occupation", self.occupation, _RATE, 0.0)
        if any_nonzero(warmth) and not any_nonzero(pace):
            raise ValueError(
                f"occupation is {short(warmth)} but rate is 0: the bath acts through the rate; "
                "give a positive rate, or leave out the occupation"
            )
        agree(each | {"rate": pace, "occupation": warmth})
        self._set(weights=tuple(each.values()), occupation=warmth)

    @property
    def written(self) -> dict[str, Any]:
        """Its values by the names of its parameters: the weights by their sites."""
        values = super().written
        del values["sites"]
        return {"weights": dict(zip(self.sites, values.pop("weights"), strict=True))} | values

    def losses(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, list[Part]]]:
        """Rate (1 + n) with the weighted sum of all A, rate n with its adjoint."""
        lower = [site.lowering(n) for site, n in zip(sites, levels, strict=True)]
        raised = [site.raising(n) for site, n in zip(sites, levels, strict=True)]
        warm = any_nonzero(self.occupation)
        down = self.rate * (1 + self.occupation) if warm else self.rate
        found = _weighted(down, self.weights, lower)
        if warm:
            back = [np.conj(weight) for weight in self.weights]
            found += _weighted(self.rate * self.occupation, back, raised)
        return [(rate, parts) for rate, parts in found if any_nonzero(rate)]

    def squares(self, sites: Ends, levels: Sequence[int]) -> list[list[Part]]:
        """A_k^dag A_j for each two parts, by way of one level beyond a ladder's."""
        more = [n + isinstance(s, Oscillator) for s, n in zip(sites, levels, strict=True)]
        return [
            [
                each
                for one in parts
                for other in parts
                if (each := _square(one, other, levels, more)) is not None
            ]
            for _, parts in self.losses(sites, more)
        ]


@dataclass(frozen=True, eq=False, repr=False)
class Jump(JointLoss):
    """Any Lindblad operator on some sites; made by `jump`."""

    kind = "jump"
    parts: ClassVar[tuple[int, ...] | None] = None  # levels of each, if it was a Qobj of several
    sites: tuple[str, ...]
    matrix: Array | MatrixOfLevels
    rate: Parameter
    always: bool

    def check_numbers(self) -> None:
        """The matrix is a square one."""
        given = self.matrix
        if not is_function(given):
            checked = square_matrix(given, "matrix")
            check_sizes_of(checked)
            self._set(matrix=checked, parts=parts_of_qobj(given))

    def check(self, sites: Ends) -> None:
        """The matrix has the size of the sites together."""
        check_size(self, self.matrix, sites, hermitian=False)

    def losses(self, sites: Ends, levels: Sequence[int]) -> list[tuple[Parameter, list[Part]]]:
        """The rate, and the matrix as a sum of products."""
        if not any_nonzero(self.rate):
            return []
        every = tuple(range(len(sites)))
        products = products_of(self.blocks(sites, levels))
        return [(self.rate, [(every, product) for product in products])]

    def squares(self, sites: Ends, levels: Sequence[int]) -> list[list[Part]]:
        """The square of the matrix, whose rows and columns go on beyond the cut of a ladder."""
        if not any_nonzero(self.rate):
            return []
        back = replace(self, matrix=_adjoint(self.matrix))
        down, up = self.blocks(sites, levels), back.blocks(sites, levels)
        many, few = prod(down.shape[: len(levels)]), prod(levels)
        there = down.reshape(many, few)  # from the levels there are, and from all into them
        whole = np.zeros((many, many), dtype=np.result_type(down, up))
        kept = np.ravel_multi_index(np.indices(levels), down.shape[: len(levels)]).ravel()
        whole[kept] = up.reshape(many, few).conj().T
        whole[:, kept] = there
        square = (whole.conj().T @ there).reshape(down.shape)
        every = tuple(range(len(sites)))
        return [[(every, product) for product in products_of(square)]]

    def blocks(self, sites: Ends, levels: Sequence[int]) -> Array:
        """The matrix elements, as of `Coupling.blocks`."""
        return blocks_of(self.label, self.matrix, sites, levels, hermitian=False)


def _adjoint(matrix: Any) -> Any:
    """A matrix's adjoint, or the function that gives it."""
    if is_function(matrix):
        return lambda *levels: square_matrix(called(matrix, *levels), "matrix").conj().T
    return matrix.conj().T


def _square(one: Part, other: Part, levels: Sequence[int], more: Sequence[int]) -> Part | None:
    """The adjoint of one operator after another, from the levels there are; None if diagonal."""
    ((k,), (first,)), ((j,), (second,)) = one, other
    if k != j:
        back, acts = _from(first.adjoint, levels[k]), _from(second, levels[j])
        ends = ((j,), (acts,)) if not len(back.row) else ((k, j), (back, acts))
        return ends if len(acts.row) and len(back.row) else None
    size = more[k] + 1
    both = _from(after(inside(first.adjoint, size), inside(second, size), size), levels[k])
    away = both.row != both.column
    return ((k,), (both,)) if away.any() else None


def _from(acts: Operator, levels: int) -> Operator:
    """What an operator does to so many levels."""
    there = acts.column < levels
    return Operator(acts.row[there], acts.column[there], acts.value[there])


def _weighted(
    rate: Parameter, weights: Sequence[Any], operators: Sequence[Operator]
) -> list[tuple[Parameter, list[Part]]]:
    """The loss sqrt(rate) sum of weights times operators, one on each end."""
    if any(isinstance(weight, xr.DataArray) for weight in weights):
        return _polarised(rate, weights, operators)
    return [
        (rate, [_part(k, w, o) for k, (w, o) in enumerate(zip(weights, operators, strict=True))])
    ]


def _polarised(
    rate: Parameter, weights: Sequence[Any], operators: Sequence[Operator]
) -> list[tuple[Parameter, list[Part]]]:
    """The same for weights over axes: numbers times losses whose operators are the same for all.

    With w = x + i y the product of one weight and the conjugate of another, w A rho B^dag + h.c. is
    x times the loss by A + B, minus y times that by A + i B, and y - x times those by A and by B.
    Of the generator, which is linear in them, these numbers may be negative.
    """
    alone = [rate * abs(weight) ** 2 for weight in weights]
    found: list[tuple[Parameter, list[Part]]] = []
    for k, j in combinations(range(len(weights)), 2):
        both = weights[k] * np.conj(weights[j])
        one, two = _part(k, 1.0, operators[k]), operators[j]
        found.append((rate * both.real, [one, _part(j, 1.0, two)]))
        if any_nonzero(both.imag):
            found.append((-rate * both.imag, [one, _part(j, 1j, two)]))
        for end in (k, j):
            alone[end] = alone[end] + rate * (both.imag - both.real)
    found += [(number, [_part(k, 1.0, operators[k])]) for k, number in enumerate(alone)]
    return found


def _part(end: int, weight: Any, acts: Operator) -> Part:
    if np.iscomplexobj(weight) and not np.imag(weight):
        weight = np.real(weight)
    return (end,), (Operator(acts.row, acts.column, weight * acts.value),)


# --- what comes in -----------------------------------------------------------------------------


def dissipator(
    weights: Mapping[str, complex | Values],
    rate: Values,
    occupation: Values = 0.0,
    *,
    always: bool = False,
) -> Dissipator:
    """Let sites lose together: one Lindblad operator sqrt(rate) (sum of weights times A).

    Parameters
    ----------
    weights : dict of str to float, complex or DataArray
        By site, what multiplies its lowering operator A: 1 of each for cells that are closer than
        a wavelength, e^{i k x} along a waveguide.
    rate : float or DataArray
        Zero or positive: for a single site of weight 1 the same as its `loss`.
    occupation : float or DataArray
        n, the mean occupation of the bath: the rate then is rate (1 + n), and the adjoint of the
        sum acts with rate n.
    always : bool
        Also on when not charging: from `disconnect` on, joint losses are off unless they say so.

    Returns
    -------
    Dissipator
        A frozen description, for the interactions of a `System`.

    Raises
    ------
    TypeError, ValueError
        If the weights are no dict of names to finite numbers, a rate is negative, or an occupation
        comes without one.

    Notes
    -----
    What the sites lose by themselves, they lose besides. With weights u of "a" and v of "b" and
    ``exchange("a", "b", 0.5j * rate * np.conj(u) * v)``, "a" drives "b" and nothing comes back: a
    cascade (C. W. Gardiner, Phys. Rev. Lett. 70, 2269 (1993)).

    Examples
    --------
    Two cells that share a bath: what one loses is half found in the other, and stays there.

    >>> import quantumbattery as qb
    >>> cells = qb.System(
    ...     {"charger": qb.Qubit(), "battery": qb.Qubit()},
    ...     [qb.dissipator({"charger": 1.0, "battery": 1.0}, rate=0.5)],
    ... )
    >>> float(cells.charge(qb.fock(1), 100.0, ["energy"]).energy.round(9))
    0.25
    """
    rule = "dissipator: weights is a dict of the names of sites to numbers"
    if not isinstance(weights, Mapping) or not weights:
        raise TypeError(f"{rule}; got {quoted(weights)}")
    each: tuple[Any, Any, Any] = (tuple(weights.values()), rate, occupation)
    return Dissipator(tuple(weights), *each, always)


def jump(
    *sites: Any,
    matrix: MatrixLike | MatrixOfLevels | None = None,
    rate: Values | None = None,
    always: bool = False,
) -> Jump:
    """Add a Lindblad operator of one's own: sqrt(rate) times any matrix on one site or more.

    Of an oscillator, A^dag is gain, a pump, and cosh(r) A + sinh(r) A^dag a squeezed bath: these
    need no levels. What is linear in several oscillators does: a `dissipator` of them does not.

    Parameters
    ----------
    *sites : str
        Names of the sites, one after the other; the matrix and the rate may follow.
    matrix : array_like or Qobj, shape (d, d), or a function of the sites' levels
        Any square matrix, real or complex, with rows as of `interaction`.
    rate : float or DataArray
        Zero or positive.
    always : bool
        Also on when not charging: from `disconnect` on, jumps are off unless they say so.

    Returns
    -------
    Jump
        A frozen description, for the interactions of a `System`.

    Raises
    ------
    TypeError, ValueError
        If a name is no text, two are the same, the matrix is no single square one of finite
        numbers, or the rate is negative. Its size is checked by `System`.

    Examples
    --------
    A pump that is stronger than the loss inverts a cell: 3/4 of it are excited in the end.

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pump = qb.jump("cell", np.array([[0, 0], [1, 0]]), 0.3)
    >>> cell = qb.System({"cell": qb.Qubit(loss=0.1)}, [pump], charger=[], battery="cell")
    >>> float(cell.charge({}, np.inf, ["energy"]).energy.round(9))
    0.75
    """
    given = list(sites)
    if rate is None and len(given) > (matrix is None):
        if isinstance(given[-1], str) or as_array(given[-1]).ndim > 1 or is_function(given[-1]):
            raise TypeError("jump: it takes a rate, after the matrix or by its name")
        rate = given.pop()
    names, matrix = ends_and_matrix("jump", tuple(given), matrix)
    if rate is None:
        with saying(checked_ends("jump", names)):
            raise TypeError("it takes a rate, after the matrix or by its name")
    return Jump(names, matrix, cast("Parameter", rate), always)
