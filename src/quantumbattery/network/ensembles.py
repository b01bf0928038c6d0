"""Ensembles: identical cells that act as one site."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quantumbattery.network.operators import Operator, merged
from quantumbattery.network.sites import Qubit, Qudit, Site
from quantumbattery.quantities.aliases import Array, Parameter, Values
from quantumbattery.quantities.described import saying, short
from quantumbattery.quantities.parameters import any_nonzero, whole_number
from quantumbattery.quantities.quoted import quoted

_MOST_STATES = 2.0**30  # more than anybody has eigenvalues


@lru_cache(maxsize=8)
def _occupations(number: int, levels: int) -> Array:
    """How many of `number` cells are on each of their levels, in each state of the ladder.

    Rows are in dictionary order of the excited levels, the highest first; row 0 is the ground
    state, and for two levels row m has m excitations.
    """
    table, left = np.zeros((1, 0), dtype=np.int64), np.array([number])
    for _ in range(levels - 1):
        before = np.repeat(np.arange(len(left)), left + 1)
        here = np.arange(len(before)) - (np.cumsum(left + 1) - (left + 1))[before]
        table, left = np.column_stack([table[before], here]), left[before] - here
    return np.column_stack([table, left])[:, ::-1]


def _rank(occupations: Array) -> Array:
    """The row of `_occupations` at which each of these stands."""
    number, levels = int(occupations[0].sum()), occupations.shape[1]
    ways = np.ones(number + 1, dtype=np.int64)  # of spreading at most r cells over k levels
    counts = [ways]
    for _ in range(levels - 1):
        ways = np.cumsum(ways)
        counts.append(ways)
    left = np.full(len(occupations), number)
    rank = np.zeros(len(occupations), dtype=np.int64)
    for level in range(levels - 1, 0, -1):
        here = occupations[:, level]
        rank += counts[level][left] - counts[level][left - here]
        left = left - here
    return rank


def _collective(one: Operator, number: int, levels: int) -> Operator:
    """The sum over all cells of what acts on one, on their symmetric states."""
    entries = (tuple(part.tolist()) for part in (one.row, one.column, one.value))
    return _over_cells(*entries, number=number, levels=levels)


@lru_cache(maxsize=8)
def _over_cells(
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    values: tuple[complex, ...],
    *,
    number: int,
    levels: int,
) -> Operator:
    """The same, of the entries of the operator on one cell."""
    occupied, none = _occupations(number, levels), np.zeros(0, dtype=np.int64)
    entries = [(none, none, np.zeros(0))]
    for lower, upper, step in zip(rows, columns, values, strict=True):
        column = np.flatnonzero(occupied[:, upper])
        source = occupied[column]
        target = source.copy()
        target[:, upper] -= 1
        target[:, lower] += 1
        value = step * np.sqrt(source[:, upper] * target[:, lower])
        entries.append((_rank(target), column, value))
    return merged(*(np.concatenate(parts) for parts in zip(*entries, strict=True)))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Ensemble(Site):
    """Identical cells that act as one, in the states that are symmetric under their permutation.

    A is the sum of the cells' lowering operators. For N qubits level m has m excitations and
    A|m> = sqrt(m (N - m + 1)) |m-1>; for cells of d levels there are C(N + d - 1, d - 1) states,
    labelled by how many cells are on each level (`occupations`). What is not prepared has all cells
    in their lowest level.

    Parameters
    ----------
    cell : Qubit or Qudit
        One cell, without rates of its own.
    number : int
        N, how many cells; at least 1.
    loss, dephasing, occupation : float or DataArray
        Collective rates: sqrt(loss (1 + occupation)) A, sqrt(loss occupation) A^dag, and
        sqrt(2 dephasing) times the sum of the cells' own A^dag A (the excitations of qubits).

    Raises
    ------
    TypeError, ValueError
        If the number is not a whole number of at least 1, a rate is out of range, or the cell is
        no Qubit or Qudit, or has rates of its own, which would leave the symmetric states.

    Notes
    -----
    R. H. Dicke, Phys. Rev. 93, 99 (1954), for qubits.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> cells = qb.Ensemble(qb.Qubit(), number=50)
    >>> cells
    Ensemble(cell=Qubit(frequency=1), number=50)
    >>> cells.dimension
    51
    """

    cell: Qubit | Qudit
    number: int
    loss: Parameter
    dephasing: Parameter
    occupation: Parameter

    def __init__(
        self,
        cell: Qubit | Qudit,
        number: int,
        loss: Values = 0.0,
        dephasing: Values = 0.0,
        occupation: Values = 0.0,
    ) -> None:
        with saying("Ensemble"):
            self._set(
                cell=_cell(cell),
                number=whole_number(
                    number, 1, "number of cells must be a whole number of at least 1"
                ),
            )
            self._set_rates(loss, dephasing, occupation)

    @property
    def dimension(self) -> int:
        """C(N + d - 1, d - 1)."""
        return math.comb(self.number + self.cell.dimension - 1, self.cell.dimension - 1)

    @property
    def occupations(self) -> Array:
        """How many cells are on each level, shape (dimension, d); in row 0 all are on level 0."""
        return _occupations(self.number, self.cell.dimension)

    def excitations(self, levels: int) -> Array:  # noqa: ARG002
        """The sum of the cells' own."""
        return self.occupations @ self.cell.excitations(self.cell.dimension)

    def energy_terms(self, levels: int) -> list[tuple[Parameter, Array]]:  # noqa: ARG002
        """The cell's energies times how many cells have them."""
        terms = self.cell.energy_terms(self.cell.dimension)
        return [(energy, self.occupations @ weights) for energy, weights in terms]

    def spin(self, axis: str) -> Array:
        """J_x, J_y or J_z of qubits, half the sum of their Pauli matrices: (N + 1, N + 1).

        Index 0 is the ground state, with J_z = N/2. For `interaction`: cells that act on each other
        by J_z^2, or a battery whose spins are turned by J_x.

        Parameters
        ----------
        axis : str
            "x", "y" or "z".

        Returns
        -------
        array

        Raises
        ------
        ValueError
            If the cells are no qubits, or the axis is none of the three.

        Examples
        --------
        >>> import quantumbattery as qb
        >>> cells = qb.Ensemble(qb.Qubit(), 2)
        >>> qb.interaction("cells", 0.1 * cells.spin("z") @ cells.spin("z"))
        Coupling(sites=[cells], matrix=<array 3 x 3>)
        """
        if not isinstance(self.cell, Qubit):
            raise ValueError(f"spin is of an Ensemble of qubits; its cell is {self.cell}")
        lower = self.lowering(self.dimension).matrix(self.dimension)
        own = {
            "x": (lower + lower.T) / 2,
            "y": 1j * (lower.T - lower) / 2,
            "z": np.diag(self.number / 2 - np.arange(self.dimension)),
        }
        if not isinstance(axis, str) or axis not in own:
            raise ValueError(f"the axis of a spin is x, y or z; got {quoted(axis, 40)}")
        return own[axis]

    def lowering(self, levels: int) -> Operator:  # noqa: ARG002
        """The sum of the cells' lowering operators."""
        d = self.cell.dimension
        return _collective(self.cell.lowering(d), self.number, d)

    def quanta(self, levels: int) -> Operator:  # noqa: ARG002
        """The sum of the cells' A^dag A."""
        d = self.cell.dimension
        return _collective(self.cell.quanta(d), self.number, d)


