"""The labelled table that every charge gives back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import xarray as xr

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.measures import PARAMETERS, Quantity


def describe(coords: Mapping[str, xr.Variable]) -> dict[str, Any]:
    """Give the coordinates that are parameters their names and units."""
    described: dict[str, Any] = {}
    for name, value in coords.items():
        described[name] = value.copy(deep=False)
        if name in PARAMETERS:
            described[name].attrs = value.attrs | PARAMETERS[name].attrs()
    return described


def check_names(
    quantities: Iterable[str], sizes: Mapping[str, int], coords: Mapping[str, xr.Variable]
) -> None:
    """Raise ValueError if an axis or a coordinate has the name of a quantity."""
    if taken := sorted({*quantities} & {*sizes, *coords}):
        raise ValueError(f"'{taken[0]}' names both a quantity and an axis; rename the axis")


def dataset(
    sizes: Mapping[str, int],
    coords: Mapping[str, xr.Variable],
    columns: Mapping[str, tuple[Array, Quantity]],
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A variable for each column, with its name, symbol and units.

    Raises
    ------
    ValueError
        If an axis has the name of a quantity.
    """
    check_names(columns, sizes, coords)
    return xr.Dataset(
        {
            name: (tuple(sizes), values.reshape(tuple(sizes.values())), quantity.attrs())
            for name, (values, quantity) in columns.items()
        },
        coords=describe(coords),
        attrs=attrs,
    )
