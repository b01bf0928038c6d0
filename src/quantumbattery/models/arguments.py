"""What comes into a model, checked before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Parameter, Values
from quantumbattery.quantities.members import is_list, members
from quantumbattery.quantities.parameters import LARGEST, flag, parameter, whole_number
from quantumbattery.quantities.quoted import quoted

P = ParamSpec("P")
R = TypeVar("R")


def also_named(**others: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a model take rates by other names too, of which it says so in `other_names`.

    The axis of an array then has the name that was used.
    """

    def decorate(make: Callable[P, R]) -> Callable[P, R]:
        @wraps(make, updated=())
        def named(*args: P.args, **given: P.kwargs) -> R:
            values: dict[str, Any] = dict(given)
            for other, name in others.items():
                if other in values and name in values:
                    raise TypeError(f"{other} is another name of {name}: give one of them")
                if other in values:
                    values[name] = rate_of(values.pop(other), other)
            return make(*args, **values)

        named.other_names = tuple(others)  # type: ignore[attr-defined]
        return named

    return decorate


def coupling_of(value: Values, name: str = "coupling") -> Parameter:
    """A strength of either sign; a 1-D array becomes an axis of the name."""
    return parameter(name, value, "finite", -LARGEST)


def frequency_of(value: Values) -> Parameter:
    """A positive frequency; a 1-D array becomes the axis "frequency"."""
    return parameter("frequency", value, "positive and finite", 1 / LARGEST)


def rate_of(value: Values, name: str = "loss") -> Parameter:
    """A rate of zero or more; a 1-D array becomes an axis of the name."""
    return parameter(name, value, "zero or positive, and finite", 0.0)


def count_of(value: object, name: str) -> int:
    """How many there are of something, at least one."""
    return whole_number(value, 1, f"{name} must be a whole number of at least 1")


def shared(strength: Parameter, cells: int, normalised: object) -> Parameter:
    """The strength, over sqrt(cells) if that is asked for."""
    return strength / np.sqrt(cells) if flag("normalised", normalised) else strength


def couplings_of(values: object) -> list[Parameter]:
    """The strengths along a line, at least one."""
    rule = "couplings must be a sequence of at least one number, a strength for each neighbour"
    if isinstance(values, xr.DataArray) or not is_list(values):
        raise TypeError(f"{rule}; got {quoted(values)}")
    given = [coupling_of(value, f"coupling_{k}") for k, value in enumerate(members(values))]
    if not given:
        raise ValueError(f"{rule}; got none")
    return given
