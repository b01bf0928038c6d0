"""Parameters: numbers checked as they come in, arrays turned into labelled axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from numbers import Integral
from typing import Any, TypeGuard

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array, Label, Parameter
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.masked import check_unmasked
from quantumbattery.quantities.quoted import quoted

# Squares of larger numbers overflow, and then a NaN would stand where an error belongs.
LARGEST = 1e30
_MOST = 1 << 28  # values of a parameter: 2 GiB
_TAKEN = ("level", "member", "entry", "row", "column")  # dimensions of what is made from sites


def parameter(
    name: str,
    value: object,
    allowed: str,
    low: float,
    high: float = LARGEST,
    axis: str | None = None,
) -> Parameter:
    """Check a parameter and give it its axis.

    Parameters
    ----------
    name : str
        Its name, which becomes the axis of a 1-D array.
    value : number, 1-D array_like or DataArray
        What the user gave. A DataArray keeps its own dimensions.
    allowed : str
        The allowed range in words, for the error message.
    low, high : float
        The allowed range, its ends included.
    axis : str, optional
        What the axis of a 1-D array is called, if not as the parameter.

    Returns
    -------
    float or DataArray
        A float for a single number, otherwise a DataArray with named dimensions.

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If a value is not finite or out of range, or the shape has no meaning.
    """
    checked = unlabelled(name, value, allowed, low, high, axis)
    return _along(axis or name, checked) if isinstance(checked, np.ndarray) else checked


def unlabelled(
    name: str,
    value: object,
    allowed: str,
    low: float,
    high: float = LARGEST,
    axis: str | None = None,
) -> Parameter | Array:
    """As `parameter`, but a 1-D array stays one, which `align` takes too and is quicker."""
    if type(value) is float and low <= value <= high:  # as most are
        return value
    array = numbers(name, value, allowed, low, high)
    if array.ndim == 0:
        return float(array)
    if isinstance(value, xr.DataArray):
        if not all(isinstance(d, str) for d in value.dims):
            raise ValueError(f"the names of the dimensions of {name} are text; got {value.dims}")
        if len(set(value.dims)) < value.ndim:
            raise ValueError(f"the dimensions of {name} must be different names; got {value.dims}")
        if several := [d for d, index in value.indexes.items() if index.nlevels > 1]:
            raise ValueError(
                f"the axis {several[0]!r} of {name} has several labels for each value: give "
                f"{name}.reset_index({several[0]!r})"
            )
        array.setflags(write=False)
        checked = value.copy(deep=False, data=array)
        checked.name = name
        return checked
    if array.ndim > 1:
        raise ValueError(
            f"{name} has {array.ndim} dimensions: give a number, a 1-D array (it becomes the axis "
            f"'{axis or name}') or an xarray.DataArray, whose dimensions have names"
        )
    array.setflags(write=False)
    return array


def _along(axis: str, array: Array) -> xr.DataArray:
    return xr.DataArray(array, dims=(axis,), coords={axis: array}, name=axis)


def numbers(name: str, value: object, allowed: str, low: float, high: float = LARGEST) -> Array:
    """Check real numbers of any shape against a range; arguments and errors as for `parameter`."""
    array = _real_numbers(name, value)
    if array.size == 0:
        raise ValueError(f"{name} is empty: give at least one value")
    wrong = ~((array >= low) & (array <= high))  # a NaN is wrong too
    if wrong.any():
        first = float(array[wrong].flat[0])
        extreme = 0 < abs(first) < 1 / LARGEST or LARGEST < abs(first) < np.inf
        bound = f" (between {1 / LARGEST:g} and {LARGEST:g} in size)" if extreme else ""
        raise ValueError(f"{name} must be {allowed}{bound}; got {first!r}")
    return array


def one_number(name: str, value: object, allowed: str, low: float, high: float = LARGEST) -> float:
    """Check a number that has no axes; arguments and errors as for `parameter`."""
    checked = numbers(name, value, allowed, low, high)
    if checked.ndim:
        raise ValueError(f"{name} must be {allowed}, not an array")
    return float(checked)


def horizon_of(value: object, name: str = "horizon") -> float:
    """The latest moment that counts, checked."""
    return one_number(name, value, "one positive and finite time", 1e-30)


def flag(name: str, value: object) -> bool:
    """True or False, and nothing that merely counts as one of them; TypeError for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False; got {quoted(value)}")
    return bool(value)


def number(name: str, value: object, allowed: str, low: float) -> Parameter:
    """Check a number of a site or interaction; its axes must not be named as internal ones."""
    checked = parameter(name, value, allowed, low)
    if isinstance(checked, float):  # as most are: it has no axes
        return checked
    check_axes(name, checked)
    if isinstance(checked, xr.DataArray) and "time" in checked.dims:
        raise ValueError(
            f"{name} has a dimension 'time', but it is the same at all times: rename the dimension "
            "if it tells devices apart; what changes in time is a drive with an envelope"
        )
    return checked


