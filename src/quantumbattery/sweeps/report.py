"""A study's sweep, and what is said and drawn of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.charging.optimum import SOUGHT
from quantumbattery.quantities.described import choices
from quantumbattery.quantities.measures import MEASURES
from quantumbattery.sweeps.cluster import client_at
from quantumbattery.sweeps.durable import reaching
from quantumbattery.sweeps.parts import disconnect_of
from quantumbattery.sweeps.study import Study
from quantumbattery.sweeps.sweep import sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def swept(
    study: Study, workers: int | None, scheduler: str | None, repair: bool, retry: bool
) -> xr.Dataset:
    """Sweep a study into its store, by processes or on a Dask cluster."""
    options: dict[str, Any] = {"chunk": study.chunk, "batch": study.batch}
    options |= {"repair": repair, "retry": retry}
    with reaching(study.store):
        if scheduler is None:
            return sweep(study, study.axes, study.store, workers=workers, **options)
        client = client_at(scheduler)
        with client:
            return sweep(study, study.axes, study.store, client, **options)


def kept(study: Study, file: Path) -> str:
    """Where a study's results go; said too, whether that is elsewhere than beside its file."""
    folder, store = (Path(os.path.realpath(path)) for path in (file.parent, study.store))
    outside = f", outside the study's folder: {store}" * (not store.is_relative_to(folder))
    return f"store: {study.store}{outside}"


def best(table: xr.Dataset) -> list[list[str]]:
    """Of each quantity the largest value, its unit and where it is; of optima, when, too."""
    rows = []
    for name, values in table.data_vars.items():
        kind = str(name).rpartition("_")[2]
        if values.dtype.kind not in "fiuc" or "row" in values.dims:
            continue
        if not bool(values.notnull().any()):
            continue
        if values.dtype.kind == "c":
            name, values = f"|{name}|", abs(values).assign_attrs(values.attrs)
        if kind in ("time", "bound") and f"{str(name).rpartition('_')[0]}_max" in table:
            continue
        index = np.unravel_index(int(np.nanargmax(values.to_numpy())), values.shape)
        place = dict(zip(values.dims, map(int, index), strict=True))
        here = values[place]
        where = [f"{d} = {_short(here[d].item())}" for d in values.dims if d in here.coords]
        moment = f"{str(name).removesuffix('_max')}_time"
        if kind == "max" and moment in table:
            where.append(f"time = {_short(table[moment][place].item())}")
        unit = str(values.attrs.get("units", ""))
        rows.append([str(name), _short(here.item()), unit, ", ".join(where)])
    return rows


def matrices(table: xr.Dataset) -> list[str]:
    """A sentence on each variable that holds matrices, of which none is the largest."""
    return [
        f"{name}: complex numbers over "
        + ", ".join(f"{size} {axis}" for axis, size in values.sizes.items())
        for name, values in table.data_vars.items()
        if "row" in values.dims
    ]


def failures(table: xr.Dataset) -> str:
    """How many points failed, and why the first did; nothing if none did."""
    messages = [text for text in table["failure"].to_numpy().ravel().tolist() if text]
    if not messages:
        return ""
    return f"{len(messages)} of {table['failure'].size} points failed; the first: {messages[0]}"


def check_picture(study: Study, measure: str | None) -> None:
    """Refuse, before any work, a map of fewer than two axes, or of no measure."""
    axes = [name for name, values in study.axes.items() if len(values) > 1]
    if "times" in study.given:
        end = disconnect_of(study.given["times"])
        axes += ["disconnect"] * (np.size(end) > 1)
        axes += ["time"] * (study.given["times"]["points"] > 1)
    if len(axes) < 2:
        raise ValueError(f"a map needs two axes with several values; this study has {len(axes)}")
    sought = study.given.get("optimum", {}).get("of", SOUGHT)
    known: list[str] = list(study.given.get("output", {}).get("measures", MEASURES))
    known += study.reals
    if "optimum" in study.given:
        sought = [sought] if isinstance(sought, str) else sought
        known = [f"{name}_{kind}" for name in sought for kind in ("time", "max", "bound")]
    if measure is not None and measure not in known:
        raise ValueError(f"there is no {measure!r} to draw; {choices(measure, known)}")


def picture(table: xr.Dataset, measure: str | None = None) -> Figure:
    """A map of the first two axes that have several values, the largest taken over the others."""
    from quantumbattery.plot.maps import map as draw

    values = _drawn(table, measure)
    x, y, *over = map(str, values.dims)
    return draw(values.to_dataset(), x, y, str(values.name), over=over)


def caption(table: xr.Dataset, measure: str | None = None) -> str:
    """What the map shows, and what is taken over the axes that it does not show."""
    from quantumbattery.plot.maps import taken

    values = _drawn(table, measure)
    x, y, *over = map(str, values.dims)
    beside = f", the {taken(values, over)}" if over else ""
    return f"the map shows {values.name} over {x} and {y}{beside}"


def _drawn(table: xr.Dataset, measure: str | None) -> xr.DataArray:
    """The quantity of a map, without the axes that have one value."""
    drawn = [str(n) for n, v in table.data_vars.items() if v.dtype.kind in "fiu"]
    usual = [n for n in ("ergotropy", "ergotropy_max", "energy", "energy_max") if n in drawn]
    name = measure or (usual or drawn)[0]
    if name not in drawn:
        raise ValueError(f"there is no {name!r} to draw; {choices(name, drawn)}")
    values = table[name].load().squeeze(drop=True)
    if "disconnect" in values.dims[:2] and len(
        finite := np.flatnonzero(np.isfinite(values.disconnect))
    ):
        values = values.isel(disconnect=finite)  # never has no place on an axis
    return values.squeeze(drop=True)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
