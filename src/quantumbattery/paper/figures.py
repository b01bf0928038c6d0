"""Figures 2, 3 and 4 of the founding paper, panel by panel, and the numbers in them.

`panels` computes what a figure shows, one labelled table a panel; the drawing reads only these
tables. Energies are in units of the battery's frequency, times in units of 1/J, so the pair has
frequency and coupling 1 here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantumbattery import plot
from quantumbattery.files import make_folder, write_whole
from quantumbattery.pair import QubitPair
from quantumbattery.paper import approximations
from quantumbattery.paper.approximations import A, B, C
from quantumbattery.states import bloch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ANGLES = np.linspace(0, np.pi, 5)
NAMES = ("0", "pi/4", "pi/2", "3pi/4", "pi")

_TIMES = np.linspace(0, 2 * np.pi, 801)
_THETAS = np.linspace(0, np.pi, 401)
_TEX = (r"$\theta=0$", r"$\pi/4$", r"$\pi/2$", r"$3\pi/4$", r"$\pi$")
_ENERGY, _PASSIVE, _WORK = "#CC79A7", "#56B4E9", "#B2182B"
_PURPLE, _GOLD, _GREEN, _ORANGE = "#7B3294", "#E69F00", "#009E73", "#D55E00"
_TIME, _THETA = r"time $Jt$", r"polar angle $\theta/\pi$"


def panels(number: int) -> dict[str, pd.DataFrame]:
    """Return the numbers of a figure, a table with named columns for each panel.

    Parameters
    ----------
    number : int
        2, 3 or 4.

    Returns
    -------
    dict of str to pandas.DataFrame
        By panel letter. Columns say what they hold and in which unit: `t_J` is J t, `energy_w`
        is the energy over the battery's frequency, `power_wJ` the power over frequency times J.

    Raises
    ------
    ValueError
        If there is no such figure.

    Examples
    --------
    >>> from quantumbattery.paper.figures import panels
    >>> list(panels(4)["c"].columns)[:2]
    ['t_J', 'concurrence theta=0']
    """
    return _figure(number)[0]()


def figure(number: int) -> Figure:
    """Draw figure 2, 3 or 4 of the paper (1 is the sphere with the preparations used in them).

    Parameters
    ----------
    number : int
        2: energetics; 3: thermodynamics; 4: origin of the ergotropy, and entanglement.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no such figure.

    Notes
    -----
    Figure 2: Eqs. 30-37; figure 3: Eqs. 30-45, the fits of Eqs. 43 and 45 with their residuals;
    figure 4: Eqs. 50-59.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> len(qb.paper.figure(2).axes)
    3
    """
    import matplotlib as mpl

    if number == 1:
        return plot.bloch(bloch(ANGLES))
    compute, draw = _figure(number)
    with mpl.rc_context(plot.STYLE):
        return draw(compute())


def write_figures(folder: str | Path) -> list[Path]:
    """Write figures 2-4 and the sphere as PNG and PDF, and the plotted numbers as CSV.

    Parameters
    ----------
    folder : str or Path
        Where to; made if need be.

    Returns
    -------
    list of Path
        The files: bloch.png, fig2.png, fig2.pdf, fig2a.csv and so on, each whole.

    Raises
    ------
    ValueError
        If the folder or a file cannot be written.
    """
    folder = Path(folder)
    make_folder(folder)
    written = []
    for number in (1, 2, 3, 4):
        name = "bloch" if number == 1 else f"fig{number}"
        picture = figure(number)
        for suffix in ("png", "pdf"):
            plot.save(picture, path := folder / f"{name}.{suffix}")
            written.append(path)
        for letter, table in panels(number).items() if number > 1 else ():
            written.append(path := folder / f"{name}{letter}.csv")
            write_whole(path, lambda part, table=table: table.to_csv(part, index=False))  # type: ignore[misc]
    return written


def _figure(
    number: int,
) -> tuple[Callable[[], dict[str, pd.DataFrame]], Callable[[dict[str, pd.DataFrame]], Figure]]:
    figures = {2: (_panels_2, _draw_2), 3: (_panels_3, _draw_3), 4: (_panels_4, _draw_4)}
    if number not in figures:
        raise ValueError(f"the paper's figures with data are 2, 3 and 4; got {number!r}")
    return figures[number]


def _by_angle(measure: str, column: str) -> pd.DataFrame:
    lines = QubitPair().charge(bloch(ANGLES), _TIMES, [measure])[measure]
    table = {f"{column} theta={n}": line for n, line in zip(NAMES, lines.to_numpy(), strict=True)}
    return pd.DataFrame({"t_J": _TIMES, **table})


def _by_time(theta: float, columns: dict[str, str]) -> pd.DataFrame:
    table = QubitPair().charge(bloch(theta), _TIMES, list(columns))
    return pd.DataFrame({"t_J": _TIMES, **{c: table[m].to_numpy() for m, c in columns.items()}})


def _panels_2() -> dict[str, pd.DataFrame]:
    best = QubitPair().optimum(bloch(_THETAS))
    at_best = QubitPair().charge(bloch(_THETAS), np.pi / 2, ["energy_variance"])
    summary = {
        "theta_over_pi": _THETAS / np.pi,
        "energy_max_w": best.energy_max,
        "power_max_BwJ": best.power_max / B,
        "energy_standard_deviation_at_best_time_w": np.sqrt(at_best.energy_variance),
    }
    return {
        "a": _by_angle("energy", "energy_w"),
        "b": _by_angle("power", "power_wJ"),
        "c": pd.DataFrame(summary),
    }


def _panels_3() -> dict[str, pd.DataFrame]:
    energies = {
        "energy": "energy_w",
        "passive_energy": "passive_energy_w",
        "ergotropy": "ergotropy_w",
    }
    powers = {
        "power": "power_wJ",
        "passive_power": "passive_power_wJ",
        "ergotropic_power": "ergotropic_power_wJ",
    }
    best = QubitPair().optimum(bloch(_THETAS))
    fitted_time = approximations.ergotropic_power_time(_THETAS)
    fitted_max = approximations.ergotropic_power_max(_THETAS)
    times = {
        "theta_over_pi": _THETAS / np.pi,
        "energy_and_ergotropy_time_J": best.energy_time,
        "power_time_J": best.power_time,
        "ergotropic_power_time_J": best.ergotropic_power_time,
        "ergotropic_power_time_fit_J": fitted_time,
        "fit_minus_exact_J": fitted_time - best.ergotropic_power_time.to_numpy(),
    }
    maxima = {
        "theta_over_pi": _THETAS / np.pi,
        "energy_and_ergotropy_max_w": best.energy_max,
        "power_max_wJ": best.power_max,
        "ergotropic_power_max_wJ": best.ergotropic_power_max,
        "ergotropic_power_max_fit_wJ": fitted_max,
        "fit_minus_exact_wJ": fitted_max - best.ergotropic_power_max.to_numpy(),
    }
    return {
        "a": _by_time(np.pi / 2, energies),
        "b": _by_time(np.pi / 2, powers),
        "c": _by_time(np.pi, energies),
        "d": _by_time(np.pi, powers),
        "e": pd.DataFrame(times),
        "f": pd.DataFrame(maxima),
    }


def _panels_4() -> dict[str, pd.DataFrame]:
    columns = {
        "ergotropy": "ergotropy_w",
        "capacity": "capacity_w",
        "population_inversion": "population_inversion",
        "coherence": "coherence",
    }
    return {
        "a": _by_time(np.pi / 2, columns),
        "b": _by_time(np.pi, columns),
        "c": _by_angle("concurrence", "concurrence"),
    }


def _draw_2(data: dict[str, pd.DataFrame]) -> Figure:
    figure, (a, b, c) = _sheet(1, 3, height=2.6)
    _angle_lines(a, data["a"])
    _finish(a, "(a)", _TIME, r"stored energy $E/\omega_b$")
    _best(a, np.pi / 2, r"$t_E$", "0.35")
    _angle_lines(b, data["b"])
    _finish(b, "(b)", _TIME, r"charging power $P/(\omega_b J)$")
    _best(b, A, r"$t_P$", "0.35")
    _legend_above(b, columns=3)
    _legend_above(a, columns=3)
    table = data["c"]
    angle = table["theta_over_pi"]
    c.plot(angle, table["energy_max_w"], color=_PURPLE, label=r"$E(t_E)/\omega_b$")
    c.plot(angle, table["power_max_BwJ"], "--", color=_GOLD, lw=2, label=r"$P(t_P)/(B\omega_b J)$")
    c.plot(
        angle,
        table["energy_standard_deviation_at_best_time_w"],
        color=_GREEN,
        lw=0.9,
        label=r"$\sigma_E(t_E)/\omega_b$",
    )
    _legend_above(c, columns=2)
    _finish(c, "(c)", _THETA, "value at the best time")
    return figure


def _draw_3(data: dict[str, pd.DataFrame]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.4), layout="constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 1.25))
    for letter, cell, theta in (("a", grid[0, 0], r"\pi/2"), ("c", grid[0, 1], r"\pi")):
        axes = figure.add_subplot(cell)
        _energies(axes, data[letter], theta)
        _finish(axes, f"({letter})", _TIME, r"energy $/\,\omega_b$")
    for letter, cell, theta in (("b", grid[1, 0], r"\pi/2"), ("d", grid[1, 1], r"\pi")):
        axes = figure.add_subplot(cell)
        _powers(axes, data[letter], C if letter == "d" else _best_time(data["e"]), theta)
        _finish(axes, f"({letter})", _TIME, r"power $/\,(\omega_b J)$")
    _with_residual(grid[0, 2], data["e"], _times_of, "residual", "(e)")
    _with_residual(grid[1, 2], data["f"], _maxima_of, "residual", "(f)")
    return figure


def _draw_4(data: dict[str, pd.DataFrame]) -> Figure:
    figure, (a, b, c) = _sheet(1, 3, height=2.7)
    for axes, letter, theta in ((a, "a", r"\pi/2"), (b, "b", r"\pi")):
        table = data[letter]
        time = table["t_J"]
        axes.plot(time, table["ergotropy_w"], color=_WORK, label=r"$\mathcal{E}/\omega_b$")
        axes.plot(time, table["capacity_w"], "--", color=_PASSIVE, label=r"$\mathcal{K}/\omega_b$")
        axes.plot(time, table["population_inversion"], "-.", color=_GREEN, label=r"$\mathcal{I}$")
        axes.plot(time, table["coherence"], ":", lw=1.8, color=_GOLD, label=r"$\mathcal{C}$")
        _finish(axes, f"({letter})", _TIME, "dimensionless value")
        _legend_above(axes, columns=2, theta=theta)
    _angle_lines(c, data["c"])
    _finish(c, "(c)", _TIME, "concurrence $C$")
    _legend_above(c, columns=3)
    return figure


def _sheet(rows: int, columns: int, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


def _angle_lines(axes: Axes, table: pd.DataFrame) -> None:
    columns = table.columns[1:]
    for column, colour, dash, tex in zip(
        columns, plot.shades(len(columns)), plot.DASHES, _TEX, strict=False
    ):
        axes.plot(table["t_J"], table[column], color=colour, linestyle=dash, label=tex)


def _energies(axes: Axes, table: pd.DataFrame, theta: str) -> None:
    time = table["t_J"]
    axes.plot(time, table["energy_w"], "--", color=_ENERGY, lw=1, label="stored $E$")
    axes.plot(
        time, table["passive_energy_w"], "-.", color=_PASSIVE, lw=1, label=r"passive $\mathsf{E}$"
    )
    axes.plot(time, table["ergotropy_w"], color=_WORK, lw=1.8, label=r"ergotropy $\mathcal{E}$")
    _best(axes, np.pi / 2, r"$t_E=t_{\mathcal{E}}$", _WORK)
    _legend_above(axes, columns=3, theta=theta)


def _powers(axes: Axes, table: pd.DataFrame, best: float, theta: str) -> None:
    time = table["t_J"]
    axes.plot(time, table["power_wJ"], "--", color=_ENERGY, lw=1, label="stored $P$")
    axes.plot(
        time, table["passive_power_wJ"], "-.", color=_PASSIVE, lw=1, label=r"passive $\mathsf{P}$"
    )
    axes.plot(
        time, table["ergotropic_power_wJ"], color=_WORK, lw=1.8, label=r"ergotropic $\mathcal{P}$"
    )
    _best(axes, A, "$t_P$", _ENERGY, "right")
    _best(axes, best, r"$t_{\mathcal{P}}$", _WORK)
    _legend_above(axes, columns=3, theta=theta)


def _best_time(table: pd.DataFrame) -> float:
    """The exact best time for ergotropic power at theta = pi/2."""
    return float(table["ergotropic_power_time_J"].iloc[len(table) // 2])


def _times_of(axes: Axes, table: pd.DataFrame) -> str:
    angle = table["theta_over_pi"]
    axes.plot(
        angle, table["energy_and_ergotropy_time_J"], color=_PURPLE, label=r"$t_E=t_{\mathcal{E}}$"
    )
    axes.plot(
        angle, table["ergotropic_power_time_J"], color=_GOLD, lw=2, label=r"$t_{\mathcal{P}}$"
    )
    axes.plot(angle, table["ergotropic_power_time_fit_J"], "--", color=_ORANGE, label=r"Eq. (43)")
    axes.plot(angle, table["power_time_J"], "-.", color=_ENERGY, label=r"$t_P$")
    axes.set_ylabel(r"best time $Jt$")
    return "fit_minus_exact_J"


def _maxima_of(axes: Axes, table: pd.DataFrame) -> str:
    angle = table["theta_over_pi"]
    axes.plot(
        angle,
        table["energy_and_ergotropy_max_w"],
        color=_PURPLE,
        label=r"$E,\mathcal{E}$ at best $(\omega_b)$",
    )
    axes.plot(
        angle,
        table["ergotropic_power_max_wJ"],
        color=_GOLD,
        lw=2,
        label=r"$\mathcal{P}(t_{\mathcal{P}})$ $(\omega_b J)$",
    )
    axes.plot(angle, table["ergotropic_power_max_fit_wJ"], "--", color=_ORANGE, label="Eq. (45)")
    axes.plot(angle, table["power_max_wJ"], "-.", color=_ENERGY, label=r"$P(t_P)$ $(\omega_b J)$")
    axes.set_ylabel("maximum")
    return "fit_minus_exact_wJ"


def _with_residual(
    cell: Any,
    table: pd.DataFrame,
    draw: Callable[[Axes, pd.DataFrame], str],
    residual: str,
    letter: str,
) -> None:
    """A panel with, below it, by how much the paper's fit misses the exact curve."""
    upper, lower = cell.subgridspec(2, 1, height_ratios=(3, 1), hspace=0.02).subplots(sharex=True)
    column = draw(upper, table)
    _legend_above(upper, columns=2)
    _letter(upper, letter)
    upper.margins(x=0)
    low, high = upper.get_ylim()
    upper.set_ylim(low, high + 0.18 * (high - low))
    lower.axhline(0, color="0.5", lw=0.6)
    lower.plot(table["theta_over_pi"], table[column], color=_ORANGE)
    lower.fill_between(table["theta_over_pi"], table[column], color=_ORANGE, alpha=0.2, lw=0)
    lower.set(xlabel=_THETA, ylabel=residual)
    upper.figure.align_ylabels([upper, lower])


