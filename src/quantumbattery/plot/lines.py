"""Curves over time: a panel for each unit, or a family for each measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.plot.marks import (
    background,
    mark_disconnection,
    mark_each_disconnection,
    mark_strokes,
    stroke_ends,
)
from quantumbattery.plot.style import (
    COLOURS,
    DASHES,
    LARGEST_LEGEND,
    check_axes,
    check_dataset,
    in_pi,
    label,
    legend,
    look_of,
    named,
    rising,
    shades,
    shown,
    units_of,
    variables,
    whole_figure,
)
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.measures import check_measures, names_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def curves(
    dataset: xr.Dataset,
    measures: Iterable[str] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Draw measures against time, and one line for each value of one further axis.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `charge` returned, with the axis "time" and at most one other. Times of disconnection
        among the times are marked, and the ends of a protocol's strokes, if they are few.
    measures : iterable of str, optional
        Which, or any other real variables of the table; by default energy, ergotropy and the
        powers, as far as they are there.
    ax : matplotlib.axes.Axes, optional
        Where to draw, in the look of that figure; for several panels, as many axes.

    Returns
    -------
    matplotlib.figure.Figure
        That of `ax`, or a new one, which a notebook shows. Without a second axis, a panel for each
        unit with a line for each measure; otherwise a panel for each measure.

    Raises
    ------
    ValueError
        If a measure or the axis "time" is missing, there are several further axes, or not as many
        axes in `ax` as panels.
    TypeError
        If `ax` is not made of Matplotlib's axes.

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> table = qb.QubitPair().charge(qb.bloch(np.pi / 2), np.linspace(0, 4, 101))
    >>> figure = qb.plot.curves(table, ["energy", "ergotropy"])
    >>> figure.axes[0].get_xlabel()
    'time $t$ (1/frequency)'
    """
    check_dataset(dataset)
    chosen = _chosen(dataset, measures)
    others = [str(d) for d in dataset[chosen[0]].dims if d != "time"]
    timeless = any("time" not in dataset[name].dims for name in chosen)
    if timeless or len(others) > 1:
        raise ValueError(
            "curves needs the axis 'time' and at most one other; "
            f"got {dict(dataset.sizes)}: choose values with dataset.sel(...)"
        )
    if others:
        panels = [[name] for name in chosen]
    else:
        units = dict.fromkeys(units_of(dataset[name]) for name in chosen)
        panels = [[n for n in chosen if units_of(dataset[n]) == unit] for unit in units]
    with look_of(ax):
        grid = _sheet(len(panels)) if ax is None else _given(ax, panels)
        ends = stroke_ends(dataset)
        for axes, names in zip(grid, panels, strict=True):
            if others:
                _family(axes, rising(dataset[names[0]]), others[0], ends)
            else:
                _lines(axes, [rising(dataset[name]) for name in names], ends)
            mark_disconnection(axes, dataset)
    return whole_figure(grid[0])


