"""The quantities of a charged battery: their names, symbols, units and sources, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xarray as xr

from quantumbattery.quantities.described import choices
from quantumbattery.quantities.members import members
from quantumbattery.quantities.quoted import quoted


@dataclass(frozen=True)
class Quantity:
    """What a column of a result means.

    Units follow hbar = 1: energies are in the user's unit of frequency, times in its inverse.
    """

    long_name: str
    symbol: str
    units: str
    equation: str

    def attrs(self) -> dict[str, str]:
        """Return the attributes that a labelled array carries."""
        attrs = {"long_name": self.long_name, "symbol": self.symbol, "units": self.units}
        return attrs | {"equation": self.equation} if self.equation else attrs


MEASURES = {
    "energy": Quantity("stored energy", "$E$", "frequency", "17, 62"),
    "passive_energy": Quantity("passive-state energy", r"$\mathsf{E}$", "frequency", "18, 48"),
    "active_energy": Quantity("active-state energy", r"$\mathsf{A}$", "frequency", "49"),
    "ergotropy": Quantity("ergotropy", r"$\mathcal{E}$", "frequency", "50, 69"),
    "antiergotropy": Quantity("antiergotropy", r"$\mathcal{A}$", "frequency", "51"),
    "capacity": Quantity("capacity", r"$\mathcal{K}$", "frequency", "52, 70"),
    "energy_variance": Quantity("energy variance", r"$\sigma_E^2$", "frequency^2", "9"),
    "power": Quantity("charging power", "$P$", "frequency^2", "7"),
    "passive_power": Quantity("passive-state power", r"$\mathsf{P}$", "frequency^2", "18, 7"),
    "ergotropic_power": Quantity(
        "ergotropic charging power", r"$\mathcal{P}$", "frequency^2", "12"
    ),
    "population": Quantity("excited population", "$p$", "1", "23"),
    "population_inversion": Quantity("population inversion", r"$\mathcal{I}$", "1", "46"),
    "coherence": Quantity("coherence", r"$\mathcal{C}$", "1", "46"),
    "concurrence": Quantity("concurrence", "$C$", "1", "59"),
}

FURTHER = {  # given when asked for by name
    "coherent_ergotropy": Quantity("coherent ergotropy", r"$\mathcal{E}_c$", "frequency", ""),
    "incoherent_ergotropy": Quantity("incoherent ergotropy", r"$\mathcal{E}_i$", "frequency", ""),
    "local_ergotropy": Quantity("local ergotropy", r"$\mathcal{E}_1$", "frequency", ""),
    "locked_ergotropy": Quantity("locked ergotropy", r"$\mathcal{E}_L$", "frequency", ""),
    "purity": Quantity("purity", r"$\mathrm{Tr}\,\rho^2$", "1", ""),
    "entropy": Quantity("entropy", "$S$", "1", ""),
    "charger_energy": Quantity("charger energy", "$E_A$", "frequency", ""),
    "interaction_energy": Quantity("interaction energy", "$E_V$", "frequency", ""),
    "mutual_information": Quantity("mutual information", "$I$", "1", ""),
    "negativity": Quantity("negativity", r"$\mathcal{N}$", "1", ""),
}

STORAGE = {  # of what, and given when asked for by name of a battery that is disconnected
    f"{name}_half_life": (
        name,
        Quantity(f"time until half of the {what} is left", symbol, "1/frequency", ""),
    )
    for name, what, symbol in (
        ("energy", "stored energy", r"$t_{1/2}$"),
        ("ergotropy", "stored ergotropy", r"$\tau_{1/2}$"),
    )
}

NAMED = MEASURES | FURTHER | {name: quantity for name, (_, quantity) in STORAGE.items()}
"""All that may be asked for."""

PARAMETERS = {
    "theta": Quantity("Bloch polar angle", r"$\theta$", "rad", "1"),
    "phi": Quantity("Bloch azimuthal angle", r"$\phi$", "rad", "1"),
    "frequency": Quantity("battery frequency", r"$\omega_b$", "frequency", "4"),
    "coupling": Quantity("coupling", "$J$", "frequency", "5"),
    "charger_loss": Quantity("charger loss", r"$\gamma$", "frequency", "60"),
    "battery_loss": Quantity("battery loss", r"$\gamma_b$", "frequency", ""),
    "detuning": Quantity("charger - battery detuning", r"$\Delta$", "frequency", ""),
    "time": Quantity("time", "$t$", "1/frequency", ""),
    "disconnect": Quantity("time of disconnection", "$T$", "1/frequency", ""),
}

MOMENTS = {
    "charger_population": Quantity(
        "charger population", r"$\langle a^\dagger a\rangle$", "1", "22"
    ),
    "battery_population": Quantity(
        "battery population", r"$\langle b^\dagger b\rangle$", "1", "23"
    ),
    "exchange": Quantity("exchange moment", r"$\langle a^\dagger b\rangle$", "1", "24"),
    "charger_lowering": Quantity("charger coherence", r"$\langle a\rangle$", "1", "27"),
    "battery_lowering": Quantity("battery coherence", r"$\langle b\rangle$", "1", "28"),
    "charger_population_battery_lowering": Quantity(
        "third moment", r"$\langle a^\dagger a b\rangle$", "1", "29"
    ),
    "battery_population_charger_lowering": Quantity(
        "third moment", r"$\langle b^\dagger b a\rangle$", "1", "29"
    ),
}

_OPTIMA = {  # the equations of the times; those of the maxima
    "energy": ("31, 63", "32, 64"),
    "power": ("34, 67", "35, 68"),
    "ergotropy": ("40, 63", "41, 69"),
    "ergotropic_power": ("42, 43", "44, 45"),
}

OPTIMA = {
    f"{name}_{kind}": Quantity(
        f"best time for {MEASURES[name].long_name}"
        if kind == "time"
        else f"largest {MEASURES[name].long_name}",
        rf"$t_{{{MEASURES[name].symbol.strip('$')}}}$"
        if kind == "time"
        else rf"{MEASURES[name].symbol}$_{{\max}}$",
        "1/frequency" if kind == "time" else MEASURES[name].units,
        equations[kind == "max"],
    )
    for name, equations in _OPTIMA.items()
    for kind in ("time", "max")
}


def names_of(
    names: Iterable[str], rule: str = "measures must be a list of names"
) -> tuple[str, ...]:
    """Return the names in a list, an array of text or one text, each once; TypeError for none."""
    if isinstance(names, str):
        return (names,)
    given: Any = names.values if isinstance(names, xr.DataArray) else names
    try:
        return tuple(dict.fromkeys(members(given)))
    except TypeError as error:
        raise TypeError(f"{rule}; got {quoted(names)}") from error


def check_measures(measures: Iterable[str] | None) -> tuple[str, ...]:
    """Return the measures asked for; TypeError or ValueError for no names.

    For None all of `MEASURES`; those of `FURTHER` come when they are asked for by name.
    """
    if measures is None:
        return tuple(MEASURES)
    chosen = names_of(measures)
    unknown = [name for name in chosen if name not in NAMED]
    if unknown or not chosen:
        given = f"unknown measure {quoted(unknown[0])}" if unknown else "measures is empty"
        meant = unknown[0] if unknown else None
        raise ValueError(f"{given}; {choices(meant, NAMED, 'choose from')}")
    return chosen
