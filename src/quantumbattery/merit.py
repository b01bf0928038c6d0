"""Figures of merit of a battery's state, in any dimension and for any batch.

In every function ``rho`` is a density matrix (..., d, d) and ``h`` the battery's Hamiltonian (d, d)
or a batch that broadcasts with ``rho``; a QuTiP Qobj or a list of them will do, and of a DataArray
the last two dimensions are the matrix. hbar = 1: energies come in the units of ``h``. One state
gives one number, a batch an array, a DataArray a DataArray of its remaining dimensions.

A matrix that is not numeric raises TypeError; one that is not finite, square and Hermitian, a state
that has not trace 1 or is not positive (tolerance 1e-8), or shapes that do not fit, ValueError.

The bounds hold in floating point too, with e_0 the lowest level of ``h``:
0 <= ergotropy <= energy - e_0, antiergotropy <= 0, e_0 <= passive <= energy <= active energy.
"""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from quantumbattery.matrices import (
    Array,
    MatrixLike,
    Values,
    density_matrices,
    dimensions,
    eigensystem,
    eigenvalues,
    evaluate,
    hamiltonians,
    reduced,
)


def energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Energy E = Tr(h rho) that the battery stores (paper, Eq. 17).

    It counts from the zero of ``h``, so a battery whose ground level is 0 is empty at E = 0.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.energy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.75)
    """
    return _evaluate(energy_kernel, rho, h)


def passive_energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Energy that no unitary can take out: that of the passive state (paper, Eq. 18).

    The largest eigenvalue of ``rho`` meets the lowest level of ``h``, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.passive_energy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.25)
    """
    return _evaluate(_passive_energy, rho, h)


