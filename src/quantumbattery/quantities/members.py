"""Lists that a user gives, also by iterators."""

from __future__ import annotations

from collections.abc import Mapping, Set, Sized
from itertools import islice
from typing import Any

import numpy as np

MOST = 1 << 22  # members that anybody gives


def is_list(given: object) -> bool:
    """Whether it has members in an order, as texts, sets, tables and arrays of no axes have not."""
    other = isinstance(given, str | bytes | bytearray | Set | Mapping)
    return not other and bool(np.iterable(given)) and bool(getattr(given, "ndim", 1))


def members(given: Any, most: int = MOST) -> list[Any]:
    """Its members; ValueError for more than anybody gives, as of an iterator without an end.

    Examples
    --------
    >>> from itertools import count, islice
    >>> members(islice(count(), 3))
    [0, 1, 2]
    """
    known = len(given) if isinstance(given, Sized) else 0
    found = [] if known > most else list(islice(given, most + 1))
    if known > most or len(found) > most:
        said = f"{known:,}" if known else f"more than {most:,}"
        raise ValueError(f"a list has {said} members, and {most:,} are the most that it may have")
    return found
