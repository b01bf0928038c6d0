"""How a verdict is reached: a printed formula beside the evidence, and what follows from it.

The status of a row is decided by the numbers, not by its author: a formula that meets the evidence
to rounding `holds`; one that fails, while its corrected form meets it, is `corrected`; anything
else is an error, because then the ledger itself is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

ROUNDING = 1e-10
"""Largest difference that counts as rounding, in the units of the row."""


@dataclass(frozen=True)
class Row:
    """The verdict on one numbered equation.

    Parameters
    ----------
    number
        Number of the equation in the paper, 1 to 70.
    title
        What the equation is about.
    status
        "holds", "corrected", "approximation" or "definition".
    error
        Largest deviation of the printed form from the evidence; the note names unit and range.
        None where nothing numerical was claimed.
    note
        What was compared with what, the right form if the printed one is wrong, and remarks.

    Examples
    --------
    >>> Row(7, "charging power", "definition", None, "At t = 0 the limit, 0.").status
    'definition'
    """

    number: int
    title: str
    status: str
    error: float | None
    note: str


def gap(left: ArrayLike, right: ArrayLike) -> float:
    """Return the largest absolute difference; NaN counts as infinite.

    Examples
    --------
    >>> gap([1.0, 2.0], [1.0, 2.5])
    0.5
    """
    largest = float(np.max(np.abs(np.asarray(left) - np.asarray(right))))
    return largest if np.isfinite(largest) else np.inf


def opens_with(value: float, digits: str) -> bool:
    """Tell whether a number starts with the digits that the paper prints before its dots.

    Examples
    --------
    >>> opens_with(1.16556, "1.165"), opens_with(1.16556, "1.166")
    (True, False)
    """
    return f"{value:.12f}".startswith(digits)


def formula(
    number: int, title: str, note: str, error: float, corrected: float | None = None
) -> Row:
    """Judge a formula by the error of its printed and, if there is one, its corrected form.

    Parameters
    ----------
    number, title, note
        As in `Row`.
    error
        Largest error of the printed form against the evidence.
    corrected
        The same for the corrected form.

    Examples
    --------
    >>> formula(30, "stored energy", "in units of omega_b", 2e-16).status
    'holds'
    """
    if error < ROUNDING:
        return Row(number, title, "holds", error, note)
    if corrected is not None and corrected < ROUNDING:
        note = f"{note} The corrected form is off by {corrected:.0e}."
        return Row(number, title, "corrected", error, note)
    raise ArithmeticError(
        f"Eq. {number} ({title}) is off by {error:.3g} and no corrected form meets the evidence."
    )


def misprint(number: int, title: str, note: str, corrected: float = 0.0) -> Row:
    """Record a slip of symbols that no number can show; the form as meant must still hold.

    Examples
    --------
    >>> misprint(11, "highest ergotropy", "The maximum runs over t.").status
    'corrected'
    """
    if not corrected < ROUNDING:
        raise ArithmeticError(f"Eq. {number} ({title}), as meant, is off by {corrected:.3g}.")
    return Row(number, title, "corrected", None, note)


def definition(number: int, title: str, note: str, error: float | None = None) -> Row:
    """Record a definition, with the error of the consistency that was checked, if any.

    Examples
    --------
    >>> definition(2, "battery at rest", "Ground state.").error is None
    True
    """
    if error is not None and not error < ROUNDING:
        raise ArithmeticError(f"Eq. {number} ({title}) is inconsistent by {error:.3g}.")
    return Row(number, title, "definition", error, note)


def approximation(number: int, title: str, note: str, error: float, sound: bool) -> Row:
    """Record an approximation and its largest deviation; `sound` tests what it claims to be.

    Examples
    --------
    >>> approximation(45, "fit", "0 < theta < pi", 0.02, sound=True).status
    'approximation'
    """
    if not sound:
        raise ArithmeticError(f"Eq. {number} ({title}) is not the approximation that it claims.")
    return Row(number, title, "approximation", error, note)
