"""Descriptions as plain values that JSON can hold, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.drives import Drive, drive, two_photon_drive
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.envelopes import Harmonics, Steps, harmonics
from quantumbattery.network.interactions import Interaction, dipole, exchange, heisenberg
from quantumbattery.network.joint_losses import Jump, dissipator, jump
from quantumbattery.network.matrix_interactions import Coupling, interaction
from quantumbattery.network.network import Link
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Oscillator, Qubit, Qudit, Site
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.described import Described, choices, guess, made, saying
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parsing import written_number
from quantumbattery.quantities.quoted import quoted

_SITES: dict[str, Callable[..., Site]] = {
    "qubit": Qubit,
    "qudit": Qudit,
    "oscillator": Oscillator,
    "ensemble": Ensemble,
}

_COMPLEX = ("strength", "weight", "matrix", "lowering")


def _interaction(
    matrix: Any,
    sites: str | Iterable[str] = (),
    a: str | None = None,
    b: str | None = None,
    always: bool = False,
    envelope: Any = None,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> Coupling:
    """An interaction by its sites, or by the two names that it had once."""
    names = tuple(name for name in (a, b) if name is not None) or _names(sites)
    shape = {"envelope": envelope, "breaks": breaks, "steps": steps, "period": period}
    return interaction(*names, matrix=matrix, always=always, **shape)


def _jump(matrix: Any, sites: str | Iterable[str], rate: Any, always: bool = False) -> Jump:
    return jump(*_names(sites), matrix=matrix, rate=rate, always=always)


def _names(sites: object) -> tuple[Any, ...]:
    if isinstance(sites, str):
        return (sites,)
    if not isinstance(sites, list | tuple):
        raise TypeError(f"sites is the name of a site or a list of names; got {quoted(sites)}")
    return tuple(sites)


_LINKS: dict[str, Callable[..., Link]] = {
    "exchange": exchange,
    "dipole": dipole,
    "heisenberg": heisenberg,
    "interaction": _interaction,
    "shift": shift,
    "drive": drive,
    "two_photon_drive": two_photon_drive,
    "dissipator": dissipator,
    "jump": _jump,
}


def plain(value: Any) -> Any:
    """A description or one of its values, for JSON."""
    if isinstance(value, Described):
        shape = _envelope(value) if isinstance(value, Drive | Interaction) else {}
        if isinstance(value, Coupling | Jump) and callable(value.matrix):
            raise TypeError(
                f"{value.label}: a matrix that is a function cannot be written down; give the "
                "oscillators levels=... and the matrix itself"
            )
        kind = value.kind if isinstance(value, Link) else type(value).__name__.lower()
        if isinstance(value, Site) and type(value) is not _SITES.get(kind):
            raise TypeError(
                f"a site of the class {type(value).__name__} cannot be written down: use a Qubit, "
                "Qudit, Oscillator or Ensemble"
            )
        return {"kind": kind} | {n: plain(v) for n, v in _said(value, {*shape})} | shape
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if np.iscomplexobj(value):
        return {"real": plain(value.real), "imaginary": plain(value.imag)}
    if isinstance(value, xr.DataArray):
        return {"array": _lists(value.to_dict() | {"coords": _labels(value)})}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


def _labels(given: xr.DataArray) -> dict[str, Any]:
    """Coordinates as `DataArray.to_dict` has them; TypeError for labels that JSON does not hold."""
    found: dict[str, Any] = given.to_dict()["coords"]
    for each in (given, *given.coords.values()):
        if not _in_json(each.attrs):
            raise TypeError(
                f"the attributes of {each.name!r} hold what cannot be written down: leave them "
                "out, as by .drop_attrs()"
            )
    for name, coord in given.coords.items():
        if coord.dtype.kind == "c":
            found[str(name)]["data"] = plain(coord.to_numpy())
            continue
        texts = coord.dtype.kind == "O" and all(isinstance(each, str) for each in coord.values.flat)
        if coord.dtype.kind not in "biufUT" and not texts:
            raise TypeError(
                f"the labels of {name!r} are of {coord.dtype}, which cannot be written down: give "
                "numbers or texts, as by .assign_coords"
            )
    return found


def _in_json(notes: dict[Any, Any]) -> bool:
    """Whether they come back from JSON as they are, but for tuples and NumPy's numbers."""
    plain_notes = _lists(notes)
    try:
        return repr(json.loads(json.dumps(plain_notes))) == repr(plain_notes)  # NaN is itself
    except (TypeError, ValueError, RecursionError):
        return False


