"""Local terms: the Hamiltonian and the losses as products of operators on one site or more.

Terms with the same operators at many places are one group; where a group takes many configurations
is found in array operations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.network.amplitudes import entries
from quantumbattery.network.drives import Drive
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator, after, diagonal, inside
from quantumbattery.network.preparations import Preparation
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.parameters import any_nonzero
from quantumbattery.reach.rotating_frame import distinct, frame
from quantumbattery.reach.signals import Signal, signals_of

OF_FRAME, OF_DRIVE = -1, -2  # origins that are neither a site nor an interaction


@dataclass(frozen=True, eq=False)
class _Product:
    """A term's product of local operators, one for each place."""

    term: int
    places: tuple[int, ...]
    operators: tuple[Operator, ...]

    @property
    def diagonal(self) -> bool:
        return all(operator.diagonal for operator in self.operators)


@dataclass(frozen=True, eq=False)
class Group:
    """Products of operators on alike places, as tables over the levels there.

    ``target[k][kind, level]`` lists where the k-th operator of a product leads from a level, and
    ``value`` with which matrix element; lists are filled up with zeros.
    """

    term: Array  # (products,)
    places: Array  # (products, operators)
    kind: Array  # (products, operators), which of the tables
    target: list[Array]  # each (kinds, levels, longest)
    value: list[Array]  # each (kinds, levels, longest)
    diagonal: bool

    @property
    def stays(self) -> bool:
        """Whether every level is multiplied by one number, and no more."""
        return self.diagonal and all(value.shape[-1] == 1 for value in self.value)

    @cached_property
    def acts(self) -> list[Array]:
        """On which levels of each place an operator does not vanish, each (kinds, levels)."""
        return [(value != 0).any(axis=-1) for value in self.value]

    @cached_property
    def choices(self) -> Array:
        """All ways to take one target at each place, shape (places, ways)."""
        ways = np.indices([value.shape[-1] for value in self.value])
        return ways.reshape(len(self.value), -1)


@dataclass(frozen=True, eq=False)
class Terms:
    """A sum of coefficient * products of local operators, and where each term comes from.

    Terms that change in time have a signal, by their number.
    """

    coefficients: list[Parameter]
    origins: list[str | int]
    products: list[_Product]
    signals: dict[int, Signal]

    @property
    def bare(self) -> Terms:
        """The same without numbers: NaN stands for each, and nothing changes in time."""
        return Terms([np.nan] * len(self.origins), self.origins, self.products, {})

    @property
    def pattern(self) -> tuple[Any, ...]:
        """Equal for terms that differ in their numbers, and how these change in time, alone."""
        products = ((p.term, p.places, *(_sorted(o) for o in p.operators)) for p in self.products)
        return tuple(self.origins), *products

    def add(self, coefficient: Parameter, origin: str | int) -> int:
        """Add a term without products yet, and give its number."""
        self.coefficients.append(coefficient)
        self.origins.append(origin)
        return len(self.coefficients) - 1


def _sorted(operator: Operator) -> tuple[Any, ...]:
    """Its entries and of which sort they are."""
    return *operator.key, operator.row.dtype.char, operator.value.dtype.char


def hamiltonian_terms(network: Network, levels: Mapping[str, int], drives: bool = True) -> Terms:
    """The energies of the sites and the interactions, and the drives if they are asked for."""
    terms = Terms([], [], [], {})
    place = {name: k for k, name in enumerate(network.sites)}
    for name, site in network.sites.items():
        for number, weights in site.energy_terms(levels[name]):
            term = terms.add(number, name)
            terms.products.append(_Product(term, (place[name],), (diagonal(weights),)))
    for k, each in enumerate(network.interactions):
        sites = [network.sites[name] for name in each.ends]
        where = tuple(place[name] for name in each.ends)
        for number, products in each.terms(sites, [levels[name] for name in each.ends]):
            if any_nonzero(number):
                for size, signal in signals_of(number, each, 0.0, False):
                    term = terms.add(size, k)
                    terms.products.extend(_Product(term, where, product) for product in products)
                    if signal is not None:
                        terms.signals[term] = signal
    if drives and network.drives:
        _add_drives(terms, network, levels)
    return terms


