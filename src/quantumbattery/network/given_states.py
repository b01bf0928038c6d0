"""States that a user gives, checked: kets, matrices, QuTiP objects, what a charge gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array, MatrixLike
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.described import Described
from quantumbattery.quantities.digits import tiny_is_zero
from quantumbattery.quantities.masked import check_unmasked
from quantumbattery.quantities.matrices import TOLERANCE, density_matrices
from quantumbattery.quantities.matrix_labels import along, in_order, in_product_order
from quantumbattery.quantities.parts import parts_of_qobj
from quantumbattery.quantities.quoted import quoted

_NAME = "the density matrix"

Given = tuple["Array | xr.DataArray", "tuple[int, ...] | None"]
"""A ket (d,), a matrix (d, d), or a batch (..., row, column); the levels of each of its sites."""


@dataclass(frozen=True, eq=False, repr=False, init=False)
class State(Described):
    """A given ket or density matrix, or a batch of these; made by `state`."""

    array: Array | xr.DataArray  # (d,), (d, d), or a DataArray (..., "row", "column")
    levels: tuple[int, ...] | None  # of each of its sites, where it says so
    sites: tuple[str, ...] | None  # whose it was, where it says so

    def __init__(
        self,
        array: MatrixLike,
        levels: Iterable[int] | None = None,
        sites: Any = None,
    ) -> None:
        own, parts = _checked_state(array)
        whose = _sites_of(array) if sites is None else tuple(np.atleast_1d(sites).tolist())
        if whose is not None and not all(isinstance(name, str) for name in whose):
            raise TypeError(f"the sites of a state are names, as text; got {quoted(sites)}")
        self._set(array=own, sites=whose)
        said = parts if levels is None else _parts(levels, own.shape[-1], "levels")
        if parts is not None and len(parts) > 1 and said != parts:
            raise ValueError(
                f"levels={quoted(levels)}, but the state itself says {list(parts)}: leave one out"
            )
        self._set(levels=said)

    @property
    def values(self) -> Array:
        """Its numbers: (d,), or (..., d, d)."""
        return self.array.to_numpy() if isinstance(self.array, xr.DataArray) else self.array

    @property
    def size(self) -> int:
        """How many levels it has in all."""
        return int(self.array.shape[-1])

    @property
    def batch(self) -> tuple[str, ...]:
        """The names of the axes of a batch."""
        if not isinstance(self.array, xr.DataArray):
            return ()
        return tuple(str(d) for d in self.array.dims[:-2])

    @property
    def weights(self) -> xr.DataArray:
        """The probability of every level, (..., "level")."""
        if self.array.ndim == 1:
            return xr.DataArray(np.abs(self.values) ** 2, dims="level")
        weights = np.diagonal(self.values, axis1=-2, axis2=-1).real
        return xr.DataArray(weights, dims=(*self.batch, "level"), coords=self.labels)

    @property
    def labels(self) -> dict[str, xr.Variable]:
        """The coordinates of the axes of a batch."""
        if not isinstance(self.array, xr.DataArray):
            return {}
        return {str(name): coord.variable for name, coord in self.array.coords.items()}


@tiny_is_zero
def _checked_state(given: Any) -> Given:
    """A state as it comes in; TypeError or ValueError if it is none."""
    if isinstance(given, xr.DataArray) and (
        given.ndim > 2 or (given.ndim > 1 and {"row", "column"} & {*given.dims})
    ):
        return _labelled(given)
    check_unmasked("the state", given)
    if isinstance(given, xr.DataArray) and given.ndim == 1:
        given = along(given, given.dims[0])
    plain = given.full() if callable(getattr(given, "full", None)) else as_array(given)
    if plain.dtype.kind in "iufc" and (
        plain.ndim == 1 or (plain.ndim == 2 and plain.shape[1] == 1)
    ):
        array = plain.reshape(-1).astype(complex if plain.dtype.kind == "c" else float)
        norm = np.linalg.norm(array)
        if not abs(norm - 1) <= TOLERANCE:
            raise ValueError(f"the ket has norm {norm:.9g}, not 1: divide it by its norm")
    else:
        array = np.array(density_matrices(given, _NAME))
        if array.ndim > 2:
            raise ValueError(
                f"a preparation is a single state; got shape {array.shape}: a batch is an "
                "xarray.DataArray with the last dimensions 'row' and 'column', whose others have "
                "names"
            )
    array.flags.writeable = False
    if isinstance(given, xr.DataArray):
        return array, _levels(given, len(array))
    return array, parts_of_qobj(given)


def _sites_of(given: Any) -> tuple[str, ...] | None:
    """Whose state it was, as its attribute says."""
    said = given.attrs.get("sites") if isinstance(given, xr.DataArray) else None
    return None if said is None else tuple(str(name) for name in np.atleast_1d(said))


def _labelled(given: xr.DataArray) -> Given:
    """Density matrices over named axes, of which the labels stay."""
    dims = [str(d) for d in given.dims]
    if not {"row", "column"} <= {*dims} or len({*dims}) < len(dims):
        raise ValueError(
            f"a state as an xarray.DataArray has dimensions 'row' and 'column', and names of its "
            f"own for others; got {', '.join(dims)}"
        )
    if "time" in dims:
        raise ValueError(
            "the state has a dimension 'time', which is that of the result: rename it, as "
            '.rename(time="stored_at"), or pick one moment with .isel(time=...)'
        )
    if not given.size:
        raise ValueError(f"{_NAME} is empty: give at least one, got {quoted(given.sizes, 80)}")
    ordered = in_product_order(in_order(given.transpose(..., "row", "column")))
    matrices = np.array(density_matrices(ordered.to_numpy(), _NAME))
    matrices.flags.writeable = False
    levels = _levels(given, matrices.shape[-1])
    if matrices.ndim == 2:
        return matrices, levels
    labels = {d: ordered[d].variable for d in ordered.dims[:-2] if d in ordered.coords}
    return xr.DataArray(matrices, dims=ordered.dims, coords=labels), levels


def _levels(given: xr.DataArray, size: int) -> tuple[int, ...] | None:
    """What its attribute says of the levels of each site; a file may hold one as a number."""
    said = given.attrs.get("levels")
    if said is None:
        return None
    return _parts(said, size, 'the attribute "levels"')


def _parts(said: Any, size: int, where: str) -> tuple[int, ...]:
    """The levels of each site, which make up so many in all."""
    check_unmasked(f"{where} of a state", said)
    numbers = np.atleast_1d(as_array(said))
    if numbers.dtype.kind not in "iu" or numbers.ndim > 1 or (numbers < 1).any():
        raise TypeError(
            f"{where} of a state is a list of whole numbers, one for each site; got {quoted(said)}"
        )
    levels = tuple(int(n) for n in numbers)
    if prod(levels) != size:
        raise ValueError(
            f"{where} of the state is {list(levels)}, in all {prod(levels)}, but its dimension "
            f"is {size}: give the levels of each site"
        )
    return levels


def square_root(matrix: Array) -> Array:
    """V (..., n, members) with V V^dag = matrix (..., n, n), positive.

    Each column is inside one of the blocks that the matrices fall into, all of a batch together;
    eigenvalues that are nothing but rounding, or below zero, are left out.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n, batch = matrix.shape[-1], matrix.shape[:-2]
    pattern = (matrix != 0).reshape(-1, n, n).any(axis=0)
    count, label = connected_components(csr_array(pattern), directed=False)
    columns = [np.zeros((*batch, n, 0), dtype=matrix.dtype)]
    for block in range(count):
        inside = np.flatnonzero(label == block)
        weights, vectors = np.linalg.eigh(matrix[..., inside[:, None], inside])
        weights = np.where(weights > n * np.finfo(float).eps, weights, 0.0)
        kept = (weights > 0).reshape(-1, len(inside)).any(axis=0)
        column = np.zeros((*batch, n, kept.sum()), dtype=matrix.dtype)
        column[..., inside, :] = vectors[..., kept] * np.sqrt(weights[..., None, kept])
        columns.append(column)
    return np.concatenate(columns, axis=-1)
