"""Batteries whose sites lie in parts of the network that nothing joins: each part by itself.

The state is a product over such parts. Energies and their variances then add up, and so do the work
of each site alone, entropies and mutual informations; purities and trace norms multiply. An
oscillator that moments say all of then needs no levels because of a qubit beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging import by_moments, by_starts
from quantumbattery.charging.battery_hamiltonian import Cell
from quantumbattery.charging.problem import OnLevels, Problem, Report, Solution
from quantumbattery.charging.spectators import joined_sites, only
from quantumbattery.moments.quadratic import is_quadratic
from quantumbattery.network.joint_starts import members_of
from quantumbattery.network.starts import prepared_sites
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.measures import FURTHER, MEASURES

_OF_TERMS = {"charger_energy", "interaction_energy"}
_OF_BOTH = {"concurrence", "mutual_information", "negativity"}
_OF_BATTERY = {*MEASURES, *FURTHER} - _OF_TERMS - _OF_BOTH
_SUMS = {"energy", "energy_variance", "power", "local_ergotropy", "entropy"}
_PRODUCTS = {"purity"}
_UNBOUNDED = {"active_energy", "antiergotropy", "capacity"}  # above any free oscillator
_BY_SITE = {  # that add up where work is taken out of each site by itself
    *("passive_energy", "ergotropy", "passive_power", "ergotropic_power"),
    *("coherent_ergotropy", "incoherent_ergotropy", *_UNBOUNDED),
}
_LARGEST = {"at_cut", "converged"}


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a problem that nothing joins to the rest of it."""

    problem: Problem
    names: Mapping[str, str]  # what its columns are called there, by the measures asked for


@dataclass(frozen=True, eq=False)
class InParts(Solution):
    """What was found of parts that nothing joins, those on any levels first."""

    parts: tuple[Solution, ...]


def in_parts(problem: Problem) -> list[Piece]:
    """The parts of a problem, where moments or states of single modes say all of some of them.

    None where they say all of the whole, or where parts by themselves do not tell what is asked.
    Of a steady state all parts are there, for all of them have to come to rest.
    """
    parts = [] if problem.asked else joined_sites(problem.network, problem.started)
    if len(parts) < 2 or _is_told(problem) or not _is_told_by_parts(problem, parts):
        return []
    pieces = [piece for part in parts if (piece := _piece(problem, part)) is not None]
    return pieces if any(_is_told(piece.problem) for piece in pieces) else []


def together(problem: Problem, pieces: Sequence[Piece], found: Sequence[Solution]) -> InParts:
    """What is asked for of the whole, from what was found of its parts."""
    columns = {}
    for name in problem.measures:
        pairs = zip(pieces, found, strict=True)
        own = [each.columns[piece.names[name]] for piece, each in pairs if name in piece.names]
        columns[name] = _joined(name, own) if own else np.zeros(problem.axes.shape)
    pairs = zip(pieces, found, strict=True)
    parts = [_in_quanta(each, piece.problem, problem) for piece, each in pairs]
    parts.sort(key=lambda each: (not isinstance(each, OnLevels), each.report.counted != "level"))
    return InParts(columns, _report([each.report for each in parts]), tuple(parts))


# --- which parts ---------------------------------------------------------------------------------


def _is_told(problem: Problem) -> bool:
    """Whether moments or states of single modes say all of it."""
    return by_moments.fits(problem) or by_starts.fits(problem)


def _is_told_by_parts(problem: Problem, parts: Sequence[set[str]]) -> bool:
    """Whether all that is asked follows from parts by themselves, and they start as the whole."""
    network, wanted = problem.network, {*problem.measures}
    holding = [part for part in parts if not part.isdisjoint(network.battery)]
    known = _SUMS | _PRODUCTS | _OF_TERMS | (_OF_BOTH - {"concurrence"})
    if len(holding) == 1:
        known |= _OF_BATTERY
    elif problem.extraction == "local":
        known |= _BY_SITE
    elif any(network.sites[name].dimension is None for name in network.battery):
        known |= _UNBOUNDED
    if "concurrence" in wanted and holding[0] >= {*network.charger}:
        known |= {"concurrence"}
    return wanted <= known and _starts_alike(problem, parts)


def _starts_alike(problem: Problem, parts: Sequence[set[str]]) -> bool:
    """Whether what is always on finds the battery of each part as it finds that of the whole.

    A battery of which no site is prepared begins in the ground state of its own Hamiltonian, any
    other where its sites do.
    """
    network = problem.network
    prepared = prepared_sites(problem.started) & {*network.battery}
    for part in parts if prepared else ():
        always = any(each.always and part >= {*each.ends} for each in network.interactions)
        if always and prepared.isdisjoint(part) and not is_quadratic(only(network, part)):
            return False
    return True


