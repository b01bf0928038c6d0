"""The means and covariances in which oscillators start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import amplitudes, density_matrix, mean_occupation
from quantumbattery.network.given_states import State
from quantumbattery.network.named_states import (
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
from quantumbattery.network.network import Network
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


def is_thermal(preparation: Preparation) -> bool:
    """Whether a preparation is coherent or thermal, or both, so that it has no <a a> - <a>^2."""
    if isinstance(preparation, Squeezed | Gaussian):
        return not any_nonzero(preparation.r)
    return is_gaussian(preparation)


def is_coherent(preparation: Preparation, site: Site) -> bool:
    """Whether a preparation of an oscillator is a coherent state, or empty."""
    if not is_gaussian(preparation):
        return False
    return not any(any_nonzero(each) for each in moments_of(preparation, site)[1:])


def levels_of_start(
    preparation: Preparation, site: Site, spread: Spread, limit: float
) -> tuple[Array, Array | None]:
    """Populations (g or 1, c, d) of all levels that are not empty, and the state (..., d, d).

    The state is None where there are no coherences. Of a number of quanta, level or a given state.
    """
    if isinstance(preparation, Fock):
        size = int(np.max(np.asarray(preparation.n))) + 1
        allow("levels of a start", size, 64, limit)
        ket = amplitudes(preparation, site, size).variable
        return spread(xr.Variable((*ket.dims[:-1], "entry"), ket.values)) ** 2, None
    size = preparation.size if isinstance(preparation, State) else 2
    given = density_matrix(preparation, site, size).variable
    flat = given.values.reshape(*given.shape[:-2], size**2)
    rho = spread(xr.Variable((*given.dims[:-2], "entry"), flat))
    rho = rho.reshape(*rho.shape[:2], size, size)
    held = 1 + int(np.flatnonzero(rho.any(axis=(0, 1, 2)))[-1])
    rho = rho[..., :held, :held]
    weights = np.diagonal(rho, axis1=-2, axis2=-1).real
    return weights, None if not (rho * (1 - np.eye(held))).any() else rho


def beginning(network: Network, started: Started, spread: Spread) -> Beginning:
    """The moments of all modes; what is not prepared is empty."""
    none = spread(_variable(0.0))
    given: list[Any] = []
    for name, site in network.sites.items():
        given += moments_of(started[name], site) if name in started else (0.0, 0.0, 0.0)
    if not any(isinstance(value, xr.DataArray) for value in given):
        return Beginning(*(none + np.array(given[k::3]) for k in range(3)))
    plain = none[..., 0]
    columns = [
        spread(_variable(v))[..., 0] if isinstance(v, xr.DataArray) else plain + v for v in given
    ]
    whole = np.broadcast_arrays(*columns)  # all over the same axes, whoever brings them
    return Beginning(*(np.stack(whole[k::3], axis=-1) for k in range(3)))


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
    if isinstance(preparation, Fock):
        return 0.0, preparation.n, 0.0
    return _of_state(preparation, site)


def _of_state(preparation: Bloch | State, site: Site) -> tuple[Any, Any, Any]:
    """The same from a density matrix."""
    size = preparation.size if isinstance(preparation, State) else 2
    rho = density_matrix(preparation, site, size)
    dims, n = rho.dims[:-2], np.arange(size)
    one = (np.diagonal(rho.values, -1, -2, -1) * np.sqrt(n[1:])).sum(axis=-1)
    two = (np.diagonal(rho.values, -2, -2, -1) * np.sqrt(n[2:] * n[1:-1])).sum(axis=-1)
    quanta = np.maximum((np.diagonal(rho.values, 0, -2, -1).real * n).sum(axis=-1), 0.0)
    spread = np.maximum(quanta - np.abs(one) ** 2, 0.0)
    found = one, spread, two - one**2
    return tuple(xr.DataArray(each, dims=dims) for each in found)  # type: ignore[return-value]


def _squeezed(alpha: Any, r: Any, angle: Any, occupation: Any) -> tuple[Any, Any, Any]:
    wide = 2 * occupation + 1
    normal = wide * np.sinh(r) ** 2 + occupation
    return alpha, normal, -wide * np.sinh(r) * np.cosh(r) * np.exp(1j * angle)


def _variable(value: Any) -> xr.Variable:
    """A parameter with a last dimension of one entry."""
    plain = value.variable if isinstance(value, xr.DataArray) else xr.Variable((), value)
    return xr.Variable((*plain.dims, "entry"), np.asarray(plain.values)[..., None])
