"""The named systems of the field, each a few lines that return a `System`.

All arguments are keywords with defaults that run. A number may be a 1-D array, which becomes an
axis of the argument's name, or a DataArray, which keeps its own dimensions. A model knows no
solver, and no published number.
"""

from quantumbattery.models.cavities import dicke, tavis_cummings
from quantumbattery.models.chains import chain, star
from quantumbattery.models.driven import (
    driven_hybrid,
    driven_oscillator_pair,
    driven_qubit_pair,
    quadratic_drive,
)
from quantumbattery.models.pairs import jaynes_cummings, oscillator_pair, qubit_pair
from quantumbattery.models.without_charger import (
    classical_drive,
    collective_bath,
    qutrit,
    spin_chain,
)

__all__ = [
    "chain",
    "classical_drive",
    "collective_bath",
    "dicke",
    "driven_hybrid",
    "driven_oscillator_pair",
    "driven_qubit_pair",
    "jaynes_cummings",
    "oscillator_pair",
    "quadratic_drive",
    "qubit_pair",
    "qutrit",
    "spin_chain",
    "star",
    "tavis_cummings",
]
