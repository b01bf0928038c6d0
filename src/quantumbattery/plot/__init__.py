"""Pictures of a labelled table, and of preparations on the Bloch sphere.

A picture reads a table or a description; it knows no solver, and works nothing out again.
"""

from quantumbattery.plot.lines import curves
from quantumbattery.plot.maps import map  # noqa: A004 - the name that the interface gives it
from quantumbattery.plot.sphere import bloch
from quantumbattery.plot.style import save

__all__ = ["bloch", "curves", "map", "save"]
