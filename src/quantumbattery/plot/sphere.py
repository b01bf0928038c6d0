"""Preparations on the Bloch sphere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.network.preparations import Bloch
from quantumbattery.plot.style import LARGEST_LEGEND, STYLE, in_pi, shades

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
            if len(angles) <= LARGEST_LEGEND:
                raised = 0.17 if abs(tip[2]) < 0.1 else 0.0  # above the label of an axis
                outside = [1.22 * tip[0], 1.22 * tip[1], 1.22 * tip[2] + raised]
                if polar < 0.1 or polar > 3.0:
                    outside = [0.42, 0.0, 1.1 * tip[2]]
                axes.text(*outside, rf"$\theta={in_pi(polar)}$", fontsize=8, ha="center")
    return figure


def wires(axes: Any) -> None:
    """Draw the sphere itself, its axes and their names."""
    turn = np.linspace(0, 2 * np.pi, 181)
    zero = np.zeros_like(turn)
    for circle in (
        (np.cos(turn), np.sin(turn), zero),
        (np.cos(turn), zero, np.sin(turn)),
        (zero, np.cos(turn), np.sin(turn)),
    ):
        axes.plot(*circle, color="0.75", linewidth=0.7)
    u, v = np.meshgrid(turn[::6], np.linspace(0, np.pi, 31))
    ball = (np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v))
    axes.plot_surface(*ball, color="#56B4E9", alpha=0.08, linewidth=0)
    for tip, name in (((1.2, 0, 0), "$x$"), ((0, 1.2, 0), "$y$")):
        axes.quiver(0, 0, 0, *tip, color="0.5", linewidth=0.7, arrow_length_ratio=0.06)
        axes.text(*(1.1 * c for c in tip), name, color="0.35", ha="center", va="center")
    axes.text(0, 0, 1.22, r"$|0\rangle$ ground", ha="center")
    axes.text(0, 0, -1.34, r"$|1\rangle$ excited", ha="center")
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    axes.view_init(elev=14, azim=-62)
    axes.set_axis_off()


def point(theta: float, phi: float) -> tuple[float, float, float]:
    """The Bloch vector of a preparation."""
    return (
        float(np.sin(theta) * np.cos(phi)),
        float(np.sin(theta) * np.sin(phi)),
        float(np.cos(theta)),
    )