def _sheet(panels: int) -> list[Axes]:
    """Panels on a new figure, three in a row."""
    from quantumbattery.plot.picture import Picture

    columns, rows = min(panels, 3), -(-panels // 3)
    figure = Picture(figsize=(3.5 * columns, 2.7 * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid[panels:]:
        axes.remove()
    return grid[:panels]


def _given(ax: Any, panels: Sequence[Sequence[str]]) -> list[Axes]:
    grid = [check_axes(each) for each in np.asarray(ax, object).ravel()]
    if len(grid) != len(panels):
        said = "; ".join(", ".join(names) for names in panels)
        raise ValueError(
            f"these measures take {len(panels)} panels ({said}) and ax has {len(grid)}: "
            "give as many axes, or fewer measures"
        )
    return grid


def _chosen(dataset: xr.Dataset, measures: Iterable[str] | None) -> Sequence[str]:
    if measures is None:
        usual = ("energy", "ergotropy", "power", "ergotropic_power")
        real = [n for n in variables(dataset) if dataset[n].dtype.kind in "fiu"]
        chosen = tuple(n for n in usual if n in dataset) or tuple(real)
    else:
        given = names_of(measures)
        own = given and all(name in dataset for name in given)
        chosen = tuple(dict.fromkeys(given)) if own else check_measures(given)
    missing = [name for name in chosen if name not in dataset]
    if single := [name for name in chosen if name in dataset.coords]:
        raise ValueError(
            f"{single[0]!r} labels this table, and nothing is drawn of it; it has "
            f"{', '.join(variables(dataset)) or 'nothing'}"
        )
    if not chosen:
        raise ValueError("there is no real number over anything in this table to be drawn")
    if missing:
        there = ", ".join(variables(dataset)) or "nothing"
        raise ValueError(f"{missing[0]!r} is not in this table, which has {there}")
    if unreal := [name for name in chosen if dataset[name].dtype.kind == "c"]:
        raise ValueError(
            f"{unreal[0]} is complex: draw its real part or its size, as in "
            f"dataset.assign({unreal[0]}=abs(dataset.{unreal[0]}))"
        )
    return chosen


def _lines(axes: Axes, columns: Sequence[xr.DataArray], ends: Array) -> None:
    for column, colour, dash in zip(columns, cycle(COLOURS), cycle(DASHES), strict=False):
        style: Any = {"color": colour, "linestyle": dash, "marker": "." if column.size == 1 else ""}
        axes.plot(column["time"], column, label=named(column), **style)
    first = columns[0]
    kind = {"frequency": "energy", "frequency^2": "power", "1": "value"}
    units = units_of(first)
    single = len(columns) == 1
    shared = xr.DataArray(name=kind.get(units, "value"), attrs={"units": units})
    axes.set_ylabel(label(first if single else shared))
    axes.set_xlabel(label(first["time"]))
    axes.margins(x=0)
    mark_strokes(axes, ends)
    if not single or ends.size:
        legend(axes, **background(axes))


def _family(axes: Axes, column: xr.DataArray, along: str, ends: Array) -> None:
    import matplotlib as mpl

    values = column[along].to_numpy() if along in column.coords else np.arange(column.sizes[along])
    numeric = values.dtype.kind in "iuf" and bool(np.isfinite(values).any())
    lines = column.transpose(along, "time").to_numpy()
    colours = shades(len(values))
    few = len(values) <= LARGEST_LEGEND
    for value, line, colour, dash in zip(values, lines, colours, cycle(DASHES), strict=False):
        axes.plot(
            column["time"],
            line,
            color=colour,
            linestyle=dash if few else "-",
            marker="." if line.size == 1 else "",
            label=_value(along, value) if few else None,
        )
    if along == "disconnect":
        mark_each_disconnection(axes, column["time"].to_numpy(), values, lines)
    axes.set(xlabel=label(column["time"]), ylabel=label(column))
    axes.margins(x=0)
    mark_strokes(axes, ends)
    if few:
        legend(axes, title=label(column[along]), title_fontsize=8, **background(axes))
        return
    if axes.get_legend_handles_labels()[1]:  # of marks
        legend(axes, **background(axes))
    places = values if numeric else np.arange(len(values))  # names are only numbered
    finite = places[np.isfinite(places)]  # never to be disconnected is inf
    norm = mpl.colors.Normalize(float(np.min(finite)), float(np.max(finite)))
    scale = mpl.colors.LinearSegmentedColormap.from_list("family", colours)
    axes.figure.colorbar(mpl.cm.ScalarMappable(norm, scale), ax=axes, label=label(column[along]))


def _value(name: str, value: Any) -> str:
    if not np.issubdtype(type(value), np.number):
        return shown(value)
    if name in ("theta", "phi"):
        return f"${in_pi(value)}$"
    if name == "disconnect" and np.isinf(value):
        return "never"
    return f"{value:.4g}"
