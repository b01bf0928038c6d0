"""The ledger: a verdict on each of the paper's 70 numbered equations.

`verify` solves the physics without the paper's formulas (`evidence`, `arbitrary_precision`), puts
each formula as it is printed (`printed`) beside it, and says which of them hold, which needed a
correction and how good the approximations are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from quantumbattery.paper.verdict import Row
from quantumbattery.quantities.tables import RULE, Rows, html_table, paragraph

__all__ = ["Ledger", "Row", "verify"]

DEFINING = {
    "A": "tan A = 2 A (Eq. 34)",
    "B": "sin^2(A) / A (Eq. 35)",
    "C": "1 + 2 C tan(2 C) = 0 (Eq. 42)",
    "D": "-cos(2 C) / C (Eq. 44)",
    "K": "-A tan(2 A) / 4 (above Eq. 67)",
    "L": "K / A (Eq. 67)",
}
"""What fixes each of the paper's constants."""


@dataclass(frozen=True)
class Ledger(Rows[Row]):
    """The verdicts on all equations, in order, and the paper's constants to full precision.

    Behaves as a sequence of rows; `print` shows it as a table of at most 100 columns, a notebook as
    one of its own; `to_json` gives [{"number", "title", "status", "error", "note"}, ...].

    Parameters
    ----------
    rows
        One `Row` for each equation.
    constants
        A, B, C, D, K, L; what defines each is in `DEFINING`.

    Examples
    --------
    >>> ledger = Ledger((Row(7, "charging power", "definition", None, "At t = 0 it is 0."),))
    >>> len(ledger), ledger[0].number
    (1, 7)
    >>> ledger.to_json()
    '[{"number": 7, "title": "charging power", "status": "definition", "error": null, ...}]'
    >>> ledger.summary()
    'Verdicts: 1 definition'
    """

    constants: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{'Eq.':>3}  {'status':<13}  {'error':<7}  about", RULE]
        for row in self.rows:
            error = "" if row.error is None else f"{row.error:.1e}"
            start = f"{row.number:>3}  {row.status:<13}  {error:<7}  "
            lines += paragraph(start, row.title, row.note)
        if self.constants:
            lines += [RULE]
        for name, value in self.constants.items():
            lines.append(f"  {name} = {value:<19.17g}  {DEFINING[name]}")
        return "\n".join([*lines, RULE, self.summary()])

    _repr_pretty_ = Rows._repr_pretty_  # IPython looks in the class that has its own __repr__

    def _repr_html_(self) -> str:
        """The same as tables of a notebook."""
        rows = (
            (str(r.number), r.status, "" if r.error is None else f"{r.error:.1e}", r.title, r.note)
            for r in self.rows
        )
        heads = ("Eq.", "status", "error", "about", "note")
        table = html_table(self.summary(), heads, rows, numbers=(0, 2))
        if not self.constants:
            return table
        values = ((name, f"{x:.17g}", DEFINING[name]) for name, x in self.constants.items())
        what = ("constant", "value", "defined by")
        return table + html_table("Constants of the paper", what, values)

    def summary(self) -> str:
        """Say in one line how many equations have which status, and which are corrected."""
        counts = Counter(row.status for row in self.rows)
        corrected = ", ".join(str(row.number) for row in self.rows if row.status == "corrected")
        wrong = f" (Eqs. {corrected})" if corrected else ""
        order = ("holds", "definition", "approximation", "corrected")
        said = ", ".join(f"{counts[status]} {status}" for status in order if counts[status])
        return f"Verdicts: {said}{wrong}"


def verify(*, seed: int = 70, points: int = 48) -> Ledger:
    """Check all 70 equations of the paper against the numerically solved physics.

    Takes about three seconds. A formula that neither holds nor has a correction that does raises an
    ArithmeticError.

    Parameters
    ----------
    seed
        Seed of the random Bloch angles, couplings, frequencies, losses and times.
    points
        Number of random points for each check.

    Returns
    -------
    Ledger
        A row for each equation, with its verdict; printed, and shown by notebooks, as a table.

    Examples
    --------
    >>> ledger = verify(points=16)
    >>> len(ledger), ledger[35].number, ledger[35].status
    (70, 36, 'corrected')
    """
    flags = isinstance(points, bool) or isinstance(seed, bool)
    if flags or not isinstance(points, int) or not isinstance(seed, int) or points < 1 or seed < 0:
        raise ValueError(
            "verify takes a seed of 0 or more and at least 1 point, whole numbers; "
            f"got seed={seed!r}, points={points!r}"
        )
    import scipy.linalg  # noqa: F401 - loads the library whose threads are limited
    from threadpoolctl import threadpool_limits

    # Threads of a linear-algebra library gain nothing on 16 x 16 matrices, and when another
    # program keeps a core busy they wait for each other: minutes instead of seconds.
    with threadpool_limits(1):
        return _verify(seed, points)


def _verify(seed: int, points: int) -> Ledger:
    from quantumbattery.paper import (
        approximations,
        arbitrary_precision,
        checks_charging,
        checks_loss,
        checks_mechanisms,
        checks_moments,
        checks_state,
    )
    from quantumbattery.paper.evidence import Sample

    lossless = Sample.draw(seed, points)
    lossy = Sample.draw(seed + 1, points, loss=(0.02, 3.9))
    overdamped = Sample.draw(seed + 2, points, loss=(4.1, 12.0))
    constants = arbitrary_precision.constants()
    rows = (
        *checks_state.rows(lossy, seed),
        *checks_moments.rows(lossless),
        *checks_charging.rows(lossless, constants),
        *checks_mechanisms.rows(lossless, lossy),
        *checks_loss.rows(lossy, overdamped, constants),
    )
    # The checks have held these doubles against the arbitrary-precision values.
    return Ledger(rows, {name: getattr(approximations, name) for name in sorted(constants)})
