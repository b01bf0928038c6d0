"""Work from many copies of a battery at once: per copy, for n of them and for n without end.

``rho``, ``h``, shapes, units and errors as in `quantumbattery.merit.energy`.
"""

from functools import lru_cache
from itertools import combinations
from math import comb, factorial, log, prod

import numpy as np

from quantumbattery.merit.energy import energy, within
from quantumbattery.merit.ergotropy import ergotropy
from quantumbattery.quantities.aliases import Array, Computed, MatrixLike
from quantumbattery.quantities.matrices import density_matrices, eigenvalues, evaluate, hamiltonians
from quantumbattery.quantities.parameters import is_whole
from quantumbattery.quantities.quoted import quoted

MOST_TYPES = 1_000_000
BLOCK = 2**20


def multi_copy_ergotropy(rho: MatrixLike, h: MatrixLike, copies: int) -> Computed:
    """Ergotropy per copy when unitaries may act on ``copies`` copies of the battery together.

    The ergotropy of rho (x) ... (x) rho under the sum of the copies' Hamiltonians, divided by
    their number. Never below the ergotropy of one copy, never above `asymptotic_ergotropy` but for
    rounding (Alicki and Fannes, Phys. Rev. E 87, 042123 (2013)). Levels of d^n are not listed:
    products with the same occupation numbers share a value; their number is an exact multinomial.

    Parameters
    ----------
    rho, h
        State and Hamiltonian of one copy, see `quantumbattery.merit.energy`.
    copies : int
        Number n of copies. Time and memory grow as the binomial of n + d - 1 over d - 1.

    Returns
    -------
    float, array or DataArray
        Work per copy, in the unit of ``h``; a number for each state.

    Raises
    ------
    TypeError, ValueError
        If ``copies`` is no whole number from 1, or past n log(d) = 700 or a million type classes.

    Examples
    --------
    A passive qutrit that three copies unlock, as its middle level holds too much:

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> rho, h = np.diag([0.5, 0.5, 0.0]), np.diag([0.0, 1.0, 2.0])
    >>> [float(qb.multi_copy_ergotropy(rho, h, copies).round(6)) for copies in (1, 3)]
    [0.0, 0.041667]
    """
    if not is_whole(copies):
        raise TypeError(f"copies is {quoted(copies)}: it takes a whole number from 1")
    state = density_matrices(rho)
    n, d = int(copies), state.shape[-1]
    if n < 1:
        raise ValueError(f"copies is {quoted(n)}: it takes a whole number from 1")
    if d == 1:
        n = 1  # which hold nothing, however many they are
    elif n > 700 / log(d) or comb(n + d - 1, d - 1) > MOST_TYPES:
        raise ValueError(
            f"copies is {quoted(n)}, too many for dimension {d}: n log(d) may reach 700 and the "
            f"type classes {MOST_TYPES}; asymptotic_ergotropy gives the limit of many copies"
        )
    return evaluate(lambda rho, h: _multi_copy(rho, h, n), state, hamiltonians(h, d, like=state))


def asymptotic_ergotropy(rho: MatrixLike, h: MatrixLike) -> Computed:
    """Ergotropy per copy in the limit of infinitely many copies.

    Energy minus that of the Gibbs state of ``h`` with the same entropy as ``rho`` (Alicki and
    Fannes, Phys. Rev. E 87, 042123 (2013)): of all states of that entropy it has least energy.
    A state with less entropy than the ground level's degeneracy allows reaches the ground energy.

    Parameters
    ----------
    rho, h
        State and Hamiltonian of one copy, see `quantumbattery.merit.energy`.

    Returns
    -------
    float, array or DataArray
        Work per copy, in the unit of ``h``; a number for each state.

    Examples
    --------
    A passive qubit is a Gibbs state, however many copies there are; a passive qutrit need not be:

    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.asymptotic_ergotropy(np.diag([0.7, 0.3]), h=np.diag([0.0, 1.0])).round(12)
    np.float64(0.0)
    >>> qb.asymptotic_ergotropy(np.diag([0.5, 0.5, 0.0]), h=np.diag([0.0, 1.0, 2.0])).round(6)
    np.float64(0.195753)
    """
    state = density_matrices(rho)
    return evaluate(_asymptotic, state, hamiltonians(h, state.shape[-1], like=state))


