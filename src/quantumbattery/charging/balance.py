"""What strokes cost and yield: energies brought in, work stored and handed out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.charge import attributes, extraction_of
from quantumbattery.charging.in_strokes import arrays_of, found_of, started_of
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.repeated import Moments, together
from quantumbattery.charging.stroke import Stroke, Strokes, allow_every_end
from quantumbattery.machine import at_work
from quantumbattery.network.shifts import Shift
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.measures import Quantity
from quantumbattery.quantities.pace import going_on
from quantumbattery.quantities.parameters import labels_of
from quantumbattery.quantities.tables import dataset

_TURNED = "reset_energy", "switch_on", "switch_off", "exchanged", "work_stored", "work_out"
_ROUNDING = 1e-12  # of all that is turned over: what is brought in is none
_READ = ("energy", "ergotropy", "charger_energy", "interaction_energy")
_AT_AN_END = 256  # bytes of a stroke's ledger while it is written, as measured
_LEDGER = {
    "energy": ("stored energy at the end", "$E$"),
    "ergotropy": ("ergotropy at the end", r"$\mathcal{E}$"),
    "reset_energy": ("energy that the reset brings", r"$E_{\mathrm{reset}}$"),
    "switch_on": ("energy that switching the interactions on costs", r"$E_{\mathrm{on}}$"),
    "switch_off": ("energy that switching the interactions off costs", r"$E_{\mathrm{off}}$"),
    "exchanged": ("energy that drives and baths bring", r"$E_{\mathrm{ex}}$"),
    "work_stored": ("rise of the ergotropy", r"$W_{\mathrm{in}}$"),
    "work_out": ("ergotropy handed out", r"$W_{\mathrm{out}}$"),
    "work_lost": ("ergotropy lost while nothing is linked", r"$W_{\mathrm{lost}}$"),
}
_OF_CYCLE = {
    "energy_in": ("energy brought in by a cycle", r"$E_{\mathrm{in}}$", "frequency"),
    "charging_efficiency": ("work stored over energy brought in", r"$\eta_{\mathrm{in}}$", "1"),
    "efficiency": ("work handed out over energy brought in", r"$\eta$", "1"),
}


@going_on("the balance of a protocol")
def balance(protocol: Strokes, preparation: object, extraction: str, limit: float) -> xr.Dataset:
    """The table of all strokes; `Protocol.balance` says what everything means."""
    network = together(protocol)
    how = extraction_of(network, extraction, limit)
    allow_every_end(protocol, _AT_AN_END, limit, "repeat the protocol less often")
    started = started_of(protocol, preparation)
    network._set(charger=tuple(name for name in network.sites if name not in network.battery))
    moments, times = _edges(protocol)
    single = not isinstance(preparation, Mapping)
    axes = Batch.of(arrays_of(protocol), started, single, times)
    found = found_of(protocol, Problem(network, started, axes, _READ, how, limit), moments)
    shape = (*axes.shape[:2], protocol.repeat, len(protocol.strokes), 2)
    known = {name: each.reshape(shape) for name, each in found.solution.columns.items()}
    with at_work():
        strokes = _strokes(protocol, known, found.before(_READ))
    table = _labelled(axes, strokes, _cycles(strokes))
    said = attributes(protocol.strokes[0].system, how, found.solution)
    return table.assign_attrs(said | {"protocol": repr(protocol)})


def _edges(protocol: Strokes) -> tuple[Moments, xr.DataArray]:
    """The beginning, just after the reset, and the end of every stroke of every cycle."""
    spans = np.array([each.duration for each in protocol.strokes])
    shape = protocol.repeat, len(spans), 2
    cycle, stroke, edge = (each.ravel() for each in np.indices(shape))
    begun = np.concatenate([[0.0], np.cumsum(spans)[:-1]])
    times = cycle * protocol.duration + begun[stroke] + edge * spans[stroke]
    dims = ("cycle", "stroke", "edge")
    return (
        Moments(cycle, stroke, edge * spans[stroke], times),
        xr.DataArray(times.reshape(shape), dims=dims),
    )


def _strokes(
    protocol: Strokes, known: Mapping[str, Array], before: Mapping[str, Array]
) -> dict[str, Array]:
    """The columns of every stroke, each (g, c, cycles, strokes)."""
    begun = {name: each[..., 0] for name, each in known.items()}
    ended = {name: each[..., 1] for name, each in known.items()}
    earlier = {name: _shifted(ended[name], before[name]) for name in ended}
    bare = [each["energy"] + each["charger_energy"] for each in (earlier, begun, ended)]
    on, off = begun["interaction_energy"], -ended["interaction_energy"]
    rise = ended["ergotropy"] - earlier["ergotropy"]
    linked = np.array([_is_linked(each) for each in protocol.strokes])
    return {
        "energy": ended["energy"],
        "ergotropy": ended["ergotropy"],
        "reset_energy": bare[1] - bare[0],
        "switch_on": on,
        "switch_off": off,
        # Of bare sites and links together, only drives and baths change the energy.
        "exchanged": bare[2] - bare[1] - on - off,
        "work_stored": np.maximum(rise, 0.0),
        "work_out": np.where(linked, np.maximum(-rise, 0.0), 0.0),
        "work_lost": np.where(linked, 0.0, np.maximum(-rise, 0.0)),
    }


def _shifted(ended: Array, before: Array) -> Array:
    """What was there at the end of the stroke before each, (g, c, cycles, strokes)."""
    flat = ended.reshape(*ended.shape[:2], -1)
    first = np.broadcast_to(before, (*flat.shape[:2], 1))
    return np.concatenate([first, flat[..., :-1]], axis=-1).reshape(ended.shape)


def _is_linked(stroke: Stroke) -> bool:
    """Whether anything takes work from the battery: neither baths nor its own energies do."""
    battery = set(stroke.system.battery)
    acting = [each for each in stroke.system.interactions if not isinstance(each, Shift)]
    links = [each.ends for each in acting if not each.always]
    links += [(each.site,) for each in stroke.system.drives]
    touched = any(battery & set(ends) for ends in links)
    return touched or not battery.isdisjoint(stroke.reset)


def _cycles(strokes: Mapping[str, Array]) -> dict[str, Array]:
    """The columns of every cycle, each (g, c, cycles)."""
    given = strokes["reset_energy"] + strokes["switch_on"] + strokes["switch_off"]
    brought = np.maximum(given, 0.0) + np.maximum(strokes["exchanged"], 0.0)
    energy_in = brought.sum(axis=-1)
    # What is brought in and taken out again, stroke by stroke, of which rounding leaves so much.
    turned_over = sum(np.abs(strokes[name]).sum(axis=-1) for name in _TURNED)
    least = _ROUNDING * turned_over

    def share(work: Array) -> Array:
        total = work.sum(axis=-1)
        nothing = np.full_like(total, np.nan)
        of_all: Array = np.divide(total, energy_in, out=nothing, where=energy_in > least)
        return of_all

    return {
        "energy_in": energy_in,
        "charging_efficiency": share(strokes["work_stored"]),
        "efficiency": share(strokes["work_out"]),
    }


def _labelled(axes: Batch, strokes: Mapping[str, Array], cycles: Mapping[str, Array]) -> xr.Dataset:
    """All columns over their axes: cycles and strokes last."""
    sizes = {d: n for d, n in axes.sizes.items() if d not in axes.moments}
    count, many = next(iter(strokes.values())).shape[2:]
    coords = {n: v for n, v in axes.coords.items() if not {*labels_of(v).dims} & {*axes.moments}}
    coords = {n: v for n, v in coords.items() if n != "time"}
    coords["cycle"] = xr.Variable("cycle", np.arange(count))
    one = dataset(
        sizes | {"cycle": count, "stroke": many},
        coords | {"stroke": xr.Variable("stroke", np.arange(many))},
        {
            name: (_ordered(axes, each), Quantity(*_LEDGER[name], "frequency", ""))
            for name, each in strokes.items()
        },
    )
    other = dataset(
        sizes | {"cycle": count},
        coords,
        {
            name: (_ordered(axes, each), Quantity(*_OF_CYCLE[name], ""))
            for name, each in cycles.items()
        },
    )
    return one.merge(other, compat="override")  # they share their coordinates


def _ordered(axes: Batch, column: Array) -> Array:
    """A column (g, c, ...) over the axes of the result, the others as they are."""
    now, inner = (*axes.generator, *axes.states), column.shape[2:]
    whole = column.reshape([*(axes.sizes[d] for d in now), *inner])
    wanted = [now.index(d) for d in axes.sizes if d not in axes.moments]
    return whole.transpose([*wanted, *range(len(now), len(now) + len(inner))])
