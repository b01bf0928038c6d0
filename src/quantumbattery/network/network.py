"""Networks: which sites there are, how they interact, and which of them charge which.

A network is described, never built: frozen values that know no solver.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.network.drives import Drive
from quantumbattery.network.envelopes import Envelope, Harmonics, Steps
from quantumbattery.network.interactions import Interaction
from quantumbattery.network.joint_losses import Dissipator, JointLoss
from quantumbattery.network.matrix_interactions import Coupling
from quantumbattery.network.sites import Site
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.described import Described, choices, equal, folded, listed, short
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import any_nonzero, axes_of, names
from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.tables import html_table
from quantumbattery.quantities.warned import warn

_WORDS = {
    *("a", "b", "site", "sites", "always"),
    *("envelope", "rotating_wave", "transition", "breaks"),
}

_TWINS = "join the same sites, and their strengths add up"

Link: TypeAlias = Interaction | Drive | JointLoss
"""All that acts on sites beside their own energies and losses."""


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Network(Described):
    """Sites, their interactions, and which of them charge which; arguments as of `System`.

    Attributes
    ----------
    sites : mapping of str to Site
        By name, in the order in which the levels of a configuration are written.
    interactions : tuple of Interaction
    drives : tuple of Drive
    joint_losses : tuple of JointLoss
    charger, battery : tuple of str
    """

    sites: Mapping[str, Site]
    interactions: tuple[Interaction, ...]
    drives: tuple[Drive, ...]
    joint_losses: tuple[JointLoss, ...]
    charger: tuple[str, ...]
    battery: tuple[str, ...]

    def __init__(
        self,
        sites: Mapping[str, Site],
        interactions: Iterable[Link] = (),
        charger: str | Iterable[str] = "charger",
        battery: str | Iterable[str] = "battery",
        *,
        drives: Iterable[Drive] = (),
        joint_losses: Iterable[JointLoss] = (),
    ) -> None:
        self._set(sites=MappingProxyType(checked_sites(sites)))
        given = _together(interactions, drives=drives, joint_losses=joint_losses)
        self._set(interactions=tuple(i for i in given if isinstance(i, Interaction)))
        self._set(drives=tuple(i for i in given if isinstance(i, Drive)))
        self._set(joint_losses=tuple(i for i in given if isinstance(i, JointLoss)))
        self._set(charger=self._members("charger", charger))
        self._set(battery=self._members("battery", battery))
        both = [name for name in self.battery if name in self.charger]
        if both:
            raise ValueError(
                f"{both[0]!r} is both charger and battery: a site is one of them, or a mediator"
            )
        for each in self.interactions:
            self._check(each)
        for field in self.drives:
            self._known(field.label, field.site)
            field.check(self.sites[field.site])
        for bath in self.joint_losses:
            for name in bath.ends:
                self._known(bath.label, name)
            bath.check([self.sites[name] for name in bath.ends])
        axes_of(self.arrays)
        _warn_of_twins(self.interactions)

    @property
    def links(self) -> tuple[Link, ...]:
        """All that acts on sites beside their own energies and losses."""
        return self.interactions + self.drives + self.joint_losses

    @property
    def mediators(self) -> tuple[str, ...]:
        """The sites that are neither charger nor battery."""
        return tuple(n for n in self.sites if n not in {*self.charger, *self.battery})

    @cached_property
    def arrays(self) -> Mapping[str, xr.DataArray]:
        """The DataArrays among its numbers, by where they stand; they agree about their axes."""
        arrays: dict[str, xr.DataArray] = {}
        for name, site in self.sites.items():
            arrays |= {f"{name}.{n}": v for n, v in _arrays_of(site)}
        for kind in ("interactions", "drives", "joint_losses"):
            for k, each in enumerate(getattr(self, kind)):
                arrays |= {f"{kind}[{k}] {each.label}.{n}": v for n, v in _arrays_of(each)}
        return MappingProxyType(arrays)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return False
        names_alike = list(self.sites) == list(other.sites)
        ends_alike = (self.charger, self.battery) == (other.charger, other.battery)
        parts = (tuple(s.sites.values()) + s.links for s in (self, other))
        return names_alike and ends_alike and equal(*parts)

    __hash__ = None

    def __repr__(self) -> str:
        title, lines = self._card()
        return "\n".join([title, *(f"  {name}: {text}" for name, text in lines)])

    def _repr_html_(self) -> str:
        """The same card as a table of a notebook."""
        title, lines = self._card()
        return html_table(title, ("part", "what it is"), lines)

    def _card(self) -> tuple[str, list[tuple[str, str]]]:
        """Who charges whom; the parts."""
        who = listed(self.charger) or self._unnamed
        title = f"{type(self).__name__}: {who} {_verb(self.charger)} {listed(self.battery)}"
        if self.mediators:
            title += f" through {listed(self.mediators)}"
        lines = [(name, repr(site)) for name, site in self.sites.items()]
        for each in self.interactions:
            shown = [f"{n}={short(v)}" for n, v in numbers_of(each)]
            shown += [_shape(each.envelope)] * (each.envelope is not None)
            lines.append((each.label, ", ".join(shown + ["always on"] * each.always)))
        for field in self.drives:
            given = [(n, v) for n, v in numbers_of(field) if n != "phase" or any_nonzero(v)]
            shown = [f"{n}={short(v)}" for n, v in given]
            shown += [f"transition={short(field.between)}"] * (field.between is not None)
            shown += [_shape(field.envelope)] * (field.envelope is not None)
            shown += ["counter-rotating too"] * (not field.rotating)
            lines.append((field.label, ", ".join(shown)))
        for bath in self.joint_losses:
            given = [(n, v) for n, v in numbers_of(bath) if n != "occupation" or any_nonzero(v)]
            shown = [f"{n}={short(v)}" for n, v in given]
            lines.append((bath.label, ", ".join(shown + ["always on"] * bath.always)))
        sizes, _ = axes_of(self.arrays)
        if sizes:  # whoever gave a list where one number was meant sees it here
            axes = ", ".join(f"{name} ({size})" for name, size in sizes.items())
            lines.append(("axes of every result", axes))
        return title, list(folded(lines))

    @property
    def _unnamed(self) -> str:
        """What charges where no site does."""
        if self.drives:
            return "a drive"
        if self.joint_losses or any(any_nonzero(each.occupation) for each in self.sites.values()):
            return "a bath"
        return "interaction" if self.interactions else "nothing"

    def __reduce__(self) -> tuple[Any, ...]:
        # a read-only view of a dict cannot be pickled, and sweeps send systems to other processes
        return _again, (type(self), dict(self.sites), self.links, self.charger, self.battery)

    def _members(self, role: str, given: str | Iterable[str]) -> tuple[str, ...]:
        if not isinstance(given, str) and not np.iterable(given):
            raise TypeError(f"{role} is the name of a site or a list of names; got {quoted(given)}")
        chosen = (given,) if isinstance(given, str) else tuple(members(given))
        if not chosen and role == "battery":
            raise ValueError(f"the battery is empty: name at least one of {listed(self.sites)}")
        for name in chosen:
            self._known(role, name)
            if chosen.count(name) > 1:
                raise ValueError(f"{role}: {name!r} is named twice; name each site once")
        return tuple(map(str, chosen))

    def _known(self, who: str, name: object) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{who}: the name of a site is text; got {quoted(name)}")
        if name not in self.sites:
            raise ValueError(
                f"{who}: there is no site {str(name)!r}; {choices(name, self.sites, most=8)}"
            )

    def _check(self, each: Interaction) -> None:
        for name in each.ends:
            self._known(each.label, name)
            if each.always and name not in self.battery:
                raise ValueError(
                    f"{each.label}: always=True makes it part of the battery's Hamiltonian, but "
                    f"{name!r} is not in the battery ({listed(self.battery)})"
                )
        each.check([self.sites[name] for name in each.ends])


def _again(kind: type[Network], *given: Any) -> Network:
    """A copy; what there was to warn of was said when it was made."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", f".*{_TWINS}")
        return kind(*given)


