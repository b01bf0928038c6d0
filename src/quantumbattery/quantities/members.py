"""Lists that a user gives, also by iterators."""

from __future__ import annotations

from collections.abc import Sized
from itertools import islice
from typing import Any

import numpy as np

MOST = 1 << 20  # members of what says no length itself


def is_list(given: object) -> bool:
    """Whether it has members; arrays of no axes have none, although they have the method."""
    return bool(np.iterable(given)) and bool(getattr(given, "ndim", 1))


def members(given: Any) -> list[Any]:
    """Its members; ValueError for more than anybody gives, as of an iterator without an end.

    Examples
    --------
    >>> from itertools import count, islice
    >>> members(islice(count(), 3))
    [0, 1, 2]
    """
    if isinstance(given, Sized):
        return list(given)  # type: ignore[call-overload, no-any-return]
    found = list(islice(given, MOST + 1))
    if len(found) > MOST:
        raise ValueError(f"an iterator gave more than {MOST:,} members, and may have no end")
    return found
