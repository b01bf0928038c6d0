"""Energies of the battery's reduced state: stored, passive and active, at once or cell by cell.

Passive and active energies come from as many eigenvalues as the state has, and as many levels.
"""

from __future__ import annotations

import numpy as np

from quantumbattery.charging.battery_hamiltonian import Battery, Cell
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.sites import Qubit
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.reduced import Part


def mean_energy(part: Part, states: Array, populations: Array, battery: Battery) -> Array:
    """Tr(H rho), with populations (g, c, T, states) of the battery's states; never negative."""
    energy = np.matmul(populations, battery.energies[:, None, :, None])[..., 0]
    if len(battery.row):
        corners = part.elements(states, battery.column, battery.row)
        energy = energy + (corners * battery.value[:, None, None]).sum(axis=-1).real
    positive: Array = np.maximum(energy, 0.0)
    return positive


def energy_variance(part: Part, states: Array, populations: Array, battery: Battery) -> Array:
    """Tr(H^2 rho) - Tr(H rho)^2 as the mean of (H - E)^2."""
    mean = mean_energy(part, states, populations, battery)[..., None]
    spread = (battery.energies[:, None, None] - mean) ** 2
    variance: Array = (populations * spread).sum(axis=-1)
    if len(battery.row):
        # With H = D + V: (H - E)^2 = (D - E)^2 + (D - E) V + V (D - E) + V^2.
        row, column, square = _square(battery)
        corners = part.elements(states, column, row)
        variance = variance + (corners * square[:, None, None]).sum(axis=-1).real
        corners = part.elements(states, battery.column, battery.row) * battery.value[:, None, None]
        both = battery.energies[:, battery.row] + battery.energies[:, battery.column]
        variance = variance + (corners * (both[:, None, None] - 2 * mean)).sum(-1).real
    variance = np.maximum(variance, 0.0)
    return variance


def _square(battery: Battery) -> tuple[Array, Array, Array]:
    """V^2 of the part V beside the diagonal: rows, columns and values (g, entries)."""
    from scipy.sparse import csr_array

    g, n = len(battery.value), len(battery.states)
    shift = n * np.arange(g)[:, None]
    places = ((battery.row + shift).ravel(), (battery.column + shift).ravel())
    every = csr_array((battery.value.ravel(), places), shape=(g * n, g * n))  # members apart
    found = (every @ every).tocoo()
    member, row = np.divmod(found.coords[0], n)
    keys, which = np.unique(row * n + found.coords[1] % n, return_inverse=True)
    square = np.zeros((g, len(keys)), dtype=found.dtype)
    square[member, which] = found.data
    return *np.divmod(keys, n), square


def passive_and_active(eigenvalues: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Passive and active energy: eigenvalues, falling, on the levels from below and from above."""
    inside = eigenvalues[..., : low.shape[-1]]
    passive = np.matmul(inside, low[:, None, :, None])[..., 0]
    if np.isinf(high).any():
        return passive, np.full_like(passive, np.inf)
    return passive, np.matmul(inside, high[:, None, :, None])[..., 0]


def of_two_levels(p: Array, corner: Array, gap: Array) -> tuple[Array, Array]:
    """Passive and active energy of two levels, by the upper population and the coherence."""
    # 1/2 - r is (p (1 - p) - C^2) / (1/2 + r), without loss of digits for p near 0 and near 1.
    # In place, for memory's sake.
    squared = np.square(corner.real)
    squared += np.square(corner.imag)
    passive = 1 - p
    passive *= p
    passive -= squared
    active = p - 0.5
    active *= active
    active += squared
    np.sqrt(active, out=active)
    active += 0.5
    passive /= active
    np.maximum(passive, 0.0, out=passive)
    np.minimum(active, 1.0, out=active)
    passive *= gap
    active *= gap
    return passive, active


def of_cell(cell: Cell, part: Part, states: Array) -> tuple[Array, Array]:
    """Passive and active energy of one site, an ensemble cell by cell."""
    site = cell.site
    if isinstance(site, Ensemble):
        d, number = site.cell.dimension, site.number
        rho = one_of(site, part, states)
    elif isinstance(site, Qubit):
        d, number = 2, 1
        rho = matrix(part, states, (2,))
    else:
        found = part.eigenvalues(states)
        return passive_and_active(found, *cell.extremes(found.shape[-1], len(part.split.levels)))
    energies = cell.one.energies(d)
    if d == 2 and not energies[:, 0].any():  # level 1 is the upper one
        passive, active = of_two_levels(
            rho[..., 1, 1].real, rho[..., 1, 0], energies[:, 1][:, None, None]
        )
    else:
        values = np.maximum(np.linalg.eigvalsh(rho), 0.0)[..., ::-1]
        ordered = np.sort(energies, axis=-1)
        passive = np.matmul(values, ordered[:, None, :, None])[..., 0]
        active = np.matmul(values, ordered[:, None, ::-1, None])[..., 0]
    return number * passive, number * active


def one_of(site: Ensemble, part: Part, states: Array) -> Array:
    """The density matrix (..., d, d) of one of the cells that share a symmetric state.

    Element j, k is the mean of the sum over cells of |k><j|, over N; on the ladder that takes a
    cell from level j to level k: sqrt(n_j (n_k + 1)), or n_j where they are equal.
    """
    d, levels = site.cell.dimension, part.split.levels[:, 0]
    here = site.occupations[levels]
    place = {tuple(row): k for k, row in enumerate(here.tolist())}
    populations = part.populations(states)
    rho = np.zeros((*populations.shape[:-1], d, d), dtype=complex)
    for j in range(d):
        rho[..., j, j] = populations @ here[:, j]
        for k in range(j):
            after = here.copy()
            after[:, j] -= 1
            after[:, k] += 1
            target = np.array([place.get(tuple(row), -1) for row in after.tolist()])
            source = np.flatnonzero(target >= 0)
            if len(source):
                weight = np.sqrt(here[source, j] * (here[source, k] + 1.0))
                corners = part.elements(states, source, target[source])
                rho[..., j, k] = corners @ weight
                rho[..., k, j] = rho[..., j, k].conj()
    rho /= site.number
    return rho


def qubit(part: Part, states: Array) -> tuple[Array, Array]:
    """Excited population, within [0, 1], and coherence of a qubit."""
    place = {level: k for k, level in enumerate(part.split.levels[:, 0].tolist())}
    zero = np.zeros(states.shape[:-1])
    if 1 not in place:
        return zero, zero
    if 0 not in place:
        return zero + 1.0, zero
    p = part.population(states, place[1])
    np.maximum(p, 0.0, out=p)
    corner = part.elements(states, np.array([place[1]]), np.array([place[0]]))[..., 0]
    return np.minimum(p, 1.0, out=p), corner


def matrix(part: Part, states: Array, levels: tuple[int, ...]) -> Array:
    """The density matrix (..., d, d) of sites with few levels."""
    where = part.split.levels @ np.cumprod([1, *levels[:0:-1]])[::-1]
    n, d = len(where), int(np.prod(levels))
    row, column = np.repeat(np.arange(n), n), np.tile(np.arange(n), n)
    elements = part.elements(states, row, column)
    rho = np.zeros((*elements.shape[:-1], d, d), dtype=elements.dtype)
    rho[..., where[row], where[column]] = elements
    return rho