def _add_drives(terms: Terms, network: Network, levels: Mapping[str, int]) -> None:
    """The drives, and minus the frequencies of the frame in which as many as possible stand still.

    What still turns is written with cos(r t) (O + O^dag) + sin(r t) i (O - O^dag), both Hermitian.
    """
    turning = frame(network)
    place = {name: k for k, name in enumerate(network.sites)}
    for name, site in network.sites.items():
        for number, weights in turning.levels(name, site, levels[name]):
            term = terms.add(-number, OF_FRAME)
            terms.products.append(_Product(term, (place[name],), (diagonal(weights),)))
    for each in network.drives:
        if any_nonzero(each.amplitude):
            site, n = network.sites[each.site], levels[each.site]
            left = turning.residual(each, site, n)
            acts = each.lowering(site, n + each.quanta)  # and what leads beyond the last level
            for combination in distinct(left):
                chosen = (left == combination).all(axis=1)
                inside = chosen & (acts.column < n)
                lower = Operator(acts.row[inside], acts.column[inside], acts.value[inside])
                chosen = chosen & (acts.row < n)
                raised = Operator(acts.column[chosen], acts.row[chosen], acts.value[chosen].conj())
                frequency = turning.frequency(combination) if each.rotating else each.frequency
                _add_field(terms, each, place[each.site], (lower, raised), frequency)


def _add_field(
    terms: Terms, each: Drive, place: int, parts: tuple[Operator, Operator], frequency: Parameter
) -> None:
    """Add strength (1 or 2) envelope (O e^{i frequency t} + h.c.), by its Hermitian parts."""
    lower, raised = parts
    turns = any_nonzero(frequency)
    strength = each.strength if each.rotating else 2 * each.strength
    even = lower + raised
    late = Operator(lower.row, lower.column, 1j * lower.value)
    odd = late + Operator(raised.row, raised.column, -1j * raised.value)
    cos: Parameter = strength
    sin: Parameter = 0.0
    if any_nonzero(each.phase):
        phase: Any = each.phase
        cos, sin = strength * np.cos(phase), strength * np.sin(phase)
    if each.rotating:  # e^{i (x + phase)} O + h.c. = cos(x + phase) even + sin(x + phase) odd
        found = [(cos, False, even), (sin, False, odd)]
        found += [(cos, True, odd), (-sin, True, even)] if turns else []
    else:
        found = [(cos, False, even), *([(-sin, True, even)] if turns else [])]
    for number, is_late, acts in found:
        if any_nonzero(number):
            for size, signal in signals_of(number, each, frequency, is_late):
                term = terms.add(size, OF_DRIVE)
                terms.products.append(_Product(term, (place,), (acts,)))
                if signal is not None:
                    terms.signals[term] = signal


def joined(parts: Sequence[Terms], links: Sequence[int]) -> Terms:
    """All terms of several networks over the same sites, one after the other.

    Their interactions, so many of each, are counted on from one to the next.
    """
    if len(parts) == 1:
        return parts[0]
    whole = Terms([], [], [], {})
    for part, here in zip(parts, np.cumsum([0, *links]).tolist(), strict=False):
        shift = len(whole.coefficients)
        whole.coefficients.extend(part.coefficients)
        for origin in part.origins:  # interactions are counted on
            link = isinstance(origin, int) and origin >= 0
            whole.origins.append(int(origin) + here if link else origin)
        whole.products.extend(replace(each, term=each.term + shift) for each in part.products)
        whole.signals.update({term + shift: signal for term, signal in part.signals.items()})
    return whole


def reset_terms(
    network: Network, levels: Mapping[str, int], fresh: Mapping[str, Preparation]
) -> Terms:
    """Where a reset leads: as if by the losses |psi><k| from any level k to a member psi.

    Only which elements there are counts, and not how large they are.
    """
    terms = Terms([], [], [], {})
    for place, (name, site) in enumerate(network.sites.items()):
        if name in fresh:
            level, member, _ = entries(fresh[name], site, levels[name])
            for which in np.unique(member):
                row = level[member == which]
                for k in range(levels[name]):
                    acts = Operator(row, np.full(len(row), k), np.ones(len(row)))
                    terms.products.append(_Product(terms.add(1.0, name), (place,), (acts,)))
    return terms


