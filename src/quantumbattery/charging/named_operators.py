"""Operators that have a name: the quanta of a site, its energy, and its lowering operator."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quantumbattery.charging.observables import Observable
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.described import choices

OPERATORS = ("quanta", "energy", "lowering")

Terms = tuple[tuple[Parameter, Observable], ...]
"""Numbers, which may have axes, and the means that these stand before."""


def named_operator(name: str, where: str, site: Site, operator: str) -> Terms:
    """What the mean of an operator with a name is the sum of; ValueError if there is none."""
    if operator not in OPERATORS:
        raise ValueError(
            f"there is no operator {operator!r}; {choices(operator, OPERATORS)}, or give a matrix"
        )
    moment = operator if isinstance(site, Oscillator) and site.levels is None else ""
    if operator == "lowering":
        return ((1.0, Observable(name, (where,), _lowering(site), moment)),)
    if operator == "energy":
        return _energy(name, where, site, "quanta" if moment else "")
    return ((1.0, Observable(name, (where,), _quanta(site), moment)),)


def _quanta(site: Site) -> Callable[[int], Array]:
    return lambda levels: site.quanta(levels).matrix(levels)


def _lowering(site: Site) -> Callable[[int], Array]:
    return lambda levels: site.lowering(levels).matrix(levels)


def _energy(name: str, where: str, site: Site, moment: str) -> Terms:
    """Above that of the lowest level, a mean for each of its numbers."""

    def weights(k: int) -> Callable[[int], Array]:
        return lambda levels: np.diag(site.energy_terms(levels)[k][1])

    numbers = [number for number, _ in site.energy_terms(site.dimension or 2)]
    if not numbers:  # all levels are alike
        return ((0.0, Observable(name, (where,), np.eye)),)
    several = len(numbers) > 1
    return tuple(
        (number, Observable(f"{name} {k}" if several else name, (where,), weights(k), moment))
        for k, number in enumerate(numbers)
    )
