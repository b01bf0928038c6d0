"""Tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

_COLUMNS = 5
_ROUNDING = 1e-16


def print_head(described: object, preparation: object, table: xr.Dataset) -> None:
    """What is charged and how it starts."""
    print(described)
    if isinstance(preparation, Mapping):
        for site, each in preparation.items():
            many = isinstance(site, tuple)
            print(f"{', '.join(site) if many else site} {'start' if many else 'starts'} as {each}")
        if not preparation:
            print("every site starts in its ground state")
    else:
        print(preparation)
    end = table.coords.get("disconnect")
    if end is not None and not end.ndim:
        when = f"at t = {end.item():.6g}" if np.isfinite(end) else "never"
        print(f"charging ends {when}")
    paper = any("equation" in column.attrs for column in table.data_vars.values())
    print(f"units: hbar = 1; times in 1/frequency{'; Eq. = of the paper' * paper}\n")


def print_charge(table: xr.Dataset) -> None:
    """A few moments of every quantity."""
    moments = table["time"].to_numpy()
    shown = np.unique(np.linspace(0, len(moments) - 1, _COLUMNS).round().astype(int))
    heads = ["quantity", "unit", *(f"t = {moments[i]:.4g}" for i in shown)]
    rows = []
    little = _rounding(table)
    for name, column in table.data_vars.items():
        digits = 4 if column.dtype.kind == "c" else 5
        seen = column.values[shown] if column.ndim else column.values[None]  # of all times
        values = ["0" if abs(x) <= little[name] else f"{x:.{digits}g}" for x in seen]
        values += [""] * (len(shown) - len(values))
        rows.append([str(name), column.attrs["units"], *values])
    _with_equations(heads, rows, [[column] for column in table.data_vars.values()])
    if len(shown) < len(moments):
        print(f"{len(shown)} of {len(moments)} times are shown; --out FILE.csv keeps all.")
    _print_levels(table)


def _rounding(table: xr.Dataset) -> dict[Any, float]:
    """What a solver leaves where there is nothing; closed forms are right to any smallness."""
    part = _ROUNDING if "method" in table.attrs else 0.0
    sizes = {n: np.abs(c.to_numpy()) for n, c in table.data_vars.items()}
    return {n: part * float(s[np.isfinite(s)].max(initial=0.0)) for n, s in sizes.items()}


def print_optimum(table: xr.Dataset) -> None:
    """The best moment of every quantity, and what is reached then."""
    heads = ["quantity", "best time", "maximum", "unit"]
    searched = table.attrs.get("method") != "closed form"
    heads += ["no more than"] * searched
    rows, columns = [], []
    for name in (str(each).removesuffix("_max") for each in table if str(each).endswith("_max")):
        time, best, bound = (table[f"{name}_{kind}"] for kind in ("time", "max", "bound"))
        none = "never positive" if float(best) <= 0 else "not known"
        when = none if np.isnan(time) else f"{float(time):.10g}"
        row = [name, when, f"{float(best):.10g}", best.attrs["units"]]
        rows.append(row + [f"{float(bound):.10g}"] * searched)
        columns.append([time, best])
    _with_equations(heads, rows, columns)
    if "horizon" in table.attrs:
        print(f"of all moments up to t = {table.attrs['horizon']:.6g}")
    _print_levels(table)


def print_best(table: xr.Dataset, rows: Iterable[Iterable[str]]) -> None:
    """Of a table with further axes, where each quantity is largest."""
    print_table(["quantity", "largest", "unit", "where"], rows, long=True)
    axes = " x ".join(f"{size} {name}" for name, size in table.sizes.items())
    print(f"the largest of {axes} are shown; --out FILE.nc keeps all.")


def print_table(heads: Iterable[str], rows: Iterable[Iterable[str]], long: bool = False) -> None:
    """A table that keeps all digits; with `long`, its last column may take several lines."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    heads = list(heads)
    for number, head in enumerate(heads):
        wraps = long and number == len(heads) - 1
        side: Any = "left" if number < 1 or wraps else "right"
        table.add_column(head, justify=side, no_wrap=not wraps, overflow="fold")
    rows = [tuple(row) for row in rows]
    for row in rows:
        table.add_row(*row)
    # Wide enough for every column, in a pipe too; a narrow terminal wraps and keeps the digits.
    columns = [] if long else list(zip(heads, *rows, strict=True))
    needed = sum(2 + max(map(len, column)) for column in columns)
    Console(width=max(100, needed, Console().width)).print(table)


def print_written(*paths: Path | None) -> None:
    """Which files are there now."""
    for path in paths:
        if path is not None:
            print(f"wrote {path}")


def _with_equations(
    heads: list[str], rows: list[list[str]], columns: Iterable[list[xr.DataArray]]
) -> None:
    """Print a table, with the paper's equations where the quantities are those of its pair."""
    found = ["; ".join(c.attrs["equation"] for c in some if "equation" in c.attrs)
             for some in columns]  # fmt: skip
    if any(found):
        heads = [*heads, "Eq."]
        rows = [[*row, each] for row, each in zip(rows, found, strict=True)]
    print_table(heads, rows)


def _print_levels(table: xr.Dataset) -> None:
    """How many levels oscillators were given, and what they leave out; or that none are cut."""
    if table.attrs.get("method", "").startswith("means"):
        print(f"by {table.attrs['method']}, on no levels: nothing is left out")
    if "levels" in table.attrs:
        left = table.attrs["left_out"]
        print(f"levels of {table.attrs['levels']}; they leave out {left:.1g} quanta at most")
