"""Sites that start together: tuples of names as keys of preparations, and joint states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.given_states import State, square_root
from quantumbattery.network.named_states import Gibbs, Preparation
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator, Site
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.described import choices
from quantumbattery.quantities.matrix_labels import along
from quantumbattery.quantities.parameters import names
from quantumbattery.quantities.quoted import quoted

SITE = "site"  # the dimension of what differs from site to site
_HOW = "say state(..., levels=[...]), or give a QuTiP Qobj with its dims"


@dataclass(frozen=True, eq=False)
class Joint:
    """How several sites start together: the sum over members of |psi><psi|.

    A joint state comes to one, a joint Gibbs state, and the ground state of a battery that
    interacts always and is not prepared.
    """

    sites: tuple[str, ...]
    levels: Array  # (entries, sites)
    member: Array  # (entries,); a pure state has one member, 0
    amplitude: xr.Variable  # (..., "entry"), of psi; the other axes are those of parameters


def parameters_of(preparation: Preparation) -> dict[str, Parameter]:
    """The numbers of a preparation by name; of a batch of states, one that has its axes."""
    if not isinstance(preparation, State):
        return {name: getattr(preparation, name) for name in names(preparation)}
    if not isinstance(preparation.array, xr.DataArray):
        return {}
    return {"states": preparation.array.isel(row=0, column=0, drop=True).real}


# --- keys of a dict ------------------------------------------------------------------------------


def members_of(key: object) -> tuple[Any, ...]:
    """The sites that a key of a dict of preparations names."""
    return key if isinstance(key, tuple) else (key,)


def check_keys(given: Mapping[Any, object], network: Network) -> None:
    """Raise ValueError unless every key names sites that there are, and each site is named once."""
    seen: set[str] = set()
    for key in given:
        if not members_of(key):
            raise ValueError(
                "the preparation has an empty tuple as a key: name the sites that start together, "
                "or leave it out"
            )
        for name in members_of(key):
            if name not in network.sites:
                raise ValueError(
                    f"the preparation names {quoted(name)}, "
                    + choices(name, network.sites, "but the sites are", most=8)
                )
            if name in seen:
                where = f"in {key!r}" if members_of(key).count(name) > 1 else "by two keys"
                raise ValueError(
                    f"the preparation names {name!r} twice, {where}: a site starts in one way only"
                )
            seen.add(name)


def taken_apart(given: Mapping[Any, Preparation], network: Network) -> dict[Any, Preparation]:
    """The same with a key of its own for each site, except where several start together.

    Those are sites in a joint state, and sites in a Gibbs state that interact always.
    """
    chosen: dict[Any, Preparation] = {}
    for key, each in given.items():
        sites = members_of(key)
        if isinstance(each, Gibbs):
            chosen |= _in_equilibrium(sites, each, network)
        elif isinstance(each, State) and len(sites) > 1 and SITE not in each.batch:
            chosen[sites] = each
        elif isinstance(key, tuple):
            chosen |= {name: _of_site(each, k, sites) for k, name in enumerate(sites)}
        else:
            chosen[key] = each
    return chosen


def _of_site(each: Preparation, place: int, sites: Sequence[str]) -> Preparation:
    """What one site of a tuple has of a preparation whose numbers may differ from site to site."""
    own = {name: getattr(each, name) for name in names(each)}
    return replace(each, **{name: _own(name, value, place, sites) for name, value in own.items()})


def _own(name: str, value: Any, place: int, sites: Sequence[str]) -> Any:
    if not isinstance(value, xr.DataArray) or SITE not in value.dims:
        return value
    if value.sizes[SITE] != len(sites):
        raise ValueError(
            f"{name} has {value.sizes[SITE]} values over 'site', but {tuple(sites)!r} are "
            f"{len(sites)} sites: give one for each, in that order"
        )
    labels = [*value[SITE].values.tolist()] if SITE in value.coords else []
    if labels and not isinstance(labels[0], str):
        value = along(value, SITE)  # 0, 1, 2 say which of the tuple's sites they are
    if labels and isinstance(labels[0], str) and labels != [*sites]:
        raise ValueError(
            f"{name} is labelled {', '.join(map(str, labels))} over 'site', but the sites are "
            f"{', '.join(sites)}: give them in one order"
        )
    beside = [c for c, coord in value.coords.items() if SITE in coord.dims]
    own = value.drop_vars(beside).isel({SITE: place})
    if {"row", "column"} <= {*own.dims}:
        return own if own.ndim > 2 else own.to_numpy()
    return own if own.ndim else own.item()


# --- Gibbs states --------------------------------------------------------------------------------


def _in_equilibrium(
    sites: tuple[str, ...], each: Gibbs, network: Network
) -> dict[Any, Preparation]:
    """The Gibbs state of some sites, as those of the parts that interact always, or one site."""
    chosen: dict[Any, Preparation] = {}
    for part in _parts(sites, network):
        if len(part) == 1:
            own = _of_site(each, sites.index(part[0]), sites) if len(sites) > 1 else each
            alone = not any(link.always and part[0] in link.ends for link in network.interactions)
            chosen[part[0] if alone else part] = own
            if alone:
                continue
        elif isinstance(each.temperature, xr.DataArray) and SITE in each.temperature.dims:
            raise ValueError(
                f"the temperature differs from site to site, but {', '.join(part)} interact always "
                "and have one temperature: give one number, or a tuple to each part"
            )
        free = [n for n in part if network.sites[n].dimension is None]
        if free:
            raise ValueError(
                f"the preparation of {part!r}: gibbs of what interacts always needs all its "
                f"levels, but the oscillator {free[0]!r} chooses its own; give it levels=..."
            )
        chosen.setdefault(part, each)
    return chosen


def _parts(sites: tuple[str, ...], network: Network) -> Iterator[tuple[str, ...]]:
    """The parts of some sites that interact always, each in the order of the sites."""
    part = {name: {name} for name in sites}
    for link in network.interactions:
        inside = [name for name in link.ends if name in part]
        if not link.always or not inside:
            continue
        if outside := [name for name in link.ends if name not in part]:
            together = (*sites, *outside)
            raise ValueError(
                f"the preparation of {inside[0]!r}: gibbs needs all that interacts always, and "
                f"{link.label} is always on; name {outside[0]!r} in the same tuple, as in "
                f"{{{together!r}: gibbs(...)}}"
            )
        joined = set().union(*(part[name] for name in inside))
        part |= dict.fromkeys(joined, joined)
    for name in sites:
        if name == next(each for each in sites if each in part[name]):
            yield tuple(each for each in sites if each in part[name])


# --- joint states --------------------------------------------------------------------------------


def joint_levels(sites: tuple[str, ...], state: State, network: Network) -> tuple[int, ...]:
    """How many levels of each site a joint state speaks of; ValueError if it does not fit."""
    given = [network.sites[name] for name in sites]
    if state.sites and state.sites != sites and {*state.sites} == {*sites}:
        raise ValueError(
            f"the preparation of {sites!r}: the state is one of {state.sites!r}, in that order, as "
            "its attribute says: name the sites so, or drop the attribute if others are meant"
        )
    levels = state.levels or _inferred(sites, state.size, given)
    said = " x ".join(map(str, levels))
    if len(levels) != len(sites):
        raise ValueError(
            f"the preparation of {sites!r}: the state has {len(levels)} parts ({said}), but "
            f"{'there is one site' if len(sites) == 1 else f'there are {len(sites)} sites'}: "
            f"{_HOW}, one number for each site"
        )
    for name, site, n in zip(sites, given, levels, strict=True):
        most = site.dimension
        if most is not None and (n > most if isinstance(site, Oscillator) else n != most):
            raise ValueError(
                f"the preparation of {sites!r}: the state has {said} levels, {n} of them of "
                f"{name!r}, but that has {most}; {_HOW} in the order of the tuple"
            )
    return levels


def _inferred(sites: tuple[str, ...], size: int, given: Sequence[Site]) -> tuple[int, ...]:
    """The levels of each site in a state that does not say; of one oscillator by division."""
    levels = [site.dimension for site in given]
    ladders = [k for k, site in enumerate(given) if isinstance(site, Oscillator)]
    free = [k for k in ladders if levels[k] is None]
    if not free and prod(n for n in levels if n is not None) == size:
        return tuple(n for n in levels if n is not None)
    unknown = free or (ladders if len(ladders) == 1 else [])
    others = prod(n for k, n in enumerate(levels) if n is not None and k not in unknown)
    if len(unknown) == 1 and size % others == 0:
        return tuple(size // others if k in unknown else n or 0 for k, n in enumerate(levels))
    known = " x ".join("any" if n is None else str(n) for n in levels)
    raise ValueError(
        f"the preparation of {sites!r}: the state has dimension {size}, which does not say how "
        f"many levels of each site it means (they have {known}); {_HOW}, one number for each site"
    )


def joint_state(sites: tuple[str, ...], state: State, network: Network) -> Joint:
    """A state of several sites, as amplitudes of its members on their levels."""
    levels = joint_levels(sites, state, network)
    values = state.values
    if values.ndim == 1:
        entry = np.flatnonzero(values)
        member, found = np.zeros_like(entry), values[entry]
    else:
        root = square_root(values)
        entry, member = np.nonzero((root != 0).reshape(-1, *root.shape[-2:]).any(axis=0))
        found = root[..., entry, member]
    amplitude = xr.Variable((*state.batch, "entry"), found)
    return Joint(sites, np.stack(np.unravel_index(entry, levels), axis=-1), member, amplitude)


def state_of(joint: Joint, levels: Mapping[str, int]) -> Array:
    """The amplitudes or the density matrix of sites that start together, normalised."""
    sizes = tuple(levels[name] for name in joint.sites)
    for name, n, own in zip(joint.sites, sizes, joint.levels.T, strict=True):
        if own.max() >= n:
            raise ValueError(
                f"the preparation needs {own.max() + 1} levels of {name!r}, but the model has {n}: "
                "give it more levels"
            )
    root = np.zeros((prod(sizes), int(joint.member.max()) + 1), complex)
    place = np.ravel_multi_index(tuple(joint.levels.T.astype(np.int64)), sizes)
    root[place, joint.member] = joint.amplitude.to_numpy()
    root /= np.linalg.norm(root)
    pure = len(np.unique(joint.member)) == 1
    return root[:, joint.member[0]] if pure else root @ root.conj().T