def complex_number(name: str, value: Any, allowed: str) -> Any:
    """Check a number that may be complex; a Parameter if it is none."""
    if type(value) is complex and max(abs(value.real), abs(value.imag)) <= LARGEST:
        return value if value.imag else value.real  # as most are that are complex
    kind = as_array(value).dtype.kind
    if kind not in "iufcb":
        shown = " ".join(repr(value).split())
        raise TypeError(f"{name} must be a real or complex number; got {shown:.60}")
    if kind != "c":
        return number(name, value, allowed, -LARGEST)
    if np.ndim(value) and not isinstance(value, xr.DataArray):
        raise ValueError(
            f"{name} has several complex values: give a DataArray, whose dimensions have names"
        )
    parts = value if isinstance(value, xr.DataArray) else np.asarray(value)[()]
    real, imaginary = (number(name, part, allowed, -LARGEST) for part in (parts.real, parts.imag))
    return real + 1j * imaginary if any_nonzero(imaginary) else real


def complex_axis(name: str, value: Any) -> Any:
    """The same of a preparation, where a 1-D array becomes an axis; real if no part is not."""
    array = as_array(value)
    if array.dtype.kind not in "iufc":
        raise TypeError(
            f"{name} must be a number, real or complex, or an array; got {quoted(value)}"
        )
    if array.dtype.kind != "c":
        return parameter(name, value, "finite", -LARGEST)
    both = value if isinstance(value, xr.DataArray) else array
    parts = [parameter(name, part, "finite", -LARGEST) for part in (both.real, both.imag)]
    if not any_nonzero(parts[1]):
        real = value.real if isinstance(value, xr.DataArray) else array.real
        return parameter(name, real, "finite", -LARGEST)
    if isinstance(value, xr.DataArray):
        return value.astype(np.complex128).rename(name)
    return complex(array) if array.ndim == 0 else _along(name, array)


def check_axes(name: str, value: object) -> None:
    """Raise ValueError if an axis has a name that is used inside."""
    if not isinstance(value, xr.DataArray):
        return
    if taken := [d for d in _TAKEN if d in value.dims]:
        raise ValueError(
            f"{name} has a dimension {taken[0]!r}, but the names {', '.join(_TAKEN)} are used "
            "inside: rename it"
        )


def check_timeless(name: str, value: object) -> None:
    """Raise ValueError for an axis "time" without labels, which would be paired with the times."""
    if isinstance(value, xr.DataArray) and "time" in value.dims and "time" not in value.coords:
        raise ValueError(
            f"{name} has a dimension 'time' without labels, but it is the same at all times: "
            "rename the dimension, or label it by the times that it belongs to"
        )


