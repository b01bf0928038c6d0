"""Oscillators about their classical amplitudes, so that strong drives and starts take few levels.

With a = alpha(t) + c, and alpha the amplitude that drives and coherent starts alone would give to
the oscillators that are joined linearly, the drives go and c moves as a did, from its vacuum
(B. R. Mollow, Phys. Rev. A 12, 1919 (1975)). What else couples to a, J (a^dag b + h.c.), then
drives b too, by J alpha^*(t).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

from quantumbattery.charging.about_amplitudes import lifted_sites, tells_battery
from quantumbattery.charging.classical_amplitudes import (
    Brought,
    Source,
    breaks_of,
    shaped_field,
)
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.moments.quadratic import (
    has_pairs,
    is_constant,
    is_quadratic,
)
from quantumbattery.network.drives import Drive, OnePhotonDrive, drive
from quantumbattery.network.interactions import Dipole, Exchange, Interaction
from quantumbattery.network.joint_losses import JointLoss
from quantumbattery.network.named_states import Coherent, Gaussian, Preparation
from quantumbattery.network.network import Network
from quantumbattery.network.preparations import fock, gaussian
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import any_nonzero

_LOOKS = 257  # moments at which one looks how large amplitudes become
_STRONG = 1.0  # quanta, from which on it may pay
# Of starts: these have an end, so that levels for all of it do well for longer.
_FAR_LOSSY, _FAR = 16.0, 100.0
_NOTHING = 1e-15  # of an amplitude: only rounding


@dataclass(frozen=True, eq=False)
class Displaced:
    """The same problem about the classical amplitudes of some sites."""

    problem: Problem
    sites: tuple[str, ...]
    quanta: float  # the most that fields and starts alone would bring
    brought: Brought
    sources: list[Source]

    @property
    def lifting(self) -> float:
        """The sum of amplitudes of the battery's oscillators, at most, if their energy counts."""
        return len(lifted_sites(self.problem, self.sites)) * float(np.sqrt(self.quanta))

    def amplitude(self, name: str, times: Array) -> Array:
        """That of a site in the laboratory's frame at times (T,) or (g, T): (g or 1, 1, T)."""
        numbers, times = self.problem.axes.numbers, np.atleast_2d(times)
        there = self.brought.at(times.ravel())[self.brought.place(name)]
        found = there.reshape(*times.shape, -1)
        alpha = sum(
            (numbers(each.size) * np.exp(1j * numbers(each.phase)))[:, None]
            * found[..., each.column]
            for each in self.sources
        )
        turned: Array = (alpha * np.exp(-1j * self.brought.frame(name) * times))[:, None]
        return turned


def displaced(problem: Problem) -> Displaced | None:
    """A problem about the amplitudes of its oscillators; None where that cannot pay."""
    if np.isinf(problem.axes.times).any():
        return None
    for starts in (True, False) if any(_strong_starts(problem)) else (False,):
        if (found := _displaced(problem, linear(problem, starts))) is not None:
            return found
    return None


def _displaced(problem: Problem, sites: set[str]) -> Displaced | None:
    network = _in_halves(problem.network, sites)
    problem = replace(problem, network=network)
    if (alone := known_alone(problem, sites)) is None:
        return None
    times = problem.axes.times if problem.axes.charged is None else problem.axes.charged
    latest = float(times.max(initial=0.0))
    if (brought := _brought(network, alone, latest, problem.limit)) is None:
        return None
    sources = [*fields_of(network, sites), *_starts(problem, sites)]
    if not np.isfinite(most := _most(brought, sources, latest)) or most < _STRONG:
        return None
    joined = [
        each for each in network.interactions if len(sites & {*each.ends}) == 1 < len(each.ends)
    ]
    made = [
        field
        for link in joined
        for source in sources
        for field in _felt(brought, link, sites, source, latest)
    ]
    moved_to = {each.site: _centred(problem.started[each.site]) for each in sources if each.started}
    started = {**problem.started, **moved_to}
    moved = copy(network)
    kept = [each for each in network.drives if not brings(each, sites)]
    moved._set(drives=(*kept, *made))
    about = replace(problem, network=moved, started=started)
    names = tuple(name for name in network.sites if name in sites)
    return Displaced(about, names, most, brought, sources)


