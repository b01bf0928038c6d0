"""What each preparation means on a given site.

The functions here give its amplitudes or its density matrix on so many levels of a site, and how
much of it lies beyond them. Axes of its parameters come first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.gaussian_states import member_amplitudes, pure_amplitudes, simplest
from quantumbattery.network.gaussian_tails import largest_beyond, weight_beyond
from quantumbattery.network.given_states import State, square_root
from quantumbattery.network.named_states import (
    Bloch,
    Coherent,
    Fock,
    Gaussian,
    Gibbs,
    Preparation,
    Squeezed,
    Thermal,
)
from quantumbattery.network.sites import Oscillator, Site, energies
from quantumbattery.quantities.aliases import Array, Parameter
from quantumbattery.quantities.described import short
from quantumbattery.quantities.parameters import any_nonzero
from quantumbattery.quantities.quoted import quoted

_MOST_LEVELS = 1 << 24
_LADDER = ("level",)


def is_pure(preparation: Preparation) -> bool:
    """Whether a preparation is given by amplitudes alone."""
    if isinstance(preparation, Gaussian):
        return not any_nonzero(preparation.occupation)
    mixed = isinstance(preparation, State) and preparation.array.ndim > 1
    return not (mixed or isinstance(preparation, Thermal | Gibbs))


def amplitudes(preparation: Preparation, site: Site, levels: int) -> xr.DataArray:
    """Amplitudes of a pure preparation on the lowest levels of a site, (..., "level").

    What lies beyond is left out, and nothing is normalised again. The other axes are those of the
    parameters. TypeError if the preparation is mixed.

    Examples
    --------
    >>> from quantumbattery.network.amplitudes import amplitudes
    >>> from quantumbattery.network.preparations import coherent
    >>> from quantumbattery.network.sites import Oscillator
    >>> amplitudes(coherent(1.0), Oscillator(), levels=3).values.round(6)
    array([0.606531, 0.606531, 0.428882])
    """
    return xr.DataArray(_amplitudes(preparation, site, levels))


def _amplitudes(preparation: Preparation, site: Site, levels: int) -> xr.DataArray | xr.Variable:
    """The same; a variable where there are no labels, which takes far less time to make."""
    preparation = simplest(preparation)
    if isinstance(preparation, Bloch):
        kernel = partial(_cells, site) if isinstance(site, Ensemble) else _bloch
        return _over_levels(kernel, levels, preparation.theta, preparation.phi)
    if isinstance(preparation, Fock):
        return _over_levels(_fock, levels, preparation.n)
    if isinstance(preparation, Coherent):
        return _over_levels(_coherent, levels, preparation.alpha)
    if isinstance(preparation, Squeezed):
        return _over_levels(_squeezed, levels, preparation.r, preparation.angle)
    if isinstance(preparation, Gaussian) and is_pure(preparation):
        return _over_levels(_displaced, levels, *_numbers(preparation))
    if isinstance(preparation, State) and is_pure(preparation):
        ket = np.zeros(levels, dtype=preparation.array.dtype)
        ket[: preparation.size] = preparation.values[:levels]
        return xr.Variable(("level",), ket, fastpath=True)
    raise TypeError(f"{short(preparation)} on {quoted(site)} is mixed: ask for its density matrix")


def factors(preparation: Preparation, site: Site, levels: int) -> xr.DataArray:
    """A matrix V with density matrix V V^dag, (..., levels, members).

    Column m is a ket whose squared norm is its weight; a pure preparation has one member.
    """
    preparation = simplest(preparation)
    if is_pure(preparation):
        return amplitudes(preparation, site, levels).expand_dims("member", -1)
    if isinstance(preparation, Gaussian):
        numbers, inner = _numbers(preparation), ("level", "member")
        return xr.DataArray(_over_levels(member_amplitudes, levels, *numbers, inner=inner))
    if isinstance(preparation, Thermal | Gibbs):
        unit = xr.DataArray(np.eye(levels), dims=("level", "member"))
        roots: xr.DataArray = (_populations(preparation, site, levels) ** 0.5) * unit
        return roots.transpose(..., "level", "member")
    assert isinstance(preparation, State)
    given = preparation.values
    matrix = np.zeros((*given.shape[:-2], levels, levels), dtype=given.dtype)
    inside = slice(min(levels, preparation.size))
    matrix[..., inside, inside] = given[..., inside, inside]
    dims = (*preparation.batch, "level", "member")
    return xr.DataArray(square_root(matrix), dims=dims, coords=preparation.labels)


def entries(preparation: Preparation, site: Site, levels: int) -> tuple[Array, Array, xr.Variable]:
    """What of `factors` is not zero: levels and members (entries,), values (..., "entry")."""
    preparation, pure = simplest(preparation), is_pure(preparation)
    given: xr.DataArray | xr.Variable
    if pure:
        given = _amplitudes(preparation, site, levels)
    elif isinstance(preparation, Thermal | Gibbs):  # diagonal: levels times levels are not made
        given = _populations(preparation, site, levels) ** 0.5
    else:
        given = factors(preparation, site, levels)
    root = given.variable if isinstance(given, xr.DataArray) else given
    batch = tuple(k for k, d in enumerate(root.dims) if d not in ("level", "member"))
    values = root.values
    place = np.nonzero((values != 0).any(axis=batch) if batch else values)
    member = np.zeros_like(place[0]) if pure else place[-1]
    if not batch:
        return place[0], member, xr.Variable(("entry",), values[place], fastpath=True)
    inner = [d for d in root.dims if d in ("level", "member")]
    chosen = {d: xr.Variable(("entry",), each) for d, each in zip(inner, place, strict=True)}
    return place[0], member, root.isel(chosen).transpose(..., "entry")


def density_matrix(preparation: Preparation, site: Site, levels: int) -> xr.DataArray:
    """Density matrix of any preparation on the lowest levels of a site, (..., "row", "column").

    Examples
    --------
    >>> from quantumbattery.network.amplitudes import density_matrix
    >>> from quantumbattery.network.preparations import thermal
    >>> from quantumbattery.network.sites import Qubit
    >>> density_matrix(thermal(1.0), Qubit(), levels=2).values.round(6)
    array([[0.666667, 0.      ],
           [0.      , 0.333333]])
    """
    root = factors(preparation, site, levels)
    ket, bra = root.rename(level="row"), root.conj().rename(level="column")
    matrix: xr.DataArray = xr.dot(ket, bra, dim="member")
    return matrix.transpose(..., "row", "column")


def tail(preparation: Preparation, site: Site, levels: int) -> Parameter:
    """The weight of a preparation beyond the lowest levels of an oscillator; 0 on other sites.

    Notes
    -----
    Exact, as distribution functions: Poisson for a coherent state, negative binomial for a
    squeezed one, geometric for a thermal one; of any other Gaussian state to a relative 1e-12.
    """
    from scipy.special import betainc, gammainc

    preparation = simplest(preparation)
    if not isinstance(site, Oscillator) or isinstance(preparation, Bloch):
        return 0.0
    if isinstance(preparation, Fock):
        return _tail(lambda n: (n >= levels).astype(float), preparation.n)
    if isinstance(preparation, Coherent):
        return _tail(lambda a: gammainc(levels, np.abs(a) ** 2), preparation.alpha)
    if isinstance(preparation, Squeezed):
        pairs = (levels + 1) // 2  # the first pair beyond the levels
        return _tail(lambda r: betainc(pairs, 0.5, np.tanh(r) ** 2), preparation.r)
    if isinstance(preparation, Thermal | Gibbs):
        return _tail(lambda n: (n / (n + 1)) ** levels, mean_occupation(preparation, site))
    if isinstance(preparation, Gaussian):
        return _tail(partial(weight_beyond, levels), *_numbers(preparation))
    beyond = preparation.weights.isel(level=slice(levels, None)).sum("level")
    return beyond if beyond.ndim else float(beyond)


def largest_tail(preparation: Preparation, site: Site, levels: int) -> float:
    """The largest of a batch of such weights."""
    preparation = simplest(preparation)
    if isinstance(preparation, Gaussian) and isinstance(site, Oscillator):
        return largest_beyond(levels, *_broadcast(preparation))
    return float(np.max(np.asarray(tail(preparation, site, levels))))


def tail_quanta(preparation: Preparation, site: Site, levels: int) -> float:
    """The root of the sum of n^2 p_n over all levels n from `levels` on; 0 on finite sites.

    The largest of a batch. A bound where squeezed: from one pair of quanta to the next the weight
    falls by (2k - 1)/(2k) tanh^2 r, here by tanh^2 r.
    """
    from scipy.special import gammainc, gammaln, xlogy

    preparation = simplest(preparation)
    if not isinstance(site, Oscillator) or isinstance(preparation, Bloch):
        return 0.0
    if isinstance(preparation, Fock):
        return float(np.max(np.where(np.asarray(preparation.n) >= levels, preparation.n, 0)))
    if isinstance(preparation, Coherent):
        mean = np.abs(np.asarray(preparation.alpha)) ** 2
        beyond = [gammainc(max(levels - k, 1), mean) if levels > k else 1.0 for k in (1, 2)]
        square = mean * beyond[0] + mean**2 * beyond[1]
    elif isinstance(preparation, Thermal | Gibbs):
        mean = np.asarray(mean_occupation(preparation, site))
        weight = (mean / (mean + 1)) ** levels
        square = weight * (levels**2 + 2 * levels * mean + mean * (2 * mean + 1))
    elif isinstance(preparation, Squeezed):
        pairs, r = (levels + 1) // 2, np.asarray(preparation.r)
        q, first = np.tanh(r) ** 2, 2 * pairs
        ways = gammaln(first + 1) - 2 * gammaln(pairs + 1) - first * np.log(2)
        weight = np.exp(ways + xlogy(pairs, q)) / np.cosh(r)
        sums = first**2 + 4 * first * q / (1 - q) + 4 * q * (1 + q) / (1 - q) ** 2
        whole = 3 * np.sinh(r) ** 4 + 2 * np.sinh(r) ** 2
        square = np.minimum(weight / (1 - q) * sums, whole)
    elif isinstance(preparation, Gaussian):
        square = np.array(largest_beyond(levels, *_broadcast(preparation), square=True))
    else:
        weights = preparation.weights.to_numpy()
        square = (np.arange(preparation.size) ** 2 * weights)[..., levels:].sum(axis=-1)
    return float(np.sqrt(np.max(square)))


def needed_levels(preparation: Preparation, site: Site, tolerance: float) -> int:
    """The fewest levels of an oscillator beyond which no more than a given weight lies.

    ValueError if that takes more than 2^24 levels.
    """

    def enough(levels: int) -> bool:
        return largest_tail(preparation, site, levels) <= tolerance

    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > _MOST_LEVELS:
            raise ValueError(
                f"{short(preparation)} has more than {tolerance:g} beyond {low} levels: too many; "
                "prepare it weaker, or give the oscillator levels=..."
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


# --- in arrays ---------------------------------------------------------------------------------


def _over_levels(
    kernel: Callable[..., Array], levels: int, *parameters: Any, inner: tuple[str, ...] = _LADDER
) -> xr.DataArray | xr.Variable:
    """Apply a function of arrays (...) that gives (..., *inner), and keep the labels."""
    if not any(isinstance(each, xr.DataArray) for each in parameters):
        values = kernel(levels, *map(np.asarray, parameters))
        return xr.Variable(inner, values, fastpath=True)
    given = [xr.DataArray(each) for each in parameters]
    result: xr.DataArray = xr.apply_ufunc(
        lambda *arrays: kernel(levels, *arrays), *given, output_core_dims=[inner]
    )
    return result.rename(None)


def _tail(function: Callable[..., Array], *values: Any) -> Parameter:
    if not any(isinstance(each, xr.DataArray) for each in values):
        return float(function(*map(np.asarray, values)))
    result: xr.DataArray = xr.apply_ufunc(function, *map(xr.DataArray, values))
    return result.rename(None) if len(values) > 1 else result


def _numbers(preparation: Gaussian) -> tuple[Any, ...]:
    return preparation.alpha, preparation.r, preparation.angle, preparation.occupation


def _cells(ensemble: Ensemble, levels: int, theta: Array, phi: Array) -> Array:
    """Every cell in the same state of its two lowest levels: a spin coherent state.

    J. M. Radcliffe, J. Phys. A 4, 313 (1971): binomial amplitudes, by their logarithms.
    """
    from scipy.special import gammaln, xlogy

    one = _bloch(2, theta, phi)
    size, phase = np.abs(one), np.angle(one[..., 1])[..., None]
    occupations = ensemble.occupations[:levels]
    m, rest = occupations[:, 1], occupations[:, 0]
    ways = gammaln(ensemble.number + 1) - gammaln(m + 1) - gammaln(rest + 1)
    logarithm = ways / 2 + xlogy(rest, size[..., :1]) + xlogy(m, size[..., 1:])
    out = np.where(occupations[:, 2:].any(axis=1), 0.0, np.exp(logarithm))
    return out * np.exp(1j * m * phase) if phase.any() else out


def _bloch(levels: int, theta: Array, phi: Array) -> Array:
    theta, phi = np.broadcast_arrays(theta, phi)
    ground = np.where(theta >= np.pi, 0.0, np.cos(theta / 2))  # the pole itself: not 6e-17
    phase = np.exp(1j * phi) if phi.any() else 1.0
    excited = np.asarray(np.sin(theta / 2) * phase)
    out = np.zeros((*theta.shape, levels), dtype=excited.dtype)
    out[..., 0], out[..., 1] = ground, excited
    return out


def _fock(levels: int, n: Array) -> Array:
    chosen: Array = n[..., None] == np.arange(levels)
    return chosen.astype(float)


def _coherent(levels: int, alpha: Array) -> Array:
    """Poisson amplitudes, from the largest one down on both sides: every factor is below 1.

    Logarithms of factorials would lose three digits at 50 photons, and powers would overflow.
    """
    from scipy.special import gammaincc

    size = np.abs(alpha)[..., None]
    n = np.arange(levels)
    peak = np.minimum(np.floor(size**2), levels - 1)
    with np.errstate(divide="ignore"):
        up = np.where(n > peak, size / np.sqrt(np.maximum(n, 1)), 1.0)
        down = np.where(n < peak, np.sqrt(n + 1) / size, 1.0)
    shape = np.cumprod(up, axis=-1) * np.cumprod(down[..., ::-1], axis=-1)[..., ::-1]
    kept = gammaincc(levels, size**2)
    shape *= np.sqrt(kept / np.sum(shape**2, axis=-1, keepdims=True))
    if alpha.dtype.kind == "c":
        phase = np.exp(1j * n * np.angle(alpha)[..., None])
    else:
        phase = np.where(alpha[..., None] < 0, (-1.0) ** n, 1.0)
    amplitude: Array = shape * phase
    return amplitude


def _squeezed(levels: int, r: Array, angle: Array) -> Array:
    r, angle = np.broadcast_arrays(r, angle)
    pairs = np.arange(1, (levels + 1) // 2)
    ratios = -np.tanh(r)[..., None] * np.sqrt((2 * pairs - 1) / (2 * pairs))
    if angle.any():
        ratios = ratios * np.exp(1j * angle)[..., None]
    vacuum = (1 / np.sqrt(np.cosh(r)))[..., None]
    out = np.zeros((*r.shape, levels), dtype=ratios.dtype)
    out[..., ::2] = vacuum * np.concatenate(
        [np.ones_like(vacuum), np.cumprod(ratios, axis=-1)], axis=-1
    )
    return out


def _broadcast(preparation: Gaussian) -> tuple[Array, ...]:
    given = xr.broadcast(*map(xr.DataArray, _numbers(preparation)))
    return tuple(each.to_numpy() for each in given)


def _displaced(levels: int, alpha: Array, r: Array, angle: Array, occupation: Array) -> Array:
    """A pure Gaussian state; its occupation, which is zero everywhere, may have axes."""
    ket = pure_amplitudes(levels, alpha, r, angle)
    return np.broadcast_to(ket, (*np.broadcast_shapes(ket.shape[:-1], occupation.shape), levels))


def _populations(preparation: Thermal | Gibbs, site: Site, levels: int) -> xr.DataArray:
    """Of the levels of a site in equilibrium, (..., "level")."""
    if isinstance(preparation, Gibbs) and not isinstance(site, Oscillator):
        return boltzmann(energies(site, levels), preparation.temperature, "level")
    n = mean_occupation(preparation, site)
    ratio = xr.DataArray(n / (n + 1))
    if isinstance(site, Oscillator):
        steps = xr.DataArray(np.arange(levels), dims="level")
        return (ratio**steps) / (n + 1)
    ladder = energies(site, levels)
    weights = ratio ** (ladder / first_gap(ladder))
    return weights / weights.sum("level")


def mean_occupation(preparation: Thermal | Gibbs, site: Site) -> Parameter:
    """The mean number of quanta of an oscillator in equilibrium."""
    if isinstance(preparation, Thermal):
        return preparation.occupation
    assert isinstance(site, Oscillator)
    with np.errstate(divide="ignore", over="ignore"):  # 0 at T = 0
        n: Any = 1 / np.expm1(np.divide(site.frequency, preparation.temperature))
    return n if isinstance(n, xr.DataArray) else float(n)


def boltzmann(above: xr.DataArray, temperature: Parameter, dim: str) -> xr.DataArray:
    """e^{-E/T} over a dimension of energies above the lowest, normalised; that one alone at T = 0.

    Examples
    --------
    >>> import xarray as xr
    >>> from quantumbattery.network.amplitudes import boltzmann
    >>> boltzmann(xr.DataArray([0.0, 1.0], dims="level"), 1.0, "level").values.round(6)
    array([0.731059, 0.268941])
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        exponent = above / xr.DataArray(temperature)
    weights: xr.DataArray = xr.apply_ufunc(np.exp, -exponent.where(above > 0, 0.0))
    normalised: xr.DataArray = weights / weights.sum(dim)
    return normalised.rename(None)


def first_gap(ladder: xr.DataArray) -> xr.DataArray:
    """What the second of some energies (..., "level") is above the lowest, in whatever order."""
    rising = np.sort(ladder.transpose(..., "level").to_numpy(), axis=-1)
    gap: xr.DataArray = ladder.isel(level=1).copy(data=rising[..., 1] - rising[..., 0])
    return gap
