"""Sites that nothing joins to what is looked at, and that would take levels: they are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from copy import copy
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from quantumbattery.charging.problem import Problem
from quantumbattery.charging.readout import needed
from quantumbattery.moments.quadratic import is_quadratic
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.joint_losses import JointLoss
from quantumbattery.network.joint_starts import members_of
from quantumbattery.network.named_states import Started
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.parameters import any_nonzero

_OF_BOTH = {"charger_energy", "concurrence", "mutual_information", "negativity"}


def without_spectators(problem: Problem, rests: Callable[[Problem], bool]) -> Problem:
    """The problem of what is joined to the sites that are looked at.

    Of a steady state without those parts of the others that come to rest, as `rests` tells.
    """
    network, own = problem.network, any(each.always for each in problem.network.interactions)
    battery = () if problem.asked and not own else network.battery  # states have no use for it
    parts = joined_sites(network, problem.started, [battery])  # work is of all of it together
    if len(parts) == 1:
        return problem
    wanted = needed(problem.measures)
    if "interaction_energy" in wanted:
        return problem
    looked_at = dict.fromkeys((*battery, *(network.charger if wanted & _OF_BOTH else ())))
    looked_at |= dict.fromkeys(name for each in problem.asked for name in each.sites)
    kept = set().union(*(part for part in parts if part & looked_at.keys()))
    idle = [part for part in parts if part.isdisjoint(kept)]
    held = tuple(name for name in network.battery if name in kept) or tuple(looked_at)[:1]
    some = _part(problem, kept, held)
    if not _takes_much(network, set().union(*idle)) and not is_quadratic(some.network):
        return problem
    if not np.isinf(problem.axes.times).any():
        return some
    restless = []  # all have to come to rest
    for part in idle:
        alone = replace(_part(problem, part, (min(part),)), measures=("energy",), asked=())
        restless += [] if rests(alone) else [part]
    return _part(problem, kept.union(*restless), held) if restless else some


def _part(problem: Problem, kept: Set[str], battery: tuple[str, ...]) -> Problem:
    """The problem of some sites, with another battery."""
    charger = tuple(name for name in problem.network.charger if name not in battery)
    some = only(problem.network, kept, charger=charger, battery=battery)
    started = {key: each for key, each in problem.started.items() if kept & {*members_of(key)}}
    return replace(problem, network=some, started=started)


def _takes_much(network: Network, names: Set[str]) -> bool:
    """Whether some sites are driven, or hold an oscillator to which quanta come."""
    if any(each.site in names for each in network.drives):
        return True
    oscillators = (network.sites[name] for name in names)
    return any(isinstance(s, Oscillator) and any_nonzero(s.occupation) for s in oscillators)


def joined_sites(
    network: Network, started: Started, together: Iterable[Iterable[str]] = ()
) -> list[set[str]]:
    """The sites that are joined by anything, or start together, or are to stay together."""
    joined: list[Interaction | JointLoss] = [*network.interactions, *network.joint_losses]
    groups = [*(each.ends for each in joined), *(members_of(key) for key in started), *together]
    part = {name: {name} for name in network.sites}
    for names in groups:
        whole = set().union(*(part[name] for name in names))
        part |= dict.fromkeys(whole, whole)
    return [*{id(each): each for each in part.values()}.values()]


def only(network: Network, kept: Set[str], **roles: tuple[str, ...]) -> Network:
    """Some of the sites, and what acts on them; in their roles, or in others."""
    some = copy(network)
    some.__dict__.pop("arrays", None)  # which are those of all sites
    given = {"charger": network.charger, "battery": network.battery} | roles
    some._set(
        sites=MappingProxyType({n: site for n, site in network.sites.items() if n in kept}),
        interactions=tuple(each for each in network.interactions if kept >= {*each.ends}),
        drives=tuple(each for each in network.drives if each.site in kept),
        joint_losses=tuple(each for each in network.joint_losses if kept >= {*each.ends}),
        **{role: tuple(n for n in names if n in kept) for role, names in given.items()},
    )
    return some
