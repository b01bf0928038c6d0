"""How many levels each part of a whole has: as they are given, or as QuTiP says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import is_whole
from quantumbattery.quantities.quoted import quoted


def parts_of_qobj(given: Any) -> tuple[int, ...] | None:
    """The levels of each part of a Qobj of several."""
    dims = getattr(given, "dims", None)
    if not callable(getattr(given, "full", None)) or not isinstance(dims, list):
        return None
    rows, columns = dims
    alike = rows == columns or given.full().shape[1] == 1
    whole = isinstance(rows, list) and all(isinstance(n, int) for n in rows)
    return tuple(rows) if whole and alike and len(rows) > 1 else None


def check_parts(parts: tuple[int, ...] | None, levels: Sequence[int]) -> None:
    """Raise ValueError if a Qobj of several parts has others than these, in this order."""
    if parts is not None and parts != tuple(levels):
        raise ValueError(
            f"its parts have {' x '.join(map(str, parts))} levels, but its sites, in the order in "
            f"which they are named, {' x '.join(map(str, levels))}: name them in the order of the "
            "parts, or permute the Qobj"
        )


def dimensions(dims: Sequence[int], total: int, parts: int | None = None) -> tuple[int, ...]:
    """Check that the whole numbers ``dims``, ``parts`` of them, multiply to ``total``."""
    try:
        sizes = tuple(members(dims))
    except TypeError:
        sizes = ()
    if not sizes or not all(is_whole(n) for n in sizes):
        raise TypeError(
            f"dims is {quoted(dims)}: it takes one whole number for each part, such as (2, 3)"
        )
    if parts is not None and len(sizes) != parts:
        raise ValueError(
            f"dims is {quoted(sizes)} but takes {parts} numbers: group the parts into {parts}"
        )
    product = int(np.prod([int(n) for n in sizes], dtype=object))
    if min(sizes) < 1 or product != total:
        raise ValueError(
            f"dims is {quoted(sizes)}, in all {quoted(product)}, but rho is {total} x {total}: "
            "the dimensions of the parts are at least 1 and their product is that of rho"
        )
    return tuple(int(n) for n in sizes)
