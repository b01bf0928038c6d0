"""Study files: a sweep of a described system, written down in TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scipy.optimize.elementwise  # noqa: F401 - else it counts as time of the first point
import xarray as xr

from quantumbattery.quantities.described import saying
from quantumbattery.sweeps.parts import (
    PARTS,
    axis_of,
    check_output,
    check_parts,
    copied,
    parts_in,
    place_of,
    preparation_of,
    put,
    system_of,
    table_of,
    times_of,
)


@dataclass(frozen=True, eq=False)
class Study:
    """What a study file says; called with a point, it gives the table there."""

    given: Mapping[str, Any]  # its parts as plain values, but for the axes
    axes: Mapping[str, Any]  # the values along each axis
    # Where each axis acts: the tables that lead to it, and its name in the last.
    places: Mapping[str, tuple[tuple[str, ...], str]]
    store: Path  # where results go; beside the file, if it does not say
    chunk: int | None

    def __str__(self) -> str:
        lengths = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        what = self.given["system"].get("model", "a system of its own")
        return f"{what}, {lengths}"

    @property
    def fingerprint(self) -> str:
        """What the study is, but for its axes and where it is kept."""
        parts = {name: self.given.get(name, {}) for name in PARTS if name not in ("axes", "output")}
        output = self.given.get("output", {})
        parts["output"] = {n: output[n] for n in ("measures", "extraction") if n in output}
        return json.dumps(parts, sort_keys=True, default=str)

    def __call__(self, **point: Any) -> xr.Dataset:
        """Charge, or find the optimum, at a point; values may be DataArrays."""
        given = {name: copied(part) for name, part in self.given.items()}
        for name, value in point.items():
            put(given, *self.places[name], value)
        return table_of(given)


def read_study(path: Path) -> Study:
    """Read a study file and check it.

    Parameters
    ----------
    path : Path
        In TOML, with the parts [system] (a model and its numbers, or sites and interactions as
        `System.to_dict` writes them), [preparation] (a state and its numbers, or a table of them
        for each site), [times] or [optimum] (horizon, of, tolerance), [axes] and [output].

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If the file cannot be read, or a part is missing, unknown or makes no sense.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from quantumbattery.sweeps.study import read_study
    >>> text = '''
    ... [system]
    ... model = "qubit_pair"
    ... [preparation]
    ... state = "bloch"
    ... theta = "90deg"
    ... [times]
    ... from = 0.0
    ... to = 3.0
    ... points = 4
    ... [axes]
    ... charger_loss = [0.0, 0.5]
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "pair.toml")
    ...     written = path.write_text(text)
    ...     study = read_study(path)
    >>> study(charger_loss=0.5).energy.round(3).values
    array([0.   , 0.277, 0.258, 0.006])
    """
    given = parts_in(path)
    with saying(str(path)):
        return _checked(given, path)


def _checked(given: dict[str, Any], path: Path) -> Study:
    check_parts(given, ("system", "preparation"))
    if ("times" in given) == ("optimum" in given):
        raise ValueError("a study has either [times] or [optimum]")
    output = given.get("output", {})
    check_output(output, "optimum" in given)
    axes = {name: axis_of(name, values) for name, values in given.pop("axes", {}).items()}
    if not axes:
        raise ValueError(
            "[axes] names nothing to sweep; `quantumbattery charge` and `optimum` work out a study "
            "at a single point"
        )
    store = path.parent / output.get("store", f"{path.stem}.zarr")
    places = {name: place_of(given, name) for name in axes}
    study = Study(given, axes, places, store, output.get("chunk"))
    # Most of what can be wrong shows at the first point, before anything is computed.
    first = {name: values[0].item() for name, values in axes.items()}
    parts = {name: copied(part) for name, part in given.items()}
    for name, value in first.items():
        put(parts, *places[name], value)
    with saying("at the first point, " + ", ".join(f"{n} = {v}" for n, v in first.items())):
        system_of(parts["system"])
        preparation_of(parts["preparation"])
    if "times" in parts:
        times_of(parts["times"])
    elif "horizon" not in parts["optimum"]:
        raise ValueError("[optimum] needs a horizon, the latest moment that counts")
    return study