def _cell(cell: object) -> Qubit | Qudit:
    if not isinstance(cell, Qubit | Qudit):
        raise TypeError(f"a cell is a Qubit or a Qudit; got {quoted(cell)}")
    rates = {n: getattr(cell, n) for n in ("loss", "dephasing", "occupation")}
    own = [f"{n} {short(rate)}" for n, rate in rates.items() if any_nonzero(rate)]
    if own:
        raise ValueError(
            f"its cell has {' and '.join(own)} of its own, which takes the cells out of their "
            "symmetric states: if they lose together, give the rate to the Ensemble; if each loses "
            "by itself and they are few, write the cells apart, "
            'as sites={"cell_0": cell, "cell_1": cell, ...} with an interaction for each'
        )
    return cell


def degeneracies(ensemble: Ensemble) -> Array:
    """How many states of the separate cells have the occupations of each ladder level.

    Multinomial coefficients, as floats and no larger than 2^30.

    Examples
    --------
    >>> from quantumbattery.network.ensembles import degeneracies
    >>> from quantumbattery.network.ensembles import Ensemble
    >>> from quantumbattery.network.sites import Qubit
    >>> degeneracies(Ensemble(Qubit(), 4))
    array([1., 4., 6., 4., 1.])
    """
    from scipy.special import gammaln

    occupations = ensemble.occupations
    logarithm = gammaln(ensemble.number + 1) - gammaln(occupations + 1).sum(axis=1)
    count: Array = np.rint(np.exp(np.minimum(logarithm, np.log(_MOST_STATES))))
    return count
