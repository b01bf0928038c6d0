"""From a description, a preparation and times to the labelled table of figures of merit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from math import inf, prod

import numpy as np
import xarray as xr

from quantumbattery.charging import by_moments, by_starts, dephased, displaced_battery
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.battery_hamiltonian import check_extraction, check_levels
from quantumbattery.charging.converged_cutoffs import ACCURACY, solved
from quantumbattery.charging.displaced import Displaced, displaced
from quantumbattery.charging.early_powers import warn_of_early
from quantumbattery.charging.further_measures import check_further
from quantumbattery.charging.gain import check_gain
from quantumbattery.charging.given_levels import compared, states_compared, without_levels
from quantumbattery.charging.modes_together import TooSlow
from quantumbattery.charging.parts import InParts, in_parts, joined, together
from quantumbattery.charging.problem import OnLevels, Problem, Report, Solution
from quantumbattery.charging.readout import available
from quantumbattery.charging.spectators import without_spectators
from quantumbattery.charging.states_of_moments import means, observed
from quantumbattery.charging.steady_state import steady
from quantumbattery.machine import allow_table, at_work
from quantumbattery.network.acting import acting
from quantumbattery.network.named_states import Started
from quantumbattery.network.network import Network
from quantumbattery.network.sites import Oscillator
from quantumbattery.network.starts import by_site
from quantumbattery.quantities.aliases import Array, Parameter, Values
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.described import short
from quantumbattery.quantities.digits import lost_phase
from quantumbattery.quantities.measures import FURTHER, NAMED, STORAGE, check_measures
from quantumbattery.quantities.parameters import check_axes, check_count, one_number, unlabelled
from quantumbattery.quantities.tables import check_names, dataset
from quantumbattery.quantities.warned import warn

_OF_ANY = {name: replace(quantity, equation="") for name, quantity in NAMED.items()}
_SETTLED = 1e-8  # what rounding may do to a steady state without a warning
_SOLVER = 1e-6  # what two solutions may be apart without a warning
_NO_BOUND = 1e12  # quanta: a bound that says nothing
_AT_CUT = 1e-10  # of the weight on levels that lead beyond a cut, from which on a warning says so


def charge(
    network: Network,
    preparation: object,
    times: Values,
    measures: Iterable[str] | None = None,
    extraction: str = "global",
    limit: float = 2.0,
    disconnect: Values | None = None,
) -> xr.Dataset:
    """Charge a battery; `System.charge` says what everything means."""
    started, axes = converted(network, preparation, times, disconnect)
    how = extraction_of(network, extraction, limit)
    chosen = selected(network, measures, axes)
    problem = Problem(acting(network), started, axes, chosen, how, limit)
    solution = run(problem)
    warn_of(network, solution.report)
    warn_of_early(problem, solution, run)
    return labelled(network, axes, how, solution)


def converted(
    network: Network, preparation: object, times: Values, disconnect: Values | None = None
) -> tuple[Started, Batch]:
    """Which site starts in which preparation, and the axes of all that is given."""
    moments = _moments(times, disconnect)
    check_axes("times", moments)
    last = None
    if disconnect is not None:
        rule = "a time, zero or positive; infinite for never"
        last = unlabelled("disconnect", disconnect, rule, 0.0, np.inf)
        check_axes("disconnect", last)
    started = by_site(preparation, network)
    single = not isinstance(preparation, Mapping)
    return started, Batch.of(network.arrays, started, single, moments, last)


def _moments(times: Values, disconnect: Values | None) -> Parameter | Array:
    """Times as an axis; or infinity alone, for the steady state."""
    array = as_array(times)
    check_count("times", array)
    if array.dtype.kind == "f" and (array == np.inf).any():
        if array.ndim:
            raise ValueError(
                "times: infinity stands for the steady state and is given alone, times=np.inf; the "
                "times of an array are finite"
            )
        if disconnect is not None:
            raise ValueError(
                "times is infinite, so that disconnect would ask for the end of a storage: charge "
                "without disconnect, or describe the storage as a system without links"
            )
        return np.inf
    return unlabelled("times", times, "zero or positive, and finite", 0.0, axis="time")


def extraction_of(network: Network, extraction: object, limit: object) -> str:
    """How work is taken out, if that and the limit make sense."""
    one_number("limit", limit, "a positive number of GiB", 1e-9)
    return check_extraction(acting(network), extraction)


def selected(network: Network, measures: Iterable[str] | None, axes: Batch) -> tuple[str, ...]:
    """The measures that are asked for, if they make sense here and there is room for them."""
    possible = available(network)
    chosen = possible if measures is None else check_measures(measures)
    check_further(network, chosen)
    if lives := [name for name in chosen if name in STORAGE]:
        raise ValueError(
            f"{lives[0]} is that of a battery which is disconnected: ask System.charge with "
            "disconnect=... for it"
        )
    if wrong := [name for name in chosen if name not in possible and name not in FURTHER]:
        raise ValueError(
            f"{wrong[0]} makes no sense here: population, "
            "population_inversion and coherence are for a battery of one Qubit, concurrence for "
            f"two Qubits; choose from {', '.join(possible)}"
        )
    check_names(chosen, axes.sizes, axes.coords)
    allow_table(len(chosen), prod(axes.sizes.values()))
    return chosen


def run(problem: Problem) -> Solution:
    """Solve what takes part, each part of it by itself where that needs less."""
    problem = without_spectators(problem, comes_to_rest)
    if pieces := in_parts(problem):
        # What starts and stays at rest says so on levels only: then these have the last word.
        at_rest = np.isinf(problem.axes.times).any()
        with suppress(ValueError) if at_rest else nullcontext():
            return together(problem, pieces, [_run(piece.problem) for piece in pieces])
    return _run(problem)


def comes_to_rest(problem: Problem) -> bool:
    """Whether a steady state is found."""
    with suppress(ValueError):
        _run(problem)
        return True
    return False


def _run(problem: Problem) -> Solution:
    """By moments and states of single modes where they say all, or on levels."""
    with at_work():
        if by_moments.tells(problem):
            return means(problem)
        if by_moments.fits(problem):
            return observed(problem) if problem.asked else by_moments.charged(problem)
        if by_starts.fits(problem):
            with suppress(TooSlow):
                return by_starts.charged(problem)
        if (told := dephased.charged(problem)) is not None:
            return told
        about, still = displaced(problem), displaced_battery.still(problem)
    if still is not None:
        return displaced_battery.charged(problem, on_levels(still))
    if known := without_levels(problem):
        return (states_compared if problem.asked else compared)(problem, known, on_levels)
    return on_levels(problem, about)


def on_levels(problem: Problem, about: Displaced | None = None) -> OnLevels:
    """Solve, with levels and methods that fit; for infinite times, for the steady state.

    The same about classical amplitudes may be given too, where that is known.
    """
    check_levels(problem.network)
    with at_work():
        check_gain(problem)
        if np.isinf(problem.axes.times).any():
            return steady(problem)
        return solved(problem, about)


def labelled(network: Network, axes: Batch, how: str, solution: Solution) -> xr.Dataset:
    """The table of what was found; equations, the paper's, are for its pair."""
    columns = {
        name: (axes.labelled(column), _OF_ANY[name]) for name, column in solution.columns.items()
    }
    return dataset(axes.sizes, axes.coords, columns, attributes(network, how, solution))


