"""What was given, as a sentence quotes it."""

from __future__ import annotations

from contextlib import suppress


def quoted(value: object, most: int = 60) -> str:
    """What Python shows of a value, on one line and cut short; its kind, where that fails.

    It fails for whole numbers of thousands of digits, lists that are nested too deep, and objects
    that cannot say what they are.

    Examples
    --------
    >>> quoted("coupling"), quoted(10**5000)
    ("'coupling'", 'a whole number of 16,610 bits')
    """
    with suppress(Exception):
        return " ".join(line.strip() for line in repr(value).splitlines())[:most]
    if isinstance(value, int):
        return f"a whole number of {value.bit_length():,} bits"
    return f"an object of {type(value).__name__}"