# --- the Gibbs state of a given entropy ----------------------------------------------------------


def _asymptotic(rho: Array, h: Array) -> Array:
    near = _near(h)
    e, gain = np.linalg.eigvalsh(near), _above_ground(rho, near)
    shape = gain.shape
    span = e[..., -1:] - e[..., :1]
    height = np.divide(e - e[..., :1], span, out=np.zeros_like(e), where=span > 0)
    deficit = np.broadcast_to(_deficit(_spectrum(rho)), shape).ravel()
    heights = np.broadcast_to(height, (*shape, e.shape[-1])).reshape(-1, e.shape[-1])
    passive = span[..., 0] * _gibbs_height(deficit, heights).reshape(shape)
    return _bounded(gain - passive, rho, h)


def _near(h: Array) -> Array:
    """The same with its zero among its levels, so that a far one takes no digits."""
    near: Array = h - h[..., :1, :1].real * np.eye(h.shape[-1])
    return near


def _bounded(work: Array, rho: Array, h: Array, terms: int | None = None) -> Array:
    """Work per copy is at least that of one copy, and at most all energy: as each is told."""
    most, e = _above_ground(rho, h), np.linalg.eigvalsh(h)
    return within(work, ergotropy.formula(rho, h), most, rho, e, terms)


def _above_ground(rho: Array, h: Array) -> Array:
    above: Array = energy.formula(rho, h) - np.linalg.eigvalsh(h)[..., 0]
    return above


def _spectrum(rho: Array) -> Array:
    """Eigenvalues as probabilities, falling."""
    r = np.maximum(eigenvalues(rho)[..., ::-1], 0.0)
    spectrum: Array = r / r.sum(-1, keepdims=True)
    return spectrum


def _deficit(p: Array) -> Array:
    """Entropy short of log d, of probabilities (..., d), accurate near the maximally mixed state.

    There the energy goes as the root of the deficit, so log(d) - S would lose half the digits.
    """
    x = p * p.shape[-1] - 1
    logarithm = np.log1p(x, out=np.zeros_like(x), where=x > -1)
    deficit: Array = ((1 + x) * logarithm - x).mean(-1)
    return deficit


def _gibbs_height(deficit: Array, heights: Array) -> Array:
    """Mean height (n,) of Gibbs states of given entropy deficit (n,) over heights (n, d) in [0, 1].

    Solved for the logarithm of beta. Where no beta between e^-46 and e^46 will do, the nearer end
    is beta = 0 or infinity to double precision.
    """
    from scipy.optimize.elementwise import find_root

    def excess(log_beta: Array, state: Array) -> Array:
        return _gibbs(np.exp(log_beta), heights[state])[1] - deficit[state]

    states = np.arange(deficit.size)
    low, high = np.full(deficit.size, -46.0), np.full(deficit.size, 46.0)
    cold, hot = excess(high, states) <= 0, excess(low, states) >= 0
    log_beta = np.where(cold, high, low)
    inner = states[~(cold | hot)]
    if inner.size:
        found = find_root(
            excess, (low[inner], high[inner]), args=(inner,), tolerances={"xatol": 1e-9}
        )
        log_beta[inner] = found.x
    beta = np.exp(log_beta)
    mean, reached = _gibbs(beta, heights)
    # One Newton step in the entropy, as d(energy) = d(entropy) / beta, takes out the last error.
    mean[inner] += ((reached - deficit) / beta)[inner]
    return mean


