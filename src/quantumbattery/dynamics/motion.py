"""Exact evolution inside the states that a preparation reaches.

The method is chosen by structure and size: eigenvectors of Hermitian blocks (of tridiagonal ones
where they are), matrix exponentials of dense blocks with loss, which need no eigenbasis and so
stand at exceptional points, and series with sparse matrices where those cost less. Where a drive
turns with time, powers of the propagator of one period, each step of which is a Taylor series;
under any other shape in time, eigenvectors where the area of a pulse is all that counts, or else
Taylor series on pieces of the time; where these would be too many, an adaptive Runge-Kutta method.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantumbattery.dynamics import periodic
from quantumbattery.dynamics.anchored import Anchored
from quantumbattery.dynamics.exponentials import equal_steps
from quantumbattery.dynamics.foreseen import norm_of, of_series
from quantumbattery.dynamics.joined import together
from quantumbattery.dynamics.methods import LARGEST_STEPS, Found, Propagator, Task, fitting
from quantumbattery.dynamics.methods import METHODS as _METHODS
from quantumbattery.dynamics.piecewise import Piecewise
from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.dynamics.semigroup import Semigroup, padded
from quantumbattery.dynamics.separate import parts_of
from quantumbattery.dynamics.series import Series
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.machine import allow
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.cached import cached_property
from quantumbattery.quantities.digits import check_digits, latest_felt
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix
from quantumbattery.states.representation import Moved
from quantumbattery.states.vector import Vector

_LARGEST_VECTOR = 64  # elements up to which a density matrix without loss moves as a vector
_LARGEST_VECTOR_STEPS = 64  # numbers of a `Vector`, few of which meet, up to which steps pay
_FEW_COLUMNS = 8  # columns up to which each stands by itself in memory
_SERIES = "large, closed", "large, open"
# Those that see themselves how much memory they take, or take little.
_LOOK_THEMSELVES = {*_SERIES, "periodic", "turning", "conjugated", "apart, closed", "apart, open"}


@dataclass(frozen=True, eq=False)
class Motion:
    """A state on its way; made by `motion`."""

    # Each with starts of shape (g or 1, blocks, c, copies, n).
    parts: tuple[tuple[Blocks, Propagator, Array], ...]
    size: int  # of what is read
    methods: tuple[tuple[str, int], ...]  # how blocks are solved, and the size of the largest
    latest: float = 0.0  # time, as the fastest feels it

    def at(self, times: Array, states: slice) -> Array:
        """Amplitudes or elements, shape (g, c, T, size), of some of the c states of the batch."""
        if self._few_columns and (grid := equal_steps(times)) is not None:
            return self._written(grid, times.size, states)
        moments = _moments(times)
        moved = [(b, p.at(starts_of(start, states), moments)) for b, p, start in self.parts]
        return columns_of(moved, self.size)

    @cached_property
    def _few_columns(self) -> list[tuple[Blocks, Semigroup, Array]]:
        """All parts, if their few columns can be written where they are read, without a copy."""
        parts = [
            (blocks, propagator, start)
            for blocks, propagator, start in self.parts
            if self.size <= _FEW_COLUMNS
            and isinstance(propagator, Semigroup)
            and propagator.reading is not None
            and len(blocks.shown) == blocks.count * blocks.rows
        ]
        return parts if len(parts) == len(self.parts) else []

    def _written(self, grid: tuple[float, float], count: int, states: slice) -> Array:
        """The same on a grid of times, each column by itself in memory."""
        _, first, start = self._few_columns[0]
        shape = (len(first.generator), starts_of(start, states).shape[2], padded(count))
        out = np.empty((self.size, *shape))
        for blocks, propagator, start in self._few_columns:
            mine = out[blocks.columns].reshape(blocks.count, -1, *shape)
            into = mine.transpose(1, 2, 0, 3, 4)  # (rows, g, blocks, c, T)
            propagator.write(starts_of(start, states), grid, count, into)
        return np.moveaxis(out[..., :count], 0, -1)

    def ever(self, states: slice) -> Array | None:
        """Bounds on all amplitudes at all times, (g, c, 1, size); None where none are known."""
        moved = [
            (blocks, propagator.ever(starts_of(start, states))[..., None, :])
            for blocks, propagator, start in self.parts
            if isinstance(propagator, Unitary)
        ]
        return columns_of(moved, self.size) if len(moved) == len(self.parts) else None

    def anchored(self, latest: float, room: int) -> Motion:
        """The same for single moments up to the latest: from states that are kept, so many numbers.

        Of its starts, of which there is one for each generator.
        """
        parts: list[tuple[Blocks, Propagator, Array]] = []
        large = sum(isinstance(made, Series) for _, made, _ in self.parts)
        for blocks, made, start in self.parts:
            if not isinstance(made, Series):
                parts.append((blocks, made, start))
                continue
            flat = starts_of(start, slice(None))
            kept = Anchored.of(made.generators, blocks, flat, latest, room // large)
            parts.append((blocks, kept, start))
        return replace(self, parts=tuple(parts))

    @property
    def anywhere(self) -> int:
        """Numbers of one state that are held for each of a few times that are no grid.

        On a grid what is read moves by itself, and a series keeps no more than that.
        """
        moved = [
            blocks.count * blocks.copies * blocks.size
            for blocks, made, _ in self.parts
            if not made.from_start
        ]
        return max(moved, default=0)

    @property
    def from_start(self) -> bool:
        """Whether a part begins at t = 0 whatever times are asked for."""
        return any(propagator.from_start for _, propagator, _ in self.parts)

    @property
    def streams(self) -> bool:
        """Whether states come one after the other, in one pass, so that none has to be kept."""
        made = self.parts[0][1]
        return len(self.parts) == 1 and isinstance(made, Piecewise) and made.by_steps

    def through(self, times: Array, states: slice) -> Iterator[tuple[Array, Array]]:
        """As `at` for some of the times (T,) after others, with their places; if it `streams`."""
        ((blocks, made, start),) = self.parts
        assert isinstance(made, Piecewise)
        for now, moved in made.through(starts_of(start, states), times):
            yield now, columns_of([(blocks, moved)], self.size)

    @property
    def measured(self) -> bool:
        """Whether a part is solved by a method whose error is measured."""
        return any(propagator.measured for _, propagator, _ in self.parts)

    @cached_property
    def rounding(self) -> float:
        """How much of a phase rounding has taken by the last time."""
        fastest = max(propagator.fastest for _, propagator, _ in self.parts)
        return float(np.finfo(float).eps) * self.latest * fastest

    def error(self, times: Array, states: slice, found: Array) -> float:
        """How far measured methods are from another solution; 0 without any."""
        moments = _moments(times)
        apart = [
            p.error(starts_of(start, states), moments, found[..., blocks.columns])
            for blocks, p, start in self.parts
        ]
        return float(np.max(apart))  # NaN if one is


def motion(
    state: Moved,
    numbers: Array,
    start: Array,
    times: Array,
    limit: float = 2.0,
    clocks: Sequence[Clock] = (),
    joined: bool = False,
) -> Motion:
    """Make the propagators of a state, for a batch of numbers.

    Parameters
    ----------
    state : Kets or Matrix
    numbers : ndarray, shape (g, terms)
        Of the Hamiltonian's coefficients, then of the losses'.
    start : ndarray, shape (g or 1, c, entries)
        Amplitudes of the initial state, c states for each generator; entries as in `Reach.start`.
    times : ndarray, shape (T,) or (g, T)
        The times that will be asked for; they decide which method pays.
    limit : float
        Memory in GiB; ValueError if that is not enough, and where no digit would be left.
    clocks : sequence of Clock
        How some of the terms change in time.
    joined : bool
        Whether groups of kets may move together: then parts are not those of the state.
    """
    first = state.first(start)
    factor = -1j if state.hermitian else 1.0
    found: list[Found] = []
    held = 0
    for blocks in state.blocks:
        began = blocks.filled(first).transpose(0, 2, 1, 3, 4)
        if isinstance(state, Matrix) and not blocks.double:
            began = began.real  # but for rounding
        acting = tuple(clock for clock in clocks if (blocks.generator.term == clock.term).any())
        structure = _structure(blocks, numbers, times, began.shape[2], state, acting, limit)
        if structure == "pulse":
            taken = began[0].size * (times.shape[-1] + 20) + 6 * len(blocks.generator.term)
            taken *= len(numbers)
            allow("numbers in a solution that changes in time", taken, 16, limit)
        elif structure not in _LOOK_THEMSELVES:
            edges = sum(len(clock.signal.breaks) for clock in acting)
            held += (1 + edges) * len(numbers) * blocks.count * blocks.size**2
            allow("numbers in dense blocks", held, 24, limit)
        given = state, blocks, numbers, factor, acting, float(times.max()), blocks.size
        task = Task(*given, began.shape[2])
        found.append(Found(task, began, *fitting(structure, task, joined and _waits(task, times))))
    found = together(found, first)
    parts = tuple((each.task.blocks, each.made, each.began) for each in found)
    felt = latest_felt(np.abs(numbers).sum(axis=-1), times)
    made = Motion(parts, state.size, _methods(found), felt)
    check_digits(made.rounding, made.latest)
    return made


def _waits(task: Task, times: Array) -> bool:
    """Whether a series of these blocks may be that of others too: of kets, with alike factors."""
    alike = times.ndim == 1 and all(len(clock.frequency) == 1 for clock in task.clocks)
    return alike and not isinstance(task.state, Matrix)


def _methods(found: Sequence[Found]) -> tuple[tuple[str, int], ...]:
    """How blocks are solved, and the size of the largest, in the order of all methods."""
    largest = dict.fromkeys((name for name, _ in _METHODS.values()), 0)
    for each in found:
        largest[each.name] = max(largest[each.name], each.task.largest)
    return tuple((name, size) for name, size in largest.items() if size)


def _structure(
    blocks: Blocks,
    numbers: Array,
    times: Array,
    states: int,
    state: Moved,
    acting: Sequence[Clock],
    limit: float,
) -> str:
    """Which of `METHODS` fits."""
    if acting:
        most = _LARGEST_VECTOR_STEPS if isinstance(state, Vector) else LARGEST_STEPS
        if blocks.size <= most and all(clock.stepwise for clock in acting):
            return "stepwise"
        if not periodic.pays(blocks, numbers, acting, times, states, limit):
            return "pulse" if times.any() else "changing"
        repeats = periodic.repeats(acting, len(numbers), float(times.max()))
        return "periodic" if repeats else "turning"
    if isinstance(state, Matrix) and blocks.size > _LARGEST_VECTOR and blocks.read is None:
        lossless = not numbers[:, len(state.reach.hamiltonian.coefficients) :].any()
        if lossless and times.ndim == 1:
            return "conjugated"
    parts = parts_of(blocks, numbers, not state.hermitian)
    size = blocks.size if parts is None else parts[-1].shape[1]
    pays = _series_pays(blocks, numbers, times, states, state.hermitian, size)
    if parts is not None and not (pays and size > blocks.size / 4):
        return "apart, closed" if state.hermitian else "apart, open"
    if pays:
        return "large, closed" if state.hermitian else "large, open"
    return "closed" if state.hermitian else "open"


def _series_pays(
    blocks: Blocks, numbers: Array, times: Array, states: int, hermitian: bool, n: int
) -> bool:
    """Whether a series costs less than dense matrices (n, n); seconds as measured on one core."""
    given = blocks.generator
    if n <= 256:
        return False
    moments = times.shape[-1]
    norm, latest = norm_of(blocks, numbers), float(times.max())
    series = of_series(norm, blocks, latest, moments, states, hermitian)
    far = (np.abs(given.row - given.column) > 1).any()
    if hermitian:
        dense = 1.5e-10 * n**3 if far else 2e-8 * n**2
    else:
        dense = 1e-9 * n**3 * (1 + np.log2(moments) / 10) + 4e-10 * n**2 * moments
    most = 20_000 if hermitian and not far else 6_000 if hermitian else 3_000
    return bool(series < dense * blocks.count * blocks.size / n or n > most)


def starts_of(start: Array, states: slice) -> Array:
    """Some of the starts (g or 1, blocks, c, copies, n), the copies among them."""
    chosen = start[:, :, states]
    return chosen.reshape(*chosen.shape[:2], -1, chosen.shape[-1])


def _moments(times: Array) -> Array:
    """Times (T,) as they are, and (g, T) for all blocks of each member: (g, 1, T)."""
    return times[:, None] if times.ndim > 1 else times


def columns_of(moved: list[tuple[Blocks, Array]], size: int) -> Array:
    """What is read of all blocks (g, blocks, c copies, T, rows) as columns (g, c, T, size)."""
    first, after = moved[0]
    g, _, c, t, _ = after.shape
    alone = len(moved) == 1 and first.count == first.copies == 1 and not first.double
    if alone and after.shape[-1] == size > _FEW_COLUMNS:  # everything is where it belongs
        return after.reshape(g, c, t, size)
    kinds = [float if blocks.double else after.dtype for blocks, after in moved]
    shape, kind = (g, c // first.copies, t), np.result_type(*kinds)
    out = np.empty((*shape, size), dtype=kind)
    if size <= _FEW_COLUMNS:  # which are then read one at a time
        out = np.moveaxis(np.empty((size, *shape), dtype=kind), 0, -1)
    for blocks, after in moved:
        blocks.write(after, out[..., blocks.columns])
    return out