def is_whole(value: object) -> TypeGuard[Integral]:
    """Whether it is a whole number; NumPy counts its spans of time among its own."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.timedelta64)


def whole_number(value: object, low: int, rule: str) -> int:
    """Check a count, of at least `low`."""
    if not is_whole(value):
        raise TypeError(f"{rule}; got {quoted(value)}")
    whole = int(value)
    if whole < low:
        raise ValueError(f"{rule}; got {quoted(whole)}")
    if whole > 2**53:  # beyond, numbers are no longer exact
        raise ValueError(f"{rule}, and at most 2^53; got one of {whole.bit_length()} bits")
    return whole


def any_nonzero(value: Parameter) -> bool:
    """Whether a number, or one of an array, is not zero."""
    if isinstance(value, float):
        return bool(value)
    return bool(np.any(np.asarray(value) != 0))


def _real_numbers(name: str, value: object) -> Array:
    if isinstance(value, (xr.Dataset, str, bytes, bytearray, bool)) or value is None:
        raise TypeError(_no_number(name, value))
    check_unmasked(name, value)
    array = as_array(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(_no_number(name, value))
    check_count(name, array)
    with np.errstate(over="ignore"):  # of long doubles, which are out of range then
        return array.astype(np.float64)


def check_count(name: str, array: Array) -> None:
    """Raise ValueError for more values than one can work on at a time."""
    if array.size > _MOST:
        raise ValueError(
            f"{name} has {array.size:,} values, and at most {_MOST:,} are worked on at a time: "
            "give a part of them, or let qb.sweep write what they give to a store"
        )


def _no_number(name: str, value: object) -> str:
    return f"{name} must be a real number or an array of them; got {quoted(value)}"


def align(
    parameters: Mapping[str, Parameter | Array],
) -> tuple[dict[str, int], dict[str, Label], dict[str, Array]]:
    """Bring parameters onto common named axes.

    Parameters
    ----------
    parameters : mapping of str to float, ndarray or DataArray
        By name; the order decides the order of the axes. A 1-D array is an axis of its name.

    Returns
    -------
    sizes : dict of str to int
        The common axes, in order of appearance.
    coords : dict of str to xarray.Variable or number
        Coordinates for the result: the labels of the axes and, where a parameter has no axis
        of its own name, its values beside them.
    arrays : dict of str to ndarray
        The values, each with one dimension for every axis (of length 1 where it does not vary),
        and with one of length 1 if there are no axes.

    Raises
    ------
    ValueError
        If two parameters disagree on the length or the labels of an axis.
    """
    sizes, coords = axes_of(parameters)
    arrays = {name: _expand(name, value, sizes) for name, value in parameters.items()}
    return sizes, coords, arrays


def axes_of(
    parameters: Mapping[str, Parameter | Array],
) -> tuple[dict[str, int], dict[str, Label]]:
    """The common axes and the coordinates alone; as of `align`."""
    labelled = {k: v for k, v in parameters.items() if isinstance(v, xr.DataArray)}
    plain = {k: v for k, v in parameters.items() if isinstance(v, np.ndarray)}
    if labelled and plain:  # which may have axes in common
        return axes_of({**parameters, **{k: _along(k, v) for k, v in plain.items()}})
    if not _fit(list(labelled.values())):
        axes = ", ".join(f"{name} over {_axes(value)}" for name, value in labelled.items())
        raise ValueError(
            f"axes of the same name must have the same length and labels; got {axes}. For an axis "
            "of its own, give an xarray.DataArray over a dimension of another name"
        )
    sizes: dict[str, int] = {}
    coords: dict[str, Label] = {}
    for array in labelled.values():
        sizes |= {str(d): n for d, n in zip(array.dims, array.shape, strict=True)}
        for label, coord in array.coords.items():
            _add_coordinate(coords, str(label), coord.variable)
    for name, values in plain.items():
        sizes[name], coords[name] = len(values), xr.Variable((name,), values, fastpath=True)
    for name, value in parameters.items():
        if isinstance(value, np.ndarray):
            continue
        own = value.variable if isinstance(value, xr.DataArray) else value
        _add_coordinate(coords, name, own)
        if name in sizes and not np.ndim(own):
            raise ValueError(
                f"'{name}' names both an axis and a parameter with a single value; name the "
                "dimension of the xarray.DataArray differently"
            )
    return sizes, coords


def _fit(arrays: list[xr.DataArray]) -> bool:
    """Whether axes of the same name have the same length, and the same labels if they have any."""
    if len(arrays) < 2:
        return True
    if not any(array.coords for array in arrays):  # xarray would take its time
        sizes = {d: n for array in arrays for d, n in array.sizes.items()}
        return all(sizes[d] == n for array in arrays for d, n in array.sizes.items())
    try:
        xr.align(*arrays, join="exact", copy=False)
    except ValueError:
        return False
    return True


def agree(parameters: Mapping[str, Parameter]) -> None:
    """Raise ValueError if two parameters disagree on an axis.

    Their own names are no coordinates yet, so that half of an array over "loss" may be a loss.
    """
    labelled = {f"its {k}": v for k, v in parameters.items() if isinstance(v, xr.DataArray)}
    if labelled:
        axes_of(labelled)


def _axes(array: xr.DataArray) -> str:
    """The axes of an array with their lengths and ends, for an error message."""
    said = []
    for name, length in zip(array.dims, array.shape, strict=True):
        ends = ""
        if name in array.coords:
            labels = array[name].to_numpy()
            ends = f" labelled {labels[0]} ... {labels[-1]}"
        said.append(f"{name} ({length}{ends})")
    return " and ".join(said)


def _add_coordinate(coords: dict[str, Label], name: str, values: Label) -> None:
    if name in coords and not labels_of(coords[name]).equals(labels_of(values)):  # type: ignore[no-untyped-call]
        raise ValueError(
            f"'{name}' is given twice, with different values: as a parameter or as the coordinate "
            "of one; drop or rename that coordinate, or give one of them as an xarray.DataArray "
            "over a dimension of another name"
        )
    coords.setdefault(name, values)


def labels_of(value: Label) -> xr.Variable:
    """A coordinate as a variable."""
    if isinstance(value, xr.Variable):
        return value
    return xr.Variable((), np.array(value), fastpath=True)  # there is nothing to convert


def _expand(name: str, value: Parameter | Array, sizes: Mapping[str, int]) -> Array:
    if isinstance(value, np.ndarray):
        return value.reshape([n if d == name else 1 for d, n in sizes.items()])
    if not isinstance(value, xr.DataArray):
        return np.array(value, ndmin=max(1, len(sizes)))
    held = [d for d in sizes if d in value.dims]
    ordered = value.variable if list(value.dims) == held else value.variable.transpose(*held)
    return ordered.to_numpy().reshape([n if d in held else 1 for d, n in sizes.items()])


def names(description: object) -> Iterable[str]:
    """The parameter names of a frozen description, in order."""
    return _names(type(description))  # type: ignore[arg-type]


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))
