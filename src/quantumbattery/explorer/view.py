"""What a notebook shows of a system that has no page: its network, and what it is charged with."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.files import file_path, write_whole
from quantumbattery.network.named_states import Preparation, Started
from quantumbattery.network.network import Link, numbers_of
from quantumbattery.quantities.parameters import names

_MEASURES = ("energy", "ergotropy", "power", "ergotropic_power")
_POINTS = 301
_PACES = ("strength", "xx", "yy", "zz", "amplitude")  # what sets how fast things move


@dataclass(frozen=True, repr=False, eq=False)
class View:
    """A system, and what it is charged with; made by `explore`.

    Attributes
    ----------
    system : System
    table : xarray.Dataset, optional
        What its `charge` returned, if a preparation was given or it needs none.
    """

    system: System
    table: xr.Dataset | None

    def save(self, path: str | Path) -> Path:
        """Write the same as one HTML file; return its path.

        Raises
        ------
        ValueError
            If the file has another ending or cannot be written.
        """
        from quantumbattery.explorer.export import check_page_path

        path = file_path(path)
        check_page_path(path)
        title = html.escape(repr(self.system).splitlines()[0])
        text = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark"></head>'
            '<body style="font: 15px/1.45 system-ui, sans-serif">'
            f"<main>{self._repr_html_()}</main></body></html>\n"
        )
        write_whole(path, lambda partial: partial.write_text(text, "utf-8", newline="\n"))
        return path

    def __repr__(self) -> str:
        lacks = "" if self.table is not None else f"\n{_lacking(self.system)}"
        return f"{self.system!r}{lacks}"

    def _repr_html_(self) -> str:
        """The network, its parts, and the curves."""
        card = self.system._repr_html_()
        if self.table is None:
            return f"{card}<p>{html.escape(_lacking(self.system))}</p>"
        from quantumbattery.plot.lines import curves

        figure: Any = curves(self.table, _MEASURES)
        picture = base64.b64encode(figure._repr_png_()).decode()
        return (
            f'{card}<img alt="{html.escape(_in_words(self.table))}" '
            f'src="data:image/png;base64,{picture}" '
            'style="width: 720px; max-width: 100%; border-radius: 8px">'
        )


def view(system: System, preparation: Preparation | Started | None, until: float | None) -> View:
    """Charge a system with a preparation, or without one where there is no charger, and show it."""
    if preparation is None and system.charger:
        if until is not None:
            raise ValueError(f"until when is known, but not from what on: {_lacking(system)}")
        return View(system, None)
    start = {} if preparation is None else preparation
    axes = {str(d) for array in _arrays(system, start) for d in array.dims}
    if len(axes) > 1:
        raise ValueError(
            f"explore draws curves for the values of one axis, and here are {sorted(axes)}: "
            "choose values, or draw maps: qb.plot.map(table, x, y)"
        )
    times = np.linspace(0.0, until or _turn(system), _POINTS)
    return View(system, system.charge(start, times, _MEASURES))


def _lacking(system: System) -> str:
    return (
        f"To see what {' and '.join(system.battery[:3])} is charged with, say how the charger "
        "starts: qb.explore(system, qb.fock(1)). For systems with sliders, run "
        "`quantumbattery explore`."
    )


def _turn(system: System) -> float:
    """How long the fastest exchange of energy takes, to and fro."""
    parts: list[Link] = [*system.interactions, *system.drives]
    paces = [np.max(np.abs(v)) for part in parts for n, v in numbers_of(part) if n in _PACES]
    fastest = float(max(paces, default=0.0))
    if not fastest > 0:
        raise ValueError("say until when: explore(system, preparation, until=10.0)")
    return 2 * np.pi / fastest


def _arrays(system: System, start: Any) -> Iterator[xr.DataArray]:
    yield from system.arrays.values()
    for one in start.values() if isinstance(start, Mapping) else (start,):
        if isinstance(one, Preparation):  # else it is refused where it is read
            values = (getattr(one, name) for name in names(one))
            yield from (value for value in values if isinstance(value, xr.DataArray))


def _in_words(table: xr.Dataset) -> str:
    """What the curves show, for whoever cannot see them."""
    said = []
    for name in ("energy", "ergotropy"):
        best = float(table[name].max())
        said.append(f"{table[name].attrs['long_name']}, at most {best:.4g}")
    return (
        f"Curves over time until {float(table.time[-1]):.4g}: {'; '.join(said)}; and their powers"
    )