def loss_terms(network: Network, levels: Mapping[str, int]) -> Terms:
    """The losses of the sites, then those that they share, by number; coefficients are rates."""
    terms = Terms([], [], [], {})
    place = {name: k for k, name in enumerate(network.sites)}
    for name, site in network.sites.items():
        for rate, lowering in site.losses(levels[name]):
            terms.products.append(_Product(terms.add(rate, name), (place[name],), (lowering,)))
    for k, each in enumerate(network.joint_losses):
        sites = [network.sites[name] for name in each.ends]
        for rate, parts in each.losses(sites, [levels[name] for name in each.ends]):
            term = terms.add(rate, k)
            for ends, operators in parts:
                where = tuple(place[each.ends[end]] for end in ends)
                terms.products.append(_Product(term, where, operators))
    return terms


def damping_terms(network: Network, levels: Mapping[str, int], losses: Terms) -> Terms:
    """L^dag L of each loss, where it is not diagonal, from the levels there are and beyond them.

    Terms are those of the losses.
    """
    terms = Terms(losses.coefficients, losses.origins, [], {})
    place = {name: k for k, name in enumerate(network.sites)}
    counts = list(levels.values())
    for loss in losses.products:
        if isinstance(losses.origins[loss.term], str):
            (where,), (jump,) = loss.places, loss.operators
            if np.bincount(jump.row).max(initial=0) > 1:
                own = inside(jump, counts[where])
                square = after(own.adjoint, own, counts[where])
                terms.products.append(_Product(loss.term, (where,), (square,)))
    term = sum(isinstance(origin, str) for origin in losses.origins)
    for each in network.joint_losses:
        sites = [network.sites[name] for name in each.ends]
        for parts in each.squares(sites, [levels[name] for name in each.ends]):
            for ends, operators in parts:
                there = tuple(place[each.ends[end]] for end in ends)
                terms.products.append(_Product(term, there, operators))
            term += 1
    return terms


def _table(operator: Operator, levels: int) -> tuple[Array, Array]:
    if (operator.column >= levels).any():  # what leads back from beyond
        there = operator.column < levels
        parts = (operator.row, operator.column, operator.value)
        operator = Operator(*(part[there] for part in parts))
    order = np.argsort(operator.column, kind="stable")
    column = operator.column[order]
    count = np.bincount(column, minlength=levels)
    position = np.arange(len(column)) - (np.cumsum(count) - count)[column]
    shape = (levels, max(1, int(count.max(initial=0))))
    target = np.zeros(shape, dtype=np.int64)
    value = np.zeros(shape, dtype=operator.value.dtype)
    target[column, position] = operator.row[order]
    value[column, position] = operator.value[order]
    return target, value


def grouped(products: Sequence[_Product], levels: Sequence[int]) -> list[Group]:
    """Products of operators whose tables are of the same size, together."""
    known: dict[Any, tuple[Array, Array]] = {}  # the tables of each operator
    found: dict[Any, tuple[list[Any], Any]] = {}  # keys, and sizes of tables, of the same ones
    alike: dict[Any, list[tuple[_Product, list[Any]]]] = {}
    for each in products:
        same = (*map(id, each.operators), *(levels[place] for place in each.places))
        if same not in found:
            keys = [(o.key, levels[p]) for o, p in zip(each.operators, each.places, strict=True)]
            for key, operator in zip(keys, each.operators, strict=True):
                if key not in known:
                    known[key] = _table(operator, key[1])
            sizes = tuple((*known[key][0].shape, known[key][1].dtype.char) for key in keys)
            found[same] = keys, (sizes, each.diagonal)
        keys, kind = found[same]
        alike.setdefault(kind, []).append((each, keys))
    groups = []
    for (_, stays), members in alike.items():
        kinds, tables = [], []
        for column in zip(*(keys for _, keys in members), strict=True):
            number = {key: k for k, key in enumerate(dict.fromkeys(column))}
            kinds.append([number[key] for key in column])
            tables.append([known[key] for key in number])
        groups.append(
            Group(
                np.array([each.term for each, _ in members]),
                np.array([each.places for each, _ in members]),
                np.array(kinds).T,
                [np.stack([target for target, _ in each]) for each in tables],
                [np.stack([value for _, value in each]) for each in tables],
                stays,
            )
        )
    return groups


