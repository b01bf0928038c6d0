"""Daemonic ergotropy: work from the battery when the charger is measured first.

Charger first factor, battery second. hbar = 1: energies come in the units of ``h``.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt
from typing import TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.merit.energy import energy, within
from quantumbattery.merit.ergotropy import ergotropy, rearranged
from quantumbattery.merit.partial_trace import reduced, states_of_parts
from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.matrices import (
    TOLERANCE,
    eigensystem,
    eigenvalues,
    evaluate,
    hamiltonians,
    square_matrix,
)
from quantumbattery.quantities.matrix_labels import along

DIRECTIONS = 240  # scanned on the hemisphere of a qubit charger,
SECTORS = 6  # the best of each sector is a start
RANDOM_STARTS = 16  # beside the obvious bases of a larger charger
ROUNDS = 200  # of the climb from each start
BLOCK = 2**14  # matrix elements of the joint states taken at once

Joint: TypeAlias = Array
"""States as (n, a a, b b): row (i, k), column (j, l) is the element <i j|rho|k l>."""


def daemonic_ergotropy(
    rho: MatrixLike, h: MatrixLike, dims: Sequence[int], basis: MatrixLike = "best"
) -> Computed:
    """Average ergotropy of the battery when a projective measurement of the charger is known.

    Each outcome has its own best unitary on the battery (Francica, Goold, Plastina and Paternostro,
    npj Quantum Information 3, 12 (2017)). Never below the ergotropy of the battery alone, never
    above its energy over the ground level, which a pure joint state reaches in any basis.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        Joint density matrices, the charger the first factor.
    h : array_like, DataArray or Qobj
        Hamiltonian of the battery alone, (b, b) or a batch.
    dims : (int, int)
        Dimensions a of the charger and b of the battery, a b = d.
    basis : "best" or array_like (a, a)
        The measured orthonormal basis as columns of a unitary matrix, or the best one for each
        state. Measurements with more outcomes than a are not considered.

    Returns
    -------
    float, ndarray or DataArray
        In the units of ``h``.

    Raises
    ------
    TypeError, ValueError
        For a wrong matrix, ``dims`` that do not fit, or a basis that is not orthonormal.

    Notes
    -----
    The best basis is climbed to from many starts by rounds none of which goes down, at most 200:
    with the unitaries of one basis kept, the next basis is a better one (for a qubit charger the
    best one). For a qubit charger the starts are the best points in six sectors of a scan of 240
    directions. No fine grid has found more so far, and the climb ends within 1e-9 of the gap of
    ``h`` even where two directions are nearly as good. For larger chargers the starts are the usual
    bases and 16 fixed random ones. The result is always that of a basis that exists, so never too
    large; that it is the global maximum is likely, not proven.

    Examples
    --------
    Half of a Bell pair is useless alone, and full once the other half is known:

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> h = np.diag([0.0, 1.0])
    >>> qb.daemonic_ergotropy(np.outer(bell, bell), h, dims=(2, 2)).round(12)
    np.float64(0.5)

    A classically correlated pair gains in the energy basis, and nothing in the crosswise one:

    >>> rho, plus_minus = np.diag([0.5, 0.0, 0.0, 0.5]), np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    >>> qb.daemonic_ergotropy(rho, h, dims=(2, 2), basis=np.eye(2)).round(12)
    np.float64(0.5)
    >>> qb.daemonic_ergotropy(rho, h, dims=(2, 2), basis=plus_minus).round(12)
    np.float64(0.0)
    """
    state, (a, b) = states_of_parts(rho, dims, parts=2)
    battery = hamiltonians(h, b)
    measured = None if isinstance(basis, str) and basis == "best" else _orthonormal(basis, a)

    def kernel(rho: Array, h: Array) -> Array:
        return _daemonic(rho, h, a, measured)

    return evaluate(kernel, state, battery)


def _orthonormal(basis: MatrixLike, a: int) -> Array:
    if isinstance(basis, str):
        raise ValueError(
            f'basis is {basis!r}: it takes "best" or the vectors as columns of a matrix'
        )
    if isinstance(basis, xr.Dataset):
        raise TypeError("basis is a Dataset, a table of several: give one array of it")
    if isinstance(basis, xr.DataArray | np.ma.MaskedArray):  # whose names and masks count
        if isinstance(basis, xr.DataArray) and {"row", "column"} == {*basis.dims}:
            basis = along(basis.transpose("row", "column"), "row")
        basis = square_matrix(basis, "basis")
    given = as_array(basis.full() if hasattr(basis, "full") else basis)
    if given.dtype.kind not in "iufc":
        raise TypeError(
            f'basis holds {given.dtype}: it takes "best" or the vectors as columns of a matrix'
        )
    if given.shape != (a, a):
        raise ValueError(f"basis has shape {given.shape}: the measured charger needs {(a, a)}")
    if not np.all(np.abs(given.conj().T @ given - np.eye(a)) <= TOLERANCE):
        raise ValueError(
            "basis is not orthonormal: its columns are unit vectors at right angles, as those that "
            "np.linalg.eigh or np.linalg.qr return"
        )
    return given


def _daemonic(rho: Array, h: Array, a: int, measured: Array | None) -> Array:
    b = h.shape[-1]
    e, vectors = np.linalg.eigvalsh(h), eigensystem(h)[1]
    shape = np.broadcast_shapes(rho.shape[:-2], h.shape[:-2])
    joint = np.broadcast_to(rho, (*shape, a * b, a * b)).reshape(-1, a, b, a, b)
    joint = joint.swapaxes(2, 3).reshape(-1, a * a, b * b)
    levels = np.broadcast_to(e - e[..., :1], (*shape, b)).reshape(-1, b)
    frame = np.broadcast_to(vectors, (*shape, b, b)).reshape(-1, 1, b, b)
    if measured is None:
        best = _best_basis(joint, levels)
    else:
        best = np.broadcast_to(measured, (len(joint), a, a))
    outcomes = _outcomes(joint, best)  # unnormalised: probability times state, as work is linear
    work = rearranged(levels[:, None], outcomes, frame).sum(-1).reshape(shape)
    alone = reduced(rho, (a, b), [1])
    ceiling = energy.formula(alone, h) - e[..., 0]
    return within(work, ergotropy.formula(alone, h), ceiling, rho, e, terms=a * b)


def _outcomes(joint: Joint, basis: Array) -> Array:
    """Battery states (n, j, b, b) after outcome j, times its probability."""
    n, a = basis.shape[:2]
    b = isqrt(joint.shape[-1])
    vectors = basis.swapaxes(-1, -2)
    projectors = (vectors.conj()[..., :, None] * vectors[..., None, :]).reshape(n, a, a * a)
    outcomes: Array = (projectors @ joint).reshape(-1, a, b, b)
    return outcomes


def _passive(joint: Joint, e: Array, basis: Array) -> Array:
    """Average passive energy (n,) after the measurement: what the best basis makes least."""
    r = eigenvalues(_outcomes(joint, basis))[..., ::-1]
    passive: Array = (r * e[:, None]).sum((-1, -2))
    return passive


def _best_basis(joint: Joint, e: Array) -> Array:
    n, a = len(joint), isqrt(joint.shape[1])
    scan = _qubit_starts if a == 2 else _larger_starts
    best = np.empty((n, a, a), dtype=complex)
    block = max(1, BLOCK // joint[0].size) if n else 1
    for first in range(0, n, block):  # blocks only bound the memory
        states = slice(first, first + block)
        starts = scan(joint[states], e[states])
        owner = np.tile(np.arange(len(joint[states])), len(starts))
        basis, passive = _climb(joint[states], e[states], np.concatenate(starts), owner)
        winner = passive.reshape(len(starts), -1).argmin(axis=0)
        best[states] = basis.reshape(len(starts), -1, a, a)[winner, np.arange(winner.size)]
    return best


def _qubit_starts(joint: Joint, e: Array) -> list[Array]:
    """Best of the scanned directions in each of six sectors of the hemisphere."""
    bases, sectors = _hemisphere()
    n, b = len(joint), isqrt(joint.shape[-1])
    up = bases[:, :, 0]
    projectors = (up.conj()[:, :, None] * up[:, None, :]).reshape(-1, 4)
    first = (projectors @ joint).reshape(n, -1, b, b)
    second = (joint[:, 0] + joint[:, 3]).reshape(n, 1, b, b) - first
    r = (eigenvalues(first) + eigenvalues(second))[..., ::-1]
    passive = (r * e[:, None]).sum(-1)
    members = [np.flatnonzero(sectors == sector) for sector in range(SECTORS)]
    return [bases[inside[passive[:, inside].argmin(axis=1)]] for inside in members]


@lru_cache(maxsize=1)
def _hemisphere() -> tuple[Array, Array]:
    """Bases (m, 2, 2) along the points of a Fibonacci lattice, and the sector of each point."""
    count = np.arange(DIRECTIONS)
    z, azimuth = (count + 0.5) / DIRECTIONS, count * np.pi * (3 - np.sqrt(5))
    cosine, sine = np.sqrt((1 + z) / 2), np.sqrt((1 - z) / 2) * np.exp(1j * azimuth)
    bases = np.moveaxis(np.array([[cosine, -sine.conj()], [sine, cosine]]), -1, 0)
    planar = np.sqrt(1 - z**2)
    points = np.stack([planar * np.cos(azimuth), planar * np.sin(azimuth), z], axis=-1)
    g = (1 + np.sqrt(5)) / 2  # the axes of an icosahedron
    axes = np.array([[0, 1, g], [0, -1, g], [1, g, 0], [-1, g, 0], [g, 0, 1], [g, 0, -1]])
    return bases, np.abs(points @ axes.T).argmax(axis=1)


def _larger_starts(joint: Joint, e: Array) -> list[Array]:  # noqa: ARG001
    """Charger's levels, its own eigenbasis, a basis unbiased to each, and fixed random ones."""
    n, a, b = len(joint), isqrt(joint.shape[1]), isqrt(joint.shape[2])
    own = np.linalg.eigh(joint[..., :: b + 1].sum(-1).reshape(n, a, a))[1]
    fourier = np.exp(2j * np.pi * np.outer(np.arange(a), np.arange(a)) / a) / np.sqrt(a)
    random = np.random.default_rng(2017).normal(size=(2, RANDOM_STARTS, a, a))
    fixed = [np.eye(a), fourier, *np.linalg.qr(random[0] + 1j * random[1])[0]]
    return [own, own @ fourier, *(np.broadcast_to(basis, (n, a, a)) for basis in fixed)]


