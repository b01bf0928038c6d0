"""What entries of the zoo share: curves of our own, their peaks, and how pictures are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.plot.style import COLOURS, DASHES, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quantumbattery.network.named_states import Preparation, Started


def curve(
    system: System,
    start: Preparation | Started,
    times: Any,
    measure: str = "energy",
    how: str = "global",
) -> Any:
    """One measure of a system over its axes, those of the preparation, and the times if several.

    Examples
    --------
    >>> from quantumbattery import models
    >>> from quantumbattery.network.preparations import fock
    >>> curve(models.qubit_pair(), fock(1), [0.0, np.pi / 2]).round(12)
    array([0., 1.])
    """
    return system.charge(start, times, [measure], how)[measure].to_numpy()


def peak(values: Callable[[Any], Any], first: float, last: float) -> tuple[float, float]:
    """Where and how high a curve with one top between two points is highest.

    Looks at 65 points, then between the neighbours of the best, and so on: right to nearly all
    digits in height, and to half of them in time, as far as a flat top allows.

    Examples
    --------
    >>> time, height = peak(lambda t: t * np.exp(-t), 0.1, 4.0)
    >>> round(time, 6), round(height, 12)
    (1.0, 0.367879441171)
    """
    low, high = first, last
    best = (first, -np.inf)
    for _ in range(5):
        points = np.linspace(low, high, 65)
        found = np.asarray(values(points))
        k = int(np.argmax(found))
        if found[k] > best[1]:
            best = float(points[k]), float(found[k])
        low, high = points[max(k - 1, 0)], points[min(k + 1, 64)]
    return best


def line(axes: Axes, number: int, x: Any, y: Any, label: str, **style: Any) -> None:
    """Draw a curve with the colour and the dashes of its number, unless `style` says otherwise."""
    look: dict[str, Any] = {"color": COLOURS[number], "linestyle": DASHES[number]} | style
    axes.plot(x, y, label=label, **look)


def finish(axes: Axes, x: str, y: str, columns: int = 2, where: Any = "upper right") -> None:
    """Label the axes, with units, and put a legend into room made for it."""
    axes.set(xlabel=x, ylabel=y)
    axes.margins(x=0)
    legend(axes, columns, where, handlelength=2.2, columnspacing=1.0)
