"""The parts of a system: checked as they come in, and the numbers they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from quantumbattery.drives import Drive
from quantumbattery.interactions import Interaction
from quantumbattery.parameters import names
from quantumbattery.sites import Site

_WORDS = {"a", "b", "always", "site", "envelope", "rotating_wave", "transition", "breaks"}


def checked_sites(given: object) -> dict[str, Site]:
    """Sites by their names."""
    if not isinstance(given, Mapping):
        raise TypeError(f"sites is a dict of names to sites; got {given!r:.60}")
    if not given:
        raise ValueError("there are no sites: a system has at least a charger and a battery")
    for name, site in given.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of a site is text, and not empty; got {name!r:.60}")
        if not isinstance(site, Site):
            raise TypeError(
                f"site {name!r} must be a Qubit, Qudit, Oscillator or Ensemble; got {site!r:.60}"
            )
    return dict(given)


def checked_interactions(given: object) -> tuple[Interaction | Drive, ...]:
    """Interactions and drives."""
    rule = (
        "interactions is a list of what exchange, dipole, heisenberg, interaction, drive or "
        "two_photon_drive made"
    )
    if not isinstance(given, Iterable):
        raise TypeError(f"{rule}; got {given!r:.60}")
    interactions = tuple(given)
    for each in interactions:
        if not isinstance(each, Interaction | Drive):
            raise TypeError(f"{rule}; got {each!r:.60}")
    return interactions


def numbers_of(part: Site | Interaction | Drive) -> Iterator[tuple[str, Any]]:
    """The numbers of a site or interaction, those of an ensemble's cell included."""
    for name in names(part):
        value = getattr(part, name)
        if isinstance(value, Site):
            yield from ((f"{name}.{n}", v) for n, v in numbers_of(value))
        elif name == "energies":
            yield from ((f"energies[{k}]", v) for k, v in enumerate(value))
        elif name not in _WORDS:
            yield name, value
