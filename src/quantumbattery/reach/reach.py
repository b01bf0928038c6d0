"""The states that a preparation can reach, from local terms alone.

A configuration is the level of each site. From those that a preparation starts in, every term of
the Hamiltonian and every loss leads to others; the product space is never built. A chain of 1,000
qubits with one excitation is 1,001 configurations, not 2^1000.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, nan, sqrt

import numpy as np
import xarray as xr

from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import entries
from quantumbattery.network.joint_starts import Joint
from quantumbattery.network.named_states import Preparation, Started
from quantumbattery.network.network import Network
from quantumbattery.network.starts import at_rest
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.alike import SMALL, Structure, kept
from quantumbattery.reach.configurations import Keys, Room, explored
from quantumbattery.reach.elements import Edge, Elements, elements_between
from quantumbattery.reach.groups import grouped
from quantumbattery.reach.needed_levels import cutoffs, given_levels
from quantumbattery.reach.signals import Signal
from quantumbattery.reach.sparse import components
from quantumbattery.reach.terms import (
    Terms,
    damping_terms,
    hamiltonian_terms,
    joined,
    loss_terms,
    reset_terms,
)

ALL = "all oscillators"
"""How the cut is named that is common to several oscillators."""


_START_BYTES = 216  # of a configuration at the start, beside its levels, as measured
_KEYED = 62  # binary digits of a number that a row of levels becomes


@dataclass(frozen=True, eq=False)
class Start:
    """The initial state: the sum over members of |psi><psi|, psi the member's amplitudes."""

    configuration: Array  # (entries,)
    member: Array  # (entries,); a pure state has one member, 0
    amplitude: xr.Variable  # (..., "entry"); the others are axes of the preparations' parameters
    lost: tuple[float, float]  # to a common number of quanta: half the trace norm, an amplitude


@dataclass(frozen=True, eq=False)
class Reach:
    """What a preparation reaches; made by `reach`."""

    sites: tuple[str, ...]  # the columns of `configurations`
    levels: tuple[int, ...]  # that each site was given
    configurations: Array  # (n, sites), the level of every site, in dictionary order
    hamiltonian: Elements  # the energies of the sites and the interactions
    losses: Elements  # Lindblad operators; sqrt(rate) times the rest of a term is what acts
    labels: Array  # (n,), of blocks: neither the Hamiltonian nor the damping joins two
    start: Start  # the initial state
    edge: Edge  # the matrix elements that the cut of a ladder took away
    keys: Keys  # where each configuration stands
    counted: tuple[str, ...]  # the oscillators that share a number of quanta
    most: float  # how many they share; infinity if none do
    signals: dict[int, Signal]  # of terms of the Hamiltonian that change in time
    alike: Reach | None = None  # what it has in common with others; None of what has no numbers

    @property
    def bare(self) -> Reach:
        """The same without numbers, one for all systems alike: NaN stands for each of them."""
        return self.alike or self

    @property
    def size(self) -> int:
        """How many configurations there are."""
        return len(self.configurations)

    @property
    def cut(self) -> tuple[str, ...]:
        """The oscillators whose cut is felt; empty if nothing at all is left out."""
        cut = np.unique(self.edge.site)
        return tuple((*self.sites, ALL)[k] for k in cut)

    @cached_property
    def blocks(self) -> list[Array]:
        """The configurations of each block."""
        order = np.argsort(self.labels, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.labels))[:-1])

    def index(self, configurations: Array) -> Array:
        """Where configurations (..., sites) stand among those reached; -1 where they do not."""
        return self.keys.find(self.keys.of(np.asarray(configurations)))


