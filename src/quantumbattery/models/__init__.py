"""The named systems of the field, each a few lines that return a `System`.

All arguments are keywords with defaults that run. A number may be a 1-D array, which becomes an
axis of the argument's name, or a DataArray, which keeps its own dimensions.
"""

from quantumbattery.models.cavities import dicke, tavis_cummings
from quantumbattery.models.networks import chain, star
from quantumbattery.models.pairs import jaynes_cummings, oscillator_pair, qubit_pair

__all__ = [
    "chain",
    "dicke",
    "jaynes_cummings",
    "oscillator_pair",
    "qubit_pair",
    "star",
    "tavis_cummings",
]
