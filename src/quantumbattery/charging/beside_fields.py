"""The best moment of a driven battery whose state is not Gaussian, from that without fields.

Fields and coherent starts displace what would be there without them, in a quadratic network: by a
unitary of each mode, so that passive energies stay as they are (B. R. Mollow, Phys. Rev. A 12, 1919
(1975)). The work is then the energy, which moments say, less the passive energy of what needs few
levels.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.charging.global_maximum import Aim
from quantumbattery.charging.problem import Problem
from quantumbattery.charging.sought import OVER_TIME, Sought
from quantumbattery.charging.sought_of_moments import SoughtOfMoments
from quantumbattery.moments.quadratic import is_quadratic, pulls_alone
from quantumbattery.network.drives import OnePhotonDrive
from quantumbattery.network.named_states import Coherent, Fock, Gaussian, Preparation
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property


def without_fields(problem: Problem) -> Problem | None:
    """The same without what displaces it; None where nothing does, or where more changes."""
    network = problem.network
    if not is_quadratic(network) or not pulls_alone(network):
        return None
    if any(each.always for each in network.interactions):
        return None
    kept = tuple(each for each in network.drives if not isinstance(each, OnePhotonDrive))
    started = {name: _about_its_mean(each) for name, each in problem.started.items()}
    moved = any(each is not problem.started[name] for name, each in started.items())
    if not moved and len(kept) == len(network.drives):
        return None
    still = copy(network)
    still._set(drives=kept)
    return replace(problem, network=still, started=started)


def _about_its_mean(each: Preparation) -> Preparation:
    """A Gaussian state moved to where its amplitude is 0."""
    if isinstance(each, Coherent):
        return Fock(0.0)
    if isinstance(each, Gaussian):
        return replace(each, alpha=0.0)
    return each


@dataclass(frozen=True, eq=False)
class BesideFields:
    """The work of every member of a batch, as a function of time up to the last."""

    energies: SoughtOfMoments  # of all that there is
    still: Sought  # of the same without fields

    def function(self, name: str, part: Array) -> Callable[[Array], Array]:
        """The work of some members; for its power less what is there at t = 0."""
        whole = self.energies.function("energy", part)
        energy, work = (self.still.itself(each, part) for each in ("energy", "ergotropy"))

        def read(times: Array) -> Array:
            return np.asarray(whole(times) - energy(times) + work(times))

        held = read(np.zeros((len(part), 1))) if name in OVER_TIME else 0.0
        return lambda times: read(times) - held

    def bend(self, name: str) -> Array:  # noqa: ARG002
        """K, so that f + K t^2/2 is convex, (g,): the sum of those of all parts."""
        still = self.still.bend("energy") + self.still.bend("ergotropy")
        return np.asarray(self.energies.bend("energy") + still)

    def aim(self, name: str, part: Array) -> Aim:
        """How well the work is to be known, of some members; each reading costs one on levels."""
        energy = "power" if name in OVER_TIME else "energy"
        aim, few = self.energies.aim(energy, part), self.still.aim("energy", part)
        return replace(aim, most=few.most, room=few.room)

    def empty(self) -> Array:
        """Which members never charge, (g,)."""
        return self.energies.empty()

    def never(self, name: str) -> Array:  # noqa: ARG002
        """Which members are known never to have any, (g,): of none."""
        return np.zeros(len(self.highest), dtype=bool)

    @property
    def room(self) -> int:
        """Points for which there is memory."""
        return self.still.room

    @property
    def last(self) -> float:
        """The horizon."""
        return self.energies.last

    @property
    def tolerance(self) -> float:
        """How far maximum and bound may be apart."""
        return self.energies.tolerance

    @cached_property
    def highest(self) -> Array:
        """What the energy never exceeds up to the last time, (g,)."""
        return self.energies.highest
