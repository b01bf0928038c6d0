"""What entries of the zoo share: curves of our own, their peaks, and how pictures are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.charging.system import System
from quantumbattery.network.drives import Drive
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.sites import Oscillator
from quantumbattery.plot.style import COLOURS, DASHES, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quantumbattery.network.preparations import Preparation


def curve(
    system: System,
    start: Preparation | Mapping[str, Preparation],
    times: Any,
    measure: str = "energy",
    how: str = "global",
) -> Any:
    """One measure of a system over its axes and the times.

    Parameters
    ----------
    system : System
        With values or axes for its parameters.
    start : Preparation or mapping
        How the charger, or each named site, is prepared.
    times : float or 1-D array_like
        When to look.
    measure : str
        One that `System.charge` knows.
    how : str
        Which unitaries may take work out: "global", "collective" or "local".

    Returns
    -------
    ndarray
        The axes of the system and of the preparation, then the times, if there is more than one.

    Examples
    --------
    >>> from quantumbattery import models
    >>> from quantumbattery.network.preparations import fock
    >>> curve(models.qubit_pair(), fock(1), [0.0, np.pi / 2]).round(12)
    array([0., 1.])
    """
    return system.charge(start, times, [measure], how)[measure].to_numpy()


def cut(system: System, levels: int) -> System:
    """The same with so many levels for each oscillator: enough, and quicker than choosing them.

    Parameters
    ----------
    system : System
        Its sites may be of any kind.
    levels : int
        How many each oscillator gets; other sites keep theirs.

    Returns
    -------
    System

    Examples
    --------
    >>> from quantumbattery import models
    >>> cut(models.jaynes_cummings(), 5).sites["charger"]
    Oscillator(frequency=1, levels=5)
    """
    sites = {
        name: Oscillator(site.frequency, site.loss, site.dephasing, site.occupation, levels)
        if isinstance(site, Oscillator)
        else site
        for name, site in system.sites.items()
    }
    links: list[Interaction | Drive] = [*system.interactions, *system.drives]
    return System(sites, links, system.charger, system.battery)


def peak(values: Callable[[Any], Any], first: float, last: float) -> tuple[float, float]:
    """Where and how high a curve is highest.

    Looks at 65 points, then between the neighbours of the best, and so on: right to nearly all
    digits in height, and to half of them in time, as far as a flat top allows.

    Parameters
    ----------
    values : callable
        Returns the curve at an array of points.
    first, last : float
        Where to look; the curve has one top between.

    Returns
    -------
    tuple of float
        The point and the height.

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
    """Draw a curve with the colour and the dashes of its number.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    number : int
        Which of the colours of `quantumbattery.plot`, from 0.
    x, y : array_like
        The points.
    label : str
        What the legend says.
    **style
        Further arguments of ``axes.plot``, which go before colour and dashes.
    """
    look: dict[str, Any] = {"color": COLOURS[number], "linestyle": DASHES[number]} | style
    axes.plot(x, y, label=label, **look)


def finish(axes: Axes, x: str, y: str, columns: int = 2, where: Any = "upper right") -> None:
    """Label the axes and put a legend into room made for it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With all its curves drawn.
    x, y : str
        What the axes show, with units.
    columns : int
        Of the legend.
    where : str
        Where the legend goes, as of ``axes.legend``.
    """
    axes.set(xlabel=x, ylabel=y)
    axes.margins(x=0)
    legend(axes, columns, where, handlelength=2.2, columnspacing=1.0)
