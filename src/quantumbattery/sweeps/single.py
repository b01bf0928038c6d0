"""A study at a single point, from a file or a model's name, with some of its numbers set."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from quantumbattery import models
from quantumbattery.quantities.described import choices, listed, saying
from quantumbattery.sweeps.parts import (
    DISCONNECT,
    STATES,
    check_output,
    check_parts,
    disconnect_of,
    pair_of,
    parts_in,
    place_of,
    preparation_of,
    read,
    system_of,
    times_of,
)
from quantumbattery.sweeps.places import check_places, put
from quantumbattery.sweeps.readings import MATRIX, readings_of

_PAIR: dict[str, Any] = {"state": "bloch", "theta": "180deg"}  # how the founding pair starts


def single(
    target: str,
    work: str,
    options: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, tuple[str, object]],
) -> dict[str, Any]:
    """The parts of a study without axes, checked.

    Parameters
    ----------
    target : str
        A model's name, or a study file, which ends in .toml.
    work : {"times", "optimum"}
        The part that says what is worked out; the other is left out.
    options : dict of str to dict
        What replaces single values of the parts. Another state replaces the whole preparation.
    settings : dict of str to (str, value)
        By the name of a number, or the path to it as of an axis: what to call it in a sentence,
        and its value.

    Returns
    -------
    dict
        What `table_of` takes.

    Raises
    ------
    TypeError, ValueError
        If there is no such model or file, or a part makes no sense.

    Examples
    --------
    >>> from quantumbattery.sweeps.parts import table_of
    >>> from quantumbattery.sweeps.single import single
    >>> options = {"preparation": {"state": "fock"}, "times": {"from": 0, "to": 1, "points": 2}}
    >>> parts = single("tavis_cummings", "times", options, {"n": ("n", 1), "cells": ("cells", 9)})
    >>> table_of(parts).energy.round(6).values
    array([0.     , 0.019915])
    """
    file = target.lower().endswith(".toml")
    given = parts_in(Path(target)) if file else _of_model(target)
    with saying(target) if file else nullcontext():
        check_parts(given, ("system", "preparation"))
        check_output(given, False)
    axes = given.pop("axes", {})
    if _replace_state(given, options.get("preparation", {}), settings):
        axes = {n: v for n, v in axes.items() if place_in(given, n) is not None}
    _choose_work(given, work, options)
    given["output"] = given.get("output", {}) | options.get("output", {})
    if work == "optimum":
        given["output"] = {
            n: v for n, v in given["output"].items() if n not in ("measures", MATRIX)
        }
        given.pop("observables", None)
        axes = {n: v for n, v in axes.items() if n.removeprefix("times.") != DISCONNECT}
    check_output(given, work == "optimum")
    _set(given, axes, settings, target)
    if work == "times":
        times_of(given["times"])
        disconnect_of(given["times"])
    lacking = "{first}: give it " + "there, or " * file + "by --set {first}=..."
    system = system_of(given["system"], lacking)
    readings_of(given, system)
    preparation = preparation_of(given["preparation"], lacking)
    if not file and not preparation and system.charger and not system.drives:
        raise ValueError(
            f"say how the charger of {target} starts ({listed(system.charger)}): --state is one of "
            f"{', '.join(STATES)}, and --set gives its numbers, as in --state fock --set n=1"
        )
    endless = work == "optimum" and "horizon" not in given["optimum"]
    if endless and pair_of(given["system"], preparation) is None:
        raise ValueError("give --horizon, the latest moment that counts")
    return given


def value_of(text: str) -> object:
    """A value as a study would have it: a number, a truth value, a list, or else a text."""
    try:
        said = read(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return said["value"] if len(said) == 1 else text


def _of_model(name: str) -> dict[str, Any]:
    if name not in models.__all__:
        raise ValueError(
            f"there is no model {name!r}; {choices(name, models.__all__)}; the name of a study "
            "file ends in .toml"
        )
    return {"system": {"model": name}, "preparation": dict(_PAIR) if name == "qubit_pair" else {}}


def _replace_state(
    given: dict[str, Any], wanted: Mapping[str, Any], settings: Mapping[str, object]
) -> bool:
    """Whether another state than the study's is prepared, of which no number is known."""
    state = wanted.get("state")
    if state is None and not given["preparation"] and {"theta", "phi"} & settings.keys():
        state = "bloch"
    if state is None or state == given["preparation"].get("state"):
        return False
    given["preparation"] = {"state": state}
    return True


def _choose_work(
    given: dict[str, Any], work: str, options: Mapping[str, Mapping[str, Any]]
) -> None:
    """Keep [times] or [optimum], whichever is asked for."""
    other = {"times": "optimum", "optimum": "times"}[work]
    if work == "times":
        before, wanted = given.get("times"), options.get("times")
        if wanted:
            kept = {n: v for n, v in (before or {}).items() if n == DISCONNECT}
            given["times"] = {**kept, **wanted}
        elif before is None:
            raise ValueError("give --times FROM:TO:POINTS: the study has [optimum], and no [times]")
    else:
        given["optimum"] = given.get("optimum", {}) | options.get("optimum", {})
    given.pop(other, None)


def place_in(given: Mapping[str, Any], name: str) -> tuple[tuple[str, ...], str] | None:
    """Where an axis acts; None if nothing is there."""
    try:
        return place_of(given, name)
    except ValueError:
        return None


def _set(
    given: dict[str, Any],
    axes: Mapping[str, Any],
    settings: Mapping[str, tuple[str, object]],
    target: str,
) -> None:
    """Set numbers; what a study sweeps needs a value."""
    places = {name: place_of(given, name, who) for name, (who, _) in settings.items()}
    check_places({who: places[name] for name, (who, _) in settings.items()})
    left = [name for name in axes if place_in(given, name) not in places.values()]
    if left:
        values = " ".join(f"--set {name}=..." for name in left)
        raise ValueError(
            f"{target} sweeps {' and '.join(left)}: choose a point of it by {values}, or work all "
            f"of them out with `quantumbattery sweep {target}`"
        )
    for name, (_, value) in settings.items():
        put(given, *places[name], value)
