"""Strokes of a cycle on a group of blocks, as what they do to states, or as sparse matrices.

Where a stroke ties each number to few others, as an atom that crosses a cavity does, so does the
whole cycle: a matrix with few entries, which is applied again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from quantumbattery.dynamics.methods import Propagator
from quantumbattery.dynamics.storage import Constant
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.reset import Reset

_MOMENTS = 32  # of which what is read is a matrix that is kept


class Few(Protocol):
    """A propagator that ties each number to few others."""

    def matrices(self, time: float, most: int) -> list[Any] | None:
        """Itself as a sparse matrix for each generator; None if it has more entries than that."""


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
            order, trail = [], []
            for which in np.unique(place):
                order.append(np.flatnonzero(place == which))
                trail.append(self.moving.at(states[..., which, :], spans[order[-1]]))
            back = np.argsort(np.concatenate(order))
            moved = np.concatenate(trail, axis=-2)[..., back, :]
        return moved if self.back is None else _each(self.back, moved, spans)

    def matrices(self, span: float, most: int) -> list[Any] | None:
        """What moves states for so long after the reset, as `Few.matrices`; None in a frame."""
        if self.back is not None or not hasattr(self.moving, "matrices"):
            return None
        return cast(Few, self.moving).matrices(span, most)


def _each(propagator: Propagator, states: Array, spans: Array) -> Array:
    """Each of the states (g, blocks, c, T, n) after a span of its own."""
    return cast(Constant, propagator).each(states, np.arange(len(spans)), spans)


@dataclass(frozen=True, eq=False)
class SparseCycle:
    """A cycle as sparse matrices, one for each generator, of what is carried through it."""

    blocks: Blocks
    stages: Sequence[Stage]
    most: int  # entries that a matrix may have

    @cached_property
    def map(self) -> list[Any] | None:
        """The map of a cycle, (blocks m, blocks m); None if it has no few entries."""
        ended, first = self._ended, self.stages[0].reset
        return ended if ended is None or first is None else _products([first.traced.matrix], ended)

    @cached_property
    def _quick(self) -> list[Any]:
        """The maps as SciPy's older matrices, whose product `*` asks less about what is given."""
        from scipy.sparse import csr_matrix

        assert self.map is not None
        return [csr_matrix(each) for each in self.map]

    @cached_property
    def _ended(self) -> list[Any] | None:
        """From what is carried to the state at the end."""
        return self._until(len(self.stages) - 1, self.stages[-1].duration)

    def _until(self, stroke: int, span: float) -> list[Any] | None:
        """From what is carried to the state so long after the reset of a stroke."""
        from scipy.sparse import csr_array, eye_array

        size = self.blocks.count * self.blocks.size
        first = self.stages[0].reset
        made = [eye_array(size, format="csr") if first is None else csr_array(first.fresh.matrix)]
        for k, stage in enumerate(self.stages[: stroke + 1]):
            if k and stage.reset is not None:
                anew = csr_array(stage.reset.fresh.matrix) @ csr_array(stage.reset.traced.matrix)
                made = _products([anew], made)
            span_of = span if k == stroke else stage.duration
            if not span_of:
                continue
            moved = stage.matrices(span_of, self.most)
            if moved is None:
                return None
            made = _products(moved, made)
            if max(each.nnz for each in made) > self.most:
                return None
        return made

    def after(self, carried: Array, cycles: Array) -> Array:
        """What is carried into cycles (k,), which rise: (g, blocks, c, k, m), from that into 0."""
        (_, count, c, m), kind = carried.shape, np.result_type(carried, self._quick[0].dtype)
        out = np.empty((max(len(carried), len(self._quick)), len(cycles), count * m, c), kind)
        for k, made in enumerate(out):
            one = self._quick[k % len(self._quick)]
            now = carried[k % len(carried)].swapaxes(1, 2).reshape(count * m, c)
            # SciPy is faster with vectors.
            now, rows, done = (now[:, 0], made[..., 0], 0) if c == 1 else (now, made, 0)
            for place, cycle in enumerate(cycles.tolist()):
                for _ in range(cycle - done):
                    now = one * now
                rows[place], done = now, cycle
        return out.reshape(len(out), len(cycles), count, m, c).transpose(0, 2, 4, 1, 3)

    @cached_property
    def _seen(self) -> dict[tuple[int, float], list[Any] | None]:
        """What is read at moments of a stroke, as matrices."""
        return {}

    def read(self, carried: Array, stroke: int, moments: Array, which: Array) -> Array | None:
        """What is read, (g, blocks, c, T, rows), of (g, blocks, c, T, m) at moments (k,).

        At `which` (T,) of them; None of too many moments, or of what has no few entries.
        """
        g, count, c, _, _ = carried.shape
        rows = self.blocks.rows
        out = np.empty((g, count, rows, c, len(which)), carried.dtype)  # as products leave it
        for k, moment in enumerate(moments.tolist()):
            seen, here = self._at(stroke, moment), np.flatnonzero(which == k)
            if seen is None:
                return None
            mine = carried[..., here, :].transpose(0, 1, 4, 2, 3).reshape(g, -1, c * len(here))
            for member, states in enumerate(mine):
                found = seen[member % len(seen)] @ states
                out[member][..., here] = found.reshape(count, rows, c, len(here))
        return out.transpose(0, 1, 3, 4, 2)

    def _at(self, stroke: int, moment: float) -> list[Any] | None:
        """What is read at a moment of a stroke, of what is carried into the cycle; of the first."""
        key = stroke, moment
        if key not in self._seen:
            if len(self._seen) >= _MOMENTS:
                return None
            end = len(self.stages) - 1, self.stages[-1].duration
            states = self._ended if key == end else self._until(stroke, moment)
            read = self.blocks.read
            known = states is None or read is None
            self._seen[key] = states if known else _products([read], states)
        return self._seen[key]


def _products(ones: list[Any], others: list[Any] | None) -> list[Any]:
    """Products of matrices of each generator, or of one that all share."""
    from scipy.sparse import csr_array

    assert others is not None
    made = []
    for k in range(max(len(ones), len(others))):
        made.append(csr_array(ones[k % len(ones)]) @ others[k % len(others)])
        made[-1].eliminate_zeros()
    return made
