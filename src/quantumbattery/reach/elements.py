"""Matrix elements between the configurations that are reached, and those that lead beyond a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.parameters import names
from quantumbattery.reach.configurations import Keys, Room, pieces_of
from quantumbattery.reach.groups import Group, moves_of, standing
from quantumbattery.reach.terms import Terms


@dataclass(frozen=True, eq=False)
class Elements:
    """Matrix elements by term: the sum of coefficients[term] value |row><column|.

    Coefficients are floats or DataArrays, so one set of elements serves a whole batch. A term comes
    from a site, by its name, or from an interaction, by its place in ``network.interactions``, or
    of losses in ``network.joint_losses``.
    """

    coefficients: tuple[Parameter, ...]  # of each term; of a loss, its rate
    origins: tuple[str | int, ...]  # of each term
    size: int  # the matrix is size x size
    term: Array  # (entries,)
    row: Array  # (entries,)
    column: Array  # (entries,)
    value: Array  # (entries,)

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
    """Matrix elements that lead beyond the cut of a ladder, and are left out."""

    term: Array  # (entries,), of the Hamiltonian; after its terms come the losses
    site: Array  # (entries,), whose ladder is cut, by its column; after the last, what all share
    configuration: Array  # (entries,), where the element leads from
    end: Array  # (entries,), a number of where it leads to: the same for the same
    value: Array  # (entries,)
    squared: Array  # (entries,), whether they are of L^dag L, and not of L or the Hamiltonian

    @property
    def damped(self) -> Edge:
        """The same, as elements of L^dag L."""
        return replace(self, squared=np.ones(len(self.term), dtype=bool))

    def followed_by(self, other: Edge, shift: int) -> Edge:
        """Both, the terms of the second moved on."""
        parts = {n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in names(self)}
        parts["term"] = np.concatenate([self.term, other.term + shift])
        return Edge(**parts)


def elements_between(
    terms: Terms, groups: Sequence[Group], room: Room, configurations: Array, keys: Keys
) -> tuple[Elements, Edge]:
    """The matrix elements of all terms, grouped, and those that the cut of a ladder took away."""
    parts: list[tuple[Array, ...]] = [(*[np.zeros(0, int)] * 3, np.zeros(0))]
    edge: list[tuple[Array, ...]] = [(*[np.zeros(0, int)] * 3, np.zeros(0, np.uint64), np.zeros(0))]
    own = keys.of(configurations) if terms.products else keys.weights
    for group in groups:
        for piece in pieces_of(configurations, len(group.places)):
            if group.stays:
                source, product, value = standing(configurations[piece], group)
                column = source + piece.start
                parts.append((group.term[product], column, column, value))
                continue
            moves = moves_of(configurations[piece], group, keys.weights)
            inside = room.holds(moves, configurations[piece])
            column = moves.source + piece.start
            if not inside.all():
                over = room.overflows(moves, configurations[piece])
                beyond = (moves.levels >= room.levels[moves.places]) & ~over[:, None]
                move, k = np.nonzero(beyond)
                term, end = group.term[moves.product], own[column] + moves.shift
                there = (column, end, moves.value)
                edge.append((term[move], moves.places[move, k], *(p[move] for p in there)))
                full = np.flatnonzero(over)
                common = np.full(len(full), len(room.levels))
                edge.append((term[full], common, *(p[full] for p in there)))
            column = column[inside]
            row = keys.find(own[column] + moves.shift[inside])
            parts.append((group.term[moves.product[inside]], row, column, moves.value[inside]))
    joined = (np.concatenate(part) for part in zip(*parts, strict=True))
    cut = (np.concatenate(part) for part in zip(*edge, strict=True))
    elements = Elements(
        tuple(terms.coefficients), tuple(terms.origins), len(configurations), *joined
    )
    term, site, source, end, value = cut
    return elements, Edge(term, site, source, end, value, np.zeros(len(term), dtype=bool))
