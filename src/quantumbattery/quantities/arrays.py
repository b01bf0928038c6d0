"""Arrays of what a user gives: fractions, decimals and large integers are numbers too."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from numbers import Complex, Rational

import numpy as np

from quantumbattery.quantities.aliases import Array

_EXACT = (Rational, Decimal)  # of which NumPy makes objects


def as_array(value: object) -> Array:
    """Numbers as NumPy has them; of what it has no numbers for, objects."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):  # of uneven shape, or no array at all
        return np.array(None)
    if array.dtype.kind == "O" and any(isinstance(each, _EXACT) for each in array.flat):
        each_one = [each for each in array.flat if not isinstance(each, bool | np.bool_)]
        if len(each_one) == array.size and all(isinstance(e, Complex | Decimal) for e in each_one):
            real = all(isinstance(each, _EXACT) or np.isrealobj(each) for each in each_one)
            with suppress(OverflowError, ValueError):  # it is no number then
                return array.astype(np.float64 if real else np.complex128)
    return array