def _climb(joint: Joint, e: Array, start: Array, owner: Array) -> tuple[Array, Array]:
    """Improve bases (m, a, a) until nothing is gained; ``owner`` (m,) is the state of each."""
    basis = start.astype(complex)
    passive = _passive(joint[owner], e[owner], basis)
    threshold = 4 * np.finfo(float).eps * e.max(axis=-1)[owner]
    moving = np.arange(len(basis))
    for _ in range(ROUNDS):
        states, levels = joint[owner[moving]], e[owner[moving]]
        here = basis[moving]
        once = _step(states, levels, here)
        trial = _step(states, levels, once)
        bold = _extrapolated(here, once, trial)
        after, bolder = _passive(states, levels, trial), _passive(states, levels, bold)
        pays = bolder < after
        trial, after = np.where(pays[:, None, None], bold, trial), np.where(pays, bolder, after)
        gain = passive[moving] - after
        up = gain > 0
        basis[moving[up]], passive[moving[up]] = trial[up], after[up]
        moving = moving[gain > threshold[moving]]
        if not moving.size:
            break
    return basis, passive


def _extrapolated(here: Array, once: Array, twice: Array) -> Array:
    """Where two safe but short steps lead to (SQUAREM, Varadhan and Roland, 2008)."""
    first = once - here
    turn = twice - once - first
    length, change = (np.linalg.norm(x, axis=(-2, -1), keepdims=True) for x in (first, turn))
    reach = np.divide(length, change, out=np.ones_like(length), where=change > 0)
    reach = np.maximum(reach, 1.0)
    return _unitary(here + 2 * reach * first + reach**2 * turn)


