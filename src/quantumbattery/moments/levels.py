"""The state of one mode on levels, from its moments."""

from __future__ import annotations

import numpy as np
import xarray as xr

from quantumbattery.machine import TooLargeError
from quantumbattery.merit.gaussian import thermal_quanta
from quantumbattery.network.amplitudes import density_matrix, factors, needed_levels
from quantumbattery.network.named_states import Gaussian
from quantumbattery.network.sites import Oscillator
from quantumbattery.quantities.aliases import Array

_BEYOND = 1e-14  # weight that may lie on levels that are left out
_AT_ONCE = 1 << 22  # numbers of a state that are worked on at a time
_MOST_QUANTA = 1 << 11  # which take ten times as many levels or more


def levels_of(mean: Array, normal: Array, anomalous: Array, beyond: float = _BEYOND) -> int:
    """How many levels hold all of these states but so much of their weight.

    TooLargeError at once where quanta alone say that they are too many for any matrix.
    """
    quanta = float((normal.real + np.abs(mean) ** 2).max(initial=0.0))
    if quanta > _MOST_QUANTA:
        raise TooLargeError(
            f"too large: the state of an oscillator with {quanta:.3g} quanta takes more than as "
            "many levels, and is not read as a matrix: ask for other measures, which means and "
            "covariances give, or prepare and drive it less"
        )
    return max(2, needed_levels(_state(mean, normal, anomalous), Oscillator(), beyond))


def matrices(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """Density matrices (..., levels, levels) of means and covariances (...) of one mode."""
    found = density_matrix(_state(mean, normal, anomalous), Oscillator(), levels).to_numpy()
    return np.asarray(found.reshape(*mean.shape, levels, levels))


def populations(mean: Array, normal: Array, anomalous: Array, levels: int) -> Array:
    """What they hold on each level, (..., levels)."""
    a, n, c = (each.ravel() for each in (mean, normal, anomalous))
    found, many = np.empty((len(a), levels)), max(1, _AT_ONCE // levels**2)
    for low in range(0, len(a), many):  # as levels times kets of a mixture are held at once
        part = slice(low, low + many)
        kets = factors(_state(a[part], n[part], c[part]), Oscillator(), levels)
        found[part] = (np.abs(kets.transpose(..., "member").to_numpy()) ** 2).sum(axis=-1)
    return found.reshape(*mean.shape, levels)


def _state(mean: Array, normal: Array, anomalous: Array) -> Gaussian:
    """The displaced squeezed thermal state with these moments, all of them along one axis.

    tanh(2 r) = |C| / (N + 1/2), and C is opposite to e^{i angle}.
    """
    a, n, c = (part.ravel() for part in (mean, normal.real, anomalous))
    quanta = thermal_quanta(n[:, None, None], c[:, None, None])[:, 0]
    r = np.arctanh(np.minimum(np.abs(c) / (n + 0.5), 1 - 1e-16)) / 2
    angle = np.where(r > 0, np.angle(-c), 0.0)
    return Gaussian(*(xr.DataArray(each, dims="moment") for each in (a, r, angle, quanta)))
