"""Quantum batteries: charging, ergotropy, capacity and power, exact and fast."""

from quantumbattery import models, paper, plot, zoo
from quantumbattery.cells import local_ergotropy, locked_ergotropy
from quantumbattery.copies import asymptotic_ergotropy, multi_copy_ergotropy
from quantumbattery.correlations import (
    coherence,
    concurrence,
    entropy,
    mutual_information,
    negativity,
    population_inversion,
    purity,
)
from quantumbattery.daemonic import daemonic_ergotropy
from quantumbattery.matrices import partial_trace
from quantumbattery.merit import (
    active_energy,
    antiergotropy,
    capacity,
    coherent_ergotropy,
    energy,
    energy_variance,
    ergotropy,
    incoherent_ergotropy,
    passive_energy,
    passive_state,
)
from quantumbattery.pair import QubitPair
from quantumbattery.states import bloch, coherent, fock, squeezed, state, thermal
from quantumbattery.sweep import SweepError, sweep
from quantumbattery.system import (
    Ensemble,
    Oscillator,
    Qubit,
    Qudit,
    System,
    dipole,
    drive,
    exchange,
    heisenberg,
    interaction,
    two_photon_drive,
)

__all__ = [
    "Ensemble",
    "Oscillator",
    "Qubit",
    "QubitPair",
    "Qudit",
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
    "drive",
    "energy",
    "energy_variance",
    "entropy",
    "ergotropy",
    "exchange",
    "fock",
    "heisenberg",
    "incoherent_ergotropy",
    "interaction",
    "local_ergotropy",
    "locked_ergotropy",
    "models",
    "multi_copy_ergotropy",
    "mutual_information",
    "negativity",
    "paper",
    "partial_trace",
    "passive_energy",
    "passive_state",
    "plot",
    "population_inversion",
    "purity",
    "squeezed",
    "state",
    "sweep",
    "thermal",
    "two_photon_drive",
    "zoo",
]

__version__ = "0.1.0"
