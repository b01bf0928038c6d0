"""The states that a preparation can reach, from local terms alone.

A configuration is the level of each site. From those that a preparation starts in, every term of
the Hamiltonian and every loss leads to others; they are followed in array operations, many
configurations and many places at once, and the product space is never built. A chain of 1,000
qubits with one excitation is 1,001 configurations, not 2^1000.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import xarray as xr

from quantumbattery.amplitudes import entries, is_pure, needed_levels
from quantumbattery.operators import Array
from quantumbattery.preparations import by_site
from quantumbattery.reached import Edge, Elements, Keys, Reach, Start, place_values
from quantumbattery.sites import Oscillator, whole_number
from quantumbattery.sparse import components, reachable
from quantumbattery.states import Preparation
from quantumbattery.system import System
from quantumbattery.terms import (
    Group,
    Moves,
    Terms,
    damping,
    grouped,
    hamiltonian_terms,
    loss_terms,
    moves_of,
)

_PIECE = 1 << 22  # places looked at in one array operation
_SMALL = 1 << 11  # configurations in all, which are then searched at once
_GIB = 2.0**30
_ELEMENT = 160  # bytes of a matrix element while it is sorted into blocks and evolves, as measured
_LOOKED_AT = 256  # configurations


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


def _pieces(configurations: Array, places: int) -> Iterator[slice]:
    step = max(1, _PIECE // max(1, places))
    return (slice(k, k + step) for k in range(0, len(configurations), step))


def _inside(moves: Moves, levels: Array) -> Array:
    """Which moves stay on the levels there are; the others step beyond the cut of a ladder."""
    inside: Array = np.logical_and.reduce(moves.levels < levels[moves.places], axis=1)
    return inside


def _explore(
    start: Array, groups: Sequence[Group], weights: Array, levels: Array, limit: float
) -> Array:
    """All configurations that can be reached from the first, in any order."""
    if prod(levels.tolist()) <= _SMALL:
        return _search(start, groups, weights, levels)
    moving = [group for group in groups if not group.diagonal]
    staying = [group for group in groups if group.diagonal]
    places = max((len(group.places) for group in moving), default=1)
    found, frontier = [start], start
    known = _Known(start.astype(np.uint64) @ weights)
    count, seen, entries = len(start), 0, 0.0
    while len(frontier):
        fresh = [frontier[:0]]
        for piece in _pieces(frontier, places):
            here = frontier[piece]
            keys = here.astype(np.uint64) @ weights
            for group in moving:
                moves = moves_of(here, group, weights)
                entries += len(moves.source)
                new = _arrivals(here, keys, moves, known, levels)
                count += len(new)
                fresh.append(new)
            seen += len(here)
            entries += len(here) * _standing(here, staying)
            # Besides its levels and keys, a configuration has elements, which soon are blocks.
            each = start.itemsize * len(levels) + 48 + _ELEMENT * entries / seen
            allow("configurations", count, each, limit)
        frontier = np.concatenate(fresh)
        found.append(frontier)
    return np.concatenate(found)


def _standing(here: Array, staying: Sequence[Group]) -> float:
    """How many diagonal elements configurations have on average, from some of them."""
    some, count = here[:: 1 + len(here) // _LOOKED_AT], 0
    for group in staying:
        alive = np.ones((len(some), len(group.places)), dtype=bool)
        for places, acts in zip(group.places.T, group.acts, strict=True):
            alive &= acts[some[:, places]]
        count += int(alive.sum())
    return count / len(some)


def _search(start: Array, groups: Sequence[Group], weights: Array, levels: Array) -> Array:
    """The same in a space small enough to be written down as a whole: its keys count it."""
    space = np.indices(levels.tolist(), dtype=start.dtype).reshape(len(levels), -1).T
    none = np.zeros(0, dtype=np.int64)
    sources, targets = [none], [none]
    for group in groups:
        if not group.diagonal:
            moves = moves_of(space, group, weights)
            inside = _inside(moves, levels)
            sources.append(moves.source[inside])
            targets.append(sources[-1] + moves.shift[inside].astype(np.int64))
    first = (start.astype(np.uint64) @ weights).astype(np.int64)
    steps = np.concatenate(sources), np.concatenate(targets)
    found: Array = space[reachable(*steps, len(space), first)]
    return found


def _arrivals(here: Array, keys: Array, moves: Moves, known: _Known, levels: Array) -> Array:
    """The new configurations to which moves lead; they are known from then on."""
    inside = np.flatnonzero(_inside(moves, levels))
    arrived, first = np.unique(keys[moves.source[inside]] + moves.shift[inside], return_index=True)
    fresh = known.new(arrived)
    chosen = inside[first[fresh]]
    new = here[moves.source[chosen]]
    for k in range(moves.places.shape[1]):
        new[np.arange(len(new)), moves.places[chosen, k]] = moves.levels[chosen, k]
    if len(new):
        known.add(arrived[fresh])
    return new


class TooLargeError(ValueError):
    """A problem needs more memory than it may take."""


def allow(what: str, count: int, each: float, limit: float) -> None:
    """Raise TooLargeError if so many things, of so many bytes each, exceed the limit in GiB."""
    need = count * each / _GIB
    if need > limit:
        raise TooLargeError(
            f"too large: at least {count:,} {what} need {need:.3g} GiB or more, and the limit is "
            f"{limit:.3g} GiB: use fewer or smaller sites, fewer levels or an Ensemble for cells "
            "that are alike, or raise the limit"
        )


def elements_between(
    terms: Terms, groups: Sequence[Group], levels: Array, configurations: Array, keys: Keys
) -> tuple[Elements, Edge]:
    """The matrix elements of all terms, grouped, and those that the cut of a ladder took away."""
    parts: list[tuple[Array, ...]] = [(*[np.zeros(0, int)] * 3, np.zeros(0))]
    edge: list[tuple[Array, ...]] = [(*[np.zeros(0, int)] * 3, np.zeros(0))]
    own = keys.of(configurations) if terms.products else keys.weights
    for group in groups:
        for piece in _pieces(configurations, len(group.places)):
            moves = moves_of(configurations[piece], group, keys.weights)
            inside = _inside(moves, levels)
            column = moves.source + piece.start
            if not inside.all():
                move, k = np.nonzero(moves.levels >= levels[moves.places])
                term = group.term[moves.product[move]]
                edge.append((term, moves.places[move, k], column[move], moves.value[move]))
            column = column[inside]
            row = keys.find(own[column] + moves.shift[inside])
            parts.append((group.term[moves.product[inside]], row, column, moves.value[inside]))
    joined = (np.concatenate(part) for part in zip(*parts, strict=True))
    cut = (np.concatenate(part) for part in zip(*edge, strict=True))
    elements = Elements(
        tuple(terms.coefficients), tuple(terms.origins), len(configurations), *joined
    )
    return elements, Edge(*cut)


def cutoffs(system: System, preparation: object, tolerance: float = 1e-14) -> dict[str, int]:
    """Enough levels of every site for a preparation, and for its quanta wherever they go.

    An oscillator whose levels are given keeps them. Any other gets room for all the quanta that
    the preparation brings to all sites, up to a part of size `tolerance`: where quanta are
    conserved (exchange, loss) nothing else is ever left out. Counter-rotating terms and thermal
    baths need more; `Reach.cut` then says that the cut is felt.

    Parameters
    ----------
    system : System
    preparation : preparation or dict of str to preparation
    tolerance : float
        The norm that may be left out of a ket, or the weight of a thermal state. A norm, since the
        work in a state may depend on its smallest amplitudes in the first power.

    Returns
    -------
    dict of str to int
        For every site.
    """
    return _cutoffs(system, by_site(preparation, system), tolerance)


def _cutoffs(
    system: System, chosen: Mapping[str, Preparation], tolerance: float = 1e-14
) -> dict[str, int]:
    levels = {name: site.dimension or 2 for name, site in system.sites.items()}
    quanta = 0
    for name, each in chosen.items():
        site = system.sites[name]
        weight = tolerance**2 if is_pure(each) else tolerance
        if site.dimension is None:
            levels[name] = max(2, needed_levels(each, site, weight))
        held = entries(each, site, levels[name])[0]
        quanta += int(site.excitations(levels[name])[held].max(initial=0))
    for name, site in system.sites.items():
        if isinstance(site, Oscillator) and site.dimension is None:
            levels[name] = max(levels[name], quanta + 1)
    return levels


def _start(
    system: System, chosen: Mapping[str, Preparation], levels: Mapping[str, int], limit: float
) -> tuple[Array, Array, xr.DataArray]:
    """Configurations, members and amplitudes of the product of all sites' preparations."""
    dtype = np.min_scalar_type(max(levels.values()) - 1)
    configurations = np.zeros((1, len(system.sites)), dtype=dtype)
    members = np.zeros(1, dtype=np.int64)
    amplitude = xr.DataArray(np.ones(1), dims="entry")
    for number, (name, each) in enumerate(chosen.items()):
        level, member, values = entries(each, system.sites[name], levels[name])
        allow("starting configurations", len(members) * len(level), 64, limit)
        old = np.repeat(np.arange(len(members)), len(level))
        new = np.tile(np.arange(len(level)), len(members))
        configurations = configurations[old]
        configurations[:, list(system.sites).index(name)] = level[new]
        members = members[old] * (int(member.max()) + 1) + member[new]
        amplitude = amplitude.isel(entry=old) * values.isel(entry=new) if number else values
    if members.any():
        members = np.unique(members, return_inverse=True)[1]
    if amplitude.dims[-1] != "entry":
        amplitude = amplitude.transpose(..., "entry")
    return configurations, members, amplitude


