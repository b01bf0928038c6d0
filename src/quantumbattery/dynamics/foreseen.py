"""What methods will take, before they begin: seconds, as measured on one core, and digits."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from quantumbattery.dynamics.runge_kutta import Clock
from quantumbattery.machine import TooLargeError
from quantumbattery.quantities.aliases import Array
from quantumbattery.quantities.digits import UNITS, check_digits
from quantumbattery.states.blocks import Blocks

_LONGEST = 86_400.0  # seconds, beyond which nobody waits
_WORTH_A_WORD = 5.0  # seconds
_PASSES = 4  # through the time of large density matrices, of which each part waits for memory
_FEW, _MANY = 4, 5_000  # members, and elements of each, from which SciPy adds up faster
_EPSILON = float(np.finfo(float).eps)
_TOGETHER = 1 << 21  # numbers of all members up to which one adds up what stands at one place

_LOG = logging.getLogger("quantumbattery")


def allow_series(norm: float, blocks: Blocks, members: int, latest: float, hermitian: bool) -> None:
    """Raise if no number of a series' steps covers what it has to move, or nobody would wait."""
    check_digits(_EPSILON * norm * latest, latest)
    each = of_series(norm, blocks, latest, 0, 1, hermitian)
    allow_seconds(members * each, latest, 1 if hermitian else _PASSES)


def allow_seconds(seconds: float, latest: float, passes: int = 1) -> None:
    """Raise TooLargeError for what would take more than a day; tell the log of what takes long.

    The log counts all passes that look at cuts, give states and measure errors.
    """
    if passes * seconds > _WORTH_A_WORD:
        _LOG.info("what follows takes about %.2g s", passes * seconds)
    if seconds > _LONGEST:
        raise TooLargeError(
            f"too long: up to t = {latest:.3g} it would take about {seconds / _LONGEST:.2g} days, "
            f"step by step. {UNITS}"
        )


def norm_of(blocks: Blocks, numbers: Array) -> float:
    """The largest sum of a row of the generators, with numbers (g, terms).

    Of few members what stands at one place is one number, as of a frequency and of the frame's.
    """
    given = blocks.generator
    if len(numbers) <= _FEW and len(given.term) > _MANY:
        return float(max(abs(given.matrix(each)).sum(axis=1).max() for each in numbers))
    if len(numbers) * len(given.term) > _TOGETHER:
        row = np.abs(given.value) * np.abs(numbers).max(axis=0)[given.term]
        return float(np.bincount(given.row, row, minlength=given.size).max())
    if not len(given.term):
        return 0.0
    order = np.lexsort((given.column, given.row))
    row, column = given.row[order], given.column[order]
    fresh = np.append(True, (row[1:] != row[:-1]) | (column[1:] != column[:-1]))
    places = np.flatnonzero(fresh)
    values = (given.value * numbers[:, given.term])[:, order]
    sizes = np.abs(np.add.reduceat(values, places, axis=1))
    rows = np.flatnonzero(np.append(True, np.diff(row[places]) > 0))
    return float(np.add.reduceat(sizes, rows, axis=1).max(initial=0.0))


def of_series(
    norm: float, blocks: Blocks, latest: float, moments: int, states: int, hermitian: bool
) -> float:
    """Seconds that a series takes for one member."""
    elements, columns = len(blocks.generator.term), states * blocks.copies
    far = norm * latest
    if hermitian:
        return far * elements * columns * 1.5e-8 + moments * 1e-3
    return far * (2.5e-5 + 3e-9 * elements * columns) + moments * blocks.size * columns * 1e-7


def of_terms(terms: int, blocks: Blocks, states: int) -> float:
    """Seconds that so many terms of series on pieces take, of so many states of all members."""
    return terms * (1.2e-5 + 3e-9 * states * len(blocks.generator.term) * blocks.copies)


def of_solver(
    blocks: Blocks, numbers: Array, clocks: Sequence[Clock], latest: float, states: int
) -> float:
    """Seconds that a solver in time takes for all members."""
    fastest = max((float(np.abs(clock.frequency).max()) for clock in clocks), default=0.0)
    size, elements = max(norm_of(blocks, numbers), fastest), len(blocks.generator.term)
    each = len(numbers) * elements * states * blocks.copies * 6e-8
    return size * latest * (1.5e-3 + each)
