"""Operators on the levels of one site, and what all descriptions have in common.

An operator is the list of its entries; a description is frozen, compared by its values and printed
as a card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from quantumbattery.parameters import Parameter, names

Array: TypeAlias = NDArray[Any]

_QUIET = {  # on a card only when set
    *("loss", "dephasing", "occupation", "levels", "always"),
    *("envelope", "transition", "breaks"),
}


# --- what a description needs ------------------------------------------------------------------


@contextmanager
def saying(who: str) -> Iterator[None]:
    """Begin every complaint with the name of what it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"{who}: {error}") from None


def equal(one: Any, other: Any) -> bool:
    """Whether two values of a description are identical."""
    if type(one) is not type(other):
        return False
    if isinstance(one, xr.DataArray):
        return one.identical(other)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def short(value: object) -> str:
    """A value in a few characters, an array by its axes and range."""
    if isinstance(value, xr.DataArray):
        axes = ", ".join(f"{d}: {n}" for d, n in zip(value.dims, value.shape, strict=True))
        if value.dtype.kind == "c":
            return f"<{axes}; complex>"
        numbers = value.to_numpy()
        return f"<{axes}; {numbers.min():.6g} to {numbers.max():.6g}>"
    if isinstance(value, np.ndarray):
        return f"<array {' x '.join(map(str, value.shape))}>"
    if isinstance(value, tuple):
        return f"[{', '.join(map(short, value))}]"
    return f"{value:.6g}" if isinstance(value, Number) else str(value)


def card(description: object) -> str:
    """A description on one line; rates and options that are not set are left out."""
    values = {n: getattr(description, n) for n in names(description)}
    shown = [
        f"{n}={short(v)}"
        for n, v in values.items()
        if n not in _QUIET or isinstance(v, xr.DataArray) or v
    ]
    return f"{type(description).__name__}({', '.join(shown)})"


def any_nonzero(value: Parameter) -> bool:
    """Whether a number, or one of an array, is not zero."""
    if isinstance(value, float):
        return bool(value)
    return bool(np.any(np.asarray(value) != 0))


class Described:
    """A frozen description: equal when equal, unhashable, printed as a card."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(equal(getattr(self, n), getattr(other, n)) for n in names(self))

    __hash__ = None  # type: ignore[assignment]
    __repr__ = card

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def listed(given: Iterable[str], most: int = 8) -> str:
    """Names in a sentence, the middle of a long list left out."""
    shown = list(given)
    if len(shown) > most:
        return f"{', '.join(shown[: most - 1])}, ... {shown[-1]} ({len(shown)})"
    return ", ".join(shown)


def folded(lines: list[tuple[str, str]]) -> Iterator[str]:
    """One line for each part; a run of more than three alike is folded into one."""
    for text, run in groupby(lines, key=lambda line: line[1]):
        who = [line[0] for line in run]
        if len(who) > 3:
            who = [f"{who[0]} ... {who[-1]} ({len(who)})"]
        yield from (f"  {name}: {text}" for name in who)


# --- operators on one site ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Operator:
    """An operator on the levels of one site: the sum of value |row><column|.

    The raising operator of an oscillator that is cut at some level keeps the entry whose row lies
    beyond the cut, so that whoever applies it sees that something was left out.
    """

    row: Array
    column: Array
    value: Array

    @cached_property
    def key(self) -> tuple[bytes, bytes, bytes]:
        """Equal for operators with equal entries."""
        return self.row.tobytes(), self.column.tobytes(), self.value.tobytes()

    @cached_property
    def adjoint(self) -> Operator:
        """The Hermitian adjoint."""
        return Operator(self.column, self.row, self.value.conj())

    def __add__(self, other: Operator) -> Operator:
        """The sum of operators that share no entry, such as A and A^dag."""
        one, two = (self.row, self.column, self.value), (other.row, other.column, other.value)
        return Operator(*(np.concatenate(both) for both in zip(one, two, strict=True)))

    def matrix(self, levels: int) -> Array:
        """Dense, on so many levels, without the entries beyond them."""
        inside = (self.row < levels) & (self.column < levels)
        dense = np.zeros((levels, levels), dtype=self.value.dtype)
        dense[self.row[inside], self.column[inside]] = self.value[inside]
        return dense


def diagonal(values: Array) -> Operator:
    """The operator with these values on its diagonal."""
    level = np.flatnonzero(values)
    return Operator(level, level, values[level])


def operator(matrix: Array) -> Operator:
    """The operator with the entries of a matrix that are not zero."""
    row, column = np.nonzero(matrix)
    return Operator(row, column, matrix[row, column])


@lru_cache(maxsize=256)
def ladder(steps: tuple[float, ...]) -> Operator:
    """The lowering operator with these elements, from one level to the next below."""
    upper = np.flatnonzero(steps) + 1
    return Operator(upper - 1, upper, np.array(steps)[upper - 1])


@lru_cache(maxsize=64)
def oscillator(levels: int) -> Operator:
    """sqrt(k) from level k."""
    upper = np.arange(1, levels)
    return Operator(upper - 1, upper, np.sqrt(upper))
