"""How figures 2, 3 and 4, and Sec. 8, are drawn; `figures` has what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quantumbattery.paper.approximations import A, C
from quantumbattery.plot.maps import paint
from quantumbattery.plot.style import DASHES, shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEX = (r"$\theta=0$", r"$\pi/4$", r"$\pi/2$", r"$3\pi/4$", r"$\pi$")
_ENERGY, _PASSIVE, _WORK = "#CC79A7", "#56B4E9", "#B2182B"
_PURPLE, _GOLD, _GREEN, _ORANGE = "#7B3294", "#E69F00", "#009E73", "#D55E00"
_TIME, _THETA, _LOSS = r"time $Jt$", r"polar angle $\theta/\pi$", r"charger loss $\gamma/J$"


def draw_2(data: dict[str, pd.DataFrame]) -> Figure:
    """Figure 2: energetics."""
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


def draw_3(data: dict[str, pd.DataFrame]) -> Figure:
    """Figure 3: thermodynamics, and the best times and maxima with the fits' residuals."""
    from quantumbattery.plot.picture import Picture

    figure = Picture(figsize=(7.2, 5.8), layout="constrained")
    # one grid for all panels, so that those of a column have the same edges
    grid = figure.add_gridspec(4, 3, width_ratios=(1, 1, 1.15), height_ratios=(3, 1, 3, 1))
    for letter, cell, theta in (("a", grid[:2, 0], r"\pi/2"), ("c", grid[:2, 1], r"\pi")):
        axes = figure.add_subplot(cell)
        _energies(axes, data[letter], theta)
        _finish(axes, f"({letter})", _TIME, r"energy $/\,\omega_b$")
    for letter, cell, theta in (("b", grid[2:, 0], r"\pi/2"), ("d", grid[2:, 1], r"\pi")):
        axes = figure.add_subplot(cell)
        _powers(axes, data[letter], C if letter == "d" else _best_time(data["e"]), theta)
        _finish(axes, f"({letter})", _TIME, r"power $/\,(\omega_b J)$")
    for letter, row, draw in (("e", 0, _times_of), ("f", 2, _maxima_of)):
        upper = figure.add_subplot(grid[row, 2])
        lower = figure.add_subplot(grid[row + 1, 2], sharex=upper)
        _with_residual(upper, lower, data[letter], draw, f"({letter})")
    return figure


def draw_4(data: dict[str, pd.DataFrame]) -> Figure:
    """Figure 4: origin of the ergotropy, and entanglement."""
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


def draw_5(data: dict[str, pd.DataFrame]) -> Figure:
    """Section 8: the best ergotropic power over angle and loss; the expansions for small loss."""
    figure, ((a, b), (c, d)) = _sheet(2, 2, height=5.6)
    _map(a, data["a"], r"best time $Jt_{\mathcal{P}}$ for ergotropic power", marked=False)
    _letter(a, "(a)")
    _map(b, data["b"], r"highest ergotropic power $\mathcal{P}/(\omega_b J)$", marked=True)
    _letter(b, "(b)")
    _lines(c, data["c"], (
        ("energy_time_J", r"$t_E$"),
        ("energy_time_expanded_J", "Eq. (65)"),
        ("power_time_J", r"$t_P$"),
        ("power_time_expanded_J", "Eq. (67)"),
        ("ergotropic_power_time_J theta=pi/2", r"$t_{\mathcal{P}}$, $\theta=\pi/2$"),
        ("ergotropic_power_time_J theta=pi", r"$t_{\mathcal{P}}$, $\theta=\pi$"),
    ))  # fmt: skip
    c.set_ylim(0, 1.6)  # the expansions go on below, here and in (d)
    _finish(c, "(c)", _LOSS, r"best time $Jt$")
    _lines(d, data["d"], (
        ("energy_max_w theta=pi", r"$E$, $\theta=\pi$"),
        ("energy_max_expanded_w theta=pi", "Eq. (66)"),
        ("power_max_wJ theta=pi", r"$P$, $\theta=\pi$"),
        ("power_max_expanded_wJ theta=pi", "Eq. (68)"),
        ("ergotropic_power_max_wJ theta=pi/2", r"$\mathcal{P}$, $\theta=\pi/2$"),
        ("ergotropic_power_max_wJ theta=pi", r"$\mathcal{P}$, $\theta=\pi$"),
    ))  # fmt: skip
    d.set_ylim(0, 1)
    _finish(d, "(d)", _LOSS, r"maximum $/\,\omega_b$ or $/\,(\omega_b J)$")
    return figure


