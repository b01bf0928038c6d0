"""What all descriptions have in common: frozen, compared by value, printed as cards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from inspect import signature
from itertools import groupby
from numbers import Number
from types import FunctionType
from typing import Any

import numpy as np
import xarray as xr

from quantumbattery.quantities.parameters import names
from quantumbattery.quantities.quoted import quoted

_MANY = 30  # names that are too many for a sentence where a guess will do
_QUIET = {  # on a card only when set
    *("loss", "dephasing", "occupation", "levels", "always"),
    *("envelope", "transition", "breaks", "sites", "phase"),
}


@contextmanager
def saying(who: str) -> Iterator[None]:
    """Begin every complaint with the name of what it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"{who}: {error}") from None


def called(function: Callable[..., Any], *given: Any) -> Any:
    """What a function of the user's gives; ValueError, with what it raised, if it fails."""
    try:
        return function(*given)
    except Exception as error:
        if type(error) in (TypeError, ValueError):  # which say what they are about
            raise
        raise ValueError(f"it raised {quoted(error, 80)}") from error


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
    if type(value) is float:  # as most are
        return f"{value:.6g}" if value else "0"
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
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {short(each)}' for name, each in value.items())}}}"
    if isinstance(value, FunctionType):  # its address says nothing, and is another each time
        return f"<function {value.__name__}>"
    text = f"{value:.6g}" if isinstance(value, Number) else str(value)
    return "0" if text == "-0" else text


def card(description: Described) -> str:
    """A description on one line; rates and options that are not set are left out."""
    shown = [
        f"{n}={short(v)}"
        for n, v in description.written.items()
        if n not in _QUIET or isinstance(v, xr.DataArray) or v
    ]
    return f"{type(description).__name__}({', '.join(shown)})"


class Described:
    """A frozen description: equal when equal, unhashable, printed as a card."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(equal(getattr(self, n), getattr(other, n)) for n in names(self))

    __hash__ = None  # type: ignore[assignment]
    __repr__ = card

    @property
    def written(self) -> dict[str, Any]:
        """Its values, by the names that whatever makes it has for them."""
        return {n: getattr(self, n) for n in names(self)}

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _plain_texts(self) -> None:
        """Keep NumPy's texts, alone or in tuples, as Python's, which show without their type."""
        for name in names(self):
            value = getattr(self, name)
            if isinstance(value, str):
                self._set(**{name: str(value)})
            elif isinstance(value, tuple) and all(isinstance(each, str) for each in value):
                self._set(**{name: tuple(map(str, value))})


def listed(given: Iterable[str], most: int = 8) -> str:
    """Names in a sentence, the middle of a long list left out."""
    shown = list(given)
    if len(shown) > most:
        return f"{', '.join(shown[: most - 1])}, ... {shown[-1]} ({len(shown)})"
    return ", ".join(shown)


def folded(lines: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each part and what is said of it; a run of more than three alike is folded into one."""
    for text, run in groupby(lines, key=lambda line: line[1]):
        who = [line[0] for line in run]
        if len(who) > 3:
            who = [f"{who[0]} ... {who[-1]} ({len(who)})"]
        yield from ((name, text) for name in who)


def made(what: str, make: Callable[..., Any], values: Mapping[str, Any], lacking: str) -> Any:
    """Call what makes a description; names that it does not take, or lacks, are refused.

    The sentence of what is lacking may name `{first}`, or all of them `{quoted}`.
    """
    taken = signature(make).parameters
    others = getattr(make, "other_names", ())  # of arguments that have several
    check_known(what, [name for name in values if name not in others], taken)
    missing = [n for n, p in taken.items() if p.default is p.empty and n not in values]
    if missing:
        said = lacking.format(first=missing[0], quoted=", ".join(map(repr, missing)))
        raise ValueError(f"{what} needs {said}")
    return make(**values)


def check_known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise ValueError for a name that is not among those known."""
    known = list(known)
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"{what} has no {unknown[0]!r}; {choices(unknown[0], known, 'it takes')}")


def choices(given: object, known: Iterable[str], lead: str = "there are", most: int = 99) -> str:
    """What there is instead of a name that is not known, as the rest of a sentence.

    Examples
    --------
    >>> from quantumbattery.quantities.described import choices
    >>> choices("energie", ["energy", "ergotropy"])
    'did you mean energy? There are energy, ergotropy'
    >>> choices("work", ["energy", "ergotropy"], "choose from")
    'choose from energy, ergotropy'
    """
    known = list(known)
    whole = f"{lead} {listed(known, most)}"
    if not (near := guess(given, known)):
        return whole
    if len(known) > _MANY:  # nobody reads them
        return near
    return f"{near} {whole[0].upper()}{whole[1:]}"


def guess(given: object, known: Iterable[str]) -> str:
    """A question after what may have been meant; nothing if no name is near.

    Near are names that hold the wrong one, and names that are written much like it.
    """
    if not isinstance(given, str):
        return ""
    name = given.lower().replace("-", "_")
    spelled: dict[str, str] = {each.lower(): each for each in known}
    if name in spelled:
        return f"did you mean {spelled[name]}?"
    parts = [each for each in spelled if len(name) > 2 and name in each]
    parts.sort(key=lambda each: (not each.startswith(name), len(each)))
    near = dict.fromkeys([*parts, *get_close_matches(name, spelled, 3)])
    *others, last = [spelled[each] for each in near][:3] or [""]
    return f"did you mean {', '.join(others)}{' or ' * bool(others)}{last}?" if last else ""
