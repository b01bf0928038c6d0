"""Local terms: the Hamiltonian and the losses as products of operators on one site or more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quantumbattery.network.amplitudes import entries
from quantumbattery.network.drives import Drive
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.network import Network
from quantumbattery.network.operators import Operator, after, diagonal, inside
from quantumbattery.quantities.aliases import Parameter
from quantumbattery.quantities.parameters import any_nonzero
from quantumbattery.reach.rotating_frame import distinct, frame
from quantumbattery.reach.signals import Signal, signals_of

_EPSILON = float(np.finfo(float).eps)
OF_FRAME, OF_DRIVE = -1, -2  # origins that are neither a site nor an interaction


@dataclass(frozen=True, eq=False)
class Product:
    """A term's product of local operators, one for each place."""

    term: int
    places: tuple[int, ...]
    operators: tuple[Operator, ...]

    @property
    def diagonal(self) -> bool:
        """Whether every operator leaves levels where they are."""
        return all(operator.diagonal for operator in self.operators)


@dataclass(frozen=True, eq=False)
class Terms:
    """A sum of coefficient * products of local operators, and where each term comes from.

    Terms that change in time have a signal, by their number.
    """

    coefficients: list[Parameter]
    origins: list[str | int]
    products: list[Product]
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
            terms.products.append(Product(term, (place[name],), (diagonal(weights),)))
    for k, each in enumerate(network.interactions):
        sites = [network.sites[name] for name in each.ends]
        where = tuple(place[name] for name in each.ends)
        for number, products in each.terms(sites, [levels[name] for name in each.ends]):
            if any_nonzero(number):
                for size, signal in signals_of(number, each, 0.0, False):
                    term = terms.add(size, k)
                    terms.products.extend(Product(term, where, product) for product in products)
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
            terms.products.append(Product(term, (place[name],), (diagonal(weights),)))
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


def _quadratures(phase: Any) -> tuple[Any, Any]:
    """The cosine and the sine of a phase; 0 where rounding of the phase alone makes them differ."""
    least = _EPSILON * (1 + abs(phase))
    both = np.cos(phase), np.sin(phase)
    return both[0] * (abs(both[0]) > least), both[1] * (abs(both[1]) > least)


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
        cos, sin = (strength * part for part in _quadratures(each.phase))
    if each.rotating:  # e^{i (x + phase)} O + h.c. = cos(x + phase) even + sin(x + phase) odd
        found = [(cos, False, even), (sin, False, odd)]
        found += [(cos, True, odd), (-sin, True, even)] if turns else []
    else:
        found = [(cos, False, even), *([(-sin, True, even)] if turns else [])]
    for number, is_late, acts in found:
        if any_nonzero(number):
            for size, signal in signals_of(number, each, frequency, is_late):
                term = terms.add(size, OF_DRIVE)
                terms.products.append(Product(term, (place,), (acts,)))
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
                    terms.products.append(Product(terms.add(1.0, name), (place,), (acts,)))
    return terms


def loss_terms(network: Network, levels: Mapping[str, int]) -> Terms:
    """The losses of the sites, then those that they share, by number; coefficients are rates."""
    terms = Terms([], [], [], {})
    place = {name: k for k, name in enumerate(network.sites)}
    for name, site in network.sites.items():
        for rate, lowering in site.losses(levels[name]):
            terms.products.append(Product(terms.add(rate, name), (place[name],), (lowering,)))
    for k, each in enumerate(network.joint_losses):
        sites = [network.sites[name] for name in each.ends]
        for rate, parts in each.losses(sites, [levels[name] for name in each.ends]):
            term = terms.add(rate, k)
            for ends, operators in parts:
                where = tuple(place[each.ends[end]] for end in ends)
                terms.products.append(Product(term, where, operators))
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
                terms.products.append(Product(loss.term, (where,), (square,)))
    term = sum(isinstance(origin, str) for origin in losses.origins)
    for each in network.joint_losses:
        sites = [network.sites[name] for name in each.ends]
        for parts in each.squares(sites, [levels[name] for name in each.ends]):
            for ends, operators in parts:
                there = tuple(place[each.ends[end]] for end in ends)
                terms.products.append(Product(term, there, operators))
            term += 1
    return terms
