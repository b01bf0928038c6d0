"""A problem that is to be solved, and what a solution says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from quantumbattery.charging.batch import Batch
from quantumbattery.charging.joint_starts import joint_starts
from quantumbattery.charging.observables import Observable
from quantumbattery.charging.own_hamiltonian import OwnHamiltonian
from quantumbattery.network.joint_starts import Joint
from quantumbattery.network.named_states import Started
from quantumbattery.network.network import Network
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.reach import Reach


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be solved."""

    network: Network
    started: Started  # of every site that does not start in its ground state
    axes: Batch
    measures: tuple[str, ...]
    extraction: str
    limit: float  # memory in GiB
    asked: tuple[Observable, ...] = ()  # in place of measures
    first: Network | None = None  # in which a protocol begins, whose network has all its links

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", float(self.limit))  # of any kind of number

    @cached_property
    def own(self) -> OwnHamiltonian | None:
        """The Hamiltonian of a battery whose sites interact; None where none of them do."""
        network = self.first or self.network
        if not any(each.always for each in network.interactions):
            return None
        levels = {name: site.dimension or 2 for name, site in network.sites.items()}
        return OwnHamiltonian.of(network, levels, self.axes.numbers, self.limit)

    @cached_property
    def joints(self) -> tuple[Joint, ...]:
        """What several sites start in together."""
        network = self.first or self.network
        return joint_starts(network, self.started, self.axes, self.own, self.limit)


@dataclass(frozen=True, eq=False)
class Report:
    """How a part of a batch was solved, and how far to trust it."""

    methods: tuple[tuple[str, int], ...]  # each kind, and the size of the largest block
    left_out: dict[str, float]  # by each ladder's cut, of an energy, in quanta of the battery
    error: float | None = None  # the difference of two solutions, where a method is measured
    rounding: float = 0.0  # of a phase, by the last time
    scale: float = 1.0  # how large numbers get in every member, from 1 on, by which errors count
    growth: float = 1.0  # the same of sites that are not looked at too
    unfinished: bool = False  # too much is left out: nothing was read
    falls: dict[str, float] = field(default_factory=dict)  # decimal places by level, near a cut
    at_cut: float | None = None  # of a steady state, the weight on the last levels of oscillators
    counted: str = "mode"  # what is counted beside the kind of a method that is not on levels
    told: bool = False  # whether what is left out is no bound, but a known difference
    converged: float | None = None  # of the same, what half as many levels more change, in quanta

    @classmethod
    def joined(cls, parts: Sequence[Report]) -> Report:
        """The worst of all parts."""
        names = dict.fromkeys(name for part in parts for name in part.left_out)
        sizes: dict[str, int] = {}
        for kind, size in (each for part in parts for each in part.methods):
            sizes[kind] = max(size, sizes.get(kind, 0))
        return cls(
            tuple(sizes.items()),
            {name: max(part.left_out.get(name, 0.0) for part in parts) for name in names},
            max((part.error for part in parts if part.error is not None), default=None),
            max(part.rounding for part in parts),
            min(part.scale for part in parts),
            min(part.growth for part in parts),
            any(part.unfinished for part in parts),
            {n: min(p.falls[n] for p in parts if n in p.falls) for p in parts for n in p.falls},
        )


@dataclass(frozen=True, eq=False)
class Solution:
    """What was found, and how."""

    columns: dict[str, Array]  # each (g, c, T, ...)
    report: Report


@dataclass(frozen=True, eq=False)
class OnLevels(Solution):
    """What was found on the levels that were tried; without meaning where too much is left out."""

    reach: Reach
    displaced: tuple[str, ...] = ()  # oscillators whose levels count from a classical amplitude
