"""What rounding leaves: how many digits of a phase, and nothing of numbers that are too small."""

from __future__ import annotations

import numpy as np

from quantumbattery.quantities.aliases import Array

_LOST = 3e-9  # of a phase, from which on a warning says so
UNITS = (
    "Charge for a shorter time, or look at the units: times are in the inverse unit of "
    "frequencies, couplings and rates, so that those that count are near 1"
)
"""What to do where times are too long for digits or patience."""

tiny_is_zero = np.errstate(under="ignore")
"""Decorates what computes: what is too small for a float is 0, also where NumPy is to raise."""


def latest_felt(sizes: Array, times: Array) -> float:
    """The latest time (T,) or (g, ..., T), in turns of the fastest of some members (g,).

    Where each has times of its own, the fastest may not be there so late.
    """
    if times.ndim < 2 or len(times) != len(sizes) or not sizes.max(initial=0.0) > 0:
        return float(times.max(initial=0.0))
    latest = times.reshape(len(times), -1).max(axis=1)
    return float((sizes * latest).max() / sizes.max())


def lost_phase(rounding: float) -> str | None:
    """What to warn of, if rounding has taken so much of a phase."""
    if not rounding > _LOST:
        return None
    return (
        f"by the last time, rounding has taken {rounding:.1g} of a phase or more: double precision "
        "does not reach so many periods; charge for a shorter time"
    )


def check_digits(rounding: float, latest: float) -> None:
    """Raise ValueError where rounding has taken a whole phase by the latest time."""
    if rounding >= 1:
        raise ValueError(
            f"by t = {latest:.3g} rounding has taken {rounding:.1g} of a phase, so that no digit "
            f"is left: double precision does not reach so many periods. {UNITS}"
        )