def _piece(problem: Problem, part: set[str]) -> Piece | None:
    """What is asked of a part; None if nothing is, but whether it comes to rest."""
    late, roles = np.isinf(problem.axes.times).any(), {*problem.network.charger}
    roles |= {*problem.network.battery}
    if part.isdisjoint(roles) and not late and "interaction_energy" not in problem.measures:
        return None  # at once, for there may be thousands of them
    network = only(problem.network, part)
    names = {}
    for name in problem.measures:
        if name == "interaction_energy":
            asked = any(not each.always for each in network.interactions)
        elif name == "charger_energy":
            asked = bool(network.charger)
        elif name in _OF_BOTH:
            asked = bool(network.charger) and bool(network.battery)
        else:
            asked = bool(network.battery)
        if asked:
            names[name] = name
    if not names and not late:
        return None
    if not network.battery:  # whose place the chargers take
        battery = network.charger or tuple(network.sites)[:1]
        network = only(problem.network, part, charger=(), battery=battery)
        names = {name: "energy" if name == "charger_energy" else name for name in names}
    started = {key: each for key, each in problem.started.items() if part & {*members_of(key)}}
    measures = tuple(dict.fromkeys(names.values())) or ("energy",)
    return Piece(replace(problem, network=network, started=started, measures=measures), names)


# --- putting them together -----------------------------------------------------------------------


def _joined(name: str, columns: Sequence[Array]) -> Array:
    """A measure of the whole from those of its parts."""
    if len(columns) == 1:
        return columns[0]
    if name in _PRODUCTS:
        return np.asarray(np.prod(columns, axis=0))
    if name == "negativity":  # 2 N + 1 is a trace norm
        return np.asarray(np.expm1(np.log1p(2 * np.asarray(columns)).sum(axis=0)) / 2)
    return np.asarray(np.sum(columns, axis=0))


def joined(said: Sequence[dict[str, str | float]]) -> dict[str, str | float]:
    """What a table says of how its parts were found: lists go on, and numbers add up.

    But for weights at a cut and what more levels change: the largest says it.
    """
    whole: dict[str, str | float] = {}
    for key, value in (item for each in said for item in each.items()):
        before = whole.get(key)
        if isinstance(value, str):
            mark = "; " if key == "method" else ", "
            every = [*(before.split(mark) if isinstance(before, str) else ()), *value.split(mark)]
            whole[key] = mark.join(dict.fromkeys(every))
        else:
            other = 0 if before is None or isinstance(before, str) else before
            whole[key] = max(value, other) if key in _LARGEST else value + other
    return whole


def _report(reports: Sequence[Report]) -> Report:
    """Of all parts: what each leaves out, and each solution's error, add up."""
    names = dict.fromkeys(name for each in reports for name in each.left_out)
    errors = [each.error for each in reports if each.error is not None]
    return Report(
        tuple(method for each in reports for method in each.methods),
        {name: sum(each.left_out.get(name, 0.0) for each in reports) for name in names},
        sum(errors) if errors else None,
        max(each.rounding for each in reports),
        at_cut=max((each.at_cut for each in reports if each.at_cut is not None), default=None),
        told=any(each.told for each in reports),
        converged=max((r.converged for r in reports if r.converged is not None), default=None),
    )


def _in_quanta(found: Solution, part: Problem, whole: Problem) -> Solution:
    """The same, with what is left out in the smallest quanta of the whole battery."""
    report = found.report
    if not any(report.left_out.values()) and not report.converged:
        return found
    ratio = float(_largest_quantum(part) / quanta_of(whole).min())
    left = {name: amount * ratio for name, amount in report.left_out.items()}
    change = None if report.converged is None else report.converged * ratio
    return replace(found, report=replace(report, left_out=left, converged=change))


def _largest_quantum(problem: Problem) -> float:
    """No less than the smallest quantum of any member's battery."""
    if problem.own is None:
        return float(quanta_of(problem).max())
    return float(np.ptp(problem.own.energies, axis=-1).max()) or 1.0


def quanta_of(problem: Problem) -> Array:
    """The smallest positive energies of a battery's sites, (g or 1,); 1 where there are none."""
    numbers, found = problem.axes.numbers, np.full(1, np.inf)
    for name in problem.network.battery:
        site = problem.network.sites[name]
        energies = Cell.of(site, numbers).energies(site.dimension or 2)
        lowest = np.where(energies > 0, energies, np.inf).min(axis=-1)
        found = np.minimum(found, lowest)
    return np.where(np.isinf(found), 1.0, found)
