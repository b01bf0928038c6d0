"""What the machine has: cores to share work among, and memory that a problem may take."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_GIB = 2.0**30
_MOST_CORES: ContextVar[int | None] = ContextVar("most cores", default=None)


def cores() -> int:
    """The cores of the machine, or fewer inside `at_most`."""
    return _MOST_CORES.get() or os.cpu_count() or 1


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


_LOCK = threading.Lock()
_INSIDE = ExitStack()
_entered = 0


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Limit the linear algebra, which is one for the process, as long as any thread wants it."""
    global _entered
    with _LOCK:
        if not _entered:
            _INSIDE.enter_context(linear_algebra(threads))
        _entered += 1
    try:
        yield
    finally:
        with _LOCK:
            _entered -= 1
            if not _entered:
                _INSIDE.close()


def linear_algebra(threads: int) -> AbstractContextManager[Any]:
    """Keep the linear algebra from starting more threads."""
    limits: AbstractContextManager[Any] = _libraries().limit(limits=threads)
    return limits


@cache
def _libraries() -> Any:
    import scipy.linalg  # noqa: F401 - loads the libraries whose threads are limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


# Anything else takes an ensemble's cells out of the states that make it small.
ALIKE = "an Ensemble for cells that are alike and have no losses of their own"


class TooLargeError(ValueError):
    """A problem needs more memory than it may take."""


@contextmanager
def within_memory() -> Iterator[None]:
    """Say what to do where memory runs out after all."""
    try:
        yield
    except MemoryError as error:
        raise TooLargeError(
            f"too large for this machine ({error}): use fewer or smaller sites, fewer levels, "
            f"times or parameters, {ALIKE}, or ask for energies only"
        ) from None


def allow(what: str, count: int, each: float, limit: float) -> None:
    """Raise TooLargeError if so many things, of so many bytes each, exceed the limit in GiB."""
    need = count * each / _GIB
    if need > limit:
        raise TooLargeError(
            f"too large: at least {count:,} {what} need {need:.3g} GiB or more, and the limit is "
            f"{limit:.3g} GiB: use fewer or smaller sites, fewer levels, {ALIKE}, or raise the "
            "limit"
        )
