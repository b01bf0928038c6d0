"""Marks of moments: where storage begins, where strokes end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_STROKES = 30  # in view, beyond which their ends would be a grey field
_DOT: Any = {"marker": "o", "markersize": 4, "linestyle": ""}


def mark_disconnection(axes: Axes, dataset: xr.Dataset) -> None:
    """A thin line where storage begins, if that is one moment and among the times."""
    times, end = dataset["time"], dataset.coords.get("disconnect")
    if end is None or end.ndim or not times.min() < end < times.max():
        return
    axes.axvline(float(end), color="0.5", linewidth=0.8, zorder=0.5)
    axes.annotate(
        "disconnected", (float(end), 1), (0, 2),
        xycoords=axes.get_xaxis_transform(), textcoords="offset points",
        ha="center", va="bottom", fontsize=8, color="0.35",
    )  # fmt: skip


def mark_each_disconnection(axes: Axes, times: Array, ends: Array, lines: Array) -> None:
    """A dot on each line where its own storage begins; lines have the shape (ends, times)."""
    drawn = axes.get_lines()[-len(lines) :]
    if ((ends > times.min()) & (ends < times.max())).any():
        axes.plot([], [], color="0.35", label="disconnected", **_DOT)
    for end, line, curve in zip(ends, lines, drawn, strict=True):
        if times.min() < end < times.max():
            axes.plot(end, np.interp(end, times, line), color=curve.get_color(), **_DOT)


def stroke_ends(dataset: xr.Dataset) -> Array:
    """When strokes of a protocol end, among its times; none if they are many, or there are none."""
    times, durations = dataset["time"].to_numpy(), dataset.attrs.get("durations")
    if durations is None or "cycle" not in dataset.coords:
        return np.zeros(0)
    inside = np.cumsum(np.atleast_1d(durations))
    first, last = int(dataset["cycle"].min()), int(dataset["cycle"].max())
    if last - first > _MOST_STROKES:
        return np.zeros(0)
    ends = np.unique(inside[-1] * np.arange(first, last + 1)[:, None] + inside)
    margin = 1e-9 * inside[-1]
    seen = ends[(ends > times.min() + margin) & (ends < times.max() - margin)]
    return seen if len(seen) <= _MOST_STROKES else np.zeros(0)


def mark_strokes(axes: Axes, ends: Array) -> None:
    """Thin lines where strokes end, with one name in the legend."""
    for k, end in enumerate(ends):
        look: Any = {"color": "0.75", "linewidth": 0.7, "zorder": 0.5}
        axes.axvline(end, label="strokes" if not k else None, **look)


def background(axes: Axes) -> dict[str, Any]:
    """What a legend needs where lines of strokes would run through its words."""
    if "strokes" not in axes.get_legend_handles_labels()[1]:
        return {}
    return {"frameon": True, "facecolor": "w", "edgecolor": "none", "framealpha": 1.0}