def _unitary(columns: Array) -> Array:
    """Polar factor: the unitary nearest to a matrix."""
    left, _, right = np.linalg.svd(columns)
    unitary: Array = left @ right
    return unitary


def _step(joint: Joint, e: Array, basis: Array) -> Array:
    """Basis that earns more with the unitaries that are best in the given one.

    With those unitaries fixed, outcome j costs <a_j|G_j|a_j>. Neither a constant nor a matrix that
    all G_j share matters; so their mean is taken out, and -G_j is shifted to be positive. Then the
    sum is convex in the basis, and its linear part is largest at the polar factor of the columns
    -G_j a_j: no step goes down (as in Journee et al., J. Mach. Learn. Res. 11, 517 (2010)).
    """
    _, vectors = eigensystem(_outcomes(joint, basis))
    passive = (vectors * e[:, None, None, ::-1]) @ vectors.conj().swapaxes(-1, -2)
    passive = passive - passive.mean(axis=1, keepdims=True)
    a, b = basis.shape[-1], passive.shape[-1]
    transposed = passive.swapaxes(-1, -2).reshape(-1, a, b * b)
    cost = (transposed @ joint.swapaxes(-1, -2)).reshape(-1, a, a, a)
    cost = (cost + cost.conj().swapaxes(-1, -2)) / 2
    if a == 2:  # the two costs are opposite: one eigenbasis is best for both
        vectors = eigensystem(cost[:, 0])[1]
        overlap = (vectors.conj() * basis).sum(axis=1, keepdims=True)
        vectors *= np.exp(1j * np.angle(overlap))  # in phase with the basis left behind
        return vectors
    ceiling = eigenvalues(cost)[..., -1]
    vector = basis.swapaxes(-1, -2)[..., None]
    columns = (ceiling[..., None, None] * vector - cost @ vector)[..., 0].swapaxes(-1, -2)
    return _unitary(columns)