def _shape(envelope: Envelope | None) -> str:
    if isinstance(envelope, Steps):
        many = len(envelope.values)
        return f"{many} step{'s' * (many > 1)} in time"
    if isinstance(envelope, Harmonics):
        return f"repeated every {envelope.period:.6g}"
    return "shaped in time"


def _warn_of_twins(interactions: Iterable[Interaction]) -> None:
    """Warn of two interactions of one kind between the same sites, both of them constant.

    Sums of matrices, and of shapes in time, are usual.
    """
    seen: dict[tuple[type, frozenset[str]], Interaction] = {}
    for each in interactions:
        if isinstance(each, Coupling) or each.envelope is not None:
            continue
        first = seen.setdefault((type(each), frozenset(each.ends)), each)
        if first is not each:
            warn(
                f"{first.label} and {each.label} {_TWINS}; "
                "if that is meant, give the sum as one interaction",
            )


def _verb(chargers: tuple[str, ...]) -> str:
    return "charge" if len(chargers) > 1 else "charges"


# --- its parts ---------------------------------------------------------------------------------


def checked_sites(given: object) -> dict[str, Site]:
    """Sites by their names."""
    if not isinstance(given, Mapping):
        raise TypeError(f"sites is a dict of names to sites; got {quoted(given)}")
    if not given:
        raise ValueError("there are no sites: a system has at least a charger and a battery")
    for name, site in given.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of a site is text, and not empty; got {quoted(name)}")
        if not isinstance(site, Site):
            raise TypeError(
                f"site {name!r} must be a Qubit, Qudit, Oscillator or Ensemble; got {quoted(site)}"
            )
    return {str(name): site for name, site in given.items()}  # np.str_ shows otherwise


