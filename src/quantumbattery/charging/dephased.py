"""Energies of oscillators that also lose their phase: second moments tell them, on no levels.

No state stays Gaussian, so that work and what else needs the state itself is done on levels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from quantumbattery.charging.by_moments import over_time
from quantumbattery.charging.foreseen import dephasing_of, oscillators_in_phase
from quantumbattery.charging.merit_of_moments import Energies, Reading
from quantumbattery.charging.problem import Problem, Report, Solution
from quantumbattery.charging.readout import POWERS, needed
from quantumbattery.moments.dephased import LARGEST, numbers_of, second, second_at_rest
from quantumbattery.moments.over_time import Moments, at_start
from quantumbattery.moments.quadratic import Quadratic, quadratic
from quantumbattery.moments.starts import Beginning, beginning
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.digits import check_digits
from quantumbattery.quantities.parameters import any_nonzero

METHOD = "means of second order"
_FINITE = {"energy", "charger_energy", "interaction_energy"}
_TOLD = _FINITE | {"active_energy", "antiergotropy", "capacity"}  # which have no end
_AT_ONCE = 1 << 22  # numbers that are worked on at a time
_EPSILON = float(np.finfo(float).eps)


def charged(problem: Problem) -> Solution | None:
    """All measures on the axes of the problem; None if second moments do not tell them."""
    if not _tells(problem):
        return None
    network, axes = problem.network, problem.axes
    alone = oscillators_in_phase(network, network.sites)
    if alone is None or numbers_of(motion := quadratic(alone, axes.numbers, axes.batch)) > LARGEST:
        return None
    names = needed(problem.measures) - POWERS.keys()
    energies = Energies.of(network, axes.numbers, axes.batch, names, problem.extraction)
    rates = dephasing_of(network, network.sites, axes)
    if np.isinf(axes.times).any():
        rest = second_at_rest(motion, rates, energies.places)
        return None if rest is None else _at_rest(problem, energies, rest)
    begun = beginning(alone, problem.started, axes.start, problem.limit)
    columns = _columns(problem, names, motion, rates, begun, energies)
    start = Reading(energies, slice(None), at_start(begun, energies.places))
    for power in {*problem.measures} & {*POWERS}:
        columns[power] = over_time(columns[POWERS[power]], start.column(POWERS[power]), axes.times)
    report = replace(_report(network), rounding=_rounding(motion, rates, float(axes.times.max())))
    return Solution({name: columns[name] for name in problem.measures}, report)


def _rounding(motion: Quadratic, rates: Array, latest: float) -> float:
    """How much of a phase, or of a decay, rounding has taken by the latest time."""
    fastest = np.abs(motion.drift).sum(axis=-1).max() + rates.max(initial=0.0)
    return _EPSILON * float(fastest) * latest


def _tells(problem: Problem) -> bool:
    """Whether second moments may tell all that is asked, of oscillators that lose their phase."""
    names = needed(problem.measures) - POWERS.keys()
    if problem.asked or problem.axes.charged is not None or not names <= _TOLD:
        return False
    sites = problem.network.sites.values()
    return any(isinstance(each, Oscillator) and any_nonzero(each.dephasing) for each in sites)


def _columns(
    problem: Problem,
    names: Collection[str],
    motion: Quadratic,
    rates: Array,
    begun: Beginning,
    energies: Energies,
) -> dict[str, Array]:
    """Measures (g, c, T), part of the members by part; ValueError where no digit is left."""
    axes = problem.axes
    latest = float(axes.times.max())
    check_digits(_rounding(motion, rates, latest), latest)
    columns = {name: np.empty(axes.shape) for name in names}
    for part in _parts(motion, axes.shape, len(energies.places)):
        times = axes.times[part] if axes.times.ndim > 1 else axes.times
        own = _some(motion, part), rates[part], begun.some(part), energies.places, times
        with np.errstate(over="ignore", invalid="ignore"):
            found = second(*own)
        assert found is not None
        read = Reading(energies, part, found)
        for name, column in columns.items():
            column[part] = read.column(name)
    _check_finite(columns, latest)
    return columns


def _report(network: Network) -> Report:
    return Report(((METHOD, len(network.sites)),), {})


def _at_rest(problem: Problem, energies: Energies, rest: Moments) -> Solution:
    """The steady state, which has no powers."""
    read, shape = Reading(energies, slice(None), rest), problem.axes.shape
    columns = {
        name: np.zeros(shape)
        if name in POWERS
        else np.broadcast_to(read.column(name), shape).copy()
        for name in problem.measures
    }
    return Solution(columns, _report(problem.network))


def _parts(motion: Quadratic, shape: tuple[int, int, int], looked_at: int) -> Iterator[slice]:
    """Parts of the members whose generators and moments fit in memory at a time."""
    members, copies, times = shape
    read = 2 * copies * times * looked_at**2
    step = max(1, min(LARGEST // numbers_of(motion), _AT_ONCE // max(read, 1)))
    return (slice(k, min(k + step, members)) for k in range(0, members, step))


def _some(motion: Quadratic, part: slice) -> Quadratic:
    """The motion of some members."""
    return replace(motion, drift=motion.drift[part], diffusion=motion.diffusion[part])


def _check_finite(columns: dict[str, Array], latest: float) -> None:
    """Raise ValueError if numbers of quanta have overflown."""
    if not all(np.isfinite(each).all() for name, each in columns.items() if name in _FINITE):
        raise ValueError(
            f"quanta grow so fast that by t = {latest:.3g} their numbers overflow: charge for a "
            "shorter time"
        )
