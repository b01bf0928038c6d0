"""Values under a mask do not count, and are taken for no others."""

from __future__ import annotations

import numpy as np


def check_unmasked(name: str, value: object) -> None:
    """Raise TypeError for an array some of whose values are masked."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(f"{name} has masked values: give only the values that count")
