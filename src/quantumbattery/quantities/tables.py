"""The labelled table that every charge gives back, and tables of rows to print."""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from xarray.indexes import PandasIndex  # of old versions it is no attribute until imported

from quantumbattery.quantities.aliases import Array, Label
from quantumbattery.quantities.measures import PARAMETERS, Quantity


def describe(coords: Mapping[str, Label]) -> dict[str, xr.Variable]:
    """Give the coordinates that are parameters their names and units."""
    described: dict[str, xr.Variable] = {}
    for name, value in coords.items():
        said = PARAMETERS[name].attrs() if name in PARAMETERS else None
        if not isinstance(value, xr.Variable):
            described[name] = xr.Variable((), np.array(value), said, fastpath=True)
            continue
        described[name] = mine = value.copy(deep=False)
        if said:
            mine.attrs = {**value.attrs, **said}
    return described


def check_names(
    quantities: Iterable[str], sizes: Mapping[str, int], coords: Mapping[str, Label]
) -> None:
    """Raise ValueError if an axis or a coordinate has the name of a quantity."""
    if taken := sorted({*quantities} & {*sizes, *coords}):
        raise ValueError(f"'{taken[0]}' names both a quantity and an axis; rename the axis")


def dataset(
    sizes: Mapping[str, int],
    coords: Mapping[str, Label],
    columns: Mapping[str, tuple[Array, Quantity]],
    attrs: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A variable for each column, with its name, symbol and units.

    ValueError if an axis has the name of a quantity.
    """
    check_names(columns, sizes, coords)
    dims, shape = tuple(sizes), tuple(sizes.values())
    variables = {
        name: xr.Variable(dims, values.reshape(shape), quantity.attrs(), fastpath=True)
        for name, (values, quantity) in columns.items()
    }
    return _together(sizes, variables, describe(coords), dict(attrs or {}))


def density_matrices(
    sizes: Mapping[str, int],
    coords: Mapping[str, Label],
    rho: Array,
    labels: Iterable[str],
    attrs: Mapping[str, Any],
) -> xr.DataArray:
    """Density matrices (..., d, d) with their axes, and the labels of rows and columns."""
    name, levels = "density_matrix", [*labels]
    of_matrix = {each: xr.Variable((each,), levels) for each in ("row", "column")}
    variable = xr.Variable((*sizes, *of_matrix), rho, dict(attrs), fastpath=True)
    every = {**sizes, "row": len(levels), "column": len(levels)}
    return _together(every, {name: variable}, {**describe(coords), **of_matrix}, {})[name]


def _together(
    sizes: Mapping[str, int],
    variables: Mapping[str, xr.Variable],
    coords: Mapping[str, xr.Variable],
    attrs: dict[str, Any],
) -> xr.Dataset:
    """A dataset of what fits: axes were aligned and no name is taken twice."""
    direct = getattr(xr.Dataset, "_construct_direct", None)
    if direct is None:  # a shortcut of xarray's own, past checks that take most of a small charge
        return xr.Dataset(variables, coords, attrs)
    every, indexes = {**variables, **coords}, {}
    for name, value in coords.items():
        if value.dims == (name,):
            indexes[name] = _index(name, value)
            every |= indexes[name].create_variables({name: value})
    known = dict(sizes) if variables else None  # without any, some axes may be nobody's
    table: xr.Dataset = direct(every, {*coords}, known, attrs, indexes)
    return table


def _index(name: str, labels: xr.Variable) -> PandasIndex:
    """What finds places by the labels of an axis."""
    if (kind := labels.dtype) == np.float64:  # xarray need not find out what they are
        return PandasIndex(pd.Index(labels.values, name=name), name, kind)
    return PandasIndex.from_variables({name: labels}, options={})


# --- rows to print -----------------------------------------------------------------------------

R = TypeVar("R")

WIDTH = 100
RULE = "-" * WIDTH

_TABLE = "border-collapse: collapse; margin: 0 0 1em; font-variant-numeric: tabular-nums"
_CAPTION = "caption-side: top; text-align: left; padding: 0.4em 0; font-weight: 600"
_CELL = "padding: 0.2em 1.2em 0.2em 0; vertical-align: top"
_LONG, _WIDE = 30, "; min-width: 18em"  # letters; else a narrow page has one word a line


@dataclass(frozen=True)
class Rows(Generic[R]):
    """Rows, frozen dataclasses, in order: a sequence of them that also comes as JSON."""

    rows: tuple[R, ...]

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> R:
        return self.rows[index]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002
        """What IPython shows: the table that `print` shows, and not the rows' fields."""
        printer.text(str(self))

    def to_json(self, indent: int | None = None) -> str:
        """Return the rows as JSON text: a list of objects, with the fields of a row.

        Parameters
        ----------
        indent : int, optional
            Spaces for each depth, on lines of their own; by default all is one line.

        Returns
        -------
        str
        """
        return json.dumps([self._plain(row) for row in self.rows], indent=indent, allow_nan=False)

    def _plain(self, row: R) -> dict[str, Any]:
        plain: dict[str, Any] = asdict(row)  # type: ignore[call-overload]
        return plain


def paragraph(start: str, head: str, text: str) -> list[str]:
    """Lines of a row: its columns, what it is about, and below a text that is set in."""
    margin = " " * len(start)
    said = textwrap.wrap(head, WIDTH, initial_indent=start, subsequent_indent=margin)
    margin += "  "
    return said + textwrap.wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin)


def html_table(
    title: str,
    heads: Iterable[str],
    rows: Iterable[Iterable[str]],
    numbers: Iterable[int] = (),
) -> str:
    """The same for a notebook, escaped, under a title; the columns of these numbers stand right.

    It has no colours of its own, so that it can be read on a dark page and on a light one. Where it
    is wider than what shows it, it moves in a frame of its own, which the arrow keys move too.

    Examples
    --------
    >>> html_table("title", ["a"], [["<b>"]])
    '<div tabindex="0" style="overflow-x: auto"><table ...>title</caption>...&lt;b&gt;</td>...'
    """
    right, lines = set(numbers), [[*row] for row in rows]
    long = {k for row in lines for k, cell in enumerate(row) if len(cell) > _LONG}

    def line(tag: str, cells: Iterable[str]) -> str:
        made = (
            f'<{tag} style="text-align: {"right" if k in right else "left"}; {_CELL}'
            f'{_WIDE * (k in long)}">{html.escape(cell)}</{tag.partition(" ")[0]}>'
            for k, cell in enumerate(cells)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(line("td", row) for row in lines)
    head = line('th scope="col"', heads)
    return (
        f'<div tabindex="0" style="overflow-x: auto"><table style="{_TABLE}">'
        f'<caption style="{_CAPTION}">{html.escape(title)}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )
