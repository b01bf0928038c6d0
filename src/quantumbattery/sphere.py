"""The Bloch sphere as a figure shows it."""

from __future__ import annotations

from typing import Any

import numpy as np


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
