"""What the machine has: cores to share work among, and memory that a problem may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from functools import cache
from typing import Any

import numpy as np

_GIB = 2.0**30
# Below this size matrices gain little from threads, and lose much on a busy machine.
_ONE_THREAD = 2000
_MOST_CORES: ContextVar[int | None] = ContextVar("most cores", default=None)


def cores() -> int:
    """The cores that this process may use, or fewer inside `at_most`."""
    return _MOST_CORES.get() or usable_cores()


def usable_cores() -> int:
    """The cores of the machine on which this process may run: batch systems and taskset give few.

    Examples
    --------
    >>> 1 <= usable_cores() <= os.cpu_count()
    True
    """
    if hasattr(os, "process_cpu_count"):  # of Python 3.13, which also heeds PYTHON_CPU_COUNT
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def memory() -> float:
    """The machine's memory in GiB, where it says so; otherwise no bound."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    except (AttributeError, OSError, ValueError):
        return float("inf")


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """Share work among no more cores in here: where many processes compute side by side.

    How work is shared may show in the last digit, so that this also makes results independent of
    the machine's cores.
    """
    before = _MOST_CORES.set(number)
    try:
        with limited(number):
            yield
    finally:
        _MOST_CORES.reset(before)


class _Limit:
    """How many want the linear algebra to be limited, where it is one for the process."""

    def __init__(self) -> None:
        self.lock, self.entered = threading.Lock(), 0
        self.before: list[tuple[Any, int]] = []

    def enter(self, threads: int) -> None:
        """Limit it, unless it is already."""
        with self.lock:
            if not self.entered:
                self.before = _set(_libraries()[0], threads)
            self.entered += 1

    def leave(self) -> None:
        """Give it back its threads if nobody else wants them limited."""
        with self.lock:
            self.entered -= 1
            if not self.entered:
                self.give_back()

    def give_back(self) -> None:
        """Let it have as many threads as were found."""
        for library, number in self.before:
            _set([library], number, more=True)
        self.before = []


_limit = _Limit()


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Keep the linear algebra from starting more threads, as long as any of ours wants it.

    The first to want it limits, and the last to leave gives back what the first found: were each
    to give back what it found, threads that work side by side would leave one for good. Libraries
    that count for each thread alone are limited, and given back, by each.
    """
    mine = _limit  # of this process: a fork has its own
    mine.enter(threads)
    own = _set(_libraries()[1], threads)
    try:
        yield
    finally:
        for library, number in own:
            _set([library], number, more=True)
        mine.leave()


def few_threads(largest: int) -> AbstractContextManager[object]:
    """Keep the linear algebra from starting threads for small matrices."""
    return limited(1) if largest < _ONE_THREAD else nullcontext()


def _set(libraries: Sequence[Any], threads: int, more: bool = False) -> list[tuple[Any, int]]:
    """How many threads each library had, which has no more now; with `more`, just so many."""
    before = [(each, each.num_threads) for each in libraries]
    for library, number in before:
        if not number or (number <= threads and not more):
            continue
        # threadpoolctl heeds the thread alone that set a number first, and others in silence not.
        free = getattr(library, "clear_controlling_thread", None)
        if free is not None:
            free(force=True)
        library.set_num_threads(threads)
        if free is not None:
            free(force=True)
    return before


def _forked() -> None:
    """A child has none of the threads that wanted a limit, and whoever held the lock is gone."""
    global _limit
    before, _limit = _limit, _Limit()
    before.lock = threading.Lock()  # for a fork from within
    before.give_back()


if hasattr(os, "register_at_fork"):  # where processes fork
    os.register_at_fork(after_in_child=_forked)


@cache
def _libraries() -> tuple[list[Any], list[Any]]:
    """Those whose threads are one for the process, and those that count for each thread alone."""
    import scipy.linalg  # noqa: F401 - loads the libraries whose threads are limited
    from threadpoolctl import ThreadpoolController

    shared: list[Any] = []
    apart: list[Any] = []
    for each in ThreadpoolController().lib_controllers:
        own = "openmp" in (each.user_api, getattr(each, "threading_layer", None))
        (apart if own else shared).append(each)
    return shared, apart


def keep_pages(numbers: int) -> None:
    """Let arrays of so many numbers be made and given back without asking for pages each time.

    One is taken and given back, untouched: C libraries that learn from sizes (as glibc's) keep
    from then on what such a one takes.
    """
    np.empty(numbers)


# Anything else takes an ensemble's cells out of the states that make it small.
ALIKE = "an Ensemble for cells that are alike and have no losses of their own"


class TooLargeError(ValueError):
    """A problem needs more memory than it may take."""


@contextmanager
def at_work() -> Iterator[None]:
    """Say what to do where memory runs out after all; what is too small for a float is 0."""
    try:
        with np.errstate(under="ignore"):
            yield
    except MemoryError as error:
        why = f" ({error})" if str(error) else ""  # Python's own say nothing
        raise TooLargeError(
            f"too large for this machine{why}: use fewer or smaller sites, fewer levels, "
            f"times or parameters, {ALIKE}, or ask for energies only"
        ) from None


@cache
def keep_memory() -> None:
    """Let the C library keep pieces of up to 8 MiB that are freed, for the next of that size.

    glibc does so up to the largest piece that it gave back to the system by itself (mallopt(3),
    M_MMAP_THRESHOLD). Without it each array of a loop is made of new pages, which takes longer than
    what is done with them.
    """
    with suppress(MemoryError):
        np.empty(1 << 20)


def allow(what: str, count: int, each: float, limit: float) -> None:
    """Raise TooLargeError if so many things, of so many bytes each, exceed the limit in GiB."""
    need = count * each / _GIB
    if need > limit:
        raise TooLargeError(
            f"too large: at least {count:,} {what} need {need:.3g} GiB or more, and the limit is "
            f"{limit:.3g} GiB: use fewer or smaller sites, fewer levels, {ALIKE}, or raise the "
            "limit"
        )


def allow_table(quantities: int, points: int) -> None:
    """Raise TooLargeError if a result alone needs more memory than the machine has."""
    need, there = quantities * points * 8 / _GIB, memory()
    if need > there:
        raise TooLargeError(
            f"too large: a table of {quantities} quantities at {points:,} points takes "
            f"{need:.3g} GiB, and this machine has {there:.3g} GiB: ask for fewer measures, times "
            "or parameters at a time, or let qb.sweep write them to a store"
        )


def held_by(thing: Any, seen: set[int]) -> int:
    """Bytes of the arrays inside a thing, but for what was seen before; what is seen is added.

    Examples
    --------
    >>> import numpy as np
    >>> numbers = np.zeros(8)
    >>> seen = set()
    >>> held_by((numbers, {"again": numbers}), seen), held_by(numbers, seen)
    (64, 0)
    """
    if id(thing) in seen or isinstance(thing, str | int | float | complex | type):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, list | tuple):
        inside: Iterable[Any] = thing
    else:
        inside = (thing if isinstance(thing, dict) else getattr(thing, "__dict__", {})).values()
    return sum(held_by(each, seen) for each in inside)