def _envelope(link: Drive | Interaction) -> dict[str, Any]:
    """An envelope that is a function, by its numbers; nothing of any other."""
    shape = link.envelope
    if isinstance(shape, Harmonics):
        return {"envelope": {name: plain(each) for name, each in vars(shape).items()}}
    if isinstance(shape, Steps):
        return {"envelope": list(shape.values)}  # its edges are its breaks
    if callable(shape):
        raise TypeError(
            f"{link.label}: an envelope that is a function cannot be written down; give its "
            "samples, as a DataArray over 'time'"
        )
    return {}


def _said(value: Described, apart: Set[str]) -> Iterator[tuple[str, Any]]:
    """What is written of a description: of what came in later no more than differs from before.

    What is written apart has its place here, and no value.
    """
    late = ("envelope", "breaks") if isinstance(value, Interaction) else ("phase",)
    for name, written in value.written.items():
        each = None if name in apart else written
        unset = each is None or (isinstance(each, float | tuple) and not each)
        if name not in late or not unset:
            yield name, each


def _lists(value: Any) -> Any:
    """Lists in the place of tuples, as JSON has them."""
    if isinstance(value, dict):
        return {name: _lists(each) for name, each in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return [_lists(each) for each in value] if isinstance(value, tuple | list) else value


def _value(given: Any) -> Any:
    if isinstance(given, Mapping):
        if "kind" in given:
            return described("cell", given)
        if set(given) == {"real", "imaginary"}:
            return _complex(*(_value(given[part]) for part in ("real", "imaginary")))
        return _labelled(given["array"]) if set(given) == {"array"} else given
    return [_value(each) for each in given] if isinstance(given, list) else given


def _complex(real: Any, imaginary: Any) -> Any:
    """Complex numbers, from both their parts."""
    for part in (real, imaginary):
        if as_array(part).dtype.kind not in "iuf":
            raise TypeError(
                f"real and imaginary are numbers, or lists of them of one shape; got {quoted(part)}"
            )
    one, other = (p if isinstance(p, xr.DataArray) else as_array(p) for p in (real, imaginary))
    try:
        return one + 1j * other
    except ValueError:
        raise ValueError(f"real and imaginary have shapes {one.shape} and {other.shape}") from None


def _labelled(given: Any) -> xr.DataArray:
    try:
        each = given.get("coords", {}).items()
        labels = {name: {**coord, "data": _value(coord["data"])} for name, coord in each}
        return xr.DataArray.from_dict({**given, "coords": labels})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())
        raise ValueError(
            f"an array is written as DataArray.to_dict gives it, with dims, coords and data; {said}"
        ) from None


def _argument(name: str, given: Any) -> Any:
    """An argument by its name; numbers that may be complex may be texts."""
    if name == "weights" and isinstance(given, Mapping):  # whatever the sites are called
        return {site: _argument("weight", weight) for site, weight in given.items()}
    if name == "envelope" and isinstance(given, Mapping) and "period" in given:
        return made("envelope", harmonics, given, "{quoted} too")
    return _read(given) if name in _COMPLEX else _value(given)


def _read(given: Any) -> Any:
    """A number, or lists of them, of which texts are read."""
    if isinstance(given, list):
        return [_read(each) for each in given]
    return written_number(given) if isinstance(given, str) else _value(given)


def described(who: str, given: object, makers: Mapping[str, Callable[..., Any]] = _SITES) -> Any:
    """A site, or an interaction or a drive, from its plain form."""
    kind = given.get("kind") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(kind, str) or kind not in makers:
        rule = f"its kind must be one of {', '.join(makers)}; got {quoted(given)}"
        near = guess(kind, makers)
        raise ValueError(f"{who}: {rule}; {near}" if near else f"{who}: {rule}")
    with saying(who):
        try:
            values = {n: _argument(n, each) for n, each in given.items() if n != "kind"}
        except RecursionError:
            raise ValueError("what it holds is nested too deep to be read") from None
        return made(kind, makers[kind], values, "{quoted} too")


def system_parts(given: object) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    """Sites, interactions and the two ends of a system, from its plain form."""
    if not isinstance(given, Mapping) or not isinstance(given.get("sites"), Mapping):
        raise TypeError(
            "a system is read from a dict with the keys sites (a dict itself), interactions, "
            f"charger and battery; got {quoted(given)}"
        )
    known = ("sites", "interactions", "charger", "battery")
    if unknown := set(given) - set(known):
        first = min(unknown, key=str)
        raise ValueError(f"unknown key {first!r}; {choices(first, known, 'a system has')}")
    links = given.get("interactions", [])
    if isinstance(links, str) or not np.iterable(links):
        raise TypeError(f"interactions is a list of dicts; got {quoted(links)}")
    sites = {name: described(f"site {name!r}", site) for name, site in given["sites"].items()}
    interactions = [
        described(f"interaction {number}", each, _LINKS)
        for number, each in enumerate(members(links))
    ]
    ends = {end: given[end] for end in ("charger", "battery") if end in given}
    return sites, interactions, ends
