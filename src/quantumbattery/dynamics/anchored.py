"""Motion from states that are known at some times: for single moments, here and there.

A series that begins at t = 0 takes as long for one late moment as for all before. Where moments are
asked for few at a time, states at equal distances are kept, and each moment is reached from the one
before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks

_LEAP = 2.0  # |L| t of one Taylor series, in which rounding then costs less than a digit
_TERMS = 60  # more than such a series ever has


@dataclass(frozen=True, eq=False)
class Anchored:
    """exp(L t) on one start of every member of a batch, from the states that are kept."""

    generators: Sequence[Any]  # sparse, (n, n)
    norms: Sequence[float]  # bounds of their norms
    blocks: Blocks
    spacing: float  # of the times whose states are kept
    kept: Sequence[Array]  # of each member, (T, n, c): at 0, spacing, 2 spacing ...

    measured = False
    from_start = False
    fastest = 0.0  # rounding is that of the series, which has few steps

    @classmethod
    def of(
        cls, generators: Sequence[Any], blocks: Blocks, start: Array, latest: float, room: int
    ) -> Anchored:
        """Of starts (g or 1, blocks, c, n), up to the latest time; room is for so many numbers."""
        norms = [max(_norm(each), 1e-300 / latest) for each in generators]
        each = len(generators) * start[0].size
        most = max(1, min(room // each, int(np.ceil(max(norms) * latest / _LEAP))))
        spacing = latest / most
        kept = []
        for k, generator in enumerate(generators):
            state = blocks.together(start[min(k, len(start) - 1)]).T
            trail = np.empty((most, *state.shape), np.result_type(generator.dtype, state.dtype))
            trail[0] = state
            for now in range(1, most):
                trail[now] = _from(generator, norms[k], trail[now - 1], np.array([spacing]))[0]
            kept.append(trail)
        return cls(generators, norms, blocks, spacing, kept)

    def at(self, start: Array, times: Array) -> Array:  # noqa: ARG002
        """What is read, (g, blocks, c, T, rows), of the start that it was made of.

        Times have shape (T,), or (g, 1, T).
        """
        moved = []
        for k, kept in enumerate(self.kept):
            mine = times[k, 0] if times.ndim > 1 else times
            moved.append(self._of_member(k, kept, mine))
        return self.blocks.apart(np.stack(moved))

    def _of_member(self, k: int, kept: Array, times: Array) -> Array:
        """What is read of one member, (c, T, rows)."""
        moments, place = np.unique(times, return_inverse=True)
        anchor = np.minimum((moments / self.spacing).astype(np.int64), len(kept) - 1)
        trail, read = [], self.blocks.read
        for low in np.flatnonzero(np.diff(anchor, prepend=-1)):
            which = anchor[low]
            high = np.searchsorted(anchor, which, "right")
            spans = np.maximum(moments[low:high] - which * self.spacing, 0.0)
            states = _from(self.generators[k], self.norms[k], kept[which], spans)
            trail.append(states if read is None else np.stack([read @ each for each in states]))
        found: Array = np.concatenate(trail)[place.reshape(-1)].transpose(2, 0, 1)
        return found

    def error(self, start: Array, times: Array, found: Array) -> float:  # noqa: ARG002
        """0: only rounding."""
        return 0.0


def _norm(generator: Any) -> float:
    """The geometric mean of the largest sums over a row and over a column, which bounds |L|."""
    sizes = abs(generator)
    return float(np.sqrt(sizes.sum(axis=0).max() * sizes.sum(axis=1).max()))


def _from(generator: Any, norm: float, state: Array, spans: Array) -> Array:
    """A state (n, c) after rising spans of time, (T, n, c): leap after leap, each one a series."""
    found, done, now, leap = [], 0, 0.0, _LEAP / norm
    while done < len(spans):
        after = int(np.searchsorted(spans, now + leap, "right"))
        steps = [*(spans[done:after] - now), *([leap] if after < len(spans) else [])]
        states = _series(generator, state, np.array(steps))
        found.append(states[: after - done])
        state, done, now = states[-1], after, now + leap
    return np.concatenate(found)


def _series(generator: Any, state: Array, steps: Array) -> Array:
    """The Taylor series of a state (n, c) at several steps, (T, n, c), which share their terms."""
    longest = float(steps.max())
    states = np.repeat(state[None], len(steps), axis=0)
    parts, small = steps / max(longest, 1e-300), np.finfo(float).eps / 8 * np.abs(state).max()
    term = state
    for k in range(1, _TERMS):
        term = (generator @ term) * (longest / k)
        states += parts[:, None, None] ** k * term
        if np.abs(term).max() <= small and k > longest * 2:
            break
    return states
