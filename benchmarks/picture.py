"""The picture of cost against size, a panel for each job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.scaling import LIMIT, MEMORY, Curve, Panel
from quantumbattery.plot.style import COLOURS, STYLE

LOOKS = {  # a colour and a marker for each library, so that all panels read alike
    "quantumbattery": (COLOURS[0], "o"),
    "QuTiP": (COLOURS[1], "s"),
    "NumPy": (COLOURS[2], "^"),
    "qthermo": (COLOURS[3], "D"),
    "dynamiqs": (COLOURS[4], "v"),
}
DASHES = ("-", (0, (4, 1.5)))  # a library's first and second way
LINE: dict[str, Any] = {"color": "0.6", "linewidth": 0.8}
ENDS: dict[str, Any] = {
    "time": {"marker": "x", "markersize": 7, "markeredgewidth": 1.6},
    "memory": {"marker": "s", "markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.4},
}


def draw(panels: Sequence[Panel], path: Path) -> None:
    """Save the picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.3))
        figure.set_layout_engine("constrained", wspace=0.03)
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for letter, axes, panel in zip("abc", grid, panels, strict=False):
            _panel(axes, panel)
            axes.set_title(f"({letter}) {panel.title}", fontsize=9, loc="left")
        grid[0].set_ylabel("time for one run (s)")
        used = {curve.ends for panel in panels for curve in panel.curves}
        names = {"time": f"last run: took over {LIMIT:g} s", "memory": f"next needs {MEMORY:g} GiB"}
        marks = [
            Line2D([], [], color="0.2", linestyle="", label=names[end], **look)
            for end, look in ENDS.items()
            if end in used
        ]
        marks.append(Line2D([], [], label=f"{LIMIT:g} s", **LINE))
        figure.legend(handles=marks, loc="outside lower center", ncols=len(marks))
        figure.savefig(path, metadata={"Software": None})


def _panel(axes: Any, panel: Panel) -> None:
    seen: dict[str, int] = {}
    for curve in panel.curves:
        way = seen.get(curve.library, 0)
        seen[curve.library] = way + 1
        _curve(axes, curve, way)
    axes.axhline(LIMIT, zorder=0, **LINE)
    axes.set(xscale="log", yscale="log", xlabel=panel.size)
    axes.legend(
        loc="upper left", bbox_to_anchor=(-0.02, -0.2), handlelength=2.6, fontsize=7.5, borderpad=0
    )


def _curve(axes: Any, curve: Curve, way: int) -> None:
    colour, marker = LOOKS[curve.library]
    look: dict[str, Any] = {"color": colour, "linestyle": DASHES[way], "marker": marker}
    look |= {"markerfacecolor": "white" if way else colour, "markersize": 3}
    axes.plot(curve.sizes, curve.seconds, label=curve.name, **look)
    if curve.ends:
        at = curve.sizes[-1:], curve.seconds[-1:]
        axes.plot(*at, color=colour, linestyle="", zorder=5, **ENDS[curve.ends])
