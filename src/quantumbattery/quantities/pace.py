"""When long work tells the log how it goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_FIRST_WORD, _EVERY = 2.0, 10.0  # seconds until progress is told, and from then on
_SILENCE = 10.0  # seconds after which it is told that work goes on, if nothing else was

_LOG = logging.getLogger("quantumbattery")
_last_word = [float("-inf")]  # when any work told something


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
        _last_word[0] = now
        return True


@contextmanager
def going_on(what: str) -> Iterator[None]:
    """Tell the log that work goes on, where it says nothing itself: a thread does, for as long."""
    over, begun = threading.Event(), time.monotonic()

    def tell() -> None:
        while not over.wait(_SILENCE):
            now = time.monotonic()
            if now - _last_word[0] >= _SILENCE:
                _LOG.info("still working on %s, for %.0f s", what, now - begun)

    try:
        with suppress(RuntimeError):  # no thread is left, or none may be started in here
            threading.Thread(target=tell, name="quantumbattery-log", daemon=True).start()
        yield
    finally:
        over.set()