def _in_halves(network: Network, sites: set[str]) -> Network:
    """The same with fields on some sites that turn one way each: what stands is two of them."""
    drives: list[Drive] = []
    for each in network.drives:
        if isinstance(each, OnePhotonDrive) and each.site in sites and not each.rotating:
            half, back = replace(each, rotating_wave=True), -1 * each.frequency
            drives += [half, replace(half, frequency=back, phase=-1 * each.phase)]
        else:
            drives.append(each)
    if len(drives) == len(network.drives):
        return network
    halved = copy(network)
    halved._set(drives=tuple(drives))
    return halved


def known_alone(problem: Problem, sites: set[str]) -> Network | None:
    """Oscillators whose amplitudes are those that they have alone; None if anything else counts."""
    if not sites or not asks_others(problem, sites):
        return None
    if not all(is_known(each, sites) for each in problem.network.links):
        return None
    alone = oscillators_alone(problem.network, sites)
    if alone.arrays or not is_quadratic(alone) or has_pairs(alone) or not is_constant(alone):
        return None
    return alone


# --- whether all is known ------------------------------------------------------------------------


def linear(problem: Problem, starts: bool) -> set[str]:
    """Driven oscillators, and those that are joined to them linearly.

    The battery's too if what is asked of it is known then; if so asked, those that starts displace
    far.
    """
    network = problem.network
    kept = () if tells_battery(problem) else network.battery
    free = {
        name
        for name, site in network.sites.items()
        if isinstance(site, Oscillator)
        and site.levels is None
        and not any_nonzero(site.dephasing)
        and name not in kept
    }
    found = {each.site for each in network.drives if brings(each, free)}
    found |= free & {*_strong_starts(problem)} if starts else set()
    while True:
        more = [{*link.ends} & free for link in network.interactions if found & {*link.ends}]
        if found >= (larger := found.union(*more)):
            return found
        found = larger


def brings(each: Drive, sites: set[str]) -> TypeGuard[OnePhotonDrive]:
    """Whether a field gives some sites an amplitude."""
    return isinstance(each, OnePhotonDrive) and each.site in sites


def asks_others(problem: Problem, sites: set[str]) -> bool:
    """Whether nothing is asked of the sites themselves that a displacement changes.

    Of the charger's energy it is known by how much, for as long as the fields are on.
    """
    wanted = needed(problem.measures) - POWERS.keys()
    if "interaction_energy" in wanted:
        return False
    charging = problem.axes.charged is None
    if "charger_energy" in wanted and not (charging or sites.isdisjoint(problem.network.charger)):
        return False
    return all(sites.isdisjoint(each.sites) for each in problem.asked)


def is_known(link: Any, sites: set[str]) -> bool:
    """Whether what acts on the oscillators is linear there, and only once beyond."""
    if isinstance(link, Drive):
        if link.site not in sites:
            return True
        single = isinstance(link, OnePhotonDrive) and link.transition is None
        return single and link.rotating
    inside = sites & {*link.ends}
    if not inside or inside == {*link.ends}:
        return not (inside and link.always)
    return isinstance(link, Exchange | Dipole) and not link.always


def oscillators_alone(network: Network, sites: set[str]) -> Network:
    """The oscillators and what joins them, their drives that keep their shape all of size 1."""
    own = {name: site for name, site in network.sites.items() if name in sites}
    links: list[Interaction | JointLoss] = [*network.interactions, *network.joint_losses]
    inner = [each for each in links if sites >= {*each.ends}]
    fields = [
        replace(each, amplitude=1.0, phase=0.0)
        for each in network.drives
        if brings(each, sites) and each.envelope is None
    ]
    return Network(own, [*inner, *fields], charger=[], battery=next(iter(own)))


# --- amplitudes ----------------------------------------------------------------------------------