def _gibbs(beta: Array, heights: Array) -> tuple[Array, Array]:
    """Mean height and entropy deficit of the Gibbs states of ``beta`` (n,)."""
    exponent = -beta[:, None] * heights
    logarithm = exponent - np.log1p(np.expm1(exponent).mean(-1, keepdims=True))  # of d p
    share = np.exp(logarithm)
    mean = (share * heights).mean(-1)
    return mean, (share * logarithm - np.expm1(logarithm)).mean(-1)


# --- type classes --------------------------------------------------------------------------------


def _multi_copy(rho: Array, h: Array, copies: int) -> Array:
    if copies == 1:
        return ergotropy.formula(rho, h)
    near = _near(h)
    e, gain = np.linalg.eigvalsh(near), _above_ground(rho, near)
    d, shape = e.shape[-1], gain.shape
    occupations, shares = _types(copies, d)
    r = np.broadcast_to(_spectrum(rho), (*shape, d)).reshape(-1, d)
    heights = np.broadcast_to(e - e[..., :1], (*shape, d)).reshape(-1, d)
    passive = np.empty(len(r))
    step = max(1, BLOCK // len(shares))
    for start in range(0, len(r), step):  # blocks only bound the memory
        block = slice(start, start + step)
        # The logarithm of 0 must stay finite: 0 of such a level is a factor 1, not NaN.
        logarithm = np.log(np.maximum(d * r[block], 1e-300)) @ occupations.T
        energies = heights[block] @ occupations.T / copies
        passive[block] = _paired(logarithm, energies, shares)
    return _bounded(gain - passive.reshape(shape), rho, h, copies * d)


@lru_cache(maxsize=16)
def _types(copies: int, d: int) -> tuple[Array, Array]:
    """Occupation numbers (types, d) and the share of all d^n product states that each type has."""
    bars = np.array(list(combinations(range(copies + d - 1), d - 1)), dtype=int)
    bars = bars.reshape(comb(copies + d - 1, d - 1), d - 1)
    occupations = np.diff(bars, axis=1, prepend=-1, append=copies + d - 1) - 1
    factorials = [factorial(k) for k in range(copies + 1)]
    total = d**copies
    shares = [
        factorials[copies] // prod(factorials[k] for k in row) / total
        for row in occupations.tolist()
    ]
    return occupations.astype(float), np.array(shares)


def _paired(logarithm: Array, energies: Array, shares: Array) -> Array:
    """Energy when eigenvalues, falling, meet levels, rising; both come in degenerate groups.

    ``logarithm`` and ``energies`` (n, types): log of d^n times the eigenvalue, and the level.
    Both orders cut the axis of ranks, [0, 1], into steps; the energy is the integral of their
    product. Cumulated shares are good enough at any degeneracy: an eigenvalue times its rank is at
    most 1, so a relative error of the rank stays one of the energy.
    """
    by_value = np.argsort(-logarithm, axis=-1)
    by_energy = np.argsort(energies, axis=-1)
    values = np.exp(np.take_along_axis(logarithm, by_value, -1))
    levels = np.take_along_axis(energies, by_energy, -1)
    ends = np.cumsum(
        np.concatenate([shares[by_value], shares[by_energy]], axis=-1).reshape(
            *by_value.shape[:-1], 2, -1
        ),
        axis=-1,
    ).reshape(*by_value.shape[:-1], -1)
    order = np.argsort(ends, axis=-1, kind="stable")
    widths = np.diff(np.take_along_axis(ends, order, -1), axis=-1, prepend=0.0)
    types = shares.size
    of_value = order < types
    last = types - 1
    value = np.minimum(np.cumsum(of_value, axis=-1) - of_value, last)
    level = np.minimum(np.cumsum(~of_value, axis=-1) - ~of_value, last)
    weights = widths * np.take_along_axis(values, value, -1)
    energy: Array = (weights * np.take_along_axis(levels, level, -1)).sum(-1) / weights.sum(-1)
    return energy
