"""Angles, times and complex numbers as people write them."""

from __future__ import annotations

import re

import numpy as np


def span(text: str, what: str = "times") -> dict[str, float | int]:
    """Read times: FROM:TO:POINTS, both ends included, as a study has them.

    Examples
    --------
    >>> span("0:4:3")
    {'from': 0.0, 'to': 4.0, 'points': 3}
    """
    try:
        start, stop, points = text.split(":")
        first, last, count = float(start), float(stop), int(points)
    except ValueError:
        raise ValueError(f"{what} must be FROM:TO:POINTS such as 0:4:401; got {text!r}") from None
    if not (0 <= first <= last < np.inf) or not 1 <= count <= 10_000_000:
        raise ValueError(
            f"{what} FROM:TO:POINTS must be finite with 0 <= FROM <= TO, and 1 to 10000000 POINTS; "
            f"got {text!r}"
        )
    return {"from": first, "to": last, "points": count}


def moments(what: str, text: str) -> float | dict[str, float | int]:
    """Read one time, which may be inf for never, or FROM:TO:POINTS.

    Examples
    --------
    >>> moments("disconnect", "1.5")
    1.5
    """
    if ":" in text:
        return span(text, what)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise ValueError(
            f"{what} must be a time, zero or positive, or FROM:TO:POINTS such as 1:2:11; "
            f"got {text!r}"
        )
    return value


def written_number(given: object) -> complex:
    """Read a number that may be complex, such as 0.5 or "0.5-1j"; ValueError if it is none.

    Examples
    --------
    >>> written_number("1 - 0.5j")
    (1-0.5j)
    """
    if isinstance(given, bool) or not isinstance(given, int | float | complex | str):
        raise ValueError(f'a number, complex ones as texts such as "0.5-1j"; got {given!r:.40}')
    try:
        return complex(given.replace(" ", "") if isinstance(given, str) else given)
    except ValueError:
        raise ValueError(
            f'a number, complex ones as texts such as "0.5-1j"; got {given!r:.40}'
        ) from None


def angle(name: str, text: str) -> float:
    """Read an angle: 90deg, 1.57, 1.57rad, 0.5pi, pi or pi/2, in radians.

    Examples
    --------
    >>> angle("theta", "180deg") == np.pi
    True
    """
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
    match = re.fullmatch(rf"({number})?\s*(deg|rad|pi)?(?:/({number}))?", text.strip().lower())
    if match is None or not (match[1] or match[2] == "pi") or float(match[3] or 1) == 0:
        raise ValueError(
            f"{name} must be an angle such as 90deg, 1.57rad, 1.57, 0.5pi or pi/2; got {text!r}"
        )
    value = float(match[1] or 1) / float(match[3] or 1)
    if match[2] == "deg":
        value = value / 180 * np.pi
    elif match[2] == "pi":
        value *= np.pi
    if not 0 <= value <= 2 * np.pi:
        hint = "; for degrees write deg" if match[2] is None else ""
        raise ValueError(f"{name} must be on the Bloch sphere, got {text!r}{hint}")
    return value
