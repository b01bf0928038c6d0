"""How long a battery that is disconnected keeps half of what it holds.

From the disconnection on the battery is by itself: its reduced state then is the start of another
network, of its own sites and of what is always on between them, which is asked at any times.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from math import prod
from typing import TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.charging.by_moments import has_moments
from quantumbattery.charging.charge import charge
from quantumbattery.charging.observe import density_matrix
from quantumbattery.network.acting import acting
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.network.preparations import state
from quantumbattery.network.sites import Site
from quantumbattery.network.starts import by_site
from quantumbattery.quantities.aliases import Array, Values
from quantumbattery.quantities.measures import MEASURES, STORAGE, check_measures
from quantumbattery.quantities.pace import going_on
from quantumbattery.quantities.parameters import parameter
from quantumbattery.quantities.warned import warn

_LONGEST, _SHORTEST = 200.0, 1e-4  # the time in which one looks, over the slowest and fastest decay
_FIRST, _FINER = 400, 33  # moments at which one looks first, and in each part after
_LATEST = 1e10  # the last, over the fastest decay
_LATER, _FURTHER = 1e3, 61  # how much later one looks each time, and at how many moments
_LEVEL, _FALLS = 1e-13, 1e-9  # of a half: what rises no more, and what falls in all, until then
_NOTHING = 1e-12  # of the energy: work that is only rounding
_A_SWING, _DIPS = 24, 200_000  # moments in the fastest of them; and of all members, at most
_EARLY = 0.01  # of what is looked at: where there may be dips before that as well
_TRIES = 12  # dips that may turn out too shallow
_ROUNDS = 9  # each of which makes the part 32 times as short


@going_on("what is charged")
def charge_and_store(
    network: Network,
    preparation: object,
    times: Values,
    measures: Iterable[str] | None,
    extraction: str,
    limit: float,
    disconnect: Values | None,
) -> xr.Dataset:
    """Charge a battery; with half-lives if they are asked for by name."""
    named = None if measures is None else check_measures(measures)
    lives = [name for name in named or () if name in STORAGE]
    if not lives:
        return charge(network, preparation, times, named, extraction, limit, disconnect)
    if disconnect is None:
        raise ValueError(
            f"{lives[0]} is that of a battery which is disconnected at some time: give "
            "disconnect=..., or ask for other measures"
        )
    others = [name for name in named or () if name not in STORAGE]
    table = charge(network, preparation, times, others or ["energy"], extraction, limit, disconnect)
    table = table if others else table.drop_vars("energy")
    of = [STORAGE[name][0] for name in lives]
    found = half_lives(network, preparation, disconnect, of, extraction, limit)
    for name, each in zip(lives, found, strict=True):
        table[name] = each.assign_attrs(STORAGE[name][1].attrs())
    return table


def half_lives(
    network: Network,
    preparation: object,
    disconnect: Values,
    of: Iterable[str],
    extraction: str,
    limit: float,
) -> list[xr.DataArray]:
    """After how long half of each measure is left; infinite if never, NaN of nothing."""
    end = parameter("disconnect", disconnect, "a time, zero or positive", 0.0, np.inf)
    ends = xr.DataArray(end)
    finite = xr.DataArray(np.isfinite(ends))
    network = acting(network)
    alone = _alone(network)
    given = preparation, ends.where(finite, 0.0), extraction, limit
    read = _kept(network, *given) if _is_moments(network, preparation) else _left(network, *given)
    low, high = _rates(alone)
    fastest = _fastest(alone)
    found = []
    for name in of:
        begun = read(xr.DataArray(0.0), ["energy", name])
        there = (begun[name] > _NOTHING * begun["energy"]) & finite
        if not high:
            found.append(xr.full_like(begun[name], np.inf).where(there))
            continue
        half = begun[name] / 2
        span, never = _first_look(read, name, half, low, high)
        span = _closer(read, name, half, span)
        if fastest:  # between the moments of a first look energy may have come and gone
            span = _closer(read, name, half, _earlier(read, name, half, span, fastest))
        life = ((span[0] + span[1]) / 2).where(~never, np.inf)
        found.append(life.where(there).drop_vars("time", errors="ignore"))
    return found


Read: TypeAlias = Callable[[xr.DataArray, list[str]], xr.Dataset]
"""Measures of a battery that has been left alone for some times."""


def _first_look(
    read: Read, name: str, half: xr.DataArray, low: float, high: float
) -> tuple[tuple[xr.DataArray, xr.DataArray], xr.DataArray]:
    """Between which times no more than half is left; and where that is never.

    What is always on may make a decay far slower than that of any site: then one looks later.
    """
    late = _LONGEST / low
    first = np.geomspace(_SHORTEST / high, late, _FIRST)
    grid = xr.DataArray(np.concatenate([[0.0], first]), dims="stored_for")
    span, never = _crossing(grid, read(grid, [name])[name], half)
    slow = xr.zeros_like(never)
    while never.any() and late * high < _LATEST:
        grid = xr.DataArray(np.geomspace(late, _LATER * late, _FURTHER), dims="stored_for")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                held = read(grid, [name])[name]
            except ValueError:  # phases that rounding has lost, or too large
                slow = xr.ones_like(never)
                break
            late *= _LATER
            found, still = _crossing(grid, held, half)
            known = ~never | still
            span = span[0].where(known, found[0]), span[1].where(known, found[1])
            never, falls = never & still, held.diff("stored_for")
            slow = (falls < _LEVEL * half).all("stored_for") & (
                -falls.sum("stored_for") > _FALLS * half
            )
    if (never & slow).any():
        warn(
            f"half of the {MEASURES[name].long_name} is left for longer than {late:.2g}, and "
            "double precision does not tell for how long: infinity stands for that"
        )
    return span, never


def _closer(
    read: Read, name: str, half: xr.DataArray, span: tuple[xr.DataArray, xr.DataArray]
) -> tuple[xr.DataArray, xr.DataArray]:
    """Between which moments it is, as far as double precision tells them apart."""
    steps = xr.DataArray(np.linspace(0.0, 1.0, _FINER), dims="stored_for")
    for k in range(_ROUNDS):
        finer = span[0] + (span[1] - span[0]) * steps
        with warnings.catch_warnings():
            if k:  # what they say they say once
                warnings.simplefilter("ignore")
            held = read(finer, [name])[name]
        span, _ = _crossing(finer, held, half)
    return span


def _earlier(
    read: Read,
    name: str,
    half: xr.DataArray,
    span: tuple[xr.DataArray, xr.DataArray],
    fastest: float,
) -> tuple[xr.DataArray, xr.DataArray]:
    """The same where it swings: a dip between moments counts if the parabola through it does."""
    width, most = 2 * np.pi / (fastest * _A_SWING), max(_FIRST, _DIPS // max(1, half.size))
    begin = (span[1] - most * width).clip(0.0)  # if any earlier one may, that is said
    end = span[1] + 2 * width  # where less is left, beyond what rounding may hide
    many = min(most, int(float((end - begin).max()) / width) + 3)
    grid = begin + (end - begin) * xr.DataArray(np.linspace(0.0, 1.0, many), dims="stored_for")
    held = read(grid, [name])[name].transpose(..., "stored_for")
    dips, below = _dips(held, half), held <= half
    for _ in range(_TRIES):
        seen = below | dips
        found = _first_of(grid, seen, span)
        steps = xr.DataArray(np.linspace(0.0, 1.0, _FINER), dims="stored_for")
        for _ in range(2):  # whether it falls so far in there
            finer = found[0] + (found[1] - found[0]) * steps
            inside = read(finer, [name])[name]
            least = inside.argmin("stored_for").clip(1, _FINER - 2)
            every = finer.broadcast_like(inside)
            close = every.isel(stored_for=least - 1), every.isel(stored_for=least + 1)
            reached = (inside <= half).any("stored_for") | ~seen.any("stored_for")
            found = found[0].where(reached, close[0]), found[1].where(reached, close[1])
        if reached.all():
            if ((begin > 0) & (found[0] < begin + _EARLY * (end - begin))).any():
                warn(
                    f"the {MEASURES[name].long_name} swings too often to look at all of it until "
                    "half is left: it may be so at a dip before"
                )
            return found
        ahead = grid <= _first_of(grid, seen, span)[1]
        dips = dips & (reached | ~ahead)
    return _first_of(grid, below, span)


def _dips(held: xr.DataArray, half: xr.DataArray) -> xr.DataArray:
    """Moments of equal steps next to which a parabola through three falls to half."""
    before, after = (held.shift(stored_for=k, fill_value=np.inf) for k in (1, -1))
    bend = after - 2 * held + before
    with np.errstate(divide="ignore", invalid="ignore"):
        least = held - (after - before) ** 2 / (8 * bend)
    inner = (before < np.inf) & (after < np.inf)
    return inner & (held <= before) & (held <= after) & (bend > 0) & (least <= half)


def _first_of(
    grid: xr.DataArray, seen: xr.DataArray, span: tuple[xr.DataArray, xr.DataArray]
) -> tuple[xr.DataArray, xr.DataArray]:
    """The moments before and after the first that counts; what was known where none does."""
    every, last = grid.broadcast_like(seen), seen.sizes["stored_for"] - 1
    first = seen.argmax("stored_for").clip(1)
    ends = every.isel(stored_for=first - 1), every.isel(stored_for=(first + 1).clip(max=last))
    some = seen.any("stored_for")
    return ends[0].where(some, span[0]), ends[1].where(some, span[1])


def _left(
    network: Network, preparation: object, ends: xr.DataArray, extraction: str, limit: float
) -> Read:
    """From its state at the end of charging, on levels."""
    alone = _alone(network)
    together = tuple(alone.sites)
    rho = density_matrix(network, preparation, ends, together, None, limit)
    rho = rho.drop_vars("time", errors="ignore")
    start = {together if len(together) > 1 else together[0]: state(rho)}
    return lambda spans, names: _table(charge(alone, start, spans, names, extraction, limit))


def _kept(
    network: Network, preparation: object, ends: xr.DataArray, extraction: str, limit: float
) -> Read:
    """From moments, which need no state: charged as long each time, and left then."""

    ends = ends.drop_vars("disconnect", errors="ignore")  # labels, some of them infinite

    def read(spans: xr.DataArray, names: list[str]) -> xr.Dataset:
        times = ends + spans.drop_vars(spans.coords)
        return _table(charge(network, preparation, times, names, extraction, limit, ends))

    return read


def _is_moments(network: Network, preparation: object) -> bool:
    return has_moments(network, by_site(preparation, network))


def _table(table: xr.Dataset) -> xr.Dataset:
    return table.drop_vars(["time", "disconnect"], errors="ignore")


def _alone(network: Network) -> Network:
    """The battery's sites and those with which they go on losing, and what is always on."""
    baths = [each for each in network.joint_losses if each.always]
    known = dict.fromkeys(network.battery)
    for _ in baths:  # each may lead on to others
        for each in baths:
            if not known.keys().isdisjoint(each.ends):
                known |= dict.fromkeys(each.ends)
    sites: dict[str, Site] = {name: network.sites[name] for name in known}
    always = [each for each in network.interactions if each.always]
    shared = [each for each in baths if {*each.ends} <= known.keys()]
    return Network(sites, [*always, *shared], [], network.battery)


