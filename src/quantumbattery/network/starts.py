"""Which site of a system starts in which preparation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.amplitudes import first_gap
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.given_states import State
from quantumbattery.network.joint_starts import (
    Joint,
    check_keys,
    joint_levels,
    members_of,
    parameters_of,
    taken_apart,
)
from quantumbattery.network.named_states import (
    Coherent,
    Fock,
    Gaussian,
    Gibbs,
    Preparation,
    Squeezed,
    Started,
    Thermal,
)
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator, Qudit, Site, energies
from quantumbattery.quantities.aliases import Parameter
from quantumbattery.quantities.described import short
from quantumbattery.quantities.parameters import axes_of, check_axes
from quantumbattery.quantities.quoted import quoted

_DEGENERATE = 1e-10  # of the spread of the energies: a gap that is none
DEGENERATE = (
    "{} is degenerate, so that a temperature of 0 does not say in which of its states it starts: "
    "give a small positive temperature, for a mixture of them all, or a state"
)


def by_site(preparation: object, network: Network) -> dict[Any, Preparation]:
    """Which site starts in which preparation; the others start in their ground state (`at_rest`).

    One preparation is that of every charger site; a dict says it site by site, and a tuple of
    names as a key means each of them, or, of a joint or a Gibbs state, all of them together: those
    that are not independent stay together here, under a tuple. TypeError or ValueError if it is no
    preparation, names an unknown site or one twice, makes no sense on its site, or has an axis that
    does not fit the others or the network's.
    """
    if isinstance(preparation, Mapping):
        given = dict(preparation)
    elif not network.charger:
        raise ValueError(
            "there is no charger to prepare: give a dict of sites and preparations, such as {} for "
            "all sites in their ground states"
        )
    elif isinstance(preparation, Gibbs):
        given = {network.charger: preparation}
    else:
        given = dict.fromkeys(network.charger, preparation)
    check_keys(given, network)
    for key, each in given.items():
        if not isinstance(each, Preparation):
            raise TypeError(
                f"the preparation of {key!r} must be made by bloch, fock, coherent, squeezed, "
                f"thermal, gaussian, gibbs or state; got {quoted(each)}"
            )
    chosen = taken_apart(given, network)
    for key, each in chosen.items():
        if isinstance(key, str):
            _check(key, each, network.sites[key])
        elif isinstance(each, State):
            joint_levels(key, each, network)
    numbers = {f"{said(k)}.{n}": v for k, p in chosen.items() for n, v in parameters_of(p).items()}
    for name, value in numbers.items():
        check_axes(name, value)
    axes = {n: v for n, v in numbers.items() if isinstance(v, xr.DataArray)}
    own = network.arrays  # of which some may have the same name, as a bath's occupation
    axes_of({**own, **{f"{n} of its start" if n in own else n: v for n, v in axes.items()}})
    for key, each in chosen.items():
        if isinstance(key, str) and isinstance(each, Gibbs):
            _check_ground(key, each, network.sites[key])
    return chosen


def said(key: str | tuple[str, ...]) -> str:
    """A site, or several that start together, in a word."""
    return key if isinstance(key, str) else "+".join(key)


def prepared_sites(started: Started) -> set[str]:
    """All sites that preparations name."""
    return {name for key in started for name in members_of(key)}


def at_rest(
    network: Network, started: Started, joints: Iterable[Joint] = ()
) -> dict[str, Preparation]:
    """What starts by itself, and every other site whose lowest level is not its level 0, in that.

    ValueError if several levels are the lowest, and level 0 is none of them.
    """
    every = {name: each for name, each in started.items() if isinstance(name, str)}
    held = prepared_sites(started).union(*(each.sites for each in joints))
    for name, site in network.sites.items():
        cell = site.cell if isinstance(site, Ensemble) else site
        if name not in held and isinstance(cell, Qudit) and cell.ground is not cell.energies[0]:
            every[name] = Fock(_lowest_level(name, site, cell))
    return every


def _lowest_level(name: str, site: Site, cell: Qudit) -> Parameter:
    """The lowest level of a qudit; of an ensemble the level in which all cells are there."""
    ladder = energies(cell, cell.dimension).transpose(..., "level")
    above = ladder.to_numpy()
    alike = above <= _DEGENERATE * above.max(axis=-1, keepdims=True)
    lowest, several = above.argmin(axis=-1), alike.sum(axis=-1) > 1
    number = np.arange(cell.dimension)
    if isinstance(site, Ensemble):
        number = (site.occupations == site.number).argmax(axis=0)
    if (unclear := several & (lowest > 0)).any():
        first, second = np.flatnonzero(alike[unclear].reshape(-1, cell.dimension)[0])[:2]
        raise ValueError(
            f"{name!r} is not prepared, and its levels {first} and {second} are both the lowest: "
            f"say in which of its states it starts, such as {{{name!r}: fock({number[first]})}}"
        )
    if not lowest.ndim:
        return float(number[lowest])
    chosen: xr.DataArray = ladder.isel(level=0).copy(data=number[lowest].astype(float))
    return chosen


def _check(name: str, preparation: Preparation, site: Site) -> None:
    """Raise ValueError if a preparation makes no sense on a site."""
    kind = type(preparation).__name__.lower()
    ladder = isinstance(site, Oscillator)
    if isinstance(preparation, Coherent | Squeezed | Gaussian) and not ladder:
        raise ValueError(
            f"the preparation of {name!r}: {kind} needs an Oscillator, but it is "
            f"{quoted(site, 80)}; use bloch, fock, thermal or state there"
        )
    if isinstance(preparation, Thermal):
        cell = site.cell if isinstance(site, Ensemble) else site
        if np.any(first_gap(energies(cell, cell.dimension or 2)) == 0):
            raise ValueError(
                f"the preparation of {name!r}: thermal needs a gap above the ground state, but the "
                "two lowest energies are equal; use state"
            )
    needs = 1
    if isinstance(preparation, Fock):
        needs = int(np.max(np.asarray(preparation.n))) + 1
    elif isinstance(preparation, State):
        needs = preparation.size
    levels, whole = site.dimension, isinstance(preparation, State)
    if levels is not None and needs > levels:
        raise ValueError(
            f"the preparation of {name!r}: {short(preparation)} needs {needs} levels, but the site "
            f"has {levels}"
            + f"; several sites together are named in a tuple, {{({name!r}, ...): ...}}"
            * whole
        )
    if whole and not ladder and needs != levels:
        raise ValueError(
            f"the preparation of {name!r}: the state has {needs} levels, but the site has {levels}"
        )


def _check_ground(name: str, preparation: Gibbs, site: Site) -> None:
    """Raise ValueError for a temperature of zero where the ground level is degenerate."""
    if not np.any(np.asarray(preparation.temperature) == 0):
        return
    ladder = energies(site, site.dimension or 2)
    alike = first_gap(ladder) <= _DEGENERATE * ladder.max("level")
    if (alike & (xr.DataArray(preparation.temperature) == 0)).any():
        raise ValueError(DEGENERATE.format(f"the ground level of {name!r}"))
