"""What several sites start in together: joint states, Gibbs states, a battery's ground state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.own_hamiltonian import Numbers, in_blocks, own_terms, product_states
from quantumbattery.machine import allow
from quantumbattery.network.amplitudes import boltzmann
from quantumbattery.network.given_states import State
from quantumbattery.network.joint_starts import Joint, joint_state
from quantumbattery.network.network import Network
from quantumbattery.network.preparations import Gibbs, Started
from quantumbattery.network.starts import DEGENERATE, prepared_sites
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.parameters import any_nonzero

_DEGENERATE = 1e-10  # of the size of the energies: a gap that is none
_NO_PART = 1e-17  # of an amplitude
_LARGE_BLOCK = 400  # from here on the lowest energies alone cost less


def joint_starts(
    network: Network, started: Started, axes: Batch, limit: float
) -> tuple[Joint, ...]:
    """What sites start in together, as preparations say, and an interacting battery by itself."""
    found = []
    for key, each in started.items():
        if isinstance(key, tuple) and isinstance(each, State):
            found.append(joint_state(key, each, network))
        elif isinstance(key, tuple) and isinstance(each, Gibbs):
            found.append(gibbs_state(network, key, each.temperature, axes, limit))
    ground = empty_battery(network, started, axes, limit)
    return tuple(found) if ground is None else (*found, ground)


def empty_battery(network: Network, started: Started, axes: Batch, limit: float) -> Joint | None:
    """The ground state of a battery whose sites interact, where no preparation names one of them.

    None where it is that all its sites are in level 0, or where they are prepared.
    """
    always = any(each.always for each in network.interactions)
    if not always or not prepared_sites(started).isdisjoint(network.battery):
        return None
    start = ", ".join(f"{name!r}: fock(0)" for name in network.battery)
    degenerate = (
        "the battery is not prepared, and the ground level of its own Hamiltonian, with the "
        "interactions that are always on, is degenerate: say which of its states the battery "
        f"starts in, by a preparation of its sites, such as {{{start}}}"
    )
    return ground_state(network, network.battery, axes, limit, degenerate)


def ground_state(
    network: Network, sites: tuple[str, ...], axes: Batch, limit: float, degenerate: str
) -> Joint:
    """The ground state of some sites; ValueError, as it says, if their ground level is degenerate.

    Its axes are those of the numbers that are in their Hamiltonian.
    """
    levels = {name: site.dimension or 2 for name, site in network.sites.items()}
    dims, numbers = _numbers(network, sites, levels, axes)
    lowest_two, kets = [], []
    for members, matrices in in_blocks(network, sites, levels, numbers, limit):
        energies, vectors = _ground_of(matrices)
        lowest_two.append(energies)  # (g, blocks, 1 or 2)
        kets.append((members, energies[..., 0], vectors))
    every = np.concatenate([e.reshape(len(e), -1) for e in lowest_two], axis=-1)
    if _alike(every).any():
        raise ValueError(degenerate)
    lowest, states = every.min(axis=-1), product_states([levels[name] for name in sites])
    amplitudes = np.zeros((len(every), len(states)), np.result_type(*(v for *_, v in kets)))
    for members, energies, vectors in kets:
        member, block = np.nonzero(energies == lowest[:, None])
        amplitudes[member[:, None], members[block]] = vectors[member, block]
    held = np.flatnonzero((np.abs(amplitudes) > _NO_PART).any(axis=0))
    values = amplitudes[:, held].reshape(*dims.values(), len(held))
    none = np.zeros(len(held), dtype=np.int64)
    return Joint(sites, states[held], none, xr.DataArray(values, dims=(*dims, "entry")))


def _numbers(
    network: Network, sites: tuple[str, ...], levels: dict[str, int], axes: Batch
) -> tuple[dict[str, int], Numbers]:
    """The axes of the numbers in a Hamiltonian of some sites, and what gives the numbers there."""
    terms = own_terms(network, sites, levels)
    given = [terms.coefficients[each.term] for each in terms.products]
    own = {str(d) for value in given for d in getattr(value, "dims", ())}
    dims = {d: axes.sizes[d] for d in axes.generator if d in own}
    inside = replace(axes, generator=tuple(dims))

    def numbers(value: Parameter) -> Array:
        elsewhere = {*getattr(value, "dims", ())} - {*dims}  # then it is in no element here
        return np.zeros(1) if elsewhere else inside.numbers(value)

    return dims, numbers


def _alike(energies: Array) -> Array:
    """Where the two lowest of some energies (g, n) are the same, (g,)."""
    rising = np.sort(energies, axis=-1)
    scale = np.abs(rising).max(axis=-1) + np.ptp(rising, axis=-1)
    if rising.shape[-1] < 2:
        return np.zeros(len(rising), dtype=bool)
    alike: Array = rising[:, 1] - rising[:, 0] <= _DEGENERATE * scale
    return alike


def _ground_of(matrices: Array) -> tuple[Array, Array]:
    """The one or two lowest energies (..., 2) and the lowest vectors (..., n)."""
    n = matrices.shape[-1]
    if n <= _LARGE_BLOCK:
        energies, vectors = np.linalg.eigh(matrices)
        return energies[..., :2], vectors[..., 0]
    from scipy.sparse.linalg import eigsh

    found = [eigsh(each, k=2, which="SA", v0=np.ones(n)) for each in matrices.reshape(-1, n, n)]
    order = [np.argsort(energies) for energies, _ in found]
    energies = np.stack([e[o] for (e, _), o in zip(found, order, strict=True)])
    vectors = np.stack([v[:, o[0]] for (_, v), o in zip(found, order, strict=True)])
    return energies.reshape(*matrices.shape[:-2], 2), vectors.reshape(matrices.shape[:-1])


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
    if not any_nonzero(temperature):
        return ground_state(network, sites, axes, limit, degenerate)
    levels = {name: site.dimension or 2 for name, site in network.sites.items()}
    dims, numbers = _numbers(network, sites, levels, axes)
    place, member, energies, vectors = _eigenstates(network, sites, levels, numbers, limit)
    above = xr.DataArray(
        (energies - energies.min(axis=-1, keepdims=True)).reshape(*dims.values(), -1),
        dims=(*dims, "member"),
    )
    cold = xr.DataArray(temperature) == 0
    alike = xr.DataArray(_alike(energies).reshape([*dims.values()]), dims=tuple(dims))
    if (cold & alike).any():
        raise ValueError(degenerate)
    weights = boltzmann(above, temperature, "member")
    many = weights.size // weights.sizes["member"] * len(place)
    allow("numbers in a Gibbs state", many, 32, limit)
    root = (weights**0.5).isel(member=xr.DataArray(member, dims="entry"))
    whole = xr.DataArray(vectors.reshape(*dims.values(), -1), dims=(*dims, "entry"))
    amplitude = (root * whole).transpose(..., "entry")
    size = np.abs(amplitude.to_numpy()).reshape(-1, len(place))
    held = np.flatnonzero((size > _NO_PART).any(axis=0))
    states = product_states([levels[name] for name in sites])
    return Joint(sites, states[place[held]], member[held], amplitude.isel(entry=held))


def _eigenstates(
    network: Network,
    sites: tuple[str, ...],
    levels: dict[str, int],
    numbers: Numbers,
    limit: float,
) -> tuple[Array, Array, Array, Array]:
    """Product states and eigenstates (entries,), energies (g, eigenstates), vectors (g, entries).

    An eigenstate is on the product states of its block only.
    """
    places, owners, energies, vectors, before = [], [], [], [], 0
    for members, matrices in in_blocks(network, sites, levels, numbers, limit):
        values, columns = np.linalg.eigh(matrices)
        g, blocks, n = values.shape
        own = before + np.arange(blocks * n).reshape(blocks, 1, n)
        places.append(np.broadcast_to(members[:, :, None], (blocks, n, n)).reshape(-1))
        owners.append(np.broadcast_to(own, (blocks, n, n)).reshape(-1))
        energies.append(values.reshape(g, -1))
        vectors.append(columns.reshape(g, -1))
        before += blocks * n
    return (
        np.concatenate(places),
        np.concatenate(owners),
        np.concatenate(energies, axis=-1),
        np.concatenate(vectors, axis=-1),
    )
