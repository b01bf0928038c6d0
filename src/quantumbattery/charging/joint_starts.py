"""What several sites start in together: joint states, Gibbs states, a battery's ground state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.own_hamiltonian import (
    NO_PART,
    Numbers,
    OwnHamiltonian,
    alike,
    own_terms,
)
from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import boltzmann
from quantumbattery.network.given_states import State
from quantumbattery.network.joint_starts import Joint, joint_state
from quantumbattery.network.named_states import Gibbs, Started
from quantumbattery.network.network import Network
from quantumbattery.network.starts import DEGENERATE, prepared_sites
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.parameters import any_nonzero

DEGENERATE_BATTERY = (
    "the battery is not prepared, and the ground level of its own Hamiltonian, with the "
    "interactions that are always on, is degenerate: say which of its states the battery starts "
    "in, by a preparation of its sites, such as {{{}}}"
)


def joint_starts(
    network: Network, started: Started, axes: Batch, own: OwnHamiltonian | None, limit: float
) -> tuple[Joint, ...]:
    """What sites start in together, as preparations say, and an interacting battery by itself.

    The battery's own Hamiltonian is there if its sites interact.
    """
    found = []
    for key, each in started.items():
        if isinstance(key, tuple) and isinstance(each, State):
            found.append(joint_state(key, each, network))
        elif isinstance(key, tuple) and isinstance(each, Gibbs):
            found.append(gibbs_state(network, key, each.temperature, axes, limit))
    if own is None or not prepared_sites(started).isdisjoint(network.battery):
        return tuple(found)
    dims = {d: axes.sizes[d] for d in axes.generator}
    degenerate = DEGENERATE_BATTERY.format(", ".join(f"{n!r}: fock(0)" for n in network.battery))
    return (*found, ground_state(network.battery, own, dims, degenerate))


def ground_state(
    sites: tuple[str, ...], own: OwnHamiltonian, dims: Mapping[str, int], degenerate: str
) -> Joint:
    """The ground state of some sites, over these axes; ValueError, as it says, if degenerate."""
    states, amplitudes = own.ground_state(degenerate)
    sizes = dims if len(amplitudes) > 1 else {}
    values = amplitudes.reshape(*sizes.values(), len(states))
    none = np.zeros(len(states), dtype=np.int64)
    return Joint(sites, states, none, xr.Variable((*sizes, "entry"), values))


def gibbs_state(
    network: Network, sites: tuple[str, ...], temperature: Parameter, axes: Batch, limit: float
) -> Joint:
    """exp(-H/T)/Z of some sites: every eigenstate of H, the root of its weight its norm.

    Its axes are those of the temperature and of the numbers that are in H. ValueError for a
    temperature of zero where the ground level is degenerate.
    """
    degenerate = DEGENERATE.format(
        f"the ground level of {', '.join(sites)}, with what is always on between them,"
    )
    levels = {name: site.dimension or 2 for name, site in network.sites.items()}
    dims, numbers = _numbers(network, sites, levels, axes)
    own = OwnHamiltonian.of(network, levels, numbers, limit, sites)
    if not any_nonzero(temperature):
        return ground_state(sites, own, dims, degenerate)
    place, member, energies, vectors = _eigenstates(own)
    shape = [n if len(energies) > 1 else 1 for n in dims.values()]
    above = xr.DataArray(
        (energies - energies.min(axis=-1, keepdims=True)).reshape(*shape, -1),
        dims=(*dims, "member"),
    )
    cold = xr.DataArray(temperature) == 0
    same = xr.DataArray(alike(np.sort(energies, axis=-1)).reshape(shape), dims=tuple(dims))
    if (cold & same).any():
        raise ValueError(degenerate)
    weights = boltzmann(above, temperature, "member")
    many = weights.size // weights.sizes["member"] * len(place)
    allow("numbers in a Gibbs state", many, 32, limit)
    root = (weights**0.5).isel(member=xr.DataArray(member, dims="entry"))
    whole = xr.DataArray(vectors.reshape(*shape, -1), dims=(*dims, "entry"))
    amplitude = (root * whole).transpose(..., "entry")
    size = np.abs(amplitude.to_numpy()).reshape(-1, len(place))
    held = np.flatnonzero((size > NO_PART).any(axis=0))
    return Joint(sites, own.states[place[held]], member[held], amplitude.variable.isel(entry=held))


def _numbers(
    network: Network, sites: tuple[str, ...], levels: Mapping[str, int], axes: Batch
) -> tuple[dict[str, int], Numbers]:
    """The axes of the numbers in a Hamiltonian of some sites, and what gives the numbers there."""
    terms = own_terms(network, levels, sites)
    given = [terms.coefficients[each.term] for each in terms.products]
    own = {str(d) for value in given for d in getattr(value, "dims", ())}
    dims = {d: axes.sizes[d] for d in axes.generator if d in own}
    inside = replace(axes, generator=tuple(dims))

    def numbers(value: Parameter) -> Array:
        elsewhere = {*getattr(value, "dims", ())} - {*dims}  # then it is in no element here
        return np.zeros(1) if elsewhere else inside.numbers(value)

    return dims, numbers


def _eigenstates(own: OwnHamiltonian) -> tuple[Array, Array, Array, Array]:
    """Product states and eigenstates (entries,), energies (g, eigenstates), vectors (g, entries).

    An eigenstate is on the product states of its block only.
    """
    places, owners, energies, vectors, before = [], [], [], [], 0
    for members, matrices in own.in_blocks():
        values, columns = np.linalg.eigh(matrices)
        g, blocks, n = values.shape
        number = before + np.arange(blocks * n).reshape(blocks, 1, n)
        places.append(np.broadcast_to(members[:, :, None], (blocks, n, n)).reshape(-1))
        owners.append(np.broadcast_to(number, (blocks, n, n)).reshape(-1))
        energies.append(values.reshape(g, -1))
        vectors.append(columns.reshape(g, -1))
        before += blocks * n
    return (
        np.concatenate(places),
        np.concatenate(owners),
        np.concatenate(energies, axis=-1),
        np.concatenate(vectors, axis=-1),
    )
