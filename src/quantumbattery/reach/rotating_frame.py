"""The frame that turns with the drives, in which a constant drive depends on time no more.

In the frame of exp(i t sum of frequencies of levels), an element |row><column| turns with the
difference of the two levels' frequencies. Where these can be chosen such that no interaction turns
and every drive turns with its field, the generator is constant. The frame is a product of diagonal
unitaries that commute with the battery's Hamiltonian, so that no figure of merit feels it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.network.drives import Drive
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator
from quantumbattery.network.sites import Qudit, Site
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.described import equal
from quantumbattery.quantities.parameters import any_nonzero

_LEVELS = 16  # of a ladder without end, more than any function climbs at a time
_CONSISTENT = 1e-9


@dataclass(frozen=True, eq=False)
class Frame:
    """A turning frame: levels of a site turn with `basis(site, levels) @ turns[name] @ fields`."""

    fields: tuple[Parameter, ...]  # the different frequencies of the drives
    turns: dict[str, Array]  # by site, (unknowns, fields)

    def levels(self, name: str, site: Site, levels: int) -> list[tuple[Parameter, Array]]:
        """The frequencies of a site's levels, as the sum of number * array (levels,)."""
        weights = self.weights(name, site, levels)
        return [(f, w) for f, w in zip(self.fields, weights.T, strict=True) if w.any()]

    def weights(self, name: str, site: Site, levels: int) -> Array:
        """The same by field: how often each level turns with it, shape (levels, fields)."""
        weights: Array = basis(site, levels) @ self.turns[name]
        return weights

    def residual(self, each: Drive, site: Site, levels: int) -> Array:
        """The frequencies with which elements of a drive still turn, shape (elements, fields).

        They are combinations of the fields; all zero where the frame turns with the drive.
        """
        acts = each.lowering(site, levels + each.quanta)
        size = 1 + int(max(acts.row.max(initial=0), acts.column.max(initial=0)))
        weights = basis(site, max(size, levels)) @ self.turns[each.site]
        own = np.array([equal(each.frequency, field) for field in self.fields], dtype=float)
        left: Array = each.quanta * own * each.rotating + weights[acts.row] - weights[acts.column]
        return np.where(np.abs(left) < _CONSISTENT, 0.0, left)

    def frequency(self, combination: Array) -> Parameter:
        """A combination of the fields as a number."""
        parts = zip(combination, self.fields, strict=True)
        total: Parameter = sum((float(c) * f for c, f in parts if c), 0.0)
        return total


def basis(site: Site, levels: int) -> Array:
    """What the frequencies of a site's levels may be combined of, shape (levels, unknowns).

    One for each level of a cell but the first. Where levels have to be equally spaced, one: on the
    ladder of an oscillator, and under the loss of a ladder, which must not turn on one step faster
    than on another. What the losses of any other levels ask for is in `_Unknowns.of_losses`.
    """
    cell = site.cell if isinstance(site, Ensemble) else site
    if isinstance(cell, Qudit) and (cell.matrix is not None or not any_nonzero(site.loss)):
        return (site.occupations if isinstance(site, Ensemble) else np.eye(levels))[:, 1:]
    return site.excitations(levels)[:, None].astype(float)


