"""Envelopes: how what acts while charging is shaped in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import xarray as xr

from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.parameters import flag


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


Envelope: TypeAlias = Callable[[Array], Array] | xr.DataArray | Steps
"""A function of the time, samples over "time" joined by straight lines, or steps."""


def shape_of(envelope: Envelope, times: Array) -> Array:
    """The values of an envelope at some times; ValueError if one is no finite real number."""
    if isinstance(envelope, xr.DataArray):
        known, values = envelope["time"].to_numpy(), envelope.to_numpy()
        sampled: Array = np.interp(times, known, values, left=0.0, right=0.0)
        return sampled
    try:
        found = np.asarray(envelope(times))
    except (TypeError, ValueError):  # a function of one time, such as one with an if
        found = np.array([envelope(t) for t in times.ravel()]).reshape(times.shape)
    real = found.dtype.kind in "iufb"
    shape: Array = np.broadcast_to(found, times.shape) if real else np.full(times.shape, np.nan)
    if not np.isfinite(shape).all():
        wrong = ~np.isfinite(shape)
        what = (shape[wrong] if real else found.ravel()).tolist()[0]
        raise ValueError(
            f"an envelope must give finite real numbers; near t = {times[wrong][0]:g} it gives "
            f"{what!r}"
        )
    return shape.astype(float)


# --- what comes in -----------------------------------------------------------------------------


def shaped(
    given: object, breaks: Iterable[float] = (), steps: bool = False
) -> tuple[Envelope | None, tuple[float, ...]]:
    """The envelope and its breaks; steps have their edges for breaks."""
    flag("steps", steps)
    breaks = _breaks(breaks)
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
        return given, given.edges
    if given is None or callable(given) or isinstance(given, xr.DataArray):
        if any(time < 0 for time in breaks):
            raise ValueError(
                "breaks of a function must be times from 0 on, when it is switched on; got "
                f"{list(breaks)!r:.60}: an envelope around t = 0 has to be moved by as much"
            )
        return _envelope(given), breaks
    return _held(given, breaks), breaks


def _held(given: object, edges: tuple[float, ...]) -> Steps:
    """Values that hold from edge to edge."""
    rule = (
        "envelope is a function of the time, a DataArray over the dimension 'time', or values one "
        "fewer than the times in breaks, from one of which to the next each holds"
    )
    values = np.asarray(given)
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise TypeError(f"{rule}; got {given!r:.60}")
    if len(values) != len(edges) - 1 or not (np.diff(edges) > 0).all():
        raise ValueError(f"{rule}; got {len(values)} values and {len(edges)} breaks")
    if not np.isfinite(values.astype(float)).all():
        raise ValueError(f"{rule}, and finite; got {given!r:.60}")
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
        if not finite or len(known) < 2 or not (np.diff(known) > 0).all():
            raise ValueError(
                f"{rule} alone, finite, with at least two rising times; got {given!r:.60}"
            )
        return given.astype(float)
    if not callable(given):
        raise TypeError(f"{rule}; got {given!r:.60}")
    try:
        value = np.asarray(given(0.0))
    except Exception as error:
        raise ValueError(f"{rule}; at t = 0 it raised {error!r:.80}") from None
    if value.dtype.kind not in "iuf" or value.size != 1 or not np.isfinite(value).all():
        raise ValueError(f"{rule}; at t = 0 it gave {value!r:.60}")
    return given


def _breaks(given: Iterable[float]) -> tuple[float, ...]:
    times = np.asarray(list(given) if np.iterable(given) else given)
    if times.ndim != 1 or (times.size and times.dtype.kind not in "iuf"):
        raise TypeError(f"breaks is a list of times; got {given!r:.60}")
    if not np.isfinite(times.astype(float)).all():
        raise ValueError(f"breaks must be finite times; got {given!r:.60}")
    return tuple(sorted(times.astype(float).tolist()))
