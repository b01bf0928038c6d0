"""From a description, a preparation and times to density matrices and means of operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging import by_moments
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.charge import (
    attributes,
    converted,
    extraction_of,
    run,
    warn_of,
)
from quantumbattery.charging.named_operators import Terms, named_operator
from quantumbattery.charging.observables import (
    Observable,
    OperatorOfLevels,
    allow_matrices,
    is_hermitian,
    on_asked_levels,
)
from quantumbattery.charging.problem import OnLevels, Problem, Solution
from quantumbattery.charging.product_states import apart, levels_of, product
from quantumbattery.network.acting import acting
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, MatrixLike, Values
from quantumbattery.quantities.described import choices, listed, saying
from quantumbattery.quantities.matrices import square_matrix
from quantumbattery.quantities.measures import Quantity
from quantumbattery.quantities.members import members
from quantumbattery.quantities.pace import going_on
from quantumbattery.quantities.parameters import whole_number
from quantumbattery.quantities.parts import check_parts, parts_of_qobj
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.tables import check_names, dataset, density_matrices

_DIGITS = "0123456789"


@going_on("a state")
def density_matrix(
    network: Network,
    preparation: object,
    times: Values,
    sites: str | Iterable[str] | None = None,
    disconnect: Values | None = None,
    limit: float = 2.0,
    levels: int | Mapping[str, int] | None = None,
) -> xr.DataArray:
    """The state of some sites; `System.density_matrix` says what everything means."""
    chosen = network.battery if sites is None else named_sites("sites", sites, network)
    asked = (state_of(network, chosen, levels),)
    started, axes = converted(network, preparation, times, disconnect)
    if len(parts := apart(network, started, chosen)) > 1:
        _allow(network, axes, asked)
        own = [levels_of(network, part, levels) for part in parts]
        found = [
            density_matrix(network, preparation, times, part, disconnect, limit, shown)
            for part, shown in zip(parts, own, strict=True)
        ]
        rho, counts, said = product(found, chosen, limit)
        return _labelled(axes, chosen, rho, counts, said)
    axes, solution = _observed(network, preparation, times, asked, disconnect, limit)
    return labelled_matrices(network, axes, asked[0], solution)


def state_of(
    network: Network, sites: tuple[str, ...], levels: int | Mapping[str, int] | None
) -> Observable:
    """The density matrix of some sites, on so many levels of oscillators that choose their own."""
    if levels is None or (isinstance(levels, Mapping) and not levels):
        return Observable("density_matrix", sites, None)
    rule = "levels is a whole number from 1 on, or a dict of such numbers by site"
    free = [name for name in sites if network.sites[name].dimension is None]
    named = levels if isinstance(levels, Mapping) else dict.fromkeys(free, levels)
    if not named:
        raise ValueError(
            f"levels is for oscillators that choose their own: {listed(sites)} "
            f"{'have' if len(sites) > 1 else 'has'} a fixed number, all of which are shown"
        )
    for name in named:
        if name not in free:
            known = choices(name, free, "but the oscillators that are asked for are", most=8)
            raise ValueError(
                f"levels: {name!r} is no oscillator among {listed(sites)} that chooses its own "
                f"levels{f', {known}' if free else ''}"
            )
    asked = {name: whole_number(each, 1, rule) for name, each in named.items()}
    return Observable("density_matrix", sites, None, "", tuple(asked.get(n, 0) for n in sites))


@going_on("means")
def expect(
    network: Network,
    preparation: object,
    times: Values,
    operators: Mapping[str, object],
    disconnect: Values | None = None,
    limit: float = 2.0,
) -> xr.Dataset:
    """The means of operators; `System.expect` says what everything means."""
    wanted = checked_operators(operators, network)
    asked = tuple(each for terms in wanted.values() for _, each in terms)
    axes, solution = _observed(network, preparation, times, asked, disconnect, limit)
    columns = {}
    for name, terms in wanted.items():
        means = [_mean(each, solution) * axes.numbers(n)[:, None, None] for n, each in terms]
        meaning = Quantity(f"mean of {name}", rf"$\langle${name}$\rangle$", "", "")
        columns[name] = (axes.labelled(np.sum(means, axis=0)), meaning)
    return dataset(axes.sizes, axes.coords, columns, _said(network, solution))


def _observed(
    network: Network,
    preparation: object,
    times: Values,
    asked: tuple[Observable, ...],
    disconnect: Values | None,
    limit: float,
) -> tuple[Batch, Solution]:
    """Solve for what is asked."""
    started, axes = converted(network, preparation, times, disconnect)
    how = extraction_of(network, "global" if _apart(network) else "collective", limit)
    check_names((each.name for each in asked), axes.sizes, axes.coords)
    _allow(network, axes, asked)
    solution = _found(Problem(acting(network), started, axes, (), how, limit, asked))
    warn_of(network, solution.report)
    return axes, solution


def _allow(network: Network, axes: Batch, asked: Iterable[Observable]) -> None:
    """Raise TooLargeError if density matrices that are asked for take too much memory at least."""
    for each in asked:
        if each.operator is None:
            least = least_levels(network, each)
            allow_matrices(each.sites, least, prod(axes.sizes.values()))


def least_levels(network: Network, matrix: Observable) -> list[int]:
    """How many levels of each site a density matrix has at least."""
    shown = matrix.levels or [0] * len(matrix.sites)
    pairs = zip(matrix.sites, shown, strict=True)
    return [n or network.sites[name].dimension or 2 for name, n in pairs]


def _found(problem: Problem) -> Solution:
    """Everything, means that are moments by themselves where the rest needs more than that."""
    moments = tuple(each for each in problem.asked if each.moment)
    alone = replace(problem, asked=moments)
    rest = tuple(each for each in problem.asked if not each.moment)
    if not (moments and rest and by_moments.tells(alone)):
        return run(problem)
    found = run(replace(problem, asked=rest))
    return replace(found, columns=found.columns | run(alone).columns)


def _mean(each: Observable, solution: Solution) -> Array:
    """One of the means (g, c, T) that were found, real if its operator is Hermitian."""
    mean = solution.columns[each.name]
    if mean.dtype.kind == "f" or not isinstance(solution, OnLevels) or each.moment == "lowering":
        return mean
    return mean.real if is_hermitian(each.matrix(_levels(solution, each.sites))) else mean


def _apart(network: Network) -> bool:
    """Whether no interaction is always on: then any extraction makes sense."""
    return not any(each.always for each in network.interactions)


def named_sites(who: str, given: object, network: Network) -> tuple[str, ...]:
    """Names of sites, each once."""
    several = not isinstance(given, str) and np.iterable(given)
    names: tuple[Any, ...] = tuple(members(given)) if several else (given,)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"{who}: give the name of a site or a list of names; got {quoted(given)}")
    if not names:
        raise ValueError(f"{who}: no site is named; choose from {listed(network.sites)}")
    for name in names:
        if name not in network.sites:
            known = choices(name, network.sites, "but the sites are", most=8)
            raise ValueError(f"{who}: there is no site {name!r}, {known}")
        if names.count(name) > 1:
            raise ValueError(f"{who}: {name!r} is named twice; name each site once")
    return names


def checked_operators(given: object, network: Network) -> dict[str, Terms]:
    """What `expect` is asked, checked: by name the sum of numbers times means."""
    rule = (
        "operators is a dict such as {'photons': ('cavity', 'quanta')}: a name for each, then a "
        "site or a list of sites and a matrix on them, or of one site 'quanta', 'energy' or "
        "'lowering'"
    )
    if not isinstance(given, Mapping):
        raise TypeError(f"{rule}; got {quoted(given)}")
    if not given:
        raise ValueError(f"{rule}; got an empty one")
    asked: dict[str, Terms] = {}
    for name, each in given.items():
        named = isinstance(name, str) and bool(name)
        if not named or not isinstance(each, tuple | list) or len(each) != 2:
            raise TypeError(f"{rule}; got {quoted(name, 40)}: {quoted(each)}")
        sites = named_sites(f"the operator {name!r}", each[0], network)
        if isinstance(each[1], str):
            with saying(f"the operator {name!r}"):
                if len(sites) > 1:
                    raise ValueError(f"{each[1]} is of one site; got {listed(sites)}")
                asked[name] = named_operator(name, sites[0], network.sites[sites[0]], each[1])
        else:
            made = _operator(name, sites, each[1], network)
            asked[name] = ((1.0, Observable(name, sites, made)),)
    return asked


def _operator(
    name: str, sites: tuple[str, ...], matrix: MatrixLike, network: Network
) -> Array | OperatorOfLevels:
    """The matrix of an operator, or the function that makes it."""
    if callable(matrix) and not hasattr(matrix, "full"):  # a Qobj can be called too
        made: OperatorOfLevels = matrix
        return made
    who = f"the operator {name!r}"
    levels = [network.sites[site].dimension for site in sites]
    free = [site for site, n in zip(sites, levels, strict=True) if n is None]
    if free:
        raise ValueError(
            f"{who}: a matrix needs a fixed number of levels, but {free[0]!r} is an oscillator "
            "that chooses its own; give it levels=..., or give the operator as a function of the "
            "numbers of levels of its sites"
        )
    with saying(who):
        checked = square_matrix(matrix, "its matrix")
        check_parts(parts_of_qobj(matrix), [n for n in levels if n is not None])
    size = prod(n for n in levels if n is not None)
    if len(checked) != size:
        shown = " x ".join(str(n) for n in levels)
        raise ValueError(
            f"{who}: its matrix is {len(checked)} x {len(checked)}, but {listed(sites)} "
            f"{'have' if len(sites) > 1 else 'has'} {shown} levels: it takes {size} x {size}"
        )
    return checked


def _levels(solution: OnLevels, sites: Iterable[str]) -> list[int]:
    """How many levels of some sites were looked at."""
    levels = dict(zip(solution.reach.sites, solution.reach.levels, strict=True))
    return [levels[name] for name in sites]


def _said(network: Network, solution: Solution) -> dict[str, Any]:
    """How it was found; nothing is taken out of a state here."""
    return {k: v for k, v in attributes(network, "", solution).items() if k != "extraction"}


def labelled_matrices(
    network: Network, axes: Batch, asked: Observable, solution: Solution
) -> xr.DataArray:
    """Density matrices (g, c, T, d, d) over all axes, labelled by the sites' levels."""
    found, sites = solution.columns["density_matrix"], asked.sites
    counts = (
        _levels(solution, sites)
        if isinstance(solution, OnLevels)
        else [*found.shape[3 : 3 + len(sites)]]  # as many of each as its state takes
    )
    shape = found.shape[:3]
    if asked.levels:
        found = on_asked_levels(found.reshape(-1, *counts, *counts), asked.levels)
        counts = [*found.shape[1 : 1 + len(sites)]]
    size = prod(counts)
    rho = axes.labelled(found.reshape(*shape, size, size))
    return _labelled(axes, sites, rho, counts, _said(network, solution))


def _labelled(
    axes: Batch, sites: Sequence[str], rho: Array, counts: list[int], said: Mapping[str, Any]
) -> xr.DataArray:
    """Density matrices over all axes, with what they are and how they were found."""
    meaning = Quantity(f"density matrix of {listed(sites)}", r"$\rho$", "1", "")
    own: dict[str, Any] = {**meaning.attrs(), **said, "sites": list(sites), "levels": counts}
    return density_matrices(axes.sizes, axes.coords, rho, _labels(counts), own)


def _labels(levels: Iterable[int]) -> list[str]:
    """The levels of all sites in each state: "01", or "0,11" where a site has more than ten."""
    counts = list(levels)
    between = "," if max(counts) > len(_DIGITS) else ""
    return [between.join(map(str, state)) for state in np.ndindex(*counts)]