def attributes(network: Network, extraction: str, solution: Solution) -> dict[str, str | float]:
    """What a table says of how it was found."""
    parts = solution.parts if isinstance(solution, InParts) else (solution,)
    said = joined([_found_by(network, each) for each in parts])
    return {"system": str(network), "extraction": extraction} | said


def _found_by(network: Network, solution: Solution) -> dict[str, str | float]:
    """How a table, or a part of it, was found."""
    report = solution.report
    said: dict[str, str | float] = {}
    if not isinstance(solution, OnLevels):
        (kind, many), *others = report.methods
        how = [f"{kind} ({many} {report.counted}{'s' * (many > 1)})", *(name for name, _ in others)]
        said["method"] = "; ".join(how)
        return said if report.error is None else said | {"solver_error": report.error}
    reached = solution.reach
    said["configurations"] = reached.size
    said["method"] = "; ".join(f"{kind} (largest block {n})" for kind, n in report.methods)
    if report.error is not None:
        said["solver_error"] = report.error
    levels = dict(zip(reached.sites, reached.levels, strict=True))
    ladders = [name for name in levels if isinstance(network.sites[name], Oscillator)]
    if ladders:
        about = solution.displaced
        for key, names in (
            ("levels", [name for name in ladders if name not in about]),
            ("displaced", about),
        ):
            if names:
                said[key] = ", ".join(f"{name}: {levels[name]}" for name in names)
        if reached.most < inf:
            said["quanta"] = reached.most  # the most that all of them hold together
        if report.at_cut is None:
            left = float(sum(report.left_out.values()))
            least = np.finfo(float).eps * max(reached.levels)  # rounding tells no less
            said["left_out"] = max(left, float(least)) if left else 0.0
        else:
            said["at_cut"] = report.at_cut
        if report.converged is not None:
            said["converged"] = report.converged
    elif any(isinstance(site, Oscillator) for site in network.sites.values()):
        said["left_out"] = 0.0  # of those that take no part
    return said


