"""Pictures of a labelled table, and the Bloch sphere.

Matplotlib is imported when a picture is drawn. Colours are those of Okabe and Ito, told apart by
colour-blind readers, and every line has its own dash pattern for print in grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.files import check_folder, write_whole
from quantumbattery.quantities import check_measures
from quantumbattery.sphere import point, wires
from quantumbattery.states import Bloch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), "-", "--")
STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "lines.linewidth": 1.4,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
}

_LARGEST_LEGEND = 8


def curves(dataset: xr.Dataset, measures: Iterable[str] | None = None) -> Figure:
    """Draw measures against time, and one line for each value of one further axis.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `charge` returned, with the axis "time" and at most one other.
    measures : iterable of str, optional
        Which; by default energy, ergotropy and the powers, as far as they are there.

    Returns
    -------
    matplotlib.figure.Figure
        Without a second axis, a panel for each unit with a line for each measure; otherwise a
        panel for each measure.

    Raises
    ------
    ValueError
        If a measure or the axis "time" is missing, or there are several further axes.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> table = qb.QubitPair().charge(qb.bloch(np.pi / 2), np.linspace(0, 4, 101))
    >>> figure = qb.plot.curves(table, ["energy", "ergotropy"])
    >>> figure.axes[0].get_xlabel()
    'time $t$ (1/frequency)'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    _check_dataset(dataset)
    chosen = _chosen(dataset, measures)
    others = [str(d) for d in dataset[chosen[0]].dims if d != "time"]
    if "time" not in dataset.dims or len(others) > 1:
        raise ValueError(
            "curves needs the axis 'time' and at most one other; "
            f"got {dict(dataset.sizes)}: choose values with dataset.sel(...)"
        )
    if others:
        panels = [[name] for name in chosen]
    else:
        units = dict.fromkeys(dataset[name].attrs.get("units", "") for name in chosen)
        panels = [[n for n in chosen if dataset[n].attrs.get("units", "") == u] for u in units]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5 * min(len(panels), 3), 2.7 * -(-len(panels) // 3)))
        figure.set_layout_engine("constrained")
        grid = figure.subplots(-(-len(panels) // 3), min(len(panels), 3), squeeze=False)
        for axes, names in zip(grid.flat, panels, strict=False):
            if others:
                _family(axes, _sorted(dataset[names[0]]), others[0])
            else:
                _lines(axes, [_sorted(dataset[name]) for name in names])
        for axes in grid.flat[len(panels) :]:
            axes.remove()
    return figure


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

    _check_dataset(dataset)
    if measure not in dataset:
        raise ValueError(f"no {measure!r} in this table; it has {', '.join(_variables(dataset))}")
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
    values = _sorted(values.max(beside, keep_attrs=True).transpose(y, x))
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
    if array.dtype.kind in "iu" and len(array) <= _LARGEST_LEGEND:
        side.set_ticks(array)
    if array.dtype.kind in "iuf":
        return array
    side.set_ticks(np.arange(len(array)), [str(each) for each in array])
    return np.arange(len(array))


def bloch(*preparations: Bloch) -> Figure:
    """Mark preparations on the Bloch sphere, the ground state |0> at the north pole.

    Parameters
    ----------
    *preparations : Bloch
        From `quantumbattery.bloch`; one with several angles gives several marks.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If there is none, or something else is given.

    Notes
    -----
    Paper, Eq. 1 and Fig. 1(a).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> figure = qb.plot.bloch(qb.bloch(np.linspace(0, np.pi, 5)))
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if not preparations or not all(isinstance(p, Bloch) for p in preparations):
        raise TypeError("plot.bloch draws preparations made by quantumbattery.bloch(theta, phi)")
    angles: list[tuple[float, float]] = []
    for one in preparations:
        theta, phi = xr.broadcast(xr.DataArray(one.theta), xr.DataArray(one.phi))
        angles += list(zip(theta.to_numpy().flat, phi.to_numpy().flat, strict=True))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.4, 3.4))
        axes: Any = figure.add_axes((0.0, 0.0, 1.0, 1.0), projection="3d")
        wires(axes)
        for (polar, azimuth), colour in zip(angles, shades(len(angles)), strict=True):
            tip = point(polar, azimuth)
            axes.plot(*zip((0, 0, 0), tip, strict=True), color=colour, linewidth=1.6, zorder=5)
            axes.plot(*([c] for c in tip), "o", color=colour, markersize=6, zorder=6)
            if len(angles) <= _LARGEST_LEGEND:
                raised = 0.17 if abs(tip[2]) < 0.1 else 0.0  # above the label of an axis
                outside = [1.22 * tip[0], 1.22 * tip[1], 1.22 * tip[2] + raised]
                if polar < 0.1 or polar > 3.0:
                    outside = [0.42, 0.0, 1.1 * tip[2]]
                axes.text(*outside, rf"$\theta={in_pi(polar)}$", fontsize=8, ha="center")
    return figure


def shades(count: int) -> list[Any]:
    """Colours for an ordered family of lines, from dark to light, even in grey."""
    import matplotlib as mpl

    return [mpl.colormaps["viridis"](x) for x in np.linspace(0, 0.85, max(count, 2))[:count]]


def in_pi(angle: float) -> str:
    """An angle as TeX: a simple fraction of pi, or three digits."""
    for denominator in (1, 2, 3, 4, 6, 8):
        times = angle / np.pi * denominator
        if abs(times - round(times)) < 1e-9:
            if round(times) == 0:
                return "0"
            top = r"\pi" if round(times) == 1 else rf"{round(times)}\pi"
            return top if denominator == 1 else f"{top}/{denominator}"
    return f"{angle:.3g}"


def label(array: xr.DataArray) -> str:
    """An axis label: the quantity, its symbol and its unit."""
    name = array.attrs.get("long_name", array.name)
    symbol, units = array.attrs.get("symbol", ""), array.attrs.get("units", "1")
    unit = "" if units == "1" else f" ({units.replace('^2', '$^2$')})"
    return f"{name} {symbol}{unit}".replace("  ", " ")


def save(figure: Figure, path: Path) -> None:
    """Save a picture whole or not at all; the suffix decides the format."""
    import matplotlib as mpl

    # Without a date in it, the same figure is the same file.
    metadata = {"CreationDate": None} if path.suffix == ".pdf" else None
    with mpl.rc_context(STYLE):
        write_whole(path, lambda partial: figure.savefig(partial, metadata=metadata))


def check_picture_path(path: Path) -> None:
    """Refuse, before any work, a picture file of a kind that cannot be drawn."""
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"{path} must end in .png, .pdf or .svg to hold a picture")
    check_folder(path.parent)


def _variables(dataset: xr.Dataset) -> list[str]:
    return [str(name) for name in dataset.data_vars]


def _check_dataset(dataset: object) -> None:
    if not isinstance(dataset, xr.Dataset):
        raise TypeError(
            f"a picture is drawn of the xarray.Dataset that charge returns; got {dataset!r:.60}"
        )


def _sorted(values: xr.DataArray) -> xr.DataArray:
    """The same along rising axes: `charge` takes times in any order, a line does not."""
    numeric = [d for d in values.dims if d in values.coords and values[d].dtype.kind in "iuf"]
    return values.sortby(numeric) if numeric else values


def _chosen(dataset: xr.Dataset, measures: Iterable[str] | None) -> Sequence[str]:
    if measures is None:
        usual = ("energy", "ergotropy", "power", "ergotropic_power")
        chosen = tuple(n for n in usual if n in dataset) or tuple(_variables(dataset))
    else:
        chosen = check_measures(measures)
    missing = [name for name in chosen if name not in dataset]
    if missing or not chosen:
        raise ValueError(
            f"{missing[0] if missing else 'no measure'!r} is not in this table, which has "
            f"{', '.join(_variables(dataset)) or 'none'}"
        )
    return chosen


def _lines(axes: Axes, columns: Sequence[xr.DataArray]) -> None:
    for column, colour, dash in zip(columns, _cycle(COLOURS), _cycle(DASHES), strict=False):
        style: Any = {"color": colour, "linestyle": dash, "marker": "." if column.size == 1 else ""}
        axes.plot(column["time"], column, label=_named(column), **style)
    first = columns[0]
    kind = {"frequency": "energy", "frequency^2": "power", "1": "value"}
    units = first.attrs.get("units", "1")
    single = len(columns) == 1
    shared = xr.DataArray(name=kind.get(units, "value"), attrs={"units": units})
    axes.set_ylabel(label(first if single else shared))
    axes.set_xlabel(label(first["time"]))
    axes.margins(x=0)
    if not single:
        _legend(axes)


def _family(axes: Axes, column: xr.DataArray, along: str) -> None:
    import matplotlib as mpl

    values = column[along].to_numpy() if along in column.coords else np.arange(column.sizes[along])
    numeric = values.dtype.kind in "iuf"
    lines = column.transpose(along, "time").to_numpy()
    colours = shades(len(values))
    few = len(values) <= _LARGEST_LEGEND
    for value, line, colour, dash in zip(values, lines, colours, _cycle(DASHES), strict=False):
        axes.plot(
            column["time"],
            line,
            color=colour,
            linestyle=dash if few else "-",
            marker="." if line.size == 1 else "",
            label=_value(along, value),
        )
    axes.set(xlabel=label(column["time"]), ylabel=label(column))
    axes.margins(x=0)
    if few:
        _legend(axes, title=label(column[along]), title_fontsize=8)
        return
    places = values if numeric else np.arange(len(values))  # names are only numbered
    norm = mpl.colors.Normalize(float(np.min(places)), float(np.max(places)))
    scale = mpl.colors.LinearSegmentedColormap.from_list("family", colours)
    axes.figure.colorbar(mpl.cm.ScalarMappable(norm, scale), ax=axes, label=label(column[along]))


def _legend(axes: Axes, **options: Any) -> None:
    """A legend above the curves, in room made for it."""
    rows = len(axes.lines) + ("title" in options)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.09 * rows * (high - low))
    axes.legend(loc="upper right", **options)


def _value(name: str, value: Any) -> str:
    if name in ("theta", "phi"):
        return f"${in_pi(value)}$"
    return f"{value:.4g}" if np.issubdtype(type(value), np.number) else str(value)


def _named(column: xr.DataArray) -> str:
    return f"{column.attrs.get('long_name', column.name)} {column.attrs.get('symbol', '')}".strip()


def _cycle(values: Sequence[Any]) -> Iterable[Any]:
    from itertools import cycle

    return cycle(values)