def active_energy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Highest energy that a unitary can reach: that of the active state (paper, Sec. 2).

    The largest eigenvalue of ``rho`` meets the highest level of ``h``, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.active_energy(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(0.75)
    """
    return _evaluate(lambda rho, h: -_passive_energy(rho, -h), rho, h)


def ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Most work that a cyclic unitary extracts: energy minus passive energy (paper, Eq. 10).

    Computed as a sum of terms none of which is negative, so that a small ergotropy keeps its
    digits (Allahverdyan, Balian and Nieuwenhuizen, EPL 67, 565 (2004), for the definition).

    Raises
    ------
    ArithmeticError
        If rounding breaks a bound by more than rounding can: it should never happen.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.ergotropy(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.5)

    A plus state is worth w/2, by its coherence alone; three times at once:

    >>> plus, mixed, ground = np.full((2, 2), 0.5), np.eye(2) / 2, np.diag([1.0, 0.0])
    >>> qb.ergotropy([plus, mixed, ground], h=np.diag([0.0, 1.0])).round(12)
    array([0.5, 0. , 0. ])
    """
    return _evaluate(ergotropy_kernel, rho, h)


def antiergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Energy minus active energy, never positive: minus the room left (paper, Sec. 2 and Eq. 51).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.antiergotropy(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(-0.5)
    """
    return _evaluate(lambda rho, h: 0.0 - ergotropy_kernel(rho, -h), rho, h)


def capacity(rho: MatrixLike, h: MatrixLike) -> Values:
    """Work that a unitary cycle can move: active minus passive energy (paper, Eq. 19).

    It is ergotropy minus antiergotropy, and depends on the eigenvalues of ``rho`` alone
    (Yang et al., Phys. Rev. Lett. 131, 030402 (2023)).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.capacity(np.diag([0.75, 0.25]), h=np.diag([0.0, 1.0]))
    np.float64(0.5)
    """
    return _evaluate(_capacity, rho, h)


def energy_variance(rho: MatrixLike, h: MatrixLike) -> Values:
    """Variance of the stored energy, Tr(h^2 rho) - Tr(h rho)^2 (paper, Eq. 9), in energy squared.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.energy_variance(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    np.float64(0.1875)
    """
    return _evaluate(_energy_variance, rho, h)


def passive_state(rho: MatrixLike, h: MatrixLike) -> Values:
    """State after all the work is out: eigenvalues falling as the levels of ``h`` rise.

    Diagonal in the energy eigenbasis (paper, Eq. 15, with the ground level first). Within a
    degenerate level of ``h`` the basis, and so the state, is a choice; its energy is not.

    Returns
    -------
    ndarray or DataArray, shape (..., d, d)

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.passive_state(np.diag([0.25, 0.75]), h=np.diag([0.0, 1.0]))
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """
    return _evaluate(_passive_state, rho, h, matrix=True)


def incoherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Part of the ergotropy that needs no coherence between energies.

    The ergotropy of ``rho`` dephased in the energy basis (Francica et al., Phys. Rev. Lett. 125,
    180603 (2020)). Only coherence between *different* energies is dropped: where ``h`` is
    degenerate the block inside the level stays, as a unitary inside it costs no energy; levels
    closer than 64 d eps max|e| count as one. For a qubit of gap w it is 2 w max(0, I), with the
    population inversion I.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> rho = np.array([[0.25, 0.25], [0.25, 0.75]])
    >>> qb.incoherent_ergotropy(rho, h=np.diag([0.0, 1.0]))
    np.float64(0.5)
    """
    return _evaluate(_incoherent_ergotropy, rho, h)


def coherent_ergotropy(rho: MatrixLike, h: MatrixLike) -> Values:
    """Part of the ergotropy that coherence between energies adds: total minus incoherent.

    Computed without that subtraction, as what is left to extract when the incoherent part is out.
    For a qubit of gap w it is w (sqrt(I^2 + C^2) - abs(I)), with the population inversion I and
    the coherence C of Eq. 46. See `incoherent_ergotropy` for the definition and its source.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> plus = np.full((2, 2), 0.5)
    >>> qb.coherent_ergotropy(plus, h=np.diag([0.0, 1.0])).round(12)
    np.float64(0.5)
    """
    return _evaluate(_coherent_ergotropy, rho, h)


def local_ergotropy(rho: MatrixLike, hs: Sequence[MatrixLike]) -> Values:
    """Work that can be extracted cell by cell: the sum of the cells' own ergotropies.

    Parameters
    ----------
    rho : array_like, DataArray or Qobj, shape (..., d, d)
        State of all cells together.
    hs : sequence of Hamiltonians
        One for each cell, in the order of the tensor product; their dimensions multiply to d.

    Examples
    --------
    Each half of a Bell pair is useless alone:

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> h = np.diag([0.0, 1.0])
    >>> qb.local_ergotropy(np.outer(bell, bell), hs=[h, h]).round(12)
    np.float64(0.0)
    """
    return evaluate(_local_ergotropy, *_cells(rho, hs))


def locked_ergotropy(rho: MatrixLike, hs: Sequence[MatrixLike]) -> Values:
    """Work that correlations between the cells lock: global minus local ergotropy, never negative.

    Global is the ergotropy under the sum of the cells' Hamiltonians. Parameters as in
    `local_ergotropy`.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> bell = np.array([1.0, 0.0, 0.0, 1.0]) / np.sqrt(2)
    >>> h = np.diag([0.0, 1.0])
    >>> qb.locked_ergotropy(np.outer(bell, bell), hs=[h, h]).round(12)
    np.float64(1.0)
    """
    return evaluate(_locked_ergotropy, *_cells(rho, hs))


# --- kernels: plain arrays (..., d, d), checked before -------------------------------------------


def _evaluate(
    kernel: Callable[..., Array], rho: MatrixLike, h: MatrixLike, matrix: bool = False
) -> Values:
    state = density_matrices(rho)
    return evaluate(kernel, state, hamiltonians(h, state.shape[-1]), matrix=matrix)


def energy_kernel(rho: Array, h: Array) -> Array:
    """Tr(h rho), between the lowest and the highest level."""
    e = np.linalg.eigvalsh(h)
    value = np.einsum("...ij,...ji->...", h, rho).real
    return within(value, e[..., 0], e[..., -1], rho, e)


def ergotropy_kernel(rho: Array, h: Array) -> Array:
    """Ergotropy, between 0 and energy minus ground energy."""
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    work = rearranged(e, rho, basis)
    return within(work, 0.0, energy_kernel(rho, h) - e[..., 0], rho, e)


def rearranged(e: Array, rho: Array, basis: Array) -> Array:
    """Work gained when the k-th eigenvalue of rho, falling, moves to the k-th level, rising.

    Now the k-th level of energy e_k is column k of ``basis``. Cut the ladder above level k. The
    population above the cut falls from sum_i r_i a_i to sum_{i>k} r_i, where r_i is the i-th
    eigenvalue of rho and a_i the weight of its vector above the cut. As sum_i a_i is the number of
    levels there, r_k may be taken from every r_i in both sums, and the fall is
    sum_{i<=k} (r_i - r_k) a_i + sum_{i>k} (r_k - r_i) (1 - a_i): no term is negative, and neither
    is the work, which is that fall times e_{k+1} - e_k, summed over the cuts.
    """
    r, vectors = eigensystem(rho)
    r, vectors = r[..., ::-1], vectors[..., ::-1]
    weights = np.abs(basis.conj().swapaxes(-1, -2) @ vectors) ** 2
    below = np.cumsum(weights, axis=-2)[..., :-1, :]
    above = np.cumsum(weights[..., ::-1, :], axis=-2)[..., -2::-1, :]
    cut, vector = np.ogrid[: r.shape[-1] - 1, : r.shape[-1]]
    misplaced = np.where(vector <= cut, above, below)
    moved = (misplaced * np.abs(r[..., None, :] - r[..., :-1, None])).sum(-1)
    work: Array = (np.diff(e) * moved).sum(-1)
    return work


def within(
    value: Array,
    low: Array | float,
    high: Array | float,
    rho: Array,
    e: Array,
    terms: int | None = None,
) -> Array:
    """Trim what rounding puts past a bound that mathematics guarantees, and no more than that.

    Rounding is some eps times the largest energy times the number of terms, d if not given. Of a
    state whose trace is not quite 1 or whose eigenvalues are not quite positive (the border lets
    1e-8 pass) it is also that defect's worth.
    """
    excess = np.maximum(low - value, value - high)
    scale = np.abs(e).max(axis=-1)
    slack = 64 * (terms or e.shape[-1]) * np.finfo(float).eps * scale + np.finfo(float).tiny
    if np.any(excess > slack):
        r = eigenvalues(rho)
        defect = np.abs(r.sum(-1) - 1) - np.minimum(r, 0.0).sum(-1)
        if np.any(excess > slack + 4 * scale * defect):
            raise ArithmeticError(
                f"a figure of merit passes its bound by {np.max(excess):.3g}, more than rounding "
                "explains: please report the state and the Hamiltonian"
            )
    trimmed: Array = np.minimum(np.maximum(value, low), high)
    return trimmed


def _passive_energy(rho: Array, h: Array) -> Array:
    e = np.linalg.eigvalsh(h)
    value = (eigenvalues(rho)[..., ::-1] * e).sum(-1)
    return within(value, e[..., 0], energy_kernel(rho, h), rho, e)


def _capacity(rho: Array, h: Array) -> Array:
    r, e = eigenvalues(rho), np.linalg.eigvalsh(h)
    half = r.shape[-1] // 2  # the pairs (first, last), (second, last but one) ... swap places
    swaps = (r[..., ::-1] - r) * (e[..., ::-1] - e)
    return within(swaps[..., :half].sum(-1), 0.0, e[..., -1] - e[..., 0], rho, e)


def _energy_variance(rho: Array, h: Array) -> Array:
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    p = np.maximum(_populations(rho, basis), 0.0)
    mean = (p * e).sum(-1, keepdims=True) / p.sum(-1, keepdims=True)
    variance: Array = (p * (e - mean) ** 2).sum(-1)
    return variance


def _populations(rho: Array, basis: Array) -> Array:
    populations: Array = np.einsum("...ij,...ij->...j", basis.conj(), rho @ basis).real
    return populations


def _passive_state(rho: Array, h: Array) -> Array:
    _, basis = eigensystem(h)
    r = eigenvalues(rho)[..., ::-1]
    passive: Array = (basis * r[..., None, :]) @ basis.conj().swapaxes(-1, -2)
    return passive


def _dephased(rho: Array, e: Array, basis: Array) -> Array:
    """Drop coherence between different energies; in the given energy eigenbasis."""
    closest = 64 * e.shape[-1] * np.finfo(float).eps * np.abs(e).max(axis=-1, keepdims=True)
    level = np.cumsum(np.diff(e, prepend=e[..., :1]) > closest, axis=-1)
    same = level[..., :, None] == level[..., None, :]
    return np.where(same, basis.conj().swapaxes(-1, -2) @ rho @ basis, 0.0)


def _incoherent_ergotropy(rho: Array, h: Array) -> Array:
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    dephased = _dephased(rho, e, basis)
    work = rearranged(e, dephased, np.eye(e.shape[-1]))
    return within(work, 0.0, ergotropy_kernel(rho, h), rho, e)


def _coherent_ergotropy(rho: Array, h: Array) -> Array:
    e, (_, basis) = np.linalg.eigvalsh(h), eigensystem(h)
    _, order = eigensystem(_dephased(rho, e, basis))
    # The incoherent part is out when the k-th most populated of these states is called level k.
    work = rearranged(e, rho, basis @ order[..., ::-1])
    return within(work, 0.0, ergotropy_kernel(rho, h), rho, e)


def _cells(rho: MatrixLike, hs: Sequence[MatrixLike]) -> list[Array | xr.DataArray]:
    """Check a state and the Hamiltonians of its cells."""
    if isinstance(hs, str) or hasattr(hs, "full") or not hasattr(hs, "__len__"):
        raise TypeError(f"hs is a {type(hs).__name__}: it takes a list, one Hamiltonian a cell")
    if len(hs) == 0 or getattr(hs, "ndim", 3) != 3:
        raise ValueError("hs is empty or a single matrix: give a list, one Hamiltonian a cell")
    state = density_matrices(rho)
    cells = [hamiltonians(h, name=f"hs[{number}]") for number, h in enumerate(hs)]
    dimensions([cell.shape[-1] for cell in cells], state.shape[-1])
    return [state, *cells]


def _local_ergotropy(rho: Array, *hs: Array) -> Array:
    dims = [h.shape[-1] for h in hs]
    parts = [ergotropy_kernel(reduced(rho, dims, [cell]), h) for cell, h in enumerate(hs)]
    total: Array = sum(parts[1:], start=parts[0])
    return total


def _locked_ergotropy(rho: Array, *hs: Array) -> Array:
    h = np.zeros((1, 1))
    for cell in hs:  # h (x) 1 + 1 (x) cell
        h = np.kron(h, np.eye(cell.shape[-1])) + np.kron(np.eye(h.shape[-1]), cell)
    whole = ergotropy_kernel(rho, h)
    e = np.linalg.eigvalsh(h)
    return within(whole - _local_ergotropy(rho, *hs), 0.0, whole, rho, e)