def reach(
    system: System,
    preparation: object,
    levels: Mapping[str, int] | None = None,
    limit: float = 2.0,
) -> Reach:
    """Find every configuration that a preparation reaches, and the matrix elements between them.

    Parameters
    ----------
    system : System
        What there is.
    preparation : preparation or dict of str to preparation
        How the charger starts, or each site; sites not named start in their ground state.
    levels : dict of str to int, optional
        Levels of oscillators, in place of what `cutoffs` finds.
    limit : float
        The memory that the result may take, in GiB.

    Returns
    -------
    Reach

    Raises
    ------
    TypeError, ValueError
        If the preparation does not fit the system, or the result would be larger than the limit;
        exploration stops as soon as that is known.

    Notes
    -----
    Every configuration on the way is one that a nonzero matrix element leads to; numbers in front
    (DataArrays included) count as nonzero unless all of them are zero.

    Examples
    --------
    >>> from quantumbattery.states import fock
    >>> from quantumbattery.reach import reach
    >>> from quantumbattery.system import Qubit, System, exchange
    >>> chain = System(
    ...     sites={name: Qubit() for name in "abcd"},
    ...     interactions=[exchange(x, y, 1.0) for x, y in ("ab", "bc", "cd")],
    ...     charger="a",
    ...     battery="d",
    ... )
    >>> reach(chain, fock(1)).configurations
    array([[0, 0, 0, 1],
           [0, 0, 1, 0],
           [0, 1, 0, 0],
           [1, 0, 0, 0]], dtype=uint8)
    """
    return reach_from(system, by_site(preparation, system), levels, limit)


