"""Where a path with dots leads in the plain values of a study, and what is put there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import permutations
from typing import Any


def check_places(places: Mapping[str, tuple[tuple[str, ...], str]]) -> None:
    """Raise ValueError where two names lead to one number, or one into what the other sets."""
    paths = {name: (*where, last) for name, (where, last) in places.items()}
    for one, other in permutations(paths, 2):
        if paths[one] == paths[other]:
            raise ValueError(
                f"{'.'.join(paths[one])} is given twice, as {one} and as {other}: leave one out"
            )
        if paths[one] == paths[other][: len(paths[one])]:
            raise ValueError(f"{other} is given twice, as itself and inside {one}: leave one out")


def _index(step: str) -> int:
    """A place in a list: it counts from 0, not from its end, and has one way to be written."""
    if not re.fullmatch("0|[1-9][0-9]{0,8}", step):
        raise KeyError(step)
    return int(step)


def inside(given: Mapping[str, Any], where: tuple[str, ...]) -> Any:
    """The table, or the entry of a list, that a path leads to."""
    here: Any = given
    for step in where:
        try:
            here = here[_index(step)] if isinstance(here, list) else here[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ValueError(f"there is no {'.'.join(where)!r} in the study") from None
    return here


def value_in(given: Mapping[str, Any], where: tuple[str, ...], last: str) -> Any:
    """What a study says itself where an axis acts; None if nothing."""
    here = inside(given, where)
    if isinstance(here, list):
        with suppress(LookupError):
            return here[_index(last)]
        return None
    return here.get(last) if isinstance(here, dict) else None


def put(given: Mapping[str, Any], where: tuple[str, ...], last: str, value: object) -> None:
    """Put a value where an axis acts."""
    here = inside(given, where)
    try:
        here[_index(last) if isinstance(here, list) else last] = value
    except (LookupError, TypeError):
        path = ".".join((*where, last))
        rule = ": a list counts from 0, as in couplings.1" * isinstance(here, list)
        raise ValueError(f"there is no {path!r} in the study{rule}") from None


def copied(part: Any) -> Any:
    """Plain values that may be changed without changing these."""
    if isinstance(part, dict):
        return {name: copied(each) for name, each in part.items()}
    return [copied(each) for each in part] if isinstance(part, list) else part
