"""The pair's optimum as `System.optimum` gives it: up to a horizon, with a bound."""

from __future__ import annotations

from collections.abc import Iterable

import xarray as xr

from quantumbattery.charging.optimum import SOUGHT, asked, meaning_of, sought_of
from quantumbattery.network.named_states import Bloch
from quantumbattery.pair.qubit_pair import QubitPair


def certified(
    pair: QubitPair,
    preparation: Bloch,
    horizon: float | None = None,
    of: str | Iterable[str] = SOUGHT,
    tolerance: float = 1e-9,
    extraction: str = "global",
) -> xr.Dataset:
    """Find the best moments to disconnect, in closed form.

    Parameters
    ----------
    pair : QubitPair
    preparation : Bloch
        How the charger starts.
    horizon, of, tolerance, extraction
        As of `System.optimum`; without a horizon all moments count. The battery is one qubit, of
        which each extraction takes the same.

    Returns
    -------
    xarray.Dataset
        As of `System.optimum`. Maxima are exact, and their own bounds.

    Raises
    ------
    TypeError, ValueError
        If the preparation does not fit, a number is out of range, or axes of one name differ.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> from quantumbattery.pair.certified import certified
    >>> best = certified(qb.QubitPair(), qb.bloch(np.pi), horizon=1.2, of=["energy", "power"])
    >>> best.energy_time.item(), best.power_time.round(6).item()
    (1.2, 1.165561)
    """
    last, accuracy = asked(1.0 if horizon is None else horizon, tolerance)
    best = pair.optimum(preparation, None if horizon is None else last)
    sizes = {str(name): size for name, size in best.sizes.items()}
    coords = {str(name): coord.variable for name, coord in best.coords.items()}
    columns: dict[str, xr.DataArray] = {}
    for name in sought_of(of, sizes, coords):
        most = best[f"{name}_max"]
        columns |= {f"{name}_time": best[f"{name}_time"], f"{name}_max": most}
        columns[f"{name}_bound"] = most.copy(deep=False)
        columns[f"{name}_bound"].attrs = meaning_of(name, "bound").attrs()
    attrs = {"system": str(pair), "extraction": extraction, "method": "closed form"}
    ends = {} if horizon is None else {"horizon": last}
    return xr.Dataset(columns, attrs=attrs | ends | {"tolerance": accuracy})
