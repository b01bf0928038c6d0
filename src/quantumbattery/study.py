"""Study files: a sweep of a described system, written down in TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery import models, states
from quantumbattery.angles import angle
from quantumbattery.charging import charge
from quantumbattery.operators import saying
from quantumbattery.optimum import optimum
from quantumbattery.sweep import sweep
from quantumbattery.system import System

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PARTS = ("system", "preparation", "times", "optimum", "axes", "output")
_STATES = ("bloch", "fock", "coherent", "squeezed", "thermal")
_OUTPUT = ("measures", "extraction", "store", "chunk")
_OPTIMUM = ("horizon", "of", "tolerance")


@dataclass(frozen=True, eq=False)
class Study:
    """What a study file says; called with a point, it gives the table there.

    Attributes
    ----------
    given : dict
        Its parts as plain values: system, preparation, times or optimum, output.
    axes : dict of str to ndarray
        The values along each axis.
    store : Path
        Where results go; beside the file, if it does not say.
    chunk : int or None
    """

    given: Mapping[str, Any]
    axes: Mapping[str, Any]
    store: Path
    chunk: int | None

    def __str__(self) -> str:
        lengths = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        what = self.given["system"].get("model", "a system of its own")
        return f"{what}, {lengths}"

    @property
    def fingerprint(self) -> str:
        """What the study is, but for its axes and where it is kept."""
        parts = {
            name: self.given.get(name, {}) for name in _PARTS if name not in ("axes", "output")
        }
        output = self.given.get("output", {})
        parts["output"] = {n: output[n] for n in ("measures", "extraction") if n in output}
        return json.dumps(parts, sort_keys=True, default=str)

    def __call__(self, **point: Any) -> xr.Dataset:
        """Charge, or find the optimum, at a point; values may be DataArrays."""
        given = {name: _copied(part) for name, part in self.given.items()}
        for name, value in point.items():
            where, last = self._places[name]
            _inside(given, where)[last] = value
        system, preparation = _system(given["system"]), _preparation(given["preparation"])
        output = given.get("output", {})
        how = output.get("extraction", "global")
        if "optimum" in given:
            return optimum(system, preparation, **given["optimum"], extraction=how)
        return charge(system, preparation, _times(given["times"]), output.get("measures"), how)

    @property
    def _places(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """Where each axis acts: the tables that lead to it, and its name in the last."""
        return {name: _place(self.given, name) for name in self.axes}


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
    >>> from quantumbattery.study import read_study
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
    array([0.   , 0.271, 0.269, 0.01 ])
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"the study {path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    with saying(str(path)):
        return _checked(given, path)


def _checked(given: dict[str, Any], path: Path) -> Study:
    unknown = [name for name in given if name not in _PARTS]
    missing = [name for name in ("system", "preparation", "axes") if name not in given]
    if unknown or missing:
        raise ValueError(
            f"it has {f'an unknown part [{unknown[0]}]' if unknown else f'no part [{missing[0]}]'};"
            " a study has [system], [preparation], [times] or [optimum], [axes] and [output]"
        )
    if wrong := [name for name in given if not isinstance(given[name], dict)]:
        raise ValueError(f"{wrong[0]} must be a table, [{wrong[0]}]; got {given[wrong[0]]!r:.60}")
    if ("times" in given) == ("optimum" in given):
        raise ValueError("a study has either [times] or [optimum]")
    output = given.get("output", {})
    _known("output", output, _OUTPUT)
    axes = {name: _axis(name, values) for name, values in given.pop("axes").items()}
    if not axes:
        raise ValueError("[axes] names nothing to sweep")
    store = path.parent / output.get("store", f"{path.stem}.zarr")
    study = Study(given, axes, store, output.get("chunk"))
    # Everything that can be wrong shows at the first point, before anything is computed.
    first = {name: values[0].item() for name, values in axes.items()}
    parts = {name: _copied(part) for name, part in given.items()}
    for name, value in first.items():
        where, last = _place(given, name)
        _inside(parts, where)[last] = value
    _system(parts["system"])
    _preparation(parts["preparation"])
    _known("optimum", parts.get("optimum", {}), _OPTIMUM)
    if "times" in parts:
        _times(parts["times"])
    elif "horizon" not in parts["optimum"]:
        raise ValueError("[optimum] needs a horizon, the latest moment that counts")
    return study


# --- parts -------------------------------------------------------------------------------------


def _maker(given: Mapping[str, Any], kind: str) -> Callable[..., Any] | None:
    """The model or the state that a part names; None where it names none."""
    there, names = (models, models.__all__) if kind == "model" else (states, _STATES)
    if kind not in given:
        return None
    if given[kind] not in names:
        raise ValueError(f"there is no {kind} {given[kind]!r}; there are {', '.join(names)}")
    make: Callable[..., Any] = getattr(there, given[kind])
    return make


def _made(make: Callable[..., Any], given: Mapping[str, Any], kind: str) -> Any:
    rest = {name: value for name, value in given.items() if name != kind}
    _known(f"{kind} {given[kind]}", rest, signature(make).parameters)
    return make(**rest)


def _system(given: dict[str, Any]) -> System:
    make = _maker(given, "model")
    system: System = System.from_dict(given) if make is None else _made(make, given, "model")
    return system


def _preparation(given: dict[str, Any]) -> Any:
    if "state" not in given:
        if not all(isinstance(each, dict) for each in given.values()):
            raise ValueError(
                f"[preparation] needs a state, one of {', '.join(_STATES)}, or one for each site, "
                "as in [preparation.cavity]"
            )
        return {site: _preparation(each) for site, each in given.items()}
    make = _maker(given, "state")
    angles = {n: angle(n, v) for n, v in given.items() if isinstance(v, str) and n != "state"}
    return make and _made(make, given | angles, "state")


def _times(given: dict[str, Any]) -> Any:
    _known("times", given, ("from", "to", "points"))
    return _span("times", {"from": 0.0} | given)


def _axis(name: str, given: object) -> Any:
    values = _span(f"axis {name}", given) if isinstance(given, dict) else np.asarray(given)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "fiubU":
        raise ValueError(
            f"axis {name} is a list of values, or {{from = ..., to = ..., points = ...}}; got "
            f"{given!r:.60}"
        )
    return values


def _span(what: str, given: Mapping[str, Any]) -> Any:
    _known(what, given, ("from", "to", "points"))
    try:
        first, last, points = (given[n] for n in ("from", "to", "points"))
    except KeyError as error:
        raise ValueError(f"{what} needs from, to and points; there is no {error}") from None
    numbers = all(isinstance(n, int | float) and np.isfinite(n) for n in (first, last))
    if not numbers or not isinstance(points, int) or points < 1:
        raise ValueError(
            f"{what} goes from a number to a number in a whole number of points; got {given!r:.80}"
        )
    return np.linspace(first, last, points)


def _known(what: str, given: Mapping[str, Any], known: Any) -> None:
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"{what} has no {unknown[0]!r}; it takes {', '.join(known)}")


# --- axes --------------------------------------------------------------------------------------


def _place(given: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], str]:
    """Where an axis acts: a number of the model or of the state, or a path with dots."""
    *where, last = name.split(".")
    if where:
        if where[0] not in ("system", "preparation", "optimum"):
            where = ["system", *where]
        _inside(given, tuple(where))
        return tuple(where), last
    found = []
    for part, kind in (("system", "model"), ("preparation", "state")):
        make = _maker(given[part], kind)
        if make is not None and name in signature(make).parameters:
            found.append(part)
    if name in given.get("optimum", {}):
        found.append("optimum")
    if len(found) != 1:
        raise ValueError(
            f"axis {name!r} is a number of "
            f"{' and of '.join(found) if found else 'neither the model nor the state'}; write "
            'where it stands, such as "preparation.theta" or "sites.cavity.loss"'
        )
    return (found[0],), name


def _inside(given: Mapping[str, Any], where: tuple[str, ...]) -> Any:
    """The table, or the entry of a list, that a path leads to."""
    here: Any = given
    for step in where:
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ValueError(f"there is no {'.'.join(where)!r} in the study") from None
    return here


def _copied(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _copied(each) for name, each in part.items()}
    return [_copied(each) for each in part] if isinstance(part, list) else part


# --- what the command line does with a study ---------------------------------------------------


def swept(study: Study, workers: int | None, scheduler: str | None, repair: bool) -> xr.Dataset:
    """Sweep a study into its store, by processes or on a Dask cluster."""
    options: dict[str, Any] = {"chunk": study.chunk, "repair": repair}
    if scheduler is None:
        return sweep(study, study.axes, study.store, workers=workers, **options)
    try:
        from dask.distributed import Client
    except ImportError:
        raise ValueError(
            "--scheduler needs Dask: install it with pip install 'quantumbattery[sweep]'"
        ) from None
    try:
        client = Client(scheduler, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"there is no Dask scheduler at {scheduler} ({error})") from error
    with client:
        return sweep(study, study.axes, study.store, client, **options)


def best(table: xr.Dataset) -> list[list[str]]:
    """Of each quantity the largest value, its unit and where it is."""
    rows = []
    for name, values in table.data_vars.items():
        if values.dtype.kind not in "fiu" or not bool(values.notnull().any()):
            continue
        index = np.unravel_index(int(np.nanargmax(values.to_numpy())), values.shape)
        here = values[dict(zip(values.dims, map(int, index), strict=True))]
        where = [f"{d} = {_short(here[d].item())}" for d in values.dims if d in here.coords]
        unit = str(values.attrs.get("units", ""))
        rows.append([str(name), _short(here.item()), unit, ", ".join(where)])
    return rows


def failures(table: xr.Dataset) -> str:
    """How many points failed, and why the first did; nothing if none did."""
    messages = [text for text in table["failure"].to_numpy().ravel().tolist() if text]
    if not messages:
        return ""
    return f"{len(messages)} of {table['failure'].size} points failed; the first: {messages[0]}"


def picture(table: xr.Dataset, measure: str | None = None) -> Figure:
    """A map of the first two axes that have several values, the best taken over the others."""
    from quantumbattery.plot import map as draw

    drawn = [str(n) for n, v in table.data_vars.items() if v.dtype.kind in "fiu"]
    name = measure or drawn[-1]
    if name not in drawn:
        raise ValueError(f"there is no {name!r} to draw; there are {', '.join(drawn)}")
    values = table[[name]].load().squeeze(drop=True)
    axes = [str(d) for d in values[name].dims]
    if len(axes) < 2:
        raise ValueError(f"a map needs two axes with several values; {name} has {len(axes)}")
    return draw(values, axes[0], axes[1], name, over=axes[2:])


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