def reach(
    network: Network,
    started: Started,
    levels: Mapping[str, int] | None = None,
    limit: float = 2.0,
    joints: Sequence[Joint] = (),
    quanta: tuple[Collection[str], float] = ((), inf),
    after: Sequence[Network] = (),
    fresh: Sequence[Mapping[str, Preparation]] = (),
) -> Reach:
    """Find every configuration that preparations reach, and the matrix elements between them.

    Parameters
    ----------
    network : Network
    started : dict of str to preparation
        Of sites by name, as `by_site` has checked them; others start in their ground state.
    levels : dict of str to int, optional
        Levels of oscillators, in place of what `cutoffs` finds.
    limit : float
        The memory that the result may take, in GiB; ValueError as soon as it is known to need more.
    joints : sequence of Joint
        What several sites start in together.
    quanta : tuple of names and a number, optional
        How many quanta some oscillators may hold together.
    after : sequence of Network, optional
        Others over the same sites, under which the state moves at other times. Their terms follow
        those of the first; their numbers are zero where they do not act.
    fresh : sequence of dicts of str to preparation, optional
        How sites may begin anew in between: the last losses, with numbers that are always zero.

    Notes
    -----
    Every configuration on the way is one that a nonzero matrix element leads to; numbers in front
    (DataArrays included) count as nonzero unless all of them are zero.

    Examples
    --------
    >>> from quantumbattery.network.preparations import fock
    >>> from quantumbattery.reach.reach import reach
    >>> from quantumbattery.network.sites import Qubit
    >>> from quantumbattery.network.network import Network
    >>> from quantumbattery.network.interactions import exchange
    >>> chain = Network(
    ...     sites={name: Qubit() for name in "abcd"},
    ...     interactions=[exchange(x, y, 1.0) for x, y in ("ab", "bc", "cd")],
    ...     charger="a",
    ...     battery="d",
    ... )
    >>> reach(chain, {"a": fock(1)}).configurations
    array([[0, 0, 0, 1],
           [0, 0, 1, 0],
           [0, 1, 0, 0],
           [1, 0, 0, 0]], dtype=uint8)
    """
    counts = _levels(network, started, levels or {}, limit, joints)
    sizes = np.array(list(counts.values()))
    room = Room(sizes, np.array([name in quanta[0] for name in counts]), quanta[1])
    alone = at_rest(network, started, joints)
    first, member, amplitude, lost = _start(network, alone, counts, limit, joints, room)
    every = (network, *after)
    links = [len(each.interactions) for each in every]
    energies = joined([hamiltonian_terms(each, counts) for each in every], links)
    anew = [reset_terms(network, counts, each) for each in fresh]
    lossy = [loss_terms(each, counts) for each in every]
    shared = [*(len(each.joint_losses) for each in every), *(0 for _ in anew)]
    losses = joined([*lossy, *anew], shared)
    squares = [damping_terms(n, counts, own) for n, own in zip(every, lossy, strict=True)]
    damping = joined([*squares, *(replace(each, products=[]) for each in anew)], shared)
    structure = Structure(
        tuple(network.sites),
        tuple(sizes.tolist()),
        tuple(quanta[0]),
        quanta[1],
        first,
        member,
        energies.bare,
        losses.bare,
        damping.bare,
        limit,
    )
    found = _kept(structure) if structure.small else _found(structure)
    return _with_numbers(found, energies, losses, amplitude, lost)


def _found(structure: Structure) -> Reach:
    """All that does not depend on numbers."""
    sizes, energies, losses = structure.levels, structure.energies, structure.losses
    counted = np.array([name in structure.counted for name in structure.sites])
    room = Room(np.array(sizes), counted, structure.most)
    moving, losing, joining = (
        grouped(products, sizes)
        for products in (energies.products, losses.products, structure.damping.products)
    )
    found = explored(structure.first, [*moving, *losing, *joining], room, structure.limit)
    keys = Keys.over(found, sizes)
    hamiltonian, edge = elements_between(energies, moving, room, found, keys)
    jumps, lossy_edge = elements_between(losses, losing, room, found, keys)
    _, damped_edge = elements_between(structure.damping, joining, room, found, keys)
    place, shift = keys.find(keys.of(structure.first)), len(energies.coefficients)
    none = xr.Variable(("entry",), np.full(len(place), nan))
    return Reach(
        sites=structure.sites,
        levels=sizes,
        configurations=found,
        hamiltonian=hamiltonian,
        losses=jumps,
        labels=_labels(hamiltonian, jumps),
        start=Start(place, structure.member, none, (nan, nan)),
        edge=edge.followed_by(lossy_edge, shift).followed_by(damped_edge.damped, shift),
        keys=keys,
        counted=structure.counted,
        most=structure.most,
        signals={},
    )


_kept = lru_cache(SMALL)(_found)


def _with_numbers(
    found: Reach,
    energies: Terms,
    losses: Terms,
    amplitude: xr.Variable,
    lost: tuple[float, float],
) -> Reach:
    """What was found, of a system of its own."""
    return replace(
        found,
        hamiltonian=replace(found.hamiltonian, coefficients=tuple(energies.coefficients)),
        losses=replace(found.losses, coefficients=tuple(losses.coefficients)),
        start=replace(found.start, amplitude=amplitude, lost=lost),
        signals=energies.signals,
        alike=found,
    )


def _levels(
    network: Network,
    started: Started,
    given: Mapping[str, int],
    limit: float,
    joints: Sequence[Joint],
) -> dict[str, int]:
    """The number of levels of every site."""
    for name, site in network.sites.items():
        allow(f"levels of {name!r}", site.dimension or 2, 200, limit)
    counts = given_levels(network, given)
    if any(site.dimension is None and name not in counts for name, site in network.sites.items()):
        counts = cutoffs(network, started, joints) | counts
    counts = {name: counts.get(name) or site.dimension or 2 for name, site in network.sites.items()}
    for name, n in counts.items():
        allow(f"levels of {name!r}", n, 200, limit)
    return counts


