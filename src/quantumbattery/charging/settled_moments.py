"""The steady state of oscillators by their means and covariances."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.foreseen import dephasing_of, oscillators_in_phase
from quantumbattery.charging.merit_of_moments import Energies, Reading
from quantumbattery.charging.problem import Problem
from quantumbattery.moments import steady
from quantumbattery.moments.dephased import growth
from quantumbattery.moments.over_time import Moments
from quantumbattery.moments.quadratic import Quadratic, has_pairs, quadratic, turning
from quantumbattery.network.drives import TwoPhotonDrive
from quantumbattery.network.interactions import Dipole, Exchange, Interaction
from quantumbattery.network.joint_losses import JointLoss, Jump
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.warned import warn

_UNKNOWN = 1e-8  # of quanta, what rounding may do to them without a warning
_GROWS = 1e-10  # of the largest frequency or rate: more than rounding
# What a mean and covariances tell together: how one turns against the others is in it.
_OF_STATES = {"energy_variance", "coherent_ergotropy", "incoherent_ergotropy"}


def settled(problem: Problem, names: Collection[str]) -> dict[str, Array]:
    """Measures (g, c, 1) of the steady state; ValueError, with the reason, where there is none."""
    network, axes = problem.network, problem.axes
    energies = Energies.of(network, axes.numbers, axes.batch, names, problem.extraction)
    motion, places = _settling(problem, energies.places, not _OF_STATES.isdisjoint(names))
    found = _steady(motion, places, problem)
    read = Reading(energies, slice(None), found)
    return {name: np.broadcast_to(read.column(name), axes.shape).copy() for name in names}


def resting(problem: Problem, sites: Sequence[str], spread: bool = True) -> tuple[Moments, Array]:
    """Moments (g, 1, 1, ...) of some sites in frames, and how fast what is in each turns, (g, b).

    What turns does so with the field that drives it, or with its frame; with `spread` the mean
    must not turn against the covariances.
    """
    network, numbers = problem.network, problem.axes.numbers
    names = [*network.sites]
    motion, places = _settling(problem, [names.index(site) for site in sites], spread)
    found = _steady(motion, places, problem)
    frames = np.stack(
        [np.broadcast_to(turning(network, s, numbers), problem.axes.batch) for s in sites], axis=-1
    )
    return found, frames + steady.swings(motion, places)


def _settling(problem: Problem, sought: Sequence[int], spread: bool) -> tuple[Quadratic, list[int]]:
    """What moves modes at some places, and where these are in it; ValueError if it never rests.

    With `spread`, also if the mean turns beside covariances that do not.
    """
    network, axes = problem.network, problem.axes
    motion, places = steady.part_of(quadratic(network, axes.numbers, axes.batch), sought)
    growth = steady.slowest(motion)
    if (loose := ~(growth < 0)).any():
        why = _unsettled(network, float(growth[np.argmax(loose)]))
        raise ValueError(_where(axes, loose) + why)
    if (swinging := steady.beats(motion, spread)).any():
        raise ValueError(
            f"{_where(axes, swinging)}a drive turns in every frame (its counter-rotating half, "
            "several frequencies, or a link or a bath that does not turn with it): there is no "
            "steady state, only one that repeats itself for ever; leave that out, or give times "
            "that are finite"
        )
    return motion, places


def _steady(motion: Quadratic, places: Sequence[int], problem: Problem) -> Moments:
    """Moments at rest, and a warning if rounding leaves few digits of them."""
    found, off, held = steady.steady(motion, places, problem.limit)
    if off > _UNKNOWN * max(held, 1.0):
        warn(
            "the slowest decay is so far below the fastest rates that double precision knows "
            f"quanta of the steady state, up to {held:.2g}, to {off:.1g} only; energies and "
            "what follows from them may be wrong by as much"
        )
    return found


def never_settles(problem: Problem) -> str | None:
    """Why oscillators that lose their phase have no steady state; None if there may be one.

    Their states are not Gaussian, but second moments close, and grow for ever in none.
    """
    network, axes = problem.network, problem.axes
    alone = oscillators_in_phase(network, network.sites)
    if alone is None:
        return None
    motion = quadratic(alone, axes.numbers, axes.batch)
    found = growth(motion, dephasing_of(network, network.sites, axes))
    if found is None:
        return None
    rounding = _GROWS * float(np.abs(motion.drift).max())
    places = [[*network.sites].index(name) for name in network.battery]
    joined = steady.part_of(motion, places)[0].modes == motion.modes  # or an idle one may rest
    driven = np.zeros(axes.batch, dtype=bool)
    for field in alone.drives:  # which heats for ever what it cannot swing
        driven = driven | (axes.numbers(field.amplitude) != 0)
    still = joined & (driven | has_pairs(alone))  # at threshold too, or where nothing is lost
    grows = found > np.where(still, -rounding, rounding)
    if not grows.any():
        return None
    fastest = float(found[np.argmax(grows)])
    why = _unsettled(network, fastest / 2 if fastest > rounding else 0.0)
    return _where(axes, grows) + why


def escapes(problem: Problem) -> str | None:
    """Why there is no steady state of oscillators beside other sites, if they are driven apart.

    What a site of few levels does to an amplitude by `exchange` or `dipole` is bounded, and pairs
    that outdo losses are not: whatever keeps quanta few for a while, those that escape are gone.
    """
    network, axes = problem.network, problem.axes
    own = [name for name, site in network.sites.items() if isinstance(site, Oscillator)]
    alone = oscillators_in_phase(network, own)
    if alone is None or not has_pairs(alone):
        return None
    joined: list[Interaction | JointLoss] = [*network.interactions, *network.joint_losses]
    across = [each for each in joined if not {*own}.isdisjoint(each.ends) and {*each.ends} - {*own}]
    if not all(isinstance(each, Exchange | Dipole) for each in across):
        return None
    motion = quadratic(alone, axes.numbers, axes.batch)
    found = steady.slowest(motion)
    grows = found > _GROWS * float(np.abs(motion.drift).max())
    if not grows.any():
        return None
    return _where(axes, grows) + _unsettled(network, float(found[np.argmax(grows)]))


def _where(axes: Batch, wrong: Array) -> str:
    """The first member that has no steady state, and how many more, where others have one."""
    if wrong.all():
        return ""
    more = int(wrong.sum()) - 1
    others = f" (and {more:,} more of {len(wrong):,} points)" if more else ""
    return f"{axes.where(int(np.argmax(wrong))).strip()}{others}, "


def _unsettled(network: Network, growth: float) -> str:
    """Why there is no steady state."""
    every = (*network.drives, *network.joint_losses, *network.interactions)
    pumps = [each.label for each in every if isinstance(each, TwoPhotonDrive | Jump | Dipole)]
    if growth > 0:
        return (
            f"{' and '.join(pumps)} brings oscillators more than they lose: their quanta grow for "
            f"ever, e-fold every {1 / (2 * growth):.3g}, and there is no steady state"
        )
    if pumps:
        return (
            f"{' and '.join(pumps)} is at its threshold, or a mode loses nothing: quanta neither "
            "settle nor grow exponentially, and there is no steady state; give less of the first, "
            "or more loss"
        )
    return (
        "a mode of the oscillators loses nothing, so that what it starts in, or is driven to, "
        "stays for ever: there is no steady state; give each a loss, or give times that are finite"
    )
