"""The means and covariances in which oscillators start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.machine import allow
from quantumbattery.moments.any_start import AnyStart, Spread
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


@dataclass(frozen=True, eq=False)
class Tie:
    """What is off the diagonals of N and C, of modes that start together; (g or 1, c, k, k)."""

    places: tuple[int, ...]
    normal: Array
    anomalous: Array


@dataclass(frozen=True, eq=False)
class Beginning:
    """The means and the diagonals of N and C, of all modes; each (g or 1, c, m)."""

    mean: Array
    normal: Array
    anomalous: Array
    ties: tuple[Tie, ...] = ()

    def some(self, part: slice | Array) -> Beginning:
        """The same of some members; means may be alike where what fluctuates is not."""

        def mine(values: Array) -> Array:
            return values if len(values) == 1 else values[part]

        ties = tuple(Tie(t.places, mine(t.normal), mine(t.anomalous)) for t in self.ties)
        return Beginning(mine(self.mean), mine(self.normal), mine(self.anomalous), ties)

    @property
    def spread(self) -> tuple[Array, Array, Array]:
        """The means, N and C of each mode by itself."""
        return self.mean, self.normal, self.anomalous

    def without(self, places: set[int]) -> Beginning:
        """The same where some modes, and what starts together with them, are empty."""
        out = np.isin(np.arange(self.mean.shape[-1]), [*places])
        mean, *spread = (np.where(out, 0.0, v) for v in self.spread)
        ties = tuple(each for each in self.ties if places.isdisjoint(each.places))
        return Beginning(mean, spread[0], spread[1], ties)

    def covariances(self, places: Sequence[int]) -> tuple[Array, Array]:
        """N and C of some modes, (g or 1, c, b, b)."""
        own, eye = [*places], np.eye(len(places))
        normal, pairs = (each[..., own, None] * eye for each in (self.normal, self.anomalous))
        for tie in self.ties:
            # Row j of the one has a 1 where mode j of the places is; others do not take part.
            chosen = (np.array(own)[:, None] == np.array(tie.places)).astype(float)
            normal = normal + chosen @ tie.normal @ chosen.T
            pairs = pairs + chosen @ tie.anomalous @ chosen.T
        return normal, pairs


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


def beginning(
    network: Network, started: Started, spread: Spread, limit: float = np.inf
) -> Beginning:
    """The moments of all modes; what is not prepared is empty."""
    found = _apart(network, started, spread)
    for key, each in started.items():
        if isinstance(key, tuple):
            found = _with(found, AnyStart.of(key, each, network, spread, limit))
    return found


def _with(found: Beginning, start: AnyStart) -> Beginning:
    """The same with modes that start together, which are empty yet."""
    k, own = len(start.places), np.array(start.places)
    pairs = start.second[..., :k, :k]
    normal = start.second[..., :k, k:] - np.eye(k) / 2
    off = 1 - np.eye(k)
    given = found.mean, found.normal, found.anomalous
    own_parts = start.mean, *(np.einsum("...jj->...j", each) for each in (normal, pairs))
    members = max(len(found.mean), len(start.mean))
    whole = []
    for values, mine in zip(given, own_parts, strict=True):
        made = np.broadcast_to(values, (members, *values.shape[1:])).astype(complex)
        made[..., own] = mine
        whole.append(made)
    tie = Tie(start.places, normal * off, pairs * off)
    return Beginning(whole[0], whole[1].real, whole[2], (*found.ties, tie))


def _apart(network: Network, started: Started, spread: Spread) -> Beginning:
    """The same of what starts by itself."""
    none = spread(_variable(0.0))
    given: list[Any] = []
    for name, site in network.sites.items():
        given += moments_of(started[name], site) if name in started else (0.0, 0.0, 0.0)
    if not any(isinstance(value, xr.DataArray) for value in given):
        mean, normal, pairs = (none + np.array(given[k::3]) for k in range(3))
        return Beginning(mean, normal, pairs)
    plain = none[..., 0]
    columns = [
        spread(_variable(v))[..., 0] if isinstance(v, xr.DataArray) else plain + v for v in given
    ]
    whole = np.broadcast_arrays(*columns)  # all over the same axes, whoever brings them
    mean, normal, pairs = (np.stack(whole[k::3], axis=-1) for k in range(3))
    return Beginning(mean, normal, pairs)


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
