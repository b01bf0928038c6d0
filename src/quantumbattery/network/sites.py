"""Sites: the ladders of levels that a quantum battery is built of, and how each of them leaks.

Level 0 is the ground state, at energy 0, except of a qudit whose energies come in another order:
there it is the lowest level, at energy 0 too. A site gives the engine its energies, its lowering
operator A and its loss operators; its numbers may be xarray.DataArrays, so they stay symbols:
every operator comes as (number, array) and nothing is multiplied out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.levels import ladder_steps, level_energies, lowering_matrix
from quantumbattery.network.operators import Operator, ladder, operator, oscillator, squared
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter, Values
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.described import Described, saying, short
from quantumbattery.quantities.parameters import (
    agree,
    any_nonzero,
    number,
    whole_number,
)

_LEAST_FREQUENCY = 1e-100


class Site(Described):
    """What all sites have in common; `Qubit`, `Qudit`, `Oscillator` and `Ensemble` are sites."""

    loss: Parameter
    dephasing: Parameter
    occupation: Parameter

    @property
    def dimension(self) -> int | None:
        """The number of levels, or None for an oscillator whose levels are not given."""
        raise NotImplementedError

    def energy_terms(self, levels: int) -> list[tuple[Parameter, Array]]:
        """The level energies, as the sum of number * array (levels,); the ground state has 0."""
        raise NotImplementedError

    def lowering(self, levels: int) -> Operator:
        """A, the lowering operator."""
        raise NotImplementedError

    def excitations(self, levels: int) -> Array:
        """How many quanta each level holds, counted in applications of A^dag."""
        return np.arange(levels)

    def quanta(self, levels: int) -> Operator:
        """A^dag A, to which the environment listens when it dephases the site."""
        return squared(self.lowering(levels), levels)

    def raising(self, levels: int) -> Operator:
        """A^dag."""
        return self.lowering(levels).adjoint

    def losses(self, levels: int) -> list[tuple[Parameter, Operator]]:
        """Rates and operators of the Lindblad terms: sqrt(rate) operator is what acts.

        loss (1 + occupation) with A, loss * occupation with A^dag, 2 dephasing with A^dag A;
        those whose rate is zero are left out.
        """
        warm = any_nonzero(self.occupation)  # arithmetic with arrays takes its time
        terms = [
            (self.loss * (1 + self.occupation) if warm else self.loss, self.lowering),
            (self.loss * self.occupation if warm else 0.0, self.raising),
            (2 * self.dephasing, self.quanta),
        ]
        return [(rate, make(levels)) for rate, make in terms if any_nonzero(rate)]

    def _set_rates(self, loss: Values, dephasing: Values, occupation: Values) -> None:
        given = {"loss": loss, "dephasing": dephasing, "occupation": occupation}
        checked = {n: number(n, v, "zero or positive, and finite", 0.0) for n, v in given.items()}
        if any_nonzero(checked["occupation"]) and not any_nonzero(checked["loss"]):
            raise ValueError(
                f"occupation is {short(checked['occupation'])} but loss is 0: the bath acts "
                "through the loss; give a positive loss, or leave out the occupation"
            )
        agree(checked)
        self._set(**checked)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Qubit(Site):
    """Two levels: H = frequency A^dag A with A = |0><1|.

    Parameters
    ----------
    frequency : float or DataArray
        The gap between the levels (hbar = 1). Positive.
    loss : float or DataArray
        g, the rate at which the excited population decays: Lindblad operator sqrt(g (1 + n)) A.
    dephasing : float or DataArray
        k: Lindblad operator sqrt(2 k) A^dag A, so that the coherence decays as exp(-k t).
    occupation : float or DataArray
        n, the mean occupation of the bath behind the loss, which adds sqrt(g n) A^dag.

    Raises
    ------
    TypeError
        If a parameter is not a real number.
    ValueError
        If a parameter is out of range, or an occupation comes without a loss.

    Notes
    -----
    Frequencies and rates are angular and share one unit. A DataArray keeps its dimensions, which
    become axes of every result; a plain 1-D array becomes an axis of the parameter's name.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.Qubit(frequency=2.0, loss=0.1)
    Qubit(frequency=2, loss=0.1)
    """

    frequency: Parameter
    loss: Parameter
    dephasing: Parameter
    occupation: Parameter

    def __init__(
        self,
        frequency: Values = 1.0,
        loss: Values = 0.0,
        dephasing: Values = 0.0,
        occupation: Values = 0.0,
    ) -> None:
        with saying("Qubit"):
            self._set(frequency=_frequency(frequency))
            self._set_rates(loss, dephasing, occupation)

    @property
    def dimension(self) -> int:
        """2."""
        return 2

    def energy_terms(self, levels: int) -> list[tuple[Parameter, Array]]:  # noqa: ARG002
        """0 and the frequency."""
        return [(self.frequency, np.array([0.0, 1.0]))]

    def lowering(self, levels: int) -> Operator:  # noqa: ARG002
        """|0><1|."""
        return ladder((1.0,))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Qudit(Site):
    """Any d levels: by default a ladder, with A|k> = steps[k-1] |k-1>, or with any other A.

    Parameters
    ----------
    energies : sequence of float or DataArray, or DataArray with a last dimension "level"
        The energies of the levels, at least two, in any order: level k is the k-th one given (or
        has the label k), everywhere (`fock(k)`, rows of matrices). Only differences count: the
        lowest level is at energy 0 whatever its number is.
    steps : sequence of float, optional
        The d - 1 elements of A, by default sqrt(1), sqrt(2), ...: from each level to the one that
        is listed before it, whichever of the two is higher.
    loss, dephasing, occupation : float or DataArray
        Rates, with Lindblad operators sqrt(loss (1 + occupation)) A, sqrt(loss occupation) A^dag
        and sqrt(2 dephasing) A^dag A.
    lowering, matrix : array_like or Qobj, shape (d, d), optional
        By either name A itself, in place of steps: any matrix, real or complex. Row j, column k
        takes level k to level j. Everything that speaks of A means it: `exchange`, `dipole`,
        `drive`, the rates.

    Raises
    ------
    TypeError, ValueError
        If a number is not real or out of range, the steps or the matrix do not fit the energies,
        or both of them are given.

    Notes
    -----
    What is not prepared is in its lowest level: level 0, if none lies lower, and otherwise the
    lowest, which is refused where several share it.

    All of A has one bath, so that two ways down to the same level interfere, and A^dag A need not
    be diagonal: that of a V joins its two upper levels.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.Qudit([0.0, 1.0, 1.8])
    Qudit(energies=[0, 1, 1.8], steps=[1, 1.41421])

    A V: two upper levels, 0 and 2, over one, level 1.

    >>> qb.Qudit([1.0, 0.0, 0.8], lowering=[[0, 0, 0], [1, 0, 1], [0, 0, 0]])
    Qudit(energies=[1, 0, 0.8], lowering=<array 3 x 3>)
    """

    energies: tuple[Parameter, ...]
    steps: tuple[float, ...] | None  # None with a matrix of its own
    loss: Parameter
    dephasing: Parameter
    occupation: Parameter
    matrix: Array | None  # given as `lowering`, which is a method of every site

    def __init__(
        self,
        energies: Sequence[Values] | xr.DataArray,
        steps: Sequence[float] | None = None,
        loss: Values = 0.0,
        dephasing: Values = 0.0,
        occupation: Values = 0.0,
        lowering: MatrixLike | None = None,
        *,
        matrix: MatrixLike | None = None,  # what `dataclasses.replace` calls `lowering`
    ) -> None:
        lowering = matrix if lowering is None else lowering
        with saying("Qudit"):
            self._set(energies=level_energies(energies), steps=None, matrix=None)
            d = len(self.energies)
            if lowering is None:
                default = np.sqrt(np.arange(1, d))
                self._set(steps=ladder_steps(default if steps is None else steps, d))
            elif steps is None:
                self._set(matrix=lowering_matrix(lowering, d))
            else:
                raise ValueError(
                    "steps and lowering both say what A is: give one of them; steps are the "
                    "elements of lowering above its diagonal"
                )
            self._set_rates(loss, dephasing, occupation)

    @property
    def written(self) -> dict[str, Any]:
        """Its values by the names of its parameters; of steps and lowering the one that is set."""
        values = super().written
        own = values.pop("matrix")
        if own is not None:
            del values["steps"]
            values["lowering"] = own
        return values

    @property
    def dimension(self) -> int:
        """The number of energies."""
        return len(self.energies)

    @cached_property
    def ground(self) -> Parameter:
        """The energy of its lowest level."""
        first, *others = self.energies
        if all(np.all(np.asarray(energy - first) >= 0) for energy in others):
            return first  # over no more axes than its own
        lowest: Any = first
        for energy in others:
            lowest = np.minimum(lowest, energy)
        return lowest if isinstance(lowest, xr.DataArray) else float(lowest)

    def energy_terms(self, levels: int) -> list[tuple[Parameter, Array]]:
        """Each energy above that of the lowest level."""
        ground = self.ground
        above = [energy - ground for energy in self.energies]
        return [(e, np.eye(1, levels, k)[0]) for k, e in enumerate(above) if any_nonzero(e)]

    def lowering(self, levels: int) -> Operator:  # noqa: ARG002
        """The steps, or its own matrix."""
        if self.matrix is not None:
            return operator(self.matrix)
        assert self.steps is not None
        return ladder(self.steps)

    def excitations(self, levels: int) -> Array:
        """How often A lowers each level at most; 0 of all where it goes round in circles.

        Conserved or not, they are counted in the same way everywhere, and what gains some of them
        is known to do so.
        """
        if self.matrix is None:
            return np.arange(levels)
        acts, count = self.lowering(levels), np.zeros(max(levels, self.dimension), dtype=np.int64)
        for _ in range(self.dimension):
            before = count.copy()
            np.maximum.at(count, acts.column, before[acts.row] + 1)
            if (count == before).all():
                return count
        return np.zeros_like(count)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Oscillator(Site):
    """A harmonic oscillator: H = frequency A^dag A with A|k> = sqrt(k)|k-1>.

    Parameters
    ----------
    frequency, loss, dephasing, occupation : float or DataArray
        As of a `Qubit`; the frequency is positive.
    levels : int, optional
        Where the ladder is cut, at least 2. By default the number is chosen, and checked; where
        moments say all, the ladder is not cut at all (`System.charge`).

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range, an occupation comes without a loss, or the levels are not
        a whole number of at least 2.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> qb.Oscillator(loss=0.1, occupation=0.5)
    Oscillator(frequency=1, loss=0.1, occupation=0.5)
    """

    frequency: Parameter
    loss: Parameter
    dephasing: Parameter
    occupation: Parameter
    levels: int | None

    def __init__(
        self,
        frequency: Values = 1.0,
        loss: Values = 0.0,
        dephasing: Values = 0.0,
        occupation: Values = 0.0,
        levels: int | None = None,
    ) -> None:
        with saying("Oscillator"):
            self._set(frequency=_frequency(frequency))
            self._set_rates(loss, dephasing, occupation)
            count = "levels must be a whole number of at least 2, or None to have it chosen"
            self._set(levels=None if levels is None else whole_number(levels, 2, count))

    @property
    def dimension(self) -> int | None:
        """The number of levels, if it is given."""
        return self.levels

    def energy_terms(self, levels: int) -> list[tuple[Parameter, Array]]:
        """The frequency for each quantum."""
        return [(self.frequency, np.arange(levels, dtype=float))]

    def lowering(self, levels: int) -> Operator:
        """sqrt(k) from level k."""
        return oscillator(levels)

    def raising(self, levels: int) -> Operator:
        """sqrt(k + 1) from level k, the step beyond the last level included."""
        return oscillator(levels + 1).adjoint


def _frequency(value: Values) -> Parameter:
    return number("frequency", value, "positive and finite", _LEAST_FREQUENCY)


def energies(site: Site, levels: int) -> xr.DataArray:
    """Energies of the first levels of a site, last dimension "level"; the lowest is 0."""
    terms = site.energy_terms(levels)
    zero = xr.DataArray(np.zeros(levels), dims="level")
    return sum((energy * xr.DataArray(w, dims="level") for energy, w in terms), zero)
