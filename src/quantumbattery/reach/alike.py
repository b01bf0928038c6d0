"""What systems that differ in their numbers alone have in common, found once.

An optimiser, or a page, charges thousands of them one after the other. What is reached, how the
state is held and what is read of it then follow from the same terms and the same start: of small
systems the last ones are kept. Numbers never are, nor anything that depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.reach.terms import Terms

SMALL = 64  # configurations up to which what follows from them is kept
_MOST = 128  # results of a function that are kept
_ENTRIES = 1 << 12  # of all operators, up to which they are compared
_PLACES = 256  # levels in all, up to which what is reached may be kept


@dataclass(frozen=True, eq=False)
class Structure:
    """All that decides what is reached: equal for systems that differ in their numbers alone."""

    sites: tuple[str, ...]
    levels: tuple[int, ...]
    counted: tuple[str, ...]  # sites that share a number of quanta
    most: float  # how many they share
    first: Array  # (entries, sites), the configurations of the start
    member: Array  # (entries,)
    energies: Terms  # without numbers, as the losses
    losses: Terms
    damping: Terms
    limit: float  # memory in GiB

    @property
    def small(self) -> bool:
        """Whether what is reached may be small, and comparing is cheap."""
        products = self.energies.products + self.losses.products + self.damping.products
        if sum(self.levels) > _PLACES or len(self.first) > SMALL or len(products) > SMALL:
            return False
        return sum(len(o.row) for each in products for o in each.operators) <= _ENTRIES

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Every part, as something that can be compared."""
        start = self.first.dtype.char, self.first.tobytes(), self.member.tobytes()
        terms = self.energies.pattern, self.losses.pattern, self.damping.pattern
        named = self.sites, self.levels, self.counted, self.most, self.limit
        return *named, *start, *terms

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class Small(Protocol):
    """What may be small: a `Reach`."""

    @property
    def size(self) -> int:
        """How many configurations there are."""

    @property
    def bare(self) -> Any:
        """The same without numbers, one for all systems alike."""


R = TypeVar("R", bound=Small)
P = ParamSpec("P")
T = TypeVar("T")


def kept(function: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """Keep what a function makes of a small reach, which it is given without numbers."""
    known: Any = lru_cache(_MOST)(function)

    @wraps(function)
    def look_up(reached: R, /, *others: P.args, **named: P.kwargs) -> T:
        made = known if reached.size <= SMALL else function
        found: T = made(reached.bare, *others, **named)
        return found

    return look_up
