"""Figures of merit of a battery of oscillators, from means and covariances."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from quantumbattery.merit import gaussian as merit
from quantumbattery.moments.levels import levels_of, populations
from quantumbattery.moments.over_time import Moments
from quantumbattery.moments.quadratic import Numbers, link_form, own_form
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.warned import warn

KNOWN = {
    *("energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity"),
    *("energy_variance", "purity", "entropy", "charger_energy", "interaction_energy"),
    *("local_ergotropy", "locked_ergotropy", "mutual_information", "negativity"),
}
OF_ONE = {"coherent_ergotropy", "incoherent_ergotropy"}  # that are known of one mode
_ROUNDING = 1e-15  # of the square of the quanta in a squeezed state
_OF_WORK = 1e-7  # of work: as much as three roots of that, which thermal quanta are off by at most
_KNOWN_WORK = 1e-10  # of work, from which on a warning says so
_UNSEEN = 1e-6  # quanta that rounding may take, from which on a warning says so
_OF_CHARGER = {"charger_energy", "mutual_information", "negativity"}


@dataclass(frozen=True, eq=False)
class Energies:
    """What measures energy: of the sites that are looked at, and of the interactions."""

    sites: tuple[str, ...]  # the battery's first, then the charger's
    places: tuple[int, ...]  # of these among all
    battery: int  # how many are the battery's
    charger: int
    local: bool  # whether work is taken out site by site
    h: Array  # (g, b, b), of the sites
    links: tuple[Array, Array] | None  # W and K of the interactions, if they are asked for

    @classmethod
    def of(
        cls,
        network: Network,
        numbers: Numbers,
        members: int,
        measures: Collection[str],
        extraction: str,
    ) -> Energies:
        """Of the sites that some measures need."""
        names = {*measures}
        charger = network.charger if names & (_OF_CHARGER | {"interaction_energy"}) else ()
        sites, links = network.battery + charger, None
        if "interaction_energy" in names:
            _check_constant(network)
            sites += tuple(name for name in network.sites if name not in sites)
            order = np.array([[*network.sites].index(name) for name in sites])
            w, k = link_form(network, numbers, members)
            links = w[:, order[:, None], order], k[:, order[:, None], order]
        places = tuple([*network.sites].index(name) for name in sites)
        h = own_form(network, numbers, members, sites)
        _check_ground(network, h[:, : len(network.battery), : len(network.battery)])
        alone = extraction == "local"
        return cls(sites, places, len(network.battery), len(charger), alone, h, links)


def _check_constant(network: Network) -> None:
    """Raise ValueError if an interaction whose mean is asked for changes in time."""
    links = [each for each in network.interactions if not each.always]
    if shaped := [each.label for each in links if each.envelope is not None]:
        raise ValueError(
            "interaction_energy is known for interactions that are constant while they are on, and "
            f"{shaped[0]} is shaped in time: ask system.expect for the mean of its matrix"
        )


def _check_ground(network: Network, h: Array) -> None:
    """Raise ValueError if what is always on has energies below that of the empty battery."""
    links = [each.label for each in network.interactions if each.always]
    if links and not (lowest := float(np.linalg.eigvalsh(h).min())) > 0:
        raise ValueError(
            f"{links[0]} is always on, and so strong beside the frequencies of the battery that a "
            f"mode of it has the frequency {lowest:.3g}: its energies have no end below; "
            "give less strength, or levels=..."
        )


@dataclass(frozen=True, eq=False)
class Reading:
    """Figures of merit of the moments (m, c, T, ...) of the sites that are looked at."""

    energies: Energies
    part: slice | Array  # of the members
    found: Moments

    def column(self, name: str) -> Array:
        """A measure (m, c, T), each worked out once."""
        if name not in self._known:
            self._known[name] = self._made(name)
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, Array]:
        return {}

    @cached_property
    def battery(self) -> Moments:
        """Of the battery's sites."""
        return self.found.some(range(self.energies.battery))

    @cached_property
    def _charger(self) -> Moments:
        first = self.energies.battery
        return self.found.some(range(first, first + self.energies.charger))

    @cached_property
    def _both(self) -> Moments:
        return self.found.some(range(self.energies.battery + self.energies.charger))

    @property
    def _h(self) -> Array:
        """Energies (m, 1, 1, b, b) of the sites that are looked at."""
        return self.energies.h[self.part][:, None, None]

    @property
    def own(self) -> Array:
        """Those of the battery's."""
        b = self.energies.battery
        return self._h[..., :b, :b]

    def _made(self, name: str) -> Array:
        own = self.battery
        if name == "energy":
            return merit.energy(own.mean, own.normal, self.own)
        if name == "energy_variance":
            return merit.energy_variance(own.mean, own.normal, own.anomalous, self.own)
        if name in ("active_energy", "capacity", "antiergotropy"):  # ladders have no last level
            limit = -np.inf if name == "antiergotropy" else np.inf
            return np.full(own.mean.shape[:-1], limit)
        if name in ("purity", "entropy"):
            _doubt(own)
            read = merit.purity if name == "purity" else merit.entropy
            return read(_quanta(own))
        return (
            self._work(name)
            if name.endswith(("_ergotropy", "ergotropy", "passive_energy"))
            else self._beside(name)
        )

    def _work(self, name: str) -> Array:
        """What unitaries can do."""
        if name == "passive_energy":
            _doubt(self.battery)
            return self._least
        if name in ("ergotropy", "local_ergotropy"):
            _doubt_work(self.battery)
        if name == "ergotropy":
            work = self._local if self.energies.local else self._whole
            return np.asarray(np.minimum(work, self.column("energy")))
        if name == "local_ergotropy":
            return np.asarray(np.minimum(self._local, self.column("energy")))
        if name == "locked_ergotropy":
            return np.asarray(np.maximum(self._passive_local - self._passive, 0.0))
        if name == "coherent_ergotropy":
            return np.asarray(np.maximum(self._whole - self.column("incoherent_ergotropy"), 0.0))
        assert name == "incoherent_ergotropy"
        own = self.battery
        given = own.mean[..., 0], own.normal[..., 0, 0], own.anomalous[..., 0, 0]
        return self.disordered(populations(*given, levels_of(*given)))

    def disordered(self, weights: Array) -> Array:
        """The work that populations (m, c, T, d) of the one mode allow alone."""
        gain = weights + np.sort(-weights, axis=-1)  # on a ladder, no two levels of which are alike
        return np.asarray(gain @ np.arange(float(weights.shape[-1])) * self.own[..., 0, 0].real)

    def _beside(self, name: str) -> Array:
        """Of the charger, of both, and of the interactions."""
        if name == "charger_energy":
            b = self.energies.battery
            its = slice(b, b + self.energies.charger)
            return merit.energy(self._charger.mean, self._charger.normal, self._h[..., its, its])
        if name in ("mutual_information", "negativity"):
            _doubt(self._both)
        if name == "mutual_information":
            parts = self.battery, self._charger, self._both
            one, two, both = (merit.entropy(_quanta(each)) for each in parts)
            return np.asarray(np.maximum(one + two - both, 0.0))
        if name == "negativity":
            own, first = self._both, self.energies.battery
            return merit.negativity(own.normal, own.anomalous, first)
        assert name == "interaction_energy"
        assert self.energies.links is not None
        w, k = (each[self.part][:, None, None] for each in self.energies.links)
        found = self.found
        return merit.mean_form(found.mean, found.normal, found.anomalous, w, k)

    @property
    def _whole(self) -> Array:
        """The work of all unitaries: what is displaced gives all of its energy."""
        if self.energies.battery == 1:
            return self._local
        own, none = self.battery, np.zeros(1)
        still = merit.energy(none * own.mean, own.normal, self.own) - self._passive
        swung = merit.energy(own.mean, none[..., None] * own.normal, self.own)
        return np.asarray(swung + np.maximum(still, 0.0))

    @property
    def _local(self) -> Array:
        """That of unitaries of each site by itself."""
        own, places = self.battery, range(self.energies.battery)
        given = [
            (own.mean[..., k], own.normal[..., k, k], own.anomalous[..., k, k]) for k in places
        ]
        parts = [
            merit.work_of_mode(*each, self.own[..., k, k].real) for k, each in enumerate(given)
        ]
        return np.asarray(np.sum(parts, axis=0))

    @cached_property
    def _least(self) -> Array:
        """The least energy that the way to take out work leaves."""
        least = self._passive_local if self.energies.local else self._passive
        return np.asarray(np.minimum(least, self.column("energy")))

    @cached_property
    def _passive(self) -> Array:
        return merit.passive_energy(_quanta(self.battery), np.linalg.eigvalsh(self.own))

    @cached_property
    def _passive_local(self) -> Array:
        every = range(self.energies.battery)
        parts = [_quanta(self.battery.some([k]))[..., 0] * self.own[..., k, k].real for k in every]
        return np.asarray(np.sum(parts, axis=0))