def reach_from(
    system: System,
    chosen: Mapping[str, Preparation],
    levels: Mapping[str, int] | None = None,
    limit: float = 2.0,
) -> Reach:
    """The same for preparations that were checked and sorted by `by_site`."""
    for name, site in system.sites.items():
        allow(f"levels of {name!r}", site.dimension or 2, 200, limit)
    counts = _given_levels(system, levels or {})
    if any(site.dimension is None and name not in counts for name, site in system.sites.items()):
        counts = _cutoffs(system, chosen) | counts
    counts = {name: counts.get(name) or site.dimension or 2 for name, site in system.sites.items()}
    for name, n in counts.items():
        allow(f"levels of {name!r}", n, 200, limit)
    sizes = np.array(list(counts.values()))
    first, member, amplitude = _start(system, chosen, counts, limit)
    energies, losses = hamiltonian_terms(system, counts), loss_terms(system, counts)
    damped = damping(losses, sizes.tolist())
    weights = place_values(sizes.tolist())
    distinct = np.unique(first.astype(np.uint64) @ weights, return_index=True)[1]
    moving, losing, joining = (
        grouped(products, sizes.tolist())
        for products in (energies.products, losses.products, damped)
    )
    groups = [*moving, *losing, *joining]
    found = _explore(first[distinct], groups, weights, sizes, limit)
    found = found[_dictionary_order(found)]
    look_up = Keys.over(found, sizes.tolist())
    hamiltonian, edge = elements_between(energies, moving, sizes, found, look_up)
    jumps, lossy_edge = elements_between(losses, losing, sizes, found, look_up)
    names = tuple(system.sites)
    return Reach(
        sites=names,
        levels=tuple(sizes.tolist()),
        configurations=found,
        hamiltonian=hamiltonian,
        losses=jumps,
        labels=_labels(hamiltonian, jumps),
        start=Start(look_up.find(look_up.of(first)), member, amplitude),
        edge=edge.followed_by(lossy_edge, shift=len(hamiltonian.coefficients)),
        keys=look_up,
        signals=energies.signals,
    )


def _given_levels(system: System, levels: Mapping[str, int]) -> dict[str, int]:
    given = {}
    for name, n in levels.items():
        site = system.sites.get(name)
        if not isinstance(site, Oscillator):
            raise ValueError(f"levels are for oscillators, but {name!r} is {site!r:.60}")
        given[name] = whole_number(n, 2, f"levels of {name!r} must be a whole number of at least 2")
    return given


def _dictionary_order(configurations: Array) -> Array:
    big_endian = configurations.astype(configurations.dtype.newbyteorder(">"))
    order: Array = np.argsort(big_endian.view(f"S{big_endian.strides[0]}").ravel(), kind="stable")
    return order


def _labels(hamiltonian: Elements, losses: Elements) -> Array:
    n, row, column = hamiltonian.size, hamiltonian.row, hamiltonian.column
    arrivals, arrival = np.unique(losses.term * n + losses.row, return_inverse=True)
    if len(arrivals) == len(arrival):
        return components(row, column, n)
    # L^dag L joins configurations that a loss takes to the same one: here through that one.
    row, column = np.concatenate([row, losses.column]), np.concatenate([column, n + arrival])
    return components(row, column, n + len(arrivals))[:n]
