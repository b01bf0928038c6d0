"""Which site of a system starts in which preparation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from quantumbattery.network.amplitudes import first_gap
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.network.preparations import (
    Coherent,
    Fock,
    Joint,
    Preparation,
    Squeezed,
    State,
    Thermal,
)
from quantumbattery.network.sites import Oscillator, Qudit, Site, energies
from quantumbattery.quantities.aliases import Parameter
from quantumbattery.quantities.described import choices, short
from quantumbattery.quantities.parameters import axes_of, check_axes, names

_DEGENERATE = 1e-10  # of the spread of the energies: a gap that is none


def by_site(preparation: object, network: Network) -> dict[str, Preparation]:
    """Which site starts in which preparation; the others start in their ground state (`at_rest`).

    One preparation is that of every charger site; a dict says it site by site. TypeError or
    ValueError if it is no preparation, names an unknown site, makes no sense on its site, or has an
    axis that does not fit the others or the network's.
    """
    if isinstance(preparation, Mapping):
        chosen = dict(preparation)
    elif not network.charger:
        raise ValueError(
            "there is no charger to prepare: give a dict of sites and preparations, such as {} for "
            "all sites in their ground states"
        )
    else:
        chosen = dict.fromkeys(network.charger, preparation)
    for name, each in chosen.items():
        if name not in network.sites:
            raise ValueError(
                f"the preparation names {name!r}, "
                + choices(name, network.sites, "but the sites are", most=8)
            )
        if not isinstance(each, Preparation):
            raise TypeError(
                f"the preparation of {name!r} must be made by bloch, fock, coherent, squeezed, "
                f"thermal or state; got {each!r:.60}"
            )
        _check(name, each, network.sites[name])
    numbers = {f"{k}.{n}": getattr(p, n) for k, p in chosen.items() for n in names(p)}
    for name, value in numbers.items():
        check_axes(name, value)
    axes_of(network.arrays | {n: v for n, v in numbers.items() if isinstance(v, xr.DataArray)})
    return chosen


def at_rest(
    network: Network, started: Mapping[str, Preparation], joint: Joint | None = None
) -> dict[str, Preparation]:
    """What is started, and every other site whose lowest level is not its level 0, in that level.

    A joint start is that of the battery's sites. ValueError if several levels are the lowest, and
    level 0 is none of them.
    """
    every = dict(started)
    held = {*started, *(network.battery if joint is not None else ())}
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
    if isinstance(preparation, Coherent | Squeezed) and not ladder:
        raise ValueError(
            f"the preparation of {name!r}: {kind} needs an Oscillator, but it is {site!r:.80}; use "
            "bloch, fock, thermal or state there"
        )
    if isinstance(preparation, Thermal):
        cell = site.cell if isinstance(site, Ensemble) else site
        if np.any(first_gap(energies(cell, cell.dimension or 2)) == 0):
            raise ValueError(
                f"the preparation of {name!r}: thermal needs a gap above the ground state, but the "
                "two lowest energies are equal; use state"
            )
    needs = {
        Fock: lambda p: int(np.max(np.asarray(p.n))) + 1,
        State: lambda p: len(p.array),
    }.get(type(preparation), lambda _: 1)(preparation)
    levels = site.dimension
    if levels is not None and needs > levels:
        raise ValueError(
            f"the preparation of {name!r}: {short(preparation)} needs {needs} levels, but the site "
            f"has {levels}"
        )
    if isinstance(preparation, State) and not ladder and needs != levels:
        raise ValueError(
            f"the preparation of {name!r}: the state has {needs} levels, but the site has {levels}"
        )
