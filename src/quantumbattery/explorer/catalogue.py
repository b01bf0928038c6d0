"""The named systems as lists of controls, whose names and defaults are those of signatures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from inspect import Parameter, signature
from typing import Any

from quantumbattery import models
from quantumbattery.charging.system import System
from quantumbattery.explorer.wording import head, meanings
from quantumbattery.network import preparations
from quantumbattery.network.sites import Oscillator

EMPTY = "empty"  # no preparation: every site starts in its lowest level

# Least, most and step of the sliders; boxes take all that the library does.
_RANGES = {
    "frequency": (0.1, 3.0, 0.01),
    "field": (0.1, 3.0, 0.01),
    "coupling": (0.05, 3.0, 0.01),
    "detuning": (-3.0, 3.0, 0.01),
    "anisotropy": (-1.0, 1.0, 0.01),
    "range": (0.0, 6.0, 0.1),
    "n": (0, 10, 1),
    "alpha": (0.0, 3.0, 0.01),
    "r": (0.0, 1.5, 0.01),
    "occupation": (0.0, 3.0, 0.01),
    "temperature": (0.0, 3.0, 0.01),
    "theta": (0, 180, 1),
    "phi": (0, 360, 1),
    "angle": (0, 360, 1),
}
_RATE, _COUNT = (0.0, 2.0, 0.01), (1, 12, 1)
_MANY = 1_000_000  # the most of a whole number, beyond which nobody wants to wait
_FEW = {("star", "chargers"): 1000, ("spin_chain", "cells"): 40}  # of what has a state each
_ANGLES = ("theta", "phi", "angle")
_STARTS = {  # what a state has that needs a number, where it is first shown
    "bloch": {"theta": "180deg", "phi": "0deg"},
    "fock": {"n": "4"},
    "coherent": {"alpha": "2.0"},
    "squeezed": {"r": "1.0", "angle": "0deg"},
    "thermal": {"occupation": "1.0"},
    "gaussian": {"alpha": "2.0", "r": "0.5", "angle": "0deg"},
    "gibbs": {"temperature": "1.0"},
}
_OF_QUBITS = ("bloch", "thermal", "gibbs")
_OF_OSCILLATORS = ("fock", "coherent", "squeezed", "thermal", "gaussian", "gibbs")
_LAST = {"qubit_pair": "6.28", "classical_drive": "40", "driven_qubit_pair": "20"}
_LAST |= {"tavis_cummings": "3", "spin_chain": "3", "quadratic_drive": "10", "dicke": "5"}


@dataclass(frozen=True)
class Control:
    """A number that may be set, or another value."""

    name: str
    kind: str  # number, whole, complex, angle, flag, list
    default: str
    slider: tuple[float, float, float] | None
    says: str
    letter: str = ""  # in the Hamiltonian
    most: int = _MANY  # of a whole number


@dataclass(frozen=True)
class Start:
    """A way to prepare the charger."""

    name: str
    title: str
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Model:
    """A system that may be chosen."""

    name: str
    title: str
    says: str  # its Hamiltonian, in a few lines
    controls: tuple[Control, ...]
    starts: tuple[Start, ...]
    last: str  # the last time that is shown at first
    unit: str  # of frequencies; times are in its inverse


@cache
def catalogue() -> dict[str, Model]:
    """All named systems, by name."""
    return {name: _model(name) for name in models.__all__}


def as_plain() -> list[dict[str, Any]]:
    """The same as plain values, for the page."""
    return [asdict(model) for model in catalogue().values()]


def _model(name: str) -> Model:
    make = getattr(models, name)
    title, says = head(make)
    system: System = make()
    starts = tuple(_start(each) for each in _states(system))
    controls = _controls(make, {})
    return Model(name, title, says, controls, starts, _LAST.get(name, "6"), _unit(name, controls))


def _unit(name: str, controls: tuple[Control, ...]) -> str:
    """One that is yours, where the battery's own frequency may be set; else this, which is 1."""
    if {"frequency", "field"} & {each.name for each in controls}:
        return "u"
    return "D" if name == "classical_drive" else "ω"


def _states(system: System) -> tuple[str, ...]:
    """How its charger may start, the most usual first."""
    if not system.charger:
        return (EMPTY,)
    oscillator = isinstance(system.sites[system.charger[0]], Oscillator)
    known = _OF_OSCILLATORS if oscillator else _OF_QUBITS
    return (EMPTY, *known) if system.drives else known


def _start(name: str) -> Start:
    if name == EMPTY:
        return Start(name, "Every site starts in its lowest level.", ())
    make = getattr(preparations, name)
    return Start(name, head(make)[0], _controls(make, _STARTS[name]))


def _controls(make: Callable[..., Any], first: Mapping[str, str]) -> tuple[Control, ...]:
    said = meanings(make)
    found = []
    for name, each in signature(make).parameters.items():
        kind = _kind(name, str(each.annotation))
        if kind:
            default = first.get(name) or _written(kind, each)
            letter, says = said.get(name, ("", ""))
            most = _FEW.get((make.__name__, name), _MANY)
            slider = _slider(name, kind)
            found.append(Control(name, kind, default, slider, says, letter, most))
    return tuple(found)


def _kind(name: str, annotation: str) -> str:
    """What kind of value it is, by its annotation; none for what cannot be written in a box."""
    if name in _ANGLES:
        return "angle"
    if name == "n":
        return "whole"
    kinds = {"Envelope": "", "Sequence": "list", "Amplitude": "complex", "bool": "flag"}
    kinds |= {"int": "whole", "float": "number", "Values": "number"}
    return next(kind for word, kind in kinds.items() if annotation.startswith(word))


def _written(kind: str, parameter: Parameter) -> str:
    default = parameter.default
    if kind == "list":
        return ", ".join(map(str, default))
    return str(default).lower()


def _slider(name: str, kind: str) -> tuple[float, float, float] | None:
    if kind in ("flag", "list"):
        return None
    return _RANGES.get(name, _COUNT if kind == "whole" else _RATE)
