"""What all pictures share: colours, dashes, fonts, labels, legends, and how they are saved.

Colours are those of Okabe and Ito, told apart by colour-blind readers, and every line has its own
dash pattern for print in grey. Matplotlib is imported when a picture is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from quantumbattery.files import check_day, check_target, name_of, write_whole
from quantumbattery.quantities.quoted import quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), "-", "--")
STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "text.usetex": False,  # a machine may have no LaTeX, and labels are not written for it
    "font.size": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "lines.linewidth": 1.4,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
}

LARGEST_LEGEND = 8
_DOLLAR = re.compile(r"(?<!\\)\$")  # one that is not escaped


@contextmanager
def look_of(ax: object) -> Iterator[None]:
    """Our look for a figure of our own; axes that are given keep the look of whose they are."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE if ax is None else {}):
        yield


def check_axes(ax: object, solid: bool = False) -> Axes:
    """The axes to draw into; TypeError for what is none, or has another number of dimensions."""
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes) or hasattr(ax, "get_zlim") != solid:
        kind = "3D axes, made with projection='3d'" if solid else "axes of Matplotlib, flat ones"
        raise TypeError(f"ax must be {kind}; got {quoted(ax)}")
    return ax


def whole_figure(axes: Axes) -> Figure:
    """The figure that holds these axes, also where they stand in a part of it."""
    figure: Figure = axes.figure.figure
    return figure


def shades(count: int) -> list[Any]:
    """Colours for an ordered family of lines, from dark to light, even in grey."""
    import matplotlib as mpl

    return [mpl.colormaps["viridis"](x) for x in np.linspace(0, 0.85, max(count, 2))[:count]]


def in_pi(angle: float) -> str:
    """An angle as TeX: a simple fraction of pi, or three digits."""
    for denominator in (1, 2, 3, 4, 6, 8):
        times = angle / np.pi * denominator
        if abs(times - round(times)) < 1e-9:
            if round(times) == 0:
                return "0"
            top = r"\pi" if round(times) == 1 else rf"{round(times)}\pi"
            return top if denominator == 1 else f"{top}/{denominator}"
    return f"{angle:.3g}"


def label(array: xr.DataArray) -> str:
    """An axis label: the quantity, its symbol and its unit."""
    units = units_of(array)
    if "$" not in units:
        units = units.replace("^2", "$^2$")
    unit = "" if units in ("1", "") else f" ({shown(units)})"
    return f"{named(array)}{unit}".replace("  ", " ")


def named(array: xr.DataArray) -> str:
    """The quantity and its symbol."""
    name, symbol = array.attrs.get("long_name", array.name), array.attrs.get("symbol", "")
    return f"{shown(name)} {shown(symbol)}".rstrip()


def units_of(array: xr.DataArray) -> str:
    """The unit as text, whatever a user's own table has for it."""
    given = array.attrs.get("units", "")
    return "" if given is None else str(given)


def shown(given: object) -> str:
    r"""A text as it is drawn: what is no formula keeps its dollars.

    Examples
    --------
    >>> print(shown("energy $E$"), shown("5$ a battery"), shown("a$b_$"))
    energy $E$ 5\$ a battery a\$b_\$
    """
    text = "" if given is None else str(given)
    return text if _is_drawn(text) else _DOLLAR.sub(r"\\$", text)


@cache
def _is_drawn(text: str) -> bool:
    """Whether Matplotlib takes a text with dollars for formulas that it can set, or has none."""
    dollars = len(_DOLLAR.findall(text))
    if not dollars or dollars % 2:
        return not dollars
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(text)
    except ValueError:  # of many lines
        return False
    return True


def save(figure: Figure, path: str | Path) -> None:
    """Save a picture whole or not at all; the suffix decides the format.

    Parameters
    ----------
    figure : Figure
        What a function of `quantumbattery.plot` returned, or any other figure of Matplotlib's.
    path : str or Path
        A file that ends in .png, .pdf or .svg.

    Returns
    -------
    None

    Raises
    ------
    ValueError
        If the file has another ending or cannot be written.
    TypeError
        If what is given is no figure, or the path is none.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import quantumbattery as qb
    >>> picture = qb.plot.bloch(qb.bloch(1.0))
    >>> with TemporaryDirectory() as folder:
    ...     qb.plot.save(picture, f"{folder}/start.pdf")
    """
    import matplotlib as mpl

    if not hasattr(figure, "savefig"):
        raise TypeError(f"save takes a figure, such as axes.figure; got {quoted(figure)}")
    if not isinstance(path, str | Path):
        raise TypeError(f"the path of a picture is text or a Path; got {quoted(path)}")
    path = Path(path)
    check_picture_path(path)
    # Without a date in it, and numbers by chance, the same figure is the same file.
    kind = path.suffix.lower()[1:]
    metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
    drawn = BytesIO()  # at a full disk Matplotlib fails in another way than by OSError
    with mpl.rc_context({**STYLE, "svg.hashsalt": "quantumbattery"}):
        figure.savefig(drawn, format=kind, metadata=metadata)
    write_whole(path, lambda partial: partial.write_bytes(drawn.getbuffer()))


def check_picture_path(path: Path) -> None:
    """Refuse, before any work, a picture file of a kind that cannot be drawn."""
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"{name_of(path)} must end in .png, .pdf or .svg to hold a picture")
    check_day()  # which Matplotlib reads even where no date is written
    check_target(path)


def variables(dataset: xr.Dataset) -> list[str]:
    """The quantities of a table."""
    return [str(name) for name in dataset.data_vars]


def check_dataset(dataset: object) -> None:
    """Raise TypeError for what is no table."""
    if not isinstance(dataset, xr.Dataset):
        raise TypeError(
            f"a picture is drawn of the xarray.Dataset that charge returns; got {quoted(dataset)}"
        )


def rising(values: xr.DataArray) -> xr.DataArray:
    """The same along rising axes: `charge` takes times in any order, a line does not."""
    numeric = [d for d in values.dims if d in values.coords and values[d].dtype.kind in "iuf"]
    return values.sortby(numeric) if numeric else values


def legend(axes: Axes, columns: int = 1, where: Any = "upper right", **options: Any) -> None:
    """A legend above the curves, in room made for it."""
    rows = -(-len(axes.get_legend_handles_labels()[1]) // columns) + ("title" in options)
    low, high = axes.get_ylim()
    if axes.get_yscale() == "linear":
        room = 0.09 * rows + 0.05 * bool(options.get("frameon"))
        axes.set_ylim(low, high + room * (high - low))
    look: dict[str, Any] = {"fontsize": 8, "frameon": False} | options
    box = axes.legend(loc=where, ncols=columns, **look)
    box.set_in_layout(False)  # it stands inside: no panel beside it has to shrink for it
