"""Whole numbers in order, each once."""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array


def distinct(values: Array) -> Array:
    """The values (n,) that are there, rising; the table of `numpy.unique` takes far longer."""
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]
