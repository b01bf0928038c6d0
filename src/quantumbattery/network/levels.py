"""What a qudit is given: energies of its levels, and steps between them or a lowering matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array, MatrixLike, Parameter, Values
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.matrices import square_matrix
from quantumbattery.quantities.matrix_labels import along
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import LARGEST, axes_of, number
from quantumbattery.quantities.quoted import quoted


def level_energies(given: Sequence[Values] | xr.DataArray) -> tuple[Parameter, ...]:
    """Energies, each a number or an array of them, whose axes agree."""
    rule = "energies must be at least two numbers, one for each level"
    if isinstance(given, xr.DataArray):
        if given.dims[-1:] != ("level",):
            raise ValueError(f"{rule}; of a DataArray, along its last dimension 'level'")
        given = along(given, "level")  # by its labels, if it has such as tell the levels apart
        given = [given.isel(level=k, drop=True) for k in range(given.sizes["level"])]
    if isinstance(given, str) or not np.iterable(given):
        raise TypeError(f"{rule}; got {quoted(given)}")
    each = enumerate(members(given))
    levels = [number(f"energy {k}", energy, "finite", -LARGEST) for k, energy in each]
    if len(levels) < 2:
        raise ValueError(f"{rule}; got {len(levels)}")
    axes_of({f"energy {k}": energy for k, energy in enumerate(levels)})
    return tuple(levels)


def lowering_matrix(given: MatrixLike, levels: int) -> Array:
    """A lowering matrix, real where it can be."""
    matrix = square_matrix(given, "lowering")
    if len(matrix) != levels:
        raise ValueError(
            f"lowering is {len(matrix)} x {len(matrix)}, but there are {levels} energies: it takes "
            "a row and a column for each"
        )
    if np.abs(matrix).max() > LARGEST:
        raise ValueError(f"lowering has elements larger than {LARGEST:g}: measure in other units")
    return matrix


def ladder_steps(given: Sequence[float] | Array, levels: int) -> tuple[float, ...]:
    """The elements of a lowering operator from each level to the one before it."""
    try:
        steps = as_array(given)
        each = np.asarray(given, dtype=object)  # where True is not yet 1
    except ValueError:  # of uneven shape
        steps, each = np.array(None), np.array(None)
    if steps.dtype.kind not in "iuf" or any(isinstance(x, bool | np.bool_) for x in each.ravel()):
        raise TypeError(
            f"steps must be real numbers; got {quoted(given)} (complex ones are given by lowering, "
            "the whole matrix)"
        )
    if steps.shape != (levels - 1,) or not np.isfinite(steps).all():
        raise ValueError(
            f"steps are the {levels - 1} finite numbers between {levels} levels; got "
            f"{quoted(given)}"
        )
    return tuple(steps.astype(float).tolist())
