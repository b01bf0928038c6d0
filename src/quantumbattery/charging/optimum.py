"""The best moment to disconnect, with a certificate that no other is better."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.beside_fields import BesideFields, without_fields
from quantumbattery.charging.by_moments import ByMoments, certifies, report_of
from quantumbattery.charging.charge import (
    attributes,
    comes_to_rest,
    converted,
    extraction_of,
    on_levels,
    warn_of,
)
from quantumbattery.charging.converged_cutoffs import Attempts
from quantumbattery.charging.global_maximum import (
    FIRST_INTERVALS,
    NOTHING,
    Maximum,
    least_points,
    maximum,
)
from quantumbattery.charging.problem import OnLevels, Problem, Solution
from quantumbattery.charging.solve import prepared
from quantumbattery.charging.sought import OVER_TIME, Sought
from quantumbattery.charging.sought_of_moments import SoughtOfMoments
from quantumbattery.charging.spectators import without_spectators
from quantumbattery.machine import TooLargeError, at_work, few_threads
from quantumbattery.network.acting import acting
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array, Label
from quantumbattery.quantities.described import guess
from quantumbattery.quantities.measures import MEASURES, OPTIMA, Quantity
from quantumbattery.quantities.members import members
from quantumbattery.quantities.pace import Pace, going_on
from quantumbattery.quantities.parameters import horizon_of, labels_of, one_number
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.tables import check_names, dataset
from quantumbattery.quantities.warned import warn
from quantumbattery.reach.reach import Reach

SOUGHT = ("energy", "power", "ergotropy", "ergotropic_power")
_FIRST_LOOK = 33  # moments of the first look
_ROUNDS = 4  # of as many points as the first, for which there is room
_HOPELESS = 10.0  # times as many points as are looked at, that are needed at least
_PARTS = 8  # of members that take too many points together
_LONG_LOOK = 2.0  # seconds from which on a first look is told
_NEEDS = "a certified optimum needs {}; charge on a grid of times, and take the largest value"

Functions: TypeAlias = Sought | SoughtOfMoments | BesideFields
"""What may be sought, of every member of a batch."""

_LOG = logging.getLogger("quantumbattery")


@going_on("an optimum")
def optimum(
    network: Network,
    preparation: object,
    horizon: float,
    of: str | Iterable[str] = SOUGHT,
    tolerance: float = 1e-9,
    extraction: str = "global",
    limit: float = 2.0,
) -> xr.Dataset:
    """Find the best moments to disconnect; `System.optimum` says what everything means."""
    last, accuracy = asked(horizon, tolerance)
    moments = xr.DataArray(np.linspace(0.0, last, _FIRST_LOOK), dims="time")
    started, axes = converted(network, preparation, moments)
    how = extraction_of(network, extraction, limit)
    sought = sought_of(of, axes.sizes, axes.coords)
    measures = tuple(dict.fromkeys(["energy", *(OVER_TIME.get(name, name) for name in sought)]))
    whole = Problem(acting(network), started, axes, measures, how, limit)
    problem = without_spectators(whole, comes_to_rest)
    _refuse_shapes(problem.network)
    by_moments = [name for name in sought if certifies(problem, name)]
    rest = [name for name in sought if name not in by_moments]
    look: Solution = Solution({}, report_of(network))
    found = _by_moments(problem, by_moments, last, accuracy) if by_moments else {}
    if rest:
        still = without_fields(problem)
        if problem.network.drives:  # before all work: it may take long to look
            with suppress(TooLargeError):  # of which `_looked_at` says more
                _refuse_turning(Attempts.of(still or problem).reached())
        look = _looked_at(problem if still is None else still, rest, by_moments)
        warn_of(network, look.report)
        found |= _certified(problem, still, look, rest, last, accuracy)
    best = {name: found[name] for name in sought}
    attrs = attributes(network, how, look) | {"horizon": last, "tolerance": accuracy}
    return _labelled(axes, best, attrs)


def _looked_at(problem: Problem, rest: Sequence[str], without: Sequence[str]) -> OnLevels:
    """The first look, on levels; how to do without them, if too many are needed."""
    begun = time.monotonic()
    try:
        look = on_levels(problem)
    except ValueError as error:
        if certifies(replace(problem, extraction="local"), "ergotropy"):
            way = "energy, power and ergotropy, or for the work of each mode by itself, "
            way += "extraction='local'"
        elif without:
            way = f"the others: of={list(without)}"
        else:
            raise
        said = f"{' and '.join(rest)}: {error}. No levels are needed for {way}"
        raise type(error)(said) from None
    if (took := time.monotonic() - begun) > _LONG_LOOK:
        _LOG.info("a first look at %d configurations took %.2g s", look.reach.size, took)
    return look


def _refuse_shapes(network: Network) -> None:
    """Raise ValueError if something is shaped in time."""
    shapes = [link.envelope for link in network.interactions]
    shapes += [field.envelope for field in network.drives]
    if any(each is not None for each in shapes):
        why = "drives that keep their shape: nothing bounds how fast an envelope changes"
        raise ValueError(_NEEDS.format(why))


def _refuse_turning(reached: Reach) -> None:
    """Raise ValueError if something turns in every frame."""
    if reached.signals:
        raise ValueError(
            _NEEDS.format(
                "drives that stand still in some frame, but one turns in every frame that its "
                "counter-rotating half, the interactions and the other drives allow"
            )
        )


def asked(horizon: object, tolerance: object) -> tuple[float, float]:
    """The latest moment that counts, and how far maximum and bound may be apart."""
    accuracy = one_number("tolerance", tolerance, "between 1e-12 and 0.1", 1e-12, 0.1)
    return horizon_of(horizon), accuracy


def sought_of(
    of: str | Iterable[str], sizes: Mapping[str, int], coords: Mapping[str, Label]
) -> tuple[str, ...]:
    """The quantities that are sought; no axis may have the name of one of their columns."""
    several = isinstance(of, Iterable) and getattr(of, "ndim", 1) == 1
    sought = (of,) if isinstance(of, str) else tuple(members(of)) if several else ()
    sought = tuple(str(each) if isinstance(each, np.str_) else each for each in sought)
    known = [isinstance(name, str) and name in SOUGHT for name in sought]
    if not sought or not all(known):
        wrong = next((n for n, there in zip(sought, known, strict=True) if not there), None)
        rule = f"of must name some of {', '.join(SOUGHT)}; got {quoted(of)}"
        near = guess(wrong, SOUGHT)
        raise ValueError(f"{rule}; {near}" if near else rule)
    told = [f"{name}_{kind}" for name in sought for kind in ("time", "max", "bound")]
    check_names(told, sizes, coords)
    return sought


def _certified(
    problem: Problem,
    still: Problem | None,
    look: OnLevels,
    sought: Iterable[str],
    last: float,
    accuracy: float,
) -> dict[str, Maximum]:
    """The maximum of each quantity, on the levels that a first look has found to be enough.

    Of a problem without fields, if there is one.
    """
    _refuse_turning(look.reach)
    with at_work():
        axes = problem.axes.one_by_one()
        work = prepared(replace(still or problem, axes=axes), look.reach, {})
        functions = Sought(work, last, accuracy)
        with work.one_thread():
            if still is None:
                return _all(functions, functions.empty(float(look.columns["energy"].max())), sought)
            whole = ByMoments.of(replace(problem, axes=axes), ["energy"])
            beside = BesideFields(SoughtOfMoments(whole, last, accuracy), functions)
            return _all(beside, beside.empty(), sought)


def _by_moments(
    problem: Problem, sought: Iterable[str], last: float, accuracy: float
) -> dict[str, Maximum]:
    """The same by means and covariances, on no levels."""
    with at_work():
        work = ByMoments.of(replace(problem, axes=problem.axes.one_by_one()), ["energy"])
        functions = SoughtOfMoments(work, last, accuracy)
        with few_threads(work.motions[0].drift.shape[-1]):
            return _all(functions, functions.empty(), sought)


def _all(functions: Functions, empty: Array, sought: Iterable[str]) -> dict[str, Maximum]:
    return {name: _best(functions, name, empty | functions.never(name)) for name in sought}


def _labelled(axes: Batch, best: Mapping[str, Maximum], attrs: Mapping[str, Any]) -> xr.Dataset:
    sizes = {d: n for d, n in axes.sizes.items() if d != "time"}
    coords = {n: v for n, v in axes.coords.items() if "time" not in (n, *labels_of(v).dims)}
    columns = {}
    for name, found in best.items():
        for kind, value in (("time", found.time), ("max", found.value), ("bound", found.bound)):
            columns[f"{name}_{kind}"] = (value, meaning_of(name, kind))
    return dataset(sizes, coords, columns, attrs)


def _best(functions: Functions, name: str, empty: Array) -> Maximum:
    """The maximum of one quantity, of every member as if it were alone."""
    members, bend = len(functions.highest), functions.bend(name)
    nothing, yes = np.zeros(members), np.ones(members, dtype=bool)
    best = Maximum(np.full(members, np.nan), nothing, nothing.copy(), yes, ~yes)
    # What begins with all members begins with as many points of each.
    wanted = np.flatnonzero(~empty)
    _refuse_hopeless(functions, name, wanted)
    most = max(1, functions.room // (_ROUNDS * (FIRST_INTERVALS + 1)))
    waiting = [wanted[low : low + most] for low in range(0, len(wanted), most)]
    while waiting:
        part = waiting.pop()
        function, aim = functions.function(name, part), functions.aim(name, part)
        found = maximum(function, bend[part], aim, _Progress(name))
        for kind in ("time", "value", "bound", "settled"):
            getattr(best, kind)[part] = getattr(found, kind)
        if len(part) > 1 and found.early.any():  # too many points for all of them
            left = part[found.early]
            waiting += np.array_split(left, min(_PARTS, len(left)))
    little = functions.aim(name, np.arange(members)).scale
    short = (best.bound - best.value) / np.maximum(best.value, little)
    _doubt(name, float(short.max()), functions.tolerance, best.settled)
    best = replace(best, time=np.where(best.settled, best.time, np.nan))
    if name in OVER_TIME:
        return best
    return replace(best, bound=np.maximum(best.value, np.minimum(best.bound, functions.highest)))


def _refuse_hopeless(functions: Functions, name: str, wanted: Array) -> None:
    """Raise ValueError if no member can be known, whatever its values are."""
    given = functions.bend(name), functions.highest, functions.last, name in OVER_TIME
    needed = least_points(*given)[wanted]
    most = functions.aim(name, wanted).most if len(wanted) else 0
    if len(wanted) and needed.min() > _HOPELESS * most:
        raise ValueError(
            f"up to t = {functions.last:.3g} the {MEASURES[name].long_name} may swing so often "
            f"that {needed.min():.1g} moments had to be looked at, and {most:,} are the most: give "
            "a shorter horizon, or look at the units, so that couplings are near 1 (and "
            "frequencies not so far above that rounding hides how they differ)"
        )


class _Progress:
    """Tells the log from time to time how a search goes on."""

    def __init__(self, name: str) -> None:
        self.name, self.pace = MEASURES[name].long_name, Pace()

    def __call__(self, points: int, left: int, above: float) -> None:
        if self.pace.due():
            said = "best %s: %d moments read, %d intervals left, up to %.1g above the best so far"
            _LOG.info(said, self.name, points, left, above)


def _doubt(name: str, short: float, tolerance: float, settled: Array) -> None:
    """Warn of a maximum that is not known as well as was asked for."""
    if short > tolerance + NOTHING:
        said = f"is known to a relative {short:.1g} only, and the tolerance is {tolerance:g}"
        why = "within this horizon there may be a higher one, up to the bound"
    elif not settled.all():
        said, why = "is known, and its first moment is not", "others may be as high"
    else:
        return
    warn(
        f"the best {MEASURES[name].long_name} {said}: {why}. Times are NaN where the first is not "
        "known. Give a shorter horizon, or more tolerance",
    )


def meaning_of(name: str, kind: str) -> Quantity:
    """What a column means; equations, the paper's, are for its pair."""
    if kind != "bound":
        return replace(OPTIMA[f"{name}_{kind}"], equation="")
    most = OPTIMA[f"{name}_max"]
    return replace(most, long_name=f"upper bound of {MEASURES[name].long_name}", equation="")
