"""Strokes one after another, again and again: the map of a cycle is made once, and applied.

A stroke may begin with a reset of some sites; what has to be carried from cycle to cycle is then
the state of all others, which has far fewer elements. Many cycles are powers of one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantumbattery.dynamics.stages import SparseCycle, Stage
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.blocks import Blocks

_LARGEST_MAP = 2048  # numbers of a block up to which a cycle is written as a matrix
_SMALL_MAP = 256  # numbers up to which that costs nothing
_SHARED = 16  # numbers of a map that each cycle pays for
_STRIDE = 256  # cycles that one product takes
_SPARSE = 4  # times as many cycles as are asked for, up to which all of them are made
_ROUNDING = 1e-11  # of a time that is a sum of many
_FEW = 8  # different moments in a stroke that are read by a matrix each
_REPEATED = 32  # cycles, or moments, from which on it may pay to look for a sparse map
_THIN = 8  # times fewer entries than a dense map it then has on its way
_ENTRY = 16  # products of dense matrices that take as long as one of a sparse matrix,
_CALL = 1 << 15  # and as calling one


@dataclass(frozen=True, eq=False)
class Cycle:
    """Strokes that are repeated, of a group of blocks; starts are (g or 1, blocks, c, n)."""

    blocks: Blocks
    stages: tuple[Stage, ...]
    most: int  # cycles that will be asked for
    asked: int  # moments at which one looks
    room: float  # for so many numbers in a map

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
        return self.carried(self._ends)

    @cached_property
    def _ends(self) -> Array:
        """What becomes of single numbers until the end of a cycle, (g, blocks, m, n)."""
        last = len(self.stages) - 1
        return self.stages[last].ended(self._before(self._units, last))

    @property
    def _units(self) -> Array:
        """One number each, (1, blocks, m, m)."""
        return np.broadcast_to(np.eye(self.size), (1, self.blocks.count, self.size, self.size))

    @cached_property
    def _matrices(self) -> dict[tuple[int, bytes], Array]:
        """What is read of single numbers, at some moments of a stroke."""
        return {}

    @property
    def written(self) -> bool:
        """Whether it pays to write the map down."""
        large = self.size > min(_LARGEST_MAP, max(_SMALL_MAP, _SHARED * self.most))
        numbers = self.blocks.count * self.size * (self.size + self.blocks.size)
        return self.most > 1 and not large and numbers <= self.room

    @cached_property
    def _sparse(self) -> SparseCycle | None:
        """The map with few entries, if there is one, and cycle after cycle costs less."""
        least = self.most * (_CALL + _ENTRY * self.blocks.count * self.size)
        if self.most < _REPEATED or least > self._products:
            return None
        dense = self.blocks.count * self.size * (self.size + self.blocks.size)
        most = int(min(self.room, max(dense / _THIN, _SMALL_MAP**2)))
        made = SparseCycle(self.blocks, self.stages, most)
        if made.map is None:
            return None
        entries = max(each.nnz for each in made.map)
        return made if self.most * (_CALL + _ENTRY * entries) < self._products else None

    @property
    def _products(self) -> float:
        """How many products powers of the map take; without bound where it is not written."""
        if not self.written:
            return np.inf
        digits, squared = self.most.bit_length(), self.blocks.count * self.size**2
        if self.most > _SPARSE * self.asked:
            return float(digits * squared * (self.size + self.asked))
        return float(squared * (min(digits, _STRIDE.bit_length()) * self.size + self.most))

    @cached_property
    def _squares(self) -> list[Array]:
        """The map of 1, 2, 4 ... cycles, as many as were needed."""
        return [self.map]

    def _power(self, digit: int) -> Array:
        while len(self._squares) <= digit:
            self._squares.append(self._squares[-1] @ self._squares[-1])
        return self._squares[digit]

    def after(self, carried: Array, cycles: Array) -> Array:
        """What is carried into cycles (k,), which rise: (g, blocks, c, k, m), from that into 0."""
        if self._sparse is not None:
            return self._sparse.after(carried, cycles)
        if not self.written:
            return self._one_by_one(carried, cycles)
        last = int(cycles[-1])
        if last + 1 <= _SPARSE * len(cycles):
            return self._all_until(carried, last)[..., cycles, :]
        shape = np.broadcast_shapes(carried.shape[:-2], self.map.shape[:-2])
        found = np.broadcast_to(carried, (*shape, *carried.shape[-2:]))[..., None, :]
        found = np.repeat(found, len(cycles), axis=-2)
        for digit in range(last.bit_length()):
            on = (cycles >> digit & 1).astype(bool)
            if on.any():
                found = np.where(on[:, None], found @ self._power(digit)[:, :, None], found)
        return found

    def _all_until(self, carried: Array, last: int) -> Array:
        """What is carried into all cycles up to one, (g, blocks, c, 1 + last, m)."""
        shape = np.broadcast_shapes(carried.shape[:-2], self.map.shape[:-2])
        kind = np.result_type(carried, self.map)
        out = np.empty((*shape, carried.shape[-2], last + 1, carried.shape[-1]), dtype=kind)
        out[..., 0, :] = carried
        done, digit = 1, 0
        while done <= last:
            digit += 2 ** (digit + 1) <= min(done, _STRIDE)
            leap = 2**digit
            more = min(leap, last + 1 - done)
            before = out[..., done - leap : done - leap + more, :]
            np.matmul(before, self._power(digit)[:, :, None], out=out[..., done : done + more, :])
            done += more
        return out

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
        if self._sparse is not None and len(moments) * _REPEATED <= self.asked:
            seen = self._sparse.read(carried[..., place, :], stroke, moments, which)
            if seen is not None:
                return seen
        if self.written and len(moments) <= _FEW and len(moments) * self.size <= self.asked:
            return self._by_matrices(carried[..., place, :], stroke, moments, which)
        g, count, c, k, m = carried.shape
        states = self._before(carried.reshape(g, count, c * k, m), stroke)
        apart = states.reshape(len(states), count, c, k, -1)
        return self._seen(self.stages[stroke].apart(apart, place, spans))

    def _by_matrices(self, carried: Array, stroke: int, moments: Array, which: Array) -> Array:
        """The same by a matrix for each moment: rows are what is read of single numbers."""
        key = stroke, moments.tobytes()
        if key not in self._matrices:
            self._matrices.clear()  # of the last moments only
            last, whole = len(self.stages) - 1, self.stages[stroke].duration
            if stroke == last and (moments == whole).all():
                states = self._ends[..., None, :]
            else:
                states = self.stages[stroke].inside(self._before(self._units, stroke), moments)
            self._matrices[key] = self._seen(states)
        seen = self._matrices[key]
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
        if reading is None:
            return states
        flat = states.reshape(
            *states.shape[:2], -1, states.shape[-1]
        )  # one product, and a large one
        seen = flat @ reading.swapaxes(-1, -2)
        return seen.reshape(*states.shape[:-1], seen.shape[-1])


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
    shortest = min(each for each in durations if each > 0)
    near = np.minimum(_ROUNDING * np.maximum(times, length), shortest / 1024)
    cycle = np.clip(np.ceil((times - near) / length).astype(np.int64) - 1, 0, repeat - 1)
    local = np.clip(times - cycle * length, 0.0, length)
    # Where it all begins is known exactly: nothing is near that.
    stroke = np.searchsorted(edges[1:], np.where(local > near, local - near, local), "left")
    stroke = np.minimum(stroke, len(durations) - 1)
    whole = np.asarray(durations)[stroke]
    spans = np.clip(local - edges[stroke], 0.0, whole)
    spans = np.where(whole - spans <= near, whole, spans)  # the same for every cycle, to the bit
    after = (cycle > 0) | (edges[stroke] > 0)
    return cycle, stroke, np.where((spans <= near) & after, 0.0, spans)
