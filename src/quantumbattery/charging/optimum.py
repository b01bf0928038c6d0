"""The best moment to disconnect, with a certificate that no other is better."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.charge import converted, empty_battery, extraction_of, run, warn
from quantumbattery.charging.curvature import curvature
from quantumbattery.charging.global_maximum import NOTHING, Maximum, maximum
from quantumbattery.charging.readout import one_qubit
from quantumbattery.charging.solve import Problem, Solution, Work, prepared
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.described import guess
from quantumbattery.quantities.measures import MEASURES, OPTIMA, Quantity
from quantumbattery.quantities.parameters import horizon_of, numbers
from quantumbattery.quantities.tables import check_names, dataset
from quantumbattery.states.kets import Kets

SOUGHT = ("energy", "power", "ergotropy", "ergotropic_power")
_OVER_TIME = {"power": "energy", "ergotropic_power": "ergotropy"}
_FIRST_LOOK = 33  # moments of the first look
_PARTS = 8  # of members that take too many points together
_Read = Callable[[str, Array], Array]  # a measure (m, T) at times (m, T)
_LITTLE = 1e-3  # of the highest energy: what counts as little


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
    measures = tuple(dict.fromkeys(_OVER_TIME.get(name, name) for name in sought))
    joint = empty_battery(network, started, axes, limit)
    problem = Problem(network, started, joint, axes, measures, how, limit)
    look = run(problem)
    warn(network, look.report)
    best = _certified(problem, look, sought, last, accuracy)
    attrs = {"system": str(network), "extraction": how, "horizon": last, "tolerance": accuracy}
    return _labelled(axes, best, attrs)


def asked(horizon: object, tolerance: object) -> tuple[float, float]:
    """The latest moment that counts, and how far maximum and bound may be apart."""
    accuracy = numbers("tolerance", tolerance, "between 1e-12 and 0.1", 1e-12, 0.1)
    return horizon_of(horizon), float(accuracy)


def sought_of(
    of: str | Iterable[str], sizes: Mapping[str, int], coords: Mapping[str, xr.Variable]
) -> tuple[str, ...]:
    """The quantities that are sought; no axis may have the name of one of their columns."""
    sought = (of,) if isinstance(of, str) else tuple(of) if isinstance(of, Iterable) else ()
    if not sought or not all(name in SOUGHT for name in sought):
        wrong = next((name for name in sought if name not in SOUGHT), None)
        rule = f"of must name some of {', '.join(SOUGHT)}; got {of!r:.60}"
        near = guess(wrong, SOUGHT)
        raise ValueError(f"{rule}; {near}" if near else rule)
    told = [f"{name}_{kind}" for name in sought for kind in ("time", "max", "bound")]
    check_names(told, sizes, coords)
    return sought


def _certified(
    problem: Problem, look: Solution, sought: Iterable[str], last: float, accuracy: float
) -> dict[str, Maximum]:
    """The maximum of each quantity, on the levels that a first look has found to be enough."""
    if look.reach.signals:
        raise ValueError(
            "a certified optimum needs drives that keep their shape: nothing bounds how fast an "
            "envelope changes; charge on a grid of times, and take the largest value"
        )
    network = problem.network
    work = prepared(replace(problem, axes=problem.axes.one_by_one()), look.reach, {})
    bend, scale = curvature(network, look.reach, work.numbers, work.start[:, 0]), _highest(work)
    with work.one_thread():
        reading = partial(_reading, work, last, work.reader(last))
        best = {}
        for name in sought:
            best[name] = _best(work, reading, name, bend * scale, last, accuracy, scale)
        return best


def _labelled(axes: Batch, best: Mapping[str, Maximum], attrs: Mapping[str, Any]) -> xr.Dataset:
    sizes = {d: n for d, n in axes.sizes.items() if d != "time"}
    coords = {n: v for n, v in axes.coords.items() if "time" not in (n, *v.dims)}
    columns = {}
    for name, found in best.items():
        for kind, value in (("time", found.time), ("max", found.value), ("bound", found.bound)):
            columns[f"{name}_{kind}"] = (value, meaning_of(name, kind))
    return dataset(sizes, coords, columns, attrs)


def _highest(work: Work) -> Array:
    """The highest energy that the battery can hold, shape (g,)."""
    own = work.battery
    highest = own.energies.max(axis=-1)
    if own.whole is not None:  # no diagonal element is the highest energy of what interacts
        highest = own.whole[:, -1]
    if own.extraction == "local":  # every site, and every cell, as high as it goes
        highest = np.zeros(len(work.numbers))
        for place, cell in enumerate(own.cells):
            count = cell.site.number if isinstance(cell.site, Ensemble) else 1
            levels = cell.one.site.dimension or int(own.states[:, place].max()) + 1
            highest = highest + count * cell.one.energies(levels).max(axis=-1)
    return np.broadcast_to(np.maximum(highest, 1e-300), len(work.numbers)).astype(float)


def _reading(work: Work, last: float, everyone: _Read, group: Array) -> _Read:
    """What reads the members of a group; propagators of all members are made once."""
    return everyone if len(group) == len(work.numbers) else work.reader(last, group)


def _best(
    work: Work,
    reading: Callable[[Array], _Read],
    name: str,
    bend: Array,
    last: float,
    tolerance: float,
    scale: Array,
) -> Maximum:
    """The maximum of one quantity, of every member as if it were alone."""
    small = scale * _LITTLE / (last if name in _OVER_TIME else 1.0)
    nan = np.full(len(bend), np.nan)
    best = Maximum(nan, nan.copy(), nan.copy(), np.zeros(len(bend), dtype=bool))
    waiting = [np.arange(len(bend))]
    while waiting:
        group = waiting.pop()
        for part, function in _functions(work, reading, name, group, last, scale):
            rate = name in _OVER_TIME
            none = _nothing(work, reading, name, part) * small[part]
            found = maximum(function, bend[part], last, tolerance, small[part], none, rate)
            for kind in ("time", "value", "bound", "settled"):
                getattr(best, kind)[part] = getattr(found, kind)
            if len(group) > 1 and not found.settled.all():  # too many points for all of them
                left = part[~found.settled]
                waiting += np.array_split(left, min(_PARTS, len(left)))
    short = (best.bound - best.value) / np.maximum(best.value, small)
    _doubt(name, float(short.max()), tolerance, best.settled)
    best = replace(best, time=np.where(best.settled, best.time, np.nan))
    if name in _OVER_TIME:
        return best
    return replace(best, bound=np.maximum(best.value, np.minimum(best.bound, scale)))


def _functions(
    work: Work,
    reading: Callable[[Array], _Read],
    name: str,
    group: Array,
    last: float,
    scale: Array,
) -> Iterator[tuple[Array, Callable[[Array], Array]]]:
    """What is to be as large as it can be, for parts of some members of the batch."""
    given = _OVER_TIME.get(name, name)
    read = reading(group)
    inverted: Array = np.zeros(len(group), dtype=bool)
    if given == "ergotropy" and one_qubit(work.problem.network):
        empty = read(given, np.zeros((len(group), 1)))[:, 0] == 0
        inverted = ~_coherent(read, len(group), last) & (empty | np.array(name == given))
    if inverted.any() and not inverted.all():
        for part in (group[inverted], group[~inverted]):
            yield from _functions(work, reading, name, part, last, scale)
    elif inverted.all():
        yield group, partial(_inverted, read, scale[group])
    elif name == given:
        yield group, partial(read, given)
    else:
        yield group, partial(_gain, read, given, read(given, np.zeros((len(group), 1))))


def _doubt(name: str, short: float, tolerance: float, settled: Array) -> None:
    """Warn of a maximum that is not known as well as was asked for."""
    if short > tolerance + NOTHING:
        said = f"is known to a relative {short:.1g} only, and the tolerance is {tolerance:g}"
        why = "within this horizon there may be a higher one, up to the bound"
    elif not settled.all():
        said, why = "is known, and its first moment is not", "others are as high"
    else:
        return
    warnings.warn(
        f"the best {MEASURES[name].long_name} {said}: {why}. Times are NaN where the first is not "
        "known. Give a shorter horizon, or more tolerance",
        stacklevel=6,
    )


def _nothing(work: Work, reading: Callable[[Array], _Read], name: str, part: Array) -> Array:
    """What counts as nothing; energy that amplitudes brought to an empty battery is no rounding."""
    none = np.full(len(part), NOTHING)
    if isinstance(work.state, Kets) and _OVER_TIME.get(name, name) == "energy":
        held = reading(part)("energy", np.zeros((len(part), 1)))[:, 0]
        none[held <= NOTHING**2 * _highest(work)[part]] = NOTHING**2
    return none


def _gain(read: _Read, name: str, held: Array, times: Array) -> Array:
    """What has come since t = 0, when the battery held (g, 1)."""
    gain: Array = read(name, times) - held
    return gain


def _inverted(read: _Read, gap: Array, times: Array) -> Array:
    """Work of a qubit without coherence, gap (2 p - 1), negative where there is none.

    How far it is from zero then shows, and how long it stays there.
    """
    work: Array = gap[:, None] * (2 * read("population", times) - 1)
    return work


def _coherent(read: _Read, members: int, last: float) -> Array:
    """Which qubits ever have a coherence (g,); where no element of the state makes one, it is 0."""
    moments = np.linspace(0.0, last, _FIRST_LOOK)
    seen = read("coherence", np.broadcast_to(moments, (members, _FIRST_LOOK)))
    return np.asarray(seen.any(axis=1))


def meaning_of(name: str, kind: str) -> Quantity:
    """What a column means; equations, the paper's, are for its pair."""
    if kind != "bound":
        return replace(OPTIMA[f"{name}_{kind}"], equation="")
    most = OPTIMA[f"{name}_max"]
    return replace(most, long_name=f"upper bound of {MEASURES[name].long_name}", equation="")
