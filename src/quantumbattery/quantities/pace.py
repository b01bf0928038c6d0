"""When long work tells the log how it goes on."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_FIRST_WORD, _EVERY = 2.0, 10.0  # seconds until progress is told, and from then on
_SILENCE = 10.0  # seconds after which it is told that work goes on, if nothing else was
_IDLE = 2  # such spans without work, after which nobody listens any more

_LOG = logging.getLogger("quantumbattery")


class Pace:
    """Says when it is time for a word: once work has taken a while, and then from time to time."""

    def __init__(self) -> None:
        self.next = time.monotonic() + _FIRST_WORD

    def due(self) -> bool:
        """Whether it is; then it is not for a while."""
        now = time.monotonic()
        if now <= self.next:
            return False
        self.next = now + _EVERY
        _watch.last_word = now
        return True


@contextmanager
def going_on(what: str) -> Iterator[None]:
    """Have the log told of work for as long as it lasts, unless the work tells something itself."""
    key = object()
    try:
        _watch.add(key, what)
        yield
    finally:
        _watch.work.pop(key, None)


class _Watch:
    """One thread that looks now and then at all work of this process; it ends where there is none.

    A thread for each piece of work would cost more than most of them take.
    """

    def __init__(self) -> None:
        self.work: dict[object, tuple[str, float]] = {}  # what it is, and since when
        self.last_word = float("-inf")  # when work itself told something
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, key: object, what: str) -> None:
        """Work that begins."""
        self.work[key] = what, time.monotonic()
        if self._thread is not None:
            return
        with self._lock, suppress(RuntimeError):  # no thread is left, or none may start in here
            if self._thread is None:
                thread = threading.Thread(target=self._look, name="quantumbattery-log", daemon=True)
                thread.start()
                self._thread = thread

    def _look(self) -> None:
        idle = 0
        while True:
            time.sleep(_SILENCE)
            idle = 0 if self.work else idle + 1
            self._tell()
            with self._lock:  # work that began just now has seen this thread, or sees none
                if idle >= _IDLE and not self.work:
                    self._thread = None
                    return

    def _tell(self) -> None:
        now = time.monotonic()
        for what, begun in [*self.work.values()][:1]:  # the rest is part of it, or beside it
            if now - max(begun, self.last_word) >= _SILENCE:
                _LOG.info("still working on %s, for %.0f s", what, now - begun)


_watch = _Watch()


def _forked() -> None:
    """A child has none of the work, and no thread."""
    global _watch
    _watch = _Watch()


if hasattr(os, "register_at_fork"):  # where processes fork
    os.register_at_fork(after_in_child=_forked)
