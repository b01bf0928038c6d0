"""Envelopes: how what acts while charging is shaped in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias, cast

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.arrays import as_array
from quantumbattery.quantities.masked import check_unmasked
from quantumbattery.quantities.members import members
from quantumbattery.quantities.parameters import flag, numbers
from quantumbattery.quantities.quoted import quoted


@dataclass(frozen=True)
class Steps:
    """An envelope that is constant from edge to edge, and zero outside; a function of times."""

    edges: tuple[float, ...]
    values: tuple[float, ...]  # one fewer

    def __call__(self, times: Array) -> Array:
        """The value that holds from an edge until the next."""
        piece = np.searchsorted(self.edges, times, side="right")
        held: Array = np.array([0.0, *self.values, 0.0])[piece]
        return held


@dataclass(frozen=True)
class Harmonics:
    """An envelope that repeats itself, by its Fourier series: a function of times."""

    period: float
    cosines: tuple[float, ...]  # of cos(2 pi n t / period), from n = 0
    sines: tuple[float, ...]  # of sin(2 pi n t / period), from n = 0

    def __call__(self, times: Array) -> Array:
        """The sum of the series."""
        waves = self.waves()
        total: Array = np.zeros(np.shape(times))
        for size, frequency, late in waves:
            total = total + size * (np.sin if late else np.cos)(frequency * np.asarray(times))
        return total

    def waves(self) -> list[tuple[float, float, bool]]:
        """Size and frequency of each wave, and whether it is a sine."""
        turn = 2 * np.pi / self.period
        both = ((self.cosines, False), (self.sines, True))
        return [
            (size, n * turn, late)
            for sizes, late in both
            for n, size in enumerate(sizes)
            if size and (n or not late)
        ]


Envelope: TypeAlias = Callable[[Array], Array] | xr.DataArray | Steps | Harmonics
"""A function of the time, samples over "time" joined by straight lines, steps, or a series."""

_SAMPLES = 1024  # in a period
_PERIODS, _PLACES = 40, 32  # in which, and at how many places of each, it is looked at again
_HARMONICS = 40  # that a series may have
_NOT_THERE = 1e-14  # of the largest: a harmonic that only rounding makes
_ALIKE = 1e-9  # of the largest harmonic: how near a series is to its function
_THE_SAME = 1e-12  # of the largest value: rounding that may differ from call to call


def shape_of(envelope: Envelope, times: Array) -> Array:
    """The values of an envelope at some times; ValueError if one is no finite real number."""
    if isinstance(envelope, xr.DataArray):
        known, values = envelope["time"].to_numpy(), envelope.to_numpy()
        sampled: Array = np.interp(times, known, values, left=0.0, right=0.0)
        return sampled
    flat = times.ravel()
    try:
        given = envelope(flat)
    except (TypeError, ValueError):  # a function of one time, such as one with an if
        given = _one_by_one(envelope, flat)
    check_unmasked("what an envelope gives", given)
    found = _real(given)
    if found.size != 1 and found.shape != flat.shape:
        raise ValueError(
            f"an envelope must give one number for each time; for times of shape {flat.shape} it "
            f"gives an array of shape {found.shape}"
        )
    real = found.dtype.kind in "iufb"
    shape = np.broadcast_to(found.ravel(), flat.shape) if real else np.full(flat.shape, np.nan)
    if not np.isfinite(shape).all():
        wrong = ~np.isfinite(shape)
        what = (shape[wrong] if real else found.ravel()).tolist()[0]
        raise ValueError(
            f"an envelope must give finite real numbers; near t = {flat[wrong][0]:g} it gives "
            f"{what!r}"
        )
    return shape.astype(float).reshape(times.shape)


def _real(given: object) -> Array:
    """What an envelope gave as real numbers, also where they came as objects, if they are."""
    found = as_array(given)
    if found.dtype.kind == "O" and all(isinstance(each, Real) for each in found.flat):
        with suppress(TypeError, ValueError, OverflowError):
            return found.astype(float)
    return found


def _one_by_one(envelope: Callable[..., Any], times: Array) -> Array:
    """The values of a function that takes one time."""
    values = []
    for t in times.ravel().tolist():
        given = envelope(t)
        check_unmasked("what an envelope gives", given)
        value = np.asarray(given)
        if value.size != 1:
            raise ValueError(
                f"an envelope must give one number at a time; at t = {t:g} it gives an array of "
                f"shape {value.shape}"
            )
        values.append(value.reshape(())[()])
    return np.array(values).reshape(times.shape)


def check_repeatable(envelope: Envelope, times: Array) -> None:
    """Raise ValueError for a function that gives other values when it is asked again, as noise.

    No step is short enough for a solver to follow it.
    """
    if isinstance(envelope, xr.DataArray | Steps | Harmonics):
        return
    once, again = shape_of(envelope, times), shape_of(envelope, times)
    apart = np.abs(once - again)
    if apart.max() > _THE_SAME * np.abs(once).max():
        at = int(apart.argmax())
        raise ValueError(
            f"an envelope is a function of the time, but this one gave {once[at]:.9g} at "
            f"t = {times[at]:g}, and {again[at]:.9g} when it was asked again: of noise give "
            "samples, as a DataArray over 'time', or a function that draws its numbers before"
        )


# --- what comes in -----------------------------------------------------------------------------


def shaped(
    given: object,
    breaks: Iterable[float] = (),
    steps: bool = False,
    period: float | None = None,
) -> tuple[Envelope | None, tuple[float, ...]]:
    """The envelope and its breaks; steps have their edges for breaks."""
    flag("steps", steps)
    breaks = _breaks(breaks)
    if period is not None or isinstance(given, Harmonics):
        return _repeated(given, breaks, steps, period), ()
    if isinstance(given, xr.DataArray) and steps:
        known = _envelope(given)
        assert isinstance(known, xr.DataArray)
        times = known["time"].to_numpy()
        edges = tuple(np.append(times, 2 * times[-1] - times[-2]).tolist())
        return Steps(edges, tuple(known.to_numpy().tolist())), edges
    if steps:
        raise ValueError(
            "steps=True says how samples are joined: give them as a DataArray over 'time', or as "
            "values one fewer than breaks, which are steps anyhow"
        )
    if isinstance(given, Steps):
        if breaks and breaks != given.edges:
            raise ValueError(
                f"its steps go from one to the next at {quoted(list(given.edges))}, and not at "
                f"{quoted(list(breaks))}: give their values and the breaks together"
            )
        return given, given.edges
    if given is None or callable(given) or isinstance(given, xr.DataArray):
        if given is None and breaks:
            raise ValueError("breaks are those of an envelope: give it too, or leave them out")
        if any(time < 0 for time in breaks):
            raise ValueError(
                "breaks of a function must be times from 0 on, when it is switched on; got "
                f"{quoted(list(breaks))}: an envelope around t = 0 has to be moved by as much"
            )
        return _envelope(given), breaks
    return _held(given, breaks), breaks


def given_shape(
    given: object, breaks: Iterable[float], steps: bool, period: float | None
) -> tuple[Envelope | None, tuple[float, ...]]:
    """As `shaped`, but as it is where nothing else is said: whoever takes it shapes it then."""
    if steps is False and period is None:
        return cast("Envelope | None", given), cast("tuple[float, ...]", breaks)
    return shaped(given, breaks, steps, period)


def harmonics(
    period: float, cosines: Iterable[float] = (), sines: Iterable[float] = ()
) -> Harmonics:
    """An envelope by its Fourier series, from n = 0."""
    whole = float(numbers("period", period, "one positive and finite time", 1e-30))
    sizes = []
    for name, given in (("cosines", cosines), ("sines", sines)):
        check_unmasked(name, given)
        each = as_array(members(given) if np.iterable(given) else given)
        if each.ndim != 1 or (each.size and each.dtype.kind not in "iuf"):
            raise TypeError(f"{name} is a list of numbers; got {quoted(given)}")
        if not np.isfinite(each.astype(float)).all():
            raise ValueError(f"{name} must be finite; got {quoted(given)}")
        sizes.append(tuple(each.astype(float).tolist()))
    return Harmonics(whole, *sizes)


def _repeated(
    given: object, breaks: tuple[float, ...], steps: bool, period: float | None
) -> Harmonics:
    """The Fourier series of a function of that period."""
    if isinstance(given, Harmonics) and period in (None, given.period) and not (breaks or steps):
        return given
    whole = float(numbers("period", period, "one positive and finite time", 1e-30))
    if (
        not callable(given)
        or isinstance(given, xr.DataArray | Steps | Harmonics)
        or breaks
        or steps
    ):
        raise ValueError(
            "period is for an envelope that is a function of the time, without breaks: what is "
            "given from break to break, or by samples, has to be given for all times"
        )
    times = np.linspace(0.0, whole, _SAMPLES, endpoint=False)
    function = _envelope(given)
    assert function is not None
    series = np.fft.rfft(shape_of(function, times)) / _SAMPLES
    series[1:] *= 2
    largest = float(np.abs(series).max())
    series[np.abs(series) <= _NOT_THERE * largest] = 0.0
    last = int(np.max(np.flatnonzero(series), initial=0))
    if last > _HARMONICS:
        raise ValueError(
            f"an envelope with a period is taken apart into harmonics, of which this has {last}, "
            f"more than {_HARMONICS}: it is not smooth, or does not repeat itself every {whole:g}; "
            "leave period out, and it is solved as any other"
        )
    kept = series[: last + 1]
    found = Harmonics(whole, tuple(kept.real.tolist()), tuple((-kept.imag + 0.0).tolist()))
    # Where the samples were not; not so late that rounding of the time shows in a harmonic.
    places = (np.arange(_PLACES) + 0.1234567) / _PLACES
    between = whole * np.add.outer([*range(_PERIODS), *2 ** np.arange(6, 11)], places).ravel()
    if not np.allclose(found(between), shape_of(function, between), rtol=0, atol=_ALIKE * largest):
        raise ValueError(
            f"an envelope with a period repeats itself, but this one is not the same every "
            f"{whole:g}, or has harmonics beyond number {_SAMPLES // 2}; leave period out, and it "
            "is solved as any other"
        )
    return found


def _held(given: object, edges: tuple[float, ...]) -> Steps:
    """Values that hold from edge to edge."""
    rule = (
        "envelope is a function of the time, a DataArray over the dimension 'time', or values one "
        "fewer than the times in breaks, from one of which to the next each holds"
    )
    check_unmasked("envelope", given)
    values = as_array(given)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise TypeError(f"{rule}; got {quoted(given)}")
    if len(values) != len(edges) - 1 or not (np.diff(edges) > 0).all():
        raise ValueError(f"{rule}; got {len(values)} values and {len(edges)} breaks")
    if not np.isfinite(values.astype(float)).all():
        raise ValueError(f"{rule}, and finite; got {quoted(given)}")
    return Steps(edges, tuple(values.astype(float).tolist()))


def _envelope(given: object) -> Envelope | None:
    rule = (
        "envelope is a function of the time that gives real numbers, or a DataArray over the "
        "dimension 'time'"
    )
    if given is None:
        return None
    if isinstance(given, xr.DataArray):
        known = given["time"].to_numpy() if given.dims == ("time",) else np.zeros(0)
        if "time" not in given.coords:
            raise ValueError(f"{rule}, which needs coordinates: the times of the samples")
        finite = all(v.dtype.kind in "iuf" and np.isfinite(v).all() for v in (given.values, known))
        known = known.astype(float) if finite else known  # unsigned numbers have no negative steps
        if not finite or len(known) < 2 or not (np.diff(known) > 0).all():
            raise ValueError(
                f"{rule} alone, finite, with at least two rising times; got {quoted(given)}"
            )
        same = given["time"].dtype == known.dtype
        return (given if same else given.assign_coords(time=known)).astype(float)
    if not callable(given):
        raise TypeError(f"{rule}; got {quoted(given)}")
    try:
        first = given(0.0)
    except Exception as error:
        raise ValueError(f"{rule}; at t = 0 it raised {quoted(error, 80)}") from None
    check_unmasked("what an envelope gives", first)
    value = _real(first)
    if value.dtype.kind not in "iuf" or value.size != 1 or not np.isfinite(value).all():
        raise ValueError(f"{rule}; at t = 0 it gave {quoted(value)}")
    return given


def _breaks(given: Iterable[float]) -> tuple[float, ...]:
    if isinstance(given, tuple) and not given:
        return ()
    check_unmasked("breaks", given)
    times = as_array(members(given) if np.iterable(given) else given)
    if times.ndim != 1 or (times.size and times.dtype.kind not in "iuf"):
        raise TypeError(f"breaks is a list of times; got {quoted(given)}")
    times = times.astype(float)
    if not np.isfinite(times).all():
        raise ValueError(f"breaks must be finite times; got {quoted(given)}")
    if (np.diff(times) <= 0).any():
        raise ValueError(f"breaks must rise, each a time of its own; got {quoted(given)}")
    return tuple(times.tolist())
