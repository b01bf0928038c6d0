"""Exploring configurations: those that terms lead to, found many at a time and at many places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, prod

import numpy as np

from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.reach.groups import Group, Moves, leading, moves_of
from quantumbattery.reach.sparse import reachable

_PLACES_AT_ONCE = 1 << 22  # places looked at in one array operation
_WRITTEN_DOWN = 1 << 11  # configurations in all, which are then searched at once
_TABLE = 1 << 12  # configurations in all, each of which then has its place in a table
_ELEMENT = 160  # bytes of a matrix element while it is sorted into blocks and evolves, as measured
_LOOKED_AT = 256  # configurations


@dataclass(frozen=True, eq=False)
class Keys:
    """A whole number for every configuration, and where it stands.

    It is the configuration's place in the product space where that has less than 2^63 states;
    beyond, place values are random, modulo 2^64, and two of n configurations share a key with a
    probability of about n^2 2^-65.
    """

    weights: Array
    known: Array  # in order
    order: Array
    table: Array | None  # where each of all keys stands, if those are not many more

    @classmethod
    def over(cls, configurations: Array, levels: Sequence[int]) -> Keys:
        """Of all these configurations, sites having so many levels."""
        weights = place_values(levels)
        keys = configurations.astype(np.uint64) @ weights
        order = np.argsort(keys)
        space, table = prod(levels), None
        if space <= max(_TABLE, 4 * len(keys)):
            table = np.full(space, -1)
            table[keys] = np.arange(len(keys))
        return cls(weights, keys[order], order, table)

    def of(self, configurations: Array) -> Array:
        """The keys of configurations (..., sites)."""
        keys: Array = configurations.astype(np.uint64) @ self.weights
        return keys

    def find(self, keys: Array) -> Array:
        """Where keys stand; -1 for those that are not known."""
        if self.table is not None:
            inside = keys < len(self.table)
            return (
                self.table[keys]
                if inside.all()
                else np.where(inside, self.table[keys * inside], -1)
            )
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


class _Known:
    """A growing set of keys, in sorted runs of falling length: what is added is soon merged."""

    def __init__(self, keys: Array) -> None:
        self.runs = [np.sort(keys)]

    def new(self, keys: Array) -> Array:
        """Which of these are not in the set yet."""
        fresh = np.ones(len(keys), dtype=bool)
        for run in self.runs:
            place = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            fresh &= run[place] != keys
        return fresh

    def add(self, keys: Array) -> None:
        """Add sorted keys that are not in the set."""
        self.runs.append(keys)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            self.runs.append(np.sort(np.concatenate([self.runs.pop(), self.runs.pop()])))


def pieces_of(configurations: Array, places: int) -> Iterator[slice]:
    """Parts of them that are looked at in one array operation."""
    step = max(1, _PLACES_AT_ONCE // max(1, places))
    return (slice(k, k + step) for k in range(0, len(configurations), step))


@dataclass(frozen=True, eq=False)
class Room:
    """Where configurations may be: on so many levels of each site, some with so many quanta in all.

    Oscillators that are weakly filled share few quanta: of six with up to eight, 3,003
    configurations hold no more than eight together, of 9^6.
    """

    levels: Array  # (sites,)
    counted: Array  # (sites,), whether the level of a site counts among the quanta of all
    most: float = inf  # quanta of those

    def on_levels(self, moves: Moves) -> Array:
        """Which moves stay on the levels there are; the others step beyond the cut of a ladder."""
        inside: Array = np.logical_and.reduce(moves.levels < self.levels[moves.places], axis=1)
        return inside

    def holds(self, moves: Moves, configurations: Array) -> Array:
        """Which moves from some of these configurations stay inside."""
        inside = self.on_levels(moves)
        return inside if self.most == inf else inside & ~self.overflows(moves, configurations)

    def overflows(self, moves: Moves, configurations: Array) -> Array:
        """Which moves from some of these configurations lead to more quanta than there may be."""
        if self.most == inf:
            return np.zeros(len(moves.source), dtype=bool)
        total = self.quanta(configurations)[moves.source]
        for places, after in zip(moves.places.T, moves.levels.T, strict=True):
            before = configurations[moves.source, places].astype(np.int64)
            total += (after - before) * self.counted[places]
        over: Array = total > self.most
        return over

    def quanta(self, configurations: Array) -> Array:
        """The quanta of all sites that are counted."""
        total: Array = configurations.astype(np.int64) @ self.counted.astype(np.int64)
        return total


def explored(first: Array, groups: Sequence[Group], room: Room, limit: float) -> Array:
    """All configurations that terms lead to from the first, these too, in dictionary order."""
    weights = place_values(room.levels.tolist())
    distinct = np.unique(first.astype(np.uint64) @ weights, return_index=True)[1]
    found = _explore(first[distinct], leading(groups), weights, room, limit)
    return found[_dictionary_order(found)]


def _explore(
    start: Array, groups: Sequence[Group], weights: Array, room: Room, limit: float
) -> Array:
    """All configurations that can be reached from the first, in any order."""
    levels = room.levels
    if prod(levels.tolist()) <= _WRITTEN_DOWN:
        return _search(start, groups, weights, room)
    moving = [group for group in groups if not group.diagonal]
    staying = [group for group in groups if group.diagonal]
    places = max((len(group.places) for group in moving), default=1)
    found, frontier = [start], start
    known = _Known(start.astype(np.uint64) @ weights)
    count, seen, entries = len(start), 0, 0.0
    while len(frontier):
        fresh = [frontier[:0]]
        for piece in pieces_of(frontier, places):
            here = frontier[piece]
            keys = here.astype(np.uint64) @ weights
            for group in moving:
                moves = moves_of(here, group, weights)
                entries += len(moves.source)
                new = _arrivals(here, keys, moves, known, room)
                count += len(new)
                fresh.append(new)
            seen += len(here)
            entries += len(here) * _standing(here, staying)
            each = start.itemsize * len(levels) + bytes_of(entries / seen)
            allow("configurations", count, each, limit)
        frontier = np.concatenate(fresh)
        found.append(frontier)
    return np.concatenate(found)


def bytes_of(elements: float) -> float:
    """What a configuration takes besides its levels: keys, and elements, which soon are blocks."""
    return 48 + _ELEMENT * elements


def _standing(here: Array, staying: Sequence[Group]) -> float:
    """How many diagonal elements configurations have on average, from some of them."""
    some, count = here[:: 1 + len(here) // _LOOKED_AT], 0
    for group in staying:
        alive = np.ones((len(some), len(group.places)), dtype=bool)
        for places, kind, acts in zip(group.places.T, group.kind.T, group.acts, strict=True):
            alive &= acts[kind, some[:, places]]
        count += int(alive.sum())
    return count / len(some)


def _search(start: Array, groups: Sequence[Group], weights: Array, room: Room) -> Array:
    """The same in a space small enough to be written down as a whole: its keys count it."""
    levels = room.levels
    space = np.indices(levels.tolist(), dtype=start.dtype).reshape(len(levels), -1).T
    none = np.zeros(0, dtype=np.int64)
    sources, targets = [none], [none]
    for group in groups:
        if not group.diagonal:
            moves = moves_of(space, group, weights)
            inside = room.holds(moves, space)
            sources.append(moves.source[inside])
            targets.append(sources[-1] + moves.shift[inside].astype(np.int64))
    first = (start.astype(np.uint64) @ weights).astype(np.int64)
    steps = np.concatenate(sources), np.concatenate(targets)
    found: Array = space[reachable(*steps, len(space), first)]
    return found


def _arrivals(here: Array, keys: Array, moves: Moves, known: _Known, room: Room) -> Array:
    """The new configurations to which moves lead; they are known from then on."""
    inside = np.flatnonzero(room.holds(moves, here))
    arrived, first = np.unique(keys[moves.source[inside]] + moves.shift[inside], return_index=True)
    fresh = known.new(arrived)
    chosen = inside[first[fresh]]
    new = here[moves.source[chosen]]
    for k in range(moves.places.shape[1]):
        new[np.arange(len(new)), moves.places[chosen, k]] = moves.levels[chosen, k]
    if len(new):
        known.add(arrived[fresh])
    return new


def _dictionary_order(configurations: Array) -> Array:
    big_endian = configurations.astype(configurations.dtype.newbyteorder(">"))
    order: Array = np.argsort(big_endian.view(f"S{big_endian.strides[0]}").ravel(), kind="stable")
    return order
