"""What is read of a state beside figures of merit: density matrices, and means of operators.

Both are sums of elements of the reduced density matrix of some sites. Where a frame turns with
drives, states are turned back into the laboratory's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.battery_hamiltonian import Battery
from quantumbattery.machine import TooLargeError, memory
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.described import called, saying
from quantumbattery.quantities.matrices import square_matrix
from quantumbattery.reach.reach import Bipartition, Reach
from quantumbattery.reach.rotating_frame import frame
from quantumbattery.states.reduced import Part, part_of
from quantumbattery.states.representation import Form

OperatorOfLevels: TypeAlias = Callable[..., MatrixLike]
"""A matrix on some sites, for so many levels of each."""

_STILL = 1e-10  # of an operator's largest element: what may turn for ever and be left out
_REAL = 1e-12  # of the largest element: what a Hermitian matrix may lack
_SAME = 1e-9  # what frequencies of a frame, in units of the fields', may differ by


@dataclass(frozen=True, eq=False)
class Observable:
    """What is asked of some sites: the mean of an operator, or without one the density matrix."""

    name: str
    sites: tuple[str, ...]
    operator: Array | OperatorOfLevels | None  # (d, d), for the product of the sites' levels
    moment: str = ""  # "quanta" or "lowering" of an oscillator, for which moments are enough
    levels: tuple[int, ...] = ()  # that are shown of each site if that is asked, 0 for all

    def matrix(self, levels: Sequence[int]) -> Array:
        """The operator on so many levels of each site."""
        assert self.operator is not None
        size = prod(levels)
        if not callable(self.operator):
            return self.operator
        with saying(f"the operator {self.name!r}, its function at {_listed(levels)} levels"):
            made = square_matrix(called(self.operator, *levels), "it")
            if len(made) != size:
                raise ValueError(f"it must give a matrix {size} x {size}; got {made.shape}")
        return made


@dataclass(frozen=True, eq=False)
class _Read:
    """An observable on the states that its sites can be in, as elements of the reduced matrix."""

    part: Part
    row: Array  # (entries,), of the states that occur
    column: Array  # (entries,)
    value: Array  # (entries,), of the operator, in front of each element
    target: Array | None  # (entries,), to which number each is added; None: each is one
    turns: Array  # (numbers, fields), with which combination of the drives' frequencies it turns

    def numbers(self, states: Array) -> Array:
        """Shape (g, c, T, numbers)."""
        if not len(self.row):  # of states that never occur
            return np.zeros((*states.shape[:-1], 0), dtype=complex)
        elements = self.part.elements(states, self.row, self.column) * self.value
        if self.target is None:
            return elements
        found = np.zeros((*elements.shape[:-1], len(self.turns)), dtype=complex)
        for k in range(len(self.turns)):  # a few: as many as there are kinds of turning
            found[..., k] = elements[..., self.target == k].sum(axis=-1)
        return found


@dataclass(frozen=True, eq=False)
class Observed:
    """What turns states into what was asked, with all that does not depend on numbers."""

    network: Network
    reach: Reach
    state: Form
    asked: Mapping[str, Observable]
    rotating: bool = True  # whether states are those of the frame that turns with the drives

    @cached_property
    def _levels(self) -> dict[str, int]:
        return dict(zip(self.reach.sites, self.reach.levels, strict=True))

    @cached_property
    def _reads(self) -> dict[str, _Read]:
        return {name: self._read(each) for name, each in self.asked.items()}

    def _read(self, each: Observable) -> _Read:
        split = Bipartition.of(self.reach, each.sites)
        levels, n = [self._levels[name] for name in each.sites], len(split.levels)
        turns = self._turns(each.sites, split)
        part = part_of(split, self.state)
        if each.operator is None:
            row, column = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
            return _Read(part, row, column, np.ones(1), None, turns[row] - turns[column])
        place = np.ravel_multi_index(tuple(split.levels.T.astype(np.int64)), levels)
        matrix = each.matrix(levels)[np.ix_(place, place)]
        column, row = np.nonzero(matrix)
        kinds, target = _kinds(turns[row] - turns[column])
        return _Read(part, row, column, matrix[column, row], target, kinds)

    def _turns(self, sites: Sequence[str], split: Bipartition) -> Array:
        """With which combination of fields each state of some sites turns, (states, fields)."""
        if not self.network.drives or not self.rotating:
            return np.zeros((len(split.levels), 0))
        turning = frame(self.network)
        total = np.zeros((len(split.levels), len(turning.fields)))
        for k, name in enumerate(sites):
            weights = turning.weights(name, self.network.sites[name], self._levels[name])
            total += weights[split.levels[:, k]]
        return total

    def memory(self, shape: tuple[int, int, int]) -> dict[str, Array]:
        """Room for the numbers of everything that is asked, each (g, c, T, numbers)."""
        sizes = {name: len(read.turns) for name, read in self._reads.items()}
        for each in self.asked.values():
            if each.operator is None:
                levels = [self._levels[name] for name in each.sites]
                allow_matrices(each.sites, levels, prod(shape))
        return {name: np.empty((*shape, size), dtype=complex) for name, size in sizes.items()}

    def largest(self, names: Iterable[str]) -> int:
        """How many numbers one state takes while it is read."""
        return max((len(self._reads[name].row) for name in names), default=1)

    def columns(
        self,
        chosen: Iterable[str],
        states: Array,
        battery: Battery,  # noqa: ARG002 - what a figure of merit needs
        rate: Array,  # noqa: ARG002
        out: Mapping[str, Array] | None = None,
        held: Mapping[str, Array] | None = None,  # noqa: ARG002
    ) -> dict[str, Array]:
        """Everything asked by name, (g, c, T, numbers); arguments as of `Readout.columns`."""
        found = {name: self._reads[name].numbers(states) for name in chosen}
        for name, column in (out or {}).items():
            column[...] = found[name]
        return found

    def finished(self, columns: Mapping[str, Array], axes: Batch) -> dict[str, Array]:
        """In the laboratory frame: means (g, c, T), density matrices (g, c, T, d, d)."""
        fields = [axes.numbers(each) for each in self._fields]
        found = {}
        for name, column in columns.items():
            read = self._reads[name]
            turned = column
            for field, turns in zip(fields, read.turns.T, strict=True):
                if turns.any():
                    angle = (field[:, None] * np.atleast_2d(axes.times))[:, None, :, None]
                    turned = turned * np.exp(-1j * angle * turns)
            sums = self.asked[name].operator is not None
            found[name] = turned.sum(axis=-1) if sums else self._matrices(name, turned)
        return found

    def at_rest(self, columns: Mapping[str, Array], axes: Batch) -> dict[str, Array]:
        """The same as `finished` for t to infinity; ValueError for what turns for ever."""
        fields = [axes.numbers(each) for each in self._fields]
        found = {}
        for name, column in columns.items():
            read, each = self._reads[name], self.asked[name]
            rate = np.zeros((1, len(read.turns)))
            for field, turns in zip(fields, read.turns.T, strict=True):
                rate = rate + field[:, None] * turns
            turning = (rate != 0)[:, None, None]
            still = kept_still(name, each.sites, column, turning, read.value)
            sums = each.operator is not None
            found[name] = still.sum(axis=-1) if sums else self._matrices(name, still)
        return found

    @cached_property
    def _fields(self) -> tuple[Parameter, ...]:
        return frame(self.network).fields if self.network.drives and self.rotating else ()

    def _matrices(self, name: str, elements: Array) -> Array:
        """Elements between the states that occur as matrices between all states, (..., d, d)."""
        read, sites = self._reads[name], self.asked[name].sites
        levels = [self._levels[site] for site in sites]
        split = read.part.split
        place = np.ravel_multi_index(tuple(split.levels.T.astype(np.int64)), levels)
        n, size = len(place), prod(levels)
        if n == size and (place == np.arange(n)).all():
            return elements.reshape(*elements.shape[:-1], n, n)
        whole = np.zeros((*elements.shape[:-1], size, size), dtype=complex)
        whole[..., place[read.row], place[read.column]] = elements
        return whole


def kept_still(
    name: str, sites: Sequence[str], parts: Array, turning: Array, values: Array
) -> Array:
    """Parts of what is asked without those that turn; ValueError if these are more than rounding.

    An operator has the values; a density matrix 1.
    """
    left = float((np.abs(parts) * turning).max(initial=0.0))
    if left > _STILL * np.abs(values).max(initial=0.0):
        raise ValueError(
            f"{name} of {_listed(sites)} has no limit: a part of it, up to {left:.2g}, turns with "
            "a drive for ever; ask for what stands still, as populations do and all figures of "
            "merit that charge gives, or for finite times"
        )
    return np.where(turning, 0.0, parts)


def _kinds(turns: Array) -> tuple[Array, Array]:
    """The different ways to turn, (kinds, fields), and which of them each one is."""
    if not turns.size:  # nothing, or nothing that turns
        return turns[:1], np.zeros(len(turns), dtype=np.int64)
    kinds, which = np.unique(np.round(turns / _SAME), axis=0, return_inverse=True)
    return kinds * _SAME, which.reshape(-1)


def on_asked_levels(states: Array, levels: Sequence[int]) -> Array:
    """Density matrices (k, *counts, *counts) on as many levels as were asked of each site.

    What lies above is left out; levels above those that were looked at are empty.
    """
    counts = states.shape[1 : 1 + len(levels)]
    sizes = [asked or count for asked, count in zip(levels, counts, strict=True)] * 2
    kept = states[(slice(None), *map(slice, sizes))]
    more = [(0, n - d) for n, d in zip(sizes, kept.shape[1:], strict=True)]
    return np.pad(kept, [(0, 0), *more]) if np.any(more) else kept


def is_hermitian(matrix: Array) -> bool:
    """Whether its means are real."""
    return bool(np.abs(matrix - matrix.conj().T).max() <= _REAL * np.abs(matrix).max())


def allow_matrices(sites: Sequence[str], levels: Sequence[int], points: int) -> None:
    """Raise TooLargeError if density matrices of some sites take more memory than there is."""
    size = prod(levels)
    need, there = 2 * points * size**2 * 16 / 2**30, memory()  # while they are put together
    if need > there:
        raise TooLargeError(
            f"too large: {points:,} density matrices {size:,} x {size:,} of {_listed(sites)} take "
            f"{need:.3g} GiB, and this machine has {there:.3g} GiB: ask for fewer sites "
            "(sites=...) or times, or for the mean of an operator (expect)"
        )


def _listed(values: Iterable[object]) -> str:
    return " and ".join(str(each) for each in values)
