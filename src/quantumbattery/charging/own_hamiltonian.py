"""The Hamiltonian that some sites have of their own, in the blocks that it falls into.

It is the sum of their bare energies and of the interactions among them that are always on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TypeAlias

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.reach.configurations import Keys, Room
from quantumbattery.reach.elements import Elements, elements_between
from quantumbattery.reach.sparse import Sums, components
from quantumbattery.reach.terms import Terms, grouped, hamiltonian_terms

Numbers: TypeAlias = Callable[[Parameter], Array]
"""The values of a parameter over the batch, shape (g or 1,)."""


def own_terms(network: Network, sites: Sequence[str], levels: Mapping[str, int]) -> Terms:
    """The terms of the Hamiltonian that are these sites' own."""
    own: set[str | int] = {*sites}
    for k, each in enumerate(network.interactions):
        if each.always and {*each.ends} <= {*sites}:
            own.add(k)
    terms = hamiltonian_terms(network, levels)
    return replace(terms, products=[p for p in terms.products if terms.origins[p.term] in own])


def own_elements(
    network: Network, sites: Sequence[str], levels: Mapping[str, int], states: Array
) -> Elements:
    """Elements between states (states, sites) of these sites, all others in level 0."""
    terms = own_terms(network, sites, levels)
    sizes = np.array([levels[name] for name in network.sites])
    place = [list(network.sites).index(name) for name in sites]
    configurations = np.zeros((len(states), len(sizes)), dtype=np.int64)
    configurations[:, place] = states
    keys = Keys.over(configurations, sizes.tolist())
    groups = grouped(terms.products, sizes.tolist())
    room = Room(sizes, np.zeros(len(sizes), dtype=bool))
    return elements_between(terms, groups, room, configurations, keys)[0]


def values_of(elements: Elements, numbers: Numbers) -> Array:
    """The value of every element with its coefficient, shape (g or 1, entries)."""
    given = [numbers(each) for each in elements.coefficients]
    table = np.stack(np.broadcast_arrays(*given), axis=-1)
    values: Array = table[:, elements.term] * elements.value
    return values


def in_blocks(
    network: Network,
    sites: Sequence[str],
    levels: Mapping[str, int],
    numbers: Numbers,
    limit: float,
) -> Iterator[tuple[Array, Array]]:
    """The Hamiltonian of some sites in blocks, those of one size together.

    The numbers of the states in each (blocks, size), in the order of all product states, and the
    matrices (g, blocks, size, size).
    """
    sizes = [levels[name] for name in sites]
    total = prod(sizes)
    allow("levels of a battery with interactions", total, 64 + 8 * len(sizes), limit)
    found = own_elements(network, sites, levels, product_states(sizes))
    value = values_of(found, numbers)
    label = components(found.row, found.column, total)
    count = np.bincount(label)
    held = len(value) * int((count.astype(float) ** 2).sum())
    allow("numbers in blocks of the battery", held, 24.0, limit)
    order, place = np.argsort(label, kind="stable"), np.empty(total, dtype=np.int64)
    place[order] = np.concatenate([np.arange(n) for n in count])
    for size in np.unique(count):
        blocks = np.flatnonzero(count == size)
        number = np.full(len(count), -1)
        number[blocks] = np.arange(len(blocks))
        inside = number[label[found.row]] >= 0
        row, column = found.row[inside], found.column[inside]
        cell = (number[label[row]] * size + place[row]) * size + place[column]
        cells = Sums.to(cell, len(blocks) * size**2)(value[:, inside])
        members = order[number[label[order]] >= 0].reshape(len(blocks), size)
        yield members, cells.reshape(len(value), len(blocks), size, size)


def product_states(sizes: Sequence[int]) -> Array:
    """The levels of each site in all product states, shape (states, sites)."""
    return np.stack(np.unravel_index(np.arange(prod(sizes)), sizes), axis=-1)