def warn_of(network: Network, report: Report) -> None:
    """Say where a result is less exact than it looks."""
    said = []
    whole = sum(report.left_out.values())  # which no single cut is more than, where it is known
    for name, amount in report.left_out.items():
        amount = whole if report.told else amount
        if name not in network.sites:  # chosen for all, and enough
            continue
        given = network.sites[name].dimension
        if given is None and report.told:  # that is of the levels that were given
            continue
        if amount > ACCURACY and isinstance(network.sites[name], Oscillator):
            unit = 10 ** np.floor(np.log10(min(amount, _NO_BOUND)))  # a bound is rounded up
            far = f"by up to {np.ceil(amount / unit) * unit:.1g} quanta"
            said.append(
                f"the {given} levels of {name!r} may change an energy "
                f"{far if amount < _NO_BOUND else 'by no one knows how much'}; give it more, or "
                f"leave levels out of {short(network.sites[name])} to have them chosen"
            )
    if report.at_cut is not None and report.at_cut > _AT_CUT:
        ladders = [s for s in network.sites.values() if isinstance(s, Oscillator)]
        way = "give more levels, or leave levels out to have them chosen"
        if all(site.levels is None for site in ladders):
            way = (
                "what was looked at does not feel that; for anything else give levels=..., and more"
            )
        said.append(
            f"{report.at_cut:.1g} of the steady state is on the last levels of an oscillator, from "
            f"where it should go on: {way}"
        )
    if report.at_cut is not None and report.error is not None and report.error > _SETTLED:
        said.append(
            "the slowest rates are so far below the fastest that double precision knows numbers "
            f"of the steady state to {report.error:.1g} only; small ones may be wrong by as much"
        )
    if (lost := lost_phase(report.rounding)) is not None:
        said.append(lost)
    if (unsure := _unsure(report)) is not None:
        said.append(unsure)
    for sentence in said:
        warn(sentence)


def _unsure(report: Report) -> str | None:
    """What to warn of, if two solutions are further apart than what is read allows."""
    known = _SOLVER + 10 * report.rounding  # of which another sentence speaks
    off = 0.0 if report.error is None else report.error
    if off <= report.scale * known:
        return None
    if off <= report.growth * known:
        return (
            f"other sites grow by {report.growth:.1g}, so that what is read here, of size "
            f"{report.scale:.1g}, is only sure to {off:.1g}: charge for a shorter time, or leave "
            "out what does not reach it"
        )
    return (  # as of NaN
        f"two solutions with different steps are {off:.1g} apart: the drives change faster than "
        "was seen; name the times of their jumps and short pulses in breaks=[...]"
    )
