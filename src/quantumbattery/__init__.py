"""Quantum batteries: charging, ergotropy, capacity and power, exact and fast."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from quantumbattery import beginning, models, paper, plot, zoo  # noqa: F401 - the first of all
from quantumbattery.charging.protocol import Protocol
from quantumbattery.charging.stroke import Stroke
from quantumbattery.charging.system import System
from quantumbattery.merit.cells import local_ergotropy, locked_ergotropy
from quantumbattery.merit.copies import asymptotic_ergotropy, multi_copy_ergotropy
from quantumbattery.merit.correlations import (
    coherence,
    concurrence,
    entropy,
    mutual_information,
    negativity,
    population_inversion,
    purity,
)
from quantumbattery.merit.daemonic import daemonic_ergotropy
from quantumbattery.merit.energy import (
    active_energy,
    energy,
    energy_variance,
    passive_energy,
    passive_state,
)
from quantumbattery.merit.ergotropy import (
    antiergotropy,
    capacity,
    coherent_ergotropy,
    ergotropy,
    incoherent_ergotropy,
)
from quantumbattery.merit.nearest_state import nearest_state
from quantumbattery.merit.partial_trace import partial_trace
from quantumbattery.network.drives import drive, two_photon_drive
from quantumbattery.network.ensembles import Ensemble
from quantumbattery.network.interactions import dipole, exchange, heisenberg
from quantumbattery.network.joint_losses import dissipator, jump
from quantumbattery.network.matrix_interactions import interaction
from quantumbattery.network.preparations import (
    bloch,
    coherent,
    fock,
    gaussian,
    gibbs,
    squeezed,
    state,
    thermal,
)
from quantumbattery.network.shifts import shift
from quantumbattery.network.sites import Oscillator, Qubit, Qudit
from quantumbattery.pair.qubit_pair import QubitPair
from quantumbattery.sweeps.durable import SweepError
from quantumbattery.sweeps.sweep import sweep

if TYPE_CHECKING:
    from quantumbattery.explorer.notebook import explore

__all__ = [
    "Ensemble",
    "Oscillator",
    "Protocol",
    "Qubit",
    "QubitPair",
    "Qudit",
    "Stroke",
    "SweepError",
    "System",
    "active_energy",
    "antiergotropy",
    "asymptotic_ergotropy",
    "bloch",
    "capacity",
    "coherence",
    "coherent",
    "coherent_ergotropy",
    "concurrence",
    "daemonic_ergotropy",
    "dipole",
    "dissipator",
    "drive",
    "energy",
    "energy_variance",
    "entropy",
    "ergotropy",
    "exchange",
    "explore",
    "fock",
    "gaussian",
    "gibbs",
    "heisenberg",
    "incoherent_ergotropy",
    "interaction",
    "jump",
    "local_ergotropy",
    "locked_ergotropy",
    "models",
    "multi_copy_ergotropy",
    "mutual_information",
    "nearest_state",
    "negativity",
    "paper",
    "partial_trace",
    "passive_energy",
    "passive_state",
    "plot",
    "population_inversion",
    "purity",
    "shift",
    "squeezed",
    "state",
    "sweep",
    "thermal",
    "two_photon_drive",
    "zoo",
]

__version__ = version("quantumbattery")


def __getattr__(name: str) -> Any:
    """Import the explorer when it is asked for."""
    if name == "explore":
        from quantumbattery.explorer.notebook import explore

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What users call; not the rooms that hold it."""
    return [*__all__, "__version__"]
