"""Preparations on the Bloch sphere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.network.named_states import Bloch
from quantumbattery.plot.style import (
    LARGEST_LEGEND,
    check_axes,
    in_pi,
    look_of,
    shades,
    whole_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_ELEVATION, _AZIMUTH = 14, -62  # from where the sphere is seen, degrees


def bloch(*preparations: Bloch, ax: Axes | None = None) -> Figure:
    """Mark preparations on the Bloch sphere, the ground state |0> at the north pole.

    Parameters
    ----------
    *preparations : Bloch
        From `quantumbattery.bloch`; one with several angles gives several marks.
    ax : mpl_toolkits.mplot3d.axes3d.Axes3D, optional
        Where to draw, made with ``projection="3d"``.

    Returns
    -------
    matplotlib.figure.Figure
        That of `ax`, or a new one, which a notebook shows.

    Raises
    ------
    TypeError
        If there is none, something else is given, or `ax` is none of Matplotlib's 3D axes.

    Notes
    -----
    Paper, Eq. 1 and Fig. 1(a).

    Examples
    --------
    >>> import numpy as np
    >>> import quantumbattery as qb
    >>> figure = qb.plot.bloch(qb.bloch(np.linspace(0, np.pi, 5)))
    """
    if not preparations or not all(isinstance(p, Bloch) for p in preparations):
        raise TypeError("plot.bloch draws preparations made by quantumbattery.bloch(theta, phi)")
    angles: list[tuple[float, float]] = []
    for one in preparations:
        theta, phi = xr.broadcast(xr.DataArray(one.theta), xr.DataArray(one.phi))
        angles += list(zip(theta.to_numpy().flat, phi.to_numpy().flat, strict=True))
    with look_of(ax):
        axes: Any = _sheet() if ax is None else check_axes(ax, solid=True)
        wires(axes)
        said: set[tuple[float, ...]] = set()
        for (polar, azimuth), colour in zip(angles, shades(len(angles)), strict=True):
            tip = point(polar, azimuth)
            axes.plot(*zip((0, 0, 0), tip, strict=True), color=colour, linewidth=1.6, zorder=5)
            axes.plot(*([c] for c in tip), "o", color=colour, markersize=6, zorder=6)
            place = tuple(np.round(tip, 6))  # a pole has all azimuths: it is named once
            if len(angles) <= LARGEST_LEGEND and place not in said:
                said.add(place)
                _name(axes, polar, azimuth)
    return whole_figure(axes)


def _sheet() -> Any:
    from quantumbattery.plot.picture import Picture

    return Picture(figsize=(3.4, 3.4)).add_axes((0.0, 0.0, 1.0, 1.0), projection="3d")


def _name(axes: Any, polar: float, azimuth: float) -> None:
    """Write a preparation's angles beside its mark, on the side away from the middle."""
    x, y, z = point(polar, azimuth)
    turn = np.deg2rad(_AZIMUTH)
    right = -x * np.sin(turn) + y * np.cos(turn)  # on the screen
    angles = rf"$\theta={in_pi(polar)}$"
    look: Any = {"fontsize": 8, "zorder": 7}
    if abs(z) > 0.99:  # above the sphere's edge, and not on the axis
        axes.text(x, y, z, f"   {angles}", ha="left", va="bottom" if z > 0 else "top", **look)
        return
    if azimuth:
        angles += "\n" + rf"$\phi={in_pi(azimuth)}$"
    if abs(z) < 0.1:  # off the axes x and y, and in front off what lies behind
        front = x * np.cos(turn) + y * np.sin(turn) > 0.6
        shift, level = (-0.1, "top") if front else (0.1, "bottom")
        axes.text(x, y, z + shift, angles, ha="center", va=level, **look)
        return
    side = "right" if right < -0.1 else "left"
    angles = f" {angles}" if side == "left" else f"{angles} "
    axes.text(1.06 * x, 1.06 * y, 1.06 * z, angles, ha=side, va="center", **look)


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
    axes.view_init(elev=_ELEVATION, azim=_AZIMUTH)
    axes.set_axis_off()


def point(theta: float, phi: float) -> tuple[float, float, float]:
    """The Bloch vector of a preparation."""
    return (
        float(np.sin(theta) * np.cos(phi)),
        float(np.sin(theta) * np.sin(phi)),
        float(np.cos(theta)),
    )
