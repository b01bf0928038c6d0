"""Maps of one measure over two axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.plot.style import LARGEST_LEGEND, STYLE, check_dataset, label, rising, variables

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def map(  # noqa: A001 - the name that the interface gives it
    dataset: xr.Dataset, x: str, y: str, measure: str = "ergotropy", over: Iterable[str] = ()
) -> Figure:
    """Draw one measure over two axes as a map, its largest value marked.

    Parameters
    ----------
    dataset : xarray.Dataset
        A table with the two axes; any other must have been chosen from.
    x, y : str
        The axes to draw along.
    measure : str
        What to draw.
    over : iterable of str
        Axes of which the best is taken at every point of the map, such as the time.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the measure or an axis is missing or an axis is left over.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.QubitPair(charger_loss=np.linspace(0, 2, 21))
    >>> table = pair.charge(qb.bloch(np.pi), np.linspace(0, 4, 41))
    >>> len(qb.plot.map(table, "time", "charger_loss").axes)  # the map and its colour bar
    2
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    check_dataset(dataset)
    if measure not in dataset:
        raise ValueError(f"no {measure!r} in this table; it has {', '.join(variables(dataset))}")
    values = dataset[measure]
    beside = (over,) if isinstance(over, str) else tuple(over)
    if absent := [d for d in (x, y, *beside) if d not in values.dims]:
        raise ValueError(
            f"{measure} has no axis {absent[0]!r}; it has {', '.join(str(d) for d in values.dims)}"
        )
    if {x, y, *beside} != set(values.dims) or values.ndim != 2 + len(beside):
        raise ValueError(
            f"map draws {measure} over exactly the axes {x!r} and {y!r}; it has "
            f"{dict(values.sizes)}: choose values with dataset.sel(...), or name the axes in "
            "over=[...] of which the best is taken"
        )
    best = f",\nbest over {', '.join(_said(values, d) for d in beside)}" if beside else ""
    values = rising(values.max(beside, keep_attrs=True).transpose(y, x))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.2), layout="constrained")
        axes = figure.subplots()
        across, up = (_places(axes, values[d], k) for k, d in enumerate((x, y)))
        image = axes.pcolormesh(across, up, values.to_numpy(), cmap="cividis", shading="nearest")
        figure.colorbar(image, label=label(values) + best)
        if values.notnull().any():
            row, column = np.unravel_index(int(np.nanargmax(values.to_numpy())), values.shape)
            star: Any = {"marker": "*", "color": "w", "markeredgecolor": "k", "markersize": 11}
            axes.plot(across[column], up[row], clip_on=False, **star)
            axes.set_title(f"largest (star): {float(values.max()):.4g}", fontsize=9)
        axes.set(xlabel=label(values[x]), ylabel=label(values[y]))
        axes.grid(visible=False)
    return figure


def _said(values: xr.DataArray, axis: str) -> str:
    """An axis in the middle of a sentence."""
    return str(values[axis].attrs.get("long_name", axis)) if axis in values.coords else axis


def _places(axes: Axes, values: xr.DataArray, which: int) -> Any:
    """Where the values of an axis are drawn: numbers where they are, names one after the other."""
    array = values.to_numpy()
    side = (axes.xaxis, axes.yaxis)[which]
    if array.dtype.kind in "iu" and len(array) <= LARGEST_LEGEND:
        side.set_ticks(array)
    if array.dtype.kind in "iuf":
        return array
    side.set_ticks(np.arange(len(array)), [str(each) for each in array])
    return np.arange(len(array))