def _rates(network: Network) -> tuple[float, float]:
    """The slowest and the fastest rate of all losses, zero if there are none."""
    rates: list[Array] = []
    for bath in network.joint_losses:
        sites = [network.sites[name] for name in bath.ends]
        for rate, parts in bath.losses(sites, [site.dimension or 2 for site in sites]):
            size = sum(prod(np.abs(o.value).max(initial=0) for o in acts) for _, acts in parts)
            rates.append(np.abs(np.asarray(rate)).ravel() * size**2)
    for site in network.sites.values():
        every = [site, site.cell] if isinstance(site, Ensemble) else [site]
        for each in every:
            warm = np.asarray(each.loss * (1 + 2 * each.occupation))
            rates += [warm.ravel(), np.asarray(2 * each.dephasing).ravel()]
    positive = np.concatenate([np.zeros(0), *rates])
    positive = positive[positive > 0]
    if not len(positive):
        return 0.0, 0.0
    number = max(site.dimension or 64 for site in network.sites.values())
    return float(positive.min()), float(positive.max()) * number


def _fastest(network: Network) -> float:
    """How fast energies of a battery may swing by itself, at most; 0 if nothing joins its sites."""
    if not network.interactions:
        return 0.0
    levels = {name: site.dimension or 3 for name, site in network.sites.items()}
    total = 0.0
    for name, site in network.sites.items():
        every = sum(
            np.abs(np.asarray(number)).max() * np.ptp(steps)
            for number, steps in site.energy_terms(levels[name])
        )
        total += float(every)
    for each in network.interactions:
        ends = [network.sites[name] for name in each.ends]
        for number, parts in each.terms(ends, [levels[name] for name in each.ends]):
            sizes = [prod(np.abs(o.value).max(initial=0) for o in acts) for acts in parts]
            total += 2 * float(np.abs(np.asarray(number)).max()) * sum(sizes)
    return total


def _crossing(
    grid: xr.DataArray, held: xr.DataArray, half: xr.DataArray
) -> tuple[tuple[xr.DataArray, xr.DataArray], xr.DataArray]:
    """Between which times no more than half is left for the first time; where that never is."""
    below = held <= half
    first = below.argmax("stored_for").clip(1)
    every = grid.broadcast_like(held)
    ends = every.isel(stored_for=first - 1), every.isel(stored_for=first)
    return ends, ~below.any("stored_for")
