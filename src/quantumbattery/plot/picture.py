"""The figure that every picture is drawn on: a Matplotlib figure that notebooks show by themselves.

This file imports Matplotlib at its top, so it is imported where a picture is drawn and not before.
"""

from __future__ import annotations

from io import BytesIO

import matplotlib as mpl
from matplotlib.figure import Figure

from quantumbattery.plot.style import STYLE

_DOTS = 144  # an inch, on a screen: text of 9 points can be read


class Picture(Figure):
    """A figure that no pyplot knows, and that shows as the last expression of a notebook's cell.

    Where a notebook has its own way to show figures (`%matplotlib inline`), that one is taken:
    nothing is shown twice.
    """

    def _repr_png_(self) -> bytes:
        stream = BytesIO()
        with mpl.rc_context(STYLE):  # ticks are made when they are drawn
            self.savefig(stream, format="png", dpi=_DOTS)
        return stream.getvalue()
