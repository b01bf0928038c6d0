"""How far up their ladders oscillators will climb, foreseen from what is quadratic in them.

What else is there, such as a qubit, may keep an oscillator low: this is no bound. It tells which
number of levels to try next where fewer are far from enough, and that none will do where quanta
grow without end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import copy

import numpy as np
from scipy import special

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.problem import Problem
from quantumbattery.moments.dephased import quanta
from quantumbattery.moments.over_time import moments
from quantumbattery.moments.quadratic import (
    Quadratic,
    has_pairs,
    is_constant,
    is_quadratic,
    quadratic,
)
from quantumbattery.moments.starts import beginning, is_gaussian, is_thermal
from quantumbattery.network.interactions import Dipole, Exchange, Interaction
from quantumbattery.network.joint_losses import JointLoss
from quantumbattery.network.joint_starts import members_of
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import any_nonzero

_LOOKS = 33  # moments at which one looks
_WEIGHT = 36.8  # how many times a population of 1e-16 is less than 1, as a logarithm
_WIDTH = 7.5  # widths of a coherent state beyond which it holds less
_SURELY = 3.0  # roots of the mean quanta: beyond as many there is far too much
_FEW = 1e8  # quanta of which a tail is known
_TAIL = 1e-9  # of a mixture of coherent states beyond a cut: too much
_NONE = 1e-300  # quanta
_NO_GAIN = 1e-12  # of the largest rate, that rounding makes


def foreseen(
    problem: Problem, free: Sequence[str], displaced: Sequence[str] = ()
) -> tuple[float, float]:
    """Levels that the largest of some oscillators would take without the other sites.

    But for those whose levels count from their own amplitudes.

    All of them, and those that surely are needed: half of what warm baths fill, which nothing keeps
    low, unlike pairs, but other sites that lose quanta; and the quanta of the amplitude that others
    cannot take away. 0 where nothing is known, infinity where numbers overflow. Of dephased ones
    mean quanta are known, and what a coherent state takes for these. Of these alone, as many as
    quanta and three of their roots count as surely needed; where they are a mixture of coherent
    states, whose quanta spread more than those of one, nearly as many as that one takes.
    """
    network = problem.network
    alone = oscillators_in_phase(network, free)
    if alone is None:
        return 0.0, 0.0
    numbers, members = problem.axes.numbers, problem.axes.batch
    own = {n: each for n, each in problem.started.items() if n in free and is_gaussian(each)}
    times = problem.axes.times if problem.axes.charged is None else problem.axes.charged
    latest = times.max(axis=-1, initial=0.0)  # of all, or (g,)
    looks = np.multiply.outer(latest, np.linspace(0.0, 1.0, _LOOKS))
    places = [k for k, name in enumerate(free) if name not in displaced]
    if not places:
        return 0.0, 0.0
    with np.errstate(all="ignore"):
        motion = quadratic(alone, numbers, members)
        begun = beginning(alone, own, problem.axes.start)
        try:
            found = moments(motion, begun, places, looks)
        except ValueError:  # so many periods that no digit is left
            return np.inf, 0.0
        normal, anomalous = (
            np.einsum("...ii->...i", np.abs(each)) for each in (found.normal, found.anomalous)
        )
        wide = _WEIGHT / np.log1p(1 / np.maximum(normal + anomalous, _NONE))
        whole, sure = _most(_coherent(np.abs(found.mean)) + wide), _most(wide) / 2
        rates, held = dephasing_of(network, alone.sites, problem.axes), None
        if rates.any():
            held = quanta(motion, rates, begun, looks)
            if held is not None:
                held = held[..., places]
            whole = sure if held is None else _most(_coherent(np.sqrt(held)))
    if has_pairs(alone) or _is_cooled(network, free):
        sure = 0.0
    if own.keys() == _started(problem, free) and not rates.any():
        sure = max(sure, _kept(problem, free, motion, np.abs(found.mean), looks))
    if held is not None and {*free} == network.sites.keys():
        every = held.sum(axis=-1)
        classical = not has_pairs(alone) and all(map(is_thermal, own.values()))
        alike = classical and own.keys() == _started(problem, free)
        needed = _poisson(every) if alike else every + _SURELY * np.sqrt(every)
        sure = max(sure, _most(needed))
    return max(whole, sure), sure


def _started(problem: Problem, free: Sequence[str]) -> set[str]:
    """Those of some oscillators that do not start empty, alone or with others."""
    return {name for key in problem.started for name in members_of(key) if name in free}


def _kept(
    problem: Problem, free: Sequence[str], motion: Quadratic, amplitudes: Array, looks: Array
) -> float:
    """Quanta that oscillators have whatever other sites do, of amplitudes (g, c, T, m) alone.

    At times (T,) or (g, T). A change that others have made must not grow by itself.
    """
    drift = motion.drift[:, : motion.modes, : motion.modes]
    gain = np.linalg.eigvalsh(drift + drift.conj().swapaxes(-1, -2)).max()
    grows = motion.doubled or gain > _NO_GAIN * np.abs(drift).max()
    if grows or not np.isfinite(taken := _taken(problem, free)).all():
        return 0.0
    away = (taken[:, None] * looks)[:, None, :, None]
    return _most(np.maximum(amplitudes - away, 0.0) ** 2)


def from_others(problem: Problem, free: Sequence[str]) -> float:
    """Quanta that sites which oscillators are joined to may bring these, from none, at most.

    By exchange J (a^dag B + h.c.) d<n>/dt is at most 2 J ||B|| sqrt(<n>), so that the root of the
    quanta grows by no more than J ||B|| in a time; ||B|| is no more than twice the largest mean.
    """
    times = problem.axes.times if problem.axes.charged is None else problem.axes.charged
    grown = 2 * _taken(problem, free)[:, None] * np.atleast_2d(times.max(axis=-1, initial=0.0)).T
    return float(np.nan_to_num(grown**2, nan=np.inf).max())


def _taken(problem: Problem, free: Sequence[str]) -> Array:
    """What other sites change the amplitudes of oscillators by in a time, (g,), at most.

    By exchange J (a^dag B + h.c.) they add -i J <B> to what these do alone, whose size is at most
    that of the mean. Infinity where others are joined in other ways.
    """
    network, numbers = problem.network, problem.axes.numbers
    total = np.zeros(problem.axes.batch)
    if any(0 < len({*each.ends} - {*free}) < len(each.ends) for each in network.joint_losses):
        return np.full_like(total, np.inf)
    for each in network.interactions:
        others = [name for name in each.ends if name not in free]
        if len(others) in (0, len(each.ends)):
            continue
        if not isinstance(each, Exchange | Dipole) or each.envelope is not None:
            return np.full_like(total, np.inf)
        if network.sites[others[0]].dimension is None:
            return np.full_like(total, np.inf)
        size = _largest_mean(network.sites[others[0]])
        total = total + np.abs(numbers(each.strength)) * size * (1 + isinstance(each, Dipole))
    return total


def _largest_mean(site: Site) -> float:
    """The largest sum of a row of (|A| + |A|^T) / 2, than which no |<A>| of a site is more."""
    assert site.dimension is not None
    lower, n = site.lowering(site.dimension), site.dimension
    sums = [np.bincount(at, np.abs(lower.value), n) for at in (lower.row, lower.column)]
    return float(np.max(sums[0] + sums[1]) / 2)


def dephasing_of(network: Network, sites: Iterable[str], axes: Batch) -> Array:
    """How fast some sites lose their phase, (g, sites)."""
    each = [axes.numbers(network.sites[name].dephasing) for name in sites]
    return np.stack([np.broadcast_to(rate, axes.batch) for rate in each], axis=-1)


def _coherent(amplitude: Array) -> Array:
    """Levels that coherent states fill."""
    return amplitude**2 + _WIDTH * amplitude + _WIDTH**2 / 6 * np.minimum(amplitude, 1.0)


def _poisson(quanta: Array) -> Array:
    """Levels beyond which a coherent state of so many quanta holds a small part."""
    few = np.clip(quanta, _NONE, _FEW)  # of more the part is that of a Gaussian, and less counts
    found: Array = np.where(quanta < _FEW, special.pdtrik(1 - _TAIL, few), quanta)
    return found


def _most(levels: Array) -> float:
    """The largest; infinity where numbers overflowed."""
    return float(np.nan_to_num(np.ceil(levels), nan=np.inf, posinf=np.inf).max())


def _is_cooled(network: Network, free: Sequence[str]) -> bool:
    """Whether anything but the oscillators themselves may lose the quanta that baths bring."""
    others = (site for name, site in network.sites.items() if name not in free)
    joint = any(not {*each.ends} <= {*free} for each in network.joint_losses)
    return joint or any(site.losses(2) for site in others)


def _in_phase(site: Site) -> Site:
    """A site without dephasing."""
    if not any_nonzero(site.dephasing):
        return site
    own = copy(site)
    own._set(dephasing=0.0)
    return own


def oscillators_in_phase(network: Network, free: Collection[str]) -> Network | None:
    """The oscillators with what acts on them alone; None if that is not quadratic and constant.

    But for dephasing, which takes no quanta.
    """
    own = {n: _in_phase(site) for n, site in network.sites.items() if n in free}
    links: list[Interaction | JointLoss] = [*network.interactions, *network.joint_losses]
    inner = [each for each in links if {*each.ends} <= own.keys()]
    fields = [each for each in network.drives if each.site in own]
    held = [name for name in network.battery if name in own] or [*own][:1]
    alone = Network(own, [*inner, *fields], charger=[], battery=held)
    return alone if is_quadratic(alone) and is_constant(alone) else None
