"""A table that is read when it is looked at, with its axes in another order, and texts as objects.

xarray's own transposed arrays cannot be read at single points of all their axes, and NumPy's texts
of any length stand beside no number, as where some of them are to be missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from quantumbattery.quantities.aliases import Array


def reordered(table: xr.Dataset, first: tuple[str, ...]) -> xr.Dataset:
    """The same table with some axes first, in this order, as `Dataset.transpose` does."""
    return table.assign({n: _turned(v.variable, first) for n, v in table.data_vars.items()})


def _turned(given: xr.Variable, first: tuple[str, ...]) -> xr.Variable:
    mine = [name for name in first if name in given.dims]
    dims = (*mine, *(str(d) for d in given.dims if d not in mine))
    texts = given.dtype.kind == "T"
    if dims == given.dims and not texts:
        return given
    if given._in_memory:
        return given.transpose(*dims).astype(object if texts else given.dtype)
    lazy = indexing.LazilyIndexedArray(_Turned(given, dims))
    return xr.Variable(dims, lazy, given.attrs, given.encoding)


class _Turned(BackendArray):
    """An array whose axes are those of another, in another order."""

    def __init__(self, given: xr.Variable, dims: tuple[str, ...]) -> None:
        self.given, self.dims = given, dims
        self.shape = tuple(given.sizes[d] for d in dims)
        self.dtype = np.dtype(object if given.dtype.kind == "T" else given.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Array:
        support = indexing.IndexingSupport.OUTER
        found: Any = indexing.explicit_indexing_adapter(key, self.shape, support, self._read)
        return np.asarray(found)

    def _read(self, key: tuple[Any, ...]) -> Array:
        own = self.given[dict(zip(self.dims, key, strict=True))]
        turned = own.transpose(*(d for d in self.dims if d in own.dims)).to_numpy()
        return turned.astype(self.dtype, copy=False)
