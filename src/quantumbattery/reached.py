"""What a preparation reaches: configurations, matrix elements between them, the initial state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.operators import Array
from quantumbattery.parameters import Parameter, names
from quantumbattery.terms import Signal


@dataclass(frozen=True, eq=False)
class Elements:
    """Matrix elements by term: the sum of coefficients[term] value |row><column|.

    Coefficients are floats or DataArrays, so one set of elements serves a whole batch.

    Attributes
    ----------
    coefficients : tuple of float or DataArray
        The number in front of each term; of a loss, its rate.
    origins : tuple of str or int
        Where each term comes from: the name of a site, or the place of an interaction in
        ``system.interactions``.
    size : int
        The matrix is size x size.
    term, row, column, value : ndarray, shape (entries,)
    """

    coefficients: tuple[Parameter, ...]
    origins: tuple[str | int, ...]
    size: int
    term: Array
    row: Array
    column: Array
    value: Array

    def matrix(self, numbers: Array | None = None) -> Any:
        """The matrix, as a scipy.sparse.csr_array, for one number in the place of each coefficient.

        By default the coefficients themselves, which must be single numbers then.
        """
        from scipy.sparse import csr_array

        if numbers is None:
            numbers = np.array([float(c) for c in self.coefficients])
        weights = self.value * numbers[self.term]
        return csr_array((weights, (self.row, self.column)), shape=(self.size, self.size))


@dataclass(frozen=True, eq=False)
class Edge:
    """Matrix elements that lead beyond the cut of a ladder, and are left out.

    Attributes
    ----------
    term : ndarray, shape (entries,)
        Of the Hamiltonian; after its terms come the losses.
    site : ndarray, shape (entries,)
        Whose ladder is cut, by its column among the configurations.
    configuration : ndarray, shape (entries,)
        Where the element leads from.
    value : ndarray, shape (entries,)
    """

    term: Array
    site: Array
    configuration: Array
    value: Array

    def followed_by(self, other: Edge, shift: int) -> Edge:
        """Both, the terms of the second moved on."""
        parts = {n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in names(self)}
        parts["term"] = np.concatenate([self.term, other.term + shift])
        return Edge(**parts)


@dataclass(frozen=True, eq=False)
class Start:
    """The initial state: the sum over members of |psi><psi|, psi the member's amplitudes.

    Attributes
    ----------
    configuration, member : ndarray, shape (entries,)
        A pure state has one member, 0.
    amplitude : DataArray, shape (..., entries)
        Last dimension "entry"; the others are axes of the preparations' parameters.
    """

    configuration: Array
    member: Array
    amplitude: xr.DataArray


@dataclass(frozen=True, eq=False)
class Reach:
    """What a preparation reaches; made by `reach`.

    Attributes
    ----------
    sites : tuple of str
        The columns of `configurations`.
    levels : tuple of int
        The number of levels that each site was given.
    configurations : ndarray, shape (n, sites)
        The level of every site, in dictionary order.
    hamiltonian : Elements
        The energies of the sites and the interactions.
    losses : Elements
        Lindblad operators, each a term: coefficients are rates, and the square root of the rate
        times the rest is what acts.
    labels : ndarray, shape (n,)
        The block of each configuration: neither the Hamiltonian nor the damping joins two blocks.
    start : Start
        The initial state.
    edge : Edge
        The matrix elements that the cut of an oscillator's ladder took away.
    keys : Keys
        Where each configuration stands.
    signals : dict of int to Signal
        How terms of the Hamiltonian change in time, by their numbers; others do not.
    """

    sites: tuple[str, ...]
    levels: tuple[int, ...]
    configurations: Array
    hamiltonian: Elements
    losses: Elements
    labels: Array
    start: Start
    edge: Edge
    keys: Keys
    signals: dict[int, Signal]

    @property
    def size(self) -> int:
        """How many configurations there are."""
        return len(self.configurations)

    @property
    def cut(self) -> tuple[str, ...]:
        """The oscillators whose cut is felt; empty if nothing at all is left out."""
        return tuple(self.sites[k] for k in np.unique(self.edge.site))

    @cached_property
    def blocks(self) -> list[Array]:
        """The configurations of each block."""
        order = np.argsort(self.labels, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.labels))[:-1])

    def index(self, configurations: Array) -> Array:
        """Where configurations (..., sites) stand among those reached; -1 where they do not."""
        return self.keys.find(self.keys.of(np.asarray(configurations)))


@dataclass(frozen=True, eq=False)
class Keys:
    """A whole number for every configuration, and where it stands.

    It is the configuration's place in the product space where that has less than 2^63 states;
    beyond, place values are random, modulo 2^64, and two of n configurations share a key with a
    probability of about n^2 2^-65.
    """

    weights: Array
    known: Array
    order: Array

    @classmethod
    def over(cls, configurations: Array, levels: Sequence[int]) -> Keys:
        """Of all these configurations, sites having so many levels."""
        weights = place_values(levels)
        keys = configurations.astype(np.uint64) @ weights
        order = np.argsort(keys)
        return cls(weights, keys[order], order)

    def of(self, configurations: Array) -> Array:
        """The keys of configurations (..., sites)."""
        keys: Array = configurations.astype(np.uint64) @ self.weights
        return keys

    def find(self, keys: Array) -> Array:
        """Where keys stand; -1 for those that are not known."""
        place = np.minimum(np.searchsorted(self.known, keys), len(self.known) - 1)
        return np.where(self.known[place] == keys, self.order[place], -1)


def place_values(levels: Sequence[int]) -> Array:
    """What a level of each site adds to a configuration's key (see `Keys`)."""
    states = 1
    values = []
    for n in reversed(levels):
        values.append(states)
        states *= n
    if states < 2**63:
        return np.array(values[::-1], dtype=np.uint64)
    drawn = np.random.default_rng(0).integers(2**64, size=len(levels), dtype=np.uint64)
    return drawn | np.uint64(1)
