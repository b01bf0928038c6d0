"""Results of the literature beside our own: what an entry holds, and the table that they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.quantities.quoted import quoted
from quantumbattery.quantities.tables import RULE, Rows, html_table, paragraph

if TYPE_CHECKING:
    from matplotlib.axes import Axes


KINDS = ("printed", "exact", "independent")
"""How a source begins: printed in it; an exact formula; another method."""


@dataclass(frozen=True)
class Row:
    """Our number beside a published or exact one.

    Parameters
    ----------
    system : str
        The name of the entry.
    quantity : str
        What was found.
    value : float
        Our number; of several, the one that is furthest off.
    reference : float
        What it should be.
    source : str
        Where the reference comes from.
    difference : float
        The size of value - reference.
    allowed : float
        The largest difference that is agreement.
    agrees : bool
        Whether the difference is allowed.

    Examples
    --------
    >>> Row("star", "energy", 1.0, 1.0, "exact: sin^2", 0.0, 1e-9, True).agrees
    True
    """

    system: str
    quantity: str
    value: float
    reference: float
    source: str
    difference: float
    allowed: float
    agrees: bool


@dataclass(frozen=True)
class Zoo(Rows[Row]):
    """Results of one or more systems, in order.

    Behaves as a sequence of rows; `print` shows it as a table of at most 100 columns, a notebook as
    one of its own; `to_json` gives [{"system", "quantity", "value", ...}, ...].

    Parameters
    ----------
    rows
        One `Row` for each result.

    Examples
    --------
    >>> zoo = Zoo((Row("star", "energy", 1.0, 1.0, "exact: sin^2", 0.0, 1e-9, True),))
    >>> len(zoo), zoo[0].system, zoo.agrees
    (1, 'star', True)
    >>> zoo.to_json()
    '[{"system": "star", "quantity": "energy", "value": 1.0, "reference": 1.0, ...}]'
    >>> zoo.summary()
    'Agreement in 1 result of 1 system: 1 exact.'
    """

    def _plain(self, row: Row) -> dict[str, Any]:
        """A number that is not finite is null in JSON."""
        return {key: _finite(value) for key, value in super()._plain(row).items()}

    @property
    def agrees(self) -> bool:
        """Whether every row does."""
        return all(row.agrees for row in self.rows)

    def __str__(self) -> str:
        head = f"  {'ours':>14}  {'reference':>14}  {'apart':>7}  {'allowed':>7}  quantity, source"
        lines = [head, RULE]
        for system, rows in groupby(self.rows, key=lambda row: row.system):
            lines.append(system)
            for row in rows:
                lines += _lines(row)
        return "\n".join([*lines, RULE, self.summary()])

    _repr_pretty_ = Rows._repr_pretty_  # IPython looks in the class that has its own __repr__

    def _repr_html_(self) -> str:
        """The same as a table of a notebook."""
        heads = ("agrees", "system", "quantity", "ours", "reference", "apart", "allowed", "source")
        rows = (
            (
                "yes" if r.agrees else "NO", r.system, r.quantity,
                f"{r.value:.10g}", f"{r.reference:.10g}",
                f"{r.difference:.0e}", f"{r.allowed:.0e}", r.source,
            )
            for r in self.rows
        )  # fmt: skip
        return html_table(self.summary(), heads, rows, (3, 4, 5, 6))

    def summary(self) -> str:
        """Say in one line how many results agree, and which do not."""
        systems = len({row.system for row in self.rows})
        total = f"{_counted(len(self.rows), 'result')} of {_counted(systems, 'system')}"
        wrong = [f"{row.system}: {row.quantity}" for row in self.rows if not row.agrees]
        if wrong:
            return f"Disagreement in {len(wrong)} of {total}: {'; '.join(wrong)}."
        kinds = [row.source.split(":")[0] for row in self.rows]
        said = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
        return f"Agreement in {total}: {said}."


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _lines(row: Row) -> list[str]:
    mark = " " if row.agrees else "!"
    start = (
        f"{mark} {row.value:>14.10g}  {row.reference:>14.10g}  {row.difference:>7.0e}  "
        f"{row.allowed:>7.0e}  "
    )
    return paragraph(start, row.quantity, row.source)


@dataclass(frozen=True)
class Result:
    """One quantity of a system, how this library finds it and what it should be.

    Parameters
    ----------
    quantity : str
        What it is, with its unit if it has one.
    ours : callable
        Returns our number, or an array of them: the row then shows the one furthest off.
    reference : float or callable
        The number or array to compare with, found without the code that it checks.
    source : str
        Where the reference comes from; begins with "printed:", "exact:" or "independent:".
    allowed : float
        The largest difference that is agreement, absolute.

    Examples
    --------
    >>> full = Result("energy (w)", lambda: [0.5, 1.0], [0.5, 1.0], "exact: sin^2(J t)")
    >>> full.row("qubit_pair").agrees
    True
    """

    quantity: str
    ours: Callable[[], Any]
    reference: Any
    source: str
    allowed: float = 1e-9

    def __post_init__(self) -> None:
        kind, _, said = self.source.partition(":")
        if kind not in KINDS or not said.strip():
            raise ValueError(
                f"the source of {self.quantity!r} must begin with printed:, exact: or "
                f"independent:, and say where the number is from; got {quoted(self.source)}"
            )
        if not 0 <= self.allowed < np.inf:
            raise ValueError(f"{self.quantity!r}: allowed must be finite; got {self.allowed!r}")

    def row(self, system: str) -> Row:
        """Find both numbers and compare them.

        Parameters
        ----------
        system : str
            The name of the entry.

        Returns
        -------
        Row

        Raises
        ------
        ValueError
            If there is no number to compare.
        """
        given = self.reference() if callable(self.reference) else self.reference
        ours, theirs = np.asarray(self.ours()), np.asarray(given)
        if ours.dtype.kind not in "iufb" or theirs.dtype.kind not in "iufb":
            raise ValueError(f"{system}: {self.quantity!r} compares what is no real number")
        try:
            value, reference = np.broadcast_arrays(ours.astype(float), theirs.astype(float))
        except ValueError:
            raise ValueError(
                f"{system}: {self.quantity!r} compares shape {ours.shape} with {theirs.shape}"
            ) from None
        if value.size == 0:
            raise ValueError(f"{system}: {self.quantity!r} has no number to compare")
        apart = np.abs(value - reference)
        # a NaN is the furthest off, and agrees with nothing
        worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
        difference = float(apart.flat[worst])
        return Row(
            system=system,
            quantity=self.quantity,
            value=float(value.flat[worst]),
            reference=float(reference.flat[worst]),
            source=self.source,
            difference=difference,
            allowed=self.allowed,
            agrees=difference <= self.allowed,
        )


@dataclass(frozen=True)
class Entry:
    """A system of the zoo.

    Parameters
    ----------
    name : str
        How it is called, as in ``reproduce(name)``.
    title : str
        What it is, in a few words.
    results : sequence of Result
        At least one.
    picture : callable
        Draws on a Matplotlib Axes what this battery does that the pair of qubits does not.
    start : str
        How charger and battery in the picture are prepared, and what else all its lines share;
        stands below the picture.
    """

    name: str
    title: str
    results: Sequence[Result]
    picture: Callable[[Axes], None]
    start: str

    def rows(self) -> tuple[Row, ...]:
        """All its results, found and compared."""
        return tuple(result.row(self.name) for result in self.results)
