"""Figures 2, 3 and 4 of the founding paper, panel by panel, and the numbers in them.

Figure 5 is none of the paper's: it shows what Sec. 8 says of loss, without a picture.

`panels` computes what a figure shows, one labelled table a panel; the drawing reads only these
tables. Energies are in units of the battery's frequency, times in units of 1/J, so the pair has
frequency and coupling 1 here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quantumbattery.files import file_path, make_folder, write_whole
from quantumbattery.network.preparations import bloch
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.paper import approximations, drawing
from quantumbattery.paper.approximations import B
from quantumbattery.plot import sphere, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ANGLES = np.linspace(0, np.pi, 5)
NAMES = ("0", "pi/4", "pi/2", "3pi/4", "pi")

_TIMES = np.linspace(0, 2 * np.pi, 801)
_THETAS = np.linspace(0, np.pi, 401)
_LOSSES = np.linspace(0, 4, 401)  # to the exceptional point, gamma = 4 J

_FILES = {1: "bloch", 2: "fig2", 3: "fig3", 4: "fig4", 5: "sec8"}


def panels(number: int) -> dict[str, pd.DataFrame]:
    """Return the numbers of a figure, a table with named columns for each panel.

    Parameters
    ----------
    number : int
        2, 3 or 4, or 5 for Sec. 8.

    Returns
    -------
    dict of str to pandas.DataFrame
        By panel letter. Columns say what they hold and in which unit: `t_J` is J t, `energy_w`
        is the energy over the battery's frequency, `power_wJ` the power over frequency times J. A
        map has a row for each of its points, angle by angle.

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
        2: energetics; 3: thermodynamics; 4: origin of the ergotropy, and entanglement; 5, which the
        paper does not have: what loss does to the best times and powers (Sec. 8).

    Returns
    -------
    matplotlib.figure.Figure
        A notebook shows it.

    Raises
    ------
    ValueError
        If there is no such figure.

    Notes
    -----
    Figure 2: Eqs. 30-37; figure 3: Eqs. 30-45, the fits of Eqs. 43 and 45 with their residuals;
    figure 4: Eqs. 50-59; figure 5: Eqs. 62-69, the expansions of Eqs. 65-68.

    Examples
    --------
    >>> import quantumbattery as qb
    >>> len(qb.paper.figure(2).axes)
    3
    """
    import matplotlib as mpl

    if isinstance(number, int) and number == 1:
        return sphere.bloch(bloch(ANGLES))
    compute, draw = _figure(number)
    with mpl.rc_context(style.STYLE):
        return draw(compute())


def write_figures(folder: str | Path) -> list[Path]:
    """Write figures 2-4, Sec. 8 and the sphere as PNG and PDF, and the plotted numbers as CSV.

    Parameters
    ----------
    folder : str or Path
        Where to; made if need be.

    Returns
    -------
    list of Path
        The files: bloch.png, fig2.png, fig2.pdf, fig2a.csv and so on to sec8d.csv, each whole.

    Raises
    ------
    ValueError
        If the folder or a file cannot be written.
    """
    folder = file_path(folder)
    make_folder(folder)
    written = []
    for number, name in _FILES.items():
        picture = figure(number)
        for suffix in ("png", "pdf"):
            style.save(picture, path := folder / f"{name}.{suffix}")
            written.append(path)
        for letter, table in panels(number).items() if number > 1 else ():
            written.append(path := folder / f"{name}{letter}.csv")
            write_whole(path, lambda part, table=table: table.to_csv(part, index=False))  # type: ignore[misc]
    return written


def _figure(
    number: int,
) -> tuple[Callable[[], dict[str, pd.DataFrame]], Callable[[dict[str, pd.DataFrame]], Figure]]:
    figures = {
        2: (_panels_2, drawing.draw_2),
        3: (_panels_3, drawing.draw_3),
        4: (_panels_4, drawing.draw_4),
        5: (_panels_5, drawing.draw_5),
    }
    if not isinstance(number, int) or number not in figures:
        raise ValueError(f"the figures with data are 2, 3 and 4, and 5 for Sec. 8; got {number!r}")
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


def _panels_5() -> dict[str, pd.DataFrame]:
    losses = _LOSSES[::5]
    best = QubitPair(charger_loss=losses).optimum(bloch(_THETAS[::4]))
    angle, loss = np.meshgrid(_THETAS[::4] / np.pi, losses, indexing="ij")
    where = {"theta_over_pi": angle.ravel(), "loss_over_J": loss.ravel()}
    times, powers = (
        best[name].transpose("theta", "charger_loss").to_numpy().ravel()
        for name in ("ergotropic_power_time", "ergotropic_power_max")
    )
    lossy = QubitPair(charger_loss=_LOSSES)
    full, half = lossy.optimum(bloch(np.pi)), lossy.optimum(bloch(np.pi / 2))
    best_times = {
        "loss_over_J": _LOSSES,
        "energy_time_J": full.energy_time,
        "energy_time_expanded_J": approximations.energy_time(_LOSSES),
        "power_time_J": full.power_time,
        "power_time_expanded_J": approximations.power_time(_LOSSES),
        "ergotropic_power_time_J theta=pi/2": half.ergotropic_power_time,
        "ergotropic_power_time_J theta=pi": full.ergotropic_power_time,
    }
    maxima = {
        "loss_over_J": _LOSSES,
        "energy_max_w theta=pi": full.energy_max,
        "energy_max_expanded_w theta=pi": approximations.energy_max(np.pi, _LOSSES),
        "power_max_wJ theta=pi": full.power_max,
        "power_max_expanded_wJ theta=pi": approximations.power_max(np.pi, _LOSSES),
        "ergotropic_power_max_wJ theta=pi/2": half.ergotropic_power_max,
        "ergotropic_power_max_wJ theta=pi": full.ergotropic_power_max,
    }
    return {
        "a": pd.DataFrame({**where, "ergotropic_power_time_J": times}),
        "b": pd.DataFrame({**where, "ergotropic_power_max_wJ": powers}),
        "c": pd.DataFrame(best_times),
        "d": pd.DataFrame(maxima),
    }