def leading(groups: Sequence[Group]) -> list[Group]:
    """The same, without products that lead to the same as others, with other elements.

    Elements are 1 here, wherever they are not zero.
    """
    alike: dict[Any, list[Group]] = {}
    for group in groups:
        sizes = tuple(value.shape[1:] for value in group.value)
        alike.setdefault((sizes, group.diagonal), []).append(group)
    return [_different(members) for members in alike.values()]


def _different(groups: Sequence[Group]) -> Group:
    """One group of several with tables of the same size, each product once."""
    places = np.concatenate([group.places for group in groups])
    rows, kinds, targets, values = [places], [], [], []
    for k in range(places.shape[1]):
        counts = np.cumsum([0, *(len(group.value[k]) for group in groups)]).tolist()
        shifts = zip(groups, counts, strict=False)
        kind = np.concatenate([group.kind[:, k] + shift for group, shift in shifts])
        there = np.concatenate([group.value[k] != 0 for group in groups])
        target = np.concatenate([group.target[k] for group in groups])
        pattern = np.where(there, target, -1).reshape(len(there), -1)
        same = np.unique(pattern, axis=0, return_inverse=True)[1].reshape(-1)
        rows.append(same[kind][:, None])
        kinds.append(kind)
        targets.append(target)
        values.append(there.astype(float))
    first = np.sort(np.unique(np.concatenate(rows, axis=1), axis=0, return_index=True)[1])
    term = np.concatenate([group.term for group in groups])[first]
    kind = np.array(kinds).T[first]
    return Group(term, places[first], kind, targets, values, groups[0].diagonal)


@dataclass(frozen=True, eq=False)
class Moves:
    """Where configurations go: from which, by which product, to which levels, with what element."""

    source: Array
    product: Array
    places: Array
    levels: Array
    value: Array
    shift: Array  # of the key


def standing(configurations: Array, group: Group) -> tuple[Array, Array, Array]:
    """Where and by which product a group that stays does not vanish, and its elements there."""
    value = np.ones((len(configurations), len(group.places)))
    for places, kind, table in zip(group.places.T, group.kind.T, group.value, strict=True):
        value = value * table[kind, configurations[:, places], 0]
    source, product = np.nonzero(value)
    return source, product, value[source, product]


def moves_of(configurations: Array, group: Group, weights: Array) -> Moves:
    """All moves of a group at once; configurations times places is one array."""
    before = [configurations[:, places] for places in group.places.T]
    alive = np.ones(before[0].shape, dtype=bool)
    for level, kind, acts in zip(before, group.kind.T, group.acts, strict=True):
        alive &= acts[kind, level]
    source, product = np.nonzero(alive)
    before, choices = [level[source, product] for level in before], group.choices
    kinds = group.kind[product].T
    if choices.shape[1] == 1:  # one way each, and none that is zero
        choice = np.zeros(len(source), dtype=np.int64)
        value = np.ones(len(source))
        for level, kind, table in zip(before, kinds, group.value, strict=True):
            value = value * table[kind, level, 0]
    else:
        every = np.ones((len(source), choices.shape[1]))
        for level, kind, table, ways in zip(before, kinds, group.value, choices, strict=True):
            every = every * table[kind[:, None], level[:, None], ways]
        move, choice = np.nonzero(every)
        source, product, value = source[move], product[move], every[move, choice]
        before, kinds = [level[move] for level in before], kinds[:, move]
    places = group.places[product]
    after = np.empty(places.shape, dtype=np.int64)
    shift = np.zeros(len(source), dtype=np.uint64)
    for k, target in enumerate(group.target):
        level = before[k]
        after[:, k] = target[kinds[k], level, choices[k, choice]]
        change = (after[:, k] - level).astype(np.uint64)  # modulo 2^64, as all keys
        shift += change * weights[places[:, k]]
    return Moves(source, product, places, after, value, shift)
