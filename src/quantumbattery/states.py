"""Preparations: how the charger starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from quantumbattery.parameters import Parameter, card, parameter, same

Values: TypeAlias = float | npt.ArrayLike | xr.DataArray

# Sums such as 3 * (pi / 3) may land an ulp or two past pi.
_ULPS = 4 * np.finfo(float).eps


@dataclass(frozen=True, eq=False, repr=False)
class Bloch:
    """A pure qubit state on the Bloch sphere; made by `bloch`."""

    theta: Parameter
    phi: Parameter

    def __eq__(self, other: object) -> bool:
        return same(self, other)

    __repr__ = card


def bloch(theta: Values, phi: Values = 0.0) -> Bloch:
    """Prepare a qubit anywhere on the Bloch sphere: cos(theta/2)|0> + e^{i phi} sin(theta/2)|1>.

    Parameters
    ----------
    theta : float, 1-D array_like or DataArray
        Polar angle in radians, from 0 (ground state, north pole) to pi (excited state, south
        pole). A 1-D array becomes the axis "theta" of every result.
    phi : float, 1-D array_like or DataArray
        Azimuthal angle in radians, from 0 to 2 pi.

    Returns
    -------
    Bloch
        A frozen description of the preparation.

    Raises
    ------
    TypeError
        If an angle is not a real number.
    ValueError
        If an angle is off the sphere or not finite.

    Notes
    -----
    Paper, Eq. 1. On a site with more levels the two lowest are meant; of an Ensemble every cell is
    prepared so (a spin coherent state). A `theta` equal to the double nearest pi is the south
    pole itself: the ground amplitude is then zero, not 6e-17.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> qb.bloch(np.pi / 2)
    Bloch(theta=1.5708, phi=0)
    >>> qb.bloch(np.linspace(0, np.pi, 5))
    Bloch(theta=<theta: 5; 0 to 3.14159>, phi=0)
    """
    return Bloch(
        theta=parameter(
            "theta", theta, "an angle between 0 and pi (radians)", 0.0, np.pi * (1 + _ULPS)
        ),
        phi=parameter(
            "phi", phi, "an angle between 0 and 2 pi (radians)", 0.0, 2 * np.pi * (1 + _ULPS)
        ),
    )