@dataclass(frozen=True, eq=False)
class _Unknowns:
    """The frequencies to be chosen, those of one site after those of another."""

    network: Network
    count: dict[str, int]
    bases: dict[str, Array]
    place: dict[str, slice]
    size: int

    @classmethod
    def of(cls, network: Network) -> _Unknowns:
        count = {name: site.dimension or _LEVELS for name, site in network.sites.items()}
        bases = {name: basis(site, count[name]) for name, site in network.sites.items()}
        ends = np.cumsum([0, *(own.shape[1] for own in bases.values())]).tolist()
        place = {name: slice(*ends[k : k + 2]) for k, name in enumerate(bases)}
        return cls(network, count, bases, place, ends[-1])

    def turning(self, name: str, acts: Operator) -> Array:
        """How the elements of an operator turn, row minus column, each way once."""
        own = self.bases[name]
        inside = (acts.row < len(own)) & (acts.column < len(own))
        return distinct(own[acts.row[inside]] - own[acts.column[inside]])

    def of_interactions(self) -> list[Array]:
        """What must not turn: every product of an element on each end of an interaction.

        Products in which one element changes at a time say it of all: the others are their sums.
        """
        rows = []
        for link in self.network.interactions:
            sites = [self.network.sites[name] for name in link.ends]
            for strength, products in link.terms(sites, [self.count[name] for name in link.ends]):
                for product in products if any_nonzero(strength) else ():
                    rows.append(self.of_product(link.ends, product))
        return rows

    def of_product(self, ends: Sequence[str], operators: Sequence[Operator]) -> Array:
        """How the elements of a product turn, shape (elements, unknowns): enough of them."""
        steps = [self.turning(name, acts) for name, acts in zip(ends, operators, strict=True)]
        chosen = _one_at_a_time([len(each) for each in steps])
        together = np.zeros((chosen.shape[1], self.size))
        for name, each, which in zip(ends, steps, chosen, strict=True):
            together[:, self.place[name]] = each[which]
        return together

    def of_joint_losses(self) -> list[Array]:
        """What must not turn, of the losses that sites share: all elements have to turn alike."""
        rows = []
        for each in self.network.joint_losses:
            sites = [self.network.sites[name] for name in each.ends]
            for _, parts in each.losses(sites, [self.count[name] for name in each.ends]):
                named = [([each.ends[end] for end in ends], acts) for ends, acts in parts]
                turning = [self.of_product(names, acts) for names, acts in named]
                alike = np.concatenate([np.zeros((0, self.size)), *turning])
                rows.append(alike - alike[:1])
        return rows

    def of_losses(self) -> list[Array]:
        """What must not turn, of the losses of levels with a lowering matrix of their own.

        All elements of A have to turn alike, and those of A^dag A not at all.
        """
        rows = []
        for name, site in self.network.sites.items():
            cell = site.cell if isinstance(site, Ensemble) else site
            if isinstance(cell, Qudit) and cell.matrix is not None:
                alike = self.turning(name, site.lowering(self.count[name]))
                still = self.turning(name, site.quanta(self.count[name]))
                for rate, steps in ((site.loss, alike - alike[:1]), (site.dephasing, still)):
                    if any_nonzero(rate):
                        rows.append(np.zeros((len(steps), self.size)))
                        rows[-1][:, self.place[name]] = steps
        return rows

    def of_drive(self, each: Drive) -> Array:
        """How a drive turns against the frame: with minus the frequencies of its quanta."""
        acts = each.lowering(self.network.sites[each.site], self.count[each.site])
        steps = self.turning(each.site, acts)
        rows = np.zeros((len(steps), self.size))
        rows[:, self.place[each.site]] = -steps
        return rows


def distinct(rows: Array) -> Array:
    """The different rows, in order."""
    if (rows == rows[:1]).all():  # most often, and sorting takes its time
        return rows[:1]
    found: Array = np.unique(rows, axis=0)
    return found


def _one_at_a_time(lengths: Sequence[int]) -> Array:
    """Ways to take one of each of some lists, (lists, ways): all first ones but for one."""
    if not all(lengths):
        return np.zeros((len(lengths), 0), dtype=np.int64)
    ways = [np.zeros((len(lengths), n), dtype=np.int64) for n in lengths]
    for k, each in enumerate(ways):
        each[k] = np.arange(lengths[k])
    return np.concatenate(ways, axis=1)


def frame(network: Network) -> Frame:
    """Choose the frame in which as many of the drives as possible stand still.

    Drives are taken one by one; one that contradicts interactions, losses or those before it keeps
    turning, and so does one whose counter-rotating half counts, which needs its site at rest.
    """
    unknowns = _Unknowns.of(network)
    fields: list[Parameter] = []
    for each in network.drives:
        if not any(equal(each.frequency, field) for field in fields):
            fields.append(each.frequency)
    still = [unknowns.of_drive(each) for each in network.drives if not each.rotating]
    still += unknowns.of_interactions() + unknowns.of_losses() + unknowns.of_joint_losses()
    rows = [np.zeros((1, unknowns.size)), *still]
    known = np.unique(np.concatenate(rows), axis=0)
    given = np.zeros((len(known), len(fields)))
    found = np.zeros((unknowns.size, len(fields)))
    for each in network.drives:
        if each.rotating:
            turning = unknowns.of_drive(each)
            wanted = [each.quanta * float(equal(each.frequency, field)) for field in fields]
            more = np.concatenate([known, turning])
            target = np.concatenate([given, np.tile(wanted, (len(turning), 1))])
            tried = np.linalg.lstsq(more, target, rcond=None)[0]
            if np.abs(more @ tried - target).max() < _CONSISTENT:
                known, given = more, target
                found[:] = np.round(tried, 13)
    return Frame(tuple(fields), {name: found[where] for name, where in unknowns.place.items()})
