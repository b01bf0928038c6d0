"""Starts that have a name: Bloch, Fock, coherent, squeezed, thermal, Gibbs and Gaussian states.

Each is a description that checks its numbers whoever makes it; `amplitudes` says what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from quantumbattery.network.given_states import State
from quantumbattery.quantities.aliases import Parameter, Values
from quantumbattery.quantities.described import Described
from quantumbattery.quantities.parameters import LARGEST, complex_axis, parameter

Amplitude: TypeAlias = complex | npt.ArrayLike | xr.DataArray
"""What a user gives for a complex number: one, a 1-D array, or a DataArray."""

# Sums such as 3 * (pi / 3) may land an ulp or two past pi.
_ULPS = 4 * np.finfo(float).eps
_THETA = ("an angle between 0 and pi (radians)", 0.0, np.pi * (1 + _ULPS))
_PHI = ("an angle between 0 and 2 pi (radians)", 0.0, 2 * np.pi * (1 + _ULPS))
_LEVEL = "a whole number, zero or positive"
_POSITIVE = "zero or positive, and finite"


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Bloch(Described):
    """A pure qubit state on the Bloch sphere; made by `bloch`."""

    theta: Parameter
    phi: Parameter

    def __init__(self, theta: Values, phi: Values) -> None:
        self._set(theta=parameter("theta", theta, *_THETA), phi=parameter("phi", phi, *_PHI))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Fock(Described):
    """A level of the ladder; made by `fock`."""

    n: Parameter

    def __init__(self, n: Values) -> None:
        checked = parameter("n", n, _LEVEL, 0.0, 2.0**53)
        wrong = np.asarray(checked) % 1 != 0
        if wrong.any():
            raise ValueError(f"n must be {_LEVEL}; got {np.asarray(checked)[wrong].flat[0]:.6g}")
        self._set(n=checked)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Coherent(Described):
    """A coherent state of an oscillator; made by `coherent`."""

    alpha: complex | xr.DataArray

    def __init__(self, alpha: Amplitude) -> None:
        self._set(alpha=complex_axis("alpha", alpha))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Squeezed(Described):
    """A squeezed vacuum of an oscillator; made by `squeezed`."""

    r: Parameter
    angle: Parameter

    def __init__(self, r: Values, angle: Values) -> None:
        self._set(r=_squeezing(r), angle=_angle(angle))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Thermal(Described):
    """A thermal state; made by `thermal`."""

    occupation: Parameter

    def __init__(self, occupation: Values) -> None:
        self._set(occupation=parameter("occupation", occupation, _POSITIVE, 0.0))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Gibbs(Described):
    """The Gibbs state of sites; made by `gibbs`."""

    temperature: Parameter

    def __init__(self, temperature: Values) -> None:
        self._set(temperature=parameter("temperature", temperature, _POSITIVE, 0.0))


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Gaussian(Described):
    """A displaced squeezed thermal state of an oscillator; made by `gaussian`."""

    alpha: complex | xr.DataArray
    r: Parameter
    angle: Parameter
    occupation: Parameter

    def __init__(self, alpha: Amplitude, r: Values, angle: Values, occupation: Values) -> None:
        self._set(alpha=complex_axis("alpha", alpha), r=_squeezing(r), angle=_angle(angle))
        self._set(occupation=parameter("occupation", occupation, _POSITIVE, 0.0))


Preparation: TypeAlias = Bloch | Fock | Coherent | Squeezed | Thermal | Gibbs | Gaussian | State

Started: TypeAlias = Mapping[Any, Preparation]
"""How sites start, by their names, and several together, by tuples of their names."""


def _squeezing(r: Values) -> Parameter:
    return parameter("r", r, "zero or positive, and at most 300", 0.0, 300.0)


def _angle(angle: Values) -> Parameter:
    return parameter("angle", angle, "a finite angle in radians", -LARGEST)
