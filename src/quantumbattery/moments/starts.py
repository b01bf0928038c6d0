"""The means and covariances in which oscillators start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.network.amplitudes import mean_occupation
from quantumbattery.network.network import Network
from quantumbattery.network.preparations import (
    Bloch,
    Coherent,
    Fock,
    Gaussian,
    Gibbs,
    Preparation,
    Squeezed,
    Started,
    Thermal,
)
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import any_nonzero

Spread: TypeAlias = Callable[[xr.Variable], Array]
"""Values (..., "entry") over generators and states, (g or 1, c, entries)."""


@dataclass(frozen=True, eq=False)
class Beginning:
    """The means and the diagonals of N and C, of all modes; each (g or 1, c, m)."""

    mean: Array
    normal: Array
    anomalous: Array


def is_gaussian(preparation: Preparation) -> bool:
    """Whether a preparation of an oscillator has a Gaussian Wigner function."""
    if isinstance(preparation, Fock):
        return not any_nonzero(preparation.n)
    if isinstance(preparation, Bloch):
        return not any_nonzero(preparation.theta)
    return isinstance(preparation, Coherent | Squeezed | Thermal | Gibbs | Gaussian)


def beginning(network: Network, started: Started, spread: Spread) -> Beginning:
    """The moments of all modes; what is not prepared is empty."""
    columns = []
    for name, site in network.sites.items():
        each = moments_of(started[name], site) if name in started else (0.0, 0.0, 0.0)
        columns.append([spread(_variable(value))[..., 0] for value in each])
    parts = (np.stack(np.broadcast_arrays(*part), axis=-1) for part in zip(*columns, strict=True))
    return Beginning(*parts)


def moments_of(preparation: Preparation, site: Site) -> tuple[Any, Any, Any]:
    """<a>, <a^dag a> - |<a>|^2 and <a a> - <a>^2, as parameters.

    A squeezed thermal state has (2 n + 1) times the fluctuations of the vacuum along either axis
    (P. Marian and T. A. Marian, Phys. Rev. A 47, 4474 (1993)).
    """
    if isinstance(preparation, Coherent):
        return preparation.alpha, 0.0, 0.0
    if isinstance(preparation, Thermal | Gibbs):
        return 0.0, mean_occupation(preparation, site), 0.0
    if isinstance(preparation, Squeezed):
        return _squeezed(0.0, preparation.r, preparation.angle, 0.0)
    if isinstance(preparation, Gaussian):
        given = preparation
        return _squeezed(given.alpha, given.r, given.angle, given.occupation)
    return 0.0, 0.0, 0.0


def _squeezed(alpha: Any, r: Any, angle: Any, occupation: Any) -> tuple[Any, Any, Any]:
    wide = 2 * occupation + 1
    normal = wide * np.sinh(r) ** 2 + occupation
    return alpha, normal, -wide * np.sinh(r) * np.cosh(r) * np.exp(1j * angle)


def _variable(value: Any) -> xr.Variable:
    """A parameter with a last dimension of one entry."""
    plain = value.variable if isinstance(value, xr.DataArray) else xr.Variable((), value)
    return xr.Variable((*plain.dims, "entry"), np.asarray(plain.values)[..., None])
