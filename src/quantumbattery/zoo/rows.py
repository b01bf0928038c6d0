"""Rows of results, and the table that they make."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

_WIDTH = 100


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
class Zoo:
    """Results of one or more systems, in order.

    Behaves as a sequence of rows; `print` shows it as a table of at most 100 columns.

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

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    @property
    def agrees(self) -> bool:
        """Whether every row does."""
        return all(row.agrees for row in self.rows)

    def to_json(self, indent: int | None = None) -> str:
        """Return the rows as JSON text: [{"system", "quantity", "value", ...}, ...].

        A number that is not finite is null.
        """
        rows = [{key: _finite(x) for key, x in asdict(row).items()} for row in self.rows]
        return json.dumps(rows, indent=indent, allow_nan=False)

    def __str__(self) -> str:
        head = f"  {'ours':>14}  {'reference':>14}  {'apart':>7}  {'allowed':>7}  quantity, source"
        lines = [head, "-" * _WIDTH]
        for system, rows in groupby(self.rows, key=lambda row: row.system):
            lines.append(system)
            for row in rows:
                lines += _lines(row)
        return "\n".join([*lines, "-" * _WIDTH, self.summary()])

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


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(row: Row) -> list[str]:
    mark = " " if row.agrees else "!"
    start = (
        f"{mark} {row.value:>14.10g}  {row.reference:>14.10g}  {row.difference:>7.0e}  "
        f"{row.allowed:>7.0e}  "
    )
    margin = " " * len(start)
    said = textwrap.wrap(row.quantity, _WIDTH, initial_indent=start, subsequent_indent=margin)
    margin += "  "
    return said + textwrap.wrap(row.source, _WIDTH, initial_indent=margin, subsequent_indent=margin)
