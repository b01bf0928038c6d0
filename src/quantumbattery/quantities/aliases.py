"""What arrays, numbers and matrices are called in signatures, once for all rooms."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy.typing as npt
import xarray as xr

Array: TypeAlias = npt.NDArray[Any]

Values: TypeAlias = float | npt.ArrayLike | xr.DataArray
"""What a user gives for a number: one, a 1-D array (an axis of its name), or a DataArray."""

Parameter: TypeAlias = float | xr.DataArray
"""A checked number: single, or over named axes."""

Label: TypeAlias = xr.Variable | float
"""A coordinate of a table: labels over axes, or one number, of which the table makes a variable."""

MatrixLike: TypeAlias = Any
"""An array-like, a DataArray, a QuTiP Qobj, or a list or array of Qobj."""

Computed: TypeAlias = Any
"""One number for one state, an array for a batch, a DataArray where the input is one."""