def fields_of(network: Network, sites: set[str]) -> Iterator[Source]:
    """The fields that give sites an amplitude."""
    fields = [each for each in network.drives if brings(each, sites)]
    fields.sort(key=lambda each: each.envelope is not None)  # after those that keep their shape
    for k, each in enumerate(fields, start=len(sites)):
        yield Source(each.site, k, each.amplitude, -1 * each.phase, False, breaks_of(each))


def _brought(network: Network, alone: Network, latest: float, limit: float) -> Brought | None:
    """What amplitudes become; None where the shape of a field is too hard to follow."""
    links = [each for each in alone.links if not isinstance(each, Drive)]
    shaped = []
    for each in network.drives:
        if brings(each, {*alone.sites}) and each.envelope is not None:
            field = replace(each, amplitude=1.0, phase=0.0)
            one = Network(alone.sites, [*links, field], charger=[], battery=alone.battery)
            shaped.append(shaped_field(one, latest, limit))
    found = tuple(each for each in shaped if each is not None)
    return Brought(alone, found) if len(found) == len(shaped) else None


def _starts(problem: Problem, sites: set[str]) -> Iterator[Source]:
    """Displaced starts of a single amplitude; any other stays what it is."""
    for k, name in enumerate(name for name in problem.network.sites if name in sites):
        if alpha := _amplitude(problem.started.get(name)):
            yield Source(name, k, float(np.abs(alpha)), float(np.angle(alpha)), True)


def _strong_starts(problem: Problem) -> Iterator[str]:
    """Sites that start so far from the vacuum that it may pay."""
    least = _FAR_LOSSY if is_lossy(problem.network) else _FAR
    for name in problem.network.sites:
        if abs(_amplitude(problem.started.get(name))) ** 2 >= least:
            yield name


def is_lossy(network: Network) -> bool:
    """Whether density matrices are needed where kets would do otherwise."""
    lossy = any(each.losses(2) for each in network.sites.values())
    return lossy or bool(network.joint_losses)


def _amplitude(start: Preparation | None) -> complex:
    """How far a start is displaced; 0 of any other, and of several amplitudes."""
    if isinstance(start, Coherent | Gaussian) and not np.ndim(start.alpha):
        return complex(start.alpha)
    return 0.0


def _centred(start: Preparation) -> Preparation:
    """The same about its amplitude."""
    if isinstance(start, Gaussian):
        return gaussian(0.0, start.r, start.angle, start.occupation)
    return fock(0)


def _most(brought: Brought, sources: list[Source], latest: float) -> float:
    """No fewer quanta than any of the amplitudes has."""
    times = np.linspace(0.0, latest, _LOOKS)
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.abs(brought.at(times)) ** 2
    each = [np.sqrt(sizes[..., s.column]) * float(np.abs(s.size).max()) for s in sources]
    return float((np.sum(each, axis=0) ** 2).max())


def _felt(
    brought: Brought, link: Interaction, sites: set[str], source: Source, latest: float
) -> Iterator[OnePhotonDrive]:
    """How a site beyond feels the amplitude of an oscillator that it is joined to."""
    assert isinstance(link, Exchange | Dipole)
    inside, outside = link.ends if link.a in sites else (link.b, link.a)
    strength = link.strength if inside == link.a else np.conj(link.strength)  # of a^dag b
    mode, times = brought.place(inside), np.linspace(0.0, latest, _LOOKS)
    there = brought.at(times)[mode, :, source.column]
    phase = angle_of(strength) - source.phase
    for imaginary in (False, True):
        part = there.imag if imaginary else there.real
        if np.abs(part).max() > _NOTHING * np.abs(there).max():
            yield drive(
                outside,
                abs(strength) * source.size,
                brought.frame(inside),
                brought.wave(mode, source.column, imaginary, link.envelope),
                rotating_wave=isinstance(link, Exchange),
                phase=phase + imaginary * np.pi / 2,
                breaks=sorted({time for time in (*link.breaks, *source.breaks) if time >= 0}),
            )


def angle_of(strength: Any) -> Any:
    """The phase of a strength, a number or an array; 0 of what is real and positive."""
    return (
        strength.copy(data=np.angle(strength)) if np.ndim(strength) else float(np.angle(strength))
    )
