"""From a protocol and a preparation to labelled tables; `Protocol` says what everything means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging import strokes_of_moments
from quantumbattery.charging.batch import Batch
from quantumbattery.charging.charge import extraction_of, labelled, selected
from quantumbattery.charging.early_powers import warn_of_early
from quantumbattery.charging.observables import allow_matrices
from quantumbattery.charging.observe import (
    labelled_matrices,
    least_levels,
    named_sites,
    state_of,
)
from quantumbattery.charging.problem import Problem, Solution
from quantumbattery.charging.repeated import Moments, Solved, solved, together
from quantumbattery.charging.stroke import Strokes, allow_every_end, of_what_acts
from quantumbattery.dynamics.cycles import when
from quantumbattery.network.acting import acting
from quantumbattery.network.joint_starts import parameters_of
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.starts import by_site
from quantumbattery.quantities.aliases import Array, Values
from quantumbattery.quantities.digits import check_digits, lost_phase
from quantumbattery.quantities.pace import going_on
from quantumbattery.quantities.parameters import check_axes, parameter
from quantumbattery.quantities.warned import warn

_WORDS = {"stroke": "stroke", "cycle": "cycle of the protocol"}
_OWN = (*_WORDS, "edge")  # names of axes
_AT_AN_END = 56  # bytes of what says when one looks, as measured
_ROUNDING = 1e-12  # of the length of a protocol: times beyond its end are there


@going_on("a protocol")
def charge(
    protocol: Strokes,
    preparation: object,
    times: Values | None,
    measures: Iterable[str] | None,
    extraction: str,
    limit: float,
) -> xr.Dataset:
    """Charge a battery in strokes."""
    network = together(protocol)
    how = extraction_of(network, extraction, limit)
    started, axes = _converted(protocol, preparation, times, limit)
    chosen = selected(network, measures, axes)
    moments = _moments(protocol, axes, times is None)
    problem = Problem(network, started, axes, chosen, how, limit)
    found = found_of(protocol, problem, moments)

    def solve(other: Problem) -> Solution:
        return found_of(protocol, other, _moments(protocol, other.axes, False)).solution

    warn_of_early(problem, found.solution, solve)
    table = labelled(network, axes, how, found.solution)
    marks, said = _marks(protocol, axes, moments)
    return table.assign_coords(marks).assign_attrs(said)


@going_on("a protocol")
def density_matrix(
    protocol: Strokes,
    preparation: object,
    times: Values | None,
    sites: str | Iterable[str] | None,
    limit: float,
    levels: int | Mapping[str, int] | None = None,
) -> xr.DataArray:
    """The state of some sites."""
    network = together(protocol)
    chosen = network.battery if sites is None else named_sites("sites", sites, network)
    how = extraction_of(network, "collective", limit)
    started, axes = _converted(protocol, preparation, times, limit)
    asked = (state_of(network, chosen, levels),)
    allow_matrices(chosen, least_levels(network, asked[0]), prod(axes.sizes.values()))
    moments = _moments(protocol, axes, times is None)
    problem = Problem(network, started, axes, (), how, limit, asked)
    found = found_of(protocol, problem, moments)
    matrices = labelled_matrices(network, axes, asked[0], found.solution)
    marks, said = _marks(protocol, axes, moments)
    return matrices.assign_coords(marks).assign_attrs(said)


def found_of(protocol: Strokes, problem: Problem, moments: Moments) -> Solved:
    """Solve, by means and covariances where they say all, or on levels; say what rounding takes."""
    protocol = of_what_acts(protocol)
    first = protocol.strokes[0].system
    problem = replace(problem, network=acting(problem.network), first=first)
    by_moments = strokes_of_moments.fits(protocol, problem)
    found = (strokes_of_moments.solved if by_moments else solved)(protocol, problem, moments)
    _warn(found, float(moments.times.max()))
    return found


def _warn(found: Solved, latest: float) -> None:
    """Say where rounding takes digits; ValueError where it leaves none."""
    rounding = found.solution.report.rounding
    check_digits(rounding, latest)
    if (lost := lost_phase(rounding)) is not None:
        warn(lost)


def _converted(
    protocol: Strokes, preparation: object, times: Values | None, limit: float
) -> tuple[dict[str, Preparation], Batch]:
    """How sites start, and the axes of everything."""
    if times is None:
        way = "ask for some of them with times=..., repeat the protocol less often"
        allow_every_end(protocol, _AT_AN_END, limit, way)
    last = protocol.duration * protocol.repeat
    given = protocol.ends if times is None else times
    moments = parameter("times", given, "zero or positive, and finite", 0.0, axis="time")
    check_axes("times", moments)
    if (late := np.asarray(moments) > last * (1 + _ROUNDING)).any():
        most = float(np.asarray(moments)[late].max())
        raise ValueError(
            f"the protocol ends at {last:.12g}, but times go up to {most:.12g}: repeat "
            "it more often, or ask for earlier times"
        )
    started = started_of(protocol, preparation, moments)
    axes = Batch.of(arrays_of(protocol), started, not isinstance(preparation, Mapping), moments)
    if axes.times.ndim > 1:
        raise ValueError(
            "the times of a protocol share an axis with its systems or the preparation: give times "
            "that are the same for all"
        )
    return started, axes


def started_of(protocol: Strokes, preparation: object, *more: object) -> dict[str, Preparation]:
    """How sites start; ValueError for an axis, of these or of more, that has a protocol's name."""
    started = by_site(preparation, protocol.strokes[0].system)
    given = [*arrays_of(protocol).values(), *more]
    given += [value for each in started.values() for value in parameters_of(each).values()]
    for value in given:
        if taken := {*_OWN} & {*getattr(value, "dims", ())}:
            raise ValueError(
                f"an axis is named {min(taken)!r}, which a protocol's tables say of their times: "
                "rename it"
            )
    return started


def arrays_of(protocol: Strokes) -> dict[str, xr.DataArray]:
    """The DataArrays among the numbers of all strokes."""
    return {
        f"stroke {k}: {name}": value
        for k, stroke in enumerate(protocol.strokes)
        for name, value in stroke.system.arrays.items()
    }


def _moments(protocol: Strokes, axes: Batch, ends: bool) -> Moments:
    """When one looks: at the times, or at the beginning and the end of every stroke.

    Of strokes that take no time, the ends alone say which of them it is.
    """
    durations = [each.duration for each in protocol.strokes]
    if ends:
        every = np.indices((protocol.repeat, len(durations))).reshape(2, -1)
        cycle, stroke = np.concatenate([np.zeros((2, 1), dtype=np.int64), every], axis=1)
        spans = np.array(durations)[stroke]
        spans[0] = 0.0
        return Moments(cycle, stroke, spans, axes.times)
    return Moments(*when(axes.times, durations, protocol.repeat), axes.times)


def _marks(
    protocol: Strokes, axes: Batch, moments: Moments
) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
    """What belongs to a protocol: which stroke of which cycle each time is in."""
    marks: dict[str, Array] = {"stroke": moments.stroke, "cycle": moments.cycle}
    sizes = [axes.sizes[d] for d in axes.moments]
    coords = {
        name: xr.Variable(axes.moments, each.reshape(sizes), {"long_name": _WORDS[name]})
        for name, each in marks.items()
    }
    said: dict[str, Any] = {"protocol": repr(protocol)}
    said["durations"] = [each.duration for each in protocol.strokes]
    return coords, said
