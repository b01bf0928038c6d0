"""What of a pair is labelled otherwise than column by column: half-lives, joint state, its card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import xarray as xr

from quantumbattery.pair.closed_form import half_lives
from quantumbattery.quantities.aliases import Array, Label, Parameter
from quantumbattery.quantities.described import Described, short
from quantumbattery.quantities.measures import PARAMETERS, STORAGE
from quantumbattery.quantities.tables import density_matrices, html_table


def with_half_lives(
    table: xr.Dataset,
    lives: Iterable[str],
    given: Mapping[str, Parameter | Array],
    arrays: dict[str, Array],
) -> xr.Dataset:
    """The table, and how long half is left: over its axes but for those of the times alone."""
    if "disconnect" not in given:
        raise ValueError(
            f"{next(iter(lives))} is that of a battery which is disconnected at some time: give "
            "disconnect=..., or ask for other measures"
        )
    timeless = {d for name, value in given.items() if name != "time" for d in _dims(name, value)}
    kept = {d: n for d, n in table.sizes.items() if d in timeless}
    for name, life in half_lives(lives, arrays).items():
        whole = np.broadcast_to(life, [kept.get(str(d), 1) for d in table.sizes] or (1,))
        table[name] = tuple(kept), whole.reshape(tuple(kept.values())), STORAGE[name][1].attrs()
    return table


def _dims(name: str, value: Parameter | Array) -> tuple[str, ...]:
    """The axes of a parameter."""
    if isinstance(value, xr.DataArray):
        return tuple(map(str, value.dims))
    return (name,) * np.ndim(value)


def joint_state(sizes: Mapping[str, int], coords: Mapping[str, Label], rho: Array) -> xr.DataArray:
    """Density matrices (..., 4, 4) with their axes and levels."""
    if taken := {"row", "column"} & sizes.keys():
        raise ValueError(f"the axis name '{taken.pop()}' is that of the matrix; rename the axis")
    said = {
        "long_name": "joint density matrix",
        "symbol": r"$\rho$",
        "units": "1",
        "sites": ["charger", "battery"],
        "levels": [2, 2],
    }
    whole = rho.reshape(*sizes.values(), 4, 4)
    return density_matrices(sizes, coords, whole, ["00", "01", "10", "11"], said)


def html_card(pair: Described) -> str:
    """The parameters of a pair as a table of a notebook, with what they mean."""
    rows = ((n, short(value), PARAMETERS[n].long_name) for n, value in pair.written.items())
    title = f"{type(pair).__name__}: charger charges battery"
    return html_table(title, ("parameter", "value", "what it is"), rows)
