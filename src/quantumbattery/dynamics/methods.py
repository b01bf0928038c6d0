"""What moves blocks: a propagator for each structure, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from quantumbattery.dynamics import periodic
from quantumbattery.dynamics.chebyshev import Chebyshev
from quantumbattery.dynamics.conjugation import Conjugation
from quantumbattery.dynamics.foreseen import (
    allow_seconds,
    allow_series,
    norm_of,
    of_solver,
    of_terms,
)
from quantumbattery.dynamics.piecewise import Piecewise
from quantumbattery.dynamics.pulse_area import PulseArea
from quantumbattery.dynamics.runge_kutta import Clock, Pulsed
from quantumbattery.dynamics.semigroup import Semigroup
from quantumbattery.dynamics.separate import parts_of, separate
from quantumbattery.dynamics.series import Series
from quantumbattery.dynamics.steps import stepwise
from quantumbattery.dynamics.unitary import Unitary
from quantumbattery.quantities.aliases import Array
from quantumbattery.states.blocks import Blocks
from quantumbattery.states.density import Matrix
from quantumbattery.states.representation import Moved

LARGEST_STEPS = 256  # numbers of a block up to which every step has a propagator


class Propagator(Protocol):
    """What moves states by block: g generators, c states for each, blocks of n numbers."""

    @property
    def measured(self) -> bool:
        """Whether `error` is a measured one, and not 0 but for rounding."""

    @property
    def from_start(self) -> bool:
        """Whether every call begins at t = 0, so that all times are better asked at once."""

    @property
    def fastest(self) -> float:
        """The largest rate or frequency whose phase rounding takes; 0 of what is measured."""

    def at(self, start: Array, times: Array) -> Array:
        """What is read, (g, blocks, c, T, rows), of starts (g or 1, blocks, c, n).

        Times have shape (T,), or (g, 1, T).
        """

    def error(self, start: Array, times: Array, found: Array) -> float:
        """How far columns (g, c, T, columns) are from another solution; 0 if not measured."""


@dataclass(frozen=True, eq=False)
class Task:
    """What a propagator is made of."""

    state: Moved
    blocks: Blocks
    numbers: Array  # (g, terms)
    factor: complex  # -i in front of a Hamiltonian
    clocks: tuple[Clock, ...]  # of terms that change in time
    latest: float  # time
    largest: int  # block
    states: int = 1  # of each member
    held: tuple[Array, Array] | None = None  # as of `Piecewise.of`


def _series(task: Task, kind: type[Series] = Series) -> Propagator:
    blocks, latest = task.blocks, task.latest
    norm = norm_of(blocks, task.numbers)
    allow_series(norm, blocks, len(task.numbers), latest, task.state.hermitian)
    generator = blocks.generator
    sparse = (task.factor * generator.matrix(each) for each in task.numbers)
    made = tuple(each.tocsr() for each in sparse)
    for each in made:
        each.eliminate_zeros()  # as where a frame turns as fast as what it is of
    return kind(made, blocks)


def _stepwise(task: Task) -> Propagator:
    return stepwise(task.blocks, task.numbers, task.factor, task.clocks, task.latest)


def _periodic(task: Task) -> Propagator:
    if any(clock.signal.envelope is not None for clock in task.clocks):
        return _stepwise(task)
    return periodic.Periodic.of(task.blocks, task.numbers, task.factor, task.clocks, task.latest)


def _conjugated(task: Task) -> Propagator:
    assert isinstance(task.state, Matrix)
    return Conjugation.of(task.state, task.blocks, task.numbers)


def _apart(task: Task) -> Propagator:
    parts = parts_of(task.blocks, task.numbers, not task.state.hermitian)
    assert parts is not None
    return separate(task.blocks, task.numbers, parts, task.factor)


def _pulse(task: Task) -> Propagator | None:
    if not task.state.hermitian or task.blocks.size > LARGEST_STEPS:
        return None
    return PulseArea.of(task.blocks, task.numbers, task.clocks, task.latest)


def shaped(task: Task) -> Propagator | None:
    """Taylor series on pieces of the time; None where it takes too many."""
    given = task.blocks, task.numbers, task.factor, task.clocks, task.latest
    made = Piecewise.of(*given, task.held)
    if made is not None:
        states = len(task.numbers) * task.states
        seconds = of_terms(int(made.orders.sum()), task.blocks, states)
        allow_seconds(seconds, task.latest)
    return made


def _solver(task: Task) -> Propagator:
    given = task.blocks, task.numbers
    allow_seconds(of_solver(*given, task.clocks, task.latest, 1), task.latest)
    return Pulsed(*given, task.factor, task.clocks)


# structure: name, and maker, which gives None where it does not fit after all
METHODS: dict[str, tuple[str, Callable[[Task], Propagator | None]]] = {
    "closed": ("eigenvectors", lambda t: Unitary.of(t.blocks.matrices(t.numbers))),
    "apart, closed": ("eigenvectors", _apart),
    "apart, open": ("matrix exponential", _apart),
    "conjugated": ("eigenvectors", _conjugated),
    "open": (
        "matrix exponential",
        lambda t: Semigroup(t.blocks.matrices(t.numbers), t.blocks.reading),
    ),
    "large, closed": ("Chebyshev series", lambda t: _series(t, Chebyshev)),
    "large, open": ("Taylor series", _series),
    "stepwise": ("steps of constant drives", _stepwise),
    "periodic": ("powers of one period", _periodic),
    "turning": ("steps of Taylor series", _periodic),
    "pulse": ("area of the pulse", _pulse),
    "shaped": ("steps of Taylor series", shaped),
    "changing": ("Runge-Kutta", _solver),
}
_NEXT = {"pulse": "shaped", "shaped": "changing"}  # what is tried after one that does not fit


@dataclass(frozen=True, eq=False)
class Found:
    """Blocks, their starts, and what moves them."""

    task: Task
    began: Array
    name: str
    made: Any  # propagator; None: a series on pieces, which may be of several groups


def fitting(structure: str, task: Task, waits: bool = False) -> tuple[str, Propagator | None]:
    """The name of the method that fits, and what it makes; or None of a series that waits."""
    name, make = METHODS[structure]
    if waits and structure == "shaped":
        return name, None
    moves = make(task)
    return fitting(_NEXT[structure], task, waits) if moves is None else (name, moves)
