"""What a study reads of states beside figures of merit: density matrices, means of operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.charging.named_operators import named_operator
from quantumbattery.charging.observables import is_hermitian
from quantumbattery.charging.observe import checked_operators, named_sites, state_of
from quantumbattery.charging.system import System
from quantumbattery.network.named_states import Preparation, Started
from quantumbattery.network.sites import Site
from quantumbattery.quantities.aliases import Array, MatrixLike, Values
from quantumbattery.quantities.described import check_known, listed, saying
from quantumbattery.quantities.measures import NAMED, PARAMETERS, Quantity
from quantumbattery.quantities.parameters import whole_number
from quantumbattery.quantities.parsing import written_number
from quantumbattery.quantities.quoted import quoted
from quantumbattery.sweeps.grid import LONGEST_NAME, TAKEN

MATRIX = "density_matrix"
_RULE = (
    'an observable is {site = "...", operator = "quanta"} (or "energy" or "lowering"), '
    '{site = "...", level = 2}, or {sites = ["...", "..."], matrix = [[...], ...]}'
)
_NO_NAMES = {*NAMED, *PARAMETERS, *TAKEN, MATRIX, "row", "column"}


@dataclass(frozen=True, eq=False)
class Mean:
    """A mean that is asked for."""

    sites: tuple[str, ...]
    operator: MatrixLike | str  # as `System.expect` takes it
    quantity: Quantity
    of_levels: bool  # whether there is an operator for any numbers of levels
    real: bool


@dataclass(frozen=True, eq=False)
class Readings:
    """All that a study reads of states."""

    matrix: tuple[str, ...]  # the sites whose density matrix is asked for, or none
    means: Mapping[str, Mean]
    levels: int | Mapping[str, int] | None = None  # that it shows of oscillators without any

    def __bool__(self) -> bool:
        return bool(self.matrix or self.means)

    def tables(
        self,
        system: System,
        preparation: Preparation | Started,
        times: Values,
        disconnect: Values | None,
    ) -> list[xr.Dataset]:
        """Everything, worked out."""
        found = []
        if self.means:
            found.append(self._means(system, preparation, times, disconnect))
        if self.matrix:
            rho = system.density_matrix(
                preparation, times, self.matrix, disconnect=disconnect, levels=self.levels
            )
            said = {n: rho.attrs[n] for n in ("long_name", "symbol", "units")}
            levels = zip(rho.attrs["sites"], rho.attrs["levels"], strict=True)
            said |= {"sites": ", ".join(rho.attrs["sites"])}
            said |= {"levels": ", ".join(f"{site}: {n}" for site, n in levels)}
            own = {n: v for n, v in rho.attrs.items() if n not in said}
            table = rho.to_dataset().assign_attrs(own)
            table[MATRIX].attrs = said
            found.append(table)
        return found

    def _means(
        self,
        system: System,
        preparation: Preparation | Started,
        times: Values,
        disconnect: Values | None,
    ) -> xr.Dataset:
        asked = {name: (each.sites, each.operator) for name, each in self.means.items()}
        found = system.expect(preparation, times, asked, disconnect=disconnect)
        for name, each in self.means.items():
            found[name].attrs = each.quantity.attrs()
        return found


def check_matrix(given: object) -> None:
    """Raise TypeError unless [output] density_matrix may name sites."""
    named = given
    if isinstance(given, dict):
        check_known(MATRIX, given, ("sites", "levels"))
        named = given.get("sites", True)
    many = isinstance(named, list) and all(isinstance(each, str) for each in named)
    if named in ("", []):
        raise ValueError(f"{MATRIX} names no site: leave it out, or true for the battery")
    if not isinstance(named, bool | str) and not many:
        raise TypeError(
            f"{MATRIX} is a site, a list of sites, or true for the battery, or a table with sites "
            f"and the levels that are shown of oscillators without any; got {quoted(given)}"
        )


def readings_of(given: Mapping[str, Any], system: System) -> Readings:
    """What the parts of a study ask of the states of a system, checked.

    Raises
    ------
    TypeError, ValueError
        If a name is taken or no name, a site is unknown, or an operator does not fit its sites.
    """
    asked = given.get("output", {}).get(MATRIX, False)
    sites: tuple[str, ...] = ()
    levels = None
    if isinstance(asked, dict):
        asked, levels = asked.get("sites", True), asked.get("levels")
    if asked:
        battery = asked is True
        sites = system.battery if battery else named_sites(f"[output] {MATRIX}", asked, system)
        with saying(f"[output] {MATRIX}"):
            state_of(system, sites, levels)
    started = given["preparation"]
    taken = {*(started if "state" in started else ()), *given["system"]}
    means = {}
    for name, each in given.get("observables", {}).items():
        _check_name(name, taken)
        with saying(f"[observables] {name}"):
            means[name] = _mean(name, each, system)
    return Readings(sites, means, levels)


def fixed(readings: Readings, system: System) -> dict[str, int]:
    """How many levels the sites have that have to have as many at every point of a sweep.

    ValueError for an oscillator that chooses its own.
    """
    fitted = [each.sites for each in readings.means.values() if not each.of_levels]
    needed = dict.fromkeys([*readings.matrix, *(site for sites in fitted for site in sites)])
    shown = dict(zip(readings.matrix, _shown(readings, system), strict=True))
    counts = {}
    for name in needed:
        levels = system.sites[name].dimension
        if levels is None and shown.get(name):
            continue
        if levels is None:
            raise ValueError(
                f"{MATRIX}: {name!r} is an oscillator that chooses its levels at each point, so "
                "that no table has room for all: give it levels=..., as levels = 20 in "
                f"[system.sites.{name}] (sites of a model have to be written out, as "
                f"System.to_dict() has them), or say how many it shows: [output] {MATRIX} = "
                "{levels = 5}"
            )
        counts[name] = levels
    return counts


def _shown(readings: Readings, system: System) -> tuple[int, ...]:
    """How many levels of each site the matrix shows, 0 for all."""
    found = state_of(system, readings.matrix, readings.levels).levels
    return found or (0,) * len(readings.matrix)


def _check_name(name: str, taken: Iterable[str]) -> None:
    if len(name.encode()) > LONGEST_NAME:
        raise ValueError(
            f"[observables] {name:.40}...: the name of a variable is too long: give it at most "
            f"{LONGEST_NAME} letters"
        )
    if not name.isidentifier():
        raise ValueError(
            f"[observables] names a variable {name!r}: take letters, digits and underscores"
        )
    if name in _NO_NAMES or name in taken:
        raise ValueError(f"[observables] {name}: this name has another meaning; choose another")


def _mean(name: str, given: object, system: System) -> Mean:
    if not isinstance(given, dict):
        raise TypeError(f"{_RULE}; got {quoted(given)}")
    check_known("an observable", given, ("site", "sites", "operator", "level", "matrix"))
    kinds = [kind for kind in ("operator", "level", "matrix") if kind in given]
    if len(kinds) != 1 or ("site" in given) == ("sites" in given):
        raise ValueError(f"{_RULE}; got {quoted(given, 80)}")
    sites = named_sites("its sites", given.get("site", given.get("sites")), system)
    if kinds == ["matrix"]:
        return _of_matrix(name, sites, given["matrix"], system)
    if len(sites) > 1:
        raise ValueError(f"{kinds[0]} is of one site; got {listed(sites)}")
    site = system.sites[sites[0]]
    if kinds == ["level"]:
        return _of_level(sites[0], site, given["level"])
    return _of_name(sites[0], site, given["operator"])


def _of_matrix(name: str, sites: tuple[str, ...], given: object, system: System) -> Mean:
    matrix = _numbers(given)
    if free := [site for site in sites if system.sites[site].dimension is None]:
        raise ValueError(
            f"a matrix needs a fixed number of levels, and {free[0]!r} is an oscillator that "
            "chooses its own: give it levels = ..., or ask for an operator by its name"
        )
    checked_operators({name: (sites, matrix)}, system)
    quantity = Quantity(f"mean of {name}", rf"$\langle${name}$\rangle$", "", "")
    return Mean(sites, matrix, quantity, False, is_hermitian(matrix))


def _of_level(name: str, site: Site, given: object) -> Mean:
    level = whole_number(given, 0, "level is a whole number, counted from 0")
    if site.dimension is not None and level >= site.dimension:
        raise ValueError(f"{name!r} has {site.dimension} levels, the last is {site.dimension - 1}")
    quantity = Quantity(f"population of level {level} of {name}", f"$p_{{{level}}}$", "1", "")
    return Mean((name,), lambda n: np.diag(np.eye(1, n, level)[0]), quantity, True, True)


def _of_name(name: str, site: Site, operator: str) -> Mean:
    named_operator(name, name, site, operator)  # if there is one
    long_name, symbol, units = _MEANINGS[operator]
    levels = site.dimension or 2
    real = operator != "lowering" or is_hermitian(site.lowering(levels).matrix(levels))
    return Mean(
        (name,), operator, Quantity(f"{long_name} of {name}", symbol, units, ""), True, real
    )


_MEANINGS = {
    "quanta": ("quanta", r"$\langle n\rangle$", "1"),
    "energy": ("energy", r"$\langle H\rangle$", "frequency"),
    "lowering": ("lowering operator", r"$\langle A\rangle$", "1"),
}


def _numbers(given: object) -> Array:
    """A matrix of numbers, complex ones as texts."""
    rule = 'matrix is a list of rows of numbers, complex ones as texts such as "0.5-1j"'
    rows: list[Any] = given if isinstance(given, list) else [given]
    if not rows or not all(isinstance(row, list) and len(row) == len(rows) for row in rows):
        raise ValueError(f"{rule}, as many rows as columns; got {quoted(given, 80)}")
    values = np.empty((len(rows), len(rows)), complex)
    for place in np.ndindex(*values.shape):
        each = rows[place[0]][place[1]]
        try:
            values[place] = written_number(each)
        except ValueError:
            raise ValueError(f"{rule}; got {quoted(each, 40)} in it") from None
    return values
