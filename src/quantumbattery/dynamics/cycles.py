"""Strokes one after another, again and again: the map of a cycle is made once, and applied.

A stroke may begin with a reset of some sites; what has to be carried from cycle to cycle is then
the state of all others, which has far fewer elements. Many cycles are powers of one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from quantumbattery.dynamics.motion import Propagator
from quantumbattery.dynamics.storage import Constant
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.reset import Reset

_LARGEST_MAP = 2048  # numbers of a block up to which a cycle is written as a matrix
_SMALL_MAP = 256  # numbers up to which that costs nothing
_STRIDE = 256  # cycles that one product takes
_SPARSE = 4  # times as many cycles as are asked for, up to which all of them are made
_FEW = 8  # different moments in a stroke that are read by a matrix each


@dataclass(frozen=True, eq=False)
class Stage:
    """A stroke of a group of blocks, of which everything is read."""

    moving: Propagator
    duration: float
    back: Propagator | None  # out of the frame in which it moves
    reset: Reset | None  # at its beginning

    def begun(self, states: Array) -> Array:
        """States (g, blocks, c, n) once the reset is done."""
        return states if self.reset is None else self.reset.anew(self.reset.others(states))

    def ended(self, states: Array) -> Array:
        """States (g, blocks, c, n) from just after the reset to the end."""
        whole = np.array([self.duration])
        states = self.moving.at(states, whole)[..., 0, :]
        return states if self.back is None else self.back.at(states, whole)[..., 0, :]

    def inside(self, states: Array, spans: Array) -> Array:
        """States (g, blocks, c, n) after spans (T,) since the reset: (g, blocks, c, T, n)."""
        moved = self.moving.at(states, spans)
        return moved if self.back is None else _each(self.back, moved, spans)

    def apart(self, states: Array, place: Array, spans: Array) -> Array:
        """Each of some states (g, blocks, c, m, n), by its place (T,), after a span of its own."""
        if hasattr(self.moving, "each"):
            moved = _each(self.moving, states[..., place, :], spans)
        else:  # under what changes in time, start by start
            moved = np.empty((*states.shape[:3], len(place), states.shape[-1]), dtype=complex)
            for which in np.unique(place):
                here = np.flatnonzero(place == which)
                moved[..., here, :] = self.moving.at(states[..., which, :], spans[here])
        return moved if self.back is None else _each(self.back, moved, spans)


def _each(propagator: Propagator, states: Array, spans: Array) -> Array:
    """Each of the states (g, blocks, c, T, n) after a span of its own."""
    return cast(Constant, propagator).each(states, np.arange(len(spans)), spans)


@dataclass(frozen=True, eq=False)
class Cycle:
    """Strokes that are repeated, of a group of blocks; starts are (g or 1, blocks, c, n)."""

    blocks: Blocks
    stages: tuple[Stage, ...]
    most: int  # cycles that will be asked for

    def carried(self, states: Array) -> Array:
        """What is carried into a cycle, (..., c, m), of the state before it."""
        first = self.stages[0].reset
        return states if first is None else first.others(states)

    def _before(self, carried: Array, stroke: int) -> Array:
        """The states (..., c, n) at the beginning of a stroke, its reset done."""
        first = self.stages[0].reset
        states = carried if first is None else first.anew(carried)
        for k in range(stroke):
            states = self.stages[k + 1].begun(self.stages[k].ended(states))
        return states

    def _turned(self, carried: Array) -> Array:
        """What is carried into the next cycle."""
        last = len(self.stages) - 1
        return self.carried(self.stages[last].ended(self._before(carried, last)))

    @property
    def size(self) -> int:
        """How many numbers of a block are carried."""
        first = self.stages[0].reset
        return self.blocks.size if first is None else first.size

    @cached_property
    def map(self) -> Array:
        """The map of a cycle, (g, blocks, m, m): its rows are the images of single numbers."""
        return self._turned(np.eye(self.size)[None, None] * np.ones((1, self.blocks.count, 1, 1)))

    @property
    def written(self) -> bool:
        """Whether it pays to write the map down."""
        large = self.size > min(_LARGEST_MAP, max(_SMALL_MAP, 4 * self.most))
        return self.most > 1 and not large

    def after(self, carried: Array, cycles: Array) -> Array:
        """What is carried into cycles (k,), which rise: (g, blocks, c, k, m), from that into 0."""
        if not self.written:
            return self._one_by_one(carried, cycles)
        last = int(cycles[-1])
        if last + 1 <= _SPARSE * len(cycles):
            return _all_powers(self.map, carried, last + 1)[..., cycles, :]
        found = np.repeat(carried[..., None, :], len(cycles), axis=-2) * np.ones(
            (len(self.map), *[1] * 4)
        )
        power = self.map[:, :, None]
        for digit in range(last.bit_length()):
            on = (cycles >> digit & 1).astype(bool)
            if on.any():
                found = np.where(on[:, None], found @ power, found)
            power = power @ power
        return found

    def _one_by_one(self, carried: Array, cycles: Array) -> Array:
        kept, now = [], 0
        for cycle in cycles:
            while now < cycle:
                carried, now = self._turned(carried), now + 1
            kept.append(carried)
        shape = np.broadcast_shapes(*(each.shape for each in kept))
        return np.stack([np.broadcast_to(each, shape) for each in kept], axis=-2)

    def read(self, carried: Array, place: Array, stroke: int, spans: Array) -> Array:
        """What is read in a stroke, (g, blocks, c, T, rows), some spans (T,) after its reset.

        Each from what is carried into a cycle of its own: carried is (g, blocks, c, k, m), of which
        places (T,) are taken.
        """
        moments, which = np.unique(spans, return_inverse=True)
        if self.written and len(moments) <= _FEW and len(moments) * self.size <= len(spans):
            return self._by_matrices(carried[..., place, :], stroke, moments, which)
        g, count, c, k, m = carried.shape
        states = self._before(carried.reshape(g, count, c * k, m), stroke)
        apart = states.reshape(len(states), count, c, k, -1)
        return self._seen(self.stages[stroke].apart(apart, place, spans))

    def _by_matrices(self, carried: Array, stroke: int, moments: Array, which: Array) -> Array:
        """The same by a matrix for each moment: rows are what is read of single numbers."""
        units = np.eye(self.size)[None, None] * np.ones((1, self.blocks.count, 1, 1))
        seen = self._seen(self.stages[stroke].inside(self._before(units, stroke), moments))
        kind = np.result_type(seen, carried)
        shape = np.broadcast_shapes(seen.shape[:2], carried.shape[:2])
        out = np.empty((*shape, carried.shape[2], len(which), seen.shape[-1]), dtype=kind)
        for k in range(len(moments)):
            here = which == k
            out[..., here, :] = carried[..., here, :] @ seen[:, :, None, :, k]
        return out

    def _seen(self, states: Array) -> Array:
        """What is read of states (g, blocks, c, T, n)."""
        reading = self.blocks.reading
        return states if reading is None else states @ reading.swapaxes(-1, -2)[:, None]


def _all_powers(matrix: Array, start: Array, count: int) -> Array:
    """Rows (..., c, m) after 0, 1, 2 ... applications, (..., c, count, m)."""
    shape = np.broadcast_shapes(start.shape[:-2], matrix.shape[:-2])
    kind = np.result_type(start, matrix)
    out = np.empty((*shape, start.shape[-2], count, start.shape[-1]), dtype=kind)
    out[..., 0, :] = start
    step, done, leap = matrix[..., None, :, :], 1, 1
    while done < count:
        if leap < done and leap < _STRIDE:
            step, leap = step @ step, 2 * leap
        more = min(leap, count - done)
        np.matmul(
            out[..., done - leap : done - leap + more, :], step, out=out[..., done : done + more, :]
        )
        done += more
    return out


def when(times: Array, durations: Sequence[float], repeat: int) -> tuple[Array, Array, Array]:
    """In which cycle and stroke times (T,) fall, and how long after its beginning.

    The end of a stroke belongs to it, and not to the next.

    Examples
    --------
    >>> import numpy as np
    >>> from quantumbattery.dynamics.cycles import when
    >>> when(np.array([0.0, 1.0, 1.5, 3.0, 4.0]), [1.0, 2.0], repeat=2)
    (array([0, 0, 0, 0, 1]), array([0, 0, 1, 1, 0]), array([0. , 1. , 0.5, 2. , 1. ]))
    """
    edges = np.concatenate([[0.0], np.cumsum(durations)])
    length = edges[-1]
    near = 8 * np.finfo(float).eps * np.maximum(times, length)
    cycle = np.clip(np.ceil((times - near) / length).astype(np.int64) - 1, 0, repeat - 1)
    local = np.clip(times - cycle * length, 0.0, length)
    stroke = np.searchsorted(edges[1:], local - near, "left")
    stroke = np.minimum(stroke, len(durations) - 1)
    spans = np.clip(local - edges[stroke], 0.0, np.asarray(durations)[stroke])
    return cycle, stroke, spans