def _doubt(of: Moments) -> None:
    """Warn where strong squeezing hides how mixed a state is: n is a difference of larger numbers.

    Of (N + 1/2)^2 - |C|^2, of which rounding leaves some eps (N + 1/2)^2, over nu + 1/2.
    """
    if not of.anomalous.any():
        return
    size = np.abs(of.normal).max(axis=(-2, -1)) + 0.5
    with np.errstate(over="ignore"):  # of the most squeezed it has no number, and is as large
        off = float((_ROUNDING * size * (size / (0.5 + _quanta(of).min(axis=-1)))).max())
    if off > _UNSEEN:
        known = f"the state's thermal quanta to {off:.1g} only"
        if not np.isfinite(off):
            known = "nothing of the state's thermal quanta"
        warn(
            f"squeezing is so strong that double precision knows {known}: purity, entropy, passive "
            "energy and what follows from them may be wrong by as much; energies are not for that, "
            "beside their size"
        )


def _doubt_work(of: Moments) -> None:
    """The same of work, which is the energy less thermal quanta: beside its size it is near it."""
    if not of.anomalous.any():
        return
    size = np.abs(of.normal).max(axis=(-2, -1)) + 0.5
    off = min(float((_ROUNDING * size / (0.5 + _quanta(of).min(axis=-1))).max()), _OF_WORK)
    if off > _KNOWN_WORK:
        warn(f"squeezing is so strong that double precision knows work to {off:.1g} of its size")


def _quanta(of: Moments) -> Array:
    return merit.thermal_quanta(of.normal, of.anomalous)