def _best(axes: Axes, time: float, name: str, colour: str, side: str = "left") -> None:
    axes.axvline(time, color=colour, linestyle=(0, (3, 2)), lw=0.9)
    shift = 3 if side == "left" else -3
    axes.annotate(
        name,
        (time, 1.0),
        (shift, -13),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha=side,
        va="top",
        fontsize=8,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
    )


def _letter(axes: Axes, text: str) -> None:
    axes.annotate(
        text,
        (0, 1),
        (3, -3),
        xycoords="axes fraction",
        textcoords="offset points",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
    )


def _legend_above(axes: Axes, columns: int, theta: str = "") -> None:
    """Put the legend over the panel, where no curve can be."""
    axes.legend(
        title=rf"$\theta={theta}$" if theta else None,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.99),
        ncols=columns,
        columnspacing=0.8,
        handletextpad=0.4,
        handlelength=1.7,
        borderaxespad=0.1,
        labelspacing=0.2,
    )


def _finish(axes: Axes, letter: str, x: str, y: str) -> None:
    _letter(axes, letter)
    axes.set(xlabel=x, ylabel=y)
    axes.margins(x=0)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.18 * (high - low))
    if x == _TIME:
        axes.set_xticks(
            np.arange(5) * np.pi / 2, ["0", r"$\pi/2$", r"$\pi$", r"$3\pi/2$", r"$2\pi$"]
        )
