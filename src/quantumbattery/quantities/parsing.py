"""Angles, times and complex numbers as people write them."""

from __future__ import annotations

import re

import numpy as np

from quantumbattery.quantities.quoted import quoted

_ANGLES = ("theta", "phi", "angle")  # numbers of states that may have a unit
_COMPLEX = ("alpha",)  # numbers of states that may be complex
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_MULTIPLE = re.compile(rf"([-+]?)\s*({_NUMBER})?\s*\*?\s*(deg|rad|pi)?\s*(?:/\s*([-+]?{_NUMBER}))?")


def plain(text: str) -> float:
    """Read a number as people write it: no 1_000, which is of programs; ValueError if it is none.

    Examples
    --------
    >>> plain("1e3")
    1000.0
    """
    if "_" in text:
        raise ValueError(f"a number such as 1000; got {quoted(text, 40)}")
    return float(text)


def span(text: str, what: str = "times") -> dict[str, float | int]:
    """Read times: FROM:TO:POINTS, both ends included, as a study has them.

    Examples
    --------
    >>> span("0:4:3")
    {'from': 0.0, 'to': 4.0, 'points': 3}
    """
    try:
        start, stop, points = text.split(":")
        first, last, count = plain(start), plain(stop), int(points.replace("_", "?"))
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
        value = plain(text)
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
        raise ValueError(
            f'a number, complex ones as texts such as "0.5-1j"; got {quoted(given, 40)}'
        )
    try:
        if isinstance(given, str):
            return complex(given.replace(" ", "").replace("_", "?"))
        return complex(given)
    except ValueError:
        raise ValueError(
            f'a number, complex ones as texts such as "0.5-1j"; got {quoted(given, 40)}'
        ) from None


def multiple(text: str) -> tuple[float, str]:
    """Read a number, a fraction or a multiple of pi, and what stands behind it: deg, rad or none.

    It is read by a pattern, never evaluated. ValueError if it is none of these.

    Examples
    --------
    >>> multiple("1/4"), multiple("90deg"), multiple("-2pi") == (-2 * np.pi, "")
    ((0.25, ''), (90.0, 'deg'), True)
    """
    match = _MULTIPLE.fullmatch(text.strip().lower().replace("π", "pi").replace("°", "deg"))
    below = float(match[4] or 1) if match else 0.0
    if match is None or not (match[2] or match[3] == "pi") or below == 0:
        raise ValueError(f"a number such as 0.5, 1/3, 2pi or pi/2; got {quoted(text, 40)}")
    sign, above = -1.0 if match[1] == "-" else 1.0, float(match[2] or 1)
    if match[3] == "pi":
        return sign * (above * np.pi) / below, ""
    return sign * above / below, match[3] or ""


def real(text: str) -> float:
    """Read a number without a unit, as `multiple` does, or what Python takes for one, such as inf.

    Examples
    --------
    >>> real("1/4"), real("2pi") == 2 * np.pi, real("inf")
    (0.25, True, inf)
    """
    try:
        return plain(text)
    except ValueError:
        value, unit = multiple(text)
    if unit:
        raise ValueError(f"a number without a unit; got {quoted(text, 40)}")
    return value


def amplitude(name: str, text: str) -> complex | float:
    """Read a number that may be complex: 2, 1/3, pi/2, 0.5-1j or 0.5-1i.

    Examples
    --------
    >>> amplitude("alpha", "0.5 - 1j"), amplitude("alpha", "1/4")
    ((0.5-1j), 0.25)
    """
    try:
        return real(text)
    except ValueError:
        pass
    try:
        value = written_number(text.replace("i", "j"))
    except ValueError:
        raise ValueError(
            f"{name} must be a number such as 2 or 1+0.5j; got {quoted(text, 40)}"
        ) from None
    return value if value.imag else value.real


def angle(name: str, text: str) -> float:
    """Read an angle: 90deg, 1.57, 1.57rad, 0.5pi, pi or pi/2, in radians.

    Examples
    --------
    >>> angle("theta", "180deg") == np.pi
    True
    """
    try:
        value, unit = multiple(text)
    except ValueError:
        raise ValueError(
            f"{name} must be an angle such as 90deg, 1.57rad, 1.57, 0.5pi or pi/2; got {text!r}"
        ) from None
    if unit == "deg":
        value = value / 180 * np.pi
    if not 0 <= value <= 2 * np.pi:
        hint = "" if unit or "pi" in text.lower() else "; for degrees write deg"
        raise ValueError(f"{name} must be on the Bloch sphere, got {text!r}{hint}")
    return value


def number_of_state(name: str, value: object) -> object:
    """Read a number of a start that is a text, or each of a list of complex ones.

    Examples
    --------
    >>> number_of_state("alpha", [1.0, "0.5-1j"]), number_of_state("r", 0.5)
    ([1.0, (0.5-1j)], 0.5)
    """
    if name in _COMPLEX and isinstance(value, list):
        return [number_of_state(name, each) for each in value]
    if not isinstance(value, str):
        return value
    if name in _COMPLEX:
        return amplitude(name, value)
    if name in _ANGLES:
        return angle(name, value)
    try:
        return real(value)
    except ValueError:
        raise ValueError(f"{name} must be a real number; got {quoted(value, 40)}") from None