def checked_interactions(given: object) -> tuple[Link, ...]:
    """Interactions, drives and joint losses."""
    rule = (
        "interactions is a list of what exchange, dipole, heisenberg, interaction, shift, drive, "
        "two_photon_drive, dissipator or jump made"
    )
    if not np.iterable(given):
        raise TypeError(f"{rule}; got {quoted(given)}")
    interactions: tuple[Any, ...] = tuple(members(given))
    for each in interactions:
        if not isinstance(each, Link):
            raise TypeError(f"{rule}; got {quoted(each)}")
    return interactions


def _together(interactions: object, **apart: object) -> tuple[Link, ...]:
    """All links; those of a kind that is given apart must not be among the interactions too."""
    every = checked_interactions(interactions)
    for name, given in apart.items():
        kind = Drive if name == "drives" else JointLoss
        more = checked_interactions(given)
        if wrong := [each.label for each in more if not isinstance(each, kind)]:
            raise TypeError(f"{name} has {wrong[0]}, which belongs to interactions")
        if more and (twice := [each.label for each in every if isinstance(each, kind)]):
            raise ValueError(
                f"{twice[0]} is among the interactions, and {name} are given apart as well: give "
                f"{name}=() where interactions has them all"
            )
        every += more
    return every


def numbers_of(part: Site | Link) -> Iterator[tuple[str, Any]]:
    """The numbers of a site or of what acts on it, those of an ensemble's cell included."""
    for name in names(part):
        value = getattr(part, name)
        if type(value) is float:  # as most are
            yield name, value
        elif isinstance(value, Site):
            yield from ((f"{name}.{n}", v) for n, v in numbers_of(value))
        elif name == "energies":
            yield from ((f"energies[{k}]", v) for k, v in enumerate(value))
        elif isinstance(part, Dissipator) and name == "weights":
            yield from ((f"weights[{n!r}]", v) for n, v in zip(part.sites, value, strict=True))
        elif name not in _WORDS:
            yield name, value


def _arrays_of(part: Site | Link) -> list[tuple[str, xr.DataArray]]:
    return [(n, v) for n, v in numbers_of(part) if isinstance(v, xr.DataArray)]
