"""What is written down for each system of the zoo: results, their sources and a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quantumbattery.zoo.rows import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("printed", "exact", "independent")
"""How a source begins: printed in it; an exact formula; another method."""


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
                f"independent:, and say where the number is from; got {self.source!r:.60}"
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
    """

    name: str
    title: str
    results: Sequence[Result]
    picture: Callable[[Axes], None]

    def rows(self) -> tuple[Row, ...]:
        """All its results, found and compared."""
        return tuple(result.row(self.name) for result in self.results)
