"""States of oscillators, and means of their operators, from means and covariances."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from quantumbattery.charging.by_moments import ByMoments, mean_of, phase_of, report_of
from quantumbattery.charging.observables import Observable, is_hermitian, kept_still
from quantumbattery.charging.problem import Problem, Solution
from quantumbattery.charging.settled_moments import resting
from quantumbattery.machine import TooLargeError
from quantumbattery.moments.joint_levels import joint_matrices, levels_of_each, states_at_once
from quantumbattery.moments.levels import known_elements
from quantumbattery.moments.over_time import Moments
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.warned import warn

_SAME = 1e-9  # of what turns fastest: of what turns together
_OF_ELEMENT = 64  # bytes that an element of a state takes while it is put together
_KNOWN_ELEMENT, _NO_ELEMENT = 1e-10, 1e-2  # of its size: beyond, one warns; or refuses
_OF_COHERENCES = 1e-26  # weight on levels that are left out where means of one site are asked


def observed(problem: Problem) -> Solution:
    """Density matrices (g, c, T, *levels, *levels), or means (g, c, T), on levels enough."""
    groups = {
        sites: [each for each in problem.asked if each.sites == sites]
        for sites in dict.fromkeys(each.sites for each in problem.asked)
    }
    columns: dict[str, Array] = {}
    if np.isinf(problem.axes.times).any():
        for sites, asked in groups.items():
            columns |= _at_rest(problem, sites, asked)
        return Solution(columns, report_of(problem.network))
    work = ByMoments.of(problem, [])
    for sites, asked in groups.items():
        columns |= of_states(asked, _in_laboratory(work, sites), problem.limit)
    return Solution(columns, work.report)


def means(problem: Problem) -> Solution:
    """Means (g, c, T) that are moments: the quanta of oscillators, and their amplitudes."""
    groups = {
        sites: [each for each in problem.asked if each.sites == sites]
        for sites in dict.fromkeys(each.sites for each in problem.asked)
    }
    columns: dict[str, Array] = {}
    at_rest = np.isinf(problem.axes.times).any()
    work = None if at_rest else ByMoments.of(problem, [])
    for sites, asked in groups.items():
        if work is None:
            found, turns = resting(problem, sites, spread=False)
        else:
            found, turns = _in_laboratory(work, sites), np.zeros((1, 1))
        for each in asked:
            mean = found.mean[..., 0]
            if each.moment == "quanta":
                columns[each.name] = found.normal[..., 0, 0].real + np.abs(mean) ** 2
            else:
                turning = (turns[:, :1] != 0)[:, None]
                columns[each.name] = kept_still(each.name, sites, mean, turning, np.ones(1))
    made = {k: np.broadcast_to(v, problem.axes.shape).copy() for k, v in columns.items()}
    return Solution(made, report_of(problem.network) if work is None else work.report)


def _at_rest(
    problem: Problem, sites: Sequence[str], asked: Sequence[Observable]
) -> dict[str, Array]:
    """All that is asked of one group of sites for t to infinity; ValueError for what turns."""
    found, turns = resting(problem, sites)
    levels, kept = _levels(found, asked), any(each.operator is None for each in asked)
    _doubt(found)
    at_once = len(turns) if kept else min(len(turns), states_at_once(levels))
    _allow_states(sites, levels, at_once, problem.limit)
    counts = np.indices(levels).reshape(len(levels), -1)
    weights = [np.ones(1) if each.operator is None else each.matrix(levels).T for each in asked]
    read: list[list[Array]] = [[] for _ in asked]
    for part, rho in joint_matrices(found, levels, whole=not asked[0].levels):
        rate = turns[part] @ counts  # (k, d)
        apart = np.abs(rate[:, :, None] - rate[:, None, :])
        turning = apart > _SAME * np.abs(turns[part]).max(axis=-1)[:, None, None]
        for each, weight, own in zip(asked, weights, read, strict=True):
            still = kept_still(each.name, sites, rho * weight, turning, weight)
            own.append(still if each.operator is None else still.sum(axis=(-2, -1)))
    columns, (g, c, t) = {}, problem.axes.shape
    for each, weight, own in zip(asked, weights, read, strict=True):
        whole = np.concatenate(own)
        real = each.operator is not None and is_hermitian(weight)
        made = (whole.real if real else whole).reshape(
            g, 1, 1, *(levels * 2 if each.operator is None else ())
        )
        columns[each.name] = np.broadcast_to(made, (g, c, t, *made.shape[3:])).copy()
    return columns


def _in_laboratory(work: ByMoments, sites: Sequence[str]) -> Moments:
    """The moments of some sites at all times, where no frame turns."""
    names = [*work.problem.network.sites]
    every = [found for _, found in work.everything([names.index(site) for site in sites])]
    mean = np.concatenate([found.mean for found in every])
    normal = np.concatenate([found.normal for found in every])
    anomalous = np.concatenate([found.anomalous for found in every])
    phase = np.stack([phase_of(work.problem, site) for site in sites], axis=-1)
    turned = anomalous * phase[..., :, None] * phase[..., None, :]
    return Moments(mean * phase, normal, turned)  # what is correlated turns with one frame


def of_states(asked: Sequence[Observable], found: Moments, limit: float) -> dict[str, Array]:
    """All that is asked of these states (g, c, T, ...) of the same sites."""
    levels, shape = _levels(found, asked), found.mean.shape[:-1]
    _doubt(found)
    size, states = prod(levels), prod(shape)
    kept = any(each.operator is None for each in asked)
    at_once = states if kept else min(states, states_at_once(levels))
    _allow_states(asked[0].sites, levels, at_once, limit)
    matrices = [None if each.operator is None else each.matrix(levels) for each in asked]
    out = [np.empty((states, *(() if m is not None else (size, size))), complex) for m in matrices]
    for part, rho in joint_matrices(found, levels, whole=not asked[0].levels):
        for column, matrix in zip(out, matrices, strict=True):
            column[part] = rho if matrix is None else mean_of(rho, matrix)
    columns: dict[str, Array] = {}
    for each, column, matrix in zip(asked, out, matrices, strict=True):
        whole = column.reshape(*shape, *(() if matrix is not None else levels * 2))
        real = matrix is not None and is_hermitian(matrix)
        columns[each.name] = whole.real if real else whole
    return columns


def _doubt(found: Moments) -> None:
    """Warn where squeezing hides elements between levels; ValueError where it leaves no digit."""
    off = known_elements(found.normal, found.anomalous)
    if not off < _NO_ELEMENT:
        raise ValueError(
            "squeezing is so strong that double precision knows no element between levels: ask for "
            "figures of merit, of which means and covariances tell energies and work"
        )
    if off > _KNOWN_ELEMENT:
        warn(
            "squeezing is so strong that double precision knows elements between levels to "
            f"{off:.1g} of their size"
        )


def _levels(found: Moments, asked: Sequence[Observable]) -> tuple[int, ...]:
    """Levels that are asked for, or that hold these states.

    For means of one site they hold coherences to rounding too: a weight that is left out takes
    coherences of its root away.
    """
    if wanted := asked[0].levels:  # of a density matrix, which is asked alone
        return tuple(n or levels_of_each(found.some([k]))[0] for k, n in enumerate(wanted))
    if len(asked[0].sites) == 1 and all(each.operator is not None for each in asked):
        return levels_of_each(found, beyond=_OF_COHERENCES)
    return levels_of_each(found)


def _allow_states(sites: Sequence[str], levels: Sequence[int], states: int, limit: float) -> None:
    """Raise TooLargeError if density matrices of some sites exceed the limit in GiB."""
    need = states * prod(levels) ** 2 * _OF_ELEMENT / 2**30
    if need > limit:
        shown = " x ".join(f"{n:,}" for n in levels)
        raise TooLargeError(
            f"too large: {states:,} states of {' and '.join(sites)} on {shown} levels together "
            f"need {need:.3g} GiB, and the limit is {limit:.3g} GiB: ask for fewer sites or "
            "times, or raise the limit"
        )
