"""Maps of one measure over two axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.plot.style import (
    LARGEST_LEGEND,
    check_axes,
    check_dataset,
    label,
    look_of,
    rising,
    shown,
    variables,
    whole_figure,
)
from quantumbattery.quantities.measures import names_of
from quantumbattery.quantities.quoted import quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

_FEWEST = 8  # cells along an axis with contours: of fewer they would tell more than is known


def map(  # noqa: A001 - the name that the interface gives it
    dataset: xr.Dataset,
    x: str,
    y: str,
    measure: str = "ergotropy",
    over: Iterable[str] = (),
    ax: Axes | None = None,
) -> Figure:
    """Draw one measure over two axes as a map, its largest value marked.

    A line runs along each value that the colour bar names, if there are cells enough for lines. A
    cell without value (NaN, such as the best time of what is never positive) is hatched, and the
    legend says so. Of times none is marked, for a long one is no better.

    Parameters
    ----------
    dataset : xarray.Dataset
        A table with the two axes; any other must have been chosen from.
    x, y : str
        The axes to draw along.
    measure : str
        What to draw.
    over : iterable of str
        Axes of which the largest is taken at every point of the map, such as the time; the
        colour bar says so.
    ax : matplotlib.axes.Axes, optional
        Where to draw, in the look of that figure; the colour bar takes room beside it.

    Returns
    -------
    matplotlib.figure.Figure
        That of `ax`, or a new one, which a notebook shows.

    Raises
    ------
    ValueError
        If the measure or an axis is missing or an axis is left over.
    TypeError
        If `ax` is none of Matplotlib's axes.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> pair = qb.QubitPair(charger_loss=np.linspace(0, 2, 21))
    >>> table = pair.charge(qb.bloch(np.pi), np.linspace(0, 4, 41))
    >>> len(qb.plot.map(table, "time", "charger_loss").axes)  # the map and its colour bar
    2
    """
    check_dataset(dataset)
    if not isinstance(measure, str) or measure not in dataset.data_vars:
        raise ValueError(
            f"no {quoted(measure)} in this table; it has {', '.join(variables(dataset))}"
        )
    values = dataset[measure]
    beside = names_of(over, "over is the name of an axis or a list of names")
    _check_map(values, measure, x, y, beside)
    words = label(values) + (f",\n{shown(taken(values, beside))}" if beside else "")
    values = rising(values.max(beside, keep_attrs=True).transpose(y, x))
    with look_of(ax):
        axes = _sheet() if ax is None else check_axes(ax)
        across, up = (_places(axes, values[d], k) for k, d in enumerate((x, y)))
        paint(axes, across, up, values.to_numpy(), words, marked=not _is_time(values))
        axes.set(xlabel=label(values[x]), ylabel=label(values[y]))
    return whole_figure(axes)


def taken(values: xr.DataArray, over: Iterable[str]) -> str:
    """What a map says of the axes that it does not show.

    Examples
    --------
    >>> taken(xr.DataArray(name="ergotropy"), ["time"])
    'largest over time'
    """
    return f"largest over {', '.join(_said(values, axis) for axis in over)}"


def paint(axes: Axes, x: Any, y: Any, values: Any, words: str, *, marked: bool) -> Colorbar:
    """Colours with a bar, contours at its ticks, hatches where there is no value; the largest.

    `values` has the shape (y, x), both rising.
    """
    from matplotlib.ticker import MaxNLocator

    there = np.ma.masked_invalid(values)
    # many small cells as vectors make a huge PDF with seams
    image = axes.pcolormesh(x, y, there, cmap="cividis", shading="nearest", rasterized=True)
    bar = axes.figure.colorbar(image, ax=axes, label=words)
    axes.grid(visible=False)
    keys: list[Any] = []
    if there.count():
        low, high = float(there.min()), float(there.max())
        ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        if high > low:
            bar.set_ticks([tick for tick in ticks if low <= tick <= high])
            _contours(axes, bar, x, y, there)
        if marked:
            row, column = np.unravel_index(int(np.argmax(there.filled(-np.inf))), there.shape)
            star: Any = {"marker": "*", "color": "w", "markeredgecolor": "k", "markersize": 11}
            keys += axes.plot(
                x[column], y[row], clip_on=False, linestyle="", label=f"largest: {high:.4g}", **star
            )
    if there.count() < there.size:
        keys.append(_hatched(axes))
    if keys:
        above: Any = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
        axes.legend(handles=keys, ncols=2, handletextpad=0.4, fontsize=8, frameon=False, **above)
    return bar


def _check_map(values: xr.DataArray, measure: str, x: str, y: str, beside: tuple[str, ...]) -> None:
    if absent := [d for d in (x, y, *beside) if not isinstance(d, str) or d not in values.dims]:
        there = ", ".join(str(d) for d in values.dims)
        raise ValueError(f"{measure} has no axis {quoted(absent[0])}; it has {there}")
    if {x, y, *beside} != set(values.dims) or values.ndim != 2 + len(beside):
        raise ValueError(
            f"map draws {measure} over exactly the axes {quoted(x)} and {quoted(y)}; it has "
            f"{dict(values.sizes)}: choose values with dataset.sel(...), or name the axes in "
            "over=[...] of which the best is taken"
        )

    if not values.size or values.dtype.kind not in "biuf":
        told = f"complex: draw its real part or its size, as in abs(dataset.{measure})"
        why = told if values.dtype.kind == "c" else "empty, or of no numbers"
        raise ValueError(f"map draws real numbers, and {measure} is {why}")


def _sheet() -> Axes:
    from quantumbattery.plot.picture import Picture

    return Picture(figsize=(4.2, 3.2), layout="constrained").subplots()


def _contours(axes: Axes, bar: Colorbar, x: Any, y: Any, shown: Any) -> None:
    """Thin lines at the ticks of the colour bar, light where the map is dark."""
    low, high = float(shown.min()), float(shown.max())
    # on a plateau at either end a line would follow the rounding
    edge = 1e-6 * (high - low)
    levels = [tick for tick in bar.get_ticks() if low + edge < tick < high - edge]
    if min(shown.shape) < _FEWEST or not levels:
        return
    tones = ["1.0" if (level - low) / (high - low) < 0.6 else "0.0" for level in levels]
    lines = axes.contour(x, y, shown, levels, colors=tones, linewidths=0.6, alpha=0.6)
    bar.add_lines(lines)


def _hatched(axes: Axes) -> Any:
    """Hatch what the colours leave free; returns what a legend says of it."""
    from matplotlib.patches import Patch

    look: Any = {"facecolor": "0.85", "edgecolor": "0.45", "hatch": "//////", "linewidth": 0.0}
    axes.patch.set(**look)
    return Patch(label="no value", **look)


def _is_time(values: xr.DataArray) -> bool:
    return values.attrs.get("units") == "1/frequency" or str(values.name).endswith("_time")


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
        if np.isfinite(array).all():
            return array
        array = np.array([f"{each:.4g}" for each in array])  # inf, which is never, has no place
    side.set_ticks(np.arange(len(array)), [shown(each) for each in array])
    return np.arange(len(array))
