"""Descriptions as plain values that JSON can hold, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.drives import Drive, Steps, drive, two_photon_drive
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import (
    Interaction,
    dipole,
    exchange,
    heisenberg,
)
from quantumbattery.network.matrix_interactions import Coupling, interaction
from quantumbattery.network.sites import Oscillator, Qubit, Qudit, Site
from quantumbattery.quantities.described import Described, choices, guess, made, saying

_SITES: dict[str, Callable[..., Site]] = {
    "qubit": Qubit,
    "qudit": Qudit,
    "oscillator": Oscillator,
    "ensemble": Ensemble,
}
_LINKS: dict[str, Callable[..., Interaction | Drive]] = {
    "exchange": exchange,
    "dipole": dipole,
    "heisenberg": heisenberg,
    "interaction": interaction,
    "drive": drive,
    "two_photon_drive": two_photon_drive,
}


def plain(value: Any) -> Any:
    """A description or one of its values, for JSON."""
    if isinstance(value, Described):
        if isinstance(value, Drive) and isinstance(value.envelope, Steps):
            held = list(value.envelope.values)  # its edges are its breaks
            bare: Any = replace(value, envelope=None)  # type: ignore[type-var]
            return plain(bare) | {"envelope": held}
        if isinstance(value, Drive) and callable(value.envelope):
            raise TypeError(
                f"{value.label}: an envelope that is a function cannot be written down; give its "
                "samples, as a DataArray over 'time'"
            )
        if isinstance(value, Coupling) and callable(value.matrix):
            raise TypeError(
                f"{value.label}: a matrix that is a function cannot be written down; give the "
                "oscillators levels=... and the matrix itself"
            )
        kind = type(value).__name__.lower()
        if isinstance(value, Interaction | Drive):
            kind = value.kind
        return {"kind": kind} | {name: plain(each) for name, each in value.written.items()}
    if isinstance(value, xr.DataArray):
        return {"array": _lists(value.to_dict())}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "c":
            return {"real": value.real.tolist(), "imaginary": value.imag.tolist()}
        return value.tolist()
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _lists(value: Any) -> Any:
    """Lists in the place of tuples, as JSON has them."""
    if isinstance(value, dict):
        return {name: _lists(each) for name, each in value.items()}
    return [_lists(each) for each in value] if isinstance(value, tuple | list) else value


def _value(given: Any) -> Any:
    if isinstance(given, Mapping):
        if "kind" in given:
            return described("cell", given)
        if set(given) == {"real", "imaginary"}:
            return np.asarray(given["real"]) + 1j * np.asarray(given["imaginary"])
        return xr.DataArray.from_dict(given["array"]) if set(given) == {"array"} else given
    return [_value(each) for each in given] if isinstance(given, list) else given


def described(who: str, given: object, makers: Mapping[str, Callable[..., Any]] = _SITES) -> Any:
    """A site, or an interaction or a drive, from its plain form."""
    kind = given.get("kind") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(kind, str) or kind not in makers:
        rule = f"its kind must be one of {', '.join(makers)}; got {given!r:.60}"
        near = guess(kind, makers)
        raise ValueError(f"{who}: {rule}; {near}" if near else f"{who}: {rule}")
    values = {name: _value(value) for name, value in given.items() if name != "kind"}
    with saying(who):
        return made(kind, makers[kind], values, "{quoted} too")


def system_parts(given: object) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    """Sites, interactions and the two ends of a system, from its plain form."""
    if not isinstance(given, Mapping) or not isinstance(given.get("sites"), Mapping):
        raise TypeError(
            "a system is read from a dict with the keys sites (a dict itself), interactions, "
            f"charger and battery; got {given!r:.60}"
        )
    known = ("sites", "interactions", "charger", "battery")
    if unknown := set(given) - set(known):
        first = min(unknown, key=str)
        raise ValueError(f"unknown key {first!r}; {choices(first, known, 'a system has')}")
    links = given.get("interactions", [])
    if isinstance(links, str) or not np.iterable(links):
        raise TypeError(f"interactions is a list of dicts; got {links!r:.60}")
    sites = {name: described(f"site {name!r}", site) for name, site in given["sites"].items()}
    interactions = [
        described(f"interaction {number}", each, _LINKS) for number, each in enumerate(links)
    ]
    ends = {end: given[end] for end in ("charger", "battery") if end in given}
    return sites, interactions, ends