def _map(axes: Axes, table: pd.DataFrame, words: str, *, marked: bool) -> None:
    angle, loss = (table[name].unique() for name in ("theta_over_pi", "loss_over_J"))
    values = table.iloc[:, 2].to_numpy().reshape(len(angle), len(loss))
    paint(axes, angle, loss, values.T, words, marked=marked)
    axes.set(xlabel=_THETA, ylabel=_LOSS)


def _lines(axes: Axes, table: pd.DataFrame, columns: Sequence[tuple[str, str]]) -> None:
    """Exact and expanded energy and power, and the ergotropic power of two angles."""
    colours = (_PURPLE, _PURPLE, _ENERGY, _ENERGY, _GOLD, _WORK)
    dashes = ("-", (0, (2, 1.5)), "-", (0, (2, 1.5)), "-.", (0, (8, 2)))
    for (column, name), colour, dash in zip(columns, colours, dashes, strict=True):
        axes.plot(table["loss_over_J"], table[column], color=colour, linestyle=dash, label=name)
    _legend_above(axes, columns=3)


def _sheet(rows: int, columns: int, height: float) -> tuple[Figure, Any]:
    from quantumbattery.plot.picture import Picture

    figure = Picture(figsize=(7.2, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


def _angle_lines(axes: Axes, table: pd.DataFrame) -> None:
    columns = table.columns[1:]
    for column, colour, dash, tex in zip(columns, shades(len(columns)), DASHES, _TEX, strict=False):
        axes.plot(table["t_J"], table[column], color=colour, linestyle=dash, label=tex)


def _energies(axes: Axes, table: pd.DataFrame, theta: str) -> None:
    time = table["t_J"]
    axes.plot(time, table["energy_w"], "--", color=_ENERGY, lw=1, label="stored $E$")
    axes.plot(
        time, table["passive_energy_w"], "-.", color=_PASSIVE, lw=1, label=r"passive $\mathsf{E}$"
    )
    axes.plot(time, table["ergotropy_w"], color=_WORK, lw=1.8, label=r"ergotropy $\mathcal{E}$")
    _best(axes, np.pi / 2, r"$t_E=t_{\mathcal{E}}$", _WORK)
    _legend_above(axes, columns=2, theta=theta)


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
    _legend_above(axes, columns=2, theta=theta)


def _best_time(table: pd.DataFrame) -> float:
    """The exact best time for ergotropic power at theta = pi/2."""
    return float(table["ergotropic_power_time_J"].iloc[len(table) // 2])


def _times_of(axes: Axes, table: pd.DataFrame) -> tuple[str, str]:
    """Draws; says which column is the residual, and of what."""
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
    return "fit_minus_exact_J", r"$Jt_{\mathcal{P}}$"


def _maxima_of(axes: Axes, table: pd.DataFrame) -> tuple[str, str]:
    angle = table["theta_over_pi"]
    axes.plot(
        angle,
        table["energy_and_ergotropy_max_w"],
        color=_PURPLE,
        label=r"$E=\mathcal{E}$ $(\omega_b)$",
    )
    axes.plot(
        angle,
        table["ergotropic_power_max_wJ"],
        color=_GOLD,
        lw=2,
        label=r"$\mathcal{P}$ $(\omega_b J)$",
    )
    axes.plot(angle, table["ergotropic_power_max_fit_wJ"], "--", color=_ORANGE, label="Eq. (45)")
    axes.plot(angle, table["power_max_wJ"], "-.", color=_ENERGY, label=r"$P$ $(\omega_b J)$")
    axes.set_ylabel(r"maximum $/\,\omega_b$ or $/\,(\omega_b J)$")
    return "fit_minus_exact_wJ", r"$\mathcal{P}/(\omega_b J)$"


def _with_residual(
    upper: Axes,
    lower: Axes,
    table: pd.DataFrame,
    draw: Callable[[Axes, pd.DataFrame], tuple[str, str]],
    letter: str,
) -> None:
    """A panel with, below it, by how much the paper's fit misses the exact curve."""
    column, quantity = draw(upper, table)
    _legend_above(upper, columns=2)
    _letter(upper, letter)
    upper.margins(x=0)
    low, high = upper.get_ylim()
    upper.set_ylim(low, high + 0.18 * (high - low))
    upper.tick_params(labelbottom=False)
    lower.axhline(0, color="0.5", lw=0.6)
    lower.plot(table["theta_over_pi"], table[column], color=_ORANGE)
    lower.fill_between(table["theta_over_pi"], table[column], color=_ORANGE, alpha=0.2, lw=0)
    lower.set(xlabel=_THETA, ylabel=f"residual\nof {quantity}")
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
        handlelength=1.6,
        borderpad=0.2,
        borderaxespad=0.3,
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