def _start(
    network: Network,
    alone: Mapping[str, Preparation],
    levels: Mapping[str, int],
    limit: float,
    joints: Sequence[Joint],
    room: Room,
) -> tuple[Array, Array, xr.Variable, tuple[float, float]]:
    """Configurations, members and amplitudes of all preparations together; what is lost of it."""
    dtype = np.min_scalar_type(max(levels.values()) - 1)
    configurations = np.zeros((1, len(network.sites)), dtype=dtype)
    members = np.zeros(1, dtype=np.int64)
    amplitude = None
    every = list(network.sites)
    each_takes = _START_BYTES + 3 * dtype.itemsize * len(every)  # with copies while they are made
    for each in _parts(network, alone, levels, joints):
        count, places = len(each.member), [every.index(name) for name in each.sites]
        allow("starting configurations", len(members) * count, each_takes, limit)
        if amplitude is None:  # the first needs no product, which would take its time
            configurations = np.zeros((count, len(every)), dtype=dtype)
            configurations[:, places] = each.levels
            members, amplitude = each.member, each.amplitude
            continue
        old = np.repeat(np.arange(len(members)), count)
        new = np.tile(np.arange(count), len(members))
        configurations = configurations[old]
        configurations[:, places] = each.levels[new]
        members = members[old] * (int(each.member.max()) + 1) + each.member[new]
        amplitude = amplitude.isel(entry=old) * each.amplitude.isel(entry=new)
    if amplitude is None:
        amplitude = xr.Variable(("entry",), np.ones(1))
    lost = 0.0, 0.0
    held = None if room.most == inf else room.quanta(configurations) <= room.most
    if held is not None and not held.all():
        weight = float((abs(amplitude.isel(entry=~held)) ** 2).sum("entry").max())
        across = np.isin(members[~held], members[held]).any()
        lost = (sqrt(weight) if across else weight), sqrt(weight)
        configurations, members = configurations[held], members[held]
        amplitude = amplitude.isel(entry=held)
    if members.any():
        members = np.unique(members, return_inverse=True)[1]
    if amplitude.dims[-1] != "entry":
        amplitude = amplitude.transpose(..., "entry")
    return configurations, members, amplitude, lost


def _parts(
    network: Network,
    alone: Mapping[str, Preparation],
    levels: Mapping[str, int],
    joints: Sequence[Joint],
) -> Iterator[Joint]:
    """What starts together, and then what starts by itself, on the levels there are."""
    yield from joints
    for name, each in alone.items():
        level, member, values = entries(each, network.sites[name], levels[name])
        yield Joint((name,), level[:, None], member, values)


def _labels(hamiltonian: Elements, losses: Elements) -> Array:
    n, away = hamiltonian.size, hamiltonian.row != hamiltonian.column
    row, column = hamiltonian.row[away], hamiltonian.column[away]
    arrivals, arrival = np.unique(losses.term * n + losses.row, return_inverse=True)
    if len(arrivals) == len(arrival):
        return components(row, column, n)
    # L^dag L joins configurations that a loss takes to the same one: here through that one.
    row, column = np.concatenate([row, losses.column]), np.concatenate([column, n + arrival])
    return components(row, column, n + len(arrivals))[:n]


# --- some of the sites, and the rest ------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Bipartition:
    """Every configuration as a state of some sites, and the rest."""

    levels: Array  # (states, sites), of those sites in each of their states that occurs
    inside: Array  # (configurations,), the number of the state of those sites
    rest: Array  # (configurations,), the number of the state of all others
    # Whether anybody looks at the population of their ground state, which is what all others leave
    # of 1; False for a qubit only, read by its excited population and coherence.
    ground: bool = True

    @staticmethod
    def of(reached: Reach, sites: Sequence[str]) -> Bipartition:
        """Split at some sites, in the order in which they are named."""
        return _split(reached, tuple(sites))

    @cached_property
    def without_ground(self) -> Bipartition:
        """The same where nobody looks at the population of their ground state."""
        return replace(self, ground=False)

    def needed(self, row: Array, column: Array) -> Array:
        """Which elements of the joint density matrix the reduced one adds up."""
        needed: Array = self.rest[row] == self.rest[column]
        if not self.ground:
            excited = (self.levels > 0).sum(axis=1)[self.inside] > 0
            needed &= excited[row] | excited[column]
        return needed


@kept
def _split(reached: Reach, sites: tuple[str, ...]) -> Bipartition:
    place = [reached.sites.index(name) for name in sites]
    others = [k for k in range(len(reached.sites)) if k not in place]
    levels, inside = _distinct(reached.configurations[:, place])
    return Bipartition(levels, inside, _distinct(reached.configurations[:, others])[1])


def _distinct(rows: Array) -> tuple[Array, Array]:
    """The different rows, and which of them each one is."""
    if not rows.shape[1]:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    if rows.shape[1] == 1:  # much faster than whole rows
        distinct, which = np.unique(rows[:, 0], return_inverse=True)
        return distinct[:, None], which
    sizes = rows.max(axis=0).astype(np.int64) + 1
    if np.log2(sizes).sum() < _KEYED:  # a number for each row, in their order
        many = np.flatnonzero(sizes > 1)  # NumPy takes 64 columns at most, and here are no more
        if not len(many):
            return rows[:1], np.zeros(len(rows), dtype=np.int64)
        keys = np.ravel_multi_index(tuple(rows.T[many].astype(np.int64)), tuple(sizes[many]))
        if (keys[1:] > keys[:-1]).all():
            return rows, np.arange(len(rows))
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        return rows[first], which
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    return distinct, which.reshape(-1)
