"""Density matrices of sites that nothing joins: the product of those of each part.

An oscillator that moments say all of then needs no levels for a qubit beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging.parts import joined
from quantumbattery.charging.spectators import joined_sites
from quantumbattery.machine import allow
from quantumbattery.network.named_states import Started
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array

_BYTES = 32  # of an element: it is there in one order of sites and in another
_OF_ITSELF = {"system", "sites", "levels", "long_name", "symbol", "units"}


def apart(network: Network, started: Started, sites: Sequence[str]) -> list[tuple[str, ...]]:
    """Some sites in the parts that nothing joins; all in one where no levels are chosen."""
    if all(network.sites[name].dimension is not None for name in sites):
        return [tuple(sites)]
    parts = joined_sites(network, started)
    found = [tuple(name for name in sites if name in part) for part in parts]
    return [each for each in found if each]


def levels_of(
    network: Network, sites: Sequence[str], levels: int | Mapping[str, int] | None
) -> int | Mapping[str, int] | None:
    """What is asked of the levels of a part."""
    if isinstance(levels, Mapping):
        return {name: count for name, count in levels.items() if name in sites} or None
    free = any(network.sites[name].dimension is None for name in sites)
    return levels if free else None


def product(
    matrices: Sequence[xr.DataArray], sites: Sequence[str], limit: float
) -> tuple[Array, list[int], dict[str, Any]]:
    """The states (..., d, d) of all sites, in their order, from those of their parts.

    With the levels of each site, and what is to be said of how they were found. TooLargeError if
    the product takes more than the limit in GiB, by its levels that are known only now.
    """
    shape = matrices[0].shape[:-2]
    size = prod(each.shape[-1] for each in matrices)
    what = f"elements of density matrices {size:,} x {size:,} of {' and '.join(sites)}"
    allow(what, prod(shape) * size**2, _BYTES, limit)
    whole: Array = np.ones((*shape, 1, 1))
    for each in matrices:
        own = each.to_numpy()
        both = whole[..., :, None, :, None] * own[..., None, :, None, :]
        n = whole.shape[-1] * own.shape[-1]
        whole = both.reshape(*shape, n, n)
    names = [name for each in matrices for name in each.attrs["sites"]]
    counts = [count for each in matrices for count in each.attrs["levels"]]
    order = [names.index(name) for name in sites]
    k, m = len(shape), len(names)
    by_site = whole.reshape(*shape, *counts, *counts)
    ends = [*(k + n for n in order), *(k + m + n for n in order)]
    counts = [counts[n] for n in order]
    rho = by_site.transpose(*range(k), *ends).reshape(whole.shape)
    system = {"system": matrices[0].attrs["system"]}
    how = [{key: v for key, v in each.attrs.items() if key not in _OF_ITSELF} for each in matrices]
    return rho, counts, system | joined(how)
