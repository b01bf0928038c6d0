"""The paper's own approximations, kept as they are printed.

Two fits over the Bloch angle without loss (Eqs. 43, 45) and four expansions to first order in
gamma / J (Eqs. 65-68). How far each is from the truth is measured in the ledger. hbar = 1; times
are in the inverse of the unit of the coupling, energies in the unit of the frequency.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quantumbattery.quantities.aliases import Computed
from quantumbattery.quantities.parameters import LARGEST, numbers

Values = float | NDArray[Any] | xr.DataArray

A = 1.1655611852072114
"""Coupling times the time of highest power, without loss: tan A = 2 A (Eq. 34)."""
B = 0.72461135377670848
"""Highest power of a full charger over omega_b J: B = sin^2(A) / A (Eq. 35)."""
C = 1.3991930228919436
"""The same for the ergotropic power of a full charger: 1 + 2 C tan(2 C) = 0 (Eq. 42)."""
D = 0.67301683383679058
"""Highest ergotropic power of a full charger over omega_b J: D = -cos(2 C) / C (Eq. 44)."""
K = 0.30638082670086945
"""How much sooner the power peaks with loss: G t_P = A - K gamma / G, K = -A tan(2A) / 4."""
L = 0.26286121276971113
"""The same relative to the lossless time: L = K / A (Eq. 67)."""


def _checked(
    theta: Values = 0.0, loss: Values = 0.0, coupling: Values = 1.0, frequency: Values = 1.0
) -> tuple[Any, Any, Any, Any]:
    """As real numbers: angles on the sphere, losses that are not negative, positive rates."""
    given = theta, loss, coupling, frequency
    angle = "an angle between 0 and pi (radians)"
    checked = (
        numbers("theta", theta, angle, 0.0, np.pi * (1 + 1e-15)),
        numbers("loss", loss, "zero or positive, and finite", 0.0),
        numbers("coupling", coupling, "positive and finite", 1 / LARGEST),
        numbers("frequency", frequency, "positive and finite", 1 / LARGEST),
    )
    t, g, j, w = (
        one.copy(data=each) if isinstance(one, xr.DataArray) else each
        for one, each in zip(given, checked, strict=True)
    )
    return t, g, j, w


def _result(value: Any) -> Any:
    """An array; what has names of axes keeps them."""
    if not isinstance(value, xr.DataArray):
        return np.asarray(value)
    value = value.rename(None)
    value.attrs.clear()
    return value


def ergotropic_power_time(theta: Values, coupling: Values = 1.0) -> Computed:
    """Time of the highest ergotropic power without loss, a fit (Eq. 43).

    Off by at most 0.39 % (at theta = 0.78 pi).

    Parameters
    ----------
    theta
        Polar Bloch angle of the charger, rad, 0 to pi; broadcasts.
    coupling
        J, angular frequency; broadcasts.

    Returns
    -------
    Time in the inverse unit of the coupling: 7/6 at theta = 0 and 7/5 at theta = pi, over J.

    Examples
    --------
    >>> ergotropic_power_time(np.array([0.0, np.pi])).round(6)
    array([1.166667, 1.4     ])
    """
    theta, _, coupling, _ = _checked(theta, 0.0, coupling)
    weight = 9 * np.sqrt(3) / 32
    numerator = 5 / 6 + (1 / 6 + weight * np.pi**2.5) * (theta / np.pi) ** 2.5
    return _result(7 / 5 * numerator / (1 + weight * theta**2.5) / coupling)


def ergotropic_power_max(
    theta: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Computed:
    """Highest ergotropic power without loss, a fit (Eq. 45).

    Off by at most 0.0181 omega_b J (at theta = 0.38 pi), 10 % for pi/6 <= theta <= pi; the relative
    deviation grows without bound towards theta = 0.

    Parameters
    ----------
    theta
        Polar Bloch angle of the charger, rad, 0 to pi; broadcasts.
    coupling, frequency
        J and omega_b, angular frequencies; broadcast.

    Returns
    -------
    Power, in units of frequency times coupling: 0, 1/3, 2/3 at theta = 0, pi/2, pi.

    Examples
    --------
    >>> ergotropic_power_max(np.array([0.0, np.pi / 2, np.pi])).round(6)
    array([0.      , 0.333333, 0.666667])
    """
    theta, _, coupling, frequency = _checked(theta, 0.0, coupling, frequency)
    rise = np.tanh(theta - np.pi / 2) / np.tanh(np.pi / 2)
    return _result(frequency * coupling / 3 * (rise + 1))


def energy_time(loss: Values, coupling: Values = 1.0) -> Computed:
    """Time of the highest stored energy, to first order in loss / coupling (Eq. 65).

    Off by at most 3.0 % for gamma <= J, 0.031 % for gamma <= J/10.

    Parameters
    ----------
    loss, coupling
        gamma and J, angular frequencies; broadcast.

    Returns
    -------
    Time in the inverse unit of the coupling.

    Examples
    --------
    >>> energy_time(np.array([0.0, 0.1])).round(6)
    array([1.570796, 1.545796])
    """
    _, loss, coupling, _ = _checked(0.0, loss, coupling)
    ratio = loss / coupling
    return _result(np.pi / (2 * coupling) * (1 - ratio / (2 * np.pi)))


def energy_max(
    theta: Values, loss: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Computed:
    """Highest stored energy, to first order in loss / coupling (Eq. 66).

    Off by at most 58 % for gamma <= J, 0.45 % for gamma <= J/10.

    Parameters
    ----------
    theta
        Polar Bloch angle of the charger, rad; broadcasts.
    loss, coupling, frequency
        gamma, J and omega_b, angular frequencies; broadcast.

    Returns
    -------
    Energy in the unit of the frequency.

    Examples
    --------
    >>> energy_max(np.pi, np.array([0.0, 0.1])).round(6)
    array([1.     , 0.92146])
    """
    theta, loss, coupling, frequency = _checked(theta, loss, coupling, frequency)
    ratio = loss / coupling
    return _result(frequency * np.sin(theta / 2) ** 2 * (1 - np.pi * ratio / 4))


def power_time(loss: Values, coupling: Values = 1.0) -> Computed:
    """Time of the highest charging power, to first order in loss / coupling (Eq. 67).

    Off by at most 5.5 % for gamma <= J, 0.051 % for gamma <= J/10.

    Parameters
    ----------
    loss, coupling
        gamma and J, angular frequencies; broadcast.

    Returns
    -------
    Time in the inverse unit of the coupling.

    Examples
    --------
    >>> power_time(np.array([0.0, 0.1])).round(6)
    array([1.165561, 1.134923])
    """
    _, loss, coupling, _ = _checked(0.0, loss, coupling)
    ratio = loss / coupling
    return _result(A / coupling * (1 - L * ratio))


def power_max(
    theta: Values, loss: Values, coupling: Values = 1.0, frequency: Values = 1.0
) -> Computed:
    """Highest charging power, to first order in loss / coupling (Eq. 68).

    Off by at most 32 % for gamma <= J, 0.28 % for gamma <= J/10.

    Parameters
    ----------
    theta
        Polar Bloch angle of the charger, rad; broadcasts.
    loss, coupling, frequency
        gamma, J and omega_b, angular frequencies; broadcast.

    Returns
    -------
    Power, in units of frequency times coupling.

    Examples
    --------
    >>> power_max(np.pi, np.array([0.0, 0.1])).round(6)
    array([0.724611, 0.682382])
    """
    theta, loss, coupling, frequency = _checked(theta, loss, coupling, frequency)
    share = np.sin(theta / 2) ** 2
    return _result(B * frequency * coupling * share * (1 - A / 2 * (loss / coupling)))
