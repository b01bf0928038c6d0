"""Strokes: systems over the same sites that act one after another, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import xarray as xr

from quantumbattery.charging.system import System
from quantumbattery.machine import TooLargeError
from quantumbattery.network.acting import acting
from quantumbattery.network.joint_starts import parameters_of
from quantumbattery.network.named_states import Preparation
from quantumbattery.network.starts import by_site
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.described import Described, listed, saying
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import flag, numbers, whole_number
from quantumbattery.quantities.quoted import quoted


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Stroke(Described):
    """A part of a protocol: a system that acts for some time, and what begins anew before.

    Parameters
    ----------
    system : System
        What acts, with its interactions, drives and losses. A drive begins with the stroke.
    duration : float
        For how long; zero or positive.
    reset : dict of str to preparation, optional
        Sites that begin anew at its start: a fresh collider, an atom that enters, an emptied
        charger. What they were tied to keeps its own state.
    resets_battery : bool
        Whether it is meant that a reset empties the battery, or a part of it.

    Raises
    ------
    TypeError, ValueError
        If the system is none, the duration is no time, or a reset names an unknown site, or one of
        the battery without saying so.

    Notes
    -----
    The state of the other sites after a reset is their reduced one: rho -> fresh x Tr(rho).

    Examples
    --------
    >>> import quantumbattery as qb
    >>> system = qb.models.jaynes_cummings()
    >>> qb.Stroke(system, 1.0, reset={"charger": qb.fock(1)})
    Stroke(exchange('charger', 'battery'), duration=1, reset={'charger': Fock(n=1)})
    """

    system: System
    duration: float
    reset: Mapping[str, Preparation]
    resets_battery: bool

    def __init__(
        self,
        system: System,
        duration: float,
        reset: Mapping[str, Preparation] | None = None,
        *,
        resets_battery: bool = False,
    ) -> None:
        if not isinstance(system, System):
            raise TypeError(f"a stroke takes a System; got {quoted(system)}")
        if as_array(duration).ndim:
            raise ValueError(
                "the duration of a stroke is a single time, not an array: sweep it (qb.sweep)"
            )
        rule = "the duration of a stroke"
        span = float(numbers(rule, duration, "zero or positive, and finite", 0.0))
        self._set(system=system, duration=span)
        self._set(resets_battery=flag("resets_battery", resets_battery))
        self._set(reset=self._checked(reset))

    def _checked(self, reset: object) -> dict[str, Preparation]:
        if reset is None:
            return {}
        if not isinstance(reset, Mapping):
            raise TypeError(f"reset is a dict of sites and preparations; got {quoted(reset)}")
        with saying("reset"):
            fresh = by_site(reset, self.system)
        if together := [key for key in fresh if isinstance(key, tuple)]:
            raise ValueError(
                f"reset: {', '.join(together[0])} would begin anew in one state together, but a "
                "reset is of one site at a time: give each a preparation of its own"
            )
        kept = [name for name in fresh if name in self.system.battery]
        if kept and not self.resets_battery:
            raise ValueError(
                f"reset: {kept[0]!r} is the battery, whose charge would be lost; if that is meant, "
                "say resets_battery=True"
            )
        for name, each in fresh.items():
            if any(isinstance(value, xr.DataArray) for value in parameters_of(each).values()):
                raise ValueError(
                    f"reset: the preparation of {name!r} has an axis, but every reset is to one "
                    "state: sweep it (qb.sweep)"
                )
        return fresh

    def __repr__(self) -> str:
        links = [each.label for each in self.system.links]
        acting = listed(links) or "nothing"
        fresh = f", reset={self.reset!r}" if self.reset else ""
        meant = ", resets_battery=True" if self.resets_battery else ""
        return f"Stroke({acting}, duration={self.duration:g}{fresh}{meant})"


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Strokes(Described):
    """Strokes over the same sites, one after another, repeated; arguments as of `Protocol`."""

    strokes: tuple[Stroke, ...]
    repeat: int

    def __init__(self, strokes: Iterable[Stroke], repeat: int = 1) -> None:
        given = tuple(members(strokes)) if np.iterable(strokes) else (strokes,)
        if not given:
            raise ValueError("a protocol has at least one stroke; got none")
        for each in given:
            if not isinstance(each, Stroke):
                raise TypeError(f"a protocol is a list of Stroke; got {quoted(each)}")
        _check_fit(given)
        rule = "repeat must be a whole number of at least 1"
        self._set(strokes=given, repeat=whole_number(repeat, 1, rule))
        if not sum(each.duration for each in given):
            raise ValueError("all strokes have the duration 0: give one of them some time")

    @property
    def duration(self) -> float:
        """How long one cycle takes."""
        return float(sum(each.duration for each in self.strokes))

    @property
    def ends(self) -> Array:
        """When it begins, and when each stroke of every cycle ends, (1 + repeat strokes,)."""
        inside = np.cumsum([each.duration for each in self.strokes])
        cycles = self.duration * np.arange(self.repeat)[:, None]
        return np.concatenate([[0.0], (cycles + inside).ravel()])

    def __repr__(self) -> str:
        times = f", {self.repeat} times" if self.repeat > 1 else ""
        many = len(self.strokes)
        lines = [f"Protocol of {many} stroke{'s' * (many > 1)}{times}"]
        return "\n  ".join([*lines, *map(repr, self.strokes)])


def allow_every_end(protocol: Strokes, each: int, limit: float, way: str) -> None:
    """Raise TooLargeError if what is asked at the ends of all strokes has no room.

    With so many bytes at each; and a way out beside a larger limit.
    """
    count = protocol.repeat * len(protocol.strokes)
    need = count * each / 2**30
    if need > limit:
        raise TooLargeError(
            f"too large: the ends of {count:,} strokes need {need:.3g} GiB or more, and the limit "
            f"is {limit:.3g} GiB: {way}, or raise the limit"
        )


def _check_fit(strokes: Sequence[Stroke]) -> None:
    """Raise ValueError unless all systems have the same sites and the same battery."""
    first = strokes[0].system
    for k, each in enumerate(strokes[1:], start=1):
        other = each.system
        sizes = [{n: site.dimension for n, site in s.sites.items()} for s in (first, other)]
        kinds = [{n: type(site) for n, site in s.sites.items()} for s in (first, other)]
        if list(first.sites) != list(other.sites) or sizes[0] != sizes[1] or kinds[0] != kinds[1]:
            raise ValueError(
                f"stroke {k} is over other sites than the first: {_told(other)}, and not "
                f"{_told(first)}; all strokes have the same sites, in the same order, with "
                "as many levels, whether or not they are linked"
            )
        for role in ("charger", "battery"):
            if getattr(first, role) != getattr(other, role):
                raise ValueError(
                    f"stroke {k} has another {role} than the first: "
                    f"{listed(getattr(other, role))}, and not {listed(getattr(first, role))}"
                )


def other_battery(stroke: int) -> ValueError:
    """What to raise where a stroke does not measure what is stored as the first does."""
    return ValueError(
        f"stroke {stroke} changes the battery's own Hamiltonian, which measures what is stored: "
        "its sites keep their energies, and what is always on, in all strokes"
    )


def _told(system: System) -> str:
    """Its sites, by name and kind."""
    return listed(f"{name} ({type(site).__name__})" for name, site in system.sites.items())


def of_what_acts(protocol: Strokes) -> Strokes:
    """The same without what has a strength or rate of 0."""
    strokes = tuple(copy(each) for each in protocol.strokes)
    for each in strokes:
        each._set(system=acting(each.system))
    some = copy(protocol)
    some._set(strokes=strokes)
    return some
