"""The founding paper: its figures, its own approximations, and a verdict on its 70 equations.

It knows the pair alone, and puts what is printed beside physics that is solved without it.
"""

from quantumbattery.paper import approximations
from quantumbattery.paper.figures import figure, panels, write_figures
from quantumbattery.paper.ledger import verify

__all__ = ["approximations", "figure", "panels", "verify", "write_figures"]
